"""Transposes and reshapes: undone, joined, or folded into the products they stand in."""

from __future__ import annotations

import numpy as np

from ...core.tensor import Tensor, apply
from ..rewriting import Graph, do, is_, is_weak, on


def order(node: Tensor) -> tuple[int, ...]:
    """Return the axes of a transpose, none negative."""
    axes, ndim = node.params.get("axes"), node.ndim
    return tuple(reversed(range(ndim))) if axes is None else tuple([a % ndim for a in axes])


def _transposed(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    if axes == tuple(reversed(range(x.ndim))):
        return do("transpose", x)
    return do("transpose", x, axes=axes)


@on("transpose")
def twice(node: Tensor, graph: Graph) -> Tensor | None:
    """``x.T.T`` → ``x``."""
    if is_(node, "transpose") and is_(node.inputs[0], "transpose"):
        inner = order(node.inputs[0])
        axes = tuple([inner[a] for a in order(node)])
        x = node.inputs[0].inputs[0]
        return x if axes == tuple(range(x.ndim)) else _transposed(x, axes)
    return None


@on("reshape")
def reshaped_twice(node: Tensor, graph: Graph) -> Tensor | None:
    """``reshape(reshape(x, s), t)`` → ``reshape(x, t)``."""
    if is_(node, "reshape") and is_(node.inputs[0], "reshape"):
        inner = node.inputs[0].inputs[0]
        return None if is_weak(inner) else do("reshape", inner, shape=node.shape)
    return None


@on("transpose")
def of_a_product(node: Tensor, graph: Graph) -> Tensor | None:
    """Turn ``(a @ b).T`` → ``b.T @ a.T``, which BLAS does without moving anything."""
    if not is_(node, "transpose") or not is_(node.inputs[0], "matmul"):
        return None
    a, b = node.inputs[0].inputs
    if a.ndim != 2 or b.ndim != 2 or graph.uses(node.inputs[0]) > 1 or order(node) != (1, 0):
        return None
    return do("matmul", do("transpose", b), do("transpose", a))


def after_elementwise(node: Tensor, graph: Graph) -> Tensor | None:
    """``exp(x.T)`` → ``exp(x).T``: a transpose moves towards the product it belongs to."""
    op = node.op
    if op is None or not isinstance(op.forward, np.ufunc) or is_(node, "matmul"):
        return None
    turned = {x for x in node.inputs if is_(x, "transpose") and x.ndim > 1}
    if not turned or any(x not in turned and x.ndim for x in node.inputs):
        return None
    axes = {order(x) for x in turned}
    if len(axes) > 1:
        return None
    inner = apply(op, [x.inputs[0] if x in turned else x for x in node.inputs], node.params)
    return _transposed(inner, axes.pop())
