"""A formula written out: as Python, as plain text with Unicode, as LaTeX.

1. `write` walks an `Expr` and sets parentheses where the notation needs them.
2. A `Style` says how names, numbers and operations look: `PYTHON`, `UNICODE` and `LATEX`.
   The templates are those in the row of each operation, so that a new operation
   can be written without a change here.

The LaTeX stays within what matplotlib's mathtext renders as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from string import Formatter
from typing import Any, NamedTuple

import numpy as np

from ..core.op import Op
from ..ops.elementwise import MULTIPLY
from . import notation
from .arrays import latex_value, plain_value, python_value
from .expression import Expr, is_scalar
from .precedence import ATOM, POSTFIX, PRODUCT, SIGN, Text, binding_of, needed


class Style(NamedTuple):
    """How the parts of a formula look."""

    template: Callable[[Op, Expr], str]
    label: Callable[[str], str]
    number: Callable[[Any], str]
    scalar_product: str
    partial: str = "∂{0}/∂{1}"
    dots: str = "…"


def write(e: Expr, style: Style) -> str:
    """Return `e` as text."""
    return _written(e, style).code


def _written(e: Expr, style: Style) -> Text:
    if e.op is None:
        code = style.label(e.name) if e.name else style.number(e.value)
        if code.startswith(("-", "−")):
            return Text(code, SIGN)
        loose = any(mark in code for mark in ("^", "/", "⁽", r"\frac"))
        return Text(code, (POSTFIX if e.name else PRODUCT) if loose else ATOM)
    template, symbol = style.template(e.op, e), e.op.symbol
    if e.op is MULTIPLY and is_scalar(e.args[0]) and (e.args[1].op or e.args[1].name):
        template = style.scalar_product
    parts = []
    for i, arg in enumerate(e.args):
        text = _written(arg, style)
        parts.append(text.within(needed(i, text, template, symbol)))
    level = binding_of(template, symbol)
    if level == PRODUCT and parts[0].startswith(("-", "−")) and not template.startswith("\\"):
        level = SIGN
    params = _Params({key: _param_text(key, value) for key, value in e.params.items()})
    return Text(Formatter().vformat(template, parts, params), level, symbol)


class _Params(dict[str, str]):
    """The parameters of an operation; one left at its default is a dot."""

    def __missing__(self, key: str) -> str:
        return "·" if key == "key" else r"\cdot "


def _param_text(key: str, value: Any) -> str:
    if key != "key":
        return str(value)
    parts = value if isinstance(value, tuple) else (value,)
    return ", ".join(_key_text(part) for part in parts)


def _key_text(part: Any) -> str:
    if isinstance(part, slice):
        ends = ["" if p is None else str(p) for p in (part.start, part.stop, part.step)]
        return ":".join(ends if ends[2] else ends[:2])
    if part is None or part is Ellipsis:
        return "None" if part is None else "..."
    return str(part) if np.ndim(part) == 0 else np.array2string(np.asarray(part), separator=", ")


def _infix(op: Op, e: Expr) -> str:
    """Return the template of a binary operator, ``""`` for other operations."""
    return f"{{0}} {op.symbol} {{1}}" if op.symbol and len(e.args) == 2 else ""


def _call(word: str, e: Expr, given: str = "") -> str:
    """Return the template of a function's call."""
    inner = ", ".join(f"{{{i}}}" for i in range(len(e.args)))
    return f"{word.replace('{', '{{').replace('}', '}}')}({inner}{given})"


# -- Python --------------------------------------------------------------------------------------


def _python_template(op: Op, e: Expr) -> str:
    given = "".join(f", {key}={{{key}}}" for key in e.params)
    word = f"np.{op.name}" if hasattr(np, op.name) else notation.identifier(op.name)
    return op.python or _infix(op, e).replace(" ** ", "**") or _call(word, e, given)


PYTHON = Style(_python_template, str, python_value, "{0} * {1}")


def python_text(e: Expr) -> str:
    """Return `e` as a line of Python.

    >>> from autograd_nn import ops
    >>> from autograd_nn.formulas.expression import call, name, transposed
    >>> product = call(ops.linalg.MATMUL, transposed(name("W2")), name("delta3"))
    >>> python_text(call(ops.elementwise.MULTIPLY, product, name("h2")))
    '(W2.T @ delta3) * h2'
    """
    return write(e, PYTHON)


# -- Unicode -------------------------------------------------------------------------------------

_SLOPE = re.compile(r"f_prime\((.*)\)", re.DOTALL)


def plain_label(text: str) -> str:
    """Return a name in Unicode, f′ of a name included."""
    inner = _SLOPE.fullmatch(text)
    return f"f′({notation.unicode(inner[1])})" if inner else notation.unicode(text)


def _unicode_template(op: Op, e: Expr) -> str:
    return op.text or _infix(op, e) or _call(notation.unicode(op.name), e)


UNICODE = Style(_unicode_template, plain_label, plain_value, "{0} {1}")


def unicode_style(label: Callable[[str], str]) -> Style:
    """Return the style of plain text, with names shown by `label`."""
    return UNICODE._replace(label=label)


def unicode_text(e: Expr) -> str:
    """Return `e` as plain text.

    >>> from autograd_nn.formulas.expression import name, transposed
    >>> unicode_text(transposed(name("W2")))
    '(W⁽²⁾)ᵀ'
    """
    return write(e, UNICODE)


# -- LaTeX ---------------------------------------------------------------------------------------


def latex_label(text: str) -> str:
    """Return a name in LaTeX, f′ of a name included."""
    inner = _SLOPE.fullmatch(text)
    return f"f'({notation.latex(inner[1])})" if inner else notation.latex(text)


def _latex_template(op: Op, e: Expr) -> str:
    return op.latex or _call(notation.latex(op.name), e)


LATEX = Style(
    _latex_template, latex_label, latex_value,
    r"{0} \, {1}", r"\frac{{\partial {0}}}{{\partial {1}}}", r"\ldots",
)  # fmt: skip


def latex_text(e: Expr) -> str:
    r"""Return `e` as LaTeX for math mode.

    >>> from autograd_nn.formulas.expression import name, transposed
    >>> print(latex_text(transposed(name("W2"))))
    (W^{(2)})^{T}
    """
    return write(e, LATEX)
