"""How tightly what is written binds, and where parentheses are needed: in formulas and programs.

1. `BINDING` is the table of Python's operators; `Text` is an expression with its binding.
2. `infix` joins two operands by an operator, as programs write it.
3. `binding_of` and `needed` are the same for the templates of formulas, which know more signs:
   a fraction, a square, a minus that binds less tightly than a product.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ATOM, POSTFIX, POWER, UNARY, PRODUCT, SIGN, SUM, COMPARISON, LOOSEST = range(9, 0, -1)
"""From what needs no parentheses anywhere to what binds least tightly."""

BINDING = dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARISON)
"""How tightly what an operator joins is bound."""
BINDING |= {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT, "%": PRODUCT, "**": POWER}

_RAISED = re.compile(r"\{0\}([\^_²ᵀ]|\*\*|\.T|\[)")
"""Templates whose first operand has something raised or appended to it."""


class Text(NamedTuple):
    """An expression, how tightly it binds, and the operator at its top."""

    code: str
    binding: int = ATOM
    symbol: str = ""

    def within(self, least: int) -> str:
        """Return the code, in parentheses if it binds less tightly than `least`."""
        return self.code if self.binding >= least else f"({self.code})"


def infix(symbol: str, a: Text, b: Text) -> Text:
    """Return two operands joined by an operator of Python."""
    binding = BINDING[symbol]
    if symbol == "**":
        return Text(f"{a.within(ATOM)} ** {b.within(UNARY)}", binding, symbol)
    left = binding if binding != COMPARISON else COMPARISON + 1
    first, second = a.within(left), b.within(binding + 1)
    if a.binding == PRODUCT == binding and (symbol == "@") != (a.symbol == "@"):
        first = f"({a.code})"  # the grammar needs none, the eye does
    if b.binding == UNARY and symbol not in ("<", ">", "=="):
        second = b.within(ATOM)
    return Text(f"{first} {symbol} {second}", binding, symbol)


def binding_of(template: str, symbol: str) -> int:
    """Return how tightly an operation binds that a formula writes with `template`.

    Parameters
    ----------
    template : str
        With ``{0}``, ``{1}`` for the operands.
    symbol : str
        Its operator in Python, or ``""``.
    """
    raised = _RAISED.match(template)
    if raised:
        return POWER if raised[1] == "**" else POSTFIX
    if template.startswith(("-", "−")):
        return SIGN
    if "{1}" in template and symbol in BINDING and symbol != "%":  # a remainder stands alone
        return BINDING[symbol]
    if re.search(r"\} [-+] \d", template):
        return SUM
    if re.fullmatch(r"\{0\} \S+ \{1\}", template):
        return COMPARISON
    return SUM if re.search(r"(\\[a-z]+|Σ) \{0\}$", template) else ATOM


def needed(i: int, arg: Text, template: str, symbol: str) -> int:
    """Return how tightly operand `i` must bind to stand in `template` without parentheses."""
    if f"{{{{{{{i}}}}}}}" in template:  # inside braces, where LaTeX groups already
        return LOOSEST
    if re.search(rf"\{{{i}\}}[\^_ᵀ]", template):
        return ATOM
    if symbol in ("+", "-") and "{1}" in template:
        return PRODUCT if i else SUM
    if symbol in ("*", "@", "/"):
        both = {symbol, arg.symbol}
        if i and both == {"@"} and "@" in template:  # Python goes from left to right: a @ (v @ b)
            return POWER
        if both == {"*", "@"} or (i and "/" in both) or (symbol, arg.symbol) == ("@", "/"):
            return POWER
        return PRODUCT if i else SIGN
    if re.search(r"(\\sum|Σ) \{0\}", template):
        return POWER
    if symbol == "**" or (i == 0 and _RAISED.match(template)):
        return ATOM if re.search("[ᵀ²^]", template) else POWER if i else POSTFIX
    enclosed = rf"[({{|,]\{{{i}\}}([)|,}}]|\\right)"
    inside = re.search(enclosed, template.replace(", ", ",").replace(",\\,", ","))
    return LOOSEST if inside else PRODUCT
