"""Sums of what was repeated, of one element, of a multiple."""

from __future__ import annotations

from ...core.tensor import Tensor, apply, constant
from ...ops.reductions import count
from ..rewriting import Graph, do, is_, is_weak, on
from .constants import factor


def axes_of(node: Tensor) -> tuple[int, ...]:
    """Return the axes that a reduction reduces, none negative."""
    axis, ndim = node.params.get("axis"), node.inputs[0].ndim
    if axis is None:
        return tuple(range(ndim))
    return tuple([a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))])


@on("sum", "mean")
def of_a_broadcast(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(broadcast_to(x, (3, 8)), axis=1)`` → ``8 * x``, for `x` of shape (3, 1)."""
    if not (is_(node, "sum", "mean") and is_(node.inputs[0], "broadcast_to")):
        return None
    wide, small = node.inputs[0], node.inputs[0].inputs[0]
    axes = axes_of(node)
    if is_weak(small) or node.dtype != small.dtype or node.dtype.kind != "f":
        return None
    lead = wide.ndim - small.ndim
    padded = (1,) * lead + small.shape
    if any(padded[a] != 1 and padded[a] != wide.shape[a] for a in axes):
        return None
    repeated = [a for a in axes if padded[a] != wide.shape[a]]
    rest = tuple([a for a in axes if a not in repeated])
    if not repeated:
        return None
    times = count(wide.shape, tuple(repeated)) if is_(node, "sum") else 1
    result = small if small.shape == padded else do("reshape", small, shape=padded)
    if rest:
        result = do(node.op.name if node.op else "", result, axis=rest, keepdims=True)
    if times != 1:
        result = do("multiply", constant(times), result)
    kept = tuple([1 if a in axes else n for a, n in enumerate(wide.shape)])
    result = do("broadcast_to", result, shape=kept) if result.shape != kept else result
    return do("reshape", result, shape=node.shape) if kept != node.shape else result


@on("sum", "mean")
def of_a_sum(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(sum(x, axis=0))`` → ``sum(x)``; the mean of a sum is a sum over a number."""
    if not is_(node, "sum", "mean") or not is_(node.inputs[0], "sum") or node.ndim:
        return None
    inner = node.inputs[0]
    x = inner.inputs[0]
    if graph.uses(inner) > 1 or not inner.size or x.dtype != node.dtype or node.dtype.kind != "f":
        return None
    total = do("sum", x)
    return total if is_(node, "sum") else do("divide", total, constant(inner.size))


@on("sum", "mean", "max", "min")
def of_one_element(node: Tensor, graph: Graph) -> Tensor | None:
    """Reshape where a sum, mean or extremum goes along axes of length 1."""
    if not is_(node, "sum", "mean", "max", "min") or not node.inputs[0].ndim:
        return None
    x = node.inputs[0]
    if x.dtype != node.dtype or any(x.shape[a] != 1 for a in axes_of(node)):
        return None
    return do("reshape", x, shape=node.shape)


@on("sum", "mean")
def of_a_multiple(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(c * x)`` → ``c * sum(x)`` for a number c, where `c * x` is needed nowhere else."""
    if not is_(node, "sum", "mean") or graph.uses(node.inputs[0]) > 1:
        return None
    parts = factor(node.inputs[0])
    if parts is None or parts[1].dtype != node.dtype or parts[1].shape != node.inputs[0].shape:
        return None
    if node.op is None or node.dtype.kind != "f":
        return None
    total = apply(node.op, (parts[1],), node.params)
    if parts[0] == -1:
        return do("negative", total)
    return do("multiply", constant(parts[0]), total)
