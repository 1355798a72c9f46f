"""Gradient descent in two dimensions."""

import numpy as np
import pytest

from autograd_nn import Tensor, gradients

pytestmark = pytest.mark.section_4_4


def bowl(w: Tensor) -> Tensor:
    """Return w₁² + 4 w₂² − 2 w₁ + 3, with its minimum of 2 at (1, 0)."""
    return w[0] ** 2 + 4 * w[1] ** 2 - 2 * w[0] + 3


def slope(w: np.ndarray) -> np.ndarray:
    """Return the gradient, taken by the engine."""
    t = Tensor(w, requires_grad=True, name="w")
    found: np.ndarray = gradients(bowl(t), [t])[0]
    return found


def path(start: list[float], alpha: float, steps: int) -> np.ndarray:
    """Return the points of the descent, a row each."""
    points = [np.array(start)]
    for _ in range(steps):
        points.append(points[-1] - alpha * slope(points[-1]))
    return np.array(points)


def test_each_coordinate_closes_in_at_its_own_rate() -> None:
    # the gradient is (2 w₁ − 2, 8 w₂), so with α = 0.1 w₁ − 1 shrinks by 1 − 0.2 a step and w₂ by
    # 1 − 0.8: after n steps from (5, 2) they are 4 · 0.8ⁿ and 2 · 0.2ⁿ
    points = path([5.0, 2.0], 0.1, 40)
    n = np.arange(41)
    np.testing.assert_allclose(points[:, 0] - 1, 4 * 0.8**n, rtol=1e-9)
    np.testing.assert_allclose(points[:, 1], 2 * 0.2**n, rtol=1e-9)
    assert bowl(Tensor(points[-1])).item() == pytest.approx(2, abs=1e-6)


def test_every_step_goes_straight_down() -> None:
    for here, there in zip(*(path([5.0, 2.0], 0.02, 30)[s] for s in (slice(-1), slice(1, None))),
                           strict=True):  # fmt: skip
        step = there - here
        along = np.array([-step[1], step[0]]) * 1e-4  # across it runs the contour
        sideways = bowl(Tensor(here + along)).item() - bowl(Tensor(here - along)).item()
        assert abs(sideways) < 1e-9
        assert bowl(Tensor(there)).item() < bowl(Tensor(here)).item()


def test_too_long_a_step_climbs_the_walls() -> None:
    # 8 α > 2: w₂ changes its sign at every step and grows
    points = path([5.0, 2.0], 0.3, 10)
    assert np.all(points[1:, 1] * points[:-1, 1] < 0)
    assert np.all(np.abs(points[1:, 1]) > np.abs(points[:-1, 1]))
