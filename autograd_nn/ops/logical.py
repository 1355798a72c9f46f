"""Comparisons and logic: recorded, and not differentiable."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Op, implements, register
from ..tensor import Tensor, apply

for _ufunc, _symbol, _latex in (
    (np.less, "<", "{0} < {1}"),
    (np.less_equal, "<=", r"{0} \le {1}"),
    (np.greater, ">", "{0} > {1}"),
    (np.greater_equal, ">=", r"{0} \ge {1}"),
    (np.equal, "==", "{0} = {1}"),
    (np.not_equal, "!=", r"{0} \ne {1}"),
    (np.logical_and, "", r"{0} \wedge {1}"),
    (np.logical_or, "", r"{0} \vee {1}"),
):
    register(Op(_ufunc.__name__, _ufunc, symbol=_symbol, latex=_latex, broadcasts=True), _ufunc)
for _ufunc, _latex in (
    (np.logical_not, r"\neg {0}"),
    (np.isnan, r"\operatorname{{isnan}}({0})"),
    (np.isinf, r"\operatorname{{isinf}}({0})"),
    (np.isfinite, r"\operatorname{{isfinite}}({0})"),
):
    register(Op(_ufunc.__name__, _ufunc, latex=_latex), _ufunc)

_ARGMAX = register(Op("argmax", np.argmax, latex=r"\operatorname{{argmax}}({0})"))
_ARGMIN = register(Op("argmin", np.argmin, latex=r"\operatorname{{argmin}}({0})"))


@implements(np.argmax)
def _argmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Tensor:
    return apply(_ARGMAX, (a,), {"axis": axis, "keepdims": keepdims})


@implements(np.argmin)
def _argmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Tensor:
    return apply(_ARGMIN, (a,), {"axis": axis, "keepdims": keepdims})
