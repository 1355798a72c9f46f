"""Programs for HIPS autograd run with this package in its place, and by HIPS autograd itself."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("program.txt")
INSTALL = "import autograd_nn.compat; autograd_nn.compat.install()\n"


def run(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip


def _running(before: str) -> str:
    return f"{before}import runpy; runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"


def test_a_program_runs_unchanged() -> None:
    done = run(_running(INSTALL))
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "done autograd\n"


@pytest.mark.skipif(find_spec("autograd") is None, reason="HIPS autograd is not installed")
def test_the_program_is_one_of_hips_autograds() -> None:
    done = run(_running(""))
    assert done.returncode == 0, done.stderr[-3000:]


def test_nothing_is_installed_unasked() -> None:
    done = run("import sys, autograd_nn.compat; print('autograd' in sys.modules)")
    assert done.stdout == "False\n"


def test_installing_twice_is_installing_once() -> None:
    text = INSTALL + "import autograd; first = autograd\n" + INSTALL
    done = run(text + "import autograd; print(autograd is first)")
    assert done.stdout == "True\n", done.stderr


def test_it_does_not_mix_with_what_was_imported() -> None:
    done = run("import sys; sys.modules['autograd'] = sys\n" + INSTALL)
    assert "call autograd_nn.compat.install() at the start" in done.stderr


def test_what_is_not_there_is_an_import_error() -> None:
    done = run(INSTALL + "from autograd.core import Node")
    assert "ImportError" in done.stderr
    done = run(INSTALL + "import autograd.nonsense")
    assert "ModuleNotFoundError" in done.stderr
