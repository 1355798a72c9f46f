"""Whether automatic gradients agree with finite differences.

1. `compare` says what was found, in the one way or the other:
2. `compare_gradients` holds them against a sweep of steps, element by element.
3. `along` is one cheap comparison for all of a graph's parameters: a random direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...checks.sweep import EPSILON, sweep
from ...core.graph import replay
from ...core.recording import no_grad
from ...core.tensor import Tensor, plain
from ..draws import Draw, in_double
from ..names import Environment, Meaning

_ALONG = 3e-4
_MOST = 40
"""Larger tensors are compared at this many random elements."""


def compare(draw: Draw, meanings: Sequence[Meaning], how: str) -> tuple[list[str], list[str]]:
    """Hold automatic gradients against finite differences.

    Parameters
    ----------
    draw : Draw
        The given values, in double precision.
    meanings : sequence of Meaning
        Gradients, for ``"elements"``.
    how : {"elements", "direction"}
        Where all parameters together disagree along a direction, elements are compared as well.

    Returns
    -------
    notes, problems : list of str
        As `compare_gradients` returns them.
    """
    environment = draw.environment
    if how == "direction":
        leaves = [n for n in environment.named.values() if n.op is None and n.requires_grad]
        wanted = [Meaning(leaf, True, 1) for leaf in leaves]
        draw.prepare(wanted)
        here = [draw.nodes[environment.names[leaf]] for leaf in leaves]
        one = along(draw.J, here, [draw.gradient(meaning) for meaning in wanted])
        if one.ok:
            note = f"a centred difference along a random direction agrees to {one.relative:.1e}"
            return [f"{note} of the gradient's length"], []
    elif how != "elements":
        raise ValueError(
            f"finite_differences is {how!r}; it must be True, False, 'elements' or 'direction'"
        )
    return compare_gradients(environment, meanings)


def compare_gradients(
    environment: Environment, meanings: Sequence[Meaning], seed: int = 0
) -> tuple[list[str], list[str]]:
    """Hold the automatic gradients against centred finite differences.

    Float32 graphs are run in float64 for it, so that the step and not the number format limits
    what can be seen.

    Returns
    -------
    notes : list of str
        What was compared, how closely, and where kinks leave it undecidable.
    problems : list of str
        Elements where the two disagree by more than the error of the finite difference.
    """
    rng = np.random.default_rng(seed)
    draw = in_double(environment)
    notes: list[str] = []
    problems: list[str] = []
    compared, attainable = 0, 0.0
    for node in dict.fromkeys(m.node for m in meanings if m.node is not None):
        text = environment.names[node]
        here = draw.nodes[text]
        gradient = np.asarray(draw.gradient(Meaning(node, True, 1)), dtype=float)
        scale = min(float(np.abs(plain(here)).max()) or 1.0, 1.0)
        elements = list(np.ndindex(here.shape))
        if len(elements) > _MOST:
            chosen = np.sort(rng.choice(len(elements), _MOST, replace=False))
            elements = [elements[i] for i in chosen]
        for element in elements:
            slope, automatic = sweep(_varied(draw.J, here, element), scale=scale), gradient[element]
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


def _varied(J: Tensor, node: Tensor, element: tuple[int, ...]) -> Callable[[float], float]:
    def function(t: float) -> float:
        values = np.array(plain(node), dtype=float)
        values[element] += t
        with no_grad(), np.errstate(all="ignore"):
            outputs, _ = replay([J], {node: values})
        return float(plain(outputs[0]).item())

    return function


class Along(NamedTuple):
    """A comparison along one direction of length 1.

    Attributes
    ----------
    slope : float
        By finite differences.
    predicted : float
        By the gradients.
    length : float
        Of all gradients together.
    tolerance : float
        What rounding and the step allow.
    """

    slope: float
    predicted: float
    length: float
    tolerance: float

    @property
    def relative(self) -> float:
        """The difference over the length of the gradient."""
        gap = abs(self.slope - self.predicted)
        return gap / self.length if self.length else gap

    @property
    def ok(self) -> bool:
        """Whether both agree."""
        return abs(self.slope - self.predicted) <= self.tolerance


def along(J: Tensor, leaves: Sequence[Tensor], given: Sequence[Any], seed: int = 0) -> Along:
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
    Along
    """
    rng = np.random.default_rng(seed)
    ways = [rng.random(leaf.shape) - 0.5 for leaf in leaves]
    norm = math.sqrt(sum(float(np.vdot(way, way)) for way in ways)) or 1.0
    predicted = sum(float(np.vdot(g, way)) for g, way in zip(given, ways, strict=True)) / norm
    length = math.sqrt(sum(float(np.vdot(g, g)) for g in given))
    costs = []
    with no_grad():
        for h in (_ALONG, -_ALONG):
            moved = {
                leaf: plain(leaf) + way * (h / norm) for leaf, way in zip(leaves, ways, strict=True)
            }
            costs.append(float(plain(replay([J], moved)[0][0]).item()))
    slope = (costs[0] - costs[1]) / (2 * _ALONG)
    rounding = 8 * EPSILON * max(map(abs, costs)) / _ALONG
    return Along(slope, predicted, length, 1e-7 * length + rounding)
