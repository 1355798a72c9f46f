"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from .functions import implements
from .reductions import kept, reduced
from .rules import conjugated, real, squared


def length(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the root of the sum of squares."""
    return np.sqrt(np.sum(squared(x), axis=axis, keepdims=keepdims))


def _length_rule(g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    # At 0 there is no derivative; 0 is the subgradient of least norm.
    length, g = (kept(y, x.shape, axis, keepdims) for y in (out, g))
    zero = length == 0
    return conjugated(x) * (np.where(zero, 0, g) / np.where(zero, 1, length))


NORM = register(Op("norm", length, (_length_rule,), latex=r"\left\|{0}\right\|",
    rule_words=r"$g \odot \frac{x}{r}$, 0 at the origin", traits={"complex", "lines"}))  # fmt: skip


@implements(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002 - NumPy's name
    if axis is None and (ord is None or (ord == 2 and x.ndim == 1)):
        return reduced(NORM, x, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis).tolist())
    if len(axes) == 1:
        return _vector(x, 2 if ord is None else ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix(x, "fro" if ord is None else ord, axes, keepdims)
    raise ValueError(f"np.linalg.norm: order {ord!r} needs one axis or two, got axes {axes}")


def _vector(x: Any, order: Any, axis: Any, keepdims: bool) -> Any:
    if isinstance(order, str):
        raise ValueError(f"np.linalg.norm: {order!r} is a norm of matrices, not of vectors")
    if order == 2:
        return reduced(NORM, x, axis, keepdims=keepdims)
    if order == 0:
        return np.count_nonzero(x, axis=axis, keepdims=keepdims).astype(real(x).dtype)
    if order in (np.inf, -np.inf):
        extremum = np.max if order > 0 else np.min
        return extremum(np.abs(x), axis=axis, keepdims=keepdims)
    if order == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    return np.sum(np.abs(x) ** order, axis=axis, keepdims=keepdims) ** (1 / order)


def _matrix(x: Any, order: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    moved = np.moveaxis(x, axes, (-2, -1))
    if order == "fro":
        result = reduced(NORM, moved, (-2, -1))
    elif order in ("nuc", 2, -2):
        values = np.linalg.svd(moved, compute_uv=False)
        pick: Any = {"nuc": np.sum, 2: np.max, -2: np.min}[order]
        result = pick(values, axis=-1)
    elif order in (1, -1, np.inf, -np.inf):
        sums = np.sum(np.abs(moved), axis=-2 if abs(order) == 1 else -1)
        result = (np.max if order > 0 else np.min)(sums, axis=-1)
    else:
        raise ValueError(f"np.linalg.norm: no norm of matrices of order {order!r}")
    if not keepdims:
        return result
    gone = {a % x.ndim for a in axes}
    return np.reshape(result, tuple(1 if i in gone else n for i, n in enumerate(x.shape)))


@implements(np.linalg.vector_norm)
def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:  # noqa: A002 - NumPy's name
    return _vector(x, ord, axis, keepdims)


@implements(np.linalg.matrix_norm)
def _matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:  # noqa: A002 - NumPy's name
    return _matrix(x, ord, (-2, -1), keepdims)


@implements(np.linalg.cond)
def _cond(x: Any, p: Any = None) -> Any:
    if p is None or p in (2, -2):
        values = np.linalg.svd(x, compute_uv=False)
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    return _matrix(x, p, (-2, -1), False) * _matrix(np.linalg.inv(x), p, (-2, -1), False)
