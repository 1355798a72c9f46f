"""Assessing the accuracy: the held-out digits that the trained network names rightly.

Over five seeds the document's set-up, 3000 iterations with α = 0.25, reaches 0.879 with its
uniform weights (0.860 to 0.898), and 0.958 with the default ones (0.944 to 0.962).
"""

import numpy as np
import pytest

from nets import Network, load_digits, train

pytestmark = pytest.mark.section_5_5


def accuracy(seed: int, init: str, iterations: int) -> float:
    digits = load_digits(seed=seed)
    net = Network([64, 30, 10], seed=seed, init=init)
    before = net.accuracy(digits.X_test, digits.y_test)
    assert before < 0.3  # one digit in ten by chance
    train(net, digits.X_train, digits.Y_train, iterations, 0.25, progress=False)
    found = net.accuracy(digits.X_test, digits.y_test)
    rows = np.array([net.predict(digits.X_test[:, k]) for k in range(50)])
    assert np.array_equal(rows, net.predict(digits.X_test)[:50])
    assert found == np.mean(net.predict(digits.X_test) == digits.y_test)
    return found


def test_the_documents_set_up() -> None:
    assert 0.84 < accuracy(0, "uniform", 3000) < 0.92


def test_the_better_initialisation_gives_more_in_a_third_of_the_iterations() -> None:
    assert accuracy(0, "glorot", 1000) > 0.92
