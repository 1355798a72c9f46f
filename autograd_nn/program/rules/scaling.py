"""Factors such as the learning rate, moved to where they cost least.

In ``W1 - 0.25 * dW1``, ``b1 - 0.25 * db1``, … every gradient is multiplied by one number, and
every gradient is a multiple of the cotangent that the backward pass started from. So that number
may be multiplied in once, at the start, where the arrays are smallest. This is done for programs
that are run, in the form with planned memory: the readable form keeps dW1 as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...core.graph import again
from ...core.tensor import Tensor, apply, constant, plain
from ...ops.elementwise import MULTIPLY, NEGATIVE
from ...ops.indexing import GETITEM
from ...ops.linalg import MATMUL
from ...ops.reductions import MEAN, SUM
from ...ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from ..graph import INPUT, Graph, is_constant, is_factor, is_leaf, is_weak, op_of
from ..rewriting import is_exact

_LEAST = 1e-6
"""A smaller factor, multiplied in early, might leave the numbers after it without digits."""

_MOST = 8
"""So many different factors are moved, each of which takes a walk over the graph."""

_LINEAR = (SUM, MEAN, TRANSPOSE, RESHAPE, BROADCAST_TO, NEGATIVE, GETITEM)
"""What a factor of the only operand goes through."""


def moved_factors(graph: Graph) -> Graph:
    """Return `graph` with factors of gradients multiplied in earlier, where that saves work."""
    for scale in _scales(graph):
        graph = _moved(graph, scale)
    return graph


def _scales(graph: Graph) -> list[Tensor]:
    """Return the numbers that cotangents are multiplied by, equal ones once."""
    found: list[Tensor] = []
    for node in graph.nodes():
        scale = _scale_of(node, graph)
        if scale is not None and not any(_equal(scale, other) for other in found):
            found.append(scale)
        if len(found) == _MOST:
            break
    return found


def _scale_of(node: Tensor, graph: Graph) -> Tensor | None:
    """Return c where `node` is c·g with a number c and a cotangent g, else None."""
    if node.op is not MULTIPLY:
        return None
    c, g = node.inputs
    is_number = (is_constant(c) or c.op is INPUT) and c.size == 1 and c.ndim == 0
    if not is_number or g not in graph.cotangents or g.dtype != node.dtype:
        return None
    moderate = c.op is INPUT or _LEAST <= abs(plain(c)) <= 1 / _LEAST
    return c if moderate and is_exact(node.dtype) else None


def _equal(a: Tensor, b: Tensor) -> bool:
    if a is b:
        return True
    return is_constant(a) and is_constant(b) and is_weak(a) == is_weak(b) and plain(a) == plain(b)


def _multiplies(node: Tensor, scale: Tensor, graph: Graph) -> bool:
    """Whether `node` is `scale` times a cotangent."""
    own = _scale_of(node, graph)
    return own is not None and _equal(own, scale)


def _moved(graph: Graph, scale: Tensor) -> Graph:
    """Return `graph` with `scale` multiplied in earlier, or `graph` if that saves nothing."""
    carriers = _carriers(graph, scale)
    starts = [x for x in carriers if carriers[x] not in carriers and not _takes_in(x, scale)]
    scaled = [x for x in graph.nodes() if _multiplies(x, scale, graph) and x.inputs[1] in carriers]
    if sum(carriers[x].size for x in starts) >= sum(x.size for x in scaled):
        return graph
    multiples: dict[Tensor, Tensor] = {}
    fresh: dict[Tensor, Tensor] = {}
    for node in graph.nodes():
        place = graph.place.get(node, -1)
        multiple = multiples.get(node.inputs[1]) if _multiplies(node, scale, graph) else None
        if node not in carriers:
            fresh[node] = remade(node, fresh, graph) if multiple is None else multiple
            continue
        carrier = carriers[node]  # every user of `node` asks for its multiple
        if carrier not in multiples and _takes_in(node, scale):
            multiples[node] = _absorbed(node, scale, fresh)
        else:
            inner = multiples.get(carrier)
            if inner is None:
                inner = scale * fresh.get(carrier, carrier)
                graph.place.setdefault(inner, place)
            inputs = [inner if x is carrier else fresh.get(x, x) for x in node.inputs]
            multiples[node] = apply(op_of(node), inputs, node.params)
        graph.place.setdefault(multiples[node], place)
    return graph.with_outputs([fresh[x] for x in graph.outputs])


def remade(node: Tensor, fresh: Mapping[Tensor, Tensor], graph: Graph) -> Tensor:
    """Return `node` on what its inputs became."""
    inputs = [fresh.get(x, x) for x in node.inputs]
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    made = again(node, inputs)
    graph.place.setdefault(made, graph.place.get(node, -1))
    if node in graph.cotangents:
        graph.cotangents.add(made)
    return made


def _carriers(graph: Graph, scale: Tensor) -> dict[Tensor, Tensor]:
    """Return the nodes of which only the multiple by `scale` is needed: node → its way onwards."""
    demands: dict[Tensor, int] = {}
    carriers: dict[Tensor, Tensor] = {}
    for node in reversed(graph.nodes()):
        if _multiplies(node, scale, graph):
            demands[node.inputs[1]] = demands.get(node.inputs[1], 0) + 1
        if node in demands and demands[node] == graph.uses(node):
            carrier = carrier_of(node, graph)
            if carrier is not None:
                carriers[node] = carrier
                demands[carrier] = demands.get(carrier, 0) + 1
    return carriers


def carrier_of(node: Tensor, graph: Graph) -> Tensor | None:
    """Return the operand of `node` that a factor of it can be multiplied into instead."""
    if is_leaf(node) or node not in graph.cotangents:
        return None
    if node.op in _LINEAR:
        return node.inputs[0]
    if node.op in (MULTIPLY, MATMUL):
        through = [x for x in dict.fromkeys(node.inputs) if x in graph.cotangents]
        if len(through) == 1 and node.inputs[0] is not node.inputs[1]:
            return through[0] if through[0].dtype == node.dtype else None
        numbers = [x for x in node.inputs if is_factor(x)]
        if not through and numbers:
            return node.inputs[1] if numbers[0] is node.inputs[0] else node.inputs[0]
        if not through and node.op is MULTIPLY:
            smallest = min(node.inputs, key=lambda x: x.size)
            return smallest if smallest.dtype == node.dtype else None
    return None


def _takes_in(node: Tensor, scale: Tensor) -> bool:
    """Whether `node` is a multiple by a constant that `scale` can be multiplied into."""
    return node.op is MULTIPLY and is_factor(scale) and any(is_factor(x) for x in node.inputs)


def _absorbed(node: Tensor, scale: Tensor, fresh: Mapping[Tensor, Tensor]) -> Tensor:
    number, x = sorted(node.inputs, key=is_factor, reverse=True)
    return apply(MULTIPLY, (constant(plain(number) * plain(scale)), fresh.get(x, x)))
