"""A learner's program in plain NumPy, run once as it is written, its statements followed.

1. `Program` is its text: of a file, a notebook, a function, or as given.
2. `run_program` runs it, and lists what every line leaves under a name, at the top, in a function
   or in an object: the value, and the Tensor that it was computed as where that is known.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import itertools
import json
import linecache
import re
import textwrap
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...core.recording import recording
from ...core.tensor import Tensor, plain
from ...ops.elementwise import ADD, SUBTRACT
from .edits import key_of, written
from .following import Kept, followed
from .recorder import COST, FROZEN, LOOKED, Recorded, alias, called, formula
from .values import Values, beside, leaves_of

_MOST = 20_000

Place = tuple[str, tuple[Any, ...], tuple[str, int]]
"""Name, path, and the scope with a number counted from the last."""


class Left(NamedTuple):
    """What a line leaves under a name, in a container at a path; `how` is ``"="``, an operator, or
    ``""`` for a write into it.

    A scope is where a name lives: ``""`` for the top, a call of a function, or an object. `beside`
    is what stands there under the name that this is spelt as the gradient of: W beside dW.
    """

    root: str
    path: tuple[Any, ...]
    value: Any
    node: Tensor | None
    line: int
    how: str
    scope: str = ""
    beside: Any = None

    @property
    def text(self) -> str:
        """The name as the learner writes it: ``grads['W1']``, ``Linear.dW``."""
        scope = f"{self.scope}." if self.scope else ""
        return scope + self.root + "".join(f"[{key!r}]" for key in self.path)


def text_of(path: Path) -> str:
    """Return the statements of a Python file, or of a notebook's code cells.

    Raises
    ------
    OSError, ValueError
        If it cannot be read, or is no notebook.
    """
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".ipynb":
        try:
            cells = json.loads(text)["cells"]
            text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"it is no notebook ({type(error).__name__}: {error})") from error
    return _plain_python(text)


def _plain_python(text: str) -> str:
    """Return statements without the commands of a notebook, ``%…`` and ``!…``."""
    return re.sub(r"(?m)^(\s*)[%!].*", r"\1pass", text)


class Program:
    """The text of a learner's program.

    Parameters
    ----------
    source : str, path-like or callable
        Statements, or a file of them, ``.ipynb`` for the code of a notebook; or a function, whose
        body is followed.
    what : str
        What messages call it.
    numbers : frozenset of str
        The names of plain numbers that are arrays in a run, so that they are followed.

    Raises
    ------
    TypeError, ValueError
        If it is none of these, cannot be read, or is no Python.
    """

    def __init__(
        self, source: Any, what: str = "script", numbers: frozenset[str] = frozenset()
    ) -> None:
        self.function: Callable[..., Any] | None = None
        self.file = what
        self.parameters: frozenset[str] = frozenset()
        """What a training loop updates: where it does so again, the run ends."""
        self.end: int | None = None
        """After how many reports of lines, once a run has told."""
        self.wanted: frozenset[str] | None = None
        """The names that a plain run keeps; None for all."""
        self.numbers = numbers
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
                source = text_of(path)
            except (OSError, ValueError) as error:
                raise ValueError(f"{what}={str(path)!r} cannot be read: {error}") from error
        elif not isinstance(source, str):
            raise TypeError(
                f"{what} is a {type(source).__name__}; pass the text of NumPy statements, a file "
                "of them (.py, .ipynb), or a function"
            )
        self.lines = _plain_python(textwrap.dedent(source)).splitlines()
        try:
            self.tree = self.tree_again()
        except SyntaxError as error:
            raise ValueError(
                f"{self.file}, line {error.lineno}: {error.msg}: {(error.text or '').strip()}"
            ) from error

    def tree_again(self) -> ast.Module:
        """Return the tree, as a run changes it, anew."""
        tree = ast.parse("\n".join(self.lines))
        for s in ast.walk(tree) if self.numbers else ():
            if isinstance(s, ast.Assign) and self.numbers & set(written(s)) and _is_float(s.value):
                text = f"__import__('numpy').array({ast.unparse(s.value)})"
                s.value = ast.parse(text, mode="eval").body
        return tree

    def computed(self) -> set[str]:
        """Return the names to which something is assigned that is no plain number."""
        found = set[str]()
        for s in ast.walk(self.tree):
            if isinstance(s, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and not _is_float(s.value):
                found |= set(written(s))
        return found

    def place(self, line: int) -> str:
        """Return a line as reports quote it."""
        text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return f"{self.file}, line {line}: {text}"


def _is_float(e: ast.expr | None) -> bool:
    """Whether an expression is a plain number with a point: ``0.1``, ``-2.0``."""
    e = e.operand if isinstance(e, ast.UnaryOp) else e
    return isinstance(e, ast.Constant) and isinstance(e.value, float)


class Ran(NamedTuple):
    """What a run left: values in order, the function's result, why it stopped, all names at the
    end, the Tensors whose formula holds for these values only, what is to be said of it, the
    names that it had still to write when it stopped, and how many lines it has run.
    """

    left: list[Left]
    result: Any
    problem: str
    space: dict[str, Any]
    frozen: set[Tensor]
    note: str = ""
    unfinished: frozenset[tuple[str, Any]] = frozenset()
    lines: int = 0


def numbered(left: Sequence[Left]) -> dict[Place, Left]:
    """Return what a run left by name, path and number, counted from the last, which is −1."""
    found: dict[Place, Left] = {}
    times: Counter[Any] = Counter()
    for entry in reversed(left):
        key = (entry.root, entry.path, entry.scope)
        times[key] -= 1
        found[entry.root, entry.path, (entry.scope, times[key])] = entry
    return found


def run_program(
    program: Program, space: Mapping[str, Any], plainly: bool = False, cost: Any = None
) -> Ran:
    """Run a program once on the values of `space`, whose arrays may be `Recorded`.

    Whatever it raises is told in ``problem``; what was left before stands. With `plainly` nothing
    is recorded, and what it prints is not shown. Where it updates its parameters a second time, the
    run ends. A look at the `cost` of the graph, if that is known, decides about nothing.
    """
    follower = _Follower(program, space, plainly)
    names: dict[str, Any] = {**space, "_called_": called, "_alias_": alias, "_here_": ""}
    names |= {"_left_": follower.left, "_scope_": follower.scope}
    if plainly:
        names |= {"_called_": lambda f, *args, **options: f(*args, **options), "_alias_": _itself}
    names.setdefault("np", np)
    names.setdefault("__name__", "__main__")
    result, problem, note, unfinished = None, "", "", frozenset[Any]()
    looked, frozen, shown = LOOKED.set(False), FROZEN.set(set()), COST.set(cost)
    try:
        said = contextlib.redirect_stdout(io.StringIO()) if plainly else contextlib.nullcontext()
        with recording(), np.errstate(all="ignore"), said:
            try:
                result = _run(program, names, follower)
            except _AgainError as again:
                note = f"followed up to {program.place(again.line)}: there it starts again"
            except (Exception, SystemExit) as error:
                lines = _lines(program, error)
                place = program.place(lines[-1]) if lines else program.file
                problem = f"{place} raises {type(error).__name__}: {error}"
                if not plainly:
                    unfinished = frozenset(_unfinished(program.tree_again().body, lines))
    finally:
        decided = FROZEN.get()
        LOOKED.reset(looked)
        FROZEN.reset(frozen)
        COST.reset(shown)
    return Ran(follower.found, result, problem, {**space, **follower.space}, decided, note,
               unfinished, follower.told)  # fmt: skip


def _itself(value: Any) -> Any:
    return value


def _run(program: Program, names: dict[str, Any], follower: _Follower) -> Any:
    tree, function = program.tree, program.function
    tree = tree if follower.plainly else Kept().visit(tree)
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
        return _call(program, mine[-1] if mine else function, names, follower)
    follow = all(isinstance(x, (ast.FunctionDef, ast.Import, ast.ImportFrom)) for x in tree.body)
    last = definitions[-1:] if follow else []
    body = followed([x for x in tree.body if x not in last])
    follower.names = names
    exec(_compiled(body, program), names)  # noqa: S102 - the learner's own program, asked for
    return _call(program, last[0], names, follower) if last else None


def _call(program: Program, made: Any, names: Any, follower: _Follower) -> Any:
    """Call a function, its body followed if it is the program's, with what `names` has for it."""
    function, line = made, 0
    if isinstance(made, ast.FunctionDef):
        made.decorator_list, line = [], made.lineno
        made.body = followed(made.body)
        exec(_compiled([made], program), names)  # noqa: S102 - as above
        function = names[made.name]
    parameters = inspect.signature(function).parameters.values()
    wanted = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    missing = [p.name for p in wanted if p.default is p.empty and p.name not in names]
    if missing:
        raise TypeError(
            f"it takes {', '.join(missing)}, and there is no value of that name; say names="
        )
    result = function(**{p.name: names[p.name] for p in wanted if p.name in names})
    follower.left(line, ("returned",), {"returned": result}, "=", "", ())
    return result


def _compiled(body: list[ast.stmt], program: Program) -> types.CodeType:
    file = f"<{program.file}>"
    linecache.cache[file] = (0, None, [f"{line}\n" for line in program.lines], file)
    tree = ast.fix_missing_locations(ast.Module(body, []))
    return compile(tree, file, "exec")


def _lines(program: Program, error: BaseException) -> list[int]:
    """Return the lines of a program that an error has passed, the innermost last."""
    trace, lines = error.__traceback__, []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == f"<{program.file}>":
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return lines


def _unfinished(body: list[ast.stmt], lines: Sequence[int]) -> Iterator[Any]:
    """Yield the names, with keys, that are written from some lines on and in loops around them."""
    for k, s in enumerate(body):
        if not any(s.lineno <= line <= (s.end_lineno or 0) for line in lines):
            continue
        loop = isinstance(s, (ast.For, ast.While)) or not hasattr(s, "body")
        for part in ("body", "orelse", "finalbody") if not loop else ():
            yield from _unfinished(getattr(s, part, []), lines)
        within = isinstance(s, (ast.FunctionDef, ast.ClassDef))
        for later in body[k + (not loop) :] if not within else ():
            for statement in ast.walk(later):
                if isinstance(statement, ast.stmt):
                    yield from itertools.product(written(statement), [key_of(statement)])


class _AgainError(BaseException):
    """A program has updated its parameters and starts again: what follows is of other values."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Follower:
    """Keeps what lines leave."""

    def __init__(self, program: Program, space: Mapping[str, Any], plainly: bool) -> None:
        self.found: list[Left] = []
        self.last: dict[Any, Left] = {}
        self.space: dict[str, Any] = {}
        self.names: Mapping[str, Any] = {}
        self.plainly = plainly
        self.program, self.told = program, 0
        self.wanted = program.wanted if plainly else None
        self.given = Values((key, np.array(x)) for key, x in space.items()
                            if key in program.parameters and isinstance(x, np.ndarray))  # fmt: skip
        self.steps: list[tuple[int, int]] = []
        self.counts: Counter[str] = Counter()
        self.objects: dict[int, tuple[str, Any]] = {}

    def scope(self, name: str) -> str:
        """Return what a further call of a function, or object of a class, is called."""
        self.counts[name] += 1
        return name if self.counts[name] == 1 else f"{name} ({self.counts[name]})"

    def left(
        self, line: int, roots: Sequence[str], space: Any, how: str, scope: str, owners: Any
    ) -> None:
        """Enter what stands under some names now, and as attributes of objects, if changed."""
        self.told += 1
        if self.told == self.program.end:
            raise _AgainError(line)
        for root in roots:
            if root in space and not scope:
                self.space[root] = space[root]
            here = root in space
            if self.wanted is not None and root not in self.wanted:
                continue
            self._enter(line, root, space if here else self.names, how, scope if here else "")
        for owner, attribute in owners:
            known = {} if isinstance(owner, (type, types.ModuleType)) else _attributes(owner)
            if attribute not in known:
                continue
            if id(owner) not in self.objects:  # kept, so that no other gets its id
                self.objects[id(owner)] = self.scope(type(owner).__name__), owner
            if self.wanted is None or attribute in self.wanted:
                self._enter(line, attribute, known, how, self.objects[id(owner)][0])

    def _enter(self, line: int, root: str, space: Any, how: str, scope: str) -> None:
        for path, value in leaves_of(space.get(root), root):
            array = np.array(plain(value))
            before = self.last.get((scope, root, path))
            if array.dtype.kind not in "fiub" or len(self.found) > _MOST:
                continue
            again = before is not None and not (how == "=" and not path)
            if again and before is not None and np.array_equal(before.value, array):
                self.last[scope, root, path] = self._with_formula(before, value)
                continue
            node, of = None, None
            if not self.plainly:
                node = _node(value)
                of = beside(space, root, path)
                of = None if of is None else (_node(of), np.array(plain(of)))
            again = before is not None and before.how == "step" and bool(path or how)
            if again and self.program.end is None:
                self.program.end, kept = self.steps[-1]
                del self.found[kept:]
                raise _AgainError(line)
            entry = Left(root, path, array, node, line, how, scope, of)
            if how != "" or path:
                entry = self._step(entry)
            self.last[scope, root, path] = entry
            self.found.append(entry)
            if entry.how == "step":
                self.steps.append((self.told + 1, len(self.found)))

    def _with_formula(self, entry: Left, value: Any) -> Left:
        """Return an entry to which a line has added zeros, with the formula that has them."""
        node = None if self.plainly else _node(value)
        if node is None:
            return entry
        k = next(k for k in reversed(range(len(self.found))) if self.found[k] is entry)
        self.found[k] = entry._replace(node=node)
        return self.found[k]

    def _step(self, entry: Left) -> Left:
        """Return what a line leaves, marked where that is a parameter with something added.

        ``do = o - target`` is none: what is bound anew has the parameter's name in its own.
        """
        node = entry.node
        for x in node.inputs if node is not None and node.op in (ADD, SUBTRACT) else ():
            known = x.name if x.op is None and x.name else self.given.find(plain(x))
            own = entry.path or entry.how != "=" or str(known).lower() in entry.root.lower()
            if x.shape == entry.value.shape and known in self.program.parameters and own:
                return entry._replace(how="step")
        return entry


def _attributes(owner: Any) -> Mapping[str, Any]:
    return getattr(owner, "__dict__", {})


def _node(value: Any) -> Tensor | None:
    return formula(value) if isinstance(value, Recorded) else (
        value if isinstance(value, Tensor) else None)  # fmt: skip
