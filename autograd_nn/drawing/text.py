"""The text in pictures and pages: names, operations, shapes, values. It is escaped here.

1. `escaped`, `font`, `table`, `name`: Graphviz' HTML-like markup.
2. `matrix` and `shown`: values as markup; `in_html` for a page.
3. `operation`, `argument`: what stands for an operation, and at its arrows.
"""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..formulas import notation
from ..formulas.arrays import cut, number, shape, short, small, summary

_SIGNS = {"-": "−", "*": "⊙", "**": "^", "//": "⌊÷⌋", "<=": "≤", ">=": "≥", "!=": "≠", "==": "="}


def escaped(text: str) -> str:
    r"""Return plain text as markup that Graphviz changes nothing in.

    Control characters, which XML cannot hold, become �. A backslash would begin one of Graphviz'
    own escapes (its ``\N`` is the id of the node) except for the invisible joiner after it.

    >>> escaped(r"<b> \N").replace("\u2060", "+")
    '&lt;b&gt; \\+N'
    """
    return _unescaping(html.escape("".join(c if c.isprintable() else "�" for c in text)))


def _unescaping(markup: str) -> str:
    return markup.replace("\\", "\\\u2060")


def font(markup: str, size: int, colour: str = "") -> str:
    """Return markup in another size, and perhaps in another colour."""
    ink = f' COLOR="{colour}"' if colour else ""
    return f'<FONT POINT-SIZE="{size}"{ink}>{markup}</FONT>'


def table(rows: str, padding: int = 0, **attributes: str) -> str:
    """Return rows of markup as a table that draws no lines of its own."""
    more = "".join(f' {key}="{value}"' for key, value in attributes.items())
    lines = f'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="{padding}"'
    return f"<TABLE {lines}{more}>{rows}</TABLE>"


def name(called: str) -> str:
    """Return a name as markup, its super- and subscripts in small type.

    Graphviz raises and lowers them but leaves their size.
    """
    markup = _unescaping(notation.markup(cut(called, 40)))
    for tag in ("SUP", "SUB"):
        # a little space: a browser's bold letters and ∂ are wider than Graphviz takes them to be
        space = "&#8201;" if "∂" in markup else "&#8202;"
        markup = markup.replace(f"<{tag}>", f'{space}<{tag}><FONT POINT-SIZE="8">')
        markup = markup.replace(f"</{tag}>", f"</FONT></{tag}>")
    return markup


def _rows(array: Any) -> list[list[str]]:
    """Return the numbers of a small array in rows; one axis is one row."""
    return [[number(value) for value in row] for row in np.atleast_2d(array).tolist()]


def matrix(values: Any) -> str:
    """Return a small array as markup: a number, or rows of cells between two brackets."""
    array = np.asarray(values)
    if array.ndim == 0:
        return escaped(number(array[()]))
    if not array.size:
        return "empty"
    rows = ["".join(f'<TD ALIGN="RIGHT">{escaped(x)}</TD>' for x in row) for row in _rows(array)]
    bracket = f'<TD ROWSPAN="{len(rows)}" WIDTH="4" CELLPADDING="0" BORDER="1" SIDES="TB%s"></TD>'
    rows[0] = bracket % "L" + rows[0] + bracket % "R"
    return table("".join(f"<TR>{row}</TR>" for row in rows), padding=2)


def shown(values: Any) -> str:
    """Return an array as markup: a small one number by number, of a large one its summary."""
    return matrix(values) if small(values) else escaped(summary(values))


def in_html(values: Any) -> str:
    """Return an array as HTML for a page, which has styles for its table and its summary."""
    array = np.asarray(values)
    if not small(array):
        said = f"({shape(array.shape)}: {summary(array)})"
        return f'<span class="large">{html.escape(said)}</span>'
    if array.size == 1:
        return html.escape(number(array.reshape(())[()]))
    lines = [[f"<td>{html.escape(value)}</td>" for value in row] for row in _rows(array)]
    inner = "".join(f"<tr>{''.join(line)}</tr>" for line in lines)
    return f'<table class="m">{inner}</table>'


def centred(inner: str) -> str:
    """Return markup of a table that keeps its width in a wider cell.

    Graphviz hands the surplus to all columns alike, so nearly all of it goes to empty ones.
    """
    side = '<TD COLSPAN="9"></TD>'
    return table(f"<TR>{side}<TD>{inner}</TD>{side}</TR>")


def parameter(value: Any) -> str:
    """Return a parameter of an operation, such as an axis, as plain text."""
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, np.ndarray):
        return short(value)
    if isinstance(value, tuple):
        inside = ", ".join(parameter(part) for part in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop, value.step)]
        return ":".join(ends if ends[2] else ends[:2])
    if callable(value):  # its repr has an address
        return str(getattr(value, "__name__", type(value).__name__))
    return "…" if value is Ellipsis else repr(value)


def sign(node: Tensor) -> str:
    """Return the sign of the operation that made `node`, where it has one."""
    symbol = "" if node.op is None else node.op.symbol
    return "×" if symbol == "*" and not node.ndim else _SIGNS.get(symbol, symbol)


def operation(node: Tensor) -> str:
    """Return what stands for the operation that made `node`, as plain text.

    >>> operation(Tensor([[1.0]]) @ Tensor([[2.0]])), operation(Tensor([1.0]).sum(axis=0))
    ('@', 'sum axis=0')
    """
    if node.op is None:
        return ""
    given = [sign(node) or node.op.name]
    for key, value in node.params.items():
        if value is None or value is False:
            continue
        said = parameter(value)
        given.append(f"[{said.strip('()')}]" if key == "key" else f"{key}={said}")
    return cut(" ".join(given))


def argument(node: Tensor, index: int) -> str:
    """Return which argument input `index` of `node` is, where order matters."""
    ordered = node.op is not None and "commutes" not in node.op.traits
    return str(index + 1) if ordered and len(node.inputs) > 1 else ""
