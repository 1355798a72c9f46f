"""Backpropagation in depth: the chain rule's factors for a weight before the output layer."""

import numpy as np
import pytest

from autograd_nn import Tensor, derive, gradients
from autograd_nn.derivation import prove
from nets import formulas

from .example import random_network

pytestmark = pytest.mark.section_4_5

STRUCTURES = [[3, 3, 1], [3, 3, 4], [2, 5, 4, 3]]


def test_the_factors_of_w_12_in_the_3_3_1_network() -> None:
    net, x, y = random_network([3, 3, 1])
    nodes = net.graph(x, y)
    h, z = nodes["h3"], nodes["z3"]
    # ∂J/∂h_1^(3) = −(y_1 − h_1^(3))
    to_h = gradients(nodes["J"], [h])[0][0, 0]
    assert to_h == pytest.approx(-(y[0] - h.item()), rel=1e-14)
    # ∂h_1^(3)/∂z_1^(3) = f′(z_1^(3)) = f(z)(1 − f(z))
    to_z = gradients(h, [z])[0][0, 0]
    assert to_z == pytest.approx(formulas.f_prime(z.numpy())[0, 0], rel=1e-14)
    assert to_z == pytest.approx(h.item() * (1 - h.item()), rel=1e-14)
    # ∂z_1^(3)/∂w_12^(2) = h_2^(2)
    to_w = gradients(z, [nodes["W2"]])[0][0, 1]
    assert to_w == nodes["h2"].numpy()[1, 0]
    # and their product is ∂J/∂w_12^(2)
    assert net.gradients(x, y)["W2"][0, 1] == pytest.approx(to_h * to_z * to_w, rel=1e-14)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("m", [None, 1, 6])
def test_delta_of_the_output_layer(structure: list[int], m: int | None) -> None:
    net, x, y = random_network(structure, m)
    n_l = len(structure)
    z, h = (values[n_l].numpy() for values in net.layers(x))
    target = y.reshape(h.shape)
    delta = net.deltas(x, y)[n_l]
    for i in range(structure[-1]):
        for k in range(m or 1):
            expected = -(target[i, k] - h[i, k]) * formulas.f_prime(z[i, k])
            assert delta[i, k] == pytest.approx(expected, rel=1e-14)
    # J is the mean over the samples, δ is of each: ∂J_k/∂z_k = m ∂J/∂z_k
    nodes = net.graph(x, y)
    automatic = (m or 1) * gradients(nodes["J"], [nodes[f"z{n_l}"]])[0]
    np.testing.assert_allclose(delta, automatic, rtol=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_gradient_of_a_weight_is_h_times_delta(structure: list[int]) -> None:
    net, x, y = random_network(structure)
    l = len(structure) - 1
    h = net.layers(x)[1][l].numpy()[:, 0]
    delta, automatic = net.deltas(x, y)[l + 1][:, 0], net.gradients(x, y)[f"W{l}"]
    for i in range(structure[l]):
        for j in range(structure[l - 1]):
            assert automatic[i, j] == pytest.approx(h[j] * delta[i], rel=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_step_with_u(outputs: int) -> None:
    # the reader's second question: u = ‖y − h‖ and J = ½u². ∂J/∂u = u, ∂u/∂h = −(y − h)/u
    # (of u² = Σ (y_i − h_i)²: 2u ∂u/∂h_i = −2(y_i − h_i)), and u cancels
    rng = np.random.default_rng(outputs)
    y, h = rng.random(outputs), Tensor(rng.random(outputs), requires_grad=True, name="h")
    u = np.sqrt(np.sum(np.square(y - h)))
    J = 0.5 * u**2
    to_u, to_h = gradients(J, [u])[0], gradients(u, [h])[0]
    assert to_u == pytest.approx(u.item(), rel=1e-14)
    np.testing.assert_allclose(to_h, -(y - h.numpy()) / u.item(), rtol=1e-13)
    np.testing.assert_allclose(gradients(J, [h])[0], to_u * to_h, rtol=1e-13)
    np.testing.assert_allclose(gradients(J, [h])[0], -(y - h.numpy()), rtol=1e-13)


@pytest.mark.parametrize("structure", [[3, 4, 3, 1], [2, 3, 4, 3, 2], [2, 2, 2, 2, 2, 2]])
def test_the_product_of_factors_holds_with_more_hidden_layers(structure: list[int]) -> None:
    # the reader's first question: for the last weights the same three factors; for those before,
    # ∂J/∂z^(l+1) takes their place
    net, x, y = random_network(structure)
    nodes = net.graph(x, y)
    for l in range(1, len(structure)):
        h_name = "x" if l == 1 else f"h{l}"
        to_h, to_z = gradients(nodes["J"], [nodes[f"h{l + 1}"], nodes[f"z{l + 1}"]])
        slope = formulas.f_prime(nodes[f"z{l + 1}"].numpy())
        np.testing.assert_allclose(to_z, to_h * slope, rtol=1e-12)
        expected = to_h * slope * nodes[h_name].numpy().T
        np.testing.assert_allclose(net.gradients(x, y)[f"W{l}"], expected, rtol=1e-12)


def test_the_formulas_are_proved_for_every_f() -> None:
    nodes = random_network([3, 3, 2])[0].graph([1.5, 2.0, 3.0], [0.0, 1.0])
    claims = {
        "delta3": lambda y, h3, z3, f_prime: -(y - h3) * f_prime(z3),
        "dW2": lambda delta3, h2: delta3 @ h2.T,
    }
    proofs = prove(nodes["J"], claims)
    assert proofs.ok
    assert {proof.scope for proof in proofs} == {"every differentiable f"}
    without_f_prime = prove(nodes["J"], {"delta3": lambda y, h3: -(y - h3)})
    assert not without_f_prime.ok


def test_the_derivation_is_written_down() -> None:
    net = random_network([3, 3, 1])[0]
    nodes = net.graph([1.5, 2.0, 3.0], [0.0])
    written = derive(nodes["J"], nodes["W2"])
    text, formula = str(written), written.latex
    for part in ("h⁽³⁾", "z⁽³⁾", "W⁽²⁾", "δ⁽³⁾"):
        assert part in text
    for part in (r"h^{(3)}", r"z^{(3)}", r"\delta^{(3)}", r"W^{(2)}"):
        assert part in formula
    # w_12^(2) by itself: the three factors of the text
    element = derive(nodes["J"], nodes["W2"], index=(1, 2))
    assert "h₂⁽²⁾" in str(element)
