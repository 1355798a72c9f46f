"""The examples beyond the document run, and show what they are about."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples.make_gallery import shows_the_same

from .lessons import AGAIN, GALLERY

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "needs", "part"),
    [
        ("gaussian_process", "sklearn", "gradient: [0-9]e-(09|1[0-9])"),
        ("hidden_markov_model", "scipy", "by hand: [0-9]e-1[0-9]"),
        ("neural_ode", "scipy", "200 steps: [0-9]e-0[5-9] apart"),
        ("optics_by_fft", "sklearn", r"way: (-?[\d.]{8})\d*, by differences \1"),
        ("regularisation_batches_momentum", "nets", "… and weight decay"),
        ("pipeline_and_grid_search", "sklearn", "formulas are right"),
        ("training_on_a_cluster", "distributed", "largest difference"),
    ],
)
def test_beyond(name: str, needs: str, part: str, tmp_path: Path) -> None:
    pytest.importorskip(needs)
    path = ROOT / "examples" / "beyond" / f"{name}.py"
    options = ["--passes", "3"] if "--passes" in path.read_text(encoding="utf-8") else []
    run = subprocess.run(
        [sys.executable, str(path), *options],
        cwd=tmp_path, text=True, capture_output=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "MPLBACKEND": "Agg"},
    )  # fmt: skip
    assert re.search(part, run.stdout), run.stdout
    made = list(tmp_path.iterdir())
    assert {path.name for path in made} <= {f"beyond_{name}.png"}
    if not options:  # .ci/run draws what is shortened in full
        assert all(shows_the_same(GALLERY / path.name, path) for path in made), AGAIN
