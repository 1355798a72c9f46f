"""Epochs: per-sample descent, mini-batches, and the document's training, against others.

    pip install -e ".[bench]"
    python -m tests.benchmarks.epoch
    python -m tests.benchmarks.epoch --parts sample

Three tables, on the document's 64-30-10 network and its digits, in float64:

- *sample*: one pass over the samples in their order, a step after each. Every candidate's
  parameters are compared with a plain loop's before it is timed.
- *sklearn*: ``nets.train`` against scikit-learn's ``MLPClassifier(solver="sgd")`` with the same
  network, batch size and samples, shuffled, no momentum and no penalty; a call of ``fit`` or
  ``train`` with all it does around its passes, divided by the passes. Scikit-learn minimises the
  cross-entropy of a softmax there, this package ½‖y − h‖² of sigmoids: as many products, so
  that the times compare and the results do not.
- *document*: the document's training of 3000 iterations, one step an iteration, by its own
  algorithm in plain Python sample by sample, by NumPy by hand and by ``nets.train``. Iterations
  all cost the same, so that fewer are timed and scaled to 3000 (the table says how many). Costs
  are compared first.

What is not installed, or not there, prints "-".
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autograd_nn  # noqa: F401  (its allocator setting shall hold for everyone)

from . import ours, rivals
from .problem import Contender, Maker, Problem, prepare, sample_by_sample
from .timing import (
    Candidate,
    Figure,
    Timings,
    cores,
    environment,
    interleaved,
    limit_threads,
    measure_table,
    ratio_table,
    say_missing,
)

PASSES = 20
"""Passes of one call of ``train`` or ``fit``, where set-up shall count but not rule."""
ITERATIONS = 3000
"""Of the document's training."""

# -- one step a sample ----------------------------------------------------------------------------


def columns(problem: Problem) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the samples, each as a pair of contiguous columns."""
    x, y = problem.rows()
    return [(x[k][:, None], y[k][:, None]) for k in range(problem.samples)]


def hand(problem: Problem) -> Contender:
    """NumPy by hand, a loop over the samples."""
    p, samples, rate = problem.copies(), columns(problem), problem.rate

    def call() -> None:
        for x, y in samples:
            ours.by_hand(p, x, y, rate)

    return Contender(call, parameters=lambda: p)


def eager(problem: Problem) -> Contender:
    """Tensors and ``backward``, a loop over the samples."""
    p, samples, rate = ours.tensors(problem), columns(problem), problem.rate

    def call() -> None:
        for x, y in samples:
            ours.eager_step(p, x, y, rate)

    return Contender(call, parameters=lambda: [w.data for w in p.values()])


def jitted(engine: str) -> Maker:
    """Return the maker of the jitted step in a loop over the samples."""

    def make(problem: Problem) -> Contender:
        step, state = ours.jit_step(problem, engine), [ours.named(problem)]
        samples = columns(problem)

        def call() -> None:
            p = state[0]
            for x, y in samples:
                p = step(p, x, y)
            state[0] = p

        return Contender(call, parameters=lambda: list(state[0].values()))

    return make


def trainer(engine: str | None, **options: Any) -> Callable[..., Any]:
    """Return ``nets.train`` with `options` fixed; an ImportError if it lacks `engine`.

    None is its default engine.
    """
    from nets.engines import ENGINES
    from nets.training import train

    if engine == "numba":
        import numba  # noqa: F401  (a missing extra is "-", not an error)

        options["engine"] = engine
        if engine not in ENGINES:
            raise ImportError(f"nets.train has no engine {engine!r} here")
    return partial(train, progress=False, **options)


def trained(engine: str | None, passes: int = PASSES, **options: Any) -> Maker:
    """Return the maker of calls of ``nets.train``."""

    def make(problem: Problem) -> Contender:
        train, net = trainer(engine, **options), network(problem)

        def call() -> None:
            train(net, problem.x, problem.y, iterations=passes, learning_rate=problem.rate)

        return Contender(
            call, passes=passes, parameters=lambda: [net.W[1], net.b[1], net.W[2], net.b[2]]
        )

    return make


def network(problem: Problem) -> Any:
    """Return a `nets.Network` with the parameters of `problem`."""
    from nets import Network

    W1, b1, W2, b2 = problem.copies()
    net = Network([W1.shape[1], W1.shape[0], W2.shape[0]], seed=0)
    net.W[1], net.b[1], net.W[2], net.b[2] = W1, b1, W2, b2
    return net


def numba_loop(problem: Problem) -> Contender:
    """Numba by hand, the whole pass compiled."""
    import numba

    take = rivals.numba_sample_step()

    @numba.njit(fastmath=True)
    def run(W1: Any, b1: Any, W2: Any, b2: Any, X: Any, Y: Any, rate: float) -> None:
        h2, delta2, delta3 = np.empty_like(b1), np.empty_like(b1), np.empty_like(b2)
        for k in range(X.shape[0]):
            take(W1, b1, W2, b2, X[k], Y[k], rate, h2, delta3, delta2)

    p = problem.copies()
    vectors = [w if w.shape[1] > 1 else w[:, 0] for w in p]
    X, Y = problem.rows()
    return Contender(lambda: run(*vectors, X, Y, problem.rate), parameters=lambda: p)


def jax_scan(problem: Problem) -> Contender:
    """JAX, ``lax.scan`` over the samples, jitted, parameters donated."""
    p, X, Y = rivals.jax_arrays(problem)
    import jax

    rate = problem.rate

    def run(p: Any, X: Any, Y: Any) -> Any:
        def step(p: Any, sample: Any) -> Any:
            return rivals.jax_updated(p, *sample, rate), None

        return jax.lax.scan(step, p, (X, Y))[0]

    compiled = jax.jit(run, donate_argnums=0)
    state = [p]

    def call() -> None:
        state[0] = compiled(state[0], X, Y)

    return Contender(
        call,
        finish=lambda: jax.block_until_ready(state[0]),
        parameters=lambda: rivals.from_jax(state[0]),
    )


def torch_loop(problem: Problem) -> Contender:
    """PyTorch, eagerly, a loop over the samples."""
    p, X, Y = rivals.torch_arrays(problem)
    p = [w.requires_grad_() for w in p]
    samples = [(X[k : k + 1], Y[k : k + 1]) for k in range(problem.samples)]
    rate = problem.rate

    def call() -> None:
        for x, y in samples:
            rivals.torch_step(p, x, y, rate)

    return Contender(call, parameters=lambda: rivals.from_torch(p))


TRAIN, TRAIN_NUMBA = "nets.train", "nets.train, numba"
SCAN = "jax lax.scan"
SAMPLE: dict[str, Maker] = {
    ours.HAND: hand,
    ours.EAGER: eager,
    ours.JIT: jitted("numpy"),
    ours.JIT_NUMBA: jitted("numba"),
    TRAIN: trained(None, batch_size=1, shuffle=False),
    TRAIN_NUMBA: trained("numba", batch_size=1, shuffle=False),
    rivals.NUMBA: numba_loop,
    SCAN: jax_scan,
    rivals.TORCH: torch_loop,
}


def per_sample(problem: Problem, repeat: int) -> None:
    """Print the table of one pass with a step a sample."""
    candidates, missing = prepare(SAMPLE, problem, each=True)
    say_missing(missing)
    case = f"64-30-10, {problem.samples} samples"
    timings = {case: interleaved(candidates, repeat)}
    print("\nOne pass, a step a sample: median (times NumPy by hand)\n")
    print(measure_table(timings, list(SAMPLE), ours.HAND))
    print()
    print(
        ratio_table(
            timings,
            [
                Figure("nets.train, numba / lax.scan", [TRAIN_NUMBA], [SCAN], {case: 1.0}),
                Figure("nets.train, numba / Numba by hand", [TRAIN_NUMBA], [rivals.NUMBA], {}),
            ],
        )
    )


# -- scikit-learn ---------------------------------------------------------------------------------

SKLEARN = "sklearn MLPClassifier"


def sklearn_fit(problem: Problem, batch_size: int) -> Candidate:
    """Return calls of scikit-learn's ``fit``."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    X, Y = problem.rows()
    labels = Y.argmax(axis=1)
    model = MLPClassifier(
        (len(problem.parameters[1]),),
        activation="logistic",
        solver="sgd",
        alpha=0.0,
        batch_size=batch_size,
        learning_rate_init=0.01,
        momentum=0.0,
        nesterovs_momentum=False,
        max_iter=PASSES,
        tol=0.0,
        n_iter_no_change=PASSES + 1,
        random_state=0,
    )

    def call() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is told to stop early
            model.fit(X, labels)
        if model.n_iter_ != PASSES:
            raise AssertionError(f"scikit-learn made {model.n_iter_} passes, not {PASSES}")

    return Candidate(call, passes=PASSES)


def shuffled(problem: Problem, batch_size: int, engine: str | None) -> Candidate:
    """Return calls of ``nets.train`` on mini-batches that are reshuffled each pass."""
    train, net = trainer(engine, batch_size=batch_size, shuffle=True, seed=0), network(problem)

    def call() -> None:
        train(net, problem.x, problem.y, iterations=PASSES, learning_rate=0.01)

    return Candidate(call, passes=PASSES)


def against_sklearn(problem: Problem, repeat: int) -> None:
    """Print the table of passes in mini-batches."""
    makers: dict[str, Callable[[int], Candidate]] = {
        SKLEARN: lambda size: sklearn_fit(problem, size),
        TRAIN: lambda size: shuffled(problem, size, None),
        TRAIN_NUMBA: lambda size: shuffled(problem, size, "numba"),
    }
    tables: dict[str, Timings] = {}
    for size in (1, 32, 200, problem.samples):
        candidates: dict[str, Candidate] = {}
        missing: dict[str, str] = {}
        for name, make in makers.items():
            try:
                candidates[name] = make(size)
            except ImportError as error:
                missing[name] = str(error)
        if not tables:
            say_missing(missing)
        tables[f"batch {size}"] = interleaved(candidates, repeat, warm_up_seconds=0.1)
    print(f"\nA pass of fit, {PASSES} passes a call: median (times scikit-learn)\n")
    print(measure_table(tables, list(makers), SKLEARN))
    print()
    aims = dict.fromkeys(tables, 0.5)
    figures = [
        Figure("nets.train / scikit-learn", [TRAIN], [SKLEARN], aims),
        Figure("better engine / scikit-learn", [TRAIN, TRAIN_NUMBA], [SKLEARN], aims),
    ]
    print(ratio_table(tables, figures))


# -- the document's training ----------------------------------------------------------------------

LOOP = "plain Python, sample by sample"


def plain_loop(problem: Problem) -> Contender:
    """The document's algorithm as it stands."""
    p = problem.copies()
    return Contender(
        lambda: sample_by_sample(p, problem.x, problem.y, problem.rate, 1), parameters=lambda: p
    )


def same_costs(problem: Problem, iterations: int = 50) -> str:
    """Compare the costs that ``nets.train`` reports with the plain loop's."""
    p = problem.copies()
    right = sample_by_sample(p, problem.x, problem.y, problem.rate, iterations)
    history = trainer(None)(
        network(problem), problem.x, problem.y, iterations=iterations, learning_rate=problem.rate
    )
    worst = float(np.abs(np.asarray(history.cost) - right).max())
    if not worst <= 1e-10:
        raise AssertionError(f"the costs of nets.train differ from the plain loop's by {worst:.2g}")
    return f"largest difference of the costs over {iterations} iterations: {worst:.1g}"


def documents_training(problem: Problem, repeat: int) -> None:
    """Print the table of the document's training."""
    many = 100
    makers: dict[str, Maker] = {
        LOOP: plain_loop,
        ours.HAND: ours.hand,
        ours.EAGER: ours.eager,
        TRAIN: trained(None, many),
        TRAIN_NUMBA: trained("numba", many),
    }
    candidates, missing = prepare(makers, problem)
    say_missing(missing)
    case = f"64-30-10, {problem.samples} samples, {ITERATIONS} iterations"
    timings = {case: interleaved(candidates, repeat, warm_up_seconds=0.1)}
    print(
        f"\nThe document's training, scaled from {many} iterations a call of train and 1 of the "
        "others: median (times plain Python)\n"
    )
    print(measure_table(timings, list(makers), LOOP, passes=ITERATIONS))
    print()
    figures = [
        Figure("plain Python / nets.train", [LOOP], [TRAIN], {}),
        Figure("nets.train / plain Python", [TRAIN], [LOOP], {case: 1 / 40}),
    ]
    print(ratio_table(timings, figures))
    if TRAIN not in missing:
        print(same_costs(problem))


PARTS = {
    "sample": per_sample,
    "sklearn": against_sklearn,
    "document": documents_training,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Time epochs of training against others.")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--repeat", type=int, default=15, help="rounds (default 15)")
    parser.add_argument("--threads", type=int, default=cores(), help="threads of every pool")
    options = parser.parse_args(arguments)
    limit_threads(options.threads)
    print(environment(rivals.PACKAGES, options.threads))
    try:
        problem = Problem.digits()
    except ImportError as error:
        print(f"random samples in place of the digits ({error})")
        problem = Problem.random((64, 30, 10), 1078, "float64")
    for part in options.parts:
        PARTS[part](problem, options.repeat)
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
