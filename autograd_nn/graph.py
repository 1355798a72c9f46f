"""Walks over a recorded graph that everything else is built on.

1. `topological_order` lists a graph's nodes, inputs first, without recursion.
2. `replay` runs a recorded graph again with other nodes in the place of some of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .tensor import Tensor, apply


def topological_order(outputs: Iterable[Tensor]) -> list[Tensor]:
    """Return every node that `outputs` depend on, each after its inputs, once.

    The order is a depth-first one, inputs from first to last: the same for the same computation
    in every process.
    """
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack: list[Tensor | None] = [*outputs]
    stack.reverse()
    while stack:
        node = stack.pop()
        if node is None:  # the inputs of the node beneath are listed by now
            order.append(stack.pop())  # type: ignore[arg-type]  # a node lies under every None
        elif node not in seen:
            seen.add(node)
            if node.inputs:
                stack.append(node)
                stack.append(None)
                stack.extend(node.inputs[::-1])
            else:
                order.append(node)
    return order


def replay(
    outputs: Sequence[Tensor], substitutes: Mapping[Tensor, Any]
) -> tuple[list[Tensor], dict[Tensor, Tensor]]:
    """Record the graph of `outputs` again, on other values.

    Parameters
    ----------
    outputs : sequence of Tensor
        The results wanted.
    substitutes : mapping of Tensor to Tensor or array_like
        What stands in the place of a node. Leaves that are not in it stay themselves; nodes
        that do not depend on a substitute are not run again.

    Returns
    -------
    outputs : list of Tensor
        The same outputs, on the substitutes.
    nodes : dict of Tensor to Tensor
        For every node of the old graph, the one that took its place.
    """
    fresh: dict[Tensor, Tensor] = {}
    for node in topological_order(outputs):
        if node in substitutes:
            value = substitutes[node]
            fresh[node] = value if isinstance(value, Tensor) else Tensor(value, name=node.name)
        elif node.op is None or all(fresh[x] is x for x in node.inputs):
            fresh[node] = node
        else:
            fresh[node] = apply(node.op, [fresh[x] for x in node.inputs], node.params)
            fresh[node].name = node.name
    return [fresh[output] for output in outputs], fresh
