"""Transposes and reshapes: undone, joined, or folded into the products they stand in."""

from __future__ import annotations

from ...core.tensor import Tensor, apply
from ...ops.linalg import MATMUL
from ...ops.shapes import RESHAPE, TRANSPOSE
from ..graph import Graph, is_ufunc, op_of
from ..rewriting import applies_to


def permutation(node: Tensor) -> tuple[int, ...]:
    """Return the axes of a transpose, none negative."""
    axes, ndim = node.params.get("axes"), node.ndim
    return tuple(reversed(range(ndim))) if axes is None else tuple([a % ndim for a in axes])


def reshaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return `x` in another shape."""
    return x if x.shape == shape else apply(RESHAPE, (x,), {"shape": shape})


def transposed(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Return `x` with its axes in another order."""
    if axes == tuple(range(x.ndim)):
        return x
    return apply(TRANSPOSE, (x,), {} if axes == tuple(reversed(range(x.ndim))) else {"axes": axes})


@applies_to(TRANSPOSE, over=[TRANSPOSE])
def twice(node: Tensor, graph: Graph) -> Tensor | None:
    """``x.T.T`` → ``x``."""
    inner, x = permutation(node.inputs[0]), node.inputs[0].inputs[0]
    return transposed(x, tuple([inner[a] for a in permutation(node)]))


@applies_to(RESHAPE, over=[RESHAPE])
def reshaped_twice(node: Tensor, graph: Graph) -> Tensor | None:
    """``reshape(reshape(x, s), t)`` → ``reshape(x, t)``."""
    return reshaped(node.inputs[0].inputs[0], node.shape)


@applies_to(TRANSPOSE, over=[MATMUL])
def of_a_product(node: Tensor, graph: Graph) -> Tensor | None:
    """Turn ``(a @ b).T`` → ``b.T @ a.T``, which BLAS does without moving anything."""
    product = node.inputs[0]
    if any(x.ndim != 2 for x in product.inputs):
        return None
    if graph.uses(product) > 1 or permutation(node) != (1, 0):
        return None
    a, b = product.inputs
    return transposed(b, (1, 0)) @ transposed(a, (1, 0))


@applies_to(over=[TRANSPOSE])
def after_elementwise(node: Tensor, graph: Graph) -> Tensor | None:
    """``exp(x.T)`` → ``exp(x).T``: a transpose moves towards the product it belongs to."""
    if not is_ufunc(node):
        return None
    turned = {x for x in node.inputs if x.op is TRANSPOSE and x.ndim > 1}
    if not turned or any(x not in turned and x.ndim for x in node.inputs):
        return None
    axes = {permutation(x) for x in turned}
    if len(axes) > 1:
        return None
    operands = [x.inputs[0] if x in turned else x for x in node.inputs]
    return transposed(apply(op_of(node), operands, node.params), axes.pop())
