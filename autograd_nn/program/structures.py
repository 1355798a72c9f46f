"""How arguments and results are nested, as Python code.

1. `leaves_of` finds the arrays in an argument, and how each is reached from the parameter.
2. `construction` writes the expression that builds a nested result.

Only dicts with plain keys, lists, tuples, namedtuples and dataclasses can be written as code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..transforms.containers import flatten
from .literals import NotLiteralError, affine

_PLAIN_KEYS = (str, int, bool, float, type(None))
_NUMBERS = (bool, int, float, complex)
_RUN = 8  # elements from which on they are not listed one by one
LEAVES = (Tensor, np.ndarray, np.generic, *_NUMBERS)
"""The types of what is no container."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One array or number among the arguments.

    Attributes
    ----------
    value : ndarray, bool, int or float
        The example.
    kind : type
        The argument's own: NumPy's scalars are arrays of no axes here.
    path : tuple
        Parameter name, then the steps from there: ``("key", k)``, ``("index", i)`` or
        ``("field", name)``.
    name : str
        What it is called in the program.
    """

    value: Any
    kind: type[Any]
    path: tuple[Any, ...]
    name: str


def accessors(structure: Any) -> list[tuple[tuple[str, Any], ...]] | None:
    """Return the steps to each leaf of an optree structure; None if code cannot take them."""
    if structure is None:
        return [()]
    import optree

    paths = []
    for accessor in structure.accessors():
        steps: list[tuple[str, Any]] = []
        for entry in accessor:
            if isinstance(entry, optree.MappingEntry) and type(entry.entry) in _PLAIN_KEYS:
                steps.append(("key", entry.entry))
            elif isinstance(entry, optree.NamedTupleEntry):
                steps.append(("field", entry.field))
            elif isinstance(entry, optree.DataclassEntry):
                steps.append(("field", entry.name))
            elif isinstance(entry, optree.SequenceEntry):
                steps.append(("index", entry.entry))
            else:
                return None
        paths.append(tuple(steps))
    return paths


def reached(root: str, steps: Sequence[tuple[str, Any]]) -> str:
    """Return the code that reaches a leaf: ``params["W1"]``."""
    return root + "".join(
        f".{step}" if kind == "field" else f"[{quoted(step)}]" for kind, step in steps
    )


_NUMBERED = re.compile(r"([A-Za-z_]\w*?)(\d+)")
_ELEMENT = re.compile(r"\[(\d+)\]")


def reached_by_number(paths: Sequence[tuple[Any, ...]], k: str) -> str | None:
    """Return the code that reaches leaves one after the other: ``p[f"W{k}"] for k in range(9)``.

    None if they differ by more than a number that goes on evenly.
    """
    first = paths[0]
    places = [i for i in range(len(first)) if any(x[i : i + 1] != first[i : i + 1] for x in paths)]
    if len(places) != 1 or not places[0] or any(len(path) != len(first) for path in paths):
        return None
    steps = [path[places[0]] for path in paths]
    words = [_NUMBERED.fullmatch(step) if isinstance(step, str) else None for _, step in steps]
    start = words[0][1] if words[0] else ""
    numbers = [int(x[2]) if x else step for x, (_, step) in zip(words, steps, strict=True)]
    if any(type(n) is not int for n in numbers) or len({kind for kind, _ in steps}) > 1:
        return None
    gap = numbers[1] - numbers[0]
    along = range(numbers[0], numbers[0] + gap * len(numbers), gap) if gap else ()
    same = [step for _, step in steps] == [f"{start}{n}" if start else n for n in along]
    if not same or steps[0][0] == "field":
        return None
    key = f'[f"{start}{{{k}}}"]' if start else f"[{k}]"
    reading = reached(reached(first[0], first[1 : places[0]]) + key, first[places[0] + 1 :])
    return f"{reading} for {k} in {along}"


def _listed(parts: Sequence[str]) -> str:
    """Return `parts` with commas between them, runs of ``x[0], x[1], …`` as what they are."""
    found, at, k = [], 0, "k"
    while at < len(parts):
        while re.search(rf"\b{k}\b", parts[at]):
            k += "_"
        pattern = _ELEMENT.split(parts[at])
        end, step = at + 1, list[int]()
        while end < len(parts):
            other = _ELEMENT.split(parts[end])
            if other[::2] != pattern[::2]:
                break
            gaps = [int(b) - int(a) for a, b in zip(pattern[1::2], other[1::2], strict=True)]
            step = step or gaps
            if gaps != [gap * (end - at) for gap in step] or not any(gaps):
                break
            end += 1
        if end - at < _RUN:
            found.append(parts[at])
            at += 1
            continue
        texts = [f"[{affine(int(n), gap, k)}]" for n, gap in zip(pattern[1::2], step, strict=True)]
        code = "".join(
            part for pair in zip(pattern[::2], [*texts, ""], strict=True) for part in pair
        )
        found.append(f"*[{code} for {k} in range({end - at})]")
        at = end
    return ", ".join(found)


def quoted(key: Any) -> str:
    """Return a plain key as a Python literal, strings in double quotes."""
    if isinstance(key, str):
        text = repr(key)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text
    return repr(key)


def leaf_name(parameter: str, steps: Sequence[tuple[str, Any]], value: Any) -> str:
    """Return what a leaf is called: by its own name, its last key, or its parameter."""
    if isinstance(value, Tensor) and value.name:
        return value.name
    parts = [parameter]
    for kind, step in steps:
        is_word = kind == "field" or (kind == "key" and isinstance(step, str))
        parts = [str(step)] if is_word else [*parts, str(step)]
    return "_".join(parts)


def leaves_of(name: str, argument: Any) -> tuple[list[Leaf], bool]:
    """Return the leaves of one argument, and whether code can reach them.

    Raises
    ------
    TypeError
        If a leaf is neither an array nor a number.
    """
    values, structure = flatten(argument)
    paths = accessors(structure)
    reachable = paths is not None
    if paths is None:
        paths = [(("index", i),) for i in range(len(values))]
    leaves = []
    for value, steps in zip(values, paths, strict=True):
        data = plain(value) if isinstance(value, Tensor) else value
        kind = type(data)
        data = np.asarray(data) if isinstance(data, np.generic) else data
        if type(data) not in _NUMBERS and type(data) is not np.ndarray:
            raise TypeError(
                f"{reached(name, steps)} is of type {type(value).__name__}; jit takes NumPy "
                "arrays, numbers and nested dicts, lists and tuples of them. Name what is fixed "
                "in static_argnums, or let the function use it from outside"
            )
        if isinstance(data, np.ndarray) and data.dtype.kind not in "biufc":
            raise TypeError(f"{reached(name, steps)} has dtype {data.dtype}; jit takes numbers")
        leaves.append(Leaf(data, kind, (name, *steps), leaf_name(name, steps, value)))
    return leaves, reachable


def construction(result: Any, texts: Sequence[str]) -> str | None:
    """Return the expression that builds `result` with `texts` for its leaves.

    None if it holds containers other than dicts with plain keys, lists and tuples.
    """
    rest = iter(texts)

    def build(value: Any) -> str:
        if type(value) is dict and all(type(key) in _PLAIN_KEYS for key in value):
            # flatten() goes through a dict in the order of its sorted keys
            parts = {key: build(value[key]) for key in _sorted_keys(value)}
            return "{" + ", ".join(f"{quoted(key)}: {parts[key]}" for key in value) + "}"
        if type(value) is list:
            inner = _listed([build(part) for part in value])
            return f"[{inner}]"
        if type(value) is tuple:
            inner = _listed([build(part) for part in value])
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if value is None:
            return "None"
        if not isinstance(value, LEAVES):
            raise NotLiteralError("no container that can be written down")
        return next(rest)

    try:
        return build(result)
    except NotLiteralError:
        return None


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    structure: Any = flatten(dict.fromkeys(mapping, 0))[1]
    return [path[0] for path in structure.paths()]
