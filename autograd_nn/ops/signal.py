"""Convolution, interpolation, polynomials: functions of sampled curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import apply
from .functions import implements
from .rules import as_tensor, conjugated


def convolved(a: Any, v: Any) -> Any:
    """Return the full convolution of two vectors."""
    return np.convolve(a, v)


def _without_ends(g: Any, other: Any) -> Any:
    """Correlate `g` with `other` where they overlap completely: the transpose of convolving."""
    count = len(other)
    return np.convolve(g, other[::-1])[count - 1 : len(g)]


CONVOLVE = register(Op("convolve", convolved, (
    lambda g, out, a, v: _without_ends(g, v),
    lambda g, out, a, v: _without_ends(g, a),
), latex=r"{0} \ast {1}",
    rule_words="the cotangent correlated with the other operand", traits={"complex"}))  # fmt: skip


@implements(np.convolve)
def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    longer, shorter = max(len(a), len(v)), min(len(a), len(v))
    full = apply(CONVOLVE, (a, v))
    if mode == "full":
        return full
    if mode == "valid":
        return full[shorter - 1 : longer]
    if mode == "same":
        return full[(shorter - 1) // 2 : (shorter - 1) // 2 + longer]
    raise ValueError(f"mode is 'full', 'same' or 'valid', got {mode!r}")


@implements(np.correlate)
def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    if len(v) > len(a):  # NumPy swaps the two, and so the centre
        return conjugated(_correlate(v, a, mode)[::-1])
    return _convolve(a, np.flip(conjugated(v)), mode)


@implements(np.interp)
def _interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None
) -> Any:
    xp, fp = as_tensor(xp), as_tensor(fp)
    if period is not None:
        period = abs(period)
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(xp)
        xp, fp = np.take(xp, order), np.take(fp, order)
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    count = np.shape(xp)[0]
    if count == 1:
        inside = fp[0]
    else:
        low = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, count - 2)
        x0, x1 = np.take(xp, low), np.take(xp, low + 1)
        y0, y1 = np.take(fp, low), np.take(fp, low + 1)
        inside = y0 + (x - x0) * ((y1 - y0) / (x1 - x0))
    below = np.where(x < xp[0], fp[0] if left is None else left, inside)
    return np.where(x > xp[-1], fp[-1] if right is None else right, below)


@implements(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    value: Any = 0 * x
    for i in range(len(p)):
        value = value * x + p[i]
    return value


@implements(np.polyder)
def _polyder(p: Any, m: int = 1) -> Any:
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@implements(np.polyint)
def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    constants = np.zeros(m) if k is None else np.broadcast_to(np.atleast_1d(k), (m,))
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1), constants[i : i + 1]])
    return p


@implements(np.polyfit)
def _polyfit(
    x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None,
    cov: bool = False,
) -> Any:  # fmt: skip
    if full or cov:
        raise NotImplementedError("np.polyfit on Tensors takes full=False and cov=False only")
    x, y = as_tensor(x), as_tensor(y)
    left, right = np.vander(x, deg + 1), y
    if w is not None:
        left = left * np.expand_dims(w, -1)
        right = y * (w if y.ndim == 1 else np.expand_dims(w, -1))
    scale = np.sqrt(np.sum(np.square(left), axis=0))
    solution = np.linalg.lstsq(left / scale, right, rcond)[0]
    return (solution.T / scale).T


implements(np.logspace)(
    lambda start, stop, num=50, endpoint=True, base=10.0, **more: np.power(
        base, _linspace(as_tensor(start), as_tensor(stop), num, endpoint, **more)
    )
)
implements(np.geomspace)(
    lambda start, stop, num=50, endpoint=True, **more: np.exp(
        _linspace(np.log(as_tensor(start)), np.log(as_tensor(stop)), num, endpoint, **more)
    )
)


@implements(np.linspace)
def _linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0, *, device: None = None,
) -> Any:  # fmt: skip
    steps = num - 1 if endpoint else num
    step = (stop - start) / steps if steps > 0 else (stop - start) * np.nan
    share = np.arange(num) / max(steps, 1)
    share = np.reshape(share, (-1,) + (1,) * np.ndim(step)).astype(step.dtype)
    points = start + (stop - start) * share
    points = np.moveaxis(points if dtype is None else points.astype(dtype), 0, axis)
    return (points, step) if retstep else points


@implements(np.unwrap)
def _unwrap(
    p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * np.pi
) -> Any:
    p = as_tensor(p)
    half = period / 2
    step = np.diff(p, axis=axis)
    short = np.remainder(step + half, period) - half
    short = np.where(np.logical_and(short == -half, step > 0), half, short)
    turn = np.where(np.abs(step) < (half if discont is None else discont), 0, short - step)
    return p + np.concatenate([0 * np.take(p, [0], axis), np.cumsum(turn, axis)], axis)
