"""The document's misprints: the printed form fails against the graph, the right one passes."""

import numpy as np
import pytest

from autograd_nn import gradients
from nets import formulas, verify

from .example import X, example, random_network, shown

pytestmark = pytest.mark.errata


@pytest.mark.section_2_5
def test_2_5_w_ji_should_be_w_ij() -> None:
    # from node j = 1 of layer 1 to node i = 2 of layer 2, the weight is w_21
    net, x, _ = random_network([3, 3, 1])
    z, _ = net.layers(x)
    i, j = 1, 0
    W1 = z[2].inputs[0].inputs[0]
    assert W1.name == "W1"
    of_the_weight = gradients(z[2][i, 0], [W1])[0]
    assert of_the_weight[i, j] == x[j]  # w_ij carries x_j into node i
    assert of_the_weight[j, i] == 0  # w_ji goes elsewhere


@pytest.mark.section_3
def test_3_the_last_node_takes_the_outputs_of_layer_2() -> None:
    # printed: h_1^(1), h_2^(2), h_3^(3); right: h_1^(2), h_2^(2), h_3^(2)
    net = example()
    _, h = net.layers(X)
    assert h[3].shape == (1, 1)
    with pytest.raises(IndexError):  # layer 3 has no third node
        h[3].numpy()[2, 0]
    w, b = net.W[2][0], net.b[2][0, 0]
    h1, h2 = h[1].numpy()[:, 0], h[2].numpy()[:, 0]
    right = formulas.f(w[0] * h2[0] + w[1] * h2[1] + w[2] * h2[2] + b)
    assert shown(right) == [0.8354]
    assert right == pytest.approx(h[3].item(), rel=1e-14)
    # with the input h_1^(1) = x_1 alone put right, it is another number already
    printed = formulas.f(w[0] * h1[0] + w[1] * h2[1] + w[2] * h2[2] + b)
    assert shown(printed) != [0.8354]


@pytest.mark.section_3_4
def test_3_4_the_sum_runs_over_x_j_and_takes_the_row_of_the_node() -> None:
    net, x, _ = random_network([3, 4, 1])
    z = net.layers(x)[0][2].numpy()[:, 0]
    W, b = net.W[1], net.b[1][:, 0]
    for i in range(4):
        right = sum(W[i, j] * x[j] for j in range(3)) + b[i]
        assert right == pytest.approx(z[i], rel=1e-13)
        if i < 3:  # x_i with i for the node: there is no x_4 at all
            printed = sum(W[i, j] * x[i] for j in range(3)) + b[i]
            assert abs(printed - z[i]) > 0.01
    # z_1 is written with a row i that stands for no number; it is row 1
    others = [sum(W[i, j] * x[j] for j in range(3)) + b[0] for i in (1, 2, 3)]
    assert np.abs(np.array(others) - z[0]).min() > 0.01


@pytest.mark.section_4_5
def test_4_5_the_derivative_by_w_12_of_layer_2_is_of_weights_of_layer_2() -> None:
    net, x, y = random_network([3, 3, 1])
    nodes = net.graph(x, y)
    W1, W2, h2 = nodes["W1"], nodes["W2"], nodes["h2"]
    # printed: the sum with w^(1) and b^(1), which w_12^(2) is no part of
    printed = W1[0, 0] * h2[0] + W1[0, 1] * h2[1] + W1[0, 2] * h2[2] + nodes["b1"][0]
    assert gradients(printed, [W2])[0][0, 1] == 0
    # right: the sum with w^(2) and b^(2)
    right = W2[0, 0] * h2[0] + W2[0, 1] * h2[1] + W2[0, 2] * h2[2] + nodes["b2"][0]
    assert right.item() == pytest.approx(nodes["z3"].item(), rel=1e-14)
    assert gradients(right, [W2])[0][0, 1] == h2.numpy()[1, 0]
    assert abs(printed.item() - right.item()) > 0.01


@pytest.mark.section_4_5
def test_4_5_the_weighted_input_of_the_output_layer_is_z_3() -> None:
    net, x, _ = random_network([3, 1, 1])
    z, h = net.layers(x)
    assert h[3].inputs == (z[3],)  # right: h_1^(3) = f(z_1^(3))
    assert h[2].inputs == (z[2],)
    assert abs(formulas.f(z[2].item()) - h[3].item()) > 0.01  # printed: f(z_1^(2))


@pytest.mark.section_4_6
@pytest.mark.parametrize("structure", [[3, 3, 1], [3, 1, 1]])
def test_4_6_figure_11_lacks_f_prime(structure: list[int]) -> None:
    net, x, y = random_network(structure)
    printed = {"delta2": lambda W2, delta3: W2.T @ delta3}
    right = {"delta2": lambda W2, delta3, z2, f_prime: (W2.T @ delta3) * f_prime(z2)}
    assert verify(net, x, y, right).ok
    report = verify(net, x, y, printed)
    assert [line.name for line in report.failures] == ["delta2"]
    explanation = report.failures[0].explanations[0].words
    assert "f′(z2)" in explanation
    assert "missing" in explanation


@pytest.mark.section_4_6
def test_4_6_figure_12_takes_f_prime_at_the_node_itself() -> None:
    # printed: Σ_i w_i1 δ_i f′(z_i), the index of the sum; right: (Σ_i w_i1 δ_i) f′(z_1)
    net, x, y = random_network([3, 3, 3])
    z = formulas.feed_forward(net.W, net.b, x)[0]
    W2, delta3, slope = net.W[2], net.deltas(x, y)[3][:, 0], formulas.f_prime(z[2])
    nodes = net.graph(x, y)
    true = gradients(nodes["J"], [nodes["z2"]])[0][0, 0]
    right = sum(W2[i, 0] * delta3[i] for i in range(3)) * slope[0]
    printed = sum(W2[i, 0] * delta3[i] * slope[i] for i in range(3))
    assert right == pytest.approx(true, rel=1e-12)
    assert abs(printed - true) > 1e-3 * abs(true)
