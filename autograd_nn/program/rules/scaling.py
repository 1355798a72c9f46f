"""Factors such as the learning rate, moved to where they cost least.

In ``W1 - 0.25 * dW1``, ``b1 - 0.25 * db1``, … every gradient is multiplied by one number, and
every gradient is a multiple of the cotangent that the backward pass started from. So that number
may be multiplied in once, at the start, where the arrays are smallest. This is done for programs
that are run, in the form with planned memory: the readable form keeps dW1 as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.tensor import Tensor, apply, constant, plain
from ..rewriting import INPUT, Graph, do, is_, is_constant, is_weak, op_of

_LINEAR = ("sum", "mean", "transpose", "reshape", "broadcast_to", "negative", "getitem", "astype")


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
    return found


def _scale_of(node: Tensor, graph: Graph) -> Tensor | None:
    """Return c where `node` is c·g with a number c and a cotangent g, else None."""
    if not is_(node, "multiply"):
        return None
    c, g = node.inputs
    plain = (is_constant(c) or c.op is INPUT) and c.size == 1 and c.ndim == 0
    return c if plain and g in graph.cotangents and g.dtype == node.dtype else None


def _equal(a: Tensor, b: Tensor) -> bool:
    if a is b:
        return True
    return is_constant(a) and is_constant(b) and is_weak(a) == is_weak(b) and plain(a) == plain(b)


def _moved(graph: Graph, scale: Tensor) -> Graph:
    nodes = graph.nodes()
    scaled, carriers = _demanded(graph, nodes, scale)
    if not scaled:
        return graph
    twins: dict[Tensor, Tensor] = {}
    fresh: dict[Tensor, Tensor] = {}
    extra = 0
    for node in nodes:
        place = graph.place.get(node, -1)
        if node in scaled:
            carrier = carriers[node]
            if carrier in twins:
                twin = _with_input(node, carrier, twins[carrier], fresh)
            elif _takes_in(node, scale):
                twin = _absorbed(node, scale, fresh)
            else:
                x = fresh.get(carrier, carrier)
                extra += x.size
                inner = do("multiply", scale, x)
                graph.place.setdefault(inner, place)
                twin = _with_input(node, carrier, inner, fresh)
            twins[node] = twin
            graph.place.setdefault(twin, place)
            continue  # every user asked for the multiple
        own = _scale_of(node, graph)
        if own is not None and _equal(own, scale) and node.inputs[1] in twins:
            fresh[node] = twins[node.inputs[1]]
            continue
        inputs = [fresh.get(x, x) for x in node.inputs]
        if node.op in (None, INPUT) or all(
            a is b for a, b in zip(inputs, node.inputs, strict=True)
        ):
            fresh[node] = node
        else:
            fresh[node] = apply(op_of(node), inputs, node.params)
            fresh[node].name = node.name
            graph.place.setdefault(fresh[node], place)
            if node in graph.cotangents:
                graph.cotangents.add(fresh[node])
    if extra >= sum(_saved(node, graph, scale, twins) for node in nodes):
        return graph
    return graph.with_outputs([fresh[x] for x in graph.outputs])


def _demanded(
    graph: Graph, nodes: Sequence[Tensor], scale: Tensor
) -> tuple[set[Tensor], dict[Tensor, Tensor]]:
    """Return the nodes of which only the multiple by `scale` is needed, and its way onwards."""
    demands: dict[Tensor, int] = {}
    uses: dict[Tensor, int] = {}
    for node in nodes:
        for x in node.inputs:
            uses[x] = uses.get(x, 0) + 1
    for x in graph.outputs:
        uses[x] = uses.get(x, 0) + 1
    scaled: set[Tensor] = set()
    carriers: dict[Tensor, Tensor] = {}
    for node in reversed(nodes):
        own = _scale_of(node, graph)
        if own is not None and _equal(own, scale):
            demands[node.inputs[1]] = demands.get(node.inputs[1], 0) + 1
        if node in demands and demands[node] == uses[node]:
            carrier = _carrier(node, graph)
            if carrier is None:
                continue
            scaled.add(node)
            carriers[node] = carrier
            demands[carrier] = demands.get(carrier, 0) + 1
    return scaled, carriers


def _carrier(node: Tensor, graph: Graph) -> Tensor | None:
    """Return the operand of `node` that a factor of it can be multiplied into instead."""
    if node.op in (None, INPUT) or node not in graph.cotangents:
        return None
    if is_(node, *_LINEAR):
        return node.inputs[0]
    if is_(node, "multiply", "matmul"):
        through = [x for x in dict.fromkeys(node.inputs) if x in graph.cotangents]
        if len(through) == 1 and node.inputs[0] is not node.inputs[1]:
            return through[0]
        numbers = [x for x in node.inputs if is_constant(x) and is_weak(x)]
        if not through and numbers:
            return node.inputs[1] if numbers[0] is node.inputs[0] else node.inputs[0]
        if not through and is_(node, "multiply"):
            return min(node.inputs, key=lambda x: x.size)
    return None


def _takes_in(node: Tensor, scale: Tensor) -> bool:
    """Whether `node` is a multiple by a constant that `scale` can be multiplied into."""
    if not is_(node, "multiply") or not is_constant(scale):
        return False
    return any(is_constant(x) and is_weak(x) for x in node.inputs) and is_weak(scale)


def _absorbed(node: Tensor, scale: Tensor, fresh: Mapping[Tensor, Tensor]) -> Tensor:
    a, b = node.inputs
    number, x = (a, b) if is_constant(a) and is_weak(a) else (b, a)
    return do("multiply", constant(plain(number) * plain(scale)), fresh.get(x, x))


def _with_input(node: Tensor, old: Tensor, new: Tensor, fresh: Mapping[Tensor, Tensor]) -> Tensor:
    inputs = [new if x is old else fresh.get(x, x) for x in node.inputs]
    return apply(op_of(node), inputs, node.params)


def _saved(node: Tensor, graph: Graph, scale: Tensor, twins: Mapping[Tensor, Tensor]) -> int:
    """Return how many multiplications `node` stands for that are no longer made."""
    own = _scale_of(node, graph)
    return node.size if own is not None and _equal(own, scale) and node.inputs[1] in twins else 0
