"""A traced function as a program.

1. `lowered` makes it from a trace: simplified, written, compiled, and compared with the trace.
2. `Program` is callable, with its source, its graph, and `save`.
"""

from __future__ import annotations

import base64
import functools
import gc
import html
import itertools
import keyword
import linecache
import pathlib
import re
import types
import weakref
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from ..core.graph import replay
from ..core.tensor import Tensor, plain
from ..transforms.containers import flatten, unflatten
from .comparison import compare
from .graph import Graph, is_leaf
from .guards import Guard
from .iterations import LOOP
from .literals import globals_used
from .numba_source import looped
from .numpy_source import planned
from .readable_source import readable
from .rolling import rolled
from .rules import simplify
from .source import Source
from .trace import Trace

_NUMBERS = itertools.count(1)
_COLOURED = re.compile(
    r"(?P<comment>#[^\n]*)|(?P<text>\"{3}.*?\"{3}|\"[^\"\n]*\"|'[^'\n]*')"
    rf"|(?P<keyword>\b(?:{'|'.join(keyword.kwlist)})\b)",
    re.DOTALL,
)
_COLOURS = {"comment": "#768390", "text": "#1a8f63", "keyword": "#2f7fc1"}


def _colour(found: re.Match[str]) -> str:
    return f'<span style="color:{_COLOURS[found.lastgroup or "text"]}">{found[0]}</span>'


_COMPILED = 300
"""Operations up to which the engine "auto" has a program compiled."""

_LONG = 500
"""Lines that are not compiled again for the sake of one call the less."""


class Program:
    """A traced function, written as NumPy and compiled.

    Attributes
    ----------
    source : str
        The text of the program that is run.
    readable : str
        The same program as one would write it down.
    memory : list
        The arrays that it works in, while it does not run.
    graph : list of Tensor
        The results, as recorded nodes on the arguments, simplified: to draw, or to walk over.
    """

    def __init__(self, traced: Trace, graph: Graph, source: Source) -> None:
        self._traced = traced
        self._graph = graph
        self._source = source
        self._space = compiled(source.text, source.name, source.held)
        self.arity = len(traced.parameters)
        self.guard = Guard(traced, source)
        self.memory: list[Any] = self._space.get("free", [])
        self.run = _adapted(traced, source, self._space[source.name])
        self._same: Callable[..., bool] | None = None

    def entry(self, missed: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that runs the program on arguments like the traced ones.

        For others it calls `missed`. It is the program's own function with the test written
        before its first line, which saves a call.
        """
        source, traced = self._source, self._traced
        long = len(source.body) > _LONG
        if long or source.flat or source.flat_result or traced.static:
            same, run = self.guard.function(), self.run
            return lambda *args: run(*args) if same(*args) else missed(*args)
        guard = Guard(traced, source, source.parameters)
        given = ", ".join(source.parameters)
        test = [f"    {line}" for line in guard.lines(f"return _missed({given})")]
        body = source.body
        if source.writable:
            body = ["    try:", *(f"    {line}" for line in body)]
            body += ["    except BaseException as _error:"]
            body += ["        _torn(_error)", "        raise"]
        text = "\n".join([f"def {source.name}({given}):", *test, *body, ""])
        torn = functools.partial(_torn, sorted(source.writable))
        held = {**self._space, **guard.held, "_missed": missed, "_torn": torn}
        return cast("Callable[..., Any]", compiled(text, source.name, held)[source.name])

    @property
    def graph(self) -> list[Tensor]:
        """The results as recorded nodes on the arguments, simplified: to draw or to walk over."""
        graph = self._graph
        if any(node.op is LOOP for node in graph.nodes()):
            graph = simplify(self._traced.graph)
        leaves = {x: Tensor(plain(x), name=x.name) for x in graph.inputs}
        return replay(graph.outputs, leaves)[0]

    @property
    def kernel(self) -> Callable[..., Any]:
        """The compiled function of a program for Numba; it takes the leaves that are used, flat.

        Raises
        ------
        ValueError
            If the program is not one kernel, as NumPy does a part of it.
        """
        count = self._source.text.count("\ndef kernel")
        if count != 1:
            raise ValueError(f"this program has {count} kernels, not one: NumPy does a part of it")
        return cast("Callable[..., Any]", self._space["kernel"])

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
            self._same = self.guard.function()
        if len(args) != self.arity or not self._same(*args):
            raise TypeError(
                f"this program of {self._traced.name} was made for other arguments: "
                f"{self.guard.described()}"
            )
        return self.run(*args)

    def _repr_html_(self) -> str:
        """Return the readable text with its keywords, texts and comments in colour."""
        text = html.escape(self.readable, quote=False)
        coloured = _COLOURED.sub(_colour, text)
        return f'<pre style="overflow-x:auto;line-height:1.35">{coloured}</pre>'

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
        packed = base64.b85encode(zlib.compress(np.ascontiguousarray(value).tobytes())).decode()
        lines[at] = f'{name} = _array("{packed}", "{value.dtype.str}", {value.shape})'
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


def compiled(text: str, name: str, held: Mapping[str, Any]) -> dict[str, Any]:
    """Run `text` as a module and return its names; tracebacks show its lines.

    The function `name` is not among its own globals, and what only it uses is in no cycle: it goes,
    with its arrays, as soon as nobody has it any more.
    """
    filename = f"<autograd_nn program {name} {next(_NUMBERS)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    space: dict[str, Any] = dict(held)
    exec(compile(text, filename, "exec"), space)  # noqa: S102 - the program itself: names in it are sanitised, constants held beside it
    made = space.pop(name)
    function = types.FunctionType(made.__code__, dict(space), name)
    if "njit" not in space:  # Numba reads names when it compiles
        others = [x for x in space.values() if isinstance(x, types.FunctionType)]
        own = [x.__code__ for x in others if x.__globals__ is space]
        for key in space.keys() - {"__builtins__"}.union(*(globals_used(x)[1] for x in own)):
            del space[key]
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
    return {**function.__globals__, name: function}


def _torn(donated: Sequence[str], error: BaseException) -> None:
    """Say in `error` what became of donated arrays."""
    error.add_note(
        f"the program stopped halfway: the donated {', '.join(donated)} may hold old and new "
        "values. Take them from a copy before you go on, or jit without donate"
    )


def _watched(function: Callable[..., Any], donated: Sequence[str]) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        try:
            return function(*args)
        except BaseException as error:
            _torn(donated, error)
            raise

    return run


def _adapted(traced: Trace, source: Source, function: Callable[..., Any]) -> Callable[..., Any]:
    if source.writable:
        function = _watched(function, sorted(source.writable))
    if not source.flat and not source.flat_result and not traced.static:
        return function
    keep = [key not in traced.static for key in traced.parameters]
    structure = flatten(traced.result)[1] if source.flat_result else None
    flat, flat_result = source.flat, source.flat_result  # the example is not kept for these

    def call(*args: Any) -> Any:
        if flat:
            kept = [arg for arg, is_kept in zip(args, keep, strict=True) if is_kept]
            args = tuple([leaf for arg in kept for leaf in flatten(arg)[0]])
        result = function(*args)
        return unflatten(structure, list(result)) if flat_result else result

    return call


def lowered(
    traced: Trace, donated: Sequence[str] = (), style: str = "planned", engine: str = "numpy"
) -> Program:
    """Return the checked program of a trace."""
    paused = gc.isenabled()
    gc.disable()  # it would look through a long graph again and again, which has no cycles
    try:
        return _lowered(traced, donated, style, engine)
    finally:
        if paused:
            gc.enable()


def _size(graph: Graph) -> int:
    """Return the number of operations, those of loops' bodies once."""
    loops = [node.params["loop"].body for node in graph.nodes() if node.op is LOOP]
    return sum(not is_leaf(node) for node in graph.nodes()) + sum(map(_size, loops))


def _lowered(traced: Trace, donated: Sequence[str], style: str, engine: str) -> Program:
    graph = simplify(rolled(traced.graph))
    compiles = engine == "numba" or (engine == "auto" and _size(graph) <= _COMPILED)
    inputs = zip(traced.leaves, graph.inputs, strict=True)
    given = {node for leaf, node in inputs if leaf.path[0] in donated}
    if style == "readable":
        source = readable(traced, graph)
    else:
        source = (looped if compiles else planned)(traced, graph, given)
    program = Program(traced, graph, source)
    compare(traced, program.run, source.text)
    return program
