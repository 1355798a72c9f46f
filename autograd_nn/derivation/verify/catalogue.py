"""The catalogue of mistakes: what learners get wrong in a derivative, as rewritings.

1. A `Mistake` rewrites a wrong formula in every way that would repair that one mistake. The
   rewriting that gives the right values on every draw is the explanation.
2. The same rewritings, applied to a right formula, make that mistake or its opposite: that is how
   module `revealing` finds mistakes that some inputs cannot reveal, and how the tests plant them.

A rewriting knows the formula (`Expr`), the names and the shapes, and nothing of the right value.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...core.op import Op
from ...formulas.expression import (
    Expr,
    Path,
    at,
    call,
    factors,
    name,
    names_in,
    negated,
    number,
    renamed,
    replaced,
    transposed,
    without,
)
from ...ops.elementwise import ADD, DIVIDE, MULTIPLY, NEGATIVE, SUBTRACT
from ...ops.indexing import GETITEM
from ...ops.linalg import MATMUL
from ...ops.reductions import MAX, MEAN, MIN, SUM
from ...ops.shapes import TRANSPOSE
from ..names import Environment, spelling
from . import wrong_slopes
from .mistakes import Candidate, Mistake, Setting, is_number

ROLL = Op("roll", np.roll, latex=r"\operatorname{{roll}}({0})")
"""Moves every element by some places along an axis; only in repairs, where an index was off."""


# -- signs, factors and terms ----------------------------------------------------------------------


def _sign(s: Setting) -> Iterator[Candidate]:
    yield s.repair((), negated(s.formula), "the sign is wrong: multiply by −1")
    for path, node in s.calls(ADD, SUBTRACT):
        a, b = node.args
        other = call(SUBTRACT if node.op is ADD else ADD, a, b)
        yield s.repair(path, other, f"the sign of {s.quote(b)} in {s.quote(node)} is wrong")
        if not is_number(a):
            flipped = Expr(node.op, (negated(a), b))
            yield s.repair(path, flipped, f"the sign of {s.quote(a)} in {s.quote(node)} is wrong")


def constants(environment: Environment) -> list[tuple[float, str]]:
    """Return the factors that mistakes are made of, with their names."""
    found = [(2.0, "2"), (0.5, "½")]
    m = environment.samples
    columns = {z.shape[1] for z in environment.weighted_inputs() if z.ndim == 2}
    for count in sorted({m, *columns} - {1}):
        word = "m" if count == m else str(count)
        found += [(float(count), word), (1 / count, f"1/{word}")]
    return found


def scaled(e: Expr, value: float, word: str) -> Expr:
    """Return `e` times a factor of `constants`, written with its name."""
    if word == "m":
        return call(MULTIPLY, name("m"), e)
    if word == "1/m":
        return call(DIVIDE, e, name("m"))
    return call(MULTIPLY, number(value), e)


def _constant(s: Setting) -> Iterator[Candidate]:
    for value, word in constants(s.environment):
        missing = f"a factor {word} is missing"
        yield s.repair((), scaled(s.formula, value, word), f"{missing}: multiply by {word}")
        for path, node in s.calls(ADD, SUBTRACT):
            for i, arg in enumerate(node.args):
                where = f"{s.quote(arg)} in {s.quote(node)}"
                yield s.repair((*path, i), scaled(arg, value, word), f"{missing} at {where}")


def _summand_superfluous(s: Setting) -> Iterator[Candidate]:
    for path, node in s.calls(ADD, SUBTRACT):
        a, b = node.args
        if not is_number(a):
            yield s.repair(path, a, f"{s.quote(b)} is one term too many: leave it out")
            rest = b if node.op is ADD else negated(b)
            yield s.repair(path, rest, f"{s.quote(a)} is one term too many: leave it out")


def _factor_superfluous(s: Setting) -> Iterator[Candidate]:
    for path, node in s.calls(MULTIPLY, NEGATIVE):
        chain = factors(node)
        if len(chain) > 1 and not s.inside(path, MULTIPLY, NEGATIVE):
            for here, part in chain:
                if not is_number(part):
                    words = f"{s.quote(part)} is a factor too many: leave it out"
                    yield s.repair(path, without(node, [here]), words)


# -- matrices --------------------------------------------------------------------------------------


def _arrangements(a: Expr, b: Expr) -> Iterator[tuple[Expr, int, bool]]:
    """Yield every product of two matrices, with the number of transposes and whether swapped."""
    for swapped, (first, second) in ((False, (a, b)), (True, (b, a))):
        for p, q in itertools.product((0, 1), repeat=2):
            left = transposed(first) if p else first
            right = transposed(second) if q else second
            yield call(MATMUL, left, right), p + q, swapped


def _transposed(s: Setting) -> Iterator[Candidate]:
    for path, node, shape in s.spots:
        if len(shape) == 2:
            must = "must not" if node.op is TRANSPOSE else "must"
            yield s.repair(path, transposed(node), f"{s.quote(node)} {must} be transposed")
    for path, node in s.calls(MATMUL):
        a, b = node.args
        both = call(MATMUL, transposed(a), transposed(b))
        yield s.repair(path, both, f"both factors of {s.quote(node)} must be transposed")


def _swapped(s: Setting) -> Iterator[Candidate]:
    for path, node in s.calls(MATMUL):
        for arranged, count, swapped in _arrangements(*node.args):
            if swapped and count < 2:
                words = f"the factors of {s.quote(node)} are swapped: {s.quote(arranged)}"
                yield s.repair(path, arranged, words)


def _product_for_matmul(s: Setting) -> Iterator[Candidate]:
    for path, node in s.calls(MULTIPLY):
        chain = factors(node)
        if s.inside(path, MULTIPLY) or len(chain) > 6:
            continue
        for (here, a), (there, b) in itertools.combinations(chain, 2):
            if () in (s.shape(a), s.shape(b)):
                continue
            others = without(node, [here, there])
            for arranged, _, _ in _arrangements(a, b):
                whole = arranged if len(chain) == 2 else call(MULTIPLY, arranged, others)
                words = f"* stands where a matrix product belongs: {s.quote(arranged)}"
                yield s.repair(path, whole, words)


def _matmul_for_product(s: Setting) -> Iterator[Candidate]:
    for path, node in s.calls(MATMUL):
        a, b = node.args
        for left, right in ((a, b), (transposed(a), b), (a, transposed(b))):
            put = call(MULTIPLY, left, right)
            words = f"a matrix product stands where * belongs: {s.quote(put)}"
            yield s.repair(path, put, words)


# -- sums over samples -----------------------------------------------------------------------------


def _sum_missing(s: Setting) -> Iterator[Candidate]:
    for path, node, shape in s.spots:
        if any(
            op in (SUM, MEAN, MAX, MIN) for op in (node.op, s.at(path[:-1]).op if path else None)
        ):
            continue  # a sum within a mean stands for another reduction
        for axis, keep, op in itertools.product(range(len(shape)), (True, False), (SUM, MEAN)):
            over = "samples" if axis == 1 and len(shape) == 2 else f"axis {axis}"
            kept = ", keepdims=True" if keep else ""
            words = (
                f"the {op.name} over {over} is missing{s.where(path, node)}: "
                f"np.{op.name}(..., axis={axis}{kept})"
            )
            params = {"axis": axis, "keepdims": True} if keep else {"axis": axis}
            yield s.repair(path, Expr(op, (node,), params), words)


def _sum_superfluous(s: Setting) -> Iterator[Candidate]:
    for path, node in s.calls(SUM, MEAN):
        words = f"the {node.op and node.op.name} in {s.quote(node)} is one too many: leave it out"
        yield s.repair(path, node.args[0], words)


def _other_reduction(other: Op, *ops: Op) -> Callable[[Setting], Iterator[Candidate]]:
    def rewritings(s: Setting) -> Iterator[Candidate]:
        for path, node in s.calls(*ops):
            put = Expr(other, node.args, node.params)
            words = (
                f"a {node.op and node.op.name} stands where a {other.name} belongs: {s.quote(put)}"
            )
            yield s.repair(path, put, words)

    return rewritings


def _axis(s: Setting) -> Iterator[Candidate]:
    for path, node in s.calls(SUM, MEAN):
        shape = s.shape(node.args[0])
        if shape is None:
            continue
        keeps = sorted({True, bool(node.params.get("keepdims"))})
        for axis, keep in itertools.product([*range(len(shape)), None], keeps):
            params: dict[str, Any] = {"axis": axis} if axis is not None else {}
            put = Expr(node.op, node.args, params | ({"keepdims": True} if keep else {}))
            if put.key() != node.key():
                words = f"{s.quote(node)} is taken over the wrong axis: {s.quote(put)}"
                yield s.repair(path, put, words)


# -- names -----------------------------------------------------------------------------------------


def _substitutes(s: Setting, old: str, same_family: bool) -> list[str]:
    """Return the names that may stand for `old`, the ones of its own family or the others."""
    environment, lone = s.environment, s.formula.name != ""
    found, was = [], environment.meaning(old)
    for text in environment.known_names():
        if text == old or text in environment.extras:
            continue
        meaning = environment.meaning(text)
        if meaning.node is s.target.node and meaning.gradient == s.target.gradient:
            continue
        if (spelling(text).family == spelling(old).family) != same_family:
            continue
        gradient = text not in environment.named
        if gradient != (old not in environment.named) and lone:
            continue  # a lone name for another of another kind would be a new formula
        if meaning.node is was.node and meaning.gradient == was.gradient:
            continue  # the same gradient but for a factor, which is found as one
        if meaning.node is None or meaning.node.size == 0 or meaning.node is environment.J:
            continue
        if gradient and meaning.node.dtype.kind != "f":
            continue
        found.append(text)
    return found


def _other_name(same_family: bool, words: str) -> Callable[[Setting], Iterator[Candidate]]:
    """Return the rewritings that replace a name: everywhere, in one part, or in one place."""

    def rewritings(s: Setting) -> Iterator[Candidate]:
        for old in names_in(s.formula) if s.recorded else ():
            if old in s.environment.extras or spelling(old).slope_of:
                continue
            spots = [path for path, node in s.positions if node.name == old]
            parts: dict[frozenset[Path], Path] = {}
            for path, _ in s.positions:
                parts.setdefault(frozenset(x for x in spots if x[: len(path)] == path), path)
            parts.pop(frozenset(), None)
            for new, path in itertools.product(_substitutes(s, old, same_family), parts.values()):
                put = renamed(s.at(path), old, name(new))
                yield s.repair(path, put, f"{old} stands where {new} belongs{words}")

    return rewritings


def _index(s: Setting) -> Iterator[Candidate]:
    for path, node, shape in s.spots:
        for axis, length in enumerate(shape):
            for shift in (1, -1) if length > 2 else (1,) if length == 2 else ():
                words = (
                    f"an index of {s.quote(node)} is shifted: element i stands where "
                    f"i{-shift:+d} belongs (axis {axis})"
                ).replace("-", "−")
                yield s.repair(path, call(ROLL, node, shift=shift, axis=axis), words)
        if node.op is GETITEM:
            if shape == s.shape(node.args[0]):
                words = f"the elements of {s.quote(node.args[0])} are in another order in "
                yield s.repair(path, node.args[0], f"{words}{s.quote(node)}: leave the index out")
            yield from _other_keys(s, path, node)


def _other_keys(s: Setting, path: Path, node: Expr) -> Iterator[Candidate]:
    key = node.params["key"]
    parts = key if isinstance(key, tuple) else (key,)
    for i, part in enumerate(parts):
        for shift in (-1, 1):
            new = _shifted(part, shift)
            if new is not None:
                moved = (*parts[:i], new, *parts[i + 1 :])
                put = call(GETITEM, node.args[0], key=moved if isinstance(key, tuple) else new)
                words = f"the index in {s.quote(node)} is shifted: {s.quote(put)}"
                yield s.repair(path, put, words)


def _shifted(part: Any, shift: int) -> Any:
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
        return int(part) + shift if part + shift >= 0 or part < -1 else None
    if isinstance(part, slice) and (part.start is not None or part.stop is not None):
        ends = [p + shift if p is not None else None for p in (part.start, part.stop)]
        if any(p is not None and p < 0 for p in ends):
            return None
        return slice(ends[0], ends[1], part.step)
    return None


def _partial(s: Setting) -> Iterator[Candidate]:
    """Take back a selection: the paths through the elements left out are missing."""
    selections = [(path, node) for path, node in s.calls(GETITEM)
                  if s.shape(node) != s.shape(node.args[0])]  # fmt: skip
    if not selections:
        return
    formula = s.formula
    for path in sorted([path for path, _ in selections], key=len, reverse=True):
        formula = replaced(formula, path, at(formula, path).args[0])
    words = "only a part of the nodes is used: the paths through the others are left out"
    yield Candidate(formula, words)
    for path, node in selections:
        yield s.repair(path, node.args[0], f"{words} ({s.quote(node)})")


CATALOGUE: tuple[Mistake, ...] = (
    Mistake("sign", _sign, "sign"),
    Mistake("mean for sum", _other_reduction(SUM, MEAN, MAX, MIN), "sum for mean"),
    Mistake("sum for mean", _other_reduction(MEAN, SUM), "mean for sum"),
    Mistake("wrong axis", _axis, "wrong axis"),
    Mistake("constant factor", _constant, "constant factor"),
    Mistake("f′ missing", wrong_slopes.missing, "f′ twice"),
    Mistake("f′ twice", wrong_slopes.twice, "f′ missing"),
    Mistake("f′ at the wrong argument", wrong_slopes.argument, "f′ at the wrong argument"),
    Mistake("f′ of the wrong layer", wrong_slopes.layer, "f′ of the wrong layer"),
    Mistake("f for f′", wrong_slopes.value_for_slope, "f′ for f"),
    Mistake("f′ for f", wrong_slopes.slope_for_value, "f for f′"),
    Mistake("transposed", _transposed, "transposed"),
    Mistake("factors swapped", _swapped, "factors swapped"),
    Mistake("* for @", _product_for_matmul, "@ for *"),
    Mistake("@ for *", _matmul_for_product, "* for @"),
    Mistake("sum missing", _sum_missing, "sum too many"),
    Mistake("sum too many", _sum_superfluous, "sum missing"),
    Mistake("wrong layer", _other_name(True, ": the wrong layer"), "wrong layer"),
    Mistake("wrong variable", _other_name(False, ""), "wrong variable"),
    Mistake("path left out", _partial, "path left out"),
    Mistake("term too many", _summand_superfluous, "path left out"),
    Mistake("factor too many", _factor_superfluous, "factor missing"),
    Mistake("index shifted", _index, "index shifted"),
)
"""Every entry, the likeliest first: where several repairs are exact, the first is named first."""

STRUCTURAL: tuple[Mistake, ...] = tuple(
    entry for entry in CATALOGUE
    if entry.rewritings in (_sign, _axis, _transposed, _swapped, _product_for_matmul,
                            _matmul_for_product, _sum_missing, _sum_superfluous,
                            _summand_superfluous, _factor_superfluous)
)  # fmt: skip
"""Those that know nothing of a graph's names: they rewrite the rules of its operations, too."""
