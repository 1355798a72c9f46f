"""The layered picture of a network, and how δ is communicated back through it.

1. `draw_network` draws the network of section 2.4 (figure 10): nodes in layers, +1 biases,
   weights by thickness and sign.
2. With a sample and its target it draws figures 11 and 12: what every δ^(l+1) passes back along
   the weights, with numbers.

Positions are computed here, not by Graphviz: a picture of the same structure is always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_nn.drawing import Drawing, style
from autograd_nn.drawing.dot import statement
from autograd_nn.drawing.legend import beneath, line
from autograd_nn.drawing.text import escaped, font, table
from autograd_nn.formulas.arrays import number

if TYPE_CHECKING:
    from .network import Network

MOST = 8
"""How many nodes a layer may have before it is abbreviated."""

FEW = 4
"""How many nodes of an abbreviated layer are drawn."""

NUMBERED = 4
"""Up to how many nodes in both layers weights are written as numbers."""

_ACROSS, _LEAST_ACROSS, _WIDEST = 3.0, 1.7, 7.4
_RADIUS = 0.34
_CHIP_HEIGHT, _CHIP_WIDTH = 0.29, 0.9
_MANY = 30
_POSITIVE, _NEGATIVE = "#0072b2", style.BACKWARD
_PALE = "#76839080"


class Place(NamedTuple):
    """A node that is drawn: its layer, its number from 1 (0: the +1 bias), where it stands."""

    layer: int
    node: int
    x: float
    y: float

    @property
    def id(self) -> str:
        """The name in the DOT text."""
        return f"l{self.layer}n{self.node}"


class _Sample(NamedTuple):
    """One sample that has gone through the network: values and δ by layer."""

    h: dict[int, Any]
    z: dict[int, Any]
    delta: dict[int, Any]


def _index(letter: str, layer: int, *numbers: int) -> str:
    """Return markup such as w₁₂⁽²⁾."""
    return _letters(letter, layer, ("," if max(numbers) > 9 else "").join(map(str, numbers)))


def _letters(letter: str, layer: int, below: str) -> str:
    """Return a letter with what stands below and the layer above, and a thin space after them."""
    return f"{letter}&#8202;<SUB>{font(below, 7)}</SUB><SUP>{font(f'({layer})', 7)}</SUP>&#8201;"


def _shown(size: int, most: int, wanted: int | None) -> list[int]:
    """Return the numbers of the nodes that are drawn, `wanted` among them."""
    if size <= most:
        return list(range(1, size + 1))
    first = list(range(1, min(most, FEW)))
    if wanted is not None and wanted not in (*first, size):
        first[-1] = wanted
    return [*first, size]


class _Picture:
    """The picture under way."""

    def __init__(
        self, net: Network, sample: _Sample | None, weights: bool, node: Any, most: int
    ) -> None:
        self.net = net
        self.sample = sample
        self.weights = weights
        self.node = node
        self.most = most
        self.back = sample is not None and bool(sample.delta)
        self.layers = range(1, net.n_layers + 1)
        self.shown = {
            l: _shown(net.structure[l - 1], most, node[1] if node and node[0] == l else None)
            for l in self.layers
        }
        # where every line has its number, a zero may go without
        self.sparing = not node and all(map(self._numbered, self.layers[:-1]))
        ends = [len(self.shown[l + 1]) + 1 for l in self.layers if self._numbered(l) and not node]
        wide = _CHIP_WIDTH if weights else _CHIP_WIDTH - 0.2
        self.gap = max([0.85, *(_CHIP_HEIGHT * end for end in ends)])
        usual = min(_ACROSS, max(_LEAST_ACROSS, _WIDEST / (net.n_layers - 1)))
        self.across = max([usual, *(end * (wide / 2 + _RADIUS + 0.04) for end in ends)])
        self.places = {l: self._column(l) for l in self.layers}
        self.body: list[str] = []

    # -- places -------------------------------------------------------------------------------

    def _numbered(self, l: int) -> bool:
        """Return whether numbers are written on the edges from layer `l`."""
        if not 1 <= l < self.net.n_layers or not (self.weights or self.back):
            return False
        if self.node and not self.back:
            return bool(l == self.node[0] - 1)
        return bool(max(self.net.structure[l - 1 : l + 1]) <= NUMBERED)

    def _bias(self, l: int) -> bool:
        return l < self.net.n_layers and not self.back

    def _column(self, l: int) -> list[Place]:
        nodes = [*self.shown[l], *([0] if self._bias(l) else [])]
        rows = self._rows(l)
        top = self.gap * (rows[-1]) / 2
        return [
            Place(l, node, self.across * (l - 1), top - self.gap * row)
            for node, row in zip(nodes, rows, strict=True)
        ]

    def _rows(self, l: int) -> list[float]:
        """Return the row of every node, with room for the dots where nodes are left out."""
        shown = self.shown[l]
        rows: list[float] = [float(i) for i in range(len(shown))]
        if self._abbreviated(l):
            rows[-1] += 0.6
        return [*rows, rows[-1] + 1] if self._bias(l) else rows

    def _abbreviated(self, l: int) -> bool:
        return self.net.structure[l - 1] > len(self.shown[l])

    # -- writing ------------------------------------------------------------------------------

    def text(self, id_: str, x: float, y: float, markup: str, **attributes: str) -> None:
        """Write `markup` at a place."""
        given = {"shape": "plaintext", "style": "", "fontsize": "11", "fontcolor": style.LINE}
        self.body.append(
            statement(id_, {"label": markup, "pos": f"{x:.3f},{y:.3f}!", **given, **attributes})
        )

    def draw(self) -> list[str]:
        """Return the body of the DOT text."""
        top = max(place.y for column in self.places.values() for place in column) + 0.72
        for l in self.layers:
            said = f"{self._kind(l)} layer"
            if self._abbreviated(l):
                said = f"{self.net.structure[l - 1]} nodes"
            self.text(f"title{l}", self.across * (l - 1), top, f"<B>layer {l}</B><BR/>{said}")
            for place in self.places[l]:
                self._node(place)
            if self._abbreviated(l):
                above = self.places[l][len(self.shown[l]) - 2 :][:2]
                middle = (above[0].y + above[1].y) / 2
                self.text(f"dots{l}", above[0].x, middle, "⋮", fontsize="16")
        for l in self.layers[:-1]:
            self._edges(l)
        if self.node is not None and self.back:
            self._sum(*self.node)
        return [f"\t{line}" for line in self.body]

    def _kind(self, l: int) -> str:
        return "input" if l == 1 else "output" if l == self.net.n_layers else "hidden"

    def _node(self, place: Place) -> None:
        l, j = place.layer, place.node
        like = {"input": "input", "hidden": "operation", "output": "result"}[self._kind(l)]
        look = style.KINDS[like if j else "constant"]
        attributes = {
            "pos": f"{place.x:.3f},{place.y:.3f}!", "shape": "circle",
            "style": "filled" if j else "filled,dashed", "fillcolor": look["fillcolor"],
            "color": look["color"], "width": f"{2 * _RADIUS}", "fixedsize": "true",
        }  # fmt: skip
        label = self._name(l, j) if j else "+1"
        if self.node == (l, j):
            attributes |= {"color": style.BACKWARD, "penwidth": "3"}
        self.body.append(statement(place.id, {"label": label, **attributes}))

    def _name(self, l: int, j: int) -> str:
        """Return what stands in a node: its name, and its value where there is one."""
        name = _index("h", l, j) if l > 1 else f"x<SUB>{font(str(j), 8)}</SUB>"
        if self.sample is None:
            return name
        value = self.sample.h[l][j - 1]
        if self.back and l > 1:
            name = f'<FONT COLOR="{style.BACKWARD_INK}">{_index("δ", l, j)}</FONT>'
            value = self.sample.delta[l][j - 1]
        return _stacked(name, font(escaped(_compact(value)), 9))

    # -- edges --------------------------------------------------------------------------------

    def _edges(self, l: int) -> None:
        """Draw the weights from layer `l` to the next."""
        targets = [place for place in self.places[l + 1] if place.node]
        W, b = self.net.W[l], self.net.b[l]
        largest = max(float(np.abs(W).max()), float(np.abs(b).max())) or 1.0
        plain = {} if len(targets) * len(self.places[l]) <= _MANY else {"color": _PALE}
        for source in self.places[l]:
            for target in targets:
                j, i = source.node, target.node
                weight = float(W[i - 1, j - 1] if j else b[i - 1, 0])
                if self.back:
                    self._passed_back(source, target, weight, len(targets))
                    continue
                if self.node not in (None, (l + 1, i)):
                    self._arrow(source, target, {"color": _PALE})
                    continue
                self._arrow(source, target, self._by_value(weight, largest) or plain)
                if self._numbered(l) and self.weights and (weight or not self.sparing):
                    name = _index("w", l, i, j) if j else _index("b", l, i)
                    self._chip(source, target, len(targets), f"{name}= {_short(weight)}")

    def _arrow(self, source: Place, target: Place, attributes: dict[str, str]) -> None:
        self.body.append(statement(f"{source.id} -> {target.id}", attributes))

    def _by_value(self, weight: float, largest: float) -> dict[str, str]:
        """Return thickness by size, colour and dashes by sign, where weights are shown."""
        if not self.weights:
            return {}
        width = f"{0.4 + 3.2 * abs(weight) / largest:.2f}"
        if weight < 0:
            return {"color": _NEGATIVE, "penwidth": width, "style": "dashed"}
        return {"color": _POSITIVE, "penwidth": width}

    def _passed_back(self, source: Place, target: Place, weight: float, targets: int) -> None:
        """Draw what δ of `target` contributes to `source`, as an arrow backwards."""
        assert self.sample is not None  # noqa: S101 - δ is drawn of a sample
        if source.layer == 1 or self.node not in (None, (source.layer, source.node)):
            self._arrow(source, target, {"color": _PALE})
            return
        attributes = {"dir": "back", "color": style.BACKWARD, "style": "dashed"}
        if self.node is not None:
            attributes["penwidth"] = "2"
        self._arrow(source, target, attributes)
        if self._numbered(source.layer):
            delta = float(self.sample.delta[target.layer][target.node - 1])
            said = _short(weight * delta)
            if self.node is not None:
                said = f"{_short(weight)} · {_bracketed(delta)}"
            self._chip(source, target, targets, escaped(said), style.FLOW_INK)

    def _chip(
        self, source: Place, target: Place, targets: int, said: str, ink: str = style.INK_ON_CHIP
    ) -> None:
        """Write markup on an edge, where no other edge's number stands.

        At the share 1/(targets + 1) of the way from one column to the next, the edges of one
        source and those of the next never meet. Alone, a node's edges have theirs in the middle.
        """
        share = 1 / (targets + 1) if self.node is None else 0.5
        x = source.x + share * (target.x - source.x)
        y = source.y + share * (target.y - source.y)
        self.text(
            f"{source.id}to{target.node}", x, y, said, shape="box", style="filled",
            fillcolor=style.CHIP, color=f"{style.CHIP}00", fontsize="9", fontcolor=ink,
            margin="0.05,0.01", width="0.1", height="0.13",
        )  # fmt: skip

    def explained(self) -> tuple[list[str], list[str]]:
        """Return samples of the lines, and what else is to be said."""
        samples, said = [], []
        if self.weights and not self.back:
            samples = [
                line("positive weight", _POSITIVE, 2),
                line("negative weight", _NEGATIVE, 2, dashed=True),
            ]
            said = ["the thicker a line, the larger its weight"]
            said += ["pale: the weights to other nodes"] if self.node else []
            every = [*self.net.W.values(), *self.net.b.values()]
            if self.sparing and any((part == 0).any() for part in every):
                said.append("a line without a number: 0")
        if self.back:
            samples = [line("passed back: weight · δ", _NEGATIVE, dashed=True)]
        elif self._bias(1):
            said.append("+1: always 1, so the lines from it are biases")
        if self.sample is not None:
            said.append("under a name: its value")
        return samples, said

    def _sum(self, l: int, j: int) -> None:
        """Write the sum of section 4.6 for one node beneath, with its numbers."""
        assert self.sample is not None  # noqa: S101 - δ is drawn of a sample
        low = min(place.y for column in self.places.values() for place in column) - 0.75
        W, delta = self.net.W[l][:, j - 1], self.sample.delta[l + 1]
        slope = float(self.net.activations[l].f_prime(self.sample.z[l][j - 1]))
        rows = range(1, len(delta) + 1)
        if len(delta) > 3:
            words = f"Σ<SUB>i</SUB> {_letters('w', l, f'i{j}')} {_letters('δ', l + 1, 'i')}"
            figures = _short(float(W @ delta))
        else:
            words = " + ".join(f"{_index('w', l, i, j)} {_index('δ', l + 1, i)}" for i in rows)
            figures = " + ".join(
                f"{_bracketed(W[i - 1])} · {_bracketed(delta[i - 1])}" for i in rows
            )
        result = _short(float(self.sample.delta[l][j - 1]))
        text = _stacked(
            f"{_index('δ', l, j)} = ({words}) · f′({_index('z&#8201;', l, j)})",
            f"= ({figures}) · {_short(slope)} = {result}",
        )
        across = self.across * (self.net.n_layers - 1) / 2
        self.text("sum", across, low, text, fontsize="12")


def _short(value: Any) -> str:
    """Return a number in three digits."""
    return number(float(f"{float(value):.3g}"))


def _compact(value: Any) -> str:
    """Return a number that fits into a node."""
    if value and abs(value) < 0.001:
        digits, _, power = f"{float(value):.1e}".partition("e")
        return f"{digits}e{int(power)}".replace("-", "−")
    return _short(value)


def _stacked(above: str, below: str) -> str:
    """Return two lines, far enough apart for the subscripts of the upper one."""
    upper = f'<TR><TD HEIGHT="20" VALIGN="TOP">{above}</TD></TR>'
    return table(f"{upper}<TR><TD>{below}</TD></TR>")


def _bracketed(value: Any) -> str:
    said = _short(value)
    return f"({said})" if said.startswith("−") else said


def _through(net: Network, x: Any, y: Any) -> _Sample:
    """Return one sample's values and, with a target, its δ."""
    columns = net.columns(x)
    if columns.shape[1] != 1:
        raise ValueError(
            f"x holds {columns.shape[1]} samples, and a picture shows one: pass x[:, k]"
        )
    z, h = net.layers(columns)
    found = net.deltas(columns, net.columns(y, "y")) if y is not None else {}
    return _Sample(
        {l: np.ravel(t.numpy()) for l, t in h.items()},
        {l: np.ravel(t.numpy()) for l, t in z.items()},
        {l: np.ravel(delta) for l, delta in found.items()},
    )


def draw_network(
    net: Network,
    x: Any = None,
    y: Any = None,
    *,
    weights: bool = False,
    node: Sequence[int] | None = None,
    most: int = MOST,
    caption: str = "",
    legend: bool = True,
    format: str = "svg",  # noqa: A002 - the name it has in graphviz
    backend: str = "auto",
) -> Drawing:
    """Return the layered picture of `net` (figure 10), or of what flows back (figures 11, 12).

    Parameters
    ----------
    net : Network
    x : array_like, shape (s_1,), optional
        A sample; its h_j^(l) are written into the nodes.
    y : array_like, shape (s_{n_l},), optional
        Its target. Then δ_j^(l) is written into the nodes, and on every edge backwards what is
        communicated along it: w_ij^(l) δ_i^(l+1) (section 4.6).
    weights : bool
        Show the weights: thickness by size, blue or dashed vermilion by sign, and as numbers
        where both layers have no more than `NUMBERED` nodes.
    node : (l, j), optional
        With `x` and `y`: only what node j of the hidden layer l receives, with the sum beneath.
        With `weights`: only the weights to node j of layer l, as numbers; the others are pale.
    most : int
        Layers of more nodes are abbreviated: `FEW` of them are drawn.
    caption : str
        Written beneath, as plain text.
    legend : bool
        Say beneath what lines and numbers mean.
    format, backend : str
        As in ``autograd_nn.draw``.

    Returns
    -------
    Drawing
        A ``graphviz.Digraph``.

    Raises
    ------
    ValueError
        If `x` or `y` does not fit or holds several samples, or there is no such `node`.

    Examples
    --------
    >>> from nets import Network
    >>> picture = draw_network(Network([3, 3, 1], seed=0))
    >>> picture.source.count("->")  # 3·3 weights, 3 biases; 3 weights, 1 bias
    16
    """
    if y is not None and x is None:
        raise ValueError("a target y needs its sample x")
    if most < 3:
        raise ValueError(f"most is a number from 3 on; got {most!r}")
    chosen = None if node is None else (int(node[0]), int(node[1]))
    if chosen is not None:
        l, j = chosen
        if y is None and not weights:
            raise ValueError("node shows what δ it receives, which needs x and y, or its weights")
        last, kind = (net.n_layers, "") if y is None else (net.n_layers - 1, "hidden ")
        if not 2 <= l <= last or not 1 <= j <= net.structure[l - 1]:
            raise ValueError(
                f"node is (l, j) of a {kind}layer, l from 2 to {last}, j from 1 to the nodes of "
                f"that layer; got {chosen}"
            )
    sample = None if x is None else _through(net, x, y)
    picture = _Picture(net, sample, weights, chosen, most)
    said = beneath(caption, *(picture.explained() if legend else ()))
    return Drawing(
        "network",
        body=picture.draw(),
        graph_attr={
            **style.GRAPH,
            "splines": "line",
            "outputorder": "edgesfirst",
            **({"label": f"<{said}>", "labelloc": "b"} if said else {}),
        },
        node_attr={**style.NODE, "margin": "0"},
        edge_attr={**style.EDGE, "arrowsize": "0.6"},
        engine="neato",
        format=format,
        backend=backend,
    )
