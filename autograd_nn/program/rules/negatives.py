"""Signs: moved outwards until they meet a difference or a factor that takes them in."""

from __future__ import annotations

from ...core.tensor import Tensor, apply
from ...ops.elementwise import ADD, DIVIDE, MULTIPLY, NEGATIVE, SUBTRACT
from ...ops.linalg import MATMUL
from ...ops.reductions import MEAN, SUM
from ...ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from ..graph import Graph, is_weak, number, op_of
from ..rewriting import applies_to
from .constants import factor


@applies_to(NEGATIVE, over=[NEGATIVE])
def twice(node: Tensor, graph: Graph) -> Tensor | None:
    """``-(-x)`` → ``x``."""
    return node.inputs[0].inputs[0]


@applies_to(NEGATIVE, over=[SUBTRACT])
def of_a_difference(node: Tensor, graph: Graph) -> Tensor | None:
    """Turn ``-(a - b)`` → ``b - a``."""
    a, b = node.inputs[0].inputs
    return b - a


@applies_to(MULTIPLY, over=[SUBTRACT], arithmetic=True)
def of_a_difference_times(node: Tensor, graph: Graph) -> Tensor | None:
    """``-2 * (y - h)`` → ``2 * (h - y)``, where nothing else needs ``y - h``."""
    parts = factor(node)
    if parts is None or parts[0] >= 0 or parts[1].op is not SUBTRACT or graph.uses(parts[1]) > 1:
        return None
    a, b = parts[1].inputs
    return -parts[0] * (b - a)


@applies_to(MULTIPLY, over=[None])
def times_minus_one(node: Tensor, graph: Graph) -> Tensor | None:
    """``-1 * x`` → ``-x``."""
    minus_one, x = node.inputs
    return -x if number(minus_one) == -1 and x.dtype == node.dtype else None


@applies_to(
    MULTIPLY, DIVIDE, MATMUL, SUM, MEAN, TRANSPOSE, RESHAPE, BROADCAST_TO,
    over=[NEGATIVE], arithmetic=True,
)  # fmt: skip
def outwards(node: Tensor, graph: Graph) -> Tensor | None:
    """Turn ``(-a) * b``, ``(-a) @ b``, ``(-a) / b``, ``(-a).T`` → ``-(…)``."""
    signed = [x for x in node.inputs if x.op is NEGATIVE]
    if any(is_weak(x.inputs[0]) for x in signed):
        return None
    bare = [x.inputs[0] if x.op is NEGATIVE else x for x in node.inputs]
    result = apply(op_of(node), bare, node.params)
    return -result if len(signed) % 2 else result


@applies_to(ADD, SUBTRACT, over=[NEGATIVE, MULTIPLY], arithmetic=True)
def into_a_sum(node: Tensor, graph: Graph) -> Tensor | None:
    """Turn ``a + (-b)`` → ``a - b``; ``a - (-2 * b)`` → ``a + 2 * b``."""
    a, b = node.inputs
    positive = _without_sign(b, graph)
    if positive is not None:
        return a - positive if node.op is ADD else a + positive
    positive = _without_sign(a, graph) if node.op is ADD else None
    return b - positive if positive is not None else None


def _without_sign(x: Tensor, graph: Graph) -> Tensor | None:
    """Return −x where `x` is written with a minus sign that nothing else needs, else None."""
    if x.op is NEGATIVE:  # a plain number's own sign may decide whether it fits a dtype
        return None if is_weak(x.inputs[0]) else x.inputs[0]
    parts = factor(x) if graph.uses(x) == 1 else None
    if parts is None or parts[0] >= 0 or is_weak(parts[1]):
        return None
    return -parts[0] * parts[1]
