"""What the names in a graph say.

1. `names_of`: which nodes have one.
2. `layer_of`: the layer that a node belongs to; `deltas_of`: the nodes whose gradient is a δ.
3. `verdicts_of`: the judgements of a report of ``verify``, by the names of the nodes they stand at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..core.graph import topological_order
from ..core.tensor import Tensor
from ..formulas.notation import Name
from ..formulas.samples import samples_of
from ..transforms.containers import flatten, leaf_names


def names_of(outputs: Sequence[Tensor], names: Mapping[str, Any] | None) -> dict[Tensor, str]:
    """Return the name of every node that has one.

    Parameters
    ----------
    outputs : sequence of Tensor
    names : mapping of str to anything, optional
        Such as ``locals()``: names for Tensors without one of their own, also within lists and
        dicts. Everything else in it, and names that begin with an underscore, are passed over.
    """
    found = {node: node.name for node in topological_order(outputs) if node.name}
    for name, value in (names or {}).items():
        if str(name).startswith("_"):
            continue
        leaves, structure = flatten(value)
        for leaf, called in zip(leaves, leaf_names(structure, str(name)), strict=True):
            if isinstance(leaf, Tensor) and not leaf.name:
                found.setdefault(leaf, called)
    return found


def layer_of(name: str) -> int | None:
    """Return the layer that something of this name belongs to: W^(l) and b^(l) lead to layer l+1.

    >>> layer_of("z2"), layer_of("W_1"), layer_of("x1")
    (2, 2, None)
    """
    parsed = Name.parse(name)
    if parsed.layer is None or parsed.derivative or parsed.stem not in ("W", "b", "z", "h"):
        return None
    return parsed.layer + (parsed.stem in ("W", "b"))


def deltas_of(outputs: Sequence[Tensor], names: Mapping[Tensor, str]) -> dict[Tensor, str]:
    """Return the z^(l) at which the gradient is each sample's own, δ^(l), and what that is called.

    Of a mean over several samples none is: there the gradient is ∂J/∂z^(l), which is δ^(l)/m.
    """
    zs = {node: name for node, name in names.items() if Name.parse(name).weighted_input}
    repeated = len(set(zs.values())) < len(zs)  # several networks in one cost
    if len(outputs) != 1 or repeated or samples_of(outputs[0], zs).scale != 1:
        return {}
    return {node: f"delta{name[1:]}" for node, name in zs.items()}


def verdicts_of(report: Any) -> dict[str, list[tuple[str, str]]]:
    """Return for the name of a node what is claimed there, each with its judgement.

    A judgement is ``"right"``, ``"wrong"`` or ``"inherits"``. What is no report has none.
    """
    lines = getattr(report, "lines", None)
    verdicts: dict[str, list[tuple[str, str]]] = {}
    if not isinstance(lines, list):
        return verdicts
    known = names_of(report.graph, None).values()
    for line in lines:
        mark = "wrong" if not line.right else "inherits" if line.inherits else "right"
        verdicts.setdefault(_claimed(line.name, known), []).append((line.name, mark))
    return verdicts


def _claimed(claim: str, known: Collection[str]) -> str:
    """Return which of the `known` names a claim is about: that of a value comes first."""
    meant = [claim, claim.removeprefix("d_"), claim.removeprefix("d")]
    if claim.startswith("delta"):
        meant.append(f"z{claim.removeprefix('delta')}")
    return next((name for name in meant if name in known), claim)
