"""Complex numbers in transforms: the convention, holomorphic functions, real numbers beside."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from autograd_nn import (
    Tensor,
    check_grads,
    checkpoint,
    custom,
    custom_vjp,
    derive,
    detect_anomaly,
    elementwise_grad,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    prove,
    scan,
    stop_gradient,
    value_and_grad,
    verify,
    vjp,
    vmap,
)  # fmt: skip
from autograd_nn.checks.anomaly import AnomalyError

Z = np.array([1 + 2j, -0.5 + 0.1j, 3 - 1j])
X = np.array([0.3, -1.2, 2.0])


def real(f: Any) -> Any:
    """Return `f` weighed to one real number."""
    return lambda *xs: np.real(np.sum(f(*xs) * np.array([1 - 2j, 0.5j, 2])))


def by_parts(f: Any, z: Any) -> Any:
    """Return df/dx - i df/dy by the gradients of the function of both parts."""
    dx, dy = grad(lambda x, y: f(x + 1j * y), (0, 1))(z.real.copy(), z.imag.copy())
    return dx - 1j * dy


@pytest.mark.parametrize("f", [
    np.exp, np.abs, np.conj, np.square, lambda z: np.angle(z) * z, lambda z: z * np.conj(z) ** 2,
    lambda z: np.fft.fft(z) * np.real(z), lambda z: np.linalg.norm(z) * z,
])  # fmt: skip
def test_the_gradient_is_that_by_x_less_i_times_that_by_y(f: Any) -> None:
    found = grad(real(f))(Z)
    assert found.dtype == complex
    np.testing.assert_allclose(found, by_parts(real(f), Z), rtol=1e-13)
    z = Tensor(Z, requires_grad=True)
    real(f)(z).backward()
    np.testing.assert_array_equal(z.grad, found)
    np.testing.assert_allclose(grad(real(f))(Z.astype(np.complex64)), found, rtol=1e-5)
    assert check_grads(f, Z).ok


def test_a_step_against_the_conjugate_goes_downhill() -> None:
    def f(z: Any) -> Any:
        return np.sum(np.abs(z - 1j) ** 2)

    assert f(Z - 0.01 * np.conj(grad(f)(Z))) < f(Z) - 0.01


def test_holomorphic_functions_have_their_derivative() -> None:
    for f, slope in ((np.exp, np.exp), (lambda z: z**3, lambda z: 3 * z**2), (np.sin, np.cos)):
        np.testing.assert_allclose(grad(f, holomorphic=True)(Z[0]), slope(Z[0]))
        np.testing.assert_allclose(elementwise_grad(f, holomorphic=True)(Z), slope(Z))
        np.testing.assert_allclose(jacobian(f, holomorphic=True)(Z), np.diag(slope(Z)))
        value, g = value_and_grad(f, holomorphic=True)(Z[0])
        np.testing.assert_allclose((value, g), (f(Z[0]), slope(Z[0])))
    second = hessian(lambda z: np.sum(z**3), holomorphic=True)(Z)
    np.testing.assert_allclose(second, np.diag(6 * Z))
    twice = grad(grad(np.exp, holomorphic=True), holomorphic=True)(Z[0])
    np.testing.assert_allclose(twice, np.exp(Z[0]))


def test_real_numbers_get_real_gradients() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.abs(np.exp(1j * x) + x) ** 2)

    found = grad(f)(X)
    assert found.dtype == float
    np.testing.assert_allclose(found, 2 * X + 2 * np.cos(X) - 2 * X * np.sin(X))
    assert grad(f)(X.astype(np.float32)).dtype == np.float32
    both = grad(lambda x, z: np.real(np.sum(x * z)), (0, 1))(X, Z)
    np.testing.assert_array_equal(both[0], Z.real)
    np.testing.assert_array_equal(both[1], X)
    assert (both[0].dtype, both[1].dtype) == (float, complex)
    x = Tensor(X, requires_grad=True)
    np.sum(np.real(x * Z)).backward()
    assert x.grad.dtype == float


def test_products_and_jacobians() -> None:
    def f(z: Any) -> Any:
        return z * np.conj(z[::-1]) + np.exp(z)

    v = np.array([0.2 - 1j, 1 + 1j, -0.4j])
    h = 1e-6
    _, slope = jvp(f, (Z,), (v,))
    np.testing.assert_allclose(slope, (f(Z + h * v) - f(Z - h * v)) / (2 * h), rtol=1e-8)
    _, pullback = vjp(f, Z)
    (back,) = pullback(v)
    np.testing.assert_allclose(np.sum(back * Z).real, np.sum(v * jvp(f, (Z,), (Z,))[1]).real)
    second = hvp(real(f), (Z,), (v,))
    slopes = grad(real(f))
    np.testing.assert_allclose(second, (slopes(Z + h * v) - slopes(Z - h * v)) / (2 * h), rtol=1e-7)
    rows = jacobian(np.abs)(Z)  # real results of complex arguments
    np.testing.assert_allclose(rows, np.diag(np.conj(Z) / np.abs(Z)))
    for n in (1, 3):  # complex results of real arguments
        columns = jacobian(lambda x, n=n: np.exp(1j * x) * np.ones(n))(X[:1] if n == 3 else X[0])
        assert columns.dtype == complex
        np.testing.assert_allclose(columns.ravel(), 1j * np.exp(1j * X[0]) * np.ones(n))


def test_jacobians_that_are_mostly_zeros() -> None:
    z, at = np.exp(1j * np.arange(60.0)) * (1 + np.arange(60)), np.arange(59)
    right = np.zeros((59, 60), complex)
    right[at, at], right[at, at + 1] = z[1:], z[:-1]
    found = jacobian(lambda z: z[1:] * z[:-1], holomorphic=True)(z)
    np.testing.assert_allclose(found, right)
    x = np.arange(60.0)
    right[at, at], right[at, at + 1] = np.exp(1j * x[1:]), 1j * np.exp(1j * x[1:]) * x[:-1]
    np.testing.assert_allclose(jacobian(lambda x: np.exp(1j * x)[1:] * x[:-1])(x), right)
    np.testing.assert_allclose(jacobian(np.abs)(z), np.diag(np.conj(z) / np.abs(z)))


@pytest.mark.parametrize(("call", "words"), [
    (lambda: grad(lambda z: z * z)(Z[0]), "needs the result to be real.*holomorphic"),
    (lambda: grad(np.abs, holomorphic=True)(Z[0]), "needs the result to be complex"),
    (lambda: grad(lambda x: 1j * x, holomorphic=True)(1.0), "needs an argument to be complex"),
    (lambda: jacobian(np.exp)(Z), "jacobian.*holomorphic"),
    (lambda: elementwise_grad(np.exp)(Z), "elementwise_grad.*holomorphic"),
    (lambda: hessian(lambda z: np.sum(np.abs(z)))(Z), "holomorphic"),
    ((Tensor(Z[0], requires_grad=True) * 1j).backward, "one real number"),
    (lambda: gradients(np.sum(x := Tensor(X, requires_grad=True)), x, 1j), "a real number"),
    (lambda: vjp(np.sum, X)[1](1j), "the cotangent is complex"),
    (lambda: jvp(np.sum, (X,), (Z,)), "is complex"),
    (lambda: grad(lambda z: np.real(np.maximum(z, z)))(Z), "maximum is not there for complex"),
    (lambda: np.sign(Tensor(Z, name="z")), "sign is not there.*z has dtype complex128"),
    (lambda: np.median(Tensor(Z)), "real numbers"),
    (lambda: Tensor(Z).astype(float), "np.real"),
    (lambda: np.fft.rfft(Tensor(Z)), "rfft is not there for complex numbers"),
])  # fmt: skip
def test_what_has_no_meaning_is_refused(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call()


def test_dtypes_of_numbers_stay_weak() -> None:
    t = Tensor(Z.astype(np.complex64), requires_grad=True)
    x = Tensor(X.astype(np.float32), requires_grad=True)
    for made in (2j * t, t + 1, t ** (1 + 1j), 1j * x, 2 / t):
        assert made.dtype == np.complex64
    assert (t.real.dtype, t.conj().dtype, abs(t).dtype) == (np.float32, np.complex64, np.float32)


def test_wrappers_take_complex_numbers() -> None:
    def f(z: Any) -> Any:
        return np.exp(z) * np.conj(z)

    right = grad(real(f))(Z)
    rule = custom_vjp(f)
    rule.defvjp(lambda z: (f(z), z), lambda z, g: (vjp(f, z)[1](g)[0],))
    own = custom("complex_square", lambda z: z * z, lambda g, out, z: 2 * g * z)
    for wrapped in (checkpoint(f), rule):
        np.testing.assert_allclose(grad(real(wrapped))(Z), right)
    np.testing.assert_allclose(grad(real(own))(Z), grad(real(np.square))(Z))
    stopped = grad(real(lambda z: stop_gradient(np.conj(z)) * z))(Z)
    np.testing.assert_allclose(stopped, np.conj(Z) * np.array([1 - 2j, 0.5j, 2]))


def test_many_examples_and_loops() -> None:
    stack = np.stack([Z, 1j * Z, Z[::-1]])

    def f(z: Any) -> Any:
        spectrum = np.fft.fft(z) * np.conj(z)
        return np.real(np.sum(np.linalg.eigvals(np.outer(z, spectrum) + np.diag(z)) ** 2))

    np.testing.assert_allclose(vmap(f)(stack), [f(z) for z in stack])
    np.testing.assert_allclose(vmap(grad(f))(stack), [grad(f)(z) for z in stack], rtol=1e-9)
    total, sums = scan(lambda c, z: (c + np.abs(z) * z, np.imag(c)), np.array(0j), Z)
    np.testing.assert_allclose(total, np.sum(np.abs(Z) * Z))
    assert (sums.shape, sums.dtype) == ((3,), float)


def test_formulas_are_of_real_numbers() -> None:
    z = Tensor(Z, requires_grad=True, name="z")
    J: Any = np.sum(np.real(z * 2j))
    J.name = "J"
    for ask in (lambda: derive(J, z), lambda: prove(J, {"d_z": lambda z: z}),
                lambda: verify(J, {"d_z": lambda z: z})):  # fmt: skip
        with pytest.raises(TypeError, match=r"'z' is complex.*check_grads"):
            ask()


def test_a_wrong_complex_rule_is_found() -> None:
    wrong = custom("wrong_conjugate", np.conjugate, lambda g, out, z: g)
    with pytest.raises(AssertionError, match=r"z\[0\].*\n.*'wrong_conjugate' is wrong"):
        check_grads(lambda z: wrong(z) * 1.0, Z[:1])
    halved = custom("halved_imag", np.imag, lambda g, out, z: -0.999j * g)
    with pytest.raises(AssertionError, match=r"along i.*0\.999"):
        check_grads(halved, Z)


def test_anomalies_of_complex_numbers_are_found() -> None:
    with pytest.raises(AnomalyError, match=r"inf|NaN"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with detect_anomaly():
            np.log(Tensor(0 * Z, name="z"))


def test_at_the_origin_the_subgradient_of_least_norm_is_taken() -> None:
    for f in (np.abs, np.linalg.norm):
        assert grad(lambda z, f=f: np.sum(f(z)))(np.zeros(2, complex)).tolist() == [0, 0]


def test_a_gradient_that_depends_on_a_phase_is_nan() -> None:
    a = np.array([[2, 1 + 1j, 0.3], [1 - 1j, -1, 0.5j], [0.3, -0.5j, 0.7]])

    def turned(a: Any) -> Any:
        return np.sum(np.real(np.linalg.eigh(a)[1]))

    def unturned(a: Any) -> Any:
        return np.sum(np.abs(np.linalg.eigh(a)[1]) * np.arange(9.0).reshape(3, 3))

    assert np.isnan(np.diag(grad(turned)(a))).all()
    assert np.isfinite(grad(unturned)(a)).all()
