"""Rows of ``autograd_nn/ops/shapes.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..harness import ANY, In, Row

CUBE = (In((2, 3, 4)),)


def _shaped(op: str, label: str, run: Callable[..., Any]) -> Row:
    return Row(op, run, CUBE, label=label)


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
    Row("transpose", lambda a: np.moveaxis(a, 0, -1), CUBE, label="moveaxis"),
    Row("transpose", lambda a: np.moveaxis(a, (0, 1), (-1, -2)), CUBE, label="moveaxis of two"),
    Row(None, lambda a: np.moveaxis(a, 0, 0), (In((3,)),), label="moveaxis of a vector"),
    Row("transpose", lambda a: np.rollaxis(a, 2), CUBE, label="rollaxis"),
    Row("transpose", lambda a: np.rollaxis(a, 0, 3), CUBE, label="rollaxis to the end"),
    Row("transpose", np.matrix_transpose, CUBE, label="matrix_transpose"),
    Row("transpose", np.linalg.matrix_transpose, CUBE, label="linalg.matrix_transpose"),
    Row("reshape", np.atleast_1d, shapes=ANY, label="atleast_1d"),
    Row("reshape", np.atleast_2d, shapes=ANY, label="atleast_2d"),
    Row("reshape", np.atleast_3d, shapes=ANY, label="atleast_3d"),
    Row("reshape", lambda a, b: np.atleast_2d(a, b)[0] * b, (In((3,)), In((2, 3))),
        label="atleast_2d of two"),
    Row("broadcast_to", lambda a, b: np.broadcast_arrays(a, b)[1] * a, (In((2, 3)), In((3,))),
        label="broadcast_arrays"),
    Row("broadcast_to", lambda a, b: np.meshgrid(a, b)[0] * np.meshgrid(a, b)[1],
        (In((2,)), In((3,))), label="meshgrid"),
    Row("broadcast_to", lambda a, b, c: np.meshgrid(a, b, c, indexing="ij")[2] * a[1],
        (In((2,)), In((3,)), In((2,))), label="meshgrid ij", wrt=(0, 2)),
    Row("reshape", lambda a, b: np.meshgrid(a, b, sparse=True)[1] * a, (In((2,)), In((3,))),
        label="meshgrid sparse"),
    Row("broadcast_to", lambda a: np.tile(a, 2), shapes=ANY, label="tile"),
    Row("broadcast_to", lambda a: np.tile(a, (2, 1, 3)), label="tile along axes"),
    Row("broadcast_to", lambda a, b: np.full_like(a, b[0]) * a, (In((2, 3)), In((2,))),
        label="full_like"),
    Row("multiply", lambda a: a * np.ones_like(a) + np.zeros_like(a) * np.full_like(a, 2.0),
        order=1, label="ones_like, zeros_like, full_like"),
    Row("multiply", lambda a: a * (np.size(a) + np.ndim(a) + np.size(a, 0) + np.shape(a)[1]),
        order=1, label="size, ndim, shape"),
    Row("add", lambda a: a + np.zeros((), np.result_type(a, np.float32)), order=1,
        label="result_type"),
    Row("broadcast_to", lambda a, b: np.full_like(a, b, shape=(3, 2), dtype=float),
        (In((2, 3)), In((2,))), wrt=(1,), label="full_like of a shape", float32=False),
    Row("reshape", lambda a, b: np.atleast_2d(a, b)[1], (In((2,)), In((3,))), wrt=(1,),
        label="atleast_2d, the second of two"),
    *(Row("broadcast_to", lambda a, b, c, i=i, k=k: np.meshgrid(a, b, c, indexing=k)[i],
        (In((2,)), In((3,)), In((4,))), wrt=(i,), label=f"meshgrid {k} of three, {i}")
      for i in range(3) for k in ("xy", "ij")),
    Row("reshape", lambda a, b: np.meshgrid(a, b, sparse=True)[0], (In((2,)), In((3,))), wrt=(0,),
        label="meshgrid sparse, its shape"),
    Row("broadcast_to", lambda a, b, c, d: np.meshgrid(a, b, c, d)[2],
        (In((2,)), In((3,)), In((4,)), In((1,))), wrt=(2,), label="meshgrid of four"),
    Row("broadcast_to", lambda a, b: np.meshgrid(a, b)[1], (In((2,)), In((0,))), wrt=(1,),
        label="meshgrid of nothing"),
    Row(None, lambda a: np.meshgrid(a)[0] * 1.0, (In((3,)),), label="meshgrid of one"),
    Row(None, lambda a: np.moveaxis(a, (), ()) * 1.0, (In(()),), label="moveaxis of a number"),
]  # fmt: skip
