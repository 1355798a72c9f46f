"""The functions that programs for Numba bring along."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from autograd_nn import jit, sigmoid, softmax
from autograd_nn.ops.costs import softmax_cross_entropy
from autograd_nn.program.program import compiled

from .steps import PARAMETERS, RNG, X, Y, copies, step


def test_numbas_sigmoid_is_stable() -> None:
    pytest.importorskip("numba")
    z = np.array([-1000.0, -745.0, -700.0, -30.0, -1e-9, 0.0, 1e-9, 30.0, 700.0, 1000.0, np.nan])
    got = jit(lambda z: sigmoid(z) + 0, engine="numba")(z)
    np.testing.assert_allclose(got, jit(lambda z: sigmoid(z) + 0)(z), rtol=1e-14, atol=1e-306)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbas_exponential_is_right_to_the_last_digits(dtype: Any) -> None:
    pytest.importorskip("numba")
    edges = [np.inf, -np.inf, np.nan, 0.0, -0.0, 709.7, 709.8, -708.5, -745.1, -745.2]
    edges += [88.7, 88.73, -87.4, -103.9, -104.1]
    x = np.concatenate([np.linspace(-800, 800, 20001), RNG.normal(size=20001), edges])
    x = x.astype(dtype)
    with np.errstate(over="ignore", under="ignore"):
        got, right = jit(lambda x: np.exp(x) + 0, engine="numba")(x), np.exp(x)
    finite = np.isfinite(right)
    np.testing.assert_array_equal(got[~finite], right[~finite])
    got, right = got[finite], right[finite]
    assert np.all(np.abs(got - right) <= 2 * np.spacing(right))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["expm1", "log", "log1p", "tanh"])
def test_numbas_functions_are_right_to_the_last_digits(name: str, dtype: Any) -> None:
    pytest.importorskip("numba")
    f, exact = getattr(np, name), getattr(mpmath, name)
    limits = np.finfo(dtype)
    edges = [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        -1.0,
        -2.0,
        limits.max,
        limits.tiny,
        limits.tiny / 8,
    ]
    x = np.concatenate([RNG.normal(size=500) * 10.0 ** RNG.uniform(-9, 2, 500), edges])
    x = x.astype(dtype)
    with np.errstate(all="ignore"):
        got, near = jit(lambda x: f(x) + 0, engine="numba")(x), f(x)
    assert got.dtype == dtype
    finite = np.isfinite(near)
    np.testing.assert_array_equal(got[~finite], near[~finite])
    with mpmath.workprec(150):
        right = [exact(mpmath.mpf(float(v))) for v in x[finite]]
        off = [
            abs(float(mpmath.mpf(float(a)) - b)) for a, b in zip(got[finite], right, strict=True)
        ]
    assert np.all(off <= 3 * np.spacing(np.abs(near[finite])))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbas_softmax_of_columns_and_its_cross_entropy(dtype: Any) -> None:
    pytest.importorskip("numba")

    def f(z: Any, y: Any) -> Any:
        h = softmax(z, axis=0)
        return h, softmax_cross_entropy(z, y, h)

    z = np.concatenate([RNG.normal(size=(4, 5)), 1000 * RNG.normal(size=(4, 5))], axis=1)
    y = RNG.random((4, 10))
    z, y = z.astype(dtype), y.astype(dtype)
    for got, right in zip(jit(f, engine="numba")(z, y), jit(f)(z, y), strict=True):
        assert got.dtype == right.dtype
        np.testing.assert_allclose(got, right, rtol=2e-6 if dtype == np.float32 else 1e-13)


def test_numba_updates_matrices_by_numpys_blas_or_its_own() -> None:
    pytest.importorskip("numba")
    program = jit(step, donate=0, engine="numba").lower(copies(PARAMETERS, np.float64), X, Y, 0.5)
    assert "True, 1.0, W1)  # W1 -=" in program.source
    assert "scipy_cblas_" in program.source
    hidden = program.source.replace("cblas_", "hidden_")  # a NumPy built with another BLAS
    space = compiled(hidden, "step", {})
    by_numpy, by_numba = copies(PARAMETERS, np.float64), copies(PARAMETERS, np.float64)
    _, J = program(by_numpy, X, Y, 0.5)
    _, other = space["step"](by_numba, X, Y, 0.5)
    np.testing.assert_allclose(J, other, rtol=1e-13)
    for name, w in by_numpy.items():
        assert not np.array_equal(w, PARAMETERS[name])
        np.testing.assert_allclose(w, by_numba[name], rtol=1e-13)
