"""A formula written out: as Python, as plain text with Unicode, as LaTeX.

1. `write` walks an `Expr` and sets parentheses where the notation needs them.
2. A `Style` says how names, numbers and operations look. LaTeX reads ``Op.latex`` of each
   operation, so that a new operation can be written without a change here.

The LaTeX stays within what matplotlib's mathtext renders as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from string import Formatter
from typing import Any, NamedTuple

import numpy as np

from . import notation
from .expression import Expr

_LEVELS = {
    "add": 1, "subtract": 1, "negative": 2, "multiply": 3, "matmul": 3, "divide": 3,
    "power": 4, "square": 4, "transpose": 4, "getitem": 4,
}  # fmt: skip
_ATOM = 5

_PYTHON = {
    "negative": "-{0}", "transpose": "{0}.T", "square": "{0}**2", "getitem": "{0}[{key}]",
    "sigmoid": "sigmoid({0})", "relu": "np.maximum({0}, 0)", "positive": "{0}",
    "absolute": "np.abs({0})", "scatter": "scatter({0})",
}  # fmt: skip
_UNICODE = {
    "multiply": "{0} ⊙ {1}", "matmul": "{0} {1}", "divide": "{0} / {1}", "transpose": "{0}ᵀ",
    "negative": "−{0}", "subtract": "{0} − {1}", "add": "{0} + {1}", "square": "{0}²",
    "power": "{0}^{1}", "sum": "Σ {0}", "sqrt": "√({0})", "sigmoid": "f({0})",
    "log": "ln({0})", "absolute": "|{0}|", "positive": "{0}", "less_equal": "{0} ≤ {1}",
    "greater_equal": "{0} ≥ {1}", "not_equal": "{0} ≠ {1}", "equal": "{0} = {1}",
    "exp": "exp({0})", "relu": "max({0}, 0)", "broadcast_to": "{0}", "astype": "{0}",
    "getitem": "{0}[{key}]", "f_prime": "f′({0})",
}  # fmt: skip


class Style(NamedTuple):
    """How the parts of a formula look."""

    template: Callable[[Expr], str]
    label: Callable[[str], str]
    number: Callable[[Any], str]
    scalar_product: str


def write(e: Expr, style: Style) -> str:
    """Return `e` as text."""
    return _written(e, style)[0]


def _written(e: Expr, style: Style) -> tuple[str, int]:
    """Return the text of `e` and how tightly it binds."""
    if e.op is None:
        text = style.label(e.name) if e.name else style.number(e.value)
        if text.startswith(("-", "−")):
            return text, 2
        loose = any(mark in text for mark in ("^", "/", "⁽", r"\frac"))
        return text, (4 if e.name else 3) if loose else _ATOM
    template = style.template(e)
    if e.kind == "multiply" and _is_scalar(e.args[0]) and not _is_number(e.args[1]):
        template = style.scalar_product
    level = _LEVELS.get(e.kind, _level_of(template))
    parts = []
    for i, arg in enumerate(e.args):
        text, tightness = _written(arg, style)
        parts.append(f"({text})" if tightness < _needed(e, i, arg, template) else text)
    if level == 3 and parts[0].startswith(("-", "−")) and not template.startswith("\\"):
        level = 2
    params = _Params({key: _param_text(key, value) for key, value in e.params.items()})
    return Formatter().vformat(template, parts, params), level


class _Params(dict[str, str]):
    """The parameters of an operation; one left at its default is a dot."""

    def __missing__(self, key: str) -> str:
        return "·" if key == "key" else r"\cdot "


def _is_scalar(e: Expr) -> bool:
    return e.op is None and not e.name and np.ndim(e.value) == 0


def _is_number(e: Expr) -> bool:
    return e.op is None and not e.name


def _level_of(template: str) -> int:
    """Return how tightly the text of an operation binds that is not in the table."""
    if re.match(r"\{0\}[\^_]", template):
        return 4
    if re.search(r"\} [-+] \d", template):
        return 1
    if re.fullmatch(r"\{0\} \S+ \{1\}", template):
        return 0  # comparisons
    return 1 if re.search(r"(\\[a-z]+|Σ) \{0\}$", template) else _ATOM


def _needed(e: Expr, i: int, arg: Expr, template: str) -> int:
    """Return how tightly operand `i` of `e` must bind to stand without parentheses."""
    if f"{{{{{{{i}}}}}}}" in template:  # inside braces, where LaTeX groups already
        return 0
    if re.search(rf"\{{{i}\}}[\^_]", template):
        return _ATOM
    match e.kind:
        case "add":
            return 1 if i == 0 else 3
        case "subtract":
            return 1 if i == 0 else 3
        case "negative":
            return 3
        case "multiply" | "matmul" | "divide":
            mixed = {e.kind, arg.kind} == {"multiply", "matmul"}
            right = i == 1 and ("divide" in (e.kind, arg.kind))
            if mixed or right or (e.kind == "matmul" and arg.kind == "divide"):
                return 0 if template.startswith("\\") else 4
            return 3 if i else 2
        case "sum" | "mean" if " {0}" in template:
            return 4
        case "power" | "square" | "transpose" | "getitem":
            return _ATOM if "^" in template or "ᵀ" in template or "²" in template else 4
    enclosed = rf"[({{|,]\{{{i}\}}([)|,}}]|\\right)"
    return 0 if re.search(enclosed, template.replace(", ", ",").replace(",\\,", ",")) else 3


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


# -- Python --------------------------------------------------------------------------------------


def _python_template(e: Expr) -> str:
    assert e.op is not None  # noqa: S101 - only operations have templates
    if e.kind in _PYTHON:
        return _PYTHON[e.kind]
    if e.op.symbol and len(e.args) == 2:
        return f"{{0}} {e.op.symbol} {{1}}".replace(" ** ", "**")
    inner = ", ".join(f"{{{i}}}" for i in range(len(e.args)))
    given = "".join(f", {key}={{{key}}}" for key in e.params)
    return (
        f"{notation.identifier(e.kind) if e.op.forward is None else _function(e)}({inner}{given})"
    )


def _function(e: Expr) -> str:
    return f"np.{e.kind}" if hasattr(np, e.kind) else notation.identifier(e.kind)


def _python_number(value: Any) -> str:
    if np.ndim(value) == 0:
        return f"{float(value):.6g}" if not isinstance(value, Fraction) else str(value)
    text = np.array2string(np.asarray(value), separator=", ", threshold=9, precision=4)
    return f"np.array({text})".replace("\n", "")


_PYTHON_STYLE = Style(_python_template, str, _python_number, "{0} * {1}")


def python_text(e: Expr) -> str:
    """Return `e` as a line of Python.

    >>> from autograd_nn.formulas.expression import call, name, transposed
    >>> e = call("multiply", call("matmul", transposed(name("W2")), name("delta3")), name("h2"))
    >>> python_text(e)
    '(W2.T @ delta3) * h2'
    """
    return write(e, _PYTHON_STYLE)


def plain_label(text: str) -> str:
    """Return a name in Unicode, f′ of a name included."""
    inner = _SLOPE.fullmatch(text)
    return f"f′({notation.unicode(inner[1])})" if inner else notation.unicode(text)


def latex_label(text: str) -> str:
    """Return a name in LaTeX, f′ of a name included."""
    inner = _SLOPE.fullmatch(text)
    return f"f'({notation.latex(inner[1])})" if inner else notation.latex(text)


_SLOPE = re.compile(r"f_prime\((.*)\)", re.DOTALL)


# -- Unicode -------------------------------------------------------------------------------------


def _unicode_template(e: Expr) -> str:
    if e.kind in _UNICODE:
        return _UNICODE[e.kind]
    if e.op is not None and e.op.symbol and len(e.args) == 2:
        return f"{{0}} {e.op.symbol} {{1}}"
    inner = ", ".join(f"{{{i}}}" for i in range(len(e.args)))
    word = notation.unicode(e.kind).replace("{", "{{").replace("}", "}}")
    return f"{word}({inner})"


def _fraction(value: Any) -> Fraction | None:
    """Return a number as a fraction where it is one of small whole numbers."""
    if isinstance(value, Fraction):
        return value
    if not np.isfinite(float(value)):
        return None
    exact = Fraction(float(value)).limit_denominator(10_000)
    return exact if float(exact) == float(value) and exact.denominator <= 10_000 else None


def _decimal(value: Any) -> str:
    return f"{float(value):.4g}"


def array_text(value: Any, digits: int = 4, most: int = 24) -> str:
    """Return an array on one line, rows parted by semicolons; a large one as its shape."""
    array = np.asarray(value)
    if array.size > most:
        return f"({'×'.join(map(str, array.shape))} values)"
    if array.ndim == 0:
        return f"{float(array):.{digits}g}"
    rows = array.reshape(1, -1) if array.ndim == 1 else array.reshape(-1, array.shape[-1])
    inner = "; ".join(", ".join(f"{float(v):.{digits}g}" for v in row) for row in rows)
    return f"[{inner}]"


def _unicode_number(value: Any) -> str:
    if np.ndim(value):
        return array_text(value)
    exact = _fraction(value)
    return (str(exact) if exact is not None else _decimal(value)).replace("-", "−")


def unicode_style(label: Callable[[str], str] = plain_label) -> Style:
    """Return the style of plain text, with names shown by `label`."""
    return Style(_unicode_template, label, _unicode_number, "{0} {1}")


def unicode_text(e: Expr) -> str:
    """Return `e` as plain text.

    >>> from autograd_nn.formulas.expression import call, name, transposed
    >>> unicode_text(call("matmul", transposed(name("W2")), name("delta3")))
    '(W⁽²⁾)ᵀ δ⁽³⁾'
    """
    return write(e, unicode_style())


# -- LaTeX ---------------------------------------------------------------------------------------


def _latex_template(e: Expr) -> str:
    assert e.op is not None  # noqa: S101 - only operations have templates
    inner = ", ".join(f"{{{i}}}" for i in range(len(e.args)))
    return (
        e.op.latex
        or rf"{notation.latex(e.kind)}".replace("{", "{{").replace("}", "}}") + rf"({inner})"
    )


def _latex_number(value: Any) -> str:
    if np.ndim(value):
        return rf"\mathrm{{{array_text(value)}}}".replace(" ", r"\ ").replace("×", r"\times ")
    exact = _fraction(value)
    if exact is None:
        return _decimal(value)
    if exact.denominator == 1:
        return str(exact)
    sign = "-" if exact < 0 else ""
    return rf"{sign}\frac{{{abs(exact.numerator)}}}{{{exact.denominator}}}"


def latex_style(label: Callable[[str], str] = latex_label) -> Style:
    """Return the style of LaTeX for math mode, with names shown by `label`."""
    return Style(_latex_template, label, _latex_number, r"{0} \, {1}")


def latex_text(e: Expr) -> str:
    r"""Return `e` as LaTeX for math mode.

    >>> from autograd_nn.formulas.expression import call, name, transposed
    >>> print(latex_text(call("matmul", transposed(name("W2")), name("delta3"))))
    (W^{(2)})^{T} \delta^{(3)}
    """
    return write(e, latex_style())
