"""Rows of ``autograd_nn/ops/convolutions.py``, as ``autograd_nn.scipy.signal`` calls them."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal

from autograd_nn.scipy import signal

from ..harness import In, Row

LARGE, SMALL = In((4, 5)), In((2, 3))
AXES: Any = {"axes": ([1], [2]), "dot_axes": ([0], [0])}


def _by_hand(a: Any, b: Any, mode: str) -> Any:
    """Return the convolution of axis 1 of `a` with axis 2 of `b`, summed over axis 0."""
    convolve: Any = scipy.signal.convolve
    parts = [sum([convolve(a[d], b[d, k], mode) for d in range(len(a))]) for k in range(b.shape[1])]
    return np.stack(parts)


ROWS = [
    *[Row(op, lambda a, b, m=mode: signal.convolve(a, b, m), inputs,
          label=f"{mode} {label}", reference=lambda a, b, m=mode: scipy.signal.convolve(a, b, m))
      for mode, op in (("full", "convolve_full"), ("same", "convolve_full"),
                       ("valid", "convolve_inner"))
      for label, inputs in (("large and small", (LARGE, SMALL)),
                            ("small and large", (SMALL, LARGE)),
                            ("vectors", (In((6,)), In((3,)))))],
    *[Row(op, lambda a, b, m=mode: signal.convolve(a, b, m, **AXES), (In((2, 5)), In((2, 3, 4))),
          label=f"{mode} along axes", reference=lambda a, b, m=mode: _by_hand(a, b, m))
      for mode, op in (("full", "convolve_full"), ("same", "convolve_full"),
                       ("valid", "convolve_inner"))],
    Row("convolve_full", signal.correlate, (LARGE, SMALL), label="correlate",
        reference=scipy.signal.correlate),
    Row("convolve_full", signal.fftconvolve, (LARGE, SMALL), label="fftconvolve",
        reference=scipy.signal.fftconvolve),
]  # fmt: skip
