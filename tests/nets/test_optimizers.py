"""Optimisers: each against PyTorch's, in every engine; schedules, clipping, weight decay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nets import Network, optimizers, train
from nets.engines import ENGINES
from nets.optimizers import OPTIMIZERS, Adam, AdamW, Momentum, Nesterov, RMSProp, optimizer_of

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 40)), np.eye(3)[:, RNG.integers(3, size=40)]
HOW: dict[str, Any] = {"batch_size": 15, "shuffle": False, "progress": False}
WHOLE = {**HOW, "batch_size": 20}
"""Batches of one size: one program, which is compiled once."""

engines = pytest.mark.parametrize("engine", sorted(ENGINES))
every = pytest.mark.parametrize("name", sorted(OPTIMIZERS))


def network(dtype: Any = np.float64, **how: Any) -> Network:
    return Network([6, 5, 3], seed=1, dtype=dtype, activation="tanh", output="sigmoid", **how)


def compiled(engine: str) -> str:
    if engine == "numba":
        pytest.importorskip("numba")
    return engine


def torchs(name: str, parameters: list[Any], alpha: float) -> Any:
    torch = pytest.importorskip("torch")
    make = {
        "sgd": lambda: torch.optim.SGD(parameters, alpha),
        "momentum": lambda: torch.optim.SGD(parameters, alpha, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(parameters, alpha, momentum=0.9, nesterov=True),
        "rmsprop": lambda: torch.optim.RMSprop(parameters, alpha),
        "adam": lambda: torch.optim.Adam(parameters, alpha),
        "adamw": lambda: torch.optim.AdamW(
            [
                {"params": parameters[::2], "weight_decay": 0.01},
                {"params": parameters[1::2], "weight_decay": 0.0},
            ],
            alpha,
        ),
    }
    return make[name]()


def by_torch(
    name: str, net: Network, passes: int, alpha: float, schedule: Any = None, size: int = 15
) -> list[Any]:
    """The same training by PyTorch, and its parameters."""
    torch = pytest.importorskip("torch")
    p = [torch.tensor(array.copy(), requires_grad=True) for array in net.parameters().values()]
    optimizer = torchs(name, p, alpha)
    t = 0
    for _ in range(passes):
        for start in range(0, 40, size):
            x, y = (torch.tensor(a[:, start : start + size]) for a in (X, Y))
            for group in optimizer.param_groups:
                group["lr"] = alpha * (schedule(t) if schedule else 1)
            optimizer.zero_grad()
            h = torch.sigmoid(p[2] @ torch.tanh(p[0] @ x + p[1]) + p[3])
            (0.5 * ((y - h) ** 2).sum(0).mean()).backward()
            optimizer.step()
            t += 1
    return [w.detach().numpy() for w in p]


@every
@engines
def test_the_path_is_torchs(name: str, engine: str) -> None:
    net = network()
    how = WHOLE if engine == "numba" else HOW  # the schedules' test compiles the other
    right = by_torch(name, net, 6, 0.05, size=how["batch_size"])
    train(net, X, Y, 6, 0.05, engine=compiled(engine), optimizer=name, **how)
    for array, expected in zip(net.parameters().values(), right, strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-11, atol=1e-13)


@every
@engines
def test_float32_stays_float32(name: str, engine: str) -> None:
    if engine == "numba" and name not in ("sgd", "adam"):
        pytest.skip("compiling all of them takes long; their rules are of one kind")
    net, exact = network(np.float32), network()
    for l in net.W:
        exact.W[l] = net.W[l]
    how = {**WHOLE, "clip": 1.0, "weight_decay": 0.01, "sample_weight": np.arange(40) + 1.0}
    cost = train(net, X, Y, 4, 0.05, engine=compiled(engine), optimizer=name, **how).cost
    right = train(exact, X, Y, 4, 0.05, engine="eager", optimizer=name, **how).cost
    assert {array.dtype for array in net.parameters().values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(cost, right, rtol=1e-4)


@engines
def test_schedules_are_of_the_step(engine: str) -> None:
    schedule = optimizers.warmup(3, optimizers.exponential(0.9))
    net = network()
    right = by_torch("adam", net, 4, 0.05, schedule)
    train(net, X, Y, 4, 0.05, engine=compiled(engine), optimizer="adam", schedule=schedule, **HOW)
    for array, expected in zip(net.parameters().values(), right, strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-11, atol=1e-13)


def test_schedules() -> None:
    assert [optimizers.cosine(4, 0.2)(t) for t in (0, 2, 4, 9)] == pytest.approx([1, 0.6, 0.2, 0.2])
    assert optimizers.inverse(1)(3) == 0.25
    assert [optimizers.warmup(2)(t) for t in range(4)] == [0.5, 1, 1, 1]


@engines
def test_the_gradient_is_no_longer_than_clip(engine: str) -> None:
    net, before = network(), network()
    train(net, X, Y, 1, 1.0, engine=compiled(engine), clip=0.01, progress=False)
    change = [a - b for a, b in zip(net.parameters().values(), before.parameters().values(),
                                    strict=True)]  # fmt: skip
    assert sum(np.sum(c**2) for c in change) ** 0.5 == pytest.approx(0.01)
    loose, free = network(), network()
    train(loose, X, Y, 3, 0.1, engine=engine, clip=1e3, progress=False)
    train(free, X, Y, 3, 0.1, engine=engine, progress=False)
    np.testing.assert_allclose(loose.W[1], free.W[1], rtol=1e-13)


@engines
def test_weight_decay_is_in_the_cost(engine: str) -> None:
    net = network()
    first = net.cost(X, Y, 0.1).item()
    gradient = net.gradients(X, Y, 0.1)
    expected = {name: a - 0.2 * gradient[name] for name, a in net.parameters().items()}
    cost = train(net, X, Y, 1, 0.2, engine=compiled(engine), weight_decay=0.1, progress=False).cost
    assert cost == pytest.approx([first])
    for name, array in net.parameters().items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-12)


def test_weight_decay_of_adamw_is_the_optimisers() -> None:
    nets = [network(), network()]
    train(nets[0], X, Y, 3, 0.05, optimizer="adamw", weight_decay=0.3, **HOW)
    train(nets[1], X, Y, 3, 0.05, optimizer=AdamW(weight_decay=0.3), **HOW)
    assert np.array_equal(nets[0].W[1], nets[1].W[1])


def test_settings_of_one_s_own() -> None:
    for given in (Momentum(0.5), Nesterov(0.5), RMSProp(0.9), Adam(0.8, 0.9)):
        net, plain = network(), network()
        train(net, X, Y, 3, 0.05, optimizer=given, **HOW)
        train(plain, X, Y, 3, 0.05, optimizer=given, engine="eager", **HOW)
        np.testing.assert_allclose(net.W[1], plain.W[1], rtol=1e-12)
    with pytest.raises(ValueError, match=r"optimizer is one of 'sgd', .*'adamw'"):
        optimizer_of("lbfgs")


@pytest.mark.parametrize("how", [{"clip": -1.0}, {"weight_decay": float("nan")}, {"dropout": 1.0},
                                 {"dropout": [0.1, 0.1]}])  # fmt: skip
def test_numbers_out_of_range(how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(how))):
        train(network(), X, Y, 1, progress=False, **how)


@engines
def test_dropout(engine: str) -> None:
    how = {**HOW, "dropout": 0.4, "seed": 3}
    net, again, other = network(), network(), network()
    train(net, X, Y, 4, 0.1, engine=compiled(engine), **how)
    train(again, X, Y, 4, 0.1, engine="eager", **how)
    train(other, X, Y, 4, 0.1, engine="eager", **{**how, "seed": 4})
    np.testing.assert_allclose(net.W[1], again.W[1], rtol=1e-10)
    assert not np.allclose(net.W[1], other.W[1])
