"""Whether the tests notice what is wrong: mutants, and who survives.

``python -m tests.benchmarks.mutants rows`` changes every vjp rule (×1.001, the other sign) and
every function in ``autograd_nn/ops`` (a term or factor dropped, a sign turned, a guard taken out),
one change at a time, and runs the tests of the rows that call it. ``formulas`` does so with
``nets/formulas.py`` and ``nets/activations.py``, ``passes`` with ``autograd_nn/program/rules``:
they run these rooms' own tests. A change is made by exchanging the code of the living function, so
nothing is imported again. Survivors are printed; the program ends with 1 if there are any.

What no test can kill is listed in `EQUIVALENT`, with the reason.

``--only PATTERN`` keeps the mutants whose line it is found in. A ufunc, a default and what is made
at import are not changed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import gc
import importlib
import io
import re
import signal
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from autograd_nn.core.op import REGISTRY, Op
from tests.autograd_nn.harness import Row
from tests.autograd_nn.ops import test_operations
from tests.autograd_nn.rows import REGISTERED, ROWS

ROOT = Path(__file__).parents[2]
SECONDS = 60  # a mutant that runs for ever is killed
PASSES_TESTS = ["tests/autograd_nn/program/test_rules.py"]
FORMULA_TESTS = ["tests/nets/test_formulas.py", "tests/nets/test_activations.py"]


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


def _killed(run: Callable[[], Any], strict: bool = True, seconds: int = SECONDS) -> bool:
    """Whether `run` raises, or does not end; where `strict`, whether it warns."""

    def late(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            if strict:
                warnings.simplefilter("error")
            run()
    except BaseException as error:  # whatever a wrong rule ends with
        if isinstance(error, KeyboardInterrupt):
            raise
        return True
    finally:
        signal.alarm(0)
    return False


def _row_tests() -> dict[str, list[Callable[[], Any]]]:
    """Return the generated tests of every row: its name → calls."""
    found: dict[str, list[Callable[[], Any]]] = {}
    for name, test in vars(test_operations).items():
        marks = getattr(test, "pytestmark", [])
        if not name.startswith("test_") or not marks or "row" not in str(marks[-1].args[0]):
            continue
        for case in marks[-1].args[1]:
            values = case.values
            row: Row = values[0]
            if len(values) == 2:
                types_of = marks[0].args[1]
                for dtype in types_of:
                    found.setdefault(row.name, []).append(_call(test, row, values[1], dtype))
            else:
                found.setdefault(row.name, []).append(_call(test, row))
    return found


def _call(test: Callable[..., Any], row: Row, *more: Any) -> Callable[[], Any]:
    if more:
        return lambda: test(row=row, extreme=more[0], dtype=more[1])
    return lambda: test(row=row)


def _callers(tests: dict[str, list[Callable[[], Any]]]) -> dict[types.CodeType, list[str]]:
    """Return code → the rows whose tests run it, those that are quick first."""
    ran: dict[types.CodeType, list[tuple[float, str]]] = {}
    for name, calls in tests.items():
        seen: set[types.CodeType] = set()

        def note(frame: Any, event: str, _: Any, seen: set[types.CodeType] = seen) -> None:
            if event == "call" and "autograd_nn/ops" in frame.f_code.co_filename:
                seen.add(frame.f_code)

        start = time.perf_counter()
        sys.setprofile(note)
        try:
            _all(calls)()
        finally:
            sys.setprofile(None)
        for code in seen:
            ran.setdefault(code, []).append((time.perf_counter() - start, name))
    return {code: [name for _, name in sorted(names)] for code, names in ran.items()}


def rules() -> Iterator[tuple[str, Callable[[], Any], str]]:
    """Yield every rule wrong by a factor and by its sign: what, a context, the operation."""
    for name in sorted(REGISTERED):
        op = REGISTRY[name]
        for factor in (1.001, -1.0):
            if op.every is not None:
                yield f"{name}: every rule × {factor}", _scaled(op, None, factor), name
            for index, rule in enumerate(op.vjps):
                if rule is not None:
                    yield f"{name}: rule {index} × {factor}", _scaled(op, index, factor), name


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


def _all(calls: list[Callable[[], Any]]) -> Callable[[], None]:
    def run() -> None:
        for call in calls:
            call()

    return run


def of_rows(only: str) -> Iterator[tuple[str, bool | None]]:
    """Yield every mutant of the rows and whether it was killed; None where no row runs it."""
    tests = _row_tests()
    by_op: dict[str, list[Callable[[], Any]]] = {}
    for row in ROWS:
        by_op.setdefault(row.op or "", []).extend(tests.get(row.name, []))
    for what, context, name in rules():
        if re.search(only, what):
            with context():
                killed = _killed(_all(by_op[name]))
            yield what, killed
    callers = _callers(tests)
    folder = ROOT / "autograd_nn" / "ops"
    for file in sorted(folder.glob("*.py")):
        for mutant in mutants(importlib.import_module(f"autograd_nn.ops.{file.stem}")):
            line = f"{mutant.where}: {mutant.what}"
            if not re.search(only, line):
                continue
            names = callers.get(mutant.functions[0].__code__)
            if names is None:
                yield line, None
                continue
            with _exchanged_code(mutant):
                killed = any(_killed(call) for name in names for call in tests[name])
            yield line, killed


class _Callers:
    """A plugin for pytest: which tests run a function of `files`, those first that are quick."""

    def __init__(self, files: list[str]) -> None:
        self.files = files
        self.ran: dict[types.CodeType, set[tuple[float, str]]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        seen: set[types.CodeType] = set()

        def note(frame: Any, event: str, _: Any) -> None:
            if event == "call" and frame.f_code.co_filename in self.files:
                seen.add(frame.f_code)

        start = time.perf_counter()
        sys.setprofile(note)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            for code in seen:
                self.ran.setdefault(code, set()).add((time.perf_counter() - start, item.nodeid))

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that run a mutant's function."""
        return [name for _, name in sorted(self.ran.get(mutant.functions[0].__code__, ()))]


def _by_pytest(names: list[str], files: list[str], only: str) -> Iterator[tuple[str, bool | None]]:
    options = [
        "-xq",
        "--assert=plain",
        "--no-header",
        "--tb=no",
        "-pno:cacheprovider",
        "-pno:xdist",
    ]

    def run(tests: list[str], *plugins: Any) -> None:
        with contextlib.redirect_stderr(io.StringIO()):
            if pytest.main([*options, *tests], plugins) != 0:
                raise AssertionError

    modules = [importlib.import_module(name) for name in names]
    callers = _Callers([str(module.__file__) for module in modules])
    if _killed(lambda: run(files, callers), strict=False, seconds=20 * SECONDS):
        raise SystemExit(f"{' '.join(files)}: fails without a mutant")
    for module in modules:
        for mutant in mutants(module):
            line = f"{mutant.where}: {mutant.what}"
            if re.search(only, line):
                tests, killed = callers.of(mutant), None
                if tests:
                    with _exchanged_code(mutant):
                        killed = _killed(lambda tests=tests: run(tests), strict=False)  # type: ignore[misc]  # bound now
                yield line, killed


def main() -> int:
    """Print the survivors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["rows", "formulas", "passes"])
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    settings.register_profile("mutants", derandomize=True, database=None,
                              suppress_health_check=list(HealthCheck))  # fmt: skip
    settings.load_profile("mutants")
    if given.what == "rows":
        results: Any = of_rows(given.only)
    elif given.what == "formulas":
        results = _by_pytest(["nets.formulas", "nets.activations"], FORMULA_TESTS, given.only)
    else:
        folder = ROOT / "autograd_nn" / "program" / "rules"
        names = sorted(f.stem for f in folder.glob("*.py") if f.stem != "__init__")
        modules = [f"autograd_nn.program.rules.{name}" for name in names]
        results = _by_pytest(modules, PASSES_TESTS, given.only)
    counts = {True: 0, False: 0, None: 0}
    known = [text for texts in EQUIVALENT.values() for text in texts]
    equivalent = 0
    for line, killed in results:
        if killed is False and any(text in re.sub(r":\d+:", ":", line) for text in known):
            equivalent += 1
            continue
        counts[killed] += 1
        if not killed:
            print(
                "survives" if killed is False else "not run by a test", line, sep="  ", flush=True
            )
    print(
        f"{counts[True]} killed, {counts[False]} survive, {equivalent} change nothing, "
        f"{counts[None]} are run by no test"
    )
    return int(counts[False] > 0)


if __name__ == "__main__":
    sys.exit(main())
