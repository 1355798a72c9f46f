"""Which statements of a program for Numba share a loop nest: a plan, before any text is written.

1. `is_elementwise` and `is_looped_reduction` tell what is computed in a loop at all.
2. `postponed` puts statements in an order in which more of them meet in one nest.
3. `nests` groups them, and says what is stored and what takes over whose memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.graph import uses
from ..core.op import Op
from ..core.tensor import Tensor, plain
from ..ops.elementwise import ASTYPE
from ..ops.linalg import MATMUL
from ..ops.reductions import MAX, MIN, PROD, SUM
from ..ops.shapes import TRANSPOSE
from .graph import Graph, is_array, is_leaf
from .memory import root_of, seen_in_another_order
from .numba_numbers import computed_in
from .order import readers_of
from .rewriting import is_exact
from .rules.kernels import GEMM

INFIX = {"+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!="}

MOST_AXES = 6
"""Arrays of more axes are left to NumPy."""

STARTS = {SUM: "0", PROD: "1", MAX: "-np.inf", MIN: "np.inf"}
"""Operation that reduces an array in a loop → what the loop starts from."""


@dataclass(frozen=True, eq=False)
class Nest:
    """Statements that share a loop nest.

    Attributes
    ----------
    members : list of Tensor
        Elementwise operations and sums of their results, in order.
    shape : tuple of int
        How often each loop runs.
    stored : set of Tensor
        The members that are needed outside; the others are never written to memory.
    takes_over : dict of Tensor to Tensor
        Member → an array that nobody needs any more, whose memory it is computed into.
    """

    members: list[Tensor]
    shape: tuple[int, ...]
    stored: set[Tensor]
    takes_over: dict[Tensor, Tensor]


def has_loop_form(op: Op | None) -> bool:
    """Whether one element of an operation's result can be written as an expression."""
    return op is not None and (bool(op.loop) or op.symbol in INFIX)


def is_elementwise(node: Tensor) -> bool:
    """Whether `node` is computed element by element in a loop."""
    if not is_array(node) or node.ndim > MOST_AXES or is_leaf(node) or computed_in(node) is None:
        return False
    if node.op is ASTYPE:  # C says nothing of a float that no whole number is near to
        return is_exact(node.dtype)
    return has_loop_form(node.op) and not node.params


def is_looped_reduction(node: Tensor) -> bool:
    """Whether `node` reduces an array in a loop."""
    x = node.inputs[0] if node.op in STARTS else None
    if x is None or not is_array(x) or x.ndim > MOST_AXES:
        return False
    return is_exact(x.dtype) and x.dtype == node.dtype


def is_product(node: Tensor) -> bool:
    """Whether `node` is a product of two matrices."""
    return node.op is MATMUL and all(x.ndim == 2 for x in node.inputs)


def postponed(order: Sequence[Tensor], donated: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """Return `order` with what one loop alone needs moved to that loop, so that it joins it."""
    users = uses(order)
    overwritten = set(donated.values())

    def waits(node: Tensor) -> bool:
        if not is_elementwise(node) or len(users[node]) != 1:
            return False
        user = users[node][0][0]
        if not is_elementwise(user) or user.shape != node.shape:
            return False
        return all(root_of(x) not in overwritten for x in node.inputs)

    late = {node for node in order if waits(node)}
    result: list[Tensor] = []
    for node in order:
        if node in late:
            continue
        before, stack = [], [node]
        while stack:
            one = stack.pop()
            before.append(one)
            stack += [x for x in one.inputs if x in late]
        result += reversed(before)
    return result


def may_overwrite(graph: Graph, output: Tensor, x: Tensor) -> bool:
    """Whether a loop may write `output` into the memory of the input `x`."""
    carray = isinstance(plain(x), np.ndarray) and bool(plain(x).flags.carray)
    if not carray or any(root_of(o) is x for o in graph.outputs):
        return False
    if output.op is GEMM:
        return output.inputs[0] is x and all(root_of(i) is not x for i in output.inputs[1:])
    # A loop that reads x in another order than it writes would see new values; it cannot where x
    # is one row or column, whose transpose has loops of its own.
    if x.ndim == 2 and 1 in x.shape and all(_is_turned(node, x) for node in graph.nodes()):
        return is_elementwise(output)
    return is_elementwise(output) and not any(
        is_elementwise(node) and seen_in_another_order(node, x) for node in graph.nodes()
    )


def _is_turned(node: Tensor, x: Tensor) -> bool:
    """Whether `node` sees the memory of `x` as it is or transposed, if at all."""
    seen = [y for y in node.inputs if y is not x and root_of(y) is x]
    return all(y.op is TRANSPOSE and y.inputs[0] is x for y in seen)


def nests(
    graph: Graph, order: Sequence[Tensor], donated: Collection[Tensor]
) -> list[Nest | Tensor]:
    """Return the statements of `order` as they are written: loop nests, and others alone.

    Parameters
    ----------
    graph : Graph
    order : sequence of Tensor
        The operations as they are run.
    donated : collection of Tensor
        Outputs that are written into the memory of an input.
    """
    plan = _Plan(graph, order, donated)
    for node in order:
        plan.add(node)
    plan.close()
    return plan.steps


class _Plan:
    """The steps so far; `group` holds the members of the nest that is being made."""

    def __init__(self, graph: Graph, order: Sequence[Tensor], donated: Collection[Tensor]) -> None:
        self.steps: list[Nest | Tensor] = []
        self.group: dict[Tensor, None] = {}
        self.donated = donated
        self.escaping = {root_of(x) for x in graph.outputs}
        self.users = uses(order)
        self.readers = readers_of(order)
        self.own: set[Tensor] = set()  # arrays that the kernel has made
        self.done: set[Tensor] = set()

    def add(self, node: Tensor) -> None:
        """Let `node` join the group, begin another, or stand alone."""
        if is_elementwise(node) or is_looped_reduction(node):
            if self.group and not self._joins(node):
                self.close()
            self.group[node] = None
        else:
            grouped = any(x in self.group or root_of(x) in self.group for x in node.inputs)
            if grouped or node.op is GEMM:
                self.close()
            self.steps.append(node)
            if is_product(node):
                self.own.add(node)
        self.done.add(node)

    def _joins(self, node: Tensor) -> bool:
        """Whether `node` can be computed in the loop nest of the group."""
        shape = _looped_shape(node)
        if shape != _looped_shape(next(iter(self.group))):
            return False
        for x in node.inputs:
            if x in self.group:
                if x.op in STARTS or x.shape != shape:
                    return False
            elif root_of(x) in self.group:
                return False
        return True

    def close(self) -> None:
        """Make a step of the group."""
        members, self.group = list(self.group), {}
        if not members:
            return
        inside = set(members)
        needed = {g for g in members if any(user not in inside for user, _ in self.users[g])}
        stored = {g for g in members if g.op in STARTS or g in self.escaping or g in needed}
        takes_over = {}
        for position, g in enumerate(members):
            x = self._dying(members, position) if g in stored else None
            if x is not None:
                takes_over[g] = x
                self.own.remove(x)
                self.own.add(g)
        self.own |= {g for g in stored if is_array(g) and g not in self.donated}
        self.steps.append(Nest(members, _looped_shape(members[0]), stored, takes_over))

    def _dying(self, members: Sequence[Tensor], position: int) -> Tensor | None:
        """Return an array that nobody needs once the member at `position` is computed in it."""
        g, before, later = members[position], members[: position + 1], {*members[position + 1 :]}
        if g.op in STARTS or g in self.donated:
            return None
        for x in dict.fromkeys(x for member in before for x in member.inputs):
            if x not in self.own or x in self.escaping:
                continue
            if (x.shape, x.dtype) != (g.shape, g.dtype):
                continue
            done = all(n in self.done and n not in later for n in self.readers[x])
            if done and not any(seen_in_another_order(n, x) for n in before):
                return x
        return None


def _looped_shape(node: Tensor) -> tuple[int, ...]:
    """Return the shape of the loops that compute `node`."""
    return node.inputs[0].shape if node.op in STARTS else node.shape
