"""Whether the tests notice what is wrong: mutants, and who survives.

``python -m tests.benchmarks.mutants rows`` changes every vjp rule (×1.001, the other sign) and
every function in ``autograd_nn/ops`` (a term or factor dropped, a sign turned, a guard taken out),
one change at a time, and runs the tests of the rows that call it. ``formulas`` does so with
``nets/formulas.py`` and ``nets/activations.py``, ``passes`` with ``autograd_nn/program/rules``:
they run these rooms' own tests. A change is made by exchanging the code of the living function, so
nothing is imported again. Survivors are printed; the program ends with 1 if there are any.

What no test can kill is listed in `EQUIVALENT`, with the reason.

``--module NAME`` takes one module, and of the rows' tests those of the rows in the file of the same
name, so that a family of operations is judged by its own rows, in a minute or two. ``--only
PATTERN`` keeps the mutants whose line it is found in. A ufunc, a default and what is made at import
are not changed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import gc
import importlib
import importlib.util
import itertools
import re
import signal
import sys
import time
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from autograd_nn.core.op import REGISTRY, Op
from tests.autograd_nn.harness import Row
from tests.autograd_nn.rows import REGISTERED

ROOT = Path(__file__).parents[2]
SECONDS = 60
"""A mutant that makes a test run so much longer than ten times as long is killed."""
OPTIONS = [
    "--assert=plain",
    "--strict-markers",
    "-pno:terminal",
    "-pno:cacheprovider",
    "-pno:xdist",
]
SOURCES: dict[str, tuple[str, list[str], list[str]]] = {
    "rows": (
        "autograd_nn.ops",
        ["tests/autograd_nn/ops/test_operations.py", "tests/autograd_nn/ops/test_complex.py"], [],
    ),
    "formulas": (
        "nets", ["tests/nets/test_formulas.py", "tests/nets/test_activations.py"],
        ["formulas", "activations"],
    ),
    "passes": ("autograd_nn.program.rules", ["tests/autograd_nn/program/test_rules.py"], []),
}  # fmt: skip
"""What is changed: the package, its tests, and its modules (all of them where none is named)."""


EQUIVALENT = {
    "another way to the same values, slower": (
        "decompositions.py: always if n > k", "equations.py: always a @ a",
        "elementwise.py: always if type(z) is not np.ndarray or z.dtype.kind != 'f'",
        "elementwise.py: always if t.ndim == 0", "elementwise.py: never if type(out) is not np.nd",
        "elementwise.py: always if type(out) is not np.nd", "indexing.py: always (key,)",
        "indexing.py: never if _is_basic(key)", "indexing.py: always np.arange(count)[obj]",
        "joining.py: always np.reshape(flow, parts[index].shape)",
        "joining.py: always if count and by % count", "joining.py: without by % count",
        "joining.py: always padded + border", "linalg.py: always np.matmul(a, b)",
        "linalg.py: never if a.ndim == 2 and b.ndim == 2", "linalg.py: without a.ndim == 2",
        "norms.py: never if order == 1", "norms.py: without ord == 2 and x.ndim == 1",
        "products.py: always if stretched", "products.py: without flow.shape[i] != 1",
        "activations.py: always z", "scans.py: never if not count",
        "statistics.py: always if q.ndim", "shapes.py: never if not isinstance(fill_value, Tensor)",
    ),
    "the divisor is 1 or -1": (
        "equations.py: the other sign in np.linalg.det(u) * np.linalg.det(vh)",
        "rounding.py: the other sign in g * np.where(np.signbit(x)",
    ),
    "the operand has one axis": (
        "linalg.py: without the sign: -1", "matrices.py: without the sign: -1",
    ),
    "what is inserted is one value": (
        "indexing.py: always values.shape[axis]", "indexing.py: without number == 1",
    ),
    "the check of shape and dtype of every rewriting says so too": (
        "powers.py: without z.dtype", "powers.py: without z.shape",
    ),
}  # fmt: skip
"""Mutants that no test can kill, each by the end of its line without the number, with why."""


class Mutant(NamedTuple):
    """One change: where, what, the functions and the code they get."""

    where: str
    what: str
    functions: list[types.FunctionType]
    code: types.CodeType


# -- changes of the text ------------------------------------------------------------------------


def _variants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield what may stand in the place of a part of a function, with a word for it."""
    if isinstance(node, ast.BinOp):
        words = ast.unparse(node)[:60]
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult, ast.Pow)):
            yield f"only the left of {words}", node.left
        if isinstance(node.op, (ast.Add, ast.Mult)):
            yield f"only the right of {words}", node.right
        turned = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
        if type(node.op) in turned:
            yield f"the other sign in {words}", _with(node, op=turned[type(node.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        yield f"without the sign: {ast.unparse(node)[:60]}", node.operand
    elif isinstance(node, ast.Constant) and type(node.value) is float:
        yield f"{node.value} × 1.001", _with(node, value=node.value * 1.001 or 0.001)
    elif isinstance(node, ast.IfExp):
        yield f"always {ast.unparse(node.body)[:60]}", node.body
        yield f"always {ast.unparse(node.orelse)[:60]}", node.orelse
    elif isinstance(node, ast.BoolOp):
        for i, value in enumerate(node.values):
            kept = node.values[:i] + node.values[i + 1 :]
            left = kept[0] if len(kept) == 1 else _with(node, values=kept)
            yield f"without {ast.unparse(value)[:60]}", left
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("where", "maximum", "minimum", "nan_to_num", "abs", "clip"):
            chosen = node.args[1:] if node.func.attr == "where" else node.args[:2]
            for argument in chosen:
                yield f"{ast.unparse(argument)[:60]} for {ast.unparse(node)[:60]}", argument
    elif isinstance(node, ast.If) and not any(isinstance(x, ast.Raise) for x in node.body):
        words = ast.unparse(node.test)[:60]
        yield f"never if {words}", _with(node, test=ast.Constant(False))
        yield f"always if {words}", _with(node, test=ast.Constant(True))


def _with(node: Any, **fields: Any) -> Any:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return ast.copy_location(changed, node)


def _in_functions(tree: ast.AST) -> list[ast.AST]:
    """Return the parts of all functions of a module, but not what they are annotated with."""
    found: dict[ast.AST, None] = {}
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.Lambda)):
            body = function.body if isinstance(function.body, list) else [function.body]
            found.update((node, None) for part in body for node in ast.walk(part))
    return list(found)


def _exchanged(tree: ast.AST, old: ast.AST, new: ast.AST) -> Any:
    """Return a copy of `tree` with `new` in the place of `old`; the rest is shared."""
    if tree is old:
        return new
    made = copy.copy(tree)
    for name, value in ast.iter_fields(tree):
        if isinstance(value, ast.AST):
            setattr(made, name, _exchanged(value, old, new))
        elif isinstance(value, list):
            parts = [_exchanged(x, old, new) if isinstance(x, ast.AST) else x for x in value]
            setattr(made, name, parts)
    return made


def _codes(code: types.CodeType) -> list[types.CodeType]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return [code, *(x for c in inner for x in _codes(c))]


def mutants(module: types.ModuleType) -> Iterator[Mutant]:
    """Yield the mutants of the functions of a module that can be exchanged as they live."""
    path = str(module.__file__)
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    original = _codes(compile(tree, path, "exec", dont_inherit=True))[1:]
    living: dict[types.CodeType, list[types.FunctionType]] = {}
    for thing in gc.get_objects():
        if type(thing) is types.FunctionType and thing.__code__.co_filename == path:
            living.setdefault(thing.__code__, []).append(thing)
    short = Path(path).relative_to(ROOT)
    for node in _in_functions(tree):
        for what, new in _variants(node):
            text = _exchanged(tree, node, new)
            codes = _codes(compile(ast.fix_missing_locations(text), path, "exec"))[1:]
            if len(codes) != len(original):
                continue
            changed = [
                (a, b)
                for a, b in zip(original, codes, strict=True)
                if a.co_code != b.co_code or _plain(a) != _plain(b) or a.co_names != b.co_names
            ]
            for a, b in changed:
                if a in living and a.co_freevars == b.co_freevars:
                    yield Mutant(f"{short}:{node.lineno}", what, living[a], b)  # type: ignore[attr-defined]


def _plain(code: types.CodeType) -> list[Any]:
    return [repr(c) for c in code.co_consts if not isinstance(c, types.CodeType)]


# -- running the tests --------------------------------------------------------------------------


class Change(NamedTuple):
    """Something to be killed: what it is, a context in which it is so, and whom the tests run."""

    line: str
    context: Callable[[], AbstractContextManager[None]]
    runs: types.CodeType | str
    """The code of a function, or the name of an operation."""


def functions(folder: str, names: Sequence[str]) -> Iterator[Change]:
    """Yield the mutants of the functions of some modules in a folder."""
    for name in names:
        for mutant in mutants(importlib.import_module(f"{folder}.{name}")):
            line, runs = f"{mutant.where}: {mutant.what}", mutant.functions[0].__code__
            yield Change(line, partial(_exchanged_code, mutant), runs)


@contextlib.contextmanager
def _exchanged_code(mutant: Mutant) -> Iterator[None]:
    before = [(f, f.__code__) for f in mutant.functions]
    try:
        for f in mutant.functions:
            f.__code__ = mutant.code
        yield
    finally:
        for f, code in before:
            f.__code__ = code


def rules(names: Iterable[str]) -> Iterator[Change]:
    """Yield every rule of some operations, wrong by a factor and by its sign."""
    for name in sorted(names):
        op = REGISTRY[name]
        for factor in (1.001, -1.0):
            if op.every is not None:
                yield Change(f"{name}: every rule × {factor}", _scaled(op, None, factor), name)
            for index, rule in enumerate(op.vjps):
                if rule is not None:
                    line = f"{name}: rule {index} × {factor}"
                    yield Change(line, _scaled(op, index, factor), name)


def _scaled(op: Op, index: int | None, factor: float) -> Callable[[], Any]:
    """Return a context in which a rule of `op` is `factor` times what it was."""

    @contextlib.contextmanager
    def context() -> Iterator[None]:
        every, vjps = op.every, op.vjps
        old: Any = every if index is None else vjps[index]

        def wrong(*args: Any, **params: Any) -> Any:
            g = old(*args, **params)
            return None if g is None else g * factor

        if index is None:
            op.every = wrong
        else:
            op.vjps = (*vjps[:index], wrong, *vjps[index + 1 :])
        try:
            yield
        finally:
            op.every, op.vjps = every, vjps

    return context


class Killer:
    """A plugin for pytest: in the place of its loop, every change is given to the tests it meets.

    Those that are quick come first, and before them the one that killed the change before.
    """

    def __init__(
        self,
        changes: Iterable[Change],
        tell: Callable[[str, bool | None], None],
        rows: Sequence[Row] | None = None,
    ) -> None:
        self.changes = changes
        self.rows = rows
        self.tell = tell
        self.failed = ""
        self.seconds: list[float] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.rows is not None:
            items[:] = [item for item in items if any(_row(item) is row for row in self.rows)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or (str(report.longrepr) if report.failed else "")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = session.items
        meets = self._met()
        for line, context, runs in self.changes:
            tests = meets.get(runs, [])
            with context():
                killer = next((i for i in tests if not self._passes(i)), None)
            if killer is not None:
                tests.remove(killer)
                tests.insert(0, killer)
            self.tell(line, killer is not None if tests else None)
        return True

    def _met(self) -> dict[types.CodeType | str, list[int]]:
        """Return the tests that run a function or an operation."""
        met: dict[types.CodeType | str, list[tuple[float, int]]] = {}
        for i, item in enumerate(self.items):
            seen: set[types.CodeType | str] = set()

            def note(
                frame: Any, event: str, _: Any, seen: set[types.CodeType | str] = seen
            ) -> None:
                if event == "call" and frame.f_code.co_filename.startswith(str(ROOT)):
                    seen.add(frame.f_code)

            start = time.perf_counter()
            sys.setprofile(note)
            passes = self._passes(i)
            sys.setprofile(None)
            self.seconds.append(time.perf_counter() - start)
            if not passes:
                raise SystemExit(f"without a mutant {item.nodeid} fails: {self.failed}")
            row = _row(item)
            if row is not None and row.op:
                seen.add(row.op)
            for code in seen:
                met.setdefault(code, []).append((self.seconds[i], i))
        return {code: [i for _, i in sorted(tests)] for code, tests in met.items()}

    def _passes(self, i: int) -> bool:
        """Whether a test passes, and ends."""

        def late(*_: Any) -> None:
            raise TimeoutError

        item, self.failed = self.items[i], ""
        signal.signal(signal.SIGALRM, late)
        signal.alarm(SECONDS + 10 * round(self.seconds[i]) if i < len(self.seconds) else 0)
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        except TimeoutError:
            return False
        finally:
            signal.alarm(0)
        return not self.failed


def _row(item: pytest.Item) -> Row | None:
    """Return the row that a test is of."""
    row: Row | None = item.callspec.params.get("row") if hasattr(item, "callspec") else None
    return row


def main() -> int:
    """Print the survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["rows", "formulas", "passes"])
    parser.add_argument("--module")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    settings.register_profile("mutants", derandomize=True, database=None,
                              suppress_health_check=list(HealthCheck))  # fmt: skip
    settings.load_profile("mutants")
    folder, files, more = SOURCES[given.what]
    places = sorted((ROOT / folder.replace(".", "/")).glob("*.py"))
    names = [p.stem for p in places if p.stem in more or (not more and p.stem != "__init__")]
    rows, ruled = None, REGISTERED if given.what == "rows" else frozenset()
    if given.module:
        names = [given.module]
    if given.module and given.what == "rows":
        listed = importlib.util.find_spec(f"tests.autograd_nn.rows.{given.module}")
        rows = importlib.import_module(listed.name).ROWS if listed else None
        text = (ROOT / folder.replace(".", "/") / f"{given.module}.py").read_text(encoding="utf-8")
        ruled = frozenset(row.op for row in rows or () if row.op and f'"{row.op}"' in text)
    changes = itertools.chain(rules(ruled), functions(folder, names))
    counts = {True: 0, False: 0, None: 0}
    known = [text for texts in EQUIVALENT.values() for text in texts]
    equivalent = 0

    def tell(line: str, killed: bool | None) -> None:
        nonlocal equivalent
        if killed is False and any(text in re.sub(r":\d+:", ":", line) for text in known):
            equivalent += 1
            return
        counts[killed] += 1
        if not killed:
            print(
                "survives" if killed is False else "not run by a test", line, sep="  ", flush=True
            )

    killer = Killer((c for c in changes if re.search(given.only, c.line)), tell, rows)
    if (status := pytest.main([*OPTIONS, *files], [killer])) > pytest.ExitCode.TESTS_FAILED:
        return int(status)
    print(
        f"{counts[True]} killed, {counts[False]} survive, {equivalent} change nothing, "
        f"{counts[None]} are run by no test"
    )
    return int(counts[False] > 0)


if __name__ == "__main__":
    sys.exit(main())
