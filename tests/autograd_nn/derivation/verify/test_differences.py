"""Automatic gradients held against finite differences: what is said, and what is undecidable."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, verify
from autograd_nn.derivation.verify.differences import along

from ..networks import network


def test_undecidable_is_said_and_is_no_failure() -> None:
    x = Tensor([[0.5, 1.0, -1.0], [2.0, -0.5, 0.0]], name="x")
    J = np.sum(x.relu() * np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    report = verify(J, {"dx": gradients(J, x)[0]}, finite_differences=True)
    assert report.ok
    (note,) = [note for note in report.notes if "undecidable" in note]
    assert "undecidable here: kink between x−h and x+h at element (1, 2)" in note
    assert any("agree with finite differences at 5 elements" in note for note in report.notes)


def test_where_the_function_is_not_finite_nothing_is_decided() -> None:
    x = Tensor([0.0, 1.0], requires_grad=True, name="x")
    J = np.sum(x**1.5)
    report = verify(J, {"dx": lambda x: 1.5 * np.sqrt(x)}, finite_differences=True)
    assert report.ok
    assert any("J is not finite around element (0,) of x" in note for note in report.notes)
    assert any("agree with finite differences at 1 elements" in note for note in report.notes)


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
    gap, agrees = along(J, leaves, right)
    assert agrees
    assert gap < 1e-7
    assert not along(J, leaves, [g * 1.001 for g in right])[1]
