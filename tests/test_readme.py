"""The README: its code runs and prints what stands beneath it; its links lead somewhere."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from nets.sheets import Sheet

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_BLOCK = re.compile(
    r"```python\n(?P<code>.*?)```\n(?:\s*```text\n(?P<output>.*?)```\n)?", re.DOTALL
)


PAGES = sorted((ROOT / "docs").glob("*.md"))


def _run(page: Path) -> dict[str, Any]:
    """Run the code of a page, hold what it prints against what stands there; return its names."""
    space: dict[str, Any] = {"__name__": "readme"}
    blocks = list(_BLOCK.finditer(page.read_text(encoding="utf-8")))
    assert blocks
    for block in blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(block["code"], page.name, "exec"), space)  # noqa: S102 - it is ours
        printed = [line.rstrip() for line in said.getvalue().splitlines()]
        expected = [line.rstrip() for line in (block["output"] or "").splitlines()]
        assert printed == expected, block["code"]
    return space


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_how_to(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space = _run(page)
    if page.stem == "grade":
        sheet = Sheet(space["title"], space["graph"](), space["asked"], space["student"])
        assert sheet.answers["dw"] == pytest.approx([1.0, -8.0])


def test_the_code_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space = _run(ROOT / "README.md")
    assert {path.name for path in tmp_path.iterdir()} == {"node.svg", "J.png", "delta.svg"}
    # the picture at the top is what the first lines draw
    drawn = (ROOT / "examples" / "pictures" / "node.svg").read_text(encoding="utf-8")
    assert re.findall(r">([^<\s]+)<", (tmp_path / "node.svg").read_text(encoding="utf-8")) == (
        re.findall(r">([^<\s]+)<", drawn)
    )
    stepped = space["stepped"]
    gradients = space["Network"]([3, 4, 2], seed=0).gradients(space["x"], space["y"])
    start = space["Network"]([3, 4, 2], seed=0).parameters()
    for name, array in stepped.items():
        assert array == pytest.approx(start[name] - 0.25 * gradients[name], rel=1e-12)


def test_every_python_block_with_print_has_its_output() -> None:
    for block in _BLOCK.finditer(README):
        assert ("print(" in block["code"]) == (block["output"] is not None), block["code"]
    first = next(_BLOCK.finditer(README))["code"]
    assert len([line for line in first.splitlines() if line]) == 10


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        "autograd_nn/README.md",
        "examples/README.md",
        "examples/pictures.md",
        "examples/lesson_90_minutes/README.md",
        "docs/grade.md",
    ],
)
def test_links_lead_to_files(page: str) -> None:
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src(?:set)?="([^"]+)"', text)
    assert links
    for link in links:
        if not link.startswith("http"):
            assert (path.parent / link.partition("#")[0]).exists(), link


def test_the_command_line_it_speaks_of() -> None:
    from nets import __main__ as command

    for name in re.findall(r"python -m nets (\w+)", README):
        assert name in command._COMMANDS
