"""Matrix functions of SciPy, beyond what their rows say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, grad
from autograd_nn.scipy import linalg

TURN = np.array([[0.0, -2.0], [2.0, 0.3]])  # its eigenvalues are complex


@pytest.mark.parametrize("which", range(3))
def test_sylvester_where_one_matrix_is_complex(which: int) -> None:
    # SciPy itself gives something else: TURN is not triangular in Schur's real form
    matrices: list[Any] = [TURN, TURN.T + 1, TURN @ TURN]
    matrices[which] = matrices[which] + 0.5j
    a, b, q = matrices
    x = linalg.solve_sylvester(*map(Tensor, matrices)).numpy()
    np.testing.assert_allclose(a @ x + x @ b, q, atol=1e-12)


def test_the_gradient_of_a_root_along_a_complex_direction() -> None:
    def f(a: Any) -> Any:
        return np.real(np.sum(linalg.sqrtm(a) * np.array([[1, 2j], [3, 4]])) * (1 + 1j))

    a, step = TURN + np.eye(2), 1e-6
    found = grad(f)(a)
    for i, j in np.ndindex(2, 2):
        e = np.zeros((2, 2))
        e[i, j] = step
        assert np.isclose(found[i, j], (f(a + e) - f(a - e)) / (2 * step), rtol=1e-6)
