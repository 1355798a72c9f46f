"""Values and functions as Python text.

1. `literal` writes a parameter: numbers, tuples, slices, dtypes.
2. `numpy_name` finds the name by which NumPy or SciPy knows a function.
3. `embedded` returns the source of a function of one's own and of what it uses.
"""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import keyword
import linecache
import math
import re
import textwrap
import types
from collections.abc import Callable, Set
from typing import Any

import numpy as np

from ..ops.functions import Late


class NotLiteralError(ValueError):
    """A value that has no short Python text; it is held beside the program."""


class Code(str):
    """Python text in the place of a value."""

    __slots__ = ()


def literal(value: Any) -> str:
    """Return Python text for `value`.

    Raises
    ------
    NotLiteralError
        If it is something else than a number, string, None, Ellipsis, dtype, or tuples, lists
        and slices of them.
    """
    if isinstance(value, Code):
        return str(value)
    if value is None or value is Ellipsis or type(value) in (bool, int, str):
        return "..." if value is Ellipsis else repr(value)
    if isinstance(value, (float, np.floating)) and not isinstance(value, np.longdouble):
        return _float(float(value))
    if isinstance(value, (complex, np.complexfloating)) and not isinstance(value, np.clongdouble):
        return f"complex({_float(float(value.real))}, {_float(float(value.imag))})"
    if isinstance(value, (np.integer, np.bool_)):
        return repr(value.item())
    if type(value) is tuple:
        inner = ", ".join(literal(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if type(value) is list:
        return f"[{', '.join(literal(part) for part in value)}]"
    if isinstance(value, slice):
        return f"slice({literal(value.start)}, {literal(value.stop)}, {literal(value.step)})"
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return f'np.dtype("{np.dtype(value).str}")'
    raise NotLiteralError(f"{type(value).__name__} has no literal")


def affine(start: int, step: int, t: str) -> str:
    """Return the text of ``start + step * t``."""
    times = {1: t, -1: f"-{t}"}.get(step, f"{step} * {t}")
    if not step:
        return str(start)
    if step < 0 <= start:
        return f"{start} - {times.removeprefix('-')}"
    return f"{times} {'-' if start < 0 else '+'} {abs(start)}" if start else times


def _float(value: float) -> str:
    if math.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    return "np.nan" if math.isnan(value) else repr(value)


def index(key: Any, named: Callable[[Any], str]) -> str:
    """Return the text between the brackets of ``x[key]``; `named` names what has no text."""
    texts = []
    for part in key if type(key) is tuple and key else (key,):
        try:
            texts.append(_index_part(part))
        except NotLiteralError:
            texts.append(named(part))
    return ", ".join(texts) + ("," if type(key) is tuple and len(key) == 1 else "")


def _index_part(part: Any) -> str:
    if not isinstance(part, slice):
        return literal(part)
    bounds = [literal(b) if b is not None else "" for b in (part.start, part.stop)]
    step = f":{literal(part.step)}" if part.step is not None else ""
    return ":".join(bounds) + step


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Return NumPy's name of a data type: ``np.float64``, ``np.bool_``."""
    return f"np.{dtype.name}{'_' if dtype.kind == 'b' else ''}"


def array_text(array: np.ndarray[Any, Any]) -> str:
    """Return ``np.array([...], dtype)`` for a small array.

    Raises
    ------
    NotLiteralError
        If it has more than a few elements.
    """
    if array.size > 32 or array.dtype.kind not in "biufc":
        raise NotLiteralError(f"an array of shape {array.shape}")
    dtype = f'"{array.dtype.str}"'
    if array.ndim == 0:
        return f"np.array({literal(array[()])}, {dtype})"
    if array.size == 0:
        return f"np.zeros({array.shape}, {dtype})"
    return f"np.array({literal(array.tolist())}, {dtype})"


def numpy_name(function: Any) -> tuple[str, str] | None:
    """Return (module, name) where NumPy's or SciPy's `function` is found, else None."""
    name = getattr(function, "__name__", "")
    for module in (np, np.linalg, np.fft):
        if getattr(module, name, None) is function:
            return module.__name__, name
    if isinstance(function, Late):
        return function.__module__, name
    if isinstance(function, np.ufunc):
        try:
            from scipy import special
        except ImportError:
            return None
        if getattr(special, name, None) is function:
            return "scipy.special", name
    return None


_COMMON = {
    "import numpy as np", "import math", "from scipy import special", "from scipy import linalg",
}  # fmt: skip
"""What programs import under these names themselves."""

_IN_GUARDS = re.compile(r"_(held\d+|ndarray|missed|torn|error|v|views|overlapping|array)$")
"""Names that the test before a program, and a saved program, use."""


class Embedding:
    """The functions that a program brings along, as text.

    Attributes
    ----------
    imports : dict of str to str
        Name in the program → the import statement that gives it.
    definitions : dict of str to str
        Name → source text, in the order in which they are needed.
    """

    def __init__(self, reserved: Set[str] = frozenset()) -> None:
        self.imports: dict[str, str] = {}
        self.definitions: dict[str, str] = {}
        self.reserved = reserved
        self._functions: dict[str, Callable[..., Any]] = {}

    def add(self, function: Callable[..., Any]) -> str:
        """Bring `function` along, with what it uses, and return its name.

        Raises
        ------
        NotLiteralError
            If its source cannot be read, or it uses what cannot be written down.
        """
        if not isinstance(function, types.FunctionType) or function.__closure__:
            raise NotLiteralError(f"{function!r} is no plain function")
        for name, known in self._functions.items():
            if known is function:
                return name
        text = _source(function)
        name = function.__name__ if function.__name__.isidentifier() else ""
        if not name:
            name = f"function_{len(self.definitions) + 1}"
            text = f"{name} = {text}"
        needed = Embedding(self.reserved)
        needed.imports.update(self.imports)
        needed.definitions.update(self.definitions)
        needed._functions.update(self._functions)
        needed._functions[name] = function
        needed._enter(needed.definitions, name, text)  # now, so that a recursive function ends
        for used in globals_used(function.__code__)[0]:
            if used in function.__globals__:
                needed._add_global(used, function.__globals__[used])
        needed.definitions[name] = needed.definitions.pop(name)  # after what it uses
        self.imports, self.definitions = needed.imports, needed.definitions
        self._functions = needed._functions
        return name

    def _enter(self, where: dict[str, str], name: str, text: str) -> None:
        """Let `name` mean `text`, if it means nothing else in the program."""
        same = where.get(name) == text and name not in self._functions
        if not same and (name in self.imports or name in self.definitions):
            raise NotLiteralError(f"two things are called {name}")
        if text not in _COMMON and (name in self.reserved or _IN_GUARDS.match(name)):
            raise NotLiteralError(f"{name} means something else in the program")
        where[name] = text

    def _add_global(self, name: str, value: Any) -> None:
        if isinstance(value, types.ModuleType):
            parent, _, last = value.__name__.rpartition(".")
            if value is np:
                self._enter(self.imports, name, f"import numpy as {name}")
            elif value.__name__.partition(".")[0] in ("math", "scipy", "numpy"):
                alias = "" if name == last else f" as {name}"
                start = f"from {parent} " if parent else ""
                self._enter(self.imports, name, f"{start}import {last}{alias}")
            else:
                raise NotLiteralError(f"it uses the module {value.__name__}")
        elif isinstance(value, types.FunctionType):
            if self.add(value) != name:
                raise NotLiteralError(f"it calls {value.__name__} by another name, {name}")
        else:
            found = numpy_name(value)
            if found:
                text = f"from {found[0]} import {found[1]} as {name}"
                self._enter(self.imports, name, text)
            else:
                self._enter(self.definitions, name, f"{name} = {literal(value)}")


@functools.lru_cache(maxsize=512)
def globals_used(code: types.CodeType) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the globals that `code` reads, and all names and strings in it."""
    used = [i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"]
    names = {*code.co_names, *(const for const in code.co_consts if isinstance(const, str))}
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            more, others = globals_used(const)
            used += more
            names |= others
    return tuple(dict.fromkeys(used)), frozenset(names)


@functools.lru_cache(maxsize=512)
def _source(function: types.FunctionType) -> str:
    """Return the text of `function` without annotations and docstring; a lambda's alone."""
    code = function.__code__
    if function.__name__ == "<lambda>":
        return _lambda_source(code)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError) as error:
        raise NotLiteralError(f"the source of {function.__name__} cannot be read") from error
    (definition,) = tree.body
    if not isinstance(definition, ast.FunctionDef) or definition.decorator_list:
        raise NotLiteralError(f"{function.__name__} is decorated")
    if not function.__name__.isidentifier() or keyword.iskeyword(function.__name__):
        raise NotLiteralError(f"{function.__name__!r} is no name")
    definition.name, definition.returns = function.__name__, None
    given = definition.args
    stars = [star for star in (given.vararg, given.kwarg) if star is not None]
    for argument in [*given.posonlyargs, *given.args, *given.kwonlyargs, *stars]:
        argument.annotation = None
    body = definition.body
    if len(body) > 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        definition.body = body[1:]
    return ast.unparse(definition)


def _lambda_source(code: types.CodeType) -> str:
    """Return the text of the lambda that compiles to `code`."""
    lines = linecache.getlines(code.co_filename)
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError as error:
        raise NotLiteralError("the source of a lambda cannot be read") from error
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
            text = ast.unparse(node)
            compiled = compile(text, "<lambda>", "eval").co_consts[0]
            same = ("co_code", "co_consts", "co_names", "co_varnames")
            if all(getattr(compiled, part) == getattr(code, part) for part in same):
                found.add(text)
    if len(found) != 1:
        raise NotLiteralError("the source of a lambda cannot be read")
    return found.pop()
