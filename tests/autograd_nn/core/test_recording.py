"""`no_grad` and `tracing`: local to thread and task, undone by exceptions; recording in threads."""

from __future__ import annotations

import asyncio
import operator
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest

from autograd_nn import AnomalyError, Tensor, derive, detect_anomaly, gradients, no_grad
from autograd_nn.core.recording import TracingError, recording, tracing

X = Tensor([1.0, 2.0], requires_grad=True, name="x")


def records() -> bool:
    return (X * 2.0).op is not None


def test_no_grad_records_nothing() -> None:
    with no_grad():
        z = X * 2.0
        assert (z.op, z.inputs, z.requires_grad) == (None, (), False)
        with no_grad():
            assert not records()
        assert not records()
    assert records()


def test_an_exception_ends_it() -> None:
    for context in (no_grad, tracing):
        with pytest.raises(ZeroDivisionError), context():
            raise ZeroDivisionError
    assert records()
    assert X[0].item() == 1.0


def test_a_generator_left_open_does_not_disturb() -> None:
    def squares() -> Any:
        for x in (1.0, 2.0):
            with no_grad():
                y = X * x
            yield y

    open_one = squares()
    next(open_one)
    assert records()


def test_other_threads_record_on() -> None:
    inside, done = threading.Event(), threading.Event()
    seen: list[bool] = []

    def other() -> None:
        inside.wait(5)
        seen.append(records())
        with no_grad():
            seen.append(records())
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with no_grad():
        inside.set()
        assert done.wait(5)
        assert not records()
    thread.join()
    assert seen == [True, False]
    assert records()


def test_other_tasks_record_on() -> None:
    async def main() -> list[bool]:
        inside, looked = asyncio.Event(), asyncio.Event()
        seen: list[bool] = []

        async def quiet() -> None:
            with no_grad():
                inside.set()
                await looked.wait()
                seen.append(records())
            seen.append(records())

        async def loud() -> None:
            await inside.wait()
            seen.append(records())
            looked.set()

        await asyncio.gather(quiet(), loud())
        return seen

    assert asyncio.run(main()) == [True, False, True]


@pytest.mark.parametrize(
    "ask",
    [
        bool, float, int, len, list, np.asarray, np.array, iter, operator.index, operator.not_,
        Tensor.item, Tensor.numpy, lambda t: [1, 2][t], lambda t: np.full(2, t),
    ],
    ids=lambda f: getattr(f, "__name__", "?"),
)  # fmt: skip
@pytest.mark.parametrize("make", [(X > 1.0).sum, lambda: Tensor(1)])
def test_values_are_not_known_while_tracing(
    ask: Callable[[Any], Any], make: Callable[[], Tensor]
) -> None:
    if ask is len:  # lengths are shapes, and those are known
        with tracing():
            assert len(X * 2.0) == 2
        return
    t = make()
    with tracing(), pytest.raises(TracingError, match=r"(?s)while .* traced.*\. \w"):
        ask(t)
    if ask not in (list, iter):
        with tracing(), pytest.raises(TypeError):
            ask(t)


def test_tracing_records_inside_no_grad_and_ends() -> None:
    with no_grad(), tracing():
        assert records()
    assert bool((X > 0.0).numpy().all())


def test_no_grad_is_refused_while_tracing() -> None:
    with tracing(), pytest.raises(TracingError, match="detach"), no_grad():
        pass


def test_shapes_are_known_while_tracing() -> None:
    with tracing():
        z: Any = np.exp(X) * 2.0
        assert (z.shape, z.ndim, z.size, z.dtype) == ((2,), 1, 2, np.float64)


def differentiate(seed: int) -> bool:
    """Build a graph on leaves that other threads use too; compare with the formula."""
    rng = np.random.default_rng(seed)
    for _ in range(50):
        a = rng.uniform(0.5, 1.5, 2)
        t = Tensor(a, requires_grad=True)
        quiet: AbstractContextManager[None] = no_grad()
        with quiet:
            assert not records()
        z = np.sin(t * X) * X
        (g,) = gradients(z.sum(), [t])
        if not np.allclose(g, np.cos(a * X.numpy()) * X.numpy() ** 2, rtol=1e-12):
            return False
        (h,) = gradients(gradients(z.sum(), [t], create_graph=True)[0], [t], np.ones(2))
        if not np.allclose(h, -np.sin(a * X.numpy()) * X.numpy() ** 3, rtol=1e-12):
            return False
    return True


def test_threads_record_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(differentiate, range(16)))


def test_what_runs_inside_a_watch_or_a_trace_is_seen_by_it() -> None:
    with detect_anomaly(), recording(), pytest.raises(AnomalyError, match="log made -inf"):
        np.log(X * 0.0)
    with tracing() as tape, recording():
        X * 2.0
    assert [node.op.name for node in tape.nodes if node.op] == ["multiply"]


def test_deriving_inside_a_watch_leaves_it_watching() -> None:
    with detect_anomaly():
        J = np.sum(np.square(X))
        derive(J, X)
        with pytest.raises(AnomalyError, match="log made -inf"):
            np.log(X * 0.0)
