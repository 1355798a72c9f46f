"""Terms made canonical up to the names of bound indices, so that equal ones are added up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from .terms import Index, NoForm, Place, Term, Terms

MOST_TERMS = 4000


def collected(terms: Iterable[Term], order: Sequence[Index] = ()) -> Terms:
    """Return the terms with equal ones added up, in an order of their own."""
    label: dict[Index, str] = {i: f"a{k:02}" for k, i in enumerate(order)}
    sums: dict[Any, Any] = defaultdict(int)
    first: dict[Any, Term] = {}
    for t in terms:
        for i in t.free():
            label.setdefault(i, f"a{len(label):02}")
        key = term_key(t, label)
        sums[key] += t.c
        first.setdefault(key, t)
    found = sorted(key for key, c in sums.items() if c)
    if len(found) > MOST_TERMS:
        raise NoForm(f"it grows to more than {MOST_TERMS} terms")
    return [Term(sums[key], first[key].a, first[key].b) for key in found]


def term_key(t: Term, label: dict[Index, str]) -> Any:
    """Return what two terms share exactly if they differ in the names of bound indices alone."""
    groups = components(t)
    keys = [_component_key(atoms, bound, label) for atoms, bound in groups]
    return tuple(sorted(keys))


def components(t: Term) -> list[tuple[list[Any], list[Index]]]:
    """Return the factors of a term that share no bound index: their atoms and indices."""
    groups: list[tuple[list[Any], set[Index]]] = []
    for item in t.a.items():
        touched = {i for i in item[0][1] if i in t.b}
        atoms, bound = [item], set(touched)
        if touched:
            for group in [g for g in groups if not g[1].isdisjoint(touched)]:
                groups.remove(group)
                atoms = group[0] + atoms
                bound |= group[1]
        groups.append((atoms, bound))
    return [
        (atoms, list({i: 0 for (_, ix), _ in atoms for i in ix if i in b})) for atoms, b in groups
    ]


def _component_key(atoms: list[Any], bound: list[Index], label: dict[Index, str]) -> Any:
    if len(bound) <= 1:
        return _labelled(atoms, label | {i: f"b00 {i.size}" for i in bound})
    return _search(atoms, {i: f"b{i.size}" for i in bound}, label)


def _name(i: Index, colour: dict[Index, str], label: dict[Index, str]) -> str:
    if i in colour:
        return colour[i]
    return f"c{i.number}" if isinstance(i, Place) else label[i]


def _search(atoms: list[Any], colour: dict[Index, str], label: dict[Index, str]) -> Any:
    """Tell bound indices apart by what they stand in (colour refinement); try all where tied."""
    classes = 0
    while classes < len(set(colour.values())):
        classes = len(set(colour.values()))
        seen: dict[Index, Any] = {i: [] for i in colour}
        for (h, ix), e in atoms:
            around = sorted((h.orbit[p], _name(i, colour, label)) for p, i in enumerate(ix))
            for p, i in enumerate(ix):
                if i in seen:
                    seen[i].append((h.key, e, h.orbit[p], around))
        signs = {i: (colour[i], sorted(seen[i])) for i in colour}
        ranks: list[Any] = []
        for sign in sorted(signs.values()):
            if not ranks or ranks[-1] != sign:
                ranks.append(sign)
        colour = {i: f"b{ranks.index(signs[i]):02} {i.size}" for i in colour}
    counts = Counter(colour.values())
    tied = min((c for c, n in counts.items() if n > 1), default=None)
    if tied is None:
        return _labelled(atoms, {**label, **colour})
    if counts[tied] > 5:
        raise NoForm("too many of its sums are alike")
    ones = [i for i in colour if colour[i] == tied]
    return min(_search(atoms, {**colour, one: tied.replace(" ", "! ")}, label) for one in ones)


def _labelled(atoms: list[Any], names: dict[Index, str]) -> Any:
    entries = []
    for (h, ix), e in atoms:
        labels = [_name(i, {}, names) for i in ix]
        entries.append((h.key, min(tuple(labels[k] for k in p) for p in h.symmetries), e))
    return tuple(sorted(entries))


def sum_key(terms: Terms, order: Sequence[Index]) -> Any:
    """Return what equal sums share, with their free indices in that order."""
    label = {i: f"a{k:02}" for k, i in enumerate(order)}
    return tuple(sorted((term_key(t, label), t.c) for t in terms))
