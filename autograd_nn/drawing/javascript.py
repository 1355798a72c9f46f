"""A recorded graph as a JavaScript program, for pages whose numbers follow what one changes.

One statement a node. An element-by-element operation is the expression of its row, which means
the same in JavaScript; others are functions of ``live.js``. What has no form there, or holds
float32, stays as it is: its values are written in, and it is named in ``static``.
"""

from __future__ import annotations

import json
import math
import pathlib
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ..core.graph import dependents, topological_order
from ..core.op import Op
from ..core.tensor import Tensor
from ..program.loop_nests import INFIX

RUNTIME = pathlib.Path(__file__).with_name("live.js")
_CHOICE = re.compile(r"\((.+) if (.+) else (.+)\)")


class Script(NamedTuple):
    """A program.

    Attributes
    ----------
    text : str
        A function of an object with arrays by the names of the inputs; returns the outputs, in
        order, and a function that returns those that are wanted later.
    static : list of Tensor
        What depends on an input and yet stays as it is.
    """

    text: str
    static: list[Tensor]


def script(
    outputs: Sequence[Tensor], inputs: dict[str, Tensor], later: Sequence[Tensor] = ()
) -> Script:
    """Return a JavaScript function that computes `outputs` from other values of `inputs`.

    Parameters
    ----------
    outputs : sequence of Tensor
        Nodes of a graph, recorded backward passes among them.
    inputs : dict of str to Tensor
        Leaves whose values shall be given, by the names under which they are.
    later : sequence of Tensor
        What may be asked for afterwards; it is not computed before.
    """
    at_once = set(topological_order(outputs))
    order = topological_order([*outputs, *later])
    changing = dependents(order, inputs.values())
    names: dict[Tensor, str] = {node: f"given[{json.dumps(key)}]" for key, node in inputs.items()}
    lines: dict[bool, list[str]] = {True: [], False: []}
    static: list[Tensor] = []
    for number, node in enumerate(order):
        if node in names:
            continue
        text = None
        if node in changing:
            text = _statement(node, names)
            if text is None:
                static.append(node)
        names[node] = f"v{number}"
        lines[node in at_once].append(f"const v{number} = {text or literal(node._data)};")
    first, second = (", ".join(names[x] for x in some) for some in (outputs, later))
    rest = "\n    ".join([*lines[False], f"return [{second}];"])
    body = "\n  ".join([*lines[True], f"return [[{first}], () => {{\n    {rest}\n  }}];"])
    return Script(f"(given) => {{\n  {body}\n}}", static)


def literal(value: Any) -> str:
    """Return an array as JavaScript."""
    array = np.asarray(np.real(value), dtype=float)
    values = array.ravel().tolist()
    if len(values) > 1 and values.count(values[0]) == len(values):
        same = f"new Float64Array({len(values)}).fill({_number(values[0])})"
        return f"array({json.dumps(array.shape)}, {same})"
    numbers = ", ".join(map(_number, values))
    return f"array({json.dumps(array.shape)}, [{numbers}])"


def _number(value: float) -> str:
    """Return a number as JavaScript reads it."""
    if math.isnan(value):
        return "NaN"
    return repr(value).replace("inf", "Infinity")


def _statement(node: Tensor, names: dict[Tensor, str]) -> str | None:
    """Return the expression of `node`, or None where there is none."""
    op = node.op
    narrow = any(t.dtype.kind not in "biuf" or t.dtype.char in "efg" for t in (node, *node.inputs))
    if op is None or narrow:
        return None
    operands = [names[x] for x in node.inputs]
    element = _element(op, len(operands)) if not node.params else None
    if element is not None:
        letters = ", ".join("abcdef"[: len(operands)])
        return f"map(({letters}) => {element}, {', '.join(operands)})"
    if op.name not in _known():
        return None
    try:
        params = json.dumps(
            {key: (_key if key == "key" else _plain)(value) for key, value in node.params.items()}
        )
    except TypeError:
        return None
    return f"operations.{op.name}({', '.join([*operands, params])})"


def _element(op: Op, count: int) -> str | None:
    """Return one element of the result as an expression of the letters a, b, …"""
    letters = "abcdef"[:count]
    if op.loop:
        text = op.loop.format(*letters)
        choice = _CHOICE.fullmatch(text)
        return f"({choice[2]} ? {choice[1]} : {choice[3]})" if choice else text
    if op.symbol in INFIX and count == 2:
        return f"+(a {op.symbol} b)"  # a truth value becomes 0 or 1
    return "-a" if op.symbol == "-" else None


@cache
def _known() -> set[str]:
    """Return which operations ``live.js`` has."""
    text = RUNTIME.read_text(encoding="utf-8")
    return set(re.findall(r"^  (\w+)(?:: |\()", text[text.index("const operations") :], re.M))


def _key(key: Any) -> list[Any]:
    """Return an index of numbers, slices and new axes as JSON has it."""
    parts = key if isinstance(key, tuple) else (key,)
    for part in parts:
        if isinstance(part, (bool, np.bool_, tuple)):
            raise TypeError("such an index has no form in JavaScript")
    return [_plain(part) for part in parts]


def _plain(value: Any) -> Any:
    """Return a parameter as JSON has it; TypeError where it is none."""
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, slice):
        return {"slice": [_plain(part) for part in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return "..."
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, (np.dtype, type)):
        return np.dtype(value).name
    raise TypeError(f"{type(value).__name__} has no form in JavaScript")
