"""A recorded graph on many values at once: its operations on arrays with one more axis, in front.

1. `batched` goes through a graph, and makes of each node the one for all rows.
2. How an operation does that follows from the traits of its row (element by element, along lines,
   on stacks of matrices), or is said here. Any other is recorded once for each row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(slots=True)
class Rows:
    """An operand of all rows.

    Attributes
    ----------
    all : Tensor
        Its values, along a first axis if `differ`.
    differ : bool
        Whether it has a value for each row; else one is that of all.
    count : int
        The number of rows.
    """

    all: Any
    differ: bool
    count: int

    @property
    def ndim(self) -> int:
        """The number of axes of one row."""
        return int(self.all.ndim) - self.differ

    def each(self) -> Any:
        """Return it with a first axis, even if all rows are the same."""
        x = self.all
        return x if self.differ else np.broadcast_to(x, (self.count, *x.shape))

    def of_rank(self, ndim: int) -> Any:
        """Return it, with new axes behind the first where a row has less than `ndim`."""
        x, missing = self.all, ndim - self.ndim
        if not self.differ or missing <= 0:
            return x
        return np.reshape(x, (self.count, *(1,) * missing, *x.shape[1:]))


Rule = Callable[..., Any]
"""(node of one row, number of rows, *operands as Rows) → the node of all rows."""

_RULES: dict[Op, Rule] = {}


def batched(outputs: Sequence[Tensor], rows: dict[Tensor, Tensor], count: int) -> list[Any]:
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

    def make(node: Tensor, inputs: list[Tensor]) -> Any:
        pairs = zip(inputs, node.inputs, strict=True)
        made = _rule_of(node)(node, count, *[Rows(x, x is not old, count) for x, old in pairs])
        made.name = made.name or node.name
        return made

    fresh = rebuild(topological_order(outputs), dict(rows), make)
    return [Rows(fresh[x], fresh[x] is not x, count).each() for x in outputs]


def _rule_of(node: Tensor) -> Rule:
    op: Any = node.op
    by_trait = (rule for trait, rule in _BY_TRAIT.items() if trait in op.traits)
    return _RULES.get(op) or next(by_trait, _one_by_one)


def _batches(*ops: Op) -> Callable[[Rule], Rule]:
    def enter(rule: Rule) -> Rule:
        _RULES.update(dict.fromkeys(ops, rule))
        return rule

    return enter


def _again(node: Tensor, *inputs: Any, **params: Any) -> Any:
    """Record the operation of `node` with other inputs and, where given, other parameters."""
    op: Any = node.op
    return apply(op, inputs, {**node.params, **params} if params else node.params)


def _moved(x: Any, source: Any, target: Any) -> Any:
    """Return ``np.moveaxis`` of `x` to a different place, and else `x`."""
    return np.moveaxis(x, source, target) if source != target else x


def _one_by_one(node: Tensor, count: int, *xs: Rows) -> Any:
    if not count:
        return np.broadcast_to(node, (0, *node.shape))
    each = [_again(node, *[x.all[i] if x.differ else x.all for x in xs]) for i in range(count)]
    return np.stack(each)


# -- by trait --------------------------------------------------------------------------------------


@_batches(DETACH, STOP)
def _elementwise(node: Tensor, count: int, *xs: Rows) -> Any:
    op: Any = node.op
    if len(xs) > 1 and not op.broadcasts:  # all of one shape, but for numbers
        xs = tuple([Rows(x.each(), True, count) if x.ndim else x for x in xs])
    return _again(node, *[x.of_rank(node.ndim) for x in xs])


@_batches(CONCATENATE)
def _along_lines(node: Tensor, count: int, *xs: Rows) -> Any:
    """Do along the parameter `axis`, or over all elements, what the operation does along lines."""
    axis, ndim = node.params.get("axis"), xs[0].ndim
    if axis is not None and ndim:
        axes = [a % ndim + 1 for a in np.atleast_1d(axis).tolist()]
        shifted = tuple(axes) if isinstance(axis, tuple) else axes[0]
        return _again(node, *[x.each() for x in xs], axis=shifted)
    flat = [np.reshape(x, (count, math.prod(x.shape[1:]))) for x in [x.each() for x in xs]]
    more = {"keepdims": False} if node.params.get("keepdims") else {}
    made = _again(node, *flat, axis=1, **more)
    return made if made.ndim == node.ndim + 1 else np.reshape(made, (count, *node.shape))


def _on_stacks(node: Tensor, count: int, *xs: Rows) -> Any:
    return _again(node, *[x.all for x in xs])


_BY_TRAIT: dict[str, Rule] = {
    "elementwise": _elementwise,
    "lines": _along_lines,
    "stacks": _on_stacks,
}


# -- shapes ----------------------------------------------------------------------------------------


@_batches(RESHAPE)
def _reshape(node: Tensor, count: int, x: Rows) -> Any:
    return np.reshape(x.all, (count, *node.shape))


@_batches(TRANSPOSE)
def _transpose(node: Tensor, count: int, x: Rows) -> Any:
    axes = node.params.get("axes") or range(node.ndim)[::-1]
    return np.transpose(x.all, (0, *[a % node.ndim + 1 for a in axes]))


@_batches(BROADCAST_TO)
def _broadcast_to(node: Tensor, count: int, x: Rows) -> Any:
    return np.broadcast_to(x.of_rank(node.ndim), (count, *node.shape))


# -- positions -------------------------------------------------------------------------------------


@_batches(GETITEM)
def _getitem(node: Tensor, count: int, x: Rows) -> Any:
    key = node.params["key"]
    # NumPy puts the axes of separated index arrays first, before the rows
    return _moved(_again(node, x.all, key=_behind_rows(key)), advanced_first(key), 0)


@_batches(SCATTER)
def _scatter(node: Tensor, count: int, g: Rows) -> Any:
    key, shape = node.params["key"], (count, *node.params["shape"])
    return _again(node, _moved(g.all, 0, advanced_first(key)), key=_behind_rows(key), shape=shape)


def _behind_rows(key: Any) -> tuple[Any, ...]:
    return (slice(None), *(key if isinstance(key, tuple) else (key,)))


def _of_own_row(count: int, *indices: Rows) -> list[Any]:
    """Return index arrays that take from the row each belongs to."""
    ndim = max([i.ndim for i in indices])
    rows = np.reshape(np.arange(count), (count, *(1,) * ndim))
    return [rows, *[i.of_rank(ndim) for i in indices]]


@_batches(GATHER)
def _gather(node: Tensor, count: int, x: Rows, *indices: Rows) -> Any:
    own = _of_own_row(count, *indices)
    return _again(node, x.all, *(own if x.differ else own[1:]))


@_batches(SPREAD)
def _spread(node: Tensor, count: int, g: Rows, *indices: Rows) -> Any:
    shape = (count, *node.params["shape"])
    return _again(node, g.each(), *_of_own_row(count, *indices), shape=shape)


@_batches(TAKE)
def _take(node: Tensor, count: int, x: Rows, indices: Rows) -> Any:
    axis = node.params["axis"] % x.ndim
    if not indices.differ:
        return _again(node, x.all, indices.all, axis=axis + 1)
    if not x.differ:
        return _moved(_again(node, x.all, indices.all, axis=axis), axis, 0)
    taken = apply(GATHER, (_moved(x.all, axis + 1, 1), *_of_own_row(count, indices)))
    return _moved(taken, *_ranges(indices.ndim, axis))


@_batches(PUT)
def _put(node: Tensor, count: int, g: Rows, indices: Rows) -> Any:
    shape = node.params["shape"]
    axis = node.params["axis"] % len(shape)
    if not indices.differ:
        return _again(node, g.all, indices.all, axis=axis + 1, shape=(count, *shape))
    front = _moved(g.each(), *_ranges(indices.ndim, axis)[::-1])
    whole = {"shape": (count, shape[axis], *shape[:axis], *shape[axis + 1 :])}
    return _moved(apply(SPREAD, (front, *_of_own_row(count, indices)), whole), 1, axis + 1)


def _ranges(number: int, axis: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return where the axes of indices lie behind the rows, and where behind `axis` more."""
    return tuple(range(1, number + 1)), tuple(range(axis + 1, axis + number + 1))


@_batches(TAKE_ALONG_AXIS, PUT_ALONG_AXIS)
def _along_axis(node: Tensor, count: int, *xs: Rows) -> Any:
    more = {"shape": (count, *node.params["shape"])} if "shape" in node.params else {}
    axis = node.params["axis"] % node.ndim + 1
    return _again(node, *[x.each() for x in xs], axis=axis, **more)


# -- products --------------------------------------------------------------------------------------


@_batches(MATMUL)
def _matmul(node: Tensor, count: int, a: Rows, b: Rows) -> Any:
    if a.ndim <= 2 and not b.differ and b.ndim <= 2:
        if a.ndim == 1 or b.ndim == 1:
            return np.matmul(a.all, b.all)
        tall = np.matmul(np.reshape(a.all, (count * a.all.shape[1], a.all.shape[2])), b.all)
        return np.reshape(tall, (count, *node.shape))
    if a.ndim <= 2 and not a.differ and b.ndim == 1:  # the rows of one matrix
        return np.matmul(b.all, a.all.T)
    row, column = a.ndim == 1, b.ndim == 1
    a = Rows(np.expand_dims(a.all, -2), a.differ, count) if row else a
    b = Rows(np.expand_dims(b.all, -1), b.differ, count) if column else b
    ndim = max(a.ndim, b.ndim)
    made = np.matmul(a.of_rank(ndim), b.of_rank(ndim))
    return np.reshape(made, (count, *node.shape)) if row or column else made


@_batches(SOLVE)
def _solve(node: Tensor, count: int, a: Rows, b: Rows) -> Any:
    if not a.differ and a.ndim == 2 and b.ndim <= 2:  # more columns for one matrix
        columns = np.moveaxis(b.all, 0, -1)
        wide = np.reshape(columns, (columns.shape[0], math.prod(columns.shape[1:])))
        return np.moveaxis(np.reshape(_again(node, a.all, wide), columns.shape), -1, 0)
    vector = b.ndim == 1
    b = Rows(np.expand_dims(b.all, -1), b.differ, count) if vector else b
    ndim = max(a.ndim, b.ndim)
    made = _again(node, a.of_rank(ndim), b.of_rank(ndim))
    return made[..., 0] if vector else made


@_batches(EINSUM)
def _einsum(node: Tensor, count: int, *xs: Rows) -> Any:
    inputs, output = node.params["subscripts"].split("->")
    letter = free_letter(node.params["subscripts"])
    labels = [letter * x.differ + own for own, x in zip(inputs.split(","), xs, strict=True)]
    subscripts = f"{','.join(labels)}->{letter}{output}"
    return _again(node, *[x.all for x in xs], subscripts=subscripts)


def largest(outputs: Sequence[Tensor]) -> int:
    """Return the number of elements of the largest array among `outputs` and what made them."""
    return max([np.size(plain(x)) for x in topological_order(outputs)], default=0)
