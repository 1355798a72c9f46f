"""Vectorisation of backpropagation: the same formulas in matrices."""

import numpy as np
import pytest

from autograd_nn import gradients
from nets import formulas

from .example import random_network

pytestmark = pytest.mark.section_4_7

STRUCTURES = [[2, 1], [3, 3, 1], [4, 5, 3, 2], [2, 3, 4, 4, 3, 2]]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("m", [None, 1, 6])
def test_matrices_graph_and_formulas(structure: list[int], m: int | None) -> None:
    net, x, y = random_network(structure, m)
    nodes, n_l, size = net.graph(x, y), len(structure), m or 1
    z = {l: nodes[f"z{l}"].numpy() for l in range(2, n_l + 1)}
    h = {l: nodes["x" if l == 1 else f"h{l}"].numpy() for l in range(1, n_l + 1)}
    delta = {n_l: -(nodes["y"].numpy() - h[n_l]) * formulas.f_prime(z[n_l])}
    for l in range(n_l - 1, 1, -1):
        delta[l] = (net.W[l].T @ delta[l + 1]) * formulas.f_prime(z[l])

    found = formulas.backpropagation(net.W, net.b, x, y)
    automatic = net.gradients(x, y)
    for l, expected in delta.items():
        assert expected.shape == (structure[l - 1], size)
        np.testing.assert_allclose(net.deltas(x, y)[l], expected, rtol=1e-13)
        np.testing.assert_allclose(found.delta[l].reshape(expected.shape), expected, rtol=1e-13)
        recorded = size * gradients(nodes["J"], [nodes[f"z{l}"]])[0]
        np.testing.assert_allclose(recorded, expected, rtol=1e-11, atol=1e-16)
    for l in net.W:
        dW = delta[l + 1] @ h[l].T / size
        db = delta[l + 1].mean(axis=1, keepdims=True)
        for one in (found.dW[l], automatic[f"W{l}"]):
            assert one.shape == net.W[l].shape
            np.testing.assert_allclose(one, dW, rtol=1e-11, atol=1e-16)
        for one in (found.db[l], automatic[f"b{l}"]):
            assert one.shape == net.b[l].shape
            np.testing.assert_allclose(one, db, rtol=1e-11, atol=1e-16)


def test_the_product_is_the_weighted_sum_over_the_nodes() -> None:
    # (Wᵀδ)_j = Σ_i w_ij δ_i: of W = ((1, 2), (3, 4), (5, 6)) and δ = (1, 0, −1) it is
    # (1 − 5, 2 − 6) = (−4, −4); at z = 0 it is multiplied by f′(0) = ¼
    W = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    result = formulas.delta_hidden(W, np.array([1.0, 0.0, -1.0]), np.zeros(2))
    assert result.tolist() == [-1.0, -1.0]


def test_the_outer_product_is_h_j_delta_i() -> None:
    # δ hᵀ of δ = (2, −1) and h = (3, 4, 5): rows 2·(3, 4, 5) and −(3, 4, 5)
    result = formulas.gradient_W(np.array([2.0, -1.0]), np.array([3.0, 4.0, 5.0]))
    assert result.tolist() == [[6.0, 8.0, 10.0], [-3.0, -4.0, -5.0]]
