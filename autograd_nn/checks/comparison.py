"""What a check of gradients compared, and what came of it.

1. A `Comparison` is one input at one order: the exact product, what differences say, a verdict.
2. A `GradientReport` holds all of them, and prints as a table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field


class UndecidedWarning(UserWarning):
    """A gradient could not be checked at the given point."""


@dataclass(frozen=True)
class Comparison:
    """One input at one order: the exact product v·J·w and what differences say.

    Attributes
    ----------
    order : int
        1: gradients of the function; 2: gradients of its gradients; and so on.
    input : str
        The input, as Python reaches it.
    exact, numeric : float
    tolerance : float
        How far they may differ: rounding, and the error of the differences.
    step : float
        The relative step of the differences.
    status : str
        ``"ok"``, ``"wrong"`` or ``"undecided"``.
    note : str
        Why it could not be decided, or what was left out.
    """

    order: int
    input: str
    exact: float
    numeric: float
    tolerance: float
    step: float
    status: str
    note: str = ""

    @property
    def relative_error(self) -> float:
        """|exact − numeric| / max(|exact|, |numeric|); 0 where both are 0."""
        top = max(abs(self.exact), abs(self.numeric))
        return abs(self.exact - self.numeric) / top if top else 0.0

    @property
    def badness(self) -> float:
        """How much worse than others, to choose the worst: by the verdict first."""
        rank = {"ok": 0, "undecided": 1, "wrong": 2}[self.status]
        excess = abs(self.exact - self.numeric) / self.tolerance if self.tolerance else 0.0
        return rank + (1 - 1 / (1 + excess) if math.isfinite(excess) else 0.99)


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What `check_grads` compared: prints as a table.

    Attributes
    ----------
    comparisons : tuple of Comparison
        The worst direction of every input at every order.
    findings : tuple of str
        On failure: the worst element, and the operations whose rules are wrong.
    """

    comparisons: tuple[Comparison, ...]
    findings: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether no gradient is wrong. (There may be undecided ones.)"""
        return not self.failures

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """The comparisons that show a wrong gradient."""
        return tuple([c for c in self.comparisons if c.status == "wrong"])

    @property
    def undecided(self) -> tuple[Comparison, ...]:
        """The comparisons that could decide nothing, each with a note that says why."""
        return tuple([c for c in self.comparisons if c.status == "undecided"])

    def __str__(self) -> str:
        from tabulate import tabulate

        rows = [
            (
                c.order, c.input, f"{c.exact:.10g}", f"{c.numeric:.10g}",
                f"{c.relative_error:.1e}", f"{c.tolerance:.1e}", f"{c.step:.0e}", c.status,
            )
            for c in self.comparisons
        ]  # fmt: skip
        head = ("order", "input", "exact", "differences", "rel. error", "tolerance", "step", "")
        text = tabulate(rows, head, disable_numparse=True)
        notes = [f"order {c.order}, {c.input}: {c.note}" for c in self.comparisons if c.note]
        return "\n".join([text, *notes, *self.findings])

    __repr__ = __str__
