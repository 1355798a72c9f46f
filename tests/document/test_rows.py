"""Every section that is registered as a marker has its tests."""

import re
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def registered() -> list[str]:
    settings = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    markers = settings["tool"]["pytest"]["ini_options"]["markers"]
    return [marker.partition(":")[0] for marker in markers]


@pytest.mark.parametrize("marker", registered())
def test_a_file_for_each_row(marker: str) -> None:
    text = (HERE / f"test_{marker}.py").read_text(encoding="utf-8")
    assert re.search(rf"^pytestmark = pytest\.mark\.{marker}$", text, re.MULTILINE)
    assert "def test_" in text
