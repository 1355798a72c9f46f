"""How arguments and results are nested, as Python code.

1. `leaves_of` finds the arrays in an argument, and how each is reached from the parameter.
2. `Check` writes a test whether another call has the same structure, shapes and dtypes: a few
   attribute look-ups an array, no flattening.
3. `construction` writes the expression that builds a nested result.

Only dicts with plain keys, lists, tuples, namedtuples and dataclasses can be written as code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..formulas.notation import identifier
from ..transforms.containers import flatten

if TYPE_CHECKING:
    from .source import Source

_PLAIN_KEYS = (str, int, bool, float, type(None))
_NUMBERS = (bool, int, float)


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

    __slots__ = ("kind", "name", "path", "value")

    def __init__(self, value: Any, kind: type[Any], path: tuple[Any, ...], name: str) -> None:
        self.value = value
        self.kind = kind
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
        data = plain(value) if isinstance(value, Tensor) else value
        kind = type(data)
        data = np.asarray(data) if isinstance(data, np.generic) else data
        if type(data) not in _NUMBERS and type(data) is not np.ndarray:
            raise TypeError(
                f"{reached(name, steps)} is of type {type(value).__name__}; jit takes NumPy "
                "arrays, numbers and nested dicts, lists and tuples of them. Name what is fixed "
                "in static_argnums, or let the function use it from outside"
            )
        if isinstance(data, np.ndarray) and data.dtype.kind not in "biuf":
            raise TypeError(f"{reached(name, steps)} has dtype {data.dtype}; jit takes numbers")
        leaves.append(Leaf(data, kind, (name, *steps), leaf_name(name, steps, value)))
    return leaves, reachable


def overlapping(overwritten: Sequence[np.ndarray], read: Sequence[np.ndarray]) -> bool:
    """Whether one of `overwritten` may share memory with another array, as a view of it."""
    return any(
        np.may_share_memory(a, b)
        for position, a in enumerate(overwritten)
        for b in (*overwritten[position + 1 :], *read)
        if a.base is not None or b.base is not None
    )


class Check:
    """A test, as lines of code, whether a call is like the one that was traced.

    Containers must be of the same types and lengths, arrays of the same shapes and dtypes, and
    static arguments equal.

    Parameters
    ----------
    parameters : mapping of str to object
        The traced call: parameter name → argument.
    leaves : sequence of Leaf
        The arrays and numbers in it.
    static : mapping of str to object
        Those of `parameters` that are fixed.
    source : Source
        Says which leaves are written into, and must be writable, for BLAS also in C order.
    names : sequence of str, optional
        What the parameters are called in the code.

    Attributes
    ----------
    held : dict of str to object
        The values that the lines use.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        leaves: Sequence[Leaf],
        *,
        static: Mapping[str, Any] = MappingProxyType({}),
        source: Source,
        names: Sequence[str] | None = None,
    ) -> None:
        self.held: dict[str, Any] = {"_ndarray": np.ndarray}
        plain = [f"_argument{position}" for position in range(len(parameters))]
        self.names = dict(zip(parameters, names or plain, strict=True))
        self.containers: list[str] = []
        for key, value in parameters.items():
            name = self.names[key]
            if key in static:
                self.containers.append(f"type({name}) is {self.hold(type(value))}")
                self.containers.append(f"{name} == {self.hold(value)}")
            else:
                self._add_containers(name, value)
        self.leaves = [(reached(self.names[x.path[0]], x.path[1:]), x) for x in leaves]
        self.source = source

    def hold(self, value: Any) -> str:
        """Return a name for `value`."""
        name = f"_held{len(self.held)}"
        self.held[name] = value
        return name

    def _add_containers(self, where: str, value: Any) -> None:
        """Add tests that `where` is a container like `value`, and its parts too."""
        kind = type(value)
        if isinstance(value, (dict, list, tuple)):
            self.containers.append(f"type({where}) is {self.hold(kind)}")
            self.containers.append(f"len({where}) == {len(value)}")
        if isinstance(value, dict):
            for key, part in value.items():
                self.containers.append(f"{quoted(key)} in {where}")
                self._add_containers(f"{where}[{quoted(key)}]", part)
        elif isinstance(value, (list, tuple)):
            for position, part in enumerate(value):
                self._add_containers(f"{where}[{position}]", part)
        elif value is None:
            self.containers.append(f"{where} is None")
        elif not isinstance(value, (Tensor, np.ndarray, np.generic, *_NUMBERS)):
            self.containers.append(f"type({where}) is {self.hold(kind)}")
            for name in getattr(value, "__dataclass_fields__", ()):
                self._add_containers(f"{where}.{name}", getattr(value, name))

    def lines(self, otherwise: str) -> list[str]:
        """Return statements that do `otherwise` if the call is a different one."""
        written = [f"if not ({' and '.join(self.containers)}): {otherwise}"]
        overwritten, read = self._arrays()
        if overwritten:
            written.append("_views = False")
        for where, leaf in self.leaves:
            value = leaf.value
            written.append(f"_v = {where}")
            if leaf.kind is not np.ndarray:
                written.append(f"if type(_v) is not {self.hold(leaf.kind)}: {otherwise}")
                continue
            dtype = self.hold(value.dtype)
            like = f"type(_v) is _ndarray and _v.shape == {tuple(map(int, value.shape))}"
            if leaf.name in self.source.ready:
                like += " and _v.flags.carray"
            elif leaf.name in self.source.writable:
                like += " and _v.flags.writeable"
            # An equal dtype is nearly always the same object, which is quicker to see.
            written.append(f"if not ({like} and (_v.dtype is {dtype} or _v.dtype == {dtype})):")
            written.append(f"    {otherwise}")
            if overwritten:
                written.append("if _v.base is not None: _views = True")
        if overwritten:
            given = [
                f"({''.join(f'{where}, ' for where, _ in some)})" for some in (overwritten, read)
            ]
            self.held["_overlapping"] = overlapping
            written.append(f"if _views and _overlapping({', '.join(given)}): {otherwise}")
        for position, (where, leaf) in enumerate(overwritten):
            for other, another in [*overwritten[position + 1 :], *read]:
                if leaf.value.shape == another.value.shape:
                    written.append(f"if {where} is {other}: {otherwise}")
        return written if self.containers else written[1:]

    def _arrays(self) -> tuple[list[tuple[str, Leaf]], list[tuple[str, Leaf]]]:
        """Return the arrays that are written into, and the others."""
        names = self.source.ready | self.source.writable
        arrays = [(where, leaf) for where, leaf in self.leaves if leaf.kind is np.ndarray]
        return (
            [(where, leaf) for where, leaf in arrays if leaf.name in names],
            [(where, leaf) for where, leaf in arrays if leaf.name not in names],
        )

    def described(self) -> str:
        """Return what the call must look like."""
        parts = []
        for where, leaf in self.leaves:
            name = where.replace(
                *next((n, k) for k, n in self.names.items() if where.startswith(n))
            )
            value = leaf.value
            kind = (
                f"{value.dtype} of shape {value.shape}"
                if isinstance(value, np.ndarray)
                else type(value).__name__
            )
            kind += ", writable" if leaf.name in self.source.writable else ""
            kind += ", in C order" if leaf.name in self.source.ready else ""
            parts.append(f"{name}: {kind}")
        return "; ".join(parts)

    def function(self) -> Callable[..., bool]:
        """Return the test as a function of the positional arguments."""
        lines = [f"def same({', '.join(self.names.values())}):"]
        lines += [f"    {line}" for line in self.lines("return False")]
        space = dict(self.held)
        exec(compile("\n".join([*lines, "    return True"]), "<check>", "exec"), space)  # noqa: S102 - text of our own: keys are literals, all other values are held beside it
        same: Callable[..., bool] = space["same"]
        return same


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
