"""`draw`: one call from a recorded graph to its picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .build import Options, picture
from .dot import written
from .flows import Flows
from .layers import layered
from .render import Drawing
from .sources import names_of, outputs_of
from .view import shortened, whole

LIMIT = 300
"""The most nodes that are laid out unless asked for: more take seconds, thousands take minutes."""

DIRECTIONS = ("TB", "LR", "BT", "RL")


def draw(
    what: Any,
    *args: Any,
    gradients: bool = False,
    values: bool = False,
    shapes: bool = True,
    names: Mapping[str, Any] | None = None,
    layers: bool = True,
    depth: int | None = None,
    limit: int | None = LIMIT,
    marks: Mapping[str, str] | None = None,
    direction: str = "TB",
    format: str = "svg",  # noqa: A002 - the name it has in graphviz
    backend: str = "auto",
) -> Drawing:
    """Return the picture of the graph of `what`, a ``graphviz.Digraph``."""
    outputs = outputs_of(what, args)
    view = whole(outputs)
    if depth is not None:
        view = shortened(view, depth)
    options = Options(
        shapes,
        values,
        Flows(outputs) if gradients else None,
        names_of(outputs, names),
        marks or {},
        direction,
    )
    groups = layered(view, options.names) if layers else []
    return written(picture(view, groups, options), backend, format)
