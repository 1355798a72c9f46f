"""checkpoint: values, first and second derivatives, memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_nn import (
    Tensor,
    checkpoint,
    grad,
    gradients,
    hessian,
    jacobian,
    no_grad,
    value_and_grad,
)
from autograd_nn.core.graph import replay, topological_order
from autograd_nn.core.recording import tracing
from autograd_nn.transforms.containers import flatten

RNG = np.random.default_rng(1)
W = RNG.normal(size=(3, 4))
X = RNG.normal(size=4)


def layer(w: Any, x: Any) -> Any:
    return np.tanh(w @ x)


def cost(apply: Callable[..., Any]) -> Callable[..., Any]:
    return lambda w, x: np.sum(apply(w, x) ** 2 * np.arange(1.0, 4.0))


def test_a_checkpoint_changes_no_value_and_no_derivative() -> None:
    plain, kept = cost(layer), cost(checkpoint(layer))
    for transform in (value_and_grad, hessian, jacobian):
        expected = flatten(transform(plain, argnums=(0, 1))(W, X))[0]
        got = flatten(transform(kept, argnums=(0, 1))(W, X))[0]
        for a, b in zip(expected, got, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    third = grad(grad(grad(lambda x: checkpoint(np.sin)(x * x))))(0.7)
    np.testing.assert_allclose(third, grad(grad(grad(lambda x: np.sin(x * x))))(0.7))


def test_a_checkpoint_is_one_node() -> None:
    w, x = Tensor(W, requires_grad=True), Tensor(X)
    names = [node.op.name for node in topological_order([checkpoint(layer)(w, x)]) if node.op]
    assert names == ["checkpoint_layer"]


def test_a_checkpoint_of_several_results_and_dtypes() -> None:
    def several(w: Any, x: Any) -> Any:
        h = np.tanh(w @ x)
        return {"h": h, "small": x.astype(np.float32) * 2, "largest": np.argmax(h), "n": 3, "x": x}

    def f(several: Callable[..., Any], w: Any, x: Any) -> Any:
        outs = several(w, x)
        assert outs["n"] == 3
        assert outs["small"].dtype == np.float32
        assert outs["largest"].op is None or outs["largest"].dtype.kind == "i"
        return np.sum(outs["h"] ** 2) + np.sum(outs["small"] ** 3) + outs["x"][0]

    expected = grad(lambda w, x: f(several, w, x), (0, 1))(W, X)
    got = grad(lambda w, x: f(checkpoint(several), w, x), (0, 1))(W, X)
    for a, b in zip(expected, got, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_tensors_around_a_checkpointed_function_get_their_gradients() -> None:
    w, scale = Tensor(W, requires_grad=True), Tensor(2.0, requires_grad=True)
    doubled = scale * 2  # a result, found around the function
    x = Tensor(X, requires_grad=True)

    def around(x: Any) -> Any:
        return np.tanh(w @ x) * doubled

    expected = gradients(np.sum(around(x) ** 2), [x, w, scale, doubled])
    kept = np.sum(checkpoint(around)(x) ** 2)
    for a, b in zip(expected, gradients(kept, [x, w, scale, doubled]), strict=True):
        np.testing.assert_allclose(a, b)
    nested = grad(lambda x: grad(lambda y: checkpoint(lambda z: z * y * x)(3.0 * x))(x))
    assert nested(2.0) == grad(lambda x: 3.0 * x * x)(2.0)


def test_a_leaf_that_requires_no_gradient_still_has_one_when_asked() -> None:
    w, x = Tensor(W), Tensor(X)
    out = np.sum(checkpoint(lambda x: w @ x)(x))
    found = gradients(out, [w, x])
    np.testing.assert_allclose(found[0], np.outer(np.ones(3), X))
    np.testing.assert_allclose(found[1], W.sum(0))


def test_a_checkpoint_goes_back_with_each_seed_anew() -> None:
    w, x = Tensor(W, requires_grad=True), Tensor(X, requires_grad=True)
    out = checkpoint(lambda w, x: w @ x)(w, x)
    for seed in np.eye(3):
        (g,) = gradients(out, [w], seed)
        np.testing.assert_allclose(g, np.outer(seed, X))


def test_randomness_is_the_same_on_the_way_back() -> None:
    rng = np.random.default_rng(0)

    def dropout(x: Any) -> Any:
        return np.sin(x) * (rng.random(4) < 0.5)

    x = Tensor(X, requires_grad=True)
    out = checkpoint(dropout)(x)
    (g,) = gradients(np.sum(out), [x])
    np.testing.assert_allclose(g, np.cos(X) * (out.numpy() != 0))


def test_inner_values_are_not_kept() -> None:
    def deep(x: Any) -> Any:
        for _ in range(20):
            x = np.tanh(x)
        return x

    def held(f: Callable[..., Any]) -> tuple[int, Any]:
        x = Tensor(np.full(100_000, 0.5), requires_grad=True)
        tracemalloc.start()
        out = f(x)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return size, gradients(np.sum(out), [x])[0]

    (all_of_it, expected), (kept, got) = held(deep), held(checkpoint(deep))
    assert kept < 2 * 800_000
    assert all_of_it > 15 * 800_000
    np.testing.assert_array_equal(expected, got)


def test_float32_stays_float32_with_python_numbers_inside() -> None:
    x = Tensor(X.astype(np.float32), requires_grad=True)
    out = checkpoint(lambda x: 2.5 * x + 1)(x)
    assert out.dtype == np.float32
    assert gradients(np.sum(out), [x])[0].dtype == np.float32


def test_a_checkpoint_can_be_replayed_on_other_values() -> None:
    x = Tensor(X)
    (again,), _ = replay([checkpoint(lambda x: np.sin(x) * 2)(x)], {x: X + 1})
    np.testing.assert_allclose(again.numpy(), 2 * np.sin(X + 1))


def test_a_checkpoint_is_transparent_to_a_trace_and_without_recording() -> None:
    with tracing():
        out = checkpoint(layer)(Tensor(W), Tensor(X))
        assert out.op is not None
        assert out.op.name == "tanh"
    with no_grad():
        np.testing.assert_array_equal(checkpoint(layer)(Tensor(W), Tensor(X)).numpy(), layer(W, X))
