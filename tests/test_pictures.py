"""The pictures of the README are those that the code draws."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "examples"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pictures", FOLDER / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()


def _shown(svg: str) -> str:
    """Return a picture without places and sizes, which differ with the fonts of a machine."""
    inside = svg[svg.index("<svg") :]
    places = "width|height|viewBox|transform|points|d|x|y|x1|x2|y1|y2|cx|cy|rx|ry|text-anchor"
    without = re.sub(rf' ({places})="[^"]*"', "", inside)
    return re.sub(r"\s+", " ", without)


@pytest.mark.parametrize("name", SCRIPT.PICTURES)
def test_picture_is_not_stale(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no program dot
    kept = (FOLDER / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    drawn = SCRIPT.PICTURES[name]().pipe(encoding="utf-8")
    assert _shown(drawn) == _shown(kept), "run python examples/pictures.py"


def test_nothing_else_is_kept() -> None:
    kept = {path.name for path in (FOLDER / "pictures").iterdir()}
    assert kept == {f"{name}.svg" for name in SCRIPT.PICTURES}


def test_the_script_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SCRIPT.main(str(tmp_path / "new"))
    assert len(capsys.readouterr().out.splitlines()) == len(SCRIPT.PICTURES)
    assert len(list((tmp_path / "new").iterdir())) == len(SCRIPT.PICTURES)
