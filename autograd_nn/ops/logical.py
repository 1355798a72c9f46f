"""Comparisons and logic: recorded, and not differentiable."""

from __future__ import annotations

from functools import wraps
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.recording import refuse_value
from ..core.tensor import apply, plain
from .functions import implements
from .rules import function_of


def _comparison(ufunc: Any, symbol: str, latex: str, text: str = "", **more: Any) -> Op:
    """Enter the row of a comparison, or of a logical operation on two truth values."""
    op = Op(ufunc.__name__, ufunc, symbol=symbol, latex=latex, text=text, broadcasts=True, **more)
    return register(op, ufunc)


def _question(ufunc: Any, latex: str, loop: str = "") -> Op:
    """Enter the row of a question asked of one array."""
    return register(Op(ufunc.__name__, ufunc, latex=latex, loop=loop, traits={"complex"}), ufunc)


_BOTH = {"commutes", "complex"}
# fmt: off
LESS = _comparison(np.less, "<", "{0} < {1}")
LESS_EQUAL = _comparison(np.less_equal, "<=", r"{0} \leq {1}", "{0} ≤ {1}")
GREATER = _comparison(np.greater, ">", "{0} > {1}")
GREATER_EQUAL = _comparison(np.greater_equal, ">=", r"{0} \geq {1}", "{0} ≥ {1}")
EQUAL = _comparison(np.equal, "==", "{0} = {1}", "{0} = {1}", traits=_BOTH)
NOT_EQUAL = _comparison(np.not_equal, "!=", r"{0} \ne {1}", "{0} ≠ {1}", traits=_BOTH)
LOGICAL_AND = _comparison(np.logical_and, "", r"{0} \wedge {1}",
    loop="np.logical_and({0}, {1})", traits=_BOTH)
LOGICAL_OR = _comparison(np.logical_or, "", r"{0} \vee {1}",
    loop="np.logical_or({0}, {1})", traits=_BOTH)
LOGICAL_XOR = _comparison(np.logical_xor, "", r"{0} \oplus {1}", traits=_BOTH)
BITWISE_AND = _comparison(np.bitwise_and, "&", r"{0} \wedge {1}", traits=_BOTH)
BITWISE_OR = _comparison(np.bitwise_or, "|", r"{0} \vee {1}", traits=_BOTH)
BITWISE_XOR = _comparison(np.bitwise_xor, "^", r"{0} \oplus {1}", traits=_BOTH)
LOGICAL_NOT = _question(np.logical_not, r"\neg {0}", "np.logical_not({0})")
INVERT = _question(np.invert, r"\neg {0}")
ISNAN = _question(np.isnan, function_of("isnan"), "np.isnan({0})")
ISINF = _question(np.isinf, function_of("isinf"), "np.isinf({0})")
ISFINITE = _question(np.isfinite, function_of("isfinite"), "np.isfinite({0})")
ISCLOSE = register(Op("isclose", np.isclose, latex=r"{0} \approx {1}", broadcasts=True,
    traits={"complex", "elementwise", "commutes"}))
# fmt: on


@implements(np.isclose)
def _isclose(
    a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Any:
    return apply(ISCLOSE, (a, b), {"rtol": rtol, "atol": atol, "equal_nan": equal_nan})


@implements(np.allclose)
@wraps(_isclose)  # errors about arguments read its signature
def _allclose(*args: Any, **kwargs: Any) -> bool:
    return bool(np.all(_isclose(*args, **kwargs)))


@implements(np.array_equal)
def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    refuse_value("np.array_equal", "Use np.equal and np.all.")
    first, second = (plain(x) for x in (a1, a2))
    return np.array_equal(first, second, equal_nan)


implements(np.isneginf)(lambda x, out=None: np.less_equal(x, -np.inf))
implements(np.isposinf)(lambda x, out=None: np.greater_equal(x, np.inf))
