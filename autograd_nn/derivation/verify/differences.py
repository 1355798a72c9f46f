"""Whether automatic gradients agree with finite differences.

1. `compare` holds them against a sweep of steps, element by element, and says what was found.
2. `along` is one cheap comparison for all of a graph's parameters: a random direction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...checks.sweep import EPSILON, Curve, sweep
from ...core.graph import replay
from ...core.recording import no_grad
from ...core.tensor import Tensor, plain
from ..draws import Draw
from ..names import Meaning

_ALONG = 3e-4
_MOST = 40
"""Larger tensors are compared at this many random elements."""


def compare(
    draw: Draw, meanings: Sequence[Meaning], how: str, seed: int = 0
) -> tuple[list[str], list[str]]:
    """Hold automatic gradients against centred finite differences.

    Parameters
    ----------
    draw : Draw
        The given values, in double precision, so that the step and not the number format limits
        what can be seen.
    meanings : sequence of Meaning
        Gradients, for ``"elements"``.
    how : {"elements", "direction"}
        Where all parameters together disagree along a direction, elements are compared as well.
    seed : int
        For the direction, and for the elements of large tensors.

    Returns
    -------
    notes : list of str
        What was compared, how closely, and where kinks leave it undecidable.
    problems : list of str
        Elements where the two disagree by more than the error of the finite difference.
    """
    environment, rng = draw.environment, np.random.default_rng(seed)
    notes: list[str] = []
    problems: list[str] = []
    if how == "direction":
        leaves = [n for n in environment.named.values() if n.op is None and n.requires_grad]
        wanted = [Meaning(leaf, True, 1) for leaf in leaves]
        draw.prepare(wanted)
        here = [draw.nodes[environment.names[leaf]] for leaf in leaves]
        gap, agrees = along(draw.J, here, [draw.gradient(meaning) for meaning in wanted], seed)
        if agrees:
            note = f"a centred difference along a random direction agrees to {gap:.1e}"
            return [f"{note} of the gradient's length"], []
    elif how != "elements":
        raise ValueError(
            f"finite_differences is {how!r}; it must be True, False, 'elements' or 'direction'"
        )
    compared, attainable = 0, 0.0
    for node in dict.fromkeys(m.node for m in meanings if m.node is not None):
        text = environment.names[node]
        x = draw.nodes[text]
        gradient = np.asarray(draw.gradient(Meaning(node, True, 1)), dtype=float)
        scale = min(float(np.abs(plain(x)).max()) or 1.0, 1.0)
        elements = list(np.ndindex(x.shape))
        if len(elements) > _MOST:
            chosen = np.sort(rng.choice(len(elements), _MOST, replace=False))
            elements = [elements[i] for i in chosen]
        for element in elements:
            way = np.zeros(x.shape)
            way[element] = 1
            slope, automatic = sweep(_curve(draw.J, {x: way}), scale=scale), gradient[element]
            if slope is None:
                notes.append(
                    f"undecidable here: J is not finite around element {element} of {text}"
                )
                continue
            low, high = sorted((slope.left, slope.right))
            margin = 10 * slope.error + 1e-7 * float(np.abs(gradient).max())
            if slope.kink and low - margin <= automatic <= high + margin:
                notes.append(
                    f"undecidable here: kink between x−h and x+h at element {element} of {text} "
                    f"(slopes {slope.left:.6g} and {slope.right:.6g})"
                )
            elif abs(slope.value - automatic) > margin:
                problems.append(
                    f"∂J/∂{text} at element {element}: automatic {automatic:.6g}, finite "
                    f"difference {slope.value:.6g} ± {slope.error:.1e}"
                )
            else:
                compared += 1
                attainable = max(attainable, slope.error)
    agree = (
        f"automatic gradients agree with finite differences at {compared} elements "
        f"(best attainable error {attainable:.1e})"
    )
    return [agree, *notes], problems


def _curve(J: Tensor, ways: Mapping[Tensor, Any]) -> Curve:
    """Return J as a function of how far tensors are moved, each in its direction."""

    def function(t: float) -> float:
        with no_grad(), np.errstate(all="ignore"):
            outputs, _ = replay([J], {x: plain(x) + t * way for x, way in ways.items()})
        return float(plain(outputs[0]).item())

    return function


def along(
    J: Tensor, leaves: Sequence[Tensor], given: Sequence[Any], seed: int = 0
) -> tuple[float, bool]:
    """Compare gradients along one random direction, at the cost of two runs of the graph.

    Parameters
    ----------
    J : Tensor
        A recorded scalar, in double precision.
    leaves : sequence of Tensor
        What is varied, all at once.
    given : sequence of array
        The gradients to be compared, one for each leaf.
    seed : int
        For the direction.

    Returns
    -------
    gap : float
        The difference over the length of all gradients together.
    agrees : bool
        Whether rounding and the step allow it.
    """
    rng = np.random.default_rng(seed)
    ways = [rng.random(leaf.shape) - 0.5 for leaf in leaves]
    norm = math.sqrt(sum(float(np.vdot(way, way)) for way in ways)) or 1.0
    predicted = sum(float(np.vdot(g, way)) for g, way in zip(given, ways, strict=True)) / norm
    length = math.sqrt(sum(float(np.vdot(g, g)) for g in given))
    curve = _curve(J, {leaf: way / norm for leaf, way in zip(leaves, ways, strict=True)})
    ahead, behind = curve(_ALONG), curve(-_ALONG)
    gap = abs((ahead - behind) / (2 * _ALONG) - predicted)
    rounding = 8 * EPSILON * max(abs(ahead), abs(behind)) / _ALONG
    return gap / (length or 1.0), bool(gap <= 1e-7 * length + rounding)
