"""Sums of what was repeated, of one element, of a multiple."""

from __future__ import annotations

from ...core.tensor import Tensor, apply
from ...ops.elementwise import DIVIDE, MULTIPLY, NEGATIVE
from ...ops.reductions import MAX, MEAN, MIN, SUM, count
from ...ops.shapes import BROADCAST_TO
from ..graph import Graph, is_weak, op_of
from ..rewriting import applies_to
from .broadcasts import broadcast
from .constants import factor
from .transposes import reshaped

_SMALL = 0.5


def axes_of(node: Tensor) -> tuple[int, ...]:
    """Return the axes that a reduction reduces, none negative."""
    axis, ndim = node.params.get("axis"), node.inputs[0].ndim
    if axis is None or not ndim:  # NumPy takes axis=0 for a number, too
        return tuple(range(ndim))
    return tuple([a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))])


@applies_to(SUM, MEAN, over=[BROADCAST_TO], arithmetic=True)
def of_a_broadcast(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(broadcast_to(x, (3, 8)), axis=1)`` → ``8 * x``, for `x` of shape (3, 1)."""
    wide = node.inputs[0]
    small, axes = wide.inputs[0], axes_of(node)
    if is_weak(small) or not wide.size:
        return None
    padded = (1,) * (wide.ndim - small.ndim) + small.shape
    if any(padded[a] != 1 and padded[a] != wide.shape[a] for a in axes):
        return None
    repeated = [a for a in axes if padded[a] != wide.shape[a]]
    rest = tuple([a for a in axes if a not in repeated])
    if not repeated:
        return None
    result = reshaped(small, padded)
    if rest:
        result = apply(op_of(node), (result,), {"axis": rest, "keepdims": True})
    times = count(wide.shape, tuple(repeated)) if node.op is SUM else 1
    if times != 1:
        result = times * result
    kept = tuple([1 if a in axes else n for a, n in enumerate(wide.shape)])
    result = broadcast(result, kept) if result.shape != kept else result
    return reshaped(result, node.shape)


@applies_to(SUM, MEAN, over=[SUM], arithmetic=True)
def of_a_sum(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(sum(x, axis=0))`` → ``sum(x)``; the mean of a sum is a sum over a number."""
    inner = node.inputs[0]
    if graph.uses(inner) > 1 or not inner.size:
        return None
    total = apply(SUM, inner.inputs)
    return total if node.op is SUM else total / inner.size


@applies_to(SUM, MEAN, MAX, MIN)
def of_one_element(node: Tensor, graph: Graph) -> Tensor | None:
    """Reshape where a sum, mean or extremum goes along axes of length 1."""
    x = node.inputs[0]
    if is_weak(x) or any(x.shape[a] != 1 for a in axes_of(node)):
        return None
    return reshaped(x, node.shape)


@applies_to(SUM, MEAN, over=[MULTIPLY, DIVIDE, NEGATIVE], arithmetic=True)
def of_a_multiple(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(c * x)`` → ``c * sum(x)`` for a number c, where `c * x` is needed nowhere else.

    Not for a small c, which may keep the sum from overflowing.
    """
    parts = factor(node.inputs[0]) if graph.uses(node.inputs[0]) == 1 else None
    if parts is None or abs(parts[0]) < _SMALL:
        return None
    return parts[0] * apply(op_of(node), (parts[1],), node.params)
