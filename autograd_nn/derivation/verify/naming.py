"""What the values of a program are called, and which tensors of a graph they are.

1. `named_by` gives tensors of a graph that have no name those of a namespace, or of a program that
   computes the same values again (`recognised`).
2. `space_of` is what a program starts from: the graph's values, recorded under their names.
3. `recorded_forward` makes a graph of a forward pass in plain NumPy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.graph import topological_order
from ...core.tensor import Tensor, plain
from ...formulas.notation import identifier
from ..names import spelling
from .recorder import Recorded, formula, record
from .script import Left, Program, run_program
from .values import Values, leaves_of

CLAIMS = re.compile(
    r"d[A-Z_]\w*|d_?[a-z]\w*|g_?[A-Z]\w*|(?i:grad_?|nabla_?|delta_?)\w*|\w+_?[gG]rad(?:ient)?"
)
"""How a name is spelt that claims a gradient."""


def name_in(root: str, path: Sequence[Any]) -> str:
    """Return what a tensor at a place in a namespace is called: ``W1`` for params['W1'].

    >>> name_in("params", ["W1"]), name_in("hs", [2]), name_in("cache", [0, "x"])
    ('W1', 'hs2', 'x')
    """
    if not path:
        return root
    last = path[-1]
    if isinstance(last, str) and last.isidentifier():
        return last
    return identifier(root + "_".join(str(key).replace("-", "before") for key in path))


def arrays_in(space: Mapping[str, Any]) -> Iterable[tuple[str, Sequence[Any], Any]]:
    """Yield name, path and array of all that a namespace holds."""
    for root, value in space.items():
        if isinstance(root, str) and not root.startswith("_"):
            yield from ((root, path, array) for path, array in leaves_of(value, root))


def holds(space: Mapping[Any, Any], J: Any) -> bool:
    """Whether a mapping is a namespace: it holds J itself."""
    return any(value is J for value in space.values())


def named_by(order: Sequence[Tensor], space: Mapping[str, Any], aliases: dict[str, Tensor]) -> None:
    """Give tensors without a name the one that they, or their values, have in a namespace.

    Where they have a name already, that is entered in `aliases`.
    """
    values = values_of(node for node in order if node.op is not None)
    here = {id(node) for node in order}
    taken = {node.name for node in order}
    for root, path, value in arrays_in(space):
        text = name_in(root, path)
        node = value if id(value) in here else None
        spelt = spelling(text)
        if node is None and taken & {*spelt.gradient_of, spelt.delta_of}:
            continue  # a gradient, be it right or wrong
        if node is None and isinstance(value, np.ndarray) and value.dtype.kind == "f":
            node = values.find(value)
        if node is not None and text not in taken:
            if node.name:
                aliases.setdefault(text, node)
            else:
                node.name = text
                taken.add(text)


def values_of(order: Iterable[Tensor]) -> Values:
    """Return what finds the tensor of a graph that has given values."""
    return Values((node, plain(node)) for node in order)


def shared_in(left: Sequence[Left]) -> set[str]:
    """Return the scopes that there are several of: calls of one function, objects of one class."""
    scopes = {entry.scope for entry in left}
    return {scope for scope in scopes
            if scope.endswith(")") or f"{scope} (2)" in scopes}  # fmt: skip


def space_of(
    order: Sequence[Tensor], names: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[Tensor, str], set[Tensor]]:
    """Return what a program starts from, which Tensors stand for which names, and what is fixed.

    Fixed are values that the graph does not have: they stay what they are on other draws.
    """
    cuts: dict[Tensor, str] = {}
    fixed: set[Tensor] = set()
    known: dict[int, Any] = {}
    values = values_of(order)
    here = set(order)
    named = {node.name: node for node in order}

    def put(value: Any, root: str, path: tuple[Any, ...]) -> Any:
        if isinstance(value, (Tensor, np.ndarray, np.floating)):
            if value.dtype.kind != "f":
                return np.array(plain(value))
            node = value if isinstance(value, Tensor) else values.find(value)
            alike = named.get(root) if node is None and not path else None
            if alike is not None and np.array_equal(plain(alike), value):
                node = alike  # one number, or all alike
            if id(value) not in known:
                text = (node.name if node in here else "") if node is not None else ""
                leaf = Tensor(np.array(plain(value)), name=text or name_in(root, path))
                known[id(value)] = record(np.asarray(plain(value)), leaf)
                if text:
                    cuts[leaf] = text
                elif node is None or node.op is not None or node not in here:
                    fixed.add(leaf)
            return known[id(value)]
        if type(value) in (list, tuple):
            parts = [put(part, root, (*path, i)) for i, part in enumerate(value)]
            same = all(a is b for a, b in zip(parts, value, strict=True))
            return value if same else type(value)(parts)
        if type(value) is dict:
            return {key: put(part, root, (*path, key)) for key, part in value.items()}
        return value

    space = {node.name: put(node, node.name, ()) for node in order if node.name}
    return space | {key: put(value, key, ()) for key, value in (names or {}).items()}, cuts, fixed


def recognised(
    left: Sequence[Left],
    order: Sequence[Tensor],
    cuts: dict[Tensor, str],
    aliases: dict[str, Tensor],
) -> dict[Tensor, Tensor]:
    """Name the tensors of a graph that a program computes after what they are assigned to.

    They are these tensors, or have their values. One name used again gets numbers: h0, h1. What
    one function or object calls them counts where no other calls another one so. Returns which
    tensor of the graph one that the program made is.
    """
    values, here, shared = values_of(order), set(order), shared_in(left)
    found: list[tuple[Tensor | None, Tensor]] = []
    chosen: dict[tuple[str, str], list[Tensor]] = {}
    called: dict[str, dict[str, Tensor]] = {}
    later: dict[Any, Left] = {}  # what comes next under the same name
    unfinished = set()
    for entry in reversed(left):
        after = later.get((entry.scope, entry.root, entry.path))
        later[entry.scope, entry.root, entry.path] = entry
        if after is not None and after.how != "=":
            unfinished.add(id(entry))
    for entry in left:
        node = entry.node if entry.node in here else None
        if node is None and entry.value.dtype.kind == "f":
            node = values.find(entry.value, entry.node.op if entry.node is not None else None)
        own = CLAIMS.fullmatch(entry.root) and entry.node not in here
        if node is None or id(entry) in unfinished or own:
            continue
        found.append((entry.node, node))
        if entry.scope in shared:
            continue
        text = name_in(entry.root, entry.path)
        same = chosen.setdefault((entry.scope, text), [])
        if node.name:
            called.setdefault(text, {})[entry.scope] = node
        elif all(x is not node for x in same):
            same.append(node)
    for text, by_scope in called.items():
        if len(set(by_scope.values())) == 1 or "" in by_scope:
            aliases[text] = by_scope.get("", next(iter(by_scope.values())))
    taken = {node.name for node in order}
    for (_, text), nodes in chosen.items():
        for i, node in enumerate(nodes):
            fresh = text if len(nodes) == 1 and text not in taken else f"{text}{i}"
            if not node.name and fresh not in taken:
                node.name = fresh
                taken.add(fresh)
    twins: dict[Tensor, Tensor] = {}
    for made, node in found:  # what they were computed from in the same way is the same, too
        if made is None or twins.get(made) is node:
            continue
        twins[made] = node
        if node.name:
            cuts.setdefault(made, node.name)
        if made.op is node.op and len(made.inputs) == len(node.inputs):
            pairs = zip(made.inputs, node.inputs, strict=True)
            found += [(a, b) for a, b in pairs if a is not b and a not in cuts
                      and np.array_equal(plain(a), plain(b))]  # fmt: skip
    return twins


_COSTS = ("J", "cost", "loss", "L", "C", "E", "total_loss", "error", "data_loss")


def recorded_forward(
    forward: Any, names: Mapping[str, Any] | None, claimed: Iterable[str] = ()
) -> tuple[Tensor, dict[str, Any], set[Tensor]]:
    """Run a forward pass in plain NumPy and return its cost, the values it left, what is fixed.

    A plain number is followed too where a name in `claimed` is that of its gradient: b = 0.0
    where there is db.

    Raises
    ------
    ValueError
        If it stops, or leaves no cost that could be recorded.
    """
    followed = frozenset(
        stem for text in claimed if CLAIMS.fullmatch(text) for stem in spelling(text).gradient_of
    )
    program = Program(forward, "forward", followed)
    ran = run_program(program, space_of((), names)[0])
    if ran.problem:
        raise ValueError(f"the forward pass stops: {ran.problem}")
    last: dict[str, Left] = {}
    for entry in ran.left:
        if entry.node is not None and not entry.path:
            last[entry.root] = entry
    numbers = {
        key: entry
        for key, entry in last.items()
        if entry.value.size == 1 and entry.node is not None and entry.node.op is not None
    }
    results = ran.result if isinstance(ran.result, tuple) else (ran.result,)
    nodes = [formula(x) for x in results if isinstance(x, Recorded) and x.size == 1]
    nodes += [numbers[key].node for key in (*_COSTS, *reversed(numbers)) if key in numbers]
    J = next((node for node in nodes if node is not None), None)
    if J is None:
        raise ValueError(
            "the forward pass leaves no cost: return it, or call it J, cost or loss; it must be "
            "one number, computed from the arrays by NumPy"
        )
    order = topological_order([J])
    recognised(ran.left, order, {}, {})
    J.name = J.name or "J"
    return J, ran.space, ran.frozen - set(order)
