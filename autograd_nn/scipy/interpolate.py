"""``scipy.interpolate`` for Tensors: interpolants that are linear in the values they go through.

At fixed points the value of such an interpolant is a matrix times the values; SciPy makes it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..numpy import asarray, holds_tensors
from . import scipys


def _linear_in_values(name: str) -> Callable[..., Any]:
    def make(x: Any, y: Any, *args: Any, axis: int | None = None, **options: Any) -> Any:
        theirs = getattr(importlib.import_module("scipy.interpolate"), name)
        if axis is None:
            axis = -1 if name == "interp1d" else 0  # SciPy's defaults
        if not holds_tensors([x, y]):
            return theirs(x, y, *args, axis=axis, **options)
        if holds_tensors(x):
            raise NotImplementedError(f"{name} has no derivative by x here; keep it constant")
        values = np.moveaxis(asarray(y), axis, 0)
        basis = theirs(x, np.eye(len(values)), *args, axis=0, **options)

        def interpolant(at: Any, *more: Any) -> Any:
            if isinstance(at, Tensor):
                raise NotImplementedError(f"{name} has no derivative by where it is read here")
            weights = basis(at, *more)
            read = np.tensordot(weights, values, (-1, 0))
            front = range(np.ndim(at))
            return np.moveaxis(read, front, [axis % values.ndim + i for i in front])

        return interpolant

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"Return ``scipy.interpolate.{name}(x, y)``, of Tensors `y` too."
    return make


interp1d, CubicSpline = _linear_in_values("interp1d"), _linear_in_values("CubicSpline")


__getattr__ = scipys("scipy.interpolate")
