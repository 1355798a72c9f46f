"""What names mean: the way they are spelt, and which tensors there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, sigmoid
from autograd_nn.core.op import REGISTRY
from autograd_nn.derivation import UnknownNameError, verify
from autograd_nn.derivation.draws import Draw, fresh, in_double
from autograd_nn.derivation.names import Environment, slope_of

from .networks import network


def chain(*names: str) -> Tensor:
    """Return a sum at the end of a chain of squares of these names."""
    node: Any = Tensor([[1.0, 2.0]], requires_grad=True, name=names[0])
    for name in names[1:]:
        node = np.square(node)
        node.name = name
    total: Tensor = node.sum()
    return total


def test_a_tensor_goes_before_a_gradient_and_a_gradient_before_nothing() -> None:
    environment = Environment(chain("ist", "dist", "z"))
    assert environment.meaning("dist") == (environment.named["dist"], False, 1)
    assert environment.meaning("d_ist") == (environment.named["ist"], True, 1)
    assert environment.meaning("d_dist") == (environment.named["dist"], True, 1)
    with pytest.raises(UnknownNameError, match="unknown name 'delta3'"):
        environment.meaning("delta3")


def test_a_name_that_two_tensors_bear_means_nothing_but_shadows_no_other() -> None:
    environment = Environment(chain("ist", "ist", "dist", "z2", "z2"))
    for text in ("ist", "d_ist", "delta2", "d_z2"):
        with pytest.raises(UnknownNameError, match="several tensors"):
            environment.meaning(text)
    assert environment.meaning("dist").node is environment.named["dist"]
    assert environment.known_names() == ["dist", "d_dist", "m"]


def test_an_explanation_passes_over_names_that_two_tensors_bear() -> None:
    J = chain("W1", "b1", "b1", "W2")
    report = verify(J, {"d_W1": lambda W1, W2: 4 * W2 * W1})
    assert not report.ok
    assert str(report)


@pytest.mark.parametrize(
    ("op", "counts"),
    [
        (sigmoid, True), (np.tanh, True), (np.exp, True), (np.square, False), (np.positive, False),
        (np.negative, False), (np.linalg.inv, False), (np.transpose, False),
    ],
)  # fmt: skip
def test_an_activation_is_elementwise_and_bent(op, counts: bool) -> None:  # type: ignore[no-untyped-def]  # of rows
    z = Tensor([[0.3, 0.2], [0.1, 0.5]], requires_grad=True, name="z2")
    h = op(z)
    h.name = "h2"
    assert bool(Environment(h.sum()).activations) == counts


def test_the_slope_keeps_the_dtype_and_takes_integers() -> None:
    f_prime = slope_of(REGISTRY["tanh"])
    assert f_prime(np.array([0.5], dtype=np.float32)).dtype == np.float32
    assert f_prime(0) == 1.0


def test_draws_run_the_graph_again() -> None:
    J, tensors = network([2, 3, 1], 4, dtype=np.float32)
    environment = Environment(J)
    x = tensors["x"]
    again = Draw(environment, {x: 2 * x.numpy()})
    assert np.array_equal(again["x"], 2 * x.numpy())
    assert not np.array_equal(again["z2"], Draw(environment)["z2"])
    assert in_double(environment)["z2"].dtype == np.float64
    one, other = fresh(environment, 2)
    assert not np.array_equal(one["W1"], other["W1"])
