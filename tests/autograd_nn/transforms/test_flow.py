"""custom_vjp and stop_gradient: values, first and second derivatives, messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import (
    Tensor,
    checkpoint,
    custom,
    custom_vjp,
    grad,
    hessian,
    sigmoid,
    stop_gradient,
    value_and_grad,
    vjp,
)
from autograd_nn.core import op
from autograd_nn.core.graph import replay, topological_order
from autograd_nn.core.recording import tracing

RNG = np.random.default_rng(1)
W = RNG.normal(size=(3, 4))
X = RNG.normal(size=4)


def layer(w: Any, x: Any) -> Any:
    return np.tanh(w @ x)


def cost(apply: Callable[..., Any]) -> Callable[..., Any]:
    return lambda w, x: np.sum(apply(w, x) ** 2 * np.arange(1.0, 4.0))


# -- stop_gradient --------------------------------------------------------------------------------


def test_stop_gradient_passes_values_and_no_gradients() -> None:
    assert grad(lambda x: stop_gradient(x * x) * x)(3.0) == 9.0
    tree = stop_gradient({"a": Tensor(1.0, requires_grad=True), "b": 2})
    assert not tree["a"].requires_grad
    assert tree["b"] == 2
    assert grad(stop_gradient)(3.0) == 0.0


# -- custom_vjp -----------------------------------------------------------------------------------


def make_logsumexp(factor: float = 1.0) -> Any:
    @custom_vjp
    def stable(x: Any) -> Any:
        """Return the logarithm of a sum of exponentials."""
        peak = np.max(x)
        return np.log(np.sum(np.exp(x - peak))) + peak

    def forward(x: Any) -> Any:
        out = stable._f(x)
        return out, (out, x)

    def backward(residuals: Any, g: Any) -> Any:
        out, x = residuals
        return (factor * g * np.exp(x - out),)

    stable.defvjp(forward, backward)
    return stable


def test_the_rule_of_ones_own_is_used_at_every_order() -> None:
    s = np.exp(X) / np.exp(X).sum()
    np.testing.assert_allclose(grad(make_logsumexp())(X), s)
    np.testing.assert_allclose(grad(make_logsumexp(10.0))(X), 10 * s)
    np.testing.assert_allclose(hessian(make_logsumexp())(X), np.diag(s) - np.outer(s, s))
    assert make_logsumexp().__doc__ == "Return the logarithm of a sum of exponentials."


def test_containers_several_results_and_other_arguments() -> None:
    @custom_vjp
    def f(p: Any, x: Any, power: int, mode: str = "plain") -> Any:
        return {"a": p["w"] * x**power, "b": np.sum(x)}

    def forward(p: Any, x: Any, power: int, mode: str) -> Any:
        assert mode == "plain"
        return f._f(p, x, power, mode), (p, x, power)

    def backward(residuals: Any, g: Any) -> Any:
        p, x, power = residuals
        w = {"w": np.sum(g["a"] * x**power), "unused": None}
        return w, g["a"] * p["w"] * power * x ** (power - 1) + g["b"], None, None

    f.defvjp(forward, backward)
    p, x = {"w": 2.0, "unused": None}, np.array([1.0, 2.0])
    got = grad(lambda p, x: np.sum(f(p, x, power=3, mode="plain")["a"]) + f(p, x, 3, "plain")["b"],
               (0, 1))(p, x)  # fmt: skip
    assert got[0]["w"] == 9.0
    np.testing.assert_allclose(got[1], 2.0 * 3 * x**2 + 1)
    out = f(p, x, 3, "plain")
    assert type(out["a"]) is np.ndarray


def test_a_custom_rule_under_a_trace_is_recorded_with_its_inner_operations() -> None:
    f = make_logsumexp(10.0)
    with tracing():
        x = Tensor(X)
        value, g = value_and_grad(f)(x)
        names = {node.op.name for node in topological_order([value]) if node.op}
    assert {"log", "exp", "max", "custom_vjp_stable"} <= names
    np.testing.assert_allclose(g.numpy(), 10 * np.exp(X) / np.exp(X).sum())


def test_a_custom_function_can_be_replayed() -> None:
    x = Tensor(X)
    (again,), _ = replay([make_logsumexp()(x)], {x: X + 1})
    np.testing.assert_allclose(again.numpy(), np.log(np.exp(X + 1).sum()))


def test_none_is_a_zero_cotangent() -> None:
    f = custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, y), lambda y, g: (g * y, None))
    assert grad(f, (0, 1))(2.0, 3.0) == (3.0, 0.0)


def test_rules_may_give_numbers_and_call_functions_that_give_tensors() -> None:
    def rule(g: Any, out: Any, x: Any) -> Any:
        s = sigmoid(x)
        return g * s * (1 - s)

    soft = custom("rule_of_sigmoids", lambda x: 1 / (1 + np.exp(-x)), rule)
    double = custom("rule_of_a_number", lambda x: 2 * x, lambda g, out, x: 2.0)
    try:
        s = 1 / (1 + np.exp(-0.5))
        g = grad(soft)(0.5)
        assert type(g) is np.ndarray
        assert g == pytest.approx(s * (1 - s))
        assert grad(grad(soft))(0.5) == pytest.approx(s * (1 - s) * (1 - 2 * s))
        g = grad(double)(0.5)
        assert type(g) is np.ndarray
        assert g == 2.0
    finally:
        del op.REGISTRY["rule_of_sigmoids"], op.REGISTRY["rule_of_a_number"]


def wrongly(forward: Any, backward: Any) -> Any:
    f = custom_vjp(lambda x: x * 2)
    f.defvjp(forward, backward)
    return f


OUTSIDE = Tensor(1.0, requires_grad=True, name="outside")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: checkpoint(OBJECT), TypeError, "checkpoint takes a function"),
        (lambda: custom_vjp(OBJECT), TypeError, "custom_vjp takes a function"),
        (lambda: custom_vjp(layer)(W, X), TypeError, "layer has no backward rule yet"),
        (
            lambda: grad(wrongly(lambda x: x * 2, None))(1.0),
            TypeError,
            r"fwd .* a pair \(out, residuals\)",
        ),
        (
            lambda: grad(wrongly(lambda x: (x * 2, None), lambda _, g: g))(1.0),
            TypeError,
            "each of the 1 arguments.* got Tensor",
        ),
        (
            lambda: grad(wrongly(lambda x: (x * 2, None), lambda _, g: (g, g)))(1.0),
            TypeError,
            "got a tuple of 2",
        ),
        (
            lambda: grad(wrongly(lambda x: (x * 2, None), lambda _, g: ([g],)))(1.0),
            TypeError,
            "cotangent 0 in the structure",
        ),
        (
            lambda: vjp(wrongly(lambda x: (x * 2, None), lambda _, g: (np.sum(g),)), X)[1](X),
            AssertionError,
            r"custom_vjp_<lambda>.*shape \(\).*shape \(4,\)",
        ),
        (
            lambda: grad(wrongly(lambda x: (x * OUTSIDE, None), lambda _, g: (g,)))(1.0),
            ValueError,
            "Tensor 'outside', which requires gradients",
        ),
    ],
)
def test_messages(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


OBJECT: Any = object()
