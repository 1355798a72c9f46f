"""The structure of the two packages, read from their text: who imports whom, what stands where."""

from __future__ import annotations

import ast
import functools
import graphlib
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from .autograd_nn.rows import REGISTERED

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path for package in ("autograd_nn", "nets") for path in (ROOT / package).rglob("*.py")
)

ORDER = (
    "data", "memory", "places", "core", "ops", "dispatch", "formulas", "transforms", "numpy",
    "scipy", "compat", "checks", "derivation", "program", "drawing", "autograd_nn", "nets",
)  # fmt: skip
"""The rooms, lowest first: each imports from those before it only.

`autograd_nn` is the package's own file, with the public names. `formulas` stands below
`transforms`, as `custom` writes a name as LaTeX, and `dispatch` above `ops`, as a method of a
Tensor is an operation.
"""

ROOMS_OF_NAMES = (
    "autograd_nn/compat/", "autograd_nn/numpy/", "autograd_nn/ops/", "autograd_nn/program/rules/",
    "autograd_nn/scipy/",
)  # fmt: skip
"""Where operations may be told by name: where their rows are, where programs rewrite them, and
namespaces, which list the functions of other libraries."""

NAMES_ALLOWED = {
    "autograd_nn/__init__.py": "the public names: functions, some called as the operation is",
    "autograd_nn/derivation/prove/certificate.py": "the kinds of functions in a certificate's text",
    "autograd_nn/derivation/prove/replay.py": "the checker of it shares nothing with the rows",
    "autograd_nn/formulas/notation.py": "Greek letters, two of which are functions too",
    "autograd_nn/program/native.py": "the functions of the text that Numba compiles",
    "autograd_nn/program/numpy_source.py": "the names of NumPy's functions in the emitted text",
}
"""File → why operations are told by name there."""


def name_of(path: Path) -> str:
    """Return the name of the module in a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of the packages that a file imports, in functions too, not for types."""
    types_only = {
        id(inner)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    package = name_of(path).split(".")[: None if path.name == "__init__.py" else -1]
    for node in ast.walk(tree(path)):
        if id(node) in types_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{stem}.{alias.name}"
                if whole in MODULES or stem in MODULES:
                    yield whole if whole in MODULES else stem


IMPORTS = {name: set(imported(path)) - {name} for name, path in MODULES.items()}


def room(name: str) -> str:
    """Return the room that a module is in."""
    top, _, inside = name.partition(".")
    return top if top == "nets" or not inside else inside.partition(".")[0]


def code_lines(path: Path) -> int:
    """Return how many lines are code: no blanks, no comments, no docstrings."""
    without = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
               tokenize.ENDMARKER)  # fmt: skip
    docs: set[int] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docs.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type not in without:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - docs)


# -- who imports whom ------------------------------------------------------------------------------


def test_no_import_goes_in_a_circle() -> None:
    try:
        graphlib.TopologicalSorter(IMPORTS).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"these import each other: {' → '.join(error.args[1])}")


def test_every_room_has_its_place() -> None:
    assert {room(name) for name in MODULES} == set(ORDER)


def test_imports_go_downwards() -> None:
    upwards = [
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        for other in sorted(others)
        if ORDER.index(room(other)) > ORDER.index(room(name))
    ]
    assert upwards == []


# -- what stands where -----------------------------------------------------------------------------


def _texts(node: ast.AST) -> Iterator[str]:
    """Yield the strings in a literal collection, and in those inside of it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Dict):
        for part in (*node.keys, *node.values):
            if part is not None:
                yield from _texts(part)
    elif isinstance(node, (ast.List, ast.Set, ast.Tuple)):
        for part in node.elts:
            yield from _texts(part)


def _is_an_operations_name(node: ast.AST) -> bool:
    """Whether `node` is written ``op.name``, ``node.op.name`` or ``op_of(node).name``."""
    if not isinstance(node, ast.Attribute) or node.attr != "name":
        return False
    whose = node.value.func if isinstance(node.value, ast.Call) else node.value
    return (whose.attr if isinstance(whose, ast.Attribute) else getattr(whose, "id", "")) in (
        "op", "op_of",
    )  # fmt: skip


def names_told(path: Path) -> Iterator[str]:
    """Yield where a file tells operations by their names: in tables, or comparing with one."""
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.Dict, ast.List, ast.Set, ast.Tuple)):
            found = sorted(REGISTERED & set(_texts(node)))
            if len(found) > 1:
                yield f"{path.relative_to(ROOT)}:{node.lineno} has a table of {', '.join(found)}"
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            told = {text for side in sides for text in _texts(side)}
            if any(map(_is_an_operations_name, sides)) and told:
                yield f"{path.relative_to(ROOT)}:{node.lineno} compares with {', '.join(told)}"


@pytest.mark.parametrize("part", ORDER)
def test_operations_are_told_by_their_rows(part: str) -> None:
    told = [
        place
        for name, path in MODULES.items()
        if room(name) == part
        and not str(path.relative_to(ROOT)).startswith(ROOMS_OF_NAMES)
        and str(path.relative_to(ROOT)) not in NAMES_ALLOWED
        for place in names_told(path)
    ]
    assert told == []


@pytest.mark.parametrize(
    "text",
    ['{"add": 1, "exp": 2}', '("exp", "log")', '[("sum", "Σ"), ("max", "m")]',
     'node.op.name == "exp"', 'op.name in ("exp", "mine")', 'op_of(x).name != "log"'],
)  # fmt: skip
def test_what_tells_operations_by_name_is_found(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "module.py"
    path.write_text(f"print({text})", encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    assert list(names_told(path))


# -- how large -------------------------------------------------------------------------------------


def test_the_core_is_for_one_sitting() -> None:
    assert sum(map(code_lines, (ROOT / "autograd_nn" / "core").glob("*.py"))) <= 520


def test_modules_stand_in_rooms() -> None:
    loose = [path.name for path in (ROOT / "autograd_nn").glob("*.py")]
    assert len(set(loose) - {"__init__.py"}) <= 3


def test_files_can_be_read() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {str(path): n for path, n in lengths.items() if n > 450} == {}
