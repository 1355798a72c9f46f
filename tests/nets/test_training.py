"""Gradient descent: the same path as by hand, batches, and what happens when it diverges."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nets import DivergenceError, Network, formulas, train
from nets.engines import ENGINES

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 10)), RNG.random((2, 10))
engines = pytest.mark.parametrize("engine", sorted(ENGINES))


def fresh() -> Network:
    return Network([4, 3, 2], seed=0)


def descend(net: Network, x: Any, y: Any, alpha: float) -> float:
    """One step by the document's formulas."""
    _, h = formulas.feed_forward(net.W, net.b, x)
    found = formulas.backpropagation(net.W, net.b, x, y)
    for l in net.W:
        net.W[l] -= alpha * found.dW[l]
        net.b[l] -= alpha * found.db[l]
    return float(formulas.cost(y, h[net.n_layers]))


def assert_same(net: Network, other: Network) -> None:
    for name, array in net.parameters().items():
        np.testing.assert_allclose(array, other.parameters()[name], rtol=1e-10, atol=1e-13)


@engines
@pytest.mark.parametrize("batch_size", [None, 1, 3, 10, 99])
def test_every_engine_takes_the_path_of_the_formulas(engine: str, batch_size: int | None) -> None:
    net, by_hand = fresh(), fresh()
    history = train(net, X, Y, 5, 0.5, batch_size, engine=engine, shuffle=False, progress=False)
    size = batch_size or 10
    costs = []
    for _ in range(5):
        total = 0.0
        for start in range(0, 10, size):
            part = slice(start, min(start + size, 10))
            total += descend(by_hand, X[:, part], Y[:, part], 0.5) * (part.stop - start)
        costs.append(total / 10)
    np.testing.assert_allclose(history.cost, costs, rtol=1e-10)
    assert_same(net, by_hand)


@engines
def test_shuffling_is_by_seed(engine: str) -> None:
    def path(**how: Any) -> list[float]:
        cost = train(fresh(), X, Y, 4, 0.5, 3, engine=engine, progress=False, **how).cost
        return [float(c) for c in cost]

    assert path(seed=1) == path(seed=1)
    assert path(seed=1) != path(seed=2)
    assert path(seed=1) != path(shuffle=False)
    assert path(shuffle=False) == path(shuffle=False)


@engines
def test_callback_sees_each_iteration_and_the_weights_of_the_moment(engine: str) -> None:
    net = fresh()
    seen: list[tuple[int, float]] = []
    weights: list[Any] = []

    def watch(iteration: int, cost: float) -> None:
        seen.append((iteration, cost))
        weights.append(net.W[1].copy())

    history = train(net, X, Y, 3, 0.5, engine=engine, progress=False, callback=watch)
    assert seen == list(enumerate(history.cost))
    assert np.array_equal(weights[-1], net.W[1])
    assert not np.array_equal(weights[0], weights[1])


@engines
def test_divergence_stops_and_keeps_the_weights(engine: str) -> None:
    net = fresh()
    before = {name: array.copy() for name, array in net.parameters().items()}
    for samples, alpha, advice in ((X * np.nan, 0.5, "NaN"), (X, 1e308, "smaller learning_rate")):
        with pytest.raises(DivergenceError, match=rf"iteration.*{advice}"):
            train(net, samples, Y * 1e3, 50, alpha, engine=engine, progress=False)
        for name, array in net.parameters().items():
            assert np.array_equal(array, before[name])


def test_divergence_names_the_iteration() -> None:
    with pytest.raises(DivergenceError, match="iteration 0: the cost is nan"):
        train(fresh(), X * np.nan, Y, 5, progress=False)


def test_samples_that_are_no_numbers_are_pointed_at() -> None:
    x = X.copy()
    x[2, 7] = np.nan
    with pytest.raises(DivergenceError, match=r"1 samples of X hold NaN or inf.*column 7"):
        train(fresh(), x, Y, 5, progress=False)
    y = Y.copy()
    y[0, 3:5] = np.inf
    with pytest.raises(DivergenceError, match=r"2 samples of Y hold NaN or inf.*column 3"):
        train(fresh(), X, y, 5, progress=False)


def test_what_a_callback_raises_ends_the_training() -> None:
    def enough(iteration: int, cost: float) -> None:
        if iteration == 2:
            raise StopIteration

    net, other = fresh(), fresh()
    with pytest.raises(StopIteration):
        train(net, X, Y, 100, progress=False, callback=enough)
    train(other, X, Y, 3, progress=False)
    assert_same(net, other)


def test_weights_set_by_a_callback_are_those_trained_on() -> None:
    def reset(iteration: int, cost: float) -> None:
        if iteration == 4:
            net.W.update(fresh().W)
            net.b.update(fresh().b)

    net, other = fresh(), fresh()
    train(net, X, Y, 8, progress=False, callback=reset)
    train(other, X, Y, 3, progress=False)
    assert_same(net, other)


def test_no_iterations_change_nothing() -> None:
    net = fresh()
    assert len(train(net, X, Y, 0, progress=False).cost) == 0
    assert_same(net, fresh())


def test_progress_bar(capfd: pytest.CaptureFixture[str]) -> None:
    train(fresh(), X, Y, 2, progress=False)
    train(fresh(), X, Y, 2)
    assert capfd.readouterr() == ("", "")  # neither when refused nor off a terminal
    train(fresh(), X, Y, 2, progress=True)
    assert "2/2" in capfd.readouterr().err


def test_progress_bar_where_others_started_notebooks(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ipykernel.kernelapp")
    train(fresh(), X, Y, 2)
    assert capfd.readouterr().err == ""


def _bad(**how: Any) -> Callable[[], Any]:
    return lambda: train(fresh(), **{"X": X, "Y": Y, "iterations": 1, "progress": False, **how})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (_bad(X=X[:3]), "layer 1 has 4 nodes"),
        (_bad(Y=Y[:, :3]), "10 samples and Y has 3"),
        (_bad(iterations=-1), "iterations"),
        (_bad(learning_rate=0), "learning_rate"),
        (_bad(learning_rate=float("nan")), "learning_rate"),
        (_bad(batch_size=0), "batch_size"),
        (_bad(engine="magic"), "engine is one of"),
    ],
)
def test_misuse_is_explained(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
