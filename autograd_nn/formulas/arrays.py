"""Numbers and arrays as text.

1. `number`, `shape`, `small`, `short`, `summary`: as people read them, four digits, − for minus.
2. `array_text`: the values of an array on one line, in as many digits as wanted.
3. `plain_value`, `latex_value`, `python_value`: constants of a formula, fractions where exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

ROWS = COLUMNS = 5
"""The largest matrix that is written out."""

_LONGEST = 28


def cut(text: str, longest: int = _LONGEST) -> str:
    """Return text, its end cut off where it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def number(value: Any) -> str:
    """Return a number in four digits, with a minus sign that is one.

    >>> number(-0.123456), number(3), number(True), number(1e-7), number(1 - 2j)
    ('−0.1235', '3', 'True', '1e−07', '1 − 2i')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value)).replace("-", "−")
    if isinstance(value, (complex, np.complexfloating)):
        sign = "−" if np.signbit(value.imag) else "+"
        return f"{number(value.real)} {sign} {number(abs(value.imag))}i"
    try:
        text = f"{float(value):.4g}"
    except (TypeError, ValueError):  # a symbol
        return cut(str(value))
    return ("0" if text == "-0" else text).replace("-", "−")


def shape(dimensions: Sequence[int]) -> str:
    """Return a shape as ``3 × 1``; nothing for a scalar.

    >>> shape((3, 1)), shape((4,)), shape(())
    ('3 × 1', '4', '')
    """
    return " × ".join(str(n) for n in dimensions)


def small(values: Any) -> bool:
    """Return whether an array has few enough values to be written out."""
    array = np.asarray(values)
    if array.ndim == 1:
        return array.size <= COLUMNS
    return array.ndim == 0 or (
        array.ndim == 2 and array.shape[0] <= ROWS and array.shape[1] <= COLUMNS
    )


def summary(values: Any) -> str:
    """Return the range and the mean of a large array.

    >>> summary(np.arange(100.0))
    '0 … 99, mean 49.5'
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        return f"{array.size} values"
    if array.dtype.kind == "b":
        return f"{int(array.sum())} of {array.size} True"
    finite = array[np.isfinite(array)]
    odd = array.size - finite.size
    warning = f"{odd} of {array.size} not finite" if odd else ""
    if not finite.size:
        return warning or "empty"
    with np.errstate(over="ignore"):
        mean = finite.mean(dtype=float)
    span = f"{number(finite.min())} … {number(finite.max())}, mean {number(mean)}"
    return f"{span}; {warning}" if warning else span


def short(values: Any) -> str:
    """Return an array on one line: its values, or of a large one the summary.

    >>> short([[1.0, -2.0], [0.5, 3.0]]), short(2.0)
    ('[1, −2; 0.5, 3]', '2')
    """
    array = np.asarray(values)
    return _rows(array, number) if small(array) else summary(array)


def array_text(value: Any, digits: int = 4, most: int = 24) -> str:
    """Return an array on one line, rows parted by semicolons; a large one as its shape.

    >>> array_text(np.eye(2) / 3), array_text(np.ones((9, 9)))
    ('[0.3333, 0; 0, 0.3333]', '(9×9 values)')
    """
    array = np.asarray(value)
    if array.size > most:
        return f"({'×'.join(map(str, array.shape))} values)"
    return _rows(array, lambda v: f"{float(v):.{digits}g}")


def _rows(array: Any, write: Callable[[Any], str]) -> str:
    if array.ndim == 0:
        return write(array[()])
    rows = array.reshape(1, -1) if array.ndim == 1 else array.reshape(-1, array.shape[-1])
    return f"[{'; '.join(', '.join(write(v) for v in row) for row in rows.tolist())}]"


# -- constants of formulas -----------------------------------------------------------------------


def _fraction(value: Any) -> Fraction | None:
    """Return a number as a fraction where it is one of small whole numbers."""
    if isinstance(value, Fraction):
        return value
    if not np.isfinite(float(value)):
        return None
    exact = Fraction(float(value)).limit_denominator(10_000)
    return exact if float(exact) == float(value) else None


def plain_value(value: Any) -> str:
    """Return a constant in plain text: ``1/8``, ``−0.3333``, ``[1, 2]``."""
    if np.iscomplexobj(value):
        return short(value)
    if np.ndim(value):
        return array_text(value)
    exact = _fraction(value)
    return (f"{float(value):.4g}" if exact is None else str(exact)).replace("-", "−")


def latex_value(value: Any) -> str:
    """Return a constant in LaTeX."""
    if np.ndim(value):
        return upright(array_text(value))
    exact = _fraction(value)
    if exact is None:
        return f"{float(value):.4g}"
    if exact.denominator == 1:
        return str(exact)
    sign = "-" if exact < 0 else ""
    return rf"{sign}\frac{{{abs(exact.numerator)}}}{{{exact.denominator}}}"


def upright(text: str) -> str:
    """Return the text of an array in LaTeX."""
    return rf"\mathrm{{{text}}}".replace(" ", r"\ ").replace("×", r"\times ")


def python_value(value: Any) -> str:
    """Return a constant in Python."""
    if np.ndim(value) == 0:
        return str(value) if isinstance(value, Fraction) else f"{float(value):.6g}"
    text = np.array2string(np.asarray(value), separator=", ", threshold=9, precision=4)
    return f"np.array({text})".replace("\n", "")
