"""``np.fft``: discrete Fourier transforms, of real and of complex numbers.

The transform along an axis is a product with a symmetric matrix, so that its rule is the same
transform of the cotangent. Of real numbers half of the spectrum is enough, as the rest is its
conjugate: to and from it are each other's rules. The whole family is composed of these four, and of
arrays cut or filled up with zeros to a length.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import apply
from .functions import implements
from .rules import function_of

_SWAPPED: dict[Any, Any] = {
    None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho",
}  # fmt: skip


def _doubled(half: Any, n: int, axis: int, factor: float) -> Any:
    """Return half a spectrum of `n` numbers, with those that stand for two times `factor`."""
    twice = np.arange(half.shape[axis]) * 2 % n != 0  # neither the first nor the middle
    weights = np.where(twice, factor, 1.0).astype(np.finfo(half.dtype).dtype)
    return half * np.reshape(weights, (-1, *(1,) * (half.ndim - axis - 1)))


def _to_half_rule(g: Any, out: Any, x: Any, axis: int, norm: Any) -> Any:
    n = x.shape[axis]
    half = _doubled(np.conjugate(g), n, axis, 0.5)
    return np.fft.irfft(half, n, axis, _SWAPPED[norm])


def _from_half_rule(g: Any, out: Any, x: Any, n: int, axis: int, norm: Any) -> Any:
    return _doubled(np.conjugate(np.fft.rfft(g, n, axis, _SWAPPED[norm])), n, axis, 2.0)


# fmt: off
FFT = register(Op("fft", np.fft.fft,
    (lambda g, out, x, axis, norm: np.fft.fft(g, None, axis, norm),),
    latex=function_of("fft"), rule_words="the same transform of the cotangent",
    traits={"complex", "lines"}))
IFFT = register(Op("ifft", np.fft.ifft,
    (lambda g, out, x, axis, norm: np.fft.ifft(g, None, axis, norm),),
    latex=function_of("ifft"), rule_words="the same transform of the cotangent",
    traits={"complex", "lines"}))
RFFT = register(Op("rfft", np.fft.rfft,
    (_to_half_rule,), latex=function_of("rfft"),
    rule_words="the real part of the transform of the cotangent", traits={"lines"}))
IRFFT = register(Op("irfft", np.fft.irfft,
    (_from_half_rule,), latex=function_of("irfft"),
    rule_words="half of the spectrum of the cotangent, conjugate, twice what stands for two",
    traits={"complex", "lines"}))
# fmt: on


def _transformed(op: Op, x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    """Record the transform of `x`, cut or filled up with zeros at the end to `n` along `axis`."""
    axis = np.lib.array_utils.normalize_axis_index(axis, x.ndim)
    given, params = x.shape[axis], {"axis": axis, "norm": norm}
    size = n if n is not None else 2 * (given - 1) if op is IRFFT else given
    if size < 1:
        raise ValueError(f"a Fourier transform needs 1 point or more, got {size} along axis {axis}")
    if op is IRFFT:
        params, size = {"n": size} | params, size // 2 + 1
    if size < given:
        x = x[(*(slice(None),) * axis, slice(size))]
    elif size > given:
        x = np.pad(x, [(0, size - given if i == axis else 0) for i in range(x.ndim)])
    return apply(op, (x,), params)


for _op in (FFT, IFFT, RFFT, IRFFT):
    implements(getattr(np.fft, _op.name))(partial(_transformed, _op))


@implements(np.fft.hfft)
def _hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return np.fft.irfft(np.conjugate(a), n, axis, _SWAPPED.get(norm, norm))


@implements(np.fft.ihfft)
def _ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return np.conjugate(np.fft.rfft(a, n, axis, _SWAPPED.get(norm, norm)))


# -- along several axes ----------------------------------------------------------------------------


def _along(last: Any, other: Any, usual: Any = None) -> Any:
    """Return the transform along several axes: the last by `last`, where real numbers are."""

    def transform(a: Any, s: Any = None, axes: Any = usual, norm: Any = None) -> Any:
        if axes is None:
            axes = range(a.ndim) if s is None else range(-len(s), 0)
        sizes = [None] * len(axes) if s is None else [None if n == -1 else n for n in s]
        if len(sizes) != len(axes):
            raise ValueError(f"np.fft: {len(sizes)} lengths s and {len(axes)} axes")
        calls = list(zip([*[other] * (len(axes) - 1), last], sizes, axes, strict=True))
        for function, n, axis in calls if last is np.fft.irfft else calls[::-1]:
            a = function(a, n, axis, norm)
        return a

    return transform


for _last, _other in (
    (np.fft.fft, np.fft.fft), (np.fft.ifft, np.fft.ifft),
    (np.fft.rfft, np.fft.fft), (np.fft.irfft, np.fft.ifft),
):  # fmt: skip
    implements(getattr(np.fft, f"{_last.__name__}n"))(_along(_last, _other))
    implements(getattr(np.fft, f"{_last.__name__}2"))(_along(_last, _other, (-2, -1)))
