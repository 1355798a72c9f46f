"""Every operation, and its gradients, as a program: made from the test list."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, jit
from autograd_nn.core.op import REGISTRY
from autograd_nn.core.recording import TracingError
from autograd_nn.program.program import lowered
from autograd_nn.program.trace import trace

from ..harness import Row, sample, weighted
from ..rows import ROWS


def gradients_of(row: Row) -> Any:
    """Return the function that gives the row's gradients."""

    def f(*xs: Any) -> Any:
        return gradients(weighted(row, xs), [xs[i] for i in row.by], create_graph=True)

    return f


def check(f: Any, arrays: list[Any], styles: tuple[str, ...]) -> None:
    """Compare programs with what the function gives eagerly, on other numbers than traced."""
    others = [a if a.dtype.kind not in "fc" else np.asarray(a * 0.9, a.dtype) for a in arrays]
    expected = f(*[Tensor(a) for a in others])
    expected = [expected] if isinstance(expected, Tensor) else expected
    names = {f"x{i}": a for i, a in enumerate(arrays)}
    traced = trace(f, "f", names, (), ())
    for style in styles:
        program = lowered(traced, style=style)
        for _ in range(2):  # the second call finds used buffers
            got = program(*others)
            got = got if isinstance(got, list) else [got]
            for value, right in zip(got, expected, strict=True):
                assert np.asarray(value).dtype == right.dtype
                eps = float(np.finfo(right.dtype).eps) if right.dtype.kind in "fc" else 0.0
                np.testing.assert_allclose(value, right.numpy(), rtol=1e3 * eps, atol=1e3 * eps)


NEEDS_VALUES = {
    "getitem boolean Tensor", "where choose", "broadcast_to choose one", "where choose nothing",
    "composed nonzero", "composed argwhere",
    "composed flatnonzero", "take unique", "take unique of a matrix",
    "getitem trim_zeros", "setitem piecewise", "composed bincount of places",
}  # fmt: skip
"""Rows that look at the values of Tensors: refused while tracing."""
TRACEABLE = [row for row in ROWS if row.name not in NEEDS_VALUES]


@pytest.mark.parametrize("row", [r for r in ROWS if r.name in NEEDS_VALUES], ids=lambda r: r.name)
def test_values_are_refused(row: Row) -> None:
    with pytest.raises(TracingError, match=r"rows.*line \d+"):
        jit(row.run)(*sample(row.inputs, [x.shape for x in row.inputs]))


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in TRACEABLE])
def test_row(row: Row) -> None:
    arrays = sample(row.inputs, [x.shape for x in row.inputs])
    check(row.run, arrays, ("planned", "readable"))
    if row.by:
        check(gradients_of(row), arrays, ("planned",))


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in TRACEABLE if r.by])
def test_row_in_float32(row: Row) -> None:
    arrays = sample(row.inputs, [x.shape for x in row.inputs])
    arrays = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in arrays]
    check(gradients_of(row), arrays, ("planned",))


@pytest.mark.parametrize("name", sorted({row.op for row in TRACEABLE if row.op}))
def test_every_operation_has_text(name: str) -> None:
    # A function that is only held beside the program could not be saved.
    row = next(row for row in TRACEABLE if row.op == name)
    arrays = sample(row.inputs, [x.shape for x in row.inputs])
    program = jit(row.run).lower(*arrays)
    held = [value for value in program._source.held.values() if callable(value)]
    assert held == [], f"{REGISTRY[name].forward} has no text"
