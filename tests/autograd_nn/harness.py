"""What a row of the test list is, and the numbers its tests are made with.

1. `Row` describes one use of an operation: what is called, on what inputs, what is known of it.
2. `sample` draws inputs that lie apart from kinks and ties, so that differences are meaningful.
3. `slopes` and `slope` are centred differences of fourth order, by every element or along one
   direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import strategies as st

from autograd_nn import Tensor, gradients
from autograd_nn.core.graph import topological_order

Shape = tuple[int, ...]
Shapes = st.SearchStrategy[tuple[Shape, ...]]

STEP = 1e-4
"""Step of the differences. `sample` keeps ten times as far from kinks and ties."""


@dataclass(frozen=True)
class Tolerance:
    """How near two numbers must be, relatively or absolutely."""

    relative: float
    absolute: float

    def check(self, got: Any, right: Any, what: str = "") -> None:
        """Raise an AssertionError if an element of `got` is not near that of `right`."""
        np.testing.assert_allclose(got, right, self.relative, self.absolute, err_msg=what)


@dataclass(frozen=True)
class In:
    """One input: its shape, its domain [low, high], its dtype ("f", "i" or "b")."""

    shape: Shape = (2, 3)
    low: float = -2.0
    high: float = 2.0
    kind: str = "f"


@dataclass(frozen=True)
class Extreme:
    """A point where a careless implementation overflows, divides by zero or warns.

    `value` and `gradients` (of the sum of the result, one for each input, None: not looked at)
    are what must come out, without a warning.
    """

    inputs: tuple[Any, ...]
    value: Any
    gradients: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row of the test list; the harness makes every test of the operation from it.

    Attributes
    ----------
    op : str or None
        The name in ``REGISTRY``; None for a function that is composed of several operations.
    run : callable
        What a user calls, with Tensors: ``np.exp``, ``lambda a, b: a @ b``.
    inputs : tuple of In
    reference : callable, optional
        The same on arrays, in NumPy; left out where `run` itself runs on arrays.
    label : str
        Says what is particular about this row.
    wrt : tuple of int, optional
        The inputs it is differentiable by; all floating-point ones if left out; () for none.
    order : int
        Up to which order the gradients are tested.
    shapes : strategy of tuples of shapes, optional
        For tests over shapes: one shape for each input. `ANY` and `broadcastable` exist;
        `unary` and `binary` use them.
    extremes : tuple of Extreme
    float32 : bool
        Whether float32 inputs must give a float32 result, as they do in NumPy.
    """

    op: str | None
    run: Callable[..., Any]
    inputs: tuple[In, ...] = (In(),)
    reference: Callable[..., Any] | None = None
    label: str = ""
    wrt: tuple[int, ...] | None = None
    order: int = 2
    shapes: Shapes | None = None
    extremes: tuple[Extreme, ...] = field(default=())
    float32: bool = True

    @property
    def name(self) -> str:
        """The id of the row's tests."""
        return " ".join(part for part in (self.op or "composed", self.label) if part)

    @property
    def by(self) -> tuple[int, ...]:
        """The inputs it is differentiable by."""
        if self.wrt is not None:
            return self.wrt
        return tuple(i for i, x in enumerate(self.inputs) if x.kind == "f")

    def on_arrays(self, *arrays: Any) -> Any:
        """Return what must come out, by NumPy alone."""
        return (self.reference or self.run)(*arrays)


def broadcastable(count: int) -> Shapes:
    """Shapes that broadcast against each other, 0-d, empty and 1-sized ones included."""
    return hnp.mutually_broadcastable_shapes(
        num_shapes=count, min_side=0, max_side=3, max_dims=3
    ).map(lambda drawn: drawn.input_shapes)


ANY: Shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3).map(lambda s: (s,))
"""One shape, of any number of axes."""

FULL: Shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=3).map(lambda s: (s,))
"""One shape with at least one element."""


def unary(
    op: str, run: Callable[..., Any], low: float = -2.0, high: float = 2.0, **more: Any
) -> Row:
    """Return the row of an elementwise function of one argument."""
    return Row(op, run, (In((2, 3), low, high),), shapes=ANY, **more)


def binary(op: str, run: Callable[..., Any], *domains: tuple[float, float], **more: Any) -> Row:
    """Return the row of a function of two arguments that broadcast."""
    first, second = domains or ((-2.0, 2.0), (-2.0, 2.0))
    more.setdefault("shapes", broadcastable(2))
    return Row(op, run, (In((2, 3), *first), In((3,), *second)), **more)


def where_numpy_has(name: str, *rows: Row) -> list[Row]:
    """Return `rows` if the installed NumPy has the function `name`: some came after NumPy 2.0."""
    return list(rows) if hasattr(np, name) else []


def sample(inputs: Sequence[In], shapes: Sequence[Shape], seed: int = 0) -> list[Any]:
    """Draw an array for each input.

    Floats come from the grid of hundredths, each input's shifted by its own offset and, as far
    as they suffice, each taken once: no two numbers of all the inputs are equal, and none is
    near a whole number or a tenth, where functions have their kinks.
    """
    rng = np.random.default_rng(seed)
    arrays: list[Any] = []
    for position, (x, shape) in enumerate(zip(inputs, shapes, strict=True)):
        size = int(np.prod(shape, dtype=int))
        if x.kind == "b":
            values: Any = rng.random(size) < 0.5
        elif x.kind == "i":
            values = rng.integers(int(x.low), int(x.high), size, endpoint=True)
        else:
            grid = np.arange(np.ceil(x.low * 100), np.floor(x.high * 100)) / 100
            values = rng.choice(grid, size, replace=size > grid.size) + 0.0023 * (position + 1)
        arrays.append(np.asarray(values.reshape(shape)))
    return arrays


def complex_sample(row: Row, which: Sequence[int], seed: int = 0) -> list[Any]:
    """Draw an array for each input, complex for those of `which`, apart from the real axis."""
    shapes = [x.shape for x in row.inputs]
    parts = [sample(row.inputs, shapes, seed + k) for k in (0, 1)]
    return [
        np.asarray(a + 1j * (0.2 + 0.3 * np.abs(b)) * np.where(b > 0, 1, -1)) if i in which else a
        for i, (a, b) in enumerate(zip(*parts, strict=True))
    ]


def leaves(row: Row, arrays: Sequence[Any]) -> list[Tensor]:
    """Return `arrays` as Tensors, of which those the row is differentiable by require gradients."""
    return [Tensor(a, requires_grad=i in row.by, name=f"x{i}") for i, a in enumerate(arrays)]


def operations(result: Tensor) -> set[str]:
    """Return the names of the operations a result was made with."""
    return {node.op.name for node in topological_order([result]) if node.op is not None}


def weights(shape: Shape, seed: int) -> Any:
    """Return numbers to weigh a result with, so that no two elements can be mistaken."""
    return np.asarray(np.random.default_rng(seed).uniform(0.5, 1.5, shape))


def slope(f: Callable[..., float], arrays: Sequence[Any], directions: Sequence[Any]) -> float:
    """Return the derivative of `f` at `arrays` along `directions`, by centred differences."""

    def at(step: float) -> float:
        return f(
            *[a if d is None else a + step * d for a, d in zip(arrays, directions, strict=True)]
        )

    return float((8 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12 * STEP))


def slopes(f: Callable[..., float], arrays: Sequence[Any], index: int) -> Any:
    """Return the derivative of `f` by every element of ``arrays[index]``."""
    result = np.zeros(arrays[index].shape)
    for position in np.ndindex(result.shape):
        unit = np.zeros(result.shape)
        unit[position] = 1.0
        directions = [unit if i == index else None for i in range(len(arrays))]
        result[position] = slope(f, arrays, directions)
    return result


def one_number(out: Any, seed: int) -> Any:
    """Return the sum of `out`, each element with its own weight; of complex ones a real number."""
    if out.dtype.kind != "c":
        return np.sum(out * weights(out.shape, seed))
    return np.real(np.sum(out * (weights(out.shape, seed) + 1j * weights(out.shape, seed + 50))))


def weighted(row: Row, xs: Sequence[Tensor]) -> Tensor:
    """Return the sum of the row's result, each element with its own weight."""
    total = one_number(row.run(*xs), 1)
    assert isinstance(total, Tensor)
    return total


def weighted_gradient(row: Row, xs: Sequence[Tensor]) -> Tensor:
    """Return the weighted sum of all first derivatives of `weighted`, recorded."""
    wrt = [xs[i] for i in row.by]
    firsts = gradients(weighted(row, xs), wrt, create_graph=True)
    parts = [one_number(g, 2 + i) for i, g in enumerate(firsts)]
    total = sum(parts[1:], start=parts[0])
    assert isinstance(total, Tensor)
    return total


def as_function(make: Callable[[Row, Sequence[Tensor]], Tensor], row: Row) -> Callable[..., float]:
    """Return `make` as a function of arrays with a number as its value."""
    return lambda *arrays: float(make(row, [Tensor(a) for a in arrays]))
