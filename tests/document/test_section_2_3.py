"""The bias: weights change the slope of the switch, the bias moves it (figures 4 and 6)."""

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, sigmoid

pytestmark = pytest.mark.section_2_3


def height_and_slope(x: float, w: float, b: float) -> tuple[float, float]:
    """Return h = f(wx + b) and ∂h/∂x."""
    t = Tensor(x, requires_grad=True, name="x")
    h = sigmoid(w * t + b)
    return h.item(), float(gradients(h, [t])[0])


@pytest.mark.parametrize("w", [0.5, 1.0, 2.0])
def test_the_weight_changes_the_slope(w: float) -> None:
    # figure 4: all three curves meet in (0, ½); ∂h/∂x = w f′(wx), so w/4 there
    assert height_and_slope(0.0, w, 0) == pytest.approx((0.5, w / 4))


@pytest.mark.parametrize("b", [-8.0, 0.0, 8.0])
def test_the_bias_moves_the_switch(b: float) -> None:
    # figure 6, w = 5: half way where 5x + b = 0, at x = −b/5 = 1.6, 0, −1.6, with slope 5/4
    middle = {-8.0: 1.6, 0.0: 0.0, 8.0: -1.6}[b]
    assert height_and_slope(middle, 5, b) == pytest.approx((0.5, 1.25))
    off, on = height_and_slope(middle - 1.5, 5, b)[0], height_and_slope(middle + 1.5, 5, b)[0]
    assert off < 0.001
    assert on > 0.999


def test_without_a_bias_the_switch_stays_at_0() -> None:
    for w in np.linspace(0.1, 20, 8):
        assert height_and_slope(0.0, float(w), 0)[0] == 0.5
