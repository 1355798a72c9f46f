"""Rows of ``autograd_nn/ops/linalg.py``."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np

from ..harness import In, Row, Shape

_PAIRS = hnp.mutually_broadcastable_shapes(
    signature=np.matmul.signature, min_side=0, max_side=3, max_dims=2
).map(lambda drawn: drawn.input_shapes)


def _matmul(a: Any, b: Any) -> Any:
    return a @ b


def _of(first: Shape, second: Shape, order: int = 2) -> Row:
    return Row("matmul", _matmul, (In(first), In(second)), label=f"{first} @ {second}",
               order=order)  # fmt: skip


ROWS = [
    Row("matmul", _matmul, (In((2, 3)), In((3, 4))), shapes=_PAIRS),
    _of((3,), (3,)),
    _of((2, 3), (3,)),
    _of((3,), (3, 2)),
    _of((2, 2, 3), (3,)),
    _of((3,), (2, 3, 2)),
    _of((2, 1, 2, 3), (3, 3, 2)),
    _of((2, 3), (2, 3, 2)),
    _of((0, 3), (3, 2), order=0),
    _of((2, 0), (0, 3), order=0),
    Row("matmul", np.dot, (In((2, 3)), In((3, 4))), label="np.dot of matrices"),
    Row("matmul", np.dot, (In((3,)), In((3,))), label="np.dot of vectors"),
    Row("matmul", np.dot, (In((2, 2, 3)), In((3, 4))), label="np.dot of a stack and a matrix"),
    Row("multiply", np.dot, (In(()), In((3, 4))), label="np.dot with 0-d"),
    Row("multiply", np.dot, (In((3, 4)), In(())), label="np.dot by 0-d"),
]
