"""The step in NumPy by hand, its floor, and the step by this package.

All keep samples as columns. The step by hand is what a good user writes with NumPy: no cost is
computed, for the step does not need it.
"""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np

from .problem import Contender, Maker, Problem


def by_hand(
    p: list[np.ndarray], x: np.ndarray, y: np.ndarray, rate: float, with_cost: bool = False
) -> Any:
    """Take one step in place: straightforward NumPy; return the cost it met, if asked for."""
    W1, b1, W2, b2 = p
    h2 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    h3 = 1 / (1 + np.exp(-(W2 @ h2 + b2)))
    J = 0.5 * np.mean(np.sum(np.square(y - h3), axis=0)) if with_cost else None
    delta3 = (h3 - y) * h3 * (1 - h3)
    delta2 = (W2.T @ delta3) * h2 * (1 - h2)
    step = rate / x.shape[1]
    W2 -= step * (delta3 @ h2.T)
    b2 -= step * delta3.sum(axis=1, keepdims=True)
    W1 -= step * (delta2 @ x.T)
    b1 -= step * delta2.sum(axis=1, keepdims=True)
    return J


def hand(problem: Problem) -> Contender:
    """NumPy by hand."""
    p = problem.copies()
    x, y, rate = problem.x, problem.y, problem.rate
    return Contender(lambda: by_hand(p, x, y, rate), parameters=lambda: p)


def hand_with_cost(problem: Problem) -> Contender:
    """NumPy by hand, the cost computed too: what recording the cost cannot leave out."""
    p = problem.copies()
    x, y, rate = problem.x, problem.y, problem.rate
    return Contender(lambda: by_hand(p, x, y, rate, with_cost=True), parameters=lambda: p)


def hand_preallocated(problem: Problem) -> Contender:
    """NumPy by hand with every temporary made once, before the clock starts."""
    W1, b1, W2, b2 = p = problem.copies()
    x, y = problem.x, problem.y
    step = problem.rate / problem.samples
    h2, t2, delta2 = (np.empty((len(b1), problem.samples), x.dtype) for _ in range(3))
    h3, t3, delta3 = (np.empty((len(b2), problem.samples), x.dtype) for _ in range(3))
    dW1, db1, dW2, db2 = (np.empty_like(w) for w in p)
    dot, exp, add, subtract, multiply = np.dot, np.exp, np.add, np.subtract, np.multiply
    negative, divide, add_up = np.negative, np.divide, np.add.reduce

    def sigmoid_of_layer(W: Any, inputs: Any, b: Any, h: Any) -> None:
        dot(W, inputs, h)
        add(h, b, h)
        negative(h, h)
        exp(h, h)
        add(h, 1, h)
        divide(1, h, h)

    def times_slope(delta: Any, h: Any, t: Any) -> None:
        multiply(delta, h, delta)
        subtract(1, h, t)
        multiply(delta, t, delta)

    def call() -> None:
        sigmoid_of_layer(W1, x, b1, h2)
        sigmoid_of_layer(W2, h2, b2, h3)
        subtract(h3, y, delta3)
        times_slope(delta3, h3, t3)
        dot(W2.T, delta3, delta2)
        times_slope(delta2, h2, t2)
        dot(delta3, h2.T, dW2)
        add_up(delta3, axis=1, keepdims=True, out=db2)
        dot(delta2, x.T, dW1)
        add_up(delta2, axis=1, keepdims=True, out=db1)
        for w, dw in ((W1, dW1), (b1, db1), (W2, dW2), (b2, db2)):
            multiply(dw, step, dw)
            subtract(w, dw, w)

    return Contender(call, parameters=lambda: p)


def floor(problem: Problem) -> Contender:
    """The five matrix products of the step and one pass of exp over every activation."""
    W1, b1, W2, b2 = problem.copies()
    x = problem.x
    z2, delta2 = (np.zeros((len(b1), problem.samples), x.dtype) for _ in range(2))
    z3, delta3 = (np.zeros((len(b2), problem.samples), x.dtype) for _ in range(2))
    h2, h3 = np.empty_like(z2), np.empty_like(z3)
    dW1, dW2 = np.empty_like(W1), np.empty_like(W2)

    def call() -> None:
        np.dot(W1, x, z2)
        np.exp(z2, h2)
        np.dot(W2, h2, z3)
        np.exp(z3, h3)
        np.dot(W2.T, delta3, delta2)
        np.dot(delta3, h2.T, dW2)
        np.dot(delta2, x.T, dW1)

    return Contender(call)


# -- this package ---------------------------------------------------------------------------------


def cost(p: dict[str, Any], x: Any, y: Any) -> Any:
    """Return the mean cost, as a user of the package writes it."""
    from autograd_nn import sigmoid

    h2 = sigmoid(p["W1"] @ x + p["b1"])
    h3 = sigmoid(p["W2"] @ h2 + p["b2"])
    return np.square(h3 - y).sum() * (0.5 / x.shape[1])


def eager_step(p: dict[str, Any], x: Any, y: Any, rate: float) -> None:
    """Take one step with ``backward``; `p` holds Tensors, x and y may be arrays."""
    cost(p, x, y).backward()
    for w in p.values():
        w.data -= rate * w.grad
        w.zero_grad()


def eager(problem: Problem) -> Contender:
    """Tensors, ``backward``, ``W.data -= …``."""
    from autograd_nn import Tensor

    p = tensors(problem)
    x, y = Tensor(problem.x, name="x"), Tensor(problem.y, name="y")
    rate = problem.rate
    return Contender(
        lambda: eager_step(p, x, y, rate), parameters=lambda: [w.data for w in p.values()]
    )


def tensors(problem: Problem) -> dict[str, Any]:
    """Return the parameters as Tensors that require gradients."""
    from autograd_nn import Tensor

    return {name: Tensor(w, requires_grad=True, name=name) for name, w in named(problem).items()}


def named(problem: Problem) -> dict[str, np.ndarray]:
    """Return copies of the parameters by name."""
    return dict(zip(("W1", "b1", "W2", "b2"), problem.copies(), strict=True))


def updated(p: dict[str, Any], x: Any, y: Any, rate: float) -> dict[str, Any]:
    """Return the parameters after one step: the function that is handed to ``jit``."""
    from autograd_nn import grad

    flows = grad(cost)(p, x, y)
    return {name: p[name] - rate * flows[name] for name in p}


def jit_step(problem: Problem, engine: str) -> Any:
    """Return the jitted step ``(parameters, x, y) → parameters``, which donates the first."""
    from autograd_nn import jit

    def step(p: Any, x: Any, y: Any) -> Any:
        return updated(p, x, y, problem.rate)

    if engine == "numpy":
        return jit(step, donate=0)
    import numba  # noqa: F401  (a missing extra is "-", not an error)

    if "engine" not in signature(jit).parameters:
        raise ImportError("jit has no other engine here")
    return jit(step, engine=engine, donate=0)


def jitted(engine: str) -> Maker:
    """Return the maker of the step by ``jit``, its parameters donated."""

    def make(problem: Problem) -> Contender:
        step, state = jit_step(problem, engine), [named(problem)]
        x, y = problem.x, problem.y

        def call() -> None:
            state[0] = step(state[0], x, y)

        return Contender(call, parameters=lambda: list(state[0].values()))

    return make


HAND, PREALLOCATED, FLOOR = "NumPy by hand", "NumPy by hand, preallocated", "floor: BLAS + exp"
HAND_COST = "NumPy by hand, with the cost"
EAGER, JIT, JIT_NUMBA = "ours, eager", "ours, jit", "ours, jit, numba"

MAKERS: dict[str, Maker] = {
    FLOOR: floor,
    HAND: hand,
    HAND_COST: hand_with_cost,
    PREALLOCATED: hand_preallocated,
    EAGER: eager,
    JIT: jitted("numpy"),
    JIT_NUMBA: jitted("numba"),
}
