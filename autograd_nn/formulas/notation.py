"""How the name of a Tensor is written: in Unicode, LaTeX, HTML, and as a Python identifier.

The layer belongs into a superscript in parentheses, as in the document (section 2.5): ``W1`` is
W⁽¹⁾, ``z2`` is z⁽²⁾, ``delta3`` is δ⁽³⁾, ``dW1`` is ∂J/∂W⁽¹⁾. Other names that end in a number
have it as an index: ``x1`` is x₁. A name that is no plain word is text, escaped, and nothing else.
"""

from __future__ import annotations

import html
import keyword
import re
from typing import NamedTuple

_UP = str.maketrans("0123456789()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾")
_DOWN = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
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


class _Parts(NamedTuple):
    stem: str
    layer: str
    subscript: str
    gradient: bool


def _parts(name: str) -> _Parts | None:
    """Split a plain name; None for one that is to be shown as it is."""
    gradient = False
    match = _GRADIENT.fullmatch(name)
    if match and ("_" in name or match["of"].rstrip("0123456789") in _LAYERED | {"J", "x", "y"}):
        name, gradient = match["of"], True
    match = _WORD.fullmatch(name)
    if not match:
        return None
    stem, number = match["stem"], match["number"]
    layered = stem in _LAYERED and number != ""
    return _Parts(stem, number if layered else "", "" if layered else number, gradient)


def is_gradient(name: str) -> bool:
    """Return whether `name` is one of a gradient: ``dW1``, ``d_h2``, ``delta3``."""
    parts = _parts(name)
    return parts is not None and (parts.gradient or (parts.stem == "delta" and parts.layer != ""))


def unicode(name: str) -> str:
    """Return `name` in plain text: ``"z2"`` → ``"z⁽²⁾"``.

    >>> [unicode(name) for name in ("W1", "delta2", "dW1", "x1", "alpha", "my net")]
    ['W⁽¹⁾', 'δ⁽²⁾', '∂J/∂W⁽¹⁾', 'x₁', 'α', 'my net']
    """
    parts = _parts(name)
    if parts is None:
        return "".join(c if c.isprintable() else "�" for c in name)
    text = _GREEK.get(parts.stem, parts.stem) + parts.subscript.translate(_DOWN)
    if parts.layer:
        text += f"({parts.layer})".translate(_UP)
    return f"∂J/∂{text}" if parts.gradient else text


def latex(name: str) -> str:
    r"""Return `name` as LaTeX for math mode: ``"z2"`` → ``"z^{(2)}"``.

    >>> print(latex("delta2"), latex("dW1"), latex("x1"), latex("a$b"))
    \delta^{(2)} \frac{\partial J}{\partial W^{(1)}} x_{1} \mathrm{a\$b}
    """
    parts = _parts(name)
    if parts is None:
        safe = "".join(_LATEX_SPECIAL.get(c, c if c.isprintable() else " ") for c in name)
        return rf"\mathrm{{{safe}}}".replace(" ", r"\ ")
    if parts.stem in _GREEK:
        text = rf"\{parts.stem}"
    else:
        text = parts.stem if len(parts.stem) == 1 else rf"\mathrm{{{parts.stem}}}"
    if parts.subscript:
        text += f"_{{{parts.subscript}}}"
    if parts.layer:
        text += f"^{{({parts.layer})}}"
    return rf"\frac{{\partial J}}{{\partial {text}}}" if parts.gradient else text


def markup(name: str) -> str:
    """Return `name` as HTML, fit for Graphviz' HTML-like labels too: ``"z2"`` → z<SUP>(2)</SUP>.

    >>> markup("z2"), markup("<script>")
    ('z<SUP>(2)</SUP>', '&lt;script&gt;')
    """
    parts = _parts(name)
    if parts is None:
        return html.escape(unicode(name))
    text = _GREEK.get(parts.stem, parts.stem)
    if parts.subscript:
        text += f"<SUB>{parts.subscript}</SUB>"
    if parts.layer:
        text += f"<SUP>({parts.layer})</SUP>"
    return f"∂J/∂{text}" if parts.gradient else text


def identifier(name: str, taken: set[str] | frozenset[str] = frozenset()) -> str:
    """Return `name` as a Python identifier that is no keyword and not in `taken`.

    >>> identifier("z2"), identifier("class"), identifier("a b; import os")
    ('z2', 'class_', 'a_b_import_os')
    >>> identifier("z2", {"z2"})
    'z2_1'
    """
    word = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_") or "t"
    if word[0].isdigit():
        word = f"t{word}"
    if keyword.iskeyword(word) or keyword.issoftkeyword(word):
        word += "_"
    unique, n = word, 0
    while unique in taken:
        n += 1
        unique = f"{word}_{n}"
    return unique
