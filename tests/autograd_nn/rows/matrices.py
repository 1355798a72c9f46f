"""Rows of ``autograd_nn/ops/matrices.py``."""

from __future__ import annotations

import numpy as np

from ..harness import In, Row

CUBE = (In((2, 3, 4)),)

ROWS = [
    Row("getitem", np.diagonal, CUBE, label="diagonal"),
    Row("getitem", lambda a: np.diagonal(a, 1, -1, 0), CUBE, label="diagonal of axes"),
    Row("getitem", lambda a: np.diagonal(a, -1, 1, 2), CUBE, label="diagonal below"),
    Row("getitem", lambda a: a.diagonal(), CUBE, label="diagonal method"),
    Row("getitem", lambda a: np.linalg.diagonal(a, offset=1), CUBE, label="linalg.diagonal"),
    Row("sum", np.trace, CUBE, label="trace"),
    Row("sum", lambda a: a.trace(1), CUBE, label="trace method"),
    Row("sum", np.linalg.trace, CUBE, label="linalg.trace"),
    Row("scatter", lambda a: np.diag(a, 1), (In((3,)),), label="diag"),
    Row("scatter", lambda a: np.diagflat(a, -2), label="diagflat"),
    Row("getitem", np.diag, (In((3, 4)),), label="diag of a matrix"),
    Row("where", np.tril, CUBE, label="tril"),
    Row("where", lambda a: np.tril(a, 1), CUBE, label="tril above"),
    Row("where", lambda a: np.triu(a, -1), CUBE, label="triu"),
    Row("power", np.vander, (In((3,), 0.5, 2),), label="vander", float32=False),
    Row("power", lambda a: np.vander(a, 2, increasing=True), (In((3,), 0.5, 2),),
        label="vander increasing", float32=False),
    Row("sum", np.trace, (In((2, 3, 2, 2)),), label="trace of stacks"),
]  # fmt: skip
