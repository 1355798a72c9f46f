"""Programs of complex numbers: every row that takes them, and its gradients; constants."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, grad, jit

from ..complex_rows import VARIANTS, taken
from ..harness import Row
from .test_rows import NEEDS_VALUES, check, gradients_of


@pytest.mark.parametrize(
    ("row", "which"),
    [
        pytest.param(row, which, id=f"{row.name} by {','.join(map(str, which))}")
        for row, which in VARIANTS
        if row.name not in {*NEEDS_VALUES, "positive real_if_close"}
    ],
)
def test_row(row: Row, which: list[int]) -> None:
    arrays, out = taken(row, which)
    check(row.run, arrays, ("planned", "readable"))
    if row.by and out.dtype.kind in "fc":
        check(gradients_of(row), arrays, ("planned",))


Z = np.array([1 + 2j, -0.5 + 0.1j, 3 - 1j])


@pytest.mark.parametrize("f", [
    lambda z: 1j * z + (2 - 1j) * np.conj(z) - z / 1j,
    lambda z: -1 * (1 * z) + 0 * z - -z,
    lambda z: np.array([1j, 2, 3]) * z + np.float32(2) * z + np.asarray(1j) * z,
    lambda z: z * z + z**2 + z**0.5 + z**-1 + z ** (1 + 1j) + 2**z,
    lambda z: np.sum(z * z) + np.mean(z) + np.sum(2 * z) + np.mean(-z),
    lambda z: 1 / (1 + np.exp(-z)) + z / (1 + np.exp(-z)),
    lambda z: np.sqrt(np.abs(z) ** 2) + np.abs(z * z) - np.square(np.imag(z)),
    lambda z: 2 * (3 * z) + (2j * (3j * z)) / 4 - (0.5 - 0.5j) * (z - 1),
    lambda z: (z[:, None] @ np.conj(z)[None]).T @ z - -2 * (z - 1j),
    lambda z: np.real(z)[::-1] * np.imag(z) + np.angle(z),
])  # fmt: skip
def test_rewritings_hold(f: Any) -> None:
    def both(z: Any) -> Any:
        return f(z), grad(lambda z: np.sum(np.real(f(z) * (1 - 2j))))(z)

    for kind in (np.complex128, np.complex64, np.float64):
        z: Any = Z.astype(kind) if kind != np.float64 else np.abs(Z)
        program = jit(both)
        program(z)  # is compared with the trace
        for got, right in zip(program(0.9 * z), both(Tensor(0.9 * z)), strict=True):
            assert got.dtype == right.dtype
            eps = 100 * np.finfo(right.dtype).eps
            np.testing.assert_allclose(got, right.numpy(), rtol=eps, atol=eps)


def test_loops_hold() -> None:
    zs = np.exp(1j * np.arange(60.0))[:, None] * Z

    def f(zs: Any) -> Any:
        c: Any = np.zeros(3, complex)
        for i in range(60):
            c = np.tanh(c * 1j + zs[i]) * np.conj(c + 1)
        return c

    def both(zs: Any) -> Any:
        return f(zs), grad(lambda zs: np.sum(np.abs(f(zs)) ** 2))(zs)

    program = jit(both)
    assert "for " in program.lower(zs).source
    for got, right in zip(program(0.9 * zs), both(Tensor(0.9 * zs)), strict=True):
        np.testing.assert_allclose(got, right.numpy(), rtol=1e-9)


def test_numbers_as_arguments_and_results() -> None:
    f = jit(lambda z, c: (c * z, c, grad(lambda w: np.real(np.sum(w * c)))(z)))
    got = f(Z, 2 - 1j)
    np.testing.assert_array_equal(got[0], (2 - 1j) * Z)
    assert got[1] == 2 - 1j
    assert got[2].dtype == complex


def test_numba_leaves_complex_numbers_to_numpy() -> None:
    pytest.importorskip("numba")

    def f(z: Any) -> Any:
        return np.sum(np.square(np.abs(np.exp(z * 1j)))) * 2, z.T, z[0] + 1

    for got, right in zip(jit(f, engine="numba")(Z), jit(f)(Z), strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-13)
