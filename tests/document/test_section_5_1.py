"""Scaling data: every pixel to mean 0 and variance 1."""

import numpy as np
import pytest
from sklearn.datasets import load_digits as original
from sklearn.preprocessing import StandardScaler

from nets import load_digits

pytestmark = pytest.mark.section_5_1


def test_the_digits_are_8_by_8_images() -> None:
    digits = load_digits(seed=0)
    assert digits.images_train.shape == (1078, 8, 8)
    assert digits.images_train.min() == 0
    assert digits.images_train.max() == 16
    assert digits.X_train.shape == (64, 1078)
    assert len(original().images) == 1797 == 1078 + 719


def test_each_pixel_has_mean_0_and_variance_1_over_the_training_part() -> None:
    X = load_digits(seed=0).X_train
    assert np.abs(X.mean(axis=1)).max() < 1e-12
    variance = X.var(axis=1)
    constant = variance == 0  # pixels in which no digit leaves any ink
    assert constant.sum() < 8
    np.testing.assert_allclose(variance[~constant], 1, rtol=1e-12)
    assert np.isfinite(X).all()


def test_both_parts_are_scaled_by_the_training_part_alone() -> None:
    digits = load_digits(seed=4)
    scaler = StandardScaler().fit(digits.images_train.reshape(-1, 64))
    for X, images in (
        (digits.X_train, digits.images_train),
        (digits.X_test, digits.images_test),
    ):
        np.testing.assert_allclose(X, scaler.transform(images.reshape(-1, 64)).T, atol=1e-13)
    # scaled by itself the held-out part would have mean 0; it has not, quite
    assert np.abs(digits.X_test.mean(axis=1)).max() > 0.01
