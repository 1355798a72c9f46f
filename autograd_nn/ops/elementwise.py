"""Elementwise operations: each a row with its function, its rules and its LaTeX."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Op, implements, register
from ..tensor import Tensor, apply


def stable_sigmoid(z: Any) -> Any:
    """Return 1/(1 + exp(−z)) without a warning for any z.

    For very negative z the exponential overflows to inf and 1/(1 + inf) is the right 0, so the
    warning alone has to go. NumPy's exp is vectorised where ``scipy.special.expit`` is not.
    """
    if type(z) is not np.ndarray or z.dtype.kind != "f":
        with np.errstate(over="ignore", under="ignore"):
            return 1 / (1 + np.exp(-z))
    with np.errstate(over="ignore", under="ignore"):
        t = np.negative(z, out=np.empty_like(z))
        np.exp(t, out=t)
        t += 1
        return np.divide(1, t, out=t)


def _lowered(p: Any) -> Any:
    """Return the exponent p − 1 of the derivative of x**p, or 1 where p = 0 (factor 0)."""
    value = getattr(p, "_data", p)
    if isinstance(value, (int, float)):  # a Python number stays one, so that dtypes are kept
        return value - 1 if value != 0 else 1
    return np.where(p == 0, 1, p - 1)


def _power_x(g: Any, out: Any, x: Any, p: Any) -> Any:
    return g * p * x ** _lowered(p)


def _power_p(g: Any, out: Any, x: Any, p: Any) -> Any:
    return g * out * np.log(np.where(x == 0, 1, x))


def _share(larger: Any, equal: Any) -> Any:
    return larger + 0.5 * equal  # a tie is shared evenly, as in JAX and PyTorch


_SIGMOID_LATEX = r"f({0})"

# fmt: off
register(Op("add", np.add, (
    lambda g, out, a, b: g,
    lambda g, out, a, b: g,
), symbol="+", latex="{0} + {1}", broadcasts=True), np.add)
register(Op("subtract", np.subtract, (
    lambda g, out, a, b: g,
    lambda g, out, a, b: -g,
), symbol="-", latex="{0} - {1}", broadcasts=True), np.subtract)
register(Op("multiply", np.multiply, (
    lambda g, out, a, b: g * b,
    lambda g, out, a, b: g * a,
), symbol="*", latex=r"{0} \odot {1}", broadcasts=True), np.multiply)
register(Op("divide", np.divide, (
    lambda g, out, a, b: g / b,
    lambda g, out, a, b: -g * out / b,
), symbol="/", latex=r"\frac{{{0}}}{{{1}}}", broadcasts=True), np.divide)
register(Op("power", np.power, (_power_x, _power_p),
    symbol="**", latex="{0}^{{{1}}}", broadcasts=True), np.power)
register(Op("negative", np.negative, (lambda g, out, x: -g,), symbol="-", latex="-{0}"),
    np.negative)
register(Op("positive", np.positive, (lambda g, out, x: g,), symbol="+", latex="{0}"), np.positive)
register(Op("absolute", np.abs, (lambda g, out, x: g * np.sign(x),),
    latex=r"\left|{0}\right|"), np.abs)
register(Op("sign", np.sign, (), latex=r"\operatorname{{sign}}({0})"), np.sign)
register(Op("square", np.square, (lambda g, out, x: g * (2 * x),), latex="{0}^{{2}}"), np.square)
register(Op("sqrt", np.sqrt, (lambda g, out, x: g / (2 * out),),
    latex=r"\sqrt{{{0}}}"), np.sqrt)
register(Op("exp", np.exp, (lambda g, out, x: g * out,), latex=r"e^{{{0}}}"), np.exp)
register(Op("expm1", np.expm1, (lambda g, out, x: g * (out + 1),),
    latex=r"e^{{{0}}} - 1"), np.expm1)
register(Op("log", np.log, (lambda g, out, x: g / x,), latex=r"\ln({0})"), np.log)
register(Op("log1p", np.log1p, (lambda g, out, x: g / (1 + x),),
    latex=r"\ln(1 + {0})"), np.log1p)
register(Op("sin", np.sin, (lambda g, out, x: g * np.cos(x),), latex=r"\sin({0})"), np.sin)
register(Op("cos", np.cos, (lambda g, out, x: -g * np.sin(x),), latex=r"\cos({0})"), np.cos)
register(Op("tanh", np.tanh, (lambda g, out, x: g * (1 - out * out),),
    latex=r"\tanh({0})"), np.tanh)
register(Op("sigmoid", stable_sigmoid, (lambda g, out, z: g * (out * (1 - out)),),
    latex=_SIGMOID_LATEX))
register(Op("relu", lambda z: np.maximum(z, 0), (lambda g, out, z: g * (z > 0),),
    latex=r"\max({0}, 0)"))
register(Op("maximum", np.maximum, (
    lambda g, out, a, b: g * _share(a > b, a == b),
    lambda g, out, a, b: g * _share(b > a, a == b),
), latex=r"\max({0}, {1})", broadcasts=True), np.maximum)
register(Op("minimum", np.minimum, (
    lambda g, out, a, b: g * _share(a < b, a == b),
    lambda g, out, a, b: g * _share(b < a, a == b),
), latex=r"\min({0}, {1})", broadcasts=True), np.minimum)
register(Op("where", np.where, (
    None,
    lambda g, out, condition, a, b: np.where(condition, g, 0),
    lambda g, out, condition, a, b: np.where(condition, 0, g),
), latex=r"\begin{{cases}}{1} & {0}\\{2}\end{{cases}}", broadcasts=True))
register(Op("clip", np.clip, (
    lambda g, out, x, low, high: g * ((x >= low) * (x <= high)),
    lambda g, out, x, low, high: g * (x < low),
    lambda g, out, x, low, high: g * (x > high),
), latex=r"\operatorname{{clip}}({0}, {1}, {2})", broadcasts=True))
register(Op("astype", lambda x, dtype: x.astype(dtype), (lambda g, out, x, dtype: g,),
    latex="{0}"))
# fmt: on


@implements(np.where)
def _where(condition: Any, *branches: Any) -> Tensor:
    if len(branches) != 2:
        raise NotImplementedError(
            "np.where on Tensors takes (condition, a, b); for the indices alone use "
            "np.nonzero on t.numpy()"
        )
    return apply(_named("where"), (condition, *branches))


@implements(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, **bounds: Any) -> Tensor:
    low, high = bounds.pop("min", a_min), bounds.pop("max", a_max)
    if bounds:
        raise TypeError(f"np.clip on Tensors does not take {', '.join(sorted(bounds))}")
    if low is None and high is None:
        raise ValueError("np.clip needs a lower or an upper bound")
    if high is None:
        return apply(_named("maximum"), (a, low))
    if low is None:
        return apply(_named("minimum"), (a, high))
    return apply(_named("clip"), (a, low, high))


def _named(name: str) -> Op:
    from ..op import REGISTRY

    return REGISTRY[name]


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
    return apply(_named("sigmoid"), (z,))


def relu(z: Any) -> Tensor:
    """Return ``max(z, 0)``, elementwise; its derivative at 0 is taken as 0."""
    return apply(_named("relu"), (z,))
