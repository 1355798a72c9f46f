"""Why a formula is wrong: the one rewriting that makes it right on every draw.

1. `explain` tries every entry of the catalogue on the formula, and on its value.
2. An `Explanation` is a kind of mistake, the repair in words, and the repaired formula.

A candidate counts only if it equals the gradient to rounding on all draws, so that nothing is
explained by coincidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...formulas.expression import Expr, call, evaluate, evaluate_all, name, negated, number
from ...formulas.printing import python_text
from ..derive.steps import TooLargeError, terms
from ..environment import Draw, Environment, Meaning
from .catalogue import CATALOGUE, constants, scaled
from .rewriting import Candidate, Setting

_MOST_PATHS = 6
RESULT = "your_result"
"""The name that stands for the result of a formula that could not be recorded."""


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
    """

    kind: str
    words: str
    repaired: str
    formula: Expr


class Case(NamedTuple):
    """One draw on which a candidate must be right."""

    values: Any
    truth: Any
    tolerance: float
    known: dict[int, Any]


class Overlay(dict[str, Any]):
    """A draw with further names in it."""

    def __init__(self, draw: Draw, extra: dict[str, Any]) -> None:
        super().__init__(extra)
        self.draw = draw

    def __missing__(self, key: str) -> Any:
        return self.draw[key]


def close(value: Any, truth: Any, tolerance: float) -> bool:
    """Whether a value equals the truth up to an absolute tolerance, in the same shape."""
    if np.shape(value) != np.shape(truth):
        return False
    if truth.size == 0:
        return True
    if not abs(value.flat[0] - truth.flat[0]) <= tolerance:
        return False
    return bool(np.abs(value - truth).max() <= tolerance)


def _value(formula: Expr, case: Case) -> Any:
    try:
        return np.asarray(evaluate(formula, case.values, case.known))
    except (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError):
        return None


def _holds(formula: Expr, cases: Sequence[Case]) -> bool:
    for case in cases:
        value = _value(formula, case)
        if value is None or not close(value, case.truth, case.tolerance):
            return False
    return True


def explain(
    environment: Environment,
    target: Meaning,
    formula: Expr | None,
    results: Sequence[Any],
    draws: Sequence[Draw],
    tolerances: Sequence[float],
    scalable: bool = True,
) -> list[Explanation]:
    """Return the exact explanations of a wrong formula, one of a kind, the likeliest first.

    Parameters
    ----------
    environment : Environment
        The graph.
    target : Meaning
        The gradient that the formula is for.
    formula : Expr or None
        The recorded formula; None if it could not be recorded.
    results : sequence of array
        The value of the formula on each draw, used where it is not recorded.
    draws : sequence of Draw
        The draws that a candidate must be right on.
    tolerances : sequence of float
        Absolute, one for each draw.
    scalable : bool
        Whether a constant that is in no list, such as 0.37, may explain. It may not where there
        is one draw of one element, which has a ratio to anything.
    """
    recorded = formula is not None
    whole = formula if formula is not None else name(RESULT)
    cases = []
    for i, draw in enumerate(draws):
        values = draw if recorded else Overlay(draw, {RESULT: results[i]})
        truth = np.asarray(draw.value(target), dtype=float)
        cases.append(Case(values, truth, tolerances[i], _known(whole, values)))
    if not cases or not all(np.isfinite(case.truth).all() for case in cases):
        return []
    if all(not case.truth.any() for case in cases):
        return []  # zero is reached by every formula with a factor 0
    setting = Setting(whole, cases[0].known, environment, target, recorded)
    found: dict[str, Explanation] = {}
    combined: dict[str, Explanation] = {}
    with np.errstate(all="ignore"):
        for kind, candidate in _paths(environment, target, whole, cases):
            found.setdefault(kind, _explanation(kind, candidate))
        for entry in CATALOGUE:
            for candidate in entry.rewritings(setting):
                if entry.kind in found:
                    break
                value = _value(candidate.formula, cases[0])
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
        if not found and scalable:
            found = {e.kind: e for e in _ratio(environment, whole, cases)}
    told: dict[str, Explanation] = {}
    for explanation in (found or combined).values():  # each repair is named once
        told.setdefault(explanation.repaired, explanation)
    return list(told.values())


def _known(formula: Expr, values: Any) -> dict[int, Any]:
    with np.errstate(all="ignore"):
        return evaluate_all(formula, values)


def _explanation(kind: str, candidate: Candidate) -> Explanation:
    return Explanation(kind, candidate.words, python_text(candidate.formula), candidate.formula)


def _reshaped(whole: Expr, cases: Sequence[Case]) -> list[tuple[str, Candidate]]:
    shape = cases[0].truth.shape
    value = _value(whole, cases[0])
    if value is None or value.shape == shape or value.size != cases[0].truth.size:
        return []
    put = call("reshape", whole, shape=shape)
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


def _ratio(environment: Environment, whole: Expr, cases: Sequence[Case]) -> list[Explanation]:
    """Explain by one constant for all draws, or by a named number of the graph."""
    ratios = [_ratio_of(_value(whole, case), case.truth) for case in cases]
    if any(c is None for c in ratios):
        return []
    given = [float(c) for c in ratios if c is not None]
    telling = len(cases) > 1 or cases[0].truth.size > 1
    if telling and max(given) - min(given) <= 1e-9 * abs(given[0]):
        word = _quantity(environment, given[0])
        put = call("multiply", number(given[0]), whole)
        words = f"a factor {word} is missing: multiply by {word}"
        return [_explanation("constant factor", Candidate(put, words))]
    for text, node in environment.named.items():
        if node.size != 1 or node is environment.J:
            continue
        for power, word in ((1, text), (-1, f"1/{text}")):
            values = [float(np.asarray(case.values[text]).flat[0]) ** power for case in cases]
            if np.allclose(values, given, rtol=1e-9, atol=0):
                scalar = call("reshape", name(text), shape=())
                put = call("multiply" if power > 0 else "divide", whole, scalar)
                words = f"a factor {word} is missing: multiply by {word}"
                return [_explanation("constant factor", Candidate(put, words))]
    return []


def _quantity(environment: Environment, c: float) -> str:
    """Return a number, with the quantity of the graph that equals it."""
    text = f"{c:.6g}".replace("-", "−")
    sign = "−" if c < 0 else ""
    for node_name, node in environment.named.items():
        for axis, length in enumerate(node.shape):
            what = f"the number of {('rows', 'columns')[axis]} of {node_name}"
            if node.ndim == 2 and length > 1:
                if np.isclose(abs(c), length, rtol=1e-9):
                    return f"{text} ({sign}{what})"
                if np.isclose(abs(c), 1 / length, rtol=1e-9):
                    return f"{text} ({sign}1 / {what})"
    return text


def _paths(
    environment: Environment, target: Meaning, whole: Expr, cases: Sequence[Case]
) -> list[tuple[str, Candidate]]:
    """Explain by a use of the tensor whose contribution is missing, or counted twice."""
    if target.node is None or not target.gradient:
        return []
    if not 2 <= len(environment.consumers[target.node]) <= _MOST_PATHS:
        return []
    try:
        uses = terms(environment, target.node)
    except TooLargeError:
        return []
    if len(uses) < 2:
        return []
    found = []
    for subset in range(1, 2 ** len(uses) - 1):
        chosen = [term for i, term in enumerate(uses) if subset >> i & 1]
        part = _summed([term.formula for term in chosen], target.scale)
        where = " and ".join(python_text(term.formula) for term in chosen)
        text = environment.names[target.node]
        added = call("add", whole, part)
        if _holds(added, cases):
            words = f"{text} is used in several places, and a path is left out: add {where}"
            found.append(("path left out", Candidate(added, words)))
        less = call("subtract", whole, part)
        if _holds(less, cases):
            words = f"a path of {text} is counted too often: take away {where}"
            found.append(("path counted twice", Candidate(less, words)))
    return found


def _summed(formulas: Sequence[Expr], scale: int) -> Expr:
    total = formulas[0]
    for formula in formulas[1:]:
        total = call("add", total, formula)
    return total if scale == 1 else call("multiply", number(float(scale)), total)
