"""Operations that change nothing."""

from __future__ import annotations

import numpy as np

from ...core.tensor import Tensor, apply, plain
from ...dispatch.values import DETACH
from ...ops.elementwise import ADD, ASTYPE, DIVIDE, MULTIPLY, POSITIVE, POWER, SUBTRACT
from ...ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from ..graph import Graph, is_constant, is_weak, number
from ..rewriting import applies_to
from .transposes import permutation


@applies_to(DETACH)
def detached(node: Tensor, graph: Graph) -> Tensor | None:
    """``x.detach()`` → ``x``: it said where no gradient flows, and the gradients are taken.

    A plain number has been made an array by it, whose dtype others take on.
    """
    x = node.inputs[0]
    return apply(POSITIVE, (x,)) if is_weak(x) and x.dtype.kind != "b" else x


@applies_to(MULTIPLY, DIVIDE, POWER, over=[None])
def times_one(node: Tensor, graph: Graph) -> Tensor | None:
    """``1 * x``, ``x / 1``, ``x ** 1`` → ``x``."""
    a, b = node.inputs
    if number(b) == 1:
        return a
    return b if node.op is MULTIPLY and number(a) == 1 else None


@applies_to(ADD, SUBTRACT, over=[None])
def plus_zero(node: Tensor, graph: Graph) -> Tensor | None:
    """``x + 0``, ``0 + x``, ``x - 0`` → ``x``.

    Arrays of zeros count as well: the gradient of what nothing depends on is one.
    """
    a, b = node.inputs
    if _zero(b):
        return a
    return b if node.op is ADD and _zero(a) else None


def _zero(x: Tensor) -> bool:
    return is_constant(x) and not np.any(plain(x))


@applies_to(ASTYPE, RESHAPE, BROADCAST_TO, POSITIVE, TRANSPOSE)
def unchanged(node: Tensor, graph: Graph) -> Tensor | None:
    """Conversions to the same dtype, reshapes to the same shape, ``+x`` → ``x``."""
    x = node.inputs[0]
    if node.op is TRANSPOSE and permutation(node) != tuple(range(x.ndim)):
        return None
    return x
