"""Creating the neural network: 64-30-10, trained on the digits."""

import numpy as np
import pytest

from nets import Network, load_digits, train, verify

pytestmark = pytest.mark.section_5_4


def test_the_network() -> None:
    net = Network([64, 30, 10], seed=0, init="uniform")
    # 30·64 + 30 weights and biases into the hidden layer, 10·30 + 10 into the output: 2260
    assert sum(array.size for array in net.parameters().values()) == 2260
    for array in net.parameters().values():
        assert array.min() >= 0
        assert array.max() < 1
    assert 0.48 < net.W[1].mean() < 0.52


@pytest.mark.parametrize("init", ["glorot", "uniform"])
def test_its_gradients_are_right(init: str) -> None:
    digits = load_digits(seed=0)
    net = Network([64, 30, 10], seed=0, init=init)
    report = verify(net, digits.X_train[:, :100], digits.Y_train[:, :100])
    report.raise_if_wrong()


def test_training_lowers_the_mean_cost(capfd: pytest.CaptureFixture[str]) -> None:
    digits = load_digits(seed=0)
    net = Network([64, 30, 10], seed=0)
    history = train(
        net, digits.X_train, digits.Y_train, iterations=100, learning_rate=0.25, progress=True
    )
    assert "100/100" in capfd.readouterr().err  # the progress bar
    cost = np.array(history.cost)
    assert cost.shape == (100,)
    assert np.all(np.diff(cost) < 0)
    assert net.cost(digits.X_train, digits.Y_train).item() < cost[-1] < 0.5 * cost[0]


def test_a_seed_makes_the_same_network_again() -> None:
    digits = load_digits(seed=0)
    costs = []
    for _ in range(2):
        net = Network([64, 30, 10], seed=7)
        history = train(net, digits.X_train, digits.Y_train, 20, 0.25, progress=False)
        costs.append(list(history.cost))
    assert costs[0] == costs[1]
