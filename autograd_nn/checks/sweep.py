"""The derivative of a function of one number, by differences, and how far it can be trusted.

1. `sweep` tries many steps, extrapolates, and keeps the estimate with the least error, the
   rounding noise of the function being measured. Where there is a kink it gives both sides.
2. `has_kink` tells whether the one-sided derivatives differ, so that there is no derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

Curve = Callable[[float], float]

EPSILON = float(np.finfo(float).eps)
_STEPS = tuple([0.1 * 4.0**-i for i in range(12)])
_POINTS = 9


class Slope(NamedTuple):
    """What differences say of a derivative.

    Attributes
    ----------
    value : float
        The derivative; in the middle between both sides where there is a kink.
    error : float
        How far it may be off: what is left of the truncation, and rounding.
    step : float
        The step it was found with.
    left, right : float
        The one-sided derivatives; both are `value` where there is no kink.
    kink : bool
        Whether the function has a kink (or a jump) there: the one-sided differences stay apart
        however small the step.
    """

    value: float
    error: float
    step: float
    left: float
    right: float
    kink: bool


def sweep(
    phi: Curve, eps: float = EPSILON, size: float | None = None, scale: float = 1.0
) -> Slope | None:
    """Return the derivative of `phi` at 0, or None where `phi` is not finite around it.

    Parameters
    ----------
    phi : callable
        A function of one number.
    eps : float
        The relative rounding error of its arithmetic.
    size : float, optional
        The size of the terms that `phi` adds up; of its value at 0 if left out.
    scale : float
        The size of what is varied; steps are multiples of it.

    Examples
    --------
    >>> slope = sweep(lambda t: (3 + t) ** 2)
    >>> abs(slope.value - 6) <= slope.error < 1e-7, slope.kink
    (True, False)
    >>> bend = sweep(lambda t: max(t, 3 * t))
    >>> bend.kink, round(bend.left, 9), round(bend.right, 9)
    (True, 1.0, 3.0)
    """
    if scale != 1.0:
        found = sweep(lambda t: phi(scale * t), eps, size)
        if found is None:
            return None
        value, error, left, right = [x / scale for x in (*found[:2], *found[3:5])]
        return Slope(value, error, found.step * scale, left, right, found.kink)
    middle = phi(0.0)
    size = abs(middle) if size is None else size
    heard = noise(phi, eps)
    floor = max(heard, eps * size)
    if not math.isfinite(floor):
        return None
    with np.errstate(all="ignore"):  # where it overflows at a wide step, a narrower one decides
        best = _best(phi, floor)
    if best is None or not has_kink(phi, eps, size, heard):
        return best
    h = eps ** (1 / 3)  # one-sided differences have errors in h, h², …: two of ratio 4 again

    def beside(h: float) -> float:
        return (4 * (phi(h) - middle) - (phi(4 * h) - middle) / 4) / (3 * h)

    return best._replace(left=beside(-h), right=beside(h), kink=True)


def _best(phi: Curve, floor: float) -> Slope | None:
    slopes = [(phi(h) - phi(-h)) / (2 * h) for h in _STEPS]
    # centred differences have errors in h², h⁴, …: eliminating h² from two of ratio 4
    better = [(16 * fine - coarse) / 15 for coarse, fine in pairwise(slopes)]
    best: Slope | None = None
    for i in range(1, len(better)):
        step, value = _STEPS[i + 1], better[i]
        error = abs(value - better[i - 1]) + 1.5 * floor / step
        if math.isfinite(error) and (best is None or error < best.error):
            best = Slope(value, error, step, value, value, False)
    return best


def has_kink(phi: Curve, eps: float, size: float, heard: float | None = None) -> bool:
    """Whether `phi` bends sharply at 0: |φ(h) − 2φ(0) + φ(−h)|/h does not shrink with h.

    `heard` is its `noise`, where that is known.
    """
    heard, middle = noise(phi, eps) if heard is None else heard, phi(0.0)

    def bend(h: float) -> float:
        return abs(phi(h) - 2 * middle + phi(-h)) / h

    small = 4 * math.sqrt(eps)
    narrow, wide = bend(small), bend(16 * small)
    seen = 100 * eps * max(size, abs(middle)) / small + 10 * heard / small
    return narrow > 0.5 * wide and narrow > seen


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
