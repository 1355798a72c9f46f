"""What the names are about under which a program leaves gradients.

A `Reader` finds it out by their spelling, by what stands beside them (W beside dW in an object), by
what a parameter is updated with; `by_order` and `by_flow` where there is no name to go by.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.backward import pull
from ...core.graph import topological_order
from ...core.tensor import Tensor, plain
from ...ops.elementwise import DIVIDE, MULTIPLY, NEGATIVE
from ..names import Environment, Meaning, UnknownNameError, spelling
from .book import how_made
from .judge import inner
from .naming import values_of
from .passes import close
from .script import Left

HOLDS_GRADIENTS = re.compile(r"(?i)returned|d|g|grads?|gradients?|d_?params|derivatives|nablas?")
DATA = ("x", "y", "t", "h", "a", "xs", "ys", "inputs", "targets")
"""What families of leaves are given and no parameters."""

Found = tuple[str, Meaning, Left]
"""A claim: its name, what that means, and what a line left."""


class Reader:
    """Finds out what the names of claims stand for."""

    def __init__(
        self,
        environment: Environment,
        cuts: Mapping[Any, str] | None = None,
        twins: Mapping[Any, Tensor] | None = None,
        families: Mapping[str, list[Tensor]] | None = None,
    ) -> None:
        self.environment, self.cuts, self.twins = environment, cuts or {}, twins or {}
        self.families = families or {}
        self.rows: dict[Tensor, Tensor] = {}
        """The array of which a recorded row was taken, in which a loop's gradients are stacked."""
        self.values = values_of(environment.order)

    def is_new(self, value: Any) -> bool:
        """Whether an array of floats is none of the graph's values."""
        return value.dtype.kind == "f" and self.values.find(value) is None

    def meaning(self, text: str) -> Meaning | None:
        """Return what a name stands for if it is a gradient."""
        try:
            found = self.environment.meaning(text)
        except UnknownNameError:
            return None
        return found if found.gradient and found.node is not self.environment.J else None

    def family(self, root: str, *ends: str) -> list[Tensor]:
        """Return the tensors W1, W2, … that a list or a reused name dW is about."""
        if root in self.families:
            return self.families[root]
        named = self.environment.aliases | self.environment.named
        for stem in self.environment.stems(root):
            found: dict[int, Tensor] = {}
            for end in ("", "s", *ends):  # x0, which a loop starts from, before xs1, xs2, …
                pattern = re.compile(rf"{re.escape(stem)}{end}_?(\d+)", re.IGNORECASE)
                same = [(int(m[1]), node) for text, node in named.items()
                        if (m := pattern.fullmatch(text))]  # fmt: skip
                if all(found.get(k, node) is node for k, node in same):
                    found |= same
            if found:
                return [found[k] for k in sorted(found)]
        return []

    def peers(self, node: Tensor) -> list[Tensor]:
        """Return the tensors that a loop has computed in the same way, `node` the last of them."""
        alike = [x for x in self.environment.order if how_made(x) == how_made(node)]
        return alike if node.op is not None and alike[-1] is node else []

    def beside(self, entry: Left) -> tuple[str, Meaning] | None:
        """Return the name and the meaning of what stands beside the tensor it is spelt after."""
        made, array = entry.beside or (None, np.array(0))
        found = self.twins[made] if made in self.twins else self.values.find(array)
        node = self.environment.named.get(self.cuts.get(made, ""), found)
        wrong = node is None or node is self.environment.J or node.dtype.kind != "f"
        return None if wrong or node is None else self.about(node, entry.root)

    def about(self, node: Tensor, text: str) -> tuple[str, Meaning]:
        """Return the name and the meaning of a tensor's gradient, the tensor named if it is not."""
        if not node.name:
            known = [stem for stem, x in self.environment.aliases.items() if x is node]
            spelt = self.environment.stems(text)
            if HOLDS_GRADIENTS.fullmatch(text):  # a word that says nothing of what it is about
                spelt = [node.op.name if node.op is not None else "given"]
            stem = (known or spelt or [text])[0]
            while stem in self.environment.named:
                stem += "_"
            self.environment.enter(node, stem)
        return f"d{node.name}", Meaning(node, True, 1)

    def updated(self, entry: Left) -> Found | None:
        """Return what a parameter is updated by, without its factor, if a line does that."""
        if entry.how != "step" or entry.node is None:
            return None
        for x, way in (entry.node.inputs, entry.node.inputs[::-1]):
            step = way
            leaf = self.environment.named.get(self.cuts.get(x, ""))
            if leaf is None or leaf.op is not None:
                continue
            while step.op in (MULTIPLY, DIVIDE, NEGATIVE) and step.shape == x.shape:
                wide = [y for y in step.inputs if y.size > 1 or (step.size == 1 and y.op)]
                if len(wide) != 1:
                    break
                step = wide[0]
            if step.size == leaf.size:
                value = np.array(plain(step))
                return *self.about(leaf, ""), entry._replace(value=value, node=step)
        return None

    def of_entry(self, entry: Left, lengths: Mapping[str, int]) -> tuple[str, Meaning] | None:
        """Return the name and the meaning of what is left in a variable or a container."""
        if not entry.path:
            found = self.meaning(entry.root)
            return (entry.root, found) if found else None
        key = entry.path[-1]
        if isinstance(entry.path[0], int) and len(entry.path) == 1:
            tensors, length = self.family(entry.root, "[a-z]+"), lengths[entry.root]
            place = entry.path[0] + len(tensors) - length
            if length - len(tensors) in (0, 1) and 0 <= place < len(tensors):
                text = f"d{self.environment.names[tensors[place]]}"
                return text, Meaning(tensors[place], True, 1)
        texts = [key, f"d{key}", f"d_{key}"] if isinstance(key, str) else []
        if not HOLDS_GRADIENTS.fullmatch(entry.root):
            texts = [entry.root + str(key), *texts[:1]]
        for text in texts:
            found = self.meaning(text)
            if found:
                return text, found
        return None


def by_order(
    reader: Reader, left: Sequence[Left], known: set[Tensor | None], order: Sequence[str]
) -> list[Found]:
    """Return what a list or tuple without names claims, by the order and shapes of parameters."""
    groups: dict[Any, dict[Any, Left]] = {}
    for entry in left:
        last = entry.path[-1] if entry.path and HOLDS_GRADIENTS.fullmatch(entry.root) else None
        if isinstance(last, int) and reader.is_new(entry.value):
            group = groups.setdefault((entry.scope, entry.root, entry.path[:-1]), {})
            group[entry.path] = entry
    all_of_them = [x for x in reader.environment.order if x.op is None and x.name
                   and spelling(x.name).family.lower() not in DATA]  # fmt: skip
    places = {text: i for i, text in enumerate(order)}
    for wanted in (all_of_them, [x for x in all_of_them if x not in known]):
        as_named = sorted(wanted, key=lambda x: places.get(x.name or "", 0))
        for group in groups.values() if wanted else ():
            arrays = [group[path] for path in sorted(group)][-len(wanted) :]
            for tensors in (as_named, wanted, as_named[::-1], wanted[::-1]):
                if [inner(x.shape) for x in tensors] == [inner(e.value.shape) for e in arrays]:
                    pairs = zip(tensors, arrays, strict=True)
                    return [(f"d{x.name}", Meaning(x, True, 1), e)
                            for x, e in pairs if x not in known]  # fmt: skip
    return []


def by_flow(
    reader: Reader, found: Sequence[Found], left: Sequence[Left], lost: Sequence[Left]
) -> list[Found]:
    """Return what arrays are the gradient of from which others follow by one step of the graph.

    That is so whether they are right or wrong, and whatever they are called. What is `lost`, named
    like a gradient of nothing that has a name, is about a tensor without one.
    """
    known = {meaning.node: entry.value / meaning.scale for _, meaning, entry in found
             if meaning.node is not None and meaning.gradient}  # fmt: skip
    claimed, named = {id(entry) for _, _, entry in found}, {id(entry) for entry in lost}
    pool: dict[tuple[int, ...], dict[bytes, Left]] = {}
    environment, claims = reader.environment, list[Found]()
    place = {node: i for i, node in enumerate(environment.order)}
    unnamed: dict[int, tuple[Tensor, Left]] = {}
    for entry in left:
        value = entry.value
        if value.size > 1 and reader.is_new(value) and np.ptp(value) > 0:
            alike, key = pool.setdefault(value.shape, {}), value.tobytes()
            if key not in alike or id(alike[key]) in claimed:
                alike[key] = entry
    todo = list(known)
    for x in todo:
        user, index = environment.consumers[x][0] if environment.consumers[x] else (x, 0)
        if len(environment.consumers[x]) != 1 or user in known or user is environment.J:
            continue
        value, operands = known[x], [plain(y) for y in user.inputs]
        near = 1e-9 * float(np.abs(value).max(initial=0.0))
        if near == 0:
            continue  # anything times 0 would do
        for entry in reversed(pool.get(user.shape, {}).values()):
            step = _step(user, index, entry.value, operands)
            if step is None or step.size != value.size:
                break
            if not close(step, value.reshape(step.shape), near):
                continue
            if np.array_equal(entry.value, value):  # the same array, if any is handed on as it is
                other = _step(user, index, entry.value + 1, operands)
                if not close(other, step + 1, near):
                    continue
            known[user] = entry.value
            todo.append(user)
            if id(entry) in claimed:
                break  # handed on as it is
            if user.name:
                claims.append((f"d{user.name}", Meaning(user, True, 1), entry))
            elif id(entry) in named:
                before = unnamed.get(id(entry), (user, entry))[0]
                unnamed[id(entry)] = max(user, before, key=place.__getitem__), entry
            break
    claimed |= {id(entry) for _, _, entry in claims}
    free = [x for alike in pool.values() for x in alike.values() if id(x) not in claimed]
    claims += _by_use(reader, found, free, known, named)
    # what is handed on unchanged is about the last tensor that it is the gradient of
    told = {meaning.node for _, meaning, _ in (*found, *claims)}
    claims += [(*reader.about(user, entry.root), entry) for user, entry in unnamed.values()
               if user not in told]  # fmt: skip
    return claims


def _by_use(
    reader: Reader,
    found: Sequence[Found],
    free: Iterable[Left],
    known: Container[Tensor],
    named: Container[int],
) -> list[Found]:
    """Return what claims are computed from and is named like a gradient: be they wrong, too.

    Two are needed where the name, such as g, may be that of a list of gradients.
    """
    made = {entry.node: entry for entry in free if entry.node is not None}
    stops = {entry.node for _, _, entry in found if entry.node is not None}
    votes: dict[Tensor, list[Tensor]] = {}
    for _, meaning, entry in found:
        x = meaning.node
        users = reader.environment.consumers[x] if x is not None and meaning.gradient else []
        user = users[0][0] if len(users) == 1 else None
        if user is None or user in known or entry.node is None:
            continue
        near = {y for y in made if y.shape == user.shape}
        before = near.intersection(topological_order(entry.node.inputs, near | stops))
        if len(before) == 1:
            votes.setdefault(before.pop(), []).append(user)
    place = {node: i for i, node in enumerate(reader.environment.order)}
    told = list[Found]()
    for node, about in votes.items():
        last, entry = max(about, key=place.__getitem__), made[node]
        several = len(about) > 1 and HOLDS_GRADIENTS.fullmatch(entry.root)
        if last.name and (id(entry) in named or several):
            told.append((*reader.about(last, entry.root), entry))
    return told


def _step(node: Tensor, index: int, g: Any, operands: Sequence[Any]) -> Any:
    with np.errstate(all="ignore"):
        return pull(node, index, g, plain(node), operands)
