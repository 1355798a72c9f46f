"""Rows of ``autograd_nn/ops/norms.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..harness import ANY, Extreme, In, Row

CUBE = (In((2, 3, 4)),)
MATRIX = (In((3, 4)),)
LINE = (In((4,)),)


def _norm(inputs: Any, label: str, op: str | None = None, order: int = 2, **params: Any) -> Row:
    return Row(op, lambda a: np.linalg.norm(a, **params), inputs, order=order,
               label=f"norm {label} {params}")  # fmt: skip


ROWS = [
    Row("norm", np.linalg.norm, shapes=ANY, extremes=(
        Extreme(([0.0, 0.0],), 0.0, ([0.0, 0.0],)),)),
    _norm(CUBE, "", "norm", axis=1),
    _norm(CUBE, "", "norm", axis=1, ord=2, keepdims=True),
    _norm(CUBE, "", "norm", keepdims=True),
    _norm(LINE, "of a vector", "norm", ord=2),
    _norm(LINE, "of a vector", ord=1),
    _norm(LINE, "of a vector", ord=3),
    _norm(LINE, "of a vector", ord=0.5),
    _norm(LINE, "of a vector", order=1, ord=np.inf),
    _norm(LINE, "of a vector", order=1, ord=-np.inf),
    _norm(MATRIX, "of a matrix", "norm", ord="fro"),
    _norm(MATRIX, "of a matrix", "svd", ord="nuc"),
    _norm(MATRIX, "of a matrix", "svd", ord=2),
    _norm(MATRIX, "of a matrix", "svd", ord=-2),
    _norm(MATRIX, "of a matrix", order=1, ord=1),
    _norm(MATRIX, "of a matrix", order=1, ord=-1),
    _norm(MATRIX, "of a matrix", order=1, ord=np.inf),
    _norm(CUBE, "of matrices", order=1, ord=-np.inf, axis=(-1, 0), keepdims=True),
    _norm(CUBE, "of matrices", "norm", ord="fro", axis=(0, 2), keepdims=True),
    Row("count_nonzero", lambda a: np.linalg.norm(a, 0), LINE, wrt=(), label="norm 0",
        float32=True),
    Row("norm", lambda a: np.linalg.vector_norm(a, axis=(0, 2)), CUBE, label="vector_norm"),
    Row(None, lambda a: np.linalg.vector_norm(a, ord=1), CUBE, label="vector_norm 1"),
    Row("norm", lambda a: np.linalg.matrix_norm(a, keepdims=True), CUBE, label="matrix_norm"),
    Row("svd", np.linalg.cond, MATRIX, label="cond"),
    Row("inv", lambda a: np.linalg.cond(a, "fro"), (In((3, 3)),), label="cond fro"),
    _norm(CUBE, "of matrices", "norm", axis=(0, 1)),
    Row("svd", lambda a: np.linalg.cond(a, 2), MATRIX, label="cond 2"),
    Row("svd", lambda a: np.linalg.cond(a, -2), MATRIX, label="cond -2"),
    Row("inv", lambda a: np.linalg.cond(a, "fro"), (In((2, 3, 3)),), label="cond fro of a stack"),
    Row("svd", np.linalg.cond, (In((2, 2, 3, 3)),), label="cond of stacks"),
]  # fmt: skip
