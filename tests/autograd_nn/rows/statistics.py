"""Rows of ``autograd_nn/ops/statistics.py``, whose functions are composed of several operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..harness import Extreme, In, Row

CUBE = (In((2, 3, 4)),)
AXES: tuple[dict[str, Any], ...] = (
    {},
    {"axis": 0},
    {"axis": (0, -1)},
    {"axis": 1, "keepdims": True},
    {"keepdims": True},
)
HOLES = np.where(np.arange(24).reshape(2, 3, 4) % 5 == 2, np.nan, 0.0)
METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
    "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased",
    "lower", "higher", "midpoint", "nearest",
)  # fmt: skip


def _along(label: str, run: Callable[..., Any], **more: Any) -> list[Row]:
    return [
        Row(None, lambda x, p=params: run(x, **p), CUBE, label=f"{label} {params}", **more)
        for params in AXES
    ]


def _with_holes(label: str, run: Callable[..., Any], **more: Any) -> list[Row]:
    """Return rows of `run` on numbers of which some are nan."""
    return _along(label, lambda x, **p: run(x + HOLES.astype(x.dtype), **p), **more)


ROWS = [
    *_along("var", np.var),
    *_along("std", np.std),
    Row(None, lambda a: np.var(a, axis=1, ddof=1), label="var ddof"),
    Row(None, lambda a: np.var(a, correction=1), label="var correction"),
    Row(None, lambda a: a.var(axis=1), label="var method"),
    Row(None, lambda a: a.std(), label="std method"),
    Row(None, lambda a: np.std(a, ddof=1, keepdims=True), label="std ddof"),
    *_along("average", np.average),
    Row(None, lambda a: np.average(a, axis=1, returned=True)[1] + a[:, 0], (In((2, 3)),), order=1,
        label="average, and the sum of its weights"),
    Row(None, lambda a, w: np.average(a, weights=w), (In((2, 3)), In((2, 3), 0.2, 2)),
        label="average weights"),
    Row(None, lambda a, w: np.average(a, axis=1, weights=w), (In((2, 3)), In((3,), 0.2, 2)),
        label="average weights of an axis"),
    Row(None, lambda a, w: np.average(a, axis=(2, 0), weights=w, keepdims=True),
        (In((2, 3, 4)), In((4, 2), 0.2, 2)), label="average weights of two axes"),
    Row(None, lambda a, w: np.average(a, axis=1, weights=w, returned=True)[1] * a[:, 0],
        (In((2, 3)), In((3,), 0.2, 2)), label="average returned"),
    *_along("median", np.median, order=1),
    Row(None, np.median, (In((7,)),), label="median of an odd number", order=1),
    *_along("quantile", lambda a, **p: np.quantile(a, 0.3, **p), order=1),
    *_along("quantiles", lambda a, **p: np.quantile(a, [0.1, 0.5, 1.0], **p), order=1,
            float32=False),
    Row(None, lambda a: np.quantile(a, [[0.1, 0.5], [0.2, 0.9], [0.0, 1.0]], axis=1), CUBE,
        label="quantiles in two axes", order=1, float32=False),
    *[Row(None, lambda a, m=method: np.quantile(a, [0.2, 0.55], axis=-1, method=m),
          (In((2, 9)),), label=f"quantile {method}", order=1, float32=False) for method in METHODS],
    *_along("percentile", lambda a, **p: np.percentile(a, [25, 60], **p), order=1,
            float32=False),
    Row(None, np.median, label="median of nan", order=1, inputs=(In((3,)),), extremes=(
        Extreme(([1.0, np.nan, 2.0],), np.nan),)),
    *_with_holes("nansum", np.nansum),
    *_with_holes("nanprod", np.nanprod),
    *_with_holes("nanmean", np.nanmean),
    *_with_holes("nanvar", np.nanvar),
    # along axis 0 a hole leaves one number, whose deviation of 0 has no derivative
    *[row for row in _with_holes("nanstd", np.nanstd) if "{'axis': 0}" not in row.label],
    Row(None, lambda a: np.nanvar(a, ddof=1, axis=1), label="nanvar ddof"),
    *_with_holes("nanmax", np.nanmax, order=1),
    *_with_holes("nanmin", np.nanmin, order=1),
    *_with_holes("nanmedian", np.nanmedian, order=1),
    *_with_holes("nanquantile", lambda a, **p: np.nanquantile(a, [0.1, 0.7], **p), order=1,
                 float32=False),
    *_with_holes("nanpercentile", lambda a, **p: np.nanpercentile(a, 40, **p), order=1),
    Row(None, np.cov, (In((3, 5)),), label="cov", float32=False),
    Row(None, np.cov, (In((5,)),), label="cov of a vector", float32=False),
    Row(None, lambda a, b: np.cov(a, b, bias=True), (In((2, 5)), In((5,))), label="cov of two",
        float32=False),
    Row(None, lambda a: np.cov(a, rowvar=False, ddof=2), (In((5, 3)),), label="cov of columns",
        float32=False),
    Row(None, lambda a: np.var(a.astype(np.float32), axis=1, dtype=float), wrt=(),
        label="var of a dtype"),
    Row(None, lambda a: np.var(a, axis=1, mean=a[:, :1]), label="var about another mean"),
    Row(None, lambda a: np.std(a, axis=0), (In((1, 3)),), label="std of single numbers", order=0),
    Row(None, lambda a: np.average(a, axis=1, keepdims=np._NoValue), label="average, no keepdims"),
    Row(None, lambda a: np.average(a, axis=1, returned=True)[1], order=0,
        label="the sum of weights that are one"),
    Row(None, lambda a: np.quantile(a, 0.3, axis=1), (In((2, 4), kind="i"),),
        label="quantile of integers"),
    *[Row(None, lambda a, m=method: np.quantile(a.astype(np.float32), [0.2, 0.5], 1, method=m),
          wrt=(), label=f"dtype of quantile {method}") for method in ("linear", "lower")],
    *[Row(None, lambda a, f=f: f(a + np.array([[0.0], [np.nan]]), axis=1), wrt=(), float32=False,
          reference=lambda a, g=g: np.array([g(a[0]), np.nan]), label=f"{f.__name__} of nan alone")
      for f, g in ((np.nanmax, np.max), (np.nanmin, np.min))],
    Row(None, np.corrcoef, (In((3, 5)),), label="corrcoef", float32=False),
]  # fmt: skip
