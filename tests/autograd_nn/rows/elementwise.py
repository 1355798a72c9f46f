"""Rows of ``autograd_nn/ops/elementwise.py``."""

from __future__ import annotations

import numpy as np

from autograd_nn import Tensor, relu, sigmoid

from ..harness import ANY, Extreme, In, Row, binary, broadcastable, unary

INF = np.inf


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(z / 2)))


ROWS = [
    binary("add", lambda a, b: a + b),
    binary("subtract", lambda a, b: a - b),
    binary("multiply", lambda a, b: a * b),
    binary("divide", lambda a, b: a / b, (-2, 2), (0.5, 2)),
    binary("divide", lambda a, b: a / b, (-2, 2), (-2, -0.5), label="by negatives"),
    Row("add", np.add.outer, (In((2, 3)), In((2,))), label="np.add.outer"),
    Row("multiply", np.multiply.outer, (In((2, 3)), In((2,))),
        label="np.multiply.outer"),
    Row("power", lambda a: a**3, (In((2, 3), -2, -0.5),), label="of negatives"),
    binary("power", lambda a, b: a**b, (0.5, 2), (-2, 2), extremes=(
        Extreme(([0.0, -3.0, 2.0, 0.0], [0.0, 1.0, 2.0, 2.0]), [1.0, -3.0, 4.0, 0.0],
                ([0.0, 1.0, 4.0, 0.0], None)),
        Extreme(([0.0, 0.0, 1.0, 2.0], [0.0, 2.0, 5.0, 1.0]), [1.0, 0.0, 1.0, 2.0],
                (None, [0.0, 0.0, 0.0, 2 * np.log(2.0)])),)),
    Row("power", lambda a: a**3, label="by an integer", shapes=ANY),
    Row("power", lambda a: a**-2, (In((2, 3), 0.5, 2),), label="by a negative integer",
        shapes=ANY),
    Row("power", lambda a: a**0.5, (In((2, 3), 0.5, 2),), label="by a half", shapes=ANY),
    Row("power", lambda a: a**2, label="of zero", shapes=ANY, extremes=(
        Extreme(([0.0, -3.0],), [0.0, 9.0], ([0.0, -6.0],)),)),
    Row("power", lambda a: a**1, label="by one", order=1, shapes=ANY, extremes=(
        Extreme(([0.0, -3.0],), [0.0, -3.0], ([1.0, 1.0],)),)),
    Row("power", lambda a: a**0, label="by zero", order=0, shapes=ANY, extremes=(
        Extreme(([0.0, -3.0],), [1.0, 1.0], ([0.0, 0.0],)),)),
    Row("power", lambda a: 2**a, label="of a number", shapes=ANY),
    Row("power", lambda a: np.array([1.0, 2.0, 3.0]) ** a, label="of an array", float32=False),
    unary("negative", lambda a: -a),
    unary("positive", np.positive),
    unary("absolute", abs, extremes=(
        Extreme(([-INF, 0.0, INF],), [INF, 0.0, INF], ([-1.0, 0.0, 1.0],)),)),
    unary("square", np.square),
    unary("sqrt", np.sqrt, 0.1, 3),
    unary("cbrt", np.cbrt, 0.1, 3),
    unary("cbrt", np.cbrt, -3, -0.1, label="of negatives"),
    unary("fabs", np.fabs),
    unary("reciprocal", np.reciprocal, 0.3, 3),
    binary("float_power", np.float_power, (0.5, 2), (-2, 2), float32=False),
    unary("exp2", np.exp2),
    unary("log2", np.log2, 0.1, 3),
    unary("log10", np.log10, 0.1, 3),
    binary("logaddexp", np.logaddexp, extremes=(
        Extreme(([1000.0, -1000.0, -INF], [0.0, -1000.0, -INF]),
                [1000.0, -1000 + np.log(2.0), -INF], ([1.0, 0.5, 0.5], [0.0, 0.5, 0.5])),)),
    binary("logaddexp2", np.logaddexp2, extremes=(
        Extreme(([1000.0, -1000.0], [0.0, -1000.0]), [1000.0, -999.0], ([1.0, 0.5], [0.0, 0.5])),)),
    binary("fmax", np.fmax, order=1, extremes=(
        Extreme(([1.0, 2.0, np.nan], [3.0, 2.0, 1.0]), [3.0, 2.0, 1.0],
                ([0.0, 0.5, 0.0], [1.0, 0.5, 1.0])),)),
    binary("fmin", np.fmin, order=1, extremes=(
        Extreme(([1.0, 2.0, np.nan], [3.0, 2.0, 1.0]), [1.0, 2.0, 1.0],
                ([1.0, 0.5, 0.0], [0.0, 0.5, 1.0])),)),
    unary("exp", np.exp, extremes=(Extreme(([-1000.0, 0.0],), [0.0, 1.0], ([0.0, 1.0],)),)),
    unary("expm1", np.expm1, extremes=(
        Extreme(([1e-20, -1000.0],), [1e-20, -1.0], ([1.0, 0.0],)),)),
    unary("log", np.log, 0.1, 3, extremes=(Extreme(([1.0, INF],), [0.0, INF], ([1.0, 0.0],)),)),
    unary("log1p", np.log1p, -0.5, 3, extremes=(Extreme(([1e-20],), [1e-20], ([1.0],)),)),
    unary("sigmoid", sigmoid, reference=_sigmoid, extremes=(
        Extreme(([-INF, -1000.0, -88.0, -40.0, 0.0, 40.0, 1000.0, INF],),
                [0.0, 0.0, np.exp(-88.0), np.exp(-40.0), 0.5, 1.0, 1.0, 1.0],
                ([0.0, 0.0, np.exp(-88.0), np.exp(-40.0), 0.25, 0.0, 0.0, 0.0],)),)),
    unary("sigmoid", Tensor.sigmoid, reference=_sigmoid, label="as a method"),
    unary("relu", relu, reference=lambda z: np.where(z > 0, z, 0), order=1, extremes=(
        Extreme(([-INF, -1.0, 0.0, 2.0, INF],), [0.0, 0.0, 0.0, 2.0, INF],
                ([0.0, 0.0, 0.0, 1.0, 1.0],)),)),
    binary("maximum", np.maximum, order=1, extremes=(
        Extreme(([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]), [3.0, 2.0, 3.0],
                ([0.0, 0.5, 1.0], [1.0, 0.5, 0.0])),)),
    binary("minimum", np.minimum, order=1, extremes=(
        Extreme(([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]), [1.0, 2.0, 1.0],
                ([1.0, 0.5, 0.0], [0.0, 0.5, 1.0])),)),
    Row("maximum", lambda a: np.maximum(a, 0), label="with a number", order=1, shapes=ANY),
    Row("where", np.where, (In((2, 3), kind="b"), In((3,)), In((2, 1))), order=1,
        shapes=broadcastable(3)),
    Row("where", lambda a, b: np.where(a > b, a * a, b * a), (In((2, 3)), In((3,))),
        label="by a comparison", shapes=broadcastable(2)),
    Row("where", lambda a: np.where(a > 0, a, 0.1 * a), label="with numbers", order=1,
        shapes=ANY),
    Row("clip", np.clip, (In((3, 4)), In((4,), -1, -0.5), In((), 0.5, 1)), order=1,
        shapes=broadcastable(3), extremes=(
            Extreme(([-1.0, 0.0, 1.0], [-1.0] * 3, [1.0] * 3), [-1.0, 0.0, 1.0],
                    ([1.0] * 3, [0.0] * 3, [0.0] * 3)),)),
    Row("clip", lambda a: np.clip(a, -1, 1), (In((3, 4)),), label="to numbers", order=1,
        shapes=ANY, extremes=(
            Extreme(([-INF, 0.0, INF],), [-1.0, 0.0, 1.0], ([0.0, 1.0, 0.0],)),)),
    Row("maximum", lambda a: np.clip(a, -0.5, None), (In((3, 4)),), label="clip from below",
        order=1, shapes=ANY),
    Row("minimum", lambda a: a.clip(max=0.5), (In((3, 4)),), label="clip from above",
        order=1, shapes=ANY),
    Row("astype", lambda a: a.astype(np.float32), label="to single", wrt=(), float32=True),
    Row("astype", lambda a: a.astype(np.float64) * a, label="to its own dtype", shapes=ANY,
        float32=False),
    Row("astype", lambda a: a.astype(float), (In((2, 3), 0, 9, "i"),), label="of integers", wrt=()),
    Row("sigmoid", sigmoid, (In((2, 3), -40, 40, "i"),), wrt=(), label="of integers",
        reference=lambda z: 1 / (1 + np.exp(-z.astype(float)))),
    Row("sigmoid", lambda i: sigmoid((i - 128).astype("i1")), (In((4,), 0, 1, "i"),), wrt=(),
        label="of narrow integers", float32=False,
        reference=lambda i: np.zeros(i.shape, "f2")),  # exp(126) is more than float16 holds
    Row("fabs", np.fabs, label="at 0", order=0, extremes=(Extreme(([0.0],), [0.0], ([0.0],)),)),
]  # fmt: skip
