"""Convolutions in n dimensions, of stacks of arrays.

``a`` of shape (P, D, …) and ``b`` of shape (Q, D, …) give (P, Q, …), summed over D. A convolution
that keeps every overlap (full) and one that keeps complete overlaps (inner) are each other's rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from .rules import call, function_of


def turned(b: Any) -> Any:
    """Return `b` with its stacks exchanged, mirrored along its other axes."""
    return np.swapaxes(b, 0, 1)[(..., *(slice(None, None, -1),) * (b.ndim - 2))]


def _inner(a: Any, b: Any, mode: Any = "valid") -> Any:
    if a.shape[:2] == b.shape[:2] == (1, 1):
        from scipy.signal import convolve

        return convolve(a[0, 0], b[0, 0], mode).astype(np.result_type(a, b))[None, None]
    sizes, axes = b.shape[2:], tuple(range(2, b.ndim))
    if mode == "full":
        a = np.pad(a, [(0, 0), (0, 0), *[(n - 1, n - 1) for n in sizes]])
    windows = np.lib.stride_tricks.sliding_window_view(a, sizes, axes)
    along = (1, *range(a.ndim, windows.ndim))
    mirrored = b[(..., *(slice(None, None, -1),) * len(axes))]
    return np.moveaxis(np.tensordot(windows, mirrored, (along, (1, *axes))), -1, 1)


def _full(a: Any, b: Any) -> Any:
    return _inner(a, b, "full")


# fmt: off
INNER: Op = register(Op("convolve_inner", _inner, (
    lambda g, out, a, b: call(FULL, g, turned(b)),
    lambda g, out, a, b: turned(call(INNER, np.swapaxes(a, 0, 1), turned(g))),
), latex=function_of("convolve", 2),
    rule_words="the cotangent convolved with the other operand, mirrored", traits={"complex"}))
FULL: Op = register(Op("convolve_full", _full, (
    lambda g, out, a, b: call(INNER, g, turned(b)),
    lambda g, out, a, b: call(INNER, np.swapaxes(g, 0, 1), turned(a)),
), latex="{0} \\ast {1}",
    rule_words="the cotangent convolved with the other operand, mirrored", traits={"complex"}))
# fmt: on
