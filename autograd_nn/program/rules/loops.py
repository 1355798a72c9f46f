"""Operations in terms of those that are written as loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.tensor import Tensor
from ...ops.linalg import MATMUL
from ...ops.reductions import LOGSUMEXP, SOFTMAX
from ..graph import Graph, is_array
from ..rewriting import Rule, applies_to, is_exact
from .transposes import reshaped


@applies_to(MATMUL)
def outer_product(node: Tensor, graph: Graph) -> Tensor | None:
    """``(n, 1) @ (1, m)`` → ``(n, 1) * (1, m)``, which joins the loop it is used in."""
    a, b = node.inputs
    return a * b if a.shape[-1] == 1 else None


@applies_to(MATMUL)
def vectors_as_matrices(node: Tensor, graph: Graph) -> Tensor | None:
    """``W @ x`` for a vector x → ``W @ x[:, None]``, reshaped."""
    a, b = node.inputs
    if min(a.ndim, b.ndim) != 1:
        return None
    a = reshaped(a, (1, a.size)) if a.ndim == 1 else a
    b = reshaped(b, (b.size, 1)) if b.ndim == 1 else b
    return reshaped(a @ b, node.shape)


@applies_to(LOGSUMEXP)
def logsumexp_in_steps(node: Tensor, graph: Graph) -> Tensor | None:
    """``logsumexp(x)`` → ``log(sum(exp(x - max(x)))) + max(x)``."""
    x, axis = node.inputs[0], node.params.get("axis")
    if not is_array(node) or not is_exact(x.dtype):
        return None  # of a number the logarithm of 0 would warn
    peak: Any = x.max(axis=axis, keepdims=True)
    peak = np.where(np.isfinite(peak), peak, 0)
    total = np.log(np.exp(x - peak).sum(axis=axis, keepdims=True)) + peak
    return reshaped(total, node.shape)


@applies_to(SOFTMAX)
def softmax_in_steps(node: Tensor, graph: Graph) -> Tensor | None:
    """``softmax(x)`` → ``exp(x - max(x))`` over its sum, unless it is that of columns."""
    x, axis = node.inputs[0], node.params["axis"]
    if not is_exact(x.dtype) or (x.ndim == 2 and axis in (0, -2)):
        return None
    share: Any = np.exp(x - x.max(axis=axis, keepdims=True))
    shares: Tensor = share / share.sum(axis=axis, keepdims=True)
    return shares


RULES: list[Rule] = [
    outer_product, vectors_as_matrices, logsumexp_in_steps, softmax_in_steps,
]  # fmt: skip
