"""A wrong claim as a sum: of its paths with other coefficients, of the terms of a rule, of others.

1. A `Claimed` is what the learner has, a `Found` a mistake that gives it.
2. `Sums` solves for the coefficients exactly, and names them: left out, counted twice, without 1/m.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ...core.tensor import plain
from ...formulas.expression import evaluate
from ...formulas.printing import python_text
from ...formulas.rule import rule_formula
from ..names import Environment
from .book import Book
from .passes import Edge, Pass, close
from .quantities import Quantities
from .ways import rule_values, summands
from .wholes import Whole, wholes

MOST_EDGES = 400
_MOST_OTHERS = 12
FEW = 4
"""Fewer numbers have a factor to many."""
_Parts = list[tuple[str, list[Any]]]
SAID = {
    "": ("path left out", "is left out"), "−1": ("sign", "has the wrong sign"),
    "2": ("path counted twice", "is counted twice"),
}  # fmt: skip
"""What is said of a path by its coefficient, ``""`` for 0: the kind of mistake, and words."""


class Claimed(NamedTuple):
    """What the learner has for the gradient of one tensor.

    Attributes
    ----------
    values : list of array
        On each draw.
    tolerances : list of float
        What is rounding on each draw.
    """

    values: list[Any]
    tolerances: list[float]

    def equals(self, others: Sequence[Any]) -> bool:
        """Whether these are the values, on every draw."""
        return all(map(close, self.values, others, self.tolerances))


class Found(NamedTuple):
    """One mistake that reproduces what is wrong.

    Attributes
    ----------
    where, kind, quantity, words : str
        The step, what kind of mistake it is, what it is about, and all of it in a sentence.
    explains : tuple of int
        The wrong claims that it reproduces, by the position of the tensor.
    breaks : int
        How many claims that are right would be wrong by it.
    rank : int
        How far-fetched it is.
    """

    where: str
    kind: str
    quantity: str
    words: str
    explains: tuple[int, ...]
    breaks: int
    rank: float


class Sums:
    """Claims that are wrong, explained as sums.

    Parameters
    ----------
    environment : Environment
        The names.
    passes : sequence of Pass
        One for each draw.
    claims : mapping of int to Claimed
        All gradients that are claimed with the right shape, by the position of the tensor.
    wrong : sequence of int
        Those to be explained.
    """

    def __init__(
        self,
        environment: Environment,
        passes: Sequence[Pass],
        claims: Mapping[int, Claimed],
        wrong: Sequence[int],
    ) -> None:
        self.environment, self.passes, self.claims, self.wrong = environment, passes, claims, wrong
        self.base = passes[0]
        self.book = Book(environment, set(self.base.arriving))
        self.quantities = Quantities(environment, passes)

    @cached_property
    def wholes(self) -> dict[int, list[Whole]]:
        """The tensors that are one function of an earlier one, by the position of that."""
        return wholes(self.base) if len(self.base.flows) <= MOST_EDGES else {}

    def coefficients(self) -> Iterator[Found]:
        """Explain a claim as a sum of its paths with other coefficients, or a term too many."""
        for i in self.wrong:
            if np.size(self.claims[i].values[0]) > 1:
                yield from self.paths(i)
                yield from self._sums(i)
            yield from self._terms(i)

    def paths(self, i: int) -> Iterator[Found]:
        """Explain a claim as the sum of its paths, with other coefficients than 1."""
        place, order, where = self.base.place, self.base.order, self.book.gradient(i)
        edges: dict[int, list[Edge]] = {}
        for e in self.base.flows:
            if place[order[e[0]].inputs[e[1]]] == i:
                edges.setdefault(e[0], []).append(e)
        if not 2 <= len(edges) <= 64:
            return
        flows = {k: [sum(p.flows[e] for e in es) for p in self.passes] for k, es in edges.items()}
        for k, values in flows.items():
            if self.claims[i].equals(values):
                which = {min(edges): "last", max(edges): "first"}.get(k, "one")
                words = f"of the {len(edges)} paths that add up to {where} only the {which}"
                words += f" to be added is there, through {self.book.text(k)} (= for +=?)"
                yield Found(where, "path left out", self.book.text(k), words, (i,), 0, 0)
        parts = [(f"the path through {self.book.text(k)}", flow) for k, flow in flows.items()]
        others = [[(f"the term {text}", values)] for text, values in self._like(i)[:_MOST_OTHERS]]
        for other in ([], *others):
            lead = f"of the paths that add up to {where}"
            told = self._told(i, [*parts, *other], lead, bool(other))
            if told is not None:
                yield told
                return

    def _like(self, i: int) -> _Parts:
        """Return the tensors of the shape of one, itself first, with their values on every draw."""
        return [(self.book.text(j), [plain(p.order[j]) for p in self.passes])
                for j in [i, *self.book.alike(i)]]  # fmt: skip

    def _told(self, i: int, parts: _Parts, lead: str, foreign: bool = False) -> Found | None:
        """Say which parts have another coefficient than 1; None if one of these has no name.

        With `foreign` the last belongs nowhere, and should have the coefficient 0.
        """
        few = len(parts) < min(25, np.size(self.claims[i].values[0]))
        solved = _solved(self.claims[i], [values for _, values in parts]) if few else []
        words, kinds, worst = [], [], 0.0
        for j, (text, _) in enumerate(parts if solved else ()):
            cs, belongs = [float(c[j]) for c in solved], not foreign or j < len(parts) - 1
            if belongs and all(abs(c - 1) <= 1e-7 for c in cs):
                continue
            word = self.quantities.name(cs, near=1e-7)
            if not word and not (belongs and all(abs(c) < 1e-7 for c in cs)):
                return None
            worst = max(worst, self.quantities.ranks.get(word, 0) + (not belongs))
            kind, said = SAID.get(word, ("constant factor", f"has the factor {word}"))
            if not belongs:
                said = "is one too many" + f" with the factor {word}" * (word != "1")
                kind = "term too many"
            words.append(f"{text} {said}")
            kinds.append(kind)
        if not words or len(words) == len(parts) > 1:
            return None
        if foreign and kinds == ["path left out", "term too many"]:
            gone = next(text for text, _ in parts if f"{text} is left out" in words)
            times = f"{word}·" if word != "1" else ""
            put = parts[-1][0].removeprefix("the term ")
            put = put if put.isidentifier() else f"({put})"
            words, kinds = [f"{times}{put} stands where {gone} belongs"], ["wrong variable"]
        return Found(self.book.gradient(i), kinds[0], ", ".join(text for text, _ in parts),
                     f"{lead}: {'; '.join(words)}", (i,), 0, worst + len(words) / 2)  # fmt: skip

    def _sums(self, i: int) -> Iterator[Found]:
        """Explain by the coefficients of the terms in the one rule of several operations."""
        for whole in self.wholes.get(i, ()):
            sites = [whole.site(p) for p in self.passes]
            if not all(close(p.arriving[i], s.right, 1e-9 * float(np.abs(s.right).max()))
                       for p, s in zip(self.passes, sites, strict=True)):  # fmt: skip
                continue
            formula, shown = rule_formula(sites[0].node, 0), self.book.shown(sites[0])
            terms = summands(formula) if formula is not None else []
            parts = [(f"the term {python_text(shown(t))}",
                      [evaluate(t, rule_values(s)) for s in sites]) for t in terms]  # fmt: skip
            name = f"the derivative of {whole.op.name}, {self.book.text(whole.result)}"
            told = self._told(i, parts, f"in {name}") if 2 <= len(parts) <= 8 else None
            if told is not None:
                yield told

    def _terms(self, i: int) -> Iterator[Found]:
        """Explain by one term too many."""
        where, size = self.book.gradient(i), np.size(self.claims[i].values[0])
        terms = self._like(i)
        if size == 1:  # one number is a multiple of anything
            terms = terms[:1]
        else:
            terms.insert(1, ("", [np.ones_like(p.arriving[i]) for p in self.passes]))
            earlier = [j for j in self.book.alike(i) if j in self.book.within]
            terms += [(self.book.gradient(j), [p.leaving(j) for p in self.passes])
                      for j in earlier if j not in self.book.before(i)]  # fmt: skip
            signs = [np.sign(v) for v in terms[0][1]]
            if size >= FEW and np.ptp(signs[0]):
                terms.append((f"sign({terms[0][0]})", signs))
        truth = [p.arriving[i] for p in self.passes]
        for text, values in terms:
            factor = values[0] is None or (size > 1 and multiple(values[0], truth[0]))
            solved = [] if factor else _solved(self.claims[i], [values], truth)
            word = self.quantities.name([float(c[0]) for c in solved], near=1e-7)
            if word:
                times = {"1": "", "−1": "−"}.get(word, f"{word}·") if text else word
                yield Found(where, "term too many", text or word,
                            f"{times}{text} is one term too many in {where}: leave it out",
                            (i,), 0, 1 + self.quantities.ranks[word])  # fmt: skip


def multiple(value: Any, of: Any) -> bool:
    """Whether an array is a multiple of another."""
    size = float(np.vdot(of, of))
    rest = value - of * (float(np.vdot(of, value)) / size) if size else value
    return bool(np.abs(rest).max(initial=0) <= 1e-9 * np.abs(value).max(initial=0))


def _solved(
    claimed: Claimed, parts: Sequence[Sequence[Any]], less: Sequence[Any] | None = None
) -> list[Any]:
    """Return on each draw the coefficients of parts that add up to a claim less something.

    None if no coefficients do, or many.
    """
    found = []
    for k, (value, tolerance) in enumerate(zip(*claimed, strict=True)):
        gap = np.ravel(value if less is None else value - less[k])
        matrix = np.stack([np.ravel(np.broadcast_to(p[k], value.shape)) for p in parts], 1)
        if not np.isfinite(matrix).all():
            return []
        cs, _, rank, _ = np.linalg.lstsq(matrix, gap, rcond=1e-10)
        if rank < len(parts) or not close(matrix @ cs, gap, tolerance):
            return []
        found.append(cs)
    return found
