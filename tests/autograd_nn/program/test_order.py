"""The order of statements: what is overwritten has been read before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import jit

from .steps import RNG, A, B


def test_a_donated_argument_is_read_before_it_is_overwritten() -> None:
    def f(w: Any, v: Any) -> Any:
        return w - v, v + w.T @ w, np.sum(w)

    w, v = A.copy(), B.copy()
    first, second, total = jit(f, donate=(0, 1))(w, v)
    np.testing.assert_allclose(first, A - B)
    np.testing.assert_allclose(second, B + A.T @ A)
    np.testing.assert_allclose(total, A.sum())
    # The old value is a result itself: it cannot be overwritten.
    w = A.copy()
    new, old = jit(lambda w: (w * 2, w), donate=0)(w)
    np.testing.assert_allclose(new, 2 * A)
    np.testing.assert_allclose(old, A)


UPDATES: list[Callable[..., Any]] = [
    lambda w, a, s: (w - 0.5 * (a @ a), w * 2),  # what reads w comes before what writes it
    lambda w, a, s: w - 0.5 * (w @ a),  # reads the w that it writes
    lambda w, a, s: w - a @ w.T,
    lambda w, a, s: (w - a @ a, np.sin(w).T @ a),
    lambda w, a, s: w * np.tanh(s) - a @ a,  # s: an array without axes
]


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("f", UPDATES)
def test_updates_overwrite_nothing_that_is_read_later(f: Any, engine: str) -> None:
    if engine == "numba":
        pytest.importorskip("numba")
    w, a = RNG.normal(size=(2, 70, 70))  # more than BLAS reads before it writes
    expected = jit(f)(w, a, np.array(0.3))
    got = jit(f, donate=0, engine=engine)(w.copy(), a, np.array(0.3))
    for value, right in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-11, atol=1e-12)
