"""What a learner's program claims: which of the names it leaves are gradients, and of what.

1. `handed` takes what was handed over: claims, a namespace, or a program.
2. `claims_of` reads the claims off what a program left, with the formulas behind them.
3. `Handed` also knows how else it may be read: conventions, and names that fit nothing.
"""

from __future__ import annotations

import copy
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.backward import pull
from ...core.graph import rebuild, topological_order
from ...core.tensor import Tensor, plain
from ...ops.elementwise import ADD, DIVIDE, MULTIPLY, NEGATIVE, SUBTRACT
from ...ops.reductions import MEAN
from ..names import Environment, Meaning, UnknownNameError, spelling
from .claims import Claim, Formula, collect, in_order
from .naming import (
    CLAIMS,
    arrays_in,
    holds,
    named_by,
    recognised,
    recorded_forward,
    shared_in,
    space_of,
    values_of,
)
from .judge import inner
from .passes import close
from .repair import Repair
from .script import Left, Program, Ran, leaves_of, numbered, run_program

_LARGEST = 4000
_HOLDS_GRADIENTS = re.compile(r"(?i)returned|d|g|grads?|gradients?|d_?params|derivatives|nablas?")


DATA = ("x", "y", "t", "h", "a", "xs", "ys", "inputs", "targets")


class _Reader:
    """Finds out what the names of claims stand for."""

    def __init__(self, environment: Environment, cuts: Mapping[Any, str] | None = None) -> None:
        self.environment, self.cuts = environment, cuts or {}
        self.values = values_of(environment.order)

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
        alike = [x for x in self.environment.order if x.op is node.op and x.shape == node.shape]
        return alike if node.op is not None and alike[-1] is node else []

    def beside(self, entry: Left) -> tuple[str, Meaning] | None:
        """Return the name and the meaning of what stands beside the tensor it is spelt after."""
        if entry.beside is None:
            return None
        made, array = entry.beside
        node = self.environment.named.get(self.cuts.get(made, ""), self.values.find(array))
        return self.about(node, entry.root) if node is not self.environment.J else None

    def about(self, node: Tensor | None, text: str) -> tuple[str, Meaning] | None:
        if node is None or node.dtype.kind != "f":
            return None
        if not node.name:
            stem = (self.environment.stems(text) or [text])[0]
            while stem in self.environment.named:
                stem += "_"
            self.environment.enter(node, stem)
        return f"d{node.name}", Meaning(node, True, 1)

    def updated(self, entry: Left) -> tuple[str, Meaning, Left] | None:
        """Return what a parameter is updated by, without its factor."""
        assert entry.node is not None  # noqa: S101 - it tells that this is a step
        for x, step in (entry.node.inputs, entry.node.inputs[::-1]):
            leaf = self.environment.named.get(self.cuts.get(x, ""))
            if leaf is None or leaf.op is not None:
                continue
            while step.op in (MULTIPLY, DIVIDE, NEGATIVE) and step.shape == x.shape:
                wide = [y for y in step.inputs if y.size > 1 or step.size == 1 and y.op]
                if len(wide) != 1:
                    break
                step = wide[0]
            found = self.about(leaf, "") if np.size(step) == leaf.size else None
            if found is not None:
                return *found, entry._replace(value=np.array(plain(step)), node=step, path=("step",))
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
    made: Handed,
    program: Program | None,
    ran: Ran,
    cuts: dict[Tensor, str],
    fixed: set[Tensor],
    counted: bool,
) -> list[Claim]:
    """Return what a program claims, the last value under each name.

    Of a name that a loop uses again and again, each value is the gradient of one of as many
    tensors, if `counted`. A gradient that is then multiplied in place has become that of the step
    before.
    """
    environment = made.environment
    reader, shared = _Reader(environment, cuts), shared_in(ran.left)
    by_name: dict[tuple[str, str, tuple[Any, ...]], list[Left]] = {}
    steps: list[tuple[str, Meaning, Left]] = []
    for entry in ran.left:
        if entry.value.dtype.kind in "fiub":
            same = by_name.setdefault((entry.scope, entry.root, entry.path), [])
            step = reader.updated(entry) if entry.how == "step" else None
            steps += [step] if step is not None else []
            same.append(entry)
    follow, lengths = True, dict[str, int]()
    for _, root, path in by_name:
        if path and isinstance(path[0], int):
            lengths[root] = max(lengths.get(root, 0), path[0] + 1)
    found: list[tuple[str, Meaning, Left]] = []
    for (scope, root, path), entries in by_name.items():
        spelt = CLAIMS.fullmatch(root) or (path and _HOLDS_GRADIENTS.fullmatch(root))
        about = reader.beside(entries[-1])
        if scope in shared or not spelt:
            found += [(*about, entries[-1])] if about is not None else []
            continue
        held = reader.of_entry(entries[-1], lengths)
        ends = [
            entry
            for entry, after in zip(entries, [*entries[1:], None], strict=True)
            if after is None or after.how == "="
        ]
        exact = path or any(stem in environment.named for stem in environment.stems(root))
        tensors = [] if path else reader.family(root)
        if held is not None and held[1].node is not None and len(ends) > 1 and not path:
            peers = reader.peers(held[1].node)
            if len(peers) == len(ends):
                exact, tensors = False, peers
        paired = len(tensors) == len(ends) or 1 < len(ends) < len(tensors)
        node = held[1].node if held is not None and not path else None
        parts = node is not None and len(ends) > 1 and ends[-1].value.size < node.size
        whole = _stacked(node, ends) if parts and node is not None else None
        if held is not None and whole is not None:
            found.append((*held, whole))
            follow = False  # what is computed of a part of it follows from it as an array
        elif parts:
            made.lost += ends  # a part of it, in a loop
        elif held is not None and (exact or len(ends) == 1):
            found += _steps(environment, *held, entries)
        elif tensors and paired and counted:
            for node, entry in zip(reversed(tensors[-len(ends) :]), ends, strict=True):
                found.append((*reader.about(node, root), entry))
                made.counted = True
        elif about is not None and len(ends) == 1:
            found.append((*about, entries[-1]))
        elif entries[-1].value.size > 1 and root != "returned":
            made.lost += ends
    found = _whole(found)
    known = {meaning.node for _, meaning, _ in found}
    found += [step for step in steps if step[1].node not in known]
    found += _by_order(made, ran.left, {meaning.node for _, meaning, _ in found})
    found += _by_flow(environment, found, ran.left)
    claims = _as_claims(found, environment, program, ran, cuts)
    for claim, entry in claims.values() if follow else ():
        behind = _formula(entry.node, cuts, fixed | ran.frozen, claim)
        if behind is not None:
            claim.follow(behind)
    if made.lost:
        lost = {e.text + (f" (line {e.line})" if e.line else ""): e for e in made.lost}
        made.notes.append(
            f"not judged, as no tensor of the graph has such a name: {', '.join(list(lost)[:8])}"
        )
    return [claim for claim, _ in claims.values()]


def _as_claims(
    found: list[tuple[str, Meaning, Left]],
    environment: Environment,
    program: Program | None,
    ran: Ran,
    cuts: dict[Tensor, str],
) -> dict[str, tuple[Claim, Left]]:
    """Return the claims by name, each with what a line left; where they are is noted in `cuts`."""
    places = {id(entry): place for place, entry in numbered(ran.left).items()}
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
        claim.where = entry.text if entry.text != key else ""
        if program is not None and entry.line:
            claim.where += ("; " if claim.where else "") + program.place(entry.line)
        claims[key] = claim, entry
    return claims


def _whole(found: list[tuple[str, Meaning, Left]]) -> list[tuple[str, Meaning, Left]]:
    """Return the claims without what functions hold of a gradient that others add to."""
    last = {meaning.node: entry for _, meaning, entry in found}
    return [(text, meaning, entry) for text, meaning, entry in found
            if entry is last[meaning.node] or not entry.scope
            or np.array_equal(entry.value, last[meaning.node].value)]  # fmt: skip


def _by_order(
    made: Handed, left: Sequence[Left], known: set[Tensor | None]
) -> list[tuple[str, Meaning, Left]]:
    """Return what a list or tuple without names claims, by the order and shapes of parameters."""
    environment = made.environment
    values = values_of(environment.order)
    groups: dict[Any, dict[Any, Left]] = {}
    for entry in left:
        if entry.path and isinstance(entry.path[-1], int) and _HOLDS_GRADIENTS.fullmatch(entry.root):
            if entry.value.dtype.kind == "f" and values.find(entry.value) is None:
                group = groups.setdefault((entry.scope, entry.root, entry.path[:-1]), {})
                group[entry.path] = entry
    wanted = [x for x in environment.order if x.op is None and x.name and x not in known
              and spelling(x.name).family.lower() not in DATA]  # fmt: skip
    for group in groups.values():
        arrays = [group[path] for path in sorted(group)]
        for order in (sorted(wanted, key=lambda x: made.places.get(x.name or "", 0)), wanted):
            for tensors in (order, order[::-1]):
                for start in {0, len(arrays) - len(tensors)}:
                    pairs = list(zip(tensors, arrays[max(start, 0) :], strict=False))
                    if len(pairs) == len(wanted) > 0 and all(
                        inner(x.shape) == inner(entry.value.shape) for x, entry in pairs
                    ):
                        told = ", ".join(f"{e.text} for ∂J/∂{x.name}" for x, e in pairs)
                        made.notes.append(f"taken by their order and shapes: {told}")
                        return [(f"d{x.name}", Meaning(x, True, 1), e) for x, e in pairs]
    return []


def _by_flow(
    environment: Environment, found: Sequence[tuple[str, Meaning, Left]], left: Sequence[Left]
) -> list[tuple[str, Meaning, Left]]:
    """Return what arrays are the gradient of, as they are called nothing: others follow from them.

    That is so whether they are right or wrong.
    """
    known = {meaning.node: entry.value / meaning.scale for _, meaning, entry in found
             if meaning.node is not None and meaning.gradient}  # fmt: skip
    pool: dict[tuple[int, ...], dict[bytes, Left]] = {}
    values = values_of(environment.order)
    for entry in left:
        if entry.value.dtype.kind == "f" and entry.value.size > 1 and np.ptp(entry.value) > 0:
            pool.setdefault(entry.value.shape, {}).setdefault(entry.value.tobytes(), entry)
    claims: list[tuple[str, Meaning, Left]] = []
    todo = list(known)
    for x in todo:
        users = environment.consumers[x] if x is not None else []
        if len(users) != 1 or users[0][0] in known or users[0][0] is environment.J:
            continue
        user, index = users[0]
        value = known[x]
        near = 1e-9 * float(np.abs(value).max(initial=0.0))
        operands = [plain(y) for y in user.inputs]

        def flow(g: Any, user: Tensor = user, index: int = index, operands: Any = operands) -> Any:
            with np.errstate(all="ignore"):
                return pull(user, index, g, plain(user), operands)

        for entry in reversed(pool.get(user.shape, {}).values()):
            found_value = flow(entry.value)
            if found_value is None or found_value.size != value.size:
                break
            if not close(found_value, value.reshape(found_value.shape), near):
                continue
            same = np.array_equal(entry.value, value)  # then only where it is so for any array
            if values.find(entry.value) is None and not (same and np.any(flow(value + 1) - 1 != value)):
                known[user] = entry.value
                todo.append(user)
                if user.name:
                    claims.append((f"d{user.name}", Meaning(user, True, 1), entry))
                break
    return claims


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


class Handed:
    """What is to be judged, and how else it may be read.

    Attributes
    ----------
    environment : Environment
    claims : list of Claim
        In the order of the computation.
    notes, problems : list of str
    counted : bool
        Whether a count of tensors said what some of the claims are about.
    """

    def __init__(self, environment: Environment, claims: list[Claim], notes: list[str]) -> None:
        self.environment, self.claims, self.notes = environment, claims, notes
        self.problems: list[str] = []
        self.again: Callable[..., Handed] | None = None
        self.counted = False
        self.repair: Repair | None = None
        self.lost: list[Left] = []
        self.places: dict[str, int] = {}

    def per_sample(self) -> Iterator[Handed]:
        """Yield the readings in which intermediate gradients are of each sample's own cost.

        They are possible where the graph divides by the number of samples, and nothing says
        that ∂J/∂ is meant, as the name d_z does.
        """
        for m in _divisors(self.environment.order):
            free = [claim for claim in self.claims if _is_free(claim, m)]
            if free:
                made = copy.copy(self)
                made.environment = copy.copy(self.environment)
                made.environment._meanings = dict(self.environment._meanings)
                made.claims = []
                for claim in self.claims:
                    other = copy.copy(claim)
                    if claim in free:
                        other.meaning = claim.meaning._replace(scale=m)
                        made.environment.define(claim.name, other.meaning)
                    made.claims.append(other)
                names = ", ".join(claim.name for claim in free)
                made.notes = [
                    *self.notes,
                    f"{names}: taken as of each sample's own cost, not divided by {m}",
                ]
                yield made

    def uncounted(self) -> Iterator[Handed]:
        """Yield the reading in which names that loops use again are no gradients."""
        if self.counted and self.again is not None:
            yield self.again(False)

    def with_names(self) -> Iterator[Handed]:
        """Yield the readings in which a name that fits no tensor is about one without a name."""
        order = self.environment.order
        used = self.environment.consumers
        groups: dict[Any, list[Tensor]] = {}
        for node in order:
            if node.op is not None and not node.name and node.dtype.kind == "f" and node.size > 1:
                after = tuple(user.op.name for user, _ in used[node] if user.op)
                groups.setdefault((node.shape, node.op.name, after), []).append(node)
        counts: dict[str, list[Left]] = {}
        for entry in self.lost:
            counts.setdefault(entry.root, []).append(entry)
        for root, entries in counts.items():
            stem = (self.environment.stems(root) or [root])[0]
            for (shape, *_), nodes in groups.items():
                if shape != entries[-1].value.shape or len(nodes) != len(entries):
                    continue
                texts = [stem] if len(nodes) == 1 else [f"{stem}{i}" for i in range(len(nodes))]
                if any(text in self.environment.named for text in texts) or self.again is None:
                    continue
                for node, text in zip(nodes, texts, strict=True):
                    node.name = text
                yield self.again()
                for node in nodes:
                    node.name = None


def _divisors(order: Sequence[Tensor]) -> list[int]:
    """Return what a graph divides by, as counts: of a mean, or of a constant 1/m or 1/(2m)."""
    found = set()
    for node in order:
        if node.op is MEAN:
            found.add(node.inputs[0].size / max(node.size, 1))
        for x in node.inputs if node.op in (MULTIPLY, DIVIDE) else ():
            if x.op is None and x.size == 1 and not x.name:
                c = abs(float(np.asarray(plain(x)).item()))
                found |= {c, c / 2, *((1 / c, 0.5 / c) if c else ())}
    return sorted({round(c) for c in found if c > 1.5 and abs(c - round(c)) < 1e-9 * c})


def _is_free(claim: Claim, m: int) -> bool:
    node = claim.meaning.node
    if node is None or not claim.meaning.gradient or claim.meaning.scale != 1:
        return False
    inner = node.op is not None or spelling(claim.name).family.lower() in ("dx", "da0", "dh1")
    return inner and m in node.shape and not claim.name.startswith(("d_", "delta"))


def handed(
    J: Any, claims: Any, script: Any, forward: Any, names: Any, samples: int | None, allow_own: bool
) -> Handed:
    """Return what was handed over: claims as they are, a namespace, a program, or a function.

    Raises
    ------
    TypeError, ValueError
        If nothing was handed over, or two things.
    """
    if isinstance(claims, types.FunctionType | types.MethodType) and script is None:
        claims, script = None, claims
    if (claims is None) == (script is None):
        raise TypeError("say what is claimed: either claims, or script= for a program")
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(f"names is a {type(names).__name__}; pass a dict, such as locals()")
    if (J is None) == (forward is None):
        raise TypeError("say what is differentiated: J, or forward= for its program")
    space: dict[str, Any] | None = None
    fixed: set[Tensor] = set()
    cuts: dict[Tensor, str] = {}
    if forward is not None:
        J, space, fixed = recorded_forward(forward, names)
    if not isinstance(J, Tensor):
        Environment(J, samples)  # says what J must be
    order = topological_order([J])
    aliases: dict[str, Tensor] = {}
    whole = isinstance(claims, Mapping) and holds(claims, J)
    for given in (names, claims if whole else None):
        named_by(order, given or {}, aliases)
    if script is None and not whole:
        notes: list[str] = []
        environment = Environment(J, samples, aliases)
        if isinstance(claims, Mapping):
            claims = _spread(environment, claims)
        return Handed(environment, collect(environment, claims, allow_own, notes), notes)
    program: Program | None = None
    if script is None:
        ran = _left_in(claims)
    else:
        program = Program(script)
        if space is None:
            space, cuts, fixed = space_of(order, names)
        else:
            cuts = {node: node.name for node in order if node.name}
        leaves = [node for node in order if node.op is None and node.name]
        trained = [node.name for node in leaves if node.requires_grad] or [x.name for x in leaves]
        program.parameters = frozenset(
            text for text in trained if text and spelling(text).family.lower() not in DATA
        )
        ran = run_program(program, space)
    recognised(ran.left, order, cuts, aliases)

    def read(counted: bool = True) -> Handed:
        made = Handed(Environment(J, samples, aliases), [], [])
        made.places = {text: i for i, text in enumerate(names or ())}
        found = claims_of(made, program, ran, dict(cuts), fixed, counted)
        if whole:
            found += _formulas_in(made.environment, claims)
        made.claims = in_order(made.environment, found, True)
        made.problems = [f"the program stops: {ran.problem}"] if ran.problem else []
        made.notes += [ran.note] if ran.note else []
        made.again = read
        if program is not None:
            made.repair = Repair(program, space or {}, cuts)
        return made

    made = read()
    if not made.claims and not made.problems:
        raise UnknownNameError(
            "nothing that was handed over is named like a gradient of the graph; there are "
            + ", ".join(sorted(made.environment.named))
        )
    return made


def _left_in(space: Mapping[str, Any]) -> Ran:
    left = [
        Left(root, tuple(path), np.array(plain(array)), None, 0, "=")
        for root, path, array in arrays_in(space)
        if not isinstance(array, Tensor) or CLAIMS.fullmatch(root)
    ]
    return Ran([x for x in left if x.value.dtype.kind in "fiub"], None, "", {}, set())


def _formulas_in(environment: Environment, space: Mapping[str, Any]) -> list[Claim]:
    """Return the functions of a namespace that are named like gradients."""
    reader, found = _Reader(environment), []
    for key, value in space.items():
        meaning = reader.meaning(key) if isinstance(value, types.FunctionType) else None
        if meaning is not None:
            found.append(Claim(key, meaning, value))
    return found


def _spread(environment: Environment, claims: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return claims with lists by layer, and dicts, taken apart."""
    reader, found = _Reader(environment), {}
    for key, value in claims.items():
        if not isinstance(key, str) or not isinstance(value, (list, tuple, dict)):
            found[key] = value
            continue
        if reader.meaning(key) or not list(leaves_of(value, key)):
            found[key] = value
            continue
        for path, array in leaves_of(value, key):
            entry = Left(key, path, np.asarray(plain(array)), None, 0, "=")
            told = reader.of_entry(entry, {key: len(value)}) if path else None
            if told is not None:
                environment.define(told[0], told[1])
            found[told[0] if told else entry.text] = array
    return found
