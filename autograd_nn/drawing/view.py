"""What is shown of a graph: its nodes in order, one use for every argument, and groups.

1. `View` holds that; `whole` makes the one that shows everything.
2. `shortened` cuts it off some steps before the outputs; `collapsed` shows groups as one node;
   `settled` leaves out how constants were worked out, and changes of shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ..core.graph import topological_order
from ..core.tensor import Tensor


class Use(NamedTuple):
    """That `head` takes `tail` as its argument `argument`, from 0.

    A loop leads from a block that is repeated to its next repetition.
    """

    tail: Tensor
    head: Tensor
    argument: int
    loop: bool = False


@dataclass(eq=False)  # == on Tensors compares elements
class Group:
    """Nodes that stand in a frame, with what is written on it (markup)."""

    label: str
    nodes: list[Tensor]
    kind: str = "layer"
    groups: list[Group] = field(default_factory=list)

    def all(self) -> Iterator[Group]:
        """Yield the group and all groups within it, each before those within."""
        yield self
        for group in self.groups:
            yield from group.all()

    def members(self) -> list[Tensor]:
        """Return the nodes of the group and of the groups within it."""
        return [node for group in self.all() for node in group.nodes]


@dataclass(eq=False)
class View:
    """A graph as it is to be shown.

    Attributes
    ----------
    nodes : list of Tensor
        What is shown, inputs first.
    uses : list of Use
    outputs : list of Tensor
    folds : list of Group
        Blocks that stand for several, outermost first; a block within a block is in its `groups`.
    last : dict of Tensor to Tensor
        For a node of such a block, the one in the last repetition.
    hidden : int
        How many nodes are not shown.
    cut : list of Tensor
        Shown nodes whose inputs are not.
    blocks : dict of Tensor to str
        For a node that stands for a whole group, what is written on it.
    meant : dict of Use to list of Use
        For a use at such a node, those of the graph that it stands for.
    settled : set of Tensor
        Results that depend on bare numbers only, shown as the constants that they are.
    """

    nodes: list[Tensor]
    uses: list[Use]
    outputs: list[Tensor]
    folds: list[Group] = field(default_factory=list)
    last: dict[Tensor, Tensor] = field(default_factory=dict)
    hidden: int = 0
    cut: list[Tensor] = field(default_factory=list)
    blocks: dict[Tensor, str] = field(default_factory=dict)
    meant: dict[Use, list[Use]] = field(default_factory=dict)
    settled: Collection[Tensor] = ()

    def sources(self) -> dict[Tensor, list[Tensor]]:
        """Return the shown inputs of each node that has any, in their order."""
        found: dict[Tensor, list[Tensor]] = {}
        for use in self.uses:
            if not use.loop:
                found.setdefault(use.head, []).append(use.tail)
        return found

    def reduced(self, nodes: list[Tensor], uses: Iterable[Use], **changed: Any) -> View:
        """Return the view with `nodes` alone, all others hidden."""
        hidden = self.hidden + len(self.nodes) - len(nodes)
        return replace(self, nodes=nodes, uses=list(uses), hidden=hidden, **changed)

    def merged(self, stands: dict[Tensor, Tensor], uses: Iterable[Use], **changed: Any) -> View:
        """Return the view without the nodes that others stand for, its ends at the others."""
        nodes = [node for node in self.nodes if stands.get(node, node) is node]
        outputs = list(dict.fromkeys(stands.get(output, output) for output in self.outputs))
        return self.reduced(nodes, uses, outputs=outputs, **changed)


def whole(outputs: Sequence[Tensor]) -> View:
    """Return the view that shows all that `outputs` depend on."""
    nodes = topological_order(outputs)
    uses = [Use(x, node, index) for node in nodes for index, x in enumerate(node.inputs)]
    return View(nodes, uses, list(outputs))


def shortened(view: View, depth: int | None = None, most: int | None = None) -> View:
    """Return `view` without what is more than `depth` steps, or the `most` nodes, from the end."""
    sources = view.sources()
    near = dict.fromkeys(view.outputs, 0)
    queue = list(near)
    for node in queue:  # grows while it is walked: breadth first
        if depth is not None and near[node] >= depth:
            continue
        for x in sources.get(node, ()):
            if x not in near and (most is None or len(near) < most):
                near[x] = near[node] + 1
                queue.append(x)
    nodes = [node for node in view.nodes if node in near]
    uses = [use for use in view.uses if use.tail in near and use.head in near]
    ends = {*view.cut, *(use.head for use in view.uses if not use.loop and use.tail not in near)}
    cut = [node for node in nodes if node in ends]
    return view.reduced(nodes, uses, folds=_within(view.folds, near), cut=cut)


def collapsed(view: View, groups: Sequence[Group]) -> View:
    """Return `view` with a single node for each of `groups`: its last, which stands for all."""
    stands: dict[Tensor, Tensor] = {}
    blocks = dict(view.blocks)
    for group in groups:
        last = next((node for node in reversed(group.nodes) if node.op is not None), None)
        if last is not None:
            stands |= dict.fromkeys(group.nodes, last)
            blocks[last] = group.label
    meant: dict[Use, list[Use]] = {}
    for use in view.uses:
        tail, head = stands.get(use.tail, use.tail), stands.get(use.head, use.head)
        if tail is not head:
            put = Use(tail, head, -1, use.loop) if head in blocks else Use(tail, *use[1:])
            meant.setdefault(put, []).extend(view.meant.get(use, [use]))
    shown = {node for node in view.nodes if stands.get(node, node) is node}
    folds = _within(view.folds, shown)
    return view.merged(stands, meant, folds=folds, blocks=blocks, meant=meant)


def settled(view: View, names: Mapping[Tensor, str]) -> View:
    """Return `view` without the nodes on the way to constants, and without changes of shape.

    What is named, or is an output, is shown in any case.
    """
    told, sources = {*names, *view.outputs, *view.blocks}, view.sources()
    users = Counter(use.tail for use in view.uses)
    fixed: set[Tensor] = set()
    through: dict[Tensor, Use] = {}
    for node in view.nodes:
        inputs = sources.get(node, [])
        if node in told or (node.requires_grad and node.op is None):
            continue
        if fixed.issuperset(inputs) and (inputs or node.op is None):
            fixed.add(node)
        elif node.op is not None and set(node.params) == {"shape"} and users[node] == 1:
            through[node] = Use(inputs[0], node, 0)
    meant: dict[Use, list[Use]] = dict(view.meant)
    uses = []
    for use in view.uses:
        tail, first = use.tail, use
        while tail in through:
            tail, first = through[tail].tail, through[tail]
        if use.head not in fixed and use.head not in through:
            uses.append(use._replace(tail=tail))
            if first is not use:
                meant[uses[-1]] = [first]
    used = {*view.outputs, *(use.tail for use in uses), *(use.head for use in uses)}
    nodes = [node for node in view.nodes if node in used]
    return view.reduced(nodes, uses, folds=_within(view.folds, used), meant=meant, settled=fixed)


def _within(groups: list[Group], shown: Collection[Tensor]) -> list[Group]:
    kept = []
    for group in groups:
        nodes = [node for node in group.nodes if node in shown]
        inner = _within(group.groups, shown)
        if nodes or inner:
            kept.append(Group(group.label, nodes, group.kind, inner))
    return kept
