"""Operators, comparisons, indexing and iteration: as on an ndarray, and recorded."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients
from autograd_nn.core.op import REGISTRY

A = np.array([0.5, 1.5, 2.5])


@pytest.fixture
def v() -> Tensor:
    return Tensor([1.0, 2.0, 3.0], requires_grad=True, name="v")


@pytest.fixture
def M() -> Tensor:
    return Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="M")


BINARY: list[Callable[[Any, Any], Any]] = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.matmul,
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
]  # fmt: skip


@pytest.mark.parametrize("run", BINARY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", [2, 2.0, True, np.float64(2.0), np.float32(2.0), A, A.tolist(),
                                   np.arange(1, 4), tuple(A)], ids=repr)  # fmt: skip
def test_operators_with_numbers_arrays_and_lists(
    v: Any, run: Callable[[Any, Any], Any], other: Any
) -> None:
    if run is operator.matmul and np.ndim(other) == 0:
        for a, b in ((v, other), (other, v)):
            with pytest.raises(ValueError, match=r"matmul \(@\) cannot be applied to"):
                run(a, b)
        return
    plain = np.asarray(other) if isinstance(other, (list, tuple)) else other
    for got, right in ((run(v, other), run(v.numpy(), plain)),
                       (run(other, v), run(plain, v.numpy()))):  # fmt: skip
        assert type(got) is Tensor
        assert got.dtype == np.asarray(right).dtype
        np.testing.assert_allclose(got.numpy(), right, rtol=1e-15)
    if run not in BINARY[6:] and np.all(np.asarray(other) > 0):
        for out in (run(v, other), run(other, v)):
            assert out.requires_grad
            assert np.all(np.isfinite(gradients(out.sum(), v)[0]))


def test_operators_give_numpys_dtype_for_every_kind_of_array_and_number() -> None:
    operators = (
        operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
        operator.mod, operator.pow,
    )  # fmt: skip
    tried = 0
    for dtype, number, name in itertools.product(
        ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"),
        (1, 2, 3, 2.0, 0.5, True, np.float32(2), np.int8(2), np.array(2)),
        operators,
    ):
        x = np.ones(3, dtype)
        for first in (True, False):

            def compute(t: Any, f: Any = name, c: Any = number, first: bool = first) -> Any:
                return f(t, c) if first else f(c, t)

            try:
                expected = compute(x)
            except TypeError:  # NumPy has no such operator for these
                continue
            result = compute(Tensor(x))
            assert result.dtype == expected.dtype, (dtype, number, name)
            np.testing.assert_array_equal(result.numpy(), expected)
            tried += 1
    assert tried > 1000


def test_comparisons_are_recorded_and_not_differentiable(v: Any) -> None:
    c = v > 1.5
    assert type(c) is Tensor
    assert c.op is REGISTRY["greater"]
    assert c.inputs[0] is v
    assert not c.requires_grad
    with pytest.raises(ValueError, match="depends on no Tensor that requires gradients"):
        c.sum().backward()
    with pytest.raises(TypeError, match="dtype bool"):
        gradients(c, v)


def test_truth_values_combine(v: Any) -> None:
    middle = (v > 1.0) & (v < 3.0) | ~(v > 0.0)
    np.testing.assert_array_equal(middle.numpy(), [False, True, False])


def test_equality_is_elementwise_and_hashing_by_identity(v: Any) -> None:
    same = Tensor(v.numpy())
    assert (v == same).numpy().all()
    assert len({v, same}) == 2
    assert {v: 1}[v] == 1
    assert 2.0 in v
    assert 7.0 not in v


@pytest.mark.parametrize("bad", ["text", None, object(), {}])
def test_operators_with_what_is_no_number(v: Any, bad: Any) -> None:
    call: Callable[[], Any]
    for call in (lambda: v + bad, lambda: bad * v, lambda: v == bad):
        with pytest.raises(TypeError, match="needs numbers"):
            call()


def test_an_array_is_not_added_to_in_place(v: Any) -> None:
    a = A.copy()
    with pytest.raises(TypeError, match=r"np.add on Tensors"):
        a += v
    with pytest.raises(TypeError, match="Tensor 'v' requires gradients"):
        a[:] = v
    with pytest.raises(TypeError, match="cannot write into a Tensor"):
        np.add(a, 1.0, out=v)
    np.testing.assert_array_equal(a, A)


# -- indexing, iteration ----------------------------------------

KEYS: list[Any] = [
    0, -1, np.int64(1), slice(None), slice(None, None, -1), (0, 1), (slice(None), 1), (..., 0),
    None, (None, 0), [0, 1, 0], ([0, 1], [2, 2]), np.array([[0, 1]]), np.array([True, False]),
    [True, False], (slice(None), np.array([True, False, True])), True, False, (), ...,
    (np.array([0, 1]), None, slice(0, 2)),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_indexing_is_numpys(M: Any, key: Any) -> None:
    out = M[key]
    right = M.numpy()[key]
    assert type(out) is Tensor
    assert out.shape == right.shape
    np.testing.assert_array_equal(out.numpy(), right)
    seed = np.arange(1.0, 1.0 + out.size).reshape(out.shape)
    expected = np.zeros(M.shape)
    np.add.at(expected, key, seed)
    np.testing.assert_array_equal(gradients(out, M, seed)[0], expected)


def test_tensors_as_indices(M: Any) -> None:
    rows, mask = Tensor(np.array([1, 0, 1])), M > 2.5
    np.testing.assert_array_equal(M[rows].numpy(), M.numpy()[[1, 0, 1]])
    np.testing.assert_array_equal(M[rows, Tensor(2)].numpy(), M.numpy()[[1, 0, 1], 2])
    np.testing.assert_array_equal(M[mask].numpy(), [3.0, 4.0, 5.0])
    np.testing.assert_array_equal(gradients(M[mask].sum(), M)[0], [[0, 0, 0], [1, 1, 1]])
    assert [10, 20][Tensor(1)] == 20


def test_the_key_is_copied(M: Any) -> None:
    key = np.array([0, 0])
    out = M[key]
    key[:] = 1
    np.testing.assert_array_equal(gradients(out.sum(), M)[0], [[2, 2, 2], [0, 0, 0]])


def test_length_iteration_unpacking(M: Any) -> None:
    assert len(M) == 2
    first, second = M
    assert type(first) is Tensor
    np.testing.assert_array_equal(second.numpy(), [3.0, 4.0, 5.0])
    np.testing.assert_array_equal(gradients(sum(M)[0] * 2 + first[1], M)[0], [[2, 1, 0], [2, 0, 0]])
    assert [x.item() for x in reversed(M[0])] == [2.0, 1.0, 0.0]
    scalar = Tensor(1.0, name="s")
    with pytest.raises(TypeError, match="'s' has no length"):
        len(scalar)
    with pytest.raises(TypeError, match="'s' cannot be iterated over: it is 0-dimensional"):
        iter(scalar)
    assert list(Tensor(np.zeros((0, 3)))) == []
