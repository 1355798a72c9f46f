"""Joining Tensors and cutting them apart; elements shifted, mirrored, padded."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply
from .functions import composed_by_numpy, implements
from .indexing import put_into_zeros
from .rules import as_tensor


def _concatenate(*parts: Any, axis: Any = 0) -> Any:
    return np.concatenate(parts, axis=axis)


def _concatenate_rule(g: Any, out: Any, *parts: Any, axis: Any = 0) -> Any:
    sizes = [part.size if axis is None else part.shape[axis] for part in parts]
    ends = list(itertools.accumulate(sizes))
    lead = () if axis is None else (slice(None),) * (axis % out.ndim)

    def cut(index: int) -> Any:
        flow = g[(*lead, slice(ends[index] - sizes[index], ends[index]))]
        return np.reshape(flow, parts[index].shape) if axis is None else flow

    return cut


CONCATENATE = register(Op("concatenate", _concatenate, every=_concatenate_rule,
    latex=r"\operatorname{{concatenate}}({0}, \ldots)",
    rule_words="the part of the cotangent that lies where the operand lay",
    traits={"complex"}))  # fmt: skip


def _tensors(arrays: Any) -> list[Tensor]:
    return [as_tensor(x) for x in arrays]


# -- joining -------------------------------------------------------------------------------------


@implements(np.concatenate)
def _concatenate_tensors(
    arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    joined = apply(CONCATENATE, _tensors(arrays), {"axis": axis})
    if dtype is None or np.dtype(dtype) == joined.dtype:
        return joined
    if not np.can_cast(joined.dtype, dtype, casting):
        raise TypeError(f"cannot cast {joined.dtype} to {np.dtype(dtype)} by casting={casting!r}")
    return joined.astype(dtype)


@implements(np.stack)
def _stack(arrays: Any, axis: int = 0, out: Any = None, **kwargs: Any) -> Any:
    parts = _tensors(arrays)
    if len({x.shape for x in parts}) > 1:
        raise ValueError(
            f"np.stack needs Tensors of one shape, got {', '.join(str(x.shape) for x in parts)}"
        )
    return _concatenate_tensors([np.expand_dims(x, axis) for x in parts], axis, **kwargs)


composed_by_numpy(np.hstack, np.vstack, np.dstack)


@implements(np.column_stack)
def _column_stack(tup: Any) -> Any:
    parts = [np.reshape(x, (-1, 1)) if x.ndim < 2 else x for x in _tensors(tup)]
    return _concatenate_tensors(parts, 1)


@implements(np.block)
def _block(arrays: Any) -> Any:
    depth, probe = 0, arrays
    while isinstance(probe, list):
        depth, probe = depth + 1, probe[0]
    return _block_level(arrays, depth, depth)


def _block_level(part: Any, level: int, depth: int) -> Any:
    if level == 0:
        x = as_tensor(part)
        return np.reshape(x, (1,) * (depth - x.ndim) + x.shape)
    inner = [_block_level(p, level - 1, depth) for p in part]
    ndim = max(x.ndim for x in inner)
    inner = [np.reshape(x, (1,) * (ndim - x.ndim) + x.shape) for x in inner]
    return _concatenate_tensors(inner, -level)


implements(np.append)(lambda arr, values, axis=None: _concatenate_tensors([arr, values], axis))


# -- cutting apart -------------------------------------------------------------------------------


@implements(np.array_split)
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    count = ary.shape[axis]
    # the pieces of the positions are the pieces of the Tensor
    pieces = np.array_split(np.arange(count), indices_or_sections)
    lead = (slice(None),) * (axis % ary.ndim)
    starts = [int(p[0]) if p.size else 0 for p in pieces]
    return [
        ary[(*lead, slice(start, start + p.size))] for start, p in zip(starts, pieces, strict=True)
    ]


@implements(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    if isinstance(indices_or_sections, int) and ary.shape[axis] % indices_or_sections:
        raise ValueError(
            f"np.split: {ary.shape[axis]} elements along axis {axis} do not divide into "
            f"{indices_or_sections} equal parts; use np.array_split"
        )
    return _array_split(ary, indices_or_sections, axis)


composed_by_numpy(np.hsplit, np.vsplit, np.dsplit)


@implements(getattr(np, "unstack", None))  # NumPy 2.1
def _unstack(x: Any, /, *, axis: int = 0) -> Any:
    moved = np.moveaxis(x, axis, 0)
    return tuple(moved[i] for i in range(moved.shape[0]))


# -- shifted and mirrored --------------------------------------------------------------------------


composed_by_numpy(np.flip)
implements(np.fliplr)(lambda m: np.flip(m, 1))
implements(np.flipud)(lambda m: np.flip(m, 0))


@implements(np.rot90)
def _rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    first, second = axes
    for _ in range(k % 4):
        m = np.swapaxes(np.flip(m, second), first, second)
    return m


@implements(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.reshape(_roll(np.ravel(a), shift, 0), a.shape)
    axes = np.atleast_1d(axis)
    for by, along in zip(*np.broadcast_arrays(np.atleast_1d(shift), axes), strict=True):
        count = a.shape[along]
        if count and by % count:
            lead = (slice(None),) * (int(along) % a.ndim)
            cut = int(-by % count)
            a = np.concatenate([a[(*lead, slice(cut, None))], a[(*lead, slice(cut))]], int(along))
    return a


def _centred(way: int, x: Any, axes: Any = None) -> Any:
    axes = range(x.ndim) if axes is None else np.atleast_1d(axes)
    return _roll(x, tuple(way * (x.shape[a] // 2) for a in axes), tuple(axes))


implements(np.fft.fftshift)(partial(_centred, 1))
implements(np.fft.ifftshift)(partial(_centred, -1))


# -- padded ----------------------------------------------------------------------------------------

_BY_POSITION = ("edge", "reflect", "symmetric", "wrap")
"""Modes that fill the border with elements of the operand."""


@implements(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, (0, 0)) for i in range(array.ndim)]
    widths = np.broadcast_to(np.asarray(pad_width), (array.ndim, 2)).tolist()
    if mode in _BY_POSITION and kwargs.get("reflect_type", "even") == "even":
        for axis, width in enumerate(widths):
            places = np.pad(np.arange(array.shape[axis]), width, mode, **kwargs)
            array = np.take(array, places, axis)
        return array
    if mode != "constant":
        raise NotImplementedError(
            f"np.pad on Tensors takes mode 'constant' or {', '.join(map(repr, _BY_POSITION))} "
            f"(with reflect_type='even'), got {mode!r}"
        )
    border = np.pad(np.zeros(array.shape, array.dtype), widths, mode, **kwargs)
    inside = tuple(
        slice(before, before + n) for n, (before, _) in zip(array.shape, widths, strict=True)
    )
    padded = put_into_zeros(array, inside, border.shape)
    return padded + border if border.any() else padded
