"""Replay a proof's certificate. Standard library only: nothing here is shared with the prover.

A certificate (JSON) states scale · ∂J/∂x = claim, or value = claim, in index notation. Its steps
add what is 0 by definition: a factor times (a sum − the atom that stands for it), u · [u = 0],
A A⁻¹ − δ, a declared fact's two sides. Here J is differentiated anew, the claim is taken off, the
steps are added, and terms that differ in the names of bound indices alone are added up. Nothing
may be left. Usage: python replay.py proof.json
"""

import hashlib
import itertools
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

SLOPES = {"sigmoid": [(1, 1), (-1, 2)], "tanh": [(1, 0), (-1, 2)]}  # powers of the function itself
PARTS = ("says", "sizes", "tensors", "sums", "value", "wrt", "at", "scale", "claim", "facts",
         "same", "except")  # fmt: skip
ONE = Fraction(1)
Term = tuple[Fraction, dict[Any, Fraction], dict[str, Any]]  # number, atoms, bound indices: sizes
fresh = map("_{}".format, itertools.count())


class Rejected(Exception):  # noqa: N818 - a verdict
    """A certificate does not prove what it states."""


def need(truth: Any, why: str) -> None:
    """Reject unless something is true."""
    if not truth:
        raise Rejected(why)


def times(a: Term, b: Term, m: Any = None) -> Term:
    """Return the product; the second factor with bound indices of its own, others renamed."""
    m = {**(m or {}), **{i: next(fresh) for i in b[2]}}
    atoms = dict(a[1])
    for (h, ix), e in b[1].items():
        key = h, tuple(m.get(i, i) for i in ix)
        atoms[key] = atoms.get(key, 0) + e
    return a[0] * b[0], atoms, {**a[2], **{m[i]: n for i, n in b[2].items()}}


def plain(t: Term) -> Term:
    """Substitute through δ, sum what is constant, take numbers and cases to their powers."""
    c, atoms, bound = t[0], {k: e for k, e in t[1].items() if e}, dict(t[2])
    for (h, ix), e in atoms.items():
        rest = {k: x for k, x in atoms.items() if k != (h, ix)}
        if h == "δ":
            i, j = ix if ix[1] in bound else ix[::-1]
            if i == j or (i.isdigit() and j.isdigit()):
                return plain((c * (i == j), rest, bound))
            if bound.pop(j, None) is not None:
                return plain(times((c, {}, bound), (ONE, rest, {}), {j: i}))
        if h.isdigit() and not 0 < e < 1:
            return plain((c * Fraction(int(h)) ** (e // 1), {**rest, (h, ix): e % 1}, bound))
        if h.startswith(("case(", "tie(", "δ")) and e > 1:
            return plain((c, {**rest, (h, ix): ONE}, bound))
    for i in [i for i in bound if not any(i in ix for _, ix in atoms)]:
        n = str(bound.pop(i))
        size: Term = (ONE * int(n), {}, {}) if n.isdigit() else (ONE, {(n, ()): ONE}, {})
        c, atoms, bound = times((c, atoms, bound), size)
    return c, {k: e for k, e in atoms.items() if e}, bound


def seal(data: Any) -> str:
    """Return the digest of what is stated."""
    return hashlib.sha256(json.dumps([data[p] for p in PARTS], sort_keys=True).encode()).hexdigest()


class Certificate:
    """A certificate, read and checked for sense."""

    def __init__(self, text: str) -> None:
        self.data = json.loads(text)
        need(seal(self.data) == self.data["seal"], "the statement was changed")
        self.sums: dict[str, Any] = {}
        for key, s in self.data["sums"].items():  # a sum speaks of those before it
            self.sums[key] = s["free"], [self.term(t, dict(s["free"])) for t in s["terms"]]
        for head, orders in self.data["same"].items():
            names = [i for i, _ in self.sums[number(head)][0]] if "(" in head else []
            for order in orders if names else []:
                turned = self.inside(head, tuple(names[p] for p in order))
                need(self.axes(head) == [self.axes(head)[p] for p in order], "sizes differ")
                given = self.inside(head, tuple(names))
                need(not self.left([*turned, *[(-c, a, b) for c, a, b in given]]), "no symmetry")

    def axes(self, head: str) -> list[Any]:
        """Return the sizes of the axes of a head."""
        if "(" in head:
            free = self.sums[number(head)][0]
            return [] if head.startswith("logdet") else [n for _, n in free]
        if head == "δ" or head.isdigit() or head in self.data["sizes"]:
            return [None, None] if head == "δ" else []
        return list(self.data["tensors"][head])

    def fits(self, ix: Any, axes: list[Any], sizes: dict[str, Any]) -> None:
        """Reject indices that do not run over the axes they stand at."""
        need(len(axes) == len(ix), "too many or too few indices")
        for i, n in zip(ix, axes, strict=True):
            need(i.isdigit() or (i in sizes and n in (None, sizes[i])), f"index {i}")

    def term(self, t: Any, outer: dict[str, Any]) -> Term:
        """Read a term whose free indices are `outer`."""
        bound = dict(t["sum"])
        need(bound.keys().isdisjoint(outer), "an index is bound twice")
        for h, ix, _ in t["atoms"]:
            self.fits(ix, self.axes(h), {**outer, **bound})
        atoms = {(h, tuple(ix)): Fraction(e) for h, ix, e in t["atoms"]}
        need(len(atoms) == len(t["atoms"]), "an atom stands twice")
        return Fraction(t["c"]), atoms, bound

    def inside(self, head: str, ix: tuple[str, ...]) -> list[Term]:
        """Return the sum that a head is a function of, at indices."""
        free, terms = self.sums[number(head)]
        m = {i: j for (i, _), j in zip(free, ix, strict=True)}
        return [times((ONE, {}, {}), t, m) for t in terms]

    def derivative(self, terms: list[Term], x: str, at: tuple[str, ...]) -> list[Term]:
        """Return ∂terms/∂x[at], by the product and the chain rule."""
        found = [
            times((c * e, {**atoms, (h, ix): e - 1}, bound), d)
            for c, atoms, bound in terms
            for (h, ix), e in atoms.items()
            for d in self.slope(h, ix, x, at)
        ]
        return [t for t in map(plain, found) if t[0]]

    def slope(self, h: str, ix: tuple[str, ...], x: str, at: tuple[str, ...]) -> list[Term]:
        """Return ∂h[ix]/∂x[at]."""
        kind, _, key = h[:-1].partition("(")
        outer: list[Term]
        if h == x:
            return [(ONE, {("δ", pair): ONE for pair in zip(ix, at, strict=True)}, {})]
        if "(" not in h or kind in ("case", "tie"):
            return []
        if kind in ("inv", "logdet"):  # −A⁻¹ ∂A A⁻¹, tr(A⁻¹ ∂A)
            p, q, inv = next(fresh), next(fresh), f"inv({key})"
            ends: Any = (
                {(inv, (ix[0], p)): ONE, (inv, (q, ix[1])): ONE} if ix else {(inv, (q, p)): ONE}
            )
            outer = [(-ONE if ix else ONE, ends, dict(zip((p, q), self.axes(inv), strict=True)))]
            ix = (p, q)
        elif kind in SLOPES:
            outer = [(c * ONE, {(h, ix): e * ONE}, {}) for c, e in SLOPES[kind]]
        elif kind == "ln":
            ((c, atoms, bound), *more) = self.inside(h, ix)
            inverse = {k: -e for k, e in atoms.items()}
            several = more or bound
            outer = [(ONE, {(f"^({key})", ix): -ONE}, {}) if several else (1 / c, inverse, {})]
        else:
            own = {"^": {}, "exp": {(h, ix): ONE}}.get(kind, {(f"{kind}′({key})", ix): ONE})
            outer = [(ONE, own, {})]
        inner = self.derivative(self.inside(f"^({key})", ix), x, at)
        known = kind.strip("′") in ("f", "^", "exp", "ln", "inv", "logdet", *SLOPES)
        need(known or not inner, f"the slope of {kind} is not known")
        return [times(o, d) for o in outer for d in inner]

    def same(self, a: Term, b: Term, m: dict[str, str], used: list[Any]) -> bool:
        """Whether two terms differ in the names of bound indices alone: atom by atom, by `m`."""
        if len(used) == len(a[1]):
            return len(a[1]) == len(b[1]) and len(a[2]) == len(b[2])
        (h, ix), e = list(a[1].items())[len(used)]
        orders = [range(len(ix)), *([[1, 0]] if h == "δ" else self.data["same"].get(h, []))]
        for key, order in itertools.product(b[1], orders):
            if key[0] == h and b[1][key] == e and key not in used:
                more, at = dict(m), [key[1][p] for p in order]
                pairs = [(i, j) for i, j in zip(ix, at, strict=True) if more.setdefault(i, j) == j]
                fit = len(pairs) == len(ix) and len(set(more.values())) == len(more)
                fit = fit and all(a[2].get(i) == b[2].get(j) for i, j in pairs)
                fit = fit and all(i == j or i in a[2] for i, j in pairs)
                if fit and self.same(a, b, more, [*used, key]):
                    return True
        return False

    def left(self, terms: list[Term]) -> list[Term]:
        """Add up the terms that are the same; return what does not vanish."""
        groups: dict[str, list[Term]] = {}
        for t in map(plain, terms):
            kind = str(sorted((h, len(ix), str(e)) for (h, ix), e in t[1].items()))
            group = groups.setdefault(kind, [])
            k = next((k for k, o in enumerate(group) if self.same(t, o, {}, [])), len(group))
            group[k : k + 1] = [(sum((o[0] for o in group[k : k + 1]), t[0]), t[1], t[2])]
        return [t for group in groups.values() for t in group if t[0]]

    def step(self, s: Any, at: dict[str, Any]) -> list[Term]:
        """Return what a step adds, which is 0 by definition."""
        factor, h, ix = self.term(s["factor"], at), s["head"], tuple(s["at"])
        fact = self.data["facts"][s["fact"]] if h == "fact" else None
        self.fits(ix, [n for _, n in fact["free"]] if fact else self.axes(h), {**at, **factor[2]})
        if fact:
            m = {i: j for (i, _), j in zip(fact["free"], ix, strict=True)}
            return [times(factor, self.term(t, dict(fact["free"])), m) for t in fact["zero"]]
        itself: Term
        outer: Term
        if h.startswith("inv("):
            (i, k), j, n = ix, next(fresh), self.axes(h)
            need(n[0] == n[1], "only square matrices have inverses")
            own, beside = ((i, j), (j, k)) if s["right"] else ((j, k), (i, j))
            outer, itself = (ONE, {(h, beside): ONE}, {j: n[0]}), (-ONE, {("δ", (i, k)): ONE}, {})
            zero = [*[times(outer, t) for t in self.inside(h, own)], itself]
        else:
            need(h.startswith(("^(", "tie(")), f"a step by {h}")
            tie, itself = h.startswith("tie("), (-ONE, {(h, ix): ONE}, {})
            outer = (ONE, {(h, ix): ONE} if tie else {}, {})
            zero = [*[times(outer, t) for t in self.inside(h, ix)], *([] if tie else [itself])]
        return [times(factor, t) for t in zero]

    def check(self) -> str:
        """Return what is proved, or raise `Rejected`."""
        data, at = self.data, dict(self.data["at"])
        terms = [self.term(t, {} if data["wrt"] else at) for t in data["value"]]
        if data["wrt"]:
            self.fits(list(at), data["tensors"][data["wrt"]], at)
            terms = self.derivative(terms, data["wrt"], tuple(at))
        terms = [times(self.term(data["scale"], {}), t) for t in terms]
        terms += [(-c, a, b) for c, a, b in (self.term(t, at) for t in data["claim"])]
        terms += [t for s in data["steps"] for t in self.step(s, at)]
        need(all(h.startswith("tie(") for h in data["except"]), "an exception that is no kink")
        rest = [t for t in self.left(terms) if not any(h in data["except"] for h, _ in t[1])]
        need(not rest, f"left over: {rest[:3]}")
        return str(data["says"])


def number(head: str) -> str:
    """Return the number of the sum that a head is a function of."""
    return head[head.index("(") + 1 : -1]


def check(text: str) -> str:
    """Return what a certificate proves, or raise `Rejected`."""
    try:
        return Certificate(text).check()
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise Rejected(f"not a certificate: {error!r}") from error


if __name__ == "__main__":
    sys.stdout.write(check(Path(sys.argv[1]).read_text(encoding="utf-8")) + "\n")
