"""Proofs at one size: the graph run on SymPy's symbols, every element one (extra ``symbolic``).

The second judge of the proofs for every size, and what is left where those cannot decide. The graph
is run with an undefined differentiable function f in the place of the activation. What a formula
claims and what the engine's rules give are then polynomials in the weights, inputs, targets, and
the values of f and f′, and their difference is reduced to 0 or is not. The rules themselves are
held against SymPy's own derivative of J.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core.tensor import Tensor, plain
from ..names import Environment, Meaning, UnknownNameError
from ..symbols import Elements, Symbolic, as_array, each, exact
from ..verify.claims import Claim, FormulaError

MOST_SYMBOLS = 120
MOST_TERMS = 20_000
"""How many terms an element may have when it is multiplied out."""


class AtOneSize:
    """What SymPy says of a formula.

    Attributes
    ----------
    proved : bool
    difference : list of str
        The elements of formula − derivative that are not 0.
    specific : bool
        Whether it was proved for the graph's own activation only.
    independent : bool
        Whether the engine's derivative equals SymPy's own.
    """

    def __init__(self, environment: Environment, claim: Claim) -> None:
        world = Symbolic(environment)
        node = _node(claim.meaning)
        right = as_array(_symbols_of(world, claim.meaning), node.shape)
        value = np.asarray(claim.call(_arguments(environment, world, claim)), dtype=object)
        if value.shape != right.shape:
            raise FormulaError(f"gives shape {value.shape}; right is {right.shape}")
        gap = _reduced(world, value - right)
        self.specific = False
        if _not_zero(gap) and world.specific:
            special = _reduced(world, each(lambda d: d.subs(world.specific), gap))
            if not _not_zero(special):
                gap, self.specific = special, True
        self.difference = [str(d) for d in _not_zero(gap)]
        self.independent = not claim.meaning.gradient or same_as_sympy(environment, node)
        self.proved = not self.difference and self.independent


def _node(meaning: Meaning) -> Tensor:
    assert meaning.node is not None  # noqa: S101 - claims are about tensors
    return meaning.node


def _not_zero(values: Any) -> list[Any]:
    """Return the elements that are not 0."""
    return [d for d in np.ravel(values) if d != 0]


def _reduced(world: Symbolic, values: Any) -> Any:
    """Return every element multiplied out, with exact numbers."""
    values = exact(values)
    if max(map(_terms, np.ravel(values)), default=0) > MOST_TERMS:
        raise FormulaError("has too many terms for SymPy, multiplied out")
    return each(world.sympy.expand, values)


def _terms(e: Any) -> float:
    """Return about how many terms an expression has, multiplied out; those below a line too."""
    parts = [_terms(part) for part in getattr(e, "args", ())]
    if getattr(e, "is_Add", False):
        return sum(parts)
    if getattr(e, "is_Pow", False) and e.exp.is_Integer:
        return float(min(parts[0] ** min(abs(int(e.exp)), 99), 1e99))
    return math.prod(parts, start=1.0)


def _arguments(environment: Environment, world: Symbolic, claim: Claim) -> Mapping[str, Any]:
    known = {"f": world.apply_f(False), "f_prime": world.apply_f(True)}
    arguments: dict[str, Any] = {}
    for text in claim.uses:
        try:
            if text in environment.extras:
                arguments[text] = known.get(text, environment.extras[text])
            else:
                arguments[text] = _symbols_of(world, environment.meaning(text))
        except UnknownNameError as error:
            claim.problem = str(error)
    return arguments


def _symbols_of(world: Symbolic, meaning: Meaning) -> Any:
    if meaning.gradient:
        return (world.gradient(_node(meaning)) * meaning.scale).view(Elements)
    return np.asarray(plain(world.nodes[_node(meaning)]), dtype=object).view(Elements)


def same_as_sympy(environment: Environment, node: Tensor) -> bool:
    """Whether the engine's ∂J/∂node equals SymPy's ``diff`` of J, both with f undefined."""
    world = Symbolic(environment, nested=True, cut=environment.names[node])
    cost = plain(world.nodes[environment.J]).item()
    symbols = plain(world.nodes[node])
    ours = world.gradient(node)
    theirs = each(lambda symbol: world.sympy.diff(cost, symbol), symbols)
    return not _not_zero(each(world.sympy.expand, ours - theirs))
