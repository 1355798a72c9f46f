"""Powers with a cheaper name, and the logistic function where it is spelled out."""

from __future__ import annotations

from ...core.tensor import Tensor, apply
from ...ops.elementwise import (
    ABSOLUTE,
    ADD,
    ASTYPE,
    DIVIDE,
    EXP,
    MULTIPLY,
    NEGATIVE,
    POWER,
    SIGMOID,
    SQUARE,
    SUBTRACT,
)
from ...ops.reductions import MEAN, SUM
from ...ops.shapes import RESHAPE
from ..graph import Graph, is_leaf, is_weak, number
from ..rewriting import applies_to

_POSITIVE = (ABSOLUTE, EXP, SIGMOID, SQUARE)

_DEEP = 4
"""Products within products in which a factor is looked for."""


@applies_to(MULTIPLY, POWER)
def small_exponent(node: Tensor, graph: Graph) -> Tensor | None:
    """``x ** 2`` → ``square(x)``; ``x ** 0.5`` → ``sqrt(x)``; ``x * x`` → ``square(x)``."""
    x, exponent = node.inputs
    if node.op is MULTIPLY:
        return x.square() if x is exponent and not is_weak(x) else None
    if is_weak(x) or node.dtype.kind != "f":
        return None
    if number(exponent) == 2:
        return x.square()
    return x.sqrt() if number(exponent) == 0.5 and _never_negative(x) else None


def _never_negative(x: Tensor) -> bool:
    """Whether `x` cannot be −inf, of which the power ½ is inf and the square root nan."""
    while x.op in (SUM, MEAN, RESHAPE):
        x = x.inputs[0]
    if x.op is ADD:
        return all((number(y) or 0) > 0 or y.op in _POSITIVE for y in x.inputs)
    return x.op in _POSITIVE


@applies_to(SQUARE, over=[SUBTRACT])
def square_of_a_residual(node: Tensor, graph: Graph) -> Tensor | None:
    """``square(y - h)`` → ``square(h - y)`` for an argument y: the difference gradients have."""
    a, b = node.inputs[0].inputs
    return (b - a).square() if is_leaf(a) and not is_leaf(b) else None


def _logistic_of(denominator: Tensor) -> Tensor | None:
    """Return z where `denominator` is 1 + exp(−z), else None."""
    if denominator.op is not ADD:
        return None
    for one, other in (denominator.inputs, denominator.inputs[::-1]):
        if number(one) == 1 and other.op is EXP:
            exponent = other.inputs[0]
            return exponent.inputs[0] if exponent.op is NEGATIVE else None
    return None


@applies_to(DIVIDE, over=[ADD], arithmetic=True)
def logistic(node: Tensor, graph: Graph) -> Tensor | None:
    """``1 / (1 + exp(-z))`` → ``sigmoid(z)``, which does not overflow."""
    z = _logistic_of(node.inputs[1]) if number(node.inputs[0]) == 1 else None
    return z.sigmoid() if z is not None else None


@applies_to(DIVIDE, over=[ADD], arithmetic=True)
def divided_by_logistic(node: Tensor, graph: Graph) -> Tensor | None:
    """``x / (1 + exp(-z))`` → ``x * sigmoid(z)``: the derivative uses h again."""
    z = _logistic_of(node.inputs[1]) if number(node.inputs[0]) is None else None
    return node.inputs[0] * z.sigmoid() if z is not None else None


@applies_to(MULTIPLY, over=[EXP], arithmetic=True)
def logistic_complement(node: Tensor, graph: Graph) -> Tensor | None:
    """``exp(-z) * (… * sigmoid(z))`` → ``… * sigmoid(-z)``: f′ = f(z) f(−z) without overflow.

    1 − f(z) would be as quick, and has no digits left where f(z) is nearly 1.
    """
    for e, other in (node.inputs, node.inputs[::-1]):
        if e.op is EXP and e.inputs[0].op is NEGATIVE:
            return _exchanged(other, e.inputs[0])
    return None


def _exchanged(node: Tensor, minus_z: Tensor, deep: int = _DEEP) -> Tensor | None:
    """Return exp(−z)·`node` where `node` has the factor h = sigmoid(z): exp(−z)·h = f(−z)."""
    if node.op is SIGMOID and node.inputs[0] is minus_z.inputs[0]:
        return minus_z.sigmoid()
    if deep and node.op in (MULTIPLY, SQUARE):
        a, b = node.inputs[0], node.inputs[-1]
        for rest, other in ((a, b), (b, a)):
            inner = _exchanged(other, minus_z, deep - 1)
            if inner is not None:
                return rest * inner
    return None


@applies_to(SIGMOID)
def of_integers(node: Tensor, graph: Graph) -> Tensor | None:
    """``sigmoid(n)`` → ``sigmoid(n.astype(float))``: −n of narrow integers wraps around."""
    z = node.inputs[0]
    if z.dtype == node.dtype or is_weak(z):
        return None
    return apply(SIGMOID, (apply(ASTYPE, (z,), {"dtype": node.dtype}),))
