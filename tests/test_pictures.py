"""The pictures of the README are those that the code draws."""

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from examples.make_gallery import svg_content

pictures: Any = importlib.import_module("examples.pictures")  # mypy takes the folder for it
FOLDER = Path(__file__).parents[1] / "examples" / "pictures"


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_picture_is_not_stale(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no program dot
    kept = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    drawn = pictures.PICTURES[name]().pipe(encoding="utf-8")
    assert svg_content(drawn) == svg_content(kept), "run python examples/make_gallery.py"


def test_nothing_else_is_kept() -> None:
    kept = {path.name for path in FOLDER.iterdir()}
    assert kept == {f"{name}.svg" for name in pictures.PICTURES}


@pytest.mark.parametrize("options", [[], ["--out", "new"]])
def test_the_script_writes_them(
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["pictures.py", *options])
    pictures.main()
    assert len(capsys.readouterr().out.splitlines()) == len(pictures.PICTURES)
    assert len(list(tmp_path.rglob("*.svg"))) == len(pictures.PICTURES)
    assert len(list((tmp_path / "new" if options else tmp_path).glob("*.svg"))) > 0


@pytest.mark.parametrize("folder", ["gallery", "pictures"])
def test_everything_can_be_read_at_the_width_of_a_page(folder: str) -> None:
    for path in sorted((FOLDER.parent / folder).glob("*.svg")):
        text = path.read_text(encoding="utf-8")
        width = re.search(r'<svg width="([\d.]+)pt"', text)
        assert width is not None
        scale = min(800 / float(width[1]), 4 / 3)  # pixels for a point; shrunk where it is wider
        sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', text)]
        assert min(sizes, default=9) * scale >= 9, path.name
