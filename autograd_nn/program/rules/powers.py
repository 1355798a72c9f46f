"""Powers with a cheaper name, and the logistic function where it is spelled out."""

from __future__ import annotations

from ...core.tensor import Tensor
from ..rewriting import INPUT, Graph, do, fits, is_, is_weak, number, on


@on("multiply", "power")
def small_exponent(node: Tensor, graph: Graph) -> Tensor | None:
    """``x ** 2`` → ``square(x)``; ``x ** 0.5`` → ``sqrt(x)``; ``x * x`` → ``square(x)``."""
    if is_(node, "multiply") and node.inputs[0] is node.inputs[1] and not is_weak(node.inputs[0]):
        return do("square", node.inputs[0])
    if not is_(node, "power") or not fits(node.inputs[0], node) or node.dtype.kind != "f":
        return None
    exponent = number(node.inputs[1])
    if exponent == 2:
        return do("square", node.inputs[0])
    return do("sqrt", node.inputs[0]) if exponent == 0.5 else None


@on("square")
def square_of_a_residual(node: Tensor, graph: Graph) -> Tensor | None:
    """``square(y - h)`` → ``square(h - y)`` for an argument y: the difference gradients have."""
    if not is_(node, "square") or not is_(node.inputs[0], "subtract"):
        return None
    a, b = node.inputs[0].inputs
    if a.op in (None, INPUT) and b.op not in (None, INPUT):
        return do("square", do("subtract", b, a))
    return None


def _logistic_of(denominator: Tensor) -> Tensor | None:
    """Return z where `denominator` is 1 + exp(−z), else None."""
    if not is_(denominator, "add"):
        return None
    for one, other in (denominator.inputs, denominator.inputs[::-1]):
        if number(one) == 1 and is_(other, "exp") and fits(other, denominator):
            exponent = other.inputs[0]
            if is_(exponent, "negative"):
                return exponent.inputs[0]
    return None


@on("divide")
def logistic(node: Tensor, graph: Graph) -> Tensor | None:
    """``1 / (1 + exp(-z))`` → ``sigmoid(z)``, which does not overflow."""
    if is_(node, "divide") and number(node.inputs[0]) == 1:
        z = _logistic_of(node.inputs[1])
        return do("sigmoid", z) if z is not None and fits(z, node) else None
    return None


@on("divide")
def divided_by_logistic(node: Tensor, graph: Graph) -> Tensor | None:
    """``x / (1 + exp(-z))`` → ``x * sigmoid(z)``: the derivative uses h again."""
    if is_(node, "divide") and number(node.inputs[0]) is None:
        z = _logistic_of(node.inputs[1])
        if z is not None and z.dtype == node.dtype and z.shape == node.inputs[1].shape:
            return do("multiply", node.inputs[0], do("sigmoid", z))
    return None


@on("multiply")
def logistic_complement(node: Tensor, graph: Graph) -> Tensor | None:
    """``exp(-z) * (… * sigmoid(z))`` → ``(1 - h) * (…)``: f′ = h(1 − h) found again."""
    if not is_(node, "multiply"):
        return None
    for e, other in (node.inputs, node.inputs[::-1]):
        if not is_(e, "exp") or not is_(e.inputs[0], "negative"):
            continue
        z = e.inputs[0].inputs[0]
        better = _exchanged(other, z)
        if better is not None:
            return better
    return None


def _exchanged(node: Tensor, z: Tensor) -> Tensor | None:
    """Return exp(−z)·`node` where `node` has the factor h = sigmoid(z): exp(−z)·h = 1 − h."""
    if is_(node, "sigmoid") and node.inputs[0] is z:
        return do("subtract", 1, node)
    if is_(node, "square") and is_(node.inputs[0], "sigmoid") and node.inputs[0].inputs[0] is z:
        h = node.inputs[0]
        return do("multiply", h, do("subtract", 1, h))
    if is_(node, "multiply"):
        for rest, other in (node.inputs, node.inputs[::-1]):
            if is_(other, "sigmoid") and other.inputs[0] is z and rest.shape == other.shape:
                return do("multiply", rest, do("subtract", 1, other))
            inner = _exchanged(other, z) if is_(other, "multiply") else None
            if inner is not None:
                return do("multiply", rest, inner)
    return None
