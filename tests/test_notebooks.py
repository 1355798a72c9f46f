"""Every public object has a form of its own in a notebook; nothing there looks like an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient", reason="the extra `test` brings nbclient")

pytestmark = pytest.mark.filterwarnings("default")  # of Jupyter's own libraries

START = """
import os, sys
sys.modules["ipywidgets"] = None  # as where it is not installed
import numpy as np
from autograd_nn import *
import nets
from nets.grading import Graded, Grades, Mark

rng = np.random.default_rng(0)
net = nets.Network([3, 4, 2], seed=0)
x, y = rng.normal(size=(3, 5)), rng.random((2, 5))
nodes = net.graph(x, y)
"""

RIGHT = "lambda y, h3: -(y - h3) * h3 * (1 - h3)"
FORMS = {
    "nodes['W1']": "text/html",
    "net": "image/svg+xml",
    "draw(nodes['J'])": "text/html",
    "draw(nodes['J'], gradients=True, values=True)": "image/svg+xml",
    "explore(nodes['J'])": "text/html",
    "jit(grad(lambda w: np.sum(np.tanh(w)))).lower(np.ones(3))": "text/html",
    "nets.train(net, x, y, iterations=3)": "image/png",
    f"nets.verify(net, x, y, {{'delta3': {RIGHT}}})": "text/html",
    f"verify(nodes['J'], {{'delta3': {RIGHT}}})": "text/html",
    "derive(nodes['J'], nodes['W1'])": "text/latex",
    "derive(nodes['J'], nodes['W1'], index=(1, 1))": "text/latex",
    "nets.prove(net)": "text/latex",
    "nets.prove(net)[0]": "text/latex",
    "check_grads(np.tanh, (np.ones(2),))": "text/plain",
    "Grades([Graded('a', [Mark('dW1', 1, 1, 'right')])])": "text/plain",
}


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """Run each expression in a kernel, and return what its cell displays."""
    import nbformat

    v4: Any = nbformat.v4  # it has no types
    cells = [v4.new_code_cell(source) for source in (START, *FORMS)]
    book = v4.new_notebook(cells=cells)
    root = Path(__file__).parents[1]
    client = nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": root}})
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST")  # with it, a kernel does not show what C code writes
        client.execute()
    return dict(zip(FORMS, book.cells[1:], strict=True))


@pytest.mark.parametrize("expression", FORMS)
def test_it_has_a_form(expression: str, shown: dict[str, Any]) -> None:
    outputs = shown[expression].outputs
    assert "stderr" not in [out.get("name") for out in outputs]  # a red box
    (data,) = [out["data"] for out in outputs if out.output_type == "execute_result"]
    form = data[FORMS[expression]]
    assert form
    if "svg" in str(data.get("text/html")):
        assert data["text/html"].startswith("<div style='overflow-x:auto'") or "iframe" in form
    if FORMS[expression] == "text/plain":
        assert "---" in form, "a table"


def test_a_bar_is_no_error(shown: dict[str, Any]) -> None:
    outputs = shown["nets.train(net, x, y, iterations=3)"].outputs
    assert "3/3" in "".join(out["text"] for out in outputs if out.get("name") == "stdout")
