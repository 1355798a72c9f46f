"""The rows of the test list with complex numbers for some of their inputs.

1. `VARIANTS` are those that are taken: all real inputs made complex, and each by itself.
2. `as_row` makes a row of such a variant, for random programs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .harness import Row, complex_sample, leaves
from .rows import ROWS

OF_PHASES = {
    "eigh stacks", "svd U of stacks",
    "eigh function of a matrix", "eigh eigenvectors", "svd U", "svd V", "svd U of tall",
    "svd V of wide",
}  # fmt: skip
"""Rows that depend on the phases of vectors, where these are complex: their gradients are nan."""


def variants(row: Row) -> list[list[int]]:
    """Return which inputs to make complex: all that are real numbers, and each of several."""
    floats = [i for i, x in enumerate(row.inputs) if x.kind == "f"]
    return [floats, *([i] for i in floats if len(floats) > 1)] if floats else []


def taken(row: Row, which: list[int]) -> Any:
    """Return arrays, complex ones for `which`, and the result on them; None where refused."""
    arrays = complex_sample(row, which)
    try:
        return arrays, row.run(*leaves(row, arrays))
    except (TypeError, NotImplementedError):
        return None


VARIANTS = [
    (row, which) for row in ROWS for which in variants(row) if taken(row, which) is not None
]


def as_row(row: Row, which: list[int]) -> Row:
    """Return the row whose inputs of `which` are complex."""
    inputs = tuple([replace(x, kind="c") if i in which else x for i, x in enumerate(row.inputs)])
    complex_label = f"{row.label} of complex {','.join(map(str, which))}"
    return replace(row, inputs=inputs, label=complex_label, wrt=row.by, reference=None)


def has_derivative(row: Row, which: list[int]) -> bool:
    """Whether a gradient flows through the variant, and depends on no phase."""
    kind = np.asarray(taken(row, which)[1].numpy()).dtype.kind
    return bool(row.by and row.order and kind in "fc" and row.name not in OF_PHASES)
