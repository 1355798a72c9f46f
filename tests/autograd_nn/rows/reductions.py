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
    *_along("mean", np.mean),
    Row("mean", lambda a: a.mean(), shapes=FULL, label="of any shape"),
    *_along("max", np.max, order=1),
    Row("max", lambda a: a.max(), shapes=FULL, order=1, label="of any shape", extremes=(
        Extreme(([1.0, 3.0, 3.0, -INF],), 3.0, ([0.0, 0.5, 0.5, 0.0],)),)),
    *_along("min", np.min, order=1),
    Row("min", lambda a: a.min(), shapes=FULL, order=1, label="of any shape", extremes=(
        Extreme(([1.0, 1.0, 3.0, INF],), 1.0, ([0.5, 0.5, 0.0, 0.0],)),)),
    *[row for row in _along(None, np.var, label="var") if "()" not in row.label],
    Row(None, lambda a: np.var(a, axis=1, ddof=1), label="var ddof"),
    *[row for row in _along(None, np.std, label="std") if "()" not in row.label],
    Row(None, lambda a: np.std(a, ddof=1, keepdims=True), label="std ddof"),
    *_along("logsumexp", logsumexp, special.logsumexp),
    Row("logsumexp", logsumexp, reference=special.logsumexp, shapes=FULL, label="of any shape",
        extremes=(
            Extreme(([1000.0, 1000.0],), 1000 + np.log(2.0), ([0.5, 0.5],)),
            Extreme(([-1000.0, -2000.0],), -1000.0, ([1.0, 0.0],)),
            Extreme(([-INF, 0.0],), 0.0, ([0.0, 1.0],)),
            Extreme(([-INF, -INF],), -INF),
        )),
    Row("logsumexp", softmax, CUBE, reference=lambda x: special.softmax(x, axis=-1),
        label="softmax", extremes=(
            Extreme(([1000.0, -1000.0],), [1.0, 0.0], ([0.0, 0.0],)),)),
    Row("logsumexp", lambda x: softmax(x, axis=0), CUBE,
        reference=lambda x: special.softmax(x, axis=0), label="softmax axis"),
    Row("logsumexp", log_softmax, CUBE, reference=lambda x: special.log_softmax(x, axis=-1),
        label="log_softmax", extremes=(
            Extreme(([1000.0, -1000.0],), [0.0, -2000.0], ([-1.0, 1.0],)),)),
]  # fmt: skip
