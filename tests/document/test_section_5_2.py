"""Training and test sets: 40 % of the digits held out."""

import numpy as np
import pytest

from nets import load_digits

pytestmark = pytest.mark.section_5_2


def test_40_percent_are_held_out() -> None:
    digits = load_digits(seed=0)
    # 0.4 · 1797 = 718.8
    assert digits.X_test.shape == (64, 719)
    assert digits.X_train.shape == (64, 1078)
    assert digits.y_test.shape == (719,)
    assert load_digits(seed=0, test_size=0.25).X_test.shape == (64, 450)


def test_all_ten_digits_are_in_both_parts() -> None:
    digits = load_digits(seed=0)
    for labels in (digits.y_train, digits.y_test):
        assert np.unique(labels).tolist() == list(range(10))


def test_the_seed_decides_which() -> None:
    first, again, other = load_digits(seed=0), load_digits(seed=0), load_digits(seed=1)
    assert np.array_equal(first.X_test, again.X_test)
    assert np.array_equal(first.y_train, again.y_train)
    assert not np.array_equal(first.y_test, other.y_test)
