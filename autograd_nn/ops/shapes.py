"""Operations that move elements: reshaping, transposing, joining, indexing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..op import Op, implements, register
from ..tensor import Tensor, apply, constant


def _is_basic(key: Any) -> bool:
    """Whether `key` selects every element at most once: integers, slices, None and Ellipsis."""
    parts = key if isinstance(key, tuple) else (key,)
    basic = (int, np.integer, slice, type(None), type(Ellipsis))
    return all(isinstance(part, basic) and not isinstance(part, bool) for part in parts)


def _scatter(g: Any, key: Any, shape: tuple[int, ...]) -> Any:
    if _is_basic(key):
        out = np.zeros_like(g, shape=shape)
        out[key] = g
        return out
    out = np.zeros_like(g, shape=shape)
    np.add.at(out, key, g)
    return out


def _concatenate(*parts: Any, axis: Any = 0) -> Any:
    return np.concatenate(parts, axis=axis)


def _concatenate_rule(index: int, g: Any, out: Any, *parts: Any, axis: Any = 0) -> Any:
    if axis is None:
        start = sum([part.size for part in parts[:index]])
        return np.reshape(g[start : start + parts[index].size], parts[index].shape)
    axis = axis % out.ndim
    start = sum([part.shape[axis] for part in parts[:index]])
    cut = (slice(None),) * axis + (slice(start, start + parts[index].shape[axis]),)
    return g[cut]


def _inverse(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    if axes is None:
        return None
    order = [a % len(axes) for a in axes]
    return tuple(order.index(i) for i in range(len(order)))


# fmt: off
_RESHAPE = register(Op("reshape", lambda x, shape: np.reshape(x, shape),
    (lambda g, out, x, shape: np.reshape(g, x.shape),),
    latex=r"\operatorname{{reshape}}({0})"))
_TRANSPOSE = register(Op("transpose", lambda x, axes=None: np.transpose(x, axes),
    (lambda g, out, x, axes=None: np.transpose(g, _inverse(axes)),),
    latex="{0}^{{T}}"))
_BROADCAST_TO = register(Op("broadcast_to", lambda x, shape: np.broadcast_to(x, shape),
    (lambda g, out, x, shape: g,),
    latex=r"\operatorname{{broadcast}}({0})", broadcasts=True))
_CONCATENATE = register(Op("concatenate", _concatenate, every=_concatenate_rule,
    latex=r"\operatorname{{concatenate}}({0}, \ldots)"))
_GETITEM = register(Op("getitem", lambda x, key: x[key],
    (lambda g, out, x, key: apply_or_run(_SCATTER, g, key=key, shape=x.shape),),
    latex="{0}[\\cdot]"))
_SCATTER = register(Op("scatter", _scatter, (lambda g, out, x, key, shape: g[key],),
    latex=r"\operatorname{{scatter}}({0})"))
# fmt: on


def apply_or_run(op: Op, x: Any, **params: Any) -> Any:
    """Record `op` where `x` is a Tensor, run it where it is an array: for use in rules."""
    return apply(op, (x,), params) if isinstance(x, Tensor) else op.forward(x, **params)


@implements(np.shape)
def _shape(a: Any) -> tuple[int, ...]:
    return tuple(a.shape)


@implements(np.ndim)
def _ndim(a: Any) -> int:
    return len(a.shape)


@implements(np.size)
def _size(a: Any, axis: int | None = None) -> int:
    return int(a.size if axis is None else a.shape[axis])


@implements(np.zeros_like)
def _zeros_like(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    return np.zeros_like(a.data, dtype=dtype, **kwargs)


@implements(np.ones_like)
def _ones_like(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    return np.ones_like(a.data, dtype=dtype, **kwargs)


@implements(np.reshape)
def _reshape(a: Any, shape: Any = None, order: str = "C", *, copy: Any = None) -> Tensor:
    if order != "C":
        raise NotImplementedError(f"np.reshape on Tensors takes order='C' only, got {order!r}")
    return apply(_RESHAPE, (a,), {"shape": shape})


@implements(np.ravel)
def _ravel(a: Any, order: str = "C") -> Tensor:
    return _reshape(a, (-1,), order)


@implements(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Tensor:
    return apply(_TRANSPOSE, (a,), {} if axes is None else {"axes": tuple(axes)})


@implements(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Tensor:
    order = list(range(a.ndim))
    try:
        order[axis1], order[axis2] = order[axis2], order[axis1]
    except IndexError:
        raise ValueError(
            f"np.swapaxes: axes {axis1} and {axis2} do not fit {a._label()} of shape {a.shape}"
        ) from None
    return _transpose(a, order)


@implements(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Tensor:
    return _reshape(a, np.expand_dims(np.broadcast_to(0, a.shape), axis).shape)


@implements(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Tensor:
    return _reshape(a, np.squeeze(np.broadcast_to(0, a.shape), axis).shape)


@implements(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Tensor:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return apply(_BROADCAST_TO, (array,), {"shape": shape})


@implements(np.concatenate)
def _concatenate_tensors(arrays: Any, axis: Any = 0, out: Any = None, **kwargs: Any) -> Tensor:
    if kwargs:
        raise TypeError(f"np.concatenate on Tensors does not take {', '.join(sorted(kwargs))}")
    parts = [x if isinstance(x, Tensor) else constant(np.asarray(x)) for x in arrays]
    return apply(_CONCATENATE, parts, {"axis": axis})


@implements(np.stack)
def _stack(arrays: Any, axis: int = 0, out: Any = None, **kwargs: Any) -> Tensor:
    parts = [x if isinstance(x, Tensor) else constant(np.asarray(x)) for x in arrays]
    if len({x.shape for x in parts}) > 1:
        raise ValueError(
            f"np.stack needs Tensors of one shape, got {', '.join(str(x.shape) for x in parts)}"
        )
    return _concatenate_tensors([_expand_dims(x, axis) for x in parts], axis, **kwargs)
