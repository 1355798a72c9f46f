"""grad, value_and_grad and their like: meaning, structure, nesting, messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, grad, no_grad, value_and_grad


def test_the_gradient_of_a_polynomial_is_an_array() -> None:
    g = grad(lambda x: x**4 - 3 * x**3 + 2)(6.0)
    assert type(g) is np.ndarray
    assert g.shape == ()
    assert g == 4 * 6.0**3 - 9 * 6.0**2


def test_every_derivative_of_a_power_by_nesting() -> None:
    f: Any = lambda x: x**5  # noqa: E731
    for expected in (5 * 2.0**4, 20 * 2.0**3, 60 * 2.0**2, 120 * 2.0, 120.0):
        f = grad(f)
        assert f(2.0) == pytest.approx(expected, rel=1e-14)


def test_perturbations_are_not_confused() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0) == 1.0
    # d/dx of x·∂/∂y(x·y) = x², of x·∂/∂y(x·y²) at y = x is 2x·x·x: three uses of x, kept apart
    assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(3.0) == 6.0
    assert grad(lambda x: x * grad(lambda y: x * y * y)(x))(2.0) == 6 * 2.0**2
    inner = grad(lambda x: grad(lambda y: grad(lambda z: x * y * z)(1.0) * x)(x))
    assert inner(3.0) == 6.0


def test_a_closed_over_tensor_that_requires_gradients_is_recorded_through() -> None:
    w = Tensor(3.0, requires_grad=True)
    g = grad(lambda x: w * x * x)(2.0)
    assert isinstance(g, Tensor)
    (g * w).backward()
    assert w.grad == 2 * 4.0 * 3.0


def test_no_grad_outside_leaves_the_gradient_right_and_unrecorded() -> None:
    with no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0
        g = grad(lambda x: x * x)(Tensor(3.0, requires_grad=True))
    assert isinstance(g, Tensor)
    assert g.op is None
    assert not g.requires_grad


def test_value_and_grad_keeps_the_structure_of_the_argument() -> None:
    params = {"b": [np.array([1.0]), (2.0,)], "W": np.array([[1.0, 2.0]], dtype=np.float32)}
    value, g = value_and_grad(lambda p: np.sum(p["W"] ** 2) + p["b"][0].sum() * p["b"][1][0])(
        params
    )
    assert value == 7.0
    assert list(g) == ["b", "W"]
    assert g["W"].dtype == np.float32
    np.testing.assert_array_equal(g["W"], [[2.0, 4.0]])
    np.testing.assert_array_equal(g["b"][0], [2.0])
    assert g["b"][1] == (1.0,)
