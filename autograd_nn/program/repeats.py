"""Where a trace repeats itself.

The operations, as they were recorded, are read as a text: a letter says which operation it is, on
what shapes. A stretch of text that is followed by itself is a candidate for a loop; it is one if
every operand, as a function of the iteration t, is the same value, one of a row of leaves, or what
a row of a loop gave in iteration α + βt.

1. `Table` is the trace as arrays.
2. `find` returns its `Span`s: what is repeated, and what each operand is.

A value has a code: its position among the operations, or a number after those for a leaf.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..dispatch.values import DETACH
from ..ops.elementwise import POSITIVE
from ..ops.indexing import GETITEM, SCATTER
from .graph import INPUT, Graph, is_constant, is_leaf, is_weak
from .rewriting import frozen

FEWEST = 8
"""Iterations of a loop."""

SHORTEST = 32
"""Statements that a loop saves."""

_WIDE = 8  # an operation of more operands is in no loop
_GRAM = 6  # letters that are looked up together
_PERIODS = 40  # that are tried
_ROUNDS = 3
_CUTS = 12  # after which what is left of a span is no loop
_EXCEPTIONS = 4  # operands at the ends of a loop that come from elsewhere, as an initial value does

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """An integer of an index that varies, ``start + step * t`` or ``table[t]``: `least` or more."""

    start: int
    step: int
    table: tuple[int, ...] | None = None
    least: int = 0

    def at(self, t: int) -> int:
        """Return it in iteration `t`."""
        return self.table[t] if self.table else self.start + self.step * t


def mapped(key: Any, change: Callable[[Any], Any]) -> Any:
    """Return an index with its integers, and steps for integers, changed."""
    if isinstance(key, tuple):
        return tuple([mapped(part, change) for part in key])
    if isinstance(key, slice):
        return slice(*(mapped(part, change) for part in (key.start, key.stop, key.step)))
    if isinstance(key, (int, np.integer, Step)) and not isinstance(key, bool):
        return change(key)
    return key


def stepped(values: Array) -> Step:
    """Return what `values`, one an iteration, are as a function of t."""
    step = int(values[1] - values[0])
    if (np.diff(values) == step).all():
        return Step(int(values[0]), step, None, int(values.min()))
    return Step(0, 0, tuple(values.tolist()), int(values.min()))


@dataclass(frozen=True, slots=True)
class Same:
    """An operand that is the same value in every iteration."""

    code: int


@dataclass(frozen=True, slots=True)
class Row:
    """An operand that loop number `span` gave in its row `row`, iteration ``first + step * t``."""

    span: int
    row: int
    first: int
    step: int


@dataclass(frozen=True, slots=True)
class Leaves:
    """An operand that is another leaf in every iteration."""

    codes: tuple[int, ...]


@dataclass(eq=False)
class Span:
    """A stretch of the trace that is one iteration again and again.

    Attributes
    ----------
    start, period, count : int
        Row r of iteration t is the operation at ``start + r + period * t``.
    operands : dict
        (row, index of the operand) → what it is.
    slots : dict
        Row → iteration before the first or after the last → the value that is read in its place.
    same : dict
        Row → one before it that gives the same.
    """

    start: int
    period: int
    count: int
    operands: dict[tuple[int, int], Same | Row | Leaves] = field(default_factory=dict)
    slots: dict[int, dict[int, int]] = field(default_factory=dict)
    same: dict[int, int] = field(default_factory=dict)

    @property
    def stop(self) -> int:
        """The position after the last."""
        return self.start + self.period * self.count

    def split(self, code: int) -> tuple[int, int]:
        """Return row and iteration of the operation at a position."""
        iteration, row = divmod(code - self.start, self.period)
        return self.same.get(row, row), iteration


class Table:
    """A trace as arrays: a letter for each operation, its operands as codes, its integers.

    In the body of a loop (`inner`) numbers in variables of their own are no row of leaves.
    """

    def __init__(self, graph: Graph, inner: bool) -> None:
        self.inner = inner
        nodes = [x for x in graph.nodes() if not is_leaf(x)]
        copies: dict[Tensor, Tensor] = {}
        for x in nodes:
            if _is_copy(x):
                copies[x] = copies.get(x.inputs[0], x.inputs[0])
        places = graph.place
        self.order = sorted([x for x in nodes if x not in copies], key=lambda x: places.get(x, -1))
        self.size = len(self.order)
        part = np.zeros(self.size, np.int64)
        order = [places.get(x, -1) for x in self.order]
        for number, (start, stop) in enumerate(graph.backward, 1):
            part[bisect_left(order, start) : bisect_left(order, stop)] = number
        self.leaves: list[Tensor] = []
        self.code = {x: position for position, x in enumerate(self.order)}
        self.numbers: list[list[int]] = []
        self.letters = np.empty(self.size, np.int64)
        self.operands = np.full((self.size, _WIDE), -1, np.int64)
        alphabet: dict[Any, int] = {}
        known: dict[Any, int] = {}
        for x in [*graph.nodes(), *graph.outputs]:
            if is_leaf(x) and x not in self.code:
                key = x if x.op is INPUT else frozen(plain(x))
                if key not in known:
                    known[key] = self.size + len(self.leaves)
                    self.leaves.append(x)
                self.code[x] = known[key]
        for x, same in copies.items():
            self.code[x] = self.code[same]
        for position, x in enumerate(self.order):
            integers: list[int] = []
            params = x.params
            if x.op is GETITEM or (x.op is SCATTER and _is_unique(params["key"])):
                params = {**params, "key": mapped(params["key"], integers.append)}
            self.numbers.append(integers)
            shape: Any = x.shape if len(x.inputs) <= _WIDE else position
            letter = x.op, frozen(params), len(x.inputs), len(integers), shape, x.dtype
            self.letters[position] = alphabet.setdefault(letter, len(alphabet))
            for index, y in enumerate(x.inputs[:_WIDE]):
                self.operands[position, index] = self.code[y]
        # Beside the letters, those of a stricter alphabet: how far back operands lie counts, too,
        # unless a backward pass reads what was there before it.
        back = np.arange(self.size)[:, None] - self.operands
        made = (self.operands >= 0) & (self.operands < self.size)
        near = made & (part[:, None] == part[np.where(made, self.operands, 0)])
        texts = np.column_stack([self.letters, np.where(near, back, 0)])
        self.near = np.unique(texts, axis=0, return_inverse=True)[1].reshape(-1)

    def node(self, code: int) -> Tensor:
        """Return the node of a code."""
        return self.order[code] if code < self.size else self.leaves[code - self.size]

    def kind(self, code: int) -> tuple[Any, ...]:
        """Return what values that take each other's place have in common."""
        x = self.node(code)
        return x.shape, x.dtype, type(plain(x)) if is_weak(x) else None


def _is_unique(key: Any) -> bool:
    """Whether an index selects no element twice, as one with arrays in it may."""
    parts = key if isinstance(key, tuple) else (key,)
    return not any(isinstance(part, (list, np.ndarray)) for part in parts)


def _is_copy(x: Tensor) -> bool:
    """Whether `x` is what its operand is."""
    return x.op in (POSITIVE, DETACH) and not is_weak(x.inputs[0])


def _repeats(letters: Array) -> list[tuple[int, int, int]]:
    """Return (start, length, period) of what may repeat itself."""
    if len(letters) < 2 * _GRAM:
        return []
    grams = np.zeros(len(letters) - _GRAM + 1, np.uint64)
    for k in range(_GRAM):
        grams = grams * np.uint64(1_000_003) + letters[k : k + len(grams)].astype(np.uint64)
    order = np.argsort(grams, kind="stable")
    distances = np.diff(order)[np.diff(grams[order]) == 0]
    periods, counts = np.unique(distances, return_counts=True)
    found = []
    for period in periods[np.argsort(-counts, kind="stable")][:_PERIODS].tolist():
        least = max((FEWEST - 1) * period, SHORTEST)
        for start, stop in _runs(letters[:-period] == letters[period:], least):
            found.append((start, stop - start + period, period))
    return found


def _period(table: Table, start: int, length: int, period: int) -> int:
    """Return how many letters an iteration has, a multiple of `period`; 0 if nothing fits.

    Of chains that are stepped together each letter is that of a chain; an iteration is one of all.
    """

    def back(period: int) -> Array:
        """Return how many iterations lie between operands and where they were made."""
        cut = start + length // 2
        now, before = (table.operands[at : at + period] for at in (cut, cut - period))
        moves = (now - before == period) & (now >= start) & (now < cut)
        lags = -((now - np.arange(cut, cut + period)[:, None]) // period)
        return np.unique(lags[moves])

    lags = back(period)
    if not lags.size or lags[-1] <= _EXCEPTIONS:
        return period
    longer = [period * k for k in lags.tolist() if k > 1 and period * k * FEWEST <= length]
    return next((p for p in longer if back(p).max(initial=0) <= _EXCEPTIONS), 0)


def _runs(true: Array, least: int = 1) -> list[tuple[int, int]]:
    """Return start and stop of each stretch of truth that is so long."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    long = stops - starts >= least
    return list(zip(starts[long].tolist(), stops[long].tolist(), strict=True))


def _begun(table: Table, start: int, length: int, period: int) -> Span:
    """Return a span that begins where few values cross from one iteration to the next."""

    def cost(offset: int) -> tuple[int, int]:
        count = (length - offset) // period
        cut = start + offset + period * (count // 2)
        used = table.operands[cut : cut + period]
        crossing = np.unique(used[(used >= start) & (used < cut) & (used >= cut - 2 * period)])
        return 2 * len(crossing) + length - count * period, offset

    offsets = range(period) if length >= 4 * period else range(length % period + 1)
    best = min(offsets[:: 1 + period // 500], key=cost)
    return Span(start + best, period, (length - best) // period)


def _most(values: Array) -> int:
    if (values == values[0]).all():
        return int(values[0])
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)])


def _classified(
    table: Table, spans: Sequence[Span], begins: Array, where: Array, own: int, row: int, index: int
) -> tuple[Same | Row | Leaves, Array, dict[int, int]]:
    """Return what an operand is, in which iterations it is not, and values for slots."""
    span = spans[own]
    t = np.arange(span.count)
    codes = table.operands[span.start + row + span.period * t, index]
    fine = np.zeros(span.count, bool)
    if (codes == codes[0]).all() and (codes[0] >= table.size or codes[0] < span.start):
        return Same(int(codes[0])), fine, {}
    if (codes >= table.size).all():
        kinds = [table.kind(code) for code in codes.tolist()]
        usual = max(dict.fromkeys(kinds), key=kinds.count)
        scalar = table.inner and not table.order[span.start + row].ndim
        apart = scalar and not all(is_constant(table.node(code)) for code in codes.tolist())
        fails = np.array([apart or kind != usual for kind in kinds])
        return Leaves(tuple(codes.tolist())), fails, {}
    number = np.where(codes < table.size, where[np.minimum(codes, table.size - 1)], -1)
    rows = (codes - begins[0][number]) % begins[1][number]
    pairs = np.where(number >= 0, number * table.size + rows, -1)
    if (pairs < 0).all():
        most = _most(codes)
        return Same(most), codes != most, {}
    lead = _most(pairs[pairs >= 0])
    other, other_row = divmod(lead, table.size)
    source, hit = spans[other], pairs == lead
    made = (codes - source.start) // source.period
    steps = np.diff(made)[hit[1:] & hit[:-1]]
    step = _most(steps) if len(steps) else 0
    first = _most((made - step * t)[hit])
    operand = Row(other, other_row, first, step)
    wanted = first + step * t
    good = hit & (made == wanted)
    if source is span and step != 1:  # made once inside the loop and read ever after
        return operand, ~(hit & (t > made)), {}
    outside = (wanted < 0) | (wanted >= source.count)
    slots = ~good & outside & ((codes >= table.size) | (codes < source.start))
    kind = table.kind(source.start + other_row)
    for k in np.flatnonzero(slots):  # an initial value must not be broadcast or converted
        shape, dtype, weak = table.kind(codes[k])
        slots[k] = (shape, dtype) == kind[:2] and weak in (None, float, int)
    if slots.sum() > _EXCEPTIONS:
        slots[:] = False
    return operand, ~(good | slots), {int(wanted[k]): int(codes[k]) for k in np.flatnonzero(slots)}


def _settled(table: Table, spans: list[Span]) -> tuple[list[Span], Array]:
    """Shorten spans until every operand of every row is classified; drop those too short."""
    cuts = Counter[Span]()
    while True:
        where = np.full(table.size, -1)
        for number, span in enumerate(spans):
            where[span.start : span.stop] = number
            span.operands, span.slots = {}, {}
        begins = np.array([(span.start, span.period) for span in spans]).T
        changed = False
        for own, span in enumerate(spans):
            bad = np.zeros(span.count, bool)
            for row in range(span.period):
                for index in range(len(table.order[span.start + row].inputs)):
                    found, fails, slots = _classified(table, spans, begins, where, own, row, index)
                    span.operands[row, index] = found
                    if isinstance(found, Row) and slots:
                        taken = spans[found.span].slots.setdefault(found.row, {})
                        for iteration, code in slots.items():
                            if taken.setdefault(iteration, code) != code:
                                times = found.first + found.step * np.arange(span.count)
                                fails = fails | (times == iteration)
                    bad |= fails
            if bad.any():
                begin, end = max(_runs(~bad), key=lambda e: e[1] - e[0], default=(0, 0))
                span.start, span.count = span.start + begin * span.period, end - begin
                cuts[span] += 1
                changed = True
        kept = [s for s in spans if s.count >= FEWEST and (s.count - 1) * s.period >= SHORTEST]
        kept = [s for s in kept if cuts[s] <= _CUTS]
        if not changed and len(kept) == len(spans):
            return spans, where
        spans = kept


def _merge(table: Table, spans: Sequence[Span]) -> None:
    """Note which rows give what a row before them gives, and let that be read in their place."""
    for span in spans:
        for _ in range(2):  # what comes from the iteration before is known by the second time
            known: dict[Any, int] = {}
            for row in range(span.period):
                at = slice(span.start + row, span.stop, span.period)
                operands = []
                for index in range(len(table.order[at.start].inputs)):
                    x = span.operands[row, index]
                    if isinstance(x, Row):
                        x = replace(x, row=spans[x.span].same.get(x.row, x.row))
                        span.operands[row, index] = x
                    operands.append(x)
                slots = frozenset(span.slots.get(row, {}).items())
                integers = frozen(table.numbers[at]) if table.numbers[at.start] else None
                named = row if table.order[at.start].name else None
                key = (table.letters[at.start], *operands, integers, slots, named)
                if (first := known.setdefault(key, row)) != row:
                    span.same[row] = first


def find(table: Table) -> tuple[list[Span], Array]:
    """Return the spans in their order, and the number of that of each position (-1: none).

    Of candidates that overlap the one that saves most is looked at first. One of which less than
    half is a loop is dropped for the sake of others, but for the last round.
    """
    spans: list[Span] = []
    where = np.full(table.size, -1)
    refused: set[tuple[int, int]] = set()
    known: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    alphabets = (table.letters, table.near, table.near, *[table.letters] * _ROUNDS)
    for number, alphabet in enumerate(alphabets):
        letters = np.where(where < 0, alphabet, -1 - np.arange(table.size))
        if (state := (id(alphabet), int(np.sum(where < 0)))) not in known:
            runs = [(a, n, _period(table, a, n, p)) for a, n, p in _repeats(letters)]
            known[state] = sorted([r for r in runs if r[2]], key=lambda r: (r[2] - r[1], r[2]))
        taken = where >= 0
        lengths: dict[Span, int] = {}
        for start, length, period in known[state]:
            free = not taken[start : start + length].any()
            if free and ((start, period) not in refused or number == len(alphabets) - 1):
                taken[start : start + length] = True
                lengths[_begun(table, start, length, period)] = length
                refused.add((start, period))
        if not lengths:
            continue
        spans, where = _settled(table, sorted([*spans, *lengths], key=lambda s: s.start))
        good = [s for s in spans if 2 * s.period * s.count >= lengths.get(s, 0)]
        if len(good) < len(spans) and number < len(alphabets) - 1:
            spans, where = _settled(table, good)
    _merge(table, spans)
    return spans, where
