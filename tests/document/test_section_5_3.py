"""Setting up the output layer: a label as a vector of ten."""

import numpy as np
import pytest

from nets import load_digits
from nets.digits import one_hot

pytestmark = pytest.mark.section_5_3


def test_a_label_becomes_a_column() -> None:
    # 5 → (0, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    assert one_hot([5])[:, 0].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert one_hot([0, 9, 3]).argmax(axis=0).tolist() == [0, 9, 3]


def test_the_targets_of_the_digits() -> None:
    digits = load_digits(seed=0)
    for Y, y in ((digits.Y_train, digits.y_train), (digits.Y_test, digits.y_test)):
        assert Y.shape == (10, len(y))
        assert np.unique(Y).tolist() == [0, 1]
        assert np.array_equal(Y.sum(axis=0), np.ones(len(y)))
        assert all(Y[label, k] == 1 for k, label in enumerate(y))
