"""Arrays put together of pieces: what the gradients of slices add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.op import Op
from ...core.tensor import Tensor, apply
from ...ops.elementwise import ADD
from ...ops.indexing import SCATTER, is_basic
from ...ops.rules import is_full
from ...ops.shapes import RESHAPE
from ..graph import Graph
from ..rewriting import Rule, applies_to

_COUNTED = 1 << 22
"""Elements that are looked at to see which pieces overlap."""


def _put_together(*parts: Any, keys: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, parts[0].dtype)
    for part, key in zip(parts, keys, strict=True):
        out[key] += part
    return out


PIECES = Op(
    "pieces", _put_together, latex=r"\operatorname{{pieces}}({0}, \ldots)", traits={"complex"}
)
"""Zeros with operands added at keys that take each element at most once."""


def layout(node: Tensor) -> tuple[list[bool], bool]:
    """Return of each piece whether it meets none before it, and whether no zeros are needed.

    None are where the pieces cover the whole and each meets nothing or lies on others.
    """
    keys = node.params["keys"]
    if node.size * len(keys) > _COUNTED:
        return [False] * len(keys), False
    seen, apart, on_others = np.zeros(node.shape, bool), [], True
    for key in keys:
        apart.append(not seen[key].any())
        on_others = on_others and (apart[-1] or bool(seen[key].all()))
        seen[key] = True
    return apart, on_others and bool(seen.all())


def places(key: Any, shape: tuple[int, ...], indices: Sequence[str]) -> list[str]:
    """Return where the element at `indices` of ``x[key]`` lies in an x of `shape`, as text.

    Integers of the key that vary are texts.
    """
    parts = list(key) if isinstance(key, tuple) else [key]
    named = sum(part is not None and part is not Ellipsis for part in parts)
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts[at : at + 1] = [slice(None)] * (len(shape) - named)
    left, lengths, found = iter(indices), iter(shape), []
    for part in parts:
        if part is None:
            next(left)
        elif isinstance(part, slice):
            length, index, start, step = next(lengths), next(left), part.start, part.step or 1
            if not isinstance(start, str):
                start, _, step = slice(start, None, step).indices(length)
            if index == "0":
                found.append(str(start))
            else:
                scaled = index if step == 1 else f"{step} * ({index})"
                found.append(f"{start} + {scaled}" if start else scaled)
        else:
            length = next(lengths)
            found.append(part if isinstance(part, str) else str(part % length))
    return found


@applies_to(SCATTER)
def of_new_axes(node: Tensor, graph: Graph) -> Tensor | None:
    """``scatter(g, key=[:, None])`` → ``reshape(g)``: the gradient of an axis put in."""
    key, g = node.params["key"], node.inputs[0]
    parts = key if isinstance(key, tuple) else (key,)
    plain = all(part is None or part is Ellipsis or is_full(part) for part in parts)
    return apply(RESHAPE, (g,), {"shape": node.shape}) if plain else None


def _parts(node: Tensor, graph: Graph) -> tuple[tuple[Any, ...], Sequence[Tensor]] | None:
    """Return keys and pieces of what is put together and needed once."""
    if graph.uses(node) > 1 or node.op not in (SCATTER, PIECES):
        return None
    if node.op is PIECES:
        return node.params["keys"], node.inputs
    return ((node.params["key"],), node.inputs) if is_basic(node.params["key"]) else None


@applies_to(ADD)
def added(node: Tensor, graph: Graph) -> Tensor | None:
    """``scatter(g, key) + scatter(h, other)`` → one array that both are put into."""
    found = [_parts(x, graph) for x in node.inputs]
    if any(x.shape != node.shape or x.dtype != node.dtype for x in node.inputs):
        return None
    if found[0] is None or found[1] is None:
        return None
    keys = found[0][0] + found[1][0]
    return apply(PIECES, (*found[0][1], *found[1][1]), {"keys": keys, "shape": node.shape})


RULES: list[Rule] = [of_new_axes, added]
