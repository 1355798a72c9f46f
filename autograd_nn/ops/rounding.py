"""Signs, rounding and remainders: operations that are constant, or a shift, in between jumps.

The derivative is the one between the jumps: 0 for rounding, 1 for a remainder. At a jump there
is none, and the same value is taken. Operations whose derivative is 0 everywhere have no rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import apply
from .functions import implements
from .rules import function_of


def _copied_sign(g: Any, out: Any, x: Any, sign: Any) -> Any:
    return g * np.where(np.signbit(x) == np.signbit(sign), 1, -1)


# fmt: off
SIGN = register(Op("sign", np.sign, (), latex=function_of("sign"),
    loop="np.sign({0})", symbolic="sign"), np.sign)
SPACING = register(Op("spacing", np.spacing, (), latex=function_of("spacing")), np.spacing)
NEXTAFTER = register(Op("nextafter", np.nextafter, (lambda g, out, x, y: g, None),
    latex=function_of("nextafter", 2), broadcasts=True), np.nextafter)
SIGNBIT = register(Op("signbit", np.signbit, (), latex=function_of("signbit")), np.signbit)
FLOOR = register(Op("floor", np.floor, (), latex=r"\lfloor {0} \rfloor",
    loop="np.floor({0})"), np.floor)
CEIL = register(Op("ceil", np.ceil, (), latex=r"\lceil {0} \rceil", loop="np.ceil({0})"), np.ceil)
RINT = register(Op("rint", np.rint, (), latex=function_of("round")), np.rint)
TRUNC = register(Op("trunc", np.trunc, (), latex=function_of("trunc")), np.trunc)
ROUND = register(Op("round", np.round, (), latex=function_of("round"), traits={"elementwise"}))
FLOOR_DIVIDE = register(Op("floor_divide", np.floor_divide, (), symbol="//",
    latex=r"\lfloor \frac{{{0}}}{{{1}}} \rfloor", broadcasts=True), np.floor_divide)
REMAINDER = register(Op("remainder", np.remainder, (
    lambda g, out, a, b: g,
    lambda g, out, a, b: -g * np.floor_divide(a, b),
), symbol="%", latex=r"{0} \ \mathrm{{mod}} \ {1}", broadcasts=True), np.remainder)
FMOD = register(Op("fmod", np.fmod, (
    lambda g, out, a, b: g,
    lambda g, out, a, b: -g * np.trunc(a / b),
), latex=function_of("fmod", 2), broadcasts=True), np.fmod)
COPYSIGN = register(Op("copysign", np.copysign, (_copied_sign, None),
    latex=r"\left|{0}\right| \operatorname{{sign}}({1})", broadcasts=True), np.copysign)
HEAVISIDE = register(Op("heaviside", np.heaviside, (
    None,
    lambda g, out, x, at_zero: g * (x == 0),
), latex=function_of("heaviside", 2), broadcasts=True), np.heaviside)
LDEXP = register(Op("ldexp", np.ldexp, (lambda g, out, x, power: np.ldexp(g, power), None),
    latex=r"{0} \cdot 2^{{{1}}}", broadcasts=True, rule_words=r"$g \cdot 2^{y}$"), np.ldexp)
NAN_TO_NUM = register(Op("nan_to_num", np.nan_to_num, (
    lambda g, out, x, **params: np.where(np.isfinite(x), g, 0),
), latex=function_of("nan_to_num"), traits={"elementwise"}))
# fmt: on


@implements(np.round, np.around)
def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    return apply(ROUND, (a,), {"decimals": decimals} if decimals else {})


implements(np.fix)(lambda x, out=None: np.trunc(x))
implements(np.divmod)(lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)))


@implements(np.modf)
def _modf(x: Any) -> Any:
    whole = np.trunc(x)
    return x - whole, whole


@implements(np.nan_to_num)
def _nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if not copy:
        raise TypeError("np.nan_to_num on Tensors takes copy=True only: they are not changed")
    given = {"nan": nan or None, "posinf": posinf, "neginf": neginf}
    return apply(NAN_TO_NUM, (x,), {k: v for k, v in given.items() if v is not None})


@implements(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return a[...] if a.dtype.kind == "b" else np.positive(a)
