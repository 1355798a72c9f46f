"""What a network is worth on samples: their mean cost, and metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_nn import no_grad

from .formulas import Array
from .network import Network
from .samples import Samples
from .steps import gathered

Metric = Callable[[Any, Any], float]

SLICE = 2**13
"""How many samples are fed forward at once."""


def accuracy(y: Array, h: Array) -> float:
    """Return the share of the samples whose strongest output is the target's.

    With one output: whether both are above ½.
    """
    if len(y) == 1:
        return float(np.mean((y > 0.5) == (h > 0.5)))
    return float(np.mean(np.argmax(y, axis=0) == np.argmax(h, axis=0)))


METRICS: dict[str, Metric] = {"accuracy": accuracy}


def outputs(net: Network, X: Array) -> Array:
    """Return the outputs for samples in columns, some at a time."""
    found = [
        net.feed_forward(gathered(X, slice(start, start + SLICE), net.dtype))
        for start in range(0, int(X.shape[1]), SLICE)
    ]
    return np.concatenate(found, axis=1)


def evaluated(
    net: Network, samples: Samples, metrics: Mapping[str, Metric], cost: bool
) -> dict[str, float]:
    """Return the numbers of a network on samples: their mean cost, if asked for, and metrics."""
    total = m = 0.0
    seen: list[tuple[Array, Array]] = []
    leaves = net.leaves(copy=False)
    for part in samples.parts(SLICE, None):
        for start in range(0, int(part.X.shape[1]), SLICE):
            chosen = slice(start, start + SLICE)
            x, y = gathered(part.X, chosen, net.dtype), gathered(part.Y, chosen, net.dtype)
            with no_grad():
                nodes = net.record(leaves, x, y)
            total += float(nodes["J"].item()) * x.shape[1]
            m += x.shape[1]
            if metrics:
                seen.append((y, nodes[f"h{net.n_layers}"].numpy()))
    values = {"validation_cost": total / m} if cost else {}
    if seen:
        y, h = (np.concatenate(parts, axis=1) for parts in zip(*seen, strict=True))
        values |= {name: float(metric(y, h)) for name, metric in metrics.items()}
    return values
