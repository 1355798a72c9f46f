"""Rows of ``autograd_nn/ops/fourier.py``.

The inputs are real; `test_complex` runs the rows on complex numbers too. Those that take real
numbers alone, and those that need complex ones, make them inside.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..harness import In, Row

X, A = (In((5,)),), (In((3, 4)),)
NORMS = ("backward", "ortho", "forward")
ONE = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
MANY = ("fft", "ifft", "rfft", "irfft")
LENGTHS: tuple[dict[str, Any], ...] = (
    {},
    {"n": 3},
    {"n": 8},
    {"n": 7, "axis": 0},
    {"axis": 0},
    {"n": 1},
)
SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {"s": (2, 6)},
    {"s": (5, 3), "axes": (1, 0)},
    {"axes": (0, 1)},
    {"s": (-1, 3), "axes": (0, 1)},
)


def through(function: Any, given: dict[str, Any]) -> Any:
    """Return the call of `function`; what takes a complex spectrum gets one."""
    takes_real = function.__name__.startswith(("rfft", "ihfft"))

    def call(a: Any) -> Any:
        return function(np.real(a) if takes_real else a * (1 + 0.5j), **given)

    return call


def _rows() -> list[Row]:
    rows = []
    for (name, given), norm in zip(
        itertools.product(ONE, LENGTHS), itertools.cycle(NORMS), strict=False
    ):
        rows.append((getattr(np.fft, name), given | {"norm": norm}))
    for (name, given), norm in zip(
        itertools.product(MANY, SHAPES), itertools.cycle(NORMS), strict=False
    ):
        rows.append((getattr(np.fft, f"{name}2"), given | {"norm": norm}))
        if "s" not in given or "axes" in given:  # NumPy deprecates it
            rows.append((getattr(np.fft, f"{name}n"), given | {"norm": norm}))
    return [
        Row({"hfft": "irfft", "ihfft": "rfft"}.get(f.__name__, f.__name__.rstrip("2n")),
            through(f, given), A, label=f"{f.__name__} {given}")
        for f, given in rows
    ]  # fmt: skip


ROWS = [
    Row("fft", np.fft.fft, X),
    Row("rfft", np.fft.rfft, X),
    Row("ifft", np.fft.ifft, X),
    Row("irfft", np.fft.irfft, X),
    Row("concatenate", np.fft.fftshift, A, label="fftshift of both"),
    *_rows(),
]
