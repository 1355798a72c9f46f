"""Every nesting of transforms to depth 3, of every kind of function, against JAX.

``python -m tests.benchmarks.nested [HOW_MANY [FROM]]``: all are equal. A line for each that is
not, and exit status 1. HOW_MANY takes a sample, in an order that is always the same; FROM says
where in that order it begins, so that parts of the whole can be run.
"""

from __future__ import annotations

import importlib
import itertools
import random
import sys
import warnings

import numpy as np

from ..autograd_nn.transforms.test_nested import CHAINS, FUNCTIONS, compared


def outcome(name: str, chain: tuple[str, ...], x: float) -> str:
    """Return "equal", or what is different."""
    try:
        found, right = compared(name, chain, x)
    except Exception as error:  # refused: by both is well
        return f"{type(error).__name__}: {error}"
    return "equal" if np.allclose(found, right, rtol=1e-9, atol=1e-12) else f"{found} != {right}"


def main() -> int:
    """Compare, print, and return the exit status."""
    warnings.simplefilter("ignore")
    cases = [*itertools.product(FUNCTIONS, CHAINS, (0.7, 2.3))]
    random.Random(0).shuffle(cases)  # noqa: S311 - a choice of cases
    count = int(sys.argv[1]) if len(sys.argv) > 1 else len(cases)
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    wrong = 0
    for number, case in enumerate(cases[first : first + count], 1):
        if number % 250 == 0:
            importlib.import_module("jax").clear_caches()  # of programs that are not run again
            print(f"{number} compared", flush=True)
        if (text := outcome(*case)) != "equal":
            wrong += 1
            print(*case, text[:150], flush=True)
    print(f"{min(count, len(cases))} compared, {wrong} different or refused by one")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
