"""Which values look at the memory of another, and so live and die with it."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor, plain
from .rewriting import INPUT

VIEWS = ("transpose", "reshape", "broadcast_to", "getitem")
"""Operations whose result may be a view, depending on how the operand lies in memory."""


def is_view(node: Tensor) -> bool:
    """Whether `node` only looks at another's elements, in another order or in part."""
    return node.op is not None and node.op.name in VIEWS


def looked_at(node: Tensor) -> Tensor | None:
    """Return the operand whose memory `node` may be looking at, or None.

    Other operations than `VIEWS` are judged by what they gave while being traced: a function
    that hands an operand on, or a part of it, does so again.
    """
    if node.op in (None, INPUT):
        return None
    if is_view(node):
        return node.inputs[0]
    if node.op is None or isinstance(node.op.forward, np.ufunc):
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
