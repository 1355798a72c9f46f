"""Rows of ``autograd_nn/ops/equations.py``."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np

from autograd_nn import Tensor, gradients

from ..harness import Extreme, In, Row

SQUARE = (In((3, 3)),)
STACK = (In((2, 3, 3)),)
TALL = (In((4, 3)),)
_SYSTEMS = hnp.mutually_broadcastable_shapes(
    signature="(n,n),(n,k)->(n,k)", min_side=1, max_side=3, max_dims=2
).map(lambda drawn: drawn.input_shapes)


def _slope_of_det(a: Tensor) -> Tensor:
    out: Any = np.linalg.det(a)
    (slope,) = gradients(out, [a], create_graph=True)
    assert isinstance(slope, Tensor)
    return slope


ROWS = [
    Row("inv", np.linalg.inv, SQUARE),
    Row("inv", np.linalg.inv, STACK, label="stack"),
    Row("det", np.linalg.det, SQUARE, extremes=(
        Extreme(([[1.0, 2.0], [2.0, 4.0]],), 0.0, ([[4.0, -2.0], [-2.0, 1.0]],)),
        Extreme(([[0.0, 0.0], [0.0, 0.0]],), 0.0, ([[0.0, 0.0], [0.0, 0.0]],)),)),
    Row("det", np.linalg.det, STACK, label="stack"),
    Row("cofactor", _slope_of_det, SQUARE,
        reference=lambda a: np.linalg.det(a) * np.linalg.inv(a).T),
    Row("slogdet", lambda a: np.linalg.slogdet(a)[1], STACK),
    Row("slogdet", lambda a: np.linalg.slogdet(a).sign + a[..., 0, 0], STACK, label="sign"),
    Row("solve", np.linalg.solve, (In((3, 3)), In((3,)))),
    Row("solve", lambda a, b: np.linalg.solve(a + 9 * np.eye(a.shape[-1]), b),
        (In((3, 3)), In((3, 2))), shapes=_SYSTEMS, label="of any shape", float32=False),
    Row("solve", np.linalg.solve, (In((3, 3)), In((3, 2))), label="of a matrix"),
    Row("solve", np.linalg.solve, (In((2, 3, 3)), In((3, 2))), label="stack"),
    Row("solve", np.linalg.solve, (In((2, 3, 3)), In((3,))), label="stack and vector"),
    Row("pinv", np.linalg.pinv, TALL),
    Row("pinv", np.linalg.pinv, (In((2, 2, 3)),), label="stack of wide"),
    Row("pinv", lambda a, b: np.linalg.pinv(np.expand_dims(a, 1) * b, rcond=1e-6),
        (In((3,)), In((2,))), label="of rank 1"),
    Row("pinv", lambda a, b: np.linalg.lstsq(a, b)[0], (In((4, 3)), In((4,))), label="lstsq"),
    Row("pinv", lambda a, b: np.linalg.lstsq(a, b)[1], (In((4, 2)), In((4, 3))),
        label="lstsq residuals"),
    Row("svd", lambda a, b: np.linalg.lstsq(a, b)[3], (In((4, 2)), In((4, 3))), wrt=(0,),
        label="lstsq values"),
    Row("matmul", lambda a: np.linalg.matrix_power(a, 5), STACK, label="matrix_power"),
    Row("inv", lambda a: np.linalg.matrix_power(a, -2), SQUARE, label="matrix_power negative"),
    Row("multiply", lambda a: np.linalg.matrix_power(a, 0) + a, SQUARE, order=1,
        label="matrix_power 0"),
    Row("inv", lambda a: np.linalg.tensorinv(a, 1), (In((4, 2, 2)),), label="tensorinv"),
    Row("solve", np.linalg.tensorsolve, (In((2, 2, 4)), In((2, 2))), label="tensorsolve"),
]  # fmt: skip
