"""Guards: a call that is not like the traced one is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import jit

from .steps import PARAMETERS, X, Y, copies, step


def test_donated_arrays_in_other_layouts() -> None:
    train = jit(step, donate=0)
    right, _ = jit(step)(PARAMETERS, X, Y, 0.5)
    changes: list[Callable[[Any], Any]] = [
        lambda a: np.array(a, order="F"),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    ]
    for change in changes:
        p = {name: change(array) for name, array in PARAMETERS.items()}
        after, _ = train(p, X, Y, 0.5)
        for name in p:
            np.testing.assert_allclose(after[name], right[name])
    train(copies(PARAMETERS), X, Y, 0.5)
    p = copies(PARAMETERS)
    for array in p.values():
        array.setflags(write=False)
    after, _ = train(p, X, Y, 0.5)  # another program, which does not update in place
    np.testing.assert_array_equal(p["W1"], PARAMETERS["W1"])
    np.testing.assert_allclose(after["W1"], right["W1"])


def test_a_view_of_another_shape_is_seen_on_later_calls() -> None:
    step = jit(lambda w, x: w - 0.5 * np.sum(x, axis=0), donate=0)
    w, x = np.ones(3), np.ones((2, 3))
    step(w, x)
    with pytest.raises(ValueError, match=r"'w' and 'x' share the memory.*pass a copy"):
        step(x[1], x)
    assert x.tolist() == [[1.0] * 3] * 2


def test_the_right_argument_is_named_among_many() -> None:
    def f(*xs: Any) -> Any:
        return sum(xs[1:], xs[0])

    program = jit(f).lower(*[np.ones(n % 2 + 1) for n in range(12)])
    with pytest.raises(TypeError, match=r"xs_1: float64 of shape \(2,\).*; xs_11: float64"):
        program(*[1.0] * 12)


def test_no_donated_array_is_given_twice() -> None:
    step = jit(lambda a, b, c: (a + c, b * c, a - b), donate=(0, 1))
    arrays = [np.ones(3), np.ones(3), np.ones(3)]
    step(*arrays)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        given = [np.ones(3) for _ in arrays]
        given[second] = given[first]
        with pytest.raises(ValueError, match="share the memory"):
            step(*given)
