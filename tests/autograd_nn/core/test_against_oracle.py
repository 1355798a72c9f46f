"""Random graphs with shared nodes: the engine against the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_nn import Tensor, gradients, sigmoid

from . import oracle

ENGINE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": lambda a: -a,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "square": np.square,
    "sigmoid": sigmoid,
    "matmul": lambda a, b: a @ b,
    "transpose": lambda a: a.T,
    "sum": np.sum,
    "rows": lambda a: np.sum(a, axis=1, keepdims=True),
    "columns": lambda a: a.mean(axis=0),
    "first": lambda a: a[0],
    "stack": lambda a, b: np.concatenate([a, b]),
}
SHAPES = {"a": (2, 2), "b": (2, 2), "c": (2,), "s": ()}
SAFE = ("add", "subtract", "multiply", "negative", "sin", "cos", "tanh", "sigmoid", "square",
        "matmul", "transpose", "sum", "rows", "columns", "first", "stack")  # fmt: skip


def positive(e: Any) -> Any:
    """Return an expression between about 1.2 and 4, that roots and quotients are safe with."""
    return ("exp", ("add", 0.8, ("multiply", 0.6, ("tanh", e))))


@st.composite
def expressions(draw: Any) -> Any:
    """Draw a scalar expression of up to a dozen operations on shared parts, all of tame size."""
    nodes: list[Any] = list(SHAPES)
    shapes: list[tuple[int, ...]] = list(SHAPES.values())
    leaves = {name: np.ones(shape) for name, shape in SHAPES.items()}
    for _ in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from([*SAFE, "divide", "sqrt", "log"]))
        parts = [nodes[draw(st.integers(0, len(nodes) - 1))]
                 for _ in range(2 if op in {"add", "subtract", "multiply", "divide", "matmul",
                                            "stack"} else 1)]  # fmt: skip
        if op in {"divide", "sqrt", "log"}:
            parts[-1] = positive(parts[-1])
        e = ("sin", (op, *parts)) if op in {"matmul", "square", "multiply"} else (op, *parts)
        try:
            shape = np.shape(oracle.value(e, leaves))
        except (ValueError, IndexError):  # shapes that do not fit, or no such axis: not drawn
            continue
        nodes.append(e)
        shapes.append(shape)
    last = nodes[-1]
    total: Any = ("sum", ("sin", last))
    for node in nodes[len(SHAPES) : -1 : 2]:
        total = ("add", total, ("sum", ("multiply", 0.5, node)))
    return total


def build(e: Any, leaves: dict[str, Tensor], known: dict[int, Any]) -> Any:
    """Record `e` with the engine; what is shared in `e` is shared in the graph."""
    if isinstance(e, str):
        return leaves[e]
    if not isinstance(e, tuple):
        return e
    if id(e) not in known:
        known[id(e)] = ENGINE[e[0]](*[build(part, leaves, known) for part in e[1:]])
    return known[id(e)]


def along(gs: list[Any], directions: dict[str, Any]) -> Any:
    return sum((np.sum(g * directions[name]) for g, name in zip(gs, SHAPES, strict=True)), 0.0)


@settings(max_examples=150, deadline=None)
@given(e=expressions(), seed=st.integers(0, 1000))
def test_random_graphs(e: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = {name: np.asarray(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    first = {name: np.asarray(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    second = {name: np.asarray(rng.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    known = (
        arrays | {"d" + k: v for k, v in first.items()} | {"e" + k: v for k, v in second.items()}
    )

    leaves = {name: Tensor(array, requires_grad=True) for name, array in arrays.items()}
    out = build(e, leaves, {})
    close: Any = lambda got, right: np.testing.assert_allclose(  # noqa: E731
        got, right, rtol=1e-9, atol=1e-9 * (1 + np.max(np.abs(right), initial=0))
    )
    close(out.numpy(), oracle.value(e, arrays))

    wrt = list(leaves.values())
    de = oracle.differential(e, "d")
    close(along(gradients(out, wrt), first), oracle.value(de, known))

    out.backward()
    grads = [np.zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in wrt]
    close(along(grads, first), oracle.value(de, known))

    recorded = along(gradients(out, wrt, create_graph=True), first)
    close(recorded.numpy(), oracle.value(de, known))
    dde = oracle.differential(de, "e")
    close(along(gradients(recorded, wrt), second), oracle.value(dde, known))


def test_the_oracle_knows_a_derivative_by_heart() -> None:
    e = ("multiply", ("square", "x"), "x")
    de = oracle.differential(e, "d")
    assert oracle.value(e, {"x": 2.0}) == 8.0
    assert oracle.value(de, {"x": 2.0, "dx": 1.0}) == 12.0
    dde = oracle.differential(de, "e")
    assert oracle.value(dde, {"x": 2.0, "dx": 1.0, "ex": 1.0}) == 12.0


def test_both_know_the_same_operations() -> None:
    assert set(ENGINE) == set(oracle.VALUES) == set(oracle.DIFFERENTIALS)
