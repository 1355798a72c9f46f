"""The catalogue of mistakes: what learners get wrong in a derivative, as rewritings.

1. A `Mistake` rewrites a wrong formula in every way that would repair that one mistake. The
   rewriting that gives the right values on every draw is the explanation.
2. The same rewritings, applied to a right formula, make that mistake or its opposite: that is how
   module `inputs` finds mistakes that some inputs cannot reveal, and how the tests plant them.

A rewriting knows the formula (`Expr`), the names and the shapes, and nothing of the right value.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

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
    positions,
    renamed,
    replaced,
    transposed,
    without,
)
from ...formulas.printing import python_text
from ..names import Activation, Environment
from .rewriting import Candidate, Mistake, Setting

ROLL = Op("roll", np.roll, latex=r"\operatorname{{roll}}({0})")
"""Moves every element by some places along an axis; only in repairs, where an index was off."""


# -- signs and factors -----------------------------------------------------------------------------


def _sign(s: Setting) -> Iterator[Candidate]:
    yield Candidate(negated(s.formula), "the sign is wrong: multiply by −1")
    for path, node, _ in s.spots():
        if node.kind in ("add", "subtract"):
            a, b = node.args
            other = call("subtract" if node.kind == "add" else "add", a, b)
            words = f"the sign of {s.quote(b)} in {s.quote(node)} is wrong"
            yield Candidate(s.put(path, other), words)
            if not _is_number(a):
                flipped = call(node.op or "add", negated(a), b)
                words = f"the sign of {s.quote(a)} in {s.quote(node)} is wrong"
                yield Candidate(s.put(path, flipped), words)


def constants(environment: Environment) -> list[tuple[float, str]]:
    """Return the factors that mistakes are made of, with their names."""
    found = [(2.0, "2"), (0.5, "½")]
    m = environment.samples
    layers = [t for text, t in environment.named.items() if t.ndim == 2 and stem(text) == "z"]
    for count in sorted({m, *[t.shape[1] for t in layers]} - {1}):
        word = "m" if count == m else str(count)
        found += [(float(count), word), (1 / count, f"1/{word}")]
    return found


def scaled(e: Expr, value: float, word: str) -> Expr:
    """Return `e` times a factor of `constants`, written with its name."""
    if word == "m":
        return call("multiply", name("m"), e)
    if word == "1/m":
        return call("divide", e, name("m"))
    return call("multiply", number(value), e)


def _constant(s: Setting) -> Iterator[Candidate]:
    for value, word in constants(s.environment):
        put = scaled(s.formula, value, word)
        yield Candidate(put, f"a factor {word} is missing: multiply by {word}")
        for path, node, _ in s.spots():
            if node.kind in ("add", "subtract"):
                for i, arg in enumerate(node.args):
                    put = s.put((*path, i), scaled(arg, value, word))
                    words = f"a factor {word} is missing at {s.quote(arg)} in {s.quote(node)}"
                    yield Candidate(put, words)


def _is_number(e: Expr) -> bool:
    return e.op is None and not e.name


# -- f′ --------------------------------------------------------------------------------------------


class Slope(NamedTuple):
    """A derivative of the activation inside a product: the factors it is written with."""

    root: Path
    paths: tuple[Path, ...]
    names: frozenset[str]


def _is_one_minus(e: Expr, of: Any) -> bool:
    if e.kind != "subtract" or not _is_number(e.args[0]):
        return False
    return bool(np.all(np.asarray(e.args[0].value) == 1)) and e.args[1].key() == of


def _is_square_of(e: Expr, of: Any) -> bool:
    if e.kind == "square":
        return bool(e.args[0].key() == of)
    if e.kind == "power" and _is_number(e.args[1]) and np.ndim(e.args[1].value) == 0:
        return float(e.args[1].value) == 2 and bool(e.args[0].key() == of)
    return e.kind == "multiply" and all(arg.key() == of for arg in e.args)


def slopes(e: Expr) -> list[Slope]:
    """Return the places where f′ is written: u ⊙ (1 − u), ``f_prime(z)``, 1 − u²."""
    found: list[Slope] = []
    for path, node in positions(e):
        if node.kind == "f_prime" or node.name.startswith("f_prime("):
            inside = [node.name[8:-1]] if node.name else names_in(node)
            found.append(Slope(path, ((),), frozenset(inside)))
        if node.kind == "subtract" and _is_number(node.args[0]):
            inner = node.args[1]
            if inner.args and _is_square_of(inner, inner.args[0].key()):
                found.append(Slope(path, ((),), frozenset(names_in(node))))
        above = at(e, path[:-1]).kind if path else ""
        if node.kind not in ("multiply", "negative") or above in ("multiply", "negative"):
            continue
        chain = factors(node)
        keys = [part.key() for _, part in chain]
        for i, j in itertools.permutations(range(len(chain)), 2):
            if _is_one_minus(chain[j][1], keys[i]):
                both = (chain[i][0], chain[j][0])
                found.append(Slope(path, both, frozenset(names_in(chain[i][1]))))
    return found


def _fits(activation: Activation, shape: tuple[int, ...], s: Setting) -> bool:
    """Whether a product with f′(z) keeps the shape."""
    return s.shape_of_name(activation.z) == shape


def _slope_missing(s: Setting) -> Iterator[Candidate]:
    for path, node, shape in s.spots():
        for activation in s.environment.activations:
            if _fits(activation, shape, s):
                where = "" if not path else f" at {s.quote(node)}"
                slope = name(activation.slope)
                words = f"f′({activation.z}) is missing{where}: multiply by it, elementwise"
                yield Candidate(s.put(path, call("multiply", node, slope)), words)


def _slope_twice(s: Setting) -> Iterator[Candidate]:
    for slope in slopes(s.formula):
        root = at(s.formula, slope.root)
        rest = without(root, slope.paths) if root.kind in ("multiply", "negative") else number(1.0)
        words = f"f′ of {' and '.join(sorted(slope.names))} is a factor too many: leave it out"
        yield Candidate(s.put(slope.root, rest), words)
    for activation in s.environment.activations:
        if s.shape(s.formula) == s.shape_of_name(activation.z):
            divided = call("divide", s.formula, name(activation.slope))
            words = f"f′({activation.z}) is a factor too many: leave it out"
            yield Candidate(divided, words)


def _moved(s: Setting, slope: Slope, old: str, new: str) -> Expr:
    """Return the formula with `new` for `old` in the factors of one f′ only."""
    e = s.formula
    for path in slope.paths:
        here = (*slope.root, *path)
        e = replaced(e, here, _renamed_slope(at(e, here), old, new))
    return e


def _renamed_slope(e: Expr, old: str, new: str) -> Expr:
    if e.name == f"f_prime({old})":
        return name(f"f_prime({new})")
    return renamed(e, old, name(new))


def _slope_argument(s: Setting) -> Iterator[Candidate]:
    partner = {a.z: a.h for a in s.environment.activations}
    partner |= {a.h: a.z for a in s.environment.activations}
    for slope in slopes(s.formula):
        for old in sorted(slope.names & set(partner)):
            new = partner[old]
            words = f"f′ is taken at {old} where it belongs at {new}"
            yield Candidate(_moved(s, slope, old, new), words)


def _slope_layer(s: Setting) -> Iterator[Candidate]:
    pairs = s.environment.activations
    for slope in slopes(s.formula):
        for old in sorted(slope.names):
            for side in (0, 1):
                if old not in [a[side] for a in pairs]:
                    continue
                for new in [str(a[side]) for a in pairs if a[side] != old]:
                    words = f"f′ is of the wrong layer: taken at {old}, it belongs at {new}"
                    yield Candidate(_moved(s, slope, old, new), words)


def _value_for_slope(s: Setting) -> Iterator[Candidate]:
    for path, node, _ in s.spots():
        for a in s.environment.activations:
            if node.name == a.h or (node.kind == a.op.name and node.args[0].name == a.z):
                words = f"f({a.z}) stands where f′({a.z}) belongs"
                yield Candidate(s.put(path, name(a.slope)), words)


def _slope_for_value(s: Setting) -> Iterator[Candidate]:
    for slope in slopes(s.formula):
        for a in s.environment.activations:
            if slope.names & {a.z, a.h}:
                root = at(s.formula, slope.root)
                rest = without(root, slope.paths)
                put = call("multiply", rest, name(a.h)) if slope.paths != ((),) else name(a.h)
                words = f"f′({a.z}) stands where f({a.z}) belongs"
                yield Candidate(s.put(slope.root, put), words)


# -- matrices --------------------------------------------------------------------------------------


def _arrangements(a: Expr, b: Expr) -> Iterator[tuple[Expr, int, bool]]:
    """Yield every product of two matrices, with the number of transposes and whether swapped."""
    for swapped in (False, True):
        first, second = (b, a) if swapped else (a, b)
        for p, q in ((0, 0), (0, 1), (1, 0), (1, 1)):
            left = transposed(first) if p else first
            right = transposed(second) if q else second
            yield call("matmul", left, right), p + q, swapped


def _transposed(s: Setting) -> Iterator[Candidate]:
    for path, node, shape in s.spots():
        if len(shape) == 2:
            turned = transposed(node)
            if node.kind == "transpose":
                words = f"{s.quote(node)} must not be transposed"
            else:
                words = f"{s.quote(node)} must be transposed"
            yield Candidate(s.put(path, turned), words)
    for path, node in positions(s.formula):
        if node.kind == "matmul":
            for arranged, count, swapped in _arrangements(*node.args):
                if count == 2 and not swapped:
                    words = f"both factors of {s.quote(node)} must be transposed"
                    yield Candidate(s.put(path, arranged), words)


def _swapped(s: Setting) -> Iterator[Candidate]:
    for path, node in positions(s.formula):
        if node.kind == "matmul":
            for arranged, count, swapped in _arrangements(*node.args):
                if swapped and count < 2:
                    words = f"the factors of {s.quote(node)} are swapped: {python_text(arranged)}"
                    yield Candidate(s.put(path, arranged), words)


def _product_for_matmul(s: Setting) -> Iterator[Candidate]:
    for path, node in positions(s.formula):
        if node.kind != "multiply" or (path and at(s.formula, path[:-1]).kind == "multiply"):
            continue
        chain = factors(node)
        if len(chain) > 6:
            continue
        for i, j in itertools.combinations(range(len(chain)), 2):
            shapes = [s.shape(chain[k][1]) for k in (i, j)]
            if any(shape is not None and len(shape) == 0 for shape in shapes):
                continue
            others = without(node, [chain[k][0] for k in (i, j)])
            for arranged, _, _ in _arrangements(chain[i][1], chain[j][1]):
                whole = arranged if len(chain) == 2 and node.kind == "multiply" else None
                whole = whole or call("multiply", arranged, others)
                words = f"* stands where a matrix product belongs: {python_text(arranged)}"
                yield Candidate(s.put(path, whole), words)


def _matmul_for_product(s: Setting) -> Iterator[Candidate]:
    for path, node in positions(s.formula):
        if node.kind == "matmul":
            a, b = node.args
            for left, right in ((a, b), (transposed(a), b), (a, transposed(b))):
                put = call("multiply", left, right)
                words = f"a matrix product stands where * belongs: {python_text(put)}"
                yield Candidate(s.put(path, put), words)


# -- sums over samples -----------------------------------------------------------------------------


def _sum_missing(s: Setting) -> Iterator[Candidate]:
    for path, node, shape in s.spots():
        if node.kind in ("sum", "mean"):
            continue
        for axis in range(len(shape)):
            over = "samples" if axis == 1 and len(shape) == 2 else f"axis {axis}"
            for keep in (True, False):
                where = "" if not path else f" at {s.quote(node)}"
                words = f"the sum over {over} is missing{where}: np.sum(..., axis={axis}" + (
                    ", keepdims=True)" if keep else ")"
                )
                summed = call("sum", node, axis=axis, **({"keepdims": True} if keep else {}))
                yield Candidate(s.put(path, summed), words)
                mean = call("mean", node, axis=axis, **({"keepdims": True} if keep else {}))
                words = words.replace("the sum", "the mean").replace("np.sum", "np.mean")
                yield Candidate(s.put(path, mean), words)


def _sum_superfluous(s: Setting) -> Iterator[Candidate]:
    for path, node in positions(s.formula):
        if node.kind in ("sum", "mean"):
            words = f"the {node.kind} in {s.quote(node)} is one too many: leave it out"
            yield Candidate(s.put(path, node.args[0]), words)


def _other_reduction(kind: str) -> Callable[[Setting], Iterator[Candidate]]:
    other = {"sum": "mean", "mean": "sum"}[kind]

    def rewritings(s: Setting) -> Iterator[Candidate]:
        for path, node in positions(s.formula):
            if node.kind == kind:
                put = call(other, *node.args, **node.params)
                words = f"a {kind} stands where a {other} belongs: {python_text(put)}"
                yield Candidate(s.put(path, put), words)

    return rewritings


def _axis(s: Setting) -> Iterator[Candidate]:
    for path, node in positions(s.formula):
        shape = s.shape(node.args[0]) if node.kind in ("sum", "mean") else None
        if shape is None:
            continue
        choices: list[Any] = [*range(len(shape)), None]
        keeps = {True, bool(node.params.get("keepdims"))}
        for axis, keep in itertools.product(choices, sorted(keeps)):
            params = {"axis": axis} if axis is not None else {}
            if keep:
                params["keepdims"] = True
            put = Expr(node.op, node.args, params)
            if put.key() != node.key():
                words = f"{s.quote(node)} is taken over the wrong axis: {python_text(put)}"
                yield Candidate(s.put(path, put), words)


# -- names -----------------------------------------------------------------------------------------

_STEM = re.compile(r"(d_|f_prime\()?([A-Za-z]+?)_?\d*\)?")


def stem(text: str) -> str:
    """Return a name without its layer: ``"W2"`` → ``"W"``."""
    match = _STEM.fullmatch(text)
    return (match[1] or "") + match[2] if match else text


def _aliases(s: Setting) -> set[str]:
    """Return the names of the gradient that the formula is for."""
    node = s.target.node
    text = s.environment.names[node] if node is not None else ""
    if not s.target.gradient:
        return {text}
    return {f"d_{text}", f"d{text}", f"delta{text[1:]}" if text.startswith("z") else ""}


def _substitutes(s: Setting, old: str, same_stem: bool) -> list[str]:
    """Return the names that may stand for `old`, the ones of its own family or the others."""
    aliases = _aliases(s)
    lone = s.formula.name != ""
    found = []
    for text in s.environment.known_names():
        if text == old or text in aliases or text in s.environment.extras:
            continue
        if (stem(text) == stem(old)) != same_stem:
            continue
        gradient = text not in s.environment.named
        if gradient != (old not in s.environment.named) and lone:
            continue  # a lone name for another of another kind would be a new formula
        meaning = s.environment.meaning(text)
        if meaning.node is None or meaning.node.size == 0 or meaning.node is s.environment.J:
            continue
        if gradient and meaning.node.dtype.kind != "f":
            continue
        found.append(text)
    return found


def _renamings(s: Setting, same_stem: bool) -> Iterator[tuple[Expr, str, str]]:
    """Yield the formula with a name replaced: everywhere, in one part, or in one place."""
    if not s.recorded:
        return
    everywhere = positions(s.formula)
    for old in names_in(s.formula):
        if old in s.environment.extras or old.startswith("f_prime("):
            continue
        seen: set[frozenset[Path]] = set()
        spots = [path for path, node in everywhere if node.name == old]
        parts: list[Path] = []
        for path, _ in everywhere:
            inside = frozenset(spot for spot in spots if spot[: len(path)] == path)
            if inside and inside not in seen:
                seen.add(inside)
                parts.append(path)
        for new in _substitutes(s, old, same_stem):
            for path in parts:
                yield s.put(path, renamed(at(s.formula, path), old, name(new))), old, new


def _wrong_layer(s: Setting) -> Iterator[Candidate]:
    for formula, old, new in _renamings(s, same_stem=True):
        yield Candidate(formula, f"{old} stands where {new} belongs: the wrong layer")


def _wrong_variable(s: Setting) -> Iterator[Candidate]:
    for formula, old, new in _renamings(s, same_stem=False):
        yield Candidate(formula, f"{old} stands where {new} belongs")


def _index(s: Setting) -> Iterator[Candidate]:
    for path, node, shape in s.spots():
        for axis, length in enumerate(shape):
            for shift in (1, -1) if length > 2 else (1,) if length == 2 else ():
                words = (
                    f"an index of {s.quote(node)} is shifted: element i stands where "
                    f"i{-shift:+d} belongs (axis {axis})"
                ).replace("-", "−")
                yield Candidate(s.put(path, call(ROLL, node, shift=shift, axis=axis)), words)
        if node.kind == "getitem":
            yield from _other_keys(s, path, node)


def _other_keys(s: Setting, path: Path, node: Expr) -> Iterator[Candidate]:
    key = node.params["key"]
    parts = key if isinstance(key, tuple) else (key,)
    for i, part in enumerate(parts):
        for shift in (-1, 1):
            new = _shifted(part, shift)
            if new is not None:
                moved = (*parts[:i], new, *parts[i + 1 :])
                put = call("getitem", node.args[0], key=moved if isinstance(key, tuple) else new)
                words = f"the index in {s.quote(node)} is shifted: {python_text(put)}"
                yield Candidate(s.put(path, put), words)


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
    selections = [path for path, node in positions(s.formula) if node.kind == "getitem"]
    if not selections:
        return
    formula = s.formula
    for path in sorted(selections, key=len, reverse=True):
        formula = replaced(formula, path, at(formula, path).args[0])
    words = "only a part of the nodes is used: the paths through the others are left out"
    yield Candidate(formula, words)
    for path in selections:
        node = at(s.formula, path)
        yield Candidate(s.put(path, node.args[0]), f"{words} ({s.quote(node)})")


def _summand_superfluous(s: Setting) -> Iterator[Candidate]:
    for path, node in positions(s.formula):
        if node.kind in ("add", "subtract") and not _is_number(node.args[0]):
            a, b = node.args
            yield Candidate(s.put(path, a), f"{s.quote(b)} is one term too many: leave it out")
            rest = b if node.kind == "add" else negated(b)
            yield Candidate(s.put(path, rest), f"{s.quote(a)} is one term too many: leave it out")


def _factor_superfluous(s: Setting) -> Iterator[Candidate]:
    for path, node in positions(s.formula):
        above = at(s.formula, path[:-1]).kind if path else ""
        if node.kind in ("multiply", "negative") and above not in ("multiply", "negative"):
            chain = factors(node)
            for here, part in chain:
                if len(chain) > 1 and not _is_number(part):
                    words = f"{s.quote(part)} is a factor too many: leave it out"
                    yield Candidate(s.put(path, without(node, [here])), words)


CATALOGUE: tuple[Mistake, ...] = (
    Mistake("sign", _sign, "sign"),
    Mistake("mean for sum", _other_reduction("mean"), "sum for mean"),
    Mistake("sum for mean", _other_reduction("sum"), "mean for sum"),
    Mistake("wrong axis", _axis, "wrong axis"),
    Mistake("constant factor", _constant, "constant factor"),
    Mistake("f′ missing", _slope_missing, "f′ twice"),
    Mistake("f′ twice", _slope_twice, "f′ missing"),
    Mistake("f′ at the wrong argument", _slope_argument, "f′ at the wrong argument"),
    Mistake("f′ of the wrong layer", _slope_layer, "f′ of the wrong layer"),
    Mistake("f for f′", _value_for_slope, "f′ for f"),
    Mistake("f′ for f", _slope_for_value, "f for f′"),
    Mistake("transposed", _transposed, "transposed"),
    Mistake("factors swapped", _swapped, "factors swapped"),
    Mistake("* for @", _product_for_matmul, "@ for *"),
    Mistake("@ for *", _matmul_for_product, "* for @"),
    Mistake("sum missing", _sum_missing, "sum too many"),
    Mistake("sum too many", _sum_superfluous, "sum missing"),
    Mistake("wrong layer", _wrong_layer, "wrong layer"),
    Mistake("wrong variable", _wrong_variable, "wrong variable"),
    Mistake("path left out", _partial, "path left out"),
    Mistake("term too many", _summand_superfluous, "path left out"),
    Mistake("factor too many", _factor_superfluous, "factor missing"),
    Mistake("index shifted", _index, "index shifted"),
)
"""Every entry, the likeliest first: where several repairs are exact, the first is named first."""
