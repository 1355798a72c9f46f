"""Rows of ``autograd_nn/ops/reductions.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from autograd_nn import log_softmax, logsumexp, softmax

from ..harness import ANY, FULL, Extreme, In, Row

INF = np.inf
CUBE = (In((2, 3, 4)),)
INTEGERS = (In((2, 3), 0, 9, "i"),)
AXES: tuple[dict[str, Any], ...] = (
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": (0, 2)},
    {"axis": (-1, 1), "keepdims": True},
    {"axis": 1, "keepdims": True},
    {"keepdims": True},
    {"axis": ()},
)


def _along(
    op: str | None, run: Callable[..., Any], reference: Any = None, label: str = "", **more: Any
) -> list[Row]:
    """Return a row for each of the ways to name axes."""
    return [
        Row(
            op,
            lambda x, p=params: run(x, **p),
            CUBE,
            reference=(lambda x, p=params: reference(x, **p)) if reference else None,
            label=f"{label} {params}".strip(),
            **more,
        )
        for params in AXES
    ]


ROWS = [
    *_along("sum", np.sum),
    Row("sum", lambda a: a.sum(), shapes=ANY, label="of any shape"),
    Row("sum", lambda a: np.sum(a, dtype=np.float32), INTEGERS, wrt=(), label="integers"),
    Row("mean", lambda a: np.mean(a, dtype=np.float32), INTEGERS, wrt=(), label="integers"),
    Row(None, lambda a: np.var(a, dtype=np.float32), INTEGERS, wrt=(), label="var integers"),
    Row("mean", np.mean, INTEGERS, wrt=(), label="whole numbers"),
    *_along("mean", np.mean),
    Row("mean", lambda a: a.mean(), shapes=FULL, label="of any shape"),
    *_along("max", np.max, order=1),
    Row("max", lambda a: a.max(), shapes=FULL, order=1, label="of any shape", extremes=(
        Extreme(([1.0, 3.0, 3.0, -INF],), 3.0, ([0.0, 0.5, 0.5, 0.0],)),)),
    *_along("min", np.min, order=1),
    Row("min", lambda a: a.min(), shapes=FULL, order=1, label="of any shape", extremes=(
        Extreme(([1.0, 1.0, 3.0, INF],), 1.0, ([0.5, 0.5, 0.0, 0.0],)),)),
    *_along("prod", np.prod),
    Row("prod", lambda a: a.prod(), shapes=ANY, label="of any shape", extremes=(
        Extreme(([0.0, 2.0, 3.0],), 0.0, ([6.0, 0.0, 0.0],)),
        Extreme(([0.0, 2.0, 0.0],), 0.0, ([0.0, 0.0, 0.0],)),)),
    *[row for row in _along(None, np.ptp, label="ptp", order=1) if "()" not in row.label],
    *_along("any", lambda a, **p: np.any(a > 0, **p), wrt=()),
    *_along("all", lambda a, **p: np.all(a > -1.9, **p), wrt=()),
    Row("any", lambda a: (a > 1).any(), wrt=(), label="as a method"),
    Row("all", lambda a: (a > 1).all(axis=1), wrt=(), label="as a method"),
    *_along("count_nonzero", lambda a, **p: np.count_nonzero(a > 0, **p), wrt=()),
    Row("sum", np.add.reduce, label="np.add.reduce"),
    Row("sum", lambda a: np.sum(a, dtype=np.float64), float32=False, label="dtype"),
    Row("prod", lambda a: np.multiply.reduce(a, axis=1), label="np.multiply.reduce"),
    Row("max", lambda a: np.maximum.reduce(a, axis=None), order=1, label="np.maximum.reduce"),
    Row("min", lambda a: np.minimum.reduce(a, axis=1), order=1, label="np.minimum.reduce"),
    Row("any", lambda a: np.logical_or.reduce(a > 1), wrt=(), label="np.logical_or.reduce"),
    Row("all", lambda a: np.logical_and.reduce(a > -1), wrt=(), label="np.logical_and.reduce"),
    *_along("logsumexp", logsumexp, special.logsumexp),
    Row("logsumexp", logsumexp, reference=special.logsumexp, shapes=FULL, label="of any shape",
        extremes=(
            Extreme(([1000.0, 1000.0],), 1000 + np.log(2.0), ([0.5, 0.5],)),
            Extreme(([-1000.0, -2000.0],), -1000.0, ([1.0, 0.0],)),
            Extreme(([-INF, 0.0],), 0.0, ([0.0, 1.0],)),
            Extreme(([-INF, -INF],), -INF, ([0.0, 0.0],)),
        )),
    Row("softmax", softmax, CUBE, reference=lambda x: special.softmax(x, axis=-1),
        extremes=(
            Extreme(([1000.0, -1000.0],), [1.0, 0.0], ([0.0, 0.0],)),)),
    Row("softmax", lambda x: softmax(x, axis=0), CUBE,
        reference=lambda x: special.softmax(x, axis=0), label="axis"),
    Row("logsumexp", log_softmax, CUBE, reference=lambda x: special.log_softmax(x, axis=-1),
        label="log_softmax", extremes=(
            Extreme(([1000.0, -1000.0],), [0.0, -2000.0], ([-1.0, 1.0],)),
            Extreme(([2.0**30, 2.0**30],), [-np.log(2.0)] * 2, ([0.0, 0.0],)),)),
]  # fmt: skip
