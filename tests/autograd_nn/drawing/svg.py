"""Reading a picture back."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from autograd_nn.drawing import Drawing

_SVG = "{http://www.w3.org/2000/svg}"


def _said(text: str | None) -> str:
    return (text or "").replace("\u2060", "").replace("\u200a", "").strip()


class Read:
    """What an SVG file shows.

    Attributes
    ----------
    texts : dict of str to list of str
        For every node, by its id, the pieces of text in it.
    edges : Counter of str
        ``"n0->n1"`` and how many arrows there are between them.
    """

    def __init__(self, picture: Drawing) -> None:
        self.root = ElementTree.fromstring(picture.pipe("svg"))  # noqa: S314 - our own picture
        self.texts: dict[str, list[str]] = {}
        self.edges: Counter[str] = Counter()
        for g in self.root.iter(f"{_SVG}g"):
            title = g.findtext(f"{_SVG}title") or ""
            if g.get("class") == "node":
                pieces = [_said(t.text) for t in g.iter(f"{_SVG}text")]
                self.texts[title] = [piece for piece in pieces if piece]
            elif g.get("class") == "edge":
                self.edges[title] += 1

    def tags(self) -> set[str]:
        """Return the names of all elements."""
        return {element.tag.removeprefix(_SVG) for element in self.root.iter()}

    def node(self, *pieces: str) -> str:
        """Return the id of the only node that holds all of `pieces`."""
        (found,) = [id_ for id_, texts in self.texts.items() if set(pieces) <= set(texts)]
        return found
