"""Positions that are arguments of a program: ``x[i]``, ``x[:, i]``, ``x[i, j]`` and so on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd_nn import Tensor, grad, jit
from autograd_nn.core.recording import TracingError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 4, 4))

POSITIONS = st.one_of(
    st.integers(-4, 3),
    st.lists(st.integers(-4, 3), min_size=2, max_size=2).map(np.array),
    st.lists(st.integers(-4, 3), min_size=6, max_size=6).map(lambda x: np.array(x).reshape(3, 2)),
)
FIXED = st.one_of(
    st.sampled_from([slice(None), slice(1, 3), slice(None, None, -1), None, 2, -1]),
    st.sampled_from([np.array([0, 3]), np.array([True, False, True, False]), [1, 1]]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(POSITIONS, FIXED), min_size=1, max_size=3), st.booleans(), st.integers(0, 3)
)
@example([slice(None), 0, np.array([1, 2])], True, 2)  # an ellipsis of no axis parts positions
def test_any_key_takes_what_numpy_takes(parts: list[Any], dots: bool, at: int) -> None:
    place = [isinstance(p, (int, np.ndarray)) and np.asarray(p).dtype != bool for p in parts]
    given_ = [p for p, computed in zip(parts, place, strict=True) if computed]

    def f(x: Any, *positions: Any) -> Any:
        rest = iter(positions)
        key = [next(rest) if computed else p for p, computed in zip(parts, place, strict=True)]
        if dots:
            key.insert(at, Ellipsis)
        return x[key[0] if len(key) == 1 else tuple(key)] ** 2

    expected = f(X, *given_)
    found = jit(f)(X, *given_)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_array_equal(found, expected)
    slope = grad(
        lambda x, *i: np.sum(f(x, *i) * np.cos(np.arange(expected.size).reshape(expected.shape)))
    )
    np.testing.assert_allclose(jit(slope)(X, *given_), slope(X, *given_), rtol=1e-13)


def test_one_program_for_all_positions() -> None:
    calls: list[int] = []

    def f(x: Any, i: Any, y: Any) -> Any:
        calls.append(1)
        return x[i] + x[np.arange(2), y][0], x[[i, 0]], x[..., -1, i]

    program = jit(f)
    for i, y in ((1, [0, 3]), (-1, [2, 2]), (0, [-1, 0])):
        for found, right in zip(program(X, i, np.array(y)), f(X, i, np.array(y)), strict=True):
            np.testing.assert_array_equal(found, right)
    assert len(calls) == 1 + 3
    with pytest.raises(IndexError):
        program(X, 4, np.array([0, 0]))


def test_the_cross_entropy_that_takes_by_labels() -> None:
    z, y = RNG.normal(size=(5, 3)), np.array([0, 2, 2, 1, 0])

    def cost(z: Any, y: Any) -> Any:
        return -np.mean(
            np.log(np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True))[np.arange(5), y]
        )

    share = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    for labels in (y, y[::-1].copy()):
        np.testing.assert_allclose(jit(grad(cost))(z, labels), (share - np.eye(3)[labels]) / 5)


def test_a_mask_is_taken_by_where_it_is_known_and_refused_where_not() -> None:
    known = Tensor(np.array([True, False, True, False]))
    np.testing.assert_array_equal(jit(lambda x: x[known])(X), X[[0, 2]])
    np.testing.assert_array_equal(jit(lambda x: x[1, known > 0])(X), X[1, [0, 2]])
    for f in (lambda x: x[x > 0], lambda x: x[0, x[0, :, 0] > 0], lambda x: x[:, x[0, 0] < 0, 1]):
        with pytest.raises(TracingError, match=r"np\.where\(mask, x, 0\)"):
            jit(f)(X)
