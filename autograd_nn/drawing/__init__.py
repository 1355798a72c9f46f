"""Pictures of graphs."""

from .drawing import draw
from .render import Drawing, DrawingError, GraphvizMissingError

__all__ = ["Drawing", "DrawingError", "GraphvizMissingError", "draw"]
