"""Rows of ``autograd_nn/ops/matrix_functions.py``, as ``autograd_nn.scipy.linalg`` calls them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_nn.scipy import linalg

from ..harness import In, Row

SYSTEM = (In((3, 3)), In((3, 2)))
EYE = np.eye(3, dtype=np.float32)


def _positive(a: Any) -> Any:
    return a @ np.conj(np.swapaxes(a, -1, -2)) + 2 * EYE


def _triangle(label: str, second: In = SYSTEM[1], **options: Any) -> Row:
    return Row(
        "solve_triangular", lambda a, b: linalg.solve_triangular(a + 5 * EYE, b, **options),
        (In((3, 3)), second), label=label,
    )  # fmt: skip


def _banded(band: Any, b: Any, l_and_u: tuple[int, int]) -> Any:
    main = np.arange(sum(l_and_u) + 1)[:, None] == l_and_u[1]
    return linalg.solve_banded(l_and_u, band + 6 * main.astype(band.dtype), b)


ROWS = [
    _triangle("upper"),
    _triangle("lower of a vector", In((3,)), lower=True),
    _triangle("transposed", trans="T"),
    _triangle("lower transposed", trans=1, lower=True),
    _triangle("unit", In((3,)), unit_diagonal=True),
    Row("solve_triangular", lambda a, b: linalg.cho_solve(linalg.cho_factor(_positive(a)), b),
        SYSTEM, label="cho_solve"),
    Row("solve_triangular",
        lambda a, b: linalg.cho_solve(linalg.cho_factor(_positive(a), lower=True), b),
        (In((3, 3)), In((3,))), label="cho_solve lower"),
    Row("solve_banded", lambda band, b: _banded(band, b, (1, 2)), (In((4, 5)), In((5,)))),
    Row("solve_banded", lambda band, b: _banded(band, b, (2, 0)), (In((3, 5)), In((5, 2))),
        label="of a matrix"),
    Row("expm", linalg.expm, (In((3, 3)),)),
    Row("expm", linalg.expm, (In((2, 2, 2)),), label="stack"),
    Row("sqrtm", lambda a: linalg.sqrtm(_positive(a)), (In((3, 3)),)),
    Row("solve_sylvester", lambda a, b, q: linalg.solve_sylvester(a + 5 * EYE, b, q),
        (In((3, 3)), In((2, 2)), In((3, 2)))),
    *[Row(None, function, inputs, label=f"scipy.linalg {label}") for label, function, inputs in (
        ("inv", lambda a: linalg.inv(a + 5 * EYE), (In((3, 3)),)),
        ("solve", lambda a, b: linalg.solve(_positive(a), b, assume_a="pos"), SYSTEM),
        ("cholesky", lambda a: linalg.cholesky(_positive(a)), (In((3, 3)),)),
        ("cholesky lower", lambda a: linalg.cholesky(_positive(a), lower=True), (In((3, 3)),)),
        ("eigh", lambda a: linalg.eigh(_positive(a))[0], (In((3, 3)),)),
        ("eigvalsh", lambda a: linalg.eigvalsh(_positive(a), lower=False), (In((3, 3)),)),
        ("svdvals", linalg.svdvals, (In((3, 2)),)),
        ("block_diag", lambda a, b: linalg.block_diag(a, b, a), (In((2, 3)), In((2,)))),
        ("toeplitz", linalg.toeplitz, (In((3,)),)),
        ("toeplitz with a row", linalg.toeplitz, (In((3,)), In((4,)))),
    )],
]  # fmt: skip
