"""A graph as a JavaScript program gives NumPy's numbers, for other values of its leaves too."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, log_softmax, sigmoid, softmax
from autograd_nn.core.graph import replay
from autograd_nn.drawing.javascript import RUNTIME, Script, script
from tests.autograd_nn.random_programs import draw
from tests.autograd_nn.test_random_programs import pool

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def run(programs: Sequence[tuple[Script, dict[str, Any]]], folder: Path) -> list[list[Any]]:
    """Return the outputs of each program on its given arrays."""
    lines = [RUNTIME.read_text("utf-8"), "const results = [];"]
    for made, given in programs:
        plain = {name: [a.shape, a.ravel().tolist()] for name, a in given.items()}
        lines.append(f"""{{
            const given = {{}};
            for (const [k, [s, d]] of Object.entries({json.dumps(plain)})) given[k] = array(s, d);
            const show = (x) => (Number.isFinite(x) ? x : String(x));
            const [first, later] = ({made.text})(given);
            results.push([...first, ...later()].map((a) => [a.s, [...a.d].map(show)]));
        }}""")
    file = folder / "program.js"
    file.write_text("\n".join([*lines, "console.log(JSON.stringify(results));"]), "utf-8")
    assert NODE is not None
    done = subprocess.run([NODE, str(file)], capture_output=True, text=True, check=True)
    return [
        [np.array([float(x) for x in d]).reshape(s) for s, d in outputs]
        for outputs in json.loads(done.stdout)
    ]


def case(J: Tensor, leaves: dict[str, Tensor], rng: np.random.Generator) -> Any:
    """Return a program of J and its gradients, other values, and what NumPy makes of them."""
    outputs = [J, *gradients(J, list(leaves.values()), create_graph=True)]
    other = {k: t.numpy() + 0.01 * rng.normal(size=t.shape) for k, t in leaves.items()}
    with np.errstate(all="ignore"):
        right, nodes = replay(outputs, {t: other[k] for k, t in leaves.items()})
    largest = max(float(np.abs(node.numpy()).max(initial=0.0)) for node in nodes.values())
    return script(outputs[:1], leaves, outputs[1:]), other, [r.numpy() for r in right], largest


def compare(cases: Sequence[Any], folder: Path) -> None:
    """Hold the programs of `cases` against NumPy."""
    found = run([(made, other) for made, other, *_ in cases], folder)
    for outputs, (_, _, right, largest) in zip(found, cases, strict=True):
        for got, want in zip(outputs, right, strict=True):
            assert got.shape == want.shape
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12 * (1 + largest))


@needs_node
def test_random_graphs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = list(pool())
    cases: list[Any] = []
    while len(cases) < 200:
        program, leaves = draw(rows, rng, 1, 5)
        xs = {f"v{i}": Tensor(v, requires_grad=True, name=f"v{i}") for i, v in enumerate(leaves)}
        try:
            with np.errstate(all="ignore"):  # what is not finite is not compared
                made = case(program.on_tensors(*xs.values()), xs, rng)
        except NotImplementedError:  # no derivative by that argument
            continue
        if made[0].static and len(program.steps) == 1:  # do not draw it again
            rows = [pair for pair in rows if pair[0] is not program.steps[0].row]
        if not made[0].static and np.isfinite(made[3]):
            cases.append(made)
    compare(cases, tmp_path)


GRAPHS: dict[str, Callable[..., Any]] = {
    "perceptron": lambda W, x: (sigmoid(W @ x) ** 2).mean(),
    "softmax": lambda W, x: -(log_softmax(W @ x, axis=0)[0, 1:]).sum() + softmax(W, axis=1).max(),
    "slices": lambda W, x: (W[::-1, 1:] @ x[:3] * 2.0).sum() + x[..., None].max(axis=(0, 2)).sum(),
    "broadcast": lambda W, x: np.sum(np.where(W > 0, W, np.exp(W)) * x[:, :1].T / 3) ** 3,
    "picks": lambda W, x: np.sum(np.take(W, [2, 0, 2], axis=0) ** 2) + np.mean(np.tanh(x.T)),
    "batches": lambda W, x: np.sum(np.stack([W, 2 * W]) @ x) - np.log(np.sum(np.exp(x))),
}


@needs_node
@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_of_networks_have_a_form_whole(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    leaves = {
        "W": Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="W"),
        'x"]); alert(1); (["': Tensor(rng.normal(size=(4, 5)), requires_grad=True, name="x"),
    }
    made = case(GRAPHS[name](*leaves.values()), leaves, rng)
    assert made[0].static == []
    compare([made], tmp_path)


def test_what_has_no_form_stays_and_is_named() -> None:
    A = Tensor(np.eye(2) * 2, requires_grad=True, name="A")
    total: Any = np.sum(np.linalg.inv(A))
    made = script([total], {"A": A})
    assert [node.op.name for node in made.static if node.op] == ["inv"]
    assert "[0.5, 0.0, 0.0, 0.5]" in made.text
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    assert script([x * 2], {"x": x}).static
