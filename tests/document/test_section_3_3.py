"""A more efficient implementation: loops, graph and program give the same."""

import numpy as np
import pytest

from autograd_nn import jit, sigmoid
from nets import looped_feed_forward

from .example import random_network

pytestmark = pytest.mark.section_3_3


@pytest.mark.parametrize(
    "structure", [[3, 3, 1], [3, 3, 3, 1], [10, 10, 10], [100, 100, 100], [60, 60, 60, 60]]
)
def test_loops_graph_and_program_give_the_same(structure: list[int]) -> None:
    net, x, _ = random_network(structure)
    w, b = list(net.W.values()), list(net.b.values())

    def feed_forward(w: list[np.ndarray], b: list[np.ndarray], x: np.ndarray) -> np.ndarray:
        h = x
        for weights, bias in zip(w, b, strict=True):
            h = sigmoid(weights @ h + bias)  # type: ignore[assignment]  # a Tensor, as traced
        return h

    by_loops = looped_feed_forward(len(structure), x, w, b)
    np.testing.assert_allclose(net.feed_forward(x), by_loops, rtol=1e-11)
    program = jit(feed_forward)
    np.testing.assert_allclose(program(w, b, x[:, np.newaxis])[:, 0], by_loops, rtol=1e-11)
