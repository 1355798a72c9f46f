"""Operations that change nothing."""

from __future__ import annotations

from ...core.tensor import Tensor, apply, plain
from ...dispatch.values import DETACH
from ...ops.elementwise import ADD, ASTYPE, DIVIDE, MULTIPLY, POSITIVE, POWER, SUBTRACT
from ...ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from ..graph import Graph, can_replace, is_weak, number
from ..rewriting import applies_to


@applies_to(DETACH)
def detached(node: Tensor, graph: Graph) -> Tensor | None:
    """``x.detach()`` → ``x``: it said where no gradient flows, and the gradients are taken.

    A plain number has been made an array by it, whose dtype others take on.
    """
    x = node.inputs[0]
    return apply(POSITIVE, (x,)) if is_weak(x) and x.dtype.kind != "b" else x


@applies_to(MULTIPLY, DIVIDE, POWER)
def times_one(node: Tensor, graph: Graph) -> Tensor | None:
    """``1 * x``, ``x / 1``, ``x ** 1`` → ``x``."""
    a, b = node.inputs
    if number(b) == 1 and can_replace(a, node):
        return a
    return b if node.op is MULTIPLY and number(a) == 1 and can_replace(b, node) else None


@applies_to(ADD, SUBTRACT)
def plus_zero(node: Tensor, graph: Graph) -> Tensor | None:
    """``x + 0``, ``0 + x``, ``x - 0`` → ``x``; ``0 - x`` → ``-x``.

    Arrays of zeros count as well: the gradient of what nothing depends on is one.
    """
    a, b = node.inputs
    if _zero(b) and can_replace(a, node):
        return a
    return b if node.op is ADD and _zero(a) and can_replace(b, node) else None


def _zero(x: Tensor) -> bool:
    value = number(x)
    if value is None and x.op is None and x.size and x.dtype.kind in "fiu":
        return not plain(x).any()
    return value == 0


@applies_to(ASTYPE, RESHAPE, BROADCAST_TO, POSITIVE, TRANSPOSE)
def unchanged(node: Tensor, graph: Graph) -> Tensor | None:
    """Conversions to the same dtype, reshapes to the same shape, ``+x`` → ``x``."""
    x = node.inputs[0]
    if node.op is TRANSPOSE and x.ndim > 1 and not _in_order(node.params.get("axes"), x.ndim):
        return None
    return x if can_replace(x, node) else None


def _in_order(axes: tuple[int, ...] | None, ndim: int) -> bool:
    return axes is not None and [a % ndim for a in axes] == list(range(ndim))
