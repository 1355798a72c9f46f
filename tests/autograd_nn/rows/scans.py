"""Rows of ``autograd_nn/ops/scans.py``."""

from __future__ import annotations

import numpy as np

from ..harness import ANY, Extreme, In, Row, where_numpy_has

CUBE = (In((2, 3, 4)),)
LINE = (In((6,)),)
PLACES = np.array([0.0, 0.5, 2.0, 2.3, 4.0, 7.0])

ROWS = [
    Row("cumsum", np.cumsum, CUBE, shapes=ANY),
    Row("cumsum", lambda a: np.cumsum(a, axis=1), CUBE, label="axis"),
    Row("cumsum", lambda a: a.cumsum(axis=-1), CUBE, label="as a method"),
    Row("cumsum", np.cumsum, (In(()),), label="of 0-d", order=1),
    Row("cumsum", lambda a: np.add.accumulate(a, axis=1), CUBE, label="np.add.accumulate"),
    *where_numpy_has("cumulative_sum",
        Row("cumsum", lambda a: np.cumulative_sum(a, axis=1), CUBE, label="cumulative_sum"),
        Row("cumsum", lambda a: np.cumulative_sum(a, axis=1, include_initial=True), CUBE,
            label="cumulative_sum from 0")),
    Row("cumsum", lambda a: np.nancumsum(np.where(a > 1, np.float32(np.nan), a)), CUBE,
        label="nancumsum"),
    Row("cumprod", np.cumprod, (In((2, 3), 0.5, 1.5),), label="flattened", shapes=ANY, extremes=(
        Extreme(([2.0, 0.0, 3.0],), [2.0, 0.0, 0.0], ([1.0, 8.0, 0.0],)),
        Extreme(([0.0, 0.0, 3.0],), [0.0, 0.0, 0.0], ([1.0, 0.0, 0.0],)),)),
    Row("cumprod", lambda a: np.cumprod(a, axis=1), CUBE, label="axis"),
    Row("cumprod", lambda a: a.cumprod(axis=-1), CUBE, label="as a method"),
    Row("cumprod", np.multiply.accumulate, CUBE, label="np.multiply.accumulate"),
    *where_numpy_has("cumulative_prod",
        Row("cumprod", lambda a: np.cumulative_prod(a, axis=2, include_initial=True), CUBE,
            label="cumulative_prod from 1")),
    Row("cumprod", lambda a: np.nancumprod(np.where(a > 1, np.float32(np.nan), a), axis=0), CUBE,
        label="nancumprod"),
    Row(None, np.diff, CUBE, label="diff"),
    Row(None, lambda a: np.diff(a, 2, axis=1), CUBE, label="diff twice"),
    Row(None, lambda a, b: np.diff(a, prepend=b, append=0.0), (In((2, 3)), In(())),
        label="diff with borders", float32=False),
    Row(None, lambda a, b: np.diff(a, axis=0, append=b), (In((2, 3)), In((1, 3))),
        label="diff with an array"),
    Row(None, np.ediff1d, label="ediff1d"),
    Row(None, lambda a, b: np.ediff1d(a, b, [2.0, 3.0]), (In((2, 3)), In((2,))),
        label="ediff1d with ends", float32=False),
    Row(None, np.trapezoid, label="trapezoid"),
    Row(None, np.trapezoid, (In((2, 3)), In((3,))), label="trapezoid over x"),
    Row(None, lambda y, x: np.trapezoid(y, x, axis=0), (In((2, 3)), In((2, 3))),
        label="trapezoid axis"),
    Row(None, np.gradient, LINE, label="gradient"),
    Row(None, lambda a: np.gradient(a, 0.5, axis=1, edge_order=2), (In((3, 4)),),
        label="gradient with step"),
    Row(None, lambda a: np.gradient(a, PLACES), LINE, label="gradient at places", float32=False),
    Row(None, lambda a, x: np.gradient(a, x, edge_order=2), (In((6,)), In((6,))),
        label="gradient at places that vary"),
    Row(None, lambda a: np.gradient(a)[0] * np.gradient(a, 1.0, 2.0)[1], (In((3, 4)),),
        label="gradient of a matrix"),
]  # fmt: skip
