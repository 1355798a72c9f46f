"""Gradient descent in neural networks: w ← w − α ∂J/∂w, b ← b − α ∂J/∂b."""

import copy

import numpy as np
import pytest

from nets import formulas, train

from .example import X, example, random_network

pytestmark = pytest.mark.section_4_3

ALPHA = 0.25


@pytest.mark.parametrize(("structure", "m"), [([3, 3, 1], None), ([4, 5, 3], 6), ([2, 3, 3, 2], 1)])
def test_a_step_by_hand_and_automatically(structure: list[int], m: int | None) -> None:
    net, x, y = random_network(structure, m)
    by_hand, trained = copy.deepcopy(net), copy.deepcopy(net)
    found = formulas.backpropagation(by_hand.W, by_hand.b, x, y)
    automatic = net.gradients(x, y)
    for l in net.W:
        by_hand.W[l] -= ALPHA * found.dW[l]
        by_hand.b[l] -= ALPHA * found.db[l]
        net.W[l] -= ALPHA * automatic[f"W{l}"]
        net.b[l] -= ALPHA * automatic[f"b{l}"]
    train(trained, x, y, iterations=1, learning_rate=ALPHA, progress=False)
    for l in net.W:
        for other in (net, trained):
            np.testing.assert_allclose(by_hand.W[l], other.W[l], rtol=1e-12)
            np.testing.assert_allclose(by_hand.b[l], other.b[l], rtol=1e-12)


def test_a_step_on_the_example() -> None:
    # y = 0: ∂J/∂b^(2) = δ^(3) = (h − 0) h (1 − h); with h = 0.835454 that is
    # 0.835454² · 0.164546 = 0.114850,
    # so b^(2) ← 0.2 − 0.25 · 0.114850 = 0.171288, and J falls
    net = example()
    before = net.cost(X, [0.0]).item()
    train(net, X, [0.0], iterations=1, learning_rate=ALPHA, progress=False)
    assert net.b[2].item() == pytest.approx(0.171288, abs=1e-5)
    assert net.cost(X, [0.0]).item() < before


@pytest.mark.parametrize("seed", range(5))
def test_a_small_step_lowers_the_cost_as_the_gradient_says(seed: int) -> None:
    net, x, y = random_network([4, 5, 3], 6, seed)
    before = net.cost(x, y).item()
    squared_length = sum(float(np.sum(g**2)) for g in net.gradients(x, y).values())
    train(net, x, y, iterations=1, learning_rate=1e-5, progress=False)
    # J(w − αg) ≈ J(w) − α‖g‖²
    assert before - net.cost(x, y).item() == pytest.approx(1e-5 * squared_length, rel=1e-3)
