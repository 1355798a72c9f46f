"""The backward pass, one step at a time, as formulas.

1. `terms` reads off the graph what each use of a tensor adds to its gradient: the vjp rule of
   the operation that uses it, run once on named stand-ins and so recorded.
2. `reference` adds them up: the right formula of a gradient in terms of the named values and
   gradients next to it.
3. A `Step` is one line of a derivation, made of such formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from ...core.graph import dependents
from ...core.tensor import Tensor, plain
from ...formulas.expression import LARGEST, Expr, call, mapped, name, number, size, total
from ...formulas.notation import Name, gradient_name, gradient_of
from ...formulas.rule import OUT, G, rule_formula
from ...formulas.simplify import simplified
from ...ops.elementwise import MULTIPLY
from ..names import Environment


class Term(NamedTuple):
    """What one use of a tensor contributes to its gradient."""

    consumer: Tensor
    position: int
    formula: Expr


class TooLargeError(ValueError):
    """A formula between two named tensors has more parts than can be rewritten or read."""


def _own_name(environment: Environment, node: Tensor) -> str:
    """Return the name that formulas know a node by, ``""`` where it has none of its own."""
    text = environment.names.get(node, "")
    return "" if text in environment.twice else text


def _read_off(
    start: Tensor,
    known_as: Callable[[Tensor], Expr | None],
    parts: Callable[[Tensor], Iterable[Tensor]],
    make: Callable[[Tensor, dict[Tensor, Expr]], Expr],
    too_large: str,
) -> Expr:
    """Return the formula of a node, from those of its `parts`, down to what has a name.

    Parameters
    ----------
    start : Tensor
        The node.
    known_as : callable
        The name or number that stands for a node, or None.
    parts : callable
        The nodes whose formulas that of a node is made of.
    make : callable
        ``make(node, formulas)`` makes it.
    too_large : str
        What to say where the way is too long.

    Raises
    ------
    TooLargeError
        If the formula is too large.
    """
    found: dict[Tensor, Expr] = {}
    todo = [start]
    while todo:
        node = todo[-1]
        e = known_as(node)
        if e is None:
            missing = next((x for x in parts(node) if x not in found), None)
            if missing is not None:
                if len(todo) > LARGEST:
                    raise TooLargeError(too_large)
                todo.append(missing)
                continue
            e = make(node, found)
            if size(e) > LARGEST:
                raise TooLargeError(
                    f"a formula has more than {LARGEST} parts; give the tensors in between names"
                )
        found[todo.pop()] = e
    return found[start]


def value_of(environment: Environment, node: Tensor) -> Expr:
    """Return the forward value of a node: its name, or the formula it was recorded as.

    Raises
    ------
    TooLargeError
        If that formula is too large.
    """

    def known_as(x: Tensor) -> Expr | None:
        text = _own_name(environment, x)
        return name(text) if text else number(plain(x)) if x.op is None else None

    def make(x: Tensor, found: dict[Tensor, Expr]) -> Expr:
        return Expr(x.op, tuple(found[part] for part in x.inputs), dict(x.params))

    too_large = "the formula of an unnamed tensor is too large"
    return _read_off(node, known_as, lambda x: x.inputs, make, too_large)


def gradient_formula(environment: Environment, node: Tensor) -> Expr:
    """Return ∂J/∂node: its name, 1 for J itself, or the formula of an unnamed node.

    Raises
    ------
    TooLargeError
        If that formula is too large.
    """
    users = environment.consumers

    def known_as(x: Tensor) -> Expr | None:
        if x is environment.J:
            return number(np.ones_like(plain(x)) if x.ndim else 1.0)
        text = _own_name(environment, x)
        return name(gradient_name(text)) if text else None

    def make(x: Tensor, found: dict[Tensor, Expr]) -> Expr:
        flows = [step(environment, user, index, found[user]) for user, index in users[x]]
        return total([simplified(e) for e in flows if e is not None])

    too_large = "the gradient of an unnamed tensor is too large a formula"
    return _read_off(node, known_as, lambda x: (u for u, _ in users[x]), make, too_large)


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
            return call(MULTIPLY, g, name(activation.slope))
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
        formula = step(environment, consumer, index, gradient_formula(environment, consumer))
        if formula is not None:
            found.append(Term(consumer, index, simplified(formula)))
    return found


def reference(environment: Environment, node: Tensor) -> Expr:
    """Return the formula of ∂J/∂node from named values and gradients."""
    return total([term.formula for term in terms(environment, node)])


def in_deltas(environment: Environment, e: Expr, scale: int) -> Expr:
    """Return `scale` · e with δ^(l) in the place of ∂J/∂z^(l), which is δ^(l)/m."""
    m = environment.samples

    def change(node: Expr) -> Expr:
        text = gradient_of(node.name)
        if not Name.parse(text).weighted_input:
            return node
        delta = name(environment.gradient_name(text, m))
        return delta if m == 1 else call(MULTIPLY, number(1 / m), delta)

    return simplified(call(MULTIPLY, number(float(scale)), mapped(e, change)))


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
    reached = dependents(environment.order, [wrt])
    return [node for node in reversed(environment.order) if node in reached]


def operation(environment: Environment, node: Tensor) -> Expr:
    """Return the operation that made a node, on its named inputs."""
    return Expr(node.op, tuple(value_of(environment, x) for x in node.inputs), dict(node.params))


def scale_of(environment: Environment, source: str) -> int:
    """Return what ∂J/∂ of a tensor is multiplied with: δ, of a weighted input, is m times it."""
    return environment.samples if Name.parse(source).weighted_input else 1


def named_gradient(environment: Environment, source: str) -> str:
    """Return the name of the gradient with respect to a tensor: δ for a weighted input."""
    return environment.gradient_name(source, scale_of(environment, source))
