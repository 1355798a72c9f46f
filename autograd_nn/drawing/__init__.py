"""Pictures of graphs."""

from .drawing import LargeGraphWarning, draw
from .render import Drawing, DrawingError, GraphvizMissingError

__all__ = ["Drawing", "DrawingError", "GraphvizMissingError", "LargeGraphWarning", "draw"]
