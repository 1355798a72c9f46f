"""Which of the values that a program leaves are gradients, and of what.

1. A `Reader` finds out what the names of claims stand for: by their spelling, by what stands
   beside them (W beside dW in an object), by what a parameter is updated with.
2. `claims_of` reads the claims off what a program left, with the formulas behind them. What has no
   name of its own is found by the flow: the claims follow from it by one step of the graph.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.backward import pull
from ...core.graph import rebuild, topological_order
from ...core.tensor import Tensor, plain
from ...ops.elementwise import ADD, DIVIDE, MULTIPLY, NEGATIVE, SUBTRACT
from ..names import Environment, Meaning, UnknownNameError, spelling
from .claims import Claim, Formula
from .judge import inner
from .naming import CLAIMS, shared_in, values_of
from .passes import close
from .script import Left, Program, Ran, numbered

_LARGEST, _MOST_PARTS = 4000, 64
_HOLDS_GRADIENTS = re.compile(r"(?i)returned|d|g|grads?|gradients?|d_?params|derivatives|nablas?")
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
    ) -> None:
        self.environment, self.cuts, self.twins = environment, cuts or {}, twins or {}
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
        for stem in self.environment.stems(root):
            for end in ("", "s", *ends):
                pattern = re.compile(rf"{re.escape(stem)}{end}_?(\d+)", re.IGNORECASE)
                named = self.environment.aliases | self.environment.named
                found = [(int(m[1]), node) for text, node in named.items()
                         if (m := pattern.fullmatch(text))]  # fmt: skip
                if found:
                    return [node for _, node in sorted(found, key=lambda pair: pair[0])]
        return []

    def peers(self, node: Tensor) -> list[Tensor]:
        """Return the tensors that a loop has computed in the same way, `node` the last of them."""
        made = [(x, (x.op, x.shape, [y.op for y in x.inputs])) for x in self.environment.order]
        alike = [x for x, how in made if how == (node.op, node.shape, [y.op for y in node.inputs])]
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
            if _HOLDS_GRADIENTS.fullmatch(text):  # a word that says nothing of what it is about
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
        if not _HOLDS_GRADIENTS.fullmatch(entry.root):
            texts = [entry.root + str(key), *texts[:1]]
        for text in texts:
            found = self.meaning(text)
            if found:
                return text, found
        return None


def claims_of(
    environment: Environment,
    program: Program | None,
    ran: Ran,
    cuts: dict[Tensor, str],
    twins: Mapping[Tensor, Tensor],
    fixed: set[Tensor],
    order: Sequence[str],
    counted: bool,
) -> tuple[list[Claim], list[str], bool, list[Left]]:
    """Return what a program claims, the last value under each name; notes; whether it was counted;
    what is named like a claim and is about nothing.

    Of a name that a loop uses again and again, each value is the gradient of one of as many
    tensors, if `counted`. A gradient that is then multiplied in place has become that of the step
    before. Parameters are in `order` where their gradients have no names.
    """
    reader = Reader(environment, cuts, twins)
    found, lost, did_count, follow = _by_name(reader, ran.left, counted)
    last = {meaning.node: entry for _, meaning, entry in found}
    found = [  # what a function holds may be a part only, that others add to
        (text, meaning, entry)
        for text, meaning, entry in found
        if not entry.scope or np.array_equal(entry.value, last[meaning.node].value)
    ]
    found += [step for step in map(reader.updated, ran.left) if step and step[1].node not in last]
    unnamed = _by_order(reader, ran.left, {meaning.node for _, meaning, _ in found}, order)
    found += unnamed
    found += _by_flow(reader, found, ran.left, lost)
    judged = {id(entry) for _, _, entry in found}
    lost = [entry for entry in lost if id(entry) not in judged]
    claims = _as_claims(found, environment, program, ran, cuts)
    cuts |= {made: node.name for made, node in twins.items() if node.name and made not in cuts}
    for claim, entry in claims.values() if follow else ():
        behind = _formula(entry.node, cuts, fixed | ran.frozen, claim)
        if behind is not None:
            claim.follow(behind)
    return [claim for claim, _ in claims.values()], _notes(unnamed, lost), did_count, lost


def _by_name(
    reader: Reader, left: Sequence[Left], counted: bool
) -> tuple[list[Found], list[Left], bool, bool]:
    """Return what names claim; what is named like a claim and is about nothing; whether it was
    counted; whether the formulas behind can be followed.
    """
    shared = shared_in(left)
    by_name: dict[tuple[str, str, tuple[Any, ...]], list[Left]] = {}
    lengths: dict[str, int] = {}
    for entry in left:
        if entry.value.dtype.kind in "fiub":
            by_name.setdefault((entry.scope, entry.root, entry.path), []).append(entry)
            if entry.path and isinstance(entry.path[0], int):
                lengths[entry.root] = max(lengths.get(entry.root, 0), entry.path[0] + 1)
    follow, did_count = True, False
    found: list[Found] = []
    lost: list[Left] = []
    for (scope, root, path), entries in by_name.items():
        spelt = CLAIMS.fullmatch(root) or (path and _HOLDS_GRADIENTS.fullmatch(root))
        about = reader.beside(entries[-1])
        if scope in shared or not spelt:
            found += [(*about, entries[-1])] if about is not None else []
            continue
        held = reader.of_entry(entries[-1], lengths)
        ends = [entry for entry, after in zip(entries, [*entries[1:], None], strict=True)
                if after is None or after.how == "="]  # fmt: skip
        several, stems = len(ends) > 1 and not path, reader.environment.stems(root)
        node = held[1].node if held is not None and several else None
        exact = path or any(stem in reader.environment.named for stem in stems)
        tensors = [] if path else reader.family(root)
        if node is not None and len(peers := reader.peers(node)) == len(ends):
            exact, tensors = False, peers
        parts = node is not None and ends[-1].value.size < node.size
        whole = _stacked(node, ends) if parts and node is not None else None
        if held is not None and whole is not None:
            found.append((*held, whole))
            follow = False  # what is computed of a part of it follows from it as an array
        elif held is not None and (exact or not several) and not parts:
            found += _steps(reader.environment, *held, entries)
        elif tensors and counted and not parts and (
            len(tensors) == len(ends) or 1 < len(ends) < len(tensors)
        ):  # fmt: skip
            pairs = zip(reversed(tensors[-len(ends) :]), ends, strict=True)
            found += [(*reader.about(x, root), entry) for x, entry in pairs]
            did_count = True
        elif about is not None and len(ends) == 1:
            found.append((*about, entries[-1]))
        elif parts or (entries[-1].value.size > 1 and root != "returned"):
            lost += ends
    return found, lost, did_count, follow


def _notes(unnamed: Sequence[Found], lost: Sequence[Left]) -> list[str]:
    """Return what is to be said of claims without a name, and of names without a tensor."""
    notes = []
    if unnamed:
        told = ", ".join(f"{entry.text} for {text}" for text, _, entry in unnamed)
        notes.append(f"taken by their order and shapes: {told}")
    if lost:
        names = dict.fromkeys(e.text + (f" (line {e.line})" if e.line else "") for e in lost)
        notes.append(
            f"not judged, as no tensor of the graph has such a name: {', '.join(list(names)[:8])}"
        )
    return notes


def _as_claims(
    found: list[tuple[str, Meaning, Left]],
    environment: Environment,
    program: Program | None,
    ran: Ran,
    cuts: dict[Tensor, str],
) -> dict[str, tuple[Claim, Left]]:
    """Return the claims by name, each with what a line left; where they are is noted in `cuts`."""
    places = {id(entry): place for place, entry in numbered(ran.left).items()}
    made: dict[Any, Left] = {}
    for entry in ran.left:
        if entry.node is not None:
            made.setdefault((entry.node, entry.scope), entry)
    named = {entry.node: entry for entry in made.values() if CLAIMS.fullmatch(entry.root)}
    claims: dict[str, tuple[Claim, Left]] = {}
    for text, meaning, entry in found:
        key = text if text not in claims else entry.text
        same = (c for c, _ in claims.values()
                if c.meaning.node is meaning.node and c.meaning.scale == meaning.scale)  # fmt: skip
        if key in claims or any(np.array_equal(c.array, entry.value) for c in same):
            continue
        if entry.node is not None:
            cuts.setdefault(entry.node, key)
        environment.define(key, meaning)
        claim = Claim(key, meaning, entry.value)
        claim.left = places.get(id(entry))
        line = made.get((entry.node, entry.scope), entry).line if entry.path else entry.line
        claim.where = _where(program, entry.text if entry.text != key else "", line)
        if entry.node is not None and entry.node.op is ADD:
            inside = [(x, named.get(x)) for x in _addends(entry.node)]
            claim.parts = [(plain(x), part and _where(program, part.text, part.line))
                           for x, part in inside]  # fmt: skip
        claims[key] = claim, entry
    return claims


def _where(program: Program | None, text: str, line: int) -> str:
    """Return what a program calls a value, and the line that leaves it there."""
    place = program.place(line) if program is not None and line else ""
    return "; ".join(part for part in (text, place) if part)


def _addends(node: Tensor) -> list[Tensor]:
    """Return what a sum is the sum of, unless that is a lot."""
    parts, found = [node], list[Tensor]()
    for x in parts:
        (parts if x.op is ADD else found).extend(x.inputs if x.op is ADD else [x])
        if len(parts) > _MOST_PARTS:
            return []
    return found


def _by_order(
    reader: Reader, left: Sequence[Left], known: set[Tensor | None], order: Sequence[str]
) -> list[Found]:
    """Return what a list or tuple without names claims, by the order and shapes of parameters."""
    groups: dict[Any, dict[Any, Left]] = {}
    for entry in left:
        last = entry.path[-1] if entry.path and _HOLDS_GRADIENTS.fullmatch(entry.root) else None
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


def _by_flow(
    reader: Reader, found: Sequence[Found], left: Sequence[Left], lost: Sequence[Left]
) -> list[Found]:
    """Return what arrays are the gradient of from which others follow by one step of the graph.

    That is so whether they are right or wrong, and whatever they are called. What is `lost`, named
    like a gradient of nothing that has a name, is about a tensor without one.
    """
    known = {meaning.node: entry.value / meaning.scale for _, meaning, entry in found
             if meaning.node is not None and meaning.gradient}  # fmt: skip
    claimed = {id(entry) for _, _, entry in found}
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
            elif any(entry is other for other in lost):
                before = unnamed.get(id(entry), (user, entry))[0]
                unnamed[id(entry)] = max(user, before, key=place.__getitem__), entry
            break
    # what is handed on unchanged is about the last tensor that it is the gradient of
    told = {meaning.node for _, meaning, _ in (*found, *claims)}
    claims += [(*reader.about(user, entry.root), entry) for user, entry in unnamed.values()
               if user not in told]  # fmt: skip
    return claims


def _step(node: Tensor, index: int, g: Any, operands: Sequence[Any]) -> Any:
    with np.errstate(all="ignore"):
        return pull(node, index, g, plain(node), operands)


def _stacked(node: Tensor, ends: Sequence[Left]) -> Left | None:
    """Return the values that a loop over samples leaves under one name, as one array."""
    shapes = {entry.value.shape for entry in ends}
    for axis in range(node.ndim):
        rest = node.shape[:axis] + node.shape[axis + 1 :]
        if node.shape[axis] == len(ends) and shapes == {rest}:
            values = np.stack([entry.value for entry in ends], axis)
            return ends[-1]._replace(value=values, node=None)
    return None


def _steps(
    environment: Environment, text: str, meaning: Meaning, entries: Sequence[Left]
) -> list[tuple[str, Meaning, Left]]:
    """Return the claim of a name, or the two of one that went on to the step before in place."""
    last, node = entries[-1], meaning.node
    before = next((e for e in reversed(entries[:-1])), None)
    inputs = [x for x in node.inputs if x.op is not None] if node is not None and node.op else []
    elementwise = node is not None and node.op is not None and "elementwise" in node.op.traits
    if node is not None and node.op in (ADD, SUBTRACT):  # nothing is to be done for the step before
        elementwise = False
    if before is None or last.how not in ("", "Mult") or not elementwise or len(inputs) != 1:
        return [(text, meaning, last)]
    z = inputs[0]
    alike = z.shape == last.value.shape == before.value.shape
    stays = last.value == before.value if alike else np.array(False)
    masked = np.any(stays & (last.value != 0)) and np.all(stays | (last.value == 0))
    if alike and before.line != last.line and (masked or last.how == "Mult"):
        if not z.name:
            environment.enter(z, f"{text}_in".removeprefix("d"))
        return [(text, meaning, before), (f"d{z.name}", Meaning(z, True, 1), last)]
    return [(text, meaning, last)]


def _formula(
    node: Tensor | None, cuts: Mapping[Tensor, str], fixed: set[Tensor], claim: Claim
) -> Formula | None:
    """Return the function of named values that a Tensor was computed as; None where it is more."""
    if node is None or node in fixed:
        return None
    if cuts.get(node, claim.name) != claim.name:
        return Formula(lambda value: value, (cuts[node],))
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
