"""A few random programs over the test list; `tests.benchmarks.random_programs` runs thousands."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_nn.core.op import REGISTRY
from autograd_nn.ops.special import Refused

from .complex_rows import VARIANTS, as_row, has_derivative
from .harness import Row
from .random_programs import Program, draw, judge, our_gradients, result_size
from .rows import ROWS

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # programs reach any number


@functools.cache
def pool() -> list[tuple[Row, int]]:
    rows = [row for row in ROWS if row.order and not refuses(row)]
    return [(row, size) for row in rows if (size := result_size(row))]


def refuses(row: Row) -> bool:
    """Whether some argument of the row has no derivative, so that none may flow there."""
    return row.op in REGISTRY and any(isinstance(r, Refused) for r in REGISTRY[row.op].vjps)


@functools.cache
def complex_pool() -> list[tuple[Row, int]]:
    rows = [as_row(row, which) for row, which in VARIANTS[::3] if has_derivative(row, which)]
    return [(row, size) for row in rows if (size := result_size(row))]


def drawn(seed: int, longest: int = 30) -> tuple[Program, list[Any]]:
    return draw(pool(), np.random.default_rng(seed), 5, longest)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_gradients_equal_differences(seed: int) -> None:
    program, leaves = drawn(seed)
    verdict = judge(program, leaves, our_gradients(program, leaves), np.random.default_rng(seed))
    assert verdict.word != "wrong", f"{verdict}\n{program.text}"


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_gradients_of_complex_programs_equal_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    program, leaves = draw(complex_pool(), rng, 5, 20, of_complex=True)
    found = our_gradients(program, leaves)
    assert [g.dtype for g in found] == [x.dtype for x in leaves]
    verdict = judge(program, leaves, found, rng)
    assert verdict.word != "wrong", f"{verdict}\n{program.text}"


def test_differences_decide_nearly_always() -> None:
    words = []
    for seed in range(8):
        program, leaves = drawn(seed, 12)
        found = our_gradients(program, leaves)
        assert any(np.any(g != 0) for g in found)
        words.append(judge(program, leaves, found, np.random.default_rng(seed)).word)
    assert words.count("right") >= 7


@pytest.mark.parametrize("name", ["tanh", "take", "matmul"])
def test_a_rule_that_is_off_by_a_thousandth_is_caught(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    op = REGISTRY[name]
    rules = tuple(
        rule and (lambda *args, rule=rule, **params: 1.001 * rule(*args, **params))
        for rule in op.vjps
    )
    monkeypatch.setattr(op, "vjps", rules)
    program, leaves = drawn(1, 8)  # every step takes elements and uses tanh and matmul
    verdict = judge(program, leaves, our_gradients(program, leaves), np.random.default_rng(0))
    assert verdict.word == "wrong"


def test_gradients_equal_jaxs() -> None:
    pytest.importorskip("jax")
    jax = importlib.import_module("tests.benchmarks.random_programs").InJax()
    simple = [(r, n) for r, n in pool() if r.op in ("exp", "multiply", "matmul", "sort", "where")]
    simple = [(r, n) for r, n in simple if r.label != "choose"]  # which jax.jit lacks
    for seed in range(3):
        program, leaves = draw(simple, np.random.default_rng(seed), 5, 8)
        ours, theirs = our_gradients(program, leaves), jax.gradients(program, leaves)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
