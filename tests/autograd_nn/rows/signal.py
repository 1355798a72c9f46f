"""Rows of ``autograd_nn/ops/signal.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..harness import In, Row

LONG_SHORT, SHORT_LONG = (In((6,)), In((3,))), (In((3,)), In((6,)))
KNOTS, HEIGHTS = In((4,)), In((4,))


def _each_mode(name: str, op: str, function: Any) -> list[Row]:
    return [
        Row(op, lambda a, v, m=mode: function(a, v, m), inputs, label=f"{name} {mode} {label}")
        for mode in ("full", "same", "valid")
        for label, inputs in (
            ("long and short", LONG_SHORT),
            ("short and long", SHORT_LONG),
            ("even", (In((5,)), In((4,)))),
            ("short and even", (In((2,)), In((5,)))),
        )
    ]


def _interp(x: Any, xp: Any, fp: Any, **params: Any) -> Any:
    return np.interp(x, np.sort(xp), fp, **params)


ROWS = [
    *_each_mode("convolve", "convolve", np.convolve),
    *_each_mode("correlate", "convolve", np.correlate),
    Row("searchsorted", _interp, (In((5,)), KNOTS, HEIGHTS), label="interp", float32=False),
    Row("searchsorted", lambda x, xp, fp: _interp(x, xp, fp, left=-9.0, right=9.0),
        (In((2, 5)), KNOTS, HEIGHTS), label="interp with ends", float32=False),
    Row("searchsorted", lambda x, xp, fp: np.interp(x, xp, fp, period=5),
        (In((2, 5), -9, 9), KNOTS, HEIGHTS), label="interp with a period", float32=False),
    Row(None, np.polyval, (In((4,)), In((2, 3))), label="polyval"),
    Row(None, lambda p: np.polyder(p, 2), (In((5,)),), label="polyder", float32=False),
    Row(None, lambda p: np.polyint(p, 2, [1.0, 2.0]), (In((3,)),), label="polyint", float32=False),
    Row(None, lambda x, y: np.polyfit(x, y, 2), (In((6,)), In((6,))), label="polyfit",
        float32=False),
    Row(None, lambda x, y: np.polyfit(x, y, 1, w=np.arange(1.0, 7)), (In((6,)), In((6, 2))),
        label="polyfit with weights", float32=False),
    Row(None, lambda a, b: np.logspace(a, b, 4), (In((2,)), In((2,))), label="logspace"),
    Row(None, lambda a, b: np.geomspace(a, b, 4), (In((), 0.5, 1), In((), 2, 3)),
        label="geomspace", float32=False),
    Row(None, lambda a, b: np.linspace(a, b, 5), (In((2,)), In((2,))), label="linspace"),
    Row(None, lambda a, b: np.linspace(a, b, 4, endpoint=False, axis=-1), (In(()), In((2,))),
        label="linspace without end"),
    Row(None, lambda a, b: np.linspace(a, b, 4, retstep=True)[1], (In(()), In(())), order=1,
        label="linspace step"),
    Row("add", lambda p: np.unwrap(5 * p), (In((2, 6)),), order=1, label="unwrap"),
    Row(None, lambda x, y: np.interp(x, [1.0], y), (In((4,), 0, 2), In((1,))), wrt=(1,),
        label="interp of one point", float32=False),
    Row(None, lambda y: np.interp(np.array([0.0, 1.0, 2.0]), [1.0], y), (In((1,)),),
        label="interp at the one point", float32=False),
    Row("searchsorted", lambda x, xp, fp: _interp(x, xp, fp, left=-9.0, right=9.0),
        (In((2, 5), -9, 9), KNOTS, HEIGHTS), label="interp beyond given ends", float32=False),
    Row(None, lambda p: np.polyval(p, np.array([0.0, 1.0, 2.0])), (In((1,)),),
        label="polyval of a constant", float32=False),
    Row(None, lambda p: np.polyint(p, 2), (In((3,)),), label="polyint from zero", float32=False),
    Row(None, lambda x, y: np.interp(x, [0.5, 1.0, 1.5], y), (In((9,), 0, 2), In((3,))),
        order=1, label="interp beyond the ends", float32=False),
    Row(None, lambda p: np.unwrap(20 * p - 15), (In((2, 6), -2, 2),), order=1,
        label="unwrap of far jumps"),
    Row(None, lambda p: np.unwrap(4 * p, discont=3.5, axis=0), (In((6, 2), -2, 2),), order=1,
        label="unwrap of a discont"),
    Row("add", lambda p: np.unwrap(4 * p, period=3.0), (In((2, 6), -2, 2),), order=1,
        label="unwrap of a period"),
    Row(None, lambda a, b: np.linspace(a, b, 3), (In((2, 2)), In((2, 2))),
        label="linspace of matrices"),
    Row(None, lambda a, b: np.linspace(a, b, 3, dtype=np.float32) * 1.0, (In(()), In(())), wrt=(),
        label="linspace of a dtype", float32=False),
]  # fmt: skip
