"""The matrix product."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register


def product(a: Any, b: Any) -> Any:
    """Return a @ b; through ``np.dot`` for two matrices, which costs less on small ones."""
    try:
        matrices = a.ndim == 2 and b.ndim == 2
    except AttributeError:  # a Python number, which np.matmul refuses in its own words
        matrices = False
    return np.dot(a, b) if matrices else np.matmul(a, b)


def _left(g: Any, out: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return np.dot(g, b.T)
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1 and b.ndim == 2:
        return np.matmul(b, g)
    if a.ndim == 1:
        return np.matmul(b, np.expand_dims(g, -1))[..., 0]
    return np.matmul(g, np.swapaxes(b, -1, -2))


def _right(g: Any, out: Any, a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return np.dot(a.T, g)
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    if a.ndim == 2 and b.ndim == 1:
        return np.matmul(a.T, g)
    if b.ndim == 1:
        return np.matmul(np.swapaxes(a, -1, -2), np.expand_dims(g, -1))[..., 0]
    return np.matmul(np.swapaxes(a, -1, -2), g)


MATMUL = register(Op("matmul", product, (_left, _right),
    symbol="@", latex="{0} {1}", broadcasts=True,
    text="{0} {1}", words="the matrix product of {0} and {1}",
    rule_words=r"$g \, Y^{T}$; $X^{T} g$", traits={"linear"}), np.matmul)  # fmt: skip
