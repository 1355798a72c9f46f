"""Comparisons and logic: recorded, and not differentiable."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.recording import refuse_value
from ..core.tensor import Tensor, apply
from .functions import implements
from .rules import function_of

for _ufunc, _symbol, _latex in (
    (np.less, "<", "{0} < {1}"),
    (np.less_equal, "<=", r"{0} \leq {1}"),
    (np.greater, ">", "{0} > {1}"),
    (np.greater_equal, ">=", r"{0} \geq {1}"),
    (np.equal, "==", "{0} = {1}"),
    (np.not_equal, "!=", r"{0} \ne {1}"),
    (np.logical_and, "", r"{0} \wedge {1}"),
    (np.logical_or, "", r"{0} \vee {1}"),
    (np.logical_xor, "", r"{0} \oplus {1}"),
    (np.bitwise_and, "&", r"{0} \wedge {1}"),
    (np.bitwise_or, "|", r"{0} \vee {1}"),
    (np.bitwise_xor, "^", r"{0} \oplus {1}"),
):
    register(Op(_ufunc.__name__, _ufunc, symbol=_symbol, latex=_latex, broadcasts=True), _ufunc)
for _unary, _latex in (
    (np.logical_not, r"\neg {0}"),
    (np.invert, r"\neg {0}"),
    (np.isnan, function_of("isnan")),
    (np.isinf, function_of("isinf")),
    (np.isfinite, function_of("isfinite")),
):
    register(Op(_unary.__name__, _unary, latex=_latex), _unary)

ISCLOSE = register(Op("isclose", np.isclose, latex=r"{0} \approx {1}", broadcasts=True))


@implements(np.isclose)
def _isclose(
    a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Any:
    return apply(ISCLOSE, (a, b), {"rtol": rtol, "atol": atol, "equal_nan": equal_nan})


@implements(np.allclose)
def _allclose(
    a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    return bool(np.all(_isclose(a, b, rtol, atol, equal_nan)))


@implements(np.array_equal)
def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    refuse_value("np.array_equal", "Use np.equal and np.all.")
    first, second = (x.data if isinstance(x, Tensor) else x for x in (a1, a2))
    return np.array_equal(first, second, equal_nan)


@implements(np.isneginf)
def _isneginf(x: Any, out: Any = None) -> Any:
    return np.equal(x, -np.inf)


@implements(np.isposinf)
def _isposinf(x: Any, out: Any = None) -> Any:
    return np.equal(x, np.inf)


@implements(np.iscomplexobj)
def _iscomplexobj(x: Any) -> bool:
    return False  # Tensors are real


@implements(np.isrealobj)
def _isrealobj(x: Any) -> bool:
    return True  # Tensors are real
