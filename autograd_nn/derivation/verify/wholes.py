"""Structure by value: several operations that together are one function, however it is spelt.

A tensor that equals the softmax of another, its sigmoid, or its values with mean 0 and variance 1,
is that. Learners write the derivative of the whole, so that mistakes are made in its one rule.
"""

from __future__ import annotations

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
        before = topological_order([node])
        for z in before[:-1]:
            j = base.place[z]
            if z.shape != node.shape or j not in base.arriving or tried >= _MOST_PAIRS:
                continue
            tried += 1
            match = _function(plain(z), plain(node))
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


def _function(z: Any, a: Any) -> tuple[Op, dict[str, Any]] | None:
    """Return the function, if any, of which `a` is the value at `z`."""
    if z.dtype.kind != "f" or a.dtype.kind != "f":
        return None
    near = (1e-12 if a.dtype.itemsize > 4 else 1e-5) * max(1.0, float(np.abs(a).max()))
    along: list[tuple[int, ...]] = [(axis,) for axis in range(a.ndim)]
    along += [tuple(range(k, a.ndim)) for k in range(max(a.ndim - 1, 1))]
    tried: list[tuple[Op, dict[str, Any]]] = [(op, {}) for op in (SIGMOID, TANH, RELU)]
    tried += [(op, {"axis": k}) for k in range(a.ndim) for op in (SOFTMAX, LOG_SOFTMAX)]
    tried += [(NORMALISED, {"axis": axes}) for axes in along]
    low, high, middle = float(a.min()), float(a.max()), float(abs(a.mean()))
    told = {  # at a glance; what follows is the proof
        SOFTMAX: low >= 0 and high <= 1 + near,
        LOG_SOFTMAX: high <= near,
        NORMALISED: middle <= 100 * near,
    }
    for op, params in tried:
        with np.errstate(all="ignore"):
            first = (
                told.get(op) if params else close(op.forward(z.ravel()[:1]), a.ravel()[:1], near)
            )
        if not first:
            continue
        off = near
        with np.errstate(all="ignore"):
            value = op.forward(z, **params)
        if op is NORMALISED:  # a number under the root makes the variance of `a` another
            spread = np.std(a, **params, keepdims=True)
            if a.size == spread.size or not np.all(spread > 0) or close(z, a, near):
                continue
            value, off = value * spread, 100 * near
        if close(value, a, off):
            return op, params
    return None
