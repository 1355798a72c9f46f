"""`import autograd_nn` costs NumPy and little more."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("scipy", "sklearn", "matplotlib", "graphviz", "pygraphviz", "sympy", "numba", "optree",
         "tabulate", "tqdm", "nets")  # fmt: skip


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    ).stdout


def test_importing_imports_numpy_alone() -> None:
    names = run(
        "import sys; import autograd_nn; print(sorted({n.partition('.')[0] for n in sys.modules}))"
    )
    assert "'numpy'" in names
    assert [name for name in HEAVY if f"'{name}'" in names] == []


def test_importing_brings_nothing_from_outside_but_numpy() -> None:
    extra = run(
        "import sys, numpy; before = {n.partition('.')[0] for n in sys.modules}\n"
        "import autograd_nn\n"
        "after = {n.partition('.')[0] for n in sys.modules} - before - {'autograd_nn'}\n"
        "print(sorted(after - set(sys.stdlib_module_names)))"
    )
    assert extra.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    out = run("import autograd_nn\ntry: autograd_nn.nonsense\nexcept AttributeError as e: print(e)")
    assert "nonsense" in out


def test_every_public_name_is_there() -> None:
    missing = run(
        "import autograd_nn as a\n"
        "print([n for n in a.__all__ if getattr(a, n, None) is None], len(a.__all__) > 8)"
    )
    assert missing.strip() == "[] True"
