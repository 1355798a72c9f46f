"""check_grads: it passes what is right, catches what is wrong, and says what it cannot tell."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd_nn import (
    Tensor,
    UndecidedWarning,
    check_grads,
    custom,
    custom_vjp,
    gradients,
    no_grad,
    relu,
    sigmoid,
    softmax,
)
from autograd_nn.core import op

from ..harness import Row, sample
from ..rows import ROWS

RNG = np.random.default_rng(3)
W = RNG.normal(size=(3, 4))
S = RNG.normal(size=(3, 3))
X = RNG.normal(size=4)


@pytest.fixture(autouse=True)
def _own_operations() -> Iterator[None]:
    """Take the operations that a test registers out of the registry again."""
    before = set(op.REGISTRY)
    yield
    for name in set(op.REGISTRY) - before:
        del op.REGISTRY[name]


class Layer(NamedTuple):
    W: Any
    b: Any


# -- right rules pass -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_gradients_of_a_network_pass(dtype: type) -> None:
    def cost(layers: list[Layer], x: Any, y: Any) -> Any:
        for layer in layers:
            x = sigmoid(layer.W @ x + layer.b)
        return 0.5 * np.mean(np.sum((y - x) ** 2, axis=0))

    shapes = [(5, 4), (3, 5)]
    layers = [
        Layer(RNG.normal(size=s).astype(dtype), RNG.normal(size=(s[0], 1)).astype(dtype))
        for s in shapes
    ]
    x: Any = RNG.normal(size=(4, 7)).astype(dtype)
    y: Any = np.eye(3, 7, dtype=dtype)
    report = check_grads(cost, (layers, x, y))
    assert report.ok
    assert not report.undecided
    assert [c.input for c in report.comparisons[:3]] == [
        "layers[0].W", "layers[0].b", "layers[1].W",
    ]  # fmt: skip
    assert len(report.comparisons) == 2 * 6
    if dtype is np.float64:
        assert max(c.relative_error for c in report.comparisons) < 1e-8


@pytest.mark.parametrize(
    "f",
    [
        np.exp, np.tanh, sigmoid, softmax, lambda x: x**3, lambda x: np.log(x * x + 1),
        lambda x: x[::-1] / (1 + x**2), lambda x: {"a": np.outer(X, X) @ x, "b": [np.sum(x)]},
        lambda x: 1e8 * x, lambda x: 1e-8 * x, lambda x: np.sum(x) * 0 + 3.0, lambda x: x * 0,
        lambda x: np.where(x > 0, x, 2 * x), np.max, lambda x: np.abs(x) ** 1.5,
        lambda x: 1e6 + x * x, lambda x: sigmoid(200 * x), lambda x: np.log(np.abs(x)),
    ],
)  # fmt: skip
def test_right_rules_pass_at_any_scale(f: Any) -> None:
    for scale in (1e-6, 1.0, 1e3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndecidedWarning)
            assert check_grads(f, scale * X, order=2).ok


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_derivatives_that_are_zero_by_cancellation_pass(dtype: type) -> None:
    pair: Any = np.array([[0.3, -1.2, 0.7], [1.4, 0.2, -0.6]], dtype=dtype)
    report = check_grads(lambda x: np.std(x, axis=0), pair)  # |a − b|/2: no second derivative
    assert report.ok
    assert not report.undecided


def test_functions_that_take_gradients_themselves() -> None:
    def slope(x: Any) -> Any:
        node = np.sin(x) * x
        return gradients(node, [x], np.ones(4), create_graph=True)[0]

    with no_grad():
        assert check_grads(slope, X).ok


def test_orders_beyond_two() -> None:
    report = check_grads(lambda x: np.sum(np.exp(x) * x), X, order=4)
    assert [c.order for c in report.comparisons] == [1, 2, 3, 4]


def test_only_float_leaves_are_varied_and_argnums_chooses() -> None:
    def f(x: Any, index: Any, mode: str, y: Any) -> Any:
        assert mode == "rows"
        return x[index] * y

    arguments = (X, np.array([0, 2]), "rows", 2.0)
    assert [c.input for c in check_grads(f, arguments, 1).comparisons] == ["x", "y"]
    assert [c.input for c in check_grads(f, arguments, 1, argnums=3).comparisons] == ["y"]


def test_the_check_works_under_no_grad_and_on_tensors() -> None:
    with no_grad():
        assert check_grads(np.exp, (Tensor(X, name="x"),)).ok


# -- wrong rules fail -----------------------------------------------------------------------------


def caught(f: Any, *args: Any, order: int = 2) -> str:
    with pytest.raises(AssertionError, match="wrong") as info:
        check_grads(f, args, order)
    return str(info.value)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_factor_of_1_001_is_caught_and_its_rule_named(dtype: type) -> None:
    product = custom(
        "wrong_product",
        lambda a, b: a @ b,
        lambda g, out, a, b: np.outer(g, b),
        lambda g, out, a, b: 1.001 * (g @ a),
    )
    w: Any = W.astype(dtype)
    x: Any = X.astype(dtype)
    text = caught(lambda w, x: np.sum(np.tanh(product(w, x))), w, x)
    assert "the vjp rule of 'wrong_product' is wrong for operand 1" in text
    ratio = float(text.rpartition("exact / differences = ")[2].split()[0])
    assert ratio == pytest.approx(1.001, abs=2e-5)
    rows = {line.split()[1]: line for line in text.splitlines() if line.startswith("1 ")}
    assert rows["w"].endswith("ok")
    assert rows["x"].endswith("wrong")
    assert "worst element: x[" in text


def one_row_an_operation() -> list[Row]:
    """Return a row of every third operation that is differentiable."""
    rows: dict[str, Row] = {}
    for row in ROWS:
        composed = (
            row.op is None or not op.REGISTRY[row.op].differentiable or not (row.by and row.order)
        )
        if row.op and not composed and not row.label:
            rows.setdefault(row.op, row)
    return list(rows.values())[::3]


@pytest.mark.parametrize("row", one_row_an_operation(), ids=lambda row: row.op)
def test_a_factor_of_1_001_is_caught_in_the_rules_of_every_operation(
    row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = tuple(sample(row.inputs, [x.shape for x in row.inputs], 1))
    operation = op.REGISTRY[str(row.op)]
    assert check_grads(row.run, arguments, 1, argnums=row.wrt).ok

    def wrong(rule: Any) -> Any:
        return rule and (lambda *args, **params: rule(*args, **params) * 1.001)

    def each_wrong(every: Any) -> Any:
        return every and (lambda *args, **params: wrong(every(*args, **params)))

    monkeypatch.setattr(operation, "vjps", tuple([wrong(rule) for rule in operation.vjps]))
    monkeypatch.setattr(operation, "every", each_wrong(operation.every))
    with pytest.raises(AssertionError, match=f"the vjp rule of '{row.op}' is wrong"):
        check_grads(row.run, arguments, 1, argnums=row.wrt)


def test_a_dropped_term_is_caught() -> None:
    swish = custom("wrong_swish", lambda z: z / (1 + np.exp(-z)), lambda g, out, z: g * sigmoid(z))
    assert "'wrong_swish' is wrong" in caught(swish, X)


def test_a_wrong_axis_is_caught_where_shapes_do_not_show_it() -> None:
    rows = custom(
        "wrong_rows", lambda m: np.sum(m, axis=1), lambda g, out, m: np.broadcast_to(g, m.shape)
    )
    assert "'wrong_rows' is wrong" in caught(rows, S)


def test_a_wrong_sign_and_a_wrong_transpose_are_caught() -> None:
    flipped = custom("wrong_sign", np.cos, lambda g, out, x: g * np.sin(x))
    assert "exact / differences = -1" in caught(flipped, X)
    turned = custom("wrong_turn", lambda m: m @ S, lambda g, out, m: g @ S)
    assert "'wrong_turn' is wrong" in caught(turned, S)


def test_one_wrong_element_among_many_is_found() -> None:
    def rule(g: Any, out: Any, x: Any) -> Any:
        return g * np.cos(x) * np.where(np.arange(50) == 17, 1.01, 1.0)

    text = caught(custom("wrong_at_17", np.sin, rule), np.linspace(0.1, 1.2, 50))
    assert "worst element: x[17]" in text or "worst element: args[0][17]" in text
    assert "= 1.01" in text


def test_a_factor_that_shows_at_second_order_only_is_caught() -> None:
    square = custom("wrong_square", lambda x: x * x, lambda g, out, x: 2.002 * g * x)
    cube = custom("cube_by_square", lambda x: x**3, lambda g, out, x: 3 * g * square(x))
    assert check_grads(cube, X, order=1).ok
    text = caught(cube, X)
    assert next(line for line in text.splitlines() if line.startswith("1 ")).endswith("ok")
    assert "'cube_by_square' give right gradients, but derivative 2" in text
    assert "= 1.001" in text


def test_a_value_taken_out_of_a_tensor_is_caught_at_second_order() -> None:
    def rule(g: Any, out: Any, x: Any) -> Any:
        return 3 * g * (x.detach() if isinstance(x, Tensor) else x) ** 2

    blind = custom("blind_cube", lambda x: x**3, rule)
    assert check_grads(blind, X, order=1).ok
    assert "'blind_cube' give right gradients" in caught(lambda x: np.sum(np.exp(blind(x))), X)


def test_a_wrong_axis_at_second_order_is_caught() -> None:
    total = custom(
        "wrong_total", lambda m: np.sum(m, axis=1), lambda g, out, m: np.broadcast_to(g, m.shape)
    )

    def rule(g: Any, out: Any, m: Any) -> Any:
        return np.expand_dims(g * 2 * total(m), 1) * np.ones((3, 3))

    squares = custom("row_squares", lambda m: np.sum(m, axis=1) ** 2, rule)
    assert check_grads(squares, S, order=1).ok
    assert "derivative 2" in caught(squares, S)


def test_wrong_rules_of_custom_vjp_are_caught() -> None:
    f = custom_vjp(np.sin)
    f.defvjp(lambda x: (np.sin(x), x), lambda x, g: (1.001 * g * np.cos(x),))
    assert "custom_vjp_sin" in caught(f, X)


def test_a_gradient_that_is_nan_where_the_function_is_fine_is_wrong() -> None:
    root = custom("wrong_root", lambda x: (x * x) ** 2, lambda g, out, x: g * 4 * x**4 / x)
    with np.errstate(invalid="ignore"):
        assert "not finite" in caught(root, np.array([0.0, 1.0]))


# -- what cannot be decided -----------------------------------------------------------------------


def test_a_kink_is_undecided_and_named() -> None:
    with pytest.warns(UndecidedWarning, match="kink"):
        report = check_grads(relu, 0.0, order=1)
    assert report.ok
    assert report.undecided


def test_elements_at_a_kink_are_left_out_and_the_others_checked() -> None:
    report = check_grads(lambda x: np.sum(np.abs(x) * x), np.array([0.0, 1.0, -2.0]), order=1)
    assert report.ok
    report = check_grads(relu, np.array([0.0, 1.0, -2.0]))
    assert not report.undecided
    assert all("left out, at a kink: z[0]" in c.note for c in report.comparisons)
    wrong = custom("wrong_relu", lambda z: np.maximum(z, 0), lambda g, out, z: g * (z > 0) * 1.001)
    assert "wrong_relu" in caught(wrong, np.array([0.0, 1.0, -2.0]))


def test_a_kink_nearby_does_no_harm() -> None:
    assert check_grads(relu, np.array([1e-5, -1e-5, 1.0])).ok


def test_where_the_function_is_not_finite_nothing_is_decided() -> None:
    with pytest.warns(UndecidedWarning, match="not finite"):
        assert check_grads(np.log, 0.0, order=1).undecided


def test_noise_that_hides_the_derivative_is_told() -> None:
    with pytest.warns(UndecidedWarning, match="noise"):
        report = check_grads(lambda x: (1e13 + x) - 1e13, 1.0, order=1)
    assert report.undecided


def test_a_low_precision_inside_widens_the_tolerance() -> None:
    report = check_grads(lambda x: np.sin(x.astype(np.float32)), X + 3, order=1)
    assert report.ok
    assert 1e-6 < max(c.tolerance / abs(c.exact) for c in report.comparisons) < 1e-2


# -- messages -------------------------------------------------------------------------------------


def test_messages() -> None:
    with pytest.raises(TypeError, match="nothing to vary"):
        check_grads(np.exp, 2)
    with pytest.raises(TypeError, match="not a Tensor"):
        check_grads(float, 2.0)
    with pytest.raises(ValueError, match="order must be"):
        check_grads(np.exp, 2.0, order=0)
    with pytest.raises(ValueError, match="directions must be"):
        check_grads(np.exp, 2.0, directions=0)
    with pytest.raises(ValueError, match="argnums"):
        check_grads(np.exp, 2.0, argnums=3)


def test_the_report_is_the_same_every_time() -> None:
    assert str(check_grads(np.exp, X)) == str(check_grads(np.exp, X))
    assert str(check_grads(np.exp, X)) != str(check_grads(np.exp, X, seed=1))
