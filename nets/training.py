"""Gradient descent on the mean cost (sections 4.3, 4.8 and 4.9).

`train` runs passes over the samples, which an engine computes (`nets.engines`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .engines import ENGINES
from .network import Network

Array = NDArray[Any]


@dataclass
class History:
    """What `train` leaves behind.

    Attributes
    ----------
    cost : list of float
        One value an iteration: the mean cost that its steps met, each before its own update.
    """

    cost: list[float] = field(default_factory=list)


class DivergenceError(FloatingPointError):
    """The cost or a weight became infinite or not a number."""


def train(
    net: Network,
    X: Any,
    Y: Any,
    iterations: int = 3000,
    learning_rate: float = 0.25,
    batch_size: int | None = None,
    engine: str = "numpy",
    shuffle: bool = True,
    seed: int | None = None,
    progress: bool | None = None,
    callback: Callable[[int, float], Any] | None = None,
) -> History:
    """Train `net` by gradient descent on the mean cost (section 4.9).

    Parameters
    ----------
    net : Network
        Its W and b are updated in place.
    X : array_like, shape (s_1, m)
        Samples, one a column.
    Y : array_like, shape (s_{n_l}, m)
        Targets.
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
        Makes that order the same in every run.
    progress : bool, optional
        Show a progress bar; left out, it shows on a terminal and in a notebook only.
    callback : callable, optional
        Called as ``callback(iteration, cost)`` after each iteration, from 0; the network is that
        of the moment. Whatever it raises ends the training, and the network stays as it then is.

    Returns
    -------
    History

    Raises
    ------
    DivergenceError
        If the cost stops being finite; W and b are then what they were before the call.
    ValueError
        If samples and targets do not fit the network, or a number is out of its range.
    """
    x, y = net.columns(X), net.columns(Y, "y")
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"X has {x.shape[1]} samples and Y has {y.shape[1]}")
    if iterations < 0:
        raise ValueError(f"iterations cannot be negative, got {iterations}")
    if isinstance(learning_rate, str):
        raise TypeError(f"learning_rate is a number, got the text {learning_rate!r}; pass a float")
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate has to be a positive number, got {learning_rate}")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size has to be 1 or more, got {batch_size}")
    if engine not in ENGINES:
        raise ValueError(f"engine is one of {', '.join(map(repr, ENGINES))}; got {engine!r}")
    rng = np.random.default_rng(seed) if shuffle else None
    before = {name: array.copy() for name, array in net.parameters().items()}
    m = int(x.shape[1])
    size = m if batch_size is None else min(batch_size, m)
    run = ENGINES[engine](net, x, y, learning_rate, size)
    history = History()
    from tqdm.auto import tqdm

    if progress is None and _in_notebook():  # which is no terminal
        progress = True
    quiet = None if progress is None else not progress
    with (
        np.errstate(over="ignore", invalid="ignore"),
        tqdm(total=iterations, disable=quiet, desc="training", unit="it") as bar,
    ):
        for iteration in range(iterations):
            cost = run(rng.permutation(m) if rng is not None and size < m else None)
            if not np.isfinite(cost):
                _restore(net, before)
                raise _diverged(f"iteration {iteration}: the cost is {cost}", learning_rate, x, y)
            history.cost.append(cost)
            if callback is not None:
                callback(iteration, cost)
            if not bar.disable:
                bar.set_postfix(cost=f"{cost:.5f}", refresh=False)
                bar.update()
    for name, array in net.parameters().items():
        if not np.all(np.isfinite(array)):
            _restore(net, before)
            raise _diverged(f"the last iteration: {name} is not finite", learning_rate, x, y)
    return history


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, and not one that started kernels."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return kernel is not None and bool(kernel.IPKernelApp.initialized())


def _restore(net: Network, before: dict[str, Array]) -> None:
    for name, array in net.parameters().items():
        array[...] = before[name]


def _diverged(what: str, learning_rate: float, x: Array, y: Array) -> DivergenceError:
    kept = "W and b are what they were before the training"
    for name, array in (("X", x), ("Y", y)):
        broken = np.flatnonzero(~np.isfinite(np.asarray(array)).all(axis=0))
        if broken.size:
            return DivergenceError(
                f"training diverged in {what}. {broken.size} samples of {name} hold NaN or inf, "
                f"the first in column {broken[0]}: leave them out or repair them; {kept}"
            )
    return DivergenceError(
        f"training diverged in {what}. Try a smaller learning_rate (it was {learning_rate}) or "
        f"scaled inputs; {kept}"
    )
