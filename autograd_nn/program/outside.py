"""What a function uses that is none of its arguments: closures, globals, attributes, generators.

`Outside` looks at what the function can reach and notes what it holds. `same` asks before every
run of the program whether that still holds; `refuse_changes` asks once, after the trace.

It follows the code: variables of enclosing functions, globals, defaults, attributes that the code
names, parts of containers. Arrays that came another way are noted because the trace used them. What
installed libraries hold is not looked at, unless the function is one of theirs.
"""

from __future__ import annotations

import functools
import pickle
import random
import re
import sys
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from operator import is_
from typing import Any, cast

import numpy as np

from ..core.recording import TracingError
from ..core.tensor import Tensor, plain
from ..data import Lock, mark
from .literals import globals_used

_OURS = {"autograd_nn", "numpy", "scipy", "optree"}
_KNOWN = {*_OURS, *sys.stdlib_module_names}
"""Packages that are not looked into."""

_GENERATORS = (random.Random, np.random.Generator, np.random.RandomState)
_ATOMS = (int, float, complex, str, bytes, type(None), np.generic)


_INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]")
"""In the path of what pip has put in its place."""


def _package(module: Any) -> str:
    return str(module).partition(".")[0]


def _is_library(module: Any) -> bool:
    """Whether a module of this name belongs to a package that is not looked into."""
    package = sys.modules.get(_package(module))
    places = [getattr(package, "__file__", None), *getattr(package, "__path__", ())]
    return _package(module) in _KNOWN or bool(_INSTALLED.search(str(places)))


def _state(generator: Any) -> bytes:
    """Return what changes when `generator` draws."""
    own = generator.getstate() if isinstance(generator, random.Random) else generator
    return pickle.dumps(own)


def _owner(array: Any) -> Any:
    """Return the array whose memory `array` looks at; None if it holds no numbers."""
    if not isinstance(array, np.ndarray) or array.dtype.kind == "O":
        return None
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _same_parts(container: Any, parts: tuple[Any, ...], keys: tuple[Any, ...] = ()) -> bool:
    if isinstance(container, dict):
        same = len(container) == len(keys) and all(map(is_, container, keys))
        return same and all(map(is_, container.values(), parts))
    return len(container) == len(parts) and all(map(is_, container, parts))


class Outside:
    """What is reached from `roots`, and what it holds now.

    Parameters
    ----------
    roots : iterable
        Functions, and static arguments.
    used : iterable of Tensor
        Constants of the trace. Most were made by the function itself and die with the trace.
    skipped : iterable of (int, str)
        What the function changes itself, such as a list that it appends to: not looked at.

    Attributes
    ----------
    same : callable or None
        Whether all of it is as it was; None if there is nothing that could change.
    """

    def __init__(
        self,
        roots: Iterable[Any],
        used: Iterable[Tensor] = (),
        skipped: Iterable[tuple[int, str]] = (),
    ) -> None:
        self._skipped = set(skipped)
        self._held: dict[str, Any] = {"_same_parts": _same_parts}
        self._tests: dict[tuple[int, str], str] = {}
        self._arrays: list[str] = []
        self._names = {"__call__", "__getitem__", "__iter__", "__enter__", "__getattr__"}
        self._open: list[tuple[Any, set[str]]] = []
        self._seen: dict[int, Any] = {}
        self._generators: list[tuple[Any, bytes]] = []
        shared: Any = (np.random.rand, random.random)  # methods of the generators that all share
        self._todo: list[Any] = [f.__self__ for f in shared] + [*roots]
        self._own = {_package(getattr(x, "__module__", "")) for x in self._todo} - _KNOWN
        while self._todo or self._named():
            self._reach(self._todo.pop()) if self._todo else None
        self._loose = [
            (weakref.ref(x), weakref.ref(owner), owner.tobytes())
            for x in used
            if (owner := _owner(plain(x))) is not None and id(owner) not in self._seen
        ]
        if self._loose:
            self._arrays.append(f"{self._hold(self._loose_same)}()")
        tests = [*self._tests.values(), *self._arrays]
        self.same = self._test(tests) if tests else None
        self._unwritten = self._test(self._arrays)

    def changed(self) -> list[tuple[int, str]]:
        """Return what is bound to something else, or holds other parts, than at the start."""
        return [key for key, test in self._tests.items() if not self._test([test])()]

    def drawn(self, own: Sequence[Any] | None = None) -> bool:
        """Whether random numbers were drawn since, by whatever thread.

        `own` are those of Python's generators that this thread drew from, where that is known.
        """
        return any(
            _state(generator) != state
            for generator, state in self._generators
            if own is None or not isinstance(generator, random.Random) or generator in own
        )

    def refuse_changes(self, name: str, drawn: bool) -> None:
        """Raise a `TracingError` if random numbers were drawn or arrays written into since."""
        if drawn:
            raise TracingError(
                f"{name} draws random numbers while it is being traced, which would be frozen "
                "into the program. Draw them outside and pass them as arguments"
            )
        if not self._unwritten():
            raise TracingError(
                f"{name} writes into an array or Tensor from outside while it is being traced, "
                "which its program would not do. Pass it as an argument and return the new one"
            )

    def _test(self, tests: list[str]) -> Callable[[], bool]:
        text = f"lambda: {' and '.join(tests) or True}"
        return cast("Callable[[], bool]", eval(text, self._held))  # noqa: S307 - text of our own: all values are held beside it

    def _hold(self, value: Any) -> str:
        name = f"_h{len(self._held)}"
        self._held[name] = value
        return name

    def _note(self, owner: Any, key: str, test: str, leads_to: Iterable[Any]) -> None:
        """Note that `test` holds of `owner`, its name put in, and look into what that leads to."""
        if (id(owner), key) not in self._skipped:
            self._tests[id(owner), key] = test.format(self._hold(owner))
            self._todo += leads_to

    def _bound(self, owner: Any, reading: str, value: Any) -> None:
        """Note that `reading` of `owner` gives `value`, and look into that."""
        self._note(owner, reading, f"{{0}}{reading} is {self._hold(value)}", [value])

    def _named(self) -> bool:
        """Look at those attributes of what was found that the code found so far names."""
        for owner, done in self._open:
            names = self._names - done
            done.update(names)
            space: Any = getattr(owner, "__dict__", {})
            for name in sorted(names & space.keys()):
                self._bound(space, f".get({name!r})", space[name])
            for name in sorted(names & {*getattr(type(owner), "__slots__", ())}):
                if hasattr(owner, name):
                    self._bound(owner, f".{name}", getattr(owner, name))
        return bool(self._todo)

    def _reach(self, value: Any) -> None:
        """Note what `value` holds, and list what it leads to."""
        if isinstance(value, _ATOMS) or id(value) in self._seen:
            return
        self._seen[id(value)] = value
        kind = type(value)
        if isinstance(value, Tensor):
            self._bound(value, "._data", plain(value))
        elif isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, _GENERATORS):
            self._generators.append((value, _state(value)))
        elif isinstance(value, (dict, list, deque)):
            parts = tuple(value.values() if isinstance(value, dict) else value)
            given = f"{self._hold(parts)}, {self._hold(tuple(value))}"
            self._note(value, "", f"_same_parts({{0}}, {given})", parts)
        elif isinstance(value, (tuple, frozenset)):
            self._todo += value
        elif isinstance(value, set):
            self._note(value, "", f"{{0}} == {self._hold(frozenset(value))}", value)
        elif isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, types.MethodType):
            self._todo += [value.__func__, value.__self__]
        elif isinstance(value, functools.partial):
            self._todo += [value.func, value.args, value.keywords]
        elif isinstance(value, (staticmethod, classmethod, property)):
            self._todo.append(getattr(value, "__func__", None) or getattr(value, "fget", None))
        elif isinstance(value, types.ModuleType):
            if self._is_open(value.__name__):
                self._open.append((value, set()))
        elif isinstance(value, type):
            if self._is_open(value.__module__):
                self._open.append((value, set()))
                self._todo += value.__bases__
        elif _package(kind.__module__) not in _OURS:
            self._open.append((value, set()))
            self._todo.append(kind)

    def _is_open(self, module: Any) -> bool:
        """Whether what a module of this name holds is looked at."""
        return _package(module) in self._own or not _is_library(module)

    def _is_import(self, name: str, value: Any) -> bool:
        """Whether `value` is a function or class of a package not looked into, by its own name."""
        named = getattr(value, "__name__", None) == name
        return named and not self._is_open(getattr(value, "__module__", None))

    def _array(self, array: np.ndarray[Any, Any]) -> None:
        if array.dtype.kind == "O":
            return
        held = mark(array)
        name, before = self._hold(array), self._hold(held)
        if isinstance(held, bytes):
            self._arrays.append(f"{name}.tobytes() == {before}")
        elif isinstance(held, Lock):
            same = f"{name}.tobytes() == {before}.held"
            self._arrays.append(f"({before}.held is None or {same})")
        else:
            self._arrays.append(f"not {name}.flags.writeable")

    def _function(self, f: types.FunctionType) -> None:
        ours = not self._is_open(f.__globals__.get("__name__", ""))
        self._todo += [f.__defaults__, f.__kwdefaults__, getattr(f, "__wrapped__", None)]
        for cell in f.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:  # nothing is there yet
                continue
            if ours:
                self._todo.append(value)
            else:
                self._bound(cell, ".cell_contents", value)
        if ours:
            return
        used, names = globals_used(f.__code__)
        self._names.update(names)
        for name in used:
            value = f.__globals__.get(name)
            if isinstance(value, types.ModuleType):
                self._todo.append(value)
            elif name in f.__globals__ and not self._is_import(name, value):
                self._bound(f.__globals__, f".get({name!r})", value)

    def _loose_same(self) -> bool:
        """Whether arrays that the trace used, and that are still there, hold what they held."""
        kept = []
        for tensor, array, before in self._loose:
            x, owner = tensor(), array()
            if x is not None and _owner(plain(x)) is not owner:
                return False
            if owner is not None:
                if owner.tobytes() != before:
                    return False
                kept.append((tensor, array, before))
        self._loose = kept
        return True
