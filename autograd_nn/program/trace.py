"""Tracing: one run of the user's function on Tensors, kept as a graph.

`trace` runs the function and returns its `Trace`: the graph, and how arguments and results are
nested.

The Tensors hold the example's values, so that shapes, dtypes and the result to compare with are
known; whatever would let such a value into the program raises a `TracingError`.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import dependents, rebuild, topological_order
from ..core.recording import Tape, TracingError, tracing
from ..core.tensor import Tensor, constant, plain
from ..formulas.notation import Name
from ..formulas.samples import samples_of
from ..transforms.containers import flatten, leaf_names, unflatten
from .graph import INPUT, Graph
from .outside import Outside
from .structures import Leaf, leaves_of

_LONGEST = 500_000
"""Operations from which on a straight line is no way to write them."""


_ATTEMPTS = 5
"""More runs of a function in which random numbers were drawn: by another thread, it may be."""


class _Straight(list[Tensor]):
    """The nodes of a trace, which ends where there are too many."""

    def append(self, node: Tensor) -> None:
        if len(self) >= _LONGEST:
            raise ValueError(
                f"the function recorded {_LONGEST} operations and went on, and a program of so "
                "many lines takes minutes to make. Use jit for what a loop repeats, and loop "
                "around it"
            )
        super().append(node)


class _Tape(Tape):
    """A tape whose backward passes go back step by step, and so repeat what the steps repeat."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        super().__init__()
        self.nodes = _Straight()
        self._places: dict[Tensor, int] = {}

    def places(self) -> dict[Tensor, int]:
        """Return the position of every node that has been recorded so far."""
        for x in self.nodes[len(self._places) :]:
            self._places[x] = len(self._places)
        return self._places

    def arranged(self, nodes: Iterable[Tensor]) -> list[Tensor]:
        """Return `nodes` as they were recorded, others before them."""
        places = self.places()
        return sorted(nodes, key=lambda x: places.get(x, -1))


@dataclass(frozen=True)
class Trace:
    """What a run of the function left behind.

    Attributes
    ----------
    name : str
        The function's.
    parameters : dict
        The example call: parameter name → argument. Static ones are in `static` too.
    leaves : list of Leaf
        The arrays and numbers among the arguments.
    reachable : bool
        Whether code can take the arguments apart; else the program takes the leaves themselves.
    graph : Graph
        From the leaves to the flat results.
    result : Any
        What the function returned.
    outside : Outside
        What it used beside its arguments.
    samples : int or None
        How many samples that which is differentiated is the mean over, if it says so.
    """

    name: str
    parameters: dict[str, Any]
    static: dict[str, Any]
    leaves: list[Leaf]
    reachable: bool
    graph: Graph
    result: Any
    outside: Outside
    samples: int | None

    @property
    def expected(self) -> list[Any]:
        """The values of the flat results in this run."""
        return [plain(x) for x in self.graph.outputs]


def trace(
    f: Callable[..., Any],
    name: str,
    parameters: dict[str, Any],
    keywords: Sequence[str],
    static: Sequence[str],
) -> Trace:
    """Run `f` on stand-ins and return what it recorded.

    Raises
    ------
    TypeError
        If an argument or result is not made of arrays and numbers.
    TracingError
        If `f` asks a Tensor for a value, draws random numbers, or changes what is outside.
    """
    leaves: list[Leaf] = []
    stand_ins: list[Tensor] = []
    given: dict[str, Any] = {}
    reachable = True
    for key, argument in parameters.items():
        if key in static:
            given[key] = argument
            continue
        own, plain = leaves_of(key, argument)
        reachable = reachable and plain
        nodes = [_stand_in(leaf) for leaf in own]
        given[key] = unflatten(flatten(argument)[1], nodes)
        leaves += own
        stand_ins += nodes
    positional = [value for key, value in given.items() if key not in keywords]
    roots = [f, *(parameters[key] for key in static)]

    def run(noting: AbstractContextManager[list[Any]]) -> tuple[Outside, _Tape, Any, list[Any]]:
        before = Outside(roots)
        tape = _Tape()
        with noting as own, tracing(tape):
            result = f(*positional, **{key: given[key] for key in keywords})
            flatten(result)  # what is written into and its views are looked at while recording
        return before, tape, result, own

    before, tape, result, own = run(nullcontext([]))
    drawn = before.drawn()
    for _ in range(_ATTEMPTS if threading.active_count() > 1 else 0):
        if drawn:  # by another thread, it may be
            before, tape, result, own = run(_own_draws())
            drawn = before.drawn(own)
    before.refuse_changes(name, drawn)
    place = tape.places()
    cotangents = _cotangents(tape)
    samples = _samples(tape)
    outputs, used = _cut(_results(result), set(stand_ins), place)
    outside = Outside([*roots, *_functions(tape.nodes)], used, before.changed())
    graph = Graph(outputs, stand_ins, place, tape.spans, cotangents)
    fixed = {key: parameters[key] for key in static}
    return Trace(name, parameters, fixed, leaves, reachable, graph, result, outside, samples)


@contextmanager
def _own_draws() -> Iterator[list[Any]]:
    """Note which of Python's generators of random numbers this thread draws from meanwhile."""
    own: list[Any] = []

    def note(frame: Any, event: str, called: Any) -> None:
        if event == "c_call" and isinstance(getattr(called, "__self__", None), random.Random):
            own.append(called.__self__)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield own
    finally:
        sys.setprofile(before)


def _samples(tape: Tape) -> int | None:
    """Return how many samples the one cost that is differentiated is the mean over."""
    zs = [node for node in tape.nodes if Name.parse(node.name or "").weighted_input]
    costs = [output for outputs, _ in tape.starts for output in outputs]
    repeated = len({z.name for z in zs}) < len(zs)
    return samples_of(costs[0], zs).scale if len(costs) == 1 and not repeated else None


def _cotangents(tape: Tape) -> set[Tensor]:
    """Return the nodes of backward passes that are multiples of what the pass started from."""
    found: set[Tensor] = set()
    for (start, stop), (_, seeds) in zip(tape.spans, tape.starts, strict=True):
        found |= dependents(tape.nodes[start:stop], seeds)
    return found


def _stand_in(leaf: Leaf) -> Tensor:
    node = constant(leaf.value)
    node.name = leaf.name
    node.op = INPUT
    return node


def _results(result: Any) -> list[Tensor]:
    """Return the flat results as Tensors."""
    leaves, structure = flatten(result)
    outputs = []
    for leaf, where in zip(leaves, leaf_names(structure, "the result"), strict=True):
        if isinstance(leaf, Tensor):
            outputs.append(leaf)
        elif isinstance(leaf, (np.ndarray, np.generic, bool, int, float, complex)):
            outputs.append(constant(leaf))
        else:
            raise TypeError(
                f"{where} is of type {type(leaf).__name__}; a function for jit returns Tensors, "
                "arrays, numbers or nested dicts, lists and tuples of them"
            )
    return outputs


def _functions(nodes: Sequence[Tensor]) -> set[Any]:
    """Return the functions of the operations, which a program may bring along as text."""
    ops = {node.op for node in nodes if node.op is not None}
    return {f for op in ops for f in (op.forward, op.every, *op.vjps)}


def _cut(
    outputs: list[Tensor], inputs: set[Tensor], place: dict[Tensor, int]
) -> tuple[list[Tensor], list[Tensor]]:
    """Return `outputs` on constants in the place of what was not recorded by the trace, and that.

    Their values are copied: a program does not change when an array outside it does.
    """
    order = topological_order(outputs)
    outside = [node for node in order if node not in place and node not in inputs]
    sources = inputs | {node for node in outside if node.op is not None and not node.inputs}
    if lost := dependents(order, sources).intersection(outside):
        raise TracingError(
            f"{next(iter(lost)).label()} depends on an argument, but was copied, made in another "
            "thread, or kept from an earlier call; its value would be frozen into the program. "
            "Use the arguments themselves, in the function's own thread"
        )
    direct = {x for node in order if node in place for x in node.inputs}.union(outputs)
    fresh = {node: _copied(node) for node in outside}

    def on_constants(node: Tensor, inputs: list[Tensor]) -> Tensor:
        node.inputs = tuple(inputs)  # the tape's own record, so that its inputs may be exchanged
        return node

    rebuild(order, fresh, on_constants)
    return [fresh[output] for output in outputs], [x for x in outside if x in direct]


def _copied(node: Tensor) -> Tensor:
    """Return a constant of the values of `node`."""
    data = plain(node)
    if not isinstance(data, np.ndarray):
        return constant(data)
    copy = constant(data.copy())
    copy.name = node.name
    plain(copy).setflags(write=False)
    return copy
