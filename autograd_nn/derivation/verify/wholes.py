"""Structure by value: several operations that together are one function, however it is spelt.

A tensor that equals the softmax of another, its sigmoid, or its values with mean 0 and variance 1,
is that. Learners write the derivative of the whole, so that mistakes are made in its one rule.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.graph import dependents, topological_order
from ...core.op import Op
from ...core.recording import recording
from ...core.tensor import apply, plain
from ...ops.elementwise import RELU, SIGMOID
from ...ops.reductions import SOFTMAX
from ...ops.trigonometry import TANH
from .passes import Edge, Pass, Site, close
from .ways import Way

_MOST_PAIRS = 400


def _normal(x: Any, axis: Any) -> Any:
    centred = x - np.mean(x, axis=axis, keepdims=True)
    return centred / np.std(x, axis=axis, keepdims=True)


def _normal_rule(g: Any, out: Any, x: Any, axis: Any) -> Any:
    scale = np.std(out, axis=axis, keepdims=True) / np.std(x, axis=axis, keepdims=True)
    along = np.mean(g * out, axis=axis, keepdims=True)
    # a small number under the root makes the scale another, and the variance of `out` too
    return scale * (g - np.mean(g, axis=axis, keepdims=True) - out * along)


def _log_softmax(x: Any, axis: int) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _log_softmax_rule(g: Any, out: Any, x: Any, axis: int) -> Any:
    return g - np.exp(out) * np.sum(g, axis=axis, keepdims=True)


# its rule reads x for the scale alone, in the place of which nobody takes another tensor
NORMALISED = Op("normalised", _normal, (_normal_rule,), traits={"value_free"})
LOG_SOFTMAX = Op("log_softmax", _log_softmax, (_log_softmax_rule,))


@dataclass(eq=False)
class Whole:
    """A tensor that is one function of another.

    Attributes
    ----------
    result, source : int
        The positions of both.
    op, params : Op, dict
        The function.
    edge : tuple
        A step that ends at the source: what the whole gives otherwise is added there.
    """

    result: int
    source: int
    op: Op
    params: dict[str, Any]
    edge: Edge

    def site(self, base: Pass) -> Site:
        """Return the step from the result's gradient to the source's, as one."""
        z, a = base.order[self.source], base.order[self.result]
        with recording(), np.errstate(all="ignore"):
            node = apply(self.op, (z,), self.params)
        found = Site(base, node, 0, base.leaving(self.result))
        found.out, found.at = plain(a), self.result
        return found

    def instead(self, way: Way) -> Way:
        """Return a way to get the whole wrong, as a change of the one step."""

        def change(site: Site) -> Any:
            whole = self.site(site.base)
            return site.right + way.change(whole) - whole.right

        return way._replace(change=change)


def wholes(base: Pass) -> dict[int, list[Whole]]:
    """Return the tensors that are one function of an earlier one, by the position of that.

    None where a gradient in between is claimed, since the learner went step by step there.
    """
    found: dict[int, list[Whole]] = {}
    tried = 0
    for i in sorted(base.arriving):
        node = base.order[i]
        if node.op is None or node.size < 2 or len(node.shape) > 4:
            continue
        functions = _plausible(plain(node))
        before = topological_order([node]) if functions else [node]
        for z in before[:-1]:
            j = base.place[z]
            if z.shape != node.shape or j not in base.arriving or tried >= _MOST_PAIRS:
                continue
            tried += 1
            match = _function(plain(z), plain(node), functions)
            if match is None or (node.inputs[0] is z and node.op is match[0]):
                continue
            between = dependents(before, [z]) - {z, node}
            if any(base.place[x] in base.own for x in between):
                continue
            edges = [e for e in base.flows if z is base.order[e[0]].inputs[e[1]]
                     and base.order[e[0]] in {*between, node}]  # fmt: skip
            if edges:
                found.setdefault(j, []).append(Whole(i, j, *match, edges[0]))
    return found


_Function = tuple[Op, dict[str, Any]]


def _plausible(a: Any) -> list[_Function]:
    """Return the functions whose values some values may be."""
    if a.dtype.kind != "f":
        return []
    low, high, near = float(a.min()), float(a.max()), _near(a)
    found: list[_Function] = []
    for op, least, most in ((SIGMOID, 0, 1), (TANH, -1, 1), (RELU, 0, math.inf)):
        if least <= low and high <= most:
            found.append((op, {}))
    for axis in range(a.ndim):
        for op, shares in ((SOFTMAX, a), (LOG_SOFTMAX, np.exp(a))):
            if np.all(np.abs(shares.sum(axis=axis) - 1) <= 100 * near):
                found.append((op, {"axis": axis}))
    along: list[tuple[int, ...]] = [(axis,) for axis in range(a.ndim)]
    for axes in (*along, *[tuple(range(k, a.ndim)) for k in range(max(a.ndim - 1, 1))]):
        spread = np.std(a, axis=axes)
        centred = np.all(np.abs(np.mean(a, axis=axes)) <= 100 * near)
        if centred and a.size > spread.size and np.all(spread > 0):
            found.append((NORMALISED, {"axis": axes}))
    return found


def _near(a: Any) -> float:
    return (1e-12 if a.dtype.itemsize > 4 else 1e-5) * max(1.0, float(np.abs(a).max()))


def _function(z: Any, a: Any, functions: list[_Function]) -> _Function | None:
    """Return that of some functions, if any, of which `a` is the value at `z`."""
    near = _near(a)
    for op, params in functions if z.dtype.kind == "f" else ():
        with np.errstate(all="ignore"):
            value = op.forward(z, **params)
        if op is NORMALISED:  # a number under the root makes the variance of `a` another
            value = value * np.std(a, **params, keepdims=True)
            if close(value, a, 100 * near) and not close(z, a, near):
                return op, params
        elif close(value, a, near):
            return op, params
    return None
