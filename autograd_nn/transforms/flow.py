"""Changing how gradients flow: a backward rule of one's own, or no gradient at all.

1. `stop_gradient` passes values on and no gradients back.
2. `custom_vjp` gives a function of Tensors a backward rule of its own.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from ..core import recording as _recording
from ..core.graph import rebuild, topological_order
from ..core.op import Op
from ..core.recording import no_grad
from ..core.tensor import Tensor, apply, constant, plain
from .block import as_one_node, as_tensor, hollow, stand_in
from .containers import flatten, tree_map, unflatten


def _passed_on(x: Any) -> Any:
    return x


STOP = Op("stop_gradient", _passed_on, latex=r"\operatorname{{stop}}({0})", traits={"complex"})


def stop_gradient(x: Any) -> Any:
    """Return `x` as a value through which no gradient flows.

    Parameters
    ----------
    x : Tensor, array, number, or nested containers of them

    Returns
    -------
    Tensor, or what was given
        Tensors are recorded (a program or a drawing still sees where the value came from) and
        require no gradient; anything else is returned as it is.

    Examples
    --------
    >>> from autograd_nn import grad
    >>> float(grad(lambda x: stop_gradient(x) * x)(3.0))
    3.0
    """
    return tree_map(lambda leaf: apply(STOP, (leaf,)) if isinstance(leaf, Tensor) else leaf, x)


# -- a rule of one's own --------------------------------------------------------------------------


def _first(out: Any, *inputs: Any) -> Any:
    return out


class custom_vjp:  # noqa: N801 - JAX's name, used as a decorator
    """Give a function a backward rule of its own, in JAX's way.

    Parameters
    ----------
    f : callable
        Of Tensors or nested containers of them; returns a Tensor or nested containers of them.
        Arguments that are no Tensors are passed on as they are.

    Notes
    -----
    ``f.defvjp(fwd, bwd)`` sets the rule: ``fwd(*args)`` returns ``(out, residuals)``, where `out`
    is what `f` returns and `residuals` is anything; ``bwd(residuals, g)`` gets the cotangent of
    `out` and returns a tuple with the cotangent of every argument, None for zero. Both get
    Tensors. If they compute with NumPy functions on them, and take no values out by ``.data``,
    then the rule can be differentiated again, and used in programs. ``check_grads`` tells
    whether the rule is right. For an operation on arrays, `custom` needs less.

    Examples
    --------
    A gradient that is clipped, whatever comes:

    >>> import numpy as np
    >>> from autograd_nn import grad
    >>> @custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1, 1),))
    >>> float(grad(lambda x: clipped(x) ** 2)(5.0))
    1.0
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        if not callable(f):
            raise TypeError(f"custom_vjp takes a function, got {type(f).__name__}")
        functools.update_wrapper(self, f)
        self._f = f
        self._fwd: Callable[..., Any] | None = None
        self._bwd: Callable[..., Any] | None = None
        self._name = f"custom_vjp_{getattr(f, '__name__', 'f')}"

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Set the rule: ``fwd(*args) -> (out, residuals)``, ``bwd(residuals, g) -> cotangents``."""
        self._fwd, self._bwd = fwd, bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        if self._fwd is None:
            raise TypeError(f"{self._name} has no backward rule yet: call .defvjp(fwd, bwd) on it")
        if kwargs:
            bound = inspect.signature(self._f).bind(*args, **kwargs)
            bound.apply_defaults()
            if bound.kwargs:
                raise TypeError(f"{self._name} takes no keyword-only arguments: {bound.kwargs}")
            args = bound.args
        leaves, structure = flatten(args)
        given = [x for x in leaves if isinstance(x, Tensor)]
        if not given or not _recording.RECORDING.get():
            return self._f(*args)
        call = _CustomCall(self._name, self._fwd, self._bwd, leaves, structure)
        return call.traced(self._f(*args), given) if _recording.TRACING.get() else call.eager(given)


class _CustomCall:
    """One call of a function with a rule of its own."""

    def __init__(
        self, name: str, fwd: Any, bwd: Any, leaves: Sequence[Any], structure: Any
    ) -> None:
        self.name = name
        self.fwd = fwd
        self.bwd = bwd
        self.structure = structure
        self.slots = [None if isinstance(x, Tensor) else (x,) for x in leaves]
        self.out_structure: Any = None
        self.residuals: Any = None
        self.arrays: tuple[Any, ...] = ()

    def _forward(self, inputs: Sequence[Tensor]) -> tuple[list[Any], Any]:
        """Return the flat results of `fwd` and its residuals."""
        fill = iter(inputs)
        leaves = [next(fill) if slot is None else slot[0] for slot in self.slots]
        pair = self.fwd(*unflatten(self.structure, leaves))
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(
                f"the fwd of {self.name} must return a pair (out, residuals), got "
                f"{type(pair).__name__}"
            )
        outs, self.out_structure = flatten(pair[0])
        return [as_tensor(x) for x in outs], pair[1]

    def _values(self, *arrays: Any) -> list[Any]:
        with no_grad():
            return [plain(x) for x in self._forward([Tensor(a) for a in arrays])[0]]

    def eager(self, given: Sequence[Tensor]) -> Any:
        """Return the results of `fwd` as one node."""
        stand_ins = [stand_in(x) for x in given]
        outs, residuals = self._forward(stand_ins)
        self._refuse_outside([*outs, *flatten(residuals)[0]], stand_ins)
        self.residuals = tree_map(lambda x: x.detach() if isinstance(x, Tensor) else x, residuals)
        self.arrays = tuple([plain(x) for x in given])
        made = as_one_node(self.name, [plain(x) for x in outs], given, self._values, self.pull)
        return unflatten(self.out_structure, made)

    def traced(self, result: Any, given: Sequence[Tensor]) -> Any:
        """Return `result`, recorded in full, as Tensors that pull back by the rule."""
        outs, self.out_structure = flatten(result)
        self._refuse_outside(outs, given)
        made = []
        for place, out in enumerate(outs):
            rule = functools.partial(self._traced_rule, place, [plain(x) for x in outs])
            rules = [functools.partial(rule, index) for index in range(len(given))]
            made.append(
                apply(
                    Op(self.name, _first, (None, *rules), latex="{0}", traits={"complex"}),
                    (out, *given),
                )
            )
        return unflatten(self.out_structure, made)

    def _traced_rule(
        self, place: int, values: list[Any], index: int, g: Any, _: Any, __: Any, *inputs: Any
    ) -> Any:
        gs = [g if i == place else np.zeros_like(value) for i, value in enumerate(values)]
        nodes = [x if isinstance(x, Tensor) else constant(x) for x in inputs]
        return self.pull(isinstance(g, Tensor), nodes, gs, (index,))[0]

    def _refuse_outside(self, results: Sequence[Any], inputs: Sequence[Tensor]) -> None:
        """Refuse Tensors that the function found around itself: they would get no gradient."""
        tensors = [x for x in results if isinstance(x, Tensor)]
        # with leaves in the places of the inputs: what is behind these is nobody's concern here
        fresh = {x: constant(0) for x in inputs}
        rebuild(topological_order(tensors), fresh, hollow)
        for node in topological_order([fresh[x] for x in tensors]):
            if node.op is None and node.requires_grad:
                raise ValueError(
                    f"{self.name} uses {node.label()}, which requires gradients and is no "
                    "argument, so it would get none. Make it an argument, or pass it through "
                    "stop_gradient"
                )

    def pull(
        self, record: bool, inputs: Sequence[Tensor], gs: list[Any], wanted: tuple[int, ...]
    ) -> Sequence[Any]:
        """Apply `bwd`; recorded, to residuals that are computed again from `inputs`."""
        with nullcontext() if record else no_grad():
            same = (
                not record
                and len(inputs) == len(self.arrays)
                and all(plain(x) is a for x, a in zip(inputs, self.arrays, strict=True))
            )
            residuals = self.residuals if same else self._forward(inputs)[1]
            cotangents = self._back(residuals, [as_tensor(g) for g in gs], inputs)
            return [cotangents[i] if record else plain(cotangents[i]) for i in wanted]

    def _back(self, residuals: Any, gs: list[Any], inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return the cotangents that `bwd` gives for the Tensors among the arguments."""
        whole = self.bwd(residuals, unflatten(self.out_structure, gs))
        templates = unflatten(self.structure, list(range(len(self.slots))))
        if not isinstance(whole, tuple) or len(whole) != len(templates):
            got = f"a tuple of {len(whole)}" if isinstance(whole, tuple) else type(whole).__name__
            raise TypeError(
                f"the bwd of {self.name} must return a tuple with the cotangent of each of the "
                f"{len(templates)} arguments, None for zero; got {got}"
            )
        found: list[Any] = [None] * len(self.slots)
        for position, (part, template) in enumerate(zip(whole, templates, strict=True)):
            if part is None:
                continue
            places, expected = flatten(template)
            leaves, structure = flatten(part)
            if structure != expected:
                raise TypeError(
                    f"the bwd of {self.name} must give cotangent {position} in the structure of "
                    f"its argument, {expected}; got {structure}"
                )
            for place, leaf in zip(places, leaves, strict=True):
                found[place] = leaf
        wanted = [g for g, slot in zip(found, self.slots, strict=True) if slot is None]
        return [
            Tensor(np.zeros_like(plain(x))) if g is None else as_tensor(g)
            for g, x in zip(wanted, inputs, strict=True)
        ]
