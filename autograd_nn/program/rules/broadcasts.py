"""Broadcasts: left to the ufuncs, which do them anyway, or done as late as possible."""

from __future__ import annotations

import numpy as np

from ...core.tensor import Tensor, apply
from ...ops.shapes import BROADCAST_TO, RESHAPE
from ..graph import Graph, is_ufunc, is_weak, op_of
from ..rewriting import applies_to


def broadcast(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return `x` broadcast to `shape`."""
    return apply(BROADCAST_TO, (x,), {"shape": shape})


def broadcasts_its_operands(node: Tensor) -> bool:
    """Whether `node` combines its operands element by element, as a ufunc does."""
    return "elementwise" in op_of(node).traits


@applies_to(over=[BROADCAST_TO])
def unneeded(node: Tensor, graph: Graph) -> Tensor | None:
    """``broadcast_to(b, shape) * x`` → ``b * x``, where `x` or the others give the shape."""
    if not broadcasts_its_operands(node):
        return None
    operands = list(node.inputs)
    for position, x in enumerate(operands):
        if x.op is BROADCAST_TO:
            small = x.inputs[0]
            others = [y.shape for i, y in enumerate(operands) if i != position]
            if np.broadcast_shapes(small.shape, *others) == node.shape and not is_weak(small):
                operands[position] = small
    if all(a is b for a, b in zip(operands, node.inputs, strict=True)):
        return None
    return apply(op_of(node), operands, node.params)


@applies_to(over=[BROADCAST_TO])
def after_elementwise(node: Tensor, graph: Graph) -> Tensor | None:
    """``exp(broadcast_to(x))`` → ``broadcast_to(exp(x))``: fewer elements to compute."""
    if not is_ufunc(node):
        return None
    if any(x.op is not BROADCAST_TO and x.size != 1 for x in node.inputs):
        return None
    operands = [x.inputs[0] if x.op is BROADCAST_TO else x for x in node.inputs]
    if all(is_weak(x) for x in operands):
        return None
    small = apply(op_of(node), operands, node.params)
    return broadcast(small, node.shape) if small.size < node.size else None


@applies_to(RESHAPE, over=[BROADCAST_TO])
def reshaped(node: Tensor, graph: Graph) -> Tensor | None:
    """``reshape(broadcast_to(c, s), t)`` → ``broadcast_to(c, t)`` for one element c."""
    small = node.inputs[0].inputs[0]
    single = small.size == 1 and small.ndim <= node.ndim
    return broadcast(small, node.shape) if single else None


@applies_to(BROADCAST_TO, over=[BROADCAST_TO])
def twice(node: Tensor, graph: Graph) -> Tensor | None:
    """``broadcast_to(broadcast_to(x, s), t)`` → ``broadcast_to(x, t)``."""
    return broadcast(node.inputs[0].inputs[0], node.shape)
