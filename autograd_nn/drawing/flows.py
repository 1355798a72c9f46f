"""The gradients of a graph, node by node and use by use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..gradients import _fitted, gradients
from ..graph import topological_order
from ..tensor import Tensor


class Flows:
    """What flows backward through a graph.

    Attributes
    ----------
    total : dict of Tensor to array
        The gradient of the output at a node.
    along : dict of (Tensor, int) to array
        For a node and the index of an argument, the part of the argument's gradient that comes
        through this use. The parts of all uses add up to the total.
    """

    def __init__(self, outputs: Sequence[Tensor]) -> None:
        nodes = topological_order(outputs)
        trained = any(output.requires_grad for output in outputs)
        wanted = [
            node
            for node in nodes
            if node.dtype.kind in "fO" and (node.requires_grad if trained else _open(node))
        ]
        reached = _reached(outputs)
        found = gradients(outputs[0] if len(outputs) == 1 else list(outputs), wanted)
        self.total = {n: g for n, g in zip(wanted, found, strict=True) if n in reached}
        self.along: dict[tuple[Tensor, int], Any] = {}
        for node in nodes:
            if node in self.total:
                self._through(node)

    def _through(self, node: Tensor) -> None:
        """Note what flows from `node` to each of its inputs."""
        op = node.op
        if op is None:
            return
        for index, x in enumerate(node.inputs):
            rule = op.rule(index)
            if rule is not None and x in self.total:
                g = rule(self.total[node], node._data, *node.arrays, **node.params)
                self.along[node, index] = _fitted(np.asarray(g), x, node)


def _open(node: Tensor) -> bool:
    """Return whether a node without gradients of its own is worth one: not a bare number."""
    return node.op is not None or node.name is not None


def _reached(outputs: Sequence[Tensor]) -> set[Tensor]:
    """Return the nodes that a gradient can flow back to."""
    seen = set(outputs)
    stack = list(outputs)
    while stack:
        node = stack.pop()
        for index, x in enumerate(node.inputs):
            if x not in seen and node.op is not None and node.op.rule(index) is not None:
                seen.add(x)
                stack.append(x)
    return seen
