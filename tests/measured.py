"""An SVG of Graphviz, measured: where its texts and nodes are, and how large its letters.

Letters are as wide as Helvetica's and Arial's, by the table that comes with Matplotlib; those that
it lacks are as wide as in DejaVu Sans.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import matplotlib
from matplotlib.path import Path as Outline
from matplotlib.transforms import Bbox
from PIL import ImageFont

_SVG = "{http://www.w3.org/2000/svg}"
_DATA = Path(matplotlib.get_data_path(), "fonts")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Box(NamedTuple):
    """What takes room: whose it is, what it says, its sides, and a polygon's own outline."""

    owner: str
    said: str
    left: float
    top: float
    right: float
    bottom: float
    shape: Any = None

    def meets(self, other: Box, slack: float) -> bool:
        """Return whether the two share a place, one `slack` deep at least."""
        if other.shape is not None:
            inner = [self.left + slack, self.top + slack, self.right - slack, self.bottom - slack]
            return bool(other.shape.intersects_bbox(Bbox.from_extents(*inner)))
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > slack and down > slack


@functools.cache
def _widths(bold: bool) -> dict[str, float]:
    """Return the widths of Helvetica's letters, in a thousandth of their size."""
    text = (_DATA / "afm" / f"phv{'b' if bold else 'r'}8a.afm").read_text(encoding="latin-1")
    found = re.findall(r"^C (\d+) ; WX (\d+)", text, re.MULTILINE)
    return {chr(int(code)): float(width) for code, width in found if int(code) < 127}


@functools.cache
def _fallback(letter: str) -> float:
    return float(ImageFont.truetype(_DATA / "ttf" / "DejaVuSans.ttf", 1000).getlength(letter))


def width(said: str, size: float, bold: bool = False) -> float:
    """Return how wide a text is."""
    widths = _widths(bold)
    shown = said.replace("\u2060", "")
    return sum(widths[c] if c in widths else _fallback(c) for c in shown) * size / 1000


class Measured:
    """An SVG file, measured in points.

    Attributes
    ----------
    width : float
    sizes : list of float
        Of all letters.
    nodes : list of Box
        Those with an outline.
    texts : list of Box
    """

    def __init__(self, path: Path) -> None:
        root = ElementTree.parse(path).getroot()  # noqa: S314 - our own picture
        self.width = float(root.get("width", "").removesuffix("pt"))
        self.sizes: list[float] = []
        self.nodes: list[Box] = []
        self.texts: list[Box] = []
        for g in root.iter(f"{_SVG}g"):
            if g.get("class"):
                self._group(g)

    def _group(self, g: ElementTree.Element) -> None:
        owner = g.findtext(f"{_SVG}title") or ""
        inside = [x for x in _until_a_group(g) if x.tag.startswith(_SVG)]
        if g.get("class") == "node":
            outlines = [_outline(x, owner) for x in inside]
            self.nodes += [box for box in outlines if box is not None][:1]
        self.texts += [self._text(x, owner) for x in inside if x.tag == f"{_SVG}text"]

    def _text(self, x: ElementTree.Element, owner: str) -> Box:
        said, size = x.text or "", float(x.get("font-size", ""))
        if said.strip("\u2060\u200a\u2009\xa0 "):
            self.sizes.append(size)
        wide = width(said, size, x.get("font-weight") == "bold")
        share = {"middle": 0.5, "end": 1.0}.get(x.get("text-anchor", "start"), 0.0)
        left, base = float(x.get("x", "")) - share * wide, float(x.get("y", ""))
        bare = said.strip("\u2060\u200a\u2009\xa0 ")  # spaces take no room
        before = said[: said.index(bare)] if bare else ""
        left, wide = left + width(before, size), width(bare, size, x.get("font-weight") == "bold")
        base += {"sub": 0.2, "super": -0.4}.get(x.get("baseline-shift", ""), 0.0) * size
        return Box(owner, bare, left, base - 0.72 * size, left + wide, base + 0.05 * size)

    def overlaps(self, slack: float = 1.5) -> Iterator[str]:
        """Yield which texts and nodes stand in each other's place."""
        owners = {node.owner for node in self.nodes}
        free = [text for text in self.texts if text.owner not in owners]
        pairs = itertools.chain(
            itertools.combinations(self.nodes, 2),
            itertools.combinations([text for text in self.texts if text.said], 2),
            itertools.product(free, self.nodes),
        )
        for a, b in pairs:
            if a.meets(b, slack):
                yield f"{a.said or a.owner} and {b.said or b.owner}"

    def outside(self, slack: float = 1.5) -> Iterator[str]:
        """Yield the texts that do not fit into their node."""
        nodes = {node.owner: node for node in self.nodes}
        for text in self.texts:
            node = nodes.get(text.owner)
            if node is not None and not (
                node.left - slack < text.left and text.right < node.right + slack
            ):
                yield f"{text.said} in {text.owner}"


def _until_a_group(g: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield what is in a group of SVG and in no group of its own kind within it."""
    for x in g:
        yield x
        if x.get("class") is None:
            yield from _until_a_group(x)


def _outline(x: ElementTree.Element, owner: str) -> Box | None:
    if x.tag == f"{_SVG}ellipse":
        cx, cy, rx, ry = (float(x.get(key, "")) for key in ("cx", "cy", "rx", "ry"))
        return Box(owner, "", cx - rx, cy - ry, cx + rx, cy + ry)
    numbers = [float(n) for n in _NUMBER.findall(x.get("points") or x.get("d") or "")]
    if not numbers or x.tag not in (f"{_SVG}polygon", f"{_SVG}path"):
        return None
    across, down = numbers[::2], numbers[1::2]
    shape = Outline(list(zip(across, down, strict=True))) if x.tag.endswith("polygon") else None
    return Box(owner, "", min(across), min(down), max(across), max(down), shape)
