"""The pictures of the README are those that the code draws."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from examples.make_gallery import svg_content

from .measured import Measured

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


KEPT = sorted(FOLDER.parent.glob("gallery/*.svg")) + sorted(FOLDER.glob("*.svg"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_everything_can_be_read_at_the_width_of_a_page(path: Path) -> None:
    measured = Measured(path)
    scale = min(800 / measured.width, 4 / 3)  # pixels for a point; shrunk where it is wider
    assert min(measured.sizes) * scale >= 9
    assert list(measured.overlaps()) == []
    assert list(measured.outside()) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (('x="100"', 'x="20"'), "overlaps"),  # the second text onto the first
        (('font-size="10"', 'font-size="40"'), "outside"),
        (('cx="100"', 'cx="40"'), "overlaps"),  # the second node onto the first
        (('x="60"', 'x="95"'), "overlaps"),  # what stands beside the nodes onto one
    ],
)
def test_what_overlaps_is_found(change: tuple[str, str], found: str, tmp_path: Path) -> None:
    letters = 'text-anchor="middle" font-size="10"'
    node = (
        '<g class="node"><title>n{0}</title><ellipse cx="{0}" cy="20" rx="15" ry="10"/>'
        f'<text x="{{0}}" y="22" {letters}>abc</text></g>'
    )
    edge = f'<g class="edge"><title>e</title><text x="60" y="22" {letters}>i</text></g>'
    svg = f'<svg width="200pt" xmlns="http://www.w3.org/2000/svg">{node.format(20)}'
    svg += f"{node.format(100)}{edge}</svg>"
    path = tmp_path / "picture.svg"
    path.write_text(svg, encoding="utf-8")
    assert not [*Measured(path).overlaps(), *Measured(path).outside()]
    path.write_text(svg.replace(*change), encoding="utf-8")
    assert list(getattr(Measured(path), found)())


@pytest.mark.parametrize("path", sorted(FOLDER.parent.glob("gallery/*.png")), ids=lambda p: p.stem)
def test_plots_have_no_background(path: Path) -> None:
    with Image.open(path) as image:
        sheet = np.asarray(image.convert("RGBA"))
    corners = sheet[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners[:, 3] == 0).all()
    white = (sheet[..., :3] > 245).all(axis=2) & (sheet[..., 3] > 245)
    assert white.mean() < 0.05
