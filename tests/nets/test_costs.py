"""Every output layer with every cost, and weight decay: formulas by hand against the graph."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from autograd_nn import check_grads, derive, draw, explore, gradients, jit
from nets import Activation, Cost, Network, formulas, train, verify
from nets.activations import ACTIVATIONS
from nets.steps import training_step

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 6))
LABELS = np.eye(3)[:, RNG.integers(3, size=6)]
OUTPUTS = [("sigmoid", "cross_entropy"), ("softmax", "cross_entropy"), ("softmax", "squared")]
OUTPUTS += [(name, "squared") for name in ("sigmoid", "linear", "tanh")]
COMBINATIONS = list(product(ACTIVATIONS, OUTPUTS))
QUARTIC = Cost("quartic", lambda y, h: (h - y) ** 4 / 4, lambda y, h: (h - y) ** 3)
every = pytest.mark.parametrize(("activation", "output"), COMBINATIONS)
outputs = pytest.mark.parametrize("output", OUTPUTS)


def network(activation: Any, output: tuple[str, Any], **how: Any) -> Network:
    return Network([4, 5, 4, 3], 1, activation=activation, output=output[0], cost=output[1], **how)


def assert_formulas_agree(net: Network, y: Any, decay: float = 0.0) -> None:
    by_hand, automatic = net.backpropagation(X, y, decay), net.gradients(X, y, decay)
    nodes = net.graph(X, y, decay)
    for l in net.W:
        for name, found in ((f"W{l}", by_hand.dW[l]), (f"b{l}", by_hand.db[l])):
            scale = np.abs(automatic[name]).max()
            np.testing.assert_allclose(found, automatic[name], rtol=0, atol=1e-12 * scale)
        delta = 6 * gradients(nodes["J"], [nodes[f"z{l + 1}"]])[0]
        scale = np.abs(delta).max()
        np.testing.assert_allclose(by_hand.delta[l + 1], delta, rtol=0, atol=1e-12 * scale)
    J = net.criterion.by_hand(y, nodes[f"h{net.n_layers}"].numpy())
    J += formulas.penalty(net.W, decay)
    assert nodes["J"].item() == pytest.approx(J, rel=1e-13)


@every
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_every_combination_is_verified(
    activation: str, output: tuple[str, str], decay: float
) -> None:
    net = network(activation, output)
    assert_formulas_agree(net, LABELS, decay)
    verify(net, X, LABELS, weight_decay=decay).raise_if_wrong()


@outputs
def test_the_automatic_gradient_is_that_of_differences(output: tuple[str, str]) -> None:
    net = network("tanh", output)

    def J(W: Any, b: Any) -> Any:
        return net.record({**net.leaves(), "W2": W, "b3": b}, X, LABELS)["J"]

    assert check_grads(J, (net.W[2], net.b[3])).ok


def test_delta_of_an_output_with_its_own_cost_is_h_minus_y() -> None:
    for output in ("softmax", "sigmoid"):
        net = network("tanh", (output, "cross_entropy"))
        nodes = net.graph(X, LABELS)
        assert str(derive(nodes["J"], nodes["z4"], samples=6).result) == "δ⁽⁴⁾ = h⁽⁴⁾ − y"
        report = verify(net, X, LABELS, {"delta4": lambda y, h4: y - h4})
        assert not report.ok
        assert verify(net, X, LABELS, {"delta4": lambda y, h4: h4 - y}).ok
        with pytest.raises(ValueError, match="claim delta4"):
            verify(net, X, LABELS, {"dh4": lambda y, h4: -y / h4})


def test_weight_decay_stands_in_the_gradient_and_in_the_picture() -> None:
    net = network("sigmoid", ("sigmoid", "squared"))
    nodes = net.graph(X, LABELS, 0.1)
    derived = str(derive(nodes["J"], nodes["W1"], samples=6))
    assert "λ" in derived
    assert "λ" in draw(nodes["J"]).source
    wrong = {"dW1": lambda delta2, x, m: delta2 @ x.T / m}
    assert not verify(net, X, LABELS, wrong, weight_decay=0.1).ok
    right = {"dW1": lambda delta2, x, m, W1, lambda_: delta2 @ x.T / m + lambda_ * W1}
    assert verify(net, X, LABELS, right, weight_decay=0.1).ok


@outputs
def test_pictures_pages_and_programs(output: tuple[str, str]) -> None:
    net = network("relu", output)
    J = net.cost(X, LABELS)
    assert "h⁽⁴⁾" in draw(J, gradients=True, values=True).source
    assert "Backward" in explore(J).html
    assert net.draw(X[:, 0], LABELS[:, 0]).source
    program = jit(training_step(net)).lower(net.parameters(), X, LABELS, 0.25)
    assert "dW3 = " in program.readable
    if output[1] == "cross_entropy":
        assert "delta4 = h4 - y" in program.readable


@outputs
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_outputs_are_exact(output: tuple[str, str], dtype: Any) -> None:
    net = network("tanh", output, dtype=dtype)
    net.W[3] = 1e4 * np.sign(net.W[3])
    with np.errstate(all="raise", under="ignore"):
        J, slopes = net.cost(X, LABELS), net.gradients(X, LABELS)
    assert J.dtype == dtype
    assert np.isfinite(J.item())
    for slope in slopes.values():
        assert np.isfinite(slope).all()
    if output[1] == "cross_entropy":
        assert J.item() > 1000
        assert np.abs(slopes["b3"]).max() > 0.1


def test_a_cost_and_an_activation_of_one_s_own() -> None:
    swish = Activation(
        "swish",
        lambda z: z / (1 + np.exp(-z)),
        lambda z: formulas.f(z) * (1 + z * (1 - formulas.f(z))),
    )
    for output in ("linear", "softmax", "sigmoid"):
        net = network([swish, "relu"], (output, QUARTIC))
        assert_formulas_agree(net, LABELS)
        verify(net, X, LABELS).raise_if_wrong()
    assert train(network("tanh", ("linear", QUARTIC)), X, LABELS, 5, progress=False).cost


def test_one_activation_a_layer() -> None:
    net = network(["relu", "tanh"], ("softmax", "cross_entropy"))
    assert [a.name for a in net.activations.values()] == ["relu", "tanh", "softmax"]
    assert_formulas_agree(net, LABELS)
    verify(net, X, LABELS).raise_if_wrong()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"cost": "hinge"}, "cost is one of"),
        ({"output": "linear", "cost": "cross_entropy"}, "is of shares"),
        ({"activation": ["relu"]}, "2 hidden layers, and 1 activations"),
        ({"output": "maximum"}, "activation is one of"),
    ],
)
def test_misuse_is_explained(how: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network([4, 5, 4, 3], **how)


def test_targets_that_are_no_shares_are_refused() -> None:
    net = network("relu", ("softmax", "cross_entropy"))
    with pytest.raises(ValueError, match="sum to 1"):
        net.cost(X, np.ones_like(LABELS))
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        net.cost(X, 2 * LABELS)
