"""Rows of ``autograd_nn/ops/decompositions.py``.

Symmetric operands are made inside the row; rows without that tell which triangle is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..harness import Extreme, In, Row

SQUARE = (In((3, 3)),)
STACK = (In((2, 3, 3)),)
TALL, WIDE = (In((4, 3)),), (In((2, 4)),)
EYE = np.eye(3, dtype=np.float32)


def _t(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


def _positive(a: Any) -> Any:
    """Return a positive definite matrix made of `a`."""
    return a @ _t(a) + 2 * EYE


def _rebuilt(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return (u * np.expand_dims(np.sqrt(s), -2)) @ vh


def _powered(a: Any) -> Any:
    w, v = np.linalg.eigh(a + _t(a))
    return (v * np.expand_dims(np.sin(w), -2)) @ _t(v)


def _spectral(a: Any) -> Any:
    w, v = np.linalg.eig(a)
    return np.real((v * np.expand_dims(np.sin(w), -2)) @ np.linalg.inv(v))


ROWS = [
    Row("cholesky", lambda a: np.linalg.cholesky(_positive(a)), STACK),
    Row("cholesky", lambda a: np.linalg.cholesky(a + 10 * EYE), SQUARE, label="lower triangle"),
    Row("cholesky", lambda a: np.linalg.cholesky(a + 10 * EYE, upper=True), SQUARE,
        label="upper triangle"),
    Row("eigh", np.linalg.eigvalsh, SQUARE, label="eigvalsh"),
    Row("eigh", lambda a: np.linalg.eigvalsh(a, UPLO="U"), STACK, label="eigvalsh upper"),
    Row("eigh", _powered, SQUARE, label="function of a matrix"),
    Row("eigh", lambda a: np.linalg.eigh(a).eigenvectors ** 2, STACK, label="eigenvectors"),
    Row("eigh", np.linalg.eigvalsh, label="of equal eigenvalues", inputs=SQUARE, order=0,
        extremes=(Extreme((np.eye(3),), [1.0, 1.0, 1.0], (np.eye(3),)),)),
    Row("svd", lambda a: np.linalg.svd(a, compute_uv=False), TALL, label="values"),
    Row("svd", np.linalg.svdvals, (In((2, 2, 3)),), label="svdvals"),
    Row("svd", _rebuilt, TALL, label="tall"),
    Row("svd", _rebuilt, WIDE, label="wide"),
    Row("svd", _rebuilt, STACK, label="stack"),
    Row("svd", lambda a: np.linalg.svd(a)[0] ** 2, SQUARE, label="U"),
    Row("svd", lambda a: np.linalg.svd(a, full_matrices=False).Vh ** 2, TALL, label="V"),
    Row("svd", lambda a: np.linalg.svd(a, full_matrices=False).U ** 2, TALL, label="U of tall"),
    Row("svd", lambda a: np.linalg.svd(a, full_matrices=False).Vh ** 2, WIDE, label="V of wide"),
    Row("qr", lambda a: np.linalg.qr(a).Q, TALL, label="Q of tall"),
    Row("qr", lambda a: np.linalg.qr(a)[1], (In((2, 3, 2)),), label="R of a stack"),
    Row("qr", lambda a: np.linalg.qr(a, mode="r"), WIDE, label="R of wide"),
    Row("qr", lambda a: np.linalg.qr(a).Q, WIDE, label="Q of wide"),
    Row("count_nonzero", np.linalg.matrix_rank, STACK, wrt=(), label="matrix_rank"),
    Row("eig", np.linalg.eigvals, STACK, label="eigvals",
        reference=lambda a: np.linalg.eigvals(a).astype(np.result_type(a, np.complex64))),
    Row("eig", _spectral, SQUARE, label="function of a matrix"),
    Row("eig", lambda a: np.abs(np.linalg.eig(a).eigenvectors), STACK, label="eigenvectors"),
]  # fmt: skip
