"""Mistakes with f′: left out, taken twice, at the wrong argument or layer, or f in its place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ...formulas.expression import (
    Expr,
    Path,
    call,
    factors,
    name,
    names_in,
    renamed,
    replaced,
    without,
)
from ...ops.elementwise import DIVIDE, MULTIPLY, NEGATIVE, POWER, SQUARE, SUBTRACT
from ..names import spelling
from .mistakes import Candidate, Setting, is_number


class Slope(NamedTuple):
    """A derivative of the activation inside a product: the factors it is written with."""

    root: Path
    paths: tuple[Path, ...]
    names: frozenset[str]


def _is_one_minus(e: Expr, of: Any) -> bool:
    if e.op is not SUBTRACT or not is_number(e.args[0]):
        return False
    return bool(np.all(np.asarray(e.args[0].value) == 1)) and e.args[1].key() == of


def _is_square(e: Expr) -> bool:
    if e.op is POWER and is_number(e.args[1]) and np.ndim(e.args[1].value) == 0:
        return float(e.args[1].value) == 2
    return e.op is SQUARE or (e.op is MULTIPLY and e.args[0].key() == e.args[1].key())


def _slopes(s: Setting) -> list[Slope]:
    """Return the places where f′ is written: u ⊙ (1 − u), ``f_prime(z)``, 1 − u²."""
    found: list[Slope] = []
    for path, node in s.positions:
        at_name = spelling(node.name).slope_of
        called = node.op is not None and node.op is s.environment.f_prime
        one_less = node.op is SUBTRACT and is_number(node.args[0]) and _is_square(node.args[1])
        if at_name or called or one_less:
            found.append(Slope(path, ((),), frozenset([at_name] if at_name else names_in(node))))
        if node.op not in (MULTIPLY, NEGATIVE) or s.inside(path, MULTIPLY, NEGATIVE):
            continue
        for (here, u), (there, other) in itertools.permutations(factors(node), 2):
            if _is_one_minus(other, u.key()):
                found.append(Slope(path, (here, there), frozenset(names_in(u))))
    return found


def missing(s: Setting) -> Iterator[Candidate]:
    """Multiply by f′."""
    for path, node, shape in s.spots:
        for a in s.environment.activations:
            if s.shape_of_name(a.z) == shape:
                words = f"f′({a.z}) is missing{s.where(path, node)}: multiply by it, elementwise"
                yield s.repair(path, call(MULTIPLY, node, name(a.slope)), words)


def twice(s: Setting) -> Iterator[Candidate]:
    """Leave f′ out, or divide by it."""
    for slope in _slopes(s):
        rest = without(s.at(slope.root), slope.paths)
        words = f"f′ of {' and '.join(sorted(slope.names))} is a factor too many: leave it out"
        yield s.repair(slope.root, rest, words)
    for a in s.environment.activations:
        if s.shape(s.formula) == s.shape_of_name(a.z):
            words = f"f′({a.z}) is a factor too many: leave it out"
            yield s.repair((), call(DIVIDE, s.formula, name(a.slope)), words)


def _moved(s: Setting, others: Callable[[str], list[str]], words: str) -> Iterator[Candidate]:
    """Yield the formula with one f′ taken at something else that `others` has for a name."""
    for slope in _slopes(s):
        for old in sorted(slope.names):
            for new in others(old):
                e = s.formula
                for path in slope.paths:
                    here = (*slope.root, *path)
                    part = renamed(s.at(here), f"f_prime({old})", name(f"f_prime({new})"))
                    e = replaced(e, here, renamed(part, old, name(new)))
                yield Candidate(e, words.format(old=old, new=new))


def argument(s: Setting) -> Iterator[Candidate]:
    """Take f′ at z instead of f(z), or at f(z) instead of z."""
    partner = {a.z: a.h for a in s.environment.activations}
    partner |= {a.h: a.z for a in s.environment.activations}
    words = "f′ is taken at {old} where it belongs at {new}"
    return _moved(s, lambda old: [partner[old]] if old in partner else [], words)


def layer(s: Setting) -> Iterator[Candidate]:
    """Take f′ of another layer."""
    sides = [[a.z for a in s.environment.activations], [a.h for a in s.environment.activations]]

    def others(old: str) -> list[str]:
        return [new for side in sides if old in side for new in side if new != old]

    return _moved(s, others, "f′ is of the wrong layer: taken at {old}, it belongs at {new}")


def value_for_slope(s: Setting) -> Iterator[Candidate]:
    """Put f′ for f."""
    for path, node, _ in s.spots:
        for a in s.environment.activations:
            if node.name == a.h or (node.op is a.op and node.args[0].name == a.z):
                words = f"f({a.z}) stands where f′({a.z}) belongs"
                yield s.repair(path, name(a.slope), words)


def slope_for_value(s: Setting) -> Iterator[Candidate]:
    """Put f for f′."""
    for slope in _slopes(s):
        for a in s.environment.activations:
            if slope.names & {a.z, a.h}:
                rest = without(s.at(slope.root), slope.paths)
                put = call(MULTIPLY, rest, name(a.h)) if slope.paths != ((),) else name(a.h)
                yield s.repair(slope.root, put, f"f′({a.z}) stands where f({a.z}) belongs")
