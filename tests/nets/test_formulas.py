"""The formulas by hand, against numbers worked out; `test_verification` has the gradients."""

import ast
import inspect

import numpy as np

from nets import formulas


def test_nothing_of_the_engine_is_used() -> None:
    imported = set()
    for node in ast.walk(ast.parse(inspect.getsource(formulas))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or ".")
    assert {name.partition(".")[0] for name in imported} == {
        "__future__", "collections", "numpy", "typing",
    }  # fmt: skip


def test_a_network_of_one_node_with_numbers() -> None:
    # w = 0, b = 0, x = 3, y = 1: z = 0, h = ½, f′ = ¼, J = ½ (1 − ½)² = ⅛
    # δ = −(1 − ½) ¼ = −⅛; ∂J/∂w = x δ = −⅜; ∂J/∂b = δ = −⅛
    W, b = {1: np.zeros((1, 1))}, {1: np.zeros((1, 1))}
    for x, y in ((np.array([3.0]), np.array([1.0])), (np.array([[3.0]]), np.array([[1.0]]))):
        delta, dW, db = formulas.backpropagation(W, b, x, y)
        assert delta[2].ravel().tolist() == [-0.125]
        assert dW[1].tolist() == [[-0.375]]
        assert db[1].tolist() == [[-0.125]]
        assert formulas.cost(y, formulas.feed_forward(W, b, x)[1][2]) == 0.125


def test_gradients_of_a_batch_are_means() -> None:
    delta, h = np.array([[1.0, 3.0], [0.0, -2.0]]), np.array([[1.0, 1.0], [2.0, 4.0]])
    # (1/2) δ hᵀ: ((1·1 + 3·1, 1·2 + 3·4), (−2·1, −2·4)) / 2; means of the rows 2 and −1
    assert formulas.gradient_W(delta, h).tolist() == [[2.0, 7.0], [-1.0, -4.0]]
    assert formulas.gradient_b(delta).tolist() == [[2.0], [-1.0]]


def test_feed_forward_adds_the_biases() -> None:
    W, b = {1: np.array([[1.0, 2.0]])}, {1: np.array([[0.5]])}
    x = np.array([[1.0, -1.0], [3.0, 0.0]])
    # 1·1 + 2·3 + ½ = 7½; −1 + 0 + ½ = −½
    z, h = formulas.feed_forward(W, b, x, lambda z: 2 * z)
    assert (z[2].tolist(), h[2].tolist()) == ([[7.5, -0.5]], [[15.0, -1.0]])
    z, h = formulas.feed_forward(W, b, x[:, 0], lambda z: 2 * z)
    assert (z[2].tolist(), h[2].tolist()) == ([7.5], [15.0])
