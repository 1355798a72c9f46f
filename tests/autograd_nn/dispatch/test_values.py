"""Values taken out of a Tensor, and what would lose gradients."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor

A = np.array([0.5, 1.5, 2.5])


@pytest.fixture
def v() -> Tensor:
    return Tensor([1.0, 2.0, 3.0], requires_grad=True, name="v")


def test_values_of_one_element() -> None:
    t = Tensor(2.5)
    assert (float(t), int(t), t.item(), bool(t), f"{t:.2f}") == (2.5, 2, 2.5, True, "2.50")
    assert not Tensor([[0.0]]).numpy().any()
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match="integer"):
        operator.index(t)


def test_arrays_of_tensors_would_lose_gradients(v: Any) -> None:
    z = v * 2
    call: Callable[[], Any]
    for call in (
        lambda: np.array([v, v]), lambda: np.array([v[0], v[1]]), lambda: np.asarray(v),
        lambda: np.array([v, 1.0], dtype=float), lambda: np.array(z), lambda: np.full(3, v),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"requires gradients, which .* would lose.*np.stack"):
            call()
    with pytest.raises(TypeError, match=r"np\.stack"):
        np.add(v, [v, v, v])
    np.testing.assert_array_equal(np.asarray(Tensor(A)), A)
    assert np.array(Tensor(A)).flags.writeable


@pytest.mark.parametrize("of", [operator.mul, operator.add, operator.pow, operator.lt])
def test_operators_of_masked_arrays_would_lose_gradients(of: Callable[..., Any]) -> None:
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    for a, b in ((masked, Tensor([1.0, 2.0])), (Tensor([1.0, 2.0]), masked)):
        with pytest.raises(TypeError, match="mask"):
            of(a, b)


def test_what_a_tensor_has_not_says_where_it_is() -> None:
    t = Tensor([1.0, 2.0])
    for name, way in (("sin", r"np\.sin\(t\)"), ("nbytes", r"t\.numpy\(\)\.nbytes")):
        with pytest.raises(AttributeError, match=f"{name}'; use {way}"):
            getattr(t, name)
        assert not hasattr(t, name)
        assert name not in dir(t)
    assert "sum" in dir(t)
    with pytest.raises(AttributeError, match="nonsense"):
        t.nonsense  # type: ignore[attr-defined]  # noqa: B018 - asked for on purpose


def test_arrays_are_not_built_from_recorded_tensors() -> None:
    x = Tensor(3.0)
    builds: list[Callable[[], Any]] = [lambda: np.array([x * x, x]), lambda: np.asarray(x * x)]
    for build in builds:
        with pytest.raises(TypeError, match=r"was recorded.*np\.stack"):
            build()
    assert np.asarray(x) == 3.0  # plain data, with nothing to lose
    assert np.asarray((x * x).numpy()) == 9.0
