"""Shapes: reshaping, transposing, repeating along new axes; what a Tensor's shape is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply, plain
from .functions import composed_by_numpy, implements
from .rules import as_tensor, function_of


def reshaped(x: Any, shape: Any) -> Any:
    """Return `x` with another shape; what the parameter is called depends on NumPy's version."""
    return np.reshape(x, shape)


def permuted(x: Any, axes: Any = None) -> Any:
    """Return `x` with its axes in another order."""
    return np.transpose(x, axes)


def repeated(x: Any, shape: tuple[int, ...]) -> Any:
    """Return `x` broadcast to `shape`."""
    return np.broadcast_to(x, shape)


def _inverse(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    if axes is None:
        return None
    order = [a % len(axes) for a in axes]
    return tuple(order.index(i) for i in range(len(order)))


# fmt: off
RESHAPE = register(Op("reshape", reshaped, (
    lambda g, out, x, shape: np.reshape(g, x.shape),
), latex=function_of("reshape"), words="{0} in another shape",
    rule_words="the cotangent in the operand's shape", traits={"view", "linear"}))
TRANSPOSE = register(Op("transpose", permuted, (
    lambda g, out, x, axes=None: np.transpose(g, _inverse(axes)),
), latex="{0}^{{T}}", text="{0}ᵀ", python="{0}.T", words="{0} transposed",
    rule_words="the cotangent transposed back", traits={"view", "linear"}))
BROADCAST_TO = register(Op("broadcast_to", repeated, (lambda g, out, x, shape: g,),
    latex=function_of("broadcast"), broadcasts=True,
    text="{0}", rule_words="summed over the axes it was repeated along", traits={"view", "linear"}))
# fmt: on


# -- what is known of a shape ------------------------------------------------------------------


implements(np.shape)(lambda a: tuple(a.shape))
implements(np.ndim)(lambda a: len(a.shape))
implements(np.size)(lambda a, axis=None: int(a.size if axis is None else a.shape[axis]))
implements(np.result_type)(lambda *operands: np.result_type(*map(plain, operands)))


def _made_like(function: Any, a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    return function(plain(a), dtype=dtype, **kwargs)


_function: Any
for _function in (np.zeros_like, np.ones_like, np.empty_like):
    implements(_function)(partial(_made_like, _function))


@implements(np.full_like)
def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True,
    shape: Any = None,
) -> Any:  # fmt: skip
    if not isinstance(fill_value, Tensor):
        return np.full_like(plain(a), fill_value, dtype=dtype, shape=shape)
    target = np.shape(a) if shape is None else shape
    return _broadcast_to(fill_value, target).astype(a.dtype if dtype is None else dtype)


# -- the same elements in another shape ----------------------------------------------------------


@implements(np.reshape)
def _reshape(a: Any, shape: Any = None, order: str = "C", *, copy: Any = None) -> Any:
    if order != "C":
        raise NotImplementedError(f"np.reshape on Tensors takes order='C' only, got {order!r}")
    return apply(RESHAPE, (a,), {"shape": shape})


implements(np.ravel)(lambda a, order="C": _reshape(a, (-1,), order))


def _reshaped_by(function: Any, a: Any, axis: Any = None) -> Any:
    """Reshape as NumPy's `function` of an array and an axis does."""
    return _reshape(a, function(np.broadcast_to(0, a.shape), axis).shape)


def _at_least(function: Any, *arys: Any) -> Any:
    """Reshape as `function` does, of which NumPy has one for each number of axes."""
    fresh = [_reshape(a, function(np.broadcast_to(0, np.shape(a))).shape) for a in arys]
    return fresh[0] if len(fresh) == 1 else tuple(fresh)


for _function in (np.expand_dims, np.squeeze):
    implements(_function)(partial(_reshaped_by, _function))
for _function in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    implements(_function)(partial(_at_least, _function))


# -- the axes in another order -------------------------------------------------------------------


@implements(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    return apply(TRANSPOSE, (a,), {} if axes is None else {"axes": tuple(axes)})


composed_by_numpy(np.moveaxis, np.rollaxis)


@implements(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(a.ndim))
    try:
        order[axis1], order[axis2] = order[axis2], order[axis1]
    except IndexError:
        raise ValueError(
            f"np.swapaxes: axes {axis1} and {axis2} do not fit {a.label()} of shape {a.shape}"
        ) from None
    return _transpose(a, order)


@implements(np.matrix_transpose, np.linalg.matrix_transpose)
def _matrix_transpose(x: Any, /) -> Any:
    if x.ndim < 2:
        raise ValueError(f"np.matrix_transpose needs two axes or more, got shape {x.shape}")
    return _swapaxes(x, -1, -2)


# -- repeated along axes ---------------------------------------------------------------------------


@implements(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return apply(BROADCAST_TO, (array,), {"shape": shape})


@implements(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    return tuple(_broadcast_to(a, shape) for a in args)


@implements(np.meshgrid)
def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"np.meshgrid: indexing is 'xy' or 'ij', got {indexing!r}")
    count = len(xi)
    grids: list[Any] = []
    for i, x in enumerate(xi):
        shape = [1] * count
        at = 1 - i if indexing == "xy" and i < 2 and count > 1 else i
        shape[at] = -1
        grids.append(_reshape(as_tensor(x), tuple(shape)))
    return tuple(grids) if sparse else _broadcast_arrays(*grids)


@implements(np.tile)
def _tile(A: Any, reps: Any) -> Any:
    times = (reps,) if isinstance(reps, (int, np.integer)) else tuple(reps)
    times = (1,) * (A.ndim - len(times)) + times
    shape = (1,) * (len(times) - A.ndim) + A.shape
    pairs = [n for pair in zip(times, shape, strict=True) for n in pair]
    apart = _reshape(A, tuple(n for size in shape for n in (1, size)))
    return _reshape(
        _broadcast_to(apart, pairs), tuple(t * n for t, n in zip(times, shape, strict=True))
    )
