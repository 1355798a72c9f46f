"""Powers with a cheaper name, and the logistic function where it is spelled out."""

from __future__ import annotations

from ...core.tensor import Tensor
from ...ops.elementwise import (
    ADD,
    DIVIDE,
    EXP,
    MULTIPLY,
    NEGATIVE,
    POWER,
    SIGMOID,
    SQUARE,
    SUBTRACT,
)
from ..graph import Graph, can_replace, is_leaf, is_weak, number
from ..rewriting import applies_to


@applies_to(MULTIPLY, POWER)
def small_exponent(node: Tensor, graph: Graph) -> Tensor | None:
    """``x ** 2`` → ``square(x)``; ``x ** 0.5`` → ``sqrt(x)``; ``x * x`` → ``square(x)``."""
    x, exponent = node.inputs
    if node.op is MULTIPLY:
        return x.square() if x is exponent and not is_weak(x) else None
    if not can_replace(x, node) or node.dtype.kind != "f":
        return None
    if number(exponent) == 2:
        return x.square()
    return x.sqrt() if number(exponent) == 0.5 else None


@applies_to(SQUARE)
def square_of_a_residual(node: Tensor, graph: Graph) -> Tensor | None:
    """``square(y - h)`` → ``square(h - y)`` for an argument y: the difference gradients have."""
    if node.inputs[0].op is not SUBTRACT:
        return None
    a, b = node.inputs[0].inputs
    return (b - a).square() if is_leaf(a) and not is_leaf(b) else None


def _logistic_of(denominator: Tensor) -> Tensor | None:
    """Return z where `denominator` is 1 + exp(−z), else None."""
    if denominator.op is not ADD:
        return None
    for one, other in (denominator.inputs, denominator.inputs[::-1]):
        if number(one) == 1 and other.op is EXP and can_replace(other, denominator):
            exponent = other.inputs[0]
            return exponent.inputs[0] if exponent.op is NEGATIVE else None
    return None


@applies_to(DIVIDE)
def logistic(node: Tensor, graph: Graph) -> Tensor | None:
    """``1 / (1 + exp(-z))`` → ``sigmoid(z)``, which does not overflow."""
    z = _logistic_of(node.inputs[1]) if number(node.inputs[0]) == 1 else None
    return z.sigmoid() if z is not None and can_replace(z, node) else None


@applies_to(DIVIDE)
def divided_by_logistic(node: Tensor, graph: Graph) -> Tensor | None:
    """``x / (1 + exp(-z))`` → ``x * sigmoid(z)``: the derivative uses h again."""
    z = _logistic_of(node.inputs[1]) if number(node.inputs[0]) is None else None
    if z is None or z.dtype != node.dtype or z.shape != node.inputs[1].shape:
        return None
    return node.inputs[0] * z.sigmoid()


@applies_to(MULTIPLY)
def logistic_complement(node: Tensor, graph: Graph) -> Tensor | None:
    """``exp(-z) * (… * sigmoid(z))`` → ``(1 - h) * (…)``: f′ = h(1 − h) found again."""
    pairs = [(e, other) for e, other in (node.inputs, node.inputs[::-1]) if e.op is EXP]
    for e, other in pairs:
        better = _exchanged(other, e.inputs[0].inputs[0]) if e.inputs[0].op is NEGATIVE else None
        if better is not None:
            return better
    return None


def _exchanged(node: Tensor, z: Tensor) -> Tensor | None:
    """Return exp(−z)·`node` where `node` has the factor h = sigmoid(z): exp(−z)·h = 1 − h."""

    def is_h(x: Tensor) -> bool:
        return x.op is SIGMOID and x.inputs[0] is z

    if is_h(node):
        return 1 - node
    if node.op is SQUARE and is_h(h := node.inputs[0]):
        return h * (1 - h)
    if node.op is MULTIPLY:
        for rest, other in (node.inputs, node.inputs[::-1]):
            if is_h(other) and rest.shape == other.shape:
                return rest * (1 - other)
            inner = _exchanged(other, z) if other.op is MULTIPLY else None
            if inner is not None:
                return rest * inner
    return None
