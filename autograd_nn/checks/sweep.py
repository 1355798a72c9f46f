"""The derivative of a function of one number, by differences, and how far it can be trusted.

1. `derivative` tries many steps, extrapolates, and keeps the estimate with the least error, the
   rounding noise of the function being measured.
2. `has_kink` tells whether the one-sided derivatives differ, so that there is no derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

Curve = Callable[[float], float]

_STEPS = tuple([0.1 * 4.0**-i for i in range(12)])
_POINTS = 9


class Estimate(NamedTuple):
    """What differences say of a derivative: `value`, at most `error` off, found with `step`."""

    value: float
    error: float
    step: float


def noise(phi: Curve, eps: float) -> float:
    """Return the size of the rounding noise in the values of `phi` near 0.

    In a difference table of closely spaced values the smooth part dies out and the noise remains
    (Moré and Wild, *Estimating computational noise*, SIAM J. Sci. Comput. 33, 2011). Each side of
    0 has a table of its own: a jump at 0 is no noise. Where neighbours are equal the rounding is
    coarser than the spacing (as of 1e15 + t), and the spacing is widened.
    """
    spacing = math.sqrt(eps) / 16
    while True:
        found = [_noise_beside(phi, step) for step in (spacing, -spacing)]
        if spacing > 0.01 or all(level is not None for level in found):
            return min(0.0 if level is None else level for level in found)
        spacing *= 16


def _noise_beside(phi: Curve, step: float) -> float | None:
    """Return the noise in values `step` apart, or None where most neighbours are equal."""
    table = np.array([phi(i * step) for i in range(1, _POINTS + 1)])
    if not np.all(np.isfinite(table)):
        return math.inf
    if np.count_nonzero(np.diff(table)) < _POINTS // 2:
        return None
    levels = []
    for order in range(1, _POINTS - 1):
        table = np.diff(table)
        if order >= 5:
            weight = math.factorial(order) ** 2 / math.factorial(2 * order)
            levels.append(math.sqrt(weight * float(np.mean(table**2))))
    return max(levels)


def derivative(phi: Curve, eps: float, size: float) -> Estimate | None:
    """Return the derivative of `phi` at 0, or None where `phi` is not finite around it.

    Parameters
    ----------
    phi : callable
        A function of one number, to be varied on the scale of 1.
    eps : float
        The relative rounding error of its arithmetic.
    size : float
        The size of the terms that `phi` adds up.
    """
    floor = max(noise(phi, eps), eps * size)
    if not math.isfinite(floor):
        return None
    with np.errstate(all="ignore"):  # where it overflows at a wide step, a narrower one decides
        return _best(phi, floor)


def _best(phi: Curve, floor: float) -> Estimate | None:
    slopes = [(phi(h) - phi(-h)) / (2 * h) for h in _STEPS]
    # centred differences have errors in h², h⁴, …: eliminating h² from two of ratio 4
    better = [(16 * fine - coarse) / 15 for coarse, fine in pairwise(slopes)]
    best: Estimate | None = None
    for i in range(1, len(better)):
        step = _STEPS[i + 1]
        error = abs(better[i] - better[i - 1]) + 1.5 * floor / step
        if math.isfinite(error) and (best is None or error < best.error):
            best = Estimate(better[i], error, step)
    return best


def has_kink(phi: Curve, eps: float, size: float) -> bool:
    """Whether `phi` bends sharply at 0: |φ(h) − 2φ(0) + φ(−h)|/h does not shrink with h."""
    middle = phi(0.0)

    def bend(h: float) -> float:
        return abs(phi(h) - 2 * middle + phi(-h)) / h

    small = 4 * math.sqrt(eps)
    narrow, wide = bend(small), bend(16 * small)
    seen = 100 * eps * max(size, abs(middle)) / small + 10 * noise(phi, eps) / small
    return narrow > 0.5 * wide and narrow > seen
