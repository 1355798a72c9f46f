"""Whether a call is like the one that was traced, as Python code.

`Guard` writes the test: structure, shapes and dtypes by a few attribute look-ups an array, no
flattening; and that arrays which are written into share no memory with others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from .arguments import fingerprint
from .source import Source
from .structures import LEAVES, quoted, reached
from .trace import Trace


def overlapping(overwritten: Sequence[np.ndarray], read: Sequence[np.ndarray]) -> bool:
    """Whether one of `overwritten` may share memory with another array, as a view of it."""
    return any(
        np.may_share_memory(a, b)
        for position, a in enumerate(overwritten)
        for b in (*overwritten[position + 1 :], *read)
        if a.base is not None or b.base is not None
    )


class Guard:
    """A test, as lines of code, whether a call is like the one that was traced.

    Containers must be of the same types and lengths, arrays of the same shapes and dtypes, static
    arguments equal, and what the function used from outside as it was.

    Parameters
    ----------
    traced : Trace
        The traced call: its arguments, the leaves in them, and which arguments are static.
    source : Source
        Says which leaves are written into, and must be writable, for BLAS also in C order.
    names : sequence of str, optional
        What the parameters are called in the code.

    Attributes
    ----------
    held : dict of str to object
        The values that the lines use.
    """

    def __init__(self, traced: Trace, source: Source, names: Sequence[str] = ()) -> None:
        self.held: dict[str, Any] = {"_ndarray": np.ndarray}
        own = names or [f"_argument{position}" for position in range(len(traced.parameters))]
        self.names = dict(zip(traced.parameters, own, strict=True))
        self.containers: list[str] = []
        for key, value in traced.parameters.items():
            name = self.names[key]
            if key in traced.static:
                told = f"{self.hold(fingerprint)}({name})"
                self.containers.append(f"{told} == {self.hold(fingerprint(value, key))}")
            else:
                self._add_containers(name, value)
        self.leaves = [(reached(self.names[x.path[0]], x.path[1:]), x) for x in traced.leaves]
        self.source = source
        self.watches = traced.outside.same is not None
        if self.watches:
            self.containers.append(f"{self.hold(traced.outside.same)}()")

    def hold(self, value: Any) -> str:
        """Return a name for `value`."""
        name = f"_held{len(self.held)}"
        self.held[name] = value
        return name

    def _add_containers(self, where: str, value: Any) -> None:
        """Add tests that `where` is a container like `value`, and its parts likewise."""
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
        elif not isinstance(value, LEAVES):
            self.containers.append(f"type({where}) is {self.hold(kind)}")
            for field in dataclasses.fields(value) if dataclasses.is_dataclass(value) else ():
                part, there = getattr(value, field.name), f"{where}.{field.name}"
                if field.metadata.get("static"):
                    told = f"{self.hold(fingerprint)}({there})"
                    self.containers.append(f"{told} == {self.hold(fingerprint(part, there))}")
                else:
                    self._add_containers(there, part)

    def lines(self, otherwise: str) -> list[str]:
        """Return statements that do `otherwise` if the call is a different one."""
        written = [f"if not ({' and '.join(self.containers)}): {otherwise}"]
        names = self.source.ready | self.source.writable
        arrays = [(where, leaf) for where, leaf in self.leaves if leaf.kind is np.ndarray]
        overwritten = [(where, leaf) for where, leaf in arrays if leaf.name in names]
        read = [(where, leaf) for where, leaf in arrays if leaf.name not in names]
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
            first, second = ("".join(f"{x}, " for x, _ in some) for some in (overwritten, read))
            self.held["_overlapping"] = overlapping
            written.append(f"if _views and _overlapping(({first}), ({second})): {otherwise}")
        shapes = [leaf.value.shape for _, leaf in overwritten]
        others = [where for where, leaf in read if leaf.value.shape in shapes]
        if others or len(set(shapes)) < len(shapes):
            name = self.hold(id)
            donated = ", ".join(f"{name}({where})" for where, _ in overwritten)
            ids = "".join(f"{name}({where}), " for where in others)
            written.append(f"_v = {{{donated}}}")
            written.append(f"if len(_v) < {len(shapes)} or not _v.isdisjoint(({ids})): {otherwise}")
        return written if self.containers else written[1:]

    def described(self) -> str:
        """Return what the call must look like."""
        parts = []
        for _, leaf in self.leaves:
            kind = type(leaf.value).__name__
            if isinstance(leaf.value, np.ndarray):
                kind = f"{leaf.value.dtype} of shape {leaf.value.shape}"
            kind += ", writable" if leaf.name in self.source.writable else ""
            kind += ", in C order" if leaf.name in self.source.ready else ""
            parts.append(f"{reached(leaf.path[0], leaf.path[1:])}: {kind}")
        parts += ["what it uses from outside, as it was"] if self.watches else []
        return "; ".join(parts)

    def function(self) -> Callable[..., bool]:
        """Return the test as a function of the positional arguments."""
        lines = [f"def same({', '.join(self.names.values())}):"]
        lines += [f"    {line}" for line in self.lines("return False")]
        space = dict(self.held)
        exec(compile("\n".join([*lines, "    return True"]), "<check>", "exec"), space)  # noqa: S102 - text of our own: keys are literals, all other values are held beside it
        return cast("Callable[..., bool]", space["same"])
