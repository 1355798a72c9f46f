"""The tool for GradBench: its protocol, and results against NumPy's."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from tests.benchmarks.gradbench import tool

RNG = np.random.default_rng(0)


def asked(module: str, function: str, given: dict[str, Any]) -> Any:
    message = {"kind": "evaluate", "module": module, "function": function}
    answer = tool.answer({**message, "input": {**given, "min_runs": 2, "min_seconds": 0}})
    assert answer["success"], answer.get("error")
    assert len(answer["timings"]) == 2
    return json.loads(json.dumps(answer["output"]))


def test_messages_are_answered_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[dict[str, Any]] = [
        {"kind": "start", "eval": "det"}, {"kind": "define", "module": "det"},
        {"kind": "define", "module": "other"}, {"kind": "analysis", "of": 1, "valid": True},
        {"kind": "evaluate", "module": "det", "function": "primal", "input": {}}, {"kind": "end"},
    ]  # fmt: skip
    lines = "".join(json.dumps({"id": i, **kind}) + "\n" for i, kind in enumerate(kinds))
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    tool.main()
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [a["id"] for a in answers] == [0, 1, 2, 3, 4, 5]
    assert answers[0]["tool"] == "autograd_nn"
    assert [answers[i]["success"] for i in (1, 2, 4)] == [True, False, False]
    assert "KeyError" in answers[4]["error"]


def test_values_and_gradients() -> None:
    matrix = RNG.normal(size=(5, 5))
    given: dict[str, Any] = {"A": matrix.ravel().tolist(), "ell": 5}
    det = np.linalg.det(matrix)
    assert asked("det", "primal", given) == pytest.approx(det)
    gradient = asked("det", "gradient", given)
    np.testing.assert_allclose(gradient, (det * np.linalg.inv(matrix).T).ravel())

    x = RNG.normal(size=50)
    assert asked("lse", "primal", {"x": x.tolist()}) == pytest.approx(logsumexp(x))
    np.testing.assert_allclose(asked("lse", "gradient", {"x": x.tolist()}), softmax(x))

    points = RNG.normal(size=(60, 3))
    given = {"points": points.tolist(), "centroids": points[:4].tolist()}
    distances = ((points[:, None] - points[:4]) ** 2).sum(axis=2)
    assert asked("kmeans", "cost", given) == pytest.approx(distances.min(axis=1).sum())
    nearest = distances.argmin(axis=1)
    means = np.stack([points[nearest == i].mean(axis=0) for i in range(4)])
    np.testing.assert_allclose(asked("kmeans", "dir", given), points[:4] - means, atol=1e-12)
