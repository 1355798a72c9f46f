"""Pictures are drawn in this process, or by the program `dot`."""

import concurrent.futures
import os
import pathlib
import shutil
import sys
from typing import Any

import graphviz
import pytest

from autograd_nn import derive, draw
from autograd_nn.drawing import Drawing, DrawingError, GraphvizMissingError

from . import graphs

MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def no_pygraphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


@pytest.fixture
def stand_in_for_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """Put a program `dot` on the PATH that notes how it was called and draws a fixed picture."""
    if os.name == "nt":
        pytest.skip("the stand-in is a shell script")
    log = tmp_path / "calls"
    program = tmp_path / "dot"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\n'
        'case "$*" in\n'
        '*-O*) for last; do :; done; echo "<svg>by dot</svg>" > "$last.svg" ;;\n'
        '*) /bin/cat > /dev/null; echo "<svg>by dot</svg>" ;;\nesac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return log


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize("output", MAGIC)
def test_in_process_without_the_program(output: str, tmp_path: pathlib.Path) -> None:
    picture = draw(graphs.cost(), gradients=True)
    assert picture.pipe(output).startswith(MAGIC[output])
    path = picture.render(outfile=tmp_path / f"J.{output}")
    assert pathlib.Path(path).read_bytes().startswith(MAGIC[output])
    assert (tmp_path / "J.gv").read_text(encoding="utf-8") == picture.source


@pytest.mark.usefixtures("no_dot")
def test_files_are_named_as_graphviz_names_them(tmp_path: pathlib.Path) -> None:
    picture = draw(graphs.square())
    assert picture.render("a", directory=tmp_path) == str(tmp_path / "a.svg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "a.svg"]
    assert picture.render("b", directory=tmp_path, format="png", cleanup=True).endswith("b.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "a.svg", "b.png"]
    assert draw(graphs.square()).save(directory=tmp_path) == str(tmp_path / "graph.gv")
    with pytest.raises(graphviz.FileExistsError):
        picture.render("a", directory=tmp_path, raise_if_result_exists=True)


def test_a_picture_is_named_like_one_everywhere(tmp_path: pathlib.Path) -> None:
    nodes = graphs.network().graph(graphs.X, graphs.Y)
    makers: list[Any] = [
        draw(nodes["J"]), graphs.network().draw(), derive(nodes["J"], nodes["W1"])
    ]  # fmt: skip
    for made in makers:
        for how in ({"outfile": tmp_path / "b.png"}, {}):
            path = made.render(**how) if how else made.render(tmp_path / "a.png")
            assert pathlib.Path(path).read_bytes().startswith(MAGIC["png"])
        (tmp_path / "b.gv").unlink(missing_ok=True)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png"]


@pytest.mark.usefixtures("no_dot")
def test_a_notebook_shows_it() -> None:
    bundle = draw(graphs.cost())._repr_mimebundle_()
    assert list(bundle) == ["image/svg+xml", "text/html"]
    assert "<svg" in bundle["image/svg+xml"]
    assert bundle["text/html"].startswith("<div style='overflow-x:auto'><svg")
    png = draw(graphs.cost())._repr_mimebundle_(include=["image/png"])
    assert png["image/png"].startswith(MAGIC["png"])


@pytest.mark.usefixtures("no_dot")
def test_view_opens_what_was_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    seen = []
    monkeypatch.setattr(
        Drawing, "_view", lambda self, path, **given: seen.append((path, given["format"]))
    )
    draw(graphs.square()).view("a", directory=tmp_path)
    assert seen == [(str(tmp_path / "a.svg"), "svg")]
    assert (tmp_path / "a.svg").exists()


@pytest.mark.usefixtures("no_pygraphviz")
def test_by_the_program_where_pygraphviz_is_missing(
    stand_in_for_dot: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    picture = draw(graphs.square())
    assert picture.pipe() == b"<svg>by dot</svg>\n"
    assert picture.pipe(encoding="utf-8") == "<svg>by dot</svg>\n"
    path = picture.render("a", directory=tmp_path)
    assert pathlib.Path(path).read_text(encoding="utf-8") == "<svg>by dot</svg>\n"
    calls = stand_in_for_dot.read_text(encoding="utf-8").splitlines()
    assert calls == ["-Kdot -Tsvg", "-Kdot -Tsvg", "-Kdot -Tsvg -O a"]


def test_by_the_program_when_asked(stand_in_for_dot: pathlib.Path) -> None:
    assert draw(graphs.square(), backend="dot").pipe() == b"<svg>by dot</svg>\n"
    network = graphs.network().draw(backend="dot")
    assert network.pipe() == b"<svg>by dot</svg>\n"
    assert stand_in_for_dot.read_text(encoding="utf-8").splitlines()[1] == "-Kneato -Tsvg"
    assert draw(graphs.square()).pipe().startswith(b"<?xml")


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
@pytest.mark.parametrize("output", MAGIC)
def test_the_program_itself(output: str) -> None:
    picture = draw(graphs.cost(), gradients=True, backend="dot").pipe(output)
    assert picture.startswith(MAGIC[output])


@pytest.mark.usefixtures("no_pygraphviz", "no_dot")
def test_neither_is_an_error_with_the_install_line(tmp_path: pathlib.Path) -> None:
    picture = draw(graphs.cost())
    assert picture.source.startswith("digraph")
    assert pathlib.Path(picture.save(directory=tmp_path)).exists()
    assert "pip install pygraphviz" in picture._repr_mimebundle_()["text/plain"]
    for ask in (picture.pipe, lambda: picture.render(directory=tmp_path)):
        with pytest.raises(GraphvizMissingError, match="pip install pygraphviz"):
            ask()


@pytest.mark.usefixtures("no_pygraphviz")
def test_pygraphviz_asked_for_and_missing() -> None:
    with pytest.raises(GraphvizMissingError, match="pip install pygraphviz"):
        draw(graphs.square(), backend="pygraphviz").pipe()


def test_a_format_that_graphviz_does_not_know() -> None:
    with pytest.raises((DrawingError, ValueError), match="xyz"):
        draw(graphs.square()).pipe("xyz")


def test_threads_draw_at_once() -> None:
    picture = draw(graphs.cost())
    alone = picture.pipe()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: picture.pipe(), range(16))) == {alone}


def test_a_copy_draws_the_same() -> None:
    picture = draw(graphs.square(), backend="pygraphviz")
    copy = picture.copy()
    assert (type(copy), copy.backend, copy.source) == (Drawing, "pygraphviz", picture.source)
