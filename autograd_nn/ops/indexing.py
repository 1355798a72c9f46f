"""Taking elements by position, and putting them back.

`getitem` takes by anything that NumPy takes between brackets, `take`, `take_along_axis` and
`gather` (by an index array for each of the first axes) by indices that may be computed; the rule
of each is to add the cotangents into zeros at the same positions. Everything else here is composed
of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import topological_order
from ..core.op import Op, register
from ..core.recording import TracingError
from ..core.tensor import Tensor, apply, plain
from ..places import users_code
from .functions import implements
from .rules import add_at, along, as_tensor, call, function_of


def item(x: Any, key: Any) -> Any:
    """Return ``x[key]``."""
    return x[key]


def is_basic(key: Any) -> bool:
    """Whether `key` is made of integers, slices, None and Ellipsis: each element at most once."""
    parts = key if isinstance(key, tuple) else (key,)
    basic = (int, np.integer, slice, type(None), type(Ellipsis))
    return all(isinstance(part, basic) and not isinstance(part, bool) for part in parts)


def _takes_once(key: Any) -> bool:
    """Whether `key` selects every element at most once: it is basic but for masks."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(is_basic(part) or getattr(part, "dtype", int) is np.dtype(bool) for part in parts)


def _scatter(g: Any, key: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros_like(g, shape=shape)
    if _takes_once(key):
        out[key] = g
    else:
        add_at(out, key, g)
    return out


def _updated(x: Any, value: Any, key: Any) -> Any:
    out = x.astype(np.result_type(x, value))  # a copy
    out[key] = value
    return out


def _surviving(g: Any, key: Any) -> Any:
    """Return ``g[key]``, with zeros for all but the last of what went to one place."""
    taken = g[key]
    if is_basic(key):
        return taken
    places = np.arange(int(np.prod(g.shape, dtype=int))).reshape(g.shape)[key]
    order = np.arange(places.size).reshape(places.shape)
    last = np.empty(g.shape, dtype=int).ravel()
    last[places] = order
    return np.where(last[places] == order, taken, 0)


def _put(g: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    out = np.zeros_like(g, shape=shape)
    add_at(out, (slice(None),) * (axis % len(shape)) + (indices,), g)
    return out


def _put_along(g: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    out = np.zeros_like(g, shape=shape)
    axis = axis % len(shape)
    key = [np.reshape(np.arange(n), [-1 if j == i else 1 for j in range(len(shape))])
           for i, n in enumerate(shape)]  # fmt: skip
    key[axis] = indices
    add_at(out, tuple(key), g)
    return out


def _gathered(x: Any, *indices: Any) -> Any:
    return x[indices]


def _spread_out(g: Any, *indices: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros_like(g, shape=shape)
    add_at(out, indices, g)
    return out


def _to_first(rule: Any) -> Any:
    """Return a rule of all inputs, of which the first alone has a cotangent."""
    return lambda *args, **params: lambda index: None if index else rule(*args, **params)


# fmt: off
GETITEM: Op = register(Op("getitem", item,
    (lambda g, out, x, key: call(SCATTER, g, key=key, shape=x.shape),), latex="{0}[\\cdot]",
    text="{0}[{key}]", python="{0}[{key}]",
    rule_words="the cotangent put where the elements came from, added up where some came twice",
    traits={"complex", "view"}))
SCATTER: Op = register(Op("scatter", _scatter, (lambda g, out, x, key, shape: g[key],),
    latex=function_of("scatter"),
    python="scatter({0})", rule_words="the elements of the cotangent at the key",
    traits={"complex"}))
SETITEM: Op = register(Op("setitem", _updated, (
    lambda g, out, x, value, key: call(SETITEM, g, np.zeros_like(value), key=key),
    lambda g, out, x, value, key: _surviving(g, key),
), latex=function_of("setitem", 2),
    rule_words="the cotangent with zeros at the key; its elements at the key",
    traits={"complex"}))
TAKE: Op = register(Op("take", np.take, (
    lambda g, out, x, indices, axis: call(PUT, g, indices, shape=x.shape, axis=axis), None,
), latex=function_of("take", 2),
    rule_words="the cotangent put where the elements came from, added up where some came twice",
    traits={"complex"}))
PUT: Op = register(Op("put", _put, (
    lambda g, out, x, indices, shape, axis: call(TAKE, g, indices, axis=axis), None,
), latex=function_of("put"), rule_words="the elements of the cotangent at the indices",
    traits={"complex"}))
TAKE_ALONG_AXIS: Op = register(Op("take_along_axis", np.take_along_axis, (
    lambda g, out, x, indices, axis: call(PUT_ALONG_AXIS, g, indices, shape=x.shape, axis=axis),
    None,
), latex=function_of("take", 2),
    rule_words="the cotangent put where the elements came from, added up likewise",
    traits={"complex"}))
PUT_ALONG_AXIS: Op = register(Op("put_along_axis", _put_along, (
    lambda g, out, x, indices, shape, axis: call(TAKE_ALONG_AXIS, g, indices, axis=axis), None,
), latex=function_of("put"), rule_words="the elements of the cotangent at the indices",
    traits={"complex"}))
GATHER: Op = register(Op("gather", _gathered, every=_to_first(
    lambda g, out, x, *indices: call(SPREAD, g, *indices, shape=x.shape)),
    latex=r"\operatorname{{gather}}({0}, \ldots)",
    rule_words="the cotangent put where the elements came from, added up likewise",
    traits={"complex"}))
SPREAD: Op = register(Op("spread", _spread_out, every=_to_first(
    lambda g, out, x, *indices, shape: call(GATHER, g, *indices)),
    latex=r"\operatorname{{spread}}({0}, \ldots)",
    rule_words="the elements of the cotangent at the indices", traits={"complex"}))
# fmt: on


def _is_mask(part: Any) -> bool:
    return isinstance(part, bool) or getattr(getattr(part, "dtype", None), "kind", "") == "b"


def _is_position(part: Any) -> bool:
    return not isinstance(part, (slice, type(None), type(Ellipsis)))


def _apart(parts: Sequence[Any]) -> bool:
    """Whether slices stand between positions: NumPy puts the axes of index arrays first then."""
    places = [i for i, part in enumerate(parts) if _is_position(part)]
    return bool(places) and places[-1] - places[0] >= len(places)


def advanced_first(key: Any) -> int:
    """Return how many axes of index arrays ``x[:, *key]`` has before that of the colon."""
    parts = key if isinstance(key, tuple) else (key,)
    if is_basic(key) or not _apart(parts):
        return 0
    return max([1 if _is_mask(part) else np.ndim(part) for part in parts if _is_position(part)])


def _known_mask(mask: Tensor) -> Any:
    """Return a Tensor of truth values as the array that it is in every run; refuse any other."""
    if any(node.op is not None and not node.inputs for node in topological_order([mask])):
        raise TracingError(
            "x[mask] has as many elements as the mask has truth values, and these are not known "
            f"while the function is being traced ({users_code()}). Keep the shape, as "
            "np.where(mask, x, 0) does, or take by positions, whose number is known"
        )
    return np.asarray(plain(mask))


def _index_part(part: Any) -> Any:
    if isinstance(part, list):
        part = np.stack(part) if any(isinstance(p, Tensor) for p in part) else np.array(part)
    return _known_mask(part) if isinstance(part, Tensor) and part.dtype == bool else part


def indexed(x: Any, key: Any) -> Any:
    """Return ``x[key]`` where positions in the key are Tensors that a program computes.

    Slices and None are taken first, then elements along the axes that have positions.
    """
    parts = [_index_part(part) for part in (key if isinstance(key, tuple) else (key,))]
    apart = _apart(parts)  # an ellipsis parts, also where it stands for no axis
    if any(part is Ellipsis for part in parts):
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        taken = [np.ndim(p) if _is_mask(p) else p is not None for p in parts]
        parts[at : at + 1] = [slice(None)] * (x.ndim + 1 - sum(taken))
    basic: list[Any] = []
    axes: list[int] = []
    indices: list[Any] = []
    for part in parts:
        positions = np.nonzero(part) if _is_mask(part) else [part] if _is_position(part) else []
        axes += range(len(basic), len(basic) + len(positions))
        indices += positions
        basic += [slice(None)] * len(positions) or [part]
    if any(part != slice(None) for part in basic):
        x = apply(GETITEM, (x,), {"key": tuple(basic)})
    if len(axes) == 1:
        return apply(TAKE, (x, indices[0]), {"axis": axes[0]})
    front = list(range(len(axes)))
    found: Any = apply(GATHER, (np.moveaxis(x, axes, front) if axes != front else x, *indices))
    new = range(max(map(np.ndim, indices)))
    if apart or not axes[0] or not new:
        return found
    return np.moveaxis(found, tuple(new), tuple([axes[0] + i for i in new]))


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
    shape = np.broadcast_shapes(np.shape(a), np.shape(chosen))
    return np.broadcast_to(as_tensor(chosen), shape) if count == 1 else chosen


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
