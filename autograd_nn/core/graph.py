"""Walks over a recorded graph that everything else is built on, none of them recursive.

1. `topological_order` lists a graph's nodes, inputs first.
2. `dependents` tells which of them depend on something, `uses` which operations use each.
3. `rebuild` makes a new graph from changed nodes; `replay` runs it again on other values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..data import FLOATING
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


def dependents(
    order: Iterable[Tensor], sources: Iterable[Tensor], floating: bool = False
) -> set[Tensor]:
    """Return `sources` and those nodes of `order`, inputs first, that depend on one of them.

    With `floating` alone through floating-point values, the way that gradients take: counts,
    indices and truth values carry none, whatever they were made of.
    """
    reached = set(sources)
    for node in order:
        if reached.isdisjoint(node.inputs) or (floating and node._data.dtype.kind not in FLOATING):
            continue
        reached.add(node)
    return reached


def uses(order: Iterable[Tensor]) -> dict[Tensor, list[tuple[Tensor, int]]]:
    """Return for each node of `order` the operations that use it, with the position of the use.

    They come in the order in which they were made; ``x * x`` uses x twice.
    """
    found: dict[Tensor, list[tuple[Tensor, int]]] = {}
    for node in order:
        found.setdefault(node, [])
        for index, x in enumerate(node.inputs):
            found.setdefault(x, []).append((node, index))
    return found


def again(node: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """Record the operation of `node` on other inputs."""
    assert node.op is not None  # noqa: S101 - leaves have no inputs that could change
    made = apply(node.op, inputs, node.params)
    made.name = node.name
    return made


def rebuild(
    order: Iterable[Tensor],
    fresh: dict[Tensor, Tensor],
    make: Callable[[Tensor, list[Tensor]], Tensor] = again,
) -> dict[Tensor, Tensor]:
    """Make new nodes for what depends on changed ones.

    Parameters
    ----------
    order : iterable of Tensor
        The nodes, inputs first.
    fresh : dict of Tensor to Tensor
        What stands in the place of some of them already. All others are added to it; those
        that depend on no change stand for themselves.
    make : callable
        ``make(node, inputs)`` gives what takes the place of a node whose inputs have changed.

    Returns
    -------
    dict of Tensor to Tensor
        `fresh`.
    """
    for node in order:
        if node not in fresh:
            inputs = [fresh[x] for x in node.inputs]
            same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
            fresh[node] = node if same else make(node, inputs)
    return fresh


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
    fresh = {
        node: value if isinstance(value, Tensor) else Tensor(value, name=node.name)
        for node, value in substitutes.items()
    }
    rebuild(topological_order(outputs), fresh)
    return [fresh[output] for output in outputs], fresh
