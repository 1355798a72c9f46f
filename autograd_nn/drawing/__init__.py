"""Pictures of graphs."""

from . import style
from .drawing import LargeGraphWarning, draw
from .render import Drawing, DrawingError, GraphvizMissingError

__all__ = ["Drawing", "DrawingError", "GraphvizMissingError", "LargeGraphWarning", "draw", "style"]
