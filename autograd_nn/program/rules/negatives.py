"""Signs: moved outwards until they meet a difference or a factor that takes them in."""

from __future__ import annotations

from ...core.tensor import Tensor, apply, constant
from ..rewriting import Graph, do, fits, is_, is_weak, number, on
from .constants import factor


@on("negative")
def twice(node: Tensor, graph: Graph) -> Tensor | None:
    """``-(-x)`` → ``x``."""
    if is_(node, "negative") and is_(node.inputs[0], "negative"):
        return node.inputs[0].inputs[0]
    return None


@on("negative")
def of_a_difference(node: Tensor, graph: Graph) -> Tensor | None:
    """Turn ``-(a - b)`` → ``b - a``."""
    if is_(node, "negative") and is_(node.inputs[0], "subtract"):
        a, b = node.inputs[0].inputs
        return do("subtract", b, a)
    return None


@on("multiply")
def of_a_difference_times(node: Tensor, graph: Graph) -> Tensor | None:
    """``-2 * (y - h)`` → ``2 * (h - y)``, where nothing else needs ``y - h``."""
    parts = factor(node) if is_(node, "multiply") else None
    if parts is None or parts[0] >= 0 or not is_(parts[1], "subtract"):
        return None
    if graph.uses(parts[1]) > 1:
        return None
    a, b = parts[1].inputs
    return do("multiply", constant(-parts[0]), do("subtract", b, a))


@on("negative")
def of_a_multiple(node: Tensor, graph: Graph) -> Tensor | None:
    """``-(2 * x)`` → ``-2 * x``."""
    if is_(node, "negative") and is_(node.inputs[0], "multiply"):
        parts = factor(node.inputs[0])
        if parts is not None and node.dtype.kind == "f":
            return do("multiply", constant(-parts[0]), parts[1])
    return None


@on("multiply")
def times_minus_one(node: Tensor, graph: Graph) -> Tensor | None:
    """``-1 * x`` → ``-x``."""
    if is_(node, "multiply") and is_weak(node.inputs[0]) and number(node.inputs[0]) == -1:
        x = node.inputs[1]
        return do("negative", x) if fits(x, node) else None
    return None


def outwards(node: Tensor, graph: Graph) -> Tensor | None:
    """Turn ``(-a) * b``, ``(-a) @ b``, ``(-a) / b``, ``(-a).T`` → ``-(…)``."""
    through = ("multiply", "divide", "matmul", "sum", "mean", "transpose", "reshape")
    if node.op is None or not is_(node, *through, "broadcast_to") or node.dtype.kind != "f":
        return None
    signs = [is_(x, "negative") for x in node.inputs]
    if not any(signs):
        return None
    bare = [x.inputs[0] if s else x for x, s in zip(node.inputs, signs, strict=True)]
    if any(s and is_weak(x) for x, s in zip(bare, signs, strict=True)):
        return None
    result = apply(node.op, bare, node.params)
    return do("negative", result) if sum(signs) % 2 else result


@on("add", "subtract")
def into_a_sum(node: Tensor, graph: Graph) -> Tensor | None:
    """Turn ``a + (-b)`` → ``a - b``; ``a - (-2 * b)`` → ``a + 2 * b``."""
    if not is_(node, "add", "subtract") or node.dtype.kind != "f":
        return None
    a, b = node.inputs
    positive = _without_sign(b, graph)
    if positive is not None:
        return do("subtract" if is_(node, "add") else "add", a, positive)
    positive = _without_sign(a, graph) if is_(node, "add") else None
    return do("subtract", b, positive) if positive is not None else None


def _without_sign(x: Tensor, graph: Graph) -> Tensor | None:
    """Return −x where `x` is written with a minus sign that nothing else needs, else None."""
    if is_(x, "negative"):
        return x.inputs[0]
    parts = factor(x) if is_(x, "multiply") and graph.uses(x) == 1 else None
    if parts is None or parts[0] >= 0 or is_weak(parts[1]):
        return None
    return do("multiply", constant(-parts[0]), parts[1])
