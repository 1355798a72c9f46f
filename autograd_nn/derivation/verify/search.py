"""One mistake, anywhere in the backward pass, that gives exactly the learner's numbers.

A `Search` tries, for every step between J and the claims that are wrong, every way to get it wrong,
and every coefficient of a path. What the first draw allows is pushed through the graph, on all
draws, and must reproduce the claims to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.tensor import plain
from .passes import Edge, Pass, Site, close
from .quantities import Quantities
from .sums import FEW, MOST_EDGES, SAID, Claimed, Found, Sums, multiple
from .ways import Way, reads_of, ways, ways_alike

LARGEST_GRAPH = 2_000
"""In graphs of more operations nothing is searched."""

_VERIFIED, _MOST_STEPS, _MOST_TRIED = 60, 64, 10_000
_USUAL = ("", "−1", "2", "½")
_WORK = 12_000_000
"""How many numbers the ways of one search may compute, so that a verdict takes no second."""


class _Hit(NamedTuple):
    way: Way
    edges: tuple[Edge, ...]
    factor: str
    at: int


class Search(Sums):
    """All that is tried against what is wrong."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        rng = np.random.default_rng(0)
        aims = [_Aim(self.base, i, self.claims[i], rng) for i in self.wrong]
        self.aims: dict[int, tuple[list[_Aim], Any]] = {}
        """The wrong claims that a tensor's gradient reaches, with the tangents of each."""
        for x in {x for aim in aims for x in aim.tangents}:
            reached = [aim for aim in aims if x in aim.tangents]
            self.aims[x] = reached, np.stack([np.ravel(aim.tangents[x]) for aim in reached])

    @np.errstate(all="ignore")
    def found(self) -> list[Found]:
        """Return what reproduces the claims, the simplest that explains most first."""
        found: dict[str, Found] = {}
        hits = sorted(self._hits(), key=lambda hit: hit.way.rank + bool(hit.factor))
        for hit in hits[: _VERIFIED * len(self.wrong)]:
            told = self._verified(hit)
            if told is not None:
                found.setdefault(told.words, told)
        for told in self.coefficients():
            found.setdefault(told.words, told)
        if not any(len(f.explains) == len(self.wrong) and not f.breaks for f in found.values()):
            for told in self._loops():
                found.setdefault(told.words, told)
        return sorted(found.values(), key=lambda f: (-len(f.explains), f.breaks, f.rank))

    def _site(self, edge: Edge) -> Site:
        return Site(self.base, self.base.order[edge[0]], edge[1], self.base.leaving(edge[0]))

    def _end(self, edge: Edge) -> int:
        return self.base.place[self.base.order[edge[0]].inputs[edge[1]]]

    def _shares(self, x: int, change: Any) -> list[tuple[_Aim, float]]:
        """Return the claims that a change of what arrives at `x` reaches, and what it does."""
        aims, tangents = self.aims[x]
        return list(zip(aims, (tangents @ np.ravel(change)).tolist(), strict=True))

    # -- one step ----------------------------------------------------------------------------------

    def _hits(self) -> Iterator[_Hit]:
        """Yield what the first draw allows: in one step, or in one step over several operations."""
        work = 0
        edges = [edge for edge in self.base.flows if self._end(edge) in self.aims]
        edges = edges[::-1] if len(edges) <= MOST_EDGES else []
        for edge in sorted(
            edges, key=lambda edge: self._end(edge) not in self.wrong
        ):  # nearest 1st
            x = self._end(edge)
            twins = [e for e in edges if e[0] == edge[0] and self._end(e) == x]
            if twins[0] == edge:
                yield from self._scaled(twins, x)
            known: list[tuple[Site, Callable[[Way], Way]]] = [(self._site(edge), lambda way: way)]
            ending = [whole for whole in self.wholes.get(x, ()) if whole.edge == edge]
            known += [(whole.site(self.base), whole.instead) for whole in ending]
            for site, instead in known if work < _WORK else ():
                right = site.right
                for way in ways(site, self.book):
                    work += 2_000 + 3 * site.out.size + 3 * right.size
                    put = _tried(way, site, right)
                    for aim, share in self._shares(x, put - right) if put is not None else ():
                        factor = aim.met(share, self.quantities)
                        # what only scales a step is no mistake of its own beside a factor
                        if factor is not None and not (factor and multiple(put, right)):
                            yield _Hit(instead(way), (edge,), factor, aim.at)

    # -- the same in every step --------------------------------------------------------------------

    def _loops(self) -> Iterator[Found]:
        """Yield the mistakes that are made alike in every step of a loop."""
        groups: dict[Any, list[Edge]] = {}
        right = self.base.above([i for i in self.claims if i not in self.wrong])
        for edge in self.base.flows:
            node, x = self.base.order[edge[0]], self._end(edge)
            if x in self.aims and x not in right:
                users = [u.op for u, _ in self.environment.consumers[
                    self.environment.order[edge[0]]]]  # fmt: skip
                kind = (node.op, edge[1], users[-1:] == [] or users[-1],
                        tuple(y.shape for y in node.inputs))  # fmt: skip
                groups.setdefault(kind, []).append(edge)
                groups.setdefault((*kind, self.base.order[x].op), []).append(edge)
        tried, most = 0, _MOST_TRIED // len(self.base.flows)
        for edges in map(list, dict.fromkeys(map(tuple, groups.values()))):
            if not 2 <= len(edges) <= _MOST_STEPS or len(self.base.flows) > 5 * MOST_EDGES:
                continue
            sites, steps = [self._site(edge) for edge in edges], {edge[0] for edge in edges}
            nested = any(self.book.before(k) & steps != {k} for k in steps)
            times = [self._times(edges[0], self._end(edges[0]), word) for word in _USUAL]
            for way in (*times, *self._moved(edges), *ways_alike(sites[0], self.book)):
                allowed = sites[:1] if nested else sites
                if tried > most or not self._may(way, edges, allowed, nested):
                    continue
                tried += 1
                try:
                    told = self._verified(_Hit(way, tuple(edges), "", -1))
                except (ValueError, TypeError, IndexError, AssertionError):
                    continue
                if told is not None:
                    yield told

    def _may(self, way: Way, edges: list[Edge], sites: list[Site], nested: bool) -> bool:
        """Whether steps may be changed so; if none follows from another, whether a claim does."""
        total: dict[_Aim, float] = {}
        for edge, site in zip(edges, sites, strict=False):
            put = _tried(way, site, self.base.flows[edge])
            if put is None:
                return False
            for aim, share in self._shares(self._end(edge), put - self.base.flows[edge]):
                total[aim] = total.get(aim, 0.0) + share
        return nested or any(aim.met(share) == "" for aim, share in total.items())

    def _moved(self, edges: Sequence[Edge]) -> Iterator[Way]:
        """Yield what a loop reads taken from the step before or after."""
        reads = [reads_of(self._site(edge)) for edge in edges]
        for key in reads[0]:
            own = [read[key] for read in reads]
            if len(set(own)) < len(own):
                continue
            for by in (1, -1):
                inner, end = (own[:-1], own[0]) if by == 1 else (own[1:], own[-1])
                for other in (own[-1 if by == 1 else 0], *self.book.of_role(end, own)):
                    put = [other, *inner] if by == 1 else [*inner, other]
                    steps = dict(zip([edge[0] for edge in edges], put, strict=True))
                    words = (f"{self.book.text(put[1])} stands where {self.book.text(own[1])} "
                             "belongs, and so in every step: off by one")  # fmt: skip

                    def change(s: Site, key: str = key, steps: dict[int, int] = steps) -> Any:
                        at = steps[s.base.place[s.node]]
                        return s.flow(**{key: plain(s.base.order[at])})

                    yield Way("index shifted", words, self.book.text(own[1]), change, 1)

    def _scaled(self, edges: list[Edge], x: int) -> Iterator[_Hit]:
        """Yield the coefficient that this step would need, if it is a number with a name."""
        for aim, share in self._shares(x, sum(self.base.flows[e] for e in edges)):
            c = 1 + aim.gap / share if share else 1.0
            if abs(c) < 1e-9:
                yield _Hit(self._times(edges[0], x, ""), tuple(edges), "", aim.at)
            elif abs(c - 1) > 1e-9:
                word = self.quantities.name([c], near=1e-8)
                if word:
                    yield _Hit(self._times(edges[0], x, word), tuple(edges), "", aim.at)

    def _times(self, edge: Edge, x: int, word: str) -> Way:
        """Return the way to multiply a step by a quantity, by 0 for none."""
        through, of = self.book.text(edge[0]), self.book.text(x)
        several = len(self.environment.consumers[self.environment.order[x]]) > 1
        values = self.quantities.values.get(word, [0.0] * len(self.passes))
        draws = {id(p): c for p, c in zip(self.passes, values, strict=True)}

        def change(site: Site) -> Any:
            return site.right * draws[id(site.base)]

        kind, said = SAID.get(word, ("constant factor", ""))
        words = f"the path from {of} through {through} {said}"
        if word == "−1":
            words = f"the sign is wrong: multiply by −1, on the path through {through}"
        elif not said or (word == "2" and not several):
            kind, words = "constant factor", self.factor(word)
        return Way(kind, words, word or through, change, self.quantities.ranks.get(word, 0))

    def factor(self, word: str) -> str:
        """Return what is to be said where a factor too many is there."""
        inverse = self.quantities.name([1 / v for v in self.quantities.values[word]])
        if inverse and self.quantities.ranks[inverse] <= self.quantities.ranks[word] + 1:
            return f"a factor {inverse} is missing: multiply by {inverse}"
        return f"a factor {word} is too many: divide by {word}"

    def _verified(self, hit: _Hit) -> Found | None:
        """Push a hypothesis through the graph on every draw; None if it does not hold."""
        changes = dict.fromkeys(hit.edges, hit.way.change)
        if hit.factor and np.size(self.claims[hit.at].values[0]) * len(self.passes) < FEW:
            return None
        values = self.quantities.values.get(hit.factor)
        arriving = [p.run(changes) for p in self.passes]
        explains = tuple(i for i in self.wrong if self._meets(i, arriving, values))
        if not explains or hit.at not in (*explains, -1):
            return None
        rest = [i for i in self.claims if i not in self.wrong] if not hit.factor else []
        breaks = sum(not self._meets(i, arriving, None) for i in rest)
        node, index = self.base.order[hit.edges[0][0]], hit.edges[0][1]
        place = self.base.place
        where = self.book.gradient(place[node.inputs[index]])
        via = f"through {self.book.text(place[node])}"
        steps = f", in all {len(hit.edges)} steps of the kind"
        steps = steps if len({e[0] for e in hit.edges}) > 1 else ""
        also = f"; and {self.factor(hit.factor)}" if hit.factor else ""
        words = hit.way.said if "through" in hit.way.said else f"{hit.way.said} ({where} {via})"
        words += steps
        rank: float = hit.way.rank + (2 + self.quantities.ranks[hit.factor] if hit.factor else 0)
        kind = hit.way.kind + (", and a factor" if hit.factor else "")
        rank += 0.1 * (hit.at != place[node.inputs[index]])
        where = f"the step to {where} {via}"
        return Found(where, kind, hit.way.quantity, words + also, explains, breaks, rank)

    def _meets(self, i: int, arriving: Sequence[dict[int, Any]], factors: Any) -> bool:
        values = [found.get(i) for found in arriving]
        if any(value is None for value in values):
            return False
        if factors is not None:
            if all(close(v, p.arriving[i], 0.0) for v, p in zip(values, self.passes, strict=True)):
                return False  # the factor alone is another mistake
            values = [v * f for v, f in zip(values, factors, strict=True)]
        return self.claims[i].equals(values)


def _tried(way: Way, site: Site, right: Any) -> Any:
    """Return what a step gives one way, None where that is nothing of the right shape."""
    try:
        put = way.change(site)
    except (ValueError, TypeError, IndexError, ZeroDivisionError, AssertionError):
        return None
    return put if np.shape(put) == np.shape(right) else None


class _Aim:
    """What a hypothesis must do to one wrong claim, along one random direction."""

    def __init__(self, base: Pass, i: int, claimed: Claimed, rng: np.random.Generator) -> None:
        right = base.arriving[i]
        direction = rng.uniform(0.5, 1.5, np.shape(right)) * rng.choice([-1, 1], np.shape(right))
        self.at = i
        self.claimed = float(np.vdot(direction, claimed.values[0]))
        self.gap = float(np.vdot(direction, claimed.values[0] - right))
        self.margin = claimed.tolerances[0] * float(np.abs(direction).sum())
        self.tangents = base.tangents(i, direction)

    def met(self, share: float, quantities: Quantities | None = None) -> str | None:
        """Return the factor, if any, with which a change by `share` gives it; None if none."""
        margin = self.margin + 1e-12 * abs(share)
        if not margin < abs(share) < math.inf:
            return None
        if abs(share - self.gap) <= margin:
            return ""
        total = self.claimed - self.gap + share
        if quantities is None or abs(total) <= margin:
            return None
        return quantities.name([self.claimed / total], 1) or None
