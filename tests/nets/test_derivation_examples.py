"""The examples that derive, prove and grade: each runs and shows what it is about."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "arguments", "parts"),
    [
        ("errata", [], ["Section 2.5", "Section 4.6", "printed, refuted", "right, proved"]),
        ("question_1_more_hidden_layers", [], [
            "proved, for every number of nodes", "at every depth",
        ]),
        ("question_2_the_step_with_u", [], [
            "3 outputs", "∂J/∂u = 2 ∂J/∂v₃ ⊙ u = u", "∂J/∂h = −∂J/∂r = −r", "u cancels",
        ]),
        ("question_3_the_recursion", [], [
            "δ⁽²⁾ = ∂J/∂h⁽²⁾ ⊙ f′(z⁽²⁾) = ((W⁽²⁾)ᵀ δ⁽³⁾) ⊙ f′(z⁽²⁾)",
            "∂J/∂h₁⁽²⁾ = w₁₁⁽²⁾ δ₁⁽³⁾ + w₂₁⁽²⁾ δ₂⁽³⁾",
        ]),
        ("exercise_sheet", [], ["0 of 6 formulas are right", "not filled in yet"]),
        ("exercise_sheet", ["--solution"], [
            "5 of 6 formulas are right", "f′ is taken at h2 where it belongs at z2",
            "right, inherits the error of delta2",
        ]),
    ],
)  # fmt: skip
def test_examples(
    name: str,
    arguments: list[str],
    parts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    monkeypatch.syspath_prepend(EXAMPLES)
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    text = capsys.readouterr().out
    for part in parts:
        assert part in text


@pytest.mark.errata
def test_every_misprint_that_is_a_formula_is_listed() -> None:
    misprints = runpy.run_path(str(EXAMPLES / "errata.py"))["MISPRINTS"]
    assert [misprint.section for misprint in misprints] == [
        "2.5", "3", "3.4", "4.5", "4.5", "4.6", "4.6",
    ]  # fmt: skip
