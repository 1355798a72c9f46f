"""The table of operations is what the registry says, and up to date."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_nn.core.op import REGISTRY
from examples.operations import entries, markdown, rule_text
from tests.autograd_nn.ops.called import functions_of, through
from tests.autograd_nn.rows import REGISTERED, ROWS

ROOT = Path(__file__).parents[2]
AGAIN = "run python -m tests.benchmarks.coverage, or with --ours where the others are missing"


pytestmark = pytest.mark.skipif(
    not hasattr(np, "matvec"), reason="the table lists what NumPy 2.2 has and an older one lacks"
)


@pytest.fixture(scope="module")
def data() -> Any:
    return json.loads((ROOT / "tests" / "benchmarks" / "coverage.json").read_text())


def test_the_table_is_not_stale(data: Any) -> None:
    assert data["through"] == through(), AGAIN
    written = (ROOT / "examples" / "operations.md").read_text(encoding="utf-8")
    assert written == markdown(data), AGAIN


def test_the_columns_fit(data: Any) -> None:
    table = markdown(data).partition("## Refused")[0]
    lines = [x for x in table.splitlines() if x.startswith("|")]
    assert len(lines) == len(entries(data["through"])) + 2
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {
        4 + len(data["versions"]) + 1
    }


def test_every_rule_has_a_text() -> None:
    for name in sorted(REGISTERED):
        op = REGISTRY[name]
        assert bool(rule_text(op)) == op.differentiable, name


def test_every_formula_is_drawn_by_matplotlib(data: Any) -> None:
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("agg")
    for line in entries(data["through"]):
        for formula in re.findall(r"\$.*?\$", line.rule):
            parser.parse(formula)


def test_differentiable_is_what_the_rows_test(data: Any) -> None:
    tested: dict[str, bool] = {}
    for row in ROWS:
        for name in functions_of(row):
            tested[name] = tested.get(name, False) or bool(row.by)
    for line in entries(data["through"]):
        if line.name in tested:
            assert line.differentiable == tested[line.name], line.name


def test_rules_are_read_off_the_registry() -> None:
    assert rule_text(REGISTRY["sin"]) == r"$g \odot \cos(x)$"
    assert rule_text(REGISTRY["multiply"]) == r"$g \odot y$; $g \odot x$"
