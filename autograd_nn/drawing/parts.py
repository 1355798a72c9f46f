"""What a picture of a graph consists of, before it is written as DOT.

Everything is plain data in a fixed order: nodes are numbered n0, n1, … as they are listed, and
the same computation gives the same picture in every process. Labels are Graphviz' HTML-like
markup, escaped where they were made; tooltips are plain text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.tensor import Tensor
from .view import Group


@dataclass
class Node:
    """A box of the picture.

    Attributes
    ----------
    id : str
        n0, n1, …
    kind : str
        A key of ``style.KINDS``: input, parameter, constant, operation, result, gradient, fold.
    label : str
        Markup.
    tooltip : str
        Plain text, shown where the mouse rests.
    mark : str
        ``"right"``, ``"wrong"``, ``"inherits"`` or nothing.
    """

    id: str
    kind: str
    label: str
    tooltip: str = ""
    mark: str = ""


@dataclass
class Edge:
    """An arrow from a node to one that uses it, once for every use.

    Attributes
    ----------
    tail, head : str
        Ids of nodes.
    kind : str
        A key of ``style.EDGES``: forward, backward, or loop (to the next repetition of a fold).
    label : str
        Markup, beside the arrow.
    argument : str
        Which argument it is, beside the arrow's head; nothing where order does not matter.
    """

    tail: str
    head: str
    kind: str = "forward"
    label: str = ""
    argument: str = ""


@dataclass
class Picture:
    """A whole picture.

    Attributes
    ----------
    groups : list of Group
        Frames around nodes.
    ids : dict of Tensor to str
        The id of the node that shows it.
    caption : str
        Markup beneath it.
    direction : str
        Graphviz' ``rankdir``: TB, LR, BT or RL.
    """

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    ids: dict[Tensor, str] = field(default_factory=dict)
    caption: str = ""
    direction: str = "TB"
