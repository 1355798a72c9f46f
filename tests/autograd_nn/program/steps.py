"""A step of training a small network, for the tests of this room."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_nn import sigmoid, value_and_grad

RNG = np.random.default_rng(0)


A, B = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))


PARAMETERS = {
    "W1": RNG.normal(size=(30, 64)),
    "b1": RNG.normal(size=(30, 1)),
    "W2": RNG.normal(size=(10, 30)),
    "b2": RNG.normal(size=(10, 1)),
}


X, Y = RNG.normal(size=(64, 8)), RNG.random((10, 8))


def cost(p: Any, x: Any, y: Any) -> Any:
    h2 = sigmoid(p["W1"] @ x + p["b1"])
    h3 = sigmoid(p["W2"] @ h2 + p["b2"])
    return np.sum(np.square(y - h3)) * (0.5 / x.shape[1])


def step(p: Any, x: Any, y: Any, alpha: Any) -> Any:
    J, g = value_and_grad(cost)(p, x, y)
    return {name: p[name] - alpha * g[name] for name in p}, J


def copies(p: dict[str, Any], dtype: Any = float) -> dict[str, Any]:
    return {name: array.astype(dtype) for name, array in p.items()}
