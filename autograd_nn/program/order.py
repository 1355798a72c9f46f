"""The order of a program's statements.

1. `ordered` sorts the operations as the user's function made them, forward part first.
2. `parts` tells to which part of the program each operation belongs.
3. `donations` decides which results are written into which donated arguments, and `ordered`
   then keeps every other use of such an argument before that.
4. `arranged` does both, with updates of matrices as calls of BLAS where there is an order for it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping

import numpy as np

from ..core.graph import dependents
from ..core.tensor import Tensor, plain
from .graph import Graph, is_leaf
from .memory import root_of
from .rules.kernels import GEMM, updates_by_blas

FORWARD, BACKWARD, RESULTS = "forward", "backward", "results"


def parts(graph: Graph) -> dict[Tensor, str]:
    """Return for every operation whether it is forward, backward, or made of gradients after.

    A node made during a backward pass is backward; one that depends on a backward node without
    being made there, such as an update, comes after.
    """
    nodes = graph.nodes()
    found = dict.fromkeys(nodes, FORWARD)
    backwards = {place for span in graph.backward for place in range(*span)}
    backward = [x for x in nodes if not is_leaf(x) and graph.place.get(x, -1) in backwards]
    found.update(dict.fromkeys(dependents(nodes, backward), RESULTS))
    found.update(dict.fromkeys(backward, BACKWARD))
    return found


def donations(graph: Graph, donated: Collection[Tensor]) -> dict[Tensor, Tensor]:
    """Return output → donated input whose memory it may take over.

    An input goes to an output of its shape and dtype; first to one that is computed from it
    directly, as an updated parameter is.
    """
    outputs = list(dict.fromkeys(x for x in graph.outputs if not is_leaf(x)))
    given: dict[Tensor, Tensor] = {}
    taken: set[Tensor] = set()
    for direct in (True, False):
        for x in graph.inputs:
            if x not in donated or x in taken or not isinstance(plain(x), np.ndarray):
                continue
            alike = [o for o in outputs if o.shape == x.shape and o.dtype == x.dtype]
            for output in alike:
                if output not in given and (not direct or x in set(output.inputs)):
                    given[output] = x
                    taken.add(x)
                    break
    return given


def ordered(graph: Graph, given: Mapping[Tensor, Tensor]) -> list[Tensor] | None:
    """Return the operations in order, every use of a donated input before it is overwritten.

    None if no order does that.
    """
    nodes = graph.nodes()
    readers = readers_of(nodes) if given else {}
    pairs = [(x, node) for node in nodes for x in dict.fromkeys(node.inputs)]
    pairs += [(r, out) for out, x in given.items() for r in readers.get(x, ()) if r is not out]
    after: dict[Tensor, list[Tensor]] = {node: [] for node in nodes}
    waiting: dict[Tensor, int] = dict.fromkeys(nodes, 0)
    for first, second in pairs:
        after[first].append(second)
        waiting[second] += 1
    rank = {FORWARD: 0, BACKWARD: 1, RESULTS: 2}
    part = parts(graph)
    # The last number is unique: nodes themselves are never compared.
    key = {node: (rank[part[node]], graph.place.get(node, -1), i) for i, node in enumerate(nodes)}
    ready = [key[node] for node in nodes if not waiting[node]]
    heapq.heapify(ready)
    result = []
    while ready:
        node = nodes[heapq.heappop(ready)[-1]]
        result.append(node)
        for later in after[node]:
            waiting[later] -= 1
            if not waiting[later]:
                heapq.heappush(ready, key[later])
    if len(result) < len(nodes):
        return None
    return [node for node in result if not is_leaf(node)]


def readers_of(nodes: Iterable[Tensor]) -> dict[Tensor, list[Tensor]]:
    """Return who reads each node's memory, directly or through views."""
    found: dict[Tensor, list[Tensor]] = {}
    for node in nodes:
        for root in dict.fromkeys(root_of(x) for x in node.inputs):
            found.setdefault(root, []).append(node)
    return found


def arranged(
    graph: Graph,
    donated: Collection[Tensor],
    may_overwrite: Callable[[Graph, Tensor, Tensor], bool],
    takes: Callable[[Tensor, Tensor, Tensor], bool],
) -> tuple[Graph, dict[Tensor, Tensor], list[Tensor]]:
    """Return the graph as it is run, output → donated input it is written into, and the order.

    Parameters
    ----------
    graph : Graph
    donated : collection of Tensor
        Inputs whose memory results may take over.
    may_overwrite : callable
        Whether an output of a graph can be computed into the memory of an input.
    takes : callable
        Whether BLAS shall update a matrix by the product of two.
    """

    def targets(graph: Graph) -> dict[Tensor, Tensor]:
        pairs = donations(graph, donated).items()
        return {output: x for output, x in pairs if may_overwrite(graph, output, x)}

    given = targets(graph)
    order = ordered(graph, given)
    if order is None:
        return graph, {}, ordered(graph, {}) or []
    by_blas = updates_by_blas(graph, given, takes) if given else graph
    if by_blas is graph:
        return graph, given, order
    updated = targets(by_blas)
    # An update by BLAS reads later than its product did: there may be no order for it.
    updating = ordered(by_blas, updated)
    if updating is None or not all(x in updated for x in updating if x.op is GEMM):
        return graph, given, order
    return by_blas, updated, updating
