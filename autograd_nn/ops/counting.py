"""Positions that depend on values, what is counted by them, and what is computed piece by piece.

Positions and counts have no gradient. While a function is traced their number is not known, and
they are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.recording import refuse_value
from ..core.tensor import Tensor, apply, plain
from .functions import implements
from .indexing import SETITEM, put_into_zeros
from .rules import along, as_tensor

_BY_SHAPE = "The shape of its result depends on values."


def _looked_at(x: Any, what: str, why: str = _BY_SHAPE) -> Any:
    """Return the array of `x` for positions that depend on values, and have no gradient."""
    if isinstance(x, Tensor):
        refuse_value(what, why)
    return np.asarray(plain(x))


def _counted(array: Any) -> Tensor:
    """Return positions or counts as a Tensor, read-only as all results are."""
    array.setflags(write=False)
    return Tensor(array)


implements(np.nonzero)(lambda a: tuple(map(_counted, np.nonzero(_looked_at(a, "np.nonzero")))))
implements(np.argwhere)(lambda a: _counted(np.argwhere(_looked_at(a, "np.argwhere"))))
implements(np.flatnonzero)(lambda a: _counted(np.flatnonzero(_looked_at(a, "np.flatnonzero"))))


@implements(np.unique)
def _unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, axis: int | None = None, **more: Any,
) -> Any:  # fmt: skip
    found: Any = np.unique(  # type: ignore[call-overload]  # options as they were given
        _looked_at(ar, "np.unique"), True, return_inverse, return_counts, axis, **more
    )
    ar, axis = along(ar, axis)
    shown = [
        np.take(as_tensor(ar), found[1], axis),
        *map(_counted, found[1 if return_index else 2 :]),
    ]
    return tuple(shown) if len(shown) > 1 else shown[0]


@implements(np.trim_zeros)
def _trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    if filt.ndim != 1:
        raise NotImplementedError(f"np.trim_zeros on Tensors takes vectors, got {filt.shape}")
    kept = np.flatnonzero(_looked_at(filt, "np.trim_zeros"))
    if not kept.size:
        return filt[:0]
    first = kept[0] if "f" in trim.lower() else 0
    return filt[first : kept[-1] + 1 if "b" in trim.lower() else None]


@implements(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    x = as_tensor(x)
    single = np.ndim(condlist) == 0 or (np.ndim(condlist[0]) == 0 and x.ndim != 0)
    conditions = [np.asarray(c, dtype=bool) for c in ([condlist] if single else condlist)]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.logical_or.reduce(conditions))
    if len(funclist) != len(conditions):
        raise ValueError(
            f"np.piecewise needs a function for each of {len(conditions)} conditions, and perhaps "
            f"one more for all else; got {len(funclist)}"
        )
    pieces = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        there = x[condition]
        piece = function(there, *args, **kw) if callable(function) else function
        piece = np.broadcast_to(as_tensor(piece).astype(x.dtype), there.shape)
        pieces = apply(SETITEM, (pieces, piece), {"key": condition})
    return pieces


@implements(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    places = _looked_at(x, "np.bincount")
    counts = np.bincount(places, minlength=minlength)
    if weights is None:
        return _counted(counts)
    return put_into_zeros(as_tensor(weights).astype(float), (places,), counts.shape)


@implements(np.histogram)
def _histogram(
    a: Any, bins: Any = 10, range: Any = None, density: Any = None,  # noqa: A002 - NumPy's word
    weights: Any = None,
) -> Any:  # fmt: skip
    why = "Compare with the edges, and sum over what lies between two: np.sum((a >= low) & …)."
    places, bins = (_looked_at(x, "np.histogram", why) for x in (a, bins))
    places = places.ravel()
    edges = np.histogram_bin_edges(places, bins, range)
    within = (places >= edges[0]) & (places <= edges[-1])
    bin_of = np.clip(np.searchsorted(edges, places, "right") - 1, 0, len(edges) - 2)[within]
    if weights is not None:
        weights = np.ravel(weights)[within]
    counts = _bincount(bin_of, weights, len(edges) - 1)
    return (counts / np.diff(edges) / np.sum(counts) if density else counts), edges


@implements(np.apply_along_axis)
def _apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    moved = np.moveaxis(arr, axis, -1)
    results = [as_tensor(func1d(moved[i], *args, **kwargs)) for i in np.ndindex(moved.shape[:-1])]
    joined = np.reshape(np.stack(results), moved.shape[:-1] + results[0].shape)
    lead = moved.ndim - 1
    return np.moveaxis(joined, range(lead, joined.ndim), range(axis % arr.ndim, axis % arr.ndim
        + joined.ndim - lead))  # fmt: skip


@implements(np.apply_over_axes)
def _apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    for axis in np.atleast_1d(axes):
        result = func(a, int(axis))
        a = result if result.ndim == a.ndim else np.expand_dims(result, int(axis))
    return a
