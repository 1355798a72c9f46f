"""The form of a program that is run by NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_nn import Tensor, jit, sigmoid


@pytest.mark.parametrize("m", [1, 20, 1078])
def test_the_sigmoid_is_stable_at_every_size(m: int) -> None:
    # Each size has a kernel of its own: SciPy's, four passes, and three passes on -z.
    z = np.tile([[-1000.0], [-700.0], [-30.0], [-1e-9], [0.0], [30.0], [1000.0]], m)
    b = np.array([[1e-3]] * 7)
    for dtype in (np.float64, np.float32):
        got = jit(lambda z, b: sigmoid(z + b))(z.astype(dtype), b.astype(dtype))
        right = sigmoid(Tensor((z.astype(dtype) + b.astype(dtype)).astype(dtype))).numpy()
        np.testing.assert_allclose(got, right, rtol=1e-6 if dtype == np.float32 else 1e-15)
