"""``pytest --derivation-pictures DIR``: the graph of a wrong derivation, marked."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

TESTS = """
from autograd_nn import Tensor, assert_right

def test_right():
    x = Tensor([1.0, 2.0], name="x")
    assert_right(x.square().sum(), {"dx": lambda x: 2 * x})

def test_wrong():
    x = Tensor([1.0, 2.0], name="x")
    assert_right(x.square().sum(), {"dx": lambda x: x})

def test_of_something_else():
    assert 1 == 2
"""


def test_a_failed_assert_right_leaves_a_picture(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(TESTS, encoding="utf-8")
    entries = importlib.metadata.entry_points(group="pytest11")
    plugin = "autograd_nn.drawing.pytest_plugin"
    loaded = any(entry.value == plugin for entry in entries)  # not where it was installed before
    command = [
        sys.executable, "-m", "pytest", "-q", "--color=no", *([] if loaded else ["-p", plugin]),
        "--derivation-pictures", "pictures", "test_mine.py",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "a factor 2 is missing" in done.stdout
    (picture,) = (tmp_path / "pictures").iterdir()
    assert picture.name == "test_mine.py_test_wrong.svg"
    assert str(picture.relative_to(tmp_path)) in done.stdout
    assert "wrong" in picture.read_text("utf-8")
