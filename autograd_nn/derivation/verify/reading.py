"""What a learner's program claims: which of the names it leaves are gradients, and of what.

1. `named_by` gives tensors of a graph that have no name those of a namespace, or of a program that
   computes the same values again.
2. `space_of` is what a program starts from: the graph's values, recorded under their names.
3. `claims_of` reads the claims off what a program left, with the formulas behind them.
"""

from __future__ import annotations

import copy
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.graph import rebuild, topological_order
from ...core.tensor import Tensor, plain
from ...formulas.notation import identifier
from ...ops.elementwise import DIVIDE, MULTIPLY
from ...ops.reductions import MEAN
from ..names import Environment, Meaning, UnknownNameError, spelling
from .claims import Claim, Formula, collect, in_order
from .recorder import Recorded, formula, record
from .script import Left, Program, Ran, leaves_of, run_program

_LARGEST = 4000
_HOLDS_GRADIENTS = re.compile(r"(?i)returned|d|g|grads?|gradients?|d?_?params|derivatives|nablas?")
_CLAIMS = re.compile(r"d[A-Z_]\w*|d_?[a-z]\w*|(?i:grad_?|nabla_?|delta_?)\w*|\w+_grad")


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
    """Give tensors without a name the one that they, or their values, have in a namespace."""
    values = Values([node for node in order if node.op is not None])
    here = {id(node) for node in order if not node.name}
    taken = {node.name for node in order}
    for root, path, value in _arrays_in(space):
        text = name_in(root, path)
        node = value if id(value) in here else None
        if node is None and isinstance(value, np.ndarray) and value.dtype.kind == "f":
            node = values.find(value)
        if node is not None and not node.name and text not in taken:
            node.name = text
            taken.add(text)


class Values:
    """Finds the tensor of a graph that has given values."""

    def __init__(self, order: Iterable[Tensor]) -> None:
        self.by_shape: dict[tuple[int, ...], list[Tensor]] = {}
        for node in order:
            if node.dtype.kind == "f" and node.size > 1:
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
            return entered(value) if value.dtype.kind == "f" else np.array(plain(value))
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
            parts = [put(part) for part in value]
            same = all(a is b for a, b in zip(parts, value, strict=True))
            return value if same else type(value)(parts)
        if type(value) is dict:
            return {key: put(part) for key, part in value.items()}
        return value

    space = {node.name: entered(node) if node.dtype.kind == "f" else np.array(plain(node))
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
        if isinstance(entry.path[0], int) and len(entry.path) == 1:
            tensors, length = self.family(entry.root), lengths[entry.root]
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
) -> list[Claim]:
    """Return what a program claims, the last value under each name.

    Of a name that a loop uses again and again, each value is the gradient of one of as many
    tensors. A gradient that is then multiplied in place has become that of the step before.
    """
    environment = made.environment
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
    for (root, path), entries in by_name.items():
        held = reader.of_entry(entries[-1], lengths)
        if path and not (_CLAIMS.fullmatch(root) or _HOLDS_GRADIENTS.fullmatch(root)):
            continue
        if held is not None:
            text, meaning = held
            found += _steps(environment, text, meaning, entries)
            continue
        ends = [
            entry
            for entry, after in zip(entries, [*entries[1:], None], strict=True)
            if after is None or after.how == "="
        ]
        tensors = [] if path else reader.family(root)
        if tensors and len(tensors) >= len(ends):
            for node, entry in zip(reversed(tensors[-len(ends) :]), ends, strict=True):
                found.append((f"d{environment.names[node]}", Meaning(node, True, 1), entry))
        elif entries[-1].value.size > 1:
            made.lost += ends
    claims: dict[str, Claim] = {}
    kept: dict[str, Left] = {}
    for text, meaning, entry in found:
        key = text if text not in claims else entry.text
        if key in claims:
            continue
        if entry.node is not None:
            cuts.setdefault(entry.node, key)
        environment.define(key, meaning)
        claims[key] = Claim(key, meaning, entry.value)
        kept[key] = entry
    for text, claim in claims.items():
        entry = kept[text]
        claim.where = entry.text if entry.text != text else ""
        if program is not None and entry.line:
            claim.where += ("; " if claim.where else "") + program.place(entry.line)
        behind = _formula(entry.node, cuts, fixed | ran.frozen, claim)
        if behind is not None:
            claim.follow(behind)
    if made.lost:
        lost = {e.text + (f" (line {e.line})" if e.line else ""): e for e in made.lost}
        made.notes.append(
            f"not judged, as no tensor of the graph has such a name: {', '.join(list(lost)[:8])}"
        )
    return list(claims.values())


def _steps(
    environment: Environment, text: str, meaning: Meaning, entries: Sequence[Left]
) -> list[tuple[str, Meaning, Left]]:
    """Return the claim of a name, or the two of one that went on to the step before in place."""
    last, node = entries[-1], meaning.node
    before = next((e for e in reversed(entries[:-1])), None)
    inputs = [x for x in node.inputs if x.op is not None] if node is not None and node.op else []
    elementwise = node is not None and node.op is not None and "elementwise" in node.op.traits
    if before is None or last.how not in ("", "Mult") or not elementwise or len(inputs) != 1:
        return [(text, meaning, last)]
    z = inputs[0]
    alike = z.shape == last.value.shape == before.value.shape
    stays = last.value == before.value if alike else np.array(False)
    masked = np.any(stays & (last.value != 0)) and np.all(stays | (last.value == 0))
    if alike and before.line != last.line and (masked or last.how == "Mult"):
        if not z.name:
            environment.enter(z, f"{environment.names[node]}_in")
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


_COSTS = ("J", "cost", "loss", "L", "C", "E", "total_loss", "error", "data_loss")


def recorded_forward(
    forward: Any, names: Mapping[str, Any] | None
) -> tuple[Tensor, dict[str, Any], set[Tensor]]:
    """Run a forward pass in plain NumPy and return its cost, the values it left, what is fixed.

    Raises
    ------
    ValueError
        If it stops, or leaves no cost that could be recorded.
    """
    program = Program(forward, "forward")
    start: dict[str, Any] = {}
    for key, value in (names or {}).items():
        start[key] = _as_leaves(value, key, ())
    ran = run_program(program, start)
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
    _name(order, ran.left)
    J.name = J.name or "J"
    return J, ran.space, ran.frozen - set(order)


def _as_leaves(value: Any, root: str, path: tuple[Any, ...]) -> Any:
    if isinstance(value, (np.ndarray, Tensor)) and plain(value).dtype.kind == "f":
        return record(plain(value), Tensor(np.array(plain(value)), name=name_in(root, path)))
    if type(value) in (list, tuple):
        return type(value)(_as_leaves(v, root, (*path, i)) for i, v in enumerate(value))
    if type(value) is dict:
        return {key: _as_leaves(part, root, (*path, key)) for key, part in value.items()}
    return plain(value)


def _name(order: Sequence[Tensor], left: Sequence[Left]) -> None:
    """Name tensors after what they were assigned to, one name used again by numbers."""
    here = set(order)
    chosen: dict[str, list[Tensor]] = {}
    for entry, after in zip(left, [*left[1:], None], strict=True):
        node = entry.node
        if node is None or node not in here or (after is not None and after.root == entry.root
                                                and after.how not in ("=",)):  # fmt: skip
            continue
        same = chosen.setdefault(name_in(entry.root, entry.path), [])
        if entry.how not in ("=",) and same:
            same.pop()
        if not node.name and all(x is not node for x in same):
            same.append(node)
    taken = {node.name for node in order}
    for text, nodes in chosen.items():
        for i, node in enumerate(nodes):
            if not node.name:
                fresh = text if len(nodes) == 1 and text not in taken else f"{text}{i}"
                node.name = fresh if fresh not in taken else None
                taken.add(node.name)


class Handed:
    """What is to be judged, and how else it may be read.

    Attributes
    ----------
    environment : Environment
    claims : list of Claim
        In the order of the computation.
    notes, problems : list of str
    """

    def __init__(self, environment: Environment, claims: list[Claim], notes: list[str]) -> None:
        self.environment, self.claims, self.notes = environment, claims, notes
        self.problems: list[str] = []
        self.again: Callable[[], Handed] | None = None
        self.lost: list[Left] = []

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
    whole = isinstance(claims, Mapping) and holds(claims, J)
    for given in (names, claims if whole else None):
        named_by(order, given or {})
    if script is None and not whole:
        notes: list[str] = []
        environment = Environment(J, samples)
        if isinstance(claims, Mapping):
            claims = _spread(environment, claims)
        return Handed(environment, collect(environment, claims, allow_own, notes), notes)
    program = None
    if script is None:
        ran = _left_in(claims)
    else:
        program = Program(script)
        if space is None:
            space, cuts, fixed = space_of(order, names)
        else:
            cuts = {node: node.name for node in order if node.name}
        ran = run_program(program, space)
    recognised(ran.left, order, cuts)

    def read() -> Handed:
        made = Handed(Environment(J, samples), [], [])
        found = claims_of(made, program, ran, dict(cuts), fixed)
        if whole:
            found += _formulas_in(made.environment, claims)
        made.claims = in_order(made.environment, found, True)
        made.problems = [f"the program stops: {ran.problem}"] if ran.problem else []
        made.again = read
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
        for root, path, array in _arrays_in(space)
        if not isinstance(array, Tensor) or _CLAIMS.fullmatch(root)
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
        if type(value) is not dict and reader.meaning(key) and not reader.family(key):
            found[key] = value
            continue
        for path, array in leaves_of(value, key):
            entry = Left(key, path, np.asarray(plain(array)), None, 0, "=")
            told = reader.of_entry(entry, {key: len(value)}) if path else None
            if told is not None:
                environment.define(told[0], told[1])
            found[told[0] if told else entry.text] = array
    return found
