"""Where a program's values live.

1. `root_of` tells whose memory a value looks at: a view lives and dies with it.
2. `plan` goes through the statements in order and gives every value a place: a buffer that is
   used again as soon as nothing needs its content any more, the memory of an operand that dies
   with the statement, a donated argument, or a fresh array for what is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from .graph import is_leaf, is_ufunc


def is_view(node: Tensor) -> bool:
    """Whether `node` only looks at another's elements, in another order or in part.

    It may: whether it does depends on how the operand lies in memory.
    """
    return node.op is not None and "view" in node.op.traits


def looked_at(node: Tensor) -> Tensor | None:
    """Return the operand whose memory `node` may be looking at, or None.

    Operations that are not known as views are judged by what they gave while being traced: a
    function that hands an operand on, or a part of it, does so again.
    """
    if is_view(node):
        return node.inputs[0]
    if is_leaf(node) or is_ufunc(node):
        return None
    for x in node.inputs:
        both = isinstance(plain(node), np.ndarray) and isinstance(plain(x), np.ndarray)
        if both and np.may_share_memory(plain(node), plain(x)):
            return x
    return None


def root_of(node: Tensor) -> Tensor:
    """Return the node whose memory `node` may be looking at: itself, unless it is a view."""
    while (x := looked_at(node)) is not None:
        node = x
    return node


def seen_in_another_order(node: Tensor, x: Tensor) -> bool:
    """Whether `node` reads the memory of `x` through a view: written in place, it would be lost."""
    return any(y is not x and root_of(y) is x for y in node.inputs)


@dataclass(eq=False)
class Plan:
    """The places of a program's values.

    Attributes
    ----------
    buffers : list of (shape, dtype)
        The buffers that a run needs.
    buffer : dict of Tensor to int
        Which buffer a value is computed into. Values that are not in it, and not in `donated`,
        are fresh arrays.
    donated : mapping of Tensor to Tensor
        Output → the donated input that it is written into.
    """

    donated: dict[Tensor, Tensor]
    buffers: list[tuple[tuple[int, ...], Any]] = field(default_factory=list)
    buffer: dict[Tensor, int] = field(default_factory=dict)

    def include(self, other: Plan) -> None:
        """Add the places of the values of a loop's body."""
        start = len(self.buffers)
        self.buffers += other.buffers
        self.buffer.update({node: start + number for node, number in other.buffer.items()})
        self.donated.update(other.donated)


def last_uses(order: Sequence[Tensor]) -> dict[Tensor, int]:
    """Return for every node the position of the last statement that needs its memory."""
    last: dict[Tensor, int] = {}
    for position, node in enumerate(order):
        last[root_of(node)] = max(last.get(root_of(node), 0), position)
        for x in node.inputs:
            last[root_of(x)] = position
    return last


def plan(
    order: Sequence[Tensor],
    outputs: Sequence[Tensor],
    donated: Mapping[Tensor, Tensor],
    buffered: Callable[[Tensor], bool],
    in_place: Callable[[Tensor], bool],
) -> Plan:
    """Return the places of the values in `order`.

    Parameters
    ----------
    order : sequence of Tensor
        The operations as they are run.
    outputs : sequence of Tensor
        What is handed out: never in a buffer.
    donated : mapping of Tensor to Tensor
        Output → the donated input that it is written into.
    buffered : callable
        Whether a node can be computed into given memory.
    in_place : callable
        Whether it can be computed into the memory of one of its operands.
    """
    result = Plan(dict(donated))
    escaping = {root_of(x) for x in outputs}
    last = last_uses(order)
    free: dict[Any, list[int]] = {}
    for position, node in enumerate(order):
        if node not in donated and node not in escaping and buffered(node):
            number = _dying_operand(node, position, last, result) if in_place(node) else None
            if number is None:
                vacant = free.get((node.shape, node.dtype))
                number = vacant.pop() if vacant else len(result.buffers)
            if number == len(result.buffers):
                result.buffers.append((node.shape, node.dtype))
            result.buffer[node] = number
        _release(node, position, last, result, free)
    return result


def _dying_operand(
    node: Tensor, position: int, last: Mapping[Tensor, int], result: Plan
) -> int | None:
    """Return the buffer of an operand that nothing else needs and that `node` can take over."""
    for x in node.inputs:
        number = result.buffer.get(x)
        if number is None or last[x] != position:
            continue
        if (x.shape, x.dtype) == (node.shape, node.dtype) and not seen_in_another_order(node, x):
            return number
    return None


def _release(
    node: Tensor,
    position: int,
    last: Mapping[Tensor, int],
    result: Plan,
    free: dict[Any, list[int]],
) -> None:
    """Free the buffers that `node` is the last to need."""
    own = result.buffer.get(node)
    for root in dict.fromkeys(root_of(x) for x in (*node.inputs, node)):
        number = result.buffer.get(root)
        if number is None or last.get(root) != position or (number == own and root is not node):
            continue
        free.setdefault((root.shape, root.dtype), []).append(number)
