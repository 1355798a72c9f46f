"""Random programs of many dtypes through `jit`, against recorded execution.

    python -m tests.benchmarks.random_jit [--programs 20000] [--engine numpy] [--seed 0]

A program is made for one call and repeated with other values, extreme ones among them. Shapes,
dtypes, whole numbers and truth values must be those of the recorded run; floating-point results may
lie as far off as the recorded run itself moves when its intermediate values move by some ulp.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from typing import Any

import numpy as np

from autograd_nn import jit
from autograd_nn.program.comparison import WrongProgramError, difference_from
from autograd_nn.program.trace import trace
from tests.autograd_nn.random_programs import TypedProgram, draw_typed

REFUSED = (AttributeError, IndexError, TypeError, ValueError, OverflowError, NotImplementedError)


def copied(arguments: list[Any]) -> list[Any]:
    """Return arguments that may be overwritten."""
    return [x.copy() if isinstance(x, np.ndarray) else x for x in arguments]


def one(program: TypedProgram, rng: np.random.Generator, engine: str) -> str:
    """Return "right", or what went wrong, with one program."""

    def f(*args: Any) -> Any:
        return program.run(*args)

    arrays = [i for i, (_, shape) in enumerate(program.kinds) if shape is not None]
    donate = tuple(arrays[:1]) if rng.random() < 0.3 else ()
    step = jit(f, engine=engine, donate=donate)
    for call in range(3):
        arguments = program.arguments(rng, extreme=call > 0 or rng.random() < 0.2)
        names = {f"a{i}": x for i, x in enumerate(arguments)}
        try:
            traced = trace(f, "f", names, (), ())
        except REFUSED:
            return "refused by NumPy"
        try:
            got = step(*copied(arguments))
        except WrongProgramError as error:
            return f"FALSE ALARM {str(error)[:300]}"
        except Exception as error:  # whatever it is, the recorded run has none
            return f"CRASH {type(error).__name__}: {str(error)[:300]}"
        problem = difference_from(traced, got)
        if problem:
            return f"WRONG {problem} for {arguments}"
    return "right"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=20_000)
    parser.add_argument("--engine", default="numpy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    start, count = time.perf_counter(), Counter[str]()
    numbers = range(options.programs) if options.only is None else [options.only]
    for number in numbers:
        rng = np.random.default_rng([options.seed, number])
        program = draw_typed(rng)
        verdict = one(program, rng, options.engine)
        count[verdict.split(" ")[0] if verdict.isupper() or verdict[:2].isupper() else verdict] += 1
        if verdict[:2].isupper():
            print(f"{number}: {verdict}\n{program.text}\n", flush=True)
    print(f"{len(numbers)} programs, {time.perf_counter() - start:.0f} s")
    print("\n".join(f"{key}: {n}" for key, n in sorted(count.items())))


if __name__ == "__main__":
    main()
