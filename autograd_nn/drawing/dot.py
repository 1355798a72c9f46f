"""Writing a `Picture` as DOT."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.tensor import Tensor
from . import style
from .parts import Edge, Node, Picture
from .render import Drawing
from .view import Group


def statement(head: str, attributes: dict[str, str]) -> str:
    """Return a line of DOT. Values that are markup are put in <…>, all others are quoted."""
    inner = " ".join(f"{key}={_value(key, value)}" for key, value in attributes.items())
    return f"{head} [{inner}]\n" if inner else f"{head}\n"


def _value(key: str, value: str) -> str:
    return f"<{value}>" if key.endswith("label") else _quoted(value)


def _quoted(text: str) -> str:
    text = text if len(text) <= 2000 else f"{text[:2000]}…"  # Graphviz reads 16384 bytes at most
    # A backslash begins one of Graphviz' escapes, however often it is doubled; & an entity.
    safe = text.replace("\\", "∖").replace("&", "&amp;").replace('"', '\\"')
    return f'"{safe}"'


def _node(node: Node) -> str:
    attributes = {"label": node.label, **style.KINDS[node.kind]}
    if node.mark:
        attributes |= style.MARKS[node.mark]
    if node.tooltip:
        attributes["tooltip"] = node.tooltip
    return statement(node.id, {**attributes, "id": node.id})


def _edge(edge: Edge, number: int, downward: bool) -> str:
    attributes = dict(style.EDGES[edge.kind])
    if edge.label:
        attributes["label"] = edge.label
    if edge.argument:
        attributes["headlabel"] = edge.argument
        if not downward:  # arrows of other layers may come steeply, past the node's own side
            attributes |= {"labelangle": "22", "labeldistance": "1.6"}
        elif edge.argument != "1":
            attributes["labelangle"] = "-35"  # to the right of its arrow, the first to the left
    return statement(f"{edge.tail} -> {edge.head}", {**attributes, "id": f"e{number}"})


def _frame(group: Group, nodes: dict[Tensor, str], path: str) -> Iterable[str]:
    yield f"subgraph {path} {{\n"
    for key, value in {"label": group.label, **style.CLUSTERS[group.kind]}.items():
        yield f"\t{key}={_value(key, value)}\n"
    for node in group.nodes:
        yield f"\t{nodes.pop(node)}"
    for number, inner in enumerate(group.groups):
        for line in _frame(inner, nodes, f"{path}_{number}"):
            yield f"\t{line}"
    yield "}\n"


def written(picture: Picture, backend: str = "auto", output: str = "svg") -> Drawing:
    """Return `picture` as a `Drawing`."""
    nodes = dict(zip(picture.ids, map(_node, picture.nodes), strict=True))
    body: list[str] = []
    for number, group in enumerate(picture.groups):
        body += [f"\t{line}" for line in _frame(group, nodes, f"cluster_{number}")]
    body += [f"\t{line}" for line in nodes.values()]
    downward = picture.direction in ("TB", "BT")
    body += [f"\t{_edge(edge, number, downward)}" for number, edge in enumerate(picture.edges)]
    graph = {"rankdir": picture.direction, **style.GRAPH}
    if picture.caption:
        graph |= {"label": f"<{picture.caption}>", "labelloc": "b"}
    return Drawing(
        "graph", body=body, graph_attr=graph, node_attr=style.NODE, edge_attr=style.EDGE,
        format=output, backend=backend,
    )  # fmt: skip
