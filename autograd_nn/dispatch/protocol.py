"""NumPy's protocols: what a NumPy function or ufunc does when it meets a Tensor.

1. `ufunc_on_tensors` and `function_on_tensors` find the operation, or the composition of
   operations, that a call means.
2. What cannot be done is refused here, by name and with a way out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.op import UFUNCS
from ..core.tensor import Tensor, apply, install
from ..ops.functions import FUNCTIONS, operation_of

_IN_PLACE = (
    "it changes its argument in place, which loses gradients; build the new array with np.where, "
    "np.stack or np.concatenate"
)
_COUNTED = "use np.unique"

_SAME: dict[tuple[Any, str], Any] = {
    (np.add, "reduce"): np.sum,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "reduce"): np.prod,
    (np.multiply, "accumulate"): np.cumprod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.logical_and, "reduce"): np.all,
    (np.logical_or, "reduce"): np.any,
}
"""Ufunc and method → the function that means the same."""

_WHY_NOT: dict[Any, str] = {
    np.roots: "it drops zeros, which is a branch; use np.linalg.eigvals of the companion matrix",
    **dict.fromkeys(
        (np.put, np.place, np.putmask, np.put_along_axis, np.copyto, np.fill_diagonal), _IN_PLACE
    ),
    **dict.fromkeys(
        (np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values), _COUNTED

    ),
}  # fmt: skip
"""NumPy function → why it is not there for Tensors."""


def _unsupported(function: Any) -> NotImplementedError:
    module = (getattr(function, "__module__", None) or "numpy").replace("numpy", "np", 1)
    why = _WHY_NOT.get(
        function, "compute on t.numpy() if no gradient is needed, or register the operation"
    )
    return NotImplementedError(f"{module}.{function.__name__} is not supported on Tensors: {why}")


def _refuse_options(name: str, options: dict[str, Any]) -> None:
    """Refuse the options that are refused wherever NumPy has them."""
    outs = options.get("out")
    if outs is not None:
        group = outs if isinstance(outs, tuple) else (outs,)
        if any(isinstance(out, Tensor) for out in group):
            raise TypeError(
                f"np.{name} cannot write into a Tensor (out=, or an in-place operator on it): "
                "Tensors are not changed in place. Use the result, t = t + other"
            )
        raise TypeError(
            f"np.{name} on Tensors does not write into a plain array (out=, or y += t), which "
            "would lose the gradient; use the result: y = y + t"
        )
    where = options.get("where", True)
    if where is not True and where is not np._NoValue:
        raise TypeError(
            f"np.{name} on Tensors does not take where=; mask an operand first, e.g. with "
            "np.where(mask, t, 0)"
        )


def ufunc_on_tensors(ufunc: Any, method: str, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """Answer ``Tensor.__array_ufunc__``."""
    if not kwargs and method == "__call__" and ufunc in UFUNCS:
        return apply(UFUNCS[ufunc], inputs)
    if kwargs:
        _refuse_options(ufunc.__name__, kwargs)
    if method != "__call__":
        return _ufunc_method(ufunc, method, inputs, kwargs)
    op = UFUNCS.get(ufunc) or operation_of(ufunc)
    if op is None:
        if ufunc in FUNCTIONS:
            return _composed(ufunc, FUNCTIONS[ufunc], inputs, kwargs)
        raise _unsupported(ufunc)
    further = sorted(kwargs.keys() - {"out", "where"})
    if further:
        raise TypeError(
            f"np.{ufunc.__name__} on Tensors takes no keyword arguments, got "
            f"{', '.join(further)}; use the plain call, and t.astype(...) for dtype="
        )
    return apply(op, inputs)


def function_on_tensors(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer ``Tensor.__array_function__``."""
    replacement = FUNCTIONS.get(function)
    if replacement is None:
        raise _unsupported(function)
    if kwargs:
        _refuse_options(function.__name__, kwargs)
    return _composed(function, replacement, args, kwargs)


def _composed(
    function: Any, replacement: Callable[..., Any], args: Any, kwargs: dict[str, Any]
) -> Any:
    try:
        return replacement(*args, **kwargs)
    except TypeError:
        try:
            inspect.signature(replacement).bind(*args, **kwargs)
        except TypeError as misfit:
            raise TypeError(f"np.{function.__name__} on Tensors: {misfit}") from None
        raise


def _ufunc_method(ufunc: Any, method: str, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """Answer ``np.add.reduce`` and its like with the function that means the same."""
    function = _SAME.get((ufunc, method))
    if function is not None:
        kwargs.setdefault("axis", 0)
        return _composed(function, FUNCTIONS[function], inputs, kwargs)
    if method == "outer" and not kwargs:
        first, second = (x if isinstance(x, Tensor) else np.asarray(x) for x in inputs)
        return ufunc(np.reshape(first, first.shape + (1,) * second.ndim), second)
    raise NotImplementedError(
        f"np.{ufunc.__name__}.{method} is not supported on Tensors; use a plain function such as "
        "np.sum, np.max or np.cumsum"
    )


@install
class Protocol:
    """What NumPy asks of an array."""

    __slots__ = ()
    __array_priority__ = 1000.0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return ufunc_on_tensors(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function_on_tensors(func, args, kwargs)
