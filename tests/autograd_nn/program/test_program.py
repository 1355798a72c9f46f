"""A program as a file and as a graph."""

from __future__ import annotations

import gc
import html
import re
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_nn import custom, grad, jit

from .steps import PARAMETERS, RNG, A, B, X, Y, cost, step


def test_saved_programs_need_numpy_alone(tmp_path: Path) -> None:
    weights = RNG.normal(size=(9, 64))

    def f(p: Any, x: Any, y: Any) -> Any:
        return cost(p, x, y) + np.sum(np.concatenate([weights @ x, x])), grad(cost)(p, x, y)

    program = jit(f).lower(PARAMETERS, X, Y)
    assert program.save(tmp_path / "saved.py") == tmp_path / "saved.py"
    np.savez(tmp_path / "data.npz", **{**PARAMETERS, "x": X, "y": Y})  # type: ignore[arg-type]  # typed as if for allow_pickle
    code = (
        "import sys, numpy as np, saved; d = dict(np.load('data.npz'));"
        "x, y = d.pop('x'), d.pop('y'); J, g = saved.f(d, x, y);"
        "assert 'autograd_nn' not in sys.modules;"
        "print(repr(float(J)), repr(float(g['W1'].sum())))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    value, slopes = program(PARAMETERS, X, Y)
    assert out.split() == [repr(float(value)), repr(float(slopes["W1"].sum()))]


def test_what_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    from autograd_nn.core.op import REGISTRY

    factor = 3.0

    def forward(x: Any) -> Any:
        return x * factor

    triple: Any = custom("triple_of_a_closure", forward, lambda g, out, x: g * 3)
    try:
        program = jit(lambda x: triple(x) + 0).lower(A)
        np.testing.assert_allclose(program(B), 3 * B)
        with pytest.raises(ValueError, match="forward"):
            program.save(tmp_path / "saved.py")
    finally:
        del REGISTRY["triple_of_a_closure"]


def test_the_graph_of_a_program_is_one_of_tensors() -> None:
    from autograd_nn.core.graph import topological_order

    program = jit(step).lower(PARAMETERS, X, Y, 0.5)
    leaves = {n.name for n in topological_order(program.graph) if n.op is None and n.name}
    assert leaves == {"W1", "b1", "W2", "b2", "x", "y", "alpha"}


def test_programs_are_freed_without_the_cyclic_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        slope = jit(grad(lambda x: np.sum(np.tanh(x * 2) * x)))
        slope(np.ones((7, 11, 13)))
        buffers = [
            weakref.ref(x)
            for kept in gc.get_objects()
            if isinstance(kept, list)
            for x in kept
            if isinstance(x, np.ndarray) and x.shape == (7, 11, 13)
        ]
        del slope
        assert buffers
        assert [x() for x in buffers] == [None] * len(buffers)
    finally:
        gc.enable()


def test_a_program_shows_itself_in_a_notebook() -> None:
    program = jit(cost).lower(PARAMETERS, X, Y)
    shown = program._repr_html_()
    assert '<span style="color:#2f7fc1">def</span>' in shown
    assert shown.startswith("<pre") and shown.endswith("</pre>")
    assert html.unescape(re.sub("<[^>]*>", "", shown)) == program.readable
