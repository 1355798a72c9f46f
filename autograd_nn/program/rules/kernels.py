"""Operations of programs that are run: each one call of BLAS or of a cheaper ufunc.

The operations `GEMM` and `VDOT` stand only in programs; no Tensor of a user's is made by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...core.op import Op
from ...core.tensor import Tensor, apply, constant, plain
from ...ops.reductions import count
from ..rewriting import INPUT, Graph, Rule, do, is_, is_constant, is_weak, on, rewrite
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


@on("sigmoid")
def sigmoid_of_a_layer(node: Tensor, graph: Graph) -> Tensor | None:
    """``sigmoid(t + b)`` → ``1 / (1 + exp(-b - t))``: −z costs no pass of its own."""
    z = node.inputs[0]
    if not is_(z, "add") or graph.uses(z) > 1 or node.size < _LARGE:
        return None
    t, b = sorted(z.inputs, key=lambda x: -x.size)
    if t.shape != z.shape or 8 * b.size > t.size or t.dtype != b.dtype or is_weak(b):
        return None
    return apply(LOGISTIC, (do("subtract", do("negative", b), t),))


@on("sum")
def sum_of_squares(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(square(x))`` → ``vdot(x, x)``: one pass, and no array of squares."""
    if not is_(node, "sum") or node.ndim or graph.uses(node.inputs[0]) > 1:
        return None
    inner = node.inputs[0]
    if is_(inner, "square"):
        a = b = inner.inputs[0]
    elif is_(inner, "multiply"):
        a, b = inner.inputs
    else:
        return None
    same = a.shape == b.shape == inner.shape and a.dtype == b.dtype == node.dtype
    return apply(VDOT, (a, b)) if same and a.ndim and node.dtype.kind == "f" else None


@on("mean")
def mean_as_sum(node: Tensor, graph: Graph) -> Tensor | None:
    """``mean(x)`` → ``sum(x) * (1 / n)``: a ufunc's reduce without Python around it."""
    if not is_(node, "mean") or node.inputs[0].dtype != node.dtype or not node.inputs[0].size:
        return None
    x = node.inputs[0]
    total = do("sum", x, axis=axes_of(node), keepdims=bool(node.params.get("keepdims")))
    return do("multiply", constant(1 / count(x.shape, axes_of(node))), total)


@on("divide")
def division_by_a_number(node: Tensor, graph: Graph) -> Tensor | None:
    """``x / 8`` → ``0.125 * x``: a product takes a third of the time."""
    if is_(node, "divide") and is_constant(node.inputs[1]) and is_weak(node.inputs[1]):
        divisor = plain(node.inputs[1])
        if divisor and node.ndim and node.dtype.kind == "f" and node.inputs[0].ndim:
            return do("multiply", constant(1 / divisor), node.inputs[0])
    return None


RULES: list[Rule] = [sum_of_squares, mean_as_sum, division_by_a_number, sigmoid_of_a_layer]


def updates_by_blas(
    graph: Graph, targets: Mapping[Tensor, Tensor], fits: Callable[[Tensor, Tensor, Tensor], bool]
) -> Graph:
    """Turn ``W - c * (a @ b)`` into one call of BLAS where it is written into the matrix W.

    `targets` says which output is written into which donated input, `fits` whether BLAS shall
    compute ``W``, ``a`` and ``b``.
    """

    def update(node: Tensor, graph: Graph) -> Tensor | None:
        if node not in targets or not is_(node, "add", "subtract"):
            return None
        c, change = node.inputs
        sign = -1.0 if is_(node, "subtract") else 1.0
        if targets[node] is not c and is_(node, "add"):
            c, change = change, c
        if targets[node] is not c or graph.uses(change) > 1:
            return None
        alpha = sign
        if is_(change, "multiply") and is_constant(change.inputs[0]):
            if not is_weak(change.inputs[0]) or graph.uses(change.inputs[1]) > 1:
                return None
            alpha, change = sign * plain(change.inputs[0]), change.inputs[1]
        if not is_(change, "matmul") or not fits(c, *change.inputs):
            return None
        return apply(GEMM, (c, *change.inputs), {"alpha": float(alpha)})

    return rewrite(graph, [update])


def fits(c: Tensor, a: Tensor, b: Tensor) -> bool:
    """Whether BLAS takes the three as they are: matrices of one dtype, c in C order."""
    if any(x.ndim != 2 or x.dtype != c.dtype for x in (a, b)) or c.dtype not in ("f4", "f8"):
        return False
    return c.op is INPUT and isinstance(plain(c), np.ndarray) and bool(plain(c).flags.carray)


def is_update(node: Tensor) -> bool:
    """Whether `node` is a matrix product that BLAS adds to a donated matrix."""
    return node.op is GEMM
