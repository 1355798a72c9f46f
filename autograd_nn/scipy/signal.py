"""``scipy.signal`` for Tensors: convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..numpy import holds_tensors
from ..ops.convolutions import FULL, INNER
from ..ops.rules import as_array, call
from . import on_tensors, scipys


def _stacked(x: Any, axes: Sequence[int], dotted: Sequence[int]) -> tuple[Any, list[int]]:
    """Return `x` with axes (others, dotted, convolved), and the lengths of the others."""
    axes, dotted = [a % x.ndim for a in axes], [a % x.ndim for a in dotted]
    others = [a for a in range(x.ndim) if a not in axes and a not in dotted]
    lengths = [x.shape[a] for a in others]
    shape = (math.prod(lengths), math.prod([x.shape[a] for a in dotted]))
    moved = np.transpose(x, [*others, *dotted, *axes])
    return np.reshape(moved, (*shape, *[x.shape[a] for a in axes])), lengths


def convolve(
    in1: Any, in2: Any, mode: str = "full", method: str = "auto", *, axes: Any = None,
    dot_axes: Any = None,
) -> Any:  # fmt: skip
    """Convolve two arrays.

    Parameters
    ----------
    in1, in2 : Tensor or array
    mode : {"full", "same", "valid"}
    method : str
        SciPy's, for arrays; without effect on Tensors.
    axes : pair of sequences of int, optional
        Along which axes of each; all, if left out. What is left comes first in the result.
    dot_axes : pair of sequences of int, optional
        The axes of each over which products are summed.

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is no such mode.
    """
    if axes is dot_axes is None and not holds_tensors([in1, in2]):
        return __getattr__("convolve")(in1, in2, mode, method)
    a, b = as_array(in1), as_array(in2)
    if axes is None:
        if a.ndim != b.ndim:
            raise ValueError(f"convolve needs as many axes twice, got shapes {a.shape}, {b.shape}")
        axes = (range(a.ndim), range(b.ndim))
    dot_axes = dot_axes or ((), ())
    a, before = _stacked(a, axes[0], dot_axes[0])
    b, after = _stacked(b, axes[1], dot_axes[1])
    longer, shorter = a.shape[2:], b.shape[2:]
    if mode == "valid":
        if all(n >= k for n, k in zip(longer, shorter, strict=True)):
            out = call(INNER, a, b)
        elif all(n <= k for n, k in zip(longer, shorter, strict=True)):
            out = np.swapaxes(call(INNER, b, a), 0, 1)
        else:
            raise ValueError(
                f"mode 'valid' needs one array to be as long as the other along all axes, got "
                f"{longer} and {shorter}"
            )
    elif mode in ("full", "same"):
        out = call(FULL, a, b)
        if mode == "same":
            starts = [(k - 1) // 2 for k in shorter]
            cut = [slice(start, start + n) for start, n in zip(starts, longer, strict=True)]
            out = out[(..., *cut)]
    else:
        raise ValueError(f"mode is 'full', 'same' or 'valid', got {mode!r}")
    return np.reshape(out, (*before, *after, *out.shape[2:]))


fftconvolve = on_tensors("signal", "fftconvolve")(convolve)


@on_tensors("signal")
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Correlate two arrays: convolve the first with the second mirrored and conjugate."""
    return convolve(in1, np.flip(np.conj(as_array(in2))), mode)


__getattr__ = scipys("scipy.signal")
