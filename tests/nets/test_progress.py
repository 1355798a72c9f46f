"""What goes round a training: held-out samples, early stopping, callbacks, the history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nets import CSVLog, DivergenceError, History, Network, StopTraining, load_digits, train

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 60)), np.eye(3)[:, RNG.integers(3, size=60)]
HELD = RNG.normal(size=(6, 40)), np.eye(3)[:, RNG.integers(3, size=40)]
HOW: dict[str, Any] = {"optimizer": "adam", "batch_size": 20, "seed": 0, "progress": False}


def network() -> Network:
    return Network([6, 20, 3], seed=1, activation="tanh", output="softmax", cost="cross_entropy")


def test_held_out_samples_are_looked_at() -> None:
    net = network()
    history = train(net, X, Y, 4, 0.05, validation=HELD, metrics=["accuracy"], **HOW)
    assert list(history.arrays()) == ["cost", "validation_cost", "accuracy"]
    assert history["validation_cost"][-1] == pytest.approx(net.cost(*HELD).item())
    labels = HELD[1].argmax(axis=0)
    assert history["accuracy"][-1] == net.accuracy(HELD[0], labels)
    assert history.ended == "iterations"
    assert net.history is history


def test_metrics_of_one_s_own() -> None:
    metrics = {"worst": lambda y, h: float(np.abs(y - h).max())}
    net = network()
    history = train(net, X, Y, 2, 0.05, metrics=metrics, **HOW)
    assert history["worst"][-1] == np.abs(Y - net.feed_forward(X)).max()


def test_patience_and_the_best_weights() -> None:
    best: dict[int, Any] = {}

    def keep(iteration: int, values: Any) -> None:
        best[iteration] = net.W[1].copy()

    net = network()
    history = train(net, X, Y, 400, 0.1, validation=HELD, patience=5, restore_best=True,
                    callbacks=[keep], **HOW)  # fmt: skip
    costs = history["validation_cost"]
    assert history.ended == "patience"
    assert history.best == int(np.argmin(costs)) == len(costs) - 6
    assert np.array_equal(net.W[1], best[history.best])


def test_more_of_a_metric_is_better() -> None:
    history = train(network(), X, Y, 300, 0.1, validation=HELD, metrics=["accuracy"],
                    monitor="accuracy", patience=4, **HOW)  # fmt: skip
    assert history.best is not None
    assert history["accuracy"][history.best] == history["accuracy"].max()


def test_a_callback_may_end_it() -> None:
    def enough(iteration: int, values: Any) -> None:
        assert values["cost"] > 0
        if iteration == 2:
            raise StopTraining

    history = train(network(), X, Y, 100, 0.05, callbacks=[enough], **HOW)
    assert (len(history), history.ended) == (3, "callback")


def test_the_history_survives_whatever_ends_it() -> None:
    net = network()
    with pytest.raises(DivergenceError):
        train(net, X * 1e200, Y, 50, 1e200, progress=False)
    assert net.history is not None
    assert net.history.ended == "diverged"

    def broken(iteration: int, values: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(net, X, Y, 50, 0.05, callbacks=[broken], **HOW)
    assert (len(net.history), net.history.ended) == (1, "callback")


def test_history_as_arrays_table_and_picture() -> None:
    history = train(network(), X, Y, 3, 0.05, validation=HELD, **HOW)
    assert history["cost"].shape == (3,)
    assert len(history.plot().axes[0].lines) == 2
    pytest.importorskip("pandas")
    frame = history.to_frame()
    assert list(frame.columns) == ["cost", "validation_cost"]
    assert frame.index.name == "iteration"
    assert list(History([1.0]).to_frame()["cost"]) == [1.0]


def test_a_log_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    train(network(), X, Y, 2, 0.05, callbacks=[CSVLog(path)], validation=HELD, **HOW)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "iteration,cost,validation_cost"
    assert [line.split(",")[0] for line in lines[1:]] == ["0", "1"]
    with pytest.raises(FileExistsError):
        train(network(), X, Y, 2, 0.05, callbacks=[CSVLog(path)], **HOW)
    train(network(), X, Y, 1, 0.05, callbacks=[CSVLog(path, overwrite=True)], **HOW)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_a_log_goes_on_where_a_training_is_resumed(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    log, kept = tmp_path / "log.csv", tmp_path / "training"
    for iterations in (5, 8):
        train(network(), X, Y, iterations, 0.05, callbacks=[CSVLog(log)], checkpoint=kept,
              every=2, resume=True, **HOW)  # fmt: skip
    whole = tmp_path / "whole.csv"
    train(network(), X, Y, 8, 0.05, callbacks=[CSVLog(whole)], **HOW)
    assert log.read_text(encoding="utf-8") == whole.read_text(encoding="utf-8")


def test_the_bar_shows_the_numbers(capfd: pytest.CaptureFixture[str]) -> None:
    train(network(), X, Y, 2, 0.05, validation=HELD, metrics=["accuracy"],
          **{**HOW, "progress": True})  # fmt: skip
    shown = capfd.readouterr().err
    for name in ("cost=", "validation_cost=", "accuracy="):
        assert name in shown


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"metrics": ["speed"]}, "metrics is one of 'accuracy', or functions"),
        ({"monitor": "speed"}, "monitor is one of 'cost'"),
        ({"restore_best": True}, "validation="),
        ({"patience": 0}, "patience has to be 1"),
        ({"every": 0}, "every has to be 1"),
    ],
)
def test_misuse_is_explained(how: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(network(), X, Y, 1, **HOW, **how)


def test_softmax_reads_the_digits_better() -> None:
    digits = load_digits(seed=0)
    net = Network([64, 30, 10], seed=0, activation="relu", output="softmax", cost="cross_entropy")
    train(net, digits.X_train, digits.Y_train, 30, 0.01, **{**HOW, "batch_size": 50})
    assert net.accuracy(digits.X_test, digits.y_test) > 0.96


def test_a_history_shows_its_plot_in_a_notebook() -> None:
    assert History()._repr_png_() is None
    shown = History([2.0, 1.0], {"validation_cost": [2.5, 1.5]})._repr_png_()
    assert shown is not None
    assert shown.startswith(b"\x89PNG")
