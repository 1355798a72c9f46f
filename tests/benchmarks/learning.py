"""What is learnt, and what it costs: accuracy, epochs, memory, kills, a cluster.

    pip install -e ".[bench,distributed,storage]"
    python -m tests.benchmarks.learning
    python -m tests.benchmarks.learning --parts accuracy epoch

- *accuracy*: ``NetworkClassifier`` and ``NetworkRegressor`` against scikit-learn's perceptrons
  after equal epochs, with its "sgd" and its "adam", the mean over five seeds, on held-out samples.
- *epoch*: the time of an epoch of the same work (relu, softmax, cross-entropy, Adam), against
  ``MLPClassifier`` and against PyTorch on the CPU.
- *memory*: what training adds on a memory map of 366 MiB.
- *kill*: trainings that are killed at random moments and resumed, against one that is not.
- *cluster*: 2,000,000 × 64 samples in 40 chunks and two worker processes, one of which is killed;
  the time of a pass against NumPy by hand on the same chunks.
- *workers*: the memory that a pass adds to a worker, against that of two chunks and the weights.

The two larger sets are made: `pictures` (60,000 × 784) from scikit-learn's digits, enlarged,
turned, moved and blurred, with noise; `numbers` by ``make_friedman1``.
"""

from __future__ import annotations

import argparse
import functools
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from .timing import Candidate, environment, interleaved, limit_threads, measure_table

ROOT = Path(__file__).parents[2]


# -- samples --------------------------------------------------------------------------------------


@functools.cache
def pictures(m: int = 60_000, seed: int = 0) -> tuple[Any, Any]:
    """Return m pictures of 28×28 of handwritten digits (float32), and what they show."""
    from scipy import ndimage
    from sklearn.datasets import load_digits

    digits, rng = load_digits(), np.random.default_rng(seed)
    chosen = rng.integers(len(digits.images), size=m)
    X = np.empty((m, 784), np.float32)
    y = digits.target[chosen]
    for k, index in enumerate(chosen):
        turn = rng.normal(0, 0.15)
        size = 8 / 28 * rng.uniform(0.9, 1.3)
        matrix = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        middle = np.array([3.5, 3.5]) - matrix @ (13.5 + rng.normal(0, 1.5, 2))
        image = ndimage.affine_transform(digits.images[index], matrix, middle, (28, 28), order=1)
        X[k] = (image / 16 + rng.normal(0, 0.15, (28, 28))).ravel()
    return X, y


@functools.cache
def numbers(m: int = 10_000, seed: int = 0) -> tuple[Any, Any]:
    """Return m samples of a regression, scaled."""
    from sklearn.datasets import make_friedman1

    X, y = make_friedman1(m, 20, noise=1.0, random_state=seed)
    return scaled(X), (y - y.mean()) / y.std()


def scaled(X: Any) -> Any:
    """Return columns of mean 0 and variance 1."""
    return (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)


def digits() -> tuple[Any, Any]:
    """Return scikit-learn's digits, scaled."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return scaled(X), y


def cancer() -> tuple[Any, Any]:
    """Return scikit-learn's breast cancer data, scaled."""
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    return scaled(X), y


# -- accuracy -------------------------------------------------------------------------------------


def accuracy(seeds: int = 5) -> None:
    """Print the scores on held-out samples after equal epochs."""
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    from nets import NetworkClassifier, NetworkRegressor

    rows = []
    for what, make, epochs in (
        ("digits", digits, 20),
        ("breast cancer", cancer, 20),
        ("pictures, 60,000 × 784", pictures, 3),
        ("numbers (R²)", numbers, 10),
    ):
        X, y = make()
        theirs, ours = MLPClassifier, NetworkClassifier
        if what.startswith("numbers"):
            theirs, ours = MLPRegressor, NetworkRegressor
        for solver in ("sgd", "adam"):
            scores: list[list[float]] = [[], []]
            for seed in range(seeds):
                a, b, c, d = train_test_split(X, y, test_size=0.25, random_state=seed)
                for place, estimator in enumerate((theirs, ours)):
                    how = {"solver": solver, "max_iter": epochs, "random_state": seed}
                    if solver == "sgd":
                        how["learning_rate_init"] = 0.01
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        scores[place].append(
                            estimator(hidden_layer_sizes=(100,), **how).fit(a, c).score(b, d)
                        )
            right, found = np.mean(scores[0]), np.mean(scores[1])
            kept = "≥" if found >= right - 0.002 else "< !"
            rows.append([what, solver, epochs, f"{right:.4f}", f"{found:.4f}", f"{kept} −0.002"])
    heads = ["samples", "solver", "epochs", "scikit-learn", "ours", "difference"]
    print(f"\nScores on held-out samples, the mean over {seeds} seeds\n")
    print(tabulate(rows, headers=heads, disable_numparse=True))


# -- epochs ---------------------------------------------------------------------------------------

SKLEARN, NUMPY, NUMBA, TORCH = "sklearn MLPClassifier", "ours", "ours, numba", "torch"


def _estimator(make: Any, X: Any, y: Any, epochs: int, hidden: int, **how: Any) -> Candidate:
    model = make((hidden,), max_iter=epochs, tol=0.0, n_iter_no_change=epochs + 1, random_state=0,
                 **how)  # fmt: skip

    def call() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)

    return Candidate(call, passes=epochs)


def _torch(X: Any, y: Any, epochs: int, hidden: int, size: int) -> Candidate:
    import torch

    samples, labels = torch.tensor(X), torch.tensor(y)
    m = len(X)

    def call() -> None:
        model = torch.nn.Sequential(
            torch.nn.Linear(X.shape[1], hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10)
        ).to(samples.dtype)
        optimizer = torch.optim.Adam(model.parameters(), weight_decay=0.0001 / size)
        loss = torch.nn.CrossEntropyLoss()
        for _ in range(epochs):
            order = torch.randperm(m)
            for start in range(0, m, size):
                chosen = order[start : start + size]
                optimizer.zero_grad()
                loss(model(samples[chosen]), labels[chosen]).backward()
                optimizer.step()

    return Candidate(call, passes=epochs)


def epoch(repeat: int) -> None:
    """Print the time of an epoch."""
    from nets import NetworkClassifier

    tables = {}
    for what, make, epochs, hidden, size in (
        ("digits, 64-30-10, batches of 32", digits, 20, 30, 32),
        ("digits, 64-100-10, of 200", digits, 20, 100, 200),
        ("pictures, 784-100-10, of 200", pictures, 1, 100, 200),
    ):
        X, y = make()
        given = (X, y, epochs, hidden)
        estimator = functools.partial(_estimator, batch_size=size)
        candidates: dict[str, Candidate] = {}
        makers: dict[str, Callable[[], Candidate]] = {
            SKLEARN: functools.partial(estimator, _perceptron(), *given),
            NUMPY: functools.partial(estimator, NetworkClassifier, *given),
            NUMBA: functools.partial(estimator, NetworkClassifier, *given, engine="numba"),
            TORCH: functools.partial(_torch, *given, size),
        }
        for name, maker in makers.items():
            try:
                candidate = maker()
                candidate.call()
                candidates[name] = candidate
            except (ImportError, NotImplementedError) as error:
                print(f"not measured: {name} ({error})", file=sys.stderr)
        tables[what] = interleaved(candidates, repeat, warm_up_seconds=0.1)
    print("\nAn epoch: median (times scikit-learn)\n")
    print(measure_table(tables, [SKLEARN, NUMPY, NUMBA, TORCH], SKLEARN))


def _perceptron() -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier


# -- memory ---------------------------------------------------------------------------------------

_MEMORY = """
import sys, threading, time
import numpy as np
from nets import Network, train

def resident():
    with open("/proc/self/status") as file:
        return next(int(l.split()[1]) for l in file if l.startswith("RssAnon")) / 1024

X = np.memmap(sys.argv[1], np.float32, "r", shape=(122_400, 784))
Y = np.zeros((122_400, 10), np.float32)
Y[np.arange(len(Y)), np.arange(len(Y)) % 10] = 1
how = dict(activation="relu", output="softmax", cost="cross_entropy", dtype=np.float32)
small = Network([784, 100, 10], seed=0, **how)
train(small, X[:400], Y[:400], 1, 0.001, 200, progress=False, samples="rows", optimizer="adam")
before, most = resident(), [0.0]

def watch():
    while True:
        most[0] = max(most[0], resident())
        time.sleep(0.005)

threading.Thread(target=watch, daemon=True).start()
net = Network([784, 100, 10], seed=0, **how)
train(net, X, Y, 1, 0.001, 200, progress=False, samples="rows", optimizer="adam")
print(f"{most[0] - before:.1f}")
"""


def memory() -> None:
    """Print what training adds on a memory map."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X"
        rng = np.random.default_rng(0)
        stored = np.memmap(path, np.float32, "w+", shape=(122_400, 784))
        for start in range(0, len(stored), 12_240):
            stored[start : start + 12_240] = rng.normal(size=(12_240, 784))
        stored.flush()
        run = subprocess.run([sys.executable, "-c", _MEMORY, str(path)], cwd=ROOT, text=True,
                             capture_output=True, check=True)  # fmt: skip
    added = float(run.stdout)
    print(
        f"\nTraining on a memory map of 366 MiB adds {added:.0f} MiB (aim: below 100), {run.stderr}"
    )


# -- kills ----------------------------------------------------------------------------------------


def _training(path: Path, engine: str, seen: Any) -> None:
    """Train with a checkpoint, resumed if it is there; note in `seen` which iterations were run."""
    from nets import Network, train

    def note(iteration: int, values: Any) -> None:
        seen[0] = iteration if seen[0] < 0 else seen[0]
        seen[1] = iteration

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(6, 200)), np.eye(3)[:, rng.integers(3, size=200)]
    net = Network([6, 8, 3], seed=1, activation="relu", output="softmax", cost="cross_entropy")
    train(net, X, Y, 40, 0.01, 50, engine, seed=3, optimizer="adam", dropout=0.1, progress=False,
          checkpoint=path, resume=True, callbacks=[note])  # fmt: skip


def kill(times: int = 50) -> None:
    """Print how many of the killed trainings come to the same end, of every engine."""
    import multiprocessing

    from nets import Network
    from nets.engines import ENGINES

    forked = multiprocessing.get_context(
        "fork"
    )  # so that a moment is one of training, not of import

    def start(path: Path, engine: str) -> tuple[Any, Any]:
        seen = forked.RawArray("i", [-1, -1])
        run = forked.Process(target=_training, args=(path, engine, seen))
        run.start()
        return run, seen

    for engine in ENGINES:
        with tempfile.TemporaryDirectory() as folder:
            _training(Path(folder) / "warm", engine, [-1, -1])
            whole = Path(folder) / "whole"
            begun = time.monotonic()
            start(whole, engine)[0].join()
            seconds = time.monotonic() - begun
            right, killed, equal, lost = Network.load(whole), 0, 0, 0
            while killed < times:
                path = Path(folder) / f"killed{killed}"
                path.unlink(missing_ok=True)
                run, seen = start(path, engine)
                time.sleep(random.uniform(0, seconds))  # noqa: S311 - any moment will do
                run.kill()
                run.join()
                if run.exitcode == 0:  # too late: it had come to its end
                    continue
                killed += 1
                again, resumed = start(path, engine)
                again.join()
                lost += 0 <= resumed[0] < seen[1]
                found = Network.load(path).parameters()
                equal += all(np.array_equal(a, found[n]) for n, a in right.parameters().items())
        print(
            f"\nKilled at {times} random moments ({engine}): {equal} bit-equal, {lost} lost more "
            "than an interval"
        )


# -- a cluster ------------------------------------------------------------------------------------


def _chunk(k: int, rows: int = 50_000) -> Any:
    return np.random.default_rng(k).normal(size=(64, rows))


def _targets(k: int, rows: int = 50_000) -> Any:
    return np.random.default_rng(1000 + k).random((10, rows))


def _by_hand(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    h2 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    h3 = 1 / (1 + np.exp(-(W2 @ h2 + b2)))
    delta3 = (h3 - y) * h3 * (1 - h3)
    delta2 = (W2.T @ delta3) * h2 * (1 - h2)
    return (delta2 @ x.T, delta2.sum(axis=1, keepdims=True), delta3 @ h2.T,
            delta3.sum(axis=1, keepdims=True), 0.5 * np.sum((y - h3) ** 2))  # fmt: skip


def cluster() -> None:
    """Print the figures of training on two worker processes."""
    import dask.array as da
    from dask.distributed import Client, LocalCluster

    from nets import Network, train

    chunks, rows = 40, 50_000
    right = Network([64, 30, 10], seed=0)
    for _ in range(3):
        parts = [_by_hand(_chunk(k), _targets(k), right.W[1], right.b[1], right.W[2], right.b[2])
                 for k in range(chunks)]  # fmt: skip
        sums = [sum(part[i] for part in parts) / (chunks * rows) for i in range(4)]
        for array, slope in zip(right.parameters().values(), sums, strict=True):
            np.subtract(array, 0.25 * slope, out=array)
    local = LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None)
    with local, Client(local) as client:
        X, Y = (
            da.concatenate([
                da.from_delayed(client_delayed(make)(k), (size, rows), dtype=float)
                for k in range(chunks)
            ], axis=1)
            for make, size in ((_chunk, 64), (_targets, 10))
        )  # fmt: skip

        def kill_one(iteration: int, values: Any) -> None:
            if iteration == 0:
                next(iter(local.workers.values())).process.process._process.kill()

        net = Network([64, 30, 10], seed=0)
        train(net, X, Y, 3, 0.25, callbacks=[kill_one], progress=False)
        worst = max(float(np.abs(a - net.parameters()[n]).max())
                    for n, a in right.parameters().items())  # fmt: skip
        print(
            f"\n2,000,000 × 64 in {chunks} chunks, a worker killed: largest difference {worst:.1g}"
        )
        client.wait_for_workers(2)
        X, Y = client.persist([X, Y])
        x, y = X.to_delayed().ravel(), Y.to_delayed().ravel()
        p = list(net.parameters().values())

        def hand() -> None:
            sent = client.scatter(p, broadcast=True)
            tasks = [client_delayed(_by_hand)(a, b, *sent) for a, b in zip(x, y, strict=True)]
            while len(tasks) > 1:
                tasks = [client_delayed(_added)(*tasks[i : i + 4]) for i in range(0, len(tasks), 4)]
            client.compute(tasks[0]).result()

        calls = {
            "NumPy by hand, a task a chunk": Candidate(hand),
            "ours": Candidate(lambda: train(net, X, Y, 1, 0.25, progress=False)),
        }
        tables = {"a pass": interleaved(calls, 5, round_seconds=0.1, warm_up_seconds=0.1)}
        print(measure_table(tables, list(calls), "NumPy by hand, a task a chunk"))


def _resident() -> float:
    """Return the memory of this process' own, in MiB."""
    with open("/proc/self/status") as file:
        return next(int(l.split()[1]) for l in file if l.startswith("RssAnon")) / 1024


def _watch(dask_worker: Any) -> float:
    """Note the most memory that a worker has from now on; return what it has now."""
    import threading

    def watch() -> None:
        while True:
            dask_worker.most = max(dask_worker.most, _resident())
            time.sleep(0.002)

    import nets.cluster  # noqa: F401  (what a task needs)

    dask_worker.most = _resident()
    threading.Thread(target=watch, daemon=True).start()
    return float(dask_worker.most)


def _most(dask_worker: Any) -> float:
    return float(dask_worker.most)


def _block(block_id: Any, make: Any, rows: int) -> Any:
    return make(block_id[1], rows)


def workers(chunks: int = 40) -> None:
    """Print what a pass adds to the memory of workers, whose tasks make their chunks."""
    import dask.array as da
    from dask.distributed import Client, LocalCluster

    from nets import Network, train

    def samples(count: int, rows: int) -> Any:
        for make, size in ((_chunk, 64), (_targets, 10)):
            yield da.map_blocks(_block, make=make, rows=rows, dtype=float,
                                chunks=((size,), (rows,) * count))  # fmt: skip

    def hand(client: Any, count: int, rows: int) -> None:
        sent = client.scatter(list(net.parameters().values()), broadcast=True)
        x, y = (array.to_delayed().ravel() for array in samples(count, rows))
        tasks = [client_delayed(_by_hand)(a, b, *sent) for a, b in zip(x, y, strict=True)]
        while len(tasks) > 1:
            tasks = [client_delayed(_added)(*tasks[i : i + 4]) for i in range(0, len(tasks), 4)]
        client.compute(tasks[0]).result()

    def ours(client: Any, count: int, rows: int) -> None:
        train(net, *samples(count, rows), 1, 0.25, progress=False)

    rows, net = 50_000, Network([64, 30, 10], seed=0)
    chunk = (64 + 10) * rows * 8 / 2**20
    weights = sum(array.nbytes for array in net.parameters().values()) / 2**20
    print(f"\n{chunks} chunks of {chunk:.1f} MiB, weights of {weights:.2f}: the most memory of two "
          f"workers, in MiB (aim: {2 * chunk + weights:.0f} more)")  # fmt: skip
    table = []
    for what, call in (("NumPy by hand", hand), ("ours", ours)):
        local = LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None)
        with local, Client(local) as client:
            bare = client.run(_watch).values()
            call(client, chunks, 1000)  # imports, and makes the program
            ready = client.run(_most).values()
            call(client, chunks, rows)
            most = client.run(_most).values()
        added = [after - before for after, before in zip(most, ready, strict=True)]
        cells = (bare, ready, most, added)
        table.append([what, *(", ".join(f"{one:.0f}" for one in cell) for cell in cells)])
    heads = ["", "all imported", "after a small pass", "after the pass", "added by it"]
    print(tabulate(table, heads, disable_numparse=True))


def client_delayed(function: Any) -> Any:
    """Return `function`, delayed."""
    from dask.delayed import delayed

    return delayed(function)


def _added(*parts: Any) -> Any:
    return tuple(sum(part[i] for part in parts) for i in range(5))


PARTS: dict[str, Callable[[int], None]] = {
    "accuracy": lambda repeat: accuracy(),
    "epoch": epoch,
    "memory": lambda repeat: memory(),
    "kill": lambda repeat: kill(),
    "cluster": lambda repeat: cluster(),
    "workers": lambda repeat: workers(),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description="What is learnt, and what it costs.")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--repeat", type=int, default=7, help="rounds (default 7)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every pool")
    options = parser.parse_args(arguments)
    limit_threads(options.threads)
    print(environment(["numpy", "scikit-learn", "torch", "dask"], options.threads))
    for part in options.parts:
        PARTS[part](options.repeat)
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
