"""jit: what is traced, when; in other transforms, in threads."""

from __future__ import annotations

import threading
import tracemalloc
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd_nn import Tensor, grad, jit

from .steps import PARAMETERS, RNG, A, B, Y, cost, step


class Pair(NamedTuple):
    w: Any
    b: Any


def test_traced_once_for_each_structure_shape_and_dtype() -> None:
    calls = []

    def f(x: Any, p: Any = None) -> Any:
        calls.append(1)
        return np.sum(x * 2.0) if p is None else np.sum(x * p["w"])

    g = jit(f)
    scalars = (np.float64(3), np.float64(4), np.float32(3), np.array(3.0), np.array(4.0))
    for value in (A, B, A[:2], A, A.astype(np.float32), A.astype(int), 3.0, 4.0, 3, *scalars):
        for _ in range(2):
            np.testing.assert_allclose(g(value), np.sum(np.multiply(value, 2.0)), rtol=1e-6)
    assert len(calls) == 9
    for _ in range(2):
        np.testing.assert_allclose(g(A, {"w": B}), np.sum(A * B))
        np.testing.assert_allclose(g(x=A, p={"w": B}), np.sum(A * B))
        np.testing.assert_allclose(g(A, p={"w": B}), np.sum(A * B))
    assert len(calls) == 10
    np.testing.assert_allclose(g(A, {"w": B, "unused": B}), np.sum(A * B))
    assert len(calls) == 11


@pytest.mark.parametrize(
    "nested",
    [
        {"a": A, "b": [B, (A, 2.0)]},
        [A, {"x": {"y": B}}],
        Pair(A, B),
        {"z": A, "a": B, "m": None},
        (A,),
        {1: A, 2: B},
    ],
)
def test_nested_arguments_and_results(nested: Any) -> None:
    from autograd_nn.transforms.containers import flatten, tree_map

    doubled = jit(lambda tree: tree_map(lambda leaf: leaf * 2, tree))
    for _ in range(2):
        got = doubled(nested)
        assert type(got) is type(nested)
        expected = tree_map(lambda leaf: leaf * 2, nested)
        leaves, structure = flatten(got)
        right, same = flatten(expected)
        assert structure == same
        for value, leaf in zip(leaves, right, strict=True):
            np.testing.assert_array_equal(value, leaf)


def test_static_arguments_are_fixed() -> None:
    calls = []

    def f(x: Any, axis: int, how: str) -> Any:
        calls.append(axis)
        return np.sum(x, axis=axis) if how == "sum" else np.max(x, axis=axis)

    g = jit(f, static_argnums=(1, 2))
    for _ in range(2):
        np.testing.assert_allclose(g(A, 0, "sum"), A.sum(axis=0))
        np.testing.assert_allclose(g(A, 1, "sum"), A.sum(axis=1))
        np.testing.assert_allclose(g(A, 1, "max"), A.max(axis=1))
    assert calls == [0, 1, 1]


def test_what_is_used_from_outside_is_looked_at_again() -> None:
    w = A.copy()
    g = jit(lambda x: x * w)
    np.testing.assert_array_equal(g(B), B * A)
    w[...] = 0
    np.testing.assert_array_equal(g(B), B * w)


def test_inside_other_transforms_it_is_a_part_of_what_is_recorded() -> None:
    f = jit(lambda x: np.sum(x**3))
    np.testing.assert_allclose(grad(f)(A), 3 * A**2)
    np.testing.assert_allclose(jit(grad(f))(A), 3 * A**2)
    np.testing.assert_allclose(jit(lambda x: f(x) * f(B))(A), np.sum(A**3) * np.sum(B**3))
    x = Tensor(A, requires_grad=True)
    f(x).backward()
    np.testing.assert_allclose(x.grad, 3 * A**2)


def test_threads() -> None:
    g = jit(cost)
    slopes = jit(grad(cost))
    inputs = [RNG.normal(size=(64, 8)) for _ in range(8)]
    expected = [(float(g(PARAMETERS, x, Y)), slopes(PARAMETERS, x, Y)) for x in inputs]
    wrong = []
    fresh = jit(grad(cost))

    def work(position: int) -> None:
        for _ in range(50):
            x = inputs[position]
            value, right = expected[position]
            if float(g(PARAMETERS, x, Y)) != value:
                wrong.append(position)
            got = fresh(PARAMETERS, x, Y)
            if any(not np.array_equal(got[name], right[name]) for name in got):
                wrong.append(position)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install \"autograd-nn\[fast\]\""):
        jit(step, engine="numba")


def test_a_program_that_is_known_is_found_by_shapes_and_judged_by_all_else() -> None:
    f = jit(lambda p, x: (np.sum(p["w"] * x), np.sum(x)))
    w, x = np.ones(3), np.arange(3.0)
    for k in range(3):
        for dtype in ("f4", "f8"):
            got = f({"w": w}, x.astype(dtype))
            assert [r.dtype for r in got] == [np.float64, dtype]
        assert f({"w": 2.0}, x)[0] == 6.0
        assert f(x=x, p={"w": k * w})[0] == 3.0 * k
        assert isinstance(f({"w": Tensor(w)}, x)[0], Tensor)
        assert f({"w": np.ones((2, 1))}, x)[0] == 6.0


def test_programs_that_were_not_used_lately_keep_no_memory() -> None:
    f = jit(lambda x: np.sum(np.exp(x) * np.sin(x)))
    tracemalloc.start()
    try:
        for n in range(20):
            f(np.ones(100_000 + n))
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 10e6  # of 1.6 MB each, those of four
    assert f(np.ones(100_000)) == pytest.approx(1e5 * np.exp(1) * np.sin(1))
