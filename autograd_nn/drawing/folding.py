"""Folding: a block that a graph repeats is shown once, with how often.

1. `folded` finds the longest repetition, folds it, and looks again until there is none. What is
   found later may hold what was folded before: loops within loops.
2. Two operations are alike if they are the same operation on inputs that stand equally far back,
   or are the same node, or are leaves of one kind.

::

    x ─ @ ─ + ─ f ─ @ ─ + ─ f ─ @ ─ + ─ f ─ J       becomes      x ─ [ @ ─ + ─ f ] × 3 ─ J
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..core.tensor import Tensor, plain
from ..formulas import arrays
from . import text
from .view import Group, Use, View

LEAST = 3
"""The fewest repetitions that are folded."""

_LONGEST = 80
"""The longest block that is sought, in operations."""


class _Run(NamedTuple):
    """`times` blocks of `period` operations from position `start` on."""

    start: int
    period: int
    times: int

    @property
    def saved(self) -> int:
        return (self.times - 1) * self.period


class _Sequence:
    """The operations of a view in order, and what each takes."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.ops = [node for node in view.nodes if node.op is not None]
        self.position = {node: i for i, node in enumerate(self.ops)}
        sources = view.sources()
        self.sources = [sources.get(node, []) for node in self.ops]
        self.frames = _frames(view.folds)
        numbers: dict[Any, int] = {}
        outputs = set(view.outputs)
        kinds = [self._kind(node, node in outputs) for node in self.ops]
        self.kinds = np.array([numbers.setdefault(kind, len(numbers)) for kind in kinds], int)

    def _kind(self, node: Tensor, is_output: bool) -> Any:
        given = tuple((key, text.parameter(value)) for key, value in node.params.items())
        return (node.op, given, node.shape, node.dtype, self.frames.get(node), is_output)

    def alike(self, i: int, j: int, entering: bool = False) -> bool:
        """Return whether operations `i` and `j`, which are of one kind, take alike inputs.

        With `entering`, `i` may take from elsewhere what `j` takes from the block before.
        """
        ours, theirs = self.sources[i], self.sources[j]
        if len(ours) != len(theirs):
            return False
        for a, b in zip(ours, theirs, strict=True):
            if a is b:
                continue
            before, at = self.position.get(a), self.position.get(b)
            if at is not None and entering and i <= at:
                continue
            if at is not None and before is not None and before - i == at - j:
                continue
            if a.op is None and b.op is None and _leaf(a) == _leaf(b):
                continue
            return False
        return True

    def longest(self) -> _Run | None:
        """Return the run that saves most, if there is one."""
        best: _Run | None = None
        count = len(self.ops)
        for period in range(1, min(_LONGEST, count // LEAST) + 1):
            for run in self._runs(period):
                if (best is None or run.saved > best.saved) and self._whole(run):
                    best = run
            if best is not None and best.saved > count // 2:
                break
        return best

    def _runs(self, period: int) -> Iterator[_Run]:
        same = self.kinds[:-period] == self.kinds[period:]
        # Only stretches of one kind that are long enough are looked at closely.
        edges = np.flatnonzero(np.diff(np.concatenate(([0], same.view(np.int8), [0]))))
        for first, end in edges.reshape(-1, 2).tolist():
            if end - first < period * (LEAST - 1) - (period - 1):
                continue
            start = None
            for i in range(first, end + 1):
                fits = i < end and self.alike(i, i + period)
                if fits and start is None:
                    start = i
                elif not fits and start is not None:
                    yield from self._run(first, start, i, period)
                    start = None

    def _run(self, first: int, start: int, end: int, period: int) -> Iterator[_Run]:
        """Return the run of matches from `start` to `end`, begun as early as it can be."""
        early, least = start, max(first, start - period)
        while early > least and self.alike(early - 1, early - 1 + period, entering=True):
            early -= 1
        times = (end - early + period) // period
        if times >= LEAST:
            yield _Run(early, period, times)

    def _whole(self, run: _Run) -> bool:
        """Return whether `run` neither cuts an earlier fold in two nor straddles its edge."""
        block = set(self.ops[run.start : run.start + run.period])
        blocks = set(self.ops[run.start : run.start + run.period * run.times])
        return all(
            blocks.isdisjoint(nodes) or nodes <= block or blocks <= nodes
            for fold in self.view.folds
            for nodes in map(_operations, fold.all())
        )


def _leaf(node: Tensor) -> Any:
    number = node.name is None and node.ndim == 0
    value = arrays.number(np.asarray(plain(node))[()]) if number else None
    return (node.requires_grad, node.name is None, node.shape, node.dtype, value)


def _operations(group: Group) -> set[Tensor]:
    return {node for node in group.members() if node.op is not None}


def _frames(groups: list[Group], path: tuple[str, ...] = ()) -> dict[Tensor, Any]:
    """Return for each folded node in what it is folded."""
    found: dict[Tensor, Any] = {}
    for group in groups:
        here = (*path, group.label)
        found |= dict.fromkeys(group.nodes, here)
        found |= _frames(group.groups, here)
    return found


def _stand_ins(sequence: _Sequence, run: _Run) -> tuple[dict[Tensor, Tensor], dict[Tensor, int]]:
    """Return what stands for every repeated node, and the block that each one is in."""
    stands: dict[Tensor, Tensor] = {}
    block: dict[Tensor, int] = {}
    for step in range(run.period):
        first = sequence.ops[run.start + step]
        block[first] = 0
        for k in range(1, run.times):
            i = run.start + k * run.period + step
            stands[sequence.ops[i]] = first
            block[sequence.ops[i]] = k
            for a, b in zip(sequence.sources[run.start + step], sequence.sources[i], strict=True):
                if a is not b and a.op is None and b.op is None:
                    stands.setdefault(b, a)
    return stands, block


def _fold(sequence: _Sequence, run: _Run) -> View:
    """Return the view with `run` shown once."""
    view = sequence.view
    stands, block = _stand_ins(sequence, run)
    uses: dict[Use, None] = {}
    for use in view.uses:
        inside = use.tail in block and use.head in block
        again = inside and block[use.tail] < block[use.head]
        tail, head = stands.get(use.tail, use.tail), stands.get(use.head, use.head)
        uses[Use(tail, head, use.argument, use.loop or again)] = None
    nodes = [node for node in view.nodes if node not in stands]
    block_ops = set(sequence.ops[run.start : run.start + run.period])
    own = {stands[node] for node in stands if node.op is None}
    heads: dict[Tensor, set[Tensor]] = {}
    for use in uses:
        heads.setdefault(use.tail, set()).add(use.head)
    members = [
        node
        for node in nodes
        if node in block_ops or (node in own and heads.get(node, set()) <= block_ops)
    ]
    folds = _placed(view.folds, f"× {run.times}", members, set(stands))
    last = {node: final for node, final in view.last.items() if node not in stands}
    for node, first in stands.items():
        if block.get(node, run.times - 1) == run.times - 1:
            last[first] = view.last.get(node, node)
    return view.merged(stands, uses, folds=folds, last=last)


def _placed(
    groups: list[Group], label: str, members: list[Tensor], gone: set[Tensor]
) -> list[Group]:
    """Return `groups` with a new one of `members`: around some of them, or within one."""
    kept = [Group(g.label, [n for n in g.nodes if n not in gone], g.kind, g.groups) for g in groups]
    kept = [group for group in kept if not _operations(group) <= gone]
    own = set(members)
    for i, group in enumerate(kept):
        if {node for node in members if node.op is not None} < _operations(group):
            inner = _placed(group.groups, label, members, gone)
            rest = [node for node in group.nodes if node not in own]
            kept[i] = Group(group.label, rest, group.kind, inner)
            return kept
    inner = [group for group in kept if _operations(group) <= own]
    taken = {node for group in inner for node in group.members()}
    shown = [node for node in members if node not in taken]
    return [*(group for group in kept if group not in inner), Group(label, shown, "fold", inner)]


def folded(view: View, least_saved: int = 6) -> View:
    """Return `view` with every block that is repeated `LEAST` times or more shown once.

    Parameters
    ----------
    view : View
    least_saved : int
        A fold that hides fewer operations, or less than a thousandth, is not worth it.
    """
    while True:
        sequence = _Sequence(view)
        run = sequence.longest()
        if run is None or run.saved < max(least_saved, len(sequence.ops) // 1000):
            return view
        view = _fold(sequence, run)
