"""Descent under way: the optimiser's state, the number of the step, the generators, the engine."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import KW_ONLY, InitVar, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .cluster import Chunked, is_dask
from .engines import ENGINES
from .network import Network
from .optimizers import Optimizer, Schedule
from .samples import Order, Samples, samples_of
from .steps import Pace, Plan

SMALL = 2_000_000
"""Products of up to so many multiplications run in one thread: sharing them out costs more, and
on a loaded machine the threads that wait for one another multiply the time."""


def source_of(net: Network, X: Any, Y: Any, weights: Any, which: str | None) -> Samples:
    """Return the samples of a training as `samples_of` does, of Dask arrays too."""
    if is_dask(X):
        return Chunked(net, X, Y, weights, which == "rows")
    return samples_of(net, X, Y, weights, which)


@dataclass(eq=False)
class Descent:
    """What goes over samples and changes a network.

    Parameters
    ----------
    net : Network
    optimizer : Optimizer
    learning_rate : float
    decay_over : bool
        Whether λ is divided by what a batch counts, as scikit-learn does.
    order : callable, optional
        Draws an order of so many samples; left out, by `seed`.
    others
        As for `train`.
    """

    net: Network
    optimizer: Optimizer
    learning_rate: float
    _: KW_ONLY
    schedule: Schedule | None = None
    weight_decay: float = 0.0
    decay_over: bool = False
    clip: float | None = None
    dropout: Any = 0.0
    engine: str = "numpy"
    seed: InitVar[int | None] = None
    shuffle: InitVar[bool] = True
    order: Order | None = None

    def __post_init__(self, seed: int | None, shuffle: bool) -> None:
        for name, value in (("weight_decay", self.weight_decay), ("clip", self.clip)):
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise ValueError(f"{name} has to be a number from 0 up, got {value}")
        self.dropout = _shares(self.dropout, self.net.n_layers - 2)
        self.t = 0
        self.state = self.optimizer.init(self.net.parameters())
        self.rng = np.random.default_rng(seed)
        self.dropped = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
        self.order = (self.order or self.rng.permutation) if shuffle else None
        self.seen: set[int] = set()  # sizes of batches for which there are programs

    def plan(self, weighted: bool) -> Plan:
        """Return the plan of the steps, for samples that have weights or not."""
        return Plan.of(
            self.net,
            optimizer=self.optimizer,
            decay=bool(self.weight_decay),
            decay_over=self.decay_over,
            clip=self.clip is not None,
            weighted=weighted,
            dropout=self.dropout,
        )

    def over(self, samples: Samples, size: int | None) -> float:
        """Go once over the samples, and return the mean cost that the steps met."""
        if isinstance(samples, Chunked):
            return samples.over(self, size)
        total = counts = 0.0
        for part in samples.parts(size, self.order):
            plan = self.plan(part.weights is not None)
            steps = -(-int(part.X.shape[1]) // part.size)
            cost, count = ENGINES[self.engine](self, plan, part, self.pace(steps))
            total, counts = total + cost, counts + count
            self.t += steps
        return total / counts if counts else 0.0

    def pace(self, steps: int) -> Pace:
        """Return what the next steps are given."""
        numbers = []
        for t in range(self.t, self.t + steps):
            factor = 1.0 if self.schedule is None else float(self.schedule(t))
            numbers.append(self.optimizer.numbers(self.learning_rate * factor, t + 1))
        given = {"decay": float(self.weight_decay)} if self.weight_decay else {}
        given |= {"clip": float(self.clip)} if self.clip is not None else {}
        return Pace(np.array(numbers, dtype=float), given)

    def threads(self, size: int | None, m: int | None) -> AbstractContextManager[Any]:
        """Return a context in which small products are not shared out among threads."""
        columns = min(size or m or 1, m or size or 1)
        if max(a * b for a, b in pairwise(self.net.structure)) * columns > SMALL:
            return nullcontext()
        limits: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
        return limits


@functools.lru_cache(maxsize=1)
def _libraries() -> Any:
    """Return what sets the threads of this process' libraries, which takes long to be found."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it has none

    return ThreadpoolController()


def _shares(dropout: float | Sequence[float], hidden: int) -> tuple[float, ...]:
    """Return the share of each hidden layer that is left out, () if there is none."""
    one = isinstance(dropout, (int, float))
    given = [float(dropout)] * hidden if one else [float(d) for d in dropout]  # type: ignore[union-attr,arg-type]  # told apart by `one`
    if len(given) != hidden or not all(0 <= share < 1 for share in given):
        raise ValueError(
            f"dropout is a share from 0 to below 1, or one for each of the {hidden} hidden "
            f"layers; got {dropout}"
        )
    return tuple(given) if any(given) else ()
