"""Rows of ``autograd_nn/ops/special.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autograd_nn import Tensor, gradients

from ..harness import Extreme, In, Row, binary, broadcastable, unary

INF = np.inf


def _slope_of_psi(x: Tensor) -> Tensor:
    out: Any = special.psi(x)
    (slope,) = gradients(out, [x], np.ones(x.shape), create_graph=True)
    assert isinstance(slope, Tensor)
    return slope


ROWS = [
    unary("erf", special.erf, extremes=(
        Extreme(([-INF, 0.0, INF],), [-1.0, 0.0, 1.0], ([0.0, 2 / np.sqrt(np.pi), 0.0],)),)),
    unary("erfc", special.erfc),
    unary("erfinv", special.erfinv, -0.9, 0.9),
    unary("ndtr", special.ndtr),
    unary("log_ndtr", special.log_ndtr, extremes=(
        Extreme(([0.0, 100.0],), [-np.log(2.0), 0.0], ([np.sqrt(2 / np.pi), 0.0],)),)),
    unary("sigmoid", special.expit, label="expit"),
    unary("logit", special.logit, 0.1, 0.9),
    unary("log_expit", special.log_expit, extremes=(
        Extreme(([-1000.0, 1000.0],), [-1000.0, 0.0], ([1.0, 0.0],)),)),
    unary("gamma", special.gamma, 0.5, 3),
    unary("gammaln", special.gammaln, 0.5, 3),
    unary("psi", special.psi, 0.5, 3),
    unary("psi", special.digamma, 0.5, 3, label="digamma"),
    # the derivative of psi is polygamma, whose own derivative is polygamma of the next order
    unary("polygamma", _slope_of_psi, 0.5, 3,
          reference=lambda x: special.polygamma(1, x).astype(x.dtype)),
    binary("xlogy", special.xlogy, (0.3, 2), (0.3, 2), extremes=(
        Extreme(([0.0, 1.0], [1.0, 1.0]), [0.0, 0.0], ([0.0, 0.0], [0.0, 1.0])),
        Extreme(([0.0], [0.0]), [0.0], (None, [0.0])))),
    binary("xlog1py", special.xlog1py, (0.3, 2), (-0.5, 2), extremes=(
        Extreme(([0.0], [-1.0]), [0.0], (None, [0.0])),)),
    unary("entr", special.entr, 0.1, 2),
    unary("rgamma", special.rgamma, 0.5, 3),
    unary("gammasgn", special.gammasgn, 0.5, 3, wrt=()),
    binary("beta", special.beta, (0.5, 2), (0.5, 2)),
    binary("betaln", special.betaln, (0.5, 2), (0.5, 2)),
    binary("binom", special.binom, (4, 6), (1, 2)),
    binary("gammainc", special.gammainc, (0.5, 2), (0.3, 2), wrt=(1,)),
    binary("gammaincc", special.gammaincc, (0.5, 2), (0.3, 2), wrt=(1,)),
    Row("betainc", special.betainc, (In((2, 3), 0.5, 2), In((3,), 0.5, 2), In((2, 1), 0.1, 0.9)),
        wrt=(2,), shapes=broadcastable(3)),
    unary("erfcx", special.erfcx),
    unary("erfi", special.erfi, -1, 1),
    unary("dawsn", special.dawsn),
    unary("erfcinv", special.erfcinv, 0.2, 1.8),
    unary("ndtri", special.ndtri, 0.1, 0.9),
    binary("stdtr", special.stdtr, (1, 4), (-2, 2), wrt=(1,)),
    binary("rel_entr", special.rel_entr, (0.3, 2), (0.3, 2)),
    binary("kl_div", special.kl_div, (0.3, 2), (0.3, 2)),
    binary("huber", special.huber, (0.5, 1), (-2, 2)),
    *[binary(name, getattr(special, name), (0, 3), (0.5, 3), wrt=(1,))
      for name in ("jv", "yv", "iv", "ive", "kv")],
    Row("yn", special.yn, (In((2, 3), 0, 3, "i"), In((3,), 0.5, 3)), wrt=(1,),
        shapes=broadcastable(2), float32=False),
    *[unary(name, getattr(special, name), 0.5, 3)
      for name in ("j0", "j1", "y0", "y1", "i0", "i1", "i0e", "i1e", "k0", "k1", "exp1", "expi")],
    unary("i0", np.i0, 0.5, 3, label="by NumPy", reference=special.i0),
    unary("cbrt", special.cbrt, 0.3, 2, label="by SciPy"),
    unary("exp2", special.exp2, label="by SciPy"),
    unary("expm1", special.expm1, label="by SciPy"),
    unary("log1p", special.log1p, -0.5, 2, label="by SciPy"),
]  # fmt: skip
