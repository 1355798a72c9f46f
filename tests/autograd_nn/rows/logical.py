"""Rows of ``autograd_nn/ops/logical.py``; none is differentiable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..harness import ANY, In, Row, broadcastable

BOOLS = (In((4, 5), kind="b"), In((5,), kind="b"))


def _compares(op: str, run: Callable[..., Any]) -> Row:
    return Row(
        op, run, (In((4, 5), 0, 3, "i"), In((5,), 0, 3, "i")), wrt=(), shapes=broadcastable(2)
    )


def _compares_floats(op: str, run: Callable[..., Any]) -> Row:
    return Row(op, run, (In((4, 5)), In((5,))), wrt=(), label="of floats",
               shapes=broadcastable(2))  # fmt: skip


ROWS = [
    _compares("less", lambda a, b: a < b),
    _compares("less_equal", lambda a, b: a <= b),
    _compares("greater", lambda a, b: a > b),
    _compares("greater_equal", lambda a, b: a >= b),
    _compares("equal", lambda a, b: a == b),
    _compares("not_equal", lambda a, b: a != b),
    _compares_floats("less", np.less),
    _compares_floats("equal", np.equal),
    Row("logical_and", np.logical_and, BOOLS, wrt=(), shapes=broadcastable(2)),
    Row("logical_or", np.logical_or, BOOLS, wrt=(), shapes=broadcastable(2)),
    Row("logical_not", np.logical_not, (In((4, 5), kind="b"),), wrt=(), shapes=ANY),
    Row("logical_not", lambda a: ~a, (In((4, 5), kind="b"),), wrt=(), label="~"),
    Row("isnan", lambda a: np.isnan(a * np.nan), wrt=()),
    Row("isinf", np.isinf, wrt=(), shapes=ANY),
    Row("isfinite", np.isfinite, wrt=(), shapes=ANY),
    Row("argmax", np.argmax, wrt=()),
    Row("argmax", lambda a: a.argmax(axis=0), wrt=(), label="axis"),
    Row("argmin", np.argmin, wrt=()),
    Row("argmin", lambda a: np.argmin(a, axis=-1, keepdims=True), wrt=(), label="keepdims"),
]
