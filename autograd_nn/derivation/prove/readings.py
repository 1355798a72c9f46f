"""Numbers that are sizes: a plain 5 in a graph or a formula may be the length of an axis.

``np.var(X, axis=0)`` divides by a plain number, and so does who writes ``/ X.shape[0]`` where J is
computed, or takes ``m`` from outside a formula. For every size, such a number is the size, n − 1,
a root, or a product of two. `ways` lists what each may be; the numbers at random sizes decide.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from fractions import Fraction
from functools import partial, reduce
from types import CellType, FunctionType
from typing import Any, NamedTuple

import numpy as np

from ...core.tensor import Tensor, plain
from ...formulas import notation
from ...formulas.expression import Expr, call, evaluate, mapped, name, nodes, number
from ...formulas.sized import Size, Sized, lifted
from ...formulas.sized_functions import identity
from ...formulas.terms import size_terms
from ...ops.elementwise import DIVIDE, MULTIPLY, POWER, SQRT, SUBTRACT
from ..verify.claims import Claim, Formula

MOST = 64
"""How many ways to read the numbers are tried."""


class Reading(NamedTuple):
    """A number as (factor · the product of some sizes − less)^power."""

    labels: tuple[str, ...]
    factor: Fraction = Fraction(1)
    less: int = 0
    power: Fraction = Fraction(1)

    def among(self, lengths: Mapping[str, int]) -> float:
        """Return the number at some lengths."""
        inner = self.factor * math.prod(lengths[k] for k in self.labels) - self.less
        return float(inner) ** float(self.power) if inner else math.inf

    def formula(self) -> Expr:
        """Return it as a formula of the sizes."""
        whole = reduce(partial(call, MULTIPLY), map(name, self.labels))
        if self.factor != 1:
            whole = call(MULTIPLY, number(float(self.factor)), whole)
        whole = call(SUBTRACT, whole, number(self.less)) if self.less else whole
        whole = whole if abs(self.power) == 1 else call(SQRT, whole)
        return call(DIVIDE, number(1), whole) if self.power < 0 else whole

    def sized(self) -> Sized:
        """Return it in normal form."""
        return lifted(evaluate(self.formula(), {k: Sized((), size_terms(Size(k)))
                                                for k in self.labels}))  # fmt: skip

    def __str__(self) -> str:
        inner = " ".join(map(notation.unicode, self.labels))
        inner = f"{inner} − {self.less}" if self.less else inner
        inner = f"({inner})" if self.power != 1 and " " in inner else inner
        inner = f"√{inner}" if abs(self.power) != 1 else inner
        if self.power < 0:
            return f"{1 / self.factor}/{inner}"
        return inner if self.factor == 1 else f"{self.factor} {inner}"


Readings = dict[float, Reading]

_POWERS = [Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-1, 2)]
_KINDS: list[tuple[int, int | Fraction, int]] = [
    (1, 1, 0),
    (1, 1, 1),
    (2, 1, 0),
    (1, 2, 0),
    (1, Fraction(1, 2), 0),
]
"""How many sizes, their factor, and what is taken off."""


def readings_of(value: float, lengths: Mapping[str, int]) -> list[Reading]:
    """Return what a number may be, where the sizes have these lengths."""
    return [
        reading
        for power, (count, factor, less) in itertools.product(_POWERS, _KINDS)
        for labels in itertools.combinations_with_replacement(sorted(lengths), count)
        if math.isclose(
            (reading := Reading(labels, Fraction(factor), less, power)).among(lengths), value
        )
    ]


def ways(values: set[float], lengths: Mapping[str, int]) -> Iterator[Readings]:
    """Yield the ways to read numbers as sizes, one at least; first those that change the last.

    What is 0, 1, 2 or a half stays: ½ Σ (y − h)² for two outputs is no mean of them.
    """
    found = {v: readings_of(v, lengths) for v in sorted(values) if abs(v) not in (0, 0.5, 1, 2)}
    found = {v: readings for v, readings in found.items() if readings}
    choices = itertools.product(*[[None, *readings] for readings in found.values()])
    for choice in itertools.islice(choices, 1, MOST):
        yield {v: r for v, r in zip(found, choice, strict=True) if r is not None}


def number_in(node: Tensor, users: Mapping[Tensor, list[tuple[Tensor, int]]]) -> float | None:
    """Return the number that a node is, if it is a plain one and no exponent; else None."""
    exponent = any(user.op is POWER and k == 1 for user, k in users.get(node, ()))
    bare = node.op is None and not node.name and not node.requires_grad
    return _number(plain(node)) if bare and not exponent else None


def numbers_in(e: Expr) -> dict[int, float]:
    """Return the plain numbers of a formula by the id of their node, exponents left out."""
    exponents = {id(n.args[1]) for n in nodes(e) if n.op is POWER}
    bare = [n for n in nodes(e) if n.op is None and not n.name and id(n) not in exponents]
    return {id(n): x for n in bare if (x := _number(n.value)) is not None}


def _number(value: Any) -> float | None:
    array = np.asarray(value)
    return float(array.item()) if array.size == 1 and array.dtype.kind in "fiu" else None


SIZE = "size of "
"""Before the text of a reading: under that name, a formula is given what it stands for."""


def with_lengths(claim: Claim) -> Claim:
    """Return a claim whose own ``len(x)`` and ``np.eye(n)`` take unknown sizes too."""
    f = claim.function
    if not isinstance(f, FunctionType):
        return claim
    words = {text: _GENERAL.get(id(x), x) for text, x in {"len": len, **f.__globals__}.items()}
    cells = tuple(map(_general_cell, f.__closure__ or ()))
    again = copy(claim)
    again.function = made = FunctionType(f.__code__, words, f.__name__, f.__defaults__, cells)
    made.__kwdefaults__ = f.__kwdefaults__
    return again


def _general_cell(cell: CellType) -> CellType:
    try:
        put = _GENERAL.get(id(cell.cell_contents))
    except ValueError:  # empty: what it is for is not there yet
        return cell
    return cell if put is None else CellType(put)


def _length(x: Any) -> Any:
    return x.shape[0] if isinstance(x, Sized) else len(x)


def _identity(n: Any, *rest: Any, **options: Any) -> Any:
    plainly = not isinstance(n, Size) or rest or options
    return np.eye(n, *rest, **options) if plainly else identity(n)


class _General:
    """NumPy, whose identity matrix may have an unknown size."""

    eye = identity = staticmethod(_identity)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


_GENERAL = {id(len): _length, id(np): _General(), id(np.eye): _identity, id(np.identity): _identity}


def lengths_in(claim: Claim, formula: Expr, labels: Iterable[str]) -> set[str]:
    """Return which sizes a formula has by its own words, such as ``len(x)``."""
    return {n.name for n in nodes(formula) if n.op is None} & (set(labels) - set(claim.uses))


def read(claim: Claim, formula: Expr, readings: Readings, labels: Iterable[str]) -> Claim:
    """Return a claim whose formula has sizes in the place of numbers and of lengths."""
    names: dict[Any, str] = {v: SIZE + str(reading) for v, reading in readings.items()}
    names |= {k: SIZE + str(Reading((k,))) for k in lengths_in(claim, formula, labels)}
    numbers = numbers_in(formula)

    def change(e: Expr) -> Expr:
        text = names.get(numbers.get(id(e), e.name if e.op is None else None))
        return e if text is None else name(text)

    changed = mapped(formula, change)
    uses = (*claim.uses, *dict.fromkeys(names.values()))

    def function(*values: Any) -> Any:
        return evaluate(changed, dict(zip(uses, values, strict=True)))

    again = Claim(claim.name, claim.meaning, Formula(function, uses))
    again.own = claim.own
    return again
