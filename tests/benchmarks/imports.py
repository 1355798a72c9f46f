"""What is paid once: importing the package, and tracing and finding a program.

    python -m tests.benchmarks.imports

Two tables:

- ``python -c "import …"`` of nothing, of NumPy, of this package: fresh processes, interleaved,
  whole wall clock. Byte code is written, for all alike, by first runs that are not counted.
- `jit` on the training step of the 64-30-10 network, its parameters a nested dict of four arrays:
  tracing and lowering it from nothing; calling the cached program through ``jit``; calling the
  program itself. What the search for the cached program adds is the difference of the last two
  within a round.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np
from tabulate import tabulate

from . import ours
from .problem import Problem
from .timing import (
    Candidate,
    Figure,
    cores,
    environment,
    in_units,
    interleaved,
    limit_threads,
    measure_table,
    ratio_table,
)

NOTHING, NUMPY, PACKAGE = "nothing", "import numpy", "import autograd_nn"


def python(statement: str, byte_code: str) -> Candidate:
    """Return runs of a fresh interpreter on `statement`, with byte code kept in a folder."""
    command = [sys.executable, "-c", statement]
    settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPYCACHEPREFIX"] = byte_code
    return Candidate(lambda: subprocess.run(command, check=True, env=settings))


def imports(repeat: int) -> None:
    """Print the table of imports."""
    statements = {NOTHING: "pass", NUMPY: NUMPY, PACKAGE: PACKAGE}
    with tempfile.TemporaryDirectory() as byte_code:
        runs = {name: python(statement, byte_code) for name, statement in statements.items()}
        timings = {"fresh process": interleaved(runs, repeat, 0.0)}
    print("\nFresh processes: median (times NumPy)\n")
    print(measure_table(timings, list(runs), NUMPY))
    print()
    figure = Figure("autograd_nn / numpy", [PACKAGE], [NUMPY], {"fresh process": 1.2})
    print(ratio_table(timings, [figure]))


LOWER, CALL, PROGRAM = "trace and lower", "call through jit", "call of the program"


def nested(p: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Return the four parameters as a dict of a dict a layer."""
    return {"1": {"W": p["W1"], "b": p["b1"]}, "2": {"W": p["W2"], "b": p["b2"]}}


def tracing(repeat: int) -> None:
    """Print the table of what `jit` costs besides the step."""
    try:
        from autograd_nn import jit
    except ImportError as error:
        print(f"\nno jit ({error})")
        return
    problem = Problem.random((64, 30, 10), 1, "float64")

    def updated(p: Any, x: Any, y: Any) -> Any:
        flat = {"W1": p["1"]["W"], "b1": p["1"]["b"], "W2": p["2"]["W"], "b2": p["2"]["b"]}
        return nested(ours.updated(flat, x, y, problem.rate))

    p, x, y = nested(ours.named(problem)), problem.x, problem.y
    step = jit(updated)
    step(p, x, y)
    program = step.lower(p, x, y)
    program(p, x, y)
    candidates = {
        LOWER: Candidate(lambda: jit(updated).lower(p, x, y)),
        CALL: Candidate(lambda: step(p, x, y)),
        PROGRAM: Candidate(lambda: program(p, x, y)),
    }
    timings = interleaved(candidates, repeat)
    added = float(np.median(timings.seconds[CALL] - timings.seconds[PROGRAM]))
    rows = [[name, in_units(timings.median(name)), ""] for name in candidates]
    rows[0][2] = "< 50 ms" if timings.median(LOWER) < 0.05 else "! not < 50 ms"
    rows.append(
        [
            "finding the program adds",
            in_units(added),
            "< 10 µs" if added < 1e-5 else "! not < 10 µs",
        ]
    )
    print("\njit on the training step, four arrays in a nested dict, batch 1: median\n")
    print(tabulate(rows, headers=["", "", "aim"], colalign=("left", "right", "left")))


def main(arguments: list[str] | None = None) -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Time the import, and what jit costs once.")
    parser.add_argument("--repeat", type=int, default=40, help="rounds (default 40)")
    parser.add_argument("--threads", type=int, default=cores(), help="threads of every pool")
    options = parser.parse_args(arguments)
    limit_threads(options.threads)
    print(environment(("numpy",), options.threads))
    imports(options.repeat)
    tracing(options.repeat)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
