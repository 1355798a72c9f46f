"""The legend beneath a picture: what its colours, dashes, widths and signs mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import style, text


def box(kind: str) -> str:
    """Return a sample of a kind of node, with its word."""
    look = style.KINDS[kind]
    drawn = [part.upper() for part in look["style"].split(",") if part in ("dashed", "rounded")]
    lines = f'STYLE="{",".join(drawn)}" ' if drawn else ""
    width = look.get("peripheries", "1")
    return _entry(
        f'{lines}BORDER="{width}" COLOR="{look["color"]}" BGCOLOR="{look["fillcolor"]}" '
        'WIDTH="16" HEIGHT="10"',
        style.WORDS[kind],
    )


def line(words: str, color: str | None = None, width: float = 1, dashed: bool = False) -> str:
    """Return a sample of a line, with words."""
    look = f'COLOR="{color or style.LINE}"' + (' STYLE="DASHED"' if dashed else "")
    return _entry(f'BORDER="{width:g}" SIDES="B" {look} WIDTH="22" HEIGHT="{width + 4:g}"', words)


def _entry(look: str, words: str) -> str:
    sample = text.table(f'<TR><TD FIXEDSIZE="TRUE" {look}></TD></TR>')
    return f'<TD>{sample}</TD><TD ALIGN="LEFT">{text.escaped(words)} &#160;</TD>'


def beneath(caption: str, samples: Sequence[str] = (), said: Sequence[str] = ()) -> str:
    """Return a caption (plain text), samples in rows and lines of markup, as one table."""
    columns = 3 if len(samples) < 7 else 4
    rows = ["".join(samples[i : i + columns]) for i in range(0, len(samples), columns)]
    parts = [f"<B>{text.escaped(words)}</B>" for words in caption.splitlines()]
    if rows:
        table = text.table("".join(f"<TR>{row}</TR>" for row in rows), 2)
        parts.append(text.centred(text.font(table, 10)))
    parts += [text.font(words, 10) for words in said]
    return text.table("".join(f"<TR><TD>{part}</TD></TR>" for part in parts), 2) if parts else ""


def of_operations(nodes: Iterable[Any]) -> list[str]:
    """Return what the signs of these nodes' operations mean, where they are not at school."""
    found: dict[str, str] = {}
    for node in nodes:
        sign, op = text.sign(node), node.op
        if op is not None and op.symbol and op.words and sign not in "+−×/":
            found[sign] = op.words.format("a", "b")
    return [f"a {text.escaped(sign)} b: {words}" for sign, words in found.items()]
