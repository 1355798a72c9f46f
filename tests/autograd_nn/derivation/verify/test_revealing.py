"""Checks that know when they could not have revealed a mistake."""

from __future__ import annotations

import numpy as np

from autograd_nn import Tensor, gradients, verify

from ..networks import network
from .planted import formula


def hidden_layer(
    W2: np.ndarray, m: int = 4, activation: str = "sigmoid", scale: float = 1.0
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the cost of a network whose last weights are given."""
    rng = np.random.default_rng(0)
    n = W2.shape[1]
    t = {
        "x": Tensor(rng.random((n, m)), name="x"),
        "y": Tensor(rng.normal(size=(W2.shape[0], m)), name="y"),
        "W1": Tensor(rng.random((n, n)) * scale, name="W1"),
        "W2": Tensor(W2, name="W2"),
    }
    z2 = t["W1"] @ t["x"]
    h2 = getattr(z2, activation)()
    z3 = t["W2"] @ h2
    h3 = z3.sigmoid()
    J = 0.5 * (t["y"] - h3).square().sum(axis=0).mean()
    for name, tensor in (("z2", z2), ("h2", h2), ("z3", z3), ("h3", h3), ("J", J)):
        tensor.name = name
        t[name] = tensor
    return J, t


def warnings_on_array(J: Tensor, t: dict[str, Tensor], name: str) -> str:
    """Return the warnings where the right gradient is claimed as an array."""
    report = verify(J, {f"d_{name}": gradients(J, t[name])[0]})
    assert report.ok
    return "\n".join(report.warnings)


def test_good_inputs_give_no_warning() -> None:
    J, t = hidden_layer(np.random.default_rng(1).normal(size=(3, 4)))
    for name in ("z3", "h2", "z2", "W1", "W2"):
        assert warnings_on_array(J, t, name) == ""
    J, _ = network([4, 3, 2], 5)
    report = verify(J, {"delta3": formula("-(y - h3) * h3 * (1 - h3)")})
    assert report.warnings == []


def test_one_sample_hides_a_factor_m() -> None:
    J, t = hidden_layer(np.random.default_rng(1).normal(size=(3, 4)), m=1)
    assert "a factor m or 1/m" in warnings_on_array(J, t, "W1")


def test_a_symmetric_matrix_hides_a_transpose() -> None:
    W2 = np.random.default_rng(1).normal(size=(3, 3))
    assert "transposed" not in warnings_on_array(*hidden_layer(W2), "h2")
    said = warnings_on_array(*hidden_layer(W2 + W2.T), "h2")
    assert "'transposed' in d_h2" in said
    assert "W2 @ delta3" in said


def test_random_draws_reveal_what_the_given_values_hide() -> None:
    W2 = np.random.default_rng(1).normal(size=(3, 3))
    J, _ = hidden_layer(W2 + W2.T)
    (warning,) = verify(J, {"d_h2": formula("W2.T @ d_z3")}).warnings
    assert warning.endswith("the random draws would")
    assert (
        verify(J, {"d_h2": formula("W2 @ d_z3")}).failures[0].explanations[0].kind == "transposed"
    )


def test_a_zero_residual_hides_everything() -> None:
    J, t = hidden_layer(np.random.default_rng(1).normal(size=(3, 4)))
    t["y"].data = t["h3"].data
    z2 = t["W1"] @ t["x"]
    h3 = (t["W2"] @ z2.sigmoid()).sigmoid()
    J = (t["y"] - h3).square().sum()
    assert "would reveal nothing about d_W1: the gradient is 0" in warnings_on_array(J, t, "W1")


def test_a_constant_slope_hides_a_missing_one() -> None:
    W2 = np.random.default_rng(1).normal(size=(3, 4))
    said = warnings_on_array(*hidden_layer(W2, activation="relu"), "z2")
    assert "'f′ missing' in d_z2" in said


def test_equal_activations_hide_a_wrong_layer() -> None:
    J, t = hidden_layer(np.eye(4))
    t["x"].data = np.full((4, 4), 0.5)
    t["W1"].data = np.zeros((4, 4))
    z2 = t["W1"] @ t["x"]
    h2 = z2.sigmoid()
    z3 = t["W2"] @ h2
    h3 = z3.sigmoid()
    J = (t["y"] - h3).square().sum()
    for name, tensor in (("z2", z2), ("h2", h2), ("z3", z3), ("h3", h3)):
        tensor.name = name
        t[name] = tensor
    assert "gives the same" in warnings_on_array(J, t, "W2")  # x and h2 are both one half


def test_one_output_node_hides_an_elementwise_product() -> None:
    J, _ = network([3, 4, 1], 1)
    said = "\n".join(verify(J, {"delta2": formula("(W2.T @ delta3) * f_prime(z2)")}).warnings)
    assert "the structure would not reveal '* for @' in delta2" in said


def test_nothing_is_warned_of_where_something_is_wrong() -> None:
    J, _ = network([3, 4, 1], 1)
    assert verify(J, {"delta2": formula("W2.T @ delta3")}).warnings == []
