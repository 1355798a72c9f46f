"""Loops in programs: the operations that stand for them.

A `LOOP` does all iterations of a body, which is a graph of its own. It takes the values from
outside that the body needs; each value that is wanted of it after is an `ITEM` of it. In the body,
what varies with the iteration t is `AT` it: an element of an array, such as the one in which an
earlier loop kept what its iterations gave (`STORE`), or comes from a `TABLE` of leaves.

These operations stand in programs only; `rolling` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.op import Op
from ..core.tensor import Tensor
from ..ops.indexing import SCATTER
from .graph import Graph
from .repeats import Step, mapped
from .rewriting import frozen


class Key:
    """An index in which integers vary with the iteration."""

    def __init__(self, parts: Any) -> None:
        self.parts = parts
        self._same = frozen(parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other._same == self._same

    def __hash__(self) -> int:
        return hash(self._same)

    def at(self, t: Any) -> Any:
        """Return the index in iteration `t`."""
        return mapped(self.parts, lambda part: part.at(int(t)) if isinstance(part, Step) else part)


def _element(x: Any, t: Any, key: Key) -> Any:
    return x[key.at(t)]


def _put(g: Any, t: Any, key: Key, shape: tuple[int, ...]) -> Any:
    return SCATTER.forward(g, key=key.at(t), shape=shape)


def _added(c: Any, g: Any, t: Any, key: Key) -> Any:
    out = np.array(c)
    out[key.at(t)] += g
    return out


LOOP = Op("loop", lambda *given, loop: np.zeros(0), traits={"complex"})
"""All iterations of ``loop.body``."""

ITEM = Op("item of a loop", lambda loop, item, data: data, traits={"complex"})
"""What a loop's output number `item` is at the end."""

TABLE = Op("table", lambda *leaves: np.stack([np.asarray(x) for x in leaves]),
    traits={"complex"})  # fmt: skip
"""Leaves of one kind, one after the other."""

AT = Op("at", _element, traits={"complex", "view"})
"""An element of an array, at an index that varies."""

PUT_AT = Op("put at", _put, traits={"complex"})
"""Zeros, but for an element at an index that varies."""

ADD_AT = Op("add at", _added, traits={"complex"})
"""``c[key] += g``, into the memory of c."""

STORE = Op("store", lambda x, stack: np.zeros(0), traits={"complex"})
"""The element of a stack that this iteration gives."""


@dataclass(frozen=True)
class Stack:
    """An array in which a loop keeps what a row gives in each iteration.

    Attributes
    ----------
    offset, length : int
        Iteration t is element ``t + offset`` of `length`.
    slots : dict
        Element → which of the loop's operands it holds from the start.
    like : Tensor
        One of the values that are kept.
    """

    offset: int
    length: int
    slots: dict[int, int]
    like: Tensor


@dataclass(eq=False)
class Loop:
    """The parameters of a `LOOP`.

    Attributes
    ----------
    count : int
        Of iterations.
    body : Graph
        Its inputs are t and one for each of `sources`. Its outputs are the values that `first`
        tells of, then a `STORE` for each of `stacks`.
    sources : list of (str, int)
        Where inputs of the body come from: "given", an operand of the loop; "leaf", element t of
        one; "number", element t of a constant as a Python number; "carried", what the iteration
        before gave as this output; "stack", the stack of this number.
    first : list of (int or None)
        For every output that goes on to the next iteration, the operand that it starts as; None
        where the last one alone is wanted.
    stacks : list of Stack
    """

    count: int
    body: Graph
    sources: list[tuple[str, int]] = field(default_factory=list)
    first: list[int | None] = field(default_factory=list)
    stacks: list[Stack] = field(default_factory=list)

    def carried(self) -> list[tuple[Tensor, int]]:
        """Return the inputs of the body that are carried, each with the output that it becomes."""
        given = zip(self.body.inputs[1:], self.sources, strict=True)
        return [(x, k) for x, (kind, k) in given if kind == "carried"]


Bodies = dict[Loop, tuple[Graph, list[Tensor]]]
"""Loop → its body as it is run, and the order of that."""


def bodies_of(
    order: Sequence[Tensor], arranged: Callable[[Loop, set[int]], tuple[Graph, list[Tensor]]]
) -> Bodies:
    """Return the bodies of the loops in `order`, and of those in them.

    ``arranged(loop, items)`` gives a body as it is run; `items` are those that are wanted after.
    """
    found: Bodies = {}
    for node in order:
        if node.op is LOOP:
            loop = node.params["loop"]
            items = {x.params["item"] for x in order if x.op is ITEM and x.inputs[0] is node}
            found[loop] = arranged(loop, items)
            found |= bodies_of(found[loop][1], arranged)
    return found
