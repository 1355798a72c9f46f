"""Numbers and arrays as text."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from autograd_nn.formulas.arrays import (
    array_text,
    latex_value,
    plain_value,
    python_value,
    short,
    summary,
)


@pytest.mark.parametrize(
    ("value", "plain", "latex", "python"),
    [
        (0.125, "1/8", r"\frac{1}{8}", "0.125"), (-0.5, "−1/2", r"-\frac{1}{2}", "-0.5"),
        (2.0, "2", "2", "2"), (0.123456789, "0.1235", "0.1235", "0.123457"),
        (np.inf, "inf", "inf", "inf"), (Fraction(1, 3), "1/3", r"\frac{1}{3}", "1/3"),
        (np.array([1.0, -2.0]), "[1, -2]", r"\mathrm{[1,\ -2]}", "np.array([ 1., -2.])"),
    ],
)  # fmt: skip
def test_constants_of_formulas(value: Any, plain: str, latex: str, python: str) -> None:
    assert (plain_value(value), latex_value(value), python_value(value)) == (plain, latex, python)


def test_small_arrays_are_written_out_and_large_ones_summed_up() -> None:
    assert short(np.eye(2)) == "[1, 0; 0, 1]"
    assert short(np.zeros(6)) == "0 … 0, mean 0"
    assert array_text(np.ones((5, 5))) == "(5×5 values)"
    assert array_text(1 / 3, digits=2) == "0.33"


def test_summaries_say_what_is_not_finite() -> None:
    assert summary(np.array([1.0, np.nan, 3.0])) == "1 … 3, mean 2; 1 of 3 not finite"
    assert summary(np.array([np.nan])) == "1 of 1 not finite"
    assert summary(np.array([True, False])) == "1 of 2 True"
    assert summary(np.array([])) == "empty"
