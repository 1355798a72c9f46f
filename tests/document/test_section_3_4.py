"""Vectorisation: z^(2) = W^(1) x + b^(1), h^(2) = f(z^(2)), and so on."""

import numpy as np
import pytest

from nets import formulas

from .example import random_network

pytestmark = pytest.mark.section_3_4

STRUCTURES = [[3, 3, 1], [4, 6, 2], [2, 3, 4, 5, 2]]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("m", [1, 7])
def test_every_layer_is_a_product_a_bias_and_f(structure: list[int], m: int) -> None:
    net, x, _ = random_network(structure, m)
    z, h = net.layers(x)
    assert np.array_equal(h[1].numpy(), x)
    for l in range(1, net.n_layers):
        np.testing.assert_allclose(z[l + 1].numpy(), net.W[l] @ h[l].numpy() + net.b[l], rtol=1e-14)
        np.testing.assert_allclose(h[l + 1].numpy(), formulas.f(z[l + 1].numpy()), rtol=1e-14)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_z_is_the_weighted_sum_of_each_node(structure: list[int]) -> None:
    net, x, _ = random_network(structure)
    z, h = net.layers(x)
    for l in range(1, net.n_layers):
        for i in range(structure[l]):
            total = sum(net.W[l][i, j] * h[l].numpy()[j, 0] for j in range(structure[l - 1]))
            assert z[l + 1].numpy()[i, 0] == pytest.approx(total + net.b[l][i, 0], rel=1e-12)


def test_the_formulas_and_the_graph_are_the_same_pass() -> None:
    net, x, _ = random_network([4, 5, 3], 6)
    z, h = formulas.feed_forward(net.W, net.b, x)
    recorded_z, recorded_h = net.layers(x)
    for l in (2, 3):
        np.testing.assert_allclose(z[l], recorded_z[l].numpy(), rtol=1e-14)
        np.testing.assert_allclose(h[l], recorded_h[l].numpy(), rtol=1e-14)


def test_a_column_a_sample() -> None:
    net, x, _ = random_network([4, 5, 3], 6)
    together = net.feed_forward(x)
    for k in range(6):
        np.testing.assert_allclose(together[:, k], net.feed_forward(x[:, k]), rtol=1e-13)
