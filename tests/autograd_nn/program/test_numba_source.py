"""The form of a program that is compiled by Numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import jit

from .steps import PARAMETERS, RNG, A, X, Y, copies, step


def test_numba_takes_the_same_steps() -> None:
    pytest.importorskip("numba")
    train, plain = jit(step, donate=0, engine="numba"), jit(step)
    for m, dtype in ((1, np.float64), (5, np.float32)):
        p, q = copies(PARAMETERS, dtype), copies(PARAMETERS, dtype)
        x, y = X[:, :m].astype(dtype), Y[:, :m].astype(dtype)
        for _ in range(3):
            after, J = train(p, x, y, 0.5)
            q, value = plain(q, x, y, 0.5)
            eps = float(np.finfo(dtype).eps)
            np.testing.assert_allclose(J, value, rtol=100 * eps)
            assert J.dtype == dtype
            for name in p:
                assert after[name] is p[name]
                np.testing.assert_allclose(p[name], q[name], rtol=1e3 * eps, atol=100 * eps)


def test_numba_loops_over_all_kinds_of_operands() -> None:
    pytest.importorskip("numba")

    def f(a: Any, b: Any, c: Any, s: Any) -> Any:
        t = np.where(a > b, np.exp(a), np.tanh(b.T)) * c + s
        u = t - np.mean(t, axis=1, keepdims=True) + np.sum(t, axis=0)
        v = np.maximum(u, 0) / np.sqrt(np.abs(b) + 1)
        return v @ a.T, np.sum(v), v.T, np.sum(np.square(v), axis=0), np.sum(u * t)

    arguments = (RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4)), RNG.normal(size=(4, 1)), 0.3)
    got = jit(f, engine="numba")(*arguments)
    expected = jit(f)(*arguments)
    for value, right in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-12, atol=1e-14)


def test_auto_goes_by_the_number_of_operations() -> None:
    pytest.importorskip("numba")

    drawn = np.random.default_rng(0).integers(3, size=400)

    def f(n: int, x: Any) -> Any:
        for k in range(abs(n)):
            x = (np.sin, np.cos, np.tanh)[drawn[k] if n > 0 else 0](x) * k
        return x

    for n, compiled in ((2, True), (400, False), (-400, True)):  # what repeats itself is short
        program = jit(lambda x, n=n: f(n, x), engine="auto").lower(A)
        assert ("njit" in program.source) == compiled
    with pytest.raises(ValueError, match="'fast'"):
        jit(np.sin, engine="fast")


def test_what_has_no_loop_stands_between_kernels() -> None:
    pytest.importorskip("numba")

    def f(a: Any, b: Any) -> Any:
        order = np.sort(np.exp(a) + b, axis=0)
        return np.sum(order * a), np.exp(order) - b

    program = jit(f, engine="numba").lower(A, A.T)
    assert program.source.count('@njit(error_model="numpy", fastmath={"nsz"}, nogil') == 2
    for got, right in zip(program(A, A.T), jit(f)(A, A.T), strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-13)
    with pytest.raises(ValueError, match="2 kernels"):
        _ = program.kernel


@pytest.mark.parametrize("dtype", ["float16", "longdouble"])
def test_columns_of_dtypes_that_numba_lacks_stay_outside_of_kernels(dtype: str) -> None:
    pytest.importorskip("numba")
    column, others = np.array([[1.0], [2.0]], dtype), np.ones((2, 1))
    program = jit(lambda a, b: (a.astype("float64") * 2 + np.exp(b), a + a), engine="numba")
    wide, own = program(column, others)
    assert own.dtype == column.dtype
    np.testing.assert_allclose(wide, [[2 + np.exp(1)], [4 + np.exp(1)]])


def test_a_product_takes_a_part_that_numpy_reads_too_as_neighbours() -> None:
    pytest.importorskip("numba")

    def f(B: Any, c: Any) -> Any:
        part = B[:, :3]
        return np.linalg.solve(part, c), part @ c * 2

    rng = np.random.default_rng(0)
    B, c = rng.normal(size=(3, 5)), rng.normal(size=(3, 4))
    made = jit(f, engine="numba").lower(B, c)
    for got, right in zip(made(B, c), f(B, c), strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-12)


def test_views_without_elements_and_of_many_axes_are_left_to_numpy() -> None:
    pytest.importorskip("numba")
    cases: list[tuple[Callable[[Any], Any], Any]] = [
        (
            lambda x: np.sum(x, 0, keepdims=True).T @ np.sum(x, 0, keepdims=True),
            np.zeros((2, 0), int),
        ),
        (lambda x: np.sum(np.exp(np.swapaxes(x, 0, 1)) * 2), np.zeros((2,) * 7)),
    ]
    for f, x in cases:
        np.testing.assert_allclose(jit(f, engine="numba")(x), f(x))
