"""How many of the labelled mistakes are located and explained; what innocent is blamed."""

import re
import sys
import traceback

from autograd_nn import verify

from .exercise import KINDS
from .first import EXERCISES


def main() -> None:
    """Print a line for everything that is not as it should be, and the counts."""
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    total = located = explained = false = innocent = crashes = 0
    rejected = right = 0
    for exercise in EXERCISES:
        if only not in exercise.name:
            continue
        J = exercise.graph()
        for script in exercise.right():
            right += 1
            try:
                report = verify(J, script=script, names=exercise.values())
            except Exception:
                crashes += 1
                traceback.print_exc(limit=-1)
                continue
            if not report.ok:
                rejected += 1
                print("REJECTED", exercise.name, report.summary())
        for mistake in exercise.mistakes:
            total += 1
            try:
                report = verify(J, script=exercise.wrong(mistake), names=exercise.values())
                blamed = list(dict.fromkeys(
                    re.sub(r"s?\d+$", "", x.name) if x.name[-1] != mistake.where[-1] else x.name
                    for x in report.failures
                ))  # fmt: skip
                said = [line.explanations[0].words for line in report.failures if line.explanations]
            except Exception:
                crashes += 1
                traceback.print_exc(limit=-1)
                continue
            found = blamed == [mistake.where]
            located += found
            innocent += len(set(blamed) - {mistake.where})
            good = bool(said) and bool(re.search(KINDS[mistake.kind], said[0]))
            explained += good
            false += bool(said) and not good
            if not found or not good:
                print(f"{exercise.name[:12]} | {mistake.where} | {mistake.kind} | {mistake.old.strip()} → "
                      f"{mistake.new.strip()} | blamed {blamed} | {said[:1]}")  # fmt: skip
    print(f"{located}/{total} located, {explained} explained, {false} false, "
          f"{innocent} innocent blamed, {crashes} crashes, {rejected}/{right} rejected")  # fmt: skip


if __name__ == "__main__":
    main()
