"""Interpolants against SciPy's on arrays and against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.interpolate

from autograd_nn import Tensor, check_grads
from autograd_nn.scipy import interpolate

X = np.array([0.0, 0.4, 1.1, 1.5, 2.2])
Y = np.array([[0.3, 1.2, -0.4, 0.9, 0.1], [1.3, 0.2, 0.4, -0.9, 2.1]])


@pytest.mark.parametrize("at", [0.7, np.array([0.1, 2.0]), np.array([[0.1, 0.5], [1.0, 2.0]])])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("interp1d", {}), ("interp1d", {"kind": "cubic", "axis": 0}), ("CubicSpline", {"axis": 1}),
        ("CubicSpline", {"bc_type": "natural"}),
    ],
)  # fmt: skip
def test_interpolants_are_scipys(name: str, options: Any, at: Any) -> None:
    y = Y if options.get("axis", -1 if name == "interp1d" else 0) in (1, -1) else Y.T

    def f(m: Any, y: Any) -> Any:
        return getattr(m, name)(X, y, **options)(at)

    right = f(scipy.interpolate, y)
    np.testing.assert_array_equal(f(interpolate, y), right)
    np.testing.assert_allclose(f(interpolate, Tensor(y)).numpy(), right, rtol=1e-12, atol=1e-14)
    check_grads(lambda y: f(interpolate, y), y)


def test_by_what_they_are_not_linear_in_they_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="derivative by x"):
        interpolate.interp1d(Tensor(X), Y)
    with pytest.raises(NotImplementedError, match="where it is read"):
        interpolate.interp1d(X, Tensor(Y))(Tensor(0.5))
