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
    Row("invert", lambda a: ~a, (In((4, 5), kind="b"),), wrt=(), label="~"),
    Row("isnan", lambda a: np.isnan(a * np.nan), wrt=()),
    Row("isinf", np.isinf, wrt=(), shapes=ANY),
    Row("isfinite", np.isfinite, wrt=(), shapes=ANY),
    Row("logical_xor", np.logical_xor, BOOLS, wrt=(), shapes=broadcastable(2)),
    Row("bitwise_and", lambda a, b: a & b, BOOLS, wrt=(), shapes=broadcastable(2)),
    Row("bitwise_or", lambda a, b: a | b, BOOLS, wrt=(), shapes=broadcastable(2)),
    Row("bitwise_xor", lambda a, b: a ^ b, BOOLS, wrt=(), shapes=broadcastable(2)),
    Row("bitwise_and", lambda a: (a > -1) & (a < 1), wrt=(), label="of comparisons by &"),
    Row("invert", np.invert, (In((4, 5), kind="b"),), wrt=(), shapes=ANY),
    Row("isclose", np.isclose, (In((4, 5), 0, 3, "i"), In((5,), 0, 3, "i")), wrt=(),
        shapes=broadcastable(2)),
    Row("isclose", lambda a, b: np.isclose(a, b, rtol=0, atol=0.5), (In((4, 5)), In((5,))),
        wrt=(), label="with a tolerance"),
    Row("less_equal", lambda a: np.isneginf(a - np.inf), wrt=(),
        label="isneginf"),
    Row("greater_equal", lambda a: np.isposinf(a + np.inf), wrt=(), label="isposinf"),
]  # fmt: skip
