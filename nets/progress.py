"""Whether a training still gets better, and which weights were the best."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .formulas import Array
from .history import History
from .network import Network


class Progress:
    """The history of a training, its best iteration, and the patience that is left.

    Attributes
    ----------
    history : History
    best : float
        The best of what is monitored, the sign turned where more is better.
    since : int
        How many iterations ago it was.
    weights : dict of str to array or None
        Those after the best iteration, where they are to be restored.
    """

    def __init__(
        self, net: Network, patience: int | None, tol: float, monitor: str, restore_best: bool
    ) -> None:
        if restore_best and monitor == "cost":
            raise ValueError("restore_best needs held-out samples: validation=(X, Y)")
        self.net, self.patience, self.tol, self.monitor = net, patience, tol, monitor
        self.history = History()
        self.best = np.inf
        self.since = 0
        self.weights: dict[str, Array] | None = {} if restore_best else None

    def better(self, value: float) -> bool:
        """Return whether a value is better than the best by more than `tol`."""
        return value < self.best - self.tol

    def ended(self, iteration: int, values: Mapping[str, float]) -> bool:
        """Take note of an iteration, and return whether the patience is at its end."""
        value = values[self.monitor]
        value = value if self.monitor.endswith("cost") else -value
        self.since = 0 if self.better(value) else self.since + 1
        if value < self.best:
            self.best, self.history.best = value, iteration
            if self.weights is not None:
                self.weights = {name: a.copy() for name, a in self.net.parameters().items()}
        return self.patience is not None and self.since >= self.patience

    def restore(self) -> None:
        """Give the network the best weights, if that was asked for."""
        for name, array in self.net.parameters().items() if self.weights else ():
            array[...] = self.weights[name]  # type: ignore[index]  # there are some
