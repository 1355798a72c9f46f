"""Elementwise arithmetic, powers, exponentials and logarithms, and the sigmoid.

Each operation is a row with its function, its rules and its LaTeX.
"""

from __future__ import annotations

import contextvars
import math
import threading
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply, plain
from .functions import implements
from .rules import call, conjugated, divided, is_complex


class _Quiet(threading.local):
    """A context of each thread in which overflow is silent: cheaper to enter than `np.errstate`."""

    def __init__(self) -> None:
        self.context = contextvars.copy_context()
        self.context.run(np.seterr, over="ignore", under="ignore")


_QUIET = _Quiet()


def stable_sigmoid(z: Any) -> Any:
    """Return 1/(1 + exp(−z)) without a warning for any z.

    For very negative z the exponential overflows to inf and 1/(1 + inf) is the right 0, so the
    warning alone has to go. NumPy's exp is vectorised where ``scipy.special.expit`` is not.
    """
    if not issubclass(type(z), (np.ndarray, np.generic, int, float)):
        small = np.exp(-np.abs(z))  # computed later and elsewhere, where no errstate holds
        return np.where(z >= 0, 1, small) / (1 + small)
    if type(z) is not np.ndarray or z.dtype.kind != "f":
        if isinstance(z, (np.ndarray, np.generic)) and z.dtype.kind in "iu":
            z = z.astype(np.exp(np.zeros((), z.dtype)).dtype)  # −z of narrow integers wraps
        with np.errstate(over="ignore", under="ignore"):
            return 1 / (1 + np.exp(-z))
    t = -z
    if t.ndim == 0:  # arithmetic on 0-d arrays gives scalars, which cannot be written into
        t = np.asarray(t)
    _QUIET.context.run(np.exp, t, t)
    t += 1
    return np.reciprocal(t, t)


def rectified(z: Any) -> Any:
    """Return ``max(z, 0)``."""
    return np.maximum(z, 0)


def converted(x: Any, dtype: Any) -> Any:
    """Return `x` in another data type."""
    return x.astype(dtype)


def _sigmoid_rule(g: Any, out: Any, z: Any) -> Any:
    if type(out) is not np.ndarray:
        return g * (out * (1 - out))
    slope = 1 - out  # the same in one array: a large temporary costs more than the arithmetic
    slope *= out
    slope *= g
    return slope


def _lowered(x: Any, p: Any) -> Any:
    """Return the exponent p − 1 of the derivative of x**p, or 1 where p = 0 (factor 0)."""
    value = plain(p)
    if not isinstance(value, (int, float, complex)):
        return np.where(p == 0, 1, p - 1)
    if isinstance(p, Tensor) and p.op is not None:  # a program's argument: another in every call
        return np.where(p == 0, 1, p - 1).astype(x.dtype)
    return value - 1 if value != 0 else 1  # a Python number stays one, so that dtypes are kept


def _power_x(g: Any, out: Any, x: Any, p: Any) -> Any:
    return g * p * x ** _lowered(x, p)


def _power_p(g: Any, out: Any, x: Any, p: Any) -> Any:
    base = np.where(x == 0, 1, x)
    # real numbers below 0 have complex powers, and so a complex logarithm
    return (
        g * out * np.log(base if is_complex(x) or not is_complex(out) else base.astype(out.dtype))
    )


def _absolute_rule(g: Any, out: Any, x: Any) -> Any:
    return g * (divided(conjugated(x), out) if is_complex(x) else np.sign(x))


def _share(larger: Any, equal: Any) -> Any:
    return larger + 0.5 * equal  # a tie is shared evenly, as in JAX and PyTorch


def _exponential_share(a: Any, b: Any) -> Any:
    # exp(a) / (exp(a) + exp(b)); equal infinities share evenly, as their difference is nan
    same = np.logical_and(a == b, np.isinf(a))
    return call(SIGMOID, np.where(same, 0, a) - np.where(same, 0, b))


_SIGMOID_LATEX = r"f({0})"
_LN2 = math.log(2)
_LN10 = math.log(10)

# fmt: off
ADD = register(Op("add", np.add, (
    lambda g, out, a, b: g,
    lambda g, out, a, b: g,
), symbol="+", latex="{0} + {1}", broadcasts=True,
    text="{0} + {1}", words="{0} plus {1}", traits={"commutes", "linear", "value_free"}), np.add)
SUBTRACT = register(Op("subtract", np.subtract, (
    lambda g, out, a, b: g,
    lambda g, out, a, b: -g,
), symbol="-", latex="{0} - {1}", broadcasts=True,
    text="{0} − {1}", words="{0} minus {1}", traits={"linear", "value_free"}), np.subtract)
MULTIPLY = register(Op("multiply", np.multiply, (
    lambda g, out, a, b: g * b,
    lambda g, out, a, b: g * a,
), symbol="*", latex=r"{0} \odot {1}", broadcasts=True,
    text="{0} ⊙ {1}", words="{0} times {1}, element by element",
    traits={"commutes", "linear"}), np.multiply)
DIVIDE = register(Op("divide", np.divide, (
    lambda g, out, a, b: g / b,
    lambda g, out, a, b: -g * out / b,
), symbol="/", latex=r"\frac{{{0}}}{{{1}}}", broadcasts=True,
    text="{0} / {1}", words="{0} divided by {1}", traits={"linear"}), np.divide)
POWER = register(Op("power", np.power, (_power_x, _power_p),
    symbol="**", latex="{0}^{{{1}}}", broadcasts=True, text="{0}^{1}", words="{0} to the power {1}",
    rule_words=r"$g \odot y \odot x^{y-1}$; $g \odot r \odot \ln(x)$",
    traits={"complex"}), np.power)
NEGATIVE = register(Op("negative", np.negative, (lambda g, out, x: -g,), symbol="-", latex="-{0}",
    text="−{0}", python="-{0}", words="{0} with its sign turned", traits={"linear", "value_free"}),
    np.negative)
POSITIVE = register(Op("positive", np.positive, (lambda g, out, x: g,), symbol="+", latex="{0}",
    text="{0}", python="{0}", traits={"linear", "value_free"}), np.positive)
ABSOLUTE = register(Op("absolute", np.abs, (_absolute_rule,),
    latex=r"\left|{0}\right|",
    text="|{0}|", python="np.abs({0})", loop="abs({0})", symbolic="Abs",
    traits={"complex"}), np.abs)
FABS = register(Op("fabs", np.fabs, (lambda g, out, x: g * np.sign(x),),
    latex=r"\left|{0}\right|"), np.fabs)
RECIPROCAL = register(Op("reciprocal", np.reciprocal, (lambda g, out, x: -g * np.square(out),),
    latex=r"\frac{{1}}{{{0}}}", loop="np.reciprocal({0})", traits={"complex"}), np.reciprocal)
FLOAT_POWER = register(Op("float_power", np.float_power, (_power_x, _power_p),
    latex="{0}^{{{1}}}", broadcasts=True,
    rule_words=r"$g \odot y \odot x^{y-1}$; $g \odot r \odot \ln(x)$",
    traits={"complex"}), np.float_power)
SQUARE = register(Op("square", np.square, (lambda g, out, x: g * (2 * x),), latex="{0}^{{2}}",
    text="{0}²", python="{0}**2", words="the square of {0}", loop="{0} * {0}",
    traits={"complex"}), np.square)
SQRT = register(Op("sqrt", np.sqrt, (lambda g, out, x: g / (2 * out),), latex=r"\sqrt{{{0}}}",
    text="√({0})", words="the square root of {0}", loop="np.sqrt({0})", symbolic="sqrt",
    traits={"complex"}), np.sqrt)
CBRT = register(Op("cbrt", np.cbrt, (lambda g, out, x: g / (3 * np.square(out)),),
    latex=r"\sqrt[3]{{{0}}}", loop="np.cbrt({0})"), np.cbrt)
EXP = register(Op("exp", np.exp, (lambda g, out, x: g * out,), latex=r"e^{{{0}}}",
    text="exp({0})", words="e to the power {0}", loop="exp({0})", symbolic="exp",
    traits={"complex"}), np.exp)
EXPM1 = register(Op("expm1", np.expm1, (lambda g, out, x: g * (out + 1),), latex=r"e^{{{0}}} - 1",
    loop="expm1({0})", traits={"complex"}), np.expm1)
LOG = register(Op("log", np.log, (lambda g, out, x: g / x,), latex=r"\ln({0})",
    text="ln({0})", words="the logarithm of {0}", loop="log({0})", symbolic="log",
    traits={"complex"}), np.log)
LOG1P = register(Op("log1p", np.log1p, (lambda g, out, x: g / (1 + x),), latex=r"\ln(1 + {0})",
    loop="log1p({0})", traits={"complex"}), np.log1p)
EXP2 = register(Op("exp2", np.exp2, (lambda g, out, x: g * (out * _LN2),), latex="2^{{{0}}}",
    rule_words=r"$\ln(2) \, g \odot r$", loop="np.exp2({0})", traits={"complex"}), np.exp2)
LOG2 = register(Op("log2", np.log2, (lambda g, out, x: g / (x * _LN2),), latex=r"\log_{{2}}({0})",
    rule_words=r"$\frac{g}{x \ln 2}$", loop="np.log2({0})", traits={"complex"}), np.log2)
LOG10 = register(Op("log10", np.log10, (lambda g, out, x: g / (x * _LN10),),
    latex=r"\log_{{10}}({0})", rule_words=r"$\frac{g}{x \ln 10}$", loop="np.log10({0})",
    traits={"complex"}), np.log10)
LOGADDEXP = register(Op("logaddexp", np.logaddexp, (
    lambda g, out, a, b: g * _exponential_share(a, b),
    lambda g, out, a, b: g * _exponential_share(b, a),
), latex=r"\ln(e^{{{0}}} + e^{{{1}}})", broadcasts=True,
    rule_words=r"$g \odot f(x - y)$; $g \odot f(y - x)$, f the sigmoid",
    loop="logaddexp({0}, {1})", traits={"commutes"}), np.logaddexp)
LOGADDEXP2 = register(Op("logaddexp2", np.logaddexp2, (
    lambda g, out, a, b: g * _exponential_share(a * _LN2, b * _LN2),
    lambda g, out, a, b: g * _exponential_share(b * _LN2, a * _LN2),
), latex=r"\log_{{2}}(2^{{{0}}} + 2^{{{1}}})", broadcasts=True,
    rule_words=r"$g \odot f((x - y) \ln 2)$; $g \odot f((y - x) \ln 2)$, f the sigmoid",
    traits={"commutes"}), np.logaddexp2)
SIGMOID = register(Op("sigmoid", stable_sigmoid, (_sigmoid_rule,), latex=_SIGMOID_LATEX,
    text="f({0})", python="sigmoid({0})", words="the sigmoid f of {0}", loop="sigmoid({0})",
    note=("f(z) = 1/(1 + e^(−z)),  f′(z) = f(z) (1 − f(z))",
          r"f(z) = \frac{1}{1 + e^{-z}}, \quad f'(z) = f(z) \, (1 - f(z))"),
    traits={"complex", "elementwise", "activation"}))
RELU = register(Op("relu", rectified, (lambda g, out, z: g * (z > 0),), latex=r"\max({0}, 0)",
    text="max({0}, 0)", python="np.maximum({0}, 0)",
    words="{0} where that is positive, else 0", loop="np.maximum({0}, 0)",
    note=("f(z) = max(z, 0),  f′(z) = 1 where z > 0, else 0",
          r"f(z) = \max(z, 0), \quad f'(z) = 1\ \mathrm{where}\ z > 0,\ \mathrm{else}\ 0"),
    traits={"elementwise", "activation"}))
MAXIMUM = register(Op("maximum", np.maximum, (
    lambda g, out, a, b: g * _share(a > b, a == b),
    lambda g, out, a, b: g * _share(b > a, a == b),
), latex=r"\max({0}, {1})", broadcasts=True,
    loop="np.maximum({0}, {1})", traits={"commutes"}), np.maximum)
MINIMUM = register(Op("minimum", np.minimum, (
    lambda g, out, a, b: g * _share(a < b, a == b),
    lambda g, out, a, b: g * _share(b < a, a == b),
), latex=r"\min({0}, {1})", broadcasts=True,
    loop="np.minimum({0}, {1})", traits={"commutes"}), np.minimum)
WHERE = register(Op("where", np.where, (
    None,
    lambda g, out, condition, a, b: np.where(condition, g, 0),
    lambda g, out, condition, a, b: np.where(condition, 0, g),
), latex=r"\operatorname{{where}}({0}, {1}, {2})", broadcasts=True,
    loop="({1} if {0} else {2})", traits={"complex", "elementwise"}))
FMAX = register(Op("fmax", np.fmax, (
    lambda g, out, a, b: g * _share(np.logical_or(a > b, np.isnan(b)), a == b),
    lambda g, out, a, b: g * _share(np.logical_or(b > a, np.isnan(a)), a == b),
), latex=r"\max({0}, {1})", broadcasts=True, traits={"commutes"}), np.fmax)
FMIN = register(Op("fmin", np.fmin, (
    lambda g, out, a, b: g * _share(np.logical_or(a < b, np.isnan(b)), a == b),
    lambda g, out, a, b: g * _share(np.logical_or(b < a, np.isnan(a)), a == b),
), latex=r"\min({0}, {1})", broadcasts=True, traits={"commutes"}), np.fmin)
CLIP = register(Op("clip", np.clip, (
    lambda g, out, x, low, high: g * ((x >= low) * (x <= high)),
    lambda g, out, x, low, high: g * (x < low),
    lambda g, out, x, low, high: g * (x > high),
), latex=r"\operatorname{{clip}}({0}, {1}, {2})", broadcasts=True, traits={"elementwise"}))
ASTYPE = register(Op("astype", converted, (lambda g, out, x, dtype: g,), latex="{0}",
    text="{0}", rule_words="the cotangent in the operand's data type",
    traits={"elementwise", "linear"}))
# fmt: on


@implements(np.where)
def _where(condition: Any, *branches: Any) -> Any:
    if not branches:
        return np.nonzero(condition)
    if len(branches) != 2:
        raise ValueError(f"np.where takes a condition and both branches, got {len(branches)}")
    return apply(WHERE, (condition, *branches))


@implements(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, **bounds: Any) -> Any:
    low, high = bounds.pop("min", a_min), bounds.pop("max", a_max)
    if bounds:
        raise TypeError(f"np.clip on Tensors does not take {', '.join(sorted(bounds))}")
    if low is None and high is None:
        raise ValueError("np.clip needs a lower or an upper bound")
    if high is None:
        return apply(MAXIMUM, (a, low))
    if low is None:
        return apply(MINIMUM, (a, high))
    return apply(CLIP, (a, low, high))


def sigmoid(z: Any) -> Tensor:
    """Return f(z) = 1/(1 + exp(−z)), elementwise, stable for any z (section 2.1).

    Parameters
    ----------
    z : Tensor or array_like, any shape

    Returns
    -------
    Tensor
        Of `z`'s shape, in [0, 1].
    """
    return apply(SIGMOID, (z,))


def relu(z: Any) -> Tensor:
    """Return ``max(z, 0)``, elementwise; its derivative at 0 is taken as 0."""
    return apply(RELU, (z,))
