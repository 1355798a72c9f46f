"""The examples: where they are, and options that make the long ones short."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples"
GALLERY = FOLDER / "gallery"
AGAIN = "run python examples/make_gallery.py"

SHORTER = {
    "section_3_3_faster": {"largest": 20},
    "section_4_9_algorithm": {"iterations": 3},
    "section_5_4_training": {"iterations": 30},
    "section_5_5_accuracy": {"iterations": 30, "compare": 3},
}
"""Options of the lessons that train or measure for long."""


def lessons() -> list[Path]:
    """Return the lessons, in the order of the document, then the questions and the misprints."""
    sections = sorted(FOLDER.glob("section_*.py"))
    questions = sorted(FOLDER.glob("question_*.py"))
    return [*sections, *questions, FOLDER / "errata.py", FOLDER / "exercise_sheet.py"]
