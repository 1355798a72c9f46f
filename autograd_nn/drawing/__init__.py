"""Pictures of graphs.

1. `draw` makes a picture, a ``graphviz.Digraph``.
2. `explore` makes a page that steps through a graph, forward and backward.
"""

from . import style
from .explorer import Page, explore
from .pictures import LargeGraphWarning, draw
from .render import Drawing, DrawingError, GraphvizMissingError

__all__ = [
    "Drawing",
    "DrawingError",
    "GraphvizMissingError",
    "LargeGraphWarning",
    "Page",
    "draw",
    "explore",
    "style",
]
