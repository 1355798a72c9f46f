"""SciPy's special functions on Tensors, without importing SciPy before one is used.

A SciPy ufunc called on a Tensor is looked up in `LATE` of `functions`; importing this module costs
NumPy alone.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply
from .elementwise import CBRT, EXP2, EXPM1, LOG1P, SIGMOID
from .functions import LATE
from .rules import call, function_of


def _erf(x: Any) -> Any:
    from scipy.special import erf

    return erf(x)


def _erfc(x: Any) -> Any:
    from scipy.special import erfc

    return erfc(x)


def _erfinv(x: Any) -> Any:
    from scipy.special import erfinv

    return erfinv(x)


def _ndtr(x: Any) -> Any:
    from scipy.special import ndtr

    return ndtr(x)


def _log_ndtr(x: Any) -> Any:
    from scipy.special import log_ndtr

    return log_ndtr(x)


def _logit(x: Any) -> Any:
    from scipy.special import logit

    return logit(x)


def _log_expit(x: Any) -> Any:
    from scipy.special import log_expit

    return log_expit(x)


def _gamma(x: Any) -> Any:
    from scipy.special import gamma

    return gamma(x)


def _gammaln(x: Any) -> Any:
    from scipy.special import gammaln

    return gammaln(x)


def _psi(x: Any) -> Any:
    from scipy.special import psi

    return psi(x)


def _polygamma(x: Any, order: int) -> Any:
    from scipy.special import polygamma

    return polygamma(order, x).astype(np.result_type(x, np.float32))  # SciPy gives float64


def _xlogy(x: Any, y: Any) -> Any:
    from scipy.special import xlogy

    return xlogy(x, y)


def _xlog1py(x: Any, y: Any) -> Any:
    from scipy.special import xlog1py

    return xlog1py(x, y)


def _entr(x: Any) -> Any:
    from scipy.special import entr

    return entr(x)


def _bell(x: Any) -> Any:
    """Return the density of the standard normal distribution."""
    return np.exp(-0.5 * np.square(x)) * (1 / math.sqrt(2 * math.pi))


_2_ROOT_PI = 2 / math.sqrt(math.pi)

# fmt: off
POLYGAMMA: Op = register(Op("polygamma", _polygamma, (
    lambda g, out, x, order: g * call(POLYGAMMA, x, order=order + 1),
), latex=r"\psi^{{({order})}}({0})",
    rule_words=r"$g \odot \psi^{(n+1)}(x)$", traits={"elementwise"}))
PSI = register(Op("psi", _psi, (lambda g, out, x: g * call(POLYGAMMA, x, order=1),),
    latex=r"\psi({0})", traits={"elementwise"}))
NDTR = register(Op("ndtr", _ndtr, (lambda g, out, x: g * _bell(x),), latex=r"\Phi({0})",
    rule_words=r"$g \odot \varphi(x)$", traits={"elementwise"}))
_OPS = (
    register(Op("erf", _erf, (lambda g, out, x: g * (_2_ROOT_PI * np.exp(-np.square(x))),),
        latex=function_of("erf"),
        rule_words=r"$\frac{2}{\sqrt{\pi}} g \odot e^{-x^{2}}$",
        traits={"complex", "elementwise"})),
    register(Op("erfc", _erfc, (lambda g, out, x: -g * (_2_ROOT_PI * np.exp(-np.square(x))),),
        latex=function_of("erfc"),
        rule_words=r"$-\frac{2}{\sqrt{\pi}} g \odot e^{-x^{2}}$",
        traits={"complex", "elementwise"})),
    register(Op("erfinv", _erfinv, (lambda g, out, x: g * (np.exp(np.square(out)) / _2_ROOT_PI),),
        latex=r"\operatorname{{erf}}^{{-1}}({0})",
        rule_words=r"$\frac{\sqrt{\pi}}{2} g \odot e^{r^{2}}$", traits={"elementwise"})),
    NDTR,
    register(Op("log_ndtr", _log_ndtr, (
        lambda g, out, x: g * np.exp(-0.5 * np.square(x) - out - 0.5 * math.log(2 * math.pi)),
    ), latex=r"\ln \Phi({0})",
        rule_words=r"$g \odot \frac{\varphi(x)}{\Phi(x)}$", traits={"elementwise"})),
    register(Op("logit", _logit, (lambda g, out, x: g / (x * (1 - x)),),
        latex=r"\ln \frac{{{0}}}{{1 - {0}}}", traits={"elementwise"})),
    register(Op("log_expit", _log_expit, (
        lambda g, out, x: g * call(SIGMOID, -x),
    ), latex=r"\ln f({0})", traits={"elementwise"})),
    register(Op("gamma", _gamma, (lambda g, out, x: g * (out * call(PSI, x)),),
        latex=r"\Gamma({0})", traits={"elementwise"})),
    register(Op("gammaln", _gammaln, (lambda g, out, x: g * call(PSI, x),),
        latex=r"\ln \left|\Gamma({0})\right|", traits={"elementwise"})),
    PSI,
    register(Op("xlogy", _xlogy, (
        lambda g, out, x, y: g * np.log(y),
        lambda g, out, x, y: g * (x / np.where(np.logical_and(x == 0, y == 0), 1, y)),
    ), latex=r"{0} \ln({1})", broadcasts=True,
        rule_words=r"$g \odot \ln(y)$; $g \odot \frac{x}{y}$", traits={"elementwise"})),
    register(Op("xlog1py", _xlog1py, (
        lambda g, out, x, y: g * np.log1p(y),
        lambda g, out, x, y: g * (x / np.where(np.logical_and(x == 0, y == -1), 1, 1 + y)),
    ), latex=r"{0} \ln(1 + {1})", broadcasts=True,
        rule_words=r"$g \odot \ln(1 + y)$; $g \odot \frac{x}{1 + y}$", traits={"elementwise"})),
    register(Op("entr", _entr, (lambda g, out, x: -g * (np.log(x) + 1),), latex=r"-{0} \ln({0})",
        traits={"elementwise"})),
)
# fmt: on

for _op in _OPS:
    LATE["scipy.special", _op.name] = _op
for _name, _same in {
    "expit": SIGMOID, "digamma": PSI, "cbrt": CBRT, "exp2": EXP2, "expm1": EXPM1, "log1p": LOG1P,
}.items():  # fmt: skip
    LATE["scipy.special", _name] = _same


def ndtr(x: Any) -> Tensor:
    """Return the distribution function of the standard normal distribution at `x`."""
    return apply(NDTR, (x,))
