"""The formula of a vjp rule: the rule run once on stand-ins, and so recorded."""

from __future__ import annotations

import numpy as np

from ..core.backward import pull
from ..core.recording import recording
from ..core.tensor import Tensor, plain
from .expression import Expr, from_graph, number

G, OUT = "@g", "@out"
"""What a rule's formula calls the cotangent of the result, and the result. Inputs are @0, @1, …"""


def rule_formula(node: Tensor, index: int) -> Expr | None:
    """Return what `node` hands back to its input `index`, as a formula.

    Parameters
    ----------
    node : Tensor
        The result of an operation. Its shapes decide where the formula sums over what was
        broadcast.
    index : int
        Which of its inputs.

    Returns
    -------
    Expr or None
        In the names `G`, `OUT` and ``@0``, ``@1``, … for the inputs; None where nothing flows.
    """
    with recording(), np.errstate(all="ignore"):
        stand_ins = [Tensor(plain(x)) for x in node.inputs]
        out, g = Tensor(plain(node)), Tensor(np.ones_like(plain(node)))
        flow = pull(node, index, g, out, stand_ins)
    if flow is None:
        return None
    if not isinstance(flow, Tensor):
        return number(flow)
    return from_graph(flow, {g: G, out: OUT, **{x: f"@{i}" for i, x in enumerate(stand_ins)}})
