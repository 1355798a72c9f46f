"""Every lesson is a notebook as well: made by Jupytext, executed by a kernel."""

import re
from pathlib import Path
from typing import Any

import pytest

from .lessons import FOLDER, SHORTER, lessons

jupytext = pytest.importorskip("jupytext", reason="the extra `test` brings Jupytext")
nbclient = pytest.importorskip("nbclient", reason="the extra `test` brings nbclient")

pytestmark = [
    # Jupyter's own libraries: of theirs nothing is an error of ours
    pytest.mark.filterwarnings("default"),
]


def notebook(lesson: Path) -> Any:
    """Return a lesson as a notebook, the long ones shortened."""
    made = jupytext.read(lesson)
    for cell in made.cells:
        for name, number in SHORTER.get(lesson.stem, {}).items():
            cell.source = re.sub(rf"\b{name}=\d+", f"{name}={number}", cell.source)
    return made


@pytest.fixture(scope="module")
def executed() -> dict[str, list[Any]]:
    """Execute all notebooks in one kernel, each in a namespace of its own."""
    import nbformat

    v4: Any = nbformat.v4  # it has no types
    whole = v4.new_notebook()
    for lesson in lessons():
        cells = notebook(lesson).cells
        start = v4.new_code_cell("%reset -f")
        for cell in (start, *cells):
            cell.metadata["lesson"] = lesson.stem
            cell.pop("id", None)  # each cell gets an id that is its own in the whole
        whole.cells += [start, *cells]
    whole.nbformat_minor = 4  # without cell ids
    client = nbclient.NotebookClient(whole, timeout=120, resources={"metadata": {"path": FOLDER}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FOLDER.parent))  # the kernel is another process
        client.execute()
    found: dict[str, list[Any]] = {}
    for cell in whole.cells:
        found.setdefault(cell.metadata["lesson"], []).append(cell)
    return found


def outputs(cells: list[Any], kind: str) -> list[str]:
    """Return what the cells display in one format."""
    data = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
    return [d[kind] for d in data if kind in d]


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.stem)
def test_a_notebook_shows_its_pictures(lesson: Path, executed: dict[str, list[Any]]) -> None:
    cells = executed[lesson.stem]
    source = lesson.read_text(encoding="utf-8")
    shown = outputs(cells, "image/png") + outputs(cells, "image/svg+xml")
    assert len(shown) == source.count("lesson.show(")
    said = [out.get("text", "") for cell in cells for out in cell.get("outputs", [])]
    assert any(said) or outputs(cells, "text/html") or shown
    errors = [o for cell in cells for o in cell.get("outputs", []) if o.output_type == "error"]
    assert not errors
    assert "stderr" not in [out.get("name") for cell in cells for out in cell.get("outputs", [])]


def test_formulas_are_rendered(executed: dict[str, list[Any]]) -> None:
    formulas = outputs(executed["section_4_5_backpropagation"], "text/latex")
    assert any(r"\delta^{(3)}" in formula for formula in formulas)
    graphs = outputs(executed["section_4_5_backpropagation"], "image/svg+xml")
    assert all("<svg" in graph for graph in graphs)


def test_nothing_is_written(executed: dict[str, list[Any]]) -> None:
    assert executed
    assert not list(FOLDER.glob("*.ipynb"))
