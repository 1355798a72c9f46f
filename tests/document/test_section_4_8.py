"""Implementing the gradient descent step: ΔW and Δb summed over the samples."""

from typing import Any

import numpy as np
import pytest

from nets import Network, formulas, train

from .example import random_network

pytestmark = pytest.mark.section_4_8


def sums(net: Network, x: Any, y: Any) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return ΔW^(l) and Δb^(l), added up sample by sample."""
    total_W = {l: np.zeros_like(W) for l, W in net.W.items()}
    total_b = {l: np.zeros_like(b) for l, b in net.b.items()}
    for k in range(x.shape[1]):
        found = formulas.backpropagation(net.W, net.b, x[:, k], y[:, k])
        for l in net.W:
            total_W[l] += found.dW[l]
            total_b[l] += found.db[l]
    return total_W, total_b


@pytest.mark.parametrize("structure", [[3, 3, 1], [4, 5, 3], [3, 4, 4, 2]])
@pytest.mark.parametrize("m", [1, 2, 25])
def test_the_sums_over_m_are_the_gradient_of_the_mean_cost(structure: list[int], m: int) -> None:
    net, x, y = random_network(structure, m)
    total_W, total_b = sums(net, x, y)
    automatic = net.gradients(x, y)
    at_once = formulas.backpropagation(net.W, net.b, x, y)
    for l in net.W:
        for gradient in (automatic[f"W{l}"], at_once.dW[l]):
            np.testing.assert_allclose(total_W[l] / m, gradient, rtol=1e-11, atol=1e-16)
        for gradient in (automatic[f"b{l}"], at_once.db[l]):
            np.testing.assert_allclose(total_b[l] / m, gradient, rtol=1e-11, atol=1e-16)


def test_the_step() -> None:
    # W ← W − α (1/m) ΔW
    net, x, y = random_network([4, 5, 3], 8)
    total_W, total_b = sums(net, x, y)
    expected_W = {l: W - 0.25 * total_W[l] / 8 for l, W in net.W.items()}
    expected_b = {l: b - 0.25 * total_b[l] / 8 for l, b in net.b.items()}
    train(net, x, y, iterations=1, learning_rate=0.25, progress=False)
    for l in net.W:
        np.testing.assert_allclose(net.W[l], expected_W[l], rtol=1e-12)
        np.testing.assert_allclose(net.b[l], expected_b[l], rtol=1e-12)
