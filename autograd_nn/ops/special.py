"""SciPy's special functions on Tensors, without importing SciPy before one is used.

A SciPy ufunc called on a Tensor is looked up in `LATE` of `functions`; importing this module costs
NumPy alone. The rules are those of the NIST Handbook of Mathematical Functions. By an argument for
which there is no closed formula, the order of a Bessel function or the shape of an incomplete gamma
function, a derivative is refused where it is asked for.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.op import Op, Rule, register
from ..core.tensor import Tensor, apply
from .elementwise import CBRT, EXP2, EXPM1, LOG1P, SIGMOID
from .functions import LATE, Late, implements
from .rules import call, function_of


def _special(name: str, *rules: Rule | str, **more: Any) -> Op:
    """Register SciPy's ufunc `name`; a rule that is text names an argument without one."""
    vjps = [Refused(name, rule) if isinstance(rule, str) else rule for rule in rules]
    more.setdefault("latex", function_of(name, max(len(rules), 1)))
    traits = {"elementwise", *more.pop("traits", ())}
    op = Op(name, Late("scipy.special", name), vjps, broadcasts=len(rules) > 1,
        traits=traits, **more)  # fmt: skip
    LATE["scipy.special", name] = op
    return register(op)


class Refused:
    """The rule of an argument that has none: it says so where the derivative is asked for."""

    def __init__(self, name: str, argument: str) -> None:
        self.text = (
            f"scipy.special.{name} has no derivative by {argument}, for which there is no closed "
            "formula. Keep that argument constant, e.g. with t.detach()"
        )

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Raise."""
        raise NotImplementedError(self.text)


def _polygamma(x: Any, order: int) -> Any:
    from scipy.special import polygamma

    return polygamma(order, x).astype(np.result_type(x, np.float32))  # SciPy gives float64


def _bell(x: Any) -> Any:
    """Return the density of the standard normal distribution."""
    return np.exp(-0.5 * np.square(x)) * (1 / math.sqrt(2 * math.pi))


def _slope_of_gammainc(a: Any, x: Any) -> Any:
    return np.exp(call(XLOGY, a - 1, x) - x - call(GAMMALN, a))


def _slope_of_betainc(a: Any, b: Any, x: Any) -> Any:
    return np.exp(call(XLOGY, a - 1, x) + call(XLOG1PY, b - 1, -x) - call(BETALN, a, b))


def _student(df: Any, t: Any) -> Any:
    """Return the density of Student's distribution with `df` degrees of freedom."""
    scale = call(GAMMALN, (df + 1) / 2) - call(GAMMALN, df / 2) - 0.5 * np.log(df * math.pi)
    return np.exp(scale - (df + 1) / 2 * np.log1p(np.square(t) / df))


_2_ROOT_PI = 2 / math.sqrt(math.pi)
_LOG_ROOT_2_PI = 0.5 * math.log(2 * math.pi)

# fmt: off
# -- gamma and beta --------------------------------------------------------------------------------
POLYGAMMA: Op = register(Op("polygamma", _polygamma, (
    lambda g, out, x, order: g * call(POLYGAMMA, x, order=order + 1),
), latex=r"\psi^{{({order})}}({0})",
    rule_words=r"$g \odot \psi^{(n+1)}(x)$", traits={"elementwise"}))
PSI = _special("psi", lambda g, out, x: g * call(POLYGAMMA, x, order=1), latex=r"\psi({0})")
GAMMA = _special("gamma", lambda g, out, x: g * (out * call(PSI, x)), latex=r"\Gamma({0})")
GAMMALN = _special("gammaln", lambda g, out, x: g * call(PSI, x),
    latex=r"\ln \left|\Gamma({0})\right|")
_special("rgamma", lambda g, out, x: -g * (out * call(PSI, x)), latex=r"1 / \Gamma({0})")
_special("gammasgn", latex=r"\operatorname{{sign}} \Gamma({0})")
GAMMAINC = _special("gammainc", "its shape a",
    lambda g, out, a, x: g * _slope_of_gammainc(a, x), latex="P({0}, {1})",
    rule_words=r"none for a; $g \odot x^{a-1} e^{-x} / \Gamma(a)$")
_special("gammaincc", "its shape a",
    lambda g, out, a, x: -g * _slope_of_gammainc(a, x), latex="Q({0}, {1})",
    rule_words=r"none for a; $-g \odot x^{a-1} e^{-x} / \Gamma(a)$")
_special("beta", lambda g, out, a, b: g * (out * (call(PSI, a) - call(PSI, a + b))),
    lambda g, out, a, b: g * (out * (call(PSI, b) - call(PSI, a + b))),
    latex=r"\operatorname{{B}}({0}, {1})")
BETALN = _special("betaln", lambda g, out, a, b: g * (call(PSI, a) - call(PSI, a + b)),
    lambda g, out, a, b: g * (call(PSI, b) - call(PSI, a + b)),
    latex=r"\ln \operatorname{{B}}({0}, {1})")
BETAINC = _special("betainc", "its shape a", "its shape b",
    lambda g, out, a, b, x: g * _slope_of_betainc(a, b, x), latex="I_{{{2}}}({0}, {1})",
    rule_words=r"none for a and b; $g \odot x^{a-1} (1-x)^{b-1} / \operatorname{B}(a, b)$")
BINOM = _special("binom",
    lambda g, out, n, k: g * (out * (call(PSI, n + 1) - call(PSI, n - k + 1))),
    lambda g, out, n, k: g * (out * (call(PSI, n - k + 1) - call(PSI, k + 1))),
    latex=r"\binom{{{0}}}{{{1}}}")
# -- the error function and the normal distribution ------------------------------------------------
ERF = _special("erf", lambda g, out, x: g * (_2_ROOT_PI * np.exp(-np.square(x))),
    rule_words=r"$\frac{2}{\sqrt{\pi}} g \odot e^{-x^{2}}$", traits={"complex"})
_special("erfc", lambda g, out, x: -g * (_2_ROOT_PI * np.exp(-np.square(x))),
    rule_words=r"$-\frac{2}{\sqrt{\pi}} g \odot e^{-x^{2}}$", traits={"complex"})
_special("erfcx", lambda g, out, x: g * (2 * x * out - _2_ROOT_PI),
    rule_words=r"$g \odot (2 x r - \frac{2}{\sqrt{\pi}})$")
_special("erfi", lambda g, out, x: g * (_2_ROOT_PI * np.exp(np.square(x))),
    rule_words=r"$\frac{2}{\sqrt{\pi}} g \odot e^{x^{2}}$")
_special("dawsn", lambda g, out, x: g * (1 - 2 * x * out))
_special("erfinv", lambda g, out, x: g * (np.exp(np.square(out)) / _2_ROOT_PI),
    latex=r"\operatorname{{erf}}^{{-1}}({0})",
    rule_words=r"$\frac{\sqrt{\pi}}{2} g \odot e^{r^{2}}$")
_special("erfcinv", lambda g, out, x: -g * (np.exp(np.square(out)) / _2_ROOT_PI),
    latex=r"\operatorname{{erfc}}^{{-1}}({0})",
    rule_words=r"$-\frac{\sqrt{\pi}}{2} g \odot e^{r^{2}}$")
NDTR = _special("ndtr", lambda g, out, x: g * _bell(x), latex=r"\Phi({0})",
    rule_words=r"$g \odot \varphi(x)$")
NDTRI = _special("ndtri", lambda g, out, x: g * np.exp(0.5 * np.square(out) + _LOG_ROOT_2_PI),
    latex=r"\Phi^{{-1}}({0})", rule_words=r"$g / \varphi(r)$")
LOG_NDTR = _special("log_ndtr", lambda g, out, x: g * np.exp(
    -0.5 * np.square(x) - out - _LOG_ROOT_2_PI
), latex=r"\ln \Phi({0})", rule_words=r"$g \odot \frac{\varphi(x)}{\Phi(x)}$")
STDTR = _special("stdtr", "its degrees of freedom",
    lambda g, out, df, t: g * _student(df, t), latex=r"F_{{{0}}}({1})",
    rule_words="none for the degrees of freedom; the density times the cotangent")
# -- logarithms and entropies ----------------------------------------------------------------------
_special("logit", lambda g, out, x: g / (x * (1 - x)), latex=r"\ln \frac{{{0}}}{{1 - {0}}}")
_special("log_expit", lambda g, out, x: g * call(SIGMOID, -x), latex=r"\ln f({0})")
XLOGY = _special("xlogy", lambda g, out, x, y: g * np.log(y),
    lambda g, out, x, y: g * (x / np.where(np.logical_and(x == 0, y == 0), 1, y)),
    latex=r"{0} \ln({1})", rule_words=r"$g \odot \ln(y)$; $g \odot \frac{x}{y}$")
XLOG1PY = _special("xlog1py", lambda g, out, x, y: g * np.log1p(y),
    lambda g, out, x, y: g * (x / np.where(np.logical_and(x == 0, y == -1), 1, 1 + y)),
    latex=r"{0} \ln(1 + {1})", rule_words=r"$g \odot \ln(1 + y)$; $g \odot \frac{x}{1 + y}$")
_special("entr", lambda g, out, x: -g * (np.log(x) + 1), latex=r"-{0} \ln({0})")
_special("rel_entr", lambda g, out, x, y: g * (np.log(x / y) + 1),
    lambda g, out, x, y: -g * (x / y), latex=r"{0} \ln \frac{{{0}}}{{{1}}}")
_special("kl_div", lambda g, out, x, y: g * np.log(x / y),
    lambda g, out, x, y: g * (1 - x / y), latex=r"{0} \ln \frac{{{0}}}{{{1}}} - {0} + {1}")
_special("huber",
    lambda g, out, delta, r: g * np.maximum(np.abs(r) - delta, 0),
    lambda g, out, delta, r: g * np.minimum(np.maximum(r, -delta), delta))
# -- Bessel functions and integrals ----------------------------------------------------------------
def _bessel(name: str, letter: str, below: int, above: int, of: Any = None) -> Op:
    """Register a function whose derivative is half of its neighbours, with these signs."""
    return _special(name, "its order", lambda g, out, n, x: g * 0.5 * (
        below * call(of or LATE["scipy.special", name], n - 1, x)
        + above * call(of or LATE["scipy.special", name], n + 1, x)
    ), latex=f"{letter}_{{{{{{0}}}}}}({{1}})",
        rule_words=f"none for the order n; half of {below:+d} times that of order n - 1 and "
        f"{above:+d} times that of n + 1")


JV, YV = _bessel("jv", "J", 1, -1), _bessel("yv", "Y", 1, -1)
IV, KV = _bessel("iv", "I", 1, 1), _bessel("kv", "K", -1, -1)
_bessel("yn", "Y", 1, -1, YV)
IVE: Op = _special("ive", "its order", lambda g, out, n, x: g * (
    0.5 * (call(IVE, n - 1, x) + call(IVE, n + 1, x)) - np.sign(x) * out),
    rule_words="none for the order n; that of iv less the sign of x times the result")
for _name, _order, _general in (
    ("j0", 0, JV), ("j1", 1, JV), ("y0", 0, YV), ("y1", 1, YV), ("i0", 0, IV), ("i1", 1, IV),
    ("i0e", 0, IVE), ("i1e", 1, IVE), ("k0", 0, KV), ("k1", 1, KV),
):
    _special(_name,
        lambda g, out, x, n=float(_order), of=_general: of.vjps[1](
            g, out, np.asarray(n, x.dtype), x
        ),
        latex=f"{_name[0].upper()}_{_order}({{0}})" if len(_name) == 2 else function_of(_name),
        rule_words=f"that of {_general.name}")
_special("exp1", lambda g, out, x: -g * (np.exp(-x) / x), latex=r"E_1({0})")
_special("expi", lambda g, out, x: g * (np.exp(x) / x), latex=r"\operatorname{{Ei}}({0})")
# fmt: on

for _name, _same in {
    "expit": SIGMOID, "digamma": PSI, "cbrt": CBRT, "exp2": EXP2, "expm1": EXPM1, "log1p": LOG1P,
}.items():  # fmt: skip
    LATE["scipy.special", _name] = _same
implements(np.i0)(lambda x: call(LATE["scipy.special", "i0"], x))


def ndtr(x: Any) -> Tensor:
    """Return the distribution function of the standard normal distribution at `x`."""
    return apply(NDTR, (x,))
