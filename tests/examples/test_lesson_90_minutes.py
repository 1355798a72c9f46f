"""The lesson of 90 minutes: its notebook runs, blank and filled in; its sheet is graded as told."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from nets.grading import grade
from nets.sheets import load

from .lessons import FOLDER

LESSON = FOLDER / "lesson_90_minutes"
PLAN = (LESSON / "README.md").read_text(encoding="utf-8")

SOLUTION = {
    "delta3": "-(y - h3) * h3 * (1 - h3)",
    "dW2": "delta3 @ h2.T / m",
    "db2": "delta3.sum(axis=1, keepdims=True) / m",
    "delta2": "(W2.T @ delta3) * h2 * (1 - h2)",
    "dW1": "delta2 @ x.T / m",
    "db1": "delta2.sum(axis=1, keepdims=True) / m",
}


@pytest.mark.parametrize(
    ("solution", "said"), [({}, "5 more wrong"), (SOLUTION, "all 6 formulas are right")]
)
def test_the_notebook_runs(
    solution: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        (LESSON / "notebook.py")
        .read_text(encoding="utf-8")
        .replace("iterations=500", "iterations=5")
    )
    for name, formula in solution.items():
        text, changed = re.subn(rf'("{name}": lambda [\w, ]+): \.\.\.', rf"\1: {formula}", text)
        assert changed == 1
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(text, "notebook.py", "exec"), {"__name__": "notebook"})  # noqa: S102 - ours
    assert said in told.getvalue(), told.getvalue()[:2000]
    page = tmp_path / "one_node.html"
    assert page.stat().st_size < 250_000
    measured, formula = re.findall(r"(?:measured|by formula) +([\d.]+)", told.getvalue())
    assert float(measured) == pytest.approx(float(formula), rel=1e-6)


def test_the_sheet_is_graded_as_the_plan_says() -> None:
    sheet = load(LESSON / "sheet.py")
    assert sheet.hidden == []
    anna, ben = grade(sheet, sorted((LESSON / "answers").iterdir()))
    assert f"{anna.points:g} points" in PLAN and anna.points == anna.of
    assert f"costs him {ben.of - ben.points:g}" in PLAN
    assert "tanh" in PLAN and {mark.name for mark in ben.marks if mark.points == 0} == {
        "delta3", "dW1",
    }  # fmt: skip


def test_the_plan_takes_90_minutes() -> None:
    assert sum(map(int, re.findall(r"^\| (\d+) \|", PLAN, re.MULTILINE))) == 90
    for link in re.findall(r"\]\(([^)]+)\)", PLAN):
        assert (LESSON / link).exists(), link
