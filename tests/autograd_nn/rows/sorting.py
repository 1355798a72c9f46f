"""Rows of ``autograd_nn/ops/sorting.py``."""

from __future__ import annotations

import numpy as np

from ..harness import In, Row

HOLES = np.arange(6).reshape(2, 3) % 4 == 1
BINS = np.array([-1.0, 0.0, 0.5, 1.5])

ROWS = [
    Row("argmax", np.argmax, wrt=()),
    Row("argmax", lambda a: a.argmax(axis=0), wrt=(), label="axis"),
    Row("argmin", np.argmin, wrt=()),
    Row("argmin", lambda a: np.argmin(a, axis=-1, keepdims=True), wrt=(), label="keepdims"),
    Row("nanargmax", lambda a: np.nanargmax(a, axis=1), wrt=()),
    Row("nanargmin", lambda a: np.nanargmin(np.where(HOLES, np.nan, a)), wrt=()),
    Row("argsort", np.argsort, wrt=()),
    Row("argsort", lambda a: a.argsort(axis=0), wrt=(), label="as a method"),
    Row("argsort", lambda a: np.argsort(a, axis=None, kind="stable"), wrt=(), label="flattened"),
    Row("argpartition", lambda a: np.argpartition(a, 1), wrt=()),
    Row("take_along_axis", np.sort, (In((3, 4)),), label="sort"),
    Row("take_along_axis", lambda a: np.sort(a, axis=0) ** 2, (In((3, 4)),), label="sort axis"),
    Row("take_along_axis", lambda a: np.sort(a, axis=None), (In((3, 4)),), label="sort flattened"),
    Row("take_along_axis", lambda a: np.partition(a, 2), (In((3, 5)),), label="partition"),
    Row("take_along_axis", lambda a: np.partition(a, (1, 3), axis=None), label="partition twice"),
    Row("searchsorted", lambda a: np.searchsorted(BINS, a), wrt=()),
    Row("searchsorted", lambda a, b: np.searchsorted(np.sort(a), b, side="right"),
        (In((5,)), In((2, 3))), wrt=(), label="right"),
    Row("searchsorted", lambda a: np.searchsorted(BINS[::-1], a, sorter=[3, 2, 1, 0]), wrt=(),
        label="sorter"),
    Row("searchsorted", lambda a: np.digitize(a, BINS), wrt=(), label="digitize"),
    Row("searchsorted", lambda a: np.digitize(a, BINS[::-1]), wrt=(), label="digitize falling"),
    Row("isin", lambda a: np.isin(a, BINS), wrt=()),
    Row("isin", lambda a, b: np.isin(np.round(a), np.round(b), invert=True),
        (In((5,)), In((2, 3))), wrt=(), label="invert"),
]  # fmt: skip
