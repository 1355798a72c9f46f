"""Random programs over the test list: any row after any other.

1. `Step` is one row with its surroundings: vectors of `WIDTH` numbers come in, are bent into the
   shapes and domains of the row's inputs, and its result is mixed into one such vector again.
2. `Program` is a list of steps, each on vectors that came before; its value is one number.
3. `judge` compares the gradients of a program with differences and says when these are too rough
   to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_nn import Tensor, gradients

from .harness import In, Row

WIDTH = 6
LEAVES = 3
STEPS = (1e-3, 2e-4, 3e-5, 5e-6, 1e-6, 1e-2, 3e-3)
"""Steps of the differences; the later ones serve where the earlier ones do not agree."""


def entered(xp: Any, x: In, vector: Any, shift: Any) -> Any:
    """Return `vector` in the shape and domain of `x`; `shift` keeps repeated elements apart."""
    if x.kind != "f":
        return shift
    size = int(np.prod(x.shape, dtype=int))
    taken = xp.take(vector, np.arange(size) % WIDTH)
    inside = 0.5 + 0.49 * xp.tanh(taken + shift)
    return xp.reshape(x.low + (x.high - x.low) * inside, x.shape)


def left(xp: Any, out: Any, mixing: Any) -> Any:
    """Return the result of a row as a vector, kept from growing without being cut off."""
    return xp.arcsinh(mixing @ xp.ravel(out * 1.0))


@dataclass(frozen=True)
class Step:
    """A row, the vectors it works on, and the fixed numbers around it."""

    row: Row
    sources: tuple[int, ...]
    shifts: tuple[Any, ...]
    mixing: Any

    def run(
        self,
        xp: Any,
        function: Callable[..., Any],
        vectors: Sequence[Any],
        shake: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Run `function`, the row's, between what makes it fit.

        `xp` is NumPy or its like; `shake` is done to the row's inputs.
        """
        inputs = [
            entered(xp, x, vectors[source], shift)
            for x, source, shift in zip(self.row.inputs, self.sources, self.shifts, strict=True)
        ]
        if shake is not None:
            inputs = [shake(x) for x in inputs]
        # half of a vector goes past the row: one without derivatives must not end all gradients
        return left(xp, function(*inputs), self.mixing) + 0.5 * vectors[self.sources[0]]


@dataclass(frozen=True)
class Program:
    """Steps on leaves; the value is a weighted sum of the vectors nobody else used."""

    steps: tuple[Step, ...]
    weights: Any

    def value(self, vectors: Sequence[Any], run: Callable[[Step, Sequence[Any]], Any]) -> Any:
        """Return the value, where `run` runs a step on the vectors so far."""
        made = list(vectors)
        for step in self.steps:
            made.append(run(step, made))
        used = {source for step in self.steps for source in step.sources}
        ends = [v for i, v in enumerate(made) if i not in used]
        total = 0.0
        for end, weights in zip(ends, self.weights, strict=False):
            total = total + (end @ weights)
        return total

    def on_tensors(self, *vectors: Any, shake: Callable[[Any], Any] | None = None) -> Any:
        """Return the value, recorded."""
        return self.value(vectors, lambda step, made: step.run(np, step.row.run, made, shake))

    @property
    def text(self) -> str:
        """The program, a line a step."""
        return "\n".join(
            f"v{LEAVES + i} = {step.row.name}({', '.join(f'v{s}' for s in step.sources)})"
            for i, step in enumerate(self.steps)
        )


def result_size(row: Row) -> int:
    """Return how many numbers the row's result has; 0 if the row does not fit into programs.

    It does not if the number depends on the values, or if the result is in single precision, which
    differences cannot be taken of.
    """
    sizes = set()
    for seed in range(4):
        rng = np.random.default_rng(seed)
        vector = Tensor(rng.normal(size=WIDTH))
        shifts = _shifts(row, rng)
        inputs = [entered(np, x, vector, s) for x, s in zip(row.inputs, shifts, strict=True)]
        out = row.run(*inputs)
        sizes.add(0 if out.dtype == np.float32 else int(np.size(out)))
    return sizes.pop() if len(sizes) == 1 else 0


def _shifts(row: Row, rng: np.random.Generator) -> tuple[Any, ...]:
    shifts: list[Any] = []
    for x in row.inputs:
        size = int(np.prod(x.shape, dtype=int))
        if x.kind == "f":
            shifts.append(rng.uniform(-1, 1, size))
        elif x.kind == "i":
            shifts.append(rng.integers(int(x.low), int(x.high), x.shape, endpoint=True))
        else:
            shifts.append(rng.random(x.shape) < 0.5)
    return tuple(shifts)


def draw(
    rows: Sequence[tuple[Row, int]], rng: np.random.Generator, shortest: int = 5, longest: int = 30
) -> tuple[Program, list[Any]]:
    """Draw a program and its leaves; `rows` are pairs of a row and the size of its result."""
    steps: list[Step] = []
    for _ in range(int(rng.integers(shortest, longest, endpoint=True))):
        row, size = rows[int(rng.integers(len(rows)))]
        known = LEAVES + len(steps)
        # mostly what came last, so that programs are deep; any other now and then
        back = np.minimum(rng.geometric(0.4, len(row.inputs)), known)
        mixing = rng.normal(size=(WIDTH, size)) / np.sqrt(max(size, 1))
        steps.append(Step(row, tuple(int(known - b) for b in back), _shifts(row, rng), mixing))
    leaves = [rng.normal(size=WIDTH) for _ in range(LEAVES)]
    return Program(tuple(steps), rng.normal(size=(LEAVES + len(steps), WIDTH))), leaves


def our_gradients(
    program: Program, leaves: Sequence[Any], shake: Callable[[Any], Any] | None = None
) -> list[Any]:
    """Return the gradients by this package."""
    xs = [Tensor(v, requires_grad=True, name=f"v{i}") for i, v in enumerate(leaves)]
    return gradients(program.on_tensors(*xs, shake=shake), xs)


@dataclass(frozen=True)
class Verdict:
    """What differences say: "right", "wrong", or "undecided" where they do not converge."""

    word: str
    exact: float
    by_differences: float


def judge(
    program: Program, leaves: Sequence[Any], found: Sequence[Any], rng: np.random.Generator
) -> Verdict:
    """Compare gradients with centred differences of fourth order along a random direction.

    Two steps that agree say how near the differences are to the derivative; where no two do,
    because of kinks or of rounding, nothing is said.
    """
    directions = [rng.normal(size=v.shape) for v in leaves]
    exact = float(sum(np.sum(g * d) for g, d in zip(found, directions, strict=True)))

    def at(step: float) -> float:
        moved = [Tensor(v + step * d) for v, d in zip(leaves, directions, strict=True)]
        try:
            return float(program.on_tensors(*moved))
        except np.linalg.LinAlgError:  # a step that meets a singular matrix says nothing
            return float("nan")

    slopes: list[float] = []
    for h in STEPS:
        slopes.append((8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h))
        for other in slopes[:-1]:
            spread = abs(slopes[-1] - other)
            size = max(abs(slopes[-1]), abs(exact))
            if spread <= 1e-5 * size + 1e-9:
                near = abs(exact - slopes[-1]) <= 10 * spread + 1e-6 * size + 1e-9
                return Verdict("right" if near else "wrong", exact, slopes[-1])
    return Verdict("undecided", exact, slopes[-1])
