"""The final gradient descent algorithm, sample by sample, and the same path in a fraction of it."""

from typing import Any

import numpy as np
import pytest

from nets import Network, load_digits, train

pytestmark = pytest.mark.section_4_9

ITERATIONS, ALPHA = 50, 0.25


def f(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def final_algorithm(
    W: dict[int, Any], b: dict[int, Any], X: Any, Y: Any, iterations: int, alpha: float
) -> list[float]:
    """Descend from W and b, which are updated, and return the mean cost of every iteration."""
    n_l, m = len(W) + 1, X.shape[1]
    costs = []
    for _ in range(iterations):
        sum_W = {l: np.zeros(W[l].shape) for l in W}
        sum_b = {l: np.zeros(b[l].shape) for l in b}
        cost = 0.0
        for k in range(m):
            # feed forward
            h, z = {1: X[:, k]}, {}
            for l in range(1, n_l):
                z[l + 1] = W[l].dot(h[l]) + b[l]
                h[l + 1] = f(z[l + 1])
            cost += 0.5 * np.sum((Y[:, k] - h[n_l]) ** 2)
            # back-propagate, and add
            delta = {n_l: -(Y[:, k] - h[n_l]) * f(z[n_l]) * (1 - f(z[n_l]))}
            for l in range(n_l - 1, 0, -1):
                sum_W[l] += np.outer(delta[l + 1], h[l])
                sum_b[l] += delta[l + 1]
                if l > 1:
                    delta[l] = W[l].T.dot(delta[l + 1]) * f(z[l]) * (1 - f(z[l]))
        for l in W:
            W[l] -= alpha * sum_W[l] / m
            b[l] -= alpha * sum_b[l] / m
        costs.append(cost / m)
    return costs


@pytest.mark.parametrize("init", ["glorot", "uniform"])
def test_the_same_path_on_the_digits(init: str) -> None:
    digits = load_digits(seed=0)
    m = 539 if init == "glorot" else 1078  # half of them are enough once
    X, Y = digits.X_train[:, :m], digits.Y_train[:, :m]
    net = Network([64, 30, 10], seed=0, init=init)
    W = {l: array.copy() for l, array in net.W.items()}
    b = {l: array[:, 0].copy() for l, array in net.b.items()}

    costs = final_algorithm(W, b, X, Y, ITERATIONS, ALPHA)
    history = train(net, X, Y, ITERATIONS, ALPHA, progress=False)

    np.testing.assert_allclose(history.cost, costs, rtol=0, atol=1e-10)
    for l in net.W:
        np.testing.assert_allclose(net.W[l], W[l], rtol=0, atol=1e-10)
        np.testing.assert_allclose(net.b[l][:, 0], b[l], rtol=0, atol=1e-10)
    assert costs[-1] < costs[0]


@pytest.mark.parametrize("structure", [[64, 10], [64, 12, 8, 10]])
def test_the_same_path_with_other_numbers_of_layers(structure: list[int]) -> None:
    digits = load_digits(seed=1)
    X, Y = digits.X_train[:, :60], digits.Y_train[:, :60]
    net = Network(structure, seed=1)
    W = {l: array.copy() for l, array in net.W.items()}
    b = {l: array[:, 0].copy() for l, array in net.b.items()}
    costs = final_algorithm(W, b, X, Y, 20, ALPHA)
    history = train(net, X, Y, 20, ALPHA, progress=False)
    np.testing.assert_allclose(history.cost, costs, rtol=0, atol=1e-10)
    for l in net.W:
        np.testing.assert_allclose(net.W[l], W[l], rtol=0, atol=1e-10)
