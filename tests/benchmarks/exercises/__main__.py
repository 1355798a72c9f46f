"""How many of the labelled mistakes are located and explained; what innocent is blamed.

``python -m tests.benchmarks.exercises [TEXT]`` takes the exercises whose name contains TEXT. It
prints a line for everything that is not as it should be, then the counts; then those of scripts
with three mistakes, and of a control: answers of another exercise, which nothing explains.
"""

import random
import re
import sys
import time
import traceback

import numpy as np

from autograd_nn import verify
from autograd_nn.derivation import Line
from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.verify.claims import is_claim_name

from . import eighth, fifth, first, fourth, second, seventh, sixth, third
from .exercise import KINDS, Exercise, Mistake

EXERCISES: list[Exercise] = [
    exercise
    for part in (first, second, third, fourth, fifth, sixth, seventh, eighth)
    for exercise in part.EXERCISES
]


def called(line: Line, where: str) -> str:
    """Return what the learner calls it: d_h for dh0, dh1, …, which a loop uses again; delta."""
    own = line.where.partition(";")[0].partition("[")[0]
    return where if where in (line.name, own) else re.sub(r"s?\d+$", "", line.name)


def three_mistakes(exercises: list[Exercise]) -> None:
    """Print how many of three mistakes in one script are located and explained."""
    rng, total, located, explained = random.Random(0), 0, 0, 0  # noqa: S311 - no secret
    for exercise in exercises:
        for _ in range(4):
            chosen: dict[str, Mistake] = {}
            script = exercise.backward
            for mistake in rng.sample(exercise.mistakes, len(exercise.mistakes)):
                apart = mistake.where not in chosen and mistake.old in script
                if apart and len(chosen) < 3:
                    tried = script.replace(mistake.old, mistake.new)
                    if all(made.new.strip() in tried for made in chosen.values()):
                        script, chosen[mistake.where] = tried, mistake
            if len(chosen) < 3:
                continue
            report = exercise.judged(script)
            for where in chosen:
                lines = [line for line in report.failures if called(line, where) == where]
                total += 1
                located += bool(lines)
                explained += any(line.explanations for line in lines)
    print(f"three in one script: {located}/{total} located, {explained} explained")


def control(exercises: list[Exercise]) -> None:
    """Print how many answers of another exercise are explained."""
    rng, total, explained = np.random.default_rng(0), 0, 0
    right = [(e, {line.name: line.values[1] for line in e.judged(e.backward).lines if line.values})
             for e in exercises]  # fmt: skip
    pool = [(e.name, value) for e, values in right for value in values.values() if value.size > 1]
    for exercise, values in right:
        if not exercise.leaves:
            continue
        wrong, used = {}, set()
        for name, value in values.items():
            others = [x for other, x in pool if other != exercise.name and x.size >= value.size
                      and id(x) not in used]  # fmt: skip
            if others and value.size > 1 and value.any():
                other = others[rng.integers(len(others))]
                used.add(id(other))  # one answer for two is a derivative left out, as explained
                wrong[name] = other.ravel()[: value.size].reshape(value.shape)
        if not wrong:
            continue
        J = exercise.graph()
        verify(J, script=exercise.backward, names=exercise.values())  # names the tensors
        known = Environment(J)
        wrong = {name: value for name, value in wrong.items() if is_claim_name(known, name)}
        for line in verify(J, wrong).failures if wrong else ():
            total += 1
            explained += bool(line.explanations)
    print(f"answers of other exercises: {explained}/{total} explained")


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
    if not only:
        three_mistakes(EXERCISES)
        control(EXERCISES)
    for name in sorted(took, key=lambda name: -took[name])[:3]:
        print(f"slowest: {took[name]:.2f} s, {name}")


if __name__ == "__main__":
    main()
