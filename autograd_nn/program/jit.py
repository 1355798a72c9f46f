"""`jit`: a function that is traced once and then run as a program.

A call finds the program for its arguments or makes it.
"""

from __future__ import annotations

import contextvars
import functools
import importlib.util
import itertools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

from ..core.tensor import Tensor
from ..transforms.containers import flatten
from .arguments import fingerprint, named, positions, refuse_shared, signature_of
from .program import Program, lowered
from .trace import trace


class Jitted(Protocol):
    """What `jit` returns."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program for these arguments; make it if there is none yet."""

    def lower(self, *args: Any, **kwargs: Any) -> Program:
        """Return the program for these arguments, made anew and checked on them."""


_KEPT = 32
"""Kinds of arguments whose programs are kept: those that were used last."""

_WARM = 4
"""Kinds whose programs keep the memory that they worked in."""

_VARIANTS = 4
"""Programs for one kind, which differ in what may be overwritten or stood outside."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A program without the example it was made with; `memory` is what it works in."""

    key: Any
    same: Callable[..., bool]
    entry: Callable[..., Any]
    run: Callable[..., Any]
    memory: list[Any]


@dataclass(eq=False)
class _Programs:
    """The programs of one function, by the structure, shapes and dtypes of its arguments.

    Attributes
    ----------
    latest : (callable, int)
        The entry that was used last, and how many arguments it takes: it runs its program, or
        calls `missed` if the arguments are of another kind.
    """

    function: Callable[..., Any]
    donate: tuple[int, ...]
    static: tuple[int, ...]
    style: str
    engine: str

    def __post_init__(self) -> None:
        self._signature = signature_of(self.function)
        self._lock = threading.RLock()
        self._known: OrderedDict[Any, list[_Entry]] = OrderedDict()
        self._seen: dict[Any, _Entry] = {}
        # More arguments than there can be: the first call looks for its program.
        self.latest: tuple[Callable[..., Any], int] = (_missed, -1)

    def missed(self, *args: Any, **kwargs: Any) -> Any:
        """Find or make the program for these arguments, and run it.

        Most are told apart by the shapes of a few arrays, so what ran on these is asked first.
        """
        seen = tuple([x.shape if type(x) is np.ndarray else None for x in args])
        found = None if kwargs else self._seen.get(seen)
        if found is None or not found.same(*args):
            if any(isinstance(leaf, Tensor) for leaf in flatten((args, kwargs))[0]):
                return self.function(*args, **kwargs)  # a part of what is being recorded
            parameters, keywords = named(self._signature, args, kwargs)
            args = tuple(parameters.values())
            with self._lock:  # another thread may make the same one
                key = self._key(args)
                found = self._found(key, args) or self._made(key, parameters, keywords)
                if not kwargs:
                    self._seen[seen] = found
        else:
            with self._lock:
                if found.key in self._known:
                    self._known.move_to_end(found.key)
        self.latest = (found.entry, len(args))
        return found.run(*args)

    def lower(self, *args: Any, **kwargs: Any) -> Program:
        """Return the program for these arguments, made anew and checked on them."""
        return self._lowered(*named(self._signature, args, kwargs))

    def _key(self, given: tuple[Any, ...]) -> Any:
        """Return what calls that one program can serve have in common."""
        parts: list[Any] = []
        for position, value in enumerate(given):
            if type(value) is np.ndarray:
                parts.append((value.shape, value.dtype))
            elif position in self.static:
                parts.append(fingerprint(value, f"argument {position}"))
            else:
                leaves, structure = flatten(value)
                kinds = [(type(x), np.shape(x), getattr(x, "dtype", None)) for x in leaves]
                parts.append((structure, *kinds))
        return tuple(parts)

    def _found(self, key: Any, given: tuple[Any, ...]) -> _Entry | None:
        for found in self._known.get(key, ()):
            if found.same(*given):
                self._known.move_to_end(key)
                return found
        return None

    def _made(self, key: Any, parameters: dict[str, Any], keywords: Sequence[str]) -> _Entry:
        program = self._lowered(parameters, keywords)
        test, entry = (
            program.guard.function(),
            program.entry(functools.partial(_missed, weakref.ref(self))),
        )
        made = _Entry(key, test, entry, program.run, program.memory)
        self._known[key] = [made, *self._known.get(key, ())][:_VARIANTS]
        self._known.move_to_end(key)
        for old in itertools.chain(*list(self._known.values())[:-_WARM]):
            old.memory.clear()
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
            self._seen.clear()
        return made

    def _lowered(self, parameters: dict[str, Any], keywords: Sequence[str]) -> Program:
        names = list(parameters)
        donated = [names[i] for i in self.donate if i < len(names)]
        static = [names[i] for i in self.static if i < len(names)]
        name = getattr(self.function, "__name__", "program")
        refuse_shared(parameters, donated)
        traced = trace(self.function, name, parameters, keywords, static)
        # In a context of its own: a trace that is under way outside shall see nothing of it.
        return contextvars.Context().run(lowered, traced, donated, self.style, self.engine)


def _missed(programs: weakref.ref[_Programs], *args: Any) -> Any:
    """Call `missed`; a program does not keep the programs that it is one of."""
    return programs().missed(*args)  # type: ignore[union-attr]  # it was called through them


def jit(
    f: Callable[..., Any],
    *,
    donate: int | Sequence[int] = (),
    static_argnums: int | Sequence[int] = (),
    style: str = "planned",
    engine: str = "numpy",
) -> Jitted:
    """Return `f` as a program: traced once, simplified, written out as NumPy, and run.

    Parameters
    ----------
    f : callable
        Computes with NumPy functions on Tensors and returns them, or nested containers of them;
        it may take gradients. It is called once per structure, shapes and dtypes of the arguments.
    donate : int or sequence of int
        Positions of arguments whose arrays the results may be written into (JAX's
        ``donate_argnums``): parameters are then updated in place, and their old values are gone.
    static_argnums : int or sequence of int
        Positions of arguments that are fixed when the program is made; another value makes
        another program. They are compared by content, and hold no arrays.
    style : {"planned", "readable"}
        Which form of the program is run.
    engine : {"numpy", "numba", "auto"}
        What runs it: NumPy, or loops compiled by Numba (the extra ``fast``) with products by
        NumPy's BLAS, which takes some seconds on the first call; what has no such form is done by
        NumPy between the loops. "auto" is Numba, where it is installed, for programs of up to some
        hundred operations: their number decides, so that a program is the same in every run.

    Returns
    -------
    callable
        Takes what `f` takes: arrays, numbers, or nested dicts, lists and tuples of them, and
        returns arrays in the structure that `f` returned. Called on Tensors (inside `grad` or
        another `jit`) it is recorded like `f`. ``.lower(*args)`` returns the `Program`.

    Raises
    ------
    TypeError
        If `f` is not callable; on a call, if an argument or result is not made of arrays.
    ValueError
        On a call, if an array that may be overwritten shares memory with another argument.
    ImportError
        If the engine is not installed.
    TracingError
        On a call, if `f` asks a traced Tensor for its value, as a Python branch does, or draws
        random numbers.

    Notes
    -----
    While a program is kept, `f` is not run: what it prints or changes outside happens when it is
    traced only. What it reads outside (variables of enclosing functions, globals, attributes,
    containers, Tensors and arrays) is looked at before every run, and a new program is made if it
    has changed; an array of more than 32 KB is read-only instead, until the program is gone. Fixed
    in a program are: what `f` itself changes outside, files, clocks, generators made in `f` without
    a seed, what libraries hold, and attributes under names that are put together at run time. Pass
    what changes as an argument, which is faster too. The programs of the 32 kinds of arguments
    that were used last are kept.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_nn import grad
    >>> slope = jit(grad(lambda x: np.sum(x**3)))
    >>> slope(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    if not callable(f):
        raise TypeError(f"jit takes a function, got {type(f).__name__}")
    if style not in ("planned", "readable"):
        raise ValueError(f'style must be "planned" or "readable", got {style!r}')
    if engine not in ("numpy", "numba", "auto"):
        raise ValueError(f'engine must be "numpy", "numba" or "auto", got {engine!r}')
    missing = importlib.util.find_spec("numba") is None
    if engine == "auto" and (missing or style != "planned"):
        engine = "numpy"
    if engine == "numba" and missing:
        raise ImportError(
            'the engine "numba" needs Numba, which is missing: pip install "autograd-nn[fast]"'
        )
    if engine == "numba" and style != "planned":
        raise ValueError("a style can be chosen for the engine numpy only")
    given, fixed = positions(donate, "donate"), positions(static_argnums, "static_argnums")
    programs = _Programs(f, given, fixed, style, engine)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        entry, arity = programs.latest
        if kwargs or len(args) != arity:
            return programs.missed(*args, **kwargs)
        return entry(*args)

    call.lower = programs.lower  # type: ignore[attr-defined]  # Jitted declares it
    return cast("Jitted", call)
