"""The text of programs: the same everywhere, and harmless."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, jit, sigmoid

from .steps import A, B

PRINT = """
import numpy as np
from autograd_nn import jit
from tests.autograd_nn.program.steps import step, PARAMETERS, X, Y
program = jit(step, donate=0).lower(PARAMETERS, X, Y, 0.5)
print(program.source, program.readable)
"""


def test_the_text_is_the_same_in_every_process() -> None:
    def printed(seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", PRINT],
            env={"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": ":".join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert printed("1") == printed("2")


@pytest.mark.parametrize(
    "name",
    ["x; import os", "add", "np", "dot", "lambda", "free", "t0", "W1\n    raise SystemExit",
     '"""', "print", "_pool", "class", "buffers", "1st", "sigmoid", "", "exp"],
)  # fmt: skip
def test_names_are_harmless(name: str) -> None:
    def f(p: Any) -> Any:
        h = sigmoid(p[name] @ p["b"])
        h.name = name
        t: Any = np.exp(h) + h
        t.name = name
        return {name: t, "x": t * 2}

    f.__name__ = name or "f"
    expected = f({name: Tensor(A), "b": Tensor(B)})
    for style in ("planned", "readable"):
        program = jit(f, style=style).lower({name: A, "b": B})
        got = program({name: A, "b": B})
        np.testing.assert_allclose(got[name], expected[name].numpy())
        tree = ast.parse(program.source)
        assert not any(isinstance(node, ast.Raise) for node in ast.walk(tree))
        assert not any(
            alias.name == "os"
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        )
