"""Data that is changed between the forward and the backward pass: noticed, whoever writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_nn import Tensor, gradients, no_grad, vjp

SMALL, LARGE = (3, 4), (90, 100)
"""Shapes whose arrays are noted by a copy, and by a lock."""


def through_the_array(array: Any, t: Tensor) -> None:
    array[...] = 0.5


def through_a_view(array: Any, t: Tensor) -> None:
    array[1:][0] += 1.0


def through_data(array: Any, t: Tensor) -> None:
    t.data[0] = 0.5


def in_place(array: Any, t: Tensor) -> None:
    t.data *= 2.0


def another(array: Any, t: Tensor) -> None:
    t.data = array + 1.0


def by_copyto(array: Any, t: Tensor) -> None:
    np.copyto(array, 1.0)


WRITERS = [through_the_array, through_a_view, through_data, in_place, another, by_copyto]
USES: list[Callable[[Any, Any], Any]] = [
    lambda t, a: t * t,
    lambda t, a: np.exp(t) * a,
    lambda t, a: t[1:] * t[1:],
    lambda t, a: t.T @ a,
    lambda t, a: np.sin(np.reshape(t, (-1,))[2:]) ** 2,
    lambda t, a: np.stack([t, 2.0 * a])[0] / a,
]


@settings(deadline=None)
@given(
    st.sampled_from(USES), st.sampled_from(WRITERS), st.sampled_from([SMALL, LARGE]), st.booleans()
)
def test_what_was_written_raises_or_does_not_matter(
    use: Callable[[Any, Any], Any],
    write: Callable[[Any, Tensor], None],
    shape: tuple[int, ...],
    plain_operand: bool,
) -> None:
    array = np.linspace(1.0, 2.0, 12 if shape == SMALL else 9000).reshape(shape).copy()
    other = array if plain_operand else array.copy()
    t = Tensor(array, requires_grad=True, name="t")
    J = np.sum(use(t, other))
    right = gradients(J, [t])[0]
    try:
        write(array, t)
        found = gradients(J, [t])[0]
    except (RuntimeError, ValueError):  # ours when it is differentiated, NumPy's where it is locked
        return
    np.testing.assert_array_equal(found, right)


def test_reading_is_no_writing() -> None:
    for shape in (SMALL, LARGE):
        t = Tensor(np.ones(shape), requires_grad=True)
        J = np.sum(t * t)
        assert t.data.sum() == t.size
        J.backward()
        assert repr(t.data)
        J.backward()
        np.testing.assert_array_equal(t.grad, 4.0 * np.ones(shape))


def test_the_ordinary_loop_with_the_graph_alive() -> None:
    x = np.ones((90, 100))
    w = Tensor(np.ones((90, 100)), requires_grad=True)
    for _ in range(3):
        J = np.sum(np.square(w * x))
        J.backward()
        w.data -= 0.1 * w.grad
        w.grad = None
    assert x.flags.writeable is False, "J is alive"
    del J
    x[...] = 2.0
    np.testing.assert_allclose(w.data, 0.8**3)


def test_arrays_are_writable_again_after_the_call() -> None:
    x = np.ones((90, 100))
    out, pullback = vjp(lambda x: np.sum(x * x), x)
    del out, pullback
    x[...] = 3.0
    with no_grad():
        y = Tensor(x) * x
    x[...] = 4.0
    assert y.numpy()[0, 0] == 9.0


def test_two_graphs_on_one_array() -> None:
    x = np.ones((90, 100))
    first, second = np.sum(Tensor(x) * x), np.sum(Tensor(x) * x)
    del first
    with pytest.raises(ValueError, match="read-only"):
        x[...] = 2.0
    del second
    x[...] = 2.0


def test_views_of_a_large_array_and_what_cannot_change() -> None:
    array = np.ones((90, 100))
    J = np.sum(np.square(Tensor(array[1:])))
    array[1] = 2.0  # the array itself is not locked by a graph on a view of it
    with pytest.raises(RuntimeError, match="written into"):
        gradients(J, [J.inputs[0].inputs[0]])
    fixed = np.ones((90, 100))
    fixed.setflags(write=False)
    t = Tensor(fixed[1:])
    (g,) = gradients(np.sum(np.square(t)), [t])
    assert g[0, 0] == 2.0


def test_a_memory_map_is_locked_and_not_copied(tmp_path: Any) -> None:
    held = np.memmap(tmp_path / "x", dtype=float, mode="w+", shape=(90, 100))
    t = Tensor(held)
    J = np.sum(np.square(t))
    with pytest.raises(ValueError, match="read-only"):
        held[0] = 1.0
    del J
    held[0] = 1.0
