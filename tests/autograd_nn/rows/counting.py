"""Rows of ``autograd_nn/ops/counting.py``."""

from __future__ import annotations

import numpy as np

from ..harness import In, Row

SIX, MATRIX = (In((6,)),), (In((2, 3)),)
PLACES = np.array([0, 2, 2, 1, 2, 4])

ROWS = [
    Row(None, lambda x: np.nonzero(x > 0)[0], SIX, label="nonzero", wrt=()),
    Row(None, lambda x: np.argwhere(x > 0), MATRIX, label="argwhere", wrt=()),
    Row(None, lambda x: np.flatnonzero(x > 0), MATRIX, label="flatnonzero", wrt=()),
    Row(None, lambda x: np.isin(x, x[:2]), SIX, label="isin", wrt=()),
    Row("take", np.unique, SIX, label="unique"),
    Row("take", lambda x: np.unique(x, return_index=True, return_counts=True)[0], MATRIX,
        label="unique of a matrix"),
    Row("getitem", lambda x: np.trim_zeros(np.where(x > 0, x, 0)), SIX, label="trim_zeros"),
    Row("setitem", lambda x: np.piecewise(x, [x < -0.5, x > 0.5], [np.square, np.exp, 3.0]),
        MATRIX, label="piecewise"),
    Row("scatter", lambda w: np.bincount(PLACES, w, 7), SIX, label="bincount", float32=False),
    Row(None, np.bincount, (In((6,), 0, 4, "i"),), label="bincount of places", wrt=()),
    Row("scatter", lambda w: np.histogram(PLACES, 3, weights=w)[0], SIX, label="histogram",
        float32=False),
    Row("scatter", lambda w: np.histogram(PLACES, [1, 2, 4], weights=w, density=True)[0], SIX,
        label="histogram with density", float32=False),
    Row(None, lambda x: np.apply_along_axis(lambda v: v * v[0], 0, x), (In((2, 3, 2)),),
        label="apply_along_axis"),
    Row("sum", lambda x: np.apply_over_axes(np.sum, x, [0, 2]), (In((2, 3, 2)),),
        label="apply_over_axes"),
]  # fmt: skip
