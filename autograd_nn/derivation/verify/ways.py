"""Ways to get one step of the backward pass wrong, made of the step's own right rule.

`ways` lists them for any operation: its derivative left out, taken twice, of another function or at
another argument, another tensor in the place of one of its own, a factor too many, its formula
rewritten by the catalogue, elements left out, shifted or overwritten.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...core.graph import topological_order
from ...core.op import REGISTRY, Op
from ...core.tensor import Tensor, plain
from ...formulas.expression import Expr, call, evaluate, evaluate_all, mapped, name, negated, number
from ...formulas.printing import python_text
from ...formulas.rule import OUT, G, rule_formula
from ...formulas.simplify import simplified
from ...ops.elementwise import (
    ADD,
    EXP,
    LOG,
    MULTIPLY,
    NEGATIVE,
    RECIPROCAL,
    RELU,
    SIGMOID,
    SQRT,
    SQUARE,
    SUBTRACT,
)
from ...ops.trigonometry import TANH
from ..derive.steps import TooLargeError, value_of
from ..names import Environment, Meaning, slope_of
from .catalogue import STRUCTURAL
from .mistakes import Setting, is_number
from .passes import Change, Site

_LONGEST, _LONGEST_WORDS = 48, 200


class Way(NamedTuple):
    """One way to get a step wrong.

    Attributes
    ----------
    kind : str
        What kind of mistake it is.
    words : str
        What was done in the place of what.
    quantity : str
        What it is about.
    change : callable
        What the step hands back then.
    rank : int
        How far-fetched it is.
    """

    kind: str
    words: str
    quantity: str
    change: Change
    rank: int = 1


class Book:
    """What the tensors of a graph are called in explanations, and which have which shape.

    Tensors are known by their position in the graph, which is the same on every draw.
    """

    def __init__(self, environment: Environment, within: set[int]) -> None:
        self.environment, self.within = environment, within
        self.order = environment.order
        self.place = {node: i for i, node in enumerate(self.order)}
        self._texts: dict[int, str] = {}
        self._before: dict[int, set[int]] = {}
        self.shapes: dict[tuple[int, ...], list[int]] = {}
        for i, node in enumerate(self.order):
            if node.dtype.kind in "fb" and (node.op is not None or node.size > 1):
                self.shapes.setdefault(node.shape, []).append(i)

    def text(self, i: int) -> str:
        """Return the name of a tensor, or how it is computed."""
        if i not in self._texts:
            node = self.order[i]
            try:
                text = node.name or python_text(value_of(self.environment, node))
            except TooLargeError:
                text = ""
            if not text or len(text) > _LONGEST:
                inner = (x.name for x in node.inputs if x.name)
                text = f"{node.op.name if node.op else 'a constant'}({', '.join(inner) or '…'})"
                same = [j for j, other in enumerate(self.order) if other.op is node.op]
                text += f" no. {same.index(i) + 1}" if len(same) > 1 and node.op else ""
            self._texts[i] = text
        return self._texts[i]

    def gradient(self, i: int) -> str:
        """Return what the gradient of a tensor is called: that of a sum is that of its terms."""
        node = self.order[i]
        users = self.environment.consumers[node]
        if not node.name and len(users) == 1:
            user = users[0][0]
            if user.op is ADD and user.shape == node.shape:
                return self.gradient(self.place[user])
        text = self.text(i)
        return f"∂J/∂{text}" if node.name else f"∂J/∂({text})"

    def before(self, i: int) -> set[int]:
        """Return a tensor and those it is computed from: their gradients come after its own."""
        if i not in self._before:
            self._before[i] = {self.place[x] for x in topological_order([self.order[i]])}
        return self._before[i]

    def alike(self, i: int, most: int = 40) -> list[int]:
        """Return the tensors of the same shape, the named first, then those near it."""
        found = [j for j in self.shapes.get(self.order[i].shape, ()) if j != i]
        found.sort(key=lambda j: (not self.order[j].name, abs(i - j)))
        return found[:most]

    def of_role(self, i: int, among: Sequence[int]) -> list[int]:
        """Return what may come before or after the tensors that a loop reads, `i` being the last.

        One made by the same operation, or what the loop starts from.
        """
        ops = {self.order[j].op for j in among}
        alike = [j for j in self.alike(i, 400) if j not in among]
        same = [j for j in alike if self.order[j].op in ops and self.order[j].op is not None]
        starts = [j for j in alike if self.order[j].op is None]
        return [*sorted(same, key=lambda j: abs(i - j))[:2], *starts[:3]]

    def shown(self, site: Site, here: int) -> Callable[[Expr], Expr]:
        """Return what puts the names of tensors into the formula of a rule."""
        put = {G: name(self.gradient(here)), OUT: name(self.text(here))}
        for i, x in enumerate(site.node.inputs):
            alone = x.op is None and x.size == 1 and not x.name
            put[f"@{i}"] = number(plain(x)) if alone else name(self.text(site.base.place[x]))
        return lambda e: simplified(mapped(e, lambda part: _folded(put.get(part.name, part))))

    def fitting(self, shape: tuple[int, ...], most: int = 24) -> list[int]:
        """Return the tensors that can be multiplied with an array of `shape`, the named first."""
        found = []
        for other, places in self.shapes.items():
            if np.prod(other) > 1 and _fits(other, shape):
                found += places
        found.sort(key=lambda j: (not self.order[j].name, j))
        return found[:most]


def _fits(other: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    behind = shape[len(shape) - len(other) :]
    return len(other) <= len(shape) and all(n in (1, k) for n, k in zip(other, behind, strict=True))


@cache
def _functions() -> list[tuple[str, Callable[[Any], Any]]]:
    """Return the derivatives of the functions of one variable that networks use."""
    others = [op for op in REGISTRY.values() if "activation" in op.traits and len(op.vjps) == 1]
    ops = dict.fromkeys([TANH, SIGMOID, RELU, EXP, LOG, SQRT, SQUARE, RECIPROCAL, *others])
    return [(op.name, slope_of(op)) for op in ops]


def slope(site: Site) -> Any:
    """Return ∂result/∂input of an elementwise operation."""
    op: Any = site.node.op
    ones = np.ones_like(site.out)
    found = op.rule(site.index)(ones, site.out, *site.operands, **site.node.params)
    return np.broadcast_to(plain(found), site.out.shape)


def _value(i: int) -> Callable[[Site], Any]:
    return lambda site: plain(site.base.order[i])


def ways(site: Site, book: Book) -> Iterator[Way]:
    """Yield the ways to get one step wrong."""
    here, there = site.at, site.base.place[site.x]
    yield from ways_alike(site, book)
    if site.out.size > 1 or site.x.size > 1:
        yield from _others(site, book, here, there)
        yield from _selections(site, book, here)
    yield from _factors(site, book, there)


def ways_alike(site: Site, book: Book) -> Iterator[Way]:
    """Yield those that can be made in every step of a loop alike: they know the step alone."""
    op: Any = site.node.op
    here, there = site.at, site.base.place[site.x]
    if site.out.shape == site.g.shape:
        if "elementwise" in op.traits:
            yield from _slopes(site, book, op, here, there)
        if op.reads_values and len(site.operands) == 1 and site.x.shape == site.out.shape:
            yield from _misremembered(book, here, there)
    yield from _rewritten(site, book, here, there)
    yield from _parts(site, book, here, there)
    yield from _exchanged(site, book, here)
    yield from _skipped(book, here)


def _skipped(book: Book, here: int) -> Iterator[Way]:
    """The gradient of what an operation is used for, as if that handed it on unchanged."""
    for steps in (1, 2, 3):
        other = _further(book, here, steps)
        if other >= 0:
            words = f"{book.gradient(other)} stands where {book.gradient(here)} belongs"
            yield Way("wrong gradient", words, book.gradient(here), lambda s, k=steps: s.flow(
                g=s.base.leaving(_further(book, s.at, k))), 3)  # fmt: skip


def _further(book: Book, i: int, steps: int) -> int:
    """Return the position of what is made of a tensor some steps on, of its shape; −1 if none."""
    for _ in range(steps):
        users = [u for u, _ in book.environment.consumers[book.order[i]]]
        alike = [book.place[u] for u in users if u.shape == book.order[i].shape]
        if not alike:
            return -1
        i = alike[0]
    return i


def _slopes(site: Site, book: Book, op: Op, here: int, there: int) -> Iterator[Way]:
    """The derivative of an elementwise operation left out, twice, of another function."""
    if op.traits >= {"linear", "value_free"}:
        return
    if np.ptp(slope(site)) == 0:
        return  # that is a factor, which is found as one
    n, x = book.text(here), book.text(there)
    alone = sum(np.size(a) > 1 for a in site.operands) == 1
    d = f"the derivative of {n}" if alone else f"the derivative ∂{n}/∂{x}"
    yield Way("f′ missing", f"{d} is missing", n, lambda s: s.fitted(s.g), 0)
    yield Way("f′ twice", f"{d} is there twice", n, lambda s: s.fitted(s.g * slope(s) ** 2), 1)
    inverse = f"{d} is inverted: divided by it instead of multiplied"
    yield Way("f′ inverted", inverse, n, lambda s: s.fitted(s.g / slope(s)), 1)
    yield Way("f′ inverted", f"{d} is taken from 1", n, lambda s: s.fitted(s.g * (1 - slope(s))), 2)
    if not alone:
        return
    yield Way("f for f′", f"{n} itself stands where its derivative belongs", n,
              lambda s: s.fitted(s.g * s.out), 1)  # fmt: skip
    yield Way("f for f′", f"{x} stands where the derivative of {n} belongs", n,
              lambda s: s.fitted(s.g * s.operands[s.index]), 1)  # fmt: skip
    if len(site.operands) > 1:
        return
    for text, f_prime in _functions():
        if text != op.name:
            words = f"the derivative of {text} stands where that of {op.name} belongs, at "
            yield Way("f′ of another function", words + x, n,
                      lambda s, f=f_prime: s.g * f(s.operands[0]), 3)  # fmt: skip
            yield Way("f′ of another function", words + n, n,
                      lambda s, f=f_prime: s.g * f(s.out), 3)  # fmt: skip


def _misremembered(book: Book, here: int, there: int) -> Iterator[Way]:
    """The derivative of an operation of one input in a form that is none."""
    n, x = book.text(here), book.text(there)
    for left, sign in itertools.product(("out", "a0"), (1, -1)):
        text = n if left == "out" else x
        for form, f in _SIMPLE.items():
            words = f"{form.format(text, '+−'[sign < 0])} stands where the derivative of {n} belongs"
            yield Way("f′ misremembered", words, n,
                      lambda s, f=f, sign=sign, left=left: s.g * f(
                          s.out if left == "out" else s.operands[0], sign), 3)  # fmt: skip


_SIMPLE: dict[str, Callable[[Any, int], Any]] = {
    "(1 {1} {0})": lambda u, sign: 1 + sign * u,
    "(1 {1} {0}²)": lambda u, sign: 1 + sign * u * u,
    "{0}·(1 {1} {0})": lambda u, sign: u * (1 + sign * u),
    "(1 {1} {0})²": lambda u, sign: (1 + sign * u) ** 2,
}


def reads_of(site: Site, here: int) -> dict[str, int]:
    """Return what a rule reads, by the key of `Site.flow`, with the position of the tensor."""
    op: Any = site.node.op
    inputs = [(f"a{i}", site.base.place[x]) for i, x in enumerate(site.node.inputs)]
    return dict([("out", here), *inputs]) if op.reads_values else {}


def _exchanged(site: Site, book: Book, here: int) -> Iterator[Way]:
    """What a rule reads, one for another; or turned about."""
    reads = reads_of(site, here)
    for key, own in reads.items():
        shape = book.order[own].shape
        if np.shape(site.g) == shape:
            words = f"{book.gradient(here)} stands where {book.text(own)} belongs"
            yield Way("wrong variable", words, book.text(own),
                      lambda s, key=key: s.flow(**{key: s.g}), 2)  # fmt: skip
        for put, other in reads.items():
            if other != own and book.order[other].shape == shape:
                words = f"{book.text(other)} stands where {book.text(own)} belongs"
                yield Way("f′ at the wrong argument", words, book.text(own),
                          lambda s, key=key, put=put: s.flow(**{key: s.read(put)}), 1)  # fmt: skip
        words = f"1 − {book.text(own)} stands where {book.text(own)} belongs"
        yield Way("wrong variable", words, book.text(own),
                  lambda s, key=key: s.flow(**{key: 1 - s.read(key)}), 2)  # fmt: skip
        for axis, length in enumerate(shape):
            for what, move in _moves(axis, length) if length > 1 else ():
                yield Way("index shifted", f"{book.text(own)} is {what}", book.text(own),
                          lambda s, key=key, move=move: s.flow(**{key: move(s.read(key))}),
                          3)  # fmt: skip


def _others(site: Site, book: Book, here: int, there: int) -> Iterator[Way]:
    """Another tensor in the place of one that the rule reads, or another gradient."""
    reads = reads_of(site, here)
    for key, own in reads.items():
        for other in book.alike(own):
            if other not in reads.values():
                words = f"{book.text(other)} stands where {book.text(own)} belongs"
                yield Way("wrong variable", words, book.text(own),
                          lambda s, key=key, get=_value(other): s.flow(**{key: get(s)}), 1)  # fmt: skip
    for other in book.alike(here):
        if other in book.within and other not in book.before(there):
            words = f"{book.gradient(other)} stands where {book.gradient(here)} belongs"
            yield Way("wrong gradient", words, book.gradient(here),
                      lambda s, other=other: s.flow(g=s.base.leaving(other)), 2)  # fmt: skip


def _moves(axis: int, length: int) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield rearrangements along an axis, with their words."""
    yield f"flipped along axis {axis}", lambda a: np.flip(a, axis)
    for by in (1, -1) if length > 2 else (1,):
        way = "off by one" if by == 1 else "off by one the other way"
        yield f"{way} along axis {axis}", lambda a, by=by: np.roll(a, by, axis)


def _factors(site: Site, book: Book, there: int) -> Iterator[Way]:
    """A tensor too many, or missing, as a factor."""
    for other in book.fitting(site.x.shape):
        text, get = book.text(other), _value(other)
        for power in (-1, 1, 2, -2, 0.5, -0.5, 3, -3):
            if power != int(power) and np.min(plain(book.order[other])) < 0:
                continue
            base = text if text.isidentifier() else f"({text})"
            word = text if abs(power) == 1 else f"{base}^{abs(power):g}".replace("^0.5", "^½")
            words = f"a factor {word} is {'missing' if power < 0 else 'too many'}"
            yield Way("factor missing" if power < 0 else "factor too many", words, text,
                      lambda s, get=get, p=power: s.flow() * np.power(np.asarray(get(s), float), p),
                      2 + (abs(power) != 1))  # fmt: skip
        yield Way("factor too many", f"(1 − {text}) is a factor too many", text,
                  lambda s, get=get: s.flow() * (1 - get(s)), 3)  # fmt: skip


def _parts(site: Site, book: Book, here: int, there: int) -> Iterator[Way]:
    """Elements left out, before the step or behind it; an axis flipped or two of them swapped."""
    arrived = book.gradient(here)
    shape = np.shape(site.g)
    for axis, length in enumerate(shape):
        if length > 1:
            for what, keep in _kept(axis, length):
                yield Way("part left out", f"of {arrived} {what}", book.text(here),
                          lambda s, keep=keep: s.flow(g=keep(s.g)), 3)  # fmt: skip
            for what, move in _moves(axis, length):
                yield Way("index shifted", f"{arrived} is {what}", book.text(here),
                          lambda s, move=move: s.flow(g=move(s.g)), 3)  # fmt: skip
    if len(shape) > 1:
        yield Way("index shifted", f"{arrived} is flipped along all axes but the first two"
                  if len(shape) > 2 else f"{arrived} is flipped along both axes", book.text(here),
                  lambda s: s.flow(g=np.flip(s.g, tuple(range(2 if s.g.ndim > 2 else 0, s.g.ndim)))),
                  3)  # fmt: skip
    yield from _arranged(site, book, here, there)


def _kept(axis: int, length: int) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    ends = ["the first", "the last"] + (["only the first", "only the last"] if length > 2 else [])
    for i, what in enumerate(ends):
        at = 0 if i % 2 == 0 else length - 1

        def keep(g: Any, at: int = at, only: bool = i > 1) -> Any:
            mask = np.arange(length) == at
            mask = mask if only else ~mask
            return g * mask.reshape([-1 if k == axis else 1 for k in range(g.ndim)])

        words = f"{what} along axis {axis} is {'used' if i > 1 else 'left out'}"
        yield words, keep


def _arranged(site: Site, book: Book, here: int, there: int) -> Iterator[Way]:
    """An operand, the cotangent or the result transposed, or read in another order."""
    op: Any = site.node.op
    arrays = {"g": site.g, **{f"a{i}": a for i, a in enumerate(site.operands)}}
    texts = {"g": book.gradient(here)}
    texts |= {f"a{i}": book.text(site.base.place[x]) for i, x in enumerate(site.node.inputs)}
    for key, a in arrays.items():
        if key != "g" and not op.reads_values:
            continue
        for i, j in itertools.combinations(range(np.ndim(a)), 2):
            if a.shape[i] == a.shape[j] > 1:
                yield Way("transposed", f"{texts[key]} is transposed (axes {i} and {j})", texts[key],
                          lambda s, key=key, i=i, j=j: s.flow(**{key: np.swapaxes(
                              s.g if key == "g" else s.operands[int(key[1:])], i, j)}), 1)  # fmt: skip
        if key != "g" and np.ndim(a) > 2:
            yield Way("index shifted", f"{texts[key]} is flipped along its last two axes",
                      texts[key], lambda s, key=key: s.flow(**{key: np.flip(
                          s.operands[int(key[1:])], (-2, -1))}), 2)  # fmt: skip
    shape = site.x.shape
    for i, j in itertools.combinations(range(len(shape)), 2):
        moved = list(range(len(shape)))
        moved[i], moved[j] = j, i
        if shape[i] != shape[j]:
            words = f"{book.gradient(there)} has its elements in another order: axes {i} and {j} swapped"
            yield Way("reshaped for transposed", words, book.text(there),
                      lambda s, m=moved: np.transpose(np.reshape(s.flow(), [s.x.shape[k] for k in m]),
                                                      m), 3)  # fmt: skip
            yield Way("reshaped for transposed", words, book.text(there),
                      lambda s, m=moved: np.reshape(np.transpose(s.flow(), m), s.x.shape),
                      3)  # fmt: skip
        elif shape[i] > 1:
            yield Way("transposed", f"{book.gradient(there)} is transposed (axes {i} and {j})",
                      book.text(there), lambda s, i=i, j=j: np.swapaxes(s.flow(), i, j), 1)  # fmt: skip


def _selections(site: Site, book: Book, here: int) -> Iterator[Way]:
    """Elements taken several times: the last write wins, where all must be added."""
    op: Any = site.node.op
    if site.index != 0:
        return
    numbers = np.arange(site.x.size).reshape(site.x.shape)
    try:
        source = np.asarray(op.forward(numbers, *site.operands[1:], **site.node.params))
    except (TypeError, ValueError, IndexError):
        return
    if source.dtype.kind not in "iu" or source.shape != site.out.shape:
        return
    if len(np.unique(source)) == source.size or source.min() < 0 or source.max() >= site.x.size:
        return
    axes = range(source.ndim)
    loops = [(), *[(k,) for k in axes], *itertools.combinations(axes, 2)]
    for outer, first in itertools.product(loops, (False, True)):

        def written(s: Site, outer: Any = outer, first: bool = first) -> Any:
            put = np.zeros(s.x.size, s.g.dtype)
            ordered = [np.moveaxis(a, outer, range(len(outer))).ravel() for a in (source, s.g)]
            step = -1 if first else 1
            put[ordered[0][::step]] = ordered[1][::step]
            return put.reshape(s.x.shape)

        words = (
            f"where {book.text(here)} takes an element several times, only the "
            f"{'first' if first else 'last'} write is left: they must be added (np.add.at, or +=)"
        )
        yield Way("last write wins", words, book.text(here), written, 1)


def _rewritten(site: Site, book: Book, here: int, there: int) -> Iterator[Way]:
    """The rule's formula, rewritten by the catalogue: signs, sums, axes, products, terms."""
    formula = rule_formula(site.node, site.index)
    if formula is None or formula.op is None:
        return
    values = rule_values(site)
    target = Meaning(None, True, 1)
    setting = Setting(formula, evaluate_all(formula, values), book.environment, target, True)
    shown = book.shown(site, here)
    seen = set()
    for entry in STRUCTURAL:
        for candidate in entry.rewritings(setting):
            key = candidate.formula.key()
            if key in seen or key == formula.key():
                continue
            seen.add(key)

            def change(s: Site, e: Expr = candidate.formula) -> Any:
                return np.asarray(evaluate(e, rule_values(s)))

            wrong, right = differing(shown(candidate.formula), shown(formula))
            texts = python_text(wrong), python_text(right)
            words = f"{texts[0]} stands where {texts[1]} belongs"
            if len(words) > _LONGEST_WORDS:
                words = f"in the derivative of {book.text(here)}: {entry.opposite}"
            yield Way(entry.opposite, words, texts[1], change, 1)


def rule_values(site: Site) -> dict[str, Any]:
    return {G: site.g, OUT: site.out} | {f"@{i}": a for i, a in enumerate(site.operands)}


def differing(a: Expr, b: Expr) -> tuple[Expr, Expr]:
    """Return the smallest parts of two formulas in which alone they differ."""
    above = a, b
    while a.op is not None and a.op is b.op and len(a.args) == len(b.args):
        pairs = [(x, y) for x, y in zip(a.args, b.args, strict=True) if x.key() != y.key()]
        if len(pairs) != 1 or Expr(a.op, b.args, a.params).key() != b.key():
            break
        above = a, b
        a, b = pairs[0]
    return above if a.op is None or b.op is None else (a, b)


def _folded(e: Expr) -> Expr:
    """Return a part of a formula that only numbers are in as that number."""
    if e.op is None or not all(is_number(arg) for arg in e.args):
        return e
    value = evaluate(e, {})
    return number(value) if np.size(value) == 1 else e


def summands(e: Expr) -> list[Expr]:
    """Return the terms that a formula is the sum of, products multiplied out."""
    if e.op in (ADD, SUBTRACT):
        first, second = map(summands, e.args)
        return first + ([negated(t) for t in second] if e.op is SUBTRACT else second)
    if e.op is NEGATIVE:
        return [negated(t) for t in summands(e.args[0])]
    if e.op is MULTIPLY:
        return [call(MULTIPLY, a, b) for a in summands(e.args[0]) for b in summands(e.args[1])]
    return [e]
