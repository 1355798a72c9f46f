"""Whether a claim is right by itself: with the true gradients upstream, on one draw after another.

1. A `Judge` holds the draws, and knows what difference is rounding.
2. `Judge.line` judges one claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..draws import Draw, fresh, in_double
from ..names import Environment, Meaning, UnknownNameError
from .claims import Claim, FormulaError, run
from .report import Line


class Judge:
    """What claims are judged by.

    Parameters
    ----------
    environment : Environment
        The graph.
    claims : sequence of Claim
        All that will be judged: the gradients they use are computed in one pass.
    draws, seed : int
        How many sets of random leaves there are besides the given values, and for their draw.
    rtol : float
        What is rounding in double precision, relative to the largest entry.

    Attributes
    ----------
    given : Draw
        The graph's own values.
    fresh : list of Draw
        On random leaves; none if no claim is a formula.
    exact : Draw or None
        The given values in double precision, for a graph that is not.
    """

    def __init__(
        self, environment: Environment, claims: Sequence[Claim], draws: int, seed: int, rtol: float
    ) -> None:
        self.environment, self.seed, self.rtol = environment, seed, rtol
        functions = any(claim.function is not None for claim in claims)
        self.given = Draw(environment)
        self.fresh = fresh(environment, draws, seed) if functions and draws else []
        wanted = [claim.meaning for claim in claims]
        for claim in claims:
            try:
                wanted += [environment.meaning(text) for text in claim.uses]
            except UnknownNameError as error:
                claim.problem = str(error)
        for draw in (self.given, *self.fresh):
            draw.prepare(wanted)
        self.exact = in_double(environment) if environment.single else None

    def tolerance(self, draw: Draw, meaning: Meaning) -> tuple[float, str]:
        """Return the largest absolute difference that is rounding, and the rule for it."""
        right = draw.value(meaning)
        size = float(np.abs(right).max()) if right.size else 0.0
        if draw is not self.given or self.exact is None:
            rule = f"off by more than {self.rtol:g} of the largest entry"
            return max(self.rtol * size, draw.rounding), rule
        noise = float(np.abs(right - self.exact.value(meaning)).max()) if right.size else 0.0
        longest = max((max(n.shape) for n in self.environment.named.values() if n.ndim), default=1)
        eps = float(np.finfo(self.environment.J.dtype).eps)
        floor = max(32 * noise, 8 * eps * size * longest**0.5, eps)
        rule = f"off by more than the noise floor of {self.environment.J.dtype}, {floor:.1e}"
        return floor, rule

    def line(self, claim: Claim) -> Line:
        """Judge a claim."""
        line = Line(claim.name)
        if claim.problem:
            line.wrong("cannot be judged", claim.problem)
            return line
        for draw in (self.given, *self.fresh) if claim.function is not None else (self.given,):
            try:
                value = run(claim, draw)
            except FormulaError as error:
                line.wrong(str(error).partition(":")[0], self._with_shapes(f"{error}", claim))
            else:
                self._compare(claim, line, draw, value)
            if not line.right:
                break
        return line

    def _compare(self, claim: Claim, line: Line, draw: Draw, value: Any) -> None:
        right = draw.value(claim.meaning)
        if value.shape != right.shape:
            what = "the gradient" if claim.meaning.gradient else "the value"
            shapes = f"the result has shape {value.shape}, {what} {right.shape}"
            line.wrong("wrong shape", self._with_shapes(shapes, claim))
            return
        gap = float(np.abs(value - right).max()) if right.size else 0.0
        tolerance, rule = draw.rounding, ""
        if not gap <= tolerance:  # not a number, too, needs a closer look
            tolerance, rule = self.tolerance(draw, claim.meaning)
        near = gap <= tolerance
        if not near and not np.isfinite(value).all() and np.isfinite(right).all():
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
            where = f"first at {index}, where {right[index]:.6g} is right"
            line.wrong(f"holds {value[index]}", where)
            return
        if draw is self.given or not near:
            line.values, line.rule = (value, right), rule
        if not near:
            hidden = (
                "right on the given values and wrong on other, random ones (does it use a value "
                "that is not a parameter, or do these values hide the mistake?)"
            )
            line.wrong("wrong here", "" if draw is self.given else hidden)

    def _with_shapes(self, text: str, claim: Claim) -> str:
        """Return a text with the shapes of what a formula uses after it."""
        given = {key: self.given.get(key) for key in claim.uses}
        known = [f"{key} {x.shape}" for key, x in given.items() if isinstance(x, np.ndarray)]
        return f"{text}; with {', '.join(known)}" if known else text
