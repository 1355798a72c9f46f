"""HIPS autograd's own tests, run with this package in the place of ``autograd``.

    git clone https://github.com/HIPS/autograd
    python -m tests.benchmarks.peer_tests autograd/tests

A copy of the tests is run, so that nothing is written beside them. Left out are the tests of what
this package does not have: nodes and vector spaces, and xarray.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

INTERNALS = ("test_vspaces.py", "test_performance.py", "_test_complexity.py", "profiling.py")
"""Files that are about internals."""

INSTALL = "import autograd_nn.compat\nautograd_nn.compat.install()\n\n"


def run(tests: Path) -> str:
    """Run the tests in a folder and return what pytest prints."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "tests"
        shutil.copytree(tests, copy, ignore=shutil.ignore_patterns(*INTERNALS))
        start = copy / "conftest.py"
        start.write_text(INSTALL + (start.read_text() if start.exists() else ""))
        for path in copy.glob("test_*.py"):  # one test of it takes a table of rules apart
            text = path.read_text().replace("from autograd.core import primitive_vjps\n", "")
            path.write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-W", "ignore", str(copy)]
        environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": ""}
        return subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False
        ).stdout


if __name__ == "__main__":
    print("\n".join(run(Path(sys.argv[1]).resolve()).splitlines()[-40:]))
