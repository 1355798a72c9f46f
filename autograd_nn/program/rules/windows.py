"""Windows that slide along an axis: looked at where they lie, put back slice by slice."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.op import Op
from ...core.tensor import Tensor, apply, plain
from ...ops.indexing import PUT, TAKE
from ..graph import Graph, is_constant
from ..rewriting import Rule, applies_to
from .pieces import PIECES

_WIDEST = 64


def _windows(x: Any, axis: int, start: int, steps: tuple[int, int], counts: tuple[int, int]) -> Any:
    stride = x.strides[axis]
    x = x[(slice(None),) * axis + (slice(start, None),)]
    shape = x.shape[:axis] + counts + x.shape[axis + 1 :]
    apart = (steps[0] * stride, steps[1] * stride)
    strides = x.strides[:axis] + apart + x.strides[axis + 1 :]
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


WINDOWS = Op("windows", _windows, latex="{0}", traits={"complex", "view"})
"""The element i, j along the axis is the one at ``start + steps[0] * i + steps[1] * j``."""


def _regular(indices: Tensor) -> tuple[int, tuple[int, int]] | None:
    """Return where regular windows start and how they step, or None."""
    if not is_constant(indices) or indices.ndim != 2 or indices.shape[1] > _WIDEST:
        return None
    if min(indices.shape) < 2:
        return None
    table = np.asarray(plain(indices), dtype=int)  # differences of unsigned ones would wrap around
    start, steps = (
        int(table[0, 0]),
        (int(table[1, 0] - table[0, 0]), int(table[0, 1] - table[0, 0])),
    )
    rows, columns = np.ogrid[: table.shape[0], : table.shape[1]]
    regular = np.array_equal(table, start + steps[0] * rows + steps[1] * columns)
    return (start, steps) if regular and start >= 0 and min(steps) > 0 else None


@applies_to(TAKE)
def taken(node: Tensor, graph: Graph) -> Tensor | None:
    """``take(x, [[0, 1, 2], [1, 2, 3]])`` → a view of the windows, nothing copied."""
    x, indices = node.inputs
    found = _regular(indices)
    if found is None:
        return None
    axis, (start, steps) = node.params["axis"] % x.ndim, found
    where = {"axis": axis, "start": start, "steps": steps, "counts": indices.shape}
    return apply(WINDOWS, (x,), where)


@applies_to(PUT, arithmetic=True)
def put(node: Tensor, graph: Graph) -> Tensor | None:
    """``put(g, [[0, 1, 2], [1, 2, 3]])`` → for each column of windows a slice added."""
    g, indices = node.inputs
    found = _regular(indices)
    if found is None:
        return None
    (start, steps), before = found, (slice(None),) * (node.params["axis"] % node.ndim)
    ends = [start + j * steps[1] for j in range(indices.shape[1])]
    last = (indices.shape[0] - 1) * steps[0] + 1
    keys = tuple([(*before, slice(first, first + last, steps[0])) for first in ends])
    parts = [g[(*before, slice(None), j)] for j in range(len(ends))]
    return apply(PIECES, parts, {"keys": keys, "shape": node.shape})


RULES: list[Rule] = [taken, put]
