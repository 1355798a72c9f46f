"""A traced graph, and what its nodes are.

1. `Graph` is what a trace leaves behind and every pass takes and returns: outputs, inputs, and
   where in the user's function each node was made.
2. The other functions answer questions about one node: a constant, a weak number, an array?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from ..core.graph import topological_order
from ..core.op import Op
from ..core.tensor import Tensor, plain

INPUT = Op("input", lambda: None)
"""The operation of a program's arguments while it is being made; constants have none."""


Asked = tuple[frozenset[Any], list[tuple[Tensor, int]]]
_NONE: Asked = (frozenset(), [])


@dataclass(slots=True, eq=False)
class Graph:
    """A traced computation.

    Attributes
    ----------
    outputs, inputs : list of Tensor
        Results and arguments, flat. Inputs have the operation `INPUT`, constants have none.
    place : dict of Tensor to int
        When each node was made, in the order of the user's function.
    backward : list of (int, int)
        The spans of places that are backward passes.
    cotangents : set of Tensor
        Nodes known to be multiples of what a backward pass started from.
    merged : bool
        Whether equal operations on equal inputs are one node.
    quiet : dict of Tensor to (frozenset, list)
        Rules that do not fire on a node while the nodes listed are used so often.
    """

    outputs: list[Tensor]
    inputs: list[Tensor]
    place: dict[Tensor, int]
    backward: list[tuple[int, int]]
    cotangents: set[Tensor]
    merged: bool = False
    quiet: dict[Tensor, Asked] = field(default_factory=dict)
    asked: list[tuple[Tensor, int]] = field(default_factory=list)
    _nodes: list[Tensor] | None = None
    _uses: dict[Tensor, int] | None = None

    def nodes(self) -> list[Tensor]:
        """Return what the outputs depend on, inputs first: what nothing depends on is gone."""
        if self._nodes is None:
            self._nodes = topological_order(self.outputs)
        return self._nodes

    def uses(self, node: Tensor) -> int:
        """Return how often `node` is an operand or an output (1 for a node just made)."""
        times = self.counts().get(node, 1)
        self.asked.append((node, times))
        return times

    def counts(self) -> dict[Tensor, int]:
        """Return how often each node is an operand or an output."""
        if self._uses is None:
            self._uses = dict.fromkeys(self.nodes(), 0)
            for node in self.nodes():
                for x in node.inputs:
                    self._uses[x] += 1
            for output in self.outputs:
                self._uses[output] += 1
        return self._uses

    def asked_of(self, node: Tensor) -> Asked:
        """Return which rules are known not to fire on `node`, and on whose uses that rests."""
        found = self.quiet.get(node)
        if found is None:
            return _NONE
        if found[1]:
            counts = self.counts()
            for x, times in found[1]:
                if counts.get(x, 1) != times:
                    return _NONE
        return found

    def stand_for(self, node: Tensor, old: Tensor) -> None:
        """Let `node` take the place of `old`: used as often, and a cotangent if `old` is one."""
        counts = self.counts()
        counts[node] = counts.get(old, 1) + counts.get(node, 0)
        if old in self.cotangents and not is_leaf(node):
            self.cotangents.add(node)

    def with_outputs(self, outputs: Sequence[Tensor]) -> Graph:
        """Return the same graph with other outputs."""
        cotangents, quiet = set(self.cotangents), self.quiet
        return Graph(list(outputs), self.inputs, self.place, self.backward, cotangents, quiet=quiet)


def op_of(node: Tensor) -> Op:
    """Return the operation of a node that is no constant."""
    return cast("Op", node.op)


def is_constant(x: Tensor) -> bool:
    """Whether `x` is known when the program is written."""
    return x.op is None


def is_leaf(node: Tensor) -> bool:
    """Whether `node` is an argument or a constant."""
    return node.op is None or node.op is INPUT


def is_array(node: Tensor) -> bool:
    """Whether `node` is an array of at least one axis."""
    return isinstance(plain(node), np.ndarray) and node.ndim > 0


def is_weak(x: Tensor) -> bool:
    """Whether `x` is a Python number, which takes on the dtype of what it meets (NEP 50)."""
    return is_leaf(x) and isinstance(plain(x), (bool, int, float, complex))


def is_factor(x: Tensor) -> bool:
    """Whether `x` is a plain real number that is known when the program is written."""
    return is_constant(x) and isinstance(plain(x), (bool, int, float))


def is_ufunc(node: Tensor) -> bool:
    """Whether `node` is one call of a ufunc, element by element."""
    return node.op is not None and node.op.is_ufunc


def number(x: Tensor) -> float | int | None:
    """Return the value of a constant of one element as a real Python number, else None."""
    data = plain(x)
    if x.op is not None or isinstance(data, complex):
        return None
    if isinstance(data, (bool, int, float)):
        return data
    return data.item() if data.size == 1 and data.dtype.kind in "fiu" else None
