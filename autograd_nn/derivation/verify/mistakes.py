"""What a mistake is: the rewritings that would repair it, what these may know, what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from ...core.op import Op
from ...formulas.expression import Expr, Path, at, positions, replaced, shape_of
from ...formulas.printing import python_text
from ..names import Environment, Meaning


class Candidate(NamedTuple):
    """A rewritten formula, and the repair in words."""

    formula: Expr
    words: str


@dataclass
class Setting:
    """All that rewriting may know.

    Attributes
    ----------
    formula : Expr
        What is rewritten.
    known : dict
        The values of its nodes on the first draw by their id, read for shapes only.
    environment : Environment
        The names.
    target : Meaning
        The gradient that the formula is for.
    recorded : bool
        False where `formula` is a single name for the result of a function that could not be
        recorded, or for an array.
    silent : bool
        True where nobody reads the words of a repair.
    """

    formula: Expr
    known: dict[int, Any]
    environment: Environment
    target: Meaning
    recorded: bool
    silent: bool = False

    def shape(self, e: Expr) -> tuple[int, ...] | None:
        """Return the shape of a node of the formula."""
        return shape_of(e, self.known)

    def shape_of_name(self, text: str) -> tuple[int, ...]:
        """Return the shape of a tensor of the graph."""
        return self.environment.named[text].shape

    @cached_property
    def positions(self) -> list[tuple[Path, Expr]]:
        """Every position of the formula, outermost first."""
        return positions(self.formula)

    @cached_property
    def spots(self) -> list[tuple[Path, Expr, tuple[int, ...]]]:
        """Every position that holds a value of known shape, numbers left out."""
        found = [(path, node, self.shape(node)) for path, node in self.positions]
        return [
            (path, e, shape) for path, e, shape in found if shape is not None and not is_number(e)
        ]

    def calls(self, *ops: Op) -> list[tuple[Path, Expr]]:
        """Return every position that holds one of some operations."""
        return [(path, node) for path, node in self.positions if node.op in ops]

    def at(self, path: Path) -> Expr:
        """Return the node at a position."""
        return at(self.formula, path)

    def inside(self, path: Path, *ops: Op) -> bool:
        """Whether a position is an operand of one of some operations."""
        return bool(path) and self.at(path[:-1]).op in ops

    def repair(self, path: Path, new: Expr, words: str) -> Candidate:
        """Return the formula with `new` at `path`."""
        return Candidate(replaced(self.formula, path, new), words)

    def quote(self, e: Expr) -> str:
        """Return a part of the formula as the learner would read it."""
        if not self.recorded and e is self.formula:
            return "the result"
        return "" if self.silent else python_text(e)

    def where(self, path: Path, e: Expr) -> str:
        """Return " at …", or nothing for the whole formula."""
        return f" at {self.quote(e)}" if path else ""


def is_number(e: Expr) -> bool:
    """Whether a part of a formula is a constant."""
    return e.op is None and not e.name


class Explanation(NamedTuple):
    """An exact explanation of a wrong formula.

    Attributes
    ----------
    kind : str
        The entry of the catalogue.
    words : str
        What is wrong and what repairs it.
    repaired : str
        The repaired formula, as Python.
    formula : Expr
        The same, to be evaluated.
    where, quantity : str
        In which step the mistake is, and what it is about, where that is known.
    """

    kind: str
    words: str
    repaired: str
    formula: Expr
    where: str = ""
    quantity: str = ""


class Mistake(NamedTuple):
    """An entry of the catalogue.

    Attributes
    ----------
    kind : str
        Its name in reports.
    rewritings : callable
        ``rewritings(setting)`` yields the candidates that repair it.
    opposite : str
        The kind of mistake that the same rewritings make of a right formula.
    """

    kind: str
    rewritings: Callable[[Setting], Iterator[Candidate]]
    opposite: str
