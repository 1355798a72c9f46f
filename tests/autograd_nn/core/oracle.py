"""A second engine, as naive as can be: the judge of the first on random graphs.

It shares nothing with the package. An expression is a name, a number or a tuple (operation,
arguments …); the same tuple used twice is a shared node. Derivatives are carried forwards, by
the total differential: the derivative of an expression along one direction of its leaves, by
plain recursion, where the package goes backwards once for all leaves. Second derivatives are the
differential of the differential, which is an expression again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Expression = Any

VALUES: dict[str, Callable[..., Any]] = {
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
    "square": lambda a: a**2,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "matmul": np.matmul,
    "transpose": lambda a: a.T,
    "sum": np.sum,
    "rows": lambda a: a.sum(axis=1, keepdims=True),
    "columns": lambda a: a.mean(axis=0),
    "first": lambda a: a[0],
    "stack": lambda a, b: np.concatenate([a, b]),
}


def _bilinear(op: str) -> Callable[..., Expression]:
    return lambda e, a, b, da, db: ("add", (op, da, b), (op, a, db))


def _linear(op: str) -> Callable[..., Expression]:
    return lambda e, a, da: (op, da)


def _linear_in_both(op: str) -> Callable[..., Expression]:
    return lambda e, a, b, da, db: (op, da, db)


def _times(factor: Callable[[Expression, Expression], Expression]) -> Callable[..., Expression]:
    return lambda e, a, da: ("multiply", factor(e, a), da)


DIFFERENTIALS: dict[str, Callable[..., Expression]] = {
    "add": _linear_in_both("add"),
    "subtract": _linear_in_both("subtract"),
    "stack": _linear_in_both("stack"),
    "multiply": _bilinear("multiply"),
    "matmul": _bilinear("matmul"),
    "divide": lambda e, a, b, da, db: (
        "divide", ("subtract", ("multiply", da, b), ("multiply", a, db)), ("square", b)
    ),
    "negative": _linear("negative"),
    "transpose": _linear("transpose"),
    "sum": _linear("sum"),
    "rows": _linear("rows"),
    "columns": _linear("columns"),
    "first": _linear("first"),
    "exp": _times(lambda e, a: ("exp", a)),
    "log": _times(lambda e, a: ("divide", 1.0, a)),
    "sin": _times(lambda e, a: ("cos", a)),
    "cos": _times(lambda e, a: ("negative", ("sin", a))),
    "tanh": _times(lambda e, a: ("subtract", 1.0, ("square", ("tanh", a)))),
    "sqrt": _times(lambda e, a: ("divide", 0.5, ("sqrt", a))),
    "square": _times(lambda e, a: ("multiply", 2.0, a)),
    "sigmoid": _times(lambda e, a: ("multiply", ("sigmoid", a), ("sigmoid", ("negative", a)))),
}  # fmt: skip


def value(e: Expression, leaves: Mapping[str, Any], known: dict[int, Any] | None = None) -> Any:
    """Return what `e` is worth, its leaves being `leaves`."""
    known = {} if known is None else known
    if isinstance(e, str):
        return leaves[e]
    if not isinstance(e, tuple):
        return e
    if id(e) not in known:
        known[id(e)] = VALUES[e[0]](*[value(part, leaves, known) for part in e[1:]])
    return known[id(e)]


def differential(e: Expression, along: str, known: dict[int, Any] | None = None) -> Expression:
    """Return the total differential of `e`, the one of leaf ``x`` being the leaf ``along + x``."""
    known = {} if known is None else known
    if isinstance(e, str):
        return along + e if not e.startswith("d") else ("multiply", 0.0, e)
    if not isinstance(e, tuple):
        return 0.0 * e
    if id(e) not in known:
        parts = [differential(part, along, known) for part in e[1:]]
        known[id(e)] = DIFFERENTIALS[e[0]](e, *e[1:], *parts)
    return known[id(e)]
