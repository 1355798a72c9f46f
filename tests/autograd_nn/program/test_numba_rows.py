"""Every row of the test list by Numba's kernels, or by NumPy between them: nothing is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn.program.program import lowered
from autograd_nn.program.trace import trace

from ..harness import Row, sample
from .test_rows import TRACEABLE, gradients_of

pytest.importorskip("numba")

FEW = TRACEABLE[::60]
"""To compile them all takes some twenty minutes: put ``[::1]`` here to do it."""


def compare(row: Row) -> None:
    """Raise an AssertionError unless both engines give the same for `row` and its gradients."""
    arrays = sample(row.inputs, [x.shape for x in row.inputs])
    others = [a if a.dtype.kind != "f" else np.asarray(a * 0.9, a.dtype) for a in arrays]
    for f in [row.run, *([gradients_of(row)] if row.by else [])]:
        traced = trace(f, "f", {f"x{i}": a for i, a in enumerate(arrays)}, (), ())
        compiled, plain = lowered(traced, engine="numba"), lowered(traced)
        for _ in range(2):
            for got, right in zip(_flat(compiled(*others)), _flat(plain(*others)), strict=True):
                assert got.dtype == right.dtype
                np.testing.assert_allclose(got, right, rtol=1e-12, atol=1e-12)


def _flat(result: Any) -> list[Any]:
    parts = result if isinstance(result, (list, tuple)) else [result]
    return [np.asarray(part) for part in parts]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in FEW])
def test_rows(row: Row) -> None:
    compare(row)
