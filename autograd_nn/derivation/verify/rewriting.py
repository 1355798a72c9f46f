"""What a rewriting of a formula may know, and what an entry of the catalogue of mistakes is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...formulas.expression import Expr, Path, positions, replaced, shape_of
from ...formulas.printing import python_text
from ..names import Environment, Meaning


class Candidate(NamedTuple):
    """A rewritten formula, and the repair in words."""

    formula: Expr
    words: str


class Setting(NamedTuple):
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
    """

    formula: Expr
    known: dict[int, Any]
    environment: Environment
    target: Meaning
    recorded: bool

    def shape(self, e: Expr) -> tuple[int, ...] | None:
        """Return the shape of a node of the formula."""
        return shape_of(e, self.known)

    def shape_of_name(self, text: str) -> tuple[int, ...]:
        """Return the shape of a tensor of the graph."""
        return self.environment.named[text].shape

    def spots(self) -> list[tuple[Path, Expr, tuple[int, ...]]]:
        """Return every position that holds a value of known shape, numbers left out."""
        found = []
        for path, node in positions(self.formula):
            shape = self.shape(node)
            if shape is not None and (node.op is not None or node.name):
                found.append((path, node, shape))
        return found

    def put(self, path: Path, new: Expr) -> Expr:
        """Return the formula with `new` at `path`."""
        return replaced(self.formula, path, new)

    def quote(self, e: Expr) -> str:
        """Return a part of the formula as the learner would read it."""
        if not self.recorded and e is self.formula:
            return "the result"
        return python_text(e)


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
