"""Nested arguments: what counts as a container, and how leaves are named."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np

from autograd_nn import grad, value_and_grad
from autograd_nn.transforms.containers import flatten, leaf_names, tree_map, unflatten


class Layer(NamedTuple):
    W: Any
    b: Any


@dataclasses.dataclass(frozen=True)
class Net:
    layers: list[Layer]
    scale: Any
    activation: str = dataclasses.field(default="tanh", metadata={"static": True})

    def __post_init__(self) -> None:
        assert isinstance(self.scale, float)


def test_leaves_come_back_in_their_containers() -> None:
    tree = {"b": [1.0, (2.0, None)], "a": Layer(3.0, [])}
    leaves, structure = flatten(tree)
    assert unflatten(structure, leaves) == tree
    assert tree_map(lambda x: 2 * x, tree) == {"b": [2.0, (4.0, None)], "a": Layer(6.0, [])}
    assert flatten(1.0) == ([1.0], None)


def test_leaves_are_named_as_python_reaches_them() -> None:
    net = Net([Layer(1.0, 2.0)], 3.0)
    _, structure = flatten({"net": net})
    assert leaf_names(structure, "args[0]") == [
        "args[0]['net'].layers[0].W",
        "args[0]['net'].layers[0].b",
        "args[0]['net'].scale",
    ]


def test_gradients_have_the_classes_of_the_arguments() -> None:
    net = Net([Layer(np.array([[1.0, 2.0]]), np.array([0.5]))], 3.0)

    def f(net: Net, x: Any) -> Any:
        assert net.activation == "tanh"
        return np.sum(np.tanh(net.layers[0].W @ x + net.layers[0].b)) * net.scale

    value, g = value_and_grad(f)(net, np.array([0.1, 0.2]))
    assert isinstance(g, Net)
    assert isinstance(g.layers[0], Layer)
    assert g.activation == "tanh"
    np.testing.assert_allclose(g.scale, value / 3.0)
    slope = 3 * (1 - np.tanh(1.0) ** 2)
    np.testing.assert_allclose(g.layers[0].b, [slope])
    np.testing.assert_allclose(g.layers[0].W, [[0.1 * slope, 0.2 * slope]])


def test_second_derivatives_through_dataclasses() -> None:
    def f(net: Net) -> Any:
        return net.scale**3

    assert grad(lambda net: grad(f)(net).scale)(Net([], 2.0)).scale == 12.0


def test_optree_is_not_imported_before_a_container_is_met() -> None:
    code = (
        "import sys; from autograd_nn import grad; grad(lambda x: x * x)(1.0); "
        "assert 'optree' not in sys.modules; grad(lambda p: p['x'])({'x': 1.0}); "
        "assert 'optree' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
