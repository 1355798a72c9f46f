"""How the name of a Tensor is read and written.

1. `Name` is a parsed name: its stem, its layer or index, whether it is one of a gradient.
2. `unicode`, `latex`, `markup`, `identifier` write a name, in text, LaTeX, HTML and Python.
3. `gradient_name` and `gradient_of` tie a tensor to the name of its gradient in a formula.

The layer belongs into a superscript in parentheses, as in the document (section 2.5): ``W1`` is
W⁽¹⁾, ``z2`` is z⁽²⁾, ``delta3`` is δ⁽³⁾, ``dW1`` is ∂J/∂W⁽¹⁾. Other names that end in a number
have it as an index: ``x1`` is x₁. A name that is no plain word is text, escaped, and nothing else.
"""

from __future__ import annotations

import keyword
import re
from typing import NamedTuple

_UP = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")
DOWN = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LAYERED = {"W", "b", "z", "h", "delta", "a"}
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η",
    "theta": "θ", "lambda": "λ", "mu": "μ", "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω",
}  # fmt: skip
_GRADIENT = re.compile(r"d_?(?P<of>[A-Za-z]+\d*)")
_WORD = re.compile(r"(?P<stem>[A-Za-z]+?)_?(?P<number>\d*)")
_LATEX_SPECIAL = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "^": r"\hat{}", "~": r"\sim ", "<": "<", ">": ">",
}  # fmt: skip


class Name(NamedTuple):
    """A name, parsed.

    Attributes
    ----------
    text : str
        As it was given.
    stem : str
        The word in it: ``"z"`` of ``z2``; ``""`` where the name is no plain word.
    number : str
        The digits behind it.
    derivative : bool
        Whether it is spelled as ∂J/∂ of what stem and number name: ``dW1``, ``d_h2``.
    """

    text: str
    stem: str = ""
    number: str = ""
    derivative: bool = False

    @classmethod
    def parse(cls, text: str) -> Name:
        """Return the parts of a name.

        >>> Name.parse("z2").layer, Name.parse("x1").subscript, Name.parse("dW1").gradient
        (2, '1', True)
        """
        word, derivative = text, False
        match = _GRADIENT.fullmatch(text)
        if match and ("_" in text or match["of"].rstrip("0123456789") in _LAYERED | {*"Jxy"}):
            word, derivative = match["of"], True
        match = _WORD.fullmatch(word)
        return cls(text, match["stem"], match["number"], derivative) if match else cls(text)

    @property
    def superscript(self) -> str:
        """The layer in parentheses, or ``""``."""
        return f"({self.number})" if self.number and self.stem in _LAYERED else ""

    @property
    def subscript(self) -> str:
        """The number that is an index and no layer, or ``""``."""
        return "" if self.stem in _LAYERED else self.number

    @property
    def layer(self) -> int | None:
        """The layer that it belongs to, or None."""
        return int(self.number) if self.superscript else None

    @property
    def gradient(self) -> bool:
        """Whether it is the name of a gradient: ``dW1``, ``d_h2``, ``delta3``."""
        return self.derivative or (self.stem == "delta" and self.number != "")

    @property
    def weighted_input(self) -> bool:
        """Whether it is a z^(l), whose gradient is called δ^(l)."""
        return self.number != "" and self.text == f"z{self.number}"

    @property
    def weights(self) -> bool:
        """Whether it is a matrix W^(l), whose elements are called w."""
        return self.number != "" and self.text == f"W{self.number}"


def is_gradient(name: str) -> bool:
    """Return whether `name` is one of a gradient: ``dW1``, ``d_h2``, ``delta3``."""
    return Name.parse(name).gradient


def gradient_name(name: str) -> str:
    """Return what a formula calls ∂J/∂ of the tensor called `name`.

    >>> gradient_name("W1"), gradient_of("d_W1"), gradient_of("W1")
    ('d_W1', 'W1', '')
    """
    return f"d_{name}"


def gradient_of(name: str) -> str:
    """Return the tensor whose ∂J/∂ a formula calls `name`; ``""`` where it is no such name."""
    return name[2:] if name.startswith("d_") else ""


def unicode(name: str) -> str:
    """Return `name` in plain text: ``"z2"`` → ``"z⁽²⁾"``.

    >>> [unicode(name) for name in ("W1", "delta2", "dW1", "x1", "alpha", "my net")]
    ['W⁽¹⁾', 'δ⁽²⁾', '∂J/∂W⁽¹⁾', 'x₁', 'α', 'my net']
    """
    parts = Name.parse(name)
    if not parts.stem:
        return "".join(c if c.isprintable() else "�" for c in name)
    text = _GREEK.get(parts.stem, parts.stem) + parts.subscript.translate(DOWN)
    text += parts.superscript.translate(_UP)
    return f"∂J/∂{text}" if parts.derivative else text


def latex(name: str) -> str:
    r"""Return `name` as LaTeX for math mode: ``"z2"`` → ``"z^{(2)}"``.

    >>> print(latex("delta2"), latex("dW1"), latex("x1"), latex("a$b"))
    \delta^{(2)} \frac{\partial J}{\partial W^{(1)}} x_{1} \mathrm{a\$b}
    """
    parts = Name.parse(name)
    if not parts.stem:
        safe = "".join(_LATEX_SPECIAL.get(c, c if c.isprintable() else " ") for c in name)
        return rf"\mathrm{{{safe}}}".replace(" ", r"\ ")
    if parts.stem in _GREEK:
        text = rf"\{parts.stem}"
    else:
        text = parts.stem if len(parts.stem) == 1 else rf"\mathrm{{{parts.stem}}}"
    if parts.subscript:
        text += f"_{{{parts.subscript}}}"
    if parts.superscript:
        text += f"^{{{parts.superscript}}}"
    return rf"\frac{{\partial J}}{{\partial {text}}}" if parts.derivative else text


def markup(name: str) -> str:
    """Return `name` as HTML, fit for Graphviz' HTML-like labels too: ``"z2"`` → z<SUP>(2)</SUP>.

    >>> markup("z2"), markup("<script>")
    ('z<SUP>(2)</SUP>', '&lt;script&gt;')
    """
    parts = Name.parse(name)
    if not parts.stem:
        from html import escape

        return escape(unicode(name))
    text = _GREEK.get(parts.stem, parts.stem)
    if parts.subscript:
        text += f"<SUB>{parts.subscript}</SUB>"
    if parts.superscript:
        text += f"<SUP>{parts.superscript}</SUP>"
    return f"∂J/∂{text}" if parts.derivative else text


def identifier(name: str, taken: set[str] | frozenset[str] = frozenset()) -> str:
    """Return `name` as a Python identifier that is no keyword and not in `taken`.

    It is cut to 100 characters.

    >>> identifier("z2"), identifier("class"), identifier("a b; import os")
    ('z2', 'class_', 'a_b_import_os')
    >>> identifier("z2", {"z2"})
    'z2_1'
    """
    word = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_")[:100] or "t"
    if word[0].isdigit():
        word = f"t{word}"
    if keyword.iskeyword(word) or keyword.issoftkeyword(word):
        word += "_"
    unique, n = word, 0
    while unique in taken:
        n += 1
        unique = f"{word}_{n}"
    return unique
