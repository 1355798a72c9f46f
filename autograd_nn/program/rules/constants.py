"""Constants: computed when the program is written, and written as plain numbers."""

from __future__ import annotations

import math

from ...core.tensor import Tensor, apply, constant, plain
from ...ops.elementwise import DIVIDE, MULTIPLY, NEGATIVE
from ..graph import Graph, is_constant, is_factor, is_weak, number, op_of
from ..rewriting import applies_to
from .broadcasts import broadcasts_its_operands


@applies_to(over=[None])
def folded(node: Tensor, graph: Graph) -> Tensor | None:
    """``2 / 8`` → ``0.25``; nothing that would make the constant larger than its parts."""
    if not all(is_constant(x) for x in node.inputs):
        return None
    if node.size > max(1, *(x.size for x in node.inputs)):
        return None
    return constant(plain(node))


@applies_to(over=[None])
def plain_numbers(node: Tensor, graph: Graph) -> Tensor | None:
    """``array(0.25) * x`` → ``0.25 * x``, where that leaves shape and dtype as they are."""
    values = [None if is_weak(x) else number(x) for x in node.inputs]
    if all(value is None for value in values) or not broadcasts_its_operands(node):
        return None
    dtypes = {x.dtype for x in node.inputs if not is_weak(x) and x.dtype.kind != "b"}
    if len(dtypes) > 1:  # a plain number would be rounded to the other operand's dtype
        return None
    if all(is_constant(x) for x in node.inputs):
        return None
    operands = [x if v is None else constant(v) for x, v in zip(node.inputs, values, strict=True)]
    if all(is_weak(x) for x in operands):
        return None
    return apply(op_of(node), operands, node.params)


@applies_to(MULTIPLY, over=[None])
def number_first(node: Tensor, graph: Graph) -> Tensor | None:
    """``x * 2`` → ``2 * x``, so that other rules have one form to look for."""
    a, b = node.inputs
    return b * a if number(b) is not None else None


def factor(node: Tensor) -> tuple[float | int, Tensor] | None:
    """Return (c, x) for a node that is c·x with a plain number c, or x/c with an exact 1/c."""
    if node.op is MULTIPLY and is_factor(node.inputs[0]):
        return plain(node.inputs[0]), node.inputs[1]
    if node.op is DIVIDE and is_factor(node.inputs[1]):
        inverse = exact_inverse(plain(node.inputs[1]))
        return None if inverse is None else (inverse, node.inputs[0])
    return (-1, node.inputs[0]) if node.op is NEGATIVE else None


def exact_inverse(c: float) -> float | None:
    """Return 1/c for a power of two, else None: with a rounded 1/49, 49 · 1/49 is less than 1."""
    return 1 / c if abs(math.frexp(c)[0]) == 0.5 else None


@applies_to(MULTIPLY, DIVIDE, NEGATIVE, over=[MULTIPLY, DIVIDE, NEGATIVE], arithmetic=True)
def merged_factors(node: Tensor, graph: Graph) -> Tensor | None:
    """``2 * (3 * x)`` → ``6 * x``; ``(2 * x) / 4`` → ``0.5 * x``; ``-(x / 49)`` → ``x / -49``."""
    outer = factor(node)
    over = outer[1] if outer else node
    inner = factor(over if outer else node.inputs[0])
    if outer and inner:
        return outer[0] * inner[0] * inner[1]
    if over.op is not DIVIDE or not is_factor(over.inputs[1]):
        return None
    c, x = outer or inner or (0, node)
    x = over.inputs[0] if outer else x
    return None if exact_inverse(c) is None else x / (plain(over.inputs[1]) / c)
