"""Averages, variances, quantiles, and the reductions that leave out what is not a number."""

from __future__ import annotations

from functools import partial, wraps
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from .functions import implements
from .reductions import count
from .rules import as_array, axes_of, conjugated, is_complex, real, squared


@implements(np.var)
def _var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
    keepdims: Any = False, *, mean: Any = np._NoValue, correction: Any = np._NoValue,
) -> Any:  # fmt: skip
    if correction is not np._NoValue:
        ddof = correction
    a = a if dtype is None else a.astype(dtype)
    deviation = a - (np.mean(a, axis=axis, keepdims=True) if mean is np._NoValue else mean)
    total = np.sum(squared(deviation), axis=axis, keepdims=keepdims)
    return total / (count(a.shape, axis) - ddof)


@implements(np.std)
@wraps(_var)  # errors about arguments read its signature
def _std(*args: Any, **kwargs: Any) -> Any:
    variance = _var(*args, **kwargs)
    # that of single numbers is 0 whatever they are, and the root has no slope there
    return variance if np.size(args[0]) == variance.size else np.sqrt(variance)


@implements(np.average)
def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    keepdims = bool(keepdims) and keepdims is not np._NoValue
    a = as_array(a)
    if weights is None:
        result = np.mean(a, axis=axis, keepdims=keepdims)
        total = result * 0 + count(a.shape, axis)
    else:
        if np.shape(weights) != a.shape:
            axes = axes_of(axis, a.ndim)
            if np.shape(weights) != tuple(a.shape[i] for i in axes):
                raise ValueError(
                    f"np.average: weights of shape {np.shape(weights)} do not fit shape {a.shape} "
                    f"along axis {axis}"
                )
            order = sorted(range(len(axes)), key=lambda i: axes[i])
            shape = tuple(n if i in axes else 1 for i, n in enumerate(a.shape))
            weights = np.reshape(np.transpose(weights, order), shape)
        total = np.sum(np.broadcast_to(weights, a.shape), axis=axis, keepdims=keepdims)
        result = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (result, total) if returned else result


# -- quantiles -------------------------------------------------------------------------------------


def _sorted_last(a: Any, axis: Any) -> tuple[Any, Any]:
    """Return `a` sorted along the axes in question, made one at the end; and its old shape."""
    if is_complex(a):
        raise TypeError("medians and quantiles are of real numbers; take np.real or np.abs")
    axes = axes_of(axis, a.ndim)
    rest = [i for i in range(a.ndim) if i not in axes]
    moved = np.transpose(a, (*rest, *axes))
    flat = np.reshape(moved, (*(a.shape[i] for i in rest), count(a.shape, axes)))
    return np.sort(flat, axis=-1), tuple(1 if i in axes else n for i, n in enumerate(a.shape))


def _in_place(result: Any, q: Any, reduced: tuple[int, ...], keepdims: Any) -> Any:
    """Put the axes of `q` in front, and those that were reduced back where they are wanted."""
    if q.ndim:
        result = np.moveaxis(result, tuple(range(-q.ndim, 0)), tuple(range(q.ndim)))
    return np.reshape(result, (*q.shape, *reduced)) if keepdims is True else result


def _levels(q: Any, scale: float) -> Any:
    if isinstance(q, Tensor):
        raise TypeError("quantiles are not differentiable in q: pass numbers, e.g. q.numpy()")
    levels = np.asarray(q, dtype=float) / scale
    if np.any((levels < 0) | (levels > 1)):
        raise ValueError(f"quantiles lie in [0, {scale:g}], got {q}")
    return levels


_DISCRETE = ("inverted_cdf", "closest_observation", "lower", "higher", "nearest")
"""Methods whose results are elements, in the data type of these."""


def _between(below: Any, above: Any, share: Any, weak: bool) -> Any:
    """Interpolate; a `weak` share takes the data type of what it weighs."""
    kind = below.dtype
    return below + (above - below) * (share.astype(kind) if weak and kind.kind == "f" else share)


def _at(ordered: Any, position: Any, q: Any, weak: bool) -> Any:
    """Return the values of `ordered` at fractional positions, one for each of `q`."""
    low, high = np.floor(position).astype(int), np.ceil(position).astype(int)
    below, above = np.take(ordered, low, -1), np.take(ordered, high, -1)
    last = ordered[(..., -1, *(None,) * q.ndim)]
    result = _between(below, above, np.asarray(position - low), weak)
    return np.where(np.isnan(last), last, result)  # nan is sorted to the end


def _quantile(
    scale: float, a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    method: Any = "linear", keepdims: Any = False, *, weights: None = None,
) -> Any:  # fmt: skip
    if weights is not None:
        raise NotImplementedError("quantiles and percentiles of Tensors do not take weights")
    levels = _levels(q, scale)
    ordered, reduced = _sorted_last(a, axis)
    # the quantiles of 0, 1, 2, … are the positions, by whatever method
    position = np.quantile(np.arange(ordered.shape[-1], dtype=float), levels, method=method)
    weak = isinstance(q, (int, float)) or method in _DISCRETE
    return _in_place(_at(ordered, position, levels, weak), levels, reduced, keepdims)


def _median(
    quantile: Any, a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    keepdims: Any = False,
) -> Any:  # fmt: skip
    return quantile(1, a, 0.5, axis, keepdims=keepdims)


implements(np.quantile)(partial(_quantile, 1))
implements(np.percentile)(partial(_quantile, 100))
implements(np.median)(partial(_median, _quantile))


# -- without what is not a number ------------------------------------------------------------------


def _numbers(a: Any, axis: Any, keepdims: Any) -> Any:
    """Return how many elements are numbers."""
    return np.sum(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims)


def _without_nan(
    function: Any, neutral: float, a: Any, axis: Any = None, dtype: Any = None, out: Any = None,
    keepdims: Any = False,
) -> Any:  # fmt: skip
    return function(np.where(np.isnan(a), neutral, a), axis=axis, dtype=dtype, keepdims=keepdims)


implements(np.nansum)(partial(_without_nan, np.sum, 0))
implements(np.nanprod)(partial(_without_nan, np.prod, 1))


@implements(np.nanmean)
def _nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False
) -> Any:
    total = np.nansum(a, axis, dtype, keepdims=keepdims)
    return total / _numbers(a, axis, keepdims).astype(total.dtype)


@implements(np.nanvar)
def _nanvar(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0,
    keepdims: Any = False,
) -> Any:  # fmt: skip
    missing = np.isnan(a)
    # masked before it is squared, as the derivative of the square of nan is nan
    deviation = np.where(missing, 0, a - _nanmean(a, axis, dtype, keepdims=True))
    total = np.sum(squared(deviation), axis=axis, keepdims=keepdims)
    return total / (_numbers(a, axis, keepdims) - ddof).astype(total.dtype)


@implements(np.nanstd)
@wraps(_nanvar)  # errors about arguments read its signature
def _nanstd(*args: Any, **kwargs: Any) -> Any:
    return np.sqrt(_nanvar(*args, **kwargs))


def _nan_extremum(
    function: Any, worst: float, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False
) -> Any:
    missing = np.isnan(a)
    found = function(np.where(missing, worst, a), axis=axis, keepdims=keepdims)
    return np.where(np.all(missing, axis=axis, keepdims=keepdims), np.nan, found)


implements(np.nanmax)(partial(_nan_extremum, np.max, -np.inf))
implements(np.nanmin)(partial(_nan_extremum, np.min, np.inf))


def _nan_quantile(
    scale: float, a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
    method: str = "linear", keepdims: Any = False,
) -> Any:  # fmt: skip
    if method != "linear":
        raise NotImplementedError(f"np.nanquantile on Tensors: method is 'linear', got {method!r}")
    levels = _levels(q, scale)
    ordered, reduced = _sorted_last(a, axis)
    last = np.sum(np.logical_not(np.isnan(ordered)), axis=-1) - 1  # the numbers are in front
    spread = np.reshape(last, (*last.shape, *(1,) * levels.ndim))
    position = np.maximum(spread, 0) * levels
    low, high = np.floor(position).astype(int), np.ceil(position).astype(int)
    flat = (*last.shape, levels.size)
    below, above = (
        np.reshape(np.take_along_axis(ordered, np.reshape(i, flat), -1), low.shape)
        for i in (low, high)
    )
    result = _between(below, above, position - low, isinstance(q, (int, float)))
    return _in_place(result, levels, reduced, keepdims)


implements(np.nanquantile)(partial(_nan_quantile, 1))
implements(np.nanpercentile)(partial(_nan_quantile, 100))
implements(np.nanmedian)(partial(_median, _nan_quantile))


# -- several variables -----------------------------------------------------------------------------


@implements(np.cov)
def _cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: float | None = None,
    fweights: None = None, aweights: None = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    if fweights is not None or aweights is not None:
        raise NotImplementedError("np.cov on Tensors does not take weights")
    kinds = [m, np.float64] if y is None else [m, y, np.float64]
    kind = np.result_type(*kinds) if dtype is None else dtype
    x = np.atleast_2d(m)
    x = x.T if not rowvar and np.ndim(m) > 1 else x
    if y is not None:
        other = np.atleast_2d(y)
        x = np.concatenate([x, other.T if not rowvar and np.ndim(y) > 1 else other])
    x = x.astype(kind)
    centred = x - np.mean(x, axis=1, keepdims=True)
    correction = (0 if bias else 1) if ddof is None else ddof
    return np.squeeze(centred @ conjugated(centred).T / (x.shape[1] - correction))


@implements(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = _cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(real(np.diagonal(c)))
    return c / np.expand_dims(deviation, 1) / deviation
