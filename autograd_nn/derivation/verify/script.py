"""A learner's program in plain NumPy, run once as it is written, its statements followed.

1. `Program` is its text: of a file, a notebook, a function, or as given.
2. `run_program` runs it, and lists what every line leaves under a name: the value, and the Tensor
   that it was computed as where that is known.
3. `leaves_of` takes containers apart, names as the learner writes them.
"""

from __future__ import annotations

import ast
import inspect
import json
import linecache
import re
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...core.recording import recording
from ...core.tensor import Tensor, plain
from .recorder import FROZEN, LOOKED, Recorded, alias, called, formula

_DEEPEST = 4
_MOST = 20_000
_OF_FRAMES = ("super", "locals", "globals", "vars", "dir", "eval", "exec")


Place = tuple[str, tuple[Any, ...], int]


class Left(NamedTuple):
    """What a line leaves under a name, in a container at a path; `how` is ``"="``, an operator, or
    ``""`` for a write into it.
    """

    root: str
    path: tuple[Any, ...]
    value: Any
    node: Tensor | None
    line: int
    how: str

    @property
    def text(self) -> str:
        """The name as the learner writes it: ``grads['W1']``."""
        return self.root + "".join(f"[{key!r}]" for key in self.path)


class Program:
    """The text of a learner's program.

    Parameters
    ----------
    source : str, path-like or callable
        Statements, or a file of them, ``.ipynb`` for the code of a notebook; or a function, whose
        body is followed.

    Raises
    ------
    TypeError, ValueError
        If it is none of these, cannot be read, or is no Python.
    """

    def __init__(self, source: Any, what: str = "script") -> None:
        self.function: Callable[..., Any] | None = None
        self.file = what
        if callable(source):
            self.function = inspect.unwrap(source)
            self.file = getattr(source, "__name__", what)
            try:
                source = textwrap.dedent(inspect.getsource(self.function))
                ast.parse(source)
            except (OSError, TypeError, SyntaxError):
                source = ""  # it is called all the same
        elif isinstance(source, Path) or (
            isinstance(source, str) and source.endswith((".py", ".ipynb", ".txt"))
            and "\n" not in source
        ):  # fmt: skip
            path = Path(source)
            self.file = path.name
            try:
                source = path.read_text(encoding="utf-8")
                if path.suffix == ".ipynb":
                    source = _of_notebook(source)
            except (OSError, ValueError, KeyError) as error:
                raise ValueError(f"{what}={str(path)!r} cannot be read: {error}") from error
        elif not isinstance(source, str):
            raise TypeError(
                f"{what} is a {type(source).__name__}; pass the text of NumPy statements, a file "
                "of them (.py, .ipynb), or a function"
            )
        lines = textwrap.dedent(source).splitlines()
        self.lines = [re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines]
        try:
            self.tree = ast.parse("\n".join(self.lines))
        except SyntaxError as error:
            raise ValueError(
                f"{self.file}, line {error.lineno}: {error.msg}: {(error.text or '').strip()}"
            ) from error

    def tree_again(self) -> ast.Module:
        """Return the tree, as a run changes it, anew."""
        return ast.parse("\n".join(self.lines))

    def place(self, line: int) -> str:
        """Return a line as reports quote it."""
        text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return f"{self.file}, line {line}: {text}"


def _of_notebook(text: str) -> str:
    cells = json.loads(text)["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


def leaves_of(value: Any, root: str, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Yield path and array of every array in nested dicts, lists and tuples."""
    if isinstance(value, (np.ndarray, np.generic, Tensor)) or type(value) in (int, float):
        yield path, value
    elif isinstance(value, Mapping) and len(path) < _DEEPEST:
        for key, part in value.items():
            yield from leaves_of(part, root, (*path, key))
    elif type(value) in (list, tuple) and len(path) < _DEEPEST:
        if value and all(type(part) in (int, float) for part in value):
            yield path, np.asarray(value)
            return
        for key, part in enumerate(value):
            yield from leaves_of(part, root, (*path, key))
    elif hasattr(value, "__array__") and hasattr(value, "shape"):  # of torch, of JAX
        yield path, as_array(value)


def as_array(value: Any) -> Any:
    """Return an array of another library as NumPy's."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value)


class Ran(NamedTuple):
    """What a run left: values in order, the function's result, why it stopped, all names at the
    end, and the Tensors whose formula holds for these values only.
    """

    left: list[Left]
    result: Any
    problem: str
    space: dict[str, Any]
    frozen: set[Tensor]


def numbered(left: Sequence[Left]) -> dict[Place, Left]:
    """Return what a run left by name, path and number, counted from the last, which is −1."""
    found: dict[Place, Left] = {}
    times: dict[Any, int] = {}
    for entry in reversed(left):
        key = (entry.root, entry.path)
        times[key] = times.get(key, 0) - 1
        found[*key, times[key]] = entry
    return found


def run_program(program: Program, space: Mapping[str, Any], plainly: bool = False) -> Ran:
    """Run a program once on the values of `space`, whose arrays may be `Recorded`.

    Whatever it raises is told in ``problem``; what was left before stands. With `plainly` nothing
    is recorded.
    """
    follower = _Follower()
    names: dict[str, Any] = {**space, "_called_": called, "_alias_": alias, "_left_": follower.left}
    if plainly:
        names |= {"_called_": lambda f, *args, **options: f(*args, **options), "_alias_": _itself}
    names.setdefault("np", np)
    names.setdefault("__name__", "__main__")
    result, problem = None, ""
    looked, frozen = LOOKED.set(False), FROZEN.set(set())
    try:
        with recording(), np.errstate(all="ignore"):
            try:
                result = _run(program, names, follower)
            except (Exception, SystemExit) as error:
                problem = f"{_where(program, error)} raises {type(error).__name__}: {error}"
    finally:
        said = FROZEN.get()
        LOOKED.reset(looked)
        FROZEN.reset(frozen)
    return Ran(follower.found, result, problem, {**space, **follower.space}, said)


def _itself(value: Any) -> Any:
    return value


def _run(program: Program, names: dict[str, Any], follower: _Follower) -> Any:
    tree, function = program.tree, program.function
    definitions = [x for x in tree.body if isinstance(x, ast.FunctionDef)]
    if function is not None:
        if inspect.ismethod(function):
            names, function = {**names, "self": function.__self__}, function.__func__
        code = getattr(function, "__code__", None)
        mine = [x for x in definitions if x.name == getattr(function, "__name__", "")]
        around = dict(getattr(function, "__globals__", {}))
        if code is not None:
            cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
            around |= {key: cell.cell_contents for key, cell in cells}
        names = {**around, **names}
        if not mine:
            result = function(**_arguments(function, names))
            follower.left(0, ("returned",), {"returned": result}, "=")
            return result
        return _call(program, _Kept().visit(mine[-1]), names, follower)
    follow = all(isinstance(x, (ast.FunctionDef, ast.Import, ast.ImportFrom)) for x in tree.body)
    tree = _Kept().visit(tree)
    body = _followed(tree.body, not follow)
    exec(_compiled(body, program), names)  # noqa: S102 - the learner's own program, asked for
    return _call(program, definitions[-1], names, follower) if follow and definitions else None


def _call(program: Program, made: ast.FunctionDef, names: Any, follower: _Follower) -> Any:
    """Call a function of the program, its body followed, with what `names` has for it."""
    made.decorator_list = []
    made.body = _followed(made.body, True)
    exec(_compiled([made], program), names)  # noqa: S102 - as above
    function = names[made.name]
    result = function(**_arguments(function, names))
    follower.left(made.lineno, ("returned",), {"returned": result}, "=")
    return result


def _arguments(function: Callable[..., Any], names: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    wanted = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    missing = [p.name for p in wanted if p.default is p.empty and p.name not in names]
    if missing:
        raise TypeError(
            f"it takes {', '.join(missing)}, and there is no value of that name; say names="
        )
    return {p.name: names[p.name] for p in wanted if p.name in names}


def _compiled(body: list[ast.stmt], program: Program) -> types.CodeType:
    file = f"<{program.file}>"
    linecache.cache[file] = (0, None, [f"{line}\n" for line in program.lines], file)
    tree = ast.fix_missing_locations(ast.Module(body, []))
    return compile(tree, file, "exec")


def _where(program: Program, error: BaseException) -> str:
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == f"<{program.file}>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return program.place(line) if line else program.file


class _Follower:
    """Keeps what lines leave."""

    def __init__(self) -> None:
        self.found: list[Left] = []
        self.last: dict[tuple[str, tuple[Any, ...]], Left] = {}
        self.space: dict[str, Any] = {}

    def left(self, line: int, roots: tuple[str, ...], space: Any, how: str) -> None:
        """Enter what stands under some names now, where it has changed."""
        for root in roots:
            if root in space:
                self.space[root] = space[root]
            for path, value in leaves_of(space.get(root), root):
                array = np.array(plain(value))
                before = self.last.get((root, path))
                if array.dtype.kind not in "fiub" or len(self.found) > _MOST:
                    continue
                again = before is not None and not (how == "=" and not path)
                if again and before is not None and np.array_equal(before.value, array):
                    continue
                recorded = isinstance(value, Recorded)
                node = formula(value) if recorded else value if isinstance(value, Tensor) else None
                entry = Left(root, path, array, node, line, how)
                self.last[root, path] = entry
                self.found.append(entry)


def _call_of(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


class _Kept(ast.NodeTransformer):
    """What calls return is recorded from there on."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _OF_FRAMES:
            return node
        call = ast.Call(ast.Name("_called_", ast.Load()), [node.func, *node.args], node.keywords)
        return ast.copy_location(call, node)


def _followed(body: list[ast.stmt], top: bool) -> list[ast.stmt]:
    """Return statements that keep what they assign; at the top they tell what they leave."""
    made: list[ast.stmt] = []
    for statement in body:
        inner = top and not isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        for held in (statement, *getattr(statement, "handlers", [])):
            for part in ("body", "orelse", "finalbody"):
                if isinstance(getattr(held, part, None), list):
                    setattr(held, part, _followed(getattr(held, part), inner))
        how = None
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            targets = getattr(statement, "targets", None) or [statement.target]  # type: ignore[union-attr]
            if isinstance(statement.value, (ast.Name, ast.Subscript, ast.Attribute)):
                statement.value = _call_of("_alias_", statement.value)
            how = "=" if all(isinstance(t, (ast.Name, ast.Tuple)) for t in targets) else ""
        elif isinstance(statement, ast.AugAssign):
            targets, how = [statement.target], type(statement.op).__name__
            how = how if isinstance(statement.target, ast.Name) else ""
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            targets, how = [statement.value], ""
        made.append(statement)
        if how is None or not top:
            continue
        roots = {x.id: 0 for t in targets for x in ast.walk(t) if isinstance(x, ast.Name)}
        told = _call_of(
            "_left_",
            ast.Constant(statement.lineno),
            ast.Tuple([ast.Constant(root) for root in roots], ast.Load()),
            _call_of("locals"),
            ast.Constant(how),
        )
        made.append(ast.copy_location(ast.Expr(told), statement))
    return made
