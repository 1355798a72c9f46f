"""The Tensor as an object: its making, its data, its text and copies, and what it refuses."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_nn import Tensor, gradients, logsumexp, relu, sigmoid, softmax
from autograd_nn.core.op import REGISTRY

A = np.array([0.5, 1.5, 2.5])


@pytest.fixture
def v() -> Tensor:
    return Tensor([1.0, 2.0, 3.0], requires_grad=True, name="v")


@pytest.fixture
def M() -> Tensor:
    return Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="M")


# -- making one -------------------------------------------------


def test_what_a_leaf_holds() -> None:
    data = np.ones((2, 3), np.float32)
    t = Tensor(data, requires_grad=True, name="W1")
    assert t.data is data
    assert (t.shape, t.ndim, t.size, t.dtype) == ((2, 3), 2, 6, np.float32)
    assert (t.grad, t.op, t.inputs, t.name, t.requires_grad) == (None, None, (), "W1", True)
    assert t.numpy() is data


def test_what_a_result_knows(v: Any) -> None:
    out = np.sum(v, axis=0, keepdims=True)
    assert isinstance(out, Tensor)
    assert out.op is REGISTRY["sum"]
    assert out.inputs[0] is v
    assert out.params == {"axis": 0, "keepdims": True}
    assert out.requires_grad
    constant = (v * 2.0).inputs[1]
    assert (constant.name, constant.requires_grad, constant.data) == (None, False, 2.0)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [(1, np.int64), (1.0, np.float64), (True, np.bool_), ([1, 2.5], np.float64),
     (np.float32(2), np.float32), (range(3), np.int64), (((1.0,), (2.0,)), np.float64)],
)  # fmt: skip
def test_data_of_many_kinds(data: Any, dtype: Any) -> None:
    t = Tensor(data)
    assert t.dtype == dtype
    np.testing.assert_array_equal(t.numpy(), np.asarray(data))


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        ("text", TypeError, "'n' needs numbers, got str"),
        (None, TypeError, "'n' needs numbers, got NoneType"),
        ({}, TypeError, "got dict"),
        (np.array(["a"]), TypeError, "dtype <U1"),
        (np.array(["2020"], dtype="M8[Y]"), TypeError, "datetime64"),
        (np.zeros(2, dtype=[("a", float)]), TypeError, "needs numbers"),
        ([[1.0, 2.0], [3.0]], ValueError, "'n' needs rows of one length"),
        (np.ma.array([1.0, 2.0], mask=[False, True]), TypeError, "filled"),
        ([Tensor(1.0), Tensor(2.0)], TypeError, r"np.stack"),
    ],
)
def test_what_a_tensor_cannot_hold(data: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Tensor(data, name="n")


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_matrix_whose_star_means_another_product_is_refused() -> None:
    with pytest.raises(TypeError, match="matrix"):
        Tensor(np.matrix([[1.0]]))


def test_a_mask_is_not_lost() -> None:
    with pytest.raises(TypeError, match=r"np\.ma.*data\.filled"):
        Tensor(np.ma.masked_array(A, mask=A > 1))


@pytest.mark.parametrize("data", [[1, 2], True, np.array([1], np.uint8)])
def test_integers_and_truth_values_cannot_require_gradients(data: Any) -> None:
    with pytest.raises(TypeError, match="only floating-point data can require gradients"):
        Tensor(data, requires_grad=True)
    assert not Tensor(data).requires_grad


def test_a_name_is_text() -> None:
    with pytest.raises(TypeError, match="name of a Tensor is text"):
        Tensor(1.0, name=5)  # type: ignore[arg-type]  # that is what is refused


# -- assigning data ---------------------------------------------


def test_assigning_data_is_checked(v: Any) -> None:
    with pytest.raises(ValueError, match=r"'v' has shape \(3,\), got data of shape \(2,\)"):
        v.data = np.ones(2)
    with pytest.raises(TypeError, match="cannot hold int64"):
        v.data = np.ones(3, int)
    with pytest.raises(TypeError, match="only the data of leaves"):
        (v * 2).data = np.ones(3)
    np.testing.assert_array_equal(v.data, [1.0, 2.0, 3.0])
    v.data = [4.0, 5.0, 6.0]
    np.testing.assert_array_equal(v.data, [4.0, 5.0, 6.0])


def test_results_are_read_only_and_inputs_stay_writable() -> None:
    data = np.ones((2, 2))
    t = Tensor(data)
    for out in (t + 1, t.T, t.reshape(4), t[...], t[0], +t, t.astype(float), t.sum(),
                np.broadcast_to(t, (3, 2, 2)), np.positive(t), t.clip(0, 9)):  # fmt: skip
        assert isinstance(out, Tensor)
        with pytest.raises(ValueError, match="read-only"):
            out.numpy()[...] = 5.0
    assert data.flags.writeable
    data[...] = 2.0


def test_assignment_into_a_tensor_says_what_to_do(v: Any) -> None:
    with pytest.raises(TypeError, match=r"'v' cannot be changed in place.*np.where.*t.data\[...\]"):
        v[0] = 1.0
    with pytest.raises(TypeError, match="in place"):
        v[0] += 1.0


def test_augmented_assignment_makes_a_new_tensor(v: Any) -> None:
    t = v
    t += 1.0
    t *= 2.0
    assert t is not v
    np.testing.assert_array_equal(v.numpy(), [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(gradients(t.sum(), v)[0], [2.0, 2.0, 2.0])


def test_detach_and_zero_grad(v: Any) -> None:
    v.sum().backward()
    d = (v * 2).detach()
    assert (d.op, d.requires_grad) == (None, False)
    v.zero_grad()
    assert v.grad is None


def test_as_text(v: Any) -> None:
    assert repr(v) == "Tensor([1., 2., 3.], name='v', requires_grad=True)"
    assert repr(v * 2) == "Tensor([2., 4., 6.], op=multiply)"
    assert repr(Tensor(1)) == "Tensor(1)"
    assert str(v) == f"{v}" == repr(v)


@pytest.mark.parametrize(
    "clone",
    [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))],  # noqa: S301 - our own
)
def test_copies_differentiate_like_the_original(v: Any, clone: Callable[[Any], Any]) -> None:
    leaf = clone(v)
    assert (leaf.name, leaf.requires_grad) == ("v", True)
    (leaf * leaf).sum().backward()
    np.testing.assert_array_equal(leaf.grad, [2.0, 4.0, 6.0])
    assert v.grad is None
    with pytest.raises(TypeError, match=r"neither copied nor pickled.*leaves.*detach"):
        clone((v * v).sum())


# -- stability --------------------------------------------------


@given(st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=5))
def test_the_sigmoid_never_warns(values: list[float]) -> None:
    for dtype in (np.float32, np.float64):
        z = Tensor(np.array(values, dtype), requires_grad=True)
        h = sigmoid(z)
        (g,) = gradients(np.sum(h), [z], create_graph=True)
        (curvature,) = gradients(np.sum(g), [z])
        h.sum().backward()
        assert np.all((h.numpy() >= 0) & (h.numpy() <= 1))
        assert np.all((z.grad >= 0) & (z.grad <= 0.25))
        assert np.all(np.isfinite(curvature))


def test_sigmoid_at_the_ends() -> None:
    ends = np.array([-np.inf, -1000.0, 1000.0, np.inf])
    z = Tensor(ends, requires_grad=True)
    np.testing.assert_array_equal(z.sigmoid().numpy(), [0, 0, 1, 1])
    np.testing.assert_array_equal(gradients(z.sigmoid().sum(), z)[0], [0, 0, 0, 0])
    assert float(sigmoid(-1000)) == 0.0
    assert np.isnan(sigmoid(np.nan).item())


def test_functions_of_the_package_take_arrays_too() -> None:
    for f in (sigmoid, relu, softmax, logsumexp):
        assert type(f(A)) is Tensor
        np.testing.assert_array_equal(f(A).numpy(), f(Tensor(A)).numpy())
    np.testing.assert_allclose(softmax(A.reshape(1, 3)).numpy().sum(), 1.0)


def test_softmax_of_large_float32_logits_keeps_its_digits() -> None:
    logits = (1000 + np.arange(12).reshape(3, 4) / 7).astype(np.float32)
    exact = np.exp(logits.astype(float) - 1000)
    exact /= exact.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(softmax(Tensor(logits)).numpy(), exact, rtol=2e-6)
