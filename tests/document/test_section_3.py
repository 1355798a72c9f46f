"""The feed-forward pass, one equation a node."""

import numpy as np
import pytest

from nets import formulas, looped_feed_forward

from .example import random_network

pytestmark = pytest.mark.section_3


def test_the_four_equations_of_the_3_3_1_network() -> None:
    net, x, _ = random_network([3, 3, 1])
    (w11, w12, w13), (w21, w22, w23), (w31, w32, w33) = net.W[1]
    b1, b2, b3 = net.b[1][:, 0]
    x1, x2, x3 = x
    h1 = formulas.f(w11 * x1 + w12 * x2 + w13 * x3 + b1)
    h2 = formulas.f(w21 * x1 + w22 * x2 + w23 * x3 + b2)
    h3 = formulas.f(w31 * x1 + w32 * x2 + w33 * x3 + b3)
    v1, v2, v3 = net.W[2][0]
    out = formulas.f(v1 * h1 + v2 * h2 + v3 * h3 + net.b[2][0, 0])

    _, h = net.layers(x)
    np.testing.assert_allclose(h[2].numpy()[:, 0], [h1, h2, h3], rtol=1e-14)
    np.testing.assert_allclose(h[3].numpy()[:, 0], [out], rtol=1e-14)
    np.testing.assert_allclose(net.feed_forward(x), [out], rtol=1e-14)
    looped = looped_feed_forward(3, x, list(net.W.values()), list(net.b.values()))
    np.testing.assert_allclose(looped, [out], rtol=1e-14)
