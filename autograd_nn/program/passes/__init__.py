"""The simplifications, each a small function on one node.

1. `SIMPLIFY` lists the rules of the readable program, in the order in which they are tried.
2. `simplify` applies them.

Dead code and common sub-expressions are not rules: every rewriting drops the one and merges the
other.
"""

from __future__ import annotations

from ..rewriting import Graph, Rule, rewrite
from . import broadcasts, constants, negatives, neutral, powers, sums, transposes

SIMPLIFY: list[Rule] = [
    neutral.detached,
    constants.folded,
    broadcasts.unneeded,
    constants.plain_numbers,
    constants.number_first,
    neutral.times_one,
    neutral.plus_zero,
    neutral.unchanged,
    constants.merged_factors,
    broadcasts.after_elementwise,
    broadcasts.twice,
    sums.of_a_broadcast,
    sums.of_one_element,
    sums.of_a_multiple,
    transposes.twice,
    transposes.reshaped_twice,
    transposes.of_a_product,
    transposes.after_elementwise,
    negatives.twice,
    negatives.of_a_difference,
    negatives.of_a_multiple,
    negatives.outwards,
    negatives.into_a_sum,
    powers.small_exponent,
    powers.logistic,
    powers.divided_by_logistic,
    powers.logistic_complement,
]


def simplify(graph: Graph) -> Graph:
    """Return `graph` with fewer and cheaper operations and the same results up to rounding."""
    return rewrite(graph, SIMPLIFY)
