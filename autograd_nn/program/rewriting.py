"""Rewriting a traced graph by small rules.

`rewrite` goes through a graph from its inputs to its outputs and lets rules replace nodes; equal
operations on equal inputs become one node on the way.

A rule is a function ``rule(node, graph)`` that returns what shall stand in the node's place, or
None. `applies_to` says of which operations it is asked, over which others, and whether it is true
of real numbers only: such a rule holds in float32 and float64 alone, with constants that are normal
numbers. Both are tested in one place, `_holds`; so is that shape and dtype stay what they were.
Zeros have no sign in programs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

import numpy as np

from ..core.graph import again
from ..core.op import Op
from ..core.tensor import Tensor, constant, plain
from ..ops.elementwise import ADD, MULTIPLY
from .graph import INPUT, Graph, is_leaf, is_ufunc, is_weak

_SWEEPS = 20
_FIRINGS = 50
_PATTERN = 16  # operations that a rule looks at, at the most
_COMPARED = 256  # elements; larger constants are equal only when they are the same array

_EXACT = {np.dtype("f4"), np.dtype("f8")}

Rule = Callable[[Tensor, Graph], Tensor | None]

_OPERATIONS: dict[Rule, tuple[Op, ...]] = {}
_OVER: dict[Rule, tuple[Op | None, ...]] = {}
_ARITHMETIC: set[Rule] = set()


def applies_to(
    *operations: Op, over: Sequence[Op | None] = (), arithmetic: bool = False
) -> Callable[[Rule], Rule]:
    """Say that a rule is asked about nodes made by these operations alone, or by all if none.

    One of their operands must be made by an operation in `over`, where None stands for constants.
    With `arithmetic` a rule rests on the algebra of real numbers, which integers that wrap around,
    truth values and half precision do not follow: what it takes away and what it makes must all
    be computed in float32, or all in float64.
    """

    def mark(rule: Rule) -> Rule:
        if operations:
            _OPERATIONS[rule] = operations
        if over:
            _OVER[rule] = tuple(over)
        if arithmetic:
            _ARITHMETIC.add(rule)
        return rule

    return mark


def is_exact(dtype: np.dtype[Any]) -> bool:
    """Whether arithmetic rules hold in `dtype` to a few ulp."""
    return dtype in _EXACT


def is_normal(value: float, dtype: np.dtype[Any]) -> bool:
    """Whether a number, and so each product by it, keeps all its digits in `dtype`."""
    limits = np.finfo(dtype)
    return bool(limits.tiny <= abs(value) <= limits.max)


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


class _Rewriting:
    """What rules make of a graph, sweep by sweep from its inputs to its outputs.

    Attributes
    ----------
    fresh, known, settled
        What became of each node of this sweep, which operations exist already, and for which no
        rule fires.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.every = frozenset(rules)
        self.table: dict[Any, list[Rule]] = {}
        self.joined: dict[frozenset[Rule], frozenset[Rule]] = {}

    def sweep(self, graph: Graph) -> Graph:
        """Return `graph` after one sweep."""
        self.graph = graph
        self.fresh: dict[Tensor, Tensor] = {}
        self.known: dict[Any, Tensor] = {}
        self.settled: set[Tensor] = set()
        fresh, place = self.fresh, graph.place
        for node in graph.nodes():
            self.place_now = place.get(node, -1)
            fresh[node] = self.settle(self.rebuilt(node))
        return graph.with_outputs([fresh[output] for output in graph.outputs])

    def rebuilt(self, node: Tensor) -> Tensor:
        """Return `node` on what became of its inputs, which have the values that they had."""
        fresh, old = self.fresh, node.inputs
        inputs = tuple([fresh[x] if x in fresh else self.merged(x) for x in old])
        if all(map(is_, inputs, old)):
            return node
        if not self.rules:
            node.inputs = inputs
            self.graph.quiet.pop(node, None)
            return node
        if is_ufunc(node):  # its result is an array of its own, whatever the inputs share
            made = constant(plain(node))
            made.op, made.inputs, made.params, made.name = node.op, inputs, node.params, node.name
        else:
            made = again(node, inputs)
        self.graph.stand_for(made, node)
        return made

    def settle(self, node: Tensor) -> Tensor:
        """Let the rules work on `node`, whose inputs are settled, until none has more to say."""
        for _ in range(_FIRINGS):
            node = self.merged(node)
            if node in self.settled or is_leaf(node):
                return node
            better = self.bettered(node)
            if better is None or better is node:
                break
            self.known.pop(_same(node), None)  # `2 * x` is not to be taken for its own `x * 2`
            for inner in self.unsettled(better):
                if inner is not better:
                    self.fresh[inner] = self.settle(self.rebuilt(inner))
            better = self.rebuilt(better)
            take_name(better, node)
            self.graph.stand_for(better, node)
            node = better
        self.settled.add(node)
        return node

    def bettered(self, node: Tensor) -> Tensor | None:
        """Return what the first rule that fires makes of `node`."""
        graph = self.graph
        done, asked = graph.asked_of(node)
        if done is self.every or self.every <= done:
            return None
        graph.asked = asked = [*asked]
        for rule in self.rules_for(node, done):
            better = rule(node, graph)
            if better is not None and self._holds(rule, node, better):
                return better
        if done not in self.joined:
            self.joined[done] = self.every if done <= self.every else done | self.every
        graph.quiet[node] = self.joined[done], asked
        return None

    def rules_for(self, node: Tensor, done: frozenset[Any] = frozenset()) -> list[Rule]:
        """Return the rules that `node` may be a case of, by how it and its operands were made.

        Those `done` are left out, of which it is known that they do not fire.
        """
        key = (node.op, node.dtype, done, *[x.op for x in node.inputs])
        if key not in self.table:
            exact, made_by = is_exact(node.dtype), key[3:]
            self.table[key] = [
                rule
                for rule in self.rules
                if rule not in done
                and node.op in _OPERATIONS.get(rule, (node.op,))
                and not {*made_by}.isdisjoint(_OVER.get(rule, made_by))
                and (exact or rule not in _ARITHMETIC)
            ]
        return self.table[key]

    def _holds(self, rule: Rule, node: Tensor, better: Tensor) -> bool:
        """Whether `better` may stand for `node`, as far as shape, dtypes and constants tell."""
        if (better.shape, better.dtype) != (node.shape, node.dtype):
            return False
        if is_weak(better) and better.dtype.kind != "b":  # others would not take on its dtype
            return False
        if rule not in _ARITHMETIC:
            return True
        fresh = self.unsettled(better)
        kept = {better, *(x for new in fresh for x in new.inputs)}
        behind = {x for old in kept for x in old.inputs}
        gone: list[Tensor] = []
        stack = [node]
        while stack and len(gone) < _PATTERN:
            old = stack.pop()
            if old is node or not (old in kept or is_leaf(old)):
                gone.append(old)
                stack += () if old in behind else old.inputs
        made = {x for new in fresh for x in new.inputs if is_weak(x)}
        made -= {x for old in gone for x in old.inputs}
        same = all(x.dtype == node.dtype for x in (*gone, *fresh))
        return same and all(is_normal(plain(x), node.dtype) for x in made)

    def unsettled(self, better: Tensor) -> list[Tensor]:
        """Return the operations that a rule has made for `better`, inputs first."""
        found: list[Tensor] = []
        stack = [better]
        while stack:
            node = stack.pop()
            if node.op is not None and node not in self.settled and not is_leaf(node):
                found.append(node)
                stack += node.inputs
        return list(dict.fromkeys(reversed(found)))

    def merged(self, node: Tensor) -> Tensor:
        """Return the node that does what `node` does, if there was one before it."""
        if node.op is INPUT:
            return node
        earlier = self.known.setdefault(_same(node), node)
        place = self.graph.place
        place[earlier] = min(place.get(earlier, self.place_now), self.place_now)
        if earlier is not node:
            take_name(earlier, node)
            self.graph.stand_for(earlier, node)
        return earlier


def _same(node: Tensor) -> Any:
    """Return what nodes have in common that are always equal."""
    if node.op is None:
        return frozen(plain(node))
    operands = [id(x) for x in node.inputs]
    if node.op in (ADD, MULTIPLY):
        operands.sort()
    return node.op, tuple(operands), frozen(node.params) if node.params else ()


def take_name(node: Tensor, old: Tensor) -> None:
    """Let `node`, if it has no name, go by the name of `old`, whose value it has."""
    if node is not old and node.name is None and not is_leaf(node):
        node.name = old.name


def rewrite(graph: Graph, rules: Sequence[Rule]) -> Graph:
    """Return `graph` rewritten by `rules` until none of them fires any more.

    Without rules it merges common sub-expressions and drops dead code, and nothing else.
    """
    with np.errstate(all="ignore"):
        if not graph.merged:  # before any rule asks how often one is used
            graph = _Rewriting(()).sweep(graph)
        rewriting = _Rewriting(rules)
        for _ in range(_SWEEPS):
            if all(
                rewriting.every <= graph.asked_of(x)[0] for x in graph.nodes() if not is_leaf(x)
            ):
                break
            graph = rewriting.sweep(graph)
        graph.merged = True
    return graph
