"""The notation: w_ij^(l), b_i^(l), h_j^(l), counted from 1."""

import numpy as np
import pytest

from nets import Network

pytestmark = pytest.mark.section_2_5


def test_layers_are_counted_from_1_to_n_l() -> None:
    net = Network([4, 5, 3, 2], seed=0)
    assert list(net.W) == list(net.b) == [1, 2, 3]
    z, h = net.layers(np.zeros(4))
    assert list(z) == [2, 3, 4]  # z^(l) goes into layer l
    assert list(h) == [1, 2, 3, 4]  # h^(1) is x
    for l in (0, 4):
        with pytest.raises(KeyError, match="layers are 1 to 3"):
            net.W[l]


def test_w_has_a_row_for_each_node_it_leads_to() -> None:
    net = Network([4, 5, 2], seed=0)
    assert net.W[1].shape == (5, 4)  # (s_2, s_1)
    assert net.W[2].shape == (2, 5)  # (s_3, s_2)
    assert net.b[1].shape == (5, 1)
    assert net.b[2].shape == (2, 1)


def test_w_21_leads_from_node_1_to_node_2() -> None:
    net = Network([2, 3, 1], seed=0)
    net.W[1] = np.zeros((3, 2))
    net.W[1][2 - 1, 1 - 1] = 1.0  # w_21^(1)
    net.b[1] = np.zeros((3, 1))
    # z_2^(2) = w_21 x_1 = 0.7, whatever x_2 is; the other nodes get nothing
    for x2 in (0.0, 5.0):
        z, _ = net.layers([0.7, x2])
        assert z[2].numpy()[:, 0].tolist() == [0, 0.7, 0]


def test_b_2_of_layer_1_goes_into_node_2_of_layer_2() -> None:
    net = Network([2, 3, 1], seed=0)
    net.b[1] = np.zeros((3, 1))
    net.b[1][2 - 1] = 0.25  # b_2^(1)
    z, _ = net.layers([0.0, 0.0])
    assert z[2].numpy()[:, 0].tolist() == [0, 0.25, 0]


def test_h_2_of_layer_2_is_the_output_of_its_second_node() -> None:
    net = Network([2, 3, 1], seed=0)
    z, h = net.layers([0.3, -0.4])
    assert h[2].numpy()[1, 0] == pytest.approx(1 / (1 + np.exp(-z[2].numpy()[1, 0])), rel=1e-14)
