"""Rows of ``autograd_nn/ops/indexing.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_nn import Tensor
from autograd_nn.core.tensor import apply
from autograd_nn.ops.indexing import (
    GATHER,
    PUT,
    PUT_ALONG_AXIS,
    SCATTER,
    SETITEM,
    SPREAD,
)  # fmt: skip

from ..harness import ANY, In, Row

CUBE = (In((2, 3, 4)),)
PLACES = (In((2, 3, 4)), In((2, 2), 0, 2, "i"))


def _scatter(g: Any) -> Any:
    key = np.array([0, 2, 2])
    return apply(SCATTER, (g,), {"key": key, "shape": (4, 2)})


def _scattered(g: Any) -> Any:
    out = np.zeros((4, 2), g.dtype)
    out[0] = g[0]
    out[2] = g[1] + g[2]
    return out


def _put(g: Any) -> Any:
    return apply(PUT, (g, np.array([[0, 3], [3, -4]])), {"shape": (2, 4), "axis": -1})


def _put_by_numpy(g: Any) -> Any:
    out = np.zeros((2, 4), g.dtype)
    out[:, 0] = g[:, 0, 0] + g[:, 1, 1]
    out[:, 3] = g[:, 0, 1] + g[:, 1, 0]
    return out


def _put_along(g: Any) -> Any:
    return apply(PUT_ALONG_AXIS, (g, np.array([[0, 2, 2]])), {"shape": (2, 3), "axis": 1})


def _put_along_by_numpy(g: Any) -> Any:
    return np.stack([g[:, 0], 0 * g[:, 0], g[:, 1] + g[:, 2]], axis=1)


PAIRS = (In((2, 2), 0, 1, "i"), In((2,), -3, 2, "i"))


def _spread(g: Any, i: Any, j: Any) -> Any:
    return apply(SPREAD, (g, i, j), {"shape": (2, 3, 4)})


def _spread_by_numpy(g: Any, i: Any, j: Any) -> Any:
    out = np.zeros((2, 3, 4), g.dtype)
    for place in np.ndindex(2, 2):
        out[i[place], j[place[1]]] += g[place]
    return out


def _item(label: str, key: Any) -> Row:
    return Row("getitem", lambda a: a[key], CUBE, label=label)


def _set(label: str, key: Any, value: In) -> Row:
    def by_numpy(x: Any, v: Any) -> Any:
        out = x.astype(np.result_type(x, v))
        out[key] = v
        return out

    return Row("setitem", lambda x, v: apply(SETITEM, (x, v), {"key": key}), (*CUBE, value),
        label=label, reference=by_numpy)  # fmt: skip


_MASK = np.arange(24).reshape(2, 3, 4) % 3 == 0

ROWS = [
    _set("slices", (slice(None), 1, slice(None, None, 2)), In((2, 2))),
    _set("indices that repeat", (0, [1, 1, 2]), In((3, 4))),
    _set("mask", _MASK, In((8,))),
    Row("gather", lambda x, i, j: apply(GATHER, (x, i, j)), (*CUBE, *PAIRS),
        lambda x, i, j: x[i, j]),
    Row("spread", _spread, (In((2, 2, 4)), *PAIRS), _spread_by_numpy),
    _item("integer", 1),
    _item("negative integer", -1),
    _item("integers", (1, 2, 3)),
    _item("slice", slice(0, 1)),
    _item("slices and steps", (slice(None), slice(None, None, -2), slice(1, 3))),
    _item("ellipsis", (..., 0)),
    _item("None", (slice(None), None, 1)),
    _item("list", [1, 0, 1]),
    _item("integer array", np.array([[1, 0], [1, 1]])),
    _item("integer arrays", (np.array([0, 1, 0]), np.array([2, 2, 2]))),
    _item("integer arrays apart", (np.array([0, 1, 0]), slice(None), np.array([2, 2, 2]))),
    _item("boolean array", _MASK),
    _item("boolean array, one axis", np.array([True, False])),
    _item("boolean scalar", True),
    Row("getitem", lambda a: a[np.array([], dtype=int)], CUBE, label="nothing", order=0),
    Row("getitem", lambda a: a[a > 0], CUBE, label="boolean Tensor"),
    Row("getitem", lambda a: a[Tensor(np.array([1, 1, 0]))], CUBE,
        reference=lambda a: a[[1, 1, 0]], label="integer Tensor"),
    Row("getitem", lambda a: a[()], shapes=ANY, label="empty tuple"),
    Row("getitem", lambda a: a[...], shapes=ANY, label="..."),
    Row("put", _put, (In((2, 2, 2)),), reference=_put_by_numpy),
    Row("put_along_axis", _put_along, (In((2, 3)),), reference=_put_along_by_numpy),
    Row("scatter", _scatter, (In((3, 2)),), reference=_scattered),
    Row("take", lambda a: np.take(a, [1, 2, 2]), CUBE),
    Row("take", lambda a, i: np.take(a, i, axis=1), PLACES, label="indices that are a Tensor"),
    Row("take", lambda a: np.take(a, 1, axis=-1), CUBE, label="one"),
    Row("take", lambda a: np.take(a, [[-1, 5], [7, 0]], axis=1, mode="wrap"), CUBE, label="wrap"),
    Row("take", lambda a: np.take(a, [-1, 5, 1], axis=1, mode="clip"), CUBE, label="clip"),
    Row("take", lambda a: a.take([0, 0], axis=2), CUBE, label="as a method"),
    Row("take", lambda a: np.take(a, [], axis=2), CUBE, label="nothing", order=0,
        reference=lambda a: a[:, :, :0]),
    Row("take_along_axis", lambda a, i: np.take_along_axis(a, i, 1),
        (In((2, 3)), In((2, 4), 0, 2, "i"))),
    Row("take_along_axis", lambda a, i: np.take_along_axis(a, i, 0),
        (In((2, 3)), In((4, 1), 0, 1, "i")), label="broadcasting indices"),
    Row("take_along_axis", lambda a, i: np.take_along_axis(a, i, None),
        (In((2, 3)), In((4,), 0, 5, "i")), label="flattened"),
    Row("take", lambda a: np.compress([True, False, True], a, axis=1), CUBE, label="compress"),
    Row("take", lambda a: a.compress([False, True]), CUBE, label="compress method"),
    Row("take", lambda a: np.extract(np.arange(24) % 5 == 0, a), CUBE, label="extract"),
    Row("where", lambda i, a, b: np.choose(i, [a, b, a * b]),
        (In((2, 3), 0, 2, "i"), In((2, 3)), In((3,))), label="choose"),
    Row("where", lambda i, a, b: np.choose(i, [a, b], mode="wrap"),
        (In((2, 3), 0, 5, "i"), In((2, 3)), In((3,))), label="choose wrap", order=1),
    Row("where", lambda i, a, b: np.choose(i, [a, b], mode="clip"),
        (In((2, 3), 0, 5, "i"), In((2, 3)), In((3,))), label="choose clip", order=1),
    Row("where", lambda a, b: np.select([a > 1, a > 0], [a * a, b], 3.0), label="select",
        inputs=(In((2, 3)), In((3,)))),
    Row("take", lambda a: np.repeat(a, 3), CUBE, label="repeat"),
    Row("take", lambda a: np.repeat(a, [2, 0, 1], axis=1), CUBE, label="repeat, each its number"),
    Row("take", lambda a: a.repeat(2, axis=-1), CUBE, label="repeat method"),
    Row("take", lambda a: np.delete(a, 1, axis=1), CUBE, label="delete"),
    Row("take", lambda a: np.delete(a, [0, 5, 7]), CUBE, label="delete flattened"),
    Row("take", lambda a: np.delete(a, slice(0, 2), axis=2), CUBE, label="delete a slice"),
    Row("take", lambda a, b: np.insert(a, 1, b, axis=1), (In((2, 3)), In((2,))), label="insert"),
    Row("take", lambda a, b: np.insert(a, 1, b), (In((4,)), In((2,))),
        label="insert into a vector"),
    Row("take", lambda a, b: np.insert(a, [0, 2, 2], b, axis=1), (In((2, 3)), In((2, 3))),
        label="insert several"),
    Row("take", lambda a, b: np.insert(a, [1], b, axis=1), (In((2, 3)), In((2, 2))),
        label="insert a block"),
    Row("take", lambda a: np.insert(a, 2, 5.0), label="insert a number"),
    Row("take", lambda a, b: np.insert(a, slice(0, 2), b, axis=0), (In((2, 3)), In((3,))),
        label="insert at a slice"),
    Row("take", lambda a, b: np.insert(a, slice(0, 2), b, axis=1), (In((3, 4)), In((3, 2))),
        label="insert at a slice of columns"),
    Row("take", lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, 1), CUBE,
        label="sliding_window_view"),
    Row("take", lambda a: np.lib.stride_tricks.sliding_window_view(a, (2, 2)), (In((3, 4)),),
        label="sliding_window_view of two"),
    Row("where", lambda i, a, b: np.choose(i, [a, b], mode="clip"),
        (In((2, 3), -3, 3, "i"), In((2, 3)), In((3,))), label="choose clip below", order=1),
    Row("broadcast_to", lambda i, a: np.choose(i, [a]), (In((2, 3), 0, 0, "i"), In((3,))),
        label="choose one", order=1),
    Row("where", lambda i, a, b: np.choose(i, [a, b]),
        (In((0, 3), 0, 1, "i"), In((3,)), In((3,))), label="choose nothing", order=0),
    Row("take", lambda a: np.take(a, [0, 0], axis=0), (In(()),), label="of a number"),
    Row("take", lambda a: np.take(a, [-1, 0], axis=1), CUBE, label="from the end"),
    Row("take", lambda a, b: np.insert(a, np.array([True, False, True]), b, axis=1),
        (In((2, 3)), In((2, 2))), label="insert at a mask"),
]  # fmt: skip
