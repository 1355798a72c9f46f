"""Back-propagation as the document writes it: δ of each sample, 1/m where ∂J/∂W and ∂J/∂b are made.

The cotangents of a mean over m samples carry its 1/m from the start. For programs that are read,
and for no others: the arrays that flow back are smaller than the gradients of the weights.
"""

from __future__ import annotations

import math

from ...core.tensor import Tensor, apply, constant, plain
from ...formulas.notation import Name
from ...ops.elementwise import ADD, DIVIDE, MULTIPLY, NEGATIVE
from ..graph import Graph, is_factor, op_of
from .scaling import carrier_of, remade


def per_sample(graph: Graph, m: int) -> Graph:
    """Return `graph` with m times every cotangent in its place, divided by m where it is used."""
    multiples: dict[Tensor, Tensor] = {}
    fresh: dict[Tensor, Tensor] = {}
    for node in graph.nodes():
        multiple = _multiple(node, m, multiples, fresh, graph)
        if multiple is None:
            fresh[node] = remade(node, fresh, graph)
            continue
        multiples[node], fresh[node] = multiple, apply(DIVIDE, (multiple, constant(m)))
        fresh[node].name = node.name
        if multiple.name is None and node.name and Name.parse(node.name[1:]).weighted_input:
            multiple.name = f"delta{node.name[2:]}"
        for made in (multiple, fresh[node]):
            graph.place.setdefault(made, graph.place.get(node, 0))
    return graph.with_outputs([fresh[x] for x in graph.outputs])


def _multiple(
    node: Tensor, m: int, multiples: dict[Tensor, Tensor], fresh: dict[Tensor, Tensor], graph: Graph
) -> Tensor | None:
    """Return m times a cotangent, or None where that would be no simpler than the cotangent."""
    if node not in graph.cotangents:
        return None
    through = [x for x in node.inputs if x in multiples]
    carried = len(through) == 1 and carrier_of(node, graph) is through[0]
    if carried or (node.op is ADD and len(through) == 2):
        inputs = [multiples[x] if x in multiples else fresh.get(x, x) for x in node.inputs]
        return apply(op_of(node), inputs, node.params)
    if node.op is not MULTIPLY or not any(is_factor(x) for x in node.inputs):
        return None
    factor, x = sorted(node.inputs, key=is_factor, reverse=True)
    x, value = fresh.get(x, x), plain(factor) * m
    if math.isclose(value, round(value)):
        value = round(value)
    if abs(value) == 1:
        return x if value == 1 else apply(NEGATIVE, (x,))
    return apply(MULTIPLY, (constant(value), x))
