"""Random programs of 5 to 30 operations against JAX and against differences.

    python -m tests.benchmarks.random_programs [--programs 10000] [--seed 0] [--without-jax]
        [--complex] [--jit] [--rows 200] [--quick]

Rows that JAX lacks, or whose gradient it defines in another way, are listed; programs with them are
judged by differences alone (a tenth of all). A gradient that differs, and moves nearly as much when
the inputs of the rows are moved by 1e-14, is called ill-conditioned and counted apart. With
``--complex`` the rows are those that take complex numbers, and get some. With ``--jit`` our
gradients are a program's. JAX compiles every row: ``--rows`` draws some of them, and
``JAX_COMPILATION_CACHE_DIR=FOLDER XLA_FLAGS=--xla_backend_optimization_level=0`` before the command
makes that faster. With ``--quick`` a program that JAX runs is compared with differences only if
JAX differs.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_nn import grad, jit
from autograd_nn.core.recording import TracingError
from tests.autograd_nn.complex_rows import VARIANTS, as_row, has_derivative
from tests.autograd_nn.harness import Row
from tests.autograd_nn.random_programs import Program, Step, draw, judge, our_gradients, result_size
from tests.autograd_nn.rows import ROWS

Sized = list[tuple[Row, int]]


class InJax:
    """The programs, run by JAX; a row is compiled once, as its vectors have all one dtype."""

    def __init__(self, of_complex: bool = False) -> None:
        from .translation import jax as library

        self.library, self.dtype = library(), complex if of_complex else float
        self.compiled: dict[str, Callable[..., Any]] = {}

    def step(self, step: Step, made: Sequence[Any]) -> Any:
        """Run one step."""
        row = step.row
        if row.name not in self.compiled:
            import jax
            import jax.numpy as jnp

            function = self.library.translated(row.run)

            def whole(vectors: Any, shifts: Any, mixing: Any) -> Any:
                alone = Step(row, tuple(range(len(vectors))), shifts, mixing)
                return alone.run(jnp, function, vectors)

            self.compiled[row.name] = jax.jit(whole)
        vectors = tuple(made[s].astype(self.dtype) for s in step.sources)
        return self.compiled[row.name](vectors, step.shifts, step.mixing)

    def gradients(self, program: Program, leaves: Sequence[Any]) -> list[Any]:
        """Return the gradients by `jax.grad`."""
        import jax

        def value(*vectors: Any) -> Any:
            return program.value(vectors, self.step)

        found = jax.grad(value, argnums=tuple(range(len(leaves))))(*leaves)
        return [np.asarray(g) for g in found]


def far_apart(a: Sequence[Any], b: Sequence[Any]) -> float:
    """Return the largest difference relative to the largest gradient."""
    size = max([float(np.max(np.abs(x))) for x in (*a, *b)] + [1e-12])
    gap = max(float(np.max(np.abs(x - y))) for x, y in zip(a, b, strict=True))
    return gap / size if np.isfinite(gap / size) else np.inf


def shared(rows: Sized, jax: InJax, of_complex: bool) -> tuple[Sized, list[str]]:
    """Return the rows that JAX has and means in the same way, and what is with the others."""
    same, others = [], []
    rng = np.random.default_rng(0)
    for row, size in rows:
        program, leaves = draw([(row, size)], rng, 1, 1, of_complex)
        try:
            gap = far_apart(our_gradients(program, leaves), jax.gradients(program, leaves))
        except Exception as error:  # whatever a library raises for what it lacks
            others.append(f"{row.name}: {type(error).__name__}")
            continue
        if gap < 1e-6:
            same.append((row, size))
        else:
            others.append(f"{row.name}: another gradient")
    return same, others


def by_program(program: Program, leaves: Sequence[Any]) -> Any:
    """Return the gradients by a program of `jit`."""
    return jit(grad(program.on_tensors, argnums=tuple(range(len(leaves)))))(*leaves)


def has_gradients(sized: tuple[Row, int], of_complex: bool, find: Any) -> bool:
    """Whether a row has a derivative by all that it is given, and needs no values while traced."""
    try:
        find(*draw([sized], np.random.default_rng(0), 1, 1, of_complex))
    except (NotImplementedError, TracingError):
        return False
    return True


def sensitivity(program: Program, leaves: Sequence[Any], rng: np.random.Generator) -> float:
    """Return how much the gradient moves when the inputs of all rows are moved by 1e-14."""
    here = our_gradients(program, leaves)

    def shake(x: Any) -> Any:
        return x if x.dtype.kind not in "fc" else x * (1 + 1e-14 * rng.normal(size=x.shape))

    return max(far_apart(here, our_gradients(program, leaves, shake)) for _ in range(3))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without-jax", action="store_true")
    parser.add_argument("--complex", action="store_true")
    parser.add_argument("--jit", action="store_true")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    listed = [row for row in ROWS if row.order]
    if options.complex:
        listed = [as_row(row, which) for row, which in VARIANTS if has_derivative(row, which)]
    if options.rows:
        drawn = np.random.default_rng(options.seed).permutation(len(listed))[: options.rows]
        listed = [listed[i] for i in sorted(drawn)]
    rows = [(row, size) for row in listed if (size := result_size(row))]
    find = by_program if options.jit else our_gradients
    rows = [sized for sized in rows if has_gradients(sized, options.complex, find)]
    pool, jax = rows, None
    if not options.without_jax:
        jax = InJax(options.complex)
        pool, others = shared(rows, jax, options.complex)
        print(f"{len(pool)} of {len(rows)} rows are the same in JAX; not:")
        print("\n".join(f"  {line}" for line in others))
        print(f"compiled in {time.perf_counter() - start:.0f} s", flush=True)
    count: Counter[str] = Counter()
    seen: set[str] = set()
    operations = 0
    for number in range(options.programs):
        rng = np.random.default_rng([options.seed, number])
        alone = jax is None or number % 10 == 9
        program, leaves = draw(rows if alone else pool, rng, of_complex=options.complex)
        operations += len(program.steps)
        seen |= {step.row.name for step in program.steps}
        ours = find(program, leaves)
        if alone or not options.quick:
            verdict = judge(program, leaves, ours, rng)
            count[f"differences: {verdict.word}"] += 1
            if verdict.word == "wrong":
                print(f"WRONG {options.seed} {number}: {verdict}\n{program.text}", flush=True)
        if all(np.all(g == 0) for g in ours):
            count["gradients that are zero"] += 1
        if number % 250 == 249:
            print(number + 1, dict(sorted(count.items())), flush=True)
        if jax is None or alone:
            continue
        gap = far_apart(ours, jax.gradients(program, leaves))
        if gap < 1e-9:
            count["JAX: same to 1e-9"] += 1
        elif gap < 100 * sensitivity(program, leaves, rng):
            count["JAX: ill-conditioned"] += 1
        else:
            count["JAX: different"] += 1
            print(f"DIFFERENT {options.seed} {number}: {gap}\n{program.text}", flush=True)
    print(f"{options.programs} programs, {operations} operations, {len(seen)} rows used")
    print("\n".join(f"{key}: {n}" for key, n in sorted(count.items())))
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
