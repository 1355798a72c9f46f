"""Whether the inputs of a check could have revealed a mistake.

The right formulas are read off the graph, every mistake of the catalogue is made in them, and
those that still give the right values are the ones these inputs cannot reveal: a missing 1/m with
one sample, a transpose of a symmetric W, anything at all where the residual is zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...formulas.expression import Expr, evaluate_all, mapped, size
from ...formulas.printing import python_text
from ..derive.steps import TooLargeError, in_deltas, reference
from ..draws import Draw
from ..names import Environment, spelling
from .catalogue import CATALOGUE
from .claims import Claim
from .explain import Case
from .mistakes import Setting

_LARGEST = 120
"""Positions of the largest formula in which mistakes are made."""

_HARMLESS = {
    "sum missing", "sum too many", "mean for sum", "sum for mean", "index shifted", "wrong axis",
    "sign", "factor missing",
}  # fmt: skip
"""What gives the same in every structure of this kind, or is warned of in other words."""


def unrevealed(
    environment: Environment,
    claims: Sequence[Claim],
    given: Draw,
    fresh: Sequence[Draw],
    rtol: float,
) -> list[str]:
    """Return a warning for every kind of mistake that would have passed.

    A formula was judged on `fresh` draws as well, an array on the `given` values only. What the
    draws do not reveal either lies in the structure: a layer of one node, a single sample.
    """
    claims = [claim for claim in claims if claim.meaning.gradient]
    warnings = []
    layers = environment.weighted_inputs()
    single = environment.told.m == 1 and any(z.ndim == 1 or z.shape[1:] == (1,) for z in layers)
    narrow = single or any(z.ndim and z.shape[0] == 1 for z in layers)
    if single:
        warnings.append(
            "these inputs would not reveal a factor m or 1/m, nor a missing sum over samples: "
            "there is one sample"
        )
    nothing = [claim.name for claim in claims if not np.any(given.gradient(claim.meaning))]
    if nothing:
        warnings.append(
            f"the given values would reveal nothing about {', '.join(nothing)}: the gradient is 0 "
            f"there (is the residual zero?){_but(all(c.function is not None for c in claims))}"
        )
    found: dict[tuple[str, bool, bool], tuple[list[str], str]] = {}
    for claim in claims:
        if claim.name in nothing:
            continue
        for kind, example, everywhere in _survivors(environment, claim, [given, *fresh], rtol):
            if everywhere and (not narrow or kind in _HARMLESS):
                continue
            key = (kind, everywhere, claim.function is not None)
            found.setdefault(key, ([], example))[0].append(claim.name)
    for (kind, everywhere, function), (where, example) in found.items():
        what = "the structure" if everywhere else "the given values"
        warnings.append(
            f"{what} would not reveal {kind!r} in {', '.join(where)}: {example} gives the same"
            f"{_but(function and not everywhere)}"
        )
    return warnings


def _but(revealed: bool) -> str:
    return "; the random draws would" if revealed else ""


def _survivors(
    environment: Environment, claim: Claim, draws: Sequence[Draw], rtol: float
) -> list[tuple[str, str, bool]]:
    """Return the kinds of mistake that leave the gradient as it is on the first draw.

    Each with an example, and whether it leaves it as it is on every draw.
    """
    assert claim.meaning.node is not None  # noqa: S101 - claims are about tensors
    node, scale = claim.meaning.node, claim.meaning.scale
    try:
        formula = _down_to_deltas(environment, reference(environment, node))
    except TooLargeError:
        return []
    right = in_deltas(environment, formula, scale)
    if size(right) > _LARGEST:  # of an unrolled loop
        return []
    cases = []
    for draw in draws:
        truth = np.asarray(draw.gradient(claim.meaning), dtype=float)
        cases.append(Case(draw, truth, rtol * np.abs(truth).max(), evaluate_all(right, draw)))
    setting = Setting(right, cases[0].known, environment, claim.meaning, True)
    found: dict[tuple[str, bool], str] = {}
    with np.errstate(all="ignore"):
        for entry in CATALOGUE:
            for candidate in entry.rewritings(setting):
                if candidate.formula.key() == right.key():
                    continue
                if cases[0].holds(candidate.formula):
                    everywhere = all(case.holds(candidate.formula) for case in cases[1:])
                    if (entry.opposite, everywhere) not in found:
                        found[entry.opposite, everywhere] = python_text(candidate.formula)
    return [(kind, example, everywhere) for (kind, everywhere), example in found.items()]


def _down_to_deltas(environment: Environment, e: Expr) -> Expr:
    """Return a formula with the gradients of the h in it put in, so that δ comes from δ."""

    def change(part: Expr) -> Expr:
        node = environment.differentiated(part.name)
        if node is None or node is environment.J or spelling(environment.names[node]).family != "h":
            return part
        return reference(environment, node)

    return mapped(e, change)
