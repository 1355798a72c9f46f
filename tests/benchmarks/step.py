"""One step of gradient descent of a sigmoid network, by everyone, timed in one process.

    pip install -e ".[bench]"
    python -m tests.benchmarks.step
    python -m tests.benchmarks.step --dtype float32 --sizes 64-30-10@32 784-128-10@128
    python -m tests.benchmarks.step --rivals none

The step: feed-forward, back-propagation of the mean over the samples of ½‖y − h‖², and the update
of all weights and biases. `problem` states it, `ours` and `rivals` say how each candidate writes
it. Before any is timed, every candidate takes one step and its updated parameters are compared
with those of a loop over the samples in float64. A candidate that is not installed prints "-".

Importing this package makes the GNU allocator keep freed memory; that holds for the whole
process, and so speeds up NumPy by hand (and MyGrad, HIPS autograd) as well.
"""

from __future__ import annotations

import argparse

import autograd_nn  # noqa: F401  (its allocator setting shall hold for everyone)

from . import ours, rivals
from .problem import Maker, Problem, prepare
from .timing import (
    Figure,
    Timings,
    cores,
    environment,
    interleaved,
    limit_threads,
    measure_table,
    ratio_table,
    say_missing,
)

SIZES = ("64-30-10@1", "64-30-10@32", "64-30-10@1078", "784-128-10@128")
ENGINES = (ours.JIT, ours.JIT_NUMBA)


def _aims(*aims: float) -> dict[str, float]:
    """Return the aims of the four sizes, for those that have one (NaN: none)."""
    return {size: aim for size, aim in zip(SIZES, aims, strict=True) if aim == aim}


NONE = float("nan")
FIGURES = (
    Figure(
        "eager / by hand, the cost too", [ours.EAGER], [ours.HAND_COST], _aims(3.5, 3.0, 1.6, 1.4)
    ),
    Figure("eager / NumPy by hand", [ours.EAGER], [ours.HAND], _aims(3.5, 3.0, 1.6, 1.4)),
    Figure(
        "eager / best of PyTorch eager, MyGrad, HIPS",
        [ours.EAGER],
        [rivals.TORCH, rivals.MYGRAD, rivals.HIPS],
        _aims(1, 1, 1, 1),
    ),
    Figure("jit / NumPy by hand", [ours.JIT], [ours.HAND], _aims(0.7, 0.85, 1.0, 1.0)),
    Figure("jit / jax.jit", [ours.JIT], [rivals.JAX], _aims(1, 1, 1, 1)),
    Figure("jit / jax.jit, each awaited", [ours.JIT], [rivals.JAX_AWAITED], _aims(1, 1, 1, 1)),
    Figure(
        "better engine / best of both, each awaited",
        ENGINES,
        [rivals.JAX_AWAITED, rivals.COMPILED],
        _aims(0.35, 0.35, 1, 1),
    ),
    Figure(
        "better engine / best of jax.jit, torch.compile",
        ENGINES,
        [rivals.JAX, rivals.COMPILED],
        _aims(0.35, 0.35, 1, 1),
    ),
    Figure("better engine / floor", ENGINES, [ours.FLOOR], _aims(NONE, NONE, 1.35, 1.25)),
)


def parse_size(text: str) -> tuple[tuple[int, int, int], int]:
    """Return structure and batch of "64-30-10@32"."""
    try:
        structure, batch = text.split("@")
        inputs, hidden, outputs = (int(part) for part in structure.split("-"))
        if min(inputs, hidden, outputs, int(batch)) < 1:
            raise ValueError
        return (inputs, hidden, outputs), int(batch)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form inputs-hidden-outputs@batch, such as 64-30-10@32"
        ) from None


def measure(
    size: str, dtype: str, makers: dict[str, Maker], repeat: int, told: set[str]
) -> Timings:
    """Check and time the candidates on one size; say which are missing, unless in `told`."""
    structure, batch = parse_size(size)
    candidates, missing = prepare(makers, Problem.random(structure, batch, dtype))
    say_missing({name: why for name, why in missing.items() if name not in told})
    told.update(missing)
    return interleaved(candidates, repeat)


def chosen(names: list[str]) -> dict[str, Maker]:
    """Return the rivals that ``--rivals`` asks for."""
    if "none" in names:
        return {}
    return {who: rivals.MAKERS[who] for name in names for who in rivals.SHORT[name]}


def main(arguments: list[str] | None = None) -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(
        description="Time one step of gradient descent against other libraries."
    )
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), metavar="N-N-N@BATCH")
    parser.add_argument(
        "--dtype", nargs="+", choices=["float64", "float32"], default=["float64", "float32"]
    )
    parser.add_argument(
        "--rivals", nargs="+", choices=[*rivals.SHORT, "none"], default=list(rivals.SHORT)
    )
    parser.add_argument("--repeat", type=int, default=40, help="rounds (default 40)")
    parser.add_argument("--threads", type=int, default=cores(), help="threads of every pool")
    options = parser.parse_args(arguments)
    for size in options.sizes:
        try:
            parse_size(size)
        except argparse.ArgumentTypeError as error:
            parser.error(str(error))
    limit_threads(options.threads)
    makers = {**ours.MAKERS, **chosen(options.rivals)}
    print(environment(rivals.PACKAGES, options.threads))
    told: set[str] = set()
    for dtype in options.dtype:
        columns = {
            size: measure(size, dtype, makers, options.repeat, told) for size in options.sizes
        }
        print(f"\nOne step, {dtype}: median (times NumPy by hand)\n")
        print(measure_table(columns, list(makers), ours.HAND))
        print()
        print(ratio_table(columns, FIGURES), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
