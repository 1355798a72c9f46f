"""Loop nests: what is computed in whose memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import jit, sigmoid

from .steps import A, B


def test_numba_computes_in_the_memory_of_what_is_not_needed_any_more() -> None:
    pytest.importorskip("numba")

    def f(x: Any, w: Any) -> Any:
        z = w @ x
        h = sigmoid(z)  # in the memory of z
        u = w @ h
        v = np.sin(u) + h  # in that of u
        kept = w @ v
        return kept, kept * 2, v + v.T

    program = jit(f, engine="numba").lower(A, B)
    assert program.source.count("np.empty") == 5
    for value, right in zip(program(A, B), jit(f)(A, B), strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-13)
