"""Every lesson runs as a script, tells something, and writes the pictures of the gallery."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from examples.make_gallery import TIMES, scripts, shows_the_same, stale

from .lessons import AGAIN, FOLDER, GALLERY, SHORTER, lessons

_NUMBERED = {2: 5, 3: 5, 4: 9, 5: 5}
"""How many sections a chapter has."""


def pictures_of(lesson: Path) -> set[str]:
    """Return the names of the pictures that a lesson shows."""
    shown = r'lesson\.show\(.*?"(\w+)",?\s*\)'
    return set(re.findall(shown, lesson.read_text(encoding="utf-8"), re.DOTALL))


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.stem)
def test_a_lesson_runs(
    lesson: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = [f"--{name}={number}" for name, number in SHORTER.get(lesson.stem, {}).items()]
    monkeypatch.setattr(sys, "argv", [str(lesson), "--out", str(tmp_path), *options])
    monkeypatch.syspath_prepend(str(FOLDER))
    runpy.run_path(str(lesson), run_name="__main__")
    told = capsys.readouterr().out
    assert len(told.splitlines()) > 3
    written = {path.stem: path for path in tmp_path.iterdir()}
    assert set(written) == pictures_of(lesson)
    for path in written.values():
        kept = GALLERY / path.name
        assert path.read_bytes().startswith({".png": b"\x89PNG", ".svg": b"<?xml"}[path.suffix])
        if options or path.name in TIMES:  # other numbers; .ci/run draws them in full
            assert kept.is_file(), AGAIN
        else:
            assert shows_the_same(kept, path), AGAIN


def test_no_section_is_skipped() -> None:
    titles = []
    for lesson in sorted(FOLDER.glob("section_*.py")):
        heading = re.search(r"^# ([\d.]+) \w", lesson.read_text(encoding="utf-8"), re.MULTILINE)
        assert heading is not None, lesson
        titles.append(heading[1])
    expected = [f"{chapter}.{k}" for chapter, last in _NUMBERED.items() for k in range(1, last + 1)]
    expected.insert(expected.index("3.1"), "3")  # chapter 3 opens with equations of its own
    assert titles == expected


def beyond() -> list[Path]:
    return [script for script in scripts() if script.parent.name == "beyond"]


def test_the_index_shows_every_lesson_and_picture_in_order() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\((\w+\.py)\)", index)
    assert set(re.findall(r"\]\(beyond/(\w+\.py)\)", index)) == {
        path.name for path in FOLDER.glob("beyond/*.py")
    }
    assert list(dict.fromkeys(linked)) == [lesson.name for lesson in lessons()]
    shown = re.findall(r"\]\(gallery/([\w.]+)\)", index)
    assert sorted(shown) == sorted(path.name for path in GALLERY.iterdir())
    drawn = {f"beyond_{script.stem}" for script in beyond()}
    assert {Path(name).stem for name in shown} == drawn.union(*map(pictures_of, lessons()))


def test_a_lesson_started_from_elsewhere_says_what_it_does(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "section_2_1_neuron.py"), "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(FOLDER.parent), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "2.1 The artificial neuron" in done.stdout
    assert "--show" in done.stdout
    assert not list(tmp_path.iterdir())


def test_show_opens_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser

    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(sys, "argv", ["lesson", "--out", str(tmp_path), "--show"])
    monkeypatch.syspath_prepend(str(FOLDER))
    runpy.run_path(str(FOLDER / "section_2_1_neuron.py"), run_name="__main__")
    assert opened == [(tmp_path / "2_1_sigmoid.png").as_uri()]


def test_a_picture_that_shows_something_else_is_stale(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    def drawn(name: str, title: str, end: float, software: str = "") -> Path:
        made = Figure(figsize=(6.4, 4), layout="constrained")
        axes = made.subplots()
        axes.plot([0, 1, 2], [0, 1, end], linewidth=3)
        axes.set_title(title)
        path = tmp_path / f"{name}.png"
        made.savefig(path, dpi=110, metadata={"Software": software} if software else None)
        return path

    kept = drawn("kept", "the cost", 3)
    assert shows_the_same(kept, drawn("same", "the cost", 3))
    assert shows_the_same(kept, drawn("another_version", "the cost", 3, "another"))
    assert not shows_the_same(kept, drawn("title", "the costs", 3))
    assert not shows_the_same(kept, drawn("line", "the cost", 2))
    assert not shows_the_same(kept, drawn("line_by_another", "the cost", 2, "another"))
    pictures = FOLDER / "pictures"
    assert not shows_the_same(pictures / "node.svg", pictures / "cost.svg")


def test_what_is_shortened_here_is_drawn_in_full_by_the_checks() -> None:
    checks = (FOLDER.parent / ".ci" / "run").read_text(encoding="utf-8")
    command = re.search(r"make_gallery\.py --check (.+)", checks)
    assert command is not None
    drawn = {s.stem for name in command[1].split() for s in scripts() if name in s.stem}
    shortened = {s.stem for s in beyond() if "--passes" in s.read_text(encoding="utf-8")}
    assert drawn == shortened | set(SHORTER)


def test_the_gallery_is_made_by_one_command(tmp_path: Path) -> None:
    (node,) = [script for script in scripts() if script.stem == "section_2_2_node"]
    assert stale(node, tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["2_2_node.svg"]  # the current folder
    assert {script.stem for script in scripts() if script.parent == FOLDER} == {
        *(lesson.stem for lesson in lessons()), "pictures", "operations",
    }  # fmt: skip
    assert len(beyond()) >= 4
    assert {path.name for path in GALLERY.iterdir()} >= TIMES
