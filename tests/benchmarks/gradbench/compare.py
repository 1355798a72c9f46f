"""GradBench's evals on this library's tool and on its own tools: validity, and times side by side.

    python -m tests.benchmarks.gradbench.compare CHECKOUT [EVAL ...] [--tools ours jax pytorch]

CHECKOUT is a copy of GradBench, whose evals and tools are run, and whose C++ tool `manual` is built
in ``tools/manual/bin``: its evals compare every answer with that. They need pydantic and
dataclasses-json. Of each eval the smallest three sizes are run. What a copy lacks is left out: the
text of `lstm` is stored elsewhere, and another text stands in its place if ``--text`` names one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]

SIZES: dict[str, list[str]] = {
    "gmm": ["-d", "2", "10", "-k", "5", "10", "-n", "1000"],
    "ba": ["--max", "3"],
    "lstm": ["-l", "2", "-c", "1024"],
    "ht": ["--max", "3"],
    "ode": ["-n", "1000", "10000", "-s", "1", "10"],
    "kmeans": ["-k", "10", "100", "-n", "1000", "-d", "8", "16"],
    "llsq": ["-n", "16", "32", "64"],
    "lse": ["-n", "2500", "5000", "10000"],
    "det": ["-l", "5", "6", "7"],
    "particle": [],
    "saddle": [],
}
"""Eval → the arguments for its smallest sizes."""

Times = dict[tuple[str, str, str], tuple[float, str]]
"""(eval, size, function) → seconds, and what the eval said of the answer."""


def _tool(checkout: Path, name: str) -> list[str]:
    if name == "ours":
        return [sys.executable, "-m", "tests.benchmarks.gradbench.tool"]
    if name == "manual":
        return [sys.executable, "-m", "gradbench.cpp", "manual"]
    script = checkout / f"python/gradbench/gradbench/tools/{name}/run.py"
    return [sys.executable, *(["-c", _WAITING] if name == "jax" else []), str(script)]


_WAITING = """
import runpy, sys
from pathlib import Path
import jax
from gradbench import wrap

runs = wrap.multiple_runs
wrap.multiple_runs = lambda **how: lambda f: runs(**how)(lambda x: jax.block_until_ready(f(x)))
script = sys.argv.pop(1)
sys.path.insert(0, str(Path(script).parent))
runpy.run_path(script, run_name="__main__")
"""
"""Starts the JAX tool such that it waits for its results: it would measure the dispatch alone."""


def run(checkout: Path, module: str, tool: str, seconds: float) -> Times:
    """Run one eval on one tool, and pass the messages between them."""
    package = checkout / "python/gradbench"
    extra = os.environ.get("PYTHONPATH", "")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package), str(ROOT), extra]),
           "JAX_PLATFORMS": "cpu"}  # fmt: skip
    script = [sys.executable, str(package / f"gradbench/evals/{module}/run.py"), *SIZES[module]]
    options: dict[str, Any] = {"stdin": -1, "stdout": -1, "text": True, "env": env, "cwd": checkout}
    found: Times = {}
    asked: dict[int, tuple[tuple[str, str, str], float, str]] = {}
    with (
        subprocess.Popen([*script, "--min-seconds", str(seconds)], **options) as judge,
        subprocess.Popen(_tool(checkout, tool), **options) as player,
    ):
        assert judge.stdout and judge.stdin and player.stdout and player.stdin
        for line in judge.stdout:
            message = json.loads(line)
            player.stdin.write(line)
            player.stdin.flush()
            if message["kind"] == "end":
                break
            answer = player.stdout.readline()
            reply = json.loads(answer or f'{{"id": {message["id"]}, "success": false}}')
            if message["kind"] == "evaluate":
                key = (module, message.get("description", ""), message["function"])
                times = [t["nanoseconds"] for t in reply.get("timings") or ()
                         if t["name"] == "evaluate"]  # fmt: skip
                error = (reply.get("error") or "").strip().splitlines()[-1:]
                asked[message["id"]] = (key, min(times, default=0) / 1e9, "".join(error))
                found[key] = (asked[message["id"]][1], "".join(error) or "failed")
            elif message["kind"] == "analysis":
                key, best, _ = asked[message["of"]]
                found[key] = (best, "valid" if message["valid"] else f"WRONG {message['error']}")
            judge.stdin.write(json.dumps(reply) + "\n")
            judge.stdin.flush()
        player.stdin.close()
    return found


def main() -> None:
    """Print a line for every function and size of every eval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("evals", nargs="*", default=list(SIZES))
    parser.add_argument("--tools", nargs="+", default=["ours", "jax", "pytorch", "manual"])
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--text", type=Path, help="stands in for the text of lstm")
    given = parser.parse_args()
    checkout = given.checkout.resolve()
    text = checkout / "evals/lstm/data/lstm_full.txt"
    if given.text and not (text.exists() and text.stat().st_size):
        text.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(given.text, text)
    for module in given.evals:
        by_tool = {
            tool: run(checkout, module, tool, given.seconds)
            for tool in given.tools
            if tool == "ours" or _has(checkout, tool, module)
        }
        for key in by_tool.get("ours", {}):
            shown = [
                f"{tool} {times[key][0] * 1e6:10.1f} µs {times[key][1][:60]}"
                for tool, times in by_tool.items()
                if key in times
            ]
            print(f"{' '.join(key):36s} " + " | ".join(shown), flush=True)


def _has(checkout: Path, tool: str, module: str) -> bool:
    name = f"tools/{tool}/{module}"
    return any(
        (checkout / p).exists() for p in (f"{name}.cpp", f"python/gradbench/gradbench/{name}.py")
    )


if __name__ == "__main__":
    main()
