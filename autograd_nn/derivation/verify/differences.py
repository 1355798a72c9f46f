"""Finite differences that know how far they can be trusted.

1. `sweep` tries a ladder of steps once, keeps the one with the smallest estimated error and says
   whether the function has a kink there.
2. `compare_gradients` holds automatic gradients against it, element by element.
3. `along` is one cheap comparison for all of a graph's parameters: a random direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.graph import replay
from ...core.recording import no_grad
from ...core.tensor import Tensor, plain
from ..environment import Environment, Meaning

_STEPS = 10.0 ** np.arange(-2, -9, -1)
_ALONG = 3e-4
_MOST = 40
"""Larger tensors are compared at this many random elements."""


class Slope(NamedTuple):
    """A derivative by finite differences.

    Attributes
    ----------
    value : float
        The centred difference at the best step.
    error : float
        The best attainable error, estimated: truncation plus rounding.
    step : float
        The step h it was found with.
    left, right : float
        The one-sided differences there.
    kink : bool
        Whether the function has a kink between x − h and x + h: the one-sided differences stay
        apart however small the step.
    """

    value: float
    error: float
    step: float
    left: float
    right: float
    kink: bool


def sweep(function: Callable[[float], float], scale: float = 1.0) -> Slope:
    """Return the derivative of `function` at 0, with its error.

    Parameters
    ----------
    function : callable
        A float for a float.
    scale : float
        The size of what is varied; steps are multiples of it.

    Returns
    -------
    Slope

    Examples
    --------
    >>> slope = sweep(lambda t: (3 + t) ** 2)
    >>> abs(slope.value - 6) <= slope.error < 1e-7, slope.kink
    (True, False)
    >>> sweep(abs).kink
    True
    """
    steps = _STEPS * scale
    here = function(0.0)
    ahead = np.array([function(h) for h in steps])
    behind = np.array([function(-h) for h in steps])
    centred = (ahead - behind) / (2 * steps)
    right, left = (ahead - here) / steps, (here - behind) / steps
    size = max(abs(here), float(np.abs(ahead[-1])))
    rounding = 4 * np.finfo(float).eps * size / steps
    # D(h) − f′ falls with h², so that D(10h) − D(h) is some 99 times the error of D(h).
    truncation = np.abs(np.diff(centred, prepend=centred[0]))
    truncation[0] = np.abs(centred[0] - centred[1]) if len(steps) > 1 else 0.0
    errors = truncation + rounding
    best = int(np.argmin(errors))
    jump = np.abs(right - left)
    i = len(steps) // 2
    loud = jump[i] > 100 * rounding[i] and jump[i + 1] > 100 * rounding[i + 1]
    kink = bool(loud and jump[i + 1] > 0.5 * jump[i])
    return Slope(
        float(centred[best]), float(errors[best]), float(steps[best]), float(left[i]),
        float(right[i]), kink,
    )  # fmt: skip


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
    draw = environment.in_double()
    notes: list[str] = []
    problems: list[str] = []
    compared, attainable = 0, 0.0
    for node in dict.fromkeys(m.node for m in meanings if m.node is not None):
        text = environment.names[node]
        here = draw.nodes[text]
        automatic = np.asarray(draw.gradient(Meaning(node, True, 1)), dtype=float)
        elements = list(np.ndindex(here.shape))
        if len(elements) > _MOST:
            chosen = np.sort(rng.choice(len(elements), _MOST, replace=False))
            elements = [elements[i] for i in chosen]
        scale = float(np.abs(plain(here)).max()) or 1.0
        for element in elements:
            slope = sweep(_varied(draw.J, here, element), min(scale, 1.0))
            gap = abs(slope.value - automatic[element])
            where = f"∂J/∂{text} at element {element}"
            low, high = sorted((slope.left, slope.right))
            margin = 10 * slope.error + 1e-7 * float(np.abs(automatic).max())
            if slope.kink and low - margin <= automatic[element] <= high + margin:
                notes.append(
                    f"undecidable here: kink between x−h and x+h at element {element} of {text} "
                    f"(slopes {slope.left:.6g} and {slope.right:.6g})"
                )
            elif gap > margin:
                problems.append(
                    f"{where}: automatic {automatic[element]:.6g}, finite difference "
                    f"{slope.value:.6g} ± {slope.error:.1e}"
                )
            else:
                compared += 1
                attainable = max(attainable, slope.error)
    notes.insert(
        0,
        f"automatic gradients agree with finite differences at {compared} elements "
        f"(best attainable error {attainable:.1e})",
    )
    return notes, problems


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
            costs.append(float(replay([J], moved)[0][0]._data.item()))
    slope = (costs[0] - costs[1]) / (2 * _ALONG)
    rounding = 8 * float(np.finfo(float).eps) * max(map(abs, costs)) / _ALONG
    return Along(slope, predicted, length, 1e-7 * length + rounding)
