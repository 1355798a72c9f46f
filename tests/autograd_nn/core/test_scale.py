"""Deep graphs, wide graphs, long training: time and memory stay in proportion."""

from __future__ import annotations

import contextlib
import gc
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, sigmoid

MILLION = 1_000_000


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Switch the cycle collector off: what is freed is freed by reference counts."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_a_million_operations_in_a_chain() -> None:
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(MILLION):
        y = y + 1.0
    start = weakref.ref(y.inputs[0])
    assert y.item() == MILLION + 1
    y.backward()
    assert x.grad == 1.0
    del y
    assert start() is None, "the graph was not freed"


def test_deep_graphs_of_a_recorded_backward_pass() -> None:
    x = Tensor(1.0)
    y = x
    for _ in range(20_000):
        y = y * 1.0001
    (g,) = gradients(y, [x], create_graph=True)
    np.testing.assert_allclose(float(g), 1.0001**20_000, rtol=1e-9)
    del y, g


def test_one_tensor_used_a_hundred_thousand_times() -> None:
    width = 100_000  # work that grew with the square of it would not come to an end
    x = Tensor(np.ones(3), requires_grad=True)
    y = x * 0.0
    for _ in range(width):
        y = y + x
    (g,) = gradients(y.sum(), [x])
    np.testing.assert_array_equal(g, [width] * 3)


def test_one_operation_with_many_inputs() -> None:
    x = Tensor(np.ones(1), requires_grad=True)
    (g,) = gradients(np.concatenate([x] * 3_000).sum(), [x])
    assert g[0] == 3_000


def step(w: Tensor, x: np.ndarray, y: np.ndarray) -> None:
    w.zero_grad()
    d = sigmoid(w @ x) - y
    J = (d * d).mean()
    J.backward()
    w.data -= 0.1 * w.grad


@pytest.mark.usefixtures("no_collector")
def test_ten_thousand_steps_do_not_grow() -> None:
    rng = np.random.default_rng(0)
    w = Tensor(rng.normal(size=(3, 4)), requires_grad=True)
    x, y = rng.normal(size=(4, 5)), rng.uniform(size=(3, 5))
    for _ in range(100):
        step(w, x, y)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10_000):
            step(w, x, y)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 20_000, f"{grown} bytes more after 10,000 steps"
    assert gc.collect() < 100


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_graph_is_freed_by_reference_counting(create_graph: bool) -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    z: Any = np.exp(x) * x
    J = z.sum()
    g = gradients(J, [x], create_graph=create_graph)
    J.backward()
    watched = [weakref.ref(z), weakref.ref(J), *(weakref.ref(i) for i in z.inputs if i is not x)]
    if create_graph:
        watched.append(weakref.ref(g[0]))
    del z, J, g
    assert [ref() for ref in watched] == [None] * len(watched)


@pytest.mark.usefixtures("no_collector")
def test_a_graph_is_freed_after_an_error() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    z = x * x
    seen = weakref.ref(z)
    with contextlib.suppress(ValueError):
        z.backward()
    del z
    assert seen() is None
