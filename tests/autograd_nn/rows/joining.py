"""Rows of ``autograd_nn/ops/joining.py``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..harness import ANY, In, Row, where_numpy_has

CUBE = (In((2, 3, 4)),)
PAIR = (In((2, 3)), In((2, 3)))
LINES = (In((3,)), In((3,)))


def _weighted(parts: Any) -> Any:
    """Return one array that depends on every part in its own way."""
    total = 0.0
    for i, part in enumerate(parts):
        total = total + (i + 1) * np.sum(part * part)
    return total


def _cut(label: str, run: Any, inputs: Any = CUBE) -> Row:
    return Row("getitem", lambda a: _weighted(run(a)), inputs, label=label)


def _padded(label: str, width: Any, mode: Any, **more: Any) -> Row:
    op = "scatter" if mode == "constant" else "take"
    return Row(op, lambda a: np.pad(a, width, mode, **more), label=f"pad {mode} {label}".strip())


ROWS = [
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
    Row("concatenate", lambda a, b: np.hstack([a, b]), PAIR, label="hstack"),
    Row("concatenate", lambda a, b: np.hstack([a, b]), LINES, label="hstack of vectors"),
    Row("concatenate", lambda a, b: np.vstack([a, b]), (In((2, 3)), In((3,))), label="vstack"),
    Row("concatenate", lambda a, b: np.dstack([a, b]), PAIR, label="dstack"),
    Row("concatenate", lambda a, b: np.dstack([a, b]), LINES, label="dstack of vectors"),
    Row("concatenate", lambda a, b: np.column_stack([a, b]), (In((2, 3)), In((2,))),
        label="column_stack"),
    Row("concatenate", lambda a, b: np.block([[a, b], [b, a]]), PAIR, label="block"),
    Row("concatenate", lambda a, b: np.block([a, b]), LINES, label="block of vectors"),
    Row("concatenate", np.append, PAIR, label="append"),
    Row("concatenate", lambda a, b: np.append(a, b, axis=0), PAIR, label="append along an axis"),
    Row("concatenate", lambda a, b: np.concatenate([a, b]), (In((2, 3)), In((0, 3))), wrt=(0,),
        label="with nothing"),
    _cut("split", lambda a: np.split(a, 2)),
    _cut("split at", lambda a: np.split(a, [1, 3], axis=-1)),
    _cut("array_split", lambda a: np.array_split(a, 3, axis=2)),
    _cut("array_split with nothing in a part", lambda a: np.array_split(a, 3, axis=0)),
    _cut("hsplit", lambda a: np.hsplit(a, 3)),
    _cut("hsplit of a vector", lambda a: np.hsplit(a, 2), (In((4,)),)),
    _cut("vsplit", lambda a: np.vsplit(a, 2)),
    _cut("dsplit", lambda a: np.dsplit(a, 2)),
    *where_numpy_has("unstack", _cut("unstack", lambda a: np.unstack(a, axis=1))),
    Row("getitem", np.flip, shapes=ANY, label="flip"),
    Row("getitem", lambda a: np.flip(a, (0, -1)), CUBE, label="flip along axes"),
    Row("getitem", np.fliplr, CUBE, label="fliplr"),
    Row("getitem", np.flipud, CUBE, label="flipud"),
    Row("transpose", np.rot90, CUBE, label="rot90"),
    Row("transpose", lambda a: np.rot90(a, -1, (1, 2)), CUBE, label="rot90 of axes"),
    Row("concatenate", lambda a: np.roll(a, 2), CUBE, label="roll"),
    Row("concatenate", lambda a: np.roll(a, -1, axis=-1), CUBE, label="roll along an axis"),
    Row("concatenate", lambda a: np.roll(a, (1, -2), axis=(0, 2)), CUBE, label="roll along two"),
    Row("concatenate", np.fft.fftshift, CUBE, label="fftshift"),
    Row("concatenate", lambda a: np.fft.fftshift(a, 1), CUBE, label="fftshift along an axis"),
    Row("concatenate", np.fft.ifftshift, CUBE, label="ifftshift"),
    _padded("", 2, "constant"),
    _padded("with a number", ((0, 1), (2, 0)), "constant", constant_values=3.0),
    _padded("", ((1, 2), (2, 3)), "edge"),
    _padded("", ((1, 1), (2, 1)), "reflect"),
    _padded("further than the array", 5, "reflect"),
    _padded("", ((1, 2), (2, 3)), "symmetric"),
    _padded("", ((3, 2), (4, 3)), "wrap"),
    Row("concatenate", lambda a, b: np.block([[a], [b]]), (In((3,)), In((3,))),
        label="block of vectors in rows"),
    Row("concatenate", lambda a, b: np.block([a, b]), (In((1, 3)), In((2,))),
        label="block of a matrix and a vector"),
    Row(None, lambda a: np.roll(a, 1, axis=0) * 1.0, (In((0, 3)),), order=0, label="roll nothing"),
    Row("scatter", lambda a: np.pad(a, {1: (1, 2)}), (In((2, 3)),), label="pad of an axis",
        reference=lambda a: np.pad(a, ((0, 0), (1, 2)))),
]  # fmt: skip
