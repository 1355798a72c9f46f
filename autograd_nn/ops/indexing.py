"""Taking elements by position, and putting them back.

`getitem` takes by anything that NumPy takes between brackets, `take` and `take_along_axis` by
indices that may be computed; the rule of each is to add the cotangents into zeros at the same
positions. Everything else here is composed of these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply
from .functions import implements
from .rules import add_at, along, as_tensor, call, function_of


def item(x: Any, key: Any) -> Any:
    """Return ``x[key]``."""
    return x[key]


def _is_basic(key: Any) -> bool:
    """Whether `key` selects every element at most once: integers, slices, None and Ellipsis."""
    parts = key if isinstance(key, tuple) else (key,)
    basic = (int, np.integer, slice, type(None), type(Ellipsis))
    return all(isinstance(part, basic) and not isinstance(part, bool) for part in parts)


def _scatter(g: Any, key: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros_like(g, shape=shape)
    if _is_basic(key):
        out[key] = g
    else:
        add_at(out, key, g)
    return out


def _updated(x: Any, value: Any, key: Any) -> Any:
    out = x.copy()
    out[key] = value
    return out


def _surviving(g: Any, key: Any) -> Any:
    """Return ``g[key]``, with zeros for all but the last of what went to one place."""
    taken = g[key]
    if _is_basic(key):
        return taken
    places = np.arange(int(np.prod(g.shape, dtype=int))).reshape(g.shape)[key]
    order = np.arange(places.size).reshape(places.shape)
    last = np.empty(g.shape, dtype=int).ravel()
    last[places] = order
    return np.where(last[places] == order, taken, 0)


def _taken(x: Any, indices: Any, axis: int) -> Any:
    return np.take(x, indices, axis=axis)


def _put(g: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    out = np.zeros_like(g, shape=shape)
    add_at(out, (slice(None),) * (axis % len(shape)) + (indices,), g)
    return out


def _taken_along(x: Any, indices: Any, axis: int) -> Any:
    return np.take_along_axis(x, indices, axis)


def _put_along(g: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    out = np.zeros_like(g, shape=shape)
    axis = axis % len(shape)
    key = [np.reshape(np.arange(n), [-1 if j == i else 1 for j in range(len(shape))])
           for i, n in enumerate(shape)]  # fmt: skip
    key[axis] = indices
    add_at(out, tuple(key), g)
    return out


# fmt: off
GETITEM: Op = register(Op("getitem", item,
    (lambda g, out, x, key: call(SCATTER, g, key=key, shape=x.shape),), latex="{0}[\\cdot]",
    text="{0}[{key}]", python="{0}[{key}]",
    rule_words="the cotangent put where the elements came from, added up where some came twice",
    traits={"view"}))
SCATTER: Op = register(Op("scatter", _scatter, (lambda g, out, x, key, shape: g[key],),
    latex=function_of("scatter"),
    python="scatter({0})", rule_words="the elements of the cotangent at the key"))
SETITEM: Op = register(Op("setitem", _updated, (
    lambda g, out, x, value, key: call(SETITEM, g, np.zeros_like(value), key=key),
    lambda g, out, x, value, key: _surviving(g, key),
), latex=function_of("setitem", 2),
    rule_words="the cotangent with zeros at the key; its elements at the key"))
TAKE: Op = register(Op("take", _taken, (
    lambda g, out, x, indices, axis: call(PUT, g, indices, shape=x.shape, axis=axis), None,
), latex=function_of("take", 2),
    rule_words="the cotangent put where the elements came from, added up where some came twice"))
PUT: Op = register(Op("put", _put, (
    lambda g, out, x, indices, shape, axis: call(TAKE, g, indices, axis=axis), None,
), latex=function_of("put"), rule_words="the elements of the cotangent at the indices"))
TAKE_ALONG_AXIS: Op = register(Op("take_along_axis", _taken_along, (
    lambda g, out, x, indices, axis: call(PUT_ALONG_AXIS, g, indices, shape=x.shape, axis=axis),
    None,
), latex=function_of("take", 2),
    rule_words="the cotangent put where the elements came from, added up likewise"))
PUT_ALONG_AXIS: Op = register(Op("put_along_axis", _put_along, (
    lambda g, out, x, indices, shape, axis: call(TAKE_ALONG_AXIS, g, indices, axis=axis), None,
), latex=function_of("put"), rule_words="the elements of the cotangent at the indices"))
# fmt: on


def put_into_zeros(x: Any, key: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with `x` added at `key`."""
    return call(SCATTER, x, key=key, shape=shape)


def _integers(indices: Any) -> Any:
    """Return `indices` as a Tensor or an array of integers."""
    if isinstance(indices, Tensor):
        return indices
    array = np.asarray(indices)
    return array.astype(np.intp) if array.size == 0 else array


@implements(np.take)
def _take(
    a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise"
) -> Any:
    a = as_tensor(a)
    a, axis = along(a, None if a.ndim == 0 else axis)
    indices = _integers(indices)
    count = a.shape[axis]
    if mode == "wrap":
        indices = indices % count
    elif mode == "clip":
        indices = np.clip(indices, 0, count - 1)
    return apply(TAKE, (a, indices), {"axis": axis})


@implements(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    arr, axis = along(arr, axis)
    return apply(TAKE_ALONG_AXIS, (arr, _integers(indices)), {"axis": axis})


def _plain(values: Any) -> Any:
    """Return what decides on the shape of a result as an array."""
    return values.numpy() if isinstance(values, Tensor) else np.asarray(values)


@implements(np.compress)
def _compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> Any:
    return _take(a, np.flatnonzero(_plain(condition)), axis)


implements(np.extract)(lambda condition, arr: _compress(np.ravel(condition), np.ravel(arr)))


@implements(np.choose)
def _choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    count = len(choices)
    if mode == "wrap":
        a = np.remainder(a, count)
    elif mode == "clip":
        a = np.clip(a, 0, count - 1)
    else:
        which = _plain(a)
        if which.size and (which.min() < 0 or which.max() >= count):
            raise ValueError(f"np.choose: there are {count} choices, got an index beyond them")
    chosen = choices[-1]
    for index in range(count - 2, -1, -1):
        chosen = np.where(np.equal(a, index), choices[index], chosen)
    return chosen + np.zeros(np.shape(a)) if count == 1 else chosen


@implements(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"np.select needs as many choices as conditions, got {len(choicelist)} choices and "
            f"{len(condlist)} conditions"
        )
    selected = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        selected = np.where(condition, choice, selected)
    return selected


@implements(np.repeat)
def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    a, axis = along(a, axis)
    return _take(a, np.repeat(np.arange(a.shape[axis]), _plain(repeats)), axis)


@implements(np.delete)
def _delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    arr, axis = along(arr, axis)
    kept = np.delete(np.arange(arr.shape[axis]), _position(obj))
    return _take(arr, kept, axis)


@implements(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    arr, axis = along(arr, axis)
    obj = _position(obj)
    count = arr.shape[axis]
    places = np.arange(count)[obj] if isinstance(obj, slice) else np.asarray(obj)
    number = np.count_nonzero(places) if places.dtype == bool else places.size
    values = as_tensor(values)
    values = np.reshape(values, (1,) * (arr.ndim - values.ndim) + values.shape)
    if number == 1 and places.ndim == 0:  # as in a[:, 0, :] = values
        values = np.moveaxis(values, 0, axis)
    shape = list(arr.shape)
    shape[axis] = width = values.shape[axis] if number == 1 else number
    joined = np.concatenate([arr, np.broadcast_to(values, shape).astype(arr.dtype)], axis)
    order = np.insert(np.arange(count), obj, np.arange(count, count + width))
    return _take(joined, order, axis)


def _position(obj: Any) -> Any:
    return obj if isinstance(obj, (slice, int)) else _plain(obj)


@implements(np.lib.stride_tricks.sliding_window_view)
def _sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    window = (window_shape,) if isinstance(window_shape, int) else tuple(window_shape)
    axes = tuple(range(x.ndim) if axis is None else np.atleast_1d(axis).tolist())
    if len(window) != len(axes):
        raise ValueError(f"window_shape {window} and axis {axes} differ in length")
    for size, at in zip(window, axes, strict=True):
        starts = np.arange(x.shape[at] - size + 1)
        taken = _take(x, starts[:, None] + np.arange(size), at)
        x = np.moveaxis(taken, at % x.ndim + 1, -1)
    return x
