"""Rows of ``autograd_nn/ops/activations.py``."""

from __future__ import annotations

import numpy as np
from scipy import special

from autograd_nn import elu, gelu, leaky_relu, softplus

from ..harness import Extreme, unary

INF = np.inf


def _gelu_tanh(z: np.ndarray) -> np.ndarray:
    inner = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    return np.asarray(0.5 * z * (1 + np.tanh(inner)), dtype=z.dtype)


ROWS = [
    unary("leaky_relu", leaky_relu, reference=lambda z: np.where(z > 0, z, z * z.dtype.type(0.01)),
          order=1),
    unary("leaky_relu", lambda z: leaky_relu(z, 0.2), order=1, label="slope",
          reference=lambda z: np.where(z > 0, z, z * z.dtype.type(0.2))),
    unary("elu", elu, reference=lambda z: np.where(z > 0, z, np.expm1(z)), extremes=(
        Extreme(([-INF, -1000.0, 1000.0, INF],), [-1.0, -1.0, 1000.0, INF],
                ([0.0, 0.0, 1.0, 1.0],)),)),
    unary("elu", lambda z: elu(z, 0.5), label="alpha",
          reference=lambda z: np.where(z > 0, z, z.dtype.type(0.5) * np.expm1(z))),
    unary("ndtr", gelu, reference=lambda z: z * special.ndtr(z), label="gelu", extremes=(
        Extreme(([-1000.0, 0.0, 1000.0],), [0.0, 0.0, 1000.0], ([0.0, 0.5, 1.0],)),)),
    unary("sigmoid", lambda z: gelu(z, approximate=True), reference=_gelu_tanh,
          label="gelu by tanh"),
    unary("softplus", softplus, reference=lambda z: np.logaddexp(z, 0), extremes=(
        Extreme(([-INF, -1000.0, 0.0, 1000.0],), [0.0, 0.0, np.log(2.0), 1000.0],
                ([0.0, 0.0, 0.5, 1.0],)),)),
]  # fmt: skip
