"""Tools that programs for HIPS autograd use: flat vectors, optimisers, fixed points, checks."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.graph import replay
from ..core.tensor import Tensor
from ..transforms import containers
from .extend import defvjp, getval, primitive
from .operators import Function, shown, unary_to_nary, vjp_of

# -- misc.flatten ----------------------------------------------------------------------------------


def flatten(value: Any) -> tuple[Any, Function]:
    """Return the numbers in nested containers as one vector, and the function that undoes it."""
    leaves, structure = containers.flatten(value)
    shapes = [np.shape(leaf) for leaf in leaves]
    ends = list(itertools.accumulate([int(np.prod(shape, dtype=int)) for shape in shapes]))

    def unflatten(vector: Any) -> Any:
        parts = [
            shown(np.reshape(vector[start:end], shape))
            for start, end, shape in zip([0, *ends], ends, shapes, strict=False)
        ]
        return containers.unflatten(structure, parts)

    vector = np.concatenate([np.ravel(leaf) for leaf in leaves]) if leaves else np.zeros(0)
    return vector if vector.dtype.kind in "fc" else vector.astype(float), unflatten


def flatten_func(func: Function, example: Any) -> tuple[Function, Function, Any]:
    """Return `func` as a function from vectors to vectors."""
    vector, unflatten = flatten(example)
    return lambda x, *args: flatten(func(unflatten(x), *args))[0], unflatten, vector


# -- misc.optimizers -------------------------------------------------------------------------------


def _optimizer(step: Callable[..., Any], start: float = 0.0, count: int = 100) -> Function:
    """Return the optimiser whose `step`, from a gradient, is what is added to x."""

    @functools.wraps(step)
    def optimize(
        grad: Function, x0: Any, callback: Any = None, num_iters: int = count, **options: Any
    ) -> Any:
        x, unflatten = flatten(x0)
        memory: Any = [np.full_like(x, start)] * 2
        for i in range(num_iters):
            g = flatten(grad(unflatten(x), i))[0]
            if callback:
                callback(unflatten(x), i, unflatten(g))
            change, *memory = step(g, i, *memory, **options)
            x = x + change
        return unflatten(x)

    return optimize


def _sgd(
    g: Any, i: int, velocity: Any, same: Any, step_size: float = 0.1, mass: float = 0.9
) -> Any:
    velocity = mass * velocity - (1 - mass) * g
    return step_size * velocity, velocity, same


def _rmsprop(
    g: Any, i: int, squares: Any, same: Any, step_size: float = 0.1, gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:  # fmt: skip
    squares = squares * gamma + g**2 * (1 - gamma)
    return -step_size * g / (np.sqrt(squares) + eps), squares, same


def _adam(
    g: Any, i: int, first: Any, second: Any, step_size: float = 0.001, b1: float = 0.9,
    b2: float = 0.999, eps: float = 1e-8,
) -> Any:  # fmt: skip
    first, second = (1 - b1) * g + b1 * first, (1 - b2) * g**2 + b2 * second
    scale = np.sqrt(second / (1 - b2 ** (i + 1))) + eps
    return -step_size * (first / (1 - b1 ** (i + 1))) / scale, first, second


sgd, rmsprop, adam = _optimizer(_sgd, count=200), _optimizer(_rmsprop, 1.0), _optimizer(_adam)


# -- misc.fixed_points, misc.tracers ---------------------------------------------------------------


@primitive
def fixed_point(f: Function, a: Any, x0: Any, distance: Function, tol: float) -> Any:
    """Return x = f(a)(x), iterated from `x0` until ``distance`` is below `tol`."""
    step = f(a)
    x, before = step(x0), x0
    while distance(x, before) > tol:
        x, before = step(x), x
    return x


def _fixed_point_rule(ans: Any, f: Function, a: Any, x0: Any, distance: Any, tol: Any) -> Function:
    def around(given: Any) -> Function:  # w = g + wᵀ ∂f/∂x, a fixed point too
        a, x, g = given
        pullback = vjp_of(f(a), x)[0]
        return lambda w: pullback(w) + g

    by_a = vjp_of(lambda a: f(a)(ans), a)[0]
    return lambda g: by_a(fixed_point(around, (a, ans, g), 0 * getval(x0), distance, tol))


defvjp(fixed_point, None, _fixed_point_rule, None)


def const_graph(fun: Function, *args: Any, **kwargs: Any) -> Function:
    """Return `fun`, called once; after that its recorded graph is run again."""
    graph: list[Any] = []

    def again(*xs: Any) -> Any:
        if first := not graph:
            inputs = [Tensor(np.asarray(getval(x), float)) for x in xs]
            graph[:] = inputs, [fun(*args, *inputs, **kwargs)]
        (inputs, (out,)), inside = graph, any(isinstance(x, Tensor) for x in xs)
        if inside or not first:
            (out,), _ = replay([out], dict(zip(inputs, xs, strict=True)))
        return out if inside else shown(getval(out))

    return again


# -- test_util -------------------------------------------------------------------------------------


@unary_to_nary
def check_grads(f: Function, x: Any, modes: Any = None, order: int = 2) -> None:
    """Check the derivatives of `f` up to `order` against differences; raise where they differ."""
    pullback, y = vjp_of(f, x)
    (xs, structure), x_v, y_v = containers.flatten(x), _random(x), _random(y)

    def at(step: float) -> Any:
        moved = [a + step * b for a, b in zip(xs, containers.flatten(x_v)[0], strict=True)]
        return containers.flatten(getval(f(containers.unflatten(structure, moved))))[0]

    slope = [(a * 1.0 - b) / 1e-6 for a, b in zip(at(5e-7), at(-5e-7), strict=True)]
    conjugate = containers.tree_map(np.conj, y_v)
    exact, numeric = _inner(pullback(conjugate), x_v), _inner(conjugate, slope)
    if not scalar_close(exact, numeric):
        raise AssertionError(
            f"Derivative (VJP) check of {f.__name__} failed with arg {x}:\nanalytic: {exact}\n"
            f"numeric:  {numeric}"
        )
    if order > 1:

        def pulled(both: Any) -> Any:
            return vjp_of(f, both[0])[0](both[1])

        pulled.__name__ = f"vjp_{f.__name__}"
        check_grads(pulled, 0, modes, order - 1)((x, y_v))


def _random(tree: Any) -> Any:
    """Return random numbers like those in a tree, as the program seeded them."""

    def one(x: Any) -> Any:
        kind = np.result_type(x)
        draw = functools.partial(np.random.standard_normal, np.shape(x))
        values = np.asarray(draw() + 1j * draw() if kind.kind == "c" else draw())
        return shown(values.astype(kind if kind.kind in "fc" else float))

    return containers.tree_map(one, getval(tree))


def _inner(one: Any, other: Any) -> Any:
    """Return the real part of the sum of the products of all numbers in two trees."""
    pairs = zip(containers.flatten(one)[0], containers.flatten(other)[0], strict=True)
    return sum([np.real(np.sum(a * b)) for a, b in pairs])


def combo_check(fun: Function, *args: Any, **kwargs: Any) -> Function:
    """Check the derivatives for all combinations of values of the arguments."""

    def check(*values: Any, **options: Any) -> None:
        for chosen in itertools.product(*values, *options.values()):
            named = dict(zip(options, chosen[len(values) :], strict=True))
            check_grads(fun, *args, **kwargs)(*chosen[: len(values)], **named)

    return check


def quick_grad_check(fun: Function, arg0: Any, extra_args: Any = (), kwargs: Any = None) -> None:
    """Check the derivative by the first argument; `check_grads` is the newer name."""
    check_grads(lambda x: fun(x, *extra_args, **(kwargs or {})), order=1)(arg0)


def scalar_close(a: Any, b: Any) -> bool:
    """Whether two numbers are near each other."""
    return bool(abs(a - b) < 1e-6 or abs(a - b) / abs(a + b) < 1e-6)


def check_equivalent(x: Any, y: Any) -> None:
    """Raise if two results differ in structure, shape, type or value."""
    (ours, one), (others, two) = containers.flatten(getval(x)), containers.flatten(getval(y))
    if one != two or [(np.shape(a), np.result_type(a)) for a in ours] != [
        (np.shape(b), np.result_type(b)) for b in others
    ]:
        raise AssertionError(f"the results differ in form:\n{x}\n{y}")
    for a, b in zip(ours, others, strict=True):
        np.testing.assert_allclose(a, b, 1e-6, 1e-6)
