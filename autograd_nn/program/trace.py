"""Tracing: one run of the user's function on Tensors, kept as a graph.

1. `bind` sorts out the arguments of a call.
2. `trace` runs the function and returns its `Trace`: the graph, and how arguments and results
   are nested.

The Tensors hold the example's values, so that shapes, dtypes and the result to compare with are
known; whatever would let such a value into the program raises a `TracingError`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.graph import topological_order
from ..core.recording import Tape, tracing
from ..core.tensor import Tensor, constant, plain
from ..transforms.containers import flatten, leaf_names, unflatten
from .rewriting import INPUT, Graph
from .structures import Leaf, leaves_of


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
    """

    def __init__(
        self,
        name: str,
        parameters: dict[str, Any],
        static: dict[str, Any],
        leaves: list[Leaf],
        reachable: bool,
        graph: Graph,
        result: Any,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.static = static
        self.leaves = leaves
        self.reachable = reachable
        self.graph = graph
        self.result = result
        self.expected = [plain(x) for x in graph.outputs]


def signature_of(f: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of `f`, None if Python does not know it."""
    try:
        return inspect.signature(f)
    except (TypeError, ValueError):
        return None


def positional_names(
    signature: inspect.Signature | None, count: int, keywords: Sequence[str]
) -> list[str]:
    """Return a name for each of `count` positional arguments, and the keywords' names."""
    names: list[str] = []
    if signature is not None:
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                names.append(parameter.name)
            elif parameter.kind is parameter.VAR_POSITIONAL:
                names += [f"{parameter.name}_{i}" for i in range(count - len(names))]
    names += [f"argument_{i}" for i in range(len(names), count)]
    return [*names[:count], *keywords]


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
        If `f` asks a Tensor for a value.
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
    with tracing() as tape:
        result = f(*positional, **{key: given[key] for key in keywords})
    outputs = _results(result)
    place = {node: position for position, node in enumerate(tape.nodes)}
    cotangents = _cotangents(tape)
    outputs = _cut(outputs, set(stand_ins), place)
    graph = Graph(outputs, stand_ins, place, tape.spans, cotangents)
    fixed = {key: parameters[key] for key in static}
    return Trace(name, parameters, fixed, leaves, reachable, graph, result)


def _cotangents(tape: Tape) -> set[Tensor]:
    """Return the nodes of backward passes that are multiples of what the pass started from."""
    found: set[Tensor] = set()
    for (start, stop), seeds in zip(tape.spans, tape.seeds, strict=True):
        own = set(seeds)
        for node in tape.nodes[start:stop]:
            if not own.isdisjoint(node.inputs):
                own.add(node)
        found |= own
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
        elif isinstance(leaf, (np.ndarray, np.generic, bool, int, float)):
            outputs.append(constant(leaf))
        else:
            raise TypeError(
                f"{where} is of type {type(leaf).__name__}; a function for jit returns Tensors, "
                "arrays, numbers or nested dicts, lists and tuples of them"
            )
    return outputs


def _cut(outputs: list[Tensor], inputs: set[Tensor], place: dict[Tensor, int]) -> list[Tensor]:
    """Return `outputs` on constants in the place of what was not recorded by the trace.

    Their values are copied: a program does not change when an array outside it does.
    """
    fresh: dict[Tensor, Tensor] = {}
    for node in topological_order(outputs):
        if node in place:
            # The tape's own record, so that its inputs may be exchanged.
            node.inputs = tuple([fresh[x] for x in node.inputs])
            fresh[node] = node
        elif node in inputs:
            fresh[node] = node
        else:
            data = plain(node)
            fresh[node] = constant(data.copy() if isinstance(data, np.ndarray) else data)
            if isinstance(data, np.ndarray):
                fresh[node].name = node.name
                plain(fresh[node]).setflags(write=False)
    return [fresh[output] for output in outputs]
