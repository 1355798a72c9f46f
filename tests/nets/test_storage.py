"""Networks and trainings on disk: what is written, what is read, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nets import Activation, Cost, Network, train
from nets.engines import ENGINES

pytest.importorskip("safetensors", reason="the extra 'storage' is not installed")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 40)), np.eye(3)[:, RNG.integers(3, size=40)]
HOW: dict[str, Any] = {
    "optimizer": "adam", "batch_size": 15, "seed": 3, "progress": False, "dropout": 0.2,
    "validation": (X[:, :10], Y[:, :10]), "metrics": ["accuracy"], "restore_best": True,
}  # fmt: skip
ROOT = Path(__file__).parents[2]


def network(**how: Any) -> Network:
    given = {"activation": "tanh", "output": "softmax", "cost": "cross_entropy", **how}
    return Network([6, 5, 3], seed=1, **given)


def assert_equal(net: Network, other: Network) -> None:
    for name, array in net.parameters().items():
        assert np.array_equal(array, other.parameters()[name])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_comes_back(dtype: Any, tmp_path: Path) -> None:
    net = network(dtype=dtype)
    loaded = Network.load(net.save(tmp_path / "net.safetensors"))
    assert_equal(net, loaded)
    assert loaded.dtype == dtype
    assert loaded.criterion == net.criterion
    assert loaded.activations == net.activations
    assert np.array_equal(net.feed_forward(X), loaded.feed_forward(X))


def test_what_is_there_is_not_overwritten_unasked(tmp_path: Path) -> None:
    net, path = network(), tmp_path / "net"
    net.save(path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        network().save(path)
    network(dtype=np.float32).save(path, overwrite=True)
    assert Network.load(path).dtype == np.float32
    assert [file.name for file in tmp_path.iterdir()] == ["net"]


def test_functions_of_one_s_own_are_asked_for(tmp_path: Path) -> None:
    square = Activation("square", lambda z: z * z, lambda z: 2 * z)
    cost = Cost("quartic", lambda y, h: (h - y) ** 4 / 4, lambda y, h: (h - y) ** 3)
    path = network(activation=square, output="linear", cost=cost).save(tmp_path / "net")
    with pytest.raises(ValueError, match="activation 'square' of its own"):
        Network.load(path, cost=cost)
    with pytest.raises(ValueError, match="cost 'quartic' of its own"):
        Network.load(path, activations={"square": square})
    loaded = Network.load(path, activations={"square": square}, cost=cost)
    assert loaded.criterion.cost is cost


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file"):
        Network.load(tmp_path / "none")
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    with pytest.raises(ValueError, match="no safetensors file"):
        Network.load(tmp_path / "text")
    whole = network().save(tmp_path / "net").read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="broken"):
        Network.load(tmp_path / "half")
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(3)}, tmp_path / "foreign")
    with pytest.raises(ValueError, match="no network of this package"):
        Network.load(tmp_path / "foreign")


@pytest.mark.parametrize("engine", sorted(set(ENGINES) - {"numba"}))
@pytest.mark.parametrize("at", [0, 1, 4])
def test_a_resumed_training_is_bit_equal(engine: str, at: int, tmp_path: Path) -> None:
    whole, net = network(), network()
    right = train(whole, X, Y, 7, 0.05, engine=engine, **HOW)
    path = tmp_path / "training"

    def stop(iteration: int, values: Any) -> None:
        if iteration == at:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(net, X, Y, 7, 0.05, engine=engine, checkpoint=path, callbacks=[stop], **HOW)
    again = network()
    again.W[1] *= 0
    history = train(again, X, Y, 7, 0.05, engine=engine, checkpoint=path, resume=True, **HOW)
    if at:
        assert_equal(again, whole)
        assert history.arrays().keys() == right.arrays().keys()
        for name, values in right.arrays().items():
            assert np.array_equal(history[name], values)
    last = train(network(), X, Y, 7, 0.05, checkpoint=path, resume=True, **HOW)
    assert len(last) == 7


def test_resuming_is_asked_for_and_of_the_same_training(tmp_path: Path) -> None:
    path = tmp_path / "training"
    train(network(), X, Y, 2, 0.05, checkpoint=path, **HOW)
    with pytest.raises(FileExistsError, match="resume=True"):
        train(network(), X, Y, 2, 0.05, checkpoint=path, **HOW)
    with pytest.raises(ValueError, match=r"learning_rate = 0.05"):
        train(network(), X, Y, 2, 0.06, checkpoint=path, resume=True, **HOW)
    with pytest.raises(ValueError, match="another network"):
        train(network(activation="relu"), X, Y, 2, 0.05, checkpoint=path, resume=True, **HOW)
    assert_equal(Network.load(path), _trained(2))
    longer = network()
    train(longer, X, Y, 5, 0.05, checkpoint=path, resume=True, **HOW)
    assert_equal(longer, _trained(5, restore_best=True))


def _trained(iterations: int, restore_best: bool = False) -> Network:
    net = network()
    train(net, X, Y, iterations, 0.05, **{**HOW, "restore_best": restore_best})
    return net


def test_a_full_disk_keeps_what_was_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, net = tmp_path / "training", network()
    full = False
    replace = os.replace

    def no_space(*given: Any) -> None:
        if full:
            raise OSError(28, "No space left on device")
        replace(*given)

    def fill(iteration: int, values: Any) -> None:
        nonlocal full
        full = iteration >= 1

    monkeypatch.setattr(os, "replace", no_space)
    with (
        pytest.warns(RuntimeWarning, match="could not be written.*No space"),
        pytest.raises(OSError, match="No space"),
    ):
        train(net, X, Y, 4, 0.05, checkpoint=path, callbacks=[fill], **HOW)
    assert net.history is not None
    assert len(net.history) == 4
    assert_equal(net, _trained(4, restore_best=True))
    assert [file.name for file in tmp_path.iterdir()] == ["training"]
    assert_equal(Network.load(path), _trained(1))


PROGRAM = """
import signal
import sys
import numpy as np
from nets import Network, train
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored under nohup
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 400)), rng.random((3, 400))
net = Network([6, 5, 3], seed=1)
train(net, X, Y, int(sys.argv[2]), 0.05, 20, seed=3, optimizer="adam", progress=False,
      checkpoint=sys.argv[1], resume=True, callbacks=[lambda i, v: print(i, flush=True)])
"""


def _started(path: Path, iterations: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), str(iterations)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="signals are others elsewhere")
def test_a_kill_loses_no_more_than_an_interval(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole", tmp_path / "killed"
    with _started(whole, 60) as run:
        run.communicate()
    with _started(path, 60) as run:
        assert run.stdout is not None
        seen = [int(run.stdout.readline()) for _ in range(9)]
        run.send_signal(signal.SIGKILL)
        seen += [int(line) for line in run.stdout.read().split()]
    with _started(path, 60) as run:
        first = int(run.communicate()[0].split()[0])
    assert seen[-1] <= first <= seen[-1] + 1
    assert_equal(Network.load(path), Network.load(whole))


@pytest.mark.skipif(os.name != "posix", reason="signals are others elsewhere")
def test_ctrl_c_finishes_the_pass_and_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "training"
    with _started(path, 100_000) as run:
        assert run.stdout is not None
        seen = [int(run.stdout.readline()) for _ in range(5)]
        run.send_signal(signal.SIGINT)
        seen += [int(line) for line in run.stdout.read().split()]
    assert run.returncode != 0
    import safetensors

    with safetensors.safe_open(path, framework="np") as file:
        assert len(file.get_tensor("history/cost")) == seen[-1] + 1
