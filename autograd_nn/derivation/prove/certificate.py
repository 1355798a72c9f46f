"""The certificate of a proof: a text that `replay` checks, which shares no code with the prover.

Written in index notation, with the steps of the proof: each a factor times what is 0 by definition.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from ...core.tensor import plain
from ...formulas.canonical import collected
from ...formulas.normal_form import (
    Relation,
    derivative,
    is_kink,
    raising,
    relation,
    simplified,
    stepped,
)
from ...formulas.sized import Size, Sized, lifted
from ...formulas.terms import Head, Index, NoForm, Place, Term, Terms, scaled, without_relations
from .general import World
from .replay import seal

MOST = 500


class _Notation:
    """Terms as JSON: every function's argument is written once, and called by its number."""

    def __init__(self) -> None:
        self.sums: dict[str, Any] = {}
        self.numbers: dict[str, str] = {}
        self.sizes: dict[str, None] = {}
        self.tensors: dict[str, list[Any]] = {}
        self.heads: dict[str, Head] = {}

    def size(self, size: Any) -> Any:
        if isinstance(size, Size):
            self.sizes[str(size)] = None
            return str(size)
        return size

    def head(self, h: Head, ix: Sequence[Index]) -> str:
        if h.kind in ("delta", "size", "prime"):
            return h.text
        if h.kind == "name":
            sizes = [self.size(i.size) for i in ix if not isinstance(i, Place)]
            if len(sizes) == len(ix):
                self.tensors[h.text] = sizes
            self.heads[h.text] = h
            return h.text
        of = h.inverse or h
        word = {"power": "^", "log": "ln", "call": h.text}.get(h.kind, h.kind)
        text = f"{word}({self.argument(of)})"
        if h.kind != "logdet":
            self.heads[text] = h
        return text

    def same(self) -> dict[str, Any]:
        """Return the orders of indices that mean the same."""
        return {text: h.symmetries[1:] for text, h in self.heads.items() if h.symmetries[1:]}

    def argument(self, h: Head) -> str:
        digest = h.key.rsplit(" ", 1)[1]
        if digest not in self.numbers:
            names = {i: f"i{k}" for k, i in enumerate(h.free)}
            terms = [self.term(t, names) for t in h.parts]
            self.numbers[digest] = number = str(len(self.numbers) + 1)
            self.sums[number] = {"free": self.pairs(names), "terms": terms}
        return self.numbers[digest]

    def pairs(self, names: dict[Index, str]) -> list[Any]:
        return [[text, self.size(i.size)] for i, text in names.items()]

    def term(self, t: Term, outer: dict[Index, str]) -> Any:
        names = {i: f"j{k}" for k, i in enumerate(self._bound(t))}
        every = {**outer, **names}

        def written(i: Index) -> str:
            return str(i.number) if isinstance(i, Place) else every[i]

        atoms = [[self.head(h, ix), [written(i) for i in ix], str(e)] for (h, ix), e in t.a.items()]
        return {"c": str(t.c), "sum": self.pairs(names), "atoms": atoms}

    @staticmethod
    def _bound(t: Term) -> list[Index]:
        used = list({i: None for _, ix in t.a for i in ix if i in t.b})
        return used + [i for i in t.b if i not in used]


def certificate(
    world: World, claim: Sized, meaning: Any, facts: Sequence[Any], says: str, kinks: bool
) -> str:
    """Return the certificate of scale · ∂J/∂x = claim, or of value = claim, as JSON.

    Parameters
    ----------
    world : World
        In which x is free, and nothing is declared but signs.
    claim : Sized
        The formula, run there.
    meaning : Meaning
        What is claimed.
    facts : sequence of callable
        Each declares a fact; called when nothing is left to differentiate.
    says : str
        The statement in words.
    kinks : bool
        Whether what is left at [u = 0] may stay.

    Raises
    ------
    NoForm
        If the proof does not come out this way.
    """
    J = world.environment.J
    notation = _Notation()
    node = meaning.node
    at = {i: f"i{k}" for k, i in enumerate(i for i in claim.axes if i is not None)}
    data: dict[str, Any] = {"says": says, "wrt": None, "at": notation.pairs(at)}
    with without_relations():
        if meaning.gradient:
            value = lifted(plain(world.nodes[J])).terms
            head = world.heads[node]
            data["wrt"] = notation.head(head, tuple(at))
            left = derivative(value, head, tuple(at))
            scale = lifted(world.scale(meaning)).terms[0]
        else:
            value = left = lifted(plain(world.nodes[node])).on(claim.axes)
            scale = Term(Fraction(1))
        outer = {} if meaning.gradient else at
        data["value"] = [notation.term(t, outer) for t in value]
        data["scale"] = notation.term(scale, {})
        data["claim"] = [notation.term(t, at) for t in claim.terms]
        for fact in facts:
            fact()
        left = [s for t in left for s in simplified(t.times(scale))]
        left = collected([*left, *scaled(claim.terms, -1)], tuple(at))
        steps = _steps(left, notation, at, kinks, data)
    data |= {"steps": steps, "sums": notation.sums, "sizes": list(notation.sizes),
             "tensors": notation.tensors, "same": notation.same()}  # fmt: skip
    data["seal"] = seal(data)
    return json.dumps(data, ensure_ascii=False, indent=1)


def _steps(
    left: Terms, notation: _Notation, at: dict[Index, str], kinks: bool, data: dict[str, Any]
) -> list[Any]:
    """Reduce what is left to nothing, and return the steps."""
    steps: list[Any] = []
    facts: dict[int, Any] = {}
    for find in (_next, raising):
        while (found := find(left)) is not None:
            if len(steps) >= MOST:
                raise NoForm("the certificate would be too long")
            steps.append(_step(found, notation, at, facts))
            left = stepped(left, found, tuple(at))
    ties = {notation.head(h, ix) for t in left for h, ix in t.a if h.kind == "tie"}
    if left and not (kinks and all(map(is_kink, left))):
        raise NoForm("the proof needs more than its relations")
    data["except"] = sorted(ties)
    data["facts"] = list(facts.values())
    return steps


def _next(terms: Terms) -> Relation | None:
    found = (
        relation(t, h, ix, e)
        for t in terms
        for (h, ix), e in t.a.items()
        if not (h.kind == "power" and 0 < e < 1)
    )
    return next(filter(None, found), None)


def _step(found: Relation, notation: _Notation, at: dict[Index, str], facts: dict[int, Any]) -> Any:
    factor = found.factor
    names = {i: f"j{k}" for k, i in enumerate(notation._bound(factor))}
    here = [str(i.number) if isinstance(i, Place) else {**at, **names}[i] for i in found.at]
    step = {
        "factor": notation.term(factor, at),
        "at": here,
        "head": notation.head(found.head, found.at),
    }
    rule = found.rule
    if rule is not None and found.head.kind == "inv":
        return {**step, "right": rule.note}
    if rule is not None:
        own = {i: f"i{k}" for k, i in enumerate(rule.free)}
        zero = [notation.term(t, own) for t in [rule.pattern, *scaled(rule.rest, -1)]]
        fact = facts.setdefault(id(rule), {"free": notation.pairs(own), "zero": zero})
        return {**step, "head": "fact", "fact": list(facts.values()).index(fact)}
    return step
