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

from autograd_nn import Tensor, gradients, relu, sigmoid

from .harness import In, Row

WIDTH = 6
LEAVES = 3
STEPS = (1e-3, 2e-4, 3e-5, 5e-6, 1e-6, 1e-2, 3e-3)
"""Steps of the differences; the later ones serve where the earlier ones do not agree."""


def entered(xp: Any, x: In, vector: Any, shift: Any) -> Any:
    """Return `vector` in the shape and domain of `x`; `shift` keeps repeated elements apart."""
    if x.kind not in "fc":
        return shift
    size = int(np.prod(x.shape, dtype=int))
    taken = xp.take(vector, np.arange(size) % WIDTH)
    there = taken + shift
    inside = 0.5 + 0.49 * xp.tanh(xp.real(there) if xp.iscomplexobj(there) else there)
    made = x.low + (x.high - x.low) * inside
    if x.kind == "c":  # apart from the real axis, where functions have their cuts
        beside = (0.3 + 0.25 * xp.tanh(xp.imag(there))) * xp.sign(xp.imag(shift))
        made = made + 1j * beside
    return xp.reshape(made, x.shape)


def left(xp: Any, out: Any, mixing: Any) -> Any:
    """Return the result of a row as a vector, kept from growing without being cut off."""
    if xp.iscomplexobj(out) and not xp.iscomplexobj(mixing):
        out = xp.real(out) + 0.7 * xp.imag(out)
    mixed = mixing @ xp.ravel(out * 1.0)
    if xp.iscomplexobj(mixed):
        return mixed / xp.sqrt(1 + xp.real(mixed * xp.conj(mixed)))
    return xp.arcsinh(mixed)


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
        return total.real if np.iscomplexobj(self.weights) else total

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
        sizes.add(0 if out.dtype in (np.float32, np.complex64) else int(np.size(out)))
    return sizes.pop() if len(sizes) == 1 else 0


def _shifts(row: Row, rng: np.random.Generator) -> tuple[Any, ...]:
    shifts: list[Any] = []
    for x in row.inputs:
        size = int(np.prod(x.shape, dtype=int))
        if x.kind in "fc":
            shift = rng.uniform(-1, 1, size)
            shifts.append(shift + 1j * rng.uniform(-1, 1, size) if x.kind == "c" else shift)
        elif x.kind == "i":
            shifts.append(rng.integers(int(x.low), int(x.high), x.shape, endpoint=True))
        else:
            shifts.append(rng.random(x.shape) < 0.5)
    return tuple(shifts)


def draw(
    rows: Sequence[tuple[Row, int]],
    rng: np.random.Generator,
    shortest: int = 5,
    longest: int = 30,
    of_complex: bool = False,
) -> tuple[Program, list[Any]]:
    """Draw a program and its leaves; `rows` are pairs of a row and the size of its result.

    With `of_complex` the vectors are complex, but the first leaf.
    """

    def normal(size: Any) -> Any:
        real = rng.normal(size=size)
        return real + 1j * rng.normal(size=size) if of_complex else real

    steps: list[Step] = []
    for _ in range(int(rng.integers(shortest, longest, endpoint=True))):
        row, size = rows[int(rng.integers(len(rows)))]
        known = LEAVES + len(steps)
        # mostly what came last, so that programs are deep; any other now and then
        back = np.minimum(rng.geometric(0.4, len(row.inputs)), known)
        mixing = normal((WIDTH, size)) / np.sqrt(max(size, 1))
        steps.append(Step(row, tuple(int(known - b) for b in back), _shifts(row, rng), mixing))
    leaves = [normal(WIDTH) for _ in range(LEAVES)]
    leaves[0] = np.real(leaves[0]).copy()
    return Program(tuple(steps), normal((LEAVES + len(steps), WIDTH))), leaves


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
    directions = [d * np.exp(1j * d) if v.dtype.kind == "c" else d
                  for d, v in zip(directions, leaves, strict=True)]  # fmt: skip
    exact = float(np.real(sum(np.sum(g * d) for g, d in zip(found, directions, strict=True))))

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


# -- programs of many dtypes, for `jit` ---------------------------------------------------------

DTYPES = ("?", "i1", "u1", "i2", "i4", "i8", "u8", "f2", "f4", "f8")
SHAPES: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((), (3,), (1, 3), (2, 1), (2, 3)), ((), (1,), (1, 1)), ((), (0,), (2, 1), (2, 0), (1, 0)),
)  # fmt: skip
"""Families of shapes that broadcast against each other."""

NUMBERS = (2.0, 0.5, -1.0, 3, 0, 1, -2, 0.1, 1 / 49, 1e-3, 1e30, 1e-310, 1e300, -0.25)
ONE: dict[str, Callable[..., Any]] = {
    "-a": lambda a: -a, "a*a": lambda a: a * a, "square": np.square, "exp": np.exp,
    "log": lambda a: np.log(np.abs(a) + 1), "sqrt": lambda a: np.sqrt(np.abs(a)),
    "sigmoid": sigmoid, "tanh": np.tanh, "abs": np.abs, "sum": np.sum, "mean": np.mean,
    "sum0": lambda a: np.sum(a, axis=0, keepdims=True), "mean1": lambda a: np.mean(a, axis=-1),
    "max": np.max, "a.T": lambda a: a.T, "flat": lambda a: np.reshape(a, (-1,)),
    "a[:1]": lambda a: a[:1], "f4": lambda a: a.astype("f4"), "f8": lambda a: a.astype("f8"),
    "i1": lambda a: np.sign(a).astype("i1"), "wide": lambda a: np.broadcast_to(a, (2, *a.shape)),
    "logistic": lambda a: 1 / (1 + np.exp(-a)), "softplus": lambda a: np.log(1 + np.exp(-a)),
    "complement": lambda a: np.exp(-a) * sigmoid(a), "a**2": lambda a: a**2,
    "a**-1": lambda a: a**-1, "a**0.5": lambda a: a**0.5, "relu": relu, "a>0": lambda a: a > 0,
    "a @ a.T": lambda a: a @ a.T, "detach": lambda a: a.detach(),
}  # fmt: skip
TWO: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b, "a + (-b)": lambda a, b: a + (-b), "-(a-b)": lambda a, b: -(a - b),
    "-2(a-b)": lambda a, b: -2.0 * (a - b), "a*(-b)": lambda a, b: a * (-b), "max": np.maximum,
    "<": lambda a, b: a < b, "where": lambda a, b: np.where(a > b, a, b), "**": lambda a, b: a**b,
    "sum(a*b)": lambda a, b: np.sum(a * b), "sq": lambda a, b: np.sum(0.5 * np.square(a - b)),
}  # fmt: skip


@dataclass(frozen=True)
class TypedProgram:
    """Steps on arguments of any dtype: a name, and the values (or the number) it works on."""

    kinds: tuple[tuple[str, tuple[int, ...] | None], ...]
    steps: tuple[tuple[str, tuple[Any, ...]], ...]
    results: tuple[int, ...]
    wrt: tuple[int, ...]

    def run(self, *arguments: Any) -> list[Any]:
        """Return the results, and the gradients of their sum if there are any."""
        made = [x if isinstance(x, Tensor) else Tensor(x) for x in arguments]
        for name, sources in self.steps:
            given = [x if isinstance(x, float | int) else made[x[0]] for x in sources]
            made.append((ONE if len(given) == 1 else TWO)[name](*given))
        found = [made[i] for i in self.results]
        ends = [x for x in found if isinstance(x, Tensor) and x.dtype.kind == "f"]
        if self.wrt and ends:
            total = sum(np.sum(x) for x in ends)
            found += gradients(total, [made[i] for i in self.wrt], create_graph=True)
        return found

    def arguments(self, rng: np.random.Generator, extreme: bool) -> list[Any]:
        """Draw arguments; with `extreme`, at the limits of the dtypes now and then."""
        return [_typed_values(dtype, shape, rng, extreme) for dtype, shape in self.kinds]

    @property
    def text(self) -> str:
        """The program, a line a step."""
        lines = [f"v{i}: {kind}" for i, kind in enumerate(self.kinds)]
        for i, (name, sources) in enumerate(self.steps, len(self.kinds)):
            given = [str(x) if isinstance(x, float | int) else f"v{x[0]}" for x in sources]
            lines.append(f"v{i} = {name} of {', '.join(given)}")
        return "\n".join([*lines, f"results {self.results}, gradients by {self.wrt}"])


def _typed_values(
    dtype: str, shape: tuple[int, ...] | None, rng: np.random.Generator, extreme: bool
) -> Any:
    if shape is None:
        return float(rng.normal()) if dtype == "f8" else int(rng.integers(-3, 4))
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.random(shape) < 0.5
    limits: Any = np.finfo(dtype) if kind == "f" else np.iinfo(dtype)
    if kind == "f":
        values = np.asarray(rng.normal(size=shape) * 2).astype(dtype)
        edges = [limits.max, limits.tiny, -limits.max / 3, limits.smallest_subnormal, 0, 38, -90]
    else:
        values = np.asarray(rng.integers(max(limits.min, -9), 10, shape)).astype(dtype)
        edges = [limits.max, limits.min, 0, 1, limits.max // 2 + 1]
    if extreme:
        chosen = np.array(edges).astype(dtype)[rng.integers(len(edges), size=shape)]
        values = np.where(rng.random(shape) < 0.4, chosen, values)
    return np.asarray(values, dtype)


def draw_typed(rng: np.random.Generator, longest: int = 8) -> TypedProgram:
    """Draw a program that NumPy can run."""
    shapes = SHAPES[int(rng.choice(len(SHAPES), p=(0.7, 0.2, 0.1)))]
    kinds: list[tuple[str, tuple[int, ...] | None]] = []
    for _ in range(int(rng.integers(1, 4))):
        floating = rng.random() < 0.6
        dtype = str(rng.choice(DTYPES[-3:] if floating else DTYPES))
        kinds.append((dtype, shapes[int(rng.integers(len(shapes)))]))
    if rng.random() < 0.3:
        kinds.append((str(rng.choice(["i8", "f8"])), None))
    program = TypedProgram(tuple(kinds), (), (0,), ())
    for _ in range(int(rng.integers(1, longest, endpoint=True))):
        known = len(kinds) + len(program.steps)
        table = ONE if rng.random() < 0.5 else TWO
        back = np.minimum(rng.geometric(0.35, 2), known)
        sources: list[Any] = [(int(known - b),) for b in back[: 1 if table is ONE else 2]]
        if table is TWO and rng.random() < 0.3:
            sources[int(rng.integers(2))] = NUMBERS[int(rng.integers(len(NUMBERS)))]
        step = (str(rng.choice(list(table))), tuple(sources))
        longer = TypedProgram(tuple(kinds), (*program.steps, step), (known,), ())
        try:
            for x in longer.run(*longer.arguments(rng, False)):
                if not isinstance(x, Tensor) or x.dtype.kind == "O" or x.size > 10_000:
                    raise TypeError
        except (TypeError, ValueError, OverflowError, NotImplementedError, IndexError):
            continue
        program = longer
    known = len(kinds) + len(program.steps)
    results = tuple(dict.fromkeys([known - 1, *rng.integers(known, size=rng.integers(3)).tolist()]))
    wrt = [i for i, (d, s) in enumerate(kinds) if d in ("f4", "f8") and s is not None]
    return TypedProgram(
        tuple(kinds), program.steps, results, tuple(wrt) if rng.random() < 0.6 else ()
    )
