"""Every row of the test list on complex numbers: right, or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import gradients
from autograd_nn.core.op import REGISTRY

from ..complex_rows import OF_PHASES, VARIANTS, taken
from ..harness import (
    Row,
    Tolerance,
    as_function,
    leaves,
    operations,
    slope,
    weighted,
    weighted_gradient,
    weights,
)  # fmt: skip
from ..rows import REGISTERED, ROWS

FIRST, SECOND = Tolerance(1e-7, 1e-8), Tolerance(1e-6, 1e-7)
COMPLEX = [
    pytest.param(row, which, id=f"{row.name} by {','.join(map(str, which))}")
    for row, which in VARIANTS
]


def test_every_operation_is_tried_or_refuses() -> None:
    tried: set[str] = set()
    for row, which in VARIANTS:
        tried |= operations(taken(row, which)[1])
    floats = {row.op for row in ROWS if any(x.kind == "f" for x in row.inputs)}
    takes = {name for name in REGISTERED if REGISTRY[name].takes_complex}
    assert takes & floats - tried == {"cofactor", "bitwise_and"}  # of det; of truth


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
