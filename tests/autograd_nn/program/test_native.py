"""The functions that programs for Numba bring along."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import jit, sigmoid
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
