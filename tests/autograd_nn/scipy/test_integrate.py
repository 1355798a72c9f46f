"""Differential equations against closed solutions and differences, and sums of samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.integrate

from autograd_nn import Tensor, check_grads, grad, hessian, jacobian, jit
from autograd_nn.scipy import integrate, spatial

TIGHT: Any = {"rtol": 1e-11, "atol": 1e-11}
TIMES = np.array([0.1, 0.25, 0.4, 0.8])


def _flow(y: Any, t: Any, a: Any, b: Any) -> Any:
    return a["rate"] * y - t * np.mean((y + b) ** 2)


def test_odeint_by_everything() -> None:
    def f(y0: Any, rate: Any, b: Any) -> Any:
        return integrate.odeint(_flow, y0, TIMES, ({"rate": rate}, b), **TIGHT)

    y0, rate, b = np.array([0.3, -0.2]), np.array([-0.5, 0.4]), np.array(0.7)
    right = scipy.integrate.odeint(_flow, y0, TIMES, ({"rate": rate}, b), **TIGHT)
    np.testing.assert_allclose(f(y0, rate, b), right)
    np.testing.assert_allclose(f(y0, Tensor(rate), b).numpy(), right)
    check_grads(f, (y0, rate, b), rtol=1e-5, directions=1, order=1)


def test_odeint_by_its_times() -> None:
    def f(t: Any) -> Any:
        return integrate.odeint(lambda y, t: -2.0 * t * y, [1.0], t, **TIGHT)[:, 0]

    # y = exp(t0² − t²)
    y = np.exp(TIMES[0] ** 2 - TIMES**2)
    right = np.diag(-2 * TIMES * y)
    right[:, 0] += 2 * TIMES[0] * y
    np.testing.assert_allclose(jacobian(f)(TIMES), right, rtol=1e-7, atol=1e-9)


def test_what_the_function_uses_gets_its_gradient() -> None:
    def end(k: Any, **options: Any) -> Any:
        held = 2 * k
        solution = integrate.solve_ivp(lambda t, y: -held * y, (0, 1.0), [1.0], **options, **TIGHT)
        return solution.y[0, -1]

    right = np.exp(-1.4)
    np.testing.assert_allclose(grad(end)(0.7), -2 * right, rtol=1e-8)
    np.testing.assert_allclose(hessian(end)(0.7), 4 * right, rtol=1e-7)
    np.testing.assert_allclose(grad(lambda k: end(k, method="DOP853"))(0.7), -2 * right, rtol=1e-8)
    np.testing.assert_allclose(
        grad(lambda k: end(k, t_eval=[0.2, 0.5]))(0.7), -np.exp(-0.7), rtol=1e-8
    )


def test_solve_ivp_by_its_ends_and_arguments() -> None:
    def end(t0: Any, t1: Any, y0: Any, k: Any) -> Any:
        flow = lambda t, y, k: [-k * y[0], y[0]]  # noqa: E731
        return integrate.solve_ivp(flow, (t0, t1), [y0, 0.0], args=(k,), **TIGHT).y[1, -1]

    def right(t0: Any, t1: Any, y0: Any, k: Any) -> Any:
        return y0 * (1 - np.exp(-k * (t1 - t0))) / k

    point = (0.2, 1.1, 1.3, 0.7)
    places = (0, 1, 2, 3)
    found = grad(end, places)(*point)
    np.testing.assert_allclose(found, grad(right, places)(*point), rtol=1e-7)


def test_on_arrays_they_are_scipys() -> None:
    ours = integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0], dense_output=True)
    theirs = scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), [1.0], dense_output=True)
    np.testing.assert_array_equal(ours.y, theirs.y)
    assert ours.sol is not None


def test_what_cannot_be_done_is_refused() -> None:
    def solved(k: Any, **options: Any) -> Any:
        return integrate.solve_ivp(lambda t, y: -k * y, (0, 1), [1.0], **options).y[0, -1]

    with pytest.raises(NotImplementedError, match="no events"):
        grad(lambda k: solved(k, events=lambda t, y: y[0]))(0.7)
    with pytest.raises(NotImplementedError, match="full_output"):
        integrate.odeint(lambda y, t: y, [1.0], TIMES, full_output=True)
    with pytest.raises(RuntimeError, match="solve_ivp"):
        grad(lambda k: integrate.solve_ivp(lambda t, y: k * y**2, (0, 3), [1.0]).y[0, -1])(1.0)
    with pytest.raises(TypeError, match="being traced"):
        jit(solved)(0.7)


def test_a_parameter_that_comes_later_is_refused() -> None:
    def end(k: Any) -> Any:
        def flow(t: Any, y: Any) -> Any:
            return -y * k if t > 0.5 else -y * 1.0 + 0 * k.detach()

        return integrate.solve_ivp(flow, (0, 1), [1.0]).y[0, -1]

    with pytest.raises(ValueError, match="hand it in args"):
        grad(end)(0.7)


@pytest.mark.parametrize(
    "f",
    [
        lambda m, y: m.trapezoid(y, axis=0), lambda m, y: m.simpson(y, dx=0.3),
        lambda m, y: m.simpson(y, x=[0.0, 0.2, 0.7]), lambda m, y: m.cumulative_trapezoid(y),
        lambda m, y: m.cumulative_trapezoid(y, [0.0, 0.3], axis=0, initial=0),
    ],
)  # fmt: skip
def test_sums_of_samples(f: Any) -> None:
    y = np.array([[0.3, 0.9, -0.4], [1.2, 0.1, 0.8]])
    np.testing.assert_allclose(f(integrate, Tensor(y)).numpy(), f(scipy.integrate, y))
    check_grads(lambda y: f(integrate, y), y)


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cityblock", "chebyshev"])
def test_distances(metric: str) -> None:
    distance: Any = scipy.spatial.distance
    x, y = np.array([[0.3, 0.9], [1.2, 0.1], [0.5, 2.0]]), np.array([[0.1, 0.7], [2.2, 0.4]])
    ours = spatial.distance
    np.testing.assert_allclose(
        ours.cdist(Tensor(x), y, metric).numpy(), distance.cdist(x, y, metric)
    )
    np.testing.assert_allclose(ours.pdist(Tensor(x), metric).numpy(), distance.pdist(x, metric))
    check_grads(lambda x, y: ours.cdist(x, y, metric), (x, y))
