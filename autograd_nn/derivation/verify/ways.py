"""Ways to get one step of the backward pass wrong, made of the step's own right rule.

`ways` lists them for any operation: its derivative left out, taken twice, of another function or at
another argument, another tensor in the place of one of its own, a factor too many, its formula
rewritten by the catalogue, elements left out, shifted or overwritten.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...core.tensor import plain
from ...formulas.expression import (
    Expr,
    call,
    evaluate,
    evaluate_all,
    names_in,
    negated,
)
from ...formulas.printing import python_text
from ...formulas.rule import OUT, G, rule_formula
from ...ops.elementwise import ADD, MULTIPLY, NEGATIVE, SUBTRACT
from ..names import Meaning
from .book import Book
from .catalogue import STRUCTURAL
from .mistakes import Setting
from .passes import Change, Site

_LONGEST_WORDS = 200


class Way(NamedTuple):
    """One way to get a step wrong.

    Attributes
    ----------
    kind : str
        What kind of mistake it is.
    words : str, or callable that returns it
        What was done in the place of what.
    quantity : str
        What it is about.
    change : callable
        What the step hands back then.
    rank : float
        How far-fetched it is.
    """

    kind: str
    words: str | Callable[[], str]
    quantity: str
    change: Change
    rank: float = 1

    @property
    def said(self) -> str:
        """The words."""
        return self.words if isinstance(self.words, str) else self.words()


def slope(site: Site) -> Any:
    """Return ∂result/∂input of an elementwise operation."""
    op: Any = site.node.op
    ones = np.ones_like(site.out)
    found = op.rule(site.index)(ones, site.out, *site.operands, **site.node.params)
    return np.broadcast_to(plain(found), site.out.shape)


def _instead(
    key: str, other: str, own: str, value: Change, rank: int = 1, kind: str = "wrong variable"
) -> Way:
    """Return the way to hand a rule something else for one of the arrays it reads."""
    words = f"{other} stands where {own} belongs"
    return Way(kind, words, own, lambda s: s.flow(**{key: value(s)}), rank)


def _value(i: int) -> Change:
    return lambda site: np.asarray(plain(site.base.order[i]))


def ways(site: Site, book: Book) -> Iterator[Way]:
    """Yield the ways to get one step wrong."""
    yield from ways_alike(site, book)
    if site.out.size > 1 or site.x.size > 1:
        yield from _others(site, book)
        yield from _selections(site, book)
    yield from _factors(site, book)


def ways_alike(site: Site, book: Book) -> Iterator[Way]:
    """Yield those that can be made in every step of a loop alike: they know the step alone."""
    if site.out.shape == site.g.shape:
        yield from _slopes(site, book)
    yield from _rewritten(site, book)
    yield from _turned(site, book)
    yield from _exchanged(site, book)


def _further(book: Book, i: int, steps: int) -> int:
    """Return the position of what is made of a tensor some steps on, of its shape; −1 if none."""
    for _ in range(steps):
        users = [u for u, _ in book.environment.consumers[book.order[i]]]
        alike = [book.place[u] for u in users if u.shape == book.order[i].shape]
        if not alike:
            return -1
        i = alike[0]
    return i


def _slopes(site: Site, book: Book) -> Iterator[Way]:
    """Leave a derivative out, take it twice or another's, or misremember it."""
    op: Any = site.node.op
    n, x = book.text(site.at), book.text(site.base.place[site.x])
    forms: list[tuple[str, str, Change, int]] = []
    if "elementwise" in op.traits and not (
        op.traits >= {"linear", "value_free"} or np.ptp(slope(site)) == 0
    ):  # or that is a factor, which is found as one
        alone = sum(np.size(a) > 1 for a in site.operands) == 1
        d = f"the derivative of {n}" if alone else f"the derivative ∂{n}/∂{x}"
        forms += [
            ("f′ missing", f"{d} is missing", lambda s: 1.0, 0),
            ("f′ twice", f"{d} is there twice", lambda s: slope(s) ** 2, 1),
            ("f′ inverted", f"{d} is inverted: divided by it", lambda s: 1 / slope(s), 1),
            ("f′ inverted", f"{d} is taken from 1", lambda s: 1 - slope(s), 2),
        ]
        if alone:
            forms += [
                ("f for f′", f"{n} itself stands where its derivative belongs", _OUT, 1),
                ("f for f′", f"{x} stands where {d} belongs", lambda s: s.operands[s.index], 1),
            ]
    if op.reads_values and len(site.operands) == 1 and site.x.shape == site.out.shape:
        wrong = itertools.product((("out", n), ("a0", x)), (1, -1), _SIMPLE.items())
        for (key, text), sign, (form, f) in wrong:
            said = form.format(text, "+" if sign > 0 else "−")
            forms.append(("f′ misremembered", f"{said} stands where the derivative of {n} belongs",
                          lambda s, k=key, f=f, sign=sign: f(s.read(k), sign), 3))  # fmt: skip
    for kind, words, form, rank in forms:
        yield Way(kind, words, n, lambda s, form=form: s.fitted(s.g * form(s)), rank)


_OUT: Change = operator.attrgetter("out")
_SIMPLE: dict[str, Callable[[Any, int], Any]] = {
    "(1 {1} {0})": lambda u, sign: 1 + sign * u,
    "(1 {1} {0}²)": lambda u, sign: 1 + sign * u * u,
    "{0}·(1 {1} {0})": lambda u, sign: u * (1 + sign * u),
    "(1 {1} {0})²": lambda u, sign: (1 + sign * u) ** 2,
    "({0} > 0)": lambda u, _: u > 0,
}


def reads_of(site: Site) -> dict[str, int]:
    """Return what a rule reads, by the key of `Site.flow`, with the position of the tensor."""
    op: Any = site.node.op
    inputs = {f"a{i}": site.base.place[x] for i, x in enumerate(site.node.inputs)}
    return {"out": site.at} | inputs if op.reads_values else {}


def _exchanged(site: Site, book: Book) -> Iterator[Way]:
    """Exchange what a rule reads, one for another; or its gradient for one further on."""
    reads, gradient = reads_of(site), book.gradient(site.at)
    for key, own in reads.items():
        text = book.text(own)
        yield _instead(key, f"−{text}", text, lambda s, k=key: -s.read(k), 1, "sign")
        yield _instead(key, f"1 − {text}", text, lambda s, k=key: 1 - s.read(k), 2)
        if np.shape(site.g) == book.order[own].shape:
            yield _instead(key, gradient, text, lambda s: s.g, 2)
        for put, other in reads.items():
            if other != own and book.order[other].shape == book.order[own].shape:
                value, kind = lambda s, put=put: s.read(put), "f′ at the wrong argument"
                yield _instead(key, book.text(other), text, value, 1, kind)
    for steps in (1, 2, 3):
        other = _further(book, site.at, steps)
        if other >= 0:

            def later(s: Site, steps: int = steps) -> Any:
                return s.base.leaving(_further(book, s.at, steps))

            yield _instead("g", book.gradient(other), gradient, later, 4, "wrong gradient")


def _others(site: Site, book: Book) -> Iterator[Way]:
    """Put another tensor in the place of one that the rule reads, or another gradient."""
    reads, gradient = reads_of(site), book.gradient(site.at)
    for key, own in reads.items():
        for other in book.alike(own):
            if other not in reads.values():
                yield _instead(key, book.text(other), book.text(own), _value(other))
    later = book.before(site.base.place[site.x])
    for other in book.alike(site.at):
        if other in book.within and other not in later:
            value = lambda s, j=other: s.base.leaving(j)  # noqa: E731
            yield _instead("g", book.gradient(other), gradient, value, 4, "wrong gradient")


def _factors(site: Site, book: Book) -> Iterator[Way]:
    """Add a tensor as a factor, or leave it out: of what is handed back, or of what arrives."""
    inside = site.x.shape != site.out.shape == np.shape(site.g)
    put: dict[int, Callable[[Site, Any], Any]] = {}
    for other in book.fitting(site.out.shape) if inside else ():
        put[other] = lambda s, factor: s.flow(g=s.g * factor)
    for other in book.fitting(site.x.shape):
        put[other] = lambda s, factor: s.right * factor
    for other, times in put.items():
        text, get = book.text(other), _value(other)
        least = np.min(plain(book.order[other]))
        yield Way("factor too many", f"(1 − {text}) is a factor too many", text,
                  lambda s, get=get, times=times: times(s, 1 - get(s)), 3)  # fmt: skip
        for power in (-1, 1, 2, -2, 3, -3, *((0.5, -0.5) if least >= 0 else ())):
            base = text if text.isidentifier() else f"({text})"
            word = text if abs(power) == 1 else f"{base}^{abs(power):g}".replace("^0.5", "^½")
            kind = "factor missing" if power < 0 else "factor too many"
            yield Way(kind, f"a factor {word} is {kind.removeprefix('factor ')}", text,
                      lambda s, get=get, p=power, times=times:
                      times(s, get(s).astype(float) ** p),
                      2 + (abs(power) != 1))  # fmt: skip


def _turned(site: Site, book: Book) -> Iterator[Way]:
    """Transpose, flip or shift what a rule reads or gives, or leave a part of it out."""
    there, shape = book.gradient(site.base.place[site.x]), site.x.shape
    texts = {"g": book.gradient(site.at)} | {k: book.text(i) for k, i in reads_of(site).items()}
    for key, text in texts.items():
        for kind, what, move, rank in _moves(np.shape(site.read(key)), key == "g"):
            yield Way(kind, f"{text} is {what}", text,
                      lambda s, k=key, move=move: s.flow(**{k: move(s.read(k))}), rank)  # fmt: skip
    for kind, what, move, rank in _moves(shape, False):
        if kind == "transposed":
            yield Way(kind, f"{there} is {what}", there, lambda s, m=move: m(s.right), rank)
    for i, j in itertools.combinations(range(len(shape)), 2):
        if shape[i] != shape[j]:
            words = f"{there} has its elements in another order: axes {i} and {j} swapped"
            swap, turned = partial(np.swapaxes, axis1=i, axis2=j), list(shape)
            turned[i], turned[j] = shape[j], shape[i]
            other: tuple[Change, Change] = (
                lambda s, to=turned, swap=swap: swap(np.reshape(s.right, to)),
                lambda s, swap=swap: np.reshape(swap(s.right), s.x.shape),
            )
            for change in other:
                yield Way("reshaped for transposed", words, there, change, 3)


def _moves(
    shape: tuple[int, ...], parts: bool
) -> Iterator[tuple[str, str, Callable[[Any], Any], int]]:
    """Yield the rearrangements of an array, and with `parts` what of it may be left out."""
    for i, j in itertools.combinations(range(len(shape)), 2):
        if shape[i] == shape[j] > 1:
            swap = partial(np.swapaxes, axis1=i, axis2=j)
            yield "transposed", f"transposed (axes {i} and {j})", swap, 1
    if len(shape) > 1:
        last = partial(np.flip, axis=(-2, -1))
        yield "index shifted", "flipped along its last two axes", last, 2
    for axis, n in enumerate(shape):
        if n < 2:
            continue
        yield "index shifted", f"flipped along axis {axis}", partial(np.flip, axis=axis), 3
        for by in (1, -1)[: n - 1]:
            roll = partial(np.roll, shift=by, axis=axis)
            yield "index shifted", f"shifted by {by} along axis {axis}".replace("-", "−"), roll, 3
        for at, only in itertools.product((0, n - 1), (False, True)) if parts else ():

            def keep(g: Any, axis: int = axis, at: int = at, only: bool = only) -> Any:
                mask = (np.arange(np.shape(g)[axis]) == at) == only
                return g * mask.reshape([-1 if k == axis else 1 for k in range(np.ndim(g))])

            which = f"{'first' if at == 0 else 'last'} along axis {axis}"
            yield "part left out", f"used {'only at' if only else 'without'} the {which}", keep, 3


def _selections(site: Site, book: Book) -> Iterator[Way]:
    """Let the last write win where elements that are taken several times must be added."""
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
            f"where {book.text(site.at)} takes an element several times, only the "
            f"{'first' if first else 'last'} write is left: they must be added (np.add.at, or +=)"
        )
        yield Way("last write wins", words, book.text(site.at), written, 1)


def _rewritten(site: Site, book: Book) -> Iterator[Way]:
    """Rewrite the rule's formula by the catalogue: signs, sums, axes, products, terms."""
    formula = rule_formula(site.node, site.index)
    if formula is None or formula.op is None:
        return
    values = rule_values(site)
    target = Meaning(None, True, 1)
    setting = Setting(
        formula, evaluate_all(formula, values), book.environment, target, True, silent=True
    )
    shown = book.shown(site)
    seen = set()
    for entry in STRUCTURAL:
        for candidate in entry.rewritings(setting):
            key = candidate.formula.key()
            if key in seen or key == formula.key() or G not in names_in(candidate.formula):
                continue
            seen.add(key)

            def change(s: Site, e: Expr = candidate.formula) -> Any:
                return np.asarray(evaluate(e, rule_values(s)))

            def words(e: Expr = candidate.formula, kind: str = entry.opposite) -> str:
                wrong, right = map(python_text, differing(shown(e), shown(formula)))
                said = f"{wrong} stands where {right} belongs"
                if len(said) > _LONGEST_WORDS:
                    return f"in the derivative of {book.text(site.at)}: {kind}"
                return said

            yield Way(entry.opposite, words, book.text(site.at), change, 1)


def rule_values(site: Site) -> dict[str, Any]:
    """Return what the names in the formula of a rule stand for."""
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
