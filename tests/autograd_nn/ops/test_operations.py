"""Tests made from the test list, for every operation alike."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_nn import Tensor, gradients
from autograd_nn.core.op import REGISTRY, Op
from autograd_nn.core.tensor import apply
from autograd_nn.ops.special import Refused

from ..harness import (
    In,
    Row,
    Tolerance,
    as_function,
    leaves,
    operations,
    sample,
    slope,
    slopes,
    weighted,
    weighted_gradient,
    weights,
)
from ..rows import REGISTERED, ROWS

FIRST = Tolerance(1e-7, 1e-8)
SECOND = Tolerance(1e-6, 1e-7)
EXTREME = Tolerance(1e-6, 1e-30)


def rows(keep: Any) -> pytest.MarkDecorator:
    """Run the test for every row that `keep` says yes to."""
    return pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in ROWS if keep(r)])


def drawn(row: Row) -> list[Any]:
    return sample(row.inputs, [x.shape for x in row.inputs])


def test_every_operation_has_a_row() -> None:
    listed = {row.op for row in ROWS if row.op}
    assert sorted(REGISTERED - listed) == [], "operations without a row in tests/autograd_nn/rows"
    assert sorted(listed - REGISTERED) == [], "rows of operations that are not registered"


def test_rows_have_different_names() -> None:
    names = [row.name for row in ROWS]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_differentiable_operation_has_its_gradients_tested() -> None:
    tested: dict[str, set[int]] = {}
    for row in ROWS:
        if row.op:
            tested.setdefault(row.op, set()).update(row.by)
    for name in sorted(REGISTERED):
        op = REGISTRY[name]
        if op.every is None:
            ruled = {i for i, rule in enumerate(op.vjps) if not isinstance(rule, Refused | None)}
            assert tested[name] >= ruled, f"{name}: rules of {ruled}, tested {tested[name]}"
        else:
            assert tested[name], name


def test_every_broadcasting_operation_is_tested_over_shapes() -> None:
    tested = {row.op for row in ROWS if row.shapes is not None}
    several = {row.op for row in ROWS if len(row.inputs) > 1}
    needed = {name for name in REGISTERED if REGISTRY[name].broadcasts} & several
    assert sorted(needed - tested) == []


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_latex_fits_the_operation(name: str) -> None:
    op = REGISTRY[name]
    fields = [part for _, part, _, _ in string.Formatter().parse(op.latex) if part is not None]
    assert op.latex, f"{name} has no LaTeX"
    assert "0" in fields
    arity = max([len(row.inputs) for row in ROWS if row.op == name], default=1)
    text = op.latex.format(*"abcdefgh"[:arity], **{f: f for f in fields if not f.isdigit()})
    assert text.count("{") == text.count("}")
    assert text.count(r"\begin") == text.count(r"\end")


@rows(lambda row: True)
def test_value_is_numpys(row: Row) -> None:
    arrays = drawn(row)
    before = [a.copy() for a in arrays]
    xs = leaves(row, arrays)
    out = row.run(*xs)
    assert isinstance(out, Tensor)
    assert row.op is None or row.op in operations(out), f"{row.op} is not in the graph"
    expected = np.asarray(row.on_arrays(*arrays))
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-13, atol=1e-13)
    assert out.shape == expected.shape
    assert out.dtype == expected.dtype
    assert out.requires_grad == bool(row.by)
    assert not out.numpy().flags.writeable
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b, err_msg="an input was changed")
        assert a.flags.writeable, "an input was made read-only"


@rows(lambda row: row.by)
def test_first_derivatives(row: Row) -> None:
    arrays = drawn(row)
    xs = leaves(row, arrays)
    got = gradients(weighted(row, xs), [xs[i] for i in row.by])
    recorded = gradients(weighted(row, xs), [xs[i] for i in row.by], create_graph=True)
    f = as_function(weighted, row)
    for i, g, t in zip(row.by, got, recorded, strict=True):
        FIRST.check(g, slopes(f, arrays, i), f"by input {i}")
        np.testing.assert_allclose(t.numpy(), g, rtol=1e-13, atol=1e-15)
        assert np.any(g != 0) or g.size == 0 or row.order < 1, "the row tests a zero gradient"


@rows(lambda row: row.by and row.order >= 2)
def test_second_derivatives(row: Row) -> None:
    arrays = drawn(row)
    xs = leaves(row, arrays)
    got = gradients(weighted_gradient(row, xs), [xs[i] for i in row.by])
    f = as_function(weighted_gradient, row)
    for i, g in zip(row.by, got, strict=True):
        SECOND.check(g, slopes(f, arrays, i), f"by input {i}")


@rows(lambda row: row.shapes is not None)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_shapes(row: Row, data: Any) -> None:
    shapes = data.draw(row.shapes, label="shapes")
    arrays = sample(row.inputs, shapes, data.draw(st.integers(0, 9), label="seed"))
    xs = leaves(row, arrays)
    out = row.run(*xs)
    expected = np.asarray(row.on_arrays(*arrays))
    assert out.shape == expected.shape
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-13, atol=1e-13)
    if not row.by:
        return
    wrt = [xs[i] for i in row.by]
    directions: list[Any] = [None] * len(arrays)
    for i in row.by:
        directions[i] = weights(shapes[i], 20 + i) - 1.0
    for make, tolerance in ((weighted, FIRST), (weighted_gradient, SECOND))[: row.order]:
        got = gradients(make(row, xs), wrt)
        along = 0.0
        for i, g in zip(row.by, got, strict=True):
            assert g.shape == shapes[i]
            along += float(np.sum(g * directions[i]))
        by_differences = slope(as_function(make, row), arrays, directions)
        tolerance.check(along, by_differences)


@rows(lambda row: row.float32 and any(x.kind == "f" for x in row.inputs))
def test_float32_is_kept(row: Row) -> None:
    arrays = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in drawn(row)]
    xs = leaves(row, arrays)
    out = row.run(*xs)
    expected = np.asarray(row.on_arrays(*arrays))
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-5, atol=1e-5)
    if not row.by:
        return
    assert out.dtype in (np.float32, np.complex64)
    seed = np.ones(out.shape, np.float32)
    wrt = [xs[i] for i in row.by]
    exact = [Tensor(a.astype(float), i in row.by) if a.dtype.kind == "f" else Tensor(a)
             for i, a in enumerate(arrays)]  # fmt: skip
    right = gradients(row.run(*exact), [exact[i] for i in row.by], seed.astype(float))
    for g, r in zip(gradients(out, wrt, seed), right, strict=True):
        assert g.dtype == np.float32
        np.testing.assert_allclose(g, r, rtol=1e-4, atol=1e-5)
    for t in gradients(out, wrt, seed, create_graph=True):
        assert t.dtype == np.float32


def _extremes() -> list[Any]:
    return [
        pytest.param(row, extreme, id=f"{row.name} at {extreme.inputs}")
        for row in ROWS
        for extreme in row.extremes
    ]


@pytest.mark.parametrize(("row", "extreme"), _extremes())
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extreme_values(row: Row, extreme: Any, dtype: Any) -> None:
    arrays = [
        np.asarray(a, dtype=dtype if x.kind == "f" else None)
        for a, x in zip(extreme.inputs, row.inputs, strict=True)
    ]
    xs = leaves(row, arrays)
    out = row.run(*xs)
    EXTREME.check(out.numpy(), np.asarray(extreme.value, dtype=dtype))
    for i, right in enumerate(extreme.gradients):
        if right is not None:
            (g,) = gradients(np.sum(out), [xs[i]])
            EXTREME.check(g, np.asarray(right, dtype=dtype))


def test_sample_keeps_away_from_kinks_and_ties() -> None:
    values = np.concatenate([a.ravel() for a in sample([In((5, 5)), In((5, 5)), In((5, 5))],
                                                       [(5, 5)] * 3)])  # fmt: skip
    assert np.min(np.diff(np.sort(values))) > 8e-4 / 2
    assert np.min(np.abs(values - np.round(values, 1))) > 8e-4 / 2


def as_array(x: Any) -> Any:
    return x.numpy() if isinstance(x, Tensor) else x


@pytest.mark.parametrize(
    ("rule", "caught_by"),
    [
        (lambda g, out, x: g * 3.0 * x * x, None),
        (lambda g, out, x: g * 3.0 * x * x * (1 + 1e-6), test_first_derivatives),
        (lambda g, out, x: -g * 3.0 * x * x, test_first_derivatives),
        (lambda g, out, x: g * x * x, test_first_derivatives),
        # right in value, and constant for a second derivative
        (lambda g, out, x: g * 3.0 * np.square(as_array(x)), test_second_derivatives),
    ],
)
def test_wrong_rules_are_caught(rule: Any, caught_by: Any) -> None:
    cube = Op("cube_of_the_harness", lambda x: x**3, (rule,))
    row = Row(None, lambda x: apply(cube, (x,)), (In((2, 2)),), reference=lambda x: x**3)
    for check in (test_value_is_numpys, test_first_derivatives, test_second_derivatives):
        if check is caught_by:
            with pytest.raises(AssertionError):
                check(row)
            break
        check(row)
    else:
        assert caught_by is None
