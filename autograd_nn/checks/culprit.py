"""Whose fault a wrong gradient is: the element where it is worst, and the rules that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import dependents, topological_order
from ..core.tensor import Tensor, apply, plain
from .comparison import Comparison
from .directions import Check, Pass, alone, passes, subscript, unit

_LOCATED = 64  # so many elements are looked at to find the worst


def worst_element(here: Pass, index: int) -> str:
    """Return where in an input the gradient is worst, as text; nothing where no element is."""
    x = here.check.wide[index]
    places = [
        (place, turn)
        for place in np.ndindex(x.shape)
        for turn in ((1, 1j) if x.dtype.kind == "c" else (1,))
    ]
    if len(places) > _LOCATED:
        chosen = here.check.rng.choice(len(places), _LOCATED, replace=False)
        places = [places[i] for i in sorted(chosen)]
    worst, text = 0.0, ""
    for place, turn in places:
        scale = unit(x)[place]
        c = here.compare(0, index, alone(turn * unit(x), place))
        if c.status == "wrong" and c.relative_error >= worst:
            ratio = f", {_ratio(c)}" if c.numeric else ""
            worst, where = c.relative_error, subscript(here.check.names[index], place)
            where += " along i" if turn == 1j else ""
            text = (
                f"worst element: {where} = {x[place]:.6g}: exact {c.exact / scale:.10g}, "
                f"differences {c.numeric / scale:.10g}, relative error {worst:.1e}{ratio}"
            )
    return text


def _ratio(c: Comparison) -> str:
    return f"exact / differences = {c.exact / c.numeric:.6g}" if c.numeric else ""


def rules_at_fault(check: Check, order: int) -> list[str]:
    """Check every operation of the function by itself, and name those whose rules are wrong."""
    found, seen = [], set()
    leaves = [Tensor(x) for x in check.wide]
    order_of_graph = topological_order(check.graph(lambda _: check.flat(leaves)))
    reached = dependents(order_of_graph, leaves, floating=True)
    for node in order_of_graph:
        if node.op is None or node.op in seen or not node.op.differentiable:
            continue
        varied = [i for i, x in enumerate(node.inputs) if x in reached and _fit(x, node, i)]
        if not varied or node.dtype.kind not in "fc":
            continue
        seen.add(node.op)
        verdict = _one_operation(node, varied, check, order)
        if verdict:
            found.append(verdict)
    if not found and order > 1:
        found.append(
            "every operation passes by itself: look for values that the function takes out of "
            "Tensors (.data, float(), .numpy()) on the way"
        )
    return found


def _fit(x: Tensor, node: Tensor, index: int) -> bool:
    has_rule = node.op is not None and node.op.rule(index) is not None
    return has_rule and x.dtype.kind in "fc" and x.size > 0


def _one_operation(node: Tensor, varied: list[int], check: Check, order: int) -> str:
    """Return what is wrong with the rules of the operation of `node`, or an empty text."""
    op = node.op
    assert op is not None  # noqa: S101 - the caller saw to it

    def by_itself(xs: Sequence[Tensor]) -> list[Tensor]:
        inputs: list[Any] = [x.detach() for x in node.inputs]
        for position, x in zip(varied, xs, strict=True):
            inputs[position] = x
        return [apply(op, inputs, node.params)]

    leaves = [np.asarray(plain(node.inputs[i])) for i in varied]
    names = [node.inputs[i].name or f"operand {i}" for i in varied]
    single = Check(by_itself, leaves, names, np.random.default_rng(0), 1, check.rtol)
    for here in passes(single, order):
        for index, position in enumerate(varied):
            c = here.worst(index)
            if c.status != "wrong":
                continue
            found = _ratio(c) or c.note or f"exact {c.exact:.6g}, differences 0"
            operand = f"operand {position} ({names[index]})"
            if here.order == 1:
                return f"the vjp rule of {op.name!r} is wrong for {operand}: {found}"
            return (
                f"the vjp rules of {op.name!r} give right gradients, but derivative {here.order} "
                f"with respect to {operand} is wrong: {found}. Rules must compute with NumPy "
                "functions on what they get, and take no values out of Tensors"
            )
    return ""
