"""A formula with its numbers collected in front, and without what does nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.elementwise import (
    ADD,
    DIVIDE,
    EXP,
    LOG,
    MULTIPLY,
    NEGATIVE,
    POWER,
    SQRT,
    SQUARE,
    SUBTRACT,
    WHERE,
)
from ..ops.linalg import MATMUL
from ..ops.logical import EQUAL
from ..ops.products import OUTER
from ..ops.shapes import TRANSPOSE
from .expression import Expr, call, evaluate, is_scalar, negated, nodes, number, transposed

_COMPUTED = (WHERE, POWER, EQUAL, EXP, LOG, SQRT, SQUARE)
"""Operations on numbers alone that are replaced by their result."""


def simplified(e: Expr) -> Expr:
    """Return `e` with its number in front and without what does nothing.

    Numbers that stand for whole arrays of themselves are left as numbers: the value of the
    result may have to be broadcast to the shape it had.

    >>> a = Expr(name="a")
    >>> simplified(call(ADD, call(MULTIPLY, a, number(2.0)), negated(negated(a))))
    multiply(3.0, a)
    """
    return _joined(*_split(e))


def _joined(factor: float, rest: Expr | None) -> Expr:
    if rest is None:
        return number(factor)
    scaled = rest if abs(factor) == 1 else call(MULTIPLY, number(abs(factor)), rest)
    return negated(scaled) if factor < 0 else scaled


def _uniform(value: Any) -> float | None:
    """Return the number that every element of `value` equals, or None."""
    array = np.asarray(value)
    if array.size == 0 or array.dtype.kind not in "fiu" or not (array == array.flat[0]).all():
        return None
    return float(array.flat[0])


def _split(e: Expr) -> tuple[float, Expr | None]:
    """Return `e` as a number times the rest; None for the rest where there is only a number."""
    if e.op is None:
        value = None if e.name else _uniform(e.value)
        return (1.0, e) if value is None else (value, None)
    if e.op in (ADD, SUBTRACT):
        return _added(e)
    known = len(e.args) == 1 or e.op in (MULTIPLY, DIVIDE, MATMUL, OUTER)
    if "linear" not in e.op.traits or not known:
        return _split_nonlinear(e)
    if e.op is OUTER and (ones := _split(e.args[0]))[1] is None:
        a, rest = _split(e.args[1])
        return ones[0] * a, rest  # each row is the same
    if e.op in (MATMUL, OUTER):
        (a, left), (b, right) = map(_split_in_shape, e.args)
        return a * b, call(e.op, left, right)
    if len(e.args) == 2:
        return _split_product(e, *_split(e.args[0]), *_split(e.args[1]))
    factor, rest = _split(e.args[0])
    if e.op is NEGATIVE:
        return -factor, rest
    if rest is None and e.op.traits & {"view", "elementwise"}:
        return factor, None  # one number everywhere: moved or repeated it is the same again
    if rest is None or not _has_names(rest):
        return 1.0, e
    if e.op is TRANSPOSE and not e.params:
        return factor, transposed(rest)
    return factor, Expr(e.op, (rest,), e.params)


def _split_product(
    e: Expr, a: float, left: Expr | None, b: float, right: Expr | None
) -> tuple[float, Expr | None]:
    """Return what `_split` does for a product or quotient of a · `left` and b · `right`."""
    if e.op is MULTIPLY:
        return a * b, call(MULTIPLY, left, right) if left and right else left or right
    if b == 0:
        return 1.0, e
    if right is None:
        return a / b, left
    if left is not None and left.key() == right.key():
        return a / b, None
    return a / b, call(DIVIDE, left or number(1.0), right)


def _has_names(e: Expr) -> bool:
    return any(node.name for node in nodes(e))


def _split_in_shape(e: Expr) -> tuple[float, Expr]:
    """Return what `_split` does, but `e` itself where numbers alone tell its shape."""
    factor, rest = _split(e)
    return (factor, rest) if rest is not None and _has_names(rest) else (1.0, e)


def _split_nonlinear(e: Expr) -> tuple[float, Expr | None]:
    assert e.op is not None  # noqa: S101 - names and constants are split before
    split = _split if "elementwise" in e.op.traits else _split_in_shape
    args = tuple(_joined(*split(arg)) for arg in e.args)
    if e.op is POWER and is_scalar(args[1]) and args[1].value == 1:
        return _split(args[0])
    made = Expr(e.op, args, e.params)
    if e.op in _COMPUTED and all(map(is_scalar, args)):
        with np.errstate(all="ignore"):
            return float(np.asarray(evaluate(made, {}))), None
    return 1.0, made


def _summands(e: Expr, sign: float) -> list[tuple[float, Expr | None]]:
    """Return the terms of a sum, each as a number times the rest."""
    if e.op in (ADD, SUBTRACT):
        left, right = e.args
        return _summands(left, sign) + _summands(right, sign if e.op is ADD else -sign)
    factor, rest = _split(e)
    if rest is not None and rest.op in (ADD, SUBTRACT) and abs(factor) == 1:
        return _summands(rest, sign * factor)
    return [(sign * factor, rest)]


def _added(e: Expr) -> tuple[float, Expr | None]:
    """Return a sum with what is alike added up; a number times one term where that is all."""
    collected: dict[Any, tuple[float, Expr | None]] = {}
    for factor, rest in _summands(e, 1.0):
        key = rest.key() if rest is not None else None
        before = collected.get(key, (0.0, rest))[0]
        collected[key] = (before + factor, rest)
    kept = [(factor, rest) for factor, rest in collected.values() if factor]
    if not kept:
        return 0.0, None
    if len(kept) == 1:
        return kept[0]
    whole = _joined(*kept[0])
    for factor, rest in kept[1:]:
        whole = call(ADD if factor > 0 else SUBTRACT, whole, _joined(abs(factor), rest))
    return 1.0, whole
