"""A node: its weighted inputs, their sum with the bias, and the activation of that."""

from xml.etree import ElementTree

import numpy as np
import pytest

from autograd_nn import Tensor, draw, gradients, sigmoid

pytestmark = pytest.mark.section_2_2


def test_a_node_as_a_graph_with_its_gradients() -> None:
    x = [Tensor(v, name=f"x{i}") for i, v in enumerate([1.5, 2.0, 3.0], 1)]
    w = [Tensor(v, requires_grad=True, name=f"w{i}") for i, v in enumerate([0.2, -0.4, 0.6], 1)]
    b = Tensor(-0.8, requires_grad=True, name="b")
    z = x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + b
    h = sigmoid(z)
    z.name, h.name = "z", "h"

    # z = 1.5·0.2 + 2·(−0.4) + 3·0.6 − 0.8 = 0.3 − 0.8 + 1.8 − 0.8 = 0.5
    assert z.item() == pytest.approx(0.5, rel=1e-14)
    # h = 1/(1 + exp(−0.5)) = 0.62246, f′ = 0.62246 · 0.37754 = 0.23500
    assert h.item() == pytest.approx(0.62246, abs=5e-6)
    slope = h.item() * (1 - h.item())
    assert slope == pytest.approx(0.23500, abs=5e-6)

    # ∂h/∂w_i = f′(z) x_i, ∂h/∂b = f′(z), ∂h/∂x_i = f′(z) w_i
    np.testing.assert_allclose(gradients(h, w), [1.5 * slope, 2 * slope, 3 * slope], rtol=1e-14)
    np.testing.assert_allclose(gradients(h, b), [slope], rtol=1e-14)
    np.testing.assert_allclose(
        gradients(h, x), [0.2 * slope, -0.4 * slope, 0.6 * slope], rtol=1e-14
    )


def test_a_node_is_drawn_with_its_names() -> None:
    x, w, b = Tensor(1.5, name="x1"), Tensor(0.2, name="w1"), Tensor(0.8, name="b")
    z = x * w + b
    h = sigmoid(z)
    z.name, h.name = "z", "h"
    picture = ElementTree.fromstring(draw(h).pipe(format="svg"))  # noqa: S314 - our own picture
    words = [(t.text or "").strip() for t in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"x", "w", "b", "z", "h", "sigmoid"} <= set(words)
    edges = [g for g in picture.iter("{http://www.w3.org/2000/svg}g") if g.get("class") == "edge"]
    assert len(edges) == 5  # x and w into the product, it and b into z, z into h
