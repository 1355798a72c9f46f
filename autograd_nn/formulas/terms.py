"""The records of the normal form: terms, the heads of their atoms, indices, relations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from ..core.recording import switched

Exponent = int | Fraction


class NoForm(Exception):  # noqa: N818 - not a fault of the program
    """An expression has no normal form here. The message says what stood in the way."""


class Index:
    """An index that runs over an axis. Each is itself alone; names are given when printing.

    Attributes
    ----------
    size : Size or int
        The length of the axis; a number where that is fixed.
    """

    __slots__ = ("size",)

    def __init__(self, size: Any) -> None:
        self.size = size


class Place(Index):
    """A fixed position on an axis, counted from 0. `place` returns the one of a number."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        super().__init__(1)
        self.number = number


place = lru_cache(maxsize=None)(Place)

Indices = tuple[Index, ...]
Atoms = dict[tuple["Head", Indices], Exponent]


class Head:
    """What stands before the indices of an atom.

    Attributes
    ----------
    kind : str
        "name", "delta", "size", "prime" (a number under a root), "power" (of a sum), "exp",
        "log", "call" (any other function), "case" ([u > 0]), "tie" ([u = 0]), "inv", "logdet".
    text : str
        How it is called.
    parts : list of Term
        The argument of a function, in the indices `free`.
    symmetries : list of tuple of int
        The orders of its indices that mean the same element, the given one first.
    positive : bool
        Whether it is known to be greater than 0.
    slope : callable or None
        For "call": the derivative's terms, of the argument's.
    inverse : Head or None
        For "logdet": the head of the inverse of the same matrix.
    rules : list of Rule
        Relations that hold for it.
    """

    __slots__ = (
        "free", "inverse", "key", "kind", "orbit", "parts", "positive", "rules", "slope",
        "symmetries", "text",
    )  # fmt: skip

    def __init__(self, kind: str, text: str, key: str, arity: int = 0) -> None:
        self.kind, self.text, self.key = kind, text, key
        self.parts: list[Term] = []
        self.free: Indices = ()
        self.positive = kind in ("size", "prime", "exp")
        self.slope: Callable[[list[Term]], list[Term]] | None = None
        self.inverse: Head | None = None
        self.rules: list[Rule] = []
        self.set_symmetries([tuple(range(arity))])

    def set_symmetries(self, symmetries: list[tuple[int, ...]]) -> None:
        """Declare which orders of the indices mean the same element."""
        self.symmetries = symmetries
        self.orbit = tuple(min(p[i] for p in symmetries) for i in range(len(symmetries[0])))


class Term:
    """A number `c`, atoms `a` with exponents, and the bound indices `b` that are summed over."""

    __slots__ = ("a", "b", "c")

    def __init__(self, c: Any, a: Atoms | None = None, b: Iterable[Index] = ()) -> None:
        self.c = c
        self.a: Atoms = {k: e if e.denominator != 1 else int(e) for k, e in (a or {}).items() if e}
        self.b = frozenset(b)

    def at(self, m: dict[Index, Index]) -> Term:
        """Return the term with indices renamed."""
        atoms: Atoms = defaultdict(int)
        for (h, ix), e in self.a.items():
            atoms[h, tuple([m.get(i, i) for i in ix])] += e
        return Term(self.c, atoms, [m.get(i, i) for i in self.b])

    def fresh(self, m: dict[Index, Index] | None = None) -> Term:
        """Return the term with bound indices of its own, and the others renamed by `m`."""
        return self.at({**(m or {}), **{i: Index(i.size) for i in self.b}})

    def times(self, other: Term) -> Term:
        """Return the product."""
        if not self.b.isdisjoint(other.b):
            other = other.fresh()
        atoms: Atoms = defaultdict(int, self.a)
        for k, e in other.a.items():
            atoms[k] += e
        return Term(self.c * other.c, atoms, self.b | other.b)

    def changed(self, changes: Atoms, c: Any = 1) -> Term:
        """Return the term with exponents added to, and multiplied by a number."""
        return self.times(Term(c, changes))

    def free(self) -> list[Index]:
        """Return the indices that are not summed over and not fixed, in order of appearance."""
        found = {i: None for _, ix in self.a for i in ix}
        return [i for i in found if i not in self.b and not isinstance(i, Place)]


Terms = list[Term]


class Rule(NamedTuple):
    """A relation: `pattern` (of coefficient 1) equals `rest`, whatever its indices `free` are."""

    pattern: Term
    rest: Terms
    free: Indices
    note: Any = None


RELATIONS: ContextVar[bool] = ContextVar("autograd_nn_relations", default=True)
TABLE: ContextVar[dict[str, Head] | None] = ContextVar("autograd_nn_heads", default=None)


@contextmanager
def algebra() -> Iterator[None]:
    """Begin a table of heads of its own: what is declared of names holds inside alone."""
    with switched(TABLE, {}):
        yield


@contextmanager
def without_relations() -> Iterator[None]:
    """Substitute and sum inside alone, for a certificate, which gives relations one by one."""
    with switched(RELATIONS, False):
        yield


def interned(key: str, make: Callable[[], Head]) -> Head:
    """Return the head of that key, made when it is first asked for."""
    table = TABLE.get()
    if table is None:
        raise NoForm("normal forms are made inside `with algebra()`")
    if key not in table:
        table[key] = make()
    return table[key]


def named(text: str, arity: int) -> Head:
    """Return the head of a tensor."""
    return interned(f"name {text}", lambda: Head("name", text, f"name {text}", arity))


def size_head(size: Any) -> Head:
    """Return the head of a size as a number."""
    return interned(f"size {size}", lambda: Head("size", str(size), f"size {size}"))


DELTA = Head("delta", "δ", "delta", 2)
DELTA.set_symmetries([(0, 1), (1, 0)])


def number(value: Any) -> Terms:
    """Return a number as terms."""
    return [Term(Fraction(value))] if value else []


def size_terms(size: Any) -> Terms:
    """Return the length of an axis as terms."""
    return (
        number(size) if isinstance(size, int) else [Term(Fraction(1), {(size_head(size), ()): 1})]
    )


def scaled(terms: Terms, c: Any) -> Terms:
    """Return a multiple."""
    return [Term(t.c * c, t.a, t.b) for t in terms] if c else []
