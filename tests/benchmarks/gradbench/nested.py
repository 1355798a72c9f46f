"""The evals particle and saddle: gradient descent on functions that take gradients themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_nn import grad, jit, jvp

Input = dict[str, Any]
Function = Callable[[Any], Any]

MODES = ("ff", "fr", "rf", "rr")
"""How the outer and the inner gradient are taken: forward or in reverse."""


def _forward(f: Function) -> Function:
    """Return the gradient of `f` by one product J·v for each element."""

    def gradient(x: Any) -> Any:
        units = np.eye(x.shape[0])
        return np.stack([jvp(f, (x,), (unit,))[1] for unit in units])

    return gradient


_GRADIENT: dict[str, Callable[[Function], Function]] = {"f": _forward, "r": grad}


def _length(x: Any) -> Any:
    return np.sqrt(np.sum(x**2))


def _argmin(f: Function, gradient: Function, start: Any) -> Any:
    """Return where gradient descent ends, as GradBench does it."""
    x, value, slope = start, f(start), gradient(start)
    eta, i = 1e-5, 0
    while True:
        if _length(slope) <= 1e-5:
            return x
        if i == 10:
            eta, i = 2 * eta, 0
            continue
        further = x - eta * slope
        if _length(further - x) <= 1e-5:
            return x
        lower = f(further)
        if lower < value:
            x, value, slope, i = further, lower, gradient(further), i + 1
        else:
            eta, i = eta / 2, 0


# -- particle --------------------------------------------------------------------------------------


def particle_input(given: Input) -> tuple[Any]:
    """Return w."""
    return (np.array([given["w"]]),)


def particle(modes: str) -> Callable[[Any], Any]:
    """Return the eval's function."""
    outer, inner = (_GRADIENT[mode] for mode in modes)

    def potential(x: Any, first: Any, second: Any) -> Any:
        return 1 / _length(x - first) + 1 / _length(x - second)

    @jit  # a program for arrays; on Tensors, where w is differentiated, the function itself
    def pull(x: Any, first: Any, second: Any) -> Any:
        return inner(lambda x: potential(x, first, second))(x)

    def miss(w: Any) -> Any:
        """Return the square of where the particle meets the axis."""
        first, second = np.array([10.0, 0.0]), np.concatenate([np.array([10.0]), 10 - w])
        x, v = np.array([0.0, 8.0]), np.array([0.75, 0.0])
        while True:
            force = -pull(x, first, second)
            x = x + 0.1 * v
            if x[1] <= 0:
                return (x[0] - x[1] / v[1] * v[0]) ** 2
            v = v + 0.1 * force

    return lambda w: _argmin(miss, outer(miss), w)[0]


# -- saddle ----------------------------------------------------------------------------------------


def saddle_input(given: Input) -> tuple[Any]:
    """Return where to start."""
    return (np.array(given["start"]),)


def saddle(modes: str) -> Callable[[Any], Any]:
    """Return the eval's function."""
    outer, inner = (_GRADIENT[mode] for mode in modes)

    def f(x: Any, y: Any) -> Any:
        return np.sum(x**2) - np.sum(y**2)

    def lower(x: Any, y: Any) -> Any:
        return -f(x, y)

    value = jit(lower)
    slope = jit(lambda x, y: inner(lambda y: lower(x, y))(y))

    def run(start: Any) -> Any:
        def argmax(x: Any) -> Any:
            return _argmin(lambda y: value(x, y), lambda y: slope(x, y), start)

        def highest(x: Any) -> Any:
            return f(x, argmax(x))

        x = _argmin(highest, outer(highest), start)
        return np.concatenate([x, argmax(x)])

    return run
