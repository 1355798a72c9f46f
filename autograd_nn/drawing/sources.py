"""What can be drawn, as the outputs of a graph.

A Tensor or a list of them; what has a ``graph`` (a program, a report); a function with arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..data import FLOATING
from ..transforms.containers import flatten, leaf_names, unflatten


def outputs_of(what: Any, args: Sequence[Any] = ()) -> list[Tensor]:
    """Return the Tensors whose graph is to be drawn.

    Raises
    ------
    TypeError
        If `what` is nothing that has a graph.
    """
    graph = getattr(what, "graph", None)
    if isinstance(what, Tensor):
        found: list[Any] = [what]
    elif graph is not None and not callable(graph):
        found = [graph] if isinstance(graph, Tensor) else list(graph)
    elif callable(what):
        found = _traced(what, args)
        args = ()
    else:
        found = flatten(what)[0]
    if args:
        raise TypeError(
            f"draw takes arguments for a function only; {type(what).__name__} was given with "
            f"{len(args)} of them"
        )
    wrong = [x for x in found if not isinstance(x, Tensor)]
    if wrong or not found:
        got = type(wrong[0]).__name__ if wrong else f"an empty {type(what).__name__}"
        raise TypeError(
            f"draw needs a Tensor, a list of Tensors, a function and its arguments, or a program; "
            f"got {got}. Gradients are Tensors with gradients(..., create_graph=True)"
        )
    return found


def _traced(f: Any, args: Sequence[Any]) -> list[Any]:
    """Run `f` on Tensors that are named like its parameters, and return what it returns."""
    try:
        bound = inspect.signature(f).bind(*args)
    except TypeError as error:
        called = getattr(f, "__name__", type(f).__name__)
        raise TypeError(f"draw({called}, …) calls {called} with the arguments: {error}") from error
    except ValueError:  # a builtin without a signature
        roots = [f"argument{position}" for position in range(len(args))]
    else:
        roots = []
        for name, value in bound.arguments.items():
            kind = bound.signature.parameters[name].kind
            several = kind is inspect.Parameter.VAR_POSITIONAL
            roots += [f"{name}{i}" for i in range(len(value))] if several else [name]
    given = [_as_tensors(value, name) for value, name in zip(args, roots, strict=True)]
    return flatten(f(*given))[0]


def _as_tensors(tree: Any, root: str) -> Any:
    leaves, structure = flatten(tree)
    names = leaf_names(structure, root)
    made = [_leaf(leaf, name) for leaf, name in zip(leaves, names, strict=True)]
    return unflatten(structure, made)


def _leaf(leaf: Any, name: str) -> Any:
    """Return a leaf of an argument as a named Tensor; what holds no numbers as it is."""
    if isinstance(leaf, (Tensor, str, int)) or callable(leaf):  # int: an axis, a flag, a count
        return leaf
    dtype = getattr(leaf, "dtype", np.dtype(float))
    return Tensor(leaf, requires_grad=dtype.kind in FLOATING, name=name)
