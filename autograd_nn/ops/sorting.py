"""Order: positions of extrema, sorting, searching.

Positions are recorded and not differentiable. A sorted array is its operand taken at the
positions that sort it, so that its gradient is that of taking.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply
from .functions import implements
from .reductions import reduced
from .rules import along, function_of

# fmt: off
ARGMAX = register(Op("argmax", np.argmax, latex=function_of("argmax"), traits={"lines"}))
ARGMIN = register(Op("argmin", np.argmin, latex=function_of("argmin"), traits={"lines"}))
NANARGMAX = register(Op("nanargmax", np.nanargmax, latex=function_of("argmax"), traits={"lines"}))
NANARGMIN = register(Op("nanargmin", np.nanargmin, latex=function_of("argmin"), traits={"lines"}))
ARGSORT = register(Op("argsort", np.argsort, latex=function_of("argsort"),
    traits={"complex", "lines"}))
ARGPARTITION = register(Op("argpartition", np.argpartition, latex=function_of("argpartition"),
    traits={"lines"}))
SEARCHSORTED = register(Op("searchsorted", np.searchsorted, latex=function_of("searchsorted", 2)))
ISIN = register(Op("isin", np.isin, latex=r"{0} \in {1}", traits={"complex"}))
# fmt: on


for _function, _op in (
    (np.argmax, ARGMAX), (np.argmin, ARGMIN), (np.nanargmax, NANARGMAX), (np.nanargmin, NANARGMIN),
):  # fmt: skip
    implements(_function)(partial(reduced, _op))


@implements(np.argsort)
def _argsort(
    a: Any, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: Any = None
) -> Any:
    a, axis = along(a, axis)
    given = {"axis": axis, "kind": kind, "stable": stable}
    return apply(ARGSORT, (a,), {k: v for k, v in given.items() if v is not None})


@implements(np.sort)
def _sort(
    a: Any, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: Any = None
) -> Any:
    a, axis = along(a, axis)
    return np.take_along_axis(a, _argsort(a, axis, kind, stable=stable), axis)


@implements(np.argpartition)
def _argpartition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None
) -> Any:
    a, axis = along(a, axis)
    return apply(ARGPARTITION, (a,), {"kth": kth, "axis": axis})


@implements(np.partition)
def _partition(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None
) -> Any:
    a, axis = along(a, axis)
    return np.take_along_axis(a, _argpartition(a, kth, axis), axis)


@implements(np.isin)
def _isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *,
    kind: Any = None,
) -> Any:  # fmt: skip
    return apply(ISIN, (element, np.ravel(test_elements)), {"invert": True} if invert else {})


@implements(np.searchsorted)
def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    if sorter is not None:
        a = np.take(a, sorter)
    return apply(SEARCHSORTED, (a, v), {"side": side} if side != "left" else {})


@implements(np.digitize)
def _digitize(x: Any, bins: Any, right: bool = False) -> Any:
    side = "left" if right else "right"
    rising = bins.data if isinstance(bins, Tensor) else np.asarray(bins)
    if np.all(rising[1:] >= rising[:-1]):
        return _searchsorted(bins, x, side)
    opposite = "right" if right else "left"
    return len(rising) - _searchsorted(np.flip(bins), x, opposite)
