"""Which of the values that a program leaves are gradients, with the formulas behind them.

`claims_of` reads them off what a program left: the last value under each name, or one value for
each of the tensors that a loop uses a name for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from ...core.graph import rebuild, topological_order
from ...core.recording import recording
from ...core.tensor import Tensor, plain
from ...ops.elementwise import ADD, SUBTRACT
from ..names import Environment, Meaning
from .claims import Claim, Formula
from .naming import CLAIMS, shared_in
from .reader import HOLDS_GRADIENTS, Found, Reader, by_flow, by_order
from .script import Left, Program, Ran, numbered

_LARGEST, _MOST_PARTS = 4000, 64


def claims_of(
    environment: Environment,
    program: Program | None,
    ran: Ran,
    cuts: dict[Tensor, str],
    twins: Mapping[Tensor, Tensor],
    fixed: set[Tensor],
    order: Sequence[str],
    counted: bool,
    families: Mapping[str, list[Tensor]],
) -> tuple[list[Claim], list[str], bool, list[Left]]:
    """Return what a program claims, the last value under each name; notes; whether it was counted;
    what is named like a claim and is about nothing.

    Of a name that a loop uses again and again, each value is the gradient of one of as many
    tensors, if `counted`. A gradient that is then multiplied in place has become that of the step
    before. Parameters are in `order` where their gradients have no names.
    """
    reader = Reader(environment, cuts, twins, families)
    found, lost, did_count, follow = _by_name(reader, ran, counted)
    last = {meaning.node: entry for _, meaning, entry in found}
    found = [  # what a function holds may be a part only, that others add to
        (text, meaning, entry)
        for text, meaning, entry in found
        if not entry.scope or np.array_equal(entry.value, last[meaning.node].value)
    ]
    found += [step for step in map(reader.updated, ran.left) if step and step[1].node not in last]
    unnamed = by_order(reader, ran.left, {meaning.node for _, meaning, _ in found}, order)
    found += unnamed
    found += by_flow(reader, found, ran.left, lost)
    judged = {id(entry) for _, _, entry in found}
    lost = [entry for entry in lost if id(entry) not in judged]
    claims = _as_claims(found, environment, program, ran, cuts)
    cuts |= {made: node.name for made, node in twins.items() if node.name and made not in cuts}
    stacks: dict[Tensor, list[str]] = {}
    for claim, entry in claims.values():
        if entry.node in reader.rows:
            stacks.setdefault(reader.rows[entry.node], []).append(claim.name)
    stacks = {whole: rows for whole, rows in stacks.items() if len(rows) == len(plain(whole))}
    for claim, entry in claims.values() if follow else ():
        behind = _formula(entry.node, cuts, stacks, fixed | ran.frozen, claim)
        if behind is not None:
            claim.follow(behind)
    return [claim for claim, _ in claims.values()], _notes(unnamed, lost), did_count, lost


def _by_name(reader: Reader, ran: Ran, counted: bool) -> tuple[list[Found], list[Left], bool, bool]:
    """Return what names claim; what is named like a claim and is about nothing; whether it was
    counted; whether the formulas behind can be followed.
    """
    shared = shared_in(ran.left)
    plain_numbers = {text for text, x in ran.space.items() if isinstance(x, float)}
    by_name: dict[tuple[str, str, tuple[Any, ...]], list[Left]] = {}
    lengths: dict[str, int] = {}
    for entry in ran.left:
        if entry.value.dtype.kind in "fiub":
            by_name.setdefault((entry.scope, entry.root, entry.path), []).append(entry)
            if entry.path and isinstance(entry.path[0], int):
                lengths[entry.root] = max(lengths.get(entry.root, 0), entry.path[0] + 1)
    follow, did_count = True, False
    found: list[Found] = []
    lost: list[Left] = []
    for (scope, root, path), entries in by_name.items():
        spelt = CLAIMS.fullmatch(root) or (path and HOLDS_GRADIENTS.fullmatch(root))
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
        if root in reader.families:
            exact = False
        elif node is not None and len(peers := reader.peers(node)) == len(ends):
            exact, tensors = False, peers
        rows = _rows(reader, tensors, entries)
        if rows:
            found += [
                step for x, row in rows for step in _steps(reader, *reader.about(x, root), row)
            ]
            continue
        parts = node is not None and ends[-1].value.size < node.size
        whole = _stacked(node, ends) if parts and node is not None else None
        if held is not None and whole is not None:
            found.append((*held, whole))
            follow = False  # what is computed of a part of it follows from it as an array
        elif held is not None and (exact or not several) and not parts:
            found += _steps(reader, *held, entries)
        elif tensors and counted and not parts and (
            len(tensors) == len(ends) or 1 < len(ends) < len(tensors)
        ):  # fmt: skip
            pairs = zip(reversed(tensors[-len(ends) :]), ends, strict=True)
            found += [(*reader.about(x, root), entry) for x, entry in pairs]
            did_count = True
        elif about is not None and len(ends) == 1:
            found.append((*about, entries[-1]))
        elif parts or plain_numbers & set(stems) or (
            entries[-1].value.size > 1 and root != "returned"
        ):  # fmt: skip
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


def _stacked(node: Tensor, ends: Sequence[Left]) -> Left | None:
    """Return the values that a loop over samples leaves under one name, as one array."""
    shapes = {entry.value.shape for entry in ends}
    for axis in range(node.ndim):
        rest = node.shape[:axis] + node.shape[axis + 1 :]
        if node.shape[axis] == len(ends) and shapes == {rest}:
            values = np.stack([entry.value for entry in ends], axis)
            return ends[-1]._replace(value=values, node=None)
    return None


def _rows(
    reader: Reader, tensors: Sequence[Tensor], entries: Sequence[Left]
) -> list[tuple[Tensor, list[Left]]]:
    """Return the rows of an array that holds what a loop made one after another, with the tensors.

    They are followed as parts of it: a recorded array is taken apart by recorded indices.
    """
    whole = [entry for entry in entries if entry.value.shape == entries[-1].value.shape]
    shapes = {(len(tensors), *x.shape) for x in tensors}
    if len(tensors) < 2 or shapes != {entries[-1].value.shape}:
        return []
    found = []
    for i, x in enumerate(tensors):
        row = []
        for entry in whole:
            part = None
            if entry.node is not None:
                with recording():
                    part = entry.node[i]
                reader.rows[part] = entry.node
            row.append(entry._replace(value=entry.value[i], node=part))
        found.append((x, row))
    return found


def _steps(
    reader: Reader, text: str, meaning: Meaning, entries: Sequence[Left]
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
            reader.environment.enter(z, f"{text}_in".removeprefix("d"))
        return [(text, meaning, before), (f"d{z.name}", Meaning(z, True, 1), last)]
    return [(text, meaning, last)]


def _formula(
    node: Tensor | None,
    cuts: Mapping[Tensor, str],
    stacks: Mapping[Tensor, list[str]],
    fixed: set[Tensor],
    claim: Claim,
) -> Formula | None:
    """Return the function of named values that a Tensor was computed as; None where it is more."""
    if node is None or node in fixed:
        return None
    if cuts.get(node, claim.name) != claim.name:
        return Formula(lambda value: value, (cuts[node],))
    needed, kept = {node}, []
    used: dict[Tensor, list[str]] = {}
    for x in reversed(topological_order([node])):
        if x not in needed:
            continue
        kept.append(x)
        if x is not node and x in cuts:
            used[x] = [cuts[x]]
        elif x in stacks:
            used[x] = stacks[x]
        elif x in fixed or len(kept) > _LARGEST:
            return None
        else:
            needed.update(x.inputs)
    kept.reverse()
    inputs = list(used)
    texts = list(dict.fromkeys(text for several in used.values() for text in several))
    if claim.name in texts or not texts:
        return None

    def function(*values: Any) -> Any:
        by_name = dict(zip(texts, values, strict=True))
        put = {text: v if isinstance(v, Tensor) else Tensor(v, name=text)
               for text, v in by_name.items()}  # fmt: skip
        given = {x: [put[text] for text in used[x]] for x in inputs}
        with recording():
            found = {
                x: cast(Tensor, np.stack(g)) if x in stacks else g[0] for x, g in given.items()
            }
        return rebuild(kept, found)[node]

    return Formula(function, tuple(texts), [x for x in kept if x.op is not None and x not in used])
