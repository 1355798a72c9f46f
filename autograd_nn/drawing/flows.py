"""The gradients of a graph, node by node and use by use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.backward import propagate, pull
from ..core.graph import topological_order
from ..core.recording import recording
from ..core.tensor import Tensor, plain
from ..data import FLOATING, start_of


class Flows:
    """What flows backward through a graph.

    Attributes
    ----------
    total : dict of Tensor to array
        The gradient of the output at a node.
    along : dict of (Tensor, int) to array
        For a node and the index of an argument, the part of the argument's gradient that comes
        through this use. The parts of all uses add up to the total.

    With `record` both hold Tensors, so that the pass itself is a graph.
    """

    def __init__(self, outputs: Sequence[Tensor], record: bool = False) -> None:
        order = topological_order(outputs)
        trained = any(output.requires_grad for output in outputs)
        wanted = [
            node
            for node in order
            if node.dtype.kind in FLOATING and (node.requires_grad if trained else _open(node))
        ]
        seeds: list[Any] = [plain(start_of(output, None)) for output in outputs]
        self.along: dict[tuple[Tensor, int], Any] = {}
        if record:
            seeds = [Tensor(seed) for seed in seeds]
        with recording():
            self.total = propagate(order, outputs, seeds, wanted, record, self._noted)

    def _noted(self, node: Tensor, index: int, *given: Any) -> Any:
        flow = pull(node, index, *given)
        if flow is not None:
            self.along[node, index] = flow
        return flow


def _open(node: Tensor) -> bool:
    """Return whether a node without gradients of its own is worth one: not a bare number."""
    return node.op is not None or node.name is not None
