"""What was handed over to be judged, and how else it may be read.

1. `handed` takes claims, a namespace, or a program.
2. `Handed` also knows how else it may be read: conventions, and names that are no gradients.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...core.graph import topological_order
from ...core.tensor import Tensor, plain
from ...ops.elementwise import DIVIDE, MULTIPLY
from ...ops.reductions import MEAN
from ..names import Environment, UnknownNameError, spelling
from .claimed import claims_of
from .claims import Claim, collect, in_order
from .naming import (
    CLAIMS,
    arrays_in,
    holds,
    named_by,
    recognised,
    recorded_forward,
    space_of,
)
from .reader import DATA, Reader
from .repair import Repair
from .script import Left, Program, Ran, run_program
from .values import beside, leaves_of


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
    called : dict
        What the tensors are called in this reading.
    """

    def __init__(self, environment: Environment, claims: list[Claim], notes: list[str]) -> None:
        self.environment, self.claims, self.notes = environment, claims, notes
        self.problems: list[str] = []
        self.again: Callable[..., Handed] | None = None
        self.counted = False
        self.called: dict[Tensor, str | None] = {}
        self.lost: list[Left] = []
        self.repair: Repair | None = None

    def per_sample(self) -> Iterator[Handed]:
        """Yield the readings in which intermediate gradients are of each sample's own cost.

        They are possible where the graph divides by the number of samples, and nothing says
        that ∂J/∂ is meant, as the name d_z does.
        """
        for m in divisors(self.environment.order):
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
        groups: dict[Any, list[Tensor]] = {}
        for node in self.environment.order:
            if node.op is not None and not node.name and node.dtype.kind == "f" and node.size > 1:
                after = tuple(x.op.name for x, _ in self.environment.consumers[node] if x.op)
                groups.setdefault((node.shape, node.op.name, after), []).append(node)
        counts: dict[str, list[Left]] = {}
        for entry in self.lost:
            counts.setdefault(entry.root, []).append(entry)
        again = self.again
        for root, entries in counts.items():
            stem = (self.environment.stems(root) or [root])[0]
            for (shape, *_), nodes in groups.items():
                texts = [stem] if len(nodes) == 1 else [f"{stem}{i}" for i in range(len(nodes))]
                if any(text in self.environment.named for text in texts):
                    texts = [f"{text}_in" for text in texts]  # what s is made of, not s itself
                if again and shape == entries[-1].value.shape and len(nodes) == len(entries):
                    yield again(called=dict(zip(nodes, texts, strict=True)), families={root: nodes})
        for other in self.uncounted():
            yield from other.with_names()


def divisors(order: Iterable[Tensor]) -> list[int]:
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


def _samples_of(environment: Environment) -> int | None:
    """Return the number that a graph divides by which is a length of every z, if it is one."""
    shapes = [set(z.shape) for z in environment.weighted_inputs()]
    common = set.intersection(*shapes) if shapes else set()
    found = [m for m in divisors(environment.order) if m in common]
    return found[0] if len(found) == 1 else None


def _is_free(claim: Claim, m: int) -> bool:
    node = claim.meaning.node
    if node is None or not claim.meaning.gradient or claim.meaning.scale != 1:
        return False
    inner = node.op is not None or spelling(claim.name).family.lower() in ("dx", "da0", "dh1")
    return inner and m in node.shape and not claim.name.startswith(("d_", "delta"))


def handed(
    J: Any,
    claims: Any,
    script: Any,
    forward: Any,
    names: Any,
    samples: int | None,
    allow_own: bool,
    assume: Sequence[Callable[..., Any]] = (),
) -> Handed:
    """Return what was handed over: claims as they are, a namespace, a program, or a function.

    Raises
    ------
    TypeError, ValueError
        If nothing was handed over, or two things.
    """
    if isinstance(claims, types.FunctionType | types.MethodType) and script is None:
        claims, script = None, claims
    _refuse(J, claims, script, forward, names)
    program = Program(script) if script is not None else None
    space: dict[str, Any] | None = None
    fixed: set[Tensor] = set()
    cuts: dict[Tensor, str] = {}
    if forward is not None:
        claimed = claims if program is None else program.computed()
        J, space, fixed = recorded_forward(forward, names, claimed)
    if not isinstance(J, Tensor):
        Environment(J, samples)  # says what J must be
    order = topological_order([J])
    aliases: dict[str, Tensor] = {}
    whole = isinstance(claims, Mapping) and holds(claims, J)
    for given in (names, claims if whole else None):
        named_by(order, given or {}, aliases)
    about = partial(Environment, J, aliases=aliases, assume=assume)
    left = partial(_left_by, about, samples, order, aliases, tuple(names or ()))
    if program is not None:
        program.parameters = _trained(order)
        if space is None:
            space, cuts, fixed = space_of(order, names)
        else:
            cuts = {node: node.name for node in order if node.name}
        ran = run_program(program, space, cost=plain(J))
        repair = Repair(program, space, cuts)
        return left(ran, cuts, fixed, {}, repair)
    if whole:
        return left(_left_in(claims), cuts, fixed, claims)
    notes: list[str] = []
    environment = about(samples)
    if isinstance(claims, Mapping):
        claims = _spread(environment, claims)
    return Handed(environment, collect(environment, claims, allow_own, notes), notes)


def _left_by(
    about: Callable[[int | None], Environment],
    samples: int | None,
    order: Sequence[Tensor],
    aliases: dict[str, Tensor],
    parameters: Sequence[str],
    ran: Ran,
    cuts: dict[Tensor, str],
    fixed: set[Tensor],
    space: Mapping[str, Any],
    repair: Repair | None = None,
) -> Handed:
    """Return what a program has left, or what stands in a namespace, and how else it may be read.

    Raises
    ------
    ValueError
        If nothing in it is named like a gradient of the graph.
    """
    twins = recognised(ran.left, order, cuts, aliases)
    own = {node: node.name for node in order}
    program = repair.program if repair is not None else None

    def read(
        counted: bool = True,
        called: Mapping[Tensor, str] | None = None,
        families: Mapping[str, list[Tensor]] | None = None,
    ) -> Handed:
        for node, text in {**own, **(called or {})}.items():  # a reading may have named others
            node.name = text
        environment = about(samples)
        m = None if environment.told.scale else _samples_of(environment)
        environment = environment if m is None else about(m)
        found, notes, did_count, lost = claims_of(
            environment, program, ran, dict(cuts), twins, fixed, parameters, counted, families or {}
        )
        found = _finished(ran, found, notes) + _formulas_in(environment, space)
        notes += [ran.note] if ran.note else []
        notes += [f"m taken as {m}: J divides by it, and every z has as many samples"] if m else []
        made = Handed(environment, in_order(environment, found, True), notes)
        made.problems = [f"the program stops: {ran.problem}"] if ran.problem else []
        made.again, made.counted, made.lost, made.repair = read, did_count, lost, repair
        made.called = {node: node.name for node in order}
        return made

    made = read()
    if not made.claims and not made.problems:
        raise UnknownNameError(
            "nothing that was handed over is named like a gradient of the graph; there are "
            + ", ".join(sorted(made.environment.named))
        )
    return made


def _finished(ran: Ran, found: list[Claim], notes: list[str]) -> list[Claim]:
    """Return the claims without those that a program had still to write to when it stopped."""
    done, stopped = list[Claim](), list[str]()
    for claim in found:
        root, path = claim.left[:2] if claim.left else ("", ())
        unfinished = {(root, None), (root, path[0] if path else None)} & ran.unfinished
        stopped.append(claim.name) if unfinished else done.append(claim)
    if stopped:
        texts = ", ".join(stopped)
        notes.append(f"not judged, as the program stops before it is done: {texts}")
    return done


def _refuse(J: Any, claims: Any, script: Any, forward: Any, names: Any) -> None:
    """Raise where nothing is handed over, or two things."""
    if (claims is None) == (script is None):
        raise TypeError("say what is claimed: either claims, or script= for a program")
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(f"names is a {type(names).__name__}; pass a dict, such as locals()")
    if (J is None) == (forward is None):
        raise TypeError("say what is differentiated: J, or forward= for its program")


def _trained(order: Sequence[Tensor]) -> frozenset[str]:
    """Return the names of a graph's parameters: of what requires gradients, if anything does."""
    leaves = [node for node in order if node.op is None and node.name]
    trained = [node.name for node in leaves if node.requires_grad] or [x.name for x in leaves]
    return frozenset(text for text in trained if text and spelling(text).family.lower() not in DATA)


def _left_in(space: Mapping[str, Any]) -> Ran:
    left = []
    for root, path, array in arrays_in(space):
        if not isinstance(array, Tensor) or CLAIMS.fullmatch(root):
            of = beside(space, root, path)
            of = None if of is None else (None, np.array(plain(of)))
            left.append(Left(root, tuple(path), np.array(plain(array)), None, 0, "=", "", of))
    return Ran([x for x in left if x.value.dtype.kind in "fiub"], None, "", {}, set())


def _formulas_in(environment: Environment, space: Mapping[str, Any]) -> list[Claim]:
    """Return the functions of a namespace that are named like gradients."""
    reader, found = Reader(environment), []
    for key, value in space.items():
        meaning = reader.meaning(key) if isinstance(value, types.FunctionType) else None
        if meaning is not None:
            found.append(Claim(key, meaning, value))
    return found


def _spread(environment: Environment, claims: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return claims with lists by layer, and dicts, taken apart."""
    reader, found = Reader(environment), {}
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
