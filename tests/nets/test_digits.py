"""The digits: scaled, split, one-hot."""

import numpy as np
import pytest
from sklearn.datasets import load_digits as original

from nets import load_digits
from nets.digits import one_hot


def test_split_scale_and_targets() -> None:
    digits = load_digits(seed=0)
    assert digits.X_train.shape == (64, 1078)
    assert digits.X_test.shape == (64, 719)
    assert digits.Y_train.shape == (10, 1078)
    assert np.array_equal(digits.Y_test.argmax(axis=0), digits.y_test)
    assert np.array_equal(digits.Y_test.sum(axis=0), np.ones(719))
    assert np.abs(digits.X_train.mean(axis=1)).max() < 1e-12
    spread = digits.X_train.std(axis=1)
    assert np.all(np.isclose(spread, 1) | (spread == 0))  # some pixels are never written on
    # What is held out is scaled as the training part was, and each sample is its image.
    raw = digits.images_test.reshape(719, 64).T
    mean = digits.images_train.reshape(1078, 64).mean(axis=0)
    std = digits.images_train.reshape(1078, 64).std(axis=0)
    scaled = (raw - mean[:, None]) / np.where(std == 0, 1, std)[:, None]
    np.testing.assert_allclose(digits.X_test, scaled, atol=1e-12)
    assert digits.X_train.flags.c_contiguous


def test_every_digit_is_there_once() -> None:
    digits = load_digits(seed=3)
    images = np.concatenate([digits.images_train, digits.images_test]).reshape(1797, 64)
    everything = original()
    order = np.lexsort(images.T)
    reference = np.lexsort(everything.data.T)
    assert np.array_equal(images[order], everything.data[reference])
    labels = np.concatenate([digits.y_train, digits.y_test])
    assert np.array_equal(np.bincount(labels), np.bincount(everything.target))


def test_seed_decides_the_split() -> None:
    assert np.array_equal(load_digits(seed=1).y_test, load_digits(seed=1).y_test)
    assert not np.array_equal(load_digits(seed=1).y_test, load_digits(seed=2).y_test)


def test_one_hot_refuses_what_are_no_labels() -> None:
    with pytest.raises(ValueError, match=r"0\.\.9, got 3\.\.10"):
        one_hot([3, 10])
    with pytest.raises(TypeError, match="integers"):
        one_hot([0.5])
