"""Propagating into the hidden layers: δ_j^(l) = (Σ_i w_ij^(l) δ_i^(l+1)) f′(z_j^(l))."""

import itertools
from typing import Any

import numpy as np
import pytest

from autograd_nn import gradients
from autograd_nn.derivation import prove
from nets import Network, formulas

from .example import random_network

pytestmark = pytest.mark.section_4_6

STRUCTURES = [[3, 3, 1], [3, 3, 3], [4, 5, 3, 2], [2, 3, 4, 3, 2]]


def deltas_in_loops(net: Network, x: Any, y: Any) -> dict[int, list[float]]:
    """Return δ^(l) of one sample, element by element."""
    z, h = formulas.feed_forward(net.W, net.b, x)
    n_l = net.n_layers
    delta = {
        n_l: [-(y[i] - h[n_l][i]) * formulas.f_prime(z[n_l][i]) for i in range(net.structure[-1])]
    }
    for l in range(n_l - 1, 1, -1):
        delta[l] = []
        for j in range(net.structure[l - 1]):
            passed_back = 0.0
            for i in range(net.structure[l]):
                passed_back += net.W[l][i, j] * delta[l + 1][i]
            delta[l].append(passed_back * formulas.f_prime(z[l][j]))
    return delta


@pytest.mark.parametrize("structure", STRUCTURES)
def test_delta_of_every_layer(structure: list[int]) -> None:
    net, x, y = random_network(structure)
    nodes, found = net.graph(x, y), net.deltas(x, y)
    for l, expected in deltas_in_loops(net, x, y).items():
        np.testing.assert_allclose(found[l][:, 0], expected, rtol=1e-12)
        automatic = gradients(nodes["J"], [nodes[f"z{l}"]])[0]
        np.testing.assert_allclose(automatic[:, 0], expected, rtol=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_gradients_of_every_weight_and_bias(structure: list[int]) -> None:
    net, x, y = random_network(structure)
    delta = deltas_in_loops(net, x, y)
    h = formulas.feed_forward(net.W, net.b, x)[1]
    automatic = net.gradients(x, y)
    for l in net.W:
        for i in range(structure[l]):
            # ∂J/∂b_i^(l) = δ_i^(l+1)
            assert automatic[f"b{l}"][i, 0] == pytest.approx(delta[l + 1][i], rel=1e-12)
            for j in range(structure[l - 1]):
                # ∂J/∂w_ij^(l) = h_j^(l) δ_i^(l+1)
                expected = h[l][j] * delta[l + 1][i]
                assert automatic[f"W{l}"][i, j] == pytest.approx(expected, rel=1e-12)


def test_one_output_node() -> None:
    # figure 11: δ_j^(2) = δ_1^(3) w_1j^(2) f′(z_j^(2))
    net, x, y = random_network([3, 3, 1])
    z, _ = formulas.feed_forward(net.W, net.b, x)
    delta = net.deltas(x, y)
    expected = delta[3][0, 0] * net.W[2][0] * formulas.f_prime(z[2])
    np.testing.assert_allclose(delta[2][:, 0], expected, rtol=1e-13)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_weight_acts_through_every_path_to_the_output(structure: list[int]) -> None:
    # the reader's fourth question: w_21^(1) does not touch the output. Along each path from node
    # 2 of layer 2 to an output node the slopes multiply; over the paths they add up.
    net, x, y = random_network(structure)
    z, h = formulas.feed_forward(net.W, net.b, x)
    total = 0.0
    for path in itertools.product([1], *(range(s) for s in structure[2:])):
        slope = x[0] * formulas.f_prime(z[2][path[0]])
        for l, (j, i) in enumerate(itertools.pairwise(path), 2):
            slope *= net.W[l][i, j] * formulas.f_prime(z[l + 1][i])
        total += slope * -(y[path[-1]] - h[net.n_layers][path[-1]])
    assert net.gradients(x, y)["W1"][1, 0] == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("structure", [[3, 3, 1], [2, 2, 2], [2, 2, 2, 1], [2, 2, 2, 2, 1]])
def test_the_recursion_is_proved_for_every_f(structure: list[int]) -> None:
    net, x, y = random_network(structure)
    claims: dict[str, Any] = {}
    for l in range(2, len(structure)):
        source = (
            f"lambda W{l}, delta{l + 1}, z{l}, f_prime: (W{l}.T @ delta{l + 1}) * f_prime(z{l})"
        )
        claims[f"delta{l}"] = eval(source)  # noqa: S307 - parameters are named after the layer
    for l in range(1, len(structure)):
        claims[f"db{l}"] = eval(f"lambda delta{l + 1}: delta{l + 1}")  # noqa: S307
    proofs = prove(net.cost(x, y), claims)
    assert proofs.ok, proofs
    assert len(proofs) == len(claims)
    assert {proof.scope for proof in proofs} == {"every differentiable f"}
