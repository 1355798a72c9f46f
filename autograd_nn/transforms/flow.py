"""Changing how gradients flow: less memory, a rule of one's own, or no gradient at all.

1. `checkpoint` keeps a function's inputs only and computes its inner values again on the way back.
2. `custom_vjp` gives a function of Tensors a backward rule of its own.
3. `stop_gradient` passes values on and no gradients back.

The first two put one node into the graph for the whole function.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import recording as _recording
from ..core.backward import gradients
from ..core.graph import dependents, topological_order
from ..core.op import Op
from ..core.recording import no_grad, recording
from ..core.tensor import Tensor, apply, constant, plain
from ..ops.elementwise import POSITIVE
from .containers import flatten, tree_map, unflatten


def _passed_on(x: Any) -> Any:
    return x


_STOP = Op("stop_gradient", _passed_on, latex=r"\operatorname{{stop}}({0})")


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
    return tree_map(lambda leaf: apply(_STOP, (leaf,)) if isinstance(leaf, Tensor) else leaf, x)


# -- one node for a whole function ----------------------------------------------------------------

_NUMBERS = (bool, int, float)

Pull = Callable[[bool, Sequence[Tensor], list[Any], tuple[int, ...]], Sequence[Any]]
"""(record, inputs, cotangents of the outputs, wanted inputs) → a cotangent for each wanted one."""


class _Block(Op):
    """The operation of a node that stands for a whole function, made for that node alone.

    Parameters
    ----------
    name : str
    values : list of array
        What the function returned, of the shapes and dtypes that cotangents will have.
    again : callable
        ``again(*arrays)``: the same for other inputs.
    pull : Pull
        The backward rule of all inputs at once.
    likely : sequence of int
        The inputs that will be asked for, most likely.
    """

    __slots__ = ("_again", "_kept", "_likely", "_made", "_pull", "_values")

    def __init__(
        self,
        name: str,
        values: list[Any],
        again: Callable[..., list[Any]],
        pull: Pull,
        likely: Sequence[int],
    ) -> None:
        super().__init__(name, self._run, every=self._rule, latex=r"\operatorname{{f}}({0})")
        self._made: Any = self._packed(values)
        self._values = [(np.shape(value), value.dtype) for value in values]
        self._again = again
        self._pull = pull
        self._likely = tuple(likely)
        self._kept: Any = None

    @staticmethod
    def _packed(values: list[Any]) -> Any:
        if len(values) == 1:
            return values[0]
        return np.concatenate([np.reshape(value, (-1,)) for value in values])

    def unpacked(self, packed: Any) -> list[Any]:
        """Return the parts of what `_packed` made; of a Tensor, recorded."""
        if len(self._values) == 1:
            return [packed]
        parts, start = [], 0
        for shape, dtype in self._values:
            size = int(np.prod(shape, dtype=int))
            part = np.reshape(packed[start : start + size], shape)
            parts.append(part if part.dtype == dtype else part.astype(dtype))
            start += size
        return parts

    def _run(self, *arrays: Any) -> Any:
        made, self._made = self._made, None  # the values that the function gave when it was called
        return self._packed(self._again(*arrays)) if made is None else made

    def _rule(self, index: int, g: Any, out: Any, *inputs: Any) -> Any:
        """Give the cotangent of one input, having computed those of all when first asked."""
        key = (g, *inputs)
        kept = self._kept
        if kept is None or any(a is not b for a, b in zip(kept[0], key, strict=True)):
            kept = (key, self._pulled(g, inputs, self._likely))
            self._kept = kept
        if index == max(self._likely, default=-1):
            self._kept = None  # the last one: let go of the memory
        return kept[1][index] if index in kept[1] else self._pulled(g, inputs, (index,))[index]

    def _pulled(self, g: Any, inputs: Sequence[Any], wanted: tuple[int, ...]) -> dict[int, Any]:
        record = isinstance(g, Tensor)
        nodes = [x if isinstance(x, Tensor) else constant(x) for x in inputs]
        found = self._pull(record, nodes, self.unpacked(g), wanted)
        return dict(zip(wanted, found, strict=True))


def _as_one_node(
    name: str,
    values: list[Any],
    inputs: Sequence[Tensor],
    again: Callable[..., list[Any]],
    pull: Pull,
) -> list[Tensor]:
    """Return `values` as Tensors that come from `inputs` by one operation."""
    floats = [i for i, x in enumerate(inputs) if x.dtype.kind in "fO"]
    likely = [i for i in floats if inputs[i].requires_grad or inputs[i].op is not None]
    block = _Block(name, values, again, pull, likely)
    return block.unpacked(apply(block, inputs))


def _stand_in(x: Tensor) -> Tensor:
    """Return a leaf on the data of `x`."""
    return Tensor(plain(x), requires_grad=x.requires_grad, name=x.name)


# -- recomputation --------------------------------------------------------------------------------


class _Tape:
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
        slots: dict[Tensor, int] = {x: i for i, x in enumerate(inputs)}
        steps = [node for node in order if node in inner and node not in slots]
        around = dict.fromkeys(x for node in steps for x in node.inputs if x not in inner)
        self.outside = [x for x in around if type(plain(x)) not in _NUMBERS]
        self._numbers = [x for x in around if type(plain(x)) in _NUMBERS]
        for x in (*self.outside, *self._numbers):
            slots[x] = len(slots)
        self._steps: list[tuple[Op, tuple[int, ...], dict[str, Any]]] = []
        for node in steps:
            assert node.op is not None  # noqa: S101 - inner nodes come from an operation
            places = tuple([slots[x] for x in node.inputs])
            slots[node] = len(slots)
            self._steps.append((node.op, places, node.params))
        self._results = [slots[x] for x in outputs]

    def run(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Apply the operations to Tensors in the places of inputs and `outside`."""
        slots = [*values, *self._numbers]
        for op, places, params in self._steps:
            slots.append(apply(op, [slots[i] for i in places], params))
        return [slots[i] for i in self._results]

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
                apply(POSITIVE, (x,)) if record and x.dtype.kind in "fO" else _stand_in(x)
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
        stand_ins = [_stand_in(x) for x in given]
        fill = iter(stand_ins)
        put = [next(fill) if isinstance(x, Tensor) else x for x in leaves]
        inner_args, inner_kwargs = unflatten(structure, put)
        results, shape = flatten(f(*inner_args, **inner_kwargs))
        recorded = dependents(
            topological_order([x for x in results if isinstance(x, Tensor)]), stand_ins
        )
        back = dict(zip(stand_ins, given, strict=True))
        inner = [
            x for x in dict.fromkeys(x for x in results if isinstance(x, Tensor))
            if x in recorded and x not in back and x.dtype.kind in "fO"
        ]  # fmt: skip
        if inner:
            tape = _Tape(inner, stand_ins)
            made = _as_one_node(
                f"checkpoint_{getattr(f, '__name__', 'f')}",
                [plain(x) for x in inner],
                [*given, *tape.outside],
                tape.arrays,
                tape.pull,
            )
            back |= dict(zip(inner, made, strict=True))
        # What depends on the arguments and is not a float has no gradient: it goes out without
        # its history, which would keep the inner values.
        outs = [
            back.get(x, x.detach() if x in recorded else x) if isinstance(x, Tensor) else x
            for x in results
        ]
        return unflatten(shape, outs)

    return wrapped


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
        return [x if isinstance(x, Tensor) else Tensor(x) for x in outs], pair[1]

    def _values(self, *arrays: Any) -> list[Any]:
        with no_grad():
            return [plain(x) for x in self._forward([Tensor(a) for a in arrays])[0]]

    def eager(self, given: Sequence[Tensor]) -> Any:
        """Return the results of `fwd` as one node."""
        stand_ins = [_stand_in(x) for x in given]
        outs, residuals = self._forward(stand_ins)
        self._refuse_outside([*outs, *flatten(residuals)[0]], stand_ins)
        self.residuals = tree_map(lambda x: x.detach() if isinstance(x, Tensor) else x, residuals)
        self.arrays = tuple([plain(x) for x in given])
        made = _as_one_node(self.name, [plain(x) for x in outs], given, self._values, self.pull)
        return unflatten(self.out_structure, made)

    def traced(self, result: Any, given: Sequence[Tensor]) -> Any:
        """Return `result`, recorded in full, as Tensors that pull back by the rule."""
        outs, self.out_structure = flatten(result)
        self._refuse_outside(outs, given)
        made = []
        for place, out in enumerate(outs):
            rule = functools.partial(self._traced_rule, place, [plain(x) for x in outs])
            rules = [functools.partial(rule, index) for index in range(len(given))]
            made.append(apply(Op(self.name, _first, (None, *rules), latex="{0}"), (out, *given)))
        return unflatten(self.out_structure, made)

    def _traced_rule(
        self, place: int, values: list[Any], index: int, g: Any, _: Any, __: Any, *inputs: Any
    ) -> Any:
        gs = [g if i == place else np.zeros_like(value) for i, value in enumerate(values)]
        nodes = [x if isinstance(x, Tensor) else constant(x) for x in inputs]
        return self.pull(isinstance(g, Tensor), nodes, gs, (index,))[0]

    def _refuse_outside(self, results: Sequence[Any], inputs: Sequence[Tensor]) -> None:
        """Refuse Tensors that the function found around itself: they would get no gradient."""
        seen = set(inputs)
        stack = [x for x in results if isinstance(x, Tensor)]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            stack.extend(node.inputs)
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
        if record:
            residuals = self._forward(inputs)[1]
            cotangents = self._back(residuals, [_as_tensor(g) for g in gs], inputs)
            return [cotangents[i] for i in wanted]
        with no_grad():
            same = len(inputs) == len(self.arrays) and all(
                plain(x) is a for x, a in zip(inputs, self.arrays, strict=True)
            )
            residuals = self.residuals if same else self._forward(inputs)[1]
            cotangents = self._back(residuals, [_as_tensor(g) for g in gs], inputs)
            return [plain(cotangents[i]) for i in wanted]

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
            Tensor(np.zeros_like(plain(x))) if g is None else _as_tensor(g)
            for g, x in zip(wanted, inputs, strict=True)
        ]


def _as_tensor(g: Any) -> Tensor:
    return g if isinstance(g, Tensor) else Tensor(g)
