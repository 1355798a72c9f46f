"""Constants: computed when the program is written, and written as plain numbers."""

from __future__ import annotations

from ...core.tensor import Tensor, constant, plain
from ..rewriting import Graph, do, is_, is_constant, is_weak, number, on


def folded(node: Tensor, graph: Graph) -> Tensor | None:
    """``2 / 8`` → ``0.25``; nothing that would make the constant larger than its parts."""
    if not node.inputs or not all(is_constant(x) for x in node.inputs):
        return None
    if node.size > max(1, *(x.size for x in node.inputs)):
        return None
    return constant(plain(node))


def plain_numbers(node: Tensor, graph: Graph) -> Tensor | None:
    """``array(0.25) * x`` → ``0.25 * x``, where that leaves shape and dtype as they are."""
    if node.op is None or not node.op.broadcasts or is_(node, "matmul", "broadcast_to"):
        return None
    values = [None if is_weak(x) else number(x) for x in node.inputs]
    if all(value is None for value in values) or all(is_constant(x) for x in node.inputs):
        return None
    operands = [x if v is None else constant(v) for x, v in zip(node.inputs, values, strict=True)]
    if all(is_weak(x) for x in operands):
        return None
    better = do(node.op.name, *operands, **node.params)
    same = better.shape == node.shape and better.dtype == node.dtype
    return better if same else None


@on("multiply")
def number_first(node: Tensor, graph: Graph) -> Tensor | None:
    """``x * 2`` → ``2 * x``, so that other rules have one form to look for."""
    if is_(node, "multiply"):
        a, b = node.inputs
        if number(a) is None and number(b) is not None:
            return do("multiply", b, a)
    return None


def factor(node: Tensor) -> tuple[float | int, Tensor] | None:
    """Return (c, x) for a node that is c·x or x/c with a plain number c, else None."""
    if is_(node, "multiply") and is_weak(node.inputs[0]) and is_constant(node.inputs[0]):
        return plain(node.inputs[0]), node.inputs[1]
    if is_(node, "divide") and is_weak(node.inputs[1]) and is_constant(node.inputs[1]):
        c = plain(node.inputs[1])
        return (1 / c, node.inputs[0]) if c else None
    if is_(node, "negative"):
        return -1, node.inputs[0]
    return None


@on("multiply", "divide", "negative")
def merged_factors(node: Tensor, graph: Graph) -> Tensor | None:
    """``2 * (3 * x)`` → ``6 * x``; ``(2 * x) / 4`` → ``0.5 * x``."""
    outer = factor(node)
    inner = factor(outer[1]) if outer else None
    if outer is None or inner is None:
        return None
    if is_(node, "negative") and is_(outer[1], "negative"):
        return None
    x = inner[1]
    if node.dtype.kind != "f" or x.dtype != node.dtype or is_weak(x):
        return None
    return do("multiply", constant(outer[0] * inner[0]), x)
