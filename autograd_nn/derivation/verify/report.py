"""The report of a check: a line a formula, printed as a table, with what is wrong in words."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ...formulas import notation
from .mistakes import Explanation


class Difference(NamedTuple):
    """How far a claimed array is from the right one, at its worst element.

    Attributes
    ----------
    where : tuple of int
        Where, counted from 0.
    claimed, right : float
        Both values there.
    absolute : float
        The largest absolute difference.
    relative : float
        The same, divided by the largest entry of the right array.
    """

    where: tuple[int, ...]
    claimed: float
    right: float
    absolute: float
    relative: float


def difference(claimed: Any, right: Any) -> Difference:
    """Return the `Difference` of two arrays of one shape."""
    claimed, right = np.asarray(claimed, dtype=float), np.asarray(right, dtype=float)
    if right.size == 0:
        return Difference((), 0.0, 0.0, 0.0, 0.0)
    gap = np.abs(claimed - right)
    worst = int(np.argmax(gap))
    size = float(np.abs(right).max())
    absolute = float(gap.flat[worst])
    relative = absolute / size if size else (np.inf if absolute else 0.0)
    where = tuple(int(i) for i in np.unravel_index(worst, right.shape))
    return Difference(
        where, float(claimed.flat[worst]), float(right.flat[worst]), absolute, relative
    )


@dataclass(eq=False)
class Line:
    """The judgement of one formula.

    Attributes
    ----------
    name : str
        The gradient claimed.
    verdict : str
        ``"right"``, ``"wrong here"``, ``"right, inherits the error of …"``, or why there is none.
    right : bool
        Whether the formula itself is right, given the true upstream gradients.
    inherits : tuple of str
        The wrong formulas before it whose errors reach its value in the chain.
    values : tuple of array, or None
        What is claimed and what is right; in the chain for a formula that inherits an error.
    detail : str
        Shapes, or where it was seen to be wrong.
    rule : str
        The rule that decided.
    where : str
        The line of the learner's program.
    note : str
        What was let pass.
    find : callable
        Seeks the explanations, when they are asked for.
    hints : int
        How much of them is told: 1 where to look, 2 what kind of mistake, 3 what it is about, 4
        the repair.
    derive : callable
        Gives the right formula, when it is asked for.
    """

    name: str
    verdict: str = "right"
    right: bool = True
    inherits: tuple[str, ...] = ()
    values: tuple[Any, Any] | None = None
    detail: str = ""
    rule: str = ""
    where: str = ""
    note: str = ""
    find: Callable[[], list[Explanation]] = list
    hints: int = 4
    derive: Callable[[], str] = str

    @cached_property
    def reason(self) -> str:
        """Why it is right: the formula that the chain rule gives, and from what."""
        return self.derive()

    @cached_property
    def explanations(self) -> list[Explanation]:
        """Why it is wrong: every exact explanation, the likeliest first."""
        return self.find()

    @cached_property
    def difference(self) -> Difference | None:
        """The difference of `values`."""
        return None if self.values is None else difference(*self.values)

    @property
    def label(self) -> str:
        """The gradient in the document's notation."""
        return notation.unicode(self.name)

    def wrong(self, verdict: str, detail: str = "") -> None:
        """Mark the formula as wrong."""
        self.right, self.verdict, self.detail = False, verdict, detail

    def inherit(self, roots: tuple[str, ...]) -> None:
        """Mark the formula as right, the wrong ones that its value inherits errors of named."""
        self.right, self.find, self.inherits = True, list, roots
        first = self.verdict if self.verdict.startswith("right for") else "right"
        self.verdict = f"{first}, inherits the error of {', '.join(roots)}"

    def limited(self, words: str, right: bool) -> None:
        """Mark the formula as right for values of some kind only; whether that is enough."""
        self.right, self.verdict = right, f"right for {words} only"
        self.detail = "wrong on random values of another kind"

    def text(self) -> str:
        """Return what is to be said of a formula that is not right."""
        parts = [f"{self.label} ({self.name}): {self.verdict}"]
        if self.where:
            parts.append(f"  {self.where}")
        if self.detail:
            parts.append(f"  {self.detail}")
        if self.right:
            return "\n".join(parts)
        gap = self.difference
        if gap is not None:
            where = f" at {gap.where}" if gap.where else ""
            parts.append(
                f"  worst{where}: got {gap.claimed:.6g}, right is {gap.right:.6g}; "
                f"off by {gap.absolute:.3g}, relative {gap.relative:.3g}"
            )
        if self.rule:
            parts.append(f"  rule: {self.rule}")
        if self.explanations and self.hints < 4:
            first = self.explanations[0]
            stages = [f"look at {first.where or self.label}", f"the kind of mistake: {first.kind}"]
            stages += [f"it is about {first.quantity}"] if first.quantity else []
            parts.append(f"  hint: {'; '.join(stages[: self.hints])}")
            parts.append("  all else in it is right: one change makes it exact")
        for i, explanation in enumerate(self.explanations[:3] if self.hints == 4 else ()):
            lead = "because" if i == 0 else "or, as exactly"
            parts.append(f"  {lead}: {explanation.words}")
            parts.append(f"    {explanation.repaired}")
        if not self.explanations and gap is not None:
            parts.append("  no single mistake of the catalogue explains the difference exactly")
        return "\n".join(parts)

    def __repr__(self) -> str:
        return f"<Line {self.name}: {self.verdict}>"


class Report:
    """What a check found.

    Prints as a table, the first wrong step before it; renders as a table in notebooks.

    Attributes
    ----------
    lines : list of Line
        One a formula, in the order of the backward pass.
    notes : list of str
        What was checked besides, such as finite differences, and what could not be decided.
    graph : list of Tensor
        What was judged, for ``draw(report)``.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        notes: Sequence[str] = (),
        unrevealed: Callable[[], list[str]] = list,
        title: str = "",
    ) -> None:
        self.lines = list(lines)
        self.notes = notes if isinstance(notes, list) else list(notes)  # more may come
        self.title = title
        self.graph: list[Any] = []
        self.problems: list[str] = []
        self._unrevealed = unrevealed

    @property
    def ok(self) -> bool:
        """Whether every formula is right."""
        return not self.failures and not self.problems

    @property
    def failures(self) -> list[Line]:
        """The formulas that are wrong in themselves, the first of the backward pass first."""
        return [line for line in self.lines if not line.right]

    @cached_property
    def warnings(self) -> list[str]:
        """Mistakes that these inputs would not reveal. Sought once, when asked."""
        return self._unrevealed()

    def __bool__(self) -> bool:
        return self.ok

    def __getitem__(self, name: str) -> Line:
        for line in self.lines:
            if line.name == name:
                return line
        raise KeyError(f"no line for {name!r}; there are {', '.join(x.name for x in self.lines)}")

    def rows(self) -> list[list[str]]:
        """Return the cells of the table."""
        found = []
        for line in self.lines:
            gap = line.difference
            size = [f"{gap.absolute:.2e}", f"{gap.relative:.2e}"] if gap else ["", ""]
            where = str(gap.where) if gap and gap.where else ""
            found.append([line.label, line.verdict, *size, where])
        return found

    def _table(self, style: str) -> str:
        from tabulate import tabulate

        headers = ["formula", "verdict", "largest difference", "relative", "where"]
        return tabulate(self.rows(), headers, tablefmt=style, disable_numparse=True)

    def summary(self) -> str:
        """Return the outcome in a line."""
        if self.ok:
            limited = [f"; {x.name}: {x.verdict}" for x in self.lines if "right for" in x.verdict]
            return f"all {len(self.lines)} formulas are right{''.join(limited)}"
        if not self.failures:
            return self.problems[0]
        first = self.failures[0]
        more = len(self.failures) - 1
        also = f"; {more} more wrong in themselves" if more else ""
        return f"first wrong step: {first.label} ({first.name}) — {first.verdict}{also}"

    def __str__(self) -> str:
        parts = [self.title] if self.title else []
        parts += [self.summary(), "", self._table("simple")]
        parts += ["", *[line.text() for line in self.failures]] if self.failures else []
        right = [
            f"  {x.label}: {x.reason}" for x in self.lines if x.right and not self.ok and x.reason
        ]
        parts += ["right, and why:", *right] if right else []
        parts += [f"problem: {problem}" for problem in self.problems]
        parts += [f"note: {note}" for note in self.notes]
        parts += [f"note: {line.name}: {line.note}" for line in self.lines if line.note]
        parts += [f"warning: {warning}" for warning in self.warnings]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the report for a notebook, every name escaped."""
        table = self._table("html")  # tabulate escapes the cells
        said = [line.text() for line in self.failures]
        said += self.problems + self.notes + self.warnings
        below = "".join(f"<pre>{html.escape(text)}</pre>" for text in said)
        return f"<p>{html.escape(self.summary())}</p>{table}{below}"

    def raise_if_wrong(self) -> None:
        """Raise an AssertionError unless every formula is right: its text is the report.

        The error's ``report`` is this report.
        """
        __tracebackhide__ = True
        if not self.ok:
            error: Any = AssertionError(f"\n{self}")
            error.report = self
            raise error
