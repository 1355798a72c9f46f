"""The network: its weights, its forward pass, its cost, and what it says to misuse."""

from typing import Any

import numpy as np
import pytest

from autograd_nn import gradients
from nets import Network, formulas, looped_feed_forward, train

RNG = np.random.default_rng(0)


def by_loops(net: Network, x: Any) -> Any:
    w = [net.W[l] for l in net.W]
    b = [net.b[l] for l in net.b]
    return looped_feed_forward(net.n_layers, x, w, b)


@pytest.mark.parametrize("structure", [(2, 1), (3, 3, 1), (5, 4, 3, 2), (1, 1, 1, 1, 1, 1)])
def test_shapes_and_forward_of_any_structure(structure: tuple[int, ...]) -> None:
    net = Network(structure, seed=1)
    for l in range(1, len(structure)):
        assert net.W[l].shape == (structure[l], structure[l - 1])
        assert net.b[l].shape == (structure[l], 1)
    x = RNG.normal(size=(structure[0], 4))
    out = net.feed_forward(x)
    assert out.shape == (structure[-1], 4)
    for k in range(4):
        np.testing.assert_allclose(net.feed_forward(x[:, k]), by_loops(net, x[:, k]), rtol=1e-13)
        np.testing.assert_allclose(out[:, k], by_loops(net, x[:, k]), rtol=1e-13)


def test_layers_are_named_and_keyed_as_in_the_document() -> None:
    net = Network([4, 3, 2], seed=0)
    z, h = net.layers(RNG.normal(size=(4, 5)))
    assert list(z) == [2, 3]
    assert list(h) == [1, 2, 3]
    assert [t.name for t in (*z.values(), *h.values())] == ["z2", "z3", "x", "h2", "h3"]
    np.testing.assert_allclose(h[3].numpy(), formulas.f(z[3].numpy()))


def test_cost_is_the_mean_of_half_the_squared_distance() -> None:
    net = Network([4, 3, 2], seed=0)
    x, y = RNG.normal(size=(4, 5)), RNG.random((2, 5))
    each = [0.5 * np.sum((y[:, k] - net.feed_forward(x[:, k])) ** 2) for k in range(5)]
    assert net.cost(x, y).item() == pytest.approx(np.mean(each), rel=1e-14)
    assert net.cost(x[:, 0], y[:, 0]).item() == pytest.approx(each[0], rel=1e-14)


@pytest.mark.parametrize("m", [None, 1, 7])
def test_gradients_and_deltas_agree(m: int | None) -> None:
    net = Network([4, 5, 3, 2], seed=3)
    shape = () if m is None else (m,)
    x, y = RNG.normal(size=(4, *shape)), RNG.random((2, *shape))
    by_hand = formulas.backpropagation(net.W, net.b, x, y)
    automatic = net.gradients(x, y)
    for l in (1, 2, 3):
        np.testing.assert_allclose(automatic[f"W{l}"], by_hand.dW[l], rtol=1e-12, atol=1e-16)
        np.testing.assert_allclose(automatic[f"b{l}"], by_hand.db[l], rtol=1e-12, atol=1e-16)
    deltas = net.deltas(x, y)
    assert list(deltas) == [2, 3, 4]
    for l, delta in deltas.items():
        assert delta.shape == (net.structure[l - 1], m or 1)
        assert np.allclose(delta.mean(axis=1, keepdims=True), automatic[f"b{l - 1}"])


def test_seed_and_init() -> None:
    first, again, other = (Network([6, 5, 4], seed=s) for s in (0, 0, 1))
    assert np.array_equal(first.W[1], again.W[1])
    assert not np.array_equal(first.W[1], other.W[1])
    assert not np.array_equal(Network([6, 5]).W[1], Network([6, 5]).W[1])
    limit = np.sqrt(6 / 11)
    assert 0.7 * limit < np.abs(first.W[1]).max() <= limit
    assert not first.b[1].any()
    uniform = Network([60, 50], seed=0, init="uniform")
    for values in (uniform.W[1], uniform.b[1]):
        assert 0 <= values.min() < 0.1
        assert 0.9 < values.max() < 1


def test_parameters_can_be_set() -> None:
    net = Network([3, 2], seed=0)
    net.W[1] = [[1, 2, 3], [4, 5, 6]]
    assert net.W[1].dtype == np.float64
    net.W[1] -= 1.0
    net.b[1][0] = 7.0
    assert net.W[1].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert net.cost([1, 1, 1], [0, 0]).item() == pytest.approx(
        0.5 * np.sum(formulas.f(np.array([3 + 7.0, 12.0])) ** 2)
    )
    mine = np.zeros((2, 3))
    net.W[1] = mine
    net.W[1] += 1
    assert not mine.any()  # the network keeps a copy


def test_a_bias_may_be_set_by_a_plain_vector() -> None:
    net = Network([3, 2], seed=0)
    net.b[1] = [0.5, -0.5]
    assert net.b[1].tolist() == [[0.5], [-0.5]]
    with pytest.raises(ValueError, match=r"got shape \(1, 2\)"):
        net.b[1] = [[0.5, -0.5]]


def test_a_graph_keeps_the_weights_it_was_recorded_with() -> None:
    net = Network([4, 3, 2], seed=0)
    x, y = RNG.normal(size=(4, 5)), RNG.random((2, 5))
    nodes, expected = net.graph(x, y), net.gradients(x, y)
    net.W[1] *= 2
    net.W[2] = np.ones((2, 3))
    train(net, x, y, iterations=3, progress=False)
    found = gradients(nodes["J"], [nodes[name] for name in expected])
    for value, before in zip(found, expected.values(), strict=True):
        assert np.array_equal(value, before)
    assert not np.array_equal(net.gradients(x, y)["W1"], expected["W1"])


def test_one_output_answers_yes_or_no() -> None:
    net = Network([1, 1], seed=0)
    net.W[1] = [[1.0]]
    assert net.predict([[-2.0, 3.0, 0.5]]).tolist() == [0, 1, 1]
    assert net.predict([-2.0]) == 0
    assert net.accuracy([[-2.0, 3.0]], [0, 1]) == 1


def test_float32_stays_float32() -> None:
    net = Network([3, 2, 1], seed=0, dtype=np.float32)
    x, y = RNG.normal(size=(3, 4)), RNG.random((1, 4))
    assert net.feed_forward(x).dtype == np.float32
    assert {g.dtype for g in net.gradients(x, y).values()} == {np.dtype(np.float32)}


def test_predict_and_accuracy() -> None:
    net = Network([2, 3], seed=0)
    net.W[1] = [[9, 0], [0, 9], [-9, -9]]
    x = np.array([[1.0, 0, -1], [0, 1, -1]])
    assert net.predict(x).tolist() == [0, 1, 2]
    assert net.predict(x[:, 1]) == 1
    assert net.accuracy(x, [0, 1, 0]) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="labels"):
        net.accuracy(x, [0, 1])


def test_misuse_is_explained() -> None:
    net = Network([64, 30, 10], seed=0)
    with pytest.raises(ValueError, match=r"x has shape \(63,\), but layer 1 has 64 nodes"):
        net.feed_forward(np.zeros(63))
    with pytest.raises(ValueError, match=r"y has shape \(3,\), but layer 3 has 10 nodes"):
        net.cost(np.zeros(64), np.zeros(3))
    with pytest.raises(ValueError, match="x has 2 samples and y has 3"):
        net.cost(np.zeros((64, 2)), np.zeros((10, 3)))
    with pytest.raises(ValueError, match="x has shape"):
        net.feed_forward(np.zeros((64, 0)))
    with pytest.raises(TypeError, match="needs numbers"):
        net.feed_forward(["a"] * 64)
    with pytest.raises(ValueError, match=r"W\[1\] has shape \(30, 64\) \(30 nodes in layer 2 and"):
        net.W[1] = np.zeros((64, 30))
    with pytest.raises(KeyError, match=r"no W\[3\]; layers are 1 to 2"):
        net.W[3]
    with pytest.raises(TypeError, match="numbers"):
        net.b[1] = np.full((30, 1), "a")
    with pytest.raises(TypeError, match="cannot be deleted"):
        del net.b[1]
    for structure in ([], [3], [3, 0, 1]):
        with pytest.raises(ValueError, match="two or more layers"):
            Network(structure)
    with pytest.raises(ValueError, match="init is one of 'glorot', 'uniform'"):
        Network([2, 1], init="zeros")
    with pytest.raises(TypeError, match="whole numbers"):
        Network([2.5, 1])  # type: ignore[list-item]  # that is what is refused
    with pytest.raises(TypeError, match="floating"):
        Network([2, 1], dtype=int)
    with pytest.raises(ValueError, match="3 layers need 2 weights"):
        looped_feed_forward(3, [1.0], [np.ones((1, 1))], [np.ones(1)])
    with pytest.raises(ValueError, match="layer 1 has 2 nodes"):
        looped_feed_forward(2, [1.0, 2.0], [np.ones((1, 1))], [np.ones(1)])
    assert repr(net) == "Network([64, 30, 10])"
    assert repr(net.W) == "W: 1: (30, 64), 2: (10, 30)"


def test_activation_is_stable() -> None:
    z = np.array([-np.inf, -1e4, -1000.0, 0, 1000, np.inf])
    assert formulas.f(z).tolist() == [0, 0, 0, 0.5, 1, 1]
    assert formulas.f_prime(z).tolist() == [0, 0, 0, 0.25, 0, 0]
