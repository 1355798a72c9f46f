"""Circular and hyperbolic functions, their inverses, and angles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import apply
from .functions import implements
from .rules import divided, function_of


def _angle_y(g: Any, out: Any, y: Any, x: Any) -> Any:
    return g * x / (np.square(x) + np.square(y))


def _angle_x(g: Any, out: Any, y: Any, x: Any) -> Any:
    return -g * y / (np.square(x) + np.square(y))


def _sinc_slope(x: Any, out: Any) -> Any:
    """Return the derivative of sin(πx)/(πx): by its series where the quotient would cancel."""
    u = math.pi * x
    square = np.square(u)
    series: Any = 0
    for k in range(8, 0, -1):  # the next term is below 1e-16 of the first for |u| < 1/2
        series = (-1) ** k * 2 * k / math.factorial(2 * k + 1) + square * series
    near = np.abs(u) < 0.5
    far = (np.cos(u) - out) / np.where(near, 1, x)
    return np.where(near, math.pi * u * series, far)


# fmt: off
SIN = register(Op("sin", np.sin, (lambda g, out, x: g * np.cos(x),), latex=r"\sin({0})",
    loop="np.sin({0})", symbolic="sin", traits={"complex"}), np.sin)
COS = register(Op("cos", np.cos, (lambda g, out, x: -g * np.sin(x),), latex=r"\cos({0})",
    loop="np.cos({0})", symbolic="cos", traits={"complex"}), np.cos)
TAN = register(Op("tan", np.tan, (lambda g, out, x: g * (1 + np.square(out)),), latex=r"\tan({0})",
    loop="np.tan({0})", traits={"complex"}), np.tan)
ARCSIN = register(Op("arcsin", np.arcsin, (lambda g, out, x: g / np.sqrt((1 - x) * (1 + x)),),
    latex=r"\arcsin({0})", traits={"complex"}), np.arcsin)
ARCCOS = register(Op("arccos", np.arccos, (lambda g, out, x: -g / np.sqrt((1 - x) * (1 + x)),),
    latex=r"\arccos({0})", traits={"complex"}), np.arccos)
ARCTAN = register(Op("arctan", np.arctan, (lambda g, out, x: g / (1 + np.square(x)),),
    latex=r"\arctan({0})", loop="np.arctan({0})", traits={"complex"}), np.arctan)
ARCTAN2 = register(Op("arctan2", np.arctan2, (_angle_y, _angle_x),
    latex=function_of("arctan2", 2), broadcasts=True), np.arctan2)
HYPOT = register(Op("hypot", np.hypot, (
    lambda g, out, a, b: g * divided(a, out),
    lambda g, out, a, b: g * divided(b, out),
), latex=r"\sqrt{{{0}^{{2}} + {1}^{{2}}}}", broadcasts=True,
    rule_words=r"$g \odot \frac{x}{r}$; $g \odot \frac{y}{r}$; 0 at the origin",
    traits={"commutes"}), np.hypot)
SINH = register(Op("sinh", np.sinh, (lambda g, out, x: g * np.cosh(x),), latex=r"\sinh({0})",
    loop="np.sinh({0})", traits={"complex"}), np.sinh)
COSH = register(Op("cosh", np.cosh, (lambda g, out, x: g * np.sinh(x),), latex=r"\cosh({0})",
    loop="np.cosh({0})", traits={"complex"}), np.cosh)
TANH = register(Op("tanh", np.tanh, (lambda g, out, x: g * (1 - out * out),), latex=r"\tanh({0})",
    words="the tanh of {0}", loop="tanh({0})", symbolic="tanh",
    note=("f(z) = tanh(z),  f′(z) = 1 − tanh(z)²",
          r"f(z) = \tanh(z), \quad f'(z) = 1 - \tanh(z)^{2}"),
    traits={"complex", "activation"}), np.tanh)
ARCSINH = register(Op("arcsinh", np.arcsinh, (lambda g, out, x: g / np.sqrt(np.square(x) + 1),),
    latex=function_of("arcsinh"), traits={"complex"}), np.arcsinh)
ARCCOSH = register(Op("arccosh", np.arccosh, (
    lambda g, out, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)),  # of complex x, each root by itself
), latex=function_of("arccosh"), traits={"complex"}), np.arccosh)
ARCTANH = register(Op("arctanh", np.arctanh, (lambda g, out, x: g / ((1 - x) * (1 + x)),),
    latex=function_of("arctanh"), traits={"complex"}), np.arctanh)
SINC = register(Op("sinc", np.sinc, (lambda g, out, x: g * _sinc_slope(x, out),),
    latex=function_of("sinc"),
    rule_words=r"$g \odot \frac{\cos(\pi x) - r}{x}$, near 0 by its series",
    traits={"complex", "elementwise"}))
# fmt: on

for _ufuncs, _factor, _latex in (
    ((np.deg2rad, np.radians), math.pi / 180, r"\frac{{\pi}}{{180}}"),
    ((np.rad2deg, np.degrees), 180 / math.pi, r"\frac{{180}}{{\pi}}"),
):
    for _ufunc in _ufuncs:
        register(Op(_ufunc.__name__, _ufunc, (lambda g, out, x, by=_factor: g * by,),
            latex=f"{_latex} {{0}}", rule_words=f"${_latex} g$".format()), _ufunc)  # fmt: skip


implements(np.sinc)(lambda x: apply(SINC, (x,)))
