"""Rows of ``autograd_nn/ops/trigonometry.py``."""

from __future__ import annotations

import numpy as np

from ..harness import Extreme, binary, unary

INF = np.inf

ROWS = [
    unary("sin", np.sin),
    unary("cos", np.cos),
    unary("tan", np.tan, -1, 1),
    unary("arcsin", np.arcsin, -0.9, 0.9),
    unary("arccos", np.arccos, -0.9, 0.9),
    unary("arctan", np.arctan, extremes=(
        Extreme(([-INF, 0.0, INF],), [-np.pi / 2, 0.0, np.pi / 2], ([0.0, 1.0, 0.0],)),)),
    binary("arctan2", np.arctan2, (0.3, 2), (-2, 2)),
    binary("arctan2", np.arctan2, (-2, -0.3), (-2, 2), label="below"),
    binary("hypot", np.hypot, (0.3, 2), (-2, 2), extremes=(
        Extreme(([0.0, 1e20], [0.0, 1e20]), [0.0, np.sqrt(2) * 1e20],
                ([0.0, np.sqrt(0.5)], [0.0, np.sqrt(0.5)])),)),
    unary("sinh", np.sinh),
    unary("cosh", np.cosh),
    unary("tanh", np.tanh, extremes=(
        Extreme(([-INF, -1000.0, 1000.0, INF],), [-1.0, -1.0, 1.0, 1.0], ([0.0] * 4,)),)),
    unary("arcsinh", np.arcsinh),
    unary("arccosh", np.arccosh, 1.3, 3),
    unary("arctanh", np.arctanh, -0.9, 0.9),
    unary("sinc", np.sinc, extremes=(
        Extreme(([0.0, 1e-9],), [1.0, 1.0], ([0.0, -np.pi**2 / 3 * 1e-9],)),)),
    unary("sinc", np.sinc, -0.15, 0.15, label="near zero"),
    unary("deg2rad", np.deg2rad, -180, 180),
    unary("rad2deg", np.rad2deg),
    unary("radians", np.radians, -180, 180),
    unary("degrees", np.degrees),
]  # fmt: skip
