"""Rows of ``autograd_nn/ops/shapes.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_nn import Tensor
from autograd_nn.ops.shapes import _SCATTER
from autograd_nn.tensor import apply

from ..harness import ANY, In, Row

CUBE = (In((2, 3, 4)),)
PAIR = (In((2, 3)), In((2, 3)))


def _scatter(g: Any) -> Any:
    key = np.array([0, 2, 2])
    return apply(_SCATTER, (g,), {"key": key, "shape": (4, 2)})


def _scattered(g: Any) -> Any:
    out = np.zeros((4, 2), g.dtype)
    out[0] = g[0]
    out[2] = g[1] + g[2]
    return out


def _item(label: str, key: Any) -> Row:
    return Row("getitem", lambda a: a[key], CUBE, label=label)


def _shaped(op: str, label: str, run: Callable[..., Any]) -> Row:
    return Row(op, run, CUBE, label=label)


_MASK = np.arange(24).reshape(2, 3, 4) % 3 == 0

ROWS = [
    _shaped("reshape", "", lambda a: np.reshape(a, (4, 6))),
    _shaped("reshape", "-1", lambda a: a.reshape(-1, 2)),
    _shaped("reshape", "one tuple", lambda a: a.reshape((3, 8))),
    Row("reshape", np.ravel, shapes=ANY, label="ravel"),
    Row("reshape", lambda a: a.ravel(), shapes=ANY, label="ravel method"),
    Row("reshape", lambda a: np.expand_dims(a, 0), shapes=ANY, label="expand_dims"),
    _shaped("reshape", "expand_dims twice", lambda a: np.expand_dims(a, (0, -1))),
    Row("reshape", np.squeeze, (In((1, 3, 1)),), shapes=ANY, label="squeeze"),
    Row("reshape", lambda a: np.squeeze(a, axis=0), (In((1, 3, 1)),), label="squeeze axis"),
    Row("reshape", lambda a: a.squeeze(-1), (In((1, 3, 1)),), label="squeeze method"),
    Row("transpose", np.transpose, shapes=ANY),
    Row("transpose", lambda a: a.T, CUBE, label=".T"),
    _shaped("transpose", "axes", lambda a: np.transpose(a, (1, 2, 0))),
    _shaped("transpose", "negative axes", lambda a: np.transpose(a, (-1, 0, -2))),
    _shaped("transpose", "method", lambda a: a.transpose(2, 0, 1)),
    _shaped("transpose", "method, one tuple", lambda a: a.transpose((2, 0, 1))),
    _shaped("transpose", "swapaxes", lambda a: np.swapaxes(a, 0, -1)),
    _shaped("transpose", "swapaxes method", lambda a: a.swapaxes(1, 2)),
    Row("broadcast_to", lambda a: np.broadcast_to(a, (4, 2, 3))),
    Row("broadcast_to", lambda a: np.broadcast_to(a, (2, 3)), (In((2, 1)),), label="of 1-sized"),
    Row("broadcast_to", lambda a: np.broadcast_to(a, 3), (In(()),), label="of 0-d"),
    Row("concatenate", lambda a, b: np.concatenate([a, b]), (In((2, 3)), In((1, 3)))),
    Row("concatenate", lambda a, b: np.concatenate((a, b), axis=-1), (In((2, 3)), In((2, 1))),
        label="last axis"),
    Row("concatenate", lambda a, b: np.concatenate([a, b, a], axis=None), (In((2, 3)), In((4,))),
        label="flattened, one twice"),
    Row("concatenate", lambda a, b: np.concatenate([a, np.ones((2, 2)), b], axis=1), PAIR,
        label="with an array", float32=False),
    Row("concatenate", lambda a, b: np.stack([a, b]), PAIR, label="stack"),
    Row("concatenate", lambda a, b: np.stack([a, b], axis=-1), PAIR, label="stack last"),
    Row("concatenate", lambda a, b: np.stack([a, b], axis=1), PAIR, label="stack middle"),
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
    Row("scatter", _scatter, (In((3, 2)),), reference=_scattered),
]  # fmt: skip
