"""What the tensors of a graph are called in explanations, and which are like which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.graph import topological_order
from ...core.tensor import Tensor, plain
from ...formulas.expression import Expr, evaluate, mapped, name, number
from ...formulas.printing import python_text
from ...formulas.rule import OUT, G
from ...formulas.simplify import simplified
from ...ops.elementwise import ADD
from ..derive.steps import TooLargeError, value_of
from ..names import Environment
from .mistakes import is_number
from .passes import Site

_LONGEST = 48


class Book:
    """What the tensors of a graph are called in explanations, and which have which shape.

    Tensors are known by their position in the graph, which is the same on every draw.
    """

    def __init__(self, environment: Environment, within: set[int]) -> None:
        self.environment, self.within = environment, within
        self.order = environment.order
        self.place = {node: i for i, node in enumerate(self.order)}
        self._texts: dict[int, str] = {}
        self._before: dict[int, set[int]] = {}
        self.shapes: dict[tuple[int, ...], list[int]] = {}
        for i, node in enumerate(self.order):
            if node.dtype.kind in "fb" and (node.op is not None or node.size > 1):
                self.shapes.setdefault(node.shape, []).append(i)

    def text(self, i: int) -> str:
        """Return the name of a tensor, or how it is computed."""
        if i not in self._texts:
            node = self.order[i]
            try:
                text = node.name or python_text(value_of(self.environment, node))
            except TooLargeError:
                text = ""
            if not text or len(text) > _LONGEST:
                inner = (x.name for x in node.inputs if x.name)
                text = f"{node.op.name if node.op else 'a constant'}({', '.join(inner) or '…'})"
                same = [j for j, other in enumerate(self.order) if other.op is node.op]
                text += f" no. {same.index(i) + 1}" if len(same) > 1 and node.op else ""
            self._texts[i] = text
        return self._texts[i]

    def gradient(self, i: int) -> str:
        """Return what the gradient of a tensor is called: that of a sum is that of its terms."""
        node = self.order[i]
        users = self.environment.consumers[node]
        if not node.name and len(users) == 1:
            user = users[0][0]
            if user.op is ADD and user.shape == node.shape:
                return self.gradient(self.place[user])
        text = self.text(i)
        return f"∂J/∂{text}" if node.name else f"∂J/∂({text})"

    def before(self, i: int) -> set[int]:
        """Return a tensor and those it is computed from: their gradients come after its own."""
        if i not in self._before:
            self._before[i] = {self.place[x] for x in topological_order([self.order[i]])}
        return self._before[i]

    def alike(self, i: int, most: int = 40) -> list[int]:
        """Return the tensors of the same shape, the named first, then those near it."""
        found = [j for j in self.shapes.get(self.order[i].shape, ()) if j != i]
        found.sort(key=lambda j: (not self.order[j].name, abs(i - j)))
        return found[:most]

    def of_role(self, i: int, among: Sequence[int]) -> list[int]:
        """Return what may come before or after the tensors that a loop reads, `i` being the last.

        One made by the same operation, or what the loop starts from.
        """
        how = {how_made(self.order[j]) for j in among if self.order[j].op is not None}
        alike = [j for j in self.alike(i, 400) if j not in among]
        same = [j for j in alike if how_made(self.order[j]) in how]
        starts = [j for j in alike if self.order[j].op is None]
        return [*sorted(same, key=lambda j: (not self.order[j].name, abs(i - j)))[:2], *starts[:3]]

    def shown(self, site: Site) -> Callable[[Expr], Expr]:
        """Return what puts the names of tensors into the formula of a rule."""
        put = {G: name(self.gradient(site.at)), OUT: name(self.text(site.at))}
        for i, x in enumerate(site.node.inputs):
            alone = x.op is None and x.size == 1 and not x.name
            put[f"@{i}"] = number(plain(x)) if alone else name(self.text(site.base.place[x]))
        return lambda e: simplified(mapped(e, lambda part: _folded(put.get(part.name, part))))

    def fitting(self, shape: tuple[int, ...], most: int = 24) -> list[int]:
        """Return the tensors that can be multiplied with an array of `shape`, the named first."""
        found = []
        for other, places in self.shapes.items():
            if np.prod(other) > 1 and _fits(other, shape):
                found += places
        found.sort(key=lambda j: (not self.order[j].name, j))
        return found[:most]


def how_made(x: Tensor) -> tuple[Any, ...]:
    """Return what tensors share that a loop has computed in the same way: shape and operations."""
    return (x.shape, x.op, *(y.op for y in x.inputs))


def _fits(other: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    behind = shape[len(shape) - len(other) :]
    return len(other) <= len(shape) and all(n in (1, k) for n, k in zip(other, behind, strict=True))


def _folded(e: Expr) -> Expr:
    """Return a part of a formula that only numbers are in as that number."""
    if e.op is None or not all(is_number(arg) for arg in e.args):
        return e
    value = evaluate(e, {})
    return number(value) if np.size(value) == 1 else e
