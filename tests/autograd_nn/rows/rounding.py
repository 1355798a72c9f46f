"""Rows of ``autograd_nn/ops/rounding.py``."""

from __future__ import annotations

import numpy as np

from ..harness import ANY, Extreme, In, Row, binary, broadcastable, unary

INF, NAN = np.inf, np.nan

ROWS = [
    unary("sign", np.sign, wrt=()),
    unary("spacing", np.spacing, wrt=()),
    binary("nextafter", np.nextafter, wrt=(0,), order=1, float32=False),
    unary("signbit", np.signbit, wrt=()),
    unary("floor", np.floor, wrt=()),
    unary("ceil", np.ceil, wrt=()),
    unary("rint", np.rint, wrt=()),
    unary("trunc", np.trunc, wrt=()),
    unary("trunc", np.fix, wrt=(), label="fix"),
    unary("round", np.round, wrt=()),
    unary("round", lambda x: np.round(x, 1), wrt=(), label="to a tenth"),
    unary("round", lambda x: x.round(1), wrt=(), label="as a method"),
    Row("round", lambda x: x + x.round(), label="has derivative 0", order=1),
    binary("floor_divide", np.floor_divide, (-2, 2), (0.5, 2), wrt=()),
    Row("floor_divide", lambda x: x // 0.7, wrt=(), label="as an operator"),
    binary("remainder", np.remainder, (-2, 2), (0.5, 2), order=1),
    binary("remainder", lambda a, b: a % b, (-2, 2), (-2, -0.5), order=1, label="of negatives"),
    binary("fmod", np.fmod, (-2, 2), (0.5, 2), order=1),
    binary("remainder", lambda a, b: np.divmod(a, b)[1] * a, (-2, 2), (0.5, 2),
           label="by divmod"),
    Row("floor_divide", lambda a: np.divmod(a, 0.7)[0], wrt=(), label="by divmod"),
    Row("trunc", lambda a: np.modf(a)[0] * a, label="by modf"),
    Row("trunc", lambda a: np.modf(a)[1], label="whole part by modf", wrt=()),
    binary("copysign", np.copysign, wrt=(0,), order=1),
    Row("heaviside", np.heaviside, (In((2, 3), 0, 0, "i"), In((3,))), wrt=(1,), order=1,
        shapes=broadcastable(2), label="at zero", float32=False),
    Row("heaviside", np.heaviside, (In((2, 3)), In((3,))), wrt=(1,), order=0, extremes=(
        Extreme(([-1.0, 0.0, 1.0], [0.5, 0.5, 0.5]), [0.0, 0.5, 1.0],
                ([0.0, 0.0, 0.0], [0.0, 1.0, 0.0])),)),
    Row("ldexp", np.ldexp, (In((2, 3)), In((3,), -3, 3, "i")), order=1,
        shapes=broadcastable(2)),
    unary("nan_to_num", np.nan_to_num, order=1, extremes=(
        Extreme(([NAN, 1.0],), [0.0, 1.0], ([0.0, 1.0],)),)),
    Row("nan_to_num", lambda x: np.nan_to_num(x, nan=3.0, posinf=1.0, neginf=-1.0), order=1,
        shapes=ANY, label="with numbers", extremes=(
            Extreme(([NAN, INF, -INF, 1.0],), [3.0, 1.0, -1.0, 1.0], ([0.0, 0.0, 0.0, 1.0],)),)),
    Row("positive", lambda x: np.real(x) * np.conj(np.copy(x)), label="real and conj"),
    Row("multiply", lambda x: np.imag(x) + x, label="imag", order=1),
    Row("getitem", np.copy, (In((2, 3), kind="b"),), wrt=(), label="copy of truth values"),
    Row("positive", np.copy, label="copy"),
]  # fmt: skip
