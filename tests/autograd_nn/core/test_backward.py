"""Laws of `gradients` and `backward`."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, no_grad
from autograd_nn.core.graph import topological_order
from autograd_nn.transforms.custom import custom


def leaf(data: Any, name: str = "x") -> Any:
    """Return a leaf; typed Any, as NumPy types its functions' results as arrays."""
    return Tensor(np.asarray(data, dtype=float), requires_grad=True, name=name)


# -- purity ------------------------------------------------------------------------------------


def test_gradients_touches_nothing() -> None:
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0], "w")
    z = x * w
    J = z.square().sum()
    nodes = topological_order([J])
    before = [(n.op, n.inputs, n.params, n.grad, n.name, n.numpy().tobytes()) for n in nodes]
    for create_graph in (False, True):
        gradients(J, [z, x, w], create_graph=create_graph)
        after = [(n.op, n.inputs, n.params, n.grad, n.name, n.numpy().tobytes()) for n in nodes]
        assert [a[0] for a in after] == [b[0] for b in before]
        assert all(a[1] is b[1] or a[1] == b[1] == () for a, b in zip(after, before, strict=True))
        assert [a[2:] for a in after] == [b[2:] for b in before]


def test_results_belong_to_the_caller() -> None:
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0], "y")
    seed = np.array([1.0, 5.0])
    gx, gy, gx_again = gradients(x + y, [x, y, x], seed)
    np.testing.assert_array_equal(gx, seed)
    gx[:] = 9.0
    np.testing.assert_array_equal(gy, [1.0, 5.0])
    np.testing.assert_array_equal(gx_again, [1.0, 5.0])
    np.testing.assert_array_equal(seed, [1.0, 5.0])
    np.testing.assert_array_equal(x.numpy(), [1.0, 2.0])


def test_results_are_writable_whatever_the_last_rule_returned() -> None:
    x = leaf(np.ones((2, 3)))
    for out in (x.sum(), x.mean(), x.T.sum(), x.reshape(6).sum(), x[0].sum(), (x * 1).sum()):
        (g,) = gradients(out, [x])
        g[0, 0] = 7.0
        assert np.sum(g == 7.0) == 1


def test_grads_of_leaves_share_no_memory() -> None:
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0], "y")
    (x + y).sum().backward()
    x.grad[0] = 9.0
    np.testing.assert_array_equal(y.grad, [1.0, 1.0])


def test_twice_the_same() -> None:
    x = leaf([0.3, 0.7])
    J = (np.tanh(x) * np.exp(x)).sum()
    (a,), (b,) = gradients(J, [x]), gradients(J, [x])
    np.testing.assert_array_equal(a, b)
    assert a is not b


# -- backward ------------------------------------------------------------------------------------


def test_backward_accumulates_and_may_be_called_twice() -> None:
    x = leaf(2.0)
    J = x * x * x
    J.backward()
    assert x.grad == 12.0
    J.backward()
    assert x.grad == 24.0
    (x * 5.0).backward()
    assert x.grad == 29.0
    x.zero_grad()
    assert x.grad is None


def test_backward_does_not_write_into_an_earlier_gradient() -> None:
    x = leaf([1.0, 2.0])
    x.sum().backward()
    first = x.grad
    x.sum().backward()
    np.testing.assert_array_equal(first, [1.0, 1.0])
    np.testing.assert_array_equal(x.grad, [2.0, 2.0])


def test_gradients_live_on_leaves_alone() -> None:
    x, c = leaf(2.0), Tensor(3.0)
    z = x * c
    (z * z).backward()
    assert z.grad is None
    assert c.grad is None
    assert x.grad == 36.0


def test_backward_with_a_seed() -> None:
    x = leaf([1.0, 2.0])
    (x * x).backward([1.0, 10.0])
    np.testing.assert_array_equal(x.grad, [2.0, 40.0])
    x.zero_grad()
    (x * x).backward(Tensor([1.0, 10.0]))
    np.testing.assert_array_equal(x.grad, [2.0, 40.0])


def test_one_element_of_any_shape_needs_no_seed() -> None:
    x = leaf([[3.0]])
    (x * x).backward()
    np.testing.assert_array_equal(x.grad, [[6.0]])


# -- what the graph is -------------------------------------------------------------------------


def test_x_times_x_has_two_edges() -> None:
    x = leaf(3.0)
    y = x * x
    assert len(y.inputs) == 2
    assert all(i is x for i in y.inputs)
    assert gradients(y, x)[0] == 6.0


def test_diamonds_are_summed_over_all_paths() -> None:
    x = leaf(1.5)
    a = np.sin(x)
    b, c = a * x, a + x
    J = b * c * a
    s, k, v = np.sin(1.5), np.cos(1.5), 1.5
    right = k * s * v * (s + v) + s * (k * v + s) * (s + v) + s * s * v * (k + 1)
    np.testing.assert_allclose(gradients(J, x)[0], right, rtol=1e-14)


def test_an_output_may_be_an_input_of_another() -> None:
    x = leaf(2.0)
    y = x * x
    z = y * x
    np.testing.assert_allclose(gradients([y, z], [x, y]), [4.0 + 12.0, 1.0 + 2.0])
    np.testing.assert_allclose(gradients([z, y], [y, x]), [3.0, 16.0])
    np.testing.assert_allclose(gradients([y, y], [x]), [8.0])
    np.testing.assert_allclose(gradients([y, z], [x], [10.0, None]), [40.0 + 12.0])


def test_with_respect_to_itself_and_to_strangers() -> None:
    x, stranger = leaf([1.0, 2.0]), leaf([[1.0]], "stranger")
    J = x.sum()
    one, zero = gradients(J, [J, stranger])
    assert one == 1.0
    np.testing.assert_array_equal(zero, [[0.0]])
    (zero_t,) = gradients(J, [stranger], create_graph=True)
    np.testing.assert_array_equal(zero_t.numpy(), [[0.0]])
    assert gradients([], [x])[0].tolist() == [0.0, 0.0]


def test_with_respect_to_a_result_does_not_go_past_it() -> None:
    calls: list[str] = []

    def counted(g: Any, out: Any, x: Any) -> Any:
        calls.append("rule")
        return g

    op = custom("counted_identity", lambda x: x + 0, counted)
    x = leaf(2.0)
    y = op(x)
    z = y * y
    assert gradients(z, [y]) == [4.0]
    assert calls == []
    assert gradients(z, [x, y]) == [4.0, 4.0]
    assert calls == ["rule"]


def test_leaves_need_no_requires_grad_for_gradients() -> None:
    x = Tensor(3.0)
    y = x * x
    assert gradients(y, x)[0] == 6.0
    assert not y.requires_grad


def test_deterministic_order() -> None:
    program = """
import numpy as np
from autograd_nn import Tensor, gradients
from autograd_nn.core.graph import topological_order
x, w = Tensor([1.0, 2.0], name="x"), Tensor([3.0, 4.0], name="w")
J = np.sum(np.sin(x * w) + x / w - np.exp(x) * w)
g, h = gradients(J, [x, w], create_graph=True)
for n in topological_order([J, g, h]):
    print(n.op.name if n.op else "-", n.name, [i.op.name if i.op else i.name for i in n.inputs])
"""
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(texts) == 1
    assert "multiply" in texts.pop()


def test_inputs_come_before_what_is_made_of_them() -> None:
    x = leaf(1.0)
    a = x + 1
    b = a * x
    c = b - a
    order = topological_order([c])
    place = {node: i for i, node in enumerate(order)}
    assert len(order) == len(place)
    for node in order:
        assert all(place[i] < place[node] for i in node.inputs)


# -- higher orders -------------------------------------------------------------------------------


def test_to_any_order() -> None:
    x = leaf(0.7)
    y = np.sin(x)
    expected = [np.cos(0.7), -np.sin(0.7), -np.cos(0.7), np.sin(0.7)] * 2
    for right in expected:
        (y,) = gradients(y, [x], create_graph=True)
        np.testing.assert_allclose(y.numpy(), right, rtol=1e-12)


def test_mixed_derivatives_commute() -> None:
    x, y = leaf(0.3), leaf(0.8, "y")
    f = np.exp(x * y) * np.sin(y)
    (fx,), (fy,) = gradients(f, x, create_graph=True), gradients(f, y, create_graph=True)
    np.testing.assert_allclose(gradients(fx, y)[0], gradients(fy, x)[0], rtol=1e-12)


def test_recorded_gradients_flow_back_into_leaves() -> None:
    x = leaf([1.0, 2.0])
    (g,) = gradients((x**3).sum(), [x], create_graph=True)
    np.sum(g * g).backward()
    np.testing.assert_allclose(x.grad, 2 * (3 * x.data**2) * 6 * x.data)


def test_the_seed_is_part_of_the_recorded_graph() -> None:
    x, v = leaf([1.0, 2.0]), leaf([5.0, 7.0], "v")
    (g,) = gradients(x * x, [x], v, create_graph=True)
    np.testing.assert_array_equal(gradients(g, [v], np.ones(2))[0], [2.0, 4.0])


def test_create_graph_under_no_grad_gives_the_numbers() -> None:
    x = leaf(3.0)
    y = x * x
    with no_grad():
        (g,) = gradients(y, [x], create_graph=True)
    assert float(g) == 6.0


# -- reassigned and changed leaves -----------------------------------------------------------------


def assign(x: Tensor) -> None:
    x.data = np.array([5.0, 6.0])


def subtract(x: Tensor) -> None:
    x.data -= 1.0


def scale(x: Tensor) -> None:
    x.data *= 2.0


@pytest.mark.parametrize("change", [assign, subtract, scale])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_reassigned_leaf_raises(change: Any, create_graph: bool) -> None:
    x = leaf([1.0, 2.0], "W1")
    J = (x * x).sum()
    change(x)
    how = "assigned" if change is assign else "written into"
    with pytest.raises(RuntimeError, match=rf"'W1' was {how} after an operation had"):
        gradients(J, [x], create_graph=create_graph)
    with pytest.raises(RuntimeError, match="Run the forward pass again"):
        J.backward()
    assert x.grad is None
    x = leaf(x.data)
    (x * x).sum().backward()
    np.testing.assert_allclose(x.grad, 2 * x.data)


def test_a_reassigned_constant_raises_too() -> None:
    x, c = leaf([1.0, 2.0]), Tensor([3.0, 4.0], name="c")
    J = (x * c).sum()
    c.data = np.array([0.0, 0.0])
    with pytest.raises(RuntimeError, match="'c'"):
        J.backward()


def test_updates_after_backward_are_fine() -> None:
    x = leaf([1.0, 2.0])
    for _ in range(3):
        x.zero_grad()
        (x * x).sum().backward()
        x.data -= 0.25 * x.grad
    np.testing.assert_allclose(x.data, [0.125, 0.25])


def test_data_written_into_is_allowed_between_steps() -> None:
    x = leaf([1.0, 2.0])
    mine = x.data
    x.data[...] = [3.0, 4.0]
    assert x.data is mine
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [6.0, 8.0])


def test_data_assigned_from_a_result_can_be_written_into() -> None:
    x = leaf([1.0, 2.0])
    step = x * 2.0
    x.data = step.data
    x.data[...] = 0.0
    x.data -= 1.0
    np.testing.assert_array_equal(step.numpy(), [2.0, 4.0])
    np.testing.assert_array_equal(x.data, [-1.0, -1.0])


# -- dtypes ----------------------------------------------------------------------------------------


def test_cotangents_have_the_dtype_of_their_node() -> None:
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    y = Tensor(np.ones(3), requires_grad=True)
    z = x * y
    gx, gy, gz = gradients(z.sum(), [x, y, z])
    assert (gx.dtype, gy.dtype, gz.dtype) == (np.float32, np.float64, np.float64)
    tx, ty = gradients(z.sum(), [x, y], create_graph=True)
    assert (tx.dtype, ty.dtype) == (np.float32, np.float64)


@pytest.mark.parametrize("seed", [np.ones(2), [1, 1], np.ones(2, np.float16), Tensor([1.0, 1.0])])
def test_the_seed_takes_the_dtype_of_its_output(seed: Any) -> None:
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    assert gradients(x * 2.0, [x], seed)[0].dtype == np.float32


def test_python_numbers_are_weak() -> None:
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    y = ((2.0 * x + 1) / 3 - 0.5) ** 2
    assert y.dtype == np.float32
    assert gradients(y.sum(), [x])[0].dtype == np.float32
    assert gradients(y.sum(), [x], create_graph=True)[0].dtype == np.float32


def test_nothing_flows_through_integers() -> None:
    x = leaf([1.5, 2.5])
    whole = x.astype(int)
    assert not whole.requires_grad
    assert not (whole * 2.0).requires_grad
    for create_graph in (False, True):
        (g,) = gradients((whole * 2.5 + x).sum(), [x], create_graph=create_graph)
        np.testing.assert_array_equal(g.numpy() if create_graph else g, [1.0, 1.0])
    (g,) = gradients((x * (x > 2.0)).sum(), [x])
    np.testing.assert_array_equal(g, [0.0, 1.0])


def test_a_leaf_made_integer_behind_the_back_raises() -> None:
    i = Tensor([1, 2], name="i")
    i.requires_grad = True
    with pytest.raises(TypeError, match="float"):
        (i * 2.0).sum().backward()


# -- rules are checked ----------------------------------------------------------------------------


def test_a_rule_of_the_wrong_shape_is_found_out() -> None:
    wrong = custom("wrong_shape", lambda x: x * 2, lambda g, out, x: g[:1])
    x = leaf([1.0, 2.0])
    with pytest.raises(AssertionError, match=r"'wrong_shape'.*\(1,\).*'x'.*\(2,\)"):
        gradients(wrong(x).sum(), [x])


def test_a_broadcast_cotangent_of_a_custom_operation_is_summed() -> None:
    plus = custom("plus", lambda a, b: a + b, lambda g, out, a, b: g, lambda g, out, a, b: g,
                  broadcasts=True)  # fmt: skip
    a, b = leaf(np.ones((2, 3)), "a"), leaf(np.ones((3,)), "b")
    np.testing.assert_array_equal(gradients(plus(a, b).sum(), [b])[0], [2.0, 2.0, 2.0])


def test_a_name_cannot_be_registered_twice() -> None:
    custom("registered_once", lambda x: x)
    with pytest.raises(ValueError, match="'registered_once' is registered already"):
        custom("registered_once", lambda x: x)


def test_an_output_without_history_is_refused() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    with no_grad():
        J = x.sum()
    with pytest.raises(ValueError, match=r"outputs\[0\].*not recorded.*no_grad"):
        gradients(J, [x])
    with pytest.raises(ValueError, match="not recorded"):
        gradients((x * x).sum().detach(), [x])
    plain = Tensor(2.0)
    assert gradients(plain, [plain]) == [1.0]
    other = Tensor(3.0, requires_grad=True)
    assert gradients(other, [x])[0].tolist() == [0, 0]  # a variable that does not depend on x
