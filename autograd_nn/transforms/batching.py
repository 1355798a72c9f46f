"""A recorded graph on many values at once: its operations on arrays with one more axis, in front.

1. `batched` goes through a graph, and makes of each node the one for all rows.
2. How an operation does that follows from the traits of its row (element by element, along lines,
   on stacks of matrices), or is said here. Any other is recorded once for each row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from ..core.graph import rebuild, topological_order
from ..core.op import Op
from ..core.tensor import Tensor, apply, plain
from ..dispatch.values import DETACH
from ..ops.equations import SOLVE
from ..ops.indexing import (
    GATHER,
    GETITEM,
    PUT,
    PUT_ALONG_AXIS,
    SCATTER,
    SPREAD,
    TAKE,
    TAKE_ALONG_AXIS,
    advanced_first,
)
from ..ops.joining import CONCATENATE
from ..ops.linalg import MATMUL
from ..ops.products import EINSUM, free_letter
from ..ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from .flow import STOP

Rule = Callable[[Tensor, list[Any], list[bool], int], Any]
"""(node of one row, its inputs, which of them have rows, the number of rows) → node of all rows."""

_RULES: dict[Op, Rule] = {}


def batched(outputs: Sequence[Tensor], rows: dict[Tensor, Tensor], count: int) -> list[Tensor]:
    """Return `outputs` for every row.

    Parameters
    ----------
    outputs : sequence of Tensor
        Results of a graph.
    rows : dict of Tensor to Tensor
        What stands in the place of a node: `count` of its values along a first axis.
    count : int

    Returns
    -------
    list of Tensor
        With the rows along the first axis, also of what depends on none of `rows`.
    """

    def make(node: Tensor, inputs: list[Tensor]) -> Tensor:
        on = [x is not old for x, old in zip(inputs, node.inputs, strict=True)]
        made = _rule_of(node)(node, inputs, on, count)
        made.name = made.name or node.name
        return cast("Tensor", made)

    fresh = rebuild(topological_order(outputs), dict(rows), make)
    return [_repeated(fresh[x], fresh[x] is not x, count) for x in outputs]


def _rule_of(node: Tensor) -> Rule:
    op: Any = node.op
    if op in _RULES:
        return _RULES[op]
    for trait, rule in _BY_TRAIT.items():
        if trait in op.traits:
            return rule
    return _one_by_one


def _batches(*ops: Op) -> Callable[[Rule], Rule]:
    def enter(rule: Rule) -> Rule:
        _RULES.update(dict.fromkeys(ops, rule))
        return rule

    return enter


def _again(node: Tensor, inputs: Sequence[Any], **params: Any) -> Any:
    """Record the operation of `node` with other inputs and, where given, other parameters."""
    op: Any = node.op
    return apply(op, inputs, {**node.params, **params} if params else node.params)


def _repeated(x: Any, on: bool, count: int) -> Any:
    """Return `x` with rows: the same in all of them, if it has none."""
    return x if on else np.broadcast_to(x, (count, *x.shape))


def _with_rank(x: Any, on: bool, ndim: int) -> Any:
    """Return `x`, if it has rows, with new axes behind the first, so that a row has `ndim`."""
    missing = ndim + 1 - x.ndim
    if not on or missing <= 0:
        return x
    return np.reshape(x, (x.shape[0], *(1,) * missing, *x.shape[1:]))


def _one_by_one(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    if not count:
        return np.broadcast_to(node, (0, *node.shape))
    each = [
        _again(node, [x[i] if rows else x for x, rows in zip(xs, on, strict=True)])
        for i in range(count)
    ]
    return np.stack(each)


# -- by trait --------------------------------------------------------------------------------------


@_batches(DETACH, STOP)
def _elementwise(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    op: Any = node.op
    if len(xs) > 1 and not op.broadcasts:  # all of one shape, but for numbers
        xs = [_repeated(x, rows or not x.ndim, count) for x, rows in zip(xs, on, strict=True)]
        on = [bool(x.ndim) for x in xs]
    return _again(node, [_with_rank(x, rows, node.ndim) for x, rows in zip(xs, on, strict=True)])


def _along_lines(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    """Do along the parameter `axis`, or over all elements, what the operation does along lines."""
    xs = [_repeated(x, rows, count) for x, rows in zip(xs, on, strict=True)]
    axis, ndim = node.params.get("axis"), xs[0].ndim - 1
    if axis is not None and ndim:
        axes = [a % ndim + 1 for a in np.atleast_1d(axis).tolist()]
        shifted = tuple(axes) if isinstance(axis, tuple) else axes[0]
        return _again(node, xs, axis=shifted)
    flat = [np.reshape(x, (count, math.prod(x.shape[1:]))) for x in xs]
    more = {"keepdims": False} if node.params.get("keepdims") else {}
    made = _again(node, flat, axis=1, **more)
    return made if made.ndim == node.ndim + 1 else np.reshape(made, (count, *node.shape))


def _on_stacks(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    return _again(node, xs)


_BY_TRAIT: dict[str, Rule] = {
    "elementwise": _elementwise,
    "lines": _along_lines,
    "stacks": _on_stacks,
}


# -- shapes ----------------------------------------------------------------------------------------


@_batches(RESHAPE)
def _reshape(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    return np.reshape(xs[0], (count, *node.shape))


@_batches(TRANSPOSE)
def _transpose(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    axes = node.params.get("axes") or range(node.ndim)[::-1]
    return np.transpose(xs[0], (0, *[a % node.ndim + 1 for a in axes]))


@_batches(BROADCAST_TO)
def _broadcast_to(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    return np.broadcast_to(_with_rank(xs[0], True, node.ndim), (count, *node.shape))


@_batches(CONCATENATE)
def _concatenate(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    return _along_lines(node, xs, on, count)


# -- positions -------------------------------------------------------------------------------------


@_batches(GETITEM)
def _getitem(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    key = node.params["key"]
    made = _again(node, xs, key=_behind_rows(key))
    # NumPy puts the axes of separated index arrays first, before the rows
    return _moved(made, advanced_first(key), 0)


@_batches(SCATTER)
def _scatter(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    key = node.params["key"]
    g = _moved(xs[0], 0, advanced_first(key))
    return _again(node, [g], key=_behind_rows(key), shape=(count, *node.params["shape"]))


def _behind_rows(key: Any) -> tuple[Any, ...]:
    return (slice(None), *(key if isinstance(key, tuple) else (key,)))


def _rows_first(count: int, indices: Sequence[Any], on: Sequence[bool]) -> list[Any]:
    """Return index arrays that take from the row each belongs to."""
    ndim = max([x.ndim - rows for x, rows in zip(indices, on, strict=True)])
    rows = np.reshape(np.arange(count), (count, *(1,) * ndim))
    return [rows, *(_with_rank(x, r, ndim) for x, r in zip(indices, on, strict=True))]


@_batches(GATHER)
def _gather(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    x, *indices = xs
    if on[0]:
        indices = _rows_first(count, indices, on[1:])
    else:
        ndim = max([i.ndim - rows for i, rows in zip(indices, on[1:], strict=True)])
        indices = [_with_rank(i, r, ndim) for i, r in zip(indices, on[1:], strict=True)]
    return _again(node, [x, *indices])


@_batches(SPREAD)
def _spread(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    g, *indices = xs
    indices = _rows_first(count, indices, on[1:])
    return _again(
        node, [_repeated(g, on[0], count), *indices], shape=(count, *node.params["shape"])
    )


@_batches(TAKE)
def _take(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    x, indices = xs
    axis = node.params["axis"] % node.inputs[0].ndim
    if not on[1]:
        return _again(node, xs, axis=axis + 1)
    if not on[0]:
        return _moved(_again(node, xs, axis=axis), axis, 0)
    taken = apply(GATHER, (_moved(x, axis + 1, 1), *_rows_first(count, [indices], [True])))
    return _moved(taken, range(1, indices.ndim), range(axis + 1, axis + indices.ndim))


@_batches(PUT)
def _put(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    g, indices = xs
    shape = node.params["shape"]
    axis = node.params["axis"] % len(shape)
    if not on[1]:
        return _again(node, xs, axis=axis + 1, shape=(count, *shape))
    g = _repeated(g, on[0], count)
    g = _moved(g, range(axis + 1, axis + indices.ndim), range(1, indices.ndim))
    whole = (count, shape[axis], *shape[:axis], *shape[axis + 1 :])
    put = apply(SPREAD, (g, *_rows_first(count, [indices], [True])), {"shape": whole})
    return _moved(put, 1, axis + 1)


def _moved(x: Any, source: Any, target: Any) -> Any:
    """Return ``np.moveaxis`` of `x` to a different place, and else `x`."""
    return np.moveaxis(x, source, target) if source != target else x


@_batches(TAKE_ALONG_AXIS, PUT_ALONG_AXIS)
def _along_axis(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    xs = [_repeated(x, rows, count) for x, rows in zip(xs, on, strict=True)]
    more = {"shape": (count, *node.params["shape"])} if "shape" in node.params else {}
    return _again(node, xs, axis=node.params["axis"] % node.ndim + 1, **more)


# -- products --------------------------------------------------------------------------------------


@_batches(MATMUL)
def _matmul(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    (a, b), (rows_a, rows_b) = xs, on
    ndim_a, ndim_b = a.ndim - rows_a, b.ndim - rows_b
    if rows_a != rows_b and ndim_a <= 2 and ndim_b <= 2:
        if rows_b and ndim_b == 1:  # the rows of one matrix
            return np.matmul(b, a.T)
        if rows_a and ndim_a == 1:
            return np.matmul(a, b)
        if rows_a:  # a taller matrix
            tall = np.matmul(np.reshape(a, (count * a.shape[1], a.shape[2])), b)
            return np.reshape(tall, (count, *node.shape))
        if ndim_a == 1:
            return np.matmul(a, b)
    a = np.expand_dims(a, -2) if ndim_a == 1 else a
    b = np.expand_dims(b, -1) if ndim_b == 1 else b
    ndim = max(a.ndim - rows_a, b.ndim - rows_b)
    made = np.matmul(_with_rank(a, rows_a, ndim), _with_rank(b, rows_b, ndim))
    return np.reshape(made, (count, *node.shape)) if 1 in (ndim_a, ndim_b) else made


@_batches(SOLVE)
def _solve(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    (a, b), (rows_a, rows_b) = xs, on
    if rows_b and not rows_a and a.ndim == 2 and b.ndim <= 3:  # more columns for one matrix
        columns = np.moveaxis(b, 0, -1)
        wide = (columns.shape[0], math.prod(columns.shape[1:]))
        solved = np.reshape(_again(node, [a, np.reshape(columns, wide)]), columns.shape)
        return np.moveaxis(solved, -1, 0)
    vector = b.ndim - rows_b == 1
    b = np.expand_dims(b, -1) if vector else b
    ndim = max(a.ndim - rows_a, b.ndim - rows_b)
    made = _again(node, [_with_rank(a, rows_a, ndim), _with_rank(b, rows_b, ndim)])
    return made[..., 0] if vector else made


@_batches(EINSUM)
def _einsum(node: Tensor, xs: list[Any], on: list[bool], count: int) -> Any:
    subscripts = node.params["subscripts"]
    letter = free_letter(subscripts)
    inputs, output = subscripts.split("->")
    labels = [
        letter + own if rows else own for own, rows in zip(inputs.split(","), on, strict=True)
    ]
    return _again(node, xs, subscripts=f"{','.join(labels)}->{letter}{output}")


def largest(outputs: Sequence[Tensor]) -> int:
    """Return the number of elements of the largest array among `outputs` and what made them."""
    return max([np.size(plain(x)) for x in topological_order(outputs)], default=0)
