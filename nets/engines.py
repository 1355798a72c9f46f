"""What computes the passes of `train`: three engines, one path.

1. "eager" records every step's graph and differentiates it.
2. "numpy" runs the step as a program of NumPy calls, made once by `jit`.
3. "numba" compiles the step, and the loop over the batches of a pass around it.

Each is a function ``engine(net, x, y, learning_rate, batch_size)`` that returns a `Pass`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_nn import Tensor, gradients, jit, value_and_grad

from .activations import Activation
from .network import Network

Array = NDArray[Any]
Pass = Callable[[Array | None], float]
"""Goes once over the samples, in the given order or as they stand; returns the mean cost met."""
Step = Callable[[Array, Array], float]
"""Takes samples and targets (columns), updates the network in place, returns the cost before."""


def _stepwise(step: Step, x: Array, y: Array, batch_size: int) -> Pass:
    """Return the pass that makes `step` on one batch after the other."""
    x, y = _in_c_order(x), _in_c_order(y)
    m = int(x.shape[1])
    parts: list[tuple[Array, Array]] = []

    def drawn(order: Array) -> Iterator[tuple[Array, Array]]:
        for start in range(0, m, batch_size):
            chosen = order[start : start + batch_size]
            yield x.take(chosen, axis=1), y.take(chosen, axis=1)

    def run(order: Array | None) -> float:
        total = 0.0
        if order is None and not parts:  # the same batches in every pass are copied once
            parts.extend(_cut(x, y, batch_size))
        for a, b in parts if order is None else drawn(order):
            total += step(a, b) * int(a.shape[1])
        return total / m

    return run


def _cut(x: Array, y: Array, batch_size: int) -> Iterator[tuple[Array, Array]]:
    """Yield the samples as they stand, batch by batch, each in C order."""
    for start in range(0, x.shape[1], batch_size):
        chosen = slice(start, start + batch_size)
        yield np.ascontiguousarray(x[:, chosen]), np.ascontiguousarray(y[:, chosen])


def _in_c_order(columns: Array) -> Array:
    """Return samples so that batches can be drawn: of another order, ``take`` copies all each time.

    One copy, before the first pass; none of arrays that are in C order.
    """
    return np.ascontiguousarray(columns)


def eager(net: Network, x: Array, y: Array, learning_rate: float, batch_size: int) -> Pass:
    """Record the cost of every batch, differentiate it and descend (section 4.3)."""
    parameters, leaves = net.parameters(), net.leaves(copy=False)
    wrt = list(leaves.values())

    def step(x: Array, y: Array) -> float:
        J = net.record(leaves, x, y)["J"]
        for array, gradient in zip(parameters.values(), gradients(J, wrt), strict=True):
            np.multiply(gradient, learning_rate, out=gradient)
            np.subtract(array, gradient, out=array)
        return float(J.item())

    return _stepwise(step, x, y, batch_size)


def training_step(net: Network) -> Callable[..., Any]:
    """Return one step of descent on the cost of a network like `net`, as a function to trace.

    It takes ``(parameters, x, y, alpha)`` and returns the parameters after the step and the cost
    before it (sections 4.3 and 4.8).
    """

    def step(parameters: dict[str, Tensor], x: Any, y: Any, alpha: Any) -> Any:
        def J(parameters: dict[str, Tensor]) -> Tensor:
            return net.record(parameters, x, y)["J"]

        cost, gradient = value_and_grad(J)(parameters)
        return {name: parameters[name] - alpha * gradient[name] for name in parameters}, cost

    return step


@functools.lru_cache(maxsize=64)
def _program(structure: tuple[int, ...], dtype: str, activation: Activation, engine: str) -> Any:
    net = Network(structure, seed=0, dtype=dtype, activation=activation)
    return jit(training_step(net), donate=0, engine=engine)


def _kind(net: Network) -> tuple[tuple[int, ...], str, Activation]:
    return net.structure, net.dtype.name, net.activation


def numpy(net: Network, x: Array, y: Array, learning_rate: float, batch_size: int) -> Pass:
    """Run the step as a program of NumPy calls, which updates the network's arrays in place."""
    program = _program(*_kind(net), "numpy")
    parameters = net.parameters()

    def step(x: Array, y: Array) -> float:
        after, cost = program(parameters, x, y, learning_rate)
        for name, array in parameters.items():
            if after[name] is not array:
                array[...] = after[name]
        return float(cost)

    return _stepwise(step, x, y, batch_size)


@functools.lru_cache(maxsize=64)
def _kernel(structure: tuple[int, ...], dtype: str, activation: Activation, size: int) -> Any:
    """Return the compiled step for batches of `size` samples."""
    net = Network(structure, seed=0, dtype=dtype, activation=activation)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(structure[0], size)).astype(dtype)
    y = rng.random((structure[-1], size)).astype(dtype)
    program = _program(structure, dtype, activation, "numba").lower(net.parameters(), x, y, 0.25)
    return program.kernel


@functools.lru_cache(maxsize=1)
def _compiled_pass() -> Any:
    """Return the loop over the batches of a pass, compiled."""
    from numba import njit

    @njit(nogil=True)
    def run(
        full: Any, last: Any, parameters: Any, X: Any, Y: Any, order: Any, size: Any, alpha: Any
    ) -> Any:
        m = len(order)
        total = 0.0
        x, y = np.empty((X.shape[1], size), X.dtype), np.empty((Y.shape[1], size), Y.dtype)
        for start in range(0, m - size + 1, size):
            for j in range(size):
                for i in range(X.shape[1]):
                    x[i, j] = X[order[start + j], i]
                for i in range(Y.shape[1]):
                    y[i, j] = Y[order[start + j], i]
            total += full(*parameters, x, y, alpha) * size
        rest = m % size
        if rest:
            chosen = order[m - rest :]
            x, y = np.ascontiguousarray(X[chosen].T), np.ascontiguousarray(Y[chosen].T)
            total += last(*parameters, x, y, alpha) * rest
        return total / m

    return run


def numba(net: Network, x: Array, y: Array, learning_rate: float, batch_size: int) -> Pass:
    """Run every pass as one compiled loop."""
    m = int(x.shape[1])
    full = _kernel(*_kind(net), batch_size)
    last = _kernel(*_kind(net), m % batch_size) if m % batch_size else full
    parameters = net.parameters()
    arrays = tuple([parameters[name] for name in sorted(parameters)])  # the kernel's order
    if batch_size == m:
        x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        return lambda order: float(full(*arrays, x, y, learning_rate))
    X, Y = np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)
    straight, run = np.arange(m), _compiled_pass()

    def one(order: Array | None) -> float:
        chosen = straight if order is None else order
        return float(run(full, last, arrays, X, Y, chosen, batch_size, learning_rate))

    return one


ENGINES: dict[str, Callable[[Network, Array, Array, float, int], Pass]] = {
    "numpy": numpy,
    "numba": numba,
    "eager": eager,
}
