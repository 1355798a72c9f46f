"""Running sums and products, differences, and what is made of neighbours along an axis."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import apply
from .functions import composed_by_numpy, implements
from .rules import along, as_array, axes_of, function_of


def _backwards(x: Any, axis: int) -> Any:
    return x[(slice(None),) * (axis % len(x.shape)) + (slice(None, None, -1),)]


def _cut(axis: int, start: int | None, stop: int | None = None) -> tuple[slice, ...]:
    """Return the key of a slice along `axis`, which counts from the front."""
    return (slice(None),) * axis + (slice(start, stop),)


def _cumsum_rule(g: Any, out: Any, x: Any, axis: int) -> Any:
    return _backwards(np.cumsum(_backwards(g, axis), axis=axis), axis)


def _ahead(x: Any, steps: int, axis: int) -> Any:
    """Return `x` shifted by `steps` towards the front, zeros at the end."""
    moved = x[_cut(axis, steps)]
    missing = (*x.shape[:axis], x.shape[axis] - moved.shape[axis], *x.shape[axis + 1 :])
    return np.concatenate([moved, np.zeros(missing, x.dtype)], axis=axis)


def _cumprod_rule(g: Any, out: Any, x: Any, axis: int) -> Any:
    # With y = cumprod(x) the cotangent of x_i is y_{i-1} r_i, where r_i = g_i + x_{i+1} r_{i+1}:
    # no division, so that zeros do no harm. The recurrence is run by doubling.
    axis %= len(x.shape)
    count = x.shape[axis]
    if not count:
        return g
    factor, r = _ahead(x, 1, axis), g
    step = 1
    while step < count:
        r = r + factor * _ahead(r, step, axis)
        factor = factor * _ahead(factor, step, axis)
        step *= 2
    first = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    before = np.concatenate([np.ones(first, x.dtype), out[_cut(axis, 0, -1)]], axis=axis)
    return before * r


# fmt: off
CUMSUM = register(Op("cumsum", np.cumsum, (_cumsum_rule,), latex=function_of("cumsum"),
    rule_words="the cumulative sum of the cotangent from the other end",
    traits={"complex", "lines"}))
CUMPROD = register(Op("cumprod", np.cumprod, (_cumprod_rule,), latex=function_of("cumprod"),
    rule_words="$x_i$: $r_{i-1} s_i$ with $s_i = g_i + x_{i+1} s_{i+1}$, which divides by nothing",
    traits={"complex", "lines"}))
# fmt: on


def _scan(
    op: Op, a: Any, axis: int | None = None, dtype: Any = None, out: Any = None
) -> Any:  # fmt: skip
    a, axis = along(a if dtype is None else a.astype(dtype), None if a.ndim == 0 else axis)
    return apply(op, (a,), {"axis": int(axis)})


def _nan_scan(op: Op, neutral: float, a: Any, *args: Any, **kwargs: Any) -> Any:
    return _scan(op, np.where(np.isnan(a), neutral, a), *args, **kwargs)


implements(np.cumsum)(partial(_scan, CUMSUM))
implements(np.cumprod)(partial(_scan, CUMPROD))
implements(np.nancumsum)(partial(_nan_scan, CUMSUM, 0))
implements(np.nancumprod)(partial(_nan_scan, CUMPROD, 1))
composed_by_numpy(*[getattr(np, f"cumulative_{name}", None) for name in ("sum", "prod")])  # 2.1


# -- differences -----------------------------------------------------------------------------------


def _beside(a: Any, border: Any, axis: int) -> Any:
    """Return `border` as something that can be joined to `a` along `axis`."""
    if np.ndim(border) == 0:
        return np.broadcast_to(border, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))
    return border


@implements(np.diff)
def _diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue
) -> Any:
    if n < 0:
        raise ValueError(f"np.diff takes differences n times, n = {n} is negative")
    a = as_array(a)
    axis = np.lib.array_utils.normalize_axis_index(axis, a.ndim)
    parts = [] if prepend is np._NoValue else [_beside(a, prepend, axis)]
    parts.append(a)
    parts += [] if append is np._NoValue else [_beside(a, append, axis)]
    if n and len(parts) > 1:
        a = np.concatenate(parts, axis)
    for _ in range(n):
        a = a[_cut(axis, 1)] - a[_cut(axis, None, -1)]
    return a


@implements(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    steps = _diff(np.ravel(ary))
    parts = [] if to_begin is None else [np.ravel(to_begin)]
    parts.append(steps)
    parts += [] if to_end is None else [np.ravel(to_end)]
    return np.concatenate(parts) if len(parts) > 1 else steps


@implements(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    axis = np.lib.array_utils.normalize_axis_index(axis, np.ndim(y))
    if x is None:
        width = dx
    elif np.ndim(x) == 1:
        width = np.reshape(np.diff(x), (-1,) + (1,) * (np.ndim(y) - axis - 1))
    else:
        width = np.diff(x, axis=axis)
    return np.sum(width * (y[_cut(axis, 1)] + y[_cut(axis, None, -1)]) / 2, axis)


@implements(np.gradient)
def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    axes = axes_of(axis, f.ndim)
    spacings = list(varargs) * (len(axes) if len(varargs) == 1 else 1) or [1.0] * len(axes)
    if len(spacings) != len(axes):
        raise TypeError(f"np.gradient: {len(axes)} axes and {len(spacings)} spacings")
    if edge_order not in (1, 2):
        raise ValueError(f"np.gradient: edge_order is 1 or 2, got {edge_order}")
    slopes = [_slope(f, h, a, edge_order) for h, a in zip(spacings, axes, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """Return the derivative along `axis`: three-point formulas, one- or three-point at the ends.

    With steps h before and k after a point, the derivative of the parabola through three points
    is a f₋ + b f₀ + c f₊ with a = −k/(h(h+k)), b = (k−h)/(hk), c = h/(k(h+k)).
    """
    if f.shape[axis] < edge_order + 1:
        raise ValueError(
            f"np.gradient: axis {axis} of shape {f.shape} needs {edge_order + 1} points or more"
        )
    if np.ndim(spacing) == 0:
        steps = np.broadcast_to(spacing, (f.shape[axis] - 1,))
    elif np.shape(spacing) != (f.shape[axis],):
        raise ValueError(f"np.gradient: {f.shape[axis]} points, {np.shape(spacing)} coordinates")
    else:
        steps = np.diff(spacing)
    steps = np.reshape(steps, (-1,) + (1,) * (f.ndim - axis - 1))
    h, k = steps[:-1], steps[1:]
    before, middle, after = (f[_cut(axis, i, f.shape[axis] - 2 + i)] for i in range(3))
    inner = (h * h * (after - middle) + k * k * (middle - before)) / (h * k * (h + k))
    rise = (f[_cut(axis, 1)] - f[_cut(axis, None, -1)]) / steps
    first, last = rise[_cut(axis, 0, 1)], rise[_cut(axis, -1)]
    if edge_order == 2:
        first, last = (
            first - (rise[_cut(axis, 1, 2)] - first) * steps[:1] / (steps[:1] + steps[1:2]),
            last + (last - rise[_cut(axis, -2, -1)]) * steps[-1:] / (steps[-1:] + steps[-2:-1]),
        )
    slope = np.concatenate([first, inner, last], axis)
    return slope.astype(f.dtype) if f.dtype.kind == "f" else slope
