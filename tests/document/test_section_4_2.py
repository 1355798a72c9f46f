"""The cost function: ½‖y − h^(n_l)‖² of one pair, and its mean over m pairs."""

import numpy as np
import pytest

from nets import Network, formulas

from .example import X, example, random_network

pytestmark = pytest.mark.section_4_2


def test_one_pair() -> None:
    # h^(3) = 0.83545 (section 3.1) and y = 1: J = ½ (1 − 0.83545)² = ½ · 0.027077 = 0.013539
    J = example().cost(X, [1.0])
    assert J.shape == ()
    assert J.name == "J"
    assert J.item() == pytest.approx(0.01354, abs=1e-5)
    output = example().feed_forward(X)[0]
    assert J.item() == pytest.approx(0.5 * (1 - output) ** 2, rel=1e-14)


def test_several_outputs_add_up() -> None:
    net = Network([1, 3], seed=0)
    net.W[1] = np.zeros((3, 1))  # all outputs are f(0) = 0.5
    # ½ (0.5² + 0.5² + 0.3²) = ½ · 0.59 = 0.295
    assert net.cost([0.0], [1.0, 0.0, 0.8]).item() == pytest.approx(0.295, rel=1e-14)


@pytest.mark.parametrize("m", [1, 2, 9])
def test_the_mean_over_m_pairs(m: int) -> None:
    net, x, y = random_network([4, 5, 3], m)
    each = [net.cost(x[:, k], y[:, k]).item() for k in range(m)]
    J = net.cost(x, y)
    assert J.shape == ()
    assert J.item() == pytest.approx(sum(each) / m, rel=1e-13)
    assert formulas.cost(y, net.feed_forward(x)) == pytest.approx(J.item(), rel=1e-14)
    assert formulas.cost(y[:, 0], net.feed_forward(x[:, 0])) == pytest.approx(each[0], rel=1e-14)


def test_a_perfect_network_costs_nothing() -> None:
    net, x, _ = random_network([4, 5, 3], 6)
    assert net.cost(x, net.feed_forward(x)).item() == 0
