"""The structure: every node joined to all of the next layer, and a bias in all but the last."""

import numpy as np
import pytest

from nets import Network

pytestmark = pytest.mark.section_2_4


def test_figure_10() -> None:
    net = Network([3, 3, 1], seed=0)
    assert net.n_layers == 3
    # 3·3 connections into layer 2 and 3·1 into layer 3; the +1 of layer 1 reaches 3 nodes, that
    # of layer 2 one; layer 3 has none
    assert {l: W.size for l, W in net.W.items()} == {1: 9, 2: 3}
    assert {l: b.size for l, b in net.b.items()} == {1: 3, 2: 1}


@pytest.mark.parametrize("structure", [[2, 1], [4, 5, 3], [64, 30, 10], [3, 4, 5, 4, 3, 2]])
def test_every_node_is_joined_to_every_node_of_the_next_layer(structure: list[int]) -> None:
    net = Network(structure, seed=0)
    rng = np.random.default_rng(1)
    x = rng.normal(size=structure[0])
    _, before = net.layers(x)
    for l in range(1, net.n_layers):
        # one connection changed: its node in the next layer changes, its neighbours do not
        i, j = structure[l] - 1, structure[l - 1] - 1
        net.W[l][i, j] += 0.5
        _, after = net.layers(x)
        changed = before[l + 1].numpy()[:, 0] != after[l + 1].numpy()[:, 0]
        assert changed.tolist() == [node == i for node in range(structure[l])]
        net.W[l][i, j] -= 0.5


def test_the_bias_of_a_layer_reaches_all_nodes_of_the_next() -> None:
    net = Network([3, 4, 2], seed=0)
    x = np.zeros(3)  # nothing but the bias comes in
    net.b[1] = np.full((4, 1), 0.7)
    _, h = net.layers(x)
    np.testing.assert_allclose(h[2].numpy(), 1 / (1 + np.exp(-0.7)))
