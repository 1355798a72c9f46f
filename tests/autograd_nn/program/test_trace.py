"""What a trace refuses, and with which words."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, grad, jit, no_grad, sigmoid
from autograd_nn.core.recording import TracingError
from autograd_nn.program import trace

from .steps import A, B


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x if x.sum() > 0 else -x, "np.where"),
        (lambda x: x * float(x.sum()), "Keep the Tensor"),
        (lambda x: np.sum(np.asarray(x)), "NumPy functions"),
        (lambda x: sum(row for row in x), "whole-array"),
        (lambda x: x * (x + 1).data, "Tensor itself"),
        (lambda x: x * x.data, "Tensor itself"),
        (lambda x: x * Tensor(x), "detach"),
        (lambda x: x * x.sum().item(), "Return the Tensor"),
    ],
)
def test_a_value_is_refused_with_the_users_line(f: Any, what: str) -> None:
    with pytest.raises(TracingError, match=what) as caught:
        jit(f)(A)
    assert "test_trace.py, line" in str(caught.value)
    assert sigmoid(Tensor(0.0)).item() == 0.5, "tracing has ended"


def test_no_grad_is_refused_and_detach_is_not() -> None:
    def f(x: Any) -> Any:
        with no_grad():
            return x * 2

    with pytest.raises(TracingError, match="detach"):
        jit(f)(A)
    slope = jit(grad(lambda x: np.sum(x * (x * 2).detach())))
    np.testing.assert_allclose(slope(A), 2 * A)
    np.testing.assert_allclose(slope(B), 2 * B)


def test_a_trace_too_long_for_a_program_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "_LONGEST", 1000)

    def f(x: Any) -> Any:
        for _ in range(2000):
            x = x * 1.0
        return x

    with pytest.raises(ValueError, match="loop around it"):
        jit(f)(1.0)


@contextmanager
def beside(work: Callable[[threading.Event], Any]) -> Iterator[None]:
    """Let another thread run `work` meanwhile, as a server does, until its event is set."""
    done = threading.Event()
    other = threading.Thread(target=work, args=(done,))
    other.start()
    try:
        yield
    finally:
        done.set()
        other.join()


def drawn_elsewhere(draw: Callable[[], Any]) -> None:
    other = threading.Thread(target=draw)
    other.start()
    other.join()


def allowed_but_own_draws_refused(f: Any, draw: Callable[[], Any]) -> None:
    """Check that `f`, which doubles, is traced, and that what draws numbers itself is not."""

    def drawing(x: Any) -> Any:
        return x * draw()

    assert jit(f)(3.0) == 6.0
    with pytest.raises(TracingError, match="draws random numbers"):
        jit(drawing)(3.0)


@pytest.mark.parametrize("draw", [random.random, lambda: random.sample([1, 2], 1)[0]])
def test_random_numbers_that_other_threads_draw_all_the_time(draw: Any) -> None:
    def draws_on(done: threading.Event) -> None:
        while not done.wait(0.0005):
            draw()

    def f(x: Any) -> Any:
        drawn_elsewhere(draw)
        return x * 2.0

    with beside(draws_on):
        allowed_but_own_draws_refused(f, draw)


def test_random_numbers_of_other_threads_are_no_draws_of_the_function() -> None:
    turns: list[int] = []

    def f(x: Any) -> Any:
        turns.append(0)
        if len(turns) == 1:
            drawn_elsewhere(random.random)
        return x * 2.0

    with beside(threading.Event.wait):
        allowed_but_own_draws_refused(f, random.random)
