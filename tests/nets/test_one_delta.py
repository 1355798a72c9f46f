"""One δ: what programs and pictures call a gradient, `verify` calls by the same name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, draw, explore, grad, gradients, jit, sigmoid, verify
from nets import Network

Cost = Callable[[Any, Any], Any]

COSTS: dict[str, Cost] = {
    "mean of sums": lambda y, h: 0.5 * np.square(y - h).sum(axis=0).mean(),
    "mean of all": lambda y, h: np.square(y - h).mean(),
    "sum": lambda y, h: 0.5 * np.square(y - h).sum(),
    "sum over m": lambda y, h: 0.5 * np.square(h - y).sum() / y.shape[1],
    "cross-entropy": lambda y, h: (-y * np.log(h) - (1 - y) * np.log(1 - h)).sum(axis=0).mean(),
    "minus a mean": lambda y, h: -(y * np.log(h)).sum(axis=0).mean(),
}
SAMPLES = [1, 2, 5, 49]  # 1/49 times 49 is not 1


def _record(cost: Cost, p: Any, x: Any, y: Any, decay: float, skip: bool) -> Any:
    h = x
    for l in (1, 2, 3):
        z = p[f"W{l}"] @ h + p[f"b{l}"]
        before, h = h, sigmoid(z)
        z.name, h.name = f"z{l + 1}", f"h{l + 1}"
        if skip and l == 2:
            h = h + before
    J = cost(y, h)
    if decay:
        J = J + decay * sum((p[f"W{l}"] ** 2).sum() for l in (1, 2, 3))
    J.name = "J"
    return J


def _example(m: int, dtype: str = "float64") -> tuple[dict[str, Any], Any, Any]:
    rng = np.random.default_rng(m)
    net = Network([3, 4, 4, 2], seed=m, dtype=dtype)
    return net.parameters(), rng.normal(size=(3, m)).astype(dtype), rng.random((2, m)).astype(dtype)


def _graph(cost: Cost, m: int, decay: float = 0.0, skip: bool = False) -> Tensor:
    parameters, x, y = _example(m)
    leaves = {k: Tensor(v, requires_grad=True, name=k) for k, v in parameters.items()}
    J: Tensor = _record(cost, leaves, Tensor(x, name="x"), Tensor(y, name="y"), decay, skip)
    return J


def _locals_of(text: str, *args: Any) -> dict[str, Any]:
    """Return every name of a printed program with its value in a run."""
    kept: dict[str, Any] = {}
    space: dict[str, Any] = {"np": np, "KEPT": kept}
    exec(re.sub(r"\n    return", "\n    KEPT.update(locals())\n    return", text), space)  # noqa: S102 - it is ours
    space[re.findall(r"^def (\w+)", text, re.MULTILINE)[-1]](*args)
    return kept


def _gradients_in(kept: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in kept.items() if re.fullmatch(r"d[Wbhz]\d|delta\d", k)}


@pytest.mark.parametrize("m", SAMPLES)
@pytest.mark.parametrize("kind", COSTS)
@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("skip", [False, True])
def test_names_of_gradients_in_a_program_are_judged_right(
    kind: str, m: int, decay: float, skip: bool
) -> None:
    parameters, x, y = _example(m)

    def slopes(p: Any, x: Any, y: Any) -> Any:
        return grad(lambda p: _record(COSTS[kind], p, x, y, decay, skip))(p)

    J = _graph(COSTS[kind], m, decay, skip)
    for style in ("readable", "source"):
        program = jit(slopes).lower(parameters, x, y)
        if style == "source":  # its buffers are written into again: read as text only
            assert m == 1 or kind == "sum" or not re.search(r"\bdelta\d", program.source)
            continue
        named = _gradients_in(_locals_of(program.readable, parameters, x, y))
        assert named.keys() >= {"dW1", "dW2", "dW3"}
        nodes = {node.name: node for node in _nodes(J)}
        for name, value in named.items():
            (right,) = gradients(J, [nodes[name.removeprefix("d").replace("elta", "z")]])
            own = m if name.startswith("delta") and kind != "sum" else 1
            np.testing.assert_allclose(value, own * right, rtol=1e-9, err_msg=program.readable)
            if not decay:
                assert verify(J, {name: value}).ok, program.readable


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("m", SAMPLES)
def test_the_network_s_program_reads_as_the_document_does(m: int, dtype: str) -> None:
    net = Network([3, 4, 2], seed=0, dtype=dtype)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, m)).astype(dtype), rng.random((2, m)).astype(dtype)

    def slopes(p: Any, x: Any, y: Any) -> Any:
        return grad(lambda p: net.record(p, x, y)["J"])(p)

    text = jit(slopes).lower(net.parameters(), x, y).readable
    kept = _locals_of(text, net.parameters(), x, y)
    for layer, delta in net.deltas(x, y).items():
        assert kept[f"delta{layer}"].dtype == dtype
        np.testing.assert_allclose(kept[f"delta{layer}"], delta, rtol=1e-5)
    assert ("dW1 = (delta2 @ x.T) / " in text) == (m > 1)
    assert not re.search(r"\bdz\d", text)


@pytest.mark.parametrize("m", SAMPLES)
@pytest.mark.parametrize("kind", COSTS)
def test_pictures_and_pages_say_delta_of_each_sample_s_own(kind: str, m: int) -> None:
    J = _graph(COSTS[kind], m)
    own = m == 1 or (kind == "sum" and m > 2)  # half the sum of two may be their mean: no δ
    page = explore(J).html
    assert ("Backward:\\u003c/span\\u003e δ⁽³⁾" in page) == own
    assert ("Backward:\\u003c/span\\u003e ∂J/∂z⁽³⁾" in page) == (not own)
    assert ("δ" in draw(J, gradients=True).source) == own


@pytest.mark.parametrize("m", SAMPLES)
def test_recorded_backward_graphs_say_delta_of_one_sample(m: int) -> None:
    J = _graph(COSTS["mean of sums"], m)
    nodes = {node.name: node for node in _nodes(J)}
    (dW1,) = gradients(J, [nodes["W1"]], create_graph=True)
    names = {node.name for node in _nodes(dW1)}
    assert ("delta3" in names) == (m == 1)
    assert ("dz3" in names) == (m > 1)


def test_several_networks_in_one_cost_have_no_delta() -> None:
    costs = [_graph(COSTS["sum"], 1) for _ in range(3)]
    J = (costs[0] + costs[1] + costs[2]) / 3
    J.name = "J"
    assert "δ" not in draw(J, gradients=True).source


def _nodes(J: Tensor) -> list[Tensor]:
    found, todo = [], [J]
    while todo:
        node = todo.pop()
        found.append(node)
        todo += node.inputs
    return found
