"""A more efficient implementation: how long the loops take, and what grows."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from nets import looped_feed_forward

from .example import random_network

pytestmark = pytest.mark.section_3_3


def seconds(call: Callable[[], Any], times: int) -> float:
    """Return the shortest of `times` runs."""
    best = np.inf
    for _ in range(times):
        start = perf_counter()
        call()
        best = min(best, perf_counter() - start)
    return best


def timed(structure: list[int], times: int) -> tuple[float, float]:
    """Return how long the loops and the graph take, their results being equal."""
    net, x, _ = random_network(structure)
    w, b = list(net.W.values()), list(net.b.values())

    def loops() -> Any:
        return looped_feed_forward(len(structure), x, w, b)

    def graph() -> Any:
        return net.feed_forward(x)

    np.testing.assert_allclose(graph(), loops(), rtol=1e-11)
    return seconds(loops, times), seconds(graph, times)


def test_a_fourth_layer_costs_the_loops_more() -> None:
    # the document: 40 µs for 3 layers, 70 µs for 4; 12 products and 4 nodes against 21 and 7
    three, _ = timed([3, 3, 1], 200)
    four, _ = timed([3, 3, 3, 1], 200)
    assert 1 < four / three < 4


def test_loops_grow_with_the_square_of_the_nodes_and_the_graph_hardly() -> None:
    small, _ = timed([20, 20, 20], 5)
    loops, graph = timed([200, 200, 200], 3)
    assert loops > 30 * small  # 100 times as many products
    assert loops > 20 * graph
