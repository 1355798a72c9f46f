"""CONTRIBUTING: its example of a new operation passes the tests that are made from its row."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import autograd_nn

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

_CHECKS = """
import importlib.util

from autograd_nn import derive, draw, jit
from tests.autograd_nn.ops import test_operations
from tests.autograd_nn.program import test_rows

(row,) = ROWS
for test in (
    test_operations.test_value_is_numpys,
    test_operations.test_first_derivatives,
    test_operations.test_second_derivatives,
    test_operations.test_float32_is_kept,
    test_rows.test_row,
    test_rows.test_row_in_float32,
):
    test(row)
z = Tensor(np.array([-2.0, 0.5, 3.0]), requires_grad=True, name="z")
cost = np.sum(softsign(z))
assert "softsign" in str(derive(cost, z))
assert "softsign" in draw(cost).source
written = jit(lambda z: 2 * softsign(z) + 1)
np.testing.assert_allclose(written(z.numpy()), 2 * _softsign(z.numpy()) + 1, rtol=1e-14)
if importlib.util.find_spec("numba"):
    looped = jit(lambda z: 2 * softsign(z) + 1, engine="numba")
    np.testing.assert_allclose(looped(z.numpy()), written(z.numpy()), rtol=1e-14)
print("all right")
"""


def test_the_new_operation_passes_its_tests(tmp_path: Path) -> None:
    # in a process of its own: the registry must not keep it
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 2
    module = tmp_path / "softsign.py"
    module.write_text("\n".join([*blocks, _CHECKS]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(module)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["all right"], done.stderr


def test_the_files_it_names_are_there() -> None:
    for command in re.findall(r"`python (?:-m )?([\w./]+)", TEXT):
        if command.endswith(".py"):
            assert (ROOT / command).is_file(), command
        elif command.startswith("tests"):
            assert (ROOT / f"{command.replace('.', '/')}.py").is_file(), command
    for name in re.findall(r"`((?:autograd_nn|tests|examples|\.ci)/[\w/.]*)`", TEXT):
        assert (ROOT / name).exists(), name


def test_the_map_names_files_that_are_there() -> None:
    text = (ROOT / "autograd_nn" / "README.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\d+\. `(\w+)/`", text, re.MULTILINE)
    package = ROOT / "autograd_nn"
    assert sorted(rooms) == sorted(path.parent.name for path in package.glob("*/__init__.py"))
    for name in re.findall(r"`(\w+/[\w/]*\.py)`", text):
        assert (package / name).is_file(), name
    for name, functions in re.findall(r"`(\w+/[\w/]*\.py)`: (`.*?)(?: \||$)", text, re.MULTILINE):
        code = (package / name).read_text(encoding="utf-8")
        for function in re.findall(r"`(?:Tensor\.)?(\w+)`", functions):
            assert re.search(rf"^\s*(def|class) {function}\b", code, re.MULTILINE), function


def test_the_version_stands_in_one_place() -> None:
    assert "version" not in PROJECT["project"]
    assert PROJECT["project"]["dynamic"] == ["version"]
    attribute = PROJECT["tool"]["setuptools"]["dynamic"]["version"]["attr"]
    assert attribute == "autograd_nn.__version__"
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", autograd_nn.__version__)


def test_lint_and_types_are_pinned() -> None:
    needed = PROJECT["project"]["optional-dependencies"]["test"]
    for requirement in needed:
        name = re.match(r"[\w.-]+", requirement)
        assert name is not None
        tool = name[0] in {"mypy", "ruff"} or name[0].startswith("types-") or "stubs" in name[0]
        assert ("==" in requirement) == tool, requirement


def test_workflow_and_hooks() -> None:
    yaml: Any = pytest.importorskip("yaml")
    workflow = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    everything = jobs["everything"]
    classifiers = PROJECT["project"]["classifiers"]
    supported = [c.rpartition(" ")[2] for c in classifiers if ":: Python :: 3." in c]
    assert everything["strategy"]["matrix"]["python"] == supported
    assert PROJECT["project"]["requires-python"] == f">={supported[0]}"
    assert everything["steps"][-1] == {"run": ".ci/run"}
    lowest = [step.get("run", "") for step in jobs["lowest"]["steps"]]
    assert any(step.startswith("python .ci/lowest.py") for step in lowest)
    assert jobs["lowest"]["steps"][1]["with"]["python-version"] == supported[0]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    entries = [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]]
    for tool in ("ruff check", "ruff format", "mypy"):
        assert any(f"python -m {tool}" in entry for entry in entries), tool


def test_lowest_versions_are_those_of_pyproject() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "lowest.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    project = PROJECT["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    bounded = [r for r in wanted if ">=" in r]
    assert len(done.stdout.splitlines()) == len(bounded)
    for line, requirement in zip(done.stdout.splitlines(), bounded, strict=True):
        assert line == re.sub(r"\[.*\]", "", requirement).replace(">=", "==")
