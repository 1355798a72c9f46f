"""Finite differences that sweep the step, state their error and recognise kinks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, verify
from autograd_nn.checks.sweep import sweep
from autograd_nn.derivation.verify.differences import along

from ..networks import network


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


def test_undecidable_is_said_and_is_no_failure() -> None:
    x = Tensor([[0.5, 1.0, -1.0], [2.0, -0.5, 0.0]], name="x")
    J = np.sum(x.relu() * np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    report = verify(J, {"dx": gradients(J, x)[0]}, finite_differences=True)
    assert report.ok
    (note,) = [note for note in report.notes if "undecidable" in note]
    assert "undecidable here: kink between x−h and x+h at element (1, 2)" in note
    assert any("agree with finite differences at 5 elements" in note for note in report.notes)


def test_a_wrong_rule_of_the_engine_is_a_problem() -> None:
    from autograd_nn.core.op import Op
    from autograd_nn.core.tensor import apply

    doubled = Op("doubled", lambda x: 2 * x, (lambda g, out, x: g,))
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    J = apply(doubled, (x,)).square().sum()
    for how in (True, "direction"):
        report = verify(J, {"dx": gradients(J, x)[0]}, finite_differences=how)
        assert not report.ok
        assert "∂J/∂x at element (0,)" in report.problems[0]
        assert report.problems[0] in str(report)
        with pytest.raises(AssertionError):
            report.raise_if_wrong()


@pytest.mark.parametrize("structure", [[64, 30, 10], [3, 3, 1], [2, 2, 2, 2, 2, 1]])
def test_along_a_direction(structure: list[int]) -> None:
    J, tensors = network(structure, 8)
    leaves = [tensor for tensor in tensors.values() if tensor.op is None]
    right = gradients(J, leaves)
    found = along(J, leaves, right)
    assert found.ok
    assert found.relative < 1e-7
    assert not along(J, leaves, [g * 1.001 for g in right]).ok
