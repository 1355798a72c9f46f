"""The form of a program that reads like the document: infix, a fresh array for every result."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.graph import uses
from ..core.tensor import Tensor
from ..formulas.notation import identifier
from ..formulas.precedence import Text
from ..ops.shapes import TRANSPOSE
from ..transforms.containers import flatten
from .graph import Graph, is_leaf
from .iterations import Bodies, bodies_of
from .order import ordered
from .rules.samples import per_sample
from .source import Source, Writer
from .structures import accessors
from .trace import Trace

_INLINE = 64


class _Readable(Writer):
    """Operators infix; a value that is used once and has no name stands where it is used."""

    def __init__(
        self, traced: Trace, graph: Graph, order: Sequence[Tensor], bodies: Bodies
    ) -> None:
        super().__init__(traced, graph, order, bodies)
        self._users = uses(self.every)

    def inlined(self, node: Tensor) -> bool:
        if node.name or node in self.outputs:
            return False
        users = self._users[node]
        if node.op is TRANSPOSE or not users:
            return node.op is TRANSPOSE
        return self.uses[node] == 1 and self.parts[users[0][0]] == self.parts[node]

    def write(self, node: Tensor) -> None:
        text = self.words.expression(node, [self.operand(x) for x in node.inputs])
        if self.inlined(node) and len(text.code) <= _INLINE:
            self.texts[node] = text
            return
        name = self.name(node)
        self.assign(name, text.code, node)
        self.texts[node] = Text(name)


def readable(traced: Trace, graph: Graph) -> Source:
    """Return the program that reads like the document."""
    if traced.samples and traced.samples > 1:
        graph = per_sample(graph, traced.samples)
    _name_results(traced, graph)
    order = ordered(graph, {}) or []
    bodies = bodies_of(order, lambda loop, _: (loop.body, ordered(loop.body, {}) or []))
    writer = _Readable(traced, graph, order, bodies)
    writer.write_body()
    return writer.finish()


def _name_results(traced: Trace, graph: Graph) -> None:
    """Name results that have no name by the key under which they are returned."""
    paths = accessors(flatten(traced.result)[1]) or []
    inputs = {identifier(leaf.name) for leaf in traced.leaves}
    for node, steps in zip(graph.outputs, paths, strict=False):
        keys = [str(step) for kind, step in steps if kind != "index" and isinstance(step, str)]
        if keys and not is_leaf(node) and not node.name:
            node.name = f"new_{keys[-1]}" if identifier(keys[-1]) in inputs else keys[-1]
