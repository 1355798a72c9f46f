"""``scipy.integrate`` for Tensors: differential equations by the adjoint method, and sums.

The gradient of a solution is the solution of another equation, backwards in time, with the same
solver and its tolerances (Pontryagin 1962; Chen et al., *Neural Ordinary Differential Equations*,
2018); it is as exact as these. Parameters may be handed in `args`, or simply be used by the
function.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.backward import gradients
from ..core.op import Op
from ..core.recording import RECORDING, Tape, recording, refuse_value
from ..core.tensor import Tensor, apply, plain
from ..numpy import asarray, holds_tensors
from ..ops.rules import as_tensor
from ..transforms.containers import flatten, unflatten
from . import on_tensors, scipys

Flow = Callable[..., Any]
Solver = Callable[[Flow, Any, Any], Any]
"""(dynamics of (t, y) on arrays, first state, times) → the states, of shape (times, numbers)."""


class _Equation:
    """The equation y′ = flow(t, y, *args), and where its parameters are."""

    def __init__(self, flow: Flow, y0: Any, t: Any, args: Sequence[Any]) -> None:
        self.flow = flow
        self.leaves, self.structure = flatten(list(args))
        self.places = [i for i, x in enumerate(self.leaves) if isinstance(x, Tensor)]
        self.given = [self.leaves[i] for i in self.places]
        with _noted() as made:
            out = self.slope(*[Tensor(plain(x)) for x in (t[0], y0, *self.given)])
        self.held = _beside(out, made)

    def slope(self, t: Any, y: Any, *given: Any) -> Any:
        """Return y′ as a Tensor, of the parameters that were `given`."""
        leaves = list(self.leaves)
        for i, x in zip(self.places, given, strict=False):
            leaves[i] = x
        return as_tensor(asarray(self.flow(t, y, *unflatten(self.structure, leaves))))

    def on_arrays(self, given: Sequence[Any]) -> Flow:
        """Return the dynamics on arrays."""
        values = [plain(x) for x in given]

        def flow(t: Any, y: Any) -> Any:
            out = self.slope(t, y, *values)
            if out.requires_grad and not self.held:
                raise ValueError(_LATE.format("a Tensor"))
            return np.asarray(plain(out))

        return flow

    def adjoint(self, size: int) -> Flow:
        """Return the dynamics of the state, its cotangent, and those of the parameters."""

        def flow(t: Any, state: Any, *parameters: Any) -> Any:
            recorded = isinstance(state, Tensor)
            with recording():
                t, state = as_tensor(t), as_tensor(state)
                given = [as_tensor(x) for x in parameters]
                y, cotangent = state[:size], state[size : 2 * size]
                with _noted() as made:
                    out = self.slope(t, y, *given)
                extra = set(_beside(out, made)) - {t, y, *given, *self.held}
                if extra:
                    raise ValueError(_LATE.format(extra.pop().label()))
                wanted = [y, *given, *self.held]
                if out.op is None:  # constant
                    found: list[Any] = [np.zeros(x.shape) for x in wanted]
                else:
                    found = gradients(out, wanted, -cotangent, create_graph=recorded)
            parts = [out, *found]
            return np.concatenate([np.ravel(x if recorded else plain(x)) for x in parts])

        return flow


_LATE = (
    "the equation uses {} at one time and not at another, so that it would get no gradient; hand "
    "it in args"
)


@contextmanager
def _noted() -> Iterator[list[Tensor]]:
    """Record, and note what is made."""
    tape = Tape()
    token = RECORDING.set(tape)
    try:
        yield tape.nodes
    finally:
        RECORDING.reset(token)
        around = RECORDING.get()
        if isinstance(around, Tape):
            around.nodes.extend(tape.nodes)


def _beside(out: Tensor, made: Sequence[Tensor]) -> list[Tensor]:
    """Return the Tensors with gradients that `out` and what was made for it were computed from."""
    fresh = set(made)
    met = dict.fromkeys([x for node in made for x in node.inputs] + [out])
    return [x for x in met if x.requires_grad and x not in fresh]


def _trajectory(flow: Flow, y0: Any, t: Any, args: Sequence[Any], solver: Solver) -> Tensor:
    """Return the states at the times `t`, recorded."""
    refuse_value("the solution of a differential equation", "Solve it outside of the program.")
    y0 = np.atleast_1d(y0)
    equation = _Equation(flow, y0, t, args)
    count = len(equation.given)

    def forward(y0: Any, t: Any, *parameters: Any) -> Any:
        return solver(equation.on_arrays(parameters[:count]), y0, t)

    def every(g: Any, out: Any, y0: Any, t: Any, *parameters: Any) -> Callable[[int], Any]:
        size = out.shape[1]
        backwards = equation.adjoint(size)
        given = parameters[:count]
        cotangent, others = g[-1], [np.zeros(plain(x).shape) for x in parameters]
        times: list[Any] = []
        for i in range(out.shape[0] - 1, 0, -1):
            times.append(np.sum(_on(equation, t[i], out[i], given) * g[i]))
            start = np.concatenate([np.ravel(x) for x in (out[i], cotangent, *others)])
            span = np.stack([t[i], t[i - 1]])
            if isinstance(g, Tensor):
                end = _trajectory(backwards, start, span, given, solver)[1]
            else:
                end = solver(lambda t, y: backwards(t, y, *given), start, span)[1]
            cotangent = end[size : 2 * size] + g[i - 1]
            place = 2 * size
            for k, x in enumerate(others):
                others[k] = np.reshape(end[place : place + x.size], x.shape)
                place += x.size
        times.append(-np.sum(_on(equation, t[0], out[0], given) * (cotangent - g[0])))
        flows = [cotangent, np.stack(times[::-1]), *others]
        return lambda index: flows[index]

    op = Op("solution", forward, every=every, latex=r"\operatorname{{solution}}({0}, \ldots)")
    return apply(op, (y0, t, *equation.given, *equation.held))


def _on(equation: _Equation, t: Any, y: Any, given: Sequence[Any]) -> Any:
    slope = equation.slope(t, y, *given)
    return slope if isinstance(y, Tensor) else plain(slope)


def _least(tolerance: Any) -> Any:
    """Return one tolerance for the adjoint, which has more numbers than the state."""
    return None if tolerance is None else float(np.min(tolerance))


def odeint(
    func: Flow, y0: Any, t: Any, args: Any = (), Dfun: Any = None, *more: Any,
    tfirst: bool = False, **options: Any,
) -> Any:  # fmt: skip
    """Return the solution of y′ = func(y, t, *args) at the times `t`, as SciPy's ``odeint`` does.

    On Tensors, the rows are differentiable by `y0`, `t`, `args` and what `func` uses; `Dfun` helps
    the solution itself. Other options but ``full_output`` are SciPy's.
    """
    theirs: Any = importlib.import_module("scipy.integrate")
    args = args if isinstance(args, tuple) else (args,)
    if more or options.get("full_output"):
        raise NotImplementedError("odeint takes its options by name, and full_output=False only")
    flow = func if tfirst else lambda t, y, *rest: func(y, t, *rest)
    if not holds_tensors([y0, t, *flatten(list(args))[0]]) and not _uses_tensors(flow, y0, t, args):
        return theirs.odeint(func, y0, t, args, Dfun, tfirst=tfirst, **options)
    first = np.size(plain(y0)) if np.ndim(y0) else 1
    options |= {name: _least(options[name]) for name in ("rtol", "atol") if name in options}

    def solver(flow: Flow, y0: Any, t: Any) -> Any:
        jacobian = None
        if Dfun is not None and np.size(y0) == first and not holds_tensors(list(args)):
            swap = not tfirst
            jacobian = lambda t, y: Dfun(*((y, t) if swap else (t, y)), *args)  # noqa: E731
        return theirs.odeint(flow, y0, t, tfirst=True, Dfun=jacobian, **options)

    return _trajectory(flow, asarray(y0), asarray(t), args, solver)


def _uses_tensors(flow: Flow, y0: Any, t: Any, args: Sequence[Any]) -> bool:
    return holds_tensors(flow(np.asarray(t)[0], np.atleast_1d(y0).astype(float), *args))


def solve_ivp(
    fun: Flow, t_span: Any, y0: Any, method: Any = "RK45", t_eval: Any = None,
    dense_output: bool = False, events: Any = None, vectorized: bool = False, args: Any = None,
    **options: Any,
) -> Any:  # fmt: skip
    """Return the solution of y′ = fun(t, y, *args), as SciPy's ``solve_ivp`` does.

    On Tensors, ``y`` of the result is differentiable by `y0`, the ends of `t_span`, `t_eval`,
    `args` and what `fun` uses; `dense_output` and `events` are refused there.

    Raises
    ------
    RuntimeError
        If the solver fails.
    """
    theirs: Any = importlib.import_module("scipy.integrate")
    args = () if args is None else tuple(args)
    ends = [asarray(x) for x in t_span]
    tensors = holds_tensors([*t_span, y0, t_eval, *flatten(list(args))[0]])
    if not tensors and not _uses_tensors(fun, y0, ends, args):
        return theirs.solve_ivp(
            fun, t_span, y0, method, t_eval, dense_output, events, vectorized,
            args or None, **options,
        )  # fmt: skip
    if dense_output or events is not None:
        raise NotImplementedError("solve_ivp on Tensors takes no dense_output and no events")
    y0 = asarray(y0)
    options |= {name: _least(options[name]) for name in ("rtol", "atol") if name in options}

    def solved(flow: Flow, y0: Any, span: Any, times: Any = None) -> Any:
        result = theirs.solve_ivp(flow, tuple(span), y0, method, times, **options)
        if not result.success:
            raise RuntimeError(f"solve_ivp: {result.message}")
        return result

    held = _Equation(fun, np.atleast_1d(y0), ends, args)
    dynamics = held.on_arrays([plain(x) for x in held.given])
    times = None if t_eval is None else asarray(t_eval)
    result = solved(dynamics, np.atleast_1d(plain(y0)), map(plain, ends), plain(times))
    if times is None:
        inner = [Tensor(x) for x in result.t[1:-1]]
        times = asarray([ends[0] * 1.0, *inner, ends[1] * 1.0])
    at_start = float(plain(times)[0]) == float(plain(ends[0]))
    whole = times if at_start else np.concatenate([np.reshape(ends[0] * 1.0, 1), times])
    y = _trajectory(fun, y0, whole, args, lambda flow, y0, t: solved(flow, y0, t[[0, -1]], t).y.T)
    result.t, result.y = times, (y if at_start else y[1:]).T
    return result


# -- sums over samples -----------------------------------------------------------------------------


trapezoid = on_tensors("integrate", "trapezoid")(np.trapezoid)


@on_tensors("integrate")
def cumulative_trapezoid(
    y: Any, x: Any = None, dx: float = 1.0, axis: int = -1, initial: Any = None
) -> Any:
    """Return the integrals up to each sample by the trapezoidal rule."""
    y = np.moveaxis(asarray(y), axis, -1)
    steps = dx if x is None else np.diff(x if np.ndim(x) == 1 else np.moveaxis(x, axis, -1))
    sums = np.cumsum(steps * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)
    if initial is not None:
        sums = np.concatenate([np.full_like(sums[..., :1], initial), sums], axis=-1)
    return np.moveaxis(sums, -1, axis)


@on_tensors("integrate")
def simpson(y: Any, x: Any = None, *, dx: float = 1.0, axis: int = -1) -> Any:
    """Return the integral by Simpson's rule, at sample points that have no gradient."""
    if holds_tensors(x):
        raise NotImplementedError("simpson has no derivative by x here; use trapezoid")
    from scipy import integrate

    y = np.moveaxis(asarray(y), axis, -1)
    # it is linear in y: its weights are the integrals of unit vectors
    return y @ integrate.simpson(np.eye(y.shape[-1]), x=x, dx=dx)


__getattr__ = scipys("scipy.integrate")
