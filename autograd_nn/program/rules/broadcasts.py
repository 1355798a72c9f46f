"""Broadcasts: left to the ufuncs, which do them anyway, or done as late as possible."""

from __future__ import annotations

import numpy as np

from ...core.tensor import Tensor, apply
from ..rewriting import Graph, do, is_, is_weak, on


def unneeded(node: Tensor, graph: Graph) -> Tensor | None:
    """``broadcast_to(b, shape) * x`` → ``b * x``, where `x` or the others give the shape."""
    if node.op is None or not node.op.broadcasts or is_(node, "matmul", "broadcast_to"):
        return None
    operands = list(node.inputs)
    for position, x in enumerate(operands):
        if is_(x, "broadcast_to"):
            small = x.inputs[0]
            others = [y.shape for i, y in enumerate(operands) if i != position]
            if np.broadcast_shapes(small.shape, *others) == node.shape and not is_weak(small):
                operands[position] = small
    if all(a is b for a, b in zip(operands, node.inputs, strict=True)):
        return None
    return apply(node.op, operands, node.params)


def after_elementwise(node: Tensor, graph: Graph) -> Tensor | None:
    """``exp(broadcast_to(x))`` → ``broadcast_to(exp(x))``: fewer elements to compute."""
    op = node.op
    if op is None or not isinstance(op.forward, np.ufunc) or is_(node, "matmul"):
        return None
    wide = [is_(x, "broadcast_to") for x in node.inputs]
    if not any(wide) or any(not w and x.size != 1 for x, w in zip(node.inputs, wide, strict=True)):
        return None
    operands = [x.inputs[0] if w else x for x, w in zip(node.inputs, wide, strict=True)]
    if all(is_weak(x) for x in operands):
        return None
    small = apply(op, operands, node.params)
    if small.dtype != node.dtype or small.size >= node.size:
        return None
    return do("broadcast_to", small, shape=node.shape)


@on("reshape")
def reshaped(node: Tensor, graph: Graph) -> Tensor | None:
    """``reshape(broadcast_to(c, s), t)`` → ``broadcast_to(c, t)`` for one element c."""
    if is_(node, "reshape") and is_(node.inputs[0], "broadcast_to"):
        small = node.inputs[0].inputs[0]
        if small.size == 1 and small.ndim <= node.ndim and not is_weak(small):
            return do("broadcast_to", small, shape=node.shape)
    return None


@on("broadcast_to")
def twice(node: Tensor, graph: Graph) -> Tensor | None:
    """``broadcast_to(broadcast_to(x, s), t)`` → ``broadcast_to(x, t)``."""
    if is_(node, "broadcast_to") and is_(node.inputs[0], "broadcast_to"):
        inner = node.inputs[0].inputs[0]
        return None if is_weak(inner) else do("broadcast_to", inner, shape=node.shape)
    return None
