"""Numba's arithmetic, which is that of int64 and float64, made to give what NumPy's gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..ops.elementwise import ADD, MULTIPLY, NEGATIVE, POWER, SQUARE, SUBTRACT, WHERE
from .graph import is_constant, is_weak, op_of
from .literals import dtype_name, literal
from .rewriting import is_exact

_RINGS = {ADD, SUBTRACT, MULTIPLY, NEGATIVE, SQUARE}
"""Whole numbers that wrap around are added and multiplied rightly by wider ones, cut off after."""


def typed(node: Tensor, text: str) -> str:
    """Return `text` in the dtype of `node`, where Numba would compute in another."""
    return text if node.dtype == np.float64 else f"{dtype_name(node.dtype)}({text})"


def computed_in(node: Tensor) -> np.dtype[Any] | None:
    """Return the dtype that NumPy computes `node` in; None if Numba's arithmetic gives another.

    Its own is that of int64 and float64.
    """
    op = op_of(node)
    if not all(x.dtype.kind in "biu" or is_exact(x.dtype) for x in (node, *node.inputs)):
        return None
    values = node.inputs[1:] if op is WHERE else node.inputs
    arrays = [plain(x) if is_weak(x) else x.dtype for x in values]
    common = np.result_type(*arrays, *([node.dtype] if node.dtype.kind == "f" else []))
    kinds = {x.dtype.kind for x in values if not is_weak(x)}
    truth = node.dtype.kind == "b" and not op.differentiable  # comparisons, and, or, isnan
    whole = common.kind != "f" and op not in {*_RINGS, WHERE} and not truth
    if whole or common == np.float16 or ({"i", "u"} <= kinds and common.kind == "f"):
        return None
    return common


def converted(x: Tensor, text: str, common: np.dtype[Any], node: Tensor) -> str:
    """Return an operand in the dtype that `node` is computed in."""
    if is_weak(x) and is_constant(x):
        exact = node.op is POWER or abs(plain(x)) >= 2**53
        text = literal(float(plain(x))) if common.kind == "f" and exact else text
        return f"{dtype_name(common)}({text})" if common != np.float64 else text
    if is_weak(x):
        return f"{dtype_name(common)}({text})" if x.dtype != common else text
    narrow = x.dtype.kind != "f" and x.dtype != common and x is not _condition(node)
    return f"{dtype_name(common)}({text})" if narrow else text


def _condition(node: Tensor) -> Tensor | None:
    return node.inputs[0] if node.op is WHERE else None
