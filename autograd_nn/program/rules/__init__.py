"""The simplifications, each a small function on one node.

1. `SIMPLIFY` lists the rules of the readable program, in the order in which they are tried;
   `simplify` applies them.
2. `tune` applies those that only a program that is run gains from.

Dead code and common sub-expressions are not rules: every rewriting drops the one and merges the
other.
"""

from __future__ import annotations

from ..graph import Graph
from ..rewriting import Rule, rewrite
from . import (
    broadcasts,
    constants,
    kernels,
    negatives,
    neutral,
    pieces,
    powers,
    products,
    scaling,
    short_axes,
    sums,
    transposes,
    triangular,
    windows,
)

SIMPLIFY: list[Rule] = [
    neutral.detached, constants.folded, broadcasts.unneeded,
    constants.plain_numbers, constants.number_first,
    neutral.times_one, neutral.plus_zero, neutral.unchanged, constants.merged_factors,
    broadcasts.after_elementwise, broadcasts.twice, broadcasts.reshaped,
    sums.of_a_broadcast, sums.of_one_element, sums.of_a_sum, sums.of_a_multiple,
    transposes.twice, transposes.reshaped_twice, transposes.of_a_product,
    transposes.after_elementwise,
    negatives.twice, negatives.of_a_difference, negatives.of_a_difference_times,
    negatives.times_minus_one, negatives.outwards, negatives.into_a_sum,
    powers.small_exponent, powers.square_of_a_residual,
    powers.logistic, powers.divided_by_logistic, powers.logistic_complement, powers.of_integers,
]  # fmt: skip


FORMS: list[Rule] = [*products.RULES, *pieces.RULES, *windows.RULES, *triangular.RULES]
"""The rules of programs that are run, whichever engine runs them."""


def simplify(graph: Graph) -> Graph:
    """Return `graph` with fewer and cheaper operations and the same results up to rounding."""
    return rewrite(graph, SIMPLIFY)


def tune(graph: Graph) -> Graph:
    """Return the simplified `graph` with factors and kernels as they run fastest."""
    forms = [*FORMS, *kernels.RULES, *short_axes.RULES]
    graph = scaling.moved_factors(rewrite(graph, [*SIMPLIFY, *forms]))
    return rewrite(graph, SIMPLIFY)
