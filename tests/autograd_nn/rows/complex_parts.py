"""Rows of ``autograd_nn/ops/complex_parts.py``; `test_complex` runs all rows on complex numbers."""

from __future__ import annotations

import numpy as np

from ..harness import In, Row

ROWS = [
    Row("real", lambda a: np.real(a * (1 + 2j) * a)),
    Row("imag", lambda a: np.imag(a * (1 + 2j) * a)),
    Row("conjugate", lambda a: np.conj(a * (1 + 2j) * a)),
    Row("positive", np.real, label="real of real numbers", order=1),
    Row("positive", np.conj, label="conjugate of real numbers", order=1),
    Row("multiply", np.imag, label="imag of real numbers", order=0),
    Row("arctan2", lambda a: np.angle(a + 1j * np.sin(a)), label="angle"),
    Row("arctan2", lambda a: np.angle(a + 1j * np.sin(a), deg=True), label="angle in degrees",
        inputs=(In((2, 3), 0.5, 2.0),)),
    Row("imag", lambda a: np.iscomplex(a + 1j), label="iscomplex", wrt=()),
    Row("imag", lambda a: np.isreal(a + 1j), label="isreal", wrt=()),
    Row("take_along_axis", np.sort_complex, label="sort_complex",
        reference=lambda a: np.sort(a).astype(complex), inputs=(In((2, 4)),), wrt=()),
    Row("positive", np.real_if_close, label="real_if_close", order=1),
]  # fmt: skip
