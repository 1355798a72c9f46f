"""GradBench's protocol: a line of JSON comes in for every request, one goes out as its answer.

    python -m tests.benchmarks.gradbench.tool

GradBench's evals are started by its own program, or by ``compare`` beside this file.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import adbench, cmpad, nested


@dataclass(frozen=True)
class Task:
    """A function of an eval.

    Attributes
    ----------
    prepare : callable
        Makes of the input what `run` takes. Its time does not count.
    run : callable
        What is measured.
    finish : callable
        Makes JSON of the result.
    """

    prepare: Callable[[dict[str, Any]], Any]
    run: Callable[..., Any]
    finish: Callable[[Any], Any]


def _numbers(x: Any) -> Any:
    return x.tolist()


TASKS: Mapping[str, Mapping[str, Task]] = {
    "gmm": {
        "objective": Task(adbench.gmm_input, adbench.gmm, float),
        "jacobian": Task(adbench.gmm_input, adbench.gmm_gradient, adbench.gmm_output),
    },
    "ba": {
        "objective": Task(adbench.ba_input, adbench.ba_errors, adbench.ba_errors_output),
        "jacobian": Task(adbench.ba_input, adbench.ba_jacobian, adbench.ba_jacobian_output),
    },
    "lstm": {
        "objective": Task(adbench.lstm_input, adbench.lstm, float),
        "jacobian": Task(adbench.lstm_input, adbench.lstm_gradient, _numbers),
    },
    "ht": {
        "objective": Task(adbench.ht_input, adbench.ht_errors, _numbers),
        "jacobian": Task(adbench.ht_input, adbench.ht_jacobian, _numbers),
    },
    "ode": {
        "primal": Task(cmpad.ode_input, cmpad.ode, _numbers),
        "gradient": Task(cmpad.ode_input, cmpad.ode_gradient, _numbers),
    },
    "kmeans": {
        "cost": Task(cmpad.kmeans_input, cmpad.kmeans_cost, float),
        "dir": Task(cmpad.kmeans_input, cmpad.kmeans_direction, _numbers),
    },
    "llsq": {
        "primal": Task(cmpad.llsq_input, cmpad.llsq, float),
        "gradient": Task(cmpad.llsq_input, cmpad.llsq_gradient, _numbers),
    },
    "lse": {
        "primal": Task(cmpad.lse_input, cmpad.lse, float),
        "gradient": Task(cmpad.lse_input, cmpad.lse_gradient, _numbers),
    },
    "det": {
        "primal": Task(cmpad.det_input, cmpad.det, float),
        "gradient": Task(cmpad.det_input, cmpad.det_gradient, _numbers),
    },
    "particle": {
        modes: Task(nested.particle_input, nested.particle(modes), float) for modes in nested.MODES
    },
    "saddle": {
        modes: Task(nested.saddle_input, nested.saddle(modes), _numbers) for modes in nested.MODES
    },
}


def evaluate(message: Mapping[str, Any]) -> dict[str, Any]:
    """Run a function as often, or as long, as its input asks for."""
    task, given = TASKS[message["module"]][message["function"]], message["input"]
    arguments = task.prepare(given)
    timings: list[dict[str, Any]] = []
    result: Any = None
    spent = 0
    while len(timings) < given["min_runs"] or spent < given["min_seconds"] * 1e9:
        start = time.perf_counter_ns()
        result = task.run(*arguments)
        timings.append({"name": "evaluate", "nanoseconds": time.perf_counter_ns() - start})
        spent += timings[-1]["nanoseconds"]
    return {"success": True, "output": task.finish(result), "timings": timings}


def answer(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to one message."""
    kind = message["kind"]
    if kind == "start":
        return {"tool": "autograd_nn"}
    if kind == "define":
        known = message["module"] in TASKS
        return {"success": known, **({} if known else {"error": "not implemented"})}
    if kind != "evaluate":
        return {}
    try:
        return evaluate(message)
    except Exception:
        return {"success": False, "error": traceback.format_exc()}


def main() -> None:
    """Answer until the other side closes."""
    for line in sys.stdin:
        message = json.loads(line)
        sys.stdout.write(json.dumps({"id": message["id"], **answer(message)}) + "\n")
        sys.stdout.flush()
        if message["kind"] == "end":
            return


if __name__ == "__main__":
    main()
