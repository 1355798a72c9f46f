"""The examples beyond the document run, and show what they are about."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "needs", "part"),
    [
        ("regularisation_batches_momentum", "nets", "… and weight decay"),
        ("pipeline_and_grid_search", "sklearn", "formulas are right"),
        ("training_on_a_cluster", "distributed", "largest difference"),
    ],
)
def test_beyond(name: str, needs: str, part: str) -> None:
    pytest.importorskip(needs)
    path = ROOT / "examples" / "beyond" / f"{name}.py"
    run = subprocess.run(
        [sys.executable, str(path), "--passes", "3"],
        cwd=ROOT, text=True, capture_output=True, check=True, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert part in run.stdout
