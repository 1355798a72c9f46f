"""`jit`: a function that is traced once and then run as a program.

1. `jit` wraps a function; a call finds the program for its arguments or makes it.
2. `Program` is one such program: callable, with its source, its graph, and `save`.
3. Before it is handed out a program is run on its example and compared with the traced run.
"""

from __future__ import annotations

import contextvars
import functools
import linecache
import pathlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor
from ..trees import flatten, unflatten
from .passes import simplify
from .planned import planned
from .rewriting import Graph
from .source import Source, readable
from .structures import checker
from .trace import Trace, positional_names, signature_of, trace


class Program:
    """A traced function, written as NumPy and compiled.

    Attributes
    ----------
    source : str
        The text of the program that is run.
    readable : str
        The same program as one would write it down.
    graph : list of Tensor
        The results, as recorded nodes on the arguments, simplified: to draw, or to walk over.
    """

    def __init__(
        self, traced: Trace, graph: Graph, source: Source, run: Callable[..., Any]
    ) -> None:
        self._traced = traced
        self._graph = graph
        self._source = source
        self.run = run
        self.graph = graph.outputs

    @property
    def source(self) -> str:
        """The text of the program that is run."""
        return self._source.text

    @property
    def readable(self) -> str:
        """The program with operators infix and a fresh array for every result."""
        return readable(self._traced, self._graph).text

    def __call__(self, *args: Any) -> Any:
        """Run the program on arguments like those it was traced with."""
        return self.run(*args)

    def __repr__(self) -> str:
        return f"<Program {self._source.name}, {len(self._source.text.splitlines())} lines>"

    def save(self, path: str | pathlib.Path) -> pathlib.Path:
        """Write the program as a module that needs NumPy (and what it says) but not this package.

        Raises
        ------
        ValueError
            If it holds a function whose source is not to be had.
        """
        target = pathlib.Path(path)
        target.write_text(_with_held(self._source), encoding="utf-8")
        return target


def _with_held(source: Source) -> str:
    """Return the text with the constants that were held beside it."""
    text = source.text
    for name, value in source.held.items():
        if not isinstance(value, np.ndarray):
            raise ValueError(
                f"the program calls {getattr(value, '__name__', value)!r}, whose source is not to "
                "be had; define the function in a file, without closures or decorators"
            )
        start = f"# {name} is held beside this text"
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(start))
        lines[at] = f'{name} = _array("{_packed(value)}", "{value.dtype.str}", {value.shape})'
        text = "\n".join(lines) + "\n"
    if source.held:
        text = text.replace("import numpy as np\n", _UNPACK, 1)
    return text


_UNPACK = """import base64
import zlib

import numpy as np


def _array(text, dtype, shape):
    return np.frombuffer(zlib.decompress(base64.b85decode(text)), dtype).reshape(shape)


"""


def _packed(array: np.ndarray[Any, Any]) -> str:
    import base64
    import zlib

    return base64.b85encode(zlib.compress(np.ascontiguousarray(array).tobytes())).decode()


def compiled(traced: Trace, source: Source) -> Callable[..., Any]:
    """Return the function of `source`, taking and returning what the traced function does."""
    filename = f"<autograd_nn program {source.name} {next(_NUMBERS)}>"
    linecache.cache[filename] = (
        len(source.text),
        None,
        source.text.splitlines(keepends=True),
        filename,
    )
    space: dict[str, Any] = dict(source.held)
    exec(compile(source.text, filename, "exec"), space)  # noqa: S102 - the program itself
    function: Callable[..., Any] = space[source.name]
    if not source.flat and not source.flat_result and not traced.static:
        return function
    return _adapted(traced, source, function)


def _adapted(traced: Trace, source: Source, function: Callable[..., Any]) -> Callable[..., Any]:
    keep = [key not in traced.static for key in traced.parameters]
    structure = flatten(traced.result)[1] if source.flat_result else None

    def call(*args: Any) -> Any:
        given = args
        if source.flat:
            given = tuple(
                [
                    leaf
                    for arg, kept in zip(args, keep, strict=True)
                    if kept
                    for leaf in flatten(arg)[0]
                ]
            )
        result = function(*given)
        return unflatten(structure, list(result)) if source.flat_result else result

    return call


def _counter() -> Any:
    import itertools

    return itertools.count(1)


_NUMBERS = _counter()


def lowered(
    traced: Trace,
    donated: Sequence[str] = (),
    style: str = "planned",
) -> Program:
    """Return the checked program of a trace."""
    graph = simplify(traced.graph)
    inputs = zip(traced.leaves, graph.inputs, strict=True)
    given = {node for leaf, node in inputs if leaf.path[0] in donated}
    source = readable(traced, graph) if style == "readable" else planned(traced, graph, given)
    program = Program(traced, graph, source, compiled(traced, source))
    check(program)
    return program


class WrongProgramError(AssertionError):
    """A program does not give what the traced function gave."""


def check(program: Program) -> None:
    """Run `program` on copies of its example and compare with what the traced run gave.

    Raises
    ------
    WrongProgramError
        If a result differs by more than rounding.
    """
    traced = program._traced
    arguments = [_copied(value) for value in traced.parameters.values()]
    with np.errstate(all="ignore"):
        got = flatten(program(*arguments))[0]
    for position, (value, expected) in enumerate(zip(got, traced.expected, strict=True)):
        problem = _difference(np.asarray(value), np.asarray(expected))
        if problem:
            raise WrongProgramError(
                f"the program of {traced.name} gives result {position} differently from the "
                f"function: {problem}. Please report this, with the program:\n{program.source}"
            )


def _copied(value: Any) -> Any:
    leaves, structure = flatten(value)
    plain = [leaf._data if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    return unflatten(structure, [np.array(x) if isinstance(x, np.ndarray) else x for x in plain])


def _difference(got: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> str:
    """Return what is wrong with `got`, or nothing."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return f"{got.dtype} {got.shape} instead of {expected.dtype} {expected.shape}"
    if expected.dtype.kind != "f":
        return "" if np.array_equal(got, expected) else "other values"
    tolerance = float(np.sqrt(np.finfo(expected.dtype).eps))
    finite = expected[np.isfinite(expected)]
    scale = float(np.max(np.abs(finite), initial=0.0))
    if np.allclose(got, expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True):
        return ""
    return f"off by up to {np.nanmax(np.abs(got - expected))}"


class Jit:
    """What `jit` returns: a callable that finds or makes the program for its arguments."""

    def __init__(
        self,
        f: Callable[..., Any],
        donate: tuple[int, ...],
        static_argnums: tuple[int, ...],
        style: str,
    ) -> None:
        functools.update_wrapper(self, f)
        self._function = f
        self._signature = signature_of(f)
        self._donate = donate
        self._static = static_argnums
        self._style = style
        self._lock = threading.RLock()
        self._programs: list[tuple[Callable[..., bool], Program]] = []
        self._latest: tuple[Callable[..., bool], Callable[..., Any]] = (_never, _never)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program for these arguments; make it if there is none yet."""
        same, run = self._latest
        if not kwargs and _agrees(same, args):
            return run(*args)
        if any(isinstance(leaf, Tensor) for leaf in flatten((args, kwargs))[0]):
            return self._function(*args, **kwargs)  # a part of what is being recorded
        parameters, keywords = self._bound(args, kwargs)
        given = tuple(parameters.values())
        for same, program in self._programs:
            if _agrees(same, given):
                self._latest = (same, program.run)
                return program.run(*given)
        return self._made(parameters, keywords).run(*given)

    def lower(self, *args: Any, **kwargs: Any) -> Program:
        """Return the program for these arguments, made anew and checked on them."""
        return self._lowered(*self._bound(args, kwargs))

    def _made(self, parameters: dict[str, Any], keywords: Sequence[str]) -> Program:
        with self._lock:
            for same, program in self._programs:  # another thread may have been first
                if _agrees(same, tuple(parameters.values())):
                    return program
            program = self._lowered(parameters, keywords)
            traced = program._traced
            same = checker(traced.parameters, traced.leaves, traced.static)
            self._programs.append((same, program))
            self._latest = (same, program.run)
            return program

    def _lowered(self, parameters: dict[str, Any], keywords: Sequence[str]) -> Program:
        names = list(parameters)
        donated = [names[i] for i in self._donate if i < len(names)]
        static = [names[i] for i in self._static if i < len(names)]
        name = getattr(self._function, "__name__", "program")
        traced = trace(self._function, name, parameters, keywords, static)
        # In a context of its own: a trace that is under way outside shall see nothing of it.
        return contextvars.Context().run(lowered, traced, donated, self._style)

    def _bound(self, args: Any, kwargs: Any) -> tuple[dict[str, Any], list[str]]:
        """Return parameter name → argument in the order of the program's parameters."""
        if kwargs and self._signature is not None:
            bound = self._signature.bind(*args, **kwargs)
            args, kwargs = bound.args, bound.kwargs
        keywords = sorted(kwargs)
        names = positional_names(self._signature, len(args), keywords)
        return dict(zip(names, (*args, *(kwargs[key] for key in keywords)), strict=True)), keywords


def _never(*args: Any) -> bool:
    return False


def _agrees(same: Callable[..., bool], args: tuple[Any, ...]) -> bool:
    try:
        return same(*args)
    except Exception:
        return False


def jit(
    f: Callable[..., Any],
    *,
    donate: int | Sequence[int] = (),
    static_argnums: int | Sequence[int] = (),
    style: str = "planned",
) -> Jit:
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
        another program.
    style : {"planned", "readable"}
        Which form of the program is run.

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
    TracingError
        On a call, if `f` asks a traced Tensor for its value, as a Python branch does.

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
    return Jit(f, _positions(donate, "donate"), _positions(static_argnums, "static_argnums"), style)


def _positions(value: int | Sequence[int], what: str) -> tuple[int, ...]:
    positions = (value,) if isinstance(value, int) else tuple(value)
    for position in positions:
        if not isinstance(position, int) or isinstance(position, bool) or position < 0:
            raise TypeError(f"{what} takes positions of arguments, 0 or greater, got {value!r}")
    return positions
