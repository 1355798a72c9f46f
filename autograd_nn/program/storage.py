"""Where a program's values live.

`plan` goes through the statements in order and gives every value a place: a buffer that is used
again as soon as nothing needs its content any more, the memory of an operand that dies with the
statement, a donated argument, or a fresh array for what is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from .rewriting import INPUT
from .views import root_of


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

    def __init__(self, donated: Mapping[Tensor, Tensor]) -> None:
        self.buffers: list[tuple[tuple[int, ...], Any]] = []
        self.buffer: dict[Tensor, int] = {}
        self.donated = donated


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
    result = Plan(donated)
    escaping = {root_of(x) for x in outputs}
    last = last_uses(order)
    free: dict[Any, list[int]] = {}
    for position, node in enumerate(order):
        if node in donated or not buffered(node):
            pass
        elif node not in escaping:
            key = (node.shape, node.dtype)
            number = _dying_operand(node, position, last, result, in_place)
            if number is None:
                vacant = free.get(key)
                number = vacant.pop() if vacant else len(result.buffers)
            if number == len(result.buffers):
                result.buffers.append((node.shape, node.dtype))
            result.buffer[node] = number
        _release(node, position, last, result, free)
    return result


def _dying_operand(
    node: Tensor,
    position: int,
    last: Mapping[Tensor, int],
    result: Plan,
    in_place: Callable[[Tensor], bool],
) -> int | None:
    """Return the buffer of an operand that nothing else needs and that `node` fits into."""
    if not in_place(node):
        return None
    for x in node.inputs:
        number = result.buffer.get(x)
        if number is None or last[x] != position:
            continue
        if x.shape != node.shape or x.dtype != node.dtype:
            continue
        # An operand that looks at the same memory in another order would be overwritten.
        if all(y is x or root_of(y) is not x for y in node.inputs):
            return number
    return None


def _release(
    node: Tensor,
    position: int,
    last: Mapping[Tensor, int],
    result: Plan,
    free: dict[Any, list[int]],
) -> None:
    own = result.buffer.get(node)
    for root in dict.fromkeys(root_of(x) for x in (*node.inputs, node)):
        number = result.buffer.get(root)
        if number is None or last.get(root) != position or (number == own and root is not node):
            continue
        free.setdefault((root.shape, root.dtype), []).append(number)


def is_leaf(node: Tensor) -> bool:
    """Whether `node` is an argument or a constant."""
    return node.op in (None, INPUT)


def is_array(node: Tensor) -> bool:
    """Whether `node` is an array of at least one axis."""
    return isinstance(plain(node), np.ndarray) and node.ndim > 0
