"""Arrays put together of pieces: what the gradients of slices add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.op import Op
from ...core.tensor import Tensor, apply
from ...ops.elementwise import ADD
from ...ops.indexing import GETITEM, SCATTER, is_basic
from ...ops.joining import CONCATENATE
from ...ops.rules import is_full
from ...ops.shapes import RESHAPE
from ..graph import Graph, is_weak
from ..rewriting import Rule, applies_to, frozen
from .transposes import reshaped

_MANY = 8
"""More pieces are joined by NumPy."""

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
    return reshaped(g, node.shape) if plain else None


@applies_to(SCATTER)
def one_piece(node: Tensor, graph: Graph) -> Tensor | None:
    """``scatter(g, key)`` → an array of zeros that g is put into."""
    key, g = node.params["key"], node.inputs[0]
    if not is_basic(key) or g.dtype != node.dtype:
        return None
    return apply(PIECES, (g,), {"keys": (key,), "shape": node.shape})


@applies_to(CONCATENATE)
def concatenation_of_pieces(node: Tensor, graph: Graph) -> Tensor | None:
    """``concatenate([a, b])`` → an array that both are put into."""
    axis = node.params["axis"]
    many = len(node.inputs) > _MANY
    if axis is None or many or any(x.dtype != node.dtype for x in node.inputs):
        return None
    before, end, keys, parts = (slice(None),) * (axis % node.ndim), 0, [], []
    for x in node.inputs:
        start, end = end, end + x.shape[axis]
        inner = x.inputs[0] if x.op is RESHAPE and not is_weak(x.inputs[0]) else x
        single = inner.shape == x.shape[: len(before)] + x.shape[len(before) + 1 :]
        keys.append((*before, start if single else slice(start, end)))
        parts.append(inner if single else x)
    return apply(PIECES, parts, {"keys": tuple(keys), "shape": node.shape})


@applies_to(ADD, over=[PIECES])
def added(node: Tensor, graph: Graph) -> Tensor | None:
    """``scatter(g, key) + scatter(h, other)`` → one array that both are put into."""
    if any(x.op is not PIECES or graph.uses(x) > 1 for x in node.inputs) or node.dtype.kind == "b":
        return None
    if any((x.shape, x.dtype) != (node.shape, node.dtype) for x in node.inputs):
        return None
    pieces: dict[Any, tuple[Any, Tensor]] = {}
    for x in node.inputs:
        for key, part in zip(x.params["keys"], x.inputs, strict=True):
            same = frozen(key), part.shape
            pieces[same] = key, pieces[same][1] + part if same in pieces else part
    keys, parts = zip(*pieces.values(), strict=True)
    return apply(PIECES, parts, {"keys": keys, "shape": node.shape})


@applies_to(RESHAPE, over=[GETITEM])
def of_a_part(node: Tensor, graph: Graph) -> Tensor | None:
    """``reshape(x[1:2], ())`` → ``x[1]``."""
    part, key = node.inputs[0], node.inputs[0].params["key"]
    keys, lengths = key if isinstance(key, tuple) else (key,), part.inputs[0].shape
    if not all(isinstance(k, slice) for k in keys) or node.shape == part.shape:
        return None
    if node.shape != tuple([n for n in part.shape if n != 1]) or len(keys) < part.ndim:
        return None
    where = zip(keys, lengths, part.shape, strict=True)
    ends = tuple([k.indices(length)[0] if n == 1 else k for k, length, n in where])
    return apply(GETITEM, part.inputs, {"key": ends})


@applies_to(ADD, over=[PIECES], arithmetic=True)
def added_later(node: Tensor, graph: Graph) -> Tensor | None:
    """``(x + pieces) + others`` → ``x + (pieces + others)``, one array for both."""
    for total, others in (node.inputs, node.inputs[::-1]):
        once = total.op is ADD and graph.uses(total) == 1
        for x, pieces in (total.inputs, total.inputs[::-1]) if once else ():
            if x.shape == pieces.shape and (both := added(pieces + others, graph)) is not None:
                return x + both
    return None


RULES: list[Rule] = [
    of_new_axes, one_piece, concatenation_of_pieces, added, added_later, of_a_part,
]  # fmt: skip
