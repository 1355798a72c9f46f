"""The transforms of functions: meaning, structure of arguments, nesting, messages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_nn import (
    Tensor,
    checkpoint,
    elementwise_grad,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jit,
    jvp,
    no_grad,
    sigmoid,
    stop_gradient,
    value_and_grad,
    vjp,
)
from autograd_nn.core.graph import topological_order
from autograd_nn.core.recording import tracing
from autograd_nn.transforms import sweeps
from autograd_nn.transforms.containers import flatten
from autograd_nn.transforms.run import carried_back

RNG = np.random.default_rng(0)
A = RNG.normal(size=(3, 4))
X = RNG.normal(size=4)


def cubic(x: Any) -> Any:
    """Return a vector function of a vector, with a Jacobian that is easy to write down."""
    return A @ (x * x * x)


CUBIC_JACOBIAN = A * (3 * X**2)


# -- grad and value_and_grad ----------------------------------------------------------------------


def test_the_gradient_of_a_polynomial_is_an_array() -> None:
    g = grad(lambda x: x**4 - 3 * x**3 + 2)(6.0)
    assert type(g) is np.ndarray
    assert g.shape == ()
    assert g == 4 * 6.0**3 - 9 * 6.0**2


def test_every_derivative_of_a_power_by_nesting() -> None:
    f: Any = lambda x: x**5  # noqa: E731 - it is replaced by its derivative in turn
    for expected in (5 * 2.0**4, 20 * 2.0**3, 60 * 2.0**2, 120 * 2.0, 120.0, 0.0):
        f = grad(f)
        assert f(2.0) == pytest.approx(expected, rel=1e-14)


def test_perturbations_are_not_confused() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(3.0) == 6.0
    assert grad(lambda x: x * grad(lambda y: x * y * y)(x))(2.0) == 6 * 2.0**2
    assert grad(lambda x: grad(lambda y: grad(lambda z: x * y * z)(1.0) * x)(x))(3.0) == 6.0
    # the inner argument is a function of the outer one: d/dx [d/dy y³ at y = x²] = d/dx 3x⁴
    assert grad(lambda x: grad(lambda y: y**3)(x * x))(2.0) == 12 * 2.0**3
    assert type(grad(lambda x: x * grad(lambda y: x * y * y)(2.0))(2.0)) is np.ndarray


def test_jvp_inside_grad_is_not_confused() -> None:
    assert grad(lambda x: x * jvp(lambda y: x * y, (1.0,), (1.0,))[1])(3.0) == 6.0
    _, slope = jvp(lambda x: x * grad(lambda y: x * y * y)(x), (2.0,), (1.0,))
    assert slope == 6 * 2.0**2


def test_value_and_grad_keeps_the_structure_of_the_argument() -> None:
    params = {"b": [np.array([1.0]), (2.0,)], "W": np.array([[1.0, 2.0]], dtype=np.float32)}

    def f(p: Any) -> Any:
        return np.sum(p["W"] ** 2) + p["b"][0].sum() * p["b"][1][0]

    value, g = value_and_grad(f)(params)
    assert value == 7.0
    assert list(g) == ["b", "W"]
    assert g["W"].dtype == np.float32
    np.testing.assert_array_equal(g["W"], [[2.0, 4.0]])
    np.testing.assert_array_equal(g["b"][0], [2.0])
    assert g["b"][1] == (1.0,)


def test_argnums_select_the_arguments() -> None:
    def f(a: Any, b: Any, *, power: int = 1) -> Any:
        return np.sum(a * b**power)

    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    np.testing.assert_array_equal(grad(f, argnums=1)(a, b), a)
    np.testing.assert_array_equal(grad(f, argnums=-1)(a, b, power=2), 2 * a * b)
    both = grad(f, argnums=(1, 0))(a, b)
    assert isinstance(both, tuple)
    np.testing.assert_array_equal(both[0], a)
    np.testing.assert_array_equal(both[1], b)
    assert isinstance(grad(f, argnums=(0,))(a, b), tuple)


def test_arguments_that_are_not_differentiated_arrive_as_they_are() -> None:
    seen: list[Any] = []

    def f(x: Any, labels: Any, mode: str) -> Any:
        seen.extend([labels, mode])
        return np.sum(x[labels])

    labels = np.array([0, 0, 1])
    np.testing.assert_array_equal(grad(f)(np.ones(3), labels, "plain"), [2.0, 1.0, 0.0])
    assert seen[0] is labels
    assert seen[1] == "plain"


def test_aux_is_passed_on_as_arrays() -> None:
    def f(x: Any) -> Any:
        h = x * 2
        return np.sum(h), {"h": h, "note": "twice"}

    (value, aux), g = value_and_grad(f, has_aux=True)(np.array([1.0, 2.0]))
    assert value == 6.0
    assert type(aux["h"]) is np.ndarray
    assert aux["note"] == "twice"
    np.testing.assert_array_equal(g, [2.0, 2.0])
    g, aux = grad(f, has_aux=True)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(aux["h"], [2.0, 4.0])


def test_what_the_result_does_not_depend_on_has_zeros() -> None:
    g = grad(lambda p: np.sum(p["used"]))(
        {"used": np.ones(2), "other": np.ones((2, 3), np.float32)}
    )
    np.testing.assert_array_equal(g["other"], np.zeros((2, 3)))
    assert g["other"].dtype == np.float32


def test_an_argument_used_twice_in_two_places_has_two_gradients() -> None:
    x = np.array([3.0])
    g = grad(lambda p: np.sum(p[0] * p[1] * p[1]))((x, x))
    assert g[0] == 9.0
    assert g[1] == 18.0


# -- Tensors as arguments, and around the function ------------------------------------------------


def test_a_tensor_argument_gives_recorded_tensors() -> None:
    x = Tensor(3.0, requires_grad=True)
    value, g = value_and_grad(lambda t: t**3)(x)
    assert isinstance(value, Tensor)
    assert isinstance(g, Tensor)
    assert gradients(g, [x])[0] == 18.0
    g.backward()
    assert x.grad == 18.0


def test_a_closed_over_tensor_that_requires_gradients_is_recorded_through() -> None:
    w = Tensor(3.0, requires_grad=True)
    g = grad(lambda x: w * x * x)(2.0)
    assert isinstance(g, Tensor)
    (g * w).backward()
    assert w.grad == 2 * 4.0 * 3.0


def test_no_grad_outside_leaves_the_gradient_right_and_unrecorded() -> None:
    with no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0
        assert type(jvp(np.square, (3.0,), (1.0,))[1]) is np.ndarray
        g = grad(lambda x: x * x)(Tensor(3.0, requires_grad=True))
    assert isinstance(g, Tensor)
    assert g.op is None
    assert not g.requires_grad


def test_under_a_trace_everything_is_recorded_and_no_value_is_asked_for() -> None:
    with tracing():
        x = Tensor(X)
        (value, g), (_, slope) = value_and_grad(lambda t: cubic(t).sum())(x), jvp(cubic, (x,), (x,))
        table = jacobian(cubic)(x)
        second = hessian(lambda t: cubic(t).sum())(x)
        _, pullback = vjp(cubic, x)
        product = hvp(lambda t: cubic(t).sum(), (x,), (x,))
        results = [value, g, slope, table, second, pullback(Tensor(np.ones(3)))[0], product]
    expected = [
        cubic(X).sum(), CUBIC_JACOBIAN.sum(0), CUBIC_JACOBIAN @ X, CUBIC_JACOBIAN,
        np.diag(6 * A.sum(0) * X), CUBIC_JACOBIAN.sum(0), 6 * A.sum(0) * X * X,
    ]  # fmt: skip
    for result, values in zip(results, expected, strict=True):
        assert isinstance(result, Tensor)
        assert result.op is not None
        np.testing.assert_allclose(result.numpy(), values, rtol=1e-13)


IN_PROGRAMS: list[Callable[[Any], Any]] = [
    lambda x: value_and_grad(lambda p: np.sum(cubic(p["x"])))({"x": x}),
    lambda x: jvp(cubic, (x,), (2 * x,)),
    lambda x: vjp(cubic, x)[1](A[:, 0] * np.sum(x))[0],
    lambda x: hvp(lambda y: np.sum(cubic(y)), (x,), (x,)),
    hessian(lambda y: np.sum(cubic(y))),
    jacobian(cubic),
    grad(lambda y: np.sum(grad(lambda z: np.sum(cubic(z)))(y) ** 2)),
    grad(lambda y: np.sum(stop_gradient(y) * checkpoint(cubic)(y)[0])),
]


@pytest.mark.parametrize("f", IN_PROGRAMS)
def test_programs_of_transforms_give_what_the_transforms_give(f: Callable[[Any], Any]) -> None:
    for expected, got in zip(flatten(f(X))[0], flatten(jit(f)(X))[0], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


def test_threads_do_not_see_each_others_transforms() -> None:
    kinds: list[type] = []

    def other() -> None:
        kinds.append(type(grad(lambda y: y * y)(1.0)))

    def f(x: Any) -> Any:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        return x * x

    assert grad(f)(1.0) == 2.0
    assert kinds == [np.ndarray]


def test_what_an_outer_transform_does_not_reach_is_a_constant() -> None:
    assert grad(lambda x: grad(lambda y: y * y)(3.0))(1.0) == 0.0
    with tracing():
        w = Tensor(X)
        g = grad(lambda y: np.sum(w * y))(1.0)
        assert {node.op.name for node in topological_order([g]) if node.op} >= {"multiply", "sum"}


def test_an_exception_inside_leaves_nothing_behind() -> None:
    def broken(x: Any) -> Any:
        raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        grad(broken)(1.0)
    assert type(grad(lambda x: x * x)(1.0)) is np.ndarray


# -- products and whole Jacobians -----------------------------------------------------------------


def test_vjp_pulls_back_repeatedly_and_in_structure() -> None:
    def f(p: Any, x: Any) -> Any:
        return {"sum": p["W"] @ x, "norm": (np.sum(x * x), x * 2)}

    p, x = {"W": A}, X
    out, pullback = vjp(f, p, x)
    np.testing.assert_array_equal(out["sum"], A @ X)
    for _ in range(2):
        back = pullback({"sum": np.ones(3), "norm": (2.0, np.zeros(4))})
        np.testing.assert_allclose(back[0]["W"], np.outer(np.ones(3), X))
        np.testing.assert_allclose(back[1], A.sum(0) + 4 * X)


def test_a_pullback_can_be_differentiated() -> None:
    _, pullback = vjp(cubic, X)
    table = jacobian(lambda u: pullback(u)[0])(np.zeros(3))
    np.testing.assert_allclose(table, CUBIC_JACOBIAN.T)


def test_jvp_is_the_jacobian_times_the_tangent() -> None:
    v = RNG.normal(size=4)
    out, slope = jvp(cubic, (X,), (v,))
    np.testing.assert_allclose(out, cubic(X))
    np.testing.assert_allclose(slope, CUBIC_JACOBIAN @ v)
    (_, other), _ = jvp(lambda x: (cubic(x), np.sum(x)), (X,), (v,)), None
    np.testing.assert_allclose(other[0], CUBIC_JACOBIAN @ v)
    np.testing.assert_allclose(other[1], v.sum())
    _, constant = jvp(lambda x: Tensor(1.0) + 0 * x[0].astype(float) * 0, (X,), (v,))
    assert constant == 0.0


def test_jvp_with_aux_and_of_what_does_not_depend() -> None:
    out, slope, aux = jvp(lambda x, y: (x * x, y), (3.0, 1.0), (1.0, 5.0), has_aux=True)
    assert (out, slope, aux) == (9.0, 6.0, 1.0)
    assert jvp(lambda x, y: x, (3.0, 1.0), (0.0, 5.0))[1] == 0.0


def test_the_jacobian_is_the_same_by_rows_and_by_columns() -> None:
    wide, tall = RNG.normal(size=(2, 5)), RNG.normal(size=(5, 2))
    for matrix in (wide, tall):
        x = RNG.normal(size=matrix.shape[1])
        exact = matrix * np.cos(x)
        np.testing.assert_allclose(jacobian(lambda x, m=matrix: m @ np.sin(x))(x), exact)


def test_a_tall_jacobian_takes_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counted(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return carried_back(*args, **kwargs)

    monkeypatch.setattr(sweeps, "carried_back", counted)
    table = jacobian(lambda x: np.sin(x * np.arange(50.0)))(2.0)
    np.testing.assert_allclose(table, np.arange(50.0) * np.cos(2.0 * np.arange(50.0)))
    assert len(calls) == 2  # one that records Jᵀu, one back through it


def test_jacobians_of_containers_nest_as_in_jax() -> None:
    def f(p: Any) -> Any:
        return {"y": p["a"] * p["b"], "z": np.sum(p["a"])}

    p = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
    table = jacobian(f)(p)
    np.testing.assert_array_equal(table["y"]["a"], np.diag(p["b"]))
    np.testing.assert_array_equal(table["y"]["b"], np.diag(p["a"]))
    np.testing.assert_array_equal(table["z"]["a"], [1.0, 1.0])
    np.testing.assert_array_equal(table["z"]["b"], [0.0, 0.0])
    pair = jacobian(lambda a, b: a * b, argnums=(0, 1))(p["a"], p["b"])
    np.testing.assert_array_equal(pair[1], np.diag(p["a"]))


def test_jacobians_of_matrices_have_both_shapes() -> None:
    table = jacobian(lambda m: m.T)(A)
    assert table.shape == (4, 3, 3, 4)
    assert np.all(np.einsum("ijji->", table) == 12.0)
    assert jacobian(lambda m: m[:0])(X).shape == (0, 4)
    assert jacobian(lambda m: m * 2)(np.zeros((0, 2))).shape == (0, 2, 0, 2)


def test_grad_inside_jacobian_and_jacobian_inside_grad() -> None:
    def energy(x: Any) -> Any:
        return np.sum(x**4)

    np.testing.assert_allclose(jacobian(grad(energy))(X), np.diag(12 * X**2))
    np.testing.assert_allclose(grad(lambda x: np.sum(jacobian(cubic)(x)))(X), 6 * A.sum(0) * X)


def test_the_hessian_and_its_products() -> None:
    def f(p: Any) -> Any:
        return np.sum(p["a"] ** 2 * p["b"])

    p = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}
    h = hessian(f)(p)
    np.testing.assert_array_equal(h["a"]["a"], np.diag(2 * p["b"]))
    np.testing.assert_array_equal(h["a"]["b"], np.diag(2 * p["a"]))
    np.testing.assert_array_equal(h["b"]["b"], np.zeros((2, 2)))
    v = {"a": np.array([1.0, -1.0]), "b": np.array([0.5, 2.0])}
    product = hvp(f, (p,), (v,))
    np.testing.assert_allclose(product["a"], 2 * p["b"] * v["a"] + 2 * p["a"] * v["b"])
    np.testing.assert_allclose(product["b"], 2 * p["a"] * v["a"])
    two = hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 1.0))
    assert two == (2 * 3.0 + 2 * 2.0, 2 * 2.0)
    mixed = hessian(lambda x, y: np.sum(x * y), argnums=(0, 1))(X, X)
    np.testing.assert_array_equal(mixed[0][1], np.eye(4))
    table, aux = hessian(lambda x: (np.sum(x**3), x * 2), has_aux=True)(X)
    np.testing.assert_allclose(table, np.diag(6 * X))
    np.testing.assert_array_equal(aux, 2 * X)


def test_elementwise_derivatives_of_any_order() -> None:
    z = np.linspace(-3, 3, 7)
    s = 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(elementwise_grad(sigmoid)(z), s * (1 - s))
    twice = elementwise_grad(elementwise_grad(sigmoid))
    np.testing.assert_allclose(twice(z), s * (1 - s) * (1 - 2 * s), atol=1e-15)


def test_dtypes_are_kept() -> None:
    x = X.astype(np.float32)
    assert grad(lambda x: np.sum(x * x))(x).dtype == np.float32
    assert jvp(lambda x: x * x, (x,), (X,))[1].dtype == np.float32
    assert jacobian(lambda x: x * x)(x).dtype == np.float32
    assert hessian(lambda x: np.sum(x * x))(x).dtype == np.float32


ELEMENTWISE: list[Callable[[Any], Any]] = [np.sin, np.tanh, np.exp, sigmoid, np.square]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(range(len(ELEMENTWISE))), min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_the_transforms_agree_with_one_another(chain: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrices = [m / np.linalg.norm(m) for m in rng.normal(size=(len(chain), 3, 3))]
    x, u, v = rng.normal(size=(3, 3))

    def f(x: Any) -> Any:
        for place, matrix in zip(chain, matrices, strict=True):
            x = ELEMENTWISE[place](matrix @ x)
        return x

    table, (out, slope), (same, pullback) = jacobian(f)(x), jvp(f, (x,), (v,)), vjp(f, x)
    np.testing.assert_array_equal(out, same)
    np.testing.assert_allclose(slope, table @ v, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(pullback(u)[0], u @ table, rtol=1e-10, atol=1e-12)

    def J(x: Any) -> Any:
        return np.sum(u * f(x))

    h = hessian(J)(x)
    np.testing.assert_allclose(h, h.T, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(hvp(J, (x,), (v,)), h @ v, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(jvp(grad(J), (x,), (v,))[1], h @ v, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(grad(lambda x: grad(J)(x) @ v)(x), h @ v, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(grad(checkpoint(J))(x), grad(J)(x), rtol=1e-12, atol=1e-13)


# -- messages -------------------------------------------------------------------------------------

WRONG: Any = object()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: grad(WRONG), TypeError, "grad takes a function, got object"),
        (lambda: grad(np.square)(2), TypeError, r"args\[0\] of type int; write 2.0 for 2"),
        (
            lambda: grad(lambda p: p["n"] * 1.0)({"n": np.arange(3)}),
            TypeError,
            r"args\[0\]\['n'\] of type int64",
        ),
        (lambda: grad(np.square)(True), TypeError, "type bool"),
        (lambda: grad(np.square)(1j), TypeError, "complex"),
        (lambda: grad(np.square)(np.array([1j])), TypeError, "complex"),
        (lambda: grad(lambda s: s)("text"), TypeError, r"args\[0\], a str"),
        (lambda: grad(np.square)(X), ValueError, r"one number, got shape \(4,\).*np.sum"),
        (lambda: grad(lambda x: (x, x))(1.0), ValueError, "container of shapes"),
        (lambda: grad(float)(1.0), TypeError, "result is a float, not a Tensor"),
        (lambda: grad(lambda x: None)(1.0), ValueError, "one number"),
        (lambda: grad(lambda x: x > 0)(1.0), TypeError, "dtype bool"),
        (lambda: grad(np.square, argnums=1)(1.0), ValueError, "called with 1 positional"),
        (lambda: grad(np.square, argnums=-2)(1.0), ValueError, "argnums=-2"),
        (lambda: grad(np.square, argnums=(0, 0))(1.0), ValueError, "each argument once"),
        (lambda: grad(np.square, argnums=())(1.0), ValueError, "and some"),
        (lambda: grad(np.square, argnums=WRONG)(1.0), TypeError, "takes an int"),
        (lambda: grad(np.square, has_aux=True)(1.0), TypeError, r"pair \(result, aux\)"),
        (lambda: jvp(np.square, WRONG, WRONG), TypeError, r"write \(primal,\)"),
        (lambda: jvp(np.square, (1.0,), ()), ValueError, "a tangent for every primal, got 1 and 0"),
        (lambda: jvp(np.square, (X,), (X[:2],)), ValueError, r"tangents\[0\] has shape \(2,\)"),
        (
            lambda: jvp(lambda p: p["a"], ({"a": X},), ({"b": X},)),
            ValueError,
            r"tangents\[0\] must be the structure",
        ),
        (lambda: vjp(cubic, X)[1](X), ValueError, r"the cotangent has shape \(4,\)"),
        (lambda: vjp(cubic, X)[1]([X]), ValueError, "the cotangent must be an array"),
        (lambda: hvp(cubic, (X,), (X,)), ValueError, "one number"),
        (lambda: hvp(np.square, (1,), (1.0,)), TypeError, "hvp.* of type int"),
    ],
)
def test_messages_name_what_is_wrong(
    call: Callable[[], Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()
