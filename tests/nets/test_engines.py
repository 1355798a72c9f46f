"""The engines of `train`: one path, whatever computes it; the step as a program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import jit
from nets import Network, train
from nets.__main__ import main
from nets.engines import ENGINES, training_step

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 50)), RNG.random((3, 50))


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_engines_take_the_same_path(engine: str, dtype: Any) -> None:
    if engine == "numba":
        pytest.importorskip("numba")
    net, eager = (Network([6, 5, 3], seed=1, dtype=dtype) for _ in range(2))
    how: dict[str, Any] = {"batch_size": 25, "seed": 3, "progress": False}
    got = train(net, X, Y, 4, 0.5, engine=engine, **how).cost
    right = train(eager, X, Y, 4, 0.5, engine="eager", **how).cost
    tolerance = 2e-4 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(got, right, rtol=tolerance)
    for name, array in net.parameters().items():
        assert array.dtype == dtype
        np.testing.assert_allclose(
            array, eager.parameters()[name], rtol=tolerance, atol=tolerance / 10
        )


def test_programs_are_the_default_and_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    traced = []
    record = Network.record

    def watched(self: Network, *given: Any) -> Any:
        traced.append(1)
        return record(self, *given)

    monkeypatch.setattr(Network, "record", watched)
    for _ in range(3):
        train(Network([6, 7, 3]), X, Y, 10, batch_size=25, progress=False)
    assert len(traced) == 1


def test_training_leaves_other_networks_alone() -> None:
    first, second = Network([6, 5, 3], seed=0), Network([6, 5, 3], seed=0)
    train(first, X, Y, 2, progress=False)
    np.testing.assert_array_equal(second.W[1], Network([6, 5, 3], seed=0).W[1])
    assert not np.array_equal(first.W[1], second.W[1])


def test_networks_of_other_activations_have_programs_of_their_own() -> None:
    nets = [Network([6, 5, 3], seed=0, activation=name) for name in ("sigmoid", "tanh")]
    for net in nets:
        eager = Network([6, 5, 3], seed=0, activation=net.activation)
        got = train(net, X, Y, 3, progress=False).cost
        assert got == pytest.approx(train(eager, X, Y, 3, engine="eager", progress=False).cost)


def test_the_step_reads_like_the_document() -> None:
    net = Network([6, 5, 3], seed=0)
    text = jit(training_step(net)).lower(net.parameters(), X, Y, 0.25).readable
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    for line in (
        "z2 = W1 @ x + b1",
        "h2 = sigmoid(z2)",
        "delta2 = (W2.T @ delta3) * (h2 * (1 - h2))",
        "dW1 = (delta2 @ x.T) / 50",
        "db1 = np.sum(delta2, axis=1, keepdims=True) / 50",
        "new_W1 = W1 - alpha * dW1",
    ):
        assert line in lines


def test_the_command_prints_the_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["program", "--structure", "3", "4", "2", "--samples", "5"]) == 0
    printed = capsys.readouterr().out
    assert "delta3 = t1 * (h3 * (1 - h3))" in printed
    assert "# (4, 5)" in printed
    compile(printed, "<printed>", "exec")
    assert main(["program", "--structure", "3", "4", "2", "--run-form"]) == 0
    assert "dot(W1, x, t0)" in capsys.readouterr().out
