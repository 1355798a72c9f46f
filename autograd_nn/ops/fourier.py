"""``np.fft``: discrete Fourier transforms, of real and of complex numbers.

The transform along an axis is a product with a symmetric matrix, so that its rule is the same
transform of the cotangent. The whole family is composed of it, of its inverse, and of arrays cut
or filled up with zeros to a length.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import apply
from .functions import implements
from .rules import function_of, is_complex


def _fft(x: Any, axis: int, norm: Any) -> Any:
    return np.fft.fft(x, axis=axis, norm=norm)


def _ifft(x: Any, axis: int, norm: Any) -> Any:
    return np.fft.ifft(x, axis=axis, norm=norm)


# fmt: off
FFT = register(Op("fft", _fft, (lambda g, out, x, axis, norm: np.fft.fft(g, None, axis, norm),),
    latex=function_of("fft"), rule_words="the same transform of the cotangent",
    traits={"complex", "lines"}))
IFFT = register(Op("ifft", _ifft, (lambda g, out, x, axis, norm: np.fft.ifft(g, None, axis, norm),),
    latex=function_of("ifft"), rule_words="the same transform of the cotangent",
    traits={"complex", "lines"}))
# fmt: on

_SWAPPED = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


def _resized(x: Any, size: int, axis: int) -> Any:
    """Return `x` cut, or filled up with zeros at the end, to `size` along `axis`."""
    if size < 1:
        raise ValueError(f"a Fourier transform needs 1 point or more, got {size} along axis {axis}")
    missing = size - x.shape[axis]
    if missing < 0:
        return x[(*(slice(None),) * axis, slice(size))]
    widths = [(0, missing if i == axis else 0) for i in range(x.ndim)]
    return np.pad(x, widths) if missing else x


def _transformed(op: Op, x: Any, n: Any, axis: int, norm: Any) -> Any:
    axis = np.lib.array_utils.normalize_axis_index(axis, x.ndim)
    fitted = _resized(x, x.shape[axis] if n is None else n, axis)
    return apply(op, (fitted,), {"axis": axis, "norm": norm})


def _half(x: Any, n: Any, axis: int, norm: Any) -> Any:
    """Return the transform of real numbers up to the middle; the rest is its conjugate."""
    if is_complex(x):
        raise TypeError("np.fft.rfft and its like take real numbers; use np.fft.fft")
    whole = _transformed(FFT, x, n, axis, norm)
    axis %= x.ndim
    return _resized(whole, whole.shape[axis] // 2 + 1, axis)


def _from_half(x: Any, n: Any, axis: int, norm: Any) -> Any:
    """Return the real numbers whose transform has the first half `x`."""
    axis = np.lib.array_utils.normalize_axis_index(axis, x.ndim)
    size = 2 * (x.shape[axis] - 1) if n is None else n
    count = size // 2 + 1
    twice = np.full([count if i == axis else 1 for i in range(x.ndim)], 2, np.real(x).dtype)
    ends = [0, count - 1] if size % 2 == 0 else [0]  # all others stand for their conjugates too
    np.moveaxis(twice, axis, 0)[ends] = 1
    return np.real(_transformed(IFFT, twice * _resized(x, count, axis), size, axis, norm))


implements(np.fft.fft)(lambda a, n=None, axis=-1, norm=None: _transformed(FFT, a, n, axis, norm))
implements(np.fft.ifft)(lambda a, n=None, axis=-1, norm=None: _transformed(IFFT, a, n, axis, norm))
implements(np.fft.rfft)(lambda a, n=None, axis=-1, norm=None: _half(a, n, axis, norm))
implements(np.fft.irfft)(lambda a, n=None, axis=-1, norm=None: _from_half(a, n, axis, norm))


@implements(np.fft.hfft)
def _hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return _from_half(np.conjugate(a), n, axis, _SWAPPED.get(norm, norm))


@implements(np.fft.ihfft)
def _ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return np.conjugate(_half(a, n, axis, _SWAPPED.get(norm, norm)))


# -- along several axes ----------------------------------------------------------------------------


def _lengths(x: Any, s: Any, axes: Any) -> list[tuple[Any, int]]:
    """Return the length and the axis of every transform, the last axis first."""
    if axes is None:
        axes = range(x.ndim) if s is None else range(-len(s), 0)
    sizes = [None] * len(axes) if s is None else [None if n == -1 else n for n in s]
    if len(sizes) != len(axes):
        raise ValueError(f"np.fft: {len(sizes)} lengths s and {len(axes)} axes")
    return list(zip(sizes, axes, strict=True))[::-1]


def _several(
    whole: Any, half: Any, a: Any, s: Any = None, axes: Any = None, norm: Any = None
) -> Any:
    """Transform along several axes: `half` along the last, which real numbers lie on."""
    lengths = _lengths(a, s, axes)
    steps = [(whole if i else half, n, axis) for i, (n, axis) in enumerate(lengths)]
    for function, n, axis in reversed(steps) if half is np.fft.irfft else steps:
        a = function(a, n, axis, norm)
    return a


def _in_two(whole: Any, half: Any) -> Any:
    return lambda a, s=None, axes=(-2, -1), norm=None: _several(whole, half, a, s, axes, norm)


for _half_name, _whole in (
    ("fft", np.fft.fft), ("ifft", np.fft.ifft), ("rfft", np.fft.fft), ("irfft", np.fft.ifft),
):  # fmt: skip
    _one = getattr(np.fft, _half_name)
    implements(getattr(np.fft, f"{_half_name}n"))(partial(_several, _whole, _one))
    implements(getattr(np.fft, f"{_half_name}2"))(_in_two(_whole, _one))
