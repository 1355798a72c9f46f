"""Gradient descent on the mean cost (sections 4.3, 4.8 and 4.9), with all that goes round it.

`train` runs passes over the samples, which an engine computes (`nets.steps`), looks at held-out
samples, stops when they get no better, and keeps the training on disk.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .descent import Descent, source_of
from .engines import ENGINES
from .evaluation import METRICS, evaluated
from .formulas import Array
from .history import History
from .interruption import Interruption
from .network import Network
from .optimizers import AdamW, Optimizer, Schedule, optimizer_of
from .parameters import one_of
from .progress import Progress
from .samples import Held, Samples, Stream


class DivergenceError(FloatingPointError):
    """The cost or a weight became infinite or not a number."""


class StopTraining(Exception):  # noqa: N818 - no error: it ends a training as it is
    """Raised by a callback to end the training, which then returns as if it were done."""


def train(
    net: Network,
    X: Any,
    Y: Any = None,
    iterations: int = 3000,
    learning_rate: float = 0.25,
    batch_size: int | None = None,
    engine: str = "numpy",
    shuffle: bool = True,
    seed: int | None = None,
    progress: bool | None = None,
    callback: Callable[[int, float], Any] | None = None,
    *,
    optimizer: str | Optimizer = "sgd",
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    clip: float | None = None,
    dropout: float | Sequence[float] = 0.0,
    validation: tuple[Any, Any] | None = None,
    patience: int | None = None,
    tol: float = 0.0,
    monitor: str | None = None,
    restore_best: bool = False,
    sample_weight: Any = None,
    metrics: Iterable[str] | Mapping[str, Callable[[Any, Any], float]] = (),
    callbacks: Iterable[Callable[[int, Mapping[str, float]], Any]] = (),
    checkpoint: str | Path | None = None,
    every: int = 1,
    resume: bool = False,
    samples: str | None = None,
) -> History:
    """Train `net` by gradient descent on the mean cost (section 4.9).

    Parameters
    ----------
    net : Network
        Its W and b are updated in place.
    X : array_like, shape (s_1, m)
        Samples, one a column; of NumPy, memory maps, or arrays that give slices, as those of HDF5
        and zarr do, which are read and shuffled block by block; of Dask, see `nets.cluster`. Or
        batches: a sequence of pairs (x, y) or triples (x, y, weights), a function that returns an
        iterator of them for each pass, or an iterator, for a single pass.
    Y : array_like, shape (s_{n_l}, m)
        Targets; left out where X gives batches.
    iterations : int
        Passes over the samples.
    learning_rate : float
        α.
    batch_size : int, optional
        How many samples go into a step. Left out: all of them, one step a pass, as in the
        document; 1 is per-sample descent. The last batch of a pass may be smaller.
    engine : {"numpy", "numba", "eager"}
        What computes the steps: a program of NumPy calls; whole passes compiled by Numba (the
        extra ``fast``), which takes some seconds at first; or a graph recorded at every step.
        They go the same way, to rounding.
    shuffle : bool
        Draw a new order of the samples for every pass, if there are batches.
    seed : int, optional
        Makes that order (and what dropout leaves out) the same in every run.
    progress : bool, optional
        Show a progress bar with the last numbers; left out, it shows on a terminal and in a
        notebook only.
    callback : callable, optional
        Called as ``callback(iteration, cost)`` after each iteration, from 0; the network is that
        of the moment. Whatever it raises ends the training, and the network stays as it then is.
    optimizer : str or Optimizer
        ``"sgd"`` (plain descent), ``"momentum"``, ``"nesterov"``, ``"rmsprop"``, ``"adam"``,
        ``"adamw"``, or one from `nets.optimizers` with settings of your own.
    schedule : callable, optional
        Of the number of the step, from 0: what `learning_rate` is multiplied by there.
    weight_decay : float
        λ: J also has (λ/2) Σ w², the sum over all weights, not biases. With ``"adamw"`` weights
        decay by the optimiser instead.
    clip : float, optional
        The largest length of the gradient, of all parameters together.
    dropout : float or sequence of float
        The share of the hidden nodes, or of those of each hidden layer, that a step leaves out.
    validation : (X, Y), optional
        Held-out samples: their mean cost (without weight decay) is looked at after each iteration.
    patience : int, optional
        End the training after so many iterations without an improvement by more than `tol`.
    tol : float
    monitor : str, optional
        What has to improve: ``"cost"``, ``"validation_cost"`` or the name of a metric, of which
        more is better. Left out: the held-out cost where there is one.
    restore_best : bool
        Leave the network with the weights after the best iteration.
    sample_weight : array_like, shape (m,), optional
        What each sample counts; the cost of a batch is the weighted mean.
    metrics : sequence of str or mapping
        Further numbers of each iteration: ``"accuracy"``, or functions of targets and outputs
        (columns) by name. Of the held-out samples, or of those trained on where there are none.
    callbacks : sequence of callable
        Called as ``f(iteration, values)`` after each iteration, `values` being its numbers by
        name. `StopTraining` ends the training.
    checkpoint : path-like, optional
        A file that the training is kept in (extra ``storage``). It is written aside and renamed,
        so that it is whole at every moment.
    every : int
        How many iterations lie between two writings.
    resume : bool
        Go on from `checkpoint` if it is there: the result is, bit by bit, that of a training
        which was never interrupted. Without it, a file that is there is an error.
    samples : {"columns", "rows"}, optional
        How samples lie in X and Y. Left out: in columns, and an error where rows would fit too.

    Returns
    -------
    History
        It is ``net.history`` too, however the training ends.

    Raises
    ------
    DivergenceError
        If the cost stops being finite; W and b are then what they were before the call.
    KeyboardInterrupt
        On Ctrl-C: the pass under way is finished and kept (a second Ctrl-C ends it at once).
    FileExistsError
        If `checkpoint` is there and `resume` was not asked for.
    OSError
        If the last writing of the checkpoint failed. Those before warn, and training goes on.
    ValueError
        If samples and targets do not fit the network, or a number is out of its range.
    """
    if iterations < 0:
        raise ValueError(f"iterations cannot be negative, got {iterations}")
    if isinstance(learning_rate, str):
        raise TypeError(f"learning_rate is a number, got the text {learning_rate!r}; pass a float")
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate has to be a positive number, got {learning_rate}")
    for name, value in (("batch_size", batch_size), ("patience", patience), ("every", every)):
        if value is not None and value < 1:
            raise ValueError(f"{name} has to be 1 or more, got {value}")
    one_of("engine", engine, ENGINES)
    for name, array in net.parameters().items():
        if not array.flags.writeable:
            raise ValueError(
                f"{name} is read-only, and training writes into it: net.{name[0]}[{name[1:]}]"
                ".setflags(write=True), or train a copy, copy.deepcopy(net)"
            )
    source = source_of(net, X, Y, sample_weight, samples)
    if isinstance(source, Stream) and source.once and iterations > 1:
        raise ValueError(
            "X is an iterator, which can be gone through once: iterations=1, or pass a sequence "
            "or a function that returns a new iterator"
        )
    chosen = optimizer_of(optimizer)
    if isinstance(chosen, AdamW) and weight_decay:
        chosen, weight_decay = replace(chosen, weight_decay=weight_decay), 0.0
    descent = Descent(
        net,
        chosen,
        learning_rate,
        schedule=schedule,
        weight_decay=weight_decay,
        clip=clip,
        dropout=dropout,
        engine=engine,
        seed=seed,
        shuffle=shuffle,
    )
    names, look = _look(net, source, validation, metrics, samples)
    if monitor is None:
        monitor = "cost" if validation is None else "validation_cost"
    monitor = one_of("monitor", monitor, ("cost", *names))
    watch = Progress(net, patience, tol, monitor, restore_best)
    kept = None
    if checkpoint is not None:
        from .checkpoints import Checkpoint

        kept = Checkpoint(Path(checkpoint), every, descent, watch, {"batch_size": batch_size})
        kept.begin(resume)
    net.history = watch.history
    hooks = list(callbacks)
    if callback is not None:
        given = callback  # narrowed for the closure below
        hooks.insert(0, lambda iteration, values: given(iteration, values["cost"]))
    run(descent, source, batch_size, iterations, watch, look, kept, hooks, progress)
    return watch.history


def _look(
    net: Network, source: Samples, validation: Any, metrics: Any, which: str | None
) -> tuple[list[str], Callable[[], dict[str, float]] | None]:
    """Return the names of the further numbers of an iteration, and what finds them."""
    own = ", or functions of targets and outputs by name"
    named = (
        metrics
        if isinstance(metrics, Mapping)
        else {name: METRICS[one_of("metrics", name, METRICS, own)] for name in metrics}
    )
    if validation is not None:
        x, y = validation
        source = source_of(net, x, y, None, which)
    elif not named:
        return [], None
    elif not isinstance(source, Held):
        raise ValueError("metrics of samples that are not held in arrays need validation=(X, Y)")
    cost = validation is not None
    names = [*(["validation_cost"] if cost else []), *named]
    return names, functools.partial(evaluated, net, source, named, cost)


def run(
    descent: Descent,
    source: Samples,
    batch_size: int | None,
    iterations: int,
    watch: Progress,
    look: Callable[[], dict[str, float]] | None = None,
    kept: Any = None,
    hooks: Sequence[Callable[[int, Mapping[str, float]], Any]] = (),
    progress: bool | None = False,
) -> None:
    """Run the passes that are left: `look` finds further numbers of each, `kept` keeps it."""
    net = descent.net
    with warnings.catch_warnings():  # of widgets that are not installed: then it is text
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm

    before = {name: array.copy() for name, array in net.parameters().items()}
    history = watch.history
    notebook = _in_notebook()  # which is no terminal, and shows what is on stderr as an error
    progress = True if progress is None and notebook else progress
    quiet = None if progress is None else not progress
    first = len(history)
    with ExitStack() as stack:
        stack.enter_context(np.errstate(over="ignore", invalid="ignore"))
        stop = stack.enter_context(Interruption())
        stack.enter_context(descent.threads(batch_size, source.m))
        bar = stack.enter_context(
            tqdm(total=iterations, initial=first, disable=quiet, desc="training", unit="it",
                 file=sys.stdout if notebook else sys.stderr)
        )  # fmt: skip
        try:
            for iteration in range(first, iterations):
                if history.ended:  # what was resumed had come to its end
                    break
                values = {"cost": descent.over(source, batch_size)}
                if not np.isfinite(values["cost"]):
                    what = f"iteration {iteration}: the cost is {values['cost']}"
                    raise _diverged(before, what, descent, source)
                if look is not None:
                    values |= look()
                history.add(values)
                for hook in hooks:
                    hook(iteration, values)
                done = watch.ended(iteration, values)
                if stop.asked or done:
                    history.ended = "interrupted" if stop.asked else "patience"
                if kept is not None:
                    kept.after(iteration, last=bool(history.ended) or iteration + 1 == iterations)
                if not bar.disable:
                    said = {name: f"{value:.5f}" for name, value in values.items()}
                    bar.set_postfix(said, refresh=False)
                    bar.update()
                if stop.asked:
                    raise KeyboardInterrupt
            for name, array in net.parameters().items():
                if not np.all(np.isfinite(array)):
                    what = f"the last iteration: {name} is not finite"
                    raise _diverged(before, what, descent, source)
        except BaseException as error:
            history.ended = _ENDED_BY.get(type(error), "callback")
            if not isinstance(error, StopTraining):
                raise
            if kept is not None:
                kept.after(len(history) - 1, last=True)
        finally:
            history.ended = history.ended or "iterations"
            if history.ended != "diverged":
                watch.restore()


_ENDED_BY = {KeyboardInterrupt: "interrupted", DivergenceError: "diverged"}


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, and not one that started kernels."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return kernel is not None and bool(kernel.IPKernelApp.initialized())


def _diverged(
    before: dict[str, Array], what: str, descent: Descent, source: Samples
) -> DivergenceError:
    """Return the error, with the network as it was before."""
    for name, array in descent.net.parameters().items():
        array[...] = before[name]
    kept = "W and b are what they were before the training"
    for name in "XY":
        broken = _broken_columns(getattr(source, name, None))
        if broken.size:
            return DivergenceError(
                f"training diverged in {what}. {broken.size} samples of {name} hold NaN or inf, "
                f"the first in column {broken[0]}: leave them out or repair them; {kept}"
            )
    return DivergenceError(
        f"training diverged in {what}. Try a smaller learning_rate (it was "
        f"{descent.learning_rate}) or scaled inputs; {kept}"
    )


def _broken_columns(array: Any) -> Array:
    """Return the columns of what is held here that are not finite, looking at some at a time."""
    found = [np.empty(0, int)]
    for start in range(0, int(array.shape[1]), 2**14) if isinstance(array, np.ndarray) else ():
        part = np.isfinite(array[:, start : start + 2**14]).all(axis=0)
        found.append(start + np.flatnonzero(~part))
    return np.concatenate(found)
