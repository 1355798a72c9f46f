"""A simple example: the minimum of x⁴ − 3x³ + 2, by gradient descent."""

import numpy as np
import pytest

from autograd_nn import Tensor, grad, gradients

pytestmark = pytest.mark.section_4_1

START, STEP, PRECISION = 6.0, 0.01, 0.00001


def curve(x: Tensor) -> Tensor:
    """Return x⁴ − 3x³ + 2, recorded."""
    return x**4 - 3 * x**3 + 2


def slope(x: float) -> float:
    """Return the derivative of the curve, taken by the engine."""
    t = Tensor(x, requires_grad=True, name="x")
    return float(gradients(curve(t), [t])[0])


def descend() -> list[float]:
    """Return the path: x ← x − 0.01 f′(x) until a step is no longer than the precision."""
    path = [START]
    while len(path) < 2 or abs(path[-1] - path[-2]) > PRECISION:
        path.append(path[-1] - STEP * slope(path[-1]))
    return path


def test_the_derivative_is_that_of_the_document() -> None:
    # (x⁴ − 3x³ + 2)′ = 4x³ − 9x²: at 6 it is 864 − 324 = 540, at 2.25 it is 0
    assert slope(6.0) == 540
    assert slope(2.25) == 0
    for x in np.linspace(-2, 6, 33):
        assert slope(float(x)) == pytest.approx(4 * x**3 - 9 * x**2, rel=1e-13, abs=1e-13)
        assert float(grad(curve)(float(x))) == slope(float(x))


def test_the_number_that_is_printed() -> None:
    path = descend()
    # the first step overshoots: 6 − 0.01·540 = 0.6
    assert path[1] == pytest.approx(0.6, rel=1e-13)
    assert f"{path[-1]:f}" == "2.249965"
    assert abs(path[-1] - 2.25) < 4 * PRECISION
