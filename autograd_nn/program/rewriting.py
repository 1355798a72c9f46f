"""Rewriting a traced graph by small rules.

1. `Graph` is what a trace leaves behind and every pass takes and returns: outputs, inputs, and
   where in the user's function each node was made.
2. `rewrite` goes through a graph from its inputs to its outputs and lets rules replace nodes;
   equal operations on equal inputs become one node on the way.

A rule is a function ``rule(node, graph)`` that returns what shall stand in the node's place, or
None. What it returns has the same value up to rounding, the same shape and the same dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np

from ..core.graph import topological_order
from ..core.op import REGISTRY, Op
from ..core.tensor import Tensor, apply, plain

INPUT = Op("input", lambda: None)
"""The operation of a program's arguments while it is being made; constants have none."""

_SWEEPS = 20
_FIRINGS = 50
_COMPARED = 256  # elements; larger constants are equal only when they are the same array


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
    """

    __slots__ = ("_uses", "backward", "cotangents", "inputs", "outputs", "place")

    def __init__(
        self,
        outputs: Sequence[Tensor],
        inputs: Sequence[Tensor],
        place: dict[Tensor, int],
        backward: Sequence[tuple[int, int]] = (),
        cotangents: Iterable[Tensor] = (),
    ) -> None:
        self.outputs = list(outputs)
        self.inputs = list(inputs)
        self.place = place
        self.backward = list(backward)
        self.cotangents = set(cotangents)
        self._uses: dict[Tensor, int] | None = None

    def nodes(self) -> list[Tensor]:
        """Return what the outputs depend on, inputs first: what nothing depends on is gone."""
        return topological_order(self.outputs)

    def uses(self, node: Tensor) -> int:
        """Return how often `node` is an operand or an output (1 for a node just made)."""
        if self._uses is None:
            self._uses = count_uses(self.outputs)
        return self._uses.get(node, 1)

    def count_for(self, node: Tensor, old: Tensor) -> None:
        """Let `node`, which takes the place of `old`, count as used as often, or more often."""
        times = self.uses(old)
        if self._uses is not None and node is not old:
            self._uses[node] = times + self._uses.get(node, 0)

    def with_outputs(self, outputs: Sequence[Tensor]) -> Graph:
        """Return the same graph with other outputs."""
        return Graph(outputs, self.inputs, self.place, self.backward, self.cotangents)


Rule = Callable[[Tensor, Graph], Tensor | None]


_ON: dict[Rule, frozenset[str]] = {}


def on(*names: str) -> Callable[[Rule], Rule]:
    """Say that a rule has something to say about operations of these names alone."""

    def mark(rule: Rule) -> Rule:
        _ON[rule] = frozenset(names)
        return rule

    return mark


def count_uses(outputs: Iterable[Tensor]) -> dict[Tensor, int]:
    """Return how often each node is an operand or an output."""
    roots = list(outputs)
    uses: dict[Tensor, int] = {}
    for node in topological_order(roots):
        for x in node.inputs:
            uses[x] = uses.get(x, 0) + 1
    for root in roots:
        uses[root] = uses.get(root, 0) + 1
    return uses


def do(name: str, *operands: Any, **params: Any) -> Tensor:
    """Record the registered operation `name`."""
    return apply(REGISTRY[name], operands, params)


def is_constant(x: Tensor) -> bool:
    """Whether `x` is known when the program is written."""
    return x.op is None


def is_weak(x: Tensor) -> bool:
    """Whether `x` is a Python number, which takes on the dtype of what it meets (NEP 50)."""
    return isinstance(plain(x), (bool, int, float)) and x.op in (None, INPUT)


def op_of(node: Tensor) -> Op:
    """Return the operation of a node that is no constant."""
    return cast("Op", node.op)


def number(x: Tensor) -> float | int | None:
    """Return the value of a constant of one element as a Python number, else None."""
    if x.op is not None or x.size != 1:
        return None
    data = plain(x)
    if isinstance(data, (bool, int, float)):
        return data
    return data.item() if data.dtype.kind in "fiu" else None


def fits(x: Tensor, node: Tensor) -> bool:
    """Whether `x` may stand for `node`: same shape, same dtype, and no weaker."""
    return x.shape == node.shape and x.dtype == node.dtype and not is_weak(x)


def is_(node: Tensor, *names: str) -> bool:
    """Whether `node` is made by one of the operations `names`."""
    return node.op is not None and node.op.name in names


def frozen(value: Any) -> Any:
    """Return a parameter as something that can be compared and hashed."""
    if isinstance(value, np.ndarray):
        if value.size > _COMPARED:
            return ("array", id(value))
        return ("array", value.shape, value.dtype.str, value.tobytes())
    if isinstance(value, slice):
        return ("slice", frozen(value.start), frozen(value.stop), frozen(value.step))
    if isinstance(value, (tuple, list)):
        return (type(value).__name__, *(frozen(part) for part in value))
    if isinstance(value, dict):
        return tuple((key, frozen(part)) for key, part in sorted(value.items()))
    return (type(value).__name__, value)


class _Sweep:
    """One pass through a graph: what became of each node, and which operations exist already."""

    def __init__(self, graph: Graph, rules: Sequence[Rule]) -> None:
        self.graph = graph
        self.rules = rules
        self.fresh: dict[Tensor, Tensor] = {}
        self.known: dict[Any, Tensor] = {}
        self.settled: set[Tensor] = set()
        self.table: dict[str, list[Rule]] = {}
        self.fired = 0

    def run(self) -> list[Tensor]:
        for node in self.graph.nodes():
            self.place_now = self.graph.place.get(node, -1)
            self.fresh[node] = self.settle(self.rebuilt(node))
        return [self.fresh[output] for output in self.graph.outputs]

    def rebuilt(self, node: Tensor) -> Tensor:
        inputs = [self.merged(x) if x.op is None else self.fresh.get(x, x) for x in node.inputs]
        if node.op is None or all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            return node
        again = apply(node.op, inputs, node.params)
        again.name = node.name
        self.stands_for(again, node)
        return again

    def settle(self, node: Tensor) -> Tensor:
        """Let the rules work on `node`, whose inputs are settled, until none has more to say."""
        for _ in range(_FIRINGS):
            node = self.merged(node)
            if node in self.settled or node.op in (None, INPUT):
                return node
            better = self.bettered(node)
            if better is None or better is node:
                break
            self.fired += 1
            for inner in topological_order([better]):
                if inner is not better and inner.op is not None and inner not in self.settled:
                    self.fresh[inner] = self.settle(self.rebuilt(inner))
            better = self.rebuilt(better)
            take_name(better, node)
            self.stands_for(better, node)
            node = better
        self.settled.add(node)
        return node

    def bettered(self, node: Tensor) -> Tensor | None:
        """Return what the first rule that fires makes of `node`."""
        name = op_of(node).name
        if name not in self.table:
            self.table[name] = [rule for rule in self.rules if name in _ON.get(rule, (name,))]
        for rule in self.table[name]:
            better = rule(node, self.graph)
            if better is not None:
                return better
        return None

    def merged(self, node: Tensor) -> Tensor:
        """Return the node that does what `node` does, if there was one before it."""
        if node.op is INPUT:
            return node
        if node.op is None:
            key: Any = ("constant", frozen(plain(node)))
        else:
            operands = [id(x) for x in node.inputs]
            if node.op.name in ("add", "multiply"):
                operands.sort()
            key = (node.op, tuple(operands), frozen(node.params))
        earlier = self.known.setdefault(key, node)
        place = self.graph.place
        place[earlier] = min(place.get(earlier, self.place_now), self.place_now)
        take_name(earlier, node)
        self.stands_for(earlier, node)
        return earlier

    def stands_for(self, node: Tensor, old: Tensor) -> None:
        """Note that `node` has the value of `old`."""
        self.graph.count_for(node, old)
        if old in self.graph.cotangents and node.op not in (None, INPUT):
            self.graph.cotangents.add(node)


def take_name(node: Tensor, old: Tensor) -> None:
    """Let `node`, if it has no name, go by the name of `old`, whose value it has."""
    if node is not old and node.name is None and node.op not in (None, INPUT):
        node.name = old.name


def rewrite(graph: Graph, rules: Sequence[Rule]) -> Graph:
    """Return `graph` rewritten by `rules` until none of them fires any more.

    Without rules it merges common sub-expressions and drops dead code, and nothing else.
    """
    with np.errstate(all="ignore"):
        # Equal operations are merged before any rule asks how often one is used.
        graph = graph.with_outputs(_Sweep(graph, ()).run())
        for _ in range(_SWEEPS if rules else 0):
            sweep = _Sweep(graph, rules)
            graph = graph.with_outputs(sweep.run())
            if not sweep.fired:
                break
    return graph
