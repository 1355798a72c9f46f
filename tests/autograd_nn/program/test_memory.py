"""Where values live: what a call may change, and what it may not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, custom, jit

from .steps import PARAMETERS, A, B, X, Y, copies, step


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_donated_parameters_are_updated_in_place(dtype: Any) -> None:
    train = jit(step, donate=0)
    p, plain = copies(PARAMETERS, dtype), copies(PARAMETERS, dtype)
    x, y = X.astype(dtype), Y.astype(dtype)
    for _ in range(3):
        after, J = train(p, x, y, 0.5)
        expected, value = step({k: Tensor(v) for k, v in plain.items()}, x, y, 0.5)
        plain = {k: v.numpy() for k, v in expected.items()}
        for name in p:
            assert after[name] is p[name]
            assert p[name].dtype == dtype
            eps = np.finfo(dtype).eps
            np.testing.assert_allclose(p[name], plain[name], rtol=500 * eps, atol=50 * eps)
        np.testing.assert_allclose(J, value.numpy(), rtol=1e-4 if dtype == np.float32 else 1e-12)


def test_without_donation_arguments_are_not_touched() -> None:
    p = copies(PARAMETERS)
    for array in p.values():
        array.setflags(write=False)
    jit(step)(p, X, Y, 0.5)
    for name, array in p.items():
        np.testing.assert_array_equal(array, PARAMETERS[name])


def test_results_are_not_overwritten_by_later_calls() -> None:
    def f(x: Any) -> Any:
        t = np.exp(x)
        return t, t.T, x, x.T, t + 1, t[0], np.ones(3), t

    g = jit(f)
    first = g(A)
    kept = [np.array(r) for r in first]
    g(B)
    for result, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(result, before)
    assert not any(np.shares_memory(r, A) for r in first)
    for result in first:
        result[...] = 0  # results are the caller's
    np.testing.assert_allclose(g(A)[0], np.exp(A))
    np.testing.assert_allclose(g(A)[6], np.ones(3))


def test_what_is_seen_of_a_buffer_is_read_before_it_is_used_again() -> None:
    def f(x: Any) -> Any:
        t = np.sin(-x)
        first = np.sum(t[0, 0])
        return first * 0.5 + np.sum(np.sin(x)) + np.sum(np.cos(x) * np.exp(x))

    def g(v: Any) -> Any:
        t = np.sin(-v)
        first = np.reshape(t[:1], ())  # an array of no axes that looks into t
        return np.exp(first) * 0.5 + np.sum(np.sin(v)) + np.sum(np.cos(v) * np.exp(v))

    np.testing.assert_allclose(jit(f)(A), f(Tensor(A)).numpy())
    np.testing.assert_allclose(jit(g)(A[0]), g(Tensor(A[0])).numpy())


def test_functions_that_hand_an_operand_on() -> None:
    from autograd_nn.core.op import REGISTRY

    first: Any = custom("first_of_a_pair", first_of, lambda g, out, x, y: g, None)
    try:

        def f(x: Any) -> Any:
            t = first(np.sin(x), 1.0)
            return t * np.cos(x) + np.sum(np.exp(x) * np.sin(x * 2)), first(x, 2.0)

        value, same = jit(f)(A)
        np.testing.assert_allclose(value, f(Tensor(A))[0].numpy())
        assert not np.shares_memory(same, A)
    finally:
        del REGISTRY["first_of_a_pair"]


def first_of(x: Any, other: Any) -> Any:
    return x
