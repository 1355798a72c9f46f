"""The text of a picture: the same for the same graph, in every process."""

import os
import subprocess
import sys

import pytest

from .graphs import GOLDEN, PICTURES

ROOT = GOLDEN.parents[3]


@pytest.mark.parametrize("name", PICTURES)
def test_text_is_the_one_kept(name: str) -> None:
    kept = (GOLDEN / f"{name}.gv").read_text(encoding="utf-8")
    assert PICTURES[name]().source == kept


def test_every_kept_text_is_tested() -> None:
    assert {path.stem for path in GOLDEN.glob("*.gv")} == set(PICTURES)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_text_does_not_depend_on_the_process(seed: str) -> None:
    code = (
        "from tests.autograd_nn.drawing.graphs import PICTURES\n"
        "for name in ('cost-gradients', 'backward', 'folded'): print(PICTURES[name]().source)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
        encoding="utf-8", env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
    )  # fmt: skip
    kept = [
        (GOLDEN / f"{name}.gv").read_text(encoding="utf-8")
        for name in ("cost-gradients", "backward", "folded")
    ]
    assert done.stdout == "\n".join(kept) + "\n"
