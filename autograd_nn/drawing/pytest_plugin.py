"""For pytest: ``--derivation-pictures DIR`` draws the graph of every wrong derivation, marked."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: Any) -> None:
    """Add the option."""
    parser.addoption(
        "--derivation-pictures", metavar="DIR", default=None,
        help="where assert_right fails, draw its graph there, the wrong formulas marked (SVG)",
    )  # fmt: skip


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Generator[None, Any, Any]:
    """Draw what a failed `assert_right` judged, and say where."""
    outcome: Any = yield
    folder = item.config.getoption("--derivation-pictures")
    report = getattr(call.excinfo.value, "report", None) if call.excinfo else None
    if folder is not None and report is not None and report.graph:
        from .pictures import draw

        path = Path(folder, re.sub(r"[^\w.-]+", "_", item.nodeid))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            said = str(draw(report).render(path, format="svg", cleanup=True))
        except Exception as error:  # a picture that fails is no reason to lose the test's own
            said = f"none: {type(error).__name__}: {error}"
        outcome.sections.append(("picture of the derivation", said))
    return outcome
