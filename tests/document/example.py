"""The network of section 3.1, and others in the document's notation."""

from __future__ import annotations

from typing import Any

import numpy as np

from nets import Network

X = np.array([1.5, 2.0, 3.0])
W1 = np.array([[0.2, 0.2, 0.2], [0.4, 0.4, 0.4], [0.6, 0.6, 0.6]])
W2 = np.array([[0.5, 0.5, 0.5]])
B1 = np.array([0.8, 0.8, 0.8])
B2 = np.array([0.2])


def example() -> Network:
    """Return section 3.1's network: 3 inputs, 3 hidden nodes, 1 output."""
    net = Network([3, 3, 1], seed=0)
    net.W.update({1: W1, 2: W2})
    net.b.update({1: B1[:, np.newaxis], 2: B2[:, np.newaxis]})
    return net


def random_network(structure: list[int], m: int | None = None, seed: int = 0) -> Any:
    """Return a network whose weights and biases all differ, with samples and targets for it."""
    rng = np.random.default_rng(seed)
    net = Network(structure, seed=seed)
    for l in net.W:
        net.W[l] = rng.normal(size=net.W[l].shape)
        net.b[l] = rng.normal(size=net.b[l].shape)
    columns = () if m is None else (m,)
    return net, rng.normal(size=(structure[0], *columns)), rng.random((structure[-1], *columns))


def shown(values: Any) -> list[float]:
    """Return `values` with the four decimals that the document prints; it cuts the others off."""
    return [float(v) for v in np.floor(np.ravel(values) * 1e4) / 1e4]
