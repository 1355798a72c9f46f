"""How many of the labelled mistakes are located and explained; what innocent is blamed.

``python -m tests.benchmarks.exercises [TEXT]`` takes the exercises whose name contains TEXT. It prints
a line for everything that is not as it should be, then the counts.
"""

import re
import sys
import time
import traceback

from autograd_nn.derivation import Line

from . import first, second, third
from .exercise import KINDS, Exercise

EXERCISES: list[Exercise] = [*first.EXERCISES, *second.EXERCISES, *third.EXERCISES]


def called(line: Line, where: str) -> str:
    """Return what the learner calls it: d_h for dh0, dh1, …, which a loop uses again; delta."""
    own = line.where.partition(";")[0].partition("[")[0]
    return where if where in (line.name, own) else re.sub(r"s?\d+$", "", line.name)


def main() -> None:
    """Print a line for everything that is not as it should be, and the counts."""
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    total = located = explained = false = innocent = crashes = 0
    rejected = right = 0
    took: dict[str, float] = {}
    for exercise in EXERCISES:
        if only not in exercise.name:
            continue
        for script in exercise.right():
            right += 1
            try:
                report = exercise.judged(script)
            except Exception:
                crashes += 1
                traceback.print_exc(limit=-1)
                continue
            if not report.ok:
                rejected += 1
                print("REJECTED", exercise.name, report.summary())
        for mistake in exercise.mistakes:
            total += 1
            start = time.process_time()
            try:
                report = exercise.judged(exercise.wrong(mistake))
                blamed = [called(line, mistake.where) for line in report.failures]
                said = [line.explanations[0].words for line in report.failures if line.explanations]
            except Exception:
                crashes += 1
                traceback.print_exc(limit=-1)
                continue
            took[exercise.name] = max(took.get(exercise.name, 0), time.process_time() - start)
            others = {name for name in blamed if name != mistake.where}
            found = mistake.where in blamed and not others
            located += found
            innocent += len(others)
            good = bool(said) and bool(re.search(KINDS[mistake.kind], said[0]))
            explained += good
            false += bool(said) and not good
            if not found or not good:
                change = f"{mistake.old.strip()} → {mistake.new.strip()}"
                print(exercise.name[:12], mistake.where, mistake.kind, change, sorted(set(blamed)),
                      said[:1], sep=" | ")  # fmt: skip
    print(
        f"{located}/{total} located, {explained} explained, {false} false, {innocent} innocent "
        f"blamed, {crashes} crashes, {rejected}/{right} rejected"
    )
    for name in sorted(took, key=lambda name: -took[name])[:3]:
        print(f"slowest: {took[name]:.2f} s, {name}")


if __name__ == "__main__":
    main()
