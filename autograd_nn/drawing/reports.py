"""The judgements of a report of ``verify``, as marks on the nodes of the graph it judged."""

from __future__ import annotations

import re
from typing import Any

_DELTA = re.compile(r"delta_?(?P<layer>\d+)")
_GRADIENT = re.compile(r"d_?(?P<of>.+)")


def _node(gradient: str) -> str:
    """Return the name of the node whose gradient is called so."""
    found = _DELTA.fullmatch(gradient)
    if found:
        return f"z{found['layer']}"
    found = _GRADIENT.fullmatch(gradient)
    return found["of"] if found else gradient


def marks_of(report: Any) -> dict[str, str]:
    """Return name → ``"right"``, ``"wrong"`` or ``"inherits"``; nothing for what is no report."""
    marks: dict[str, str] = {}
    lines = getattr(report, "lines", None)
    for line in lines if isinstance(lines, list) else []:
        mark = "wrong" if not line.right else "inherits" if line.inherits else "right"
        marks[_node(line.name)] = mark
    return marks
