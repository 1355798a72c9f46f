"""What a learner's program claims: which of the names it leaves are gradients, and of what.

1. `named_by` gives tensors of a graph that have no name those of a namespace, or of a program that
   computes the same values again.
2. `space_of` is what a program starts from: the graph's values, recorded under their names.
3. `claims_of` reads the claims off what a program left, with the formulas behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.graph import rebuild, topological_order
from ...core.tensor import Tensor, plain
from ...formulas.notation import identifier
from ..names import Environment, Meaning, UnknownNameError
from .claims import Claim, Formula
from .recorder import record
from .script import Left, Program, Ran, leaves_of

_LARGEST = 4000
_HOLDS_GRADIENTS = re.compile(r"(?i)returned|d|g|grads?|gradients?|d?_?params|derivatives|nablas?")
_CLAIMS = re.compile(r"d[A-Z_]\w*|d_?[a-z]\w{0,9}|(?i:grad_?|nabla_?|delta_?)\w*|\w+_grad")


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


def _arrays_in(space: Mapping[str, Any]) -> Iterable[tuple[str, Sequence[Any], Any]]:
    for root, value in space.items():
        if isinstance(root, str) and not root.startswith("_"):
            yield from ((root, path, array) for path, array in leaves_of(value, root))


def holds(space: Mapping[Any, Any], J: Any) -> bool:
    """Whether a mapping is a namespace: it holds J itself."""
    return any(value is J for value in space.values())


def named_by(order: Sequence[Tensor], space: Mapping[str, Any]) -> None:
    """Give tensors without a name the one that they have in a namespace."""
    here = {id(node) for node in order if not node.name}
    taken = {node.name for node in order}
    for root, path, value in _arrays_in(space):
        text = name_in(root, path)
        if id(value) in here and not value.name and text not in taken:
            value.name = text
            taken.add(text)


class Values:
    """Finds the tensor of a graph that has given values."""

    def __init__(self, order: Iterable[Tensor]) -> None:
        self.by_shape: dict[tuple[int, ...], list[Tensor]] = {}
        for node in order:
            if plain(node).dtype.kind == "f" and node.size > 1:
                self.by_shape.setdefault(node.shape, []).append(node)

    def find(self, value: Any) -> Tensor | None:
        """Return the first tensor with these values, in the order of the computation."""
        for node in self.by_shape.get(np.shape(value), ()):
            data = plain(node)
            near = abs(data.flat[0] - value.flat[0]) <= 1e-9 * abs(value.flat[0])
            if near and np.allclose(data, value, 1e-9, 1e-300) and np.ptp(data) > 0:
                return node
        return None


def space_of(
    order: Sequence[Tensor], names: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[Tensor, str], set[Tensor]]:
    """Return what a program starts from, which Tensors stand for which names, and what is fixed.

    Fixed are values that the graph does not have: they stay what they are on other draws.
    """
    cuts: dict[Tensor, str] = {}
    fixed: set[Tensor] = set()
    known: dict[int, Any] = {}
    values = Values(order)

    def entered(node: Tensor) -> Any:
        if id(node) not in known:
            known[id(node)] = made = record(plain(node))
            if node.name:
                cuts[made.node] = node.name
            elif node.op is not None:
                fixed.add(made.node)
        return known[id(node)]

    def put(value: Any) -> Any:
        if isinstance(value, Tensor):
            return entered(value) if plain(value).dtype.kind == "f" else np.array(plain(value))
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            node = values.find(value)
            if node is not None and (node.name or node.op is None):
                made = record(value)
                if node.name:
                    cuts[made.node] = node.name
                return made
            made = record(value)
            fixed.add(made.node)
            return made
        if type(value) in (list, tuple):
            return type(value)(put(part) for part in value)
        if type(value) is dict:
            return {key: put(part) for key, part in value.items()}
        return value

    space = {node.name: entered(node) if plain(node).dtype.kind == "f" else np.array(plain(node))
             for node in order if node.name}  # fmt: skip
    space |= {key: put(value) for key, value in (names or {}).items()}
    return space, cuts, fixed


def recognised(left: Sequence[Left], order: Sequence[Tensor], cuts: dict[Tensor, str]) -> None:
    """Tell what a program computed as the graph does: by its values, named by its assignments."""
    values = Values([node for node in order if node.op is not None])
    taken = {node.name for node in order}
    times: dict[str, int] = {}
    found = []
    for entry in left:
        node = values.find(entry.value) if entry.value.dtype.kind == "f" else None
        if node is None or entry.how not in ("=", "") or _CLAIMS.fullmatch(entry.root):
            continue
        found.append((entry, node))
        if not node.name:
            times[name_in(entry.root, entry.path)] = times.get(entry.text, 0) + 1
    for entry, node in found:
        text = name_in(entry.root, entry.path)
        if not node.name:
            again = text in taken
            fresh = next(f"{text}{i}" for i in range(len(taken) + 2) if f"{text}{i}" not in taken)
            node.name = fresh if again else text
            taken.add(node.name)
        if entry.node is not None:
            cuts.setdefault(entry.node, node.name)


class _Reader:
    """Finds out what the names of claims stand for."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def meaning(self, text: str) -> Meaning | None:
        """Return what a name stands for if it is a gradient."""
        try:
            found = self.environment.meaning(text)
        except UnknownNameError:
            return None
        return found if found.gradient and found.node is not self.environment.J else None

    def family(self, root: str) -> list[Tensor]:
        """Return the tensors W1, W2, … that a list or a reused name dW is about."""
        for stem in self.environment.stems(root):
            for end in ("", "s"):
                pattern = re.compile(rf"{re.escape(stem + end)}_?(\d+)", re.IGNORECASE)
                found = [(int(m[1]), node) for text, node in self.environment.named.items()
                         if (m := pattern.fullmatch(text))]  # fmt: skip
                if found:
                    return [node for _, node in sorted(found, key=lambda pair: pair[0])]
        return []

    def of_entry(self, entry: Left, lengths: Mapping[str, int]) -> tuple[str, Meaning] | None:
        """Return the name and the meaning of what is left in a variable or a container."""
        if not entry.path:
            found = self.meaning(entry.root)
            return (entry.root, found) if found else None
        key = entry.path[-1]
        texts = [key, f"d{key}", f"d_{key}"] if isinstance(key, str) else []
        if not _HOLDS_GRADIENTS.fullmatch(entry.root):
            texts = [entry.root + str(key), *texts[:1]]
        for text in texts:
            found = self.meaning(text)
            if found:
                return text, found
        index = entry.path[0] if isinstance(entry.path[0], int) else None
        if index is None or len(entry.path) > 1:
            return None
        tensors, length = self.family(entry.root), lengths[entry.root]
        place = index + len(tensors) - length
        if tensors and length - len(tensors) in (0, 1) and 0 <= place < len(tensors):
            text = f"d{self.environment.names[tensors[place]]}"
            return text, Meaning(tensors[place], True, 1)
        return None


def claims_of(
    environment: Environment,
    program: Program,
    ran: Ran,
    cuts: dict[Tensor, str],
    fixed: set[Tensor],
    notes: list[str],
) -> list[Claim]:
    """Return what a program claims, the last value under each name.

    Of a name that a loop uses again and again, each value is the gradient of one of as many
    tensors. A gradient that is then multiplied in place has become that of the step before.
    """
    reader = _Reader(environment)
    by_name: dict[tuple[str, tuple[Any, ...]], list[Left]] = {}
    for entry in ran.left:
        if entry.value.dtype.kind in "fiub" and (entry.path or _CLAIMS.fullmatch(entry.root)):
            by_name.setdefault((entry.root, entry.path), []).append(entry)
    lengths: dict[str, int] = {}
    for root, path in by_name:
        if path and isinstance(path[0], int):
            lengths[root] = max(lengths.get(root, 0), path[0] + 1)
    found: list[tuple[str, Meaning, Left]] = []
    lost = []
    for (root, path), entries in by_name.items():
        held = reader.of_entry(entries[-1], lengths)
        if path and not (_CLAIMS.fullmatch(root) or _HOLDS_GRADIENTS.fullmatch(root)):
            continue
        if held is not None:
            text, meaning = held
            found += _steps(environment, text, meaning, entries)
            continue
        tensors = [] if path else reader.family(root)
        made = [entry for entry in entries if entry.how == "="]
        if tensors and len(made) >= 1 and len(tensors) >= len(made):
            ends = [b for a, b in zip(entries, [*entries[1:], None], strict=True)]
            last = [e for e, after in zip(entries, ends, strict=True)
                    if after is None or after.how == "="]  # fmt: skip
            for node, entry in zip(reversed(tensors[-len(last):]), last, strict=False):
                found.append((f"d{environment.names[node]}", Meaning(node, True, 1), entry))
        elif entries[-1].value.size > 1:
            lost.append(entries[-1])
    claims: dict[str, Claim] = {}
    for text, meaning, entry in found:
        key = text if text not in claims else entry.text
        if key in claims:
            continue
        if entry.node is not None:
            cuts[entry.node] = key
        environment.define(key, meaning)
        claims[key] = Claim(key, meaning, entry.value)
        claims[key].entry = entry
    for text, claim in claims.items():
        entry = claim.entry
        claim.where = program.place(entry.line) if entry.line else ""
        if entry.text != text:
            claim.where = f"{entry.text}; {claim.where}"
        formula = _formula(entry.node, cuts, fixed | ran.frozen, claim)
        if formula is not None:
            claim.follow(formula)
    if lost:
        notes.append(
            "not judged, as no tensor of the graph has such a name: "
            + ", ".join(f"{e.text} (line {e.line})" for e in lost[:8])
        )
    return list(claims.values())


def _steps(
    environment: Environment, text: str, meaning: Meaning, entries: Sequence[Left]
) -> list[tuple[str, Meaning, Left]]:
    """Return the claim of a name, or the two of one that went on to the step before in place."""
    last, node = entries[-1], meaning.node
    before = next((e for e in reversed(entries[:-1])), None)
    if before is not None and last.how in ("", "Mult") and node is not None and node.op is not None:
        z = node.inputs[0]
        one = "elementwise" in node.op.traits and z.shape == node.shape and z.op is not None
        if one and z.name and before.line != last.line:
            kept = before.value != 0
            masked = last.how == "Mult" or np.allclose(
                last.value[(last.value != 0) & kept], before.value[(last.value != 0) & kept]
            )
            if masked:
                return [
                    (text, meaning, before),
                    (f"d{z.name}", Meaning(z, True, meaning.scale), last),
                ]
    return [(text, meaning, last)]


def _formula(
    node: Tensor | None, cuts: Mapping[Tensor, str], fixed: set[Tensor], claim: Claim
) -> Formula | None:
    """Return the function of named values that a Tensor was computed as; None where it is more."""
    if node is None or node in fixed:
        return None
    needed, kept, used = {node}, [], {}
    for x in reversed(topological_order([node])):
        if x not in needed:
            continue
        kept.append(x)
        if x is not node and x in cuts:
            used[x] = cuts[x]
        elif x in fixed or len(kept) > _LARGEST:
            return None
        else:
            needed.update(x.inputs)
    kept.reverse()
    inputs = list(used)
    texts = list(dict.fromkeys(used.values()))
    if claim.name in texts or not texts:
        return None

    def function(*values: Any) -> Any:
        by_name = dict(zip(texts, values, strict=True))
        put = {text: v if isinstance(v, Tensor) else Tensor(v, name=text)
               for text, v in by_name.items()}  # fmt: skip
        return rebuild(kept, {x: put[used[x]] for x in inputs})[node]

    return Formula(function, tuple(texts))
