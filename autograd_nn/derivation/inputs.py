"""Whether the inputs of a check could have revealed a mistake.

The right formulas are read off the graph, every mistake of the catalogue is made in them, and
those that still give the right values are the ones these inputs cannot reveal: a missing 1/m with
one sample, a transpose of a symmetric W, anything at all where the residual is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .catalogue import CATALOGUE, Setting
from .claims import Claim
from .environment import Draw, Environment
from .expression import Expr, evaluate, evaluate_all
from .steps import in_deltas, reference
from .writing import python_text

_OVER_SAMPLES = {"sum missing", "sum too many", "mean for sum", "sum for mean"}


def unrevealed(
    environment: Environment,
    claims: Sequence[Claim],
    given: Draw,
    fresh: Sequence[Draw],
    rtol: float,
) -> list[str]:
    """Return a warning for every kind of mistake that would have passed.

    A formula was judged on `fresh` draws as well, an array on the `given` values only.
    """
    warnings = []
    layers = [n for n in environment.named.values() if n.ndim == 2 and n.shape[1] == 1]
    if environment.samples == 1 and layers:
        warnings.append(
            "these inputs would not reveal a factor m or 1/m, nor a missing sum over samples: "
            "there is one sample"
        )
    nothing = [claim.name for claim in claims if not np.any(given.gradient(claim.meaning))]
    arrays = [claim.name for claim in claims if claim.function is None]
    if nothing and (not fresh or set(nothing) & set(arrays)):
        warnings.append(
            f"these inputs would reveal nothing about {', '.join(nothing)}: the gradient is 0 here "
            "(is the residual zero?)"
        )
    passing: dict[str, tuple[list[str], str]] = {}
    for claim in claims:
        draws = [given] if claim.function is None else [given, *fresh]
        if all(not np.any(draw.gradient(claim.meaning)) for draw in draws):
            continue
        for kind, example in _survivors(environment, claim, draws, rtol):
            if warnings and environment.samples == 1 and kind in _OVER_SAMPLES:
                continue
            where, _ = passing.setdefault(kind, ([], example))
            if claim.name not in where:
                where.append(claim.name)
    for kind, (where, example) in passing.items():
        warnings.append(
            f"these inputs would not reveal {kind!r} in {', '.join(where)}: {example} gives the "
            "same values"
        )
    return warnings


def _survivors(
    environment: Environment, claim: Claim, draws: Sequence[Draw], rtol: float
) -> list[tuple[str, str]]:
    """Return the kinds of mistake that leave the gradient as it is, with an example each."""
    assert claim.meaning.node is not None  # noqa: S101 - claims are about tensors
    node, scale = claim.meaning.node, claim.meaning.scale
    right = in_deltas(environment, reference(environment, node), scale)
    truths = [np.asarray(draw.gradient(claim.meaning), dtype=float) for draw in draws]
    known = [evaluate_all(right, draw) for draw in draws]
    setting = Setting(right, known[0], environment, claim.meaning, True)
    found: dict[str, str] = {}
    with np.errstate(all="ignore"):
        for entry in CATALOGUE:
            for candidate in entry.rewritings(setting):
                if entry.opposite in found:
                    break
                if _is_trivial(right, candidate.formula):
                    continue
                same = zip(draws, known, truths, strict=True)
                if all(_equal(candidate.formula, *one, rtol) for one in same):
                    found[entry.opposite] = python_text(candidate.formula)
    return list(found.items())


def _is_trivial(right: Expr, mutant: Expr) -> bool:
    return bool(mutant.key() == right.key())


def _equal(formula: Expr, draw: Draw, known: dict[int, Any], truth: Any, rtol: float) -> bool:
    try:
        value = np.asarray(evaluate(formula, draw, known))
    except (ValueError, TypeError, IndexError, KeyError):
        return False
    if value.shape != truth.shape or not np.isfinite(value).all():
        return False
    return bool(np.abs(value - truth).max() <= rtol * np.abs(truth).max())
