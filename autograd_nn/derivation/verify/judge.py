"""Whether a claim is right by itself: with the true gradients upstream, on one draw after another.

1. A `Judge` holds the draws, and knows what difference is rounding.
2. `Judge.line` judges one claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor, plain
from ..draws import Draw, Kind, drawn_leaves, fresh, in_double, integers_like, kinds_of
from ..names import Environment, Meaning, UnknownNameError, spelling
from .claims import Claim, FormulaError, run
from .report import Line

_NARROW, _MOST_KINDS = 4, 12
"""On how many draws, and for how many kinds, a formula is tried that is wrong on free ones."""


def _is_data(leaf: Tensor, about: set[Tensor | None]) -> bool:
    """Whether a leaf is data, whose kind matters, and not a parameter, whose values change."""
    weights = spelling(leaf.name).family in ("W", "w", "b", "V", "U", "theta")
    return not (leaf.requires_grad or leaf in about or weights)


def inner(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without the axes of length 1 that broadcasting puts before it."""
    while shape[:1] == (1,):
        shape = shape[1:]
    return shape


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
    kinds : dict of Tensor to list of Kind
        Of what kinds the leaves are.
    kept : dict of Tensor to Kind
        The data that stays of its kind on random draws.
    exact : Draw or None
        The given values in double precision, for a graph that is not.
    """

    def __init__(
        self, environment: Environment, claims: Sequence[Claim], draws: int, seed: int, rtol: float
    ) -> None:
        self.environment, self.seed, self.rtol = environment, seed, rtol
        functions = any(claim.function is not None for claim in claims)
        self.given = Draw(environment)
        self.kinds = {leaf: kinds_of(plain(leaf)) for leaf in drawn_leaves(environment)}
        about = {claim.meaning.node for claim in claims if claim.meaning.gradient}
        self.data = {leaf for leaf in self.kinds if _is_data(leaf, about)}
        self.kept = {
            leaf: kind for leaf in self.data for kind in self.kinds[leaf][:1] if kind.certain
        }
        self.fresh = self.draw(draws) if functions and draws else []
        ints = {x: integers_like(plain(x)) for x in environment.named.values() if x.op is None}
        self.integers = {x: kind for x, kind in ints.items() if kind and self.fresh}
        wanted = [claim.meaning for claim in claims]
        for claim in claims:
            try:
                wanted += [environment.meaning(text) for text in claim.uses]
            except UnknownNameError as error:
                claim.problem = str(error)
        for draw in (self.given, *self.fresh):
            draw.prepare(wanted)
        self.exact = in_double(environment) if environment.single else None

    def draw(
        self, count: int, other: int = 0, kept: Mapping[Tensor, Kind] | None = None
    ) -> list[Draw]:
        """Return the graph on random leaves, data kept in its kind where that is certain."""
        return fresh(self.environment, count, self.seed + other, {**self.kept, **(kept or {})})

    def tolerance(self, draw: Draw, meaning: Meaning) -> tuple[float, str]:
        """Return the largest absolute difference that is rounding, and the rule for it."""
        right = draw.value(meaning)
        size = float(np.abs(right).max()) if right.size else 0.0
        if draw is not self.given or self.exact is None:
            rule = f"off by more than {self.rtol:g} of the largest entry"
            return max(self.rtol * size, draw.rounding(meaning)), rule
        noise = float(np.abs(right - self.exact.value(meaning)).max()) if right.size else 0.0
        longest = max((max(n.shape) for n in self.environment.named.values() if n.ndim), default=1)
        eps = float(np.finfo(self.environment.J.dtype).eps)
        floor = max(32 * noise, 8 * eps * size * longest**0.5, eps)
        rule = f"off by more than the noise floor of {self.environment.J.dtype}, {floor:.1e}"
        return floor, rule

    def line(self, claim: Claim) -> Line:
        """Judge a claim."""
        line = Line(claim.name, where=claim.where)
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
                if draw is not self.given:
                    self._narrow(claim, line)
                    if not line.right and claim.once:  # a program is for the values it was run on
                        line.limited("these values", True)
                break
        if line.right and claim.function is not None and self.integers:
            kept = dict(self.integers)
            if self._is_wrong(claim, kept):
                chance = any(k.words == "symmetric {}" for x in kept for k in kinds_of(plain(x)))
                line.limited(f"{', '.join(x.name or '' for x in kept)} as given", not chance)
        if line.right and claim.own:
            claim.problem = claim.own
            line.wrong("cannot be judged", claim.own)
        return line

    def _narrow(self, claim: Claim, line: Line) -> None:
        """Say of a formula that is wrong on free draws for what kind of values it is right.

        It counts as right where this is data that is so. That a matrix of weights is symmetric, or
        positive, is chance.
        """
        kinds = [
            (leaf, kind)
            for leaf, found in self.kinds.items()
            for kind in found
            if leaf not in self.kept and (leaf.name in claim.uses or leaf in self.data)
        ]
        for leaf, kind in kinds[:_MOST_KINDS]:
            if not self._is_wrong(claim, {leaf: kind}):
                words = kind.words.format(leaf.name or "an unnamed tensor")
                line.limited(words, leaf in self.data and not kind.words.startswith("symmetric"))
                return

    def _is_wrong(self, claim: Claim, kept: Mapping[Tensor, Kind]) -> bool:
        """Whether a formula is wrong on some draw with further values kept in their kind."""
        tried = Line(claim.name)
        for draw in self.draw(_NARROW, 2, kept):
            try:
                self._compare(claim, tried, draw, run(claim, draw))
            except FormulaError:
                return True
            if not tried.right:
                return True
        return False

    def _compare(self, claim: Claim, line: Line, draw: Draw, value: Any) -> None:
        right = draw.value(claim.meaning)
        if value.shape != right.shape and inner(value.shape) == inner(right.shape):
            line.note = f"its shape {value.shape} is taken for {right.shape}"
            value = value.reshape(right.shape)
        if value.shape != right.shape:
            what = "the gradient" if claim.meaning.gradient else "the value"
            shapes = f"the result has shape {value.shape}, {what} {right.shape}"
            line.wrong("wrong shape", self._with_shapes(shapes, claim))
            return
        gap = float(np.abs(value - right).max()) if right.size else 0.0
        tolerance, rule = self.tolerance(draw, claim.meaning) if gap != 0 else (0.0, "")
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
