"""The API documentation is built without a warning and holds every public name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_nn
import nets

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build in a process of its own: pdoc changes the modules that it reads."""
    folder = tmp_path_factory.mktemp("api")
    subprocess.run([sys.executable, str(ROOT / ".ci" / "docs.py"), str(folder)], check=True)
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.html")
    }


def test_every_public_name_is_there(pages: dict[str, str]) -> None:
    for package in (autograd_nn, nets):
        page = pages[f"{package.__name__}.html"]
        for name in package.__all__:
            submodule = f"{package.__name__}/{name}.html" in pages
            assert submodule or f'id="{name}"' in page, f"{package.__name__}.{name}"


def test_public_functions_and_classes_say_something(pages: dict[str, str]) -> None:
    for package in (autograd_nn, nets):
        for name in package.__all__:
            assert getattr(package, name).__doc__, f"{package.__name__}.{name}"
    assert "Parameters" in pages["nets.html"]


def test_the_table_of_operations_is_inside(pages: dict[str, str]) -> None:
    table = pages["autograd_nn/ops.html"]
    assert "autograd_nn.sigmoid" in table
    assert "np.linalg.solve" in table
    assert "<table>" in table
    rows = table.count("<tr>")
    assert rows > 200
    # formulas as MathJax reads them, which the page loads
    assert re.search(r"\$g \\odot [^$]+\$", table)
    assert "mathjax" in table.lower()
