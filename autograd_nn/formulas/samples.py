"""How many samples a cost is the mean over, as far as the graph says so.

Samples are the columns of the weighted inputs, or their rows: a change of one sample in the first
layer changes that sample alone in the last. Whether J is their mean or their sum decides what δ, of
each sample's own cost, is: m · ∂J/∂z or ∂J/∂z. Nothing is guessed: where both would do, or the way
from J to the samples is not understood, the answer is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..core.graph import dependents, replay, topological_order
from ..core.recording import no_grad
from ..core.tensor import Tensor, plain
from ..ops.elementwise import ADD, DIVIDE, MULTIPLY, NEGATIVE, SUBTRACT
from ..ops.linalg import MATMUL
from ..ops.reductions import MEAN, SUM


class Samples(NamedTuple):
    """What the graph says about the samples, None where it does not.

    Attributes
    ----------
    scale : int or None
        What ∂J/∂z is multiplied with to be δ: m for a mean over m samples, 1 for their sum.
    m : int or None
        What ``m`` stands for. A sum over several samples is the mean over none.
    """

    scale: int | None
    m: int | None


def samples_of(J: Tensor, weighted_inputs: Iterable[Tensor]) -> Samples:
    """Return what the graph of `J` says about its samples.

    A vector z may hold one sample, or one number of each of several: both are tried.
    """
    zs = list(weighted_inputs)
    matrices = [z for z in zs if z.ndim == 2]
    axes = [axis for axis in (1, 0) if len({z.shape[axis] for z in matrices}) == 1
            and _is_by_sample(matrices[-1], matrices[0], axis)]  # fmt: skip
    if not zs or (matrices and not axes) or any(z.ndim > 2 for z in zs):
        return Samples(None, None)
    axis = 0 if axes == [0] or (axes and all(map(_has_rows, matrices))) else 1
    counts = {z.shape[axis] for z in matrices} or {1, *(z.size for z in zs if z.ndim < 2)}
    scales = {1 if m == 1 else _mean_over(J, m, zs, axis) for m in counts}
    scale = scales.pop() if len(scales) == 1 else None
    return Samples(scale, scale if counts == {scale} else None)


def _has_rows(z: Tensor) -> bool:
    """Whether z = x @ W + b, with the parameters on the right."""
    while z.op is ADD:
        z = z.inputs[0]
    return z.op is MATMUL and z.inputs[1].op is None and z.inputs[1].requires_grad


def _mean_over(J: Tensor, m: int, zs: list[Tensor], axis: int) -> int | None:
    """Return m for a mean over the m samples, 1 for a sum, None where the graph does not say."""
    through = dependents(topological_order([J]), zs)
    found: set[int | None] = set()
    ends = set(zs)
    todo, seen = [(J, 1.0, False)], set()
    while todo:
        node, divisor, summed = place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        op = None if node in ends else node.op
        inputs = [x for x in node.inputs if x in through]
        factors = [x for x in node.inputs if x.op is None and x.size == 1 and not x.name]
        if op in (ADD, SUBTRACT, NEGATIVE):
            todo += [(x, divisor, summed) for x in inputs]
        elif op in (MULTIPLY, DIVIDE) and len(inputs) == len(factors) == 1:
            value = abs(float(np.asarray(plain(factors[0])).item())) or 1.0
            over = op is DIVIDE and inputs[0] is node.inputs[0]
            todo.append((inputs[0], divisor * value if over else divisor / value, summed))
        elif op in (SUM, MEAN) and not _over_samples(node, m, axis):
            todo.append((inputs[0], divisor, summed))
        elif op in (SUM, MEAN) and not summed and not _is_by_sample(inputs[0], zs[-1], axis):
            found.add(None)
        elif op is MEAN:
            found.add(m)
        elif op is SUM:
            todo.append((inputs[0], divisor, True))
        else:
            found.add(_told_by(divisor, m) if summed else None)
    return found.pop() if len(found) == 1 else None


def _over_samples(node: Tensor, m: int, axis: int) -> bool:
    """Whether a sum or mean is over the samples, or what is left of them."""
    x, over = node.inputs[0], node.params.get("axis")
    axes = {a % x.ndim for a in (over if isinstance(over, tuple) else (over,)) if a is not None}
    if x.ndim == 2:
        return x.shape[axis] == m and (axis in axes or over is None)
    rest = x.op in (SUM, MEAN) and x.inputs[0].ndim == 2 and _over_samples(x, m, axis)
    return x.shape == (m,) and not rest


def _is_by_sample(node: Tensor, z: Tensor, axis: int) -> bool:
    """Whether the first sample of z alone reaches the first sample of a node, and no other."""

    def others(array: Any) -> Any:
        return np.moveaxis(array, axis if array.ndim == 2 else 0, 0)[1:]

    moved = np.array(plain(z))
    np.moveaxis(moved, axis if z.ndim == 2 else 0, 0)[0] += 0.01
    with no_grad(), np.errstate(all="ignore"):
        (again,), _ = replay([node], {z: moved})
    return np.array_equal(others(plain(again)), others(plain(node)), equal_nan=True)


def _told_by(divisor: float, m: int) -> int | None:
    """Return what a sum over m samples is, divided by `divisor`; the ½ of the cost may be in it."""
    mean = math.isclose(divisor, m) or math.isclose(divisor, 2 * m)
    plain_sum = divisor < 1 or math.isclose(divisor, 1) or math.isclose(divisor, 2)
    return None if mean == plain_sum else m if mean else 1
