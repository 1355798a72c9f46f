"""Training on Dask arrays: the same numbers as in memory, chunk by chunk, whoever dies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nets import Network, train

da = pytest.importorskip("dask.array", reason="the extra 'distributed' is not installed")
dask = pytest.importorskip("dask", reason="the extra 'distributed' is not installed")

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 100)), np.eye(3)[:, RNG.integers(3, size=100)]
HOW: dict[str, Any] = {"optimizer": "adam", "progress": False}


@pytest.fixture(params=["columns", "rows"])
def samples(request: Any) -> tuple[Any, Any, str]:
    """X and Y in chunks of unequal length, in columns or in rows."""
    chunks = (30, 45, 25)
    if request.param == "rows":
        return da.from_array(X.T, (chunks, 3)), da.from_array(Y.T, (50, 3)), "rows"
    return da.from_array(X, (3, chunks)), da.from_array(Y, (3, 50)), "columns"


@pytest.fixture(autouse=True)
def in_this_thread() -> Any:
    with dask.config.set(scheduler="synchronous"):
        yield


def network(**how: Any) -> Network:
    given = {"activation": "tanh", "output": "softmax", "cost": "cross_entropy", **how}
    return Network([6, 5, 3], seed=1, **given)


def assert_near(net: Network, other: Network) -> None:
    for name, array in net.parameters().items():
        np.testing.assert_allclose(array, other.parameters()[name], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "how", [{}, {"weight_decay": 0.1, "clip": 0.1}, {"sample_weight": RNG.random(100)}]
)
def test_steps_on_all_samples_are_those_in_memory(samples: Any, how: dict[str, Any]) -> None:
    net, right = network(), network()
    x, y, which = samples
    history = train(net, x, y, 5, 0.05, samples=which, **HOW, **how)
    assert history.cost == pytest.approx(train(right, X, Y, 5, 0.05, **HOW, **how).cost, rel=1e-12)
    assert_near(net, right)


def test_steps_on_parts_of_every_chunk(samples: Any) -> None:
    x, y, which = samples
    how = {**HOW, "batch_size": 30, "samples": which, "validation": (x, y)}
    nets = [network() for _ in range(3)]
    seeds = zip(nets, (3, 3, 4), strict=True)
    costs = [train(net, x, y, 4, 0.05, seed=seed, **how) for net, seed in seeds]
    assert costs[0].arrays()["validation_cost"][-1] < costs[0].arrays()["validation_cost"][0]
    assert np.array_equal(nets[0].W[1], nets[1].W[1])
    assert not np.array_equal(nets[0].W[1], nets[2].W[1])


@pytest.mark.parametrize("engine", ["eager", "numpy", "numba"])
def test_targets_beside_samples_that_are_held_are_brought_here(engine: str) -> None:
    far, near = network(), network()
    given = {"batch_size": 25, "seed": 3, "engine": engine, **HOW}
    train(far, X, da.from_array(Y, (3, 50)), 2, 0.5, **given)
    train(near, X, Y, 2, 0.5, **given)
    assert_near(far, near)
    half = X[:, :25], Y[:, :25]  # of the size that a program is made for
    batches = iter([(da.from_array(half[0], (6, 25)), da.from_array(half[1], (3, 25)))])
    train(far, batches, None, 1, 0.5, engine=engine, **HOW)
    train(near, iter([half]), None, 1, 0.5, engine=engine, **HOW)
    assert_near(far, near)


def test_gradients_are_a_task_a_chunk() -> None:
    x, y = da.from_array(X, (6, 25)), da.from_array(Y, (3, 25))
    net = network()
    found: dict[str, Any] = net.gradients(x, y, 0.1)
    names = {key[0] if isinstance(key, tuple) else key for key in found["W1"].__dask_graph__()}
    assert not any("rechunk" in str(name) for name in names)
    right = net.gradients(X, Y, 0.1)
    for name, gradient in zip(found, dask.compute(*found.values()), strict=True):
        np.testing.assert_allclose(gradient, right[name], rtol=1e-12, atol=1e-14)


def test_what_makes_a_chunk_is_in_its_task() -> None:
    from nets.cluster import Chunked

    x, y = (da.map_blocks(lambda block_id, n: np.ones((n, 10)) * block_id[1], n, dtype=float,
                          chunks=((n,), (10,) * 5)) for n in (6, 3))  # fmt: skip
    for weights in (None, da.ones(50, chunks=10)):
        sums = Chunked(network(), x, y, weights, False).lazily(network(), 0, 1, None, "numpy")
        left = {key[0] for key in dask.optimize(sums)[0].__dask_graph__()}
        assert not left & {x.name, y.name}


def test_misuse_is_explained(samples: Any) -> None:
    x, y, which = samples
    how = {**HOW, "samples": which}
    with pytest.raises(ValueError, match="layer 1 has 6 nodes"):
        train(network(), y, y, 1, **how)
    with pytest.raises(ValueError, match="samples and Y has"):
        train(network(), x, y[:, :50] if which == "columns" else y[:50], 1, **how)
    with pytest.raises(ValueError, match="dropout is not there"):
        train(network(), x, y, 1, dropout=0.1, **how)
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        train(network(), x[:, x[0] > 0] if which == "columns" else x[x[:, 0] > 0], y, 1, **how)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators() -> None:
    from sklearn.datasets import load_breast_cancer, load_digits

    from nets import NetworkClassifier, NetworkRegressor

    for load in (load_breast_cancer, load_digits):
        features, labels = load(return_X_y=True)
        features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9)
        features, labels = features[:500], labels[:500]
        x, y = da.from_array(features, (100, -1)), da.from_array(labels, 100)
        how: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 30, "random_state": 0,
                               "learning_rate_init": 0.02}  # fmt: skip
        clf = NetworkClassifier(**how).fit(x, y)
        found = clf.predict(x)
        assert isinstance(found, da.Array)
        assert np.mean(np.asarray(found) == labels) > 0.9
        assert np.array_equal(clf.predict(features), np.asarray(found))
        np.testing.assert_allclose(
            np.asarray(clf.predict_proba(x)), clf.predict_proba(features), rtol=1e-10
        )
        again = NetworkClassifier(**how).fit(x, y)
        assert np.array_equal(again.coefs_[0], clf.coefs_[0])
        whole = NetworkClassifier(**how, batch_size=500).fit(features, labels)
        chunked = NetworkClassifier(**how, batch_size=500).fit(x, y)
        np.testing.assert_allclose(chunked.coefs_[0], whole.coefs_[0], rtol=1e-9, atol=1e-12)
        z = features[:, 5] * 2
        reg = NetworkRegressor(**how).fit(x, da.from_array(z, 100))
        assert reg.score(features, z) > 0.5
        assert reg.predict(x).shape == (500,)


@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_dies_changes_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    right = network()
    train(right, X, Y, 6, 0.05, **HOW)
    with (
        dask.config.set(scheduler=None),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        x, y = client.persist([da.from_array(X, (6, 20)), da.from_array(Y, (3, 20))])

        def kill(iteration: int, values: Any) -> None:
            if iteration == 2:
                next(iter(cluster.workers.values())).process.process._process.kill()

        net = network()
        train(net, x, y, 6, 0.05, callbacks=[kill], **HOW)
    assert_near(net, right)
