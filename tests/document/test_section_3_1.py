"""A feed-forward example: the numbers."""

import numpy as np
import pytest

from .example import B1, B2, W1, W2, X, example, shown

pytestmark = pytest.mark.section_3_1


def test_the_weights_as_matrices() -> None:
    net = example()
    # row i of W^(1) holds w_i1, w_i2, w_i3: 0.2, 0.4 and 0.6 throughout
    assert net.W[1][:, 0].tolist() == [0.2, 0.4, 0.6]
    assert net.W[1].tolist() == W1.tolist()
    assert net.W[2].tolist() == W2.tolist() == [[0.5, 0.5, 0.5]]
    assert net.b[1][:, 0].tolist() == B1.tolist() == [0.8, 0.8, 0.8]
    assert net.b[2][:, 0].tolist() == B2.tolist() == [0.2]


def test_the_hidden_nodes_and_the_output() -> None:
    z, h = example().layers(X)
    # x1 + x2 + x3 = 6.5, so z^(2) = 0.2·6.5 + 0.8, 0.4·6.5 + 0.8, 0.6·6.5 + 0.8
    np.testing.assert_allclose(z[2].numpy()[:, 0], [2.1, 3.4, 4.7], rtol=1e-14)
    # 1/(1 + e^−2.1) = 1/1.122456 = 0.89090, 1/(1 + e^−3.4) = 1/1.033373 = 0.96770,
    # 1/(1 + e^−4.7) = 1/1.009095 = 0.99098…, cut after four decimals, not rounded
    assert shown(h[2].numpy()) == [0.8909, 0.9677, 0.9909]
    # z^(3) = 0.5·(0.890903 + 0.967705 + 0.990987) + 0.2 = 1.624797; 1/(1 + e^−1.624797) = 0.8354…
    assert z[3].item() == pytest.approx(1.624797, abs=5e-7)
    assert shown(h[3].numpy()) == [0.8354]
    assert shown(example().feed_forward(X)) == [0.8354]


def test_one_sample_and_a_column_are_the_same() -> None:
    net = example()
    assert net.feed_forward(X).shape == (1,)
    assert net.feed_forward(X[:, np.newaxis]).shape == (1, 1)
    assert net.feed_forward(X)[0] == net.feed_forward(X[:, np.newaxis])[0, 0]
