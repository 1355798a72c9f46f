"""`jit`: a function that is traced once and then run as a program.

1. `jit` wraps a function; a call finds the program for its arguments or makes it.
2. `Program` is one such program: callable, with its source, its graph, and `save`.
3. Before it is handed out a program is run on its example and compared with the traced run.
"""

from __future__ import annotations

import contextvars
import functools
import itertools
import linecache
import pathlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np

from ..core.graph import replay
from ..core.tensor import Tensor, plain
from ..transforms.containers import flatten, unflatten
from .loops import looped
from .planned import planned
from .rewriting import Graph
from .rules import simplify
from .source import Source, readable
from .structures import Check
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

    def __init__(self, traced: Trace, graph: Graph, source: Source) -> None:
        self._traced = traced
        self._graph = graph
        self._source = source
        self._space = compiled(source.text, source.name, source.held)
        self.arity = len(traced.parameters)
        self.check = Check(traced.parameters, traced.leaves, static=traced.static, source=source)
        self.run = _adapted(traced, source, self._space[source.name])
        self._same: Callable[..., bool] | None = None

    def entry(self, missed: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that runs the program on arguments like the traced ones.

        For others it calls `missed`. It is the program's own function with the test written
        before its first line, which saves a call.
        """
        source, traced = self._source, self._traced
        if source.flat or source.flat_result or traced.static:
            same, run = self.check.function(), self.run
            return lambda *args: run(*args) if same(*args) else missed(*args)
        check = Check(traced.parameters, traced.leaves, source=source, names=source.parameters)
        given = ", ".join(source.parameters)
        lines = [f"def {source.name}({given}):"]
        lines += [f"    {line}" for line in check.lines(f"return _missed({given})")]
        held = {**self._space, **check.held, "_missed": missed}
        space = compiled("\n".join([*lines, *source.body]) + "\n", source.name, held)
        function: Callable[..., Any] = space[source.name]
        return function

    @property
    def graph(self) -> list[Tensor]:
        """The results as recorded nodes on the arguments, simplified: to draw or to walk over."""
        leaves = {x: Tensor(plain(x), name=x.name) for x in self._graph.inputs}
        return replay(self._graph.outputs, leaves)[0]

    @property
    def kernel(self) -> Callable[..., Any]:
        """The compiled function of a program for Numba; it takes the leaves that are used, flat."""
        kernel: Callable[..., Any] = self._space["kernel"]
        return kernel

    @property
    def source(self) -> str:
        """The text of the program that is run."""
        return self._source.text

    @property
    def readable(self) -> str:
        """The program with operators infix and a fresh array for every result."""
        return readable(self._traced, self._graph).text

    def __call__(self, *args: Any) -> Any:
        """Run the program on arguments like those it was traced with.

        Raises
        ------
        TypeError
            If they have another structure, other shapes or other dtypes.
        """
        if self._same is None:
            self._same = self.check.function()
        if len(args) != self.arity or not self._same(*args):
            raise TypeError(
                f"this program of {self._traced.name} was made for other arguments: "
                f"{self.check.described()}"
            )
        return self.run(*args)

    def __repr__(self) -> str:
        return f"<Program {self._source.name}, {len(self._source.text.splitlines())} lines>"

    def save(self, path: str | pathlib.Path) -> pathlib.Path:
        """Write the program as a module that needs NumPy (and what it says) but not this package.

        Raises
        ------
        ValueError
            If it holds a function whose source cannot be read.
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


def compiled(text: str, name: str, held: Mapping[str, Any]) -> dict[str, Any]:
    """Run `text` as a module and return its names; tracebacks show its lines."""
    filename = f"<autograd_nn program {name} {next(_NUMBERS)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    space: dict[str, Any] = dict(held)
    exec(compile(text, filename, "exec"), space)  # noqa: S102 - the program itself: names in it are sanitised, constants held beside it
    return space


def _adapted(traced: Trace, source: Source, function: Callable[..., Any]) -> Callable[..., Any]:
    if not source.flat and not source.flat_result and not traced.static:
        return function
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


_NUMBERS = itertools.count(1)


def lowered(
    traced: Trace,
    donated: Sequence[str] = (),
    style: str = "planned",
    engine: str = "numpy",
) -> Program:
    """Return the checked program of a trace."""
    graph = simplify(traced.graph)
    inputs = zip(traced.leaves, graph.inputs, strict=True)
    given = {node for leaf, node in inputs if leaf.path[0] in donated}
    if engine == "numba":
        source = looped(traced, graph, given)
    else:
        source = readable(traced, graph) if style == "readable" else planned(traced, graph, given)
    program = Program(traced, graph, source)
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
        got = flatten(program.run(*arguments))[0]
    for position, (value, expected) in enumerate(zip(got, traced.expected, strict=True)):
        problem = _difference(np.asarray(value), np.asarray(expected))
        if problem:
            raise WrongProgramError(
                f"the program of {traced.name} gives result {position} differently from the "
                f"function: {problem}. Please report this, with the program:\n{program.source}"
            )


def _copied(value: Any) -> Any:
    leaves, structure = flatten(value)
    arrays = [plain(leaf) for leaf in leaves]
    return unflatten(structure, [np.array(x) if isinstance(x, np.ndarray) else x for x in arrays])


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


class Jitted(Protocol):
    """What `jit` returns."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program for these arguments; make it if there is none yet."""

    def lower(self, *args: Any, **kwargs: Any) -> Program:
        """Return the program for these arguments, made again and checked on them."""


class _Programs:
    """The programs of one function, by the structure, shapes and dtypes of its arguments.

    Attributes
    ----------
    latest : (callable, int)
        The entry that was used last, and how many arguments it takes: it runs its program, or
        calls `missed` if the arguments are of another kind.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        donate: tuple[int, ...],
        static_argnums: tuple[int, ...],
        style: str,
        engine: str,
    ) -> None:
        self._engine = engine
        self._function = f
        self._signature = signature_of(f)
        self._donate = donate
        self._static = static_argnums
        self._style = style
        self._lock = threading.RLock()
        self._known: list[tuple[Callable[..., bool], Callable[..., Any], Program]] = []
        self.latest: tuple[Callable[..., Any], int] = (self.missed, 0)

    def missed(self, *args: Any, **kwargs: Any) -> Any:
        """Find or make the program for these arguments, and run it."""
        if any(isinstance(leaf, Tensor) for leaf in flatten((args, kwargs))[0]):
            return self._function(*args, **kwargs)  # a part of what is being recorded
        parameters, keywords = self._bound(args, kwargs)
        given = tuple(parameters.values())
        program = self._found(given)
        if program is None:
            with self._lock:  # another thread may have been first
                program = self._found(given) or self._made(parameters, keywords)
        return program.run(*given)

    def lower(self, *args: Any, **kwargs: Any) -> Program:
        """Return the program for these arguments, made again and checked on them."""
        return self._lowered(*self._bound(args, kwargs))

    def _found(self, given: tuple[Any, ...]) -> Program | None:
        for same, entry, program in self._known:
            if len(given) == program.arity and same(*given):
                self.latest = (entry, program.arity)
                return program
        return None

    def _made(self, parameters: dict[str, Any], keywords: Sequence[str]) -> Program:
        program = self._lowered(parameters, keywords)
        entry = program.entry(self.missed)
        self._known.append((program.check.function(), entry, program))
        self.latest = (entry, program.arity)
        return program

    def _lowered(self, parameters: dict[str, Any], keywords: Sequence[str]) -> Program:
        names = list(parameters)
        donated = [names[i] for i in self._donate if i < len(names)]
        static = [names[i] for i in self._static if i < len(names)]
        name = getattr(self._function, "__name__", "program")
        _refuse_shared(parameters, donated)
        traced = trace(self._function, name, parameters, keywords, static)
        # In a context of its own: a trace that is under way outside shall see nothing of it.
        return contextvars.Context().run(lowered, traced, donated, self._style, self._engine)

    def _bound(self, args: Any, kwargs: Any) -> tuple[dict[str, Any], list[str]]:
        """Return parameter name → argument in the order of the program's parameters."""
        if kwargs and self._signature is not None:
            bound = self._signature.bind(*args, **kwargs)
            args, kwargs = bound.args, bound.kwargs
        keywords = sorted(kwargs)
        names = positional_names(self._signature, len(args), keywords)
        return dict(zip(names, (*args, *(kwargs[key] for key in keywords)), strict=True)), keywords


def _refuse_shared(parameters: Mapping[str, Any], donated: Sequence[str]) -> None:
    """Raise a ValueError if an array that may be overwritten is in another argument too."""
    arrays = [
        (name, leaf)
        for name, value in parameters.items()
        for leaf in flatten(value)[0]
        if isinstance(leaf, np.ndarray)
    ]
    for position, (name, array) in enumerate(arrays):
        for other, another in arrays[position + 1 :]:
            if (name in donated or other in donated) and np.may_share_memory(array, another):
                raise ValueError(
                    f"arguments {name!r} and {other!r} share the memory of an array that donate "
                    "allows to be overwritten, so that the result would be wrong; pass a copy"
                )


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
        another program.
    style : {"planned", "readable"}
        Which form of the program is run.
    engine : {"numpy", "numba"}
        What runs it: NumPy, or loops compiled by Numba (the extra ``fast``) with products by
        NumPy's BLAS, which takes some seconds on the first call and has no form for some
        operations.

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
    NotCompilableError
        On a call, if an operation has no form for Numba.
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
    if engine not in ("numpy", "numba"):
        raise ValueError(f'engine must be "numpy" or "numba", got {engine!r}')
    if engine == "numba":
        _needs_numba()
        if style != "planned":
            raise ValueError("a style can be chosen for the engine numpy only")
    given, fixed = _positions(donate, "donate"), _positions(static_argnums, "static_argnums")
    programs = _Programs(f, given, fixed, style, engine)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        entry, arity = programs.latest
        if kwargs or len(args) != arity:
            return programs.missed(*args, **kwargs)
        return entry(*args)

    call.lower = programs.lower  # type: ignore[attr-defined]  # Jitted declares it
    return cast("Jitted", call)


def _positions(value: int | Sequence[int], what: str) -> tuple[int, ...]:
    positions = (value,) if isinstance(value, int) else tuple(value)
    for position in positions:
        if not isinstance(position, int) or isinstance(position, bool) or position < 0:
            raise TypeError(f"{what} takes positions of arguments, 0 or greater, got {value!r}")
    return positions


def _needs_numba() -> None:
    import importlib.util

    if importlib.util.find_spec("numba") is None:
        raise ImportError(
            'the engine "numba" needs Numba, which is missing: pip install "autograd-nn[fast]"'
        )
