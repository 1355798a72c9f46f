"""Random functions with loops in them: programs with loops against the programs without.

    python -m tests.benchmarks.random_loops [--programs 1000] [--seed 0] [--fewest 3] [--shortest 6]

States that go on, lags, permuted rows, lists of arrays, broken steps, loops in loops, with and
without gradients; low limits let short repeats become loops, too.
"""

from __future__ import annotations

import argparse
from collections import Counter

import pytest

from autograd_nn.program import repeats, rolling
from tests.autograd_nn.program.test_rolling import difference


def main() -> None:
    """Compare, and say how many had loops and which were wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fewest", type=int, default=3)
    parser.add_argument("--shortest", type=int, default=6)
    given = parser.parse_args()
    for module in (repeats, rolling):
        module.FEWEST, module.SHORTEST = given.fewest, given.shortest  # type: ignore[attr-defined]  # both read them
    counts: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        for seed in range(given.seed, given.seed + given.programs):
            try:
                counts["with loops" if difference(seed, patch) else "without loops"] += 1
            except Exception as error:  # whatever goes wrong is counted
                counts["wrong"] += 1
                print(f"{seed}: {type(error).__name__} {str(error)[:200]}")
    print(", ".join(f"{count} {what}" for what, count in counts.items()))


if __name__ == "__main__":
    main()
