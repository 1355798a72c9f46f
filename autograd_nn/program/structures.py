"""How arguments and results are nested, as Python code.

1. `Arguments` describes one call: how each array is reached from the parameters, and what it is.
2. `checker` compiles a test whether another call has the same structure, shapes and dtypes: a
   few attribute look-ups an array, no flattening.
3. `construction` writes the expression that builds a nested result.

Only dicts with plain keys, lists, tuples, namedtuples and dataclasses can be written as code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..notation import identifier
from ..tensor import Tensor
from ..trees import flatten

_PLAIN_KEYS = (str, int, bool, float, type(None))
_NUMBERS = (bool, int, float)


class Leaf:
    """One array or number among the arguments.

    Attributes
    ----------
    value : ndarray, bool, int or float
        The example.
    path : tuple
        Parameter name, then the steps from there: ``("key", k)``, ``("index", i)`` or
        ``("field", name)``.
    name : str
        What it is called in the program.
    """

    __slots__ = ("name", "path", "value")

    def __init__(self, value: Any, path: tuple[Any, ...], name: str) -> None:
        self.value = value
        self.path = path
        self.name = name


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
            elif isinstance(entry, (optree.NamedTupleEntry, optree.DataclassEntry)):
                steps.append(("field", _field(entry)))
            elif isinstance(entry, optree.SequenceEntry):
                steps.append(("index", entry.entry))
            else:
                return None
        paths.append(tuple(steps))
    return paths


def _field(entry: Any) -> str:
    return str(entry.field if hasattr(entry, "field") else entry.name)


def reached(root: str, steps: Sequence[tuple[str, Any]]) -> str:
    """Return the code that reaches a leaf: ``params["W1"]``."""
    return root + "".join(
        f".{step}" if kind == "field" else f"[{quoted(step)}]" for kind, step in steps
    )


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
    for position in range(len(steps) - 1, -1, -1):
        kind, step = steps[position]
        if kind == "field" or (kind == "key" and isinstance(step, str)):
            rest = "_".join(str(s) for _, s in steps[position + 1 :])
            return f"{step}_{rest}" if rest else str(step)
    rest = "_".join(str(step) for _, step in steps)
    return f"{parameter}_{rest}" if rest else parameter


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
        data = value._data if isinstance(value, Tensor) else value
        data = np.asarray(data) if isinstance(data, np.generic) else data
        if type(data) not in _NUMBERS and type(data) is not np.ndarray:
            raise TypeError(
                f"{reached(name, steps)} is of type {type(value).__name__}; jit takes NumPy "
                "arrays, numbers and nested dicts, lists and tuples of them. Name what is fixed "
                "in static_argnums, or let the function use it from outside"
            )
        if isinstance(data, np.ndarray) and data.dtype.kind not in "biuf":
            raise TypeError(f"{reached(name, steps)} has dtype {data.dtype}; jit takes numbers")
        leaves.append(Leaf(data, (name, *steps), leaf_name(name, steps, value)))
    return leaves, reachable


def checker(
    parameters: Mapping[str, Any], leaves: Sequence[Leaf], static: Mapping[str, Any]
) -> Callable[..., bool]:
    """Return a function of the call's positional arguments: would the same program do?

    Containers must be of the same types and lengths, arrays of the same shapes and dtypes, and
    static arguments equal.
    """
    names = {key: f"a{position}" for position, key in enumerate(parameters)}
    space: dict[str, Any] = {"ndarray": np.ndarray, "len": len, "type": type}
    tests: list[str] = []
    lines = [f"def same({''.join(f'{name}, ' for name in names.values())}):"]

    def hold(prefix: str, value: Any) -> str:
        name = f"{prefix}{len(space)}"
        space[name] = value
        return name

    for key, value in parameters.items():
        if key in static:
            tests.append(f"{names[key]} == {hold('fixed', value)}")
            tests.append(f"type({names[key]}) is {hold('type', type(value))}")
        else:
            _container_tests(names[key], value, tests, hold)
    if tests:
        lines.append(f"    if not ({' and '.join(tests)}): return False")
    for position, leaf in enumerate(leaves):
        where = reached(names[leaf.path[0]], leaf.path[1:])
        lines.append(f"    v = {where}")
        if type(leaf.value) is np.ndarray:
            shape, dtype = repr(tuple(map(int, leaf.value.shape))), hold("dtype", leaf.value.dtype)
            test = f"type(v) is ndarray and v.shape == {shape} and v.dtype is {dtype}"
            lines.append(f"    if not ({test}):")
            # A dtype may be equal without being the same object.
            full = f"type(v) is ndarray and v.shape == {shape} and v.dtype == {dtype}"
            lines.append(f"        if not ({full}): return False")
        else:
            lines.append(f"    if type(v) is not {type(leaf.value).__name__}: return False")
        del position
    lines.append("    return True")
    exec(compile("\n".join(lines), "<checker>", "exec"), space)  # noqa: S102 - text of our own; keys are literals, values are held beside it
    same: Callable[..., bool] = space["same"]
    return same


def _container_tests(
    where: str, value: Any, tests: list[str], hold: Callable[[str, Any], str]
) -> None:
    """Add tests that `where` is a container like `value`, and its parts likewise."""
    kind = type(value)
    if isinstance(value, dict):
        tests.append(f"type({where}) is {hold('type', kind)} and len({where}) == {len(value)}")
        for key, part in value.items():
            tests.append(f"{quoted(key)} in {where}")
            _container_tests(f"{where}[{quoted(key)}]", part, tests, hold)
    elif isinstance(value, (list, tuple)):
        tests.append(f"type({where}) is {hold('type', kind)} and len({where}) == {len(value)}")
        for position, part in enumerate(value):
            _container_tests(f"{where}[{position}]", part, tests, hold)
    elif value is None:
        tests.append(f"{where} is None")
    elif not isinstance(value, (Tensor, np.ndarray, np.generic, *_NUMBERS)):
        tests.append(f"type({where}) is {hold('type', kind)}")
        for name in getattr(value, "__dataclass_fields__", ()):
            _container_tests(f"{where}.{name}", getattr(value, name), tests, hold)


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
            return "[" + ", ".join(build(part) for part in value) + "]"
        if type(value) is tuple:
            inner = ", ".join(build(part) for part in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if value is None:
            return "None"
        if not isinstance(value, (Tensor, np.ndarray, np.generic, *_NUMBERS)):
            raise _NotPlain
        return next(rest)

    try:
        return build(result)
    except _NotPlain:
        return None


class _NotPlain(Exception):  # noqa: N818 - a way out of a recursion, no error
    pass


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    structure: Any = flatten(dict.fromkeys(mapping, 0))[1]
    return [path[0] for path in structure.paths()]


def parameter_identifiers(names: Sequence[str], taken: set[str]) -> dict[str, str]:
    """Return an identifier for each of `names`, none in `taken`, and add them to it."""
    given = {}
    for name in names:
        given[name] = identifier(name, taken)
        taken.add(given[name])
    return given
