"""Scikit-learn's handwritten digits, made ready for a network (sections 5.1 to 5.3)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .formulas import Array


class Digits(NamedTuple):
    """Digits split into a part to train with and a part held out; samples are columns."""

    X_train: Array
    """(64, m): pixels, scaled to mean 0 and variance 1 over the training part."""
    Y_train: Array
    """(10, m): 1 in the row of the digit, 0 elsewhere."""
    y_train: Array
    """(m,): the digits."""
    X_test: Array
    Y_test: Array
    y_test: Array
    images_train: Array
    """(m, 8, 8): the images as they were, 0 to 16."""
    images_test: Array


def one_hot(labels: Any, classes: int = 10) -> Array:
    """Return labels 0..classes−1 as columns with a single 1, shape (classes, m) (section 5.3).

    >>> one_hot([1, 0], 3)
    array([[0., 1.],
           [1., 0.],
           [0., 0.]])
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise TypeError(f"labels are a sequence of integers, got {labels.dtype} {labels.shape}")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"labels are 0..{classes - 1}, got {labels.min()}..{labels.max()}")
    columns: Array = np.eye(classes)[:, labels]
    return columns


def load_digits(seed: int | None = 0, test_size: float = 0.4) -> Digits:
    """Return scikit-learn's 1797 digits, scaled, split, with one-hot targets.

    Parameters
    ----------
    seed : int, optional
        Decides which digits are held out; None splits differently in every run.
    test_size : float
        The share that is held out (section 5.2: 40 %).

    Returns
    -------
    Digits
        With the scaling of the training part applied to both parts: the held-out digits stay
        unseen.
    """
    from sklearn.datasets import load_digits as load
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    digits = load()
    images, images_test, y, y_test = train_test_split(
        digits.images, digits.target, test_size=test_size, random_state=seed
    )
    scaler = StandardScaler().fit(images.reshape(len(images), -1))

    def prepared(part: Array) -> Array:
        return np.ascontiguousarray(scaler.transform(part.reshape(len(part), -1)).T)

    return Digits(
        X_train=prepared(images),
        Y_train=one_hot(y),
        y_train=y,
        X_test=prepared(images_test),
        Y_test=one_hot(y_test),
        y_test=y_test,
        images_train=images,
        images_test=images_test,
    )
