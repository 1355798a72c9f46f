"""Other activations than the sigmoid, by name and of one's own."""

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients
from nets import Activation, Network, formulas, looped_feed_forward, train, verify
from nets.activations import ACTIVATIONS

RNG = np.random.default_rng(0)
SWISH = Activation(
    "swish",
    lambda z: z / (1 + np.exp(-z)),
    lambda z: (1 + np.exp(-z) * (1 + z)) / (1 + np.exp(-z)) ** 2,
)
EVERY = [*ACTIVATIONS.values(), SWISH]
every = pytest.mark.parametrize("activation", EVERY, ids=lambda activation: activation.name)


@every
def test_f_prime_is_the_derivative_of_f(activation: Activation) -> None:
    z = Tensor(np.linspace(-4, 4, 41), requires_grad=True, name="z")
    h = activation.record(z)
    np.testing.assert_allclose(h.numpy(), activation.f(z.numpy()), rtol=1e-14)
    slope = gradients(h.sum(), [z])[0]
    np.testing.assert_allclose(slope, activation.f_prime(z.numpy()), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_numbers_far_out_neither_overflow_nor_warn(name: str) -> None:
    activation, z = ACTIVATIONS[name], Tensor([-1e4, 1e4], requires_grad=True, name="z")
    h = activation.record(z)
    np.testing.assert_array_equal(activation.f(z.numpy()), h.numpy())
    np.testing.assert_array_equal(activation.f_prime(z.numpy()), gradients(h.sum(), [z])[0])


@every
@pytest.mark.parametrize("m", [None, 5])
def test_a_network_of_it_is_verified_and_trained(activation: Activation, m: int | None) -> None:
    net = Network([3, 4, 3, 2], seed=1, activation=activation)
    columns = () if m is None else (m,)
    x, y = RNG.normal(size=(3, *columns)), RNG.random((2, *columns))
    verify(net, x, y).raise_if_wrong()
    _, h = net.layers(x)
    by_hand = formulas.feed_forward(net.W, net.b, x, activation.f)[1][4]
    np.testing.assert_allclose(h[4].numpy().reshape(by_hand.shape), by_hand, rtol=1e-13)
    nodes = net.graph(x, y)
    automatic = (m or 1) * gradients(nodes["J"], [nodes["z2"]])[0]
    np.testing.assert_allclose(net.deltas(x, y)[2], automatic, rtol=1e-10, atol=1e-15)
    cost = train(net, x, y, 30, 0.2, progress=False).cost
    assert cost[-1] < cost[0]


def test_names() -> None:
    assert Network([2, 1]).activation.name == "sigmoid"
    assert Network([2, 1], activation="tanh").feed_forward([0.0, 0.0]) == [0.0]
    with pytest.raises(
        ValueError, match=r"'sigmoid', 'tanh', .*, or a nets\.Activation.*'softmax'"
    ):
        Network([2, 1], activation="softmax")
    assert repr(SWISH) == "<Activation swish>"


def test_the_wrong_f_prime_is_found() -> None:
    wrong = Activation("swish", SWISH.f, formulas.f_prime)
    net = Network([3, 4, 2], seed=0, activation=wrong)
    report = verify(net, RNG.normal(size=(3, 5)), RNG.random((2, 5)))
    assert [line.name for line in report.failures] == ["delta3", "delta2"]


def test_a_linear_layer_has_its_own_node() -> None:
    net = Network([2, 2, 1], seed=0, activation=Activation("linear", lambda z: z, np.ones_like))
    z, h = net.layers([1.0, 2.0])
    assert [t.name for t in (z[2], h[2], z[3], h[3])] == ["z2", "h2", "z3", "h3"]
    assert np.array_equal(h[3].numpy(), z[3].numpy())
    verify(net, [1.0, 2.0], [0.5]).raise_if_wrong()


def test_an_f_that_loses_the_tensor_is_refused() -> None:
    def lossy(z: Any) -> Any:
        return np.asarray(getattr(z, "numpy", lambda: z)())

    net = Network([2, 1], seed=0, activation=Activation("lossy", lossy, np.ones_like))
    with pytest.raises(TypeError, match="'lossy' gave a ndarray"):
        net.cost([1.0, 2.0], [0.0])


def test_the_loops_are_of_the_sigmoid() -> None:
    out = looped_feed_forward(2, [0.0], [np.ones((1, 1))], [np.zeros(1)])
    assert out.tolist() == [0.5]


def test_the_recorded_form_is_one_node() -> None:
    h = ACTIVATIONS["sigmoid"].record(Tensor([1.0, 2.0], requires_grad=True))
    assert h.op is not None
    assert h.op.name == "sigmoid"
