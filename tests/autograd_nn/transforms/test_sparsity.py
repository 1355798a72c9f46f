"""Sparse Jacobians: equal to the dense ones, in few products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from autograd_nn import Tensor, grad, hessian, jacobian, jit, vmap
from autograd_nn.transforms import sparsity, sweeps

from ..harness import Row, sample, weighted
from ..program.test_rows import TRACEABLE

RNG = np.random.default_rng(0)


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list of how many products the calls to come take, which they fill."""
    counts: list[int] = []
    swept = sweeps._swept

    def counted(run: Any, outputs: Any, sources: Any, seeds: Any, count: int) -> Any:
        counts.append(count)
        return swept(run, outputs, sources, seeds, count)

    monkeypatch.setattr(sweeps, "_swept", counted)
    return counts


def tridiagonal(x: Any) -> Any:
    y = x**2
    return np.concatenate([y[:1] - x[1:2], x[:-2] * y[1:-1] - np.sin(x[2:]), y[-1:] * x[-2:-1]])


def rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def arrow(x: Any) -> Any:
    return np.sum(x[1:] * np.sin(x[0])) + np.sum(x**3)


def heat(u: Any) -> Any:
    inner = u[1:-1, 1:-1]
    flow = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * inner
    return inner**3 + flow


def tall(x: Any) -> Any:
    one = np.sum(x**2, keepdims=True)
    return np.concatenate([np.sin(x) * x[::-1], one, np.cumsum(x[:3]), x[1:] - x[:-1]])


CASES = [
    (jacobian, tridiagonal, (9,), 3), (hessian, rosenbrock, (9,), 3), (hessian, arrow, (9,), 3),
    (jacobian, heat, (9, 9), 8), (jacobian, tall, (12,), 7), (jacobian, lambda x: x.T, (3, 4), 1),
    (jacobian, lambda x: np.sum(x**2) * np.ones(5), (4,), 4),
    (jacobian, lambda x: np.array([1.0, 2.0]) * np.sign(x[:2]), (4,), 0),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_dense_one_in_few_products(case: Any, products: list[int]) -> None:
    transform, f, shape, most = case
    x = RNG.normal(size=shape)
    found = transform(f, sparse=True)(x)
    assert isinstance(found, sparse.csr_matrix)
    assert sum(products) <= most
    dense = transform(f)(x)
    np.testing.assert_allclose(found.toarray(), dense.reshape(found.shape), rtol=1e-12, atol=1e-13)
    assert found.nnz <= 2 * np.count_nonzero(dense) + x.size


def test_a_large_one(products: list[int]) -> None:
    x = RNG.normal(size=100_000)
    found = jacobian(tridiagonal, sparse=True)(x)
    assert sum(products) <= 4
    v = RNG.normal(size=x.size)
    right = jacobian(lambda t: tridiagonal(x + t * v))(0.0)
    np.testing.assert_allclose(found @ v, right, rtol=1e-10, atol=1e-10)
    second = hessian(rosenbrock, sparse=True)(x)
    assert abs(second - second.T).max() < 1e-9
    np.testing.assert_allclose(second.diagonal()[1:-1], 202 + 1200 * x[1:-1] ** 2 - 400 * x[2:])


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in TRACEABLE if r.by])
def test_row(row: Row) -> None:
    arrays = sample(row.inputs, [x.shape for x in row.inputs])
    if row.run(*map(Tensor, arrays)).dtype.kind == "c":
        with pytest.raises(TypeError, match="sparse=True takes real numbers"):
            jacobian(row.run, row.by, sparse=True)(*arrays)
        return

    def slopes(*xs: Any) -> Any:
        return grad(lambda *ys: weighted(replace(row, run=value), ys), row.by)(*xs)

    def value(*xs: Any) -> Any:
        return row.run(*[x if isinstance(x, Tensor) else Tensor(x) for x in xs])

    for f in (value, slopes):
        dense, found = (jacobian(f, row.by, sparse=kind)(*arrays) for kind in (False, True))
        pairs = [(a, b) for line, other in zip(dense, found, strict=True)
                 for a, b in zip(line, other, strict=True)] if f is slopes \
            else list(zip(dense, found, strict=True))  # fmt: skip
        for a, b in pairs:
            np.testing.assert_allclose(b.toarray(), a.reshape(b.shape), rtol=1e-9, atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12), st.floats(0, 0.6))
def test_any_pattern_is_recovered(seed: int, height: int, width: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(height, width)) * (rng.random((height, width)) < density)
    matrix[rng.integers(height)] = 1.0 if seed % 3 == 0 else matrix[0]
    row, column = np.nonzero(matrix)
    x = rng.normal(size=width)

    def f(x: Any) -> Any:
        terms = matrix[row, column] * np.sin(x[column])
        return grad(lambda u: np.sum(u[row] * terms))(np.zeros(height))  # their sum in each row

    found = jacobian(f, sparse=True)(x)
    np.testing.assert_allclose(found.toarray(), matrix * np.cos(x), rtol=1e-12, atol=1e-13)
    assert found.nnz == row.size
    colours = sparsity.coloured(sparse.csc_array(matrix != 0))
    for line in matrix != 0:
        assert len(set(colours[line])) == line.sum()


def test_containers_and_aux() -> None:
    p = {"a": RNG.normal(size=3), "b": RNG.normal(size=(2, 3))}

    def f(p: Any) -> Any:
        return {"y": p["a"] * p["b"], "z": np.sum(p["a"])}, p["a"]

    table, aux = jacobian(f, has_aux=True, sparse=True)(p)
    dense, _ = jacobian(f, has_aux=True)(p)
    np.testing.assert_array_equal(aux, p["a"])
    for out in ("y", "z"):
        for x in ("a", "b"):
            got = table[out][x]
            assert got.shape == (dense[out][x].size // p[x].size, p[x].size)
            np.testing.assert_allclose(got.toarray(), dense[out][x].reshape(got.shape))
    assert jacobian(lambda x: x[:0], sparse=True)(np.ones(3)).shape == (0, 3)
    assert jacobian(lambda x: {}, sparse=True)(np.ones(3)) == {}
    assert jacobian(lambda x: x, sparse=True)(np.ones(0)).shape == (0, 0)
    assert jacobian(lambda x: x * 2, sparse=True)(np.ones(2, np.float32)).dtype == np.float32


def test_what_is_recorded_is_refused() -> None:
    w = Tensor(np.ones(3), requires_grad=True)
    calls: list[Callable[[], Any]] = [
        lambda: jit(jacobian(tridiagonal, sparse=True))(np.ones(4)),
        lambda: vmap(jacobian(tridiagonal, sparse=True))(np.ones((2, 4))),
        lambda: grad(lambda x: jacobian(tridiagonal, sparse=True)(x)[0, 0])(np.ones(4)),
        lambda: jacobian(lambda x: x * w, sparse=True)(np.ones(3)),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="sparse=True gives a matrix of SciPy"):
            call()
