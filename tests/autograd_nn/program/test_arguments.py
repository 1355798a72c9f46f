"""Arguments: those that cannot be, and arrays that are in two of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import jit

from .steps import A, cost


def test_arguments_and_results_that_cannot_be() -> None:
    with pytest.raises(TypeError, match="text is of type str"):
        jit(lambda text: 1.0)("sum")
    with pytest.raises(TypeError, match=r"p\[\"w\"\].*datetime64"):
        jit(lambda p: 1.0)({"w": np.zeros(2, "M8[s]")})
    with pytest.raises(TypeError, match="a function for jit returns"):
        jit(lambda x: "text")(A)
    with pytest.raises(TypeError, match="jit takes a function"):
        jit(3)  # type: ignore[arg-type]  # the error is what is tested
    with pytest.raises(ValueError, match="engine must be"):
        jit(cost, engine="fortran")
    with pytest.raises(TypeError, match="donate takes positions"):
        jit(cost, donate=-1)
    program = jit(lambda x: x * 2).lower(A)
    with pytest.raises(TypeError, match=r"x: float64 of shape \(3, 3\)"):
        program(A[0])


def test_an_array_in_two_arguments_is_not_donated() -> None:
    def f(w: Any, x: Any) -> Any:
        return w - 0.5 * x, np.sum(x * w)

    step = jit(f, donate=0)
    w, x = np.ones(3), np.arange(3.0)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"'w' and 'x' share the memory.*pass a copy"):
            step(w, w)
        out, total = step(w.copy(), x)
        assert out.tolist() == [1.0, 0.5, 0.0]
        assert total == 3.0
    many = np.ones(9)
    for view, other in ((w[:], w), (w, w[::-1]), (many[3:6], many[4:7])):
        with pytest.raises(ValueError, match="share the memory"):
            step(view, other)
    step(many[3:6], many[6:])  # neighbours share nothing
    assert many.tolist() == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0]
    program = step.lower(w.copy(), x)
    with pytest.raises(TypeError, match="made for other arguments"):
        program(w, w)
