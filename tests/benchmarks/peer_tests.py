"""HIPS autograd's own tests, run with this package in the place of ``autograd``.

    git clone https://github.com/HIPS/autograd
    python -m tests.benchmarks.peer_tests autograd/tests

A copy of the tests is run, so that nothing is written beside them. Left out are the tests of what
this package does not have: nodes and vector spaces, xarray; and one that asks for an error where
this package has a derivative. Where another test takes an internal, it gets what that stands for.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

INTERNALS = ("test_vspaces.py", "test_performance.py", "_test_complexity.py", "profiling.py")
"""Files that are about internals."""

INSTEAD = {
    "from autograd.core import primitive_vjps\n": "primitive_vjps = {}\n",  # the table of rules
    "np.linalg._dot(np.linalg.T(x), x)": "np.matmul(np.swapaxes(x, -1, -2), x)",
    "def test_rfftn_odd_not_implemented": "def rfftn_odd_not_implemented",  # it is, here
}
"""What is replaced in the tests."""

INSTALL = "import autograd_nn.compat\nautograd_nn.compat.install()\n\n"


def run(tests: Path) -> str:
    """Run the tests in a folder and return what pytest prints."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "tests"
        shutil.copytree(tests, copy, ignore=shutil.ignore_patterns(*INTERNALS))
        start = copy / "conftest.py"
        start.write_text(INSTALL + (start.read_text() if start.exists() else ""))
        for path in copy.glob("test_*.py"):
            text = path.read_text()
            for theirs, ours in INSTEAD.items():
                text = text.replace(theirs, ours)
            path.write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-W", "ignore", str(copy)]
        environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": ""}
        return subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False
        ).stdout


if __name__ == "__main__":
    print("\n".join(run(Path(sys.argv[1]).resolve()).splitlines()[-40:]))
