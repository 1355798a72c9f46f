"""The artificial neuron: f(z) = 1/(1 + exp(−z)), a soft switch."""

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, sigmoid
from nets import formulas

pytestmark = pytest.mark.section_2_1

Z = np.linspace(-8, 8, 161)


def test_known_values() -> None:
    # f(0) = 1/(1 + 1) = 1/2; f(ln 3) = 1/(1 + 1/3) = 3/4; f(−ln 3) = 1/(1 + 3) = 1/4
    z = np.array([0.0, np.log(3), -np.log(3)])
    for f in (formulas.f, lambda v: sigmoid(v).numpy()):
        np.testing.assert_allclose(f(z), [0.5, 0.75, 0.25], rtol=1e-15)


def test_it_switches_from_0_to_1_softly() -> None:
    h = formulas.f(Z)
    steps = np.diff(h)
    assert np.all(steps > 0)
    # no step is steeper than the slope in the middle allows: f′(0) = 1/4
    assert steps.max() <= 0.25 * (Z[1] - Z[0])
    assert h[0] < 0.001
    assert h[-1] > 0.999
    np.testing.assert_allclose(h + h[::-1], 1, rtol=1e-14)  # f(−z) = 1 − f(z)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_f_and_its_derivative_are_finite_for_any_z(dtype: type) -> None:
    z: Any = np.array([-1e30, -1000, -100, 0, 100, 1000, 1e30], dtype=dtype)
    t = Tensor(z, requires_grad=True, name="z")
    with np.errstate(all="raise"):
        h = sigmoid(t)
        (slope,) = gradients(h.sum(), [t])
        by_hand = formulas.f(z), formulas.f_prime(z)
    for value, expected in ((h.numpy(), by_hand[0]), (slope, by_hand[1])):
        assert value.dtype == dtype
        assert np.isfinite(value).all()
        np.testing.assert_array_equal(value, expected)
    assert by_hand[0][[0, 3, 6]].tolist() == [0, 0.5, 1]
    assert by_hand[1][[0, 3, 6]].tolist() == [0, 0.25, 0]


def test_the_derivative_is_the_slope_of_the_curve() -> None:
    t = Tensor(Z, requires_grad=True, name="z")
    (slope,) = gradients(sigmoid(t).sum(), [t])
    e = 1e-6
    differences = (formulas.f(Z + e) - formulas.f(Z - e)) / (2 * e)
    np.testing.assert_allclose(slope, differences, atol=1e-9)
    np.testing.assert_allclose(slope, formulas.f_prime(Z), rtol=1e-13)
