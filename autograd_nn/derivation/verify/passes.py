"""The backward pass with a learner's own numbers in it, and with one thing done otherwise.

1. A `Pass` is the backward pass of one draw: what arrives at every tensor, where the gradients that
   the learner claims stand in the place of the true ones.
2. `Pass.run` does it again with some steps changed: a hypothesis pushed through the graph.
3. `Pass.tangents` tells beforehand what a change anywhere would do to one claim: the pass is linear
   in what is changed, so that one forward derivative along a random direction tests all changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ...core.backward import gradients, propagate, pull, unbroadcast
from ...core.graph import dependents, topological_order
from ...core.recording import recording
from ...core.tensor import Tensor, plain
from ...ops.reductions import MAX
from ..draws import Draw

Edge = tuple[int, int]
"""A step: the position of an operation in the graph, and which of its inputs."""


class Site:
    """One step of a pass: from the gradient of an operation to that of one of its inputs.

    Attributes
    ----------
    node, index, x : Tensor, int, Tensor
        The operation, which input, and that input.
    at : int
        The position of the result in the graph.
    g : array
        What arrives at the operation.
    out, operands : array, list of array
        Its result and inputs.
    """

    def __init__(self, base: Pass, node: Tensor, index: int, g: Any) -> None:
        self.base, self.node, self.index, self.g = base, node, index, g
        self.x = node.inputs[index]
        self.at = base.place.get(node, -1)
        self.out, self.operands = plain(node), [plain(x) for x in node.inputs]

    def read(self, key: str) -> Any:
        """Return what a rule reads: ``g``, ``out``, or ``a0``, ``a1``… for the inputs."""
        return getattr(self, key, None) if key in ("g", "out") else self.operands[int(key[1:])]

    def flow(self, g: Any = None, out: Any = None, **others: Any) -> Any:
        """Return what the rule hands back, with other arrays for `g`, `out` or ``a0``, ``a1``…"""
        operands = [others.get(f"a{i}", a) for i, a in enumerate(self.operands)]
        g, out = self.g if g is None else g, self.out if out is None else out
        return pull(self.node, self.index, g, out, operands)

    @cached_property
    def right(self) -> Any:
        """What the rule hands back."""
        return self.flow()

    def fitted(self, flow: Any) -> Any:
        """Return an array of the operation's shape, summed over what was repeated."""
        broadcast = self.node.op is not None and self.node.op.broadcasts
        return unbroadcast(flow, self.x.shape) if broadcast else flow


def close(value: Any, truth: Any, tolerance: float) -> bool:
    """Whether a value equals the truth up to an absolute tolerance, in the same shape."""
    if np.shape(value) != np.shape(truth):
        return False
    if truth.size == 0:
        return True
    if not abs(value.flat[0] - truth.flat[0]) <= tolerance:
        return False
    return bool(np.abs(value - truth).max() <= tolerance)


Change = Callable[..., Any]
"""What is handed back in the place of what the rule gives."""


class Pass:
    """The backward pass on one draw.

    Parameters
    ----------
    draw : Draw
        The values.
    own : mapping of int to array
        The learner's gradients, by the position of the tensor in the graph.
    wanted : iterable of int
        The positions of the tensors that claims are about.
    """

    def __init__(self, draw: Draw, own: Mapping[int, Any], wanted: set[int]) -> None:
        self.draw, self.own = draw, own
        self.order = topological_order([draw.J])
        self.place = {node: i for i, node in enumerate(self.order)}
        self.within = dependents(self.order, [self.order[i] for i in wanted], floating=True)
        self._now: dict[int, Any] = {}
        self._shifts: set[int] = set()
        self.flows: dict[Edge, Any] = {}
        self.arriving = self.run({}, self.flows)
        """The gradient of every tensor, as it follows from the learner's of those that use it."""
        self._shifts = {i for i, g in self.arriving.items() if self._is_shift(self.order[i], g)}
        if self._shifts:
            self.flows = {}
            self.arriving = self.run({}, self.flows)

    def _is_shift(self, x: Tensor, g: Any) -> bool:
        """Whether x is a maximum taken off for its size alone: J does not depend on it.

        Learners take it for a constant; a mistake does not go on through it.
        """
        if x.op is not MAX:
            return False
        users = [i for i, k in self.flows if self.order[i].inputs[k] is x]
        most = max((float(np.abs(self.leaving(i)).max(initial=0.0)) for i in users), default=0.0)
        return float(np.abs(g).max(initial=0.0)) <= 1e-12 * most

    def leaving(self, i: int) -> Any:
        """Return the gradient that the steps before a tensor go on with: the learner's, if any."""
        found = self._now.get(i)  # while a pass runs, that of this pass
        return self.own.get(i, self.arriving.get(i)) if found is None else found

    def run(
        self, changes: Mapping[Edge, Change], flows: dict[Edge, Any] | None = None
    ) -> dict[int, Any]:
        """Return what arrives at every tensor, some steps changed; note what every step gives."""
        place = self.place

        def look(node: Tensor, index: int, g: Any, out: Any, operands: Any, every: Any) -> Any:
            edge = (place[node], index)
            if edge[0] in self._shifts:
                return None
            if edge[0] in self.own:
                g, every = self.own[edge[0]], None
            if changes:
                self._now[edge[0]] = g
            change = changes.get(edge)
            if change is not None:
                found = change(Site(self, node, index, g))
            else:
                found = pull(node, index, g, out, operands, every)
            if flows is not None and found is not None:
                flows[edge] = found
            return found

        with np.errstate(all="ignore"):
            start = np.ones_like(plain(self.draw.J))
            self._now = {}
            found = propagate(self.order, [self.draw.J], [start], self.within, pull=look)
        self._now = {}
        return {place[node]: g for node, g in found.items()}

    def above(self, places: Sequence[int]) -> set[int]:
        """Return the tensors whose gradients those at `places` follow from, themselves included."""
        found = set(places)
        for i, node in enumerate(self.order):
            if i not in self.own and any(self.place[x] in found for x in node.inputs):
                found.add(i)
        return found

    def tangents(self, i: int, direction: Any) -> dict[int, Any]:
        """Return, for each tensor, what a change of its gradient means along `direction` at `i`.

        The inner product of both is what the gradient of `i` changes by along `direction`. Nothing
        passes a tensor whose gradient is the learner's own.
        """
        found = {self.order[i]: direction}
        for node in self.order:
            if node.op is None or node not in self.within or node in found:
                continue
            if self.place[node] in self.own or self.place[node] in self._shifts:
                continue
            for index, x in enumerate(node.inputs):
                if x in found:
                    pushed = _pushed(node, index, found[x])
                    if pushed is not None:
                        found[node] = found[node] + pushed if node in found else pushed
        return {self.place[node]: t for node, t in found.items()}


def _pushed(node: Tensor, index: int, direction: Any) -> Any:
    """Return the derivative of an operation along a direction of one input.

    A rule is linear in its cotangent, and its transpose is that derivative.
    """
    with recording(), np.errstate(all="ignore"):
        g = Tensor(np.zeros_like(plain(node)))
        flow = pull(node, index, g, Tensor(plain(node)), [Tensor(plain(x)) for x in node.inputs])
        if flow is g:
            return direction
        if not isinstance(flow, Tensor) or flow.op is None:
            return None
        return gradients(flow, g, np.asarray(direction, dtype=flow.dtype))[0]
