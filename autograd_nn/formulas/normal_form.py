"""The normal form of tensor expressions: sums of terms in index notation, for every size.

A term is a rational number times Σ over bound indices times atoms with exponents. An atom is a
head at indices: a named tensor, Kronecker's δ, a size, a function or a power of a sum, or a case
[u > 0]. Functions hold their argument's own normal form.

1. `Term` and `Head` are the records; `head_on` makes the head of a function of a sum.
2. `simplified` substitutes through δ, sums what is constant, and applies relations.
3. `collected` makes terms canonical up to the names of bound indices, and adds up equal ones.
4. `derivative` differentiates.

Two expressions whose normal forms are equal are equal wherever both are defined.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from .canonical import MOST_TERMS, collected, sum_key
from .terms import (
    DELTA,
    RELATIONS,
    TABLE,
    Atoms,
    Exponent,
    Head,
    Index,
    Indices,
    NoForm,
    Place,
    Rule,
    Term,
    Terms,
    interned,
    scaled,
    size_terms,
    without_relations,
)

MOST_STEPS = 2_000


def times(first: Terms, *others: Terms) -> Terms:
    """Return the product of sums, multiplied out."""
    for other in others:
        if len(first) * len(other) > MOST_TERMS:
            raise NoForm(f"it grows to more than {MOST_TERMS} terms")
        products = [x.times(y) for x in first for y in other]
        first = collected([s for t in products for s in simplified(t)])
    return first


def head_on(kind: str, text: str, terms: Terms) -> tuple[Head, Indices]:
    """Return the head of a function of `terms`, and the indices it stands at.

    The order of the indices is one of the function's own, so that f(zᵀ) is f(z) transposed.
    """
    uses: dict[Index, list[Any]] = defaultdict(list)
    for t in terms:
        for (h, ix), e in t.a.items():
            for p, i in enumerate(ix):
                if i not in t.b and not isinstance(i, Place):
                    uses[i].append((h.key, e, h.orbit[p], len(t.a), t.c))
    groups: dict[Any, list[Index]] = defaultdict(list)
    for i, seen in uses.items():
        groups[str(i.size), repr(sorted(seen))].append(i)
    if math.prod(math.factorial(len(g)) for g in groups.values()) > 120:
        raise NoForm("too many of its axes are alike")
    blocks = [itertools.permutations(groups[k]) for k in sorted(groups)]
    orders = [tuple(i for block in o for i in block) for o in itertools.product(*blocks)]
    keys = [sum_key(terms, order) for order in orders]
    best = min(keys)
    same = [order for order, key in zip(orders, keys, strict=True) if key == best]
    digest = hashlib.blake2b(repr(best).encode(), digest_size=12).hexdigest()

    def make() -> Head:
        made = Head(kind, text, f"{kind} {text} {digest}", len(same[0]))
        made.parts, made.free = terms, same[0]
        made.set_symmetries([tuple(same[0].index(i) for i in order) for order in same])
        if kind == "power":
            made.positive = all(t.c > 0 and all(h.positive for h, _ in t.a) for t in terms)
        return made

    return interned(f"{kind} {text} {digest}", make), same[0]


def see_symmetries() -> None:
    """Find the symmetries of all functions anew, after one was declared of a tensor."""
    for h in (TABLE.get() or {}).values():
        sizes = [i.size for i in h.free]
        orders = [o for o in itertools.permutations(range(len(sizes)))
                  if [str(sizes[k]) for k in o] == [str(n) for n in sizes]]  # fmt: skip
        if h.parts and len(orders) > 1:
            keys = [sum_key(h.parts, [h.free[k] for k in o]) for o in orders]
            h.set_symmetries([o for o, key in zip(orders, keys, strict=True) if key == keys[0]])


def instance(h: Head, ix: Indices) -> Terms:
    """Return the argument of a function at the indices `ix`."""
    m = dict(zip(h.free, ix, strict=True))
    return [s for t in h.parts for s in simplified(t.fresh(m))]


# -- relations ------------------------------------------------------------------------------------


def simplified(term: Term) -> Terms:
    """Return what a term is after substitution through δ, constant sums and relations."""
    done: Terms = []
    todo = [term]
    for _ in range(MOST_STEPS):
        if not todo:
            return done
        t = todo.pop()
        step = _step(t)
        if step is None:
            done.append(t)
        else:
            todo += step
    raise NoForm("its relations lead on and on")


def _step(t: Term) -> Terms | None:
    """Return what one simplification makes of a term, or None where there is none."""
    ruled = []
    for (h, ix), e in t.a.items():
        kind = h.kind
        if kind == "delta":
            i, j = ix
            if i is j or (isinstance(i, Place) and isinstance(j, Place)):
                return [t.changed({(h, ix): -e})] if i is j else []
            if i in t.b or j in t.b:
                i, j = (i, j) if j in t.b else (j, i)
                left = Term(t.c, {k: x for k, x in t.a.items() if k != (h, ix)}, t.b - {j})
                return [left.at({j: i})]
            if e != 1:
                return [t.changed({(h, ix): 1 - e})]
        elif kind == "prime" and not 0 < e < 1:
            k = math.floor(e)
            return [t.changed({(h, ix): -k}, Fraction(h.text) ** k)]
        elif kind in ("case", "tie"):
            if e < 0:
                raise NoForm("it divides by a case")
            if e != 1:
                return [t.changed({(h, ix): 1 - e})]
            if kind == "tie":
                if any(k.kind == "case" and k.text == h.text and k.key[5:] == h.key[4:] and
                       at in _alike(h, ix) for k, at in t.a):  # fmt: skip
                    return []
                ruled.append((h, ix, e))
        elif kind == "power" and (e < 0 or e >= 1):
            ruled.append((h, ix, e))
        if h.rules:
            ruled.append((h, ix, e))
    used = {i for _, ix in t.a for i in ix}
    for i in t.b - used:
        without = Term(t.c, t.a, t.b - {i})
        return [without.times(s) for s in size_terms(i.size)]
    for h, ix, e in ruled if RELATIONS.get() else ():
        found = relation(t, h, ix, e)
        if found is not None:
            return [found.factor.times(z) for z in found.zero[1:]]
    return None


def _alike(h: Head, ix: Indices) -> list[Indices]:
    return [tuple(ix[k] for k in p) for p in h.symmetries]


class Relation(NamedTuple):
    """What is 0 by definition, times a factor that makes its first term −t for some term t."""

    head: Head
    at: Indices
    factor: Term
    zero: Terms
    rule: Rule | None = None


def relation(t: Term, h: Head, ix: Indices, e: Exponent) -> Relation | None:
    """Return a relation that takes the term `t`, which has the atom h[ix] to the power e.

    For a power B of a sum, B = Σ…: where the leading term of the sum stands beside 1/B; for a
    case [u = 0], u [u = 0] = 0; and what is declared of a head.
    """
    for rule in h.rules:
        found = divided(t, rule.pattern, {})
        if found is not None:
            left, m = found
            zero = [rule.pattern, *scaled(rule.rest, -1)]
            at = tuple(m[i] for i in rule.free)
            return Relation(h, at, scaled([left], -1)[0], [z.fresh(m) for z in zero], rule)
    if h.kind not in ("power", "tie"):
        return None
    m, key = dict(zip(h.free, ix, strict=True)), (h, ix)
    if h.kind == "power" and e >= 1:
        return _opened(t, h, ix)
    beyond = [Term(Fraction(-1), {key: 1})] if h.kind == "power" else []
    lead = leading(h.parts)
    without = t.changed({key: -e})
    found = divided(without, lead, m) if lead.a else None
    if found is not None:
        left, m = found
        factor = left.changed({key: e} if h.kind == "power" else {}, -1 / lead.c)
    else:  # a fraction is parted: 1/u · v/(u + v) is 1/u − 1/(u + v), u being the leading term
        other = _other(h, lead)
        if other is None:
            return None
        beside = other.at(m)
        inverse = Term(Fraction(1), {k: -x for k, x in lead.at(m).a.items()}).times(beside)
        if divided(without, inverse, {}) is None:
            return None
        lead = other
        factor = t.changed({k: -x for k, x in beside.a.items()}, -1 / other.c)
    zero = [lead.fresh(m), *[s.fresh(m) for s in h.parts if s is not lead], *beyond]
    if h.kind == "tie":
        zero = [z.changed({key: 1}) for z in zero]
    return Relation(h, ix, factor, zero)


def _opened(t: Term, h: Head, ix: Indices) -> Relation:
    """Return what writes one power of a sum out."""
    itself = Term(Fraction(-1), {(h, ix): 1})
    return Relation(h, ix, t.changed({(h, ix): -1}), [itself, *instance(h, ix)])


def leading(terms: Terms) -> Term:
    """Return the term of a sum that relations take out: of most sums and highest degree."""
    return max(terms, key=_weight)


def _weight(t: Term) -> tuple[int, Exponent]:
    return len(t.b), sum([max(e, -e) for e in t.a.values()])


def _other(h: Head, lead: Term) -> Term | None:
    """Return the lightest term of a sum beside the leading one, where neither is a Σ."""
    rest = [s for s in h.parts if s is not lead and not s.b]
    return min(rest, key=_weight) if h.kind == "power" and rest and not lead.b else None


def divided(
    t: Term, pattern: Term, m: dict[Index, Index]
) -> tuple[Term, dict[Index, Index]] | None:
    """Return t ÷ pattern and what the pattern's indices stand for, or None if it does not divide.

    The indices that the pattern sums over must be summed in `t`, and stand in nothing else there.
    """
    wanted = sorted(pattern.a.items(), key=lambda item: sum(i not in m for i in item[0][1]))
    taken: list[tuple[Any, Exponent]] = []

    def fits(m: dict[Index, Index]) -> bool:
        images = {m[i] for i in pattern.b}
        gone = dict(taken)
        apart = len(images) == len(pattern.b) and images.isdisjoint(
            j for i, j in m.items() if i not in pattern.b
        )
        return apart and all(
            gone.get(k) == e for k, e in t.a.items() if not images.isdisjoint(k[1])
        )

    def search(k: int, m: dict[Index, Index]) -> dict[Index, Index] | None:
        if k == len(wanted):
            return m if fits(m) else None
        (h, ix), e = wanted[k]
        for (other, at), power in t.a.items():
            less = power < e if e > 0 else power > e
            if other is not h or less or (h, at) in dict(taken):
                continue
            for order in h.symmetries:
                more = dict(m)
                for i, p in zip(ix, order, strict=True):
                    image = i if isinstance(i, Place) else more.setdefault(i, at[p])
                    if image is not at[p] or (i in pattern.b and at[p] not in t.b):
                        break
                else:
                    taken.append(((h, at), e))
                    found = search(k + 1, more)
                    if found is not None:
                        return found
                    taken.pop()
        return None

    found = search(0, m)
    if found is None:
        return None
    left = Term(t.c, {k: e - dict(taken).get(k, 0) for k, e in t.a.items()},
                t.b - {found[i] for i in pattern.b})  # fmt: skip
    return left, found


def without_fractions(terms: Terms, order: Sequence[Index] = ()) -> Terms:
    """Return a sum, its terms brought to common denominators if but kinks are then left.

    Where one term has 1/B and another 1/B², B being a sum, the first becomes B/B², multiplied out.
    """
    rest = terms
    try:
        with without_relations():
            while (step := raising(rest)) is not None:
                rest = stepped(rest, step, order)
    except NoForm:
        return terms
    return rest if all(map(is_kink, rest)) else terms


def is_kink(t: Term) -> bool:
    """Whether a term is 0 but where something is 0."""
    return any(h.kind == "tie" for h, _ in t.a)


def stepped(terms: Terms, step: Relation, order: Sequence[Index]) -> Terms:
    """Return a sum to which a relation is added, which is 0."""
    added = [s for z in step.zero for s in simplified(step.factor.times(z))]
    return collected([*terms, *added], order)


def raising(terms: Terms) -> Relation | None:
    """Return what takes a term to a common denominator, or None where all have it."""
    lowest: dict[Any, Exponent] = {}
    for t in terms:
        for (h, ix), e in t.a.items():
            if h.kind == "power":
                key = h, ix if t.b.isdisjoint(ix) else None, e % 1
                lowest[key] = min(lowest.get(key, e if e % 1 else 0), e)
    for t in terms:
        for (h, at, part), least in lowest.items():
            found = [ix for k, ix in t.a if k is h and not t.b.isdisjoint(ix)]
            for ix in found if at is None else [at]:
                e = t.a.get((h, ix), 0)
                if e % 1 == part and e > least:
                    return _opened(t, h, ix)
    return None


# -- derivative -----------------------------------------------------------------------------------


def derivative(terms: Terms, x: Head, at: Indices) -> Terms:
    """Return ∂terms/∂x at the indices `at`, by the product and the chain rule."""
    found: Terms = []
    for t in terms:
        for (h, ix), e in t.a.items():
            inner = _of_atom(h, ix, x, at)
            if inner:
                outer = t.changed({(h, ix): -1}, e)
                found += [outer.times(d) for d in inner]
    return collected([s for t in found for s in simplified(t)])


def _of_atom(h: Head, ix: Indices, x: Head, at: Indices) -> Terms:
    """Return ∂h[ix]/∂x[at]."""
    if h is x:
        return [_deltas(ix, at)]
    if h.inverse is not None:  # ln |det A|, whose derivative is tr(A⁻¹ ∂A)
        h, ix = h.inverse, ()
    if not h.parts or h.kind in ("case", "tie"):
        return []
    if h.kind == "inv":  # −A⁻¹ ∂A A⁻¹
        a, b = (Index(i.size) for i in h.free)
        around: Atoms = {(h, (ix[0], a)): 1, (h, (b, ix[1])): 1} if ix else {(h, (b, a)): 1}
        outer = [Term(Fraction(-1 if ix else 1), around, (a, b))]
        return times(outer, derivative(instance(h, (a, b)), x, at))
    inner = derivative(instance(h, ix), x, at)
    if not inner or h.kind == "power":
        return inner
    if h.kind == "exp":
        return times([Term(Fraction(1), {(h, ix): 1})], inner)
    if h.slope is None:
        raise NoForm(f"the derivative of {h.text} is not known")
    return times(h.slope(instance(h, ix)), inner)


def _deltas(ix: Indices, at: Indices) -> Term:
    t = Term(Fraction(1))
    for pair in zip(ix, at, strict=True):
        t = t.times(Term(Fraction(1), {(DELTA, pair): 1}))
    return t
