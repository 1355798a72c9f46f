"""Reductions over few elements that are neighbours: NumPy's loop over them costs more than they do.

1. A sum is a product with ones.
2. For others the axis is first moved to the front: each step is then one long loop.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core.op import Op
from ...core.tensor import Tensor, apply, constant
from ...ops.reductions import MAX, MIN, SUM, count
from ..graph import Graph, op_of
from ..rewriting import Rule, applies_to, is_exact
from .sums import axes_of
from .transposes import reshaped

_SHORT = 64
_RUN = 16
"""Elements that lie beside one another and are not reduced: a loop of so many is long enough."""
_FEW = 512
"""Arrays of fewer elements are reduced in less time than it takes to move them."""


def _in_front(x: Any, axes: Any) -> Any:
    order = [*axes, *(a for a in range(x.ndim) if a not in axes)]
    moved = np.ascontiguousarray(np.transpose(x, order))
    return moved.reshape((-1, *moved.shape[len(axes) :]))


IN_FRONT = Op("in_front", _in_front, latex="{0}", traits={"complex"})
"""The axes as one, which comes first, in memory too."""


@applies_to(SUM, MAX, MIN)
def over_neighbours(node: Tensor, graph: Graph) -> Tensor | None:
    """``max(x, axis=-1)`` of few columns → ``max(in_front(x), axis=0)``."""
    x, axes = node.inputs[0], axes_of(node)
    short = 1 < (n := count(x.shape, axes)) <= _SHORT
    if not short or x.size < _FEW or math.prod(x.shape[max(axes) + 1 :]) >= _RUN:
        return None
    if sorted(axes) == list(range(len(axes))):
        return None
    if node.op is SUM and is_exact(x.dtype) and min(axes) == x.ndim - len(axes):
        rows = reshaped(x, (x.size // n, n))
        moved = rows @ constant(np.ones((n, 1), x.dtype))
    else:
        moved = apply(op_of(node), (apply(IN_FRONT, (x,), {"axes": axes}),), {"axis": 0})
    return reshaped(moved, node.shape)


RULES: list[Rule] = [over_neighbours]
