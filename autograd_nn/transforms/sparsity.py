"""Jacobians most of whose elements are 0 for every argument: as SciPy's sparse matrices.

1. `pattern` tells which results depend on which arguments: it follows dependence through the graph.
2. `coloured` puts columns that share no row into groups; one product J·v recovers a group.
3. `sparse_blocks` does both: rows with many elements are taken each by its own product uᵀJ, all
   others by groups of columns; or the same with rows and columns exchanged.

After Coleman, Verma, *The efficient computation of sparse Jacobian matrices using automatic
differentiation* (1998); Gebremedhin, Manne, Pothen, *What color is your Jacobian?* (2005).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import dependents, topological_order
from ..core.tensor import Tensor, plain
from ..ops.indexing import GATHER, PUT, PUT_ALONG_AXIS, SCATTER, SPREAD, TAKE, TAKE_ALONG_AXIS
from ..ops.joining import CONCATENATE
from ..ops.linalg import MATMUL
from ..ops.products import EINSUM
from .run import Run
from .sweeps import Seeds, columns, parts_of, rows

_TAKES = (TAKE, TAKE_ALONG_AXIS, GATHER, CONCATENATE)
_PUTS = (SCATTER, PUT, PUT_ALONG_AXIS, SPREAD)


def pattern(outputs: Sequence[Tensor], sources: Sequence[Tensor]) -> Any:
    """Return which elements of `outputs` depend on which of `sources`, as a sparse matrix."""
    from scipy import sparse

    order = topological_order(outputs, set(sources))
    reached = dependents(order, sources, floating=True)
    width = sum([x.size for x in sources])
    known: dict[Tensor, Any] = {}
    start = 0
    for x in sources:
        known[x] = sparse.eye_array(x.size, width, k=start, dtype=bool, format="csr")
        start += x.size
    for node in order:
        op: Any = node.op
        found = sparse.csr_array((node.size, width), dtype=bool)
        if node in reached and node not in known and op.differentiable:
            for index, x in enumerate(node.inputs):
                if x in reached and op.rule(index):
                    found = found + _through(known[x], *_groups(node, index))
        known.setdefault(node, found)
    return sparse.vstack([known[x] for x in outputs], format="csr")


def _through(known: Any, of_x: Any, of_out: Any) -> Any:
    """Return the pattern of a result, each element of which depends on all in its group of x."""
    from scipy import sparse

    of_x, of_out = np.ravel(of_x), np.ravel(of_out)
    count = 1 + max(of_x.max(initial=-1), of_out.max(initial=-1))
    ones = np.ones(of_x.size, bool)
    member = sparse.csr_array((ones, (of_x, np.arange(of_x.size))), (count, of_x.size))
    return (member @ known)[of_out]


def _groups(node: Tensor, index: int) -> tuple[Any, Any]:
    """Return a number for every element of an input, and of the result that which it depends on."""
    op: Any = node.op
    x, arrays = node.inputs[index], [plain(a) for a in node.inputs]
    looks = "view" in op.traits and "elementwise" not in op.traits  # np.imag is both
    if looks or op in _TAKES:
        others = [np.zeros(a.shape, int) if op is CONCATENATE else plain(a) for a in node.inputs]
        places = np.reshape(np.arange(1, x.size + 1), x.shape)
        others[index] = places
        return places, op.forward(*others, **node.params)
    if op in _PUTS:
        places_out = np.reshape(np.arange(node.size), node.shape)
        return op.rule(0)(places_out, plain(node), *arrays, **node.params), places_out
    of_x, of_out = _labels(node, index)
    numbers_x, numbers_out = np.zeros(x.shape, int), np.zeros(node.shape, int)
    stride = 1
    for axis, label in enumerate(of_x):
        if label in of_out and x.shape[axis] > 1:
            numbers_x += stride * _along(x.shape, axis)
            numbers_out += stride * _along(node.shape, of_out.index(label))
            stride *= x.shape[axis]
    return numbers_x, numbers_out


def _along(shape: tuple[int, ...], axis: int) -> Any:
    return np.reshape(np.arange(shape[axis]), [-1 if i == axis else 1 for i in range(len(shape))])


def _labels(node: Tensor, index: int) -> tuple[list[Any], list[Any]]:
    """Return a label for each axis of an input and of the result: the same where they go along."""
    op: Any = node.op
    x = node.inputs[index]
    if op is EINSUM:
        inputs, output = node.params["subscripts"].split("->")
        return list(inputs.split(",")[index]), list(output)
    if op is MATMUL:
        a, b = node.inputs
        labels = list(range(node.ndim - (a.ndim > 1) - (b.ndim > 1)))
        out = [*labels, *["row"] * (a.ndim > 1), *["column"] * (b.ndim > 1)]
        own = (["row", "k"] if index == 0 else ["k", "column"]) if x.ndim > 1 else ["k"]
        return [*labels[len(labels) - (x.ndim - len(own)) :], *own], out
    if "elementwise" in op.traits:
        labels = list(range(node.ndim))
        return labels[node.ndim - x.ndim :], labels
    labels = list(range(x.ndim))
    if "stacks" in op.traits:
        return labels, [*labels[:-2], *[None] * (node.ndim - x.ndim + 2)]
    if "lines" in op.traits:
        axis = node.params.get("axis")
        named = labels if axis is None or not labels else np.atleast_1d(axis)
        gone = {a % x.ndim for a in named}
        kept = node.ndim == x.ndim
        return labels, [None if i in gone else i for i in labels if kept or i not in gone]
    return labels, [None] * node.ndim


def coloured(known: Any) -> Any:
    """Return a colour for each column of a ``csc_array``: those of one colour share no row."""
    starts, places = known.indptr.tolist(), known.indices.tolist()
    used = [0] * known.shape[0]  # the colours in each row, as bits
    colours = []
    for start, stop in itertools.pairwise(starts):
        own = places[start:stop]
        taken = 0
        for row in own:
            taken |= used[row]
        free = ~taken & (taken + 1)
        for row in own:
            used[row] |= free
        colours.append(free.bit_length() - 1)
    return np.array(colours, int)


def _dense_rows(known: Any) -> tuple[Any, int]:
    """Return the rows to take one by one, and how many products that and the rest need at least."""
    counts = np.diff(known.indptr)
    order = np.argsort(-counts, kind="stable")
    needed = np.append(counts[order], 0) + np.arange(counts.size + 1)
    best = int(np.argmin(needed))
    return order[:best], int(needed[best])


def sparse_blocks(run: Run) -> list[list[Any]]:
    """Return for each output, for each input, the block of the Jacobian as a ``csr_matrix``."""
    from scipy import sparse

    if run.records(()):
        raise TypeError(
            f"{run.who} with sparse=True gives a matrix of SciPy's, which is not recorded: call it "
            "on arrays, outside of other transforms, of a function that uses no Tensor which "
            "requires gradients"
        )
    if not (run.outputs and run.inputs):
        return [[] for _ in run.outputs]
    known = pattern(run.outputs, run.inputs)
    turned = known.T.tocsr()
    (alone, products), (alone_turned, products_turned) = _dense_rows(known), _dense_rows(turned)
    if products < products_turned:
        found = _recovered(run, known, alone, columns, rows)
    else:
        found = _recovered(run, turned, alone_turned, rows, columns).T
    whole = sparse.csr_matrix(found)
    across = parts_of([x.size for x in run.inputs])
    down = parts_of([x.size for x in run.outputs])
    return [[whole[i : i + m, j : j + n] for j, n in across] for i, m in down]


def _recovered(run: Run, known: Any, alone: Any, grouped: Any, single: Any) -> Any:
    """Return the matrix of pattern `known`: rows `alone` singly, others by groups of columns."""
    from scipy import sparse

    height = known.shape[0]
    place = np.full(height, -1)
    place[alone] = np.arange(alone.size)
    row, column = known.tocoo().coords
    thick = place[row] >= 0
    values = np.zeros(row.size, np.result_type(*[x.dtype for x in run.inputs]))

    def swept(products: Any, seeds: Seeds, count: int) -> Any:
        parts = products(run, seeds, count)
        return np.concatenate([np.reshape(p, (count, math.prod(p.shape[1:]))) for p in parts], 1)

    if alone.size:
        every = np.arange(height)
        whole = swept(single, lambda start, stop: alone[start:stop, None] == every, alone.size)
        values[thick] = whole[place[row[thick]], column[thick]]
    if not thick.all():
        row_thin, column_thin = row[~thick], column[~thick]
        ones = np.ones(row_thin.size, bool)
        colours = coloured(sparse.csc_array((ones, (row_thin, column_thin)), known.shape))
        count = int(colours.max()) + 1
        whole = swept(
            grouped, lambda start, stop: np.arange(start, stop)[:, None] == colours, count
        )
        values[~thick] = whole[colours[column_thin], row_thin]
    return sparse.csr_array((values, (row, column)), known.shape)
