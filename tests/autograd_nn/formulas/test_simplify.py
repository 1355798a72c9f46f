"""Simplified formulas have the same value, and their numbers in front."""

from __future__ import annotations

import random

import numpy as np
import pytest

from autograd_nn import ops
from autograd_nn.core.op import Op
from autograd_nn.formulas.expression import Expr, call, evaluate, name, number
from autograd_nn.formulas.printing import python_text
from autograd_nn.formulas.simplify import simplified

E, S = ops.elementwise, ops.shapes
_BINARY = (E.ADD, E.SUBTRACT, E.MULTIPLY, E.DIVIDE, E.POWER, ops.linalg.MATMUL)
_UNARY = (E.NEGATIVE, E.SQUARE, E.EXP, E.SIGMOID, S.TRANSPOSE)


def formula(rng: random.Random, depth: int) -> Expr:
    """Return a random formula of three matrices."""
    if depth == 0 or rng.random() < 0.1:
        leaf = rng.choice(["a", "b", "c", 2.0, 1.0, 0.5, 3.0])
        return name(leaf) if isinstance(leaf, str) else number(np.full((2, 2), leaf))
    if rng.random() < 0.3:
        return call(rng.choice(_UNARY), formula(rng, depth - 1))
    if rng.random() < 0.1:
        return call(ops.indexing.GETITEM, formula(rng, depth - 1), key=(slice(None, None, -1),))
    return call(rng.choice(_BINARY), formula(rng, depth - 1), formula(rng, depth - 1))


@pytest.mark.parametrize("seed", range(300))
def test_the_value_stays(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = {text: rng.uniform(0.5, 1.5, (2, 2)) for text in "abc"}
    e = formula(random.Random(seed), 4)  # noqa: S311 - formulas, not secrets
    if seed % 2:
        e = call(ops.reductions.SUM, e, axis=(0,), keepdims=True)
    with np.errstate(all="ignore"):
        before = evaluate(e, values)
        after = evaluate(simplified(e), values)
    if np.isfinite(before).all() and np.abs(before).max() < 1e12:
        assert np.allclose(after, before, rtol=1e-8, atol=1e-9)


def test_numbers_come_to_the_front_and_like_terms_together() -> None:
    a, b = name("a"), name("b")
    scaled = call(E.MULTIPLY, call(E.MULTIPLY, a, number(2.0)), number(-1.0))
    assert python_text(simplified(scaled)) == "-2 * a"
    twice = call(E.ADD, call(E.MULTIPLY, a, b), call(E.MULTIPLY, a, b))
    assert python_text(simplified(twice)) == "2 * a * b"
    assert python_text(simplified(call(E.SUBTRACT, a, a))) == "0"
    assert python_text(simplified(call(E.DIVIDE, call(E.NEGATIVE, a), a))) == "-1"
    assert python_text(simplified(call(E.POWER, a, number(1)))) == "a"


def test_a_linear_operation_of_one_s_own_lets_numbers_through() -> None:
    running = Op("running", np.cumsum, traits={"linear"})
    e = simplified(call(running, call(E.MULTIPLY, number(3.0), name("a"))))
    assert python_text(e) == "3 * running(a)"
    alone = simplified(call(running, number(np.ones(3))))  # 1, 2, 3: not the number 1
    assert alone.op is running
