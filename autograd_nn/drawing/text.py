"""The text in a picture: names, operations, shapes, numbers. Markup is escaped here.

1. `number`, `matrix`, `summary`: values as markup, or as plain text.
2. `operation`: what stands for an operation.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from ..formulas import notation

_SIGNS = {"-": "−", "*": "⊙", "**": "^", "//": "⌊÷⌋", "<=": "≤", ">=": "≥", "!=": "≠", "==": "="}
_UNORDERED = {
    "add", "multiply", "maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "hypot",
    "equal", "not_equal", "logical_and", "logical_or", "logical_xor", "bitwise_and",
    "bitwise_or", "bitwise_xor", "isclose",
}  # fmt: skip
ROWS = COLUMNS = 5
"""The largest matrix that is written out."""

_LONGEST = 28


def escaped(text: str) -> str:
    r"""Return plain text as markup that Graphviz changes nothing in.

    Control characters, which XML cannot hold, become �. A backslash would begin one of Graphviz'
    own escapes (its ``\N`` is the id of the node) except for the invisible joiner after it.

    >>> escaped(r"<b> \N").replace("\u2060", "+")
    '&lt;b&gt; \\+N'
    """
    safe = html.escape("".join(c if c.isprintable() else "�" for c in text))
    return _unescaping(safe)


def _unescaping(markup: str) -> str:
    return markup.replace("\\", "\\\u2060")


def name(called: str) -> str:
    """Return a name as markup, its super- and subscripts in small type.

    Graphviz raises and lowers them but leaves their size.
    """
    markup = _unescaping(notation.markup(_cut(called, 40)))
    for tag in ("SUP", "SUB"):
        # a hair's breadth: the browser's bold is wider than the one Graphviz measured with
        markup = markup.replace(f"<{tag}>", f'&#8202;<{tag}><FONT POINT-SIZE="8">')
        markup = markup.replace(f"</{tag}>", f"</FONT></{tag}>")
    return markup


def number(value: Any) -> str:
    """Return a number in four digits, with a minus sign that is one.

    >>> number(-0.123456), number(3), number(True), number(1e-7)
    ('−0.1235', '3', 'True', '1e−07')
    """
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value)).replace("-", "−")
    try:
        text = f"{float(value):.4g}"
    except (TypeError, ValueError):  # a symbol
        return _cut(str(value))
    return ("0" if text == "-0" else text).replace("-", "−")


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def shape(dimensions: Sequence[int]) -> str:
    """Return a shape as ``3 × 1``; nothing for a scalar.

    >>> shape((3, 1)), shape((4,)), shape(())
    ('3 × 1', '4', '')
    """
    return " × ".join(str(n) for n in dimensions)


def small(values: Any) -> bool:
    """Return whether all of an array can be written into a node."""
    array = np.asarray(values)
    if array.ndim == 1:
        return array.size <= COLUMNS
    return array.ndim == 0 or (
        array.ndim == 2 and array.shape[0] <= ROWS and array.shape[1] <= COLUMNS
    )


def matrix(values: Any) -> str:
    """Return a small array as markup: a number, or rows of cells between brackets."""
    array = np.asarray(values)
    if array.ndim == 0:
        return escaped(number(array[()]))
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    if not rows.size:
        return "empty"
    last = rows.shape[1] - 1
    lines = []
    for row in rows.tolist():
        cells = []
        for j, value in enumerate(row):
            sides = ("L" if j == 0 else "") + ("R" if j == last else "")
            border = f' BORDER="1" SIDES="{sides}"' if sides else ""
            cells.append(f'<TD ALIGN="RIGHT"{border}>{escaped(number(value))}</TD>')
        lines.append(f"<TR>{''.join(cells)}</TR>")
    attributes = 'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2"'
    return f"<TABLE {attributes}>{''.join(lines)}</TABLE>"


def centred(inner: str) -> str:
    """Return markup of a table that keeps its width in a wider cell.

    Graphviz hands the surplus to all columns alike, so nearly all of it goes to empty ones.
    """
    side = '<TD COLSPAN="9"></TD>'
    attributes = 'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"'
    return f"<TABLE {attributes}><TR>{side}<TD>{inner}</TD>{side}</TR></TABLE>"


def summary(values: Any) -> str:
    """Return the range and the mean of a large array, as plain text.

    >>> summary(np.arange(100.0))
    '0 … 99, mean 49.5'
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        return f"{array.size} values"
    if array.dtype.kind == "b":
        return f"{int(array.sum())} of {array.size} True"
    finite = array[np.isfinite(array)]
    odd = array.size - finite.size
    warning = f"{odd} of {array.size} not finite" if odd else ""
    if not finite.size:
        return warning or "empty"
    with np.errstate(over="ignore"):
        mean = finite.mean(dtype=float)
    span = f"{number(finite.min())} … {number(finite.max())}, mean {number(mean)}"
    return f"{span}; {warning}" if warning else span


def plain(values: Any) -> str:
    """Return an array on one line of plain text."""
    array = np.asarray(values)
    if not small(array):
        return summary(array)
    if array.ndim == 0:
        return number(array[()])
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    inner = "; ".join(", ".join(number(v) for v in row) for row in rows.tolist())
    return f"[{inner}]"


def _parameter(value: Any) -> str:
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, np.ndarray):
        return plain(value)
    if isinstance(value, tuple):
        inside = ", ".join(_parameter(part) for part in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop, value.step)]
        return ":".join(ends if ends[2] else ends[:2])
    if callable(value):  # its repr has an address
        return str(getattr(value, "__name__", type(value).__name__))
    return "…" if value is Ellipsis else repr(value)


def operation(node: Tensor) -> str:
    """Return what stands for the operation that made `node`, as plain text.

    >>> operation(Tensor([[1.0]]) @ Tensor([[2.0]])), operation(Tensor([1.0]).sum(axis=0))
    ('@', 'sum axis=0')
    """
    op = node.op
    if op is None:
        return ""
    name = _SIGNS.get(op.symbol, op.symbol) or op.name
    if name == "⊙" and not node.ndim:
        name = "×"
    given = []
    for key, value in node.params.items():
        if value is None or value is False:
            continue
        said = _parameter(value)
        given.append(f"[{said.strip('()')}]" if key == "key" else f"{key}={said}")
    return _cut(" ".join([name, *given]))


def argument(node: Tensor, index: int) -> str:
    """Return which argument input `index` of `node` is, where order matters."""
    if len(node.inputs) < 2 or node.op is None or node.op.name in _UNORDERED:
        return ""
    return str(index + 1)
