"""From a graph to a `Picture`: labels, edges, frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..core.tensor import Tensor, plain
from ..formulas import arrays, notation
from . import legend, style, text
from .flows import Flows
from .names import deltas_of, layer_of
from .parts import Edge, Node, Picture
from .view import Group, Use, View


@dataclass
class Options:
    """What is written into a picture.

    Attributes
    ----------
    shapes, values : bool
    flows : Flows or None
        The gradients to be written beside the graph.
    names : dict of Tensor to str
        Every name there is.
    verdicts : mapping of str to list of (str, str)
        Name → what is claimed there (the name itself, or nothing: the value), and the judgement:
        ``"right"``, ``"wrong"``, ``"inherits"``. That of a gradient stands beside its node, which
        it does not mark: the node's value may be right.
    direction : str
    caption, note : str
        Plain text: what the picture shows, and what has been left out.
    legend : bool
    slots : collection of Tensor
        The nodes in which room is left for a value that a page fills in, and for a gradient.
    """

    shapes: bool = True
    values: bool = False
    flows: Flows | None = None
    names: dict[Tensor, str] = field(default_factory=dict)
    verdicts: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)
    direction: str = "TB"
    caption: str = ""
    note: str = ""
    legend: bool = False
    slots: Collection[Tensor] = ()


def picture(view: View, groups: Sequence[Group], options: Options) -> Picture:
    """Return the picture of `view`, its nodes framed in `groups`."""
    ids = {node: f"n{number}" for number, node in enumerate(view.nodes)}
    maker = _Maker(view, options)
    nodes = [maker.node(node, ids[node]) for node in view.nodes]
    edges = [edge for use in view.uses for edge in maker.edges(use, ids)]
    samples, said = _legend(view, nodes, edges) if options.legend else ([], [])
    said += [text.escaped(options.note)] if options.note else []
    beneath = legend.beneath(options.caption, samples, said)
    return Picture(nodes, edges, list(groups), ids, beneath, options.direction)


def _legend(view: View, nodes: list[Node], edges: list[Edge]) -> tuple[list[str], list[str]]:
    """Return what stands for what in a picture of these nodes and edges."""
    kinds, arrows = {node.kind for node in nodes}, {edge.kind for edge in edges}
    samples = [legend.box(kind) for kind in style.KINDS if kind in kinds]
    if len(arrows) > 1:
        looks = [(style.WORDS[kind], style.EDGES[kind]) for kind in style.EDGES if kind in arrows]
        samples += [
            legend.line(words, look.get("color"), 1, "style" in look) for words, look in looks
        ]
    said = ["1, 2 at an arrow: first, second argument"] if any(e.argument for e in edges) else []
    shown = [node for node in view.nodes if node not in view.blocks and node not in view.settled]
    return samples, legend.of_operations(shown) + said


def _small(markup: str, colour: str = style.FAINT) -> str:
    return text.font(markup, 10, colour)


def _slots(shape: tuple[int, ...]) -> list[str]:
    """Return room for a value and a gradient: for a few numbers, or for a heat map."""
    rows, columns = (max(1, n) for n in ((1, 1, *shape)[-2:] if len(shape) != 1 else (1, *shape)))
    few = rows <= 5 and columns <= 3
    width, height = (46 * columns, 12 * rows) if few else (min(120, 8 * columns + 24), 36)
    room = f'FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}" BGCOLOR="{style.SLOT}"'
    cells = [f"<TD {room}></TD>"] * 2
    lines = ["".join(cells)] if width <= 60 else cells
    return [text.table(f"<TR>{line}</TR>") for line in lines]


def _verdict(claim: str, mark: str) -> str:
    """Return a judgement with what it is about, in a box of its own."""
    sign, _, said = style.SIGNS[mark].partition(" ")
    words = " ".join(part for part in (sign, notation.unicode(claim), said) if part)
    inner = text.font(f"<B>{text.escaped(words)}</B>", 11, style.SIGN_INK[mark])
    look = style.MARKS[mark]
    box = f'BORDER="1" COLOR="{look["color"]}" BGCOLOR="{look["fillcolor"]}"'
    return text.table(f"<TR><TD {box}>{inner}</TD></TR>", 2)


class _Maker:
    def __init__(self, view: View, options: Options) -> None:
        self.view = view
        self.options = options
        self.outputs = set(view.outputs)
        self.cut = set(view.cut)
        self.users = Counter(use.tail for use in view.uses)
        self.deltas = deltas_of(view.outputs, options.names) if options.flows else {}

    # -- nodes --------------------------------------------------------------------------------

    def kind(self, node: Tensor) -> str:
        """Return what kind of node it is."""
        if node in self.view.blocks:
            return "fold"
        name = self.options.names.get(node, "")
        if node in self.view.settled:
            return "constant"
        if node.inputs:
            if notation.is_gradient(name):
                return "gradient"
            return "result" if node in self.outputs else "operation"
        if node in self.outputs and node.op is not None:
            return "result"
        if node.requires_grad or layer_of(name):
            return "parameter"
        return "input" if name else "constant"

    def name(self, node: Tensor) -> str:
        """Return the name as markup; of a repeated node the first and the last."""
        name, last = (self.options.names.get(x, "") for x in (node, self.view.last.get(node, node)))
        both = name and last and last != name
        return f"{text.name(name)} … {text.name(last)}" if both else text.name(name)

    def node(self, node: Tensor, id_: str) -> Node:
        """Return the box of `node`."""
        name = self.options.names.get(node, "")
        claims = self.options.verdicts.get(name, ())
        mark = next((mark for claim, mark in claims if claim in ("", name)), "")
        return Node(id_, self.kind(node), self._label(node), self._tooltip(node), mark)

    def _label(self, node: Tensor) -> str:
        rows = self._heading(node)
        if self.options.values and not self._number(node):
            rows.append(self._values(node))
        if node in self.options.slots:
            rows += _slots(node.shape)
        flows = self.options.flows
        if flows is not None and self._tells(node, flows):
            rows.append(self._gradient(node, flows))
        if node in self.cut:
            rows.append(_small("…"))
        name = self.options.names.get(node, "")
        rows += [_verdict(*verdict) for verdict in self.options.verdicts.get(name, ())]
        if len(rows) == 1 and "<TABLE" not in rows[0]:
            return rows[0]
        return text.table("".join(f"<TR><TD>{row}</TD></TR>" for row in rows), padding=1)

    def _number(self, node: Tensor) -> str:
        """Return the one number that a bare constant holds, its label, or nothing."""
        bare = node in self.view.settled or (node.op is None and node not in self.options.names)
        values = np.unique(plain(node)) if bare else np.empty(0)
        return text.matrix(values[0]) if len(values) == 1 else ""

    def _heading(self, node: Tensor) -> list[str]:
        """Return what stands first in a box: name or operation, then the rest of what it is."""
        if node in self.view.blocks:
            said = [self.name(node), text.escaped(arrays.shape(node.shape))]
            below = " &#160; ".join(part for part in said if part)
            label = f"<B>{text.escaped(self.view.blocks[node])}</B>"
            return [label, _small(below)] if below else [label]
        name, number = self.name(node), self._number(node)
        operation = number or (text.escaped(text.operation(node)) if node.inputs else "")
        shape = text.escaped(arrays.shape(node.shape)) if self.options.shapes else ""
        first = f"<B>{name}</B>" if name else operation or "constant"
        second = " &#160; ".join(part for part in (operation if name else "", shape) if part)
        return [first, _small(second)] if second else [first]

    def _values(self, node: Tensor) -> str:
        if arrays.small(plain(node)):
            return text.centred(text.font(text.matrix(plain(node)), 11))
        return _small(text.shown(plain(node)))

    def _tells(self, node: Tensor, flows: Flows) -> bool:
        """Return whether the gradient at a node says more than what flows along its one edge."""
        return node in flows.total and (
            node in self.options.names or node in self.outputs or self.users[node] != 1
        )

    def _gradient(self, node: Tensor, flows: Flows) -> str:
        """Return the gradient at `node`, with what it is called."""
        value = flows.total[node]
        called = self._gradient_name(node)
        if not arrays.small(value):
            return _small(f"{called} {text.shown(value)}", style.BACKWARD_INK)
        parts = (f"{called} =&#160;", text.matrix(value))
        cells = [f"<TD>{text.font(part, 11, style.BACKWARD_INK)}</TD>" for part in parts]
        return text.centred(text.table(f"<TR>{''.join(cells)}</TR>", COLOR=style.BACKWARD_INK))

    def _gradient_name(self, node: Tensor) -> str:
        """Return δ^(l) at z^(l) where it is each sample's own, else ∂J/∂ of the node's name."""
        name = self.options.names.get(node, "")
        outputs = [self.options.names.get(output, "") for output in self.view.outputs]
        if not name or len(outputs) > 1 or not outputs[0]:
            return "gradient"
        if node in self.deltas:
            return text.name(self.deltas[node])
        return f"∂{text.name(outputs[0])}/∂{text.name(name)}"

    def _tooltip(self, node: Tensor) -> str:
        name = notation.unicode(self.options.names.get(node, ""))
        what = text.operation(node) or self.kind(node)
        parts = (name, what, f"shape {node.shape}", str(node.dtype))
        return ", ".join(part for part in parts if part)

    # -- edges --------------------------------------------------------------------------------

    def edges(self, use: Use, ids: Mapping[Tensor, str]) -> list[Edge]:
        """Return the arrow of a use, and that of the gradient through it."""
        tail, head = ids[use.tail], ids[use.head]
        if use.loop:
            return [Edge(tail, head, "loop")]
        found = [Edge(tail, head, "forward", argument=text.argument(use.head, use.argument))]
        flows = self.options.flows
        along = flows.along if flows is not None else {}
        uses = self.view.meant.get(use, [use])
        parts = [along[x.head, x.argument] for x in uses if (x.head, x.argument) in along]
        label = ""
        if (
            flows and parts and len({x.tail for x in uses}) == 1
        ):  # else results of a block, each with its own
            part = sum(parts[1:], parts[0])
            told = (flows.total[x] for x in (use.tail, use.head) if self._tells(x, flows))
            if not any(np.array_equal(part, total) for total in told):
                said = f"<TR><TD>{text.shown(part)}</TD></TR>"
                label = text.table(said, 2, BGCOLOR=style.FLOW, COLOR=style.FLOW_INK)
        return [*found, Edge(tail, head, "backward", label)] if parts else found
