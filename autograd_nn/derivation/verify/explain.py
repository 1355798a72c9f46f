"""Why a formula is wrong: the one rewriting that makes it right on every draw.

1. `explain` tries every entry of the catalogue on the formula, and on its value.
2. A `Case` is one draw on which a candidate must be right.

A candidate counts only if it equals the gradient to rounding on all draws, so that nothing is
explained by coincidence.
"""

from __future__ import annotations

import itertools
from collections import ChainMap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...formulas.expression import Expr, call, evaluate, evaluate_all, name, negated, number
from ...formulas.printing import python_text
from ...ops.elementwise import MULTIPLY
from ...ops.shapes import RESHAPE
from ..derive.steps import TooLargeError, reference
from ..draws import Draw
from .catalogue import CATALOGUE, constants, scaled
from .chain import Chain
from .claims import Claim, FormulaError, record, run
from .judge import Judge
from .mistakes import Explanation, Setting
from .passes import Pass, close
from .search import LARGEST_GRAPH, Search
from .sums import FEW, Claimed, Sums

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


def _holds(formula: Expr, cases: Sequence[Case]) -> bool:
    return all(case.holds(formula) for case in cases)


def explain(judge: Judge, claim: Claim, chain: Chain) -> list[Explanation]:
    """Return the exact explanations of a wrong claim, one of a kind, the likeliest first.

    A formula is rewritten as it was recorded. Of one that cannot be recorded, and of an array,
    the result is rewritten, which goes by the name `RESULT` then.
    """
    environment = judge.environment
    formula = None
    draws: list[Draw] = [judge.exact or judge.given]
    if claim.function is not None:
        formula = record(claim, judge.given)
        # More draws than the judgement takes: formulas with branches, such as a stable
        # sigmoid's, may agree by coincidence on a few.
        more = _CONFIRMING if len(environment.order) <= _SMALL else 0
        draws += judge.fresh + judge.draw(more, 1)
    whole = name(RESULT) if formula is None else formula
    truth = chain.right(claim) if claim.function is None else None
    cases = [_case(judge, claim, whole, draw, truth) for draw in draws]
    first = cases[0]
    if not all(np.isfinite(case.truth).all() for case in cases):
        return []
    if formula is None and not all(np.isfinite(case.values[RESULT]).all() for case in cases):
        return []
    if not any(case.truth.any() for case in cases):
        return []  # zero is reached by every formula with a factor 0
    values = [case.value(whole) for case in cases]
    if claim.meaning.gradient and not any(
        v is None or np.any(np.abs(v) > c.tolerance) for v, c in zip(values, cases, strict=True)
    ):
        kind = "path left out"
        words = "it is 0 everywhere, and the gradient is not: every path to it is left out"
        if any(map(np.any, values)):
            kind = "sum cancels"
            words = "it is 0 but for rounding: the terms of a sum in it cancel (the wrong axis?)"
        return [_explanation(kind, _right(judge, claim), words)]
    found = _anywhere(judge, claim, chain, once=True)
    setting = Setting(whole, first.known, environment, claim.meaning, formula is not None)
    with np.errstate(all="ignore"):
        exact, combined = _by_catalogue(setting, cases, {e.kind for e in found})
        found += exact
        found += _reshaped(whole, cases)
        found = found or _anywhere(judge, claim, chain)
        # an array of one element has a ratio to anything
        if not found and (claim.function is not None or np.size(first.values[RESULT]) > 1):
            found = _ratio(whole, cases)
    kinds: dict[str, Explanation] = {}
    for explanation in found or combined:
        kinds.setdefault(explanation.kind, explanation)
    told: dict[str, Explanation] = {}
    for explanation in kinds.values():  # each repair is named once
        told.setdefault(explanation.where or explanation.repaired, explanation)
    return list(told.values())


def _by_catalogue(
    setting: Setting, cases: Sequence[Case], known: set[str]
) -> tuple[list[Explanation], list[Explanation]]:
    """Return what rewriting explains, and what it does with a factor as a second mistake.

    Of the kinds that are known already nothing more is sought.
    """
    first = cases[0]
    found: dict[str, Explanation] = {}
    combined: list[Explanation] = []
    factors = [(1.0, "1"), *constants(setting.environment)]
    if sum(case.truth.size for case in cases) < FEW:
        factors = []
    for entry in CATALOGUE:
        for candidate in entry.rewritings(setting):
            if entry.kind in found or entry.kind in known:
                break
            value = first.value(candidate.formula)
            if value is None or value.shape != first.truth.shape:
                continue
            if close(value, first.truth, first.tolerance):
                if _holds(candidate.formula, cases[1:]):
                    found[entry.kind] = _explanation(entry.kind, *candidate)
            elif not (combined or found or known) and (c := _ratio_of(value, first.truth)):
                for (factor, word), sign in itertools.product(factors, (1, -1)):
                    put = scaled(candidate.formula, factor, word) if word != "1" else candidate[0]
                    put = negated(put) if sign < 0 else put
                    if abs(c - sign * factor) <= 1e-9 * abs(c) and c != 1 and _holds(put, cases):
                        said = (
                            f"{candidate.words}; and a factor {'−' * (sign < 0)}{word} is missing"
                        )
                        combined.append(_explanation(f"{entry.kind}, and a factor", put, said))
    return list(found.values()), combined


def _anywhere(judge: Judge, claim: Claim, chain: Chain, once: bool = False) -> list[Explanation]:
    """Explain by one mistake in a step of the backward pass, its right formulas taken as given.

    With `once` by what is known without a search: a mistake that other claims have in common, and
    the coefficients of paths.
    """
    node, scale = claim.meaning.node, claim.meaning.scale
    if node is None or not claim.meaning.gradient or len(chain.place) > LARGEST_GRAPH:
        return []
    place = chain.place[node]
    found = chain.shared(place)
    if not found and not once:
        found = chain.told(place)
    if not found and claim.function is not None and (once or not chain.claimed(place)):
        draws = [judge.exact or judge.given, *([] if claim.once else judge.fresh)]
        passes = [Pass(draw, {}, {place}) for draw in draws]
        try:
            values = [run(claim, draw) / scale for draw in draws]
        except FormulaError:
            return []
        if any(v.shape != node.shape or not np.isfinite(v).all() for v in values):
            return []
        near = [judge.rtol * float(np.abs(p.arriving.get(place, 0)).max()) for p in passes]
        given = judge.environment, passes, {place: Claimed(values, near)}, [place]
        found = list(Sums(*given).paths(place)) if once else Search(*given).found()
    if not found:
        return []
    right = _right(judge, claim)
    said = [f for f in found if len(f.explains) == len(found[0].explains)][:3]
    return [_explanation(f.kind, right, f.words, f.where, f.quantity) for f in said]


def _right(judge: Judge, claim: Claim) -> Expr:
    """Return the right formula of a gradient, its name where that is too large."""
    node, scale = claim.meaning.node, claim.meaning.scale
    assert node is not None  # noqa: S101 - gradients are those of tensors
    try:
        formula = reference(judge.environment, node)
    except TooLargeError:
        return name(judge.environment.gradient_name(node.name or ""))
    return formula if scale == 1 else call(MULTIPLY, number(float(scale)), formula)


def _case(judge: Judge, claim: Claim, whole: Expr, draw: Draw, truth: Any) -> Case:
    if truth is None:
        truth = np.asarray(draw.value(claim.meaning), dtype=float)
    if claim.function is None and judge.exact is not None:
        tolerance, _ = judge.tolerance(judge.given, claim.meaning)
    else:
        tolerance = judge.rtol * float(np.abs(truth).max()) if truth.size else 0.0
    values: Any = draw
    with np.errstate(all="ignore"):
        if whole.name == RESULT:
            try:
                result = run(claim, draw)
            except FormulaError:
                result = np.full((), np.nan)
            values = ChainMap({RESULT: result}, draw)  # type: ignore[arg-type]  # only read
        return Case(values, truth, tolerance, evaluate_all(whole, values))


def _explanation(kind: str, put: Expr, words: str, *where: str) -> Explanation:
    return Explanation(kind, words, python_text(put), put, *where)


def _reshaped(whole: Expr, cases: Sequence[Case]) -> list[Explanation]:
    value, shape = cases[0].value(whole), cases[0].truth.shape
    put = call(RESHAPE, whole, shape=shape)
    if value is None or value.shape == shape or not _holds(put, cases):
        return []
    words = f"the values are right, the shape is not: reshape to {shape}"
    return [_explanation("shape", put, words)]


def _ratio_of(value: Any, truth: Any) -> float:
    """Return the number c with truth = c · value, 0 if there is none."""
    if value is None or np.shape(value) != np.shape(truth) or not np.isfinite(value).all():
        return 0.0
    c = float(np.vdot(value, truth)) / (float(np.vdot(value, value)) or 1.0)
    return c if np.abs(truth - c * value).max() <= 1e-9 * float(np.abs(truth).max()) else 0.0


def _ratio(whole: Expr, cases: Sequence[Case]) -> list[Explanation]:
    """Explain by one constant without a name, the same on all draws: the last resort."""
    seen = [(case.value(whole), case.truth) for case in cases]
    seen = [
        (value, truth) for value, truth in seen if value is None or np.any(value) or np.any(truth)
    ]
    c, *others = [_ratio_of(value, truth) for value, truth in seen] or [0.0]
    telling = others or cases[0].truth.size > 1
    if not telling or not c or np.ptp([c, *others]) > 1e-9 * abs(c):
        return []
    word = f"{c:.6g}".replace("-", "−")
    words = f"a factor {word} is missing: multiply by {word}"
    return [_explanation("constant factor", call(MULTIPLY, number(c), whole), words)]
