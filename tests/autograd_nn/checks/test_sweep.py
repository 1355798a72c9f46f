"""The step sweep: it states its error, recognises kinks, and gives both sides of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograd_nn.checks.sweep import has_kink, sweep

EPS = float(np.finfo(float).eps)


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (math.exp, 1.0),
        (math.sin, 1.0),
        (lambda t: (5 + t) ** 3, 75.0),
        (lambda t: 1e6 + t, 1.0),
        (lambda t: 1e-6 * math.exp(t), 1e-6),
        (lambda t: 1 / (1 + math.exp(-30 * (t + 0.1))), 30 * math.exp(3) / (1 + math.exp(3)) ** 2),
        (lambda t: 3.0, 0.0),
    ],
)
def test_the_error_is_estimated_rightly(function, slope) -> None:  # type: ignore[no-untyped-def]  # of rows
    found = sweep(function)
    assert found is not None
    assert abs(found.value - slope) <= found.error
    assert found.error < 1e-4 * max(abs(slope), 1e-3)
    assert not found.kink


@pytest.mark.parametrize("at", [0.0, 1e-9])
def test_a_kink_is_seen(at: float) -> None:
    found = sweep(lambda t: abs(t - at) + 0.3 * t)
    assert found is not None
    assert found.kink
    assert found.left == pytest.approx(-0.7, abs=1e-3)
    assert found.right == pytest.approx(1.3, abs=1e-3)


def test_a_kink_far_enough_away_does_no_harm() -> None:
    found = sweep(lambda t: abs(t - 1e-3))
    assert found is not None
    assert not found.kink
    assert found.value == pytest.approx(-1)


def test_differences_know_their_error() -> None:
    for phi, exact in ((np.sin, 1.0), (np.exp, 1.0), (lambda t: 1 / (0.2 + t), -25.0)):
        estimate = sweep(phi, EPS, 1.0)
        assert estimate is not None
        assert abs(estimate.value - exact) <= estimate.error + 1e-12 < 1e-6
    assert sweep(lambda t: float("nan"), EPS, 1.0) is None
    noisy = sweep(lambda t: t + 1e-6 * np.sin(1e9 * t), EPS, 1.0)
    assert noisy is not None
    assert abs(noisy.value - 1) <= noisy.error < 1e-3


def test_kinks_are_told_from_curvature() -> None:
    assert has_kink(abs, EPS, 1.0)
    assert has_kink(lambda t: abs(t) ** 0.5, EPS, 1.0)
    assert has_kink(lambda t: 1.0 + (t > 0), EPS, 1.0)
    assert not has_kink(lambda t: 1e4 * t * t, EPS, 1.0)
    assert not has_kink(lambda t: abs(t - 1e-3), EPS, 1.0)
    assert not has_kink(lambda t: 0.0, EPS, 1.0)


def test_both_sides_of_a_kink_are_exact_where_the_function_is_curved() -> None:
    found = sweep(lambda t: max(2 * t, -3 * t) + 5 * t * t)
    assert found is not None
    assert found.kink
    assert found.left == pytest.approx(-3, abs=1e-9)
    assert found.right == pytest.approx(2, abs=1e-9)


def test_steps_are_multiples_of_the_scale() -> None:
    narrow = sweep(lambda t: math.sin(1e4 * t), scale=1e-4)
    assert narrow is not None
    assert abs(narrow.value - 1e4) <= narrow.error < 1e-4
    assert narrow.step <= 1e-5
    bend = sweep(lambda t: abs(1e4 * t), scale=1e-4)
    assert bend is not None
    assert (round(bend.left), round(bend.right)) == (-10_000, 10_000)
