"""The backward pass, one step at a time, as formulas.

1. `terms` reads off the graph what each use of a tensor adds to its gradient: the vjp rule of
   the operation that uses it, run once on named stand-ins and so recorded.
2. `reference` adds them up: the right formula of a gradient in terms of the named values and
   gradients next to it.
3. `simplified` collects numbers in front and drops what does nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...core.tensor import Tensor, plain
from ...formulas.expression import (
    LARGEST,
    Expr,
    call,
    evaluate,
    mapped,
    name,
    negated,
    number,
    size,
    transposed,
)
from ...formulas.rule import OUT, G, rule_formula
from ..names import Environment


class Term(NamedTuple):
    """What one use of a tensor contributes to its gradient."""

    consumer: Tensor
    position: int
    formula: Expr


def _named_gradient(environment: Environment, node: Tensor) -> str:
    """Return the name under which formulas know ∂J/∂node, ``""`` for an unnamed node."""
    text = environment.names.get(node, "")
    return f"d_{text}" if text and text not in environment.twice else ""


class TooLargeError(ValueError):
    """A formula between two named tensors has more parts than can be rewritten or read."""


def _checked(e: Expr) -> Expr:
    if size(e) > LARGEST:
        raise TooLargeError(
            f"a formula has more than {LARGEST} parts; give the tensors in between names"
        )
    return e


def value_of(environment: Environment, node: Tensor) -> Expr:
    """Return the forward value of a node: its name, or the formula it was recorded as.

    Raises
    ------
    TooLargeError
        If that formula is too large.
    """
    known: dict[Tensor, Expr] = {}
    todo = [node]
    while todo:
        here = todo[-1]
        text = environment.names.get(here, "")
        if text and text not in environment.twice:
            known[here] = name(text)
        elif here.op is None:
            known[here] = number(plain(here))
        else:
            missing = [x for x in here.inputs if x not in known]
            if missing:
                if len(todo) > LARGEST:
                    raise TooLargeError("the formula of an unnamed tensor is too large")
                todo.append(missing[0])
                continue
            parts = tuple(known[x] for x in here.inputs)
            known[here] = _checked(Expr(here.op, parts, dict(here.params)))
        todo.pop()
    return known[node]


def gradient_of(environment: Environment, node: Tensor) -> Expr:
    """Return ∂J/∂node: its name, 1 for J itself, or the formula of an unnamed node.

    Raises
    ------
    TooLargeError
        If that formula is too large.
    """
    known: dict[Tensor, Expr] = {}
    todo = [node]
    while todo:
        here = todo[-1]
        text = _named_gradient(environment, here)
        if here is environment.J:
            known[here] = number(np.ones_like(plain(here)) if here.ndim else 1.0)
        elif text:
            known[here] = name(text)
        else:
            users = environment.consumers[here]
            missing = [consumer for consumer, _ in users if consumer not in known]
            if missing:
                if len(todo) > LARGEST:
                    raise TooLargeError("the gradient of an unnamed tensor is too large a formula")
                todo.append(missing[0])
                continue
            found = [
                step(environment, consumer, index, known[consumer]) for consumer, index in users
            ]
            known[here] = _checked(_total([simplified(e) for e in found if e is not None]))
        todo.pop()
    return known[node]


def _total(formulas: list[Expr]) -> Expr:
    total: Expr | None = None
    for formula in formulas:
        total = formula if total is None else call("add", total, formula)
    return total if total is not None else number(0.0)


def step(environment: Environment, consumer: Tensor, index: int, g: Expr) -> Expr | None:
    """Return what `consumer`, its own gradient being `g`, adds to that of its input `index`.

    None where nothing flows.
    """
    op = consumer.op
    assert op is not None  # noqa: S101 - consumers are operations
    if op.rule(index) is None:
        return None
    for activation in environment.activations if environment.activation is not None else ():
        if consumer is environment.named[activation.h]:
            return call("multiply", g, name(activation.slope))
    formula = rule_formula(consumer, index)
    if formula is None:
        return None
    put = {G: g, OUT: value_of(environment, consumer)}
    put |= {f"@{i}": value_of(environment, x) for i, x in enumerate(consumer.inputs)}
    return mapped(formula, lambda e: put.get(e.name, e) if e.name else e)


def terms(environment: Environment, node: Tensor) -> list[Term]:
    """Return what each use of `node` contributes to its gradient."""
    found = []
    for consumer, index in environment.consumers[node]:
        formula = step(environment, consumer, index, gradient_of(environment, consumer))
        if formula is not None:
            found.append(Term(consumer, index, simplified(formula)))
    return found


def reference(environment: Environment, node: Tensor) -> Expr:
    """Return the formula of ∂J/∂node from named values and gradients."""
    return _total([term.formula for term in terms(environment, node)])


def in_deltas(environment: Environment, e: Expr, scale: int) -> Expr:
    """Return `scale` · e with δ^(l) in the place of ∂J/∂z^(l), which is δ^(l)/m."""
    m = environment.samples

    def change(node: Expr) -> Expr:
        if node.name.startswith("d_z") and node.name[3:].isdigit():
            delta = name(f"delta{node.name[3:]}")
            return delta if m == 1 else call("multiply", number(1 / m), delta)
        return node

    return simplified(call("multiply", number(float(scale)), mapped(e, change)))


class Step(NamedTuple):
    """One line: an operation, and what it hands back to one of its inputs.

    Attributes
    ----------
    operation : Expr
        What the operation computes.
    result : str
        The name of its result.
    source : str
        The name of the input.
    local : Expr or None
        ∂result/∂source where that is elementwise; None for products of matrices and the like.
    gradient : Expr
        ∂J/∂source by this operation, from the gradient of its result.
    accumulated : Expr
        ∂J/∂source, all its uses added, with what came before put in; δ stays δ.
    last : bool
        Whether this is the last use of the input, so that its gradient is complete.
    value : ndarray
        ∂J/∂source (or δ) in numbers.
    """

    operation: Expr
    result: str
    source: str
    local: Expr | None
    gradient: Expr
    accumulated: Expr
    last: bool
    value: Any


def between(environment: Environment, wrt: Tensor) -> list[Tensor]:
    """Return the nodes that depend on `wrt`, `wrt` included, J first."""
    reached = {wrt}
    for node in environment.order:
        if any(x in reached for x in node.inputs):
            reached.add(node)
    return [node for node in reversed(environment.order) if node in reached]


def operation(environment: Environment, node: Tensor) -> Expr:
    """Return the operation that made a node, on its named inputs."""
    return Expr(node.op, tuple(value_of(environment, x) for x in node.inputs), dict(node.params))


def is_layer(text: str) -> bool:
    """Whether a name is that of a weighted input z^(l)."""
    return text.startswith("z") and text[1:].isdigit()


def gradient_name(environment: Environment, source: str) -> str:
    """Return the name of the gradient with respect to a tensor: δ for a weighted input."""
    return environment.gradient_name(source, environment.samples if is_layer(source) else 1)


# -- simplification --------------------------------------------------------------------------------


def simplified(e: Expr) -> Expr:
    """Return `e` with its number in front and without what does nothing.

    Numbers that stand for whole arrays of themselves are left as numbers: the value of the
    result may have to be broadcast to the shape it had.
    """
    factor, rest = _split(e)
    return _joined(factor, rest)


def _joined(factor: float, rest: Expr | None) -> Expr:
    if rest is None:
        return number(factor)
    if factor == 1:
        return rest
    if factor == -1:
        return negated(rest)
    scaled = call("multiply", number(abs(factor)), rest)
    return negated(scaled) if factor < 0 else scaled


def _is_scalar(e: Expr) -> bool:
    return e.op is None and not e.name and np.ndim(e.value) == 0


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
    if e.kind not in _LINEAR:
        args = tuple(simplified(arg) for arg in e.args)
        numbers = [_is_scalar(arg) for arg in args]
        if e.kind == "power" and numbers[1] and args[1].value == 1:
            return _split(args[0])
        made = Expr(e.op, args, e.params)
        if all(numbers) and e.kind in ("where", "power", "equal", "exp", "log", "sqrt", "square"):
            with np.errstate(all="ignore"):
                return float(np.asarray(evaluate(made, {}))), None
        return 1.0, made
    factors, rests = zip(*[_split(arg) for arg in e.args], strict=True)
    match e.kind:
        case "negative":
            return -factors[0], rests[0]
        case "multiply":
            left, right = rests
            whole = left if right is None else right if left is None else None
            if left is not None and right is not None:
                whole = call("multiply", left, right)
            return factors[0] * factors[1], whole
        case "add" | "subtract":
            return _added(e)
        case "divide":
            if factors[1] == 0:
                return 1.0, e
            if rests[1] is None:
                return factors[0] / factors[1], rests[0]
            if rests[0] is not None and rests[0].key() == rests[1].key():
                return factors[0] / factors[1], None
            top = rests[0] if rests[0] is not None else number(1.0)
            return factors[0] / factors[1], call("divide", top, rests[1])
        case "matmul":
            if rests[0] is not None and rests[1] is not None:
                return factors[0] * factors[1], call("matmul", rests[0], rests[1])
            return 1.0, Expr(e.op, tuple(simplified(arg) for arg in e.args), e.params)
        case "transpose" if rests[0] is not None and not e.params:
            return factors[0], transposed(rests[0])
        case "sum" if rests[0] is None:
            return 1.0, e
    rest = rests[0]
    return factors[0], None if rest is None else Expr(e.op, (rest,), e.params)


def _summands(e: Expr, sign: float) -> list[tuple[float, Expr | None]]:
    """Return the terms of a sum, each as a number times the rest."""
    if e.kind in ("add", "subtract"):
        left, right = e.args
        return _summands(left, sign) + _summands(right, sign if e.kind == "add" else -sign)
    factor, rest = _split(e)
    if rest is not None and rest.kind in ("add", "subtract") and abs(factor) == 1:
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
    total = _joined(*kept[0])
    for factor, rest in kept[1:]:
        total = call("add" if factor > 0 else "subtract", total, _joined(abs(factor), rest))
    return 1.0, total


_LINEAR = {
    "add", "subtract", "negative", "multiply", "divide", "matmul", "transpose", "sum",
    "broadcast_to", "reshape",
    "astype",
}  # fmt: skip
