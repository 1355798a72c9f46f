"""Why a formula is wrong: the one rewriting that makes it right on every draw.

1. `explain` tries every entry of the catalogue on the formula, and on its value.
2. A `Case` is one draw on which a candidate must be right.

A candidate counts only if it equals the gradient to rounding on all draws, so that nothing is
explained by coincidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...formulas.expression import Expr, call, evaluate, evaluate_all, name, negated, number
from ...formulas.printing import python_text
from ...ops.elementwise import MULTIPLY
from ...ops.shapes import RESHAPE
from ..derive.steps import TooLargeError, reference
from ..draws import Draw
from ..names import Environment
from .catalogue import CATALOGUE, constants, scaled
from .chain import Chain
from .claims import Claim, FormulaError, record, run
from .judge import Judge
from .mistakes import Candidate, Explanation, Setting
from .passes import Pass, close
from .search import LARGEST_GRAPH, Search
from .sums import Claimed, Found

_CONFIRMING = 6
_SMALL = 10_000
RESULT = "your_result"
"""The name that stands for the result of a formula that could not be recorded."""


class Case(NamedTuple):
    """One draw on which a candidate must be right.

    Attributes
    ----------
    values : mapping of str to array
        What names stand for.
    truth : array
        The right gradient.
    tolerance : float
        The largest absolute difference that is rounding.
    known : dict
        The values of the nodes of the formula that is rewritten, by their id.
    """

    values: Any
    truth: Any
    tolerance: float
    known: dict[int, Any]

    def value(self, formula: Expr) -> Any:
        """Return the value of a formula, None where it has none."""
        try:
            return np.asarray(evaluate(formula, self.values, self.known))
        except (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError):
            return None

    def holds(self, formula: Expr) -> bool:
        """Whether a formula gives the right gradient."""
        value = self.value(formula)
        return value is not None and close(value, self.truth, self.tolerance)


class Overlay(dict[str, Any]):
    """A draw with further names in it."""

    def __init__(self, draw: Draw, extra: dict[str, Any]) -> None:
        super().__init__(extra)
        self.draw = draw

    def __missing__(self, key: str) -> Any:
        return self.draw[key]


def _holds(formula: Expr, cases: Sequence[Case]) -> bool:
    return all(case.holds(formula) for case in cases)


def explain(judge: Judge, claim: Claim, chain: Chain) -> list[Explanation]:
    """Return the exact explanations of a wrong claim, one of a kind, the likeliest first.

    A formula is rewritten as it was recorded. Of one that cannot be recorded, and of an array,
    the result is rewritten, which goes by the name `RESULT` then.
    """
    environment, target = judge.environment, claim.meaning
    formula = None
    draws: list[Draw] = [judge.exact or judge.given]
    if claim.function is not None:
        formula = record(claim, judge.given)
        # More draws than the judgement takes: formulas with branches, such as a stable
        # sigmoid's, may agree by coincidence on a few.
        more = _CONFIRMING if len(environment.order) <= _SMALL else 0
        draws += judge.fresh + judge.draw(more, 1)
    recorded = formula is not None
    whole = name(RESULT) if formula is None else formula
    follows = chain.right(claim)
    cases = [_case(judge, claim, whole, draw, follows) for draw in draws]
    if not recorded and any(not np.isfinite(case.values[RESULT]).all() for case in cases):
        return []
    if not all(np.isfinite(case.truth).all() for case in cases):
        return []
    if not any(case.truth.any() for case in cases):
        return []  # zero is reached by every formula with a factor 0
    if claim.function is None and not np.any(np.abs(cases[0].values[RESULT]) > cases[0].tolerance):
        return []  # and given by leaving out anything
    setting = Setting(whole, cases[0].known, environment, target, recorded)
    found: dict[str, Explanation] = {}
    combined: dict[str, Explanation] = {}
    with np.errstate(all="ignore"):
        for e in _anywhere(judge, claim, chain, once=True):
            found.setdefault(e.kind, e)
        for entry in CATALOGUE:
            for candidate in entry.rewritings(setting):
                if entry.kind in found:
                    break
                value = cases[0].value(candidate.formula)
                if value is None or value.shape != cases[0].truth.shape:
                    continue
                if close(value, cases[0].truth, cases[0].tolerance):
                    if _holds(candidate.formula, cases[1:]):
                        found[entry.kind] = _explanation(entry.kind, candidate)
                elif not combined and not found:
                    both = _with_factor(environment, candidate, value, cases)
                    if both is not None:
                        combined[entry.kind] = _explanation(f"{entry.kind}, and a factor", both)
        for kind, candidate in _reshaped(whole, cases):
            found.setdefault(kind, _explanation(kind, candidate))
        if not found:
            found = {e.kind: e for e in reversed(_anywhere(judge, claim, chain))}
            found = dict(reversed(found.items()))
        # an array of one element has a ratio to anything
        if not found and (claim.function is not None or np.size(cases[0].values[RESULT]) > 1):
            found = {e.kind: e for e in _ratio(whole, cases)}
    told: dict[str, Explanation] = {}
    for explanation in (found or combined).values():  # each repair is named once
        told.setdefault(explanation.where or explanation.repaired, explanation)
    return list(told.values())


def _anywhere(judge: Judge, claim: Claim, chain: Chain, once: bool = False) -> list[Explanation]:
    """Explain by one mistake in a step of the backward pass, its right formulas taken as given.

    With `once` by what is known without a search: a mistake that other claims have in common, and
    the coefficients of paths.
    """
    node, scale = claim.meaning.node, claim.meaning.scale
    if node is None or not claim.meaning.gradient or len(chain.place) > LARGEST_GRAPH:
        return []
    place = chain.place[node]
    found: list[Found] = []
    if place in chain.arrays or place in chain.lines_of_programs:
        found = chain.shared(place) or [f for f in ([] if once else chain.found)
                                        if place in f.explains]  # fmt: skip
    others = (line for other, line in chain.lines.items() if other is not node)
    if claim.function is None:  # on the true gradients, where the learner's own are others
        own = not once and any(not line.right or line.inherits for line in others)
        bases = [[chain.follows({place}, own=False)]] if own or place not in chain.arrays else []
    elif claim.once and not once and place in chain.lines_of_programs:
        bases = []
    else:
        draws = [judge.exact or judge.given, *([] if claim.once else judge.fresh)]
        bases = [[Pass(draw, {}, {place}) for draw in draws]]
    for passes in bases:
        if found:
            break
        try:
            values = [run(claim, p.draw) / scale for p in passes]
        except FormulaError:
            return []
        if any(v.shape != node.shape or not np.isfinite(v).all() for v in values):
            return []
        near = [judge.rtol * float(np.abs(p.arriving.get(place, 0)).max()) for p in passes]
        search = Search(judge.environment, passes, {place: Claimed(values, near)}, [place])
        found = list(search.paths(place)) if once else search.found()
    if not found:
        return []
    try:
        right = call(MULTIPLY, number(float(scale)), reference(judge.environment, node))
        right = right.args[1] if scale == 1 else right
    except TooLargeError:
        right = name(judge.environment.gradient_name(node.name or ""))
    said = [f for f in found if len(f.explains) == len(found[0].explains)][:3]
    return [
        Explanation(f.kind, f.words, python_text(right), right, f.where, f.quantity) for f in said
    ]


def _case(judge: Judge, claim: Claim, whole: Expr, draw: Draw, truth: Any) -> Case:
    if truth is None:
        truth = np.asarray(draw.value(claim.meaning), dtype=float)
    if claim.function is None and judge.exact is not None:
        tolerance, _ = judge.tolerance(judge.given, claim.meaning)
    else:
        tolerance = judge.rtol * float(np.abs(truth).max()) if truth.size else 0.0
    values: Any = draw
    if whole.name == RESULT:
        try:
            values = Overlay(draw, {RESULT: run(claim, draw)})
        except FormulaError:
            values = Overlay(draw, {RESULT: np.full((), np.nan)})
    with np.errstate(all="ignore"):
        return Case(values, truth, tolerance, evaluate_all(whole, values))


def _explanation(kind: str, candidate: Candidate) -> Explanation:
    return Explanation(kind, candidate.words, python_text(candidate.formula), candidate.formula)


def _reshaped(whole: Expr, cases: Sequence[Case]) -> list[tuple[str, Candidate]]:
    shape = cases[0].truth.shape
    value = cases[0].value(whole)
    if value is None or value.shape == shape or value.size != cases[0].truth.size:
        return []
    put = call(RESHAPE, whole, shape=shape)
    words = f"the values are right, the shape is not: reshape to {shape}"
    return [("shape", Candidate(put, words))] if _holds(put, cases) else []


def _ratio_of(value: Any, truth: Any) -> float | None:
    """Return the number c with truth = c · value, or None."""
    if value is None or np.shape(value) != np.shape(truth) or not np.isfinite(value).all():
        return None
    norm = float(np.vdot(value, value))
    if norm == 0:
        return None
    c = float(np.vdot(value, truth)) / norm
    scale = float(np.abs(truth).max())
    return c if c and np.abs(truth - c * value).max() <= 1e-9 * scale else None


def _with_factor(
    environment: Environment, candidate: Candidate, value: Any, cases: Sequence[Case]
) -> Candidate | None:
    """Return the candidate with a sign or a factor of the list as a second mistake."""
    c = _ratio_of(value, cases[0].truth)
    if c is None:
        return None
    for factor, word in [(1.0, "1"), *constants(environment)]:
        for sign in (1, -1):
            if abs(c - sign * factor) <= 1e-9 * abs(c) and c != 1:
                put = scaled(candidate.formula, factor, word) if factor != 1 else candidate.formula
                put = negated(put) if sign < 0 else put
                if _holds(put, cases):
                    text = f"{'−' if sign < 0 else ''}{word}"
                    return Candidate(put, f"{candidate.words}; and a factor {text} is missing")
    return None


def _ratio(whole: Expr, cases: Sequence[Case]) -> list[Explanation]:
    """Explain by one constant without a name, the same on all draws: the last resort."""
    ratios = [_ratio_of(case.value(whole), case.truth) for case in cases]
    given = [float(c) for c in ratios if c is not None]
    telling = len(cases) > 1 or cases[0].truth.size > 1
    if not telling or len(given) < len(ratios) or np.ptp(given) > 1e-9 * abs(given[0]):
        return []
    word = f"{given[0]:.6g}".replace("-", "−")
    put = call(MULTIPLY, number(given[0]), whole)
    words = f"a factor {word} is missing: multiply by {word}"
    return [_explanation("constant factor", Candidate(put, words))]
