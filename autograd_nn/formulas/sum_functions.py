"""Functions of sums in normal form: powers, exp, ln, cases, inverses, and any other one.

Each uses only laws that hold wherever both sides are defined: √(x²) is |x|, √(ab) stays together
unless the sign of a or b is known, and so does ln(ab).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from .canonical import collected, components
from .normal_form import head_on, instance, leading, simplified, times
from .terms import (
    DELTA,
    Exponent,
    Head,
    Index,
    Indices,
    NoForm,
    Rule,
    Term,
    Terms,
    interned,
    number,
    scaled,
    size_terms,
)

ONE = Fraction(1)


def atom(h: Head, ix: Indices = (), e: Exponent = 1, c: Any = ONE) -> Terms:
    """Return one atom as terms."""
    return simplified(Term(c, {(h, ix): e}))


def constant_of(terms: Terms) -> Fraction | None:
    """Return the number that terms are, or None if they are none."""
    if not terms:
        return Fraction(0)
    return terms[0].c if len(terms) == 1 and not terms[0].a else None


def not_negative(h: Head, e: Exponent) -> bool:
    """Whether a head to a power is known to be 0 or greater wherever it is defined."""
    return (
        h.positive
        or h.kind in ("case", "tie")
        or isinstance(e, Fraction)
        or e % 2 == 0
        or (h.kind == "power" and all(map(_grows, h.parts)))
    )


def _grows(t: Term) -> bool:
    return t.c > 0 and all(not_negative(h, e) for (h, _), e in t.a.items())


def is_positive(t: Term) -> bool:
    """Whether a term is known to be greater than 0."""
    return t.c > 0 and all(h.positive for h, _ in t.a)


def by_cases(function: Callable[[Terms], Terms], terms: Terms) -> Terms | None:
    """Return p F(u at p = 1) + (1 − p) F(u at p = 0) for a case p in u; None if there is none."""
    for t in terms:
        for h, ix in t.a:
            if h.kind in ("case", "tie") and t.b.isdisjoint(ix):
                key = (h, ix)
                on = [s.changed({key: -s.a[key]}) if key in s.a else s for s in terms]
                off = [s for s in terms if key not in s.a]
                p = [Term(ONE, {key: 1})]
                yes, no = function(collected(on)), function(collected(off))
                return collected([*times(p, yes), *no, *scaled(times(p, no), -1)])
    return None


def primitive(terms: Terms, keep: Callable[[Head], bool], sign: bool) -> tuple[Term, Terms]:
    """Return a factor that all terms share, and the sum that is left.

    Of atoms whose heads pass `keep`, the least exponent; and the number of the first term, with
    its sign where `sign` is true.
    """
    least: dict[Any, Exponent] = {}
    for k in dict.fromkeys(k for t in terms for k in t.a):
        if keep(k[0]) and all(t.b.isdisjoint(k[1]) for t in terms):
            least[k] = min(t.a.get(k, 0) for t in terms)
    less = {k: -e for k, e in least.items()}
    left = collected([s for t in terms for s in simplified(t.changed(less))])
    c = left[0].c if sign else abs(left[0].c)
    return Term(c, least), scaled(left, 1 / c)


def power_of(terms: Terms, p: Exponent) -> Terms:
    """Return the terms of a sum to the power p."""
    p = int(p) if p == int(p) else Fraction(p)
    if p == 0:
        return number(1)
    split = by_cases(lambda u: power_of(u, p), terms)
    if split is not None:
        return split
    if not terms:
        if p < 0:
            raise NoForm("it divides by 0")
        return []
    if isinstance(p, int) and p > 0:
        half = power_of(terms, p // 2)
        return times(half, half, terms) if p % 2 else times(half, half)
    if len(terms) == 1 and not terms[0].b:
        return _power_of_monomial(terms[0], p)
    if len(terms) == 1 and isinstance(p, int):
        return _power_of_product(terms[0], p)
    whole = isinstance(p, int)
    factor, base = primitive(terms, lambda h: whole or h.positive, whole)
    outer = _power_of_monomial(factor, p)
    if len(base) == 1 and not base[0].b:
        return times(outer, power_of(base, p))
    return times(outer, atom(*head_on("power", "", base), p))


def _power_of_product(t: Term, p: int) -> Terms:
    """Return (Σ… Σ…)^p, factor by factor."""
    result = number(t.c**p)
    for atoms, bound in components(t):
        part = Term(ONE, dict(atoms), bound)
        if bound:
            factor, base = primitive([part], lambda h: True, True)
            result = times(result, _power_of_monomial(factor, p))
            result = times(result, atom(*head_on("power", "", base), p))
        else:
            result = times(result, _power_of_monomial(part, p))
    return result


def _power_of_monomial(t: Term, p: Exponent) -> Terms:
    if isinstance(p, int):
        return simplified(Term(t.c**p, {k: e * p for k, e in t.a.items()}))
    result, kept = number(1), Term(ONE)
    even = {}
    for (h, ix), e in t.a.items():
        if isinstance(e, int) and e % 2 == 0 and not h.positive and h.kind != "case":
            even[h, ix] = e
        elif not_negative(h, e):
            result = times(result, atom(h, ix, e * p))
        else:
            kept = kept.changed({(h, ix): e})
    odd = [k for k, e in kept.a.items() if isinstance(e, int)]
    for (h, ix), e in even.items():
        q = e * p
        if q.denominator == 1 if isinstance(q, Fraction) else True:
            base = atom(h, ix)
            result = times(result, atom(h, ix, int(q)), *([sign_of(base)] if int(q) % 2 else []))
        else:
            result = times(result, atom(*head_on("power", "", [Term(ONE, {(h, ix): e})]), p))
    if t.c > 0 and len(odd) <= 1:  # the root is defined where the one factor is not negative
        rest = simplified(Term(ONE, {k: e * p for k, e in kept.a.items()}))
        return times(result, _root(t.c, p), rest)
    base = [Term(ONE if t.c > 0 else -ONE, kept.a)]
    if not kept.a:
        raise NoForm("it takes a root of a negative number")
    return times(result, _root(abs(t.c), p), atom(*head_on("power", "", base), p))


def _root(c: Fraction, p: Exponent) -> Terms:
    """Return c^p of a positive number, prime by prime."""
    result = Term(ONE)
    for n, side in ((c.numerator, 1), (c.denominator, -1)):
        for prime, count in factors(n):
            make = partial(Head, "prime", str(prime), f"prime {prime}")
            head = interned(f"prime {prime}", make)
            result = result.changed({(head, ()): side * count * p})
    return simplified(result)


def factors(n: int) -> list[tuple[int, int]]:
    """Return the prime factors of n and how often each; a large one that is left is not split."""
    found = []
    for d in [2, *range(3, 1000, 2)]:
        count = 0
        while n % d == 0:
            n, count = n // d, count + 1
        if count:
            found.append((d, count))
    return [*found, (n, 1)] if n > 1 else found


def exp_of(terms: Terms) -> Terms:
    """Return exp of a sum: the product of exp of its terms."""
    split = by_cases(exp_of, terms)
    if split is not None:
        return split
    result = number(1)
    for t in terms:
        ((h, ix), e) = next(iter(t.a.items()), ((None, ()), 0))
        if h is not None and h.kind == "log" and len(t.a) == 1 and e == 1 and not t.b:
            result = times(result, power_of(instance(h, ix), t.c))
            continue
        head, at = head_on("exp", "exp", [Term(ONE, t.a, t.b)])
        result = times(result, atom(head, at, int(t.c) if t.c.denominator == 1 else t.c))
    return result


def log_of(terms: Terms) -> Terms:
    """Return ln of a sum; of a product only what is known to be positive is taken apart."""
    split = by_cases(log_of, terms)
    if split is not None:
        return split
    if not terms:
        raise NoForm("it takes the logarithm of 0")
    factor, base = primitive(terms, lambda h: h.positive, False)
    result = _log_of_number(factor.c)
    for (h, ix), e in factor.a.items():
        if h.kind == "exp":
            result = [*result, *scaled(instance(h, ix), e)]
        else:
            result = [*result, *scaled(_log_atom(_one(h, ix)), e)]
    if constant_of(base) == 1:
        return collected(result)
    if len(base) == 1 and len(base[0].a) == 1 and not base[0].b and base[0].c == 1:
        ((h, ix), e) = next(iter(base[0].a.items()))
        if isinstance(e, int) and e % 2 == 0 and not not_negative(h, 1):
            inner = absolute_of(atom(h, ix))
        else:
            inner = _one(h, ix)
        return collected([*result, *scaled(_log_atom(inner), e)])
    return collected([*result, *_log_atom(base)])


def _one(h: Head, ix: Indices) -> Terms:
    """Return an atom of exponent 1; of a power, that is the sum."""
    return instance(h, ix) if h.kind == "power" else [Term(ONE, {(h, ix): 1})]


def _log_atom(terms: Terms) -> Terms:
    split = by_cases(_log_atom, terms)
    if split is not None:
        return split
    h, ix = head_on("log", "ln", terms)
    h.slope = lambda u: power_of(u, -1)
    return atom(h, ix)


def _log_of_number(c: Fraction) -> Terms:
    found: Terms = []
    for n, side in ((c.numerator, 1), (c.denominator, -1)):
        for prime, count in factors(n):
            found += scaled(_log_atom(number(prime)), side * count)
    return found


def case_of(terms: Terms, tie: bool = False) -> Terms:
    """Return [u > 0], which is 1 where that holds and else 0; or [u = 0] for a `tie`."""
    split = by_cases(lambda u: case_of(u, tie), terms)
    if split is not None:
        return split
    c = constant_of(terms)
    if c is not None:
        return number(int(c == 0 if tie else c > 0))
    factor, base = primitive(terms, lambda h: h.positive, True)
    if all(map(is_positive, base)):
        return number(int(factor.c > 0 and not tie))
    here = [Term(ONE, {head_on("tie", "u", base): 1})]
    if tie:
        return here
    above = [Term(ONE, {head_on("case", "u", base): 1})]
    if factor.c > 0:
        return above
    return collected([*number(1), *scaled(above, -1), *scaled(here, -1)])


def sign_of(terms: Terms) -> Terms:
    """Return the sign of a sum: 1, 0 or −1."""
    return collected([*scaled(case_of(terms), 2), *case_of(terms, True), *number(-1)])


def absolute_of(terms: Terms) -> Terms:
    """Return |u|."""
    return terms if all(map(_grows, terms)) else times(terms, sign_of(terms))


def call_on(text: str, terms: Terms, slope: Callable[[Terms], Terms] | None = None) -> Terms:
    """Return any function of a sum as an atom, its derivative given by `slope`."""
    split = by_cases(lambda u: call_on(text, u, slope), terms)
    if split is not None:
        return split
    h, ix = head_on("call", text, terms)
    h.slope = slope
    return atom(h, ix)


def function(text: str, order: int = 0) -> Callable[[Terms], Terms]:
    """Return any differentiable function, f, or its derivative of some order, f′."""

    def of(terms: Terms) -> Terms:
        return call_on(text + "′" * order, terms, function(text, order + 1))

    return of


def inverse_of(terms: Terms, rows: Index, columns: Index) -> tuple[Terms, Terms]:
    """Return A⁻¹ and ln |det A| of a matrix A[rows, columns], with what holds of them."""
    factor, base = primitive(terms, lambda h: h.positive and not h.orbit, True)
    h, ix = head_on("inv", "inv", base)
    if len(ix) != 2 or set(ix) != {rows, columns}:
        raise NoForm("only single matrices are inverted")
    if not h.rules:
        _relate_inverse(h)
    log = interned(f"logdet {h.key}", lambda: Head("logdet", "ln|det|", f"logdet {h.key}"))
    log.inverse = h
    times_n = times(log_of([Term(abs(factor.c), factor.a)]), size_terms(rows.size))
    return times(power_of([factor], -1), atom(h, ix)), collected([*atom(log), *times_n])


def _relate_inverse(h: Head) -> None:
    """Declare A A⁻¹ = 1 = A⁻¹ A, by the leading term of A."""
    lead = leading(h.parts)
    for right in (True, False):
        i, j, k = (Index(h.free[0].size) for _ in range(3))
        beside = (h, (j, k)) if right else (h, (i, j))
        m = dict(zip(h.free, (i, j) if right else (j, k), strict=True))

        def product(t: Term, m: Any = m, j: Index = j, beside: Any = beside) -> Term:
            inner = t.fresh(m)
            return Term(inner.c, {**inner.a, beside: 1}, inner.b | {j})

        rest = [Term(1 / lead.c, {(DELTA, (i, k)): 1})]
        rest += [product(Term(-t.c / lead.c, t.a, t.b)) for t in h.parts if t is not lead]
        pattern = product(lead)
        h.rules.append(Rule(Term(ONE, pattern.a, pattern.b), rest, (i, k), right))
