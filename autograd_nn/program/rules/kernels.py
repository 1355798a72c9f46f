"""Operations of programs that are run: each one call of BLAS or of a cheaper ufunc.

The operations `GEMM` and `VDOT` stand only in programs; no Tensor of a user's is made by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...core.op import Op
from ...core.tensor import Tensor, apply, plain
from ...ops.elementwise import ADD, DIVIDE, MULTIPLY, SIGMOID, SQUARE, SUBTRACT
from ...ops.linalg import MATMUL
from ...ops.reductions import MEAN, SUM, count
from ..graph import INPUT, Graph, is_constant, is_factor, is_weak
from ..rewriting import Rule, applies_to, rewrite
from .constants import exact_inverse
from .sums import axes_of


def _updated(c: Any, a: Any, b: Any, alpha: float) -> Any:
    return c + np.multiply(alpha, np.dot(a, b), dtype=c.dtype)


GEMM = Op("gemm", _updated, latex="{0} + {alpha} {1} {2}")
"""``c + alpha * (a @ b)``, which BLAS computes into c."""

VDOT = Op("vdot", np.vdot, latex=r"\langle {0}, {1} \rangle")
"""The sum of the products of all elements."""


def _logistic(u: Any) -> Any:
    return 1 / (1 + np.exp(u))


LOGISTIC = Op("logistic", _logistic, latex=r"\frac{{1}}{{1 + e^{{{0}}}}}")
"""``1 / (1 + exp(u))``: the sigmoid of −u."""

_LARGE = 4096


@applies_to(SIGMOID, over=[ADD], arithmetic=True)
def sigmoid_of_a_layer(node: Tensor, graph: Graph) -> Tensor | None:
    """``sigmoid(t + b)`` → ``1 / (1 + exp(-b - t))``: −z costs no pass of its own."""
    z = node.inputs[0]
    if graph.uses(z) > 1 or node.size < _LARGE:
        return None
    t, b = sorted(z.inputs, key=lambda x: -x.size)
    return apply(LOGISTIC, (-b - t,)) if 8 * b.size <= t.size else None


@applies_to(SUM, over=[SQUARE, MULTIPLY], arithmetic=True)
def sum_of_squares(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(square(x))`` → ``vdot(x, x)``: one pass, and no array of squares."""
    inner = node.inputs[0]
    if graph.uses(inner) > 1:
        return None
    a, b = inner.inputs[0], inner.inputs[-1]
    same = a.shape == b.shape == inner.shape and a.dtype == b.dtype == node.dtype
    return apply(VDOT, (a, b)) if same and a.ndim else None


@applies_to(MEAN, arithmetic=True)
def mean_as_sum(node: Tensor, graph: Graph) -> Tensor | None:
    """``mean(x)`` → ``sum(x) / n``: a ufunc's reduce without Python around it."""
    x, axes = node.inputs[0], axes_of(node)
    keepdims = bool(node.params.get("keepdims"))
    return apply(SUM, (x,), {"axis": axes, "keepdims": keepdims}) / count(x.shape, axes)


@applies_to(DIVIDE, over=[None], arithmetic=True)
def division_by_a_number(node: Tensor, graph: Graph) -> Tensor | None:
    """``x / 8`` → ``0.125 * x``: a product takes a third of the time."""
    x, divisor = node.inputs
    inverse = exact_inverse(plain(divisor)) if is_factor(divisor) and x.ndim else None
    return None if inverse is None else inverse * x


RULES: list[Rule] = [sum_of_squares, mean_as_sum, division_by_a_number, sigmoid_of_a_layer]


def updates_by_blas(
    graph: Graph, targets: Mapping[Tensor, Tensor], takes: Callable[[Tensor, Tensor, Tensor], bool]
) -> Graph:
    """Turn ``W - c * (a @ b)`` into one call of BLAS where it is written into the matrix W.

    `targets` says which output is written into which donated input, `takes` whether BLAS shall
    compute ``W``, ``a`` and ``b``.
    """

    def update(node: Tensor, graph: Graph) -> Tensor | None:
        if node not in targets or node.op not in (ADD, SUBTRACT):
            return None
        c, change = node.inputs
        alpha = -1.0 if node.op is SUBTRACT else 1.0
        if targets[node] is not c and node.op is ADD:
            c, change = change, c
        if targets[node] is not c or graph.uses(change) > 1:
            return None
        if change.op is MULTIPLY and is_constant(change.inputs[0]):
            if not is_weak(change.inputs[0]) or graph.uses(change.inputs[1]) > 1:
                return None
            alpha, change = alpha * plain(change.inputs[0]), change.inputs[1]
        if change.op is not MATMUL or not takes(c, *change.inputs):
            return None
        return apply(GEMM, (c, *change.inputs), {"alpha": float(alpha)})

    return rewrite(graph, [update])


def blas_takes(c: Tensor, a: Tensor, b: Tensor) -> bool:
    """Whether BLAS takes the three as they are: matrices of one dtype, c in C order."""
    if any(x.ndim != 2 or x.dtype != c.dtype for x in (a, b)) or c.dtype not in ("f4", "f8"):
        return False
    return c.op is INPUT and bool(plain(c).flags.carray)
