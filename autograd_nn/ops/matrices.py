"""Parts of matrices: diagonals, triangles, the trace."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .functions import implements
from .indexing import put_into_zeros


@implements(np.diagonal)
def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    moved = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = moved.shape[-2:]
    count = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    along = np.arange(count)
    return moved[..., along + max(-offset, 0), along + max(offset, 0)]


implements(np.linalg.diagonal)(partial(_diagonal, axis1=-2, axis2=-1))


@implements(np.trace)
def _trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
) -> Any:
    return np.sum(_diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


implements(np.linalg.trace)(partial(_trace, axis1=-2, axis2=-1))


@implements(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 2:
        return _diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"np.diag takes a vector or a matrix, got shape {v.shape}")
    return _diagflat(v, k)


@implements(np.diagflat)
def _diagflat(v: Any, k: int = 0) -> Any:
    v = np.ravel(v)
    size = v.shape[0] + abs(k)
    along = np.arange(v.shape[0])
    return put_into_zeros(v, (along + max(-k, 0), along + max(k, 0)), (size, size))


def _below(m: Any, k: int) -> Any:
    """Return where the elements on the `k`-th diagonal and below are."""
    rows, columns = m.shape[-2:]
    return np.tri(rows, columns, k, dtype=bool)


implements(np.tril)(lambda m, k=0: np.where(_below(m, k), m, 0))
implements(np.triu)(lambda m, k=0: np.where(_below(m, k - 1), 0, m))


@implements(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    count = len(x) if N is None else N
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    return np.expand_dims(x, -1) ** powers
