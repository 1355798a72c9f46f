"""Sums of products as products of matrices: einsum, products of stacks, sums of what is multiplied.

1. `contraction` writes a sum of products of operands with labelled axes as matrix products.
2. The rules say which operations are such sums.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...core.tensor import Tensor, apply
from ...ops.elementwise import MULTIPLY
from ...ops.linalg import MATMUL
from ...ops.products import EINSUM
from ...ops.reductions import SUM
from ..graph import Graph, is_weak
from ..rewriting import applies_to
from .sums import axes_of
from .transposes import reshaped, transposed

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
Labelled = tuple[str, Tensor]


def _ordered(x: Tensor, own: str, wanted: str) -> Tensor:
    return transposed(x, tuple([own.index(label) for label in wanted]))


def _alone(operand: Labelled, needed: str) -> Labelled:
    """Sum an operand over the labels that nobody else needs."""
    own, x = operand
    axes = tuple([i for i, label in enumerate(own) if label not in needed])
    if not axes:
        return operand
    return "".join(label for label in own if label in needed), apply(SUM, (x,), {"axis": axes})


def _pair(first: Labelled, second: Labelled, needed: str, sizes: dict[str, int]) -> Labelled:
    """Return the product of two operands, summed over what is not `needed` any more."""
    (own, a), (other, b) = _alone(first, needed + second[0]), _alone(second, needed + first[0])
    both = [label for label in own if label in other]
    batch = "".join(label for label in both if label in needed)
    inner = "".join(label for label in both if label not in needed)
    left = "".join(label for label in own if label not in other)
    right = "".join(label for label in other if label not in own)
    if not inner:
        result = sorted({*own, *other}, key=f"{needed}{own}{other}".index)
        labels = "".join(result)
        shapes = [[sizes[c] if c in part else 1 for c in labels] for part in (own, other)]
        pairs = zip((own, other), (a, b), shapes, strict=True)
        spread = [
            reshaped(_ordered(x, part, "".join(c for c in labels if c in part)), tuple(shape))
            for part, x, shape in pairs
        ]
        return labels, spread[0] * spread[1]
    if needed.startswith(batch + right) and not needed.startswith(batch + left):
        return _pair(second, first, needed, sizes)

    def length(labels: str) -> int:
        return math.prod(sizes[label] for label in labels)

    stack = tuple([sizes[label] for label in batch])
    rows = reshaped(_ordered(a, own, batch + left + inner), (*stack, length(left), length(inner)))
    columns = _ordered(b, other, batch + inner + right)
    columns = reshaped(columns, (*stack, length(inner), length(right)))
    labels = batch + left + right
    return labels, reshaped(rows @ columns, tuple([sizes[label] for label in labels]))


def contraction(operands: Sequence[Labelled], output: str) -> Tensor | None:
    """Return the sum over all labels but those of `output`; None where a length is stretched."""
    sizes: dict[str, int] = {}
    for labels, x in operands:
        for label, n in zip(labels, x.shape, strict=True):
            if sizes.setdefault(label, n) != n:
                return None
    if not all(sizes.values()):
        return None
    rest = list(operands)
    while len(rest) > 1:  # the pair with the smallest product first
        pairs = [(i, j) for j in range(len(rest)) for i in range(j)]
        costs = [math.prod(sizes[c] for c in {*rest[i][0], *rest[j][0]}) for i, j in pairs]
        i, j = pairs[costs.index(min(costs))]
        others = [x for k, x in enumerate(rest) if k not in (i, j)]
        needed = output + "".join(labels for labels, _ in others)
        rest = [*others, _pair(rest[i], rest[j], needed, sizes)]
    labels, x = _alone(rest[0], output)
    return _ordered(x, labels, output)


@applies_to(EINSUM, arithmetic=True)
def einsum_as_products(node: Tensor, graph: Graph) -> Tensor | None:
    """``einsum("kij,nkj->nki", Q, x)`` → transposes around a product of stacks of matrices."""
    inputs, output = node.params["subscripts"].split("->")
    labels = inputs.split(",")
    operands = list(zip(labels, node.inputs, strict=True))
    if len(labels) == 2 and not _is_a_product(labels[0], labels[1], output):
        return None  # a row of one times a row of the other, in one pass
    return contraction(operands, output)


@applies_to(SUM, over=[EINSUM], arithmetic=True)
def sum_of_an_einsum(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(einsum("nki,kij->nkj", g, Q), axis=0)`` → ``einsum("nki,kij->kj", g, Q)``."""
    inner = node.inputs[0]
    if graph.uses(inner) > 1 or not inner.size:
        return None
    inputs, output = inner.params["subscripts"].split("->")
    axes = axes_of(node)
    kept = "".join(label for i, label in enumerate(output) if i not in axes)
    return reshaped(apply(EINSUM, inner.inputs, {"subscripts": f"{inputs}->{kept}"}), node.shape)


def _is_a_product(first: str, second: str, output: str) -> bool:
    """Whether a sum of products of two operands is one that BLAS gains from."""
    both = {*first} & {*second}
    batch, inner = both & {*output}, both - {*output}
    apart = [bool({*labels} & {*output} - both) for labels in (first, second)]
    return not inner or all(apart) or (any(apart) and not batch)


@applies_to(SUM, over=[MULTIPLY, MATMUL], arithmetic=True)
def sum_of_products(node: Tensor, graph: Graph) -> Tensor | None:
    """``sum(g * x, axis=0)`` of a column and a matrix → a product, and no array of products.

    So too the sum over a stack of products of matrices: one product of longer rows.
    """
    inner, axes = node.inputs[0], axes_of(node)
    if graph.uses(inner) > 1 or not inner.ndim:
        return None
    if any(is_weak(x) or not x.ndim for x in inner.inputs):
        return None
    letters = _LETTERS[: inner.ndim]
    first, second = (list(letters[inner.ndim - x.ndim :]) for x in inner.inputs)
    if inner.op is MATMUL:
        if min(x.ndim for x in inner.inputs) < 2 or not any(a < inner.ndim - 2 for a in axes):
            return None
        first[-1] = second[-2] = "z"
    operands = []
    for labels, x in zip((first, second), inner.inputs, strict=True):
        long = [i for i, n in enumerate(x.shape) if n != 1]
        operands.append(("".join(labels[i] for i in long),
                         reshaped(x, tuple([x.shape[i] for i in long]))))  # fmt: skip
    output = "".join(c for i, c in enumerate(letters) if i not in axes and inner.shape[i] != 1)
    one, other = operands[0][0], operands[1][0]
    if not _is_a_product(one, other, output) or not {*one} & {*other} - {*output}:
        return None
    result = contraction(operands, output)
    return None if result is None else reshaped(result, node.shape)


@applies_to(MATMUL)
def stack_times_a_matrix(node: Tensor, graph: Graph) -> Tensor | None:
    """``x @ W`` for a stack of matrices x → one product of all their rows."""
    a, b = node.inputs
    if a.ndim < 3 or b.ndim > 2:
        return None
    rows = reshaped(a, (math.prod(a.shape[:-1]), a.shape[-1]))
    return reshaped(rows @ b, node.shape)


RULES = [sum_of_an_einsum, einsum_as_products, sum_of_products, stack_times_a_matrix]
