"""The record of an operation, and the registry of all of them.

1. `Op` says everything the package knows of one operation: its NumPy function, one vjp rule
   per input, how it is printed and how it reads in LaTeX.
2. `register` puts a record into `REGISTRY`, where drawing, emission, derivation and the tests
   find it, and ties it to the NumPy functions that mean it.

Running, differentiating, drawing or writing out a graph are walks that read these records; to
add an operation is to add one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

Rule = Callable[..., Any]

REGISTRY: dict[str, Op] = {}
"""Every registered operation by its name."""

UFUNCS: dict[Any, Op] = {}
"""NumPy (and SciPy) ufunc → operation, read by ``Tensor.__array_ufunc__``."""

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""NumPy function → what to call in its place, read by ``Tensor.__array_function__``.

Ufuncs that are composed of others are here too.
"""

LATE: dict[tuple[str, str], Op] = {}
"""Module and name of a ufunc → operation, for ufuncs of packages that are not imported here."""


class Op:
    """One operation.

    Parameters
    ----------
    name : str
        Unique name; the NumPy function's where there is one.
    forward : callable
        ``forward(*arrays, **params)``, written with NumPy functions only, so that it runs on
        every array type that follows NumPy's protocols.
    vjps : sequence of callable or None
        One rule per input: ``vjp(g, out, *inputs, **params)`` returns the cotangent of that
        input, ``g`` being the cotangent of ``out``. Rules use NumPy functions and operators
        only, so that they run on arrays and on Tensors alike. None: not differentiable with
        respect to that input. The empty sequence: not differentiable at all.
    every : callable, optional
        For operations with any number of inputs, in place of `vjps`:
        ``every(index, g, out, *inputs, **params)`` is the rule of input ``index``.
    symbol : str
        The infix operator it is written with, or ``""``.
    latex : str
        A template: ``{0}``, ``{1}`` stand for the inputs and ``{name}`` for parameters.
    broadcasts : bool
        Whether NumPy broadcasts the inputs against each other. The loop of ``gradients`` undoes
        that in one place; a cotangent of another operation must have its input's shape.

    Attributes
    ----------
    differentiable : bool
        Whether a gradient can flow through the operation at all.
    """

    __slots__ = (
        "broadcasts",
        "differentiable",
        "every",
        "forward",
        "latex",
        "name",
        "symbol",
        "vjps",
    )

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        vjps: Sequence[Rule | None] = (),
        *,
        every: Rule | None = None,
        symbol: str = "",
        latex: str = "",
        broadcasts: bool = False,
    ) -> None:
        self.name = name
        self.forward = forward
        self.vjps = tuple(vjps)
        self.every = every
        self.symbol = symbol
        self.latex = latex
        self.broadcasts = broadcasts
        self.differentiable = every is not None or any(rule is not None for rule in self.vjps)

    def rule(self, index: int) -> Rule | None:
        """Return the vjp rule of input `index`, or None where there is none."""
        if self.every is None:
            return self.vjps[index] if index < len(self.vjps) else None
        return partial(self.every, index)

    def __reduce__(self) -> tuple[Callable[[str], Op], tuple[str]]:
        return _registered, (self.name,)  # copies and pickles of graphs keep the one record

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


def _registered(name: str) -> Op:
    return REGISTRY[name]


def register(op: Op, *ufuncs: Any) -> Op:
    """Enter `op` into the registry, and for each of `ufuncs` record calls on Tensors as `op`.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    if op.name in REGISTRY:
        raise ValueError(f"an operation named {op.name!r} is registered already")
    REGISTRY[op.name] = op
    for ufunc in ufuncs:
        UFUNCS[ufunc] = op
    return op


def operation_of(ufunc: Any) -> Op | None:
    """Return the operation that `ufunc` is on Tensors, or None."""
    op = UFUNCS.get(ufunc)
    if op is None:
        for (module, name), late in LATE.items():
            # whoever holds the ufunc has imported its package
            if name == ufunc.__name__ and getattr(sys.modules.get(module), name, None) is ufunc:
                UFUNCS[ufunc] = op = late
    return op


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Call the decorated function where NumPy's `functions` are called on Tensors.

    None stands for a function that the installed NumPy does not have yet.
    """

    def enter(replacement: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            if function is not None:
                FUNCTIONS[function] = replacement
        return replacement

    return enter
