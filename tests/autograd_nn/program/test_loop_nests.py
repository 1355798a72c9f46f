"""Loop nests: what is computed in whose memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_nn import jit, sigmoid
from autograd_nn.core.op import Op
from autograd_nn.core.tensor import Tensor, apply
from autograd_nn.program.graph import op_of
from autograd_nn.program.loop_nests import Nest, nests, postponed
from autograd_nn.program.order import ordered
from autograd_nn.program.trace import trace

from .steps import A, B


def planned(f: Callable[..., Any], *arrays: Any) -> tuple[list[Nest | Tensor], list[str]]:
    """Return the steps of `f` on `arrays`, and each as the operations in it."""
    names = dict(zip("abcd", arrays, strict=False))
    graph = trace(f, "f", names, (), ()).graph
    order = ordered(graph, {}) or []
    steps = nests(graph, postponed(order, {}), {})
    members = [step.members if isinstance(step, Nest) else [step] for step in steps]
    return steps, [" ".join(op_of(node).name for node in some) for some in members]


def test_what_shares_a_nest() -> None:
    _, found = planned(lambda a, b: np.sum(np.exp(a) * b + np.sin(b)), A, B)
    assert found == ["exp multiply sin add sum"]
    _, found = planned(lambda a, b: np.exp(np.sin(a) @ np.cos(b)), A, B)
    assert found == ["sin cos", "matmul", "exp"]
    _, found = planned(lambda a, b: np.exp(a) + np.sum(np.exp(a), axis=0), A, B)
    assert found == ["exp sum exp", "add"], "a sum is whole only after its loops"


def test_what_is_stored_and_what_takes_over() -> None:
    def f(a: Any, b: Any) -> Any:
        z = a @ b
        h = np.sin(z)
        return np.exp(h) @ b, h

    steps, found = planned(f, A, B)
    assert found == ["matmul", "sin exp", "matmul"]
    product, nest, _ = steps
    assert isinstance(nest, Nest)
    h, e = nest.members
    assert nest.stored == {h, e}
    assert nest.takes_over == {h: product}, "z is needed by nobody else"


def test_an_operation_brings_its_loop_form() -> None:
    pytest.importorskip("numba")
    less_one = Op("exp_less_one", np.expm1, loop="(exp({0}) - 1)")
    program = jit(lambda x: apply(less_one, (x,)) * 2, engine="numba").lower(A)
    assert "e0 = (exp(x[i, j]) - 1)" in program.source
    np.testing.assert_allclose(program(B), np.expm1(B) * 2, rtol=1e-12, atol=1e-15)


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
