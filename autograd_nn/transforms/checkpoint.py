"""Less memory for a function: its inner values are computed again on the way back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..core import recording as _recording
from ..core.backward import gradients
from ..core.graph import dependents, rebuild, topological_order
from ..core.recording import no_grad, recording
from ..core.tensor import Tensor, apply, constant, plain
from ..data import FLOATING
from ..ops.elementwise import POSITIVE
from .block import as_one_node, hollow, stand_in
from .containers import flatten, unflatten


class _Recipe:
    """The operations between some Tensors and some results, without any of the values between.

    Parameters
    ----------
    outputs : sequence of Tensor
    inputs : sequence of Tensor
        Leaves that `outputs` depend on.

    Attributes
    ----------
    outside : list of Tensor
        What else the operations used: Tensors that the function found around itself.
    """

    def __init__(self, outputs: Sequence[Tensor], inputs: Sequence[Tensor]) -> None:
        order = topological_order(outputs)
        inner = dependents(order, inputs)
        steps = [node for node in order if node in inner and node.op is not None]
        around = dict.fromkeys(x for node in steps for x in node.inputs if x not in inner)
        numbers = [x for x in around if type(plain(x)) in (bool, int, float)]
        self.outside = [x for x in around if x not in set(numbers)]
        fresh = {x: constant(0) for x in (*inputs, *self.outside)}
        self._open = list(fresh.values())
        rebuild([*numbers, *steps], fresh, hollow)
        self._steps = [fresh[node] for node in (*numbers, *steps)]
        self._results = [fresh[x] for x in outputs]

    def run(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Apply the operations to Tensors in the places of inputs and `outside`."""
        fresh = rebuild(self._steps, dict(zip(self._open, values, strict=True)))
        return [fresh[x] for x in self._results]

    def arrays(self, *arrays: Any) -> list[Any]:
        """Apply the operations to arrays."""
        with no_grad():
            return [plain(x) for x in self.run([constant(a) for a in arrays])]

    def pull(
        self, record: bool, inputs: Sequence[Tensor], gs: list[Any], wanted: tuple[int, ...]
    ) -> Sequence[Any]:
        """Run again, recorded, and go back: the rule of a checkpoint."""
        with recording():
            nodes = [
                apply(POSITIVE, (x,)) if record and x.dtype.kind in FLOATING else stand_in(x)
                for x in inputs
            ]
            return gradients(self.run(nodes), [nodes[i] for i in wanted], gs, create_graph=record)


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return `f` with its inner values recomputed in the backward pass in place of kept.

    What is recomputed are the operations that were recorded: random masks, or branches that were
    taken, are the same on the way back. Tensors that `f` finds around itself get their gradients
    as its arguments do.

    Parameters
    ----------
    f : callable
        Of Tensors, in any nested containers; other arguments are passed on. Returns Tensors, in
        nested containers too.

    Returns
    -------
    callable
        Of the same arguments and results. Its gradients can be differentiated in turn; while a
        program is traced it is `f` itself, since programs plan their memory as a whole.

    References
    ----------
    Griewank, Walther, *Evaluating Derivatives*, 2nd ed. (2008), ch. 12.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_nn import grad
    >>> float(grad(lambda x: checkpoint(np.exp)(x * x))(1.0)) == 2 * float(np.exp(1.0))
    True
    """
    if not callable(f):
        raise TypeError(f"checkpoint takes a function, got {type(f).__name__}")

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if _recording.TRACING.get() or not _recording.RECORDING.get():
            return f(*args, **kwargs)
        leaves, structure = flatten((args, kwargs))
        given = [x for x in leaves if isinstance(x, Tensor)]
        stand_ins = [stand_in(x) for x in given]
        fill = iter(stand_ins)
        put = [next(fill) if isinstance(x, Tensor) else x for x in leaves]
        inner_args, inner_kwargs = unflatten(structure, put)
        results, shape = flatten(f(*inner_args, **inner_kwargs))
        tensors = list(dict.fromkeys(x for x in results if isinstance(x, Tensor)))
        recorded = dependents(topological_order(tensors), stand_ins)
        back = dict(zip(stand_ins, given, strict=True))
        inner = [x for x in tensors if x in recorded and x not in back and x.dtype.kind in FLOATING]
        if inner:
            recipe = _Recipe(inner, stand_ins)
            name, values = f"checkpoint_{getattr(f, '__name__', 'f')}", [plain(x) for x in inner]
            inputs = [*given, *recipe.outside]
            made = as_one_node(name, values, inputs, recipe.arrays, recipe.pull)
            back |= dict(zip(inner, made, strict=True))
        # What depends on the arguments and is not a float has no gradient: it goes out without
        # its history, which would keep the inner values.
        outs = [
            back.get(x, x.detach() if x in recorded else x) if isinstance(x, Tensor) else x
            for x in results
        ]
        return unflatten(shape, outs)

    return wrapped
