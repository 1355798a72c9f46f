"""Matrix multiplication: the shapes of every product, and what is said when they do not fit."""

import numpy as np
import pytest

from autograd_nn import Tensor
from nets import Network, looped_feed_forward

from .example import random_network

pytestmark = pytest.mark.section_3_5


@pytest.mark.parametrize("m", [1, 5])
def test_the_shapes_of_every_product(m: int) -> None:
    # (s_{l+1}, s_l) (s_l, m) + (s_{l+1}, 1) → (s_{l+1}, m)
    structure = [4, 6, 3, 2]
    net, x, _ = random_network(structure, m)
    z, h = net.layers(x)
    for l in (1, 2, 3):
        product, bias = z[l + 1].inputs
        W, before = product.inputs
        assert (W.name, before.name) == (f"W{l}", "x" if l == 1 else f"h{l}")
        assert W.shape == (structure[l], structure[l - 1])
        assert before.shape == (structure[l - 1], m)
        assert product.shape == (structure[l], m)
        assert bias.shape == (structure[l], 1)
        assert z[l + 1].shape == h[l + 1].shape == (structure[l], m)


def test_a_sum_of_products_for_every_element() -> None:
    # row (1, 2, 3) times column (4, 5, 6): 1·4 + 2·5 + 3·6 = 32; row (0, −1, 2): −5 + 12 = 7
    W = Tensor([[1.0, 2.0, 3.0], [0.0, -1.0, 2.0]], name="W1")
    assert (W @ np.array([[4.0], [5.0], [6.0]])).numpy().tolist() == [[32.0], [7.0]]


def test_weights_that_do_not_fit_name_the_layer_and_both_shapes() -> None:
    net = Network([4, 3, 2], seed=0)
    with pytest.raises(ValueError, match=r"W\[1\] has shape \(3, 4\) .* got shape \(4, 3\)"):
        net.W[1] = np.zeros((4, 3))
    with pytest.raises(ValueError, match=r"b\[2\] has shape \(2, 1\) .* got shape \(3, 1\)"):
        net.b[2] = np.zeros((3, 1))
    with pytest.raises(ValueError, match=r"shape \(3, 5\), but layer 1 has 4 nodes"):
        net.feed_forward(np.zeros((3, 5)))
    with pytest.raises(ValueError, match=r"layer 2 has 3 nodes: w of shape \(2, 4\)"):
        looped_feed_forward(
            3, np.zeros(4), [np.zeros((3, 4)), np.zeros((2, 4))], [np.zeros(3), np.zeros(2)]
        )


def test_tensors_that_do_not_fit_are_named_with_their_shapes() -> None:
    W, h = Tensor(np.zeros((3, 4)), name="W2"), Tensor(np.zeros((3, 1)), name="h2")
    with pytest.raises(ValueError, match=r"W2 of shape \(3, 4\) and h2 of shape \(3, 1\)"):
        W @ h
