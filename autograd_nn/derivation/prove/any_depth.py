"""Proofs for every depth, by induction over the layers.

The formula of a layer is proved from z^(l) to z^(l+1) alone, with δ^(l+1) any array. That is enough
where every path to J goes through z^(l+1), which the graph certifies, and where each layer's step
is one and the same. The same holds for the steps of a recurrence.
"""

from __future__ import annotations

from typing import Any

from ...core.backward import gradients
from ...core.graph import topological_order
from ...core.tensor import Tensor, plain
from ...formulas.sized import Sized, lifted
from ...formulas.terms import NoForm, algebra
from ..names import Environment, spelling
from ..verify.claims import Claim
from .any_size import Prover, Verdict
from .general import World


def layers(environment: Environment) -> dict[int, Tensor]:
    """Return z^(l) by layer."""
    found = {}
    for text, node in environment.named.items():
        if spelling(text).delta and node.op is not None:
            found[int(spelling(text).layer)] = node
    return found


def paths_through(environment: Environment, start: Tensor, gate: Tensor) -> bool:
    """Whether every path from `start` to J goes through `gate`."""
    reached = {start}
    for node in environment.order:
        if node is not gate and not reached.isdisjoint(node.inputs):
            reached.add(node)
    return environment.J not in reached


def step_of(environment: Environment, zs: dict[int, Tensor], l: int) -> Any:
    """Return how z^(l+1) is made of z^(l), layers counted from l; None if it is not made of it."""
    known: dict[Tensor, Any] = {zs[l]: "z"}
    for node in topological_order([zs[l + 1]]):
        if node in known:
            continue
        if node.op is None:
            spelt = spelling(environment.names.get(node, ""))
            offset = int(spelt.layer) - l if spelt.layer else None
            known[node] = (spelt.family, offset) if spelt.family else repr(plain(node))
        else:
            inputs = tuple(known[x] for x in node.inputs)
            known[node] = (node.op.name, repr(sorted(node.params.items())), inputs)
    return known[zs[l + 1]] if zs[l] in set(topological_order([zs[l + 1]])) else None


def one_step(environment: Environment) -> bool:
    """Whether two layers or more lead to the next one, all by the same step."""
    zs = layers(environment)
    steps = [step_of(environment, zs, l) for l in sorted(zs) if l + 1 in zs]
    return len(steps) > 1 and all(step is not None and step == steps[0] for step in steps)


def holds_at_every_depth(prover: Prover, claim: Claim, verdict: Verdict) -> bool:
    """Whether a proved formula of a layer holds in a network of any depth."""
    environment, node = prover.environment, claim.meaning.node
    zs = layers(environment)
    text = environment.names.get(node, "") if node is not None else ""
    if not claim.meaning.gradient or node is None or not spelling(text).layer or not zs:
        return False
    l, last = int(spelling(text).layer), max(zs)
    if node is zs.get(last):
        return _ends_here(environment, node, last)
    gate = zs.get(l + 1)
    if gate is None or not (one_step(environment) or prover.one_step):
        return False
    if not paths_through(environment, node, gate):
        return False
    with algebra():
        try:
            return _local(prover, claim, verdict, gate)
        except (NoForm, KeyError, TypeError, ValueError):
            return False


def _ends_here(environment: Environment, z: Tensor, last: int) -> bool:
    """Whether J is made of the last layer alone, and of what belongs to no layer."""
    known: set[Tensor] = {z}
    for node in environment.order:
        if node in known or (node.op is not None and known.isdisjoint(node.inputs)):
            continue
        if node.op is not None:
            known.add(node)
    used = {x for node in known - {z} for x in node.inputs} - known
    return all(spelling(environment.names.get(x, "")).layer in ("", str(last)) for x in used)


def _local(prover: Prover, claim: Claim, verdict: Verdict, gate: Tensor) -> bool:
    """Prove the formula from the gate on, the gradient that arrives there being any array."""
    environment, sizes = prover.environment, prover.sizes
    assert sizes is not None  # noqa: S101 - proved
    assert claim.meaning.node is not None  # noqa: S101 - a gradient
    world = World(environment, sizes, verdict.mode, claim.meaning.node, prover.assume)
    arrives = world.any_like(gate)
    arguments: dict[str, Any] = {}
    for text in claim.uses:
        meaning = environment.meaning(text)
        if meaning.node is None:
            arguments[text] = world.other(text)
        elif not meaning.gradient:
            arguments[text] = world.value(meaning.node)
        elif meaning.node is gate:
            arguments[text] = arrives * world.scale(meaning)
        else:
            return False
    start, end = world.nodes[claim.meaning.node], world.nodes[gate]
    right = lifted(gradients(end, [start], arrives)[0]) * world.scale(claim.meaning)
    over: Sized = lifted(claim.call(arguments)) - right
    return not over.terms
