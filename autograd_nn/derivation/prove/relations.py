"""Facts about what is given, as relations of the normal form: equations between tensors, signs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ...formulas.normal_form import leading, see_symmetries
from ...formulas.sized import SHAPES_ONLY
from ...formulas.terms import Rule, Term
from ..facts import called


def declare(fact: Any, values: Mapping[str, Any]) -> None:
    """Make a fact about leaves a relation of the normal form.

    Raises
    ------
    ValueError
        If it is no equation, and does not say either that a tensor is positive.
    """
    said = called(fact, values)
    kind, gap = getattr(said, "fact", None) or ("", None)
    if SHAPES_ONLY.get():
        return
    terms = gap.terms if gap is not None else []
    if kind == ">" and len(terms) == 1 and len(terms[0].a) == 1 and terms[0].c > 0:
        ((head, _), e) = next(iter(terms[0].a.items()))
        if e == 1 and head.kind == "name" and not terms[0].b:
            head.positive = True
            return
    if kind == "=" and terms:
        heads = [{h for h, _ in t.a} for t in terms]
        plain_atoms = all(len(t.a) == 1 and not t.b and set(t.a.values()) == {1} for t in terms)
        if len(terms) == 2 and plain_atoms and heads[0] == heads[1] and terms[0].c == -terms[1].c:
            (head, ix), (_, other) = next(iter(terms[0].a)), next(iter(terms[1].a))
            if sorted(map(id, ix)) == sorted(map(id, other)):
                head.set_symmetries([tuple(range(len(ix))), tuple(ix.index(i) for i in other)])
                see_symmetries()
                return
        lead = leading(terms)
        names = [h for h, _ in lead.a if h.kind == "name"]
        rest = [Term(-t.c / lead.c, t.a, t.b) for t in terms if t is not lead]
        if names and {i for t in rest for i in t.free()} <= set(lead.free()):
            free = tuple(lead.free())
            names[0].rules.append(Rule(Term(Fraction(1), lead.a, lead.b), rest, free, fact))
            return
    raise ValueError(
        "assume takes equations between given tensors, such as lambda y: np.sum(y, axis=0) == 1, "
        "and lambda s: s > 0"
    )


def is_sign(fact: Any, values: Mapping[str, Any]) -> bool:
    """Whether a fact says that a tensor is positive."""
    return (getattr(called(fact, values), "fact", None) or " ")[0] == ">"
