"""What scipy.optimize is handed: gradients, Jacobians and products with the Hessian."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize as so

import autograd_nn.numpy as anp
from autograd_nn import grad, hvp, jacobian, value_and_grad
from autograd_nn.scipy.integrate import odeint

START = np.array([1.3, 0.7, 0.8, 1.9])
T = np.linspace(0, 1, 20)
SAMPLES = 2 * np.exp(-3 * T)


def rosen(x: Any, top: float = 100.0) -> Any:
    return np.sum(top * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize(
    ("f", "options"),
    [
        (rosen, {"jac": grad(rosen), "method": "BFGS"}),
        (value_and_grad(rosen), {"jac": True, "method": "L-BFGS-B"}),
        (rosen, {"jac": grad(rosen), "hessp": hvp(rosen), "method": "trust-ncg"}),
        (rosen, {"jac": grad(rosen), "hessp": hvp(rosen), "method": "Newton-CG", "args": (50.0,)}),
    ],
)
def test_minimize(f: Any, options: Any) -> None:
    np.testing.assert_allclose(so.minimize(f, START, **options).x, 1.0, atol=1e-3)


def test_hvp_without_a_point_is_a_function() -> None:
    v = np.arange(4.0)
    np.testing.assert_array_equal(hvp(rosen)(START, v), hvp(rosen, (START,), (v,)))
    assert hvp(rosen).__name__ == "hvp_rosen"


def test_root_least_squares_and_curve_fit() -> None:
    def f(v: Any) -> Any:
        return anp.array([v[0] + 0.5 * (v[0] - v[1]) ** 3 - 1, 0.5 * (v[1] - v[0]) ** 3 + v[1]])

    root = so.root(f, [0.0, 0.0], jac=jacobian(f))
    np.testing.assert_allclose(f(root.x), 0, atol=1e-9)

    def model(t: Any, a: Any, b: Any) -> Any:
        return a * np.exp(b * t)

    def residuals(p: Any) -> Any:
        return model(T, p[0], p[1]) - SAMPLES

    found = so.least_squares(residuals, [1.0, -1.0], jac=jacobian(residuals)).x
    np.testing.assert_allclose(found, [2, -3])

    def slopes(t: Any, a: Any, b: Any) -> Any:
        return np.stack(jacobian(model, (1, 2))(t, a, b), axis=-1)

    np.testing.assert_allclose(so.curve_fit(model, T, SAMPLES, [1.0, -1.0], jac=slopes)[0], [2, -3])


def test_dfun_of_odeint() -> None:
    def flow(y: Any, t: Any, k: Any) -> Any:
        return -k * y**3

    options: Any = {"args": (2.0,), "Dfun": jacobian(flow), "rtol": 1e-10, "atol": 1e-10}
    y = odeint(flow, np.array([1.0, 0.5]), T, **options)
    np.testing.assert_allclose(y[:, 0], 1 / np.sqrt(1 + 4 * T), rtol=1e-8)
