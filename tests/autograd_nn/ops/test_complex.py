"""Every row of the test list on complex numbers: right, or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import gradients

from ..harness import (
    Row,
    Tolerance,
    as_function,
    complex_sample,
    leaves,
    slope,
    weighted,
    weighted_gradient,
    weights,
)  # fmt: skip
from ..rows import ROWS

OF_PHASES = {
    "eigh function of a matrix", "eigh eigenvectors", "svd U", "svd V", "svd U of tall",
    "svd V of wide",
}  # fmt: skip
"""Rows that depend on the phases of vectors, where these are complex."""

FIRST, SECOND = Tolerance(1e-7, 1e-8), Tolerance(1e-6, 1e-7)


def floats(row: Row) -> list[int]:
    return [i for i, x in enumerate(row.inputs) if x.kind == "f"]


def taken(row: Row, which: list[int]) -> Any:
    """Return the arrays and the result of the row on them, or None where it is refused."""
    arrays = complex_sample(row, which)
    try:
        return arrays, row.run(*leaves(row, arrays))
    except (TypeError, NotImplementedError):
        return None


COMPLEX = [
    pytest.param(row, which, id=f"{row.name} by {','.join(map(str, which))}")
    for row in ROWS
    for which in ([floats(row)] + [[i] for i in floats(row) if len(floats(row)) > 1])
    if which and taken(row, which) is not None
]


def directions(arrays: list[Any], wrt: int) -> list[Any]:
    a = arrays[wrt]
    d = weights(a.shape, 20 + wrt) - 1.0
    d = d + 1j * (weights(a.shape, 30 + wrt) - 1.0) if a.dtype.kind == "c" else d
    return [d if i == wrt else None for i in range(len(arrays))]


@pytest.mark.parametrize(("row", "which"), COMPLEX)
def test_values_and_derivatives(row: Row, which: list[int]) -> None:
    arrays, out = taken(row, which)
    try:
        expected = np.asarray(row.on_arrays(*arrays))
    except TypeError:  # NumPy or SciPy is stricter here
        pass
    else:
        np.testing.assert_allclose(out.numpy(), expected, rtol=1e-13, atol=1e-13)
        assert out.dtype == expected.dtype
    makes = [(weighted, FIRST)] if out.dtype.kind in "fc" else []
    makes += [(weighted_gradient, SECOND)] if makes and row.order > 1 and row.by else []
    for make, near in makes:
        xs = leaves(row, arrays)
        got = gradients(make(row, xs), [xs[i] for i in row.by])
        f = as_function(make, row)
        for i, g in zip(row.by, got, strict=True):
            assert g.dtype == arrays[i].dtype, "the cotangent of a real input is real"
            along = directions(arrays, i)
            exact = float(np.real(np.sum(g * along[i])))
            if np.isnan(exact):
                assert row.name in OF_PHASES
                return
            near.check(exact, slope(f, arrays, along), f"{make.__name__} by input {i}")
