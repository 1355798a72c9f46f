"""A wrong claim as a sum: of its paths with other coefficients, of the terms of a rule, of others.

1. A `Claimed` is what the learner has, a `Found` a mistake that gives it.
2. `Sums` solves for the coefficients exactly, and names them: left out, counted twice, without 1/m.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
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
from .wholes import wholes

MOST_EDGES = 400
_MOST_OTHERS, _FEW = 12, 4
_COUNTED = {"2": ("is counted twice", "path counted twice"), "−1": ("has the wrong sign", "sign")}


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
        self.wholes = wholes(self.base) if len(self.base.flows) <= MOST_EDGES else {}

    def coefficients(self) -> Iterator[Found]:
        """Explain a claim as a sum of its paths with other coefficients, or a term too many."""
        for i in self.wrong:
            if np.size(self.claims[i].values[0]) > 1:
                yield from self.paths(i)
                yield from self._sums(i)
                yield from self._forms(i)
            yield from self._terms(i)

    def paths(self, i: int) -> Iterator[Found]:
        """Explain a claim as the sum of its paths, with other coefficients than 1."""
        place, order = self.base.place, self.base.order
        edges: dict[int, list[Edge]] = {}
        for e in self.base.flows:
            if place[order[e[0]].inputs[e[1]]] == i:
                edges.setdefault(e[0], []).append(e)
        flows = [{k: sum(p.flows[e] for e in es) for k, es in edges.items()} for p in self.passes]
        if not 2 <= len(edges) <= 64:
            return
        for k in edges:
            if self.claims[i].equals([found[k] for found in flows]):
                which = {min(edges): "last", max(edges): "first"}.get(k, "one")
                words = (
                    f"of the {len(edges)} paths that add up to {self.book.gradient(i)} only the "
                )
                words += f"{which} to be added is there, through {self.book.text(k)} (= for +=?)"
                yield Found(self.book.gradient(i), "path left out", self.book.text(k), words,
                            (i,), 0, 0)  # fmt: skip
        where = self.book.gradient(i)
        parts = [(f"the path through {self.book.text(k)}", [f[k] for f in flows]) for k in edges]
        others = [(f"the term {text}", values) for text, values in self._like(i)[:_MOST_OTHERS]]
        for other in (None, *others):
            together = parts + ([other] if other else [])
            if not len(together) <= min(24, np.size(self.claims[i].values[0]) - 1):
                return
            columns = [[values[k] for _, values in together] for k in range(len(self.passes))]
            solved = [_solved(c, v) for c, v in zip(columns, self.claims[i].values, strict=True)]
            if any(c is None for c in solved) or not self.claims[i].equals(
                [sum(c * v for c, v in zip(cs, vs, strict=True))
                 for cs, vs in zip(solved, columns, strict=True)]
            ):  # fmt: skip
                continue
            texts = [text for text, _ in together]
            told = self._told(i, solved, texts, f"of the paths that add up to {where}", bool(other))
            if told is not None:
                yield told
                return

    def _like(self, i: int) -> list[tuple[str, list[Any]]]:
        """Return the tensors of the shape of one, itself first, with their values on every draw."""
        return [(self.book.text(j), [plain(p.order[j]) for p in self.passes])
                for j in [i, *self.book.alike(i)]]  # fmt: skip

    def _told(
        self, i: int, solved: Sequence[Any], texts: Sequence[str], lead: str, foreign: bool = False
    ) -> Found | None:
        """Say which parts have another coefficient than 1; None if one of these has no name.

        With `foreign` the last belongs nowhere, and should have the coefficient 0.
        """
        words, kinds, worst = [], [], 0.0
        for j, text in enumerate(texts):
            cs = [float(c[j]) for c in solved]
            if foreign and j == len(texts) - 1:
                word = self.quantities.name(cs, near=1e-7)
                if not word:
                    return None
                worst = max(worst, self.quantities.ranks[word] + 1)
                factor = "" if word == "1" else f" with the factor {word}"
                words.append(f"{text} is one too many{factor}")
                kinds.append("term too many")
            elif all(abs(c) < 1e-7 for c in cs):
                words.append(f"{text} is left out")
                kinds.append("path left out")
            elif any(abs(c - 1) > 1e-7 for c in cs):
                word = self.quantities.name(cs, near=1e-7)
                if not word:
                    return None
                worst = max(worst, self.quantities.ranks[word])
                said, kind = _COUNTED.get(word, (f"has the factor {word}", "constant factor"))
                words.append(f"{text} {said}")
                kinds.append(kind)
        if not words or (len(words) == len(texts) and len(words) > 1):
            return None
        return Found(self.book.gradient(i), kinds[0], ", ".join(texts),
                     f"{lead}: {'; '.join(words)}", (i,), 0, worst + len(words) / 2)  # fmt: skip

    def _sums(self, i: int) -> Iterator[Found]:
        """Explain by the coefficients of the terms in the one rule of several operations."""
        for whole in self.wholes.get(i, ()):
            sites = [whole.site(p) for p in self.passes]
            if not all(close(p.arriving[i], s.flow(), 1e-9 * float(np.abs(s.flow()).max()))
                       for p, s in zip(self.passes, sites, strict=True)):  # fmt: skip
                continue
            formula = rule_formula(sites[0].node, 0)
            terms = summands(formula) if formula is not None else []
            shape = self.base.order[i].shape
            values = [[np.broadcast_to(evaluate(t, rule_values(s)), shape) for t in terms]
                      for s in sites]  # fmt: skip
            if not 2 <= len(terms) <= 8:
                continue
            solved = [_solved(vs, c) for vs, c in zip(values, self.claims[i].values, strict=True)]
            shown = self.book.shown(sites[0])
            texts = [f"the term {python_text(shown(t))}" for t in terms]
            name = f"the derivative of {whole.op.name}, {self.book.text(whole.result)}"
            if any(c is None for c in solved):
                continue
            told = self._told(i, solved, texts, f"in {name}")
            if told is not None and self.claims[i].equals(
                [sum(c * v for c, v in zip(cs, vs, strict=True))
                 for cs, vs in zip(solved, values, strict=True)]
            ):  # fmt: skip
                yield told

    def _forms(self, i: int) -> Iterator[Found]:
        """Explain where the gradient is a sum of two tensors, as p − y is, by another such sum."""
        where, like = self.book.gradient(i), self._like(i)[1:_MOST_OTHERS]
        right: list[str] = []
        claimed: list[str] = []
        for a, b in itertools.combinations(like, 2):
            for values, said in (
                ([p.arriving[i] for p in self.passes], right),
                (self.claims[i].values, claimed),
            ):
                solved = [_solved(c, v) for *c, v in zip(a[1], b[1], values, strict=True)]
                if any(c is None for c in solved) or not Claimed(
                    values, self.claims[i].tolerances
                ).equals([c[0] * x + c[1] * y for c, x, y in zip(solved, a[1], b[1], strict=True)]):
                    continue
                words = [self.quantities.name([c[k] for c in solved], near=1e-7) for k in (0, 1)]
                if all(words):
                    text = f"{words[0]}·{a[0]} + {words[1]}·{b[0]}".replace("1·", "")
                    said.append(text.replace("+ −", "− "))
        for text in claimed if right else ():
            yield Found(where, "wrong variable", right[0], f"{text} stands where {where} = "
                        f"{right[0]} belongs", (i,), 0, 2)  # fmt: skip

    def _terms(self, i: int) -> Iterator[Found]:
        gaps = [v - p.arriving[i] for v, p in zip(self.claims[i].values, self.passes, strict=True)]
        where = self.book.gradient(i)
        terms = self._like(i)
        if np.size(gaps[0]) == 1:  # one number is a multiple of anything
            terms = terms[:1]
        else:
            earlier = [j for j in self.book.alike(i) if j in self.book.within]
            terms += [(self.book.gradient(j), [p.leaving(j) for p in self.passes])
                      for j in earlier if j not in self.book.before(i)]  # fmt: skip
            signs = terms[:1] if np.size(gaps[0]) >= _FEW else []
            terms += [(f"sign({text})", [np.sign(v) for v in x]) for text, x in signs]
        for text, values in terms:
            if any(value is None for value in values):
                continue
            cs = [float(np.vdot(v, gap)) / (float(np.vdot(v, v)) or 1.0)
                  for v, gap in zip(values, gaps, strict=True)]  # fmt: skip
            word = self.quantities.name(cs, near=1e-7)
            if word and self.claims[i].equals(
                [p.arriving[i] + self.quantities.values[word][k] * values[k]
                 for k, p in enumerate(self.passes)]
            ):  # fmt: skip
                times = {"1": "", "−1": "−"}.get(word, f"{word}·")
                yield Found(where, "term too many", text,
                            f"{times}{text} is one term too many in {where}: leave it out",
                            (i,), 0, 1 + self.quantities.ranks[word])  # fmt: skip


def _solved(columns: Sequence[Any], claimed: Any) -> Any:
    """Return the coefficients with which columns add up as nearly as can be; None if many do."""
    matrix = np.stack([np.ravel(c) for c in columns], 1)
    if not np.isfinite(matrix).all():
        return None
    found, _, rank, _ = np.linalg.lstsq(matrix, np.ravel(claimed), rcond=1e-10)
    return found if rank == len(columns) else None
