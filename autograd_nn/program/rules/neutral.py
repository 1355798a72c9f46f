"""Operations that change nothing."""

from __future__ import annotations

from ...core.tensor import Tensor, plain
from ..rewriting import Graph, fits, is_, number, on


@on("detach")
def detached(node: Tensor, graph: Graph) -> Tensor | None:
    """``x.detach()`` → ``x``: it said where no gradient flows, and the gradients are taken."""
    return node.inputs[0] if is_(node, "detach") else None


@on("multiply", "divide", "power")
def times_one(node: Tensor, graph: Graph) -> Tensor | None:
    """``1 * x``, ``x / 1``, ``x ** 1`` → ``x``."""
    if not is_(node, "multiply", "divide", "power"):
        return None
    a, b = node.inputs
    if number(b) == 1 and fits(a, node):
        return a
    return b if is_(node, "multiply") and number(a) == 1 and fits(b, node) else None


@on("add", "subtract")
def plus_zero(node: Tensor, graph: Graph) -> Tensor | None:
    """``x + 0``, ``0 + x``, ``x - 0`` → ``x``; ``0 - x`` → ``-x``.

    Arrays of zeros count as well: the gradient of what nothing depends on is one.
    """
    if not is_(node, "add", "subtract"):
        return None
    a, b = node.inputs
    if _zero(b) and fits(a, node):
        return a
    return b if is_(node, "add") and _zero(a) and fits(b, node) else None


def _zero(x: Tensor) -> bool:
    value = number(x)
    if value is None and x.op is None and x.size and x.dtype.kind in "fiu":
        return not plain(x).any()
    return value == 0


def unchanged(node: Tensor, graph: Graph) -> Tensor | None:
    """Conversions to the same dtype, reshapes to the same shape, ``+x`` → ``x``."""
    if not is_(node, "astype", "reshape", "broadcast_to", "positive", "transpose"):
        return None
    x = node.inputs[0]
    if is_(node, "transpose") and x.ndim > 1 and not _in_order(node.params.get("axes"), x.ndim):
        return None
    return x if fits(x, node) else None


def _in_order(axes: tuple[int, ...] | None, ndim: int) -> bool:
    return axes is not None and [a % ndim for a in axes] == list(range(ndim))
