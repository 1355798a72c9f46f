"""Terms as text and as LaTeX, in the notation of the document: 1/m Σₖ δ⁽²⁾ᵢₖ xⱼₖ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from . import notation
from .normal_form import instance
from .terms import Exponent, Head, Index, Indices, Place, Term, Terms

LETTERS = "ijklprstuvaehonx"
_DOWN = dict(zip("aehijklmnoprstuvx0123456789", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₀₁₂₃₄₅₆₇₈₉", strict=True))
_UP = str.maketrans("0123456789-/", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᐟ")


class Writer:
    """Writes terms, one letter for each index.

    Parameters
    ----------
    latex : bool
        LaTeX for math mode, or plain text.
    axes : sequence of Index
        The indices of the result, which are called i, j, … in their order.
    aliases : mapping, optional
        By the digest of a function's argument: its name, and the order of its indices.
    """

    def __init__(
        self,
        latex: bool,
        axes: Sequence[Index | None] = (),
        aliases: Mapping[str, tuple[str, list[int]]] | None = None,
    ) -> None:
        self.latex = latex
        self.aliases = aliases or {}
        self.names: dict[Index, str] = {}
        for i in axes:
            if i is not None:
                self.letter(i)

    def letter(self, i: Index) -> str:
        """Return the letter of an index, a new one where it has none."""
        if isinstance(i, Place):
            return str(i.number + 1)
        if i not in self.names:
            taken = set(self.names.values())
            free = (c + str(n or "") for n in range(99) for c in LETTERS)
            self.names[i] = next(c for c in free if c not in taken)
        return self.names[i]

    def indices(self, ix: Sequence[Index]) -> str:
        """Return indices as a subscript."""
        text = ("," if any(isinstance(i, Place) for i in ix) else "").join(map(self.letter, ix))
        if self.latex:
            return f"_{{{text}}}" if text else ""
        return "".join(_DOWN.get(c, c) for c in text)

    def sum(self, terms: Terms) -> str:
        """Return a sum."""
        text = ""
        for t in terms:
            part = self.term(t)
            minus = part.startswith(("-", "−"))
            part = part[1:] if minus else part
            sign = "-" if self.latex else "−"
            text += (f" {sign} " if minus else " + ") if text else (sign if minus else "")
            text += part
        return text or "0"

    def term(self, t: Term) -> str:
        """Return one term: its number and sizes, the sums, the atoms."""
        before = dict(self.names)
        above: list[str] = []
        below: list[str] = []
        rest = []
        for (h, ix), e in t.a.items():
            if h.kind == "size" and isinstance(e, int):
                (above if e > 0 else below).append(self.power(self.name(h.text), abs(e)))
            else:
                rest.append((h, ix, e))
        n, d = abs(t.c.numerator), t.c.denominator
        factor = self.fraction(n, d, sorted(above), sorted(below))
        bound = dict.fromkeys(i for _, ix, _ in rest for i in ix if i in t.b)
        sums = "".join((r"\sum" if self.latex else "Σ") + self.indices([i]) for i in bound)
        atoms = [self.atom(h, ix, e) for h, ix, e in rest]
        body = " ".join([*([factor] if factor else []), *([sums] if sums else []), *atoms])
        self.names = before
        minus = "" if t.c > 0 else "-" if self.latex else "−"
        return minus + (body or "1")

    def fraction(self, n: int, d: int, above: list[str], below: list[str]) -> str:
        """Return the number and the sizes of a term."""
        top = ([str(n)] if n != 1 else []) + above
        bottom = ([str(d)] if d != 1 else []) + below
        if not bottom:
            return " ".join(top)
        if self.latex:
            return rf"\frac{{{' '.join(top) or '1'}}}{{{' '.join(bottom)}}}"
        under = bottom[0] if len(bottom) == 1 else f"({' '.join(bottom)})"
        return f"{' '.join(top) or '1'}/{under}"

    def name(self, text: str) -> str:
        """Return the name of a tensor, a size or a function."""
        stem = text.rstrip("′")
        shown = notation.latex(stem) if self.latex else notation.unicode(stem)
        return shown + ("'" if self.latex else "′") * (len(text) - len(stem))

    def power(self, text: str, e: Exponent, loose: bool = False) -> str:
        """Return something to a power."""
        if e == 1:
            return f"({text})" if loose else text
        if e == Fraction(1, 2):
            return rf"\sqrt{{{text}}}" if self.latex else f"√({text})"
        inner = f"({text})" if loose or (self.latex and "^" in text) else text
        return f"{inner}^{{{e}}}" if self.latex else inner + str(e).translate(_UP)

    def atom(self, h: Head, ix: Indices, e: Exponent) -> str:
        """Return one atom."""
        if h.parts or h.inverse is not None:
            return self.function(h, ix, e)
        if h.kind in ("prime", "delta"):
            text = r"\delta" if self.latex and h.kind == "delta" else h.text
        else:
            text = self.name(h.text)
        return self.power(self.beneath(text, ix), e)

    def beneath(self, text: str, ix: Sequence[Index]) -> str:
        """Return a name with its indices."""
        down = self.indices(ix)
        if self.latex and down and "^" in text:  # W_{ij}^{(1)}, the index beneath the layer
            head, _, up = text.partition("^")
            return f"{head}{down}^{up}"
        return text + down

    def function(self, h: Head, ix: Indices, e: Exponent) -> str:
        """Return a function of a sum."""
        if h.kind == "logdet" and h.inverse is not None:
            i, j = (Index(k.size) for k in h.inverse.free)
            inner = Writer(self.latex, (i, j)).sum(instance(h.inverse, (i, j)))
            return self.power(rf"\ln|\det({inner})|" if self.latex else f"ln|det({inner})|", e)
        alias = self.aliases.get(h.key.rsplit(" ", 1)[1])
        if alias is not None and h.kind != "inv":
            inner = self.beneath(self.name(alias[0]), [ix[k] for k in alias[1]])
        else:
            inner = self.sum(instance(h, ix))
        if h.kind == "power":
            return self.power(inner, e, loose=True)
        if h.kind in ("case", "tie"):
            sign = ">" if h.kind == "case" else "="
            return self.power(f"[{inner} {sign} 0]", e)
        if h.kind == "exp" and self.latex:
            return f"e^{{{self.power(inner, e, loose=e != 1)}}}" if e in (1, Fraction(1, 2)) else (
                f"e^{{{e} ({inner})}}")  # fmt: skip
        if h.kind == "inv":
            at = self.indices(ix)
            return self.power(
                (rf"\left[({inner})^{{-1}}\right]" if self.latex else f"[({inner})⁻¹]") + at, e
            )
        words = "exp" if h.kind == "exp" else "ln" if h.kind == "log" else ""
        text = (rf"\{words}" if self.latex else words) if words else self.name(h.text)
        return self.power(f"{text}({inner})", e)


def sum_text(terms: Terms, axes: Sequence[Any] = (), latex: bool = False) -> str:
    """Return a sum as text or LaTeX, its free indices being those of `axes`."""
    return Writer(latex, axes).sum(terms)
