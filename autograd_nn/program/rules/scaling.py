"""Factors such as the learning rate, moved to where they cost least.

In ``W1 - 0.25 * dW1``, ``b1 - 0.25 * db1``, … every gradient is multiplied by one number, and
every gradient is a multiple of the cotangent that the backward pass started from. So that number
may be multiplied in once, at the start, where the arrays are smallest. This is done for programs
that are run, in the form with planned memory: the readable form keeps dW1 as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from ...core.graph import again
from ...core.tensor import Tensor, apply, plain
from ...ops.elementwise import MULTIPLY, NEGATIVE
from ...ops.indexing import GETITEM, SCATTER
from ...ops.linalg import MATMUL
from ...ops.reductions import MEAN, SUM
from ...ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from ..graph import Graph, is_constant, is_factor, op_of
from ..rewriting import is_exact

_LEAST = 1e-6
"""A smaller factor, multiplied in early, might leave the numbers after it without digits."""

_MOST = 8
"""So many different factors are moved, each of which takes a walk over the graph."""

_LINEAR = (SUM, MEAN, TRANSPOSE, RESHAPE, BROADCAST_TO, NEGATIVE, GETITEM, SCATTER,
           MULTIPLY, MATMUL)  # fmt: skip
"""What a factor of an operand goes through."""


def moved_factors(graph: Graph) -> Graph:
    """Return `graph` with factors of gradients multiplied in earlier, where that saves work.

    Equal constants must be one node, as `rewrite` leaves them. It also joins the factors that meet.
    """
    scales = dict.fromkeys(node.inputs[0] for node in graph.nodes() if _is_multiple(node, graph))
    for scale in list(scales)[:_MOST]:
        graph = _moved(graph, scale)
    return graph


def _is_multiple(node: Tensor, graph: Graph) -> bool:
    """Whether `node` is c·g with a number c and a cotangent g."""
    if node.op is not MULTIPLY:
        return False
    c, g = node.inputs
    if c.ndim or g not in graph.cotangents or g.dtype != node.dtype:
        return False
    return is_exact(node.dtype) and (not is_constant(c) or _LEAST <= abs(plain(c)) <= 1 / _LEAST)


def _moved(graph: Graph, scale: Tensor) -> Graph:
    """Return `graph` with `scale` multiplied in earlier, or `graph` if that saves nothing."""
    scaled = {x for x in graph.nodes() if _is_multiple(x, graph) and x.inputs[0] is scale}
    carriers = _carriers(graph, scaled)
    joined = {x for x in carriers if is_factor(scale) and is_factor(x.inputs[0])}
    starts = {way for x, way in carriers.items() if way not in carriers and x not in joined}
    saved = sum(x.size for x in scaled if x.inputs[1] in carriers)
    if sum(x.size for x in starts) >= saved:
        return graph
    multiples: dict[Tensor, Tensor] = {}
    fresh: dict[Tensor, Tensor] = {}
    for node in graph.nodes():
        if node not in carriers:
            multiple = multiples.get(node.inputs[1]) if node in scaled else None
            fresh[node] = remade(node, fresh, graph) if multiple is None else multiple
            continue
        carrier = carriers[node]  # every user of `node` asks for its multiple
        if carrier not in multiples:
            multiples[carrier] = _standing(scale * fresh.get(carrier, carrier), carrier, graph)
        inputs = [fresh.get(x, x) for x in node.inputs]
        inputs[[x is carrier for x in node.inputs].index(True)] = multiples[carrier]
        multiples[node] = _standing(apply(op_of(node), inputs, node.params), node, graph)
    return graph.with_outputs([fresh[x] for x in graph.outputs])


def remade(node: Tensor, fresh: Mapping[Tensor, Tensor], graph: Graph) -> Tensor:
    """Return `node` on what its inputs became."""
    inputs = [fresh.get(x, x) for x in node.inputs]
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    return _standing(again(node, inputs), node, graph)


def _standing(made: Tensor, node: Tensor, graph: Graph) -> Tensor:
    """Return `made`, which takes the place of `node`: a cotangent, if that is one."""
    graph.place.setdefault(made, graph.place.get(node, 0))
    graph.stand_for(made, node)
    return made


def _carriers(graph: Graph, scaled: Collection[Tensor]) -> dict[Tensor, Tensor]:
    """Return the nodes of which only the multiple is needed: node → its way onwards."""
    demands, counts = Counter[Tensor](), graph.counts()
    carriers: dict[Tensor, Tensor] = {}
    for node in reversed(graph.nodes()):
        if node in scaled:
            demands[node.inputs[1]] += 1
        carrier = carrier_of(node, graph) if demands[node] == counts[node] else None
        if carrier is not None:
            carriers[node] = carrier
            demands[carrier] += 1
    return carriers


def carrier_of(node: Tensor, graph: Graph) -> Tensor | None:
    """Return the operand of `node` that a factor of it can be multiplied into instead."""
    if node not in graph.cotangents or node.op not in _LINEAR:
        return None
    ways = [x for x in node.inputs if x in graph.cotangents]
    ways = ways or [x for x in node.inputs if not is_factor(x)]
    return min((x for x in ways if x.dtype == node.dtype), key=lambda x: x.size, default=None)
