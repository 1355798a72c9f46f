# ruff: noqa: S102 - the programs of these tests are run as learners would
"""Programs handed over as they are: run once, followed, their lines quoted, conventions found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_nn import Tensor, assert_right, gradients, verify
from autograd_nn.core.graph import topological_order
from autograd_nn.derivation.verify.recorder import FROZEN, formula, record
from autograd_nn.derivation.verify.script import Program, run_program

FORWARD = """
z1 = X @ W1 + b1
a1 = np.maximum(0, z1)
scores = a1 @ W2 + b2
probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
loss = -np.log(probs[np.arange(N), y]).sum() / N
"""
BACKWARD = """
dscores = probs.copy()
dscores[np.arange(N), y] -= 1
dscores /= N
grads = {}
grads["W2"] = a1.T @ dscores
grads["b2"] = dscores.sum(axis=0)
da1 = dscores @ W2.T
da1[a1 <= 0] = 0
grads["W1"] = X.T @ da1
grads["b1"] = da1.sum(axis=0)
"""


def data() -> dict[str, Any]:
    """Return the data and parameters of a net with two layers, samples in rows."""
    rng = np.random.default_rng(0)
    shapes = {"X": (5, 3), "W1": (3, 4), "b1": (4,), "W2": (4, 3), "b2": (3,)}
    arrays = {key: rng.normal(size=shape) for key, shape in shapes.items()}
    return {**arrays, "y": np.array([0, 2, 1, 1, 0]), "N": 5}


def graph(text: str = FORWARD, names: bool = True) -> tuple[Tensor, dict[str, Any]]:
    """Return the cost and all that is there."""
    space = {"np": np, **data()}
    for key in ("X", "W1", "b1", "W2", "b2"):
        space[key] = Tensor(space[key], name=key)
    exec(text, space)
    if names:
        for key, value in space.items():
            if isinstance(value, Tensor) and not value.name:
                value.name = key
    space.pop("__builtins__")
    return space["loss"], space


def failures(report: Any) -> list[str]:
    return [line.name for line in report.failures]


@pytest.mark.parametrize("named", [True, False])
def test_a_program_is_judged_as_it_is_written(named: bool) -> None:
    J, space = graph(names=named)
    report = verify(J, script=BACKWARD, names=space)
    report.raise_if_wrong()
    assert {line.name for line in report.lines} >= {"dscores", "dW1", "dW2", "db1", "db2", "dz1"}


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("dscores /= N\n", "\n", "dscores"),
        ("y] -= 1", "y] += 1", "dscores"),
        ('a1.T @ dscores\n', 'a1.T @ dscores / N\n', "dW2"),
        ("X.T @ da1", "X.T @ (dscores @ W2.T)", "dW1"),
        ("[a1 <= 0] = 0", "[a1 > 0] = 0", "dz1"),
        ("= dscores @ W2.T", "= probs @ W2.T", "da1"),
        ("da1.sum(axis=0)", "da1.mean(axis=0)", "db1"),
    ],
)  # fmt: skip
def test_the_line_with_the_mistake_is_named_and_quoted(old: str, new: str, name: str) -> None:
    J, space = graph()
    assert old in BACKWARD
    report = verify(J, script=BACKWARD.replace(old, new), names=space)
    (line,) = report.failures
    assert line.name == name
    assert f"script, line {line.where.split('line ')[1].split(':')[0]}:" in str(report)


def test_forward_and_backward_in_plain_numpy() -> None:
    loops = """
out = np.zeros((3, 3))
for i in range(3):
    for j in range(3):
        out[i, j] = np.sum(image[i:i+2, j:j+2] * kernel)
loss = 0.5 * np.sum(out**2)
"""
    back = """
dout = out.copy()
dkernel = np.zeros_like(kernel)
dimage = np.zeros_like(image)
for i in range(3):
    for j in range(3):
        dkernel += image[i:i+2, j:j+2] * dout[i, j]
        dimage[i:i+2, j:j+2] += kernel * dout[i, j]
"""
    rng = np.random.default_rng(1)
    names = {"image": rng.normal(size=(4, 4)), "kernel": rng.normal(size=(2, 2))}
    verify(forward=loops, script=back, names=names).raise_if_wrong()
    wrong = back.replace("dimage[i:i+2, j:j+2] += ", "dimage[i:i+2, j:j+2] = ")
    assert failures(verify(forward=loops, script=wrong, names=names)) == ["dimage"]


@pytest.mark.parametrize("mask", ["dz1[z1 <= 0] = 0", "dz1 *= a1 > 0"])
def test_a_gradient_is_masked_in_place_under_the_name_that_it_then_has(mask: str) -> None:
    forward = FORWARD.replace("loss", "J")
    back = BACKWARD.replace("da1[a1 <= 0] = 0", f"dz1 = da1.copy()\n{mask}").replace(
        "X.T @ da1", "X.T @ dz1"
    )
    back = back.replace("= da1.sum(axis=0)", "= dz1.sum(axis=0)")
    verify(forward=forward, script=back, names=data()).raise_if_wrong()
    wrong = back.replace("<= 0", "> 0").replace("> 0)", "<= 0)").replace("a1 > 0\n", "a1 <= 0\n")
    assert failures(verify(forward=forward, script=wrong, names=data())) == ["dz1"]


def test_a_loop_over_time_uses_one_name_again() -> None:
    forward = """
h = np.zeros(3)
loss = 0
for t in range(3):
    a = W @ h + x[t]
    h = np.tanh(a)
    loss = loss + np.sum(h**2)
"""
    back = """
dW = np.zeros_like(W)
dnext = np.zeros(3)
for t in reversed(range(3)):
    dh = 2 * hs[t] + dnext
    da = (1 - hs[t]**2) * dh
    dW += np.outer(da, hs[t - 1] if t else np.zeros(3))
    dnext = W.T @ da
"""
    rng = np.random.default_rng(2)
    names = {"W": rng.normal(size=(3, 3)), "x": rng.normal(size=(3, 3))}
    hs, h = [], np.zeros(3)
    for t in range(3):
        h = np.tanh(names["W"] @ h + names["x"][t])
        hs.append(h)
    report = verify(forward=forward, script=back, names={**names, "hs": hs})
    report.raise_if_wrong()
    assert {line.name for line in report.lines} >= {"dh1", "dh2", "da0", "da1", "da2", "dW"}
    wrong = verify(forward=forward, script=back.replace("dW +=", "dW ="),
                   names={**names, "hs": hs})  # fmt: skip
    assert failures(wrong) == ["dW"]


def test_functions_with_caches_and_what_they_return() -> None:
    def affine_backward(dout: Any, cache: Any) -> Any:
        x, w = cache
        return dout @ w.T, x.T @ dout, np.sum(dout, axis=0)

    J, space = graph()

    def backprop(X: Any, y: Any, a1: Any, z1: Any, W1: Any, W2: Any, probs: Any) -> Any:
        dscores = (probs - np.eye(3)[y]) / len(y)
        da1, dW2, db2 = affine_backward(dscores, (a1, W2))
        _, dW1, db1 = affine_backward(da1 * (z1 > 0), (X, W1))
        return {"W1": dW1, "b1": db1, "W2": dW2, "b2": -db2}

    report = verify(J, backprop, names={"y": space["y"]})
    assert failures(report) == ["returned['b2']"]
    assert report["dW1"].right


def test_a_namespace_is_told_from_a_mapping() -> None:
    J, space = graph()
    values = {
        key: value.data if isinstance(value, Tensor) else value for key, value in space.items()
    }
    run = {"np": np, **values}
    exec(BACKWARD, run)
    rest = {key: run[key] for key in ("grads", "dscores")}
    report = verify(J, {**space, **rest, "helper": failures, "dtype": np.zeros(2), "d_gamma": 3.0})
    report.raise_if_wrong()
    assert "d_gamma" not in [line.name for line in report.lines]
    assert any("dtype" in note for note in report.notes)
    with pytest.raises(ValueError, match="dtype"):
        verify(J, {"dscores": run["dscores"], "dtype": np.zeros(2)})


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("per_sample", "end"), [(True, " / m"), (False, "")])
def test_one_over_m_may_stand_at_the_end(turned: bool, per_sample: bool, end: str) -> None:
    rng = np.random.default_rng(3)
    W1, W2, X = rng.normal(size=(4, 2)), rng.normal(size=(1, 4)), rng.normal(size=(2, 6))
    Y = (rng.random((1, 6)) < 0.5) * 1.0
    forward = "Z1 = W1 @ X; A1 = np.tanh(Z1); Z2 = W2 @ A1; A2 = 1 / (1 + np.exp(-Z2))"
    back = f"dZ2 = {'A2 - Y' if per_sample else '(A2 - Y) / m'}; dW2 = dZ2 @ A1.T{end}\n"
    back += f"dZ1 = W2.T @ dZ2 * (1 - A1**2); dW1 = dZ1 @ X.T{end}"
    if turned:
        W1, W2, X, Y = W1.T, W2.T, X.T, Y.T
        forward = "Z1 = X @ W1; A1 = np.tanh(Z1); Z2 = A1 @ W2; A2 = 1 / (1 + np.exp(-Z2))"
        back = f"dZ2 = {'A2 - Y' if per_sample else '(A2 - Y) / m'}; dW2 = A1.T @ dZ2{end}\n"
        back += f"dZ1 = dZ2 @ W2.T * (1 - A1**2); dW1 = X.T @ dZ1{end}"
    forward += "\nJ = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m"
    names = {"W1": W1, "W2": W2, "X": X, "Y": Y, "m": 6}
    report = verify(forward=forward, script=back, names=names)
    report.raise_if_wrong()
    assert any("not divided by 6" in note for note in report.notes) == per_sample
    for more in (" / m", " * m"):
        wrong = verify(forward=forward, script=back.replace("\ndZ1", f"{more}\ndZ1"), names=names)
        assert failures(wrong) == ["dW2"]


def test_lists_by_layer() -> None:
    J, _ = graph()
    found = {key: gradients(J, [t])[0] for key, t in _leaves(J).items()}
    script = "nabla_w = [np.zeros(w.shape) for w in (W1, W2)]\n"
    script += "nabla_w[-1] = V2\nnabla_w[-2] = -V1"
    report = verify(J, script=script, names={"V1": found["W1"], "V2": found["W2"]})
    assert report["dW2"].right
    assert failures(report) == ["dW1"]
    assert "nabla_w[0]; script, line 3" in str(report)
    assert verify(
        J, {"nabla_w": [found["W1"], found["W2"]], "grad_b": [found["b1"], found["b2"]]}
    ).ok
    assert_right(J, {"grad_W1": found["W1"], "db2": found["b2"][None]})
    with pytest.raises(AssertionError, match=r"first wrong step: .*b1"):
        assert_right(J, {"db1": -found["b1"]})


def _leaves(J: Tensor) -> dict[str, Tensor]:
    from autograd_nn.core.graph import topological_order

    return {x.name: x for x in topological_order([J]) if x.op is None and x.name}


def test_arrays_of_other_libraries() -> None:
    torch = pytest.importorskip("torch")
    jax = pytest.importorskip("jax.numpy")
    J, _ = graph()
    leaves = _leaves(J)
    dW1, dW2 = gradients(J, [leaves["W1"], leaves["W2"]])
    tensor = torch.tensor(dW1, requires_grad=True)
    assert verify(J, {"dW1": tensor, "dW2": dW2}).ok
    assert verify(J, {"J": J, "dW1": tensor}).ok
    assert "wrong" in verify(J, {"dW2": jax.asarray(-dW2)})["dW2"].verdict


def test_a_program_that_stops_is_reported_with_its_line(tmp_path: Path) -> None:
    J, space = graph()
    report = verify(J, script=BACKWARD.replace("X.T @ da1", "X @ da1"), names=space)
    assert not report.ok
    assert "line 10" in report.problems[0]
    assert report["dW2"].right
    cells = [{"cell_type": "markdown", "source": ["no code"]},
             {"cell_type": "code", "source": ["%matplotlib inline\n", BACKWARD]}]  # fmt: skip
    notebook = tmp_path / "answer.ipynb"
    notebook.write_text(json.dumps({"cells": cells}))
    assert verify(J, script=notebook, names=space).ok
    for bad, error in [("dW1 = (", ValueError), (3, TypeError), ("nowhere.py", ValueError)]:
        with pytest.raises(error, match=r"script|nowhere"):
            verify(J, script=bad)
    with pytest.raises(ValueError, match="named like a gradient"):
        verify(J, script="a = 1")
    with pytest.raises(TypeError, match="what is claimed"):
        verify(J)
    with pytest.raises(ValueError, match="no cost"):
        verify(forward="a = np.zeros(3)", script="da = a")


def test_a_program_runs_once_and_the_graph_stays_as_it_is() -> None:
    J, space = graph()
    before = space["probs"].data.copy()
    runs: list[int] = []
    script = "runs.append(1)\nprobs[np.arange(N), y] -= 1\nprobs /= N\ndscores = probs\n"
    assert verify(J, script=script, names={**space, "runs": runs}).ok
    assert runs == [1]
    assert np.array_equal(space["probs"].data, before)


STEPS = [
    "a += b", "a = a * b", "a[0] = b[1]", "a[1:] *= 2.0", "c = a[0]; c += b[1]; a[2] -= c",
    "a[a > 0] = 0.5", "np.add.at(a, [0, 0, 2], b)", "b = np.where(a > b, a, b)", "a = a.T @ b",
    "b = np.concatenate([a[:1], b[1:]])", "a = np.array([a[0], a[1], b[2]])", "b = b - b.mean()",
    "a[[0, 0]] = b[:2]", "v = a[1]; v *= 3; b[0] = v[1]", "a = np.stack([r * 2 for r in b])",
    "a -= a.max(axis=1, keepdims=True)", "b = np.exp(b) / np.exp(b).sum()", "a[:, 1] = b[0]",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=8), st.integers(0, 100))
def test_values_are_numpys_and_formulas_those_of_the_values(steps: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    text = "\n".join(steps)
    plain: dict[str, Any] = {"np": np, "a": a.copy(), "b": b.copy()}
    token = FROZEN.set(set())
    with np.errstate(all="ignore"):
        exec(text, plain)
    ran = run_program(Program(text), {"a": record(a), "b": record(b)})
    FROZEN.reset(token)
    assert not ran.problem
    for key in "ab":
        assert np.array_equal(plain[key], ran.space[key], equal_nan=True)
        node = formula(ran.space[key])
        assert node is not None
        assert np.allclose(node.data, plain[key], equal_nan=True)


def test_a_tensor_may_be_called_otherwise_in_the_program() -> None:
    J, space = graph()
    script = "hidden = np.maximum(0, X @ W1 + b1)\n" + BACKWARD.replace("da1", "dhidden")
    script += "dW1 = X.T @ dhidden"
    report = verify(J, script=script, names=space)
    report.raise_if_wrong()
    wrong = verify(J, script=script.replace("@ W2.T", "@ W2.T * 2"), names=space)
    assert failures(wrong) == ["dhidden"]
    values = space["a1"].numpy()
    assert verify(J, {"dhid": gradients(J, [space["a1"]])[0]}, names={"hid": values}).ok


def test_a_part_of_a_gradient_under_its_name_is_not_blamed_where_all_results_are_right() -> None:
    forward = "z1 = a * x; z2 = a * z1; z3 = a * np.sin(z2); J = np.sum(z3**2)"
    back = """
da = 0
dz = 2 * z3; da = da + np.sum(dz * np.sin(z2))
dz = dz * a; da = da + np.sum(dz * np.cos(z2) * z1)
dz = dz * np.cos(z2) * a; da = da + np.sum(dz * x)
"""
    names = {"a": np.array([0.7]), "x": np.arange(1.0, 4.0)}
    report = verify(forward=forward, script=back, names=names)
    report.raise_if_wrong()
    assert any("dz" in note for note in report.notes)
    assert not verify(forward=forward, script=back.replace("2 * z3", "z3"), names=names).ok


class Layer:
    """A learner's class."""

    def __init__(self, W1: Any) -> None:
        self.W = W1

    def backward(self, X: Any, a1: Any, scores: Any, W2: Any, dscores: Any) -> Any:
        da1 = dscores @ W2.T
        dz1 = da1 * (a1 > 0)
        return {"W1": X.T @ dz1, "W2": 2 * (a1.T @ dscores)}


def test_a_method_is_a_program() -> None:
    J, space = graph()
    dscores = gradients(J, [space["scores"]])[0]
    report = verify(J, Layer(space["W1"]).backward, names={"dscores": dscores})
    assert failures(report) == ["dW2"]
    assert report["dz1"].right


def test_a_training_loop_is_followed_up_to_its_second_update_and_prints_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    forward = "z = X @ w; J = np.mean((z - y) ** 2)"
    rng = np.random.default_rng(4)
    names = {"X": rng.normal(size=(6, 3)), "w": rng.normal(size=3), "y": rng.normal(size=6)}
    loop = """
for step in range(50):
    z = X @ w
    dz = 2 * (z - y) / len(y)
    dw = X.T @ dz
    print("step", step)
    w -= 0.1 * dw
"""
    report = verify(forward=forward, script=loop, names=names)
    report.raise_if_wrong()
    assert any("starts again" in note for note in report.notes)
    assert capsys.readouterr().out == "step 0\nstep 1\n"
    wrong = verify(forward=forward, script=loop.replace("2 * (z - y)", "(z - 2 * y)"), names=names)
    assert failures(wrong) == ["dz"]
    assert "script, line 4" in str(wrong)
    capsys.readouterr()
    run_program(Program("print('again')"), {}, plainly=True)  # as repairs are tried
    assert not capsys.readouterr().out
    momentum = loop.replace("w -= 0.1 * dw", "w = w - 0.1 * dw")
    verify(forward=forward, script=momentum, names=names).raise_if_wrong()
    unnamed = loop.replace("dz", "e").replace("dw = X.T @ e", "u = X.T @ e").replace("dw", "u")
    report = verify(forward=forward, script=unnamed, names=names)
    assert report.ok
    assert {line.name for line in report.lines} == {"dw", "dz"}  # by what w is updated with
    wrong = verify(forward=forward, script=unnamed.replace("2 * (z", "(z"), names=names)
    assert failures(wrong) == ["dz"]


def test_a_check_beside_the_gradient_changes_the_weights_and_puts_them_back() -> None:
    forward = "z = X @ w; J = np.sum(np.tanh(z))"
    rng = np.random.default_rng(5)
    names = {"X": rng.normal(size=(4, 3)), "w": rng.normal(size=3)}
    check = """
def cost():
    return np.sum(np.tanh(X @ w))
numeric = np.zeros(3)
for i in range(3):
    old = w[i]
    w[i] = old + 1e-6
    numeric[i] = cost()
    w[i] = old - 1e-6
    numeric[i] = (numeric[i] - cost()) / 2e-6
    w[i] = old
dz = 1 - np.tanh(X @ w) ** 2
dw = X.T @ dz
assert np.allclose(dw, numeric)
"""
    verify(forward=forward, script=check, names=names).raise_if_wrong()
    wrong = verify(forward=forward, script=check.replace("** 2", "** 3"), names=names)
    assert failures(wrong) == ["dz"]
    assert not wrong.problems  # the learner's own check does not stop it


def test_what_stands_beside_in_an_object_says_what_a_gradient_is_of() -> None:
    J, space = graph()
    text = """
class Affine:
    def __init__(self, p, q):
        self.params, self.grads = [p, q], [None, None]
    def back(self, x, g):
        self.grads = [x.T @ g, g.sum(axis=0)]
        return g @ self.params[0].T
one, two = Affine(W1, b1), Affine(W2, b2)
g = (probs - np.eye(3)[y]) / N
g = two.back(a1, g) * (a1 > 0)
one.back(X, g)
"""
    report = verify(J, script=text, names=space)
    report.raise_if_wrong()
    assert {line.name for line in report.lines} >= {"dW1", "db1", "dW2", "db2", "dz1", "dscores"}
    wrong = verify(J, script=text.replace("x.T @ g,", "-(x.T @ g),"), names=space)
    assert failures(wrong) == ["dW2"]  # the same line: blamed once
    wrong = verify(J, script=text.replace(" * (a1 > 0)", ""), names=space)
    assert failures(wrong) == ["dz1"]
    assert "line 10" in wrong["dz1"].where


def test_a_reading_that_is_not_taken_leaves_no_names() -> None:
    rng = np.random.default_rng(0)
    X, W = Tensor(rng.normal(size=(4, 3)), name="X"), Tensor(rng.normal(size=(3, 2)), name="W")
    a = X @ W
    J = (a * a * a).sum()
    order = topological_order([J])
    before = [node.name for node in order]
    back = "dscores = 5 * (X @ W) + 1; dW = 7 * X.T @ dscores; dX = 3 * dscores @ W.T"
    assert failures(verify(J, script=back)) == ["dW", "dX"]
    assert [node.name for node in order] == before


def test_mistakes_that_share_no_step_are_all_blamed() -> None:
    J, space = graph()
    text = """
def backprop():
    t = (probs - np.eye(3)[y]) / N
    u = (t @ W2.T) * (a1 > 0)
    return X.T @ (t @ W2.T), u.sum(axis=0), z1.T @ t, t.sum(axis=0)
dW1, db1, dW2, db2 = backprop()
"""
    assert failures(verify(J, script=text, names=space)) == ["dW2", "dW1"]
    each_anew = """
dW2 = a1.T @ (probs - np.eye(3)[y])
db2 = (probs - np.eye(3)[y]).sum(axis=0)
"""
    assert failures(verify(J, script=each_anew, names=space)) == ["db2", "dW2"]
    at_once = "d = probs - np.eye(3)[y]; dW2 = a1.T @ d; db2 = d.sum(axis=0)"
    assert len(failures(verify(J, script=at_once, names=space))) == 1


def test_a_gradient_is_found_whose_uses_are_all_wrong() -> None:
    J, space = graph()
    text = """
class Affine:
    def back(self, x, w, g):
        self.db = g.mean(axis=0)
        self.dw = -x.T @ g
        return g @ w.T
two = Affine()
g = 2 * (probs - np.eye(3)[y]) / N
two.back(a1, W2, g)
dW2, db2 = two.dw, two.db
"""
    assert {"dscores", "dW2", "db2"} <= set(failures(verify(J, script=text, names=space)))


def test_a_cost_that_is_printed_leaves_the_formulas_known() -> None:
    J, space = graph()
    text = """
loss = -np.mean(np.log(probs[np.arange(N), y]))
print("%.3f" % loss, float(loss))
dscores = 2 * (probs - np.eye(3)[y]) / N
dW2 = a1.T @ dscores
"""
    report = verify(J, script=text, names=space)
    assert report["dW2"].verdict == "right, inherits the error of dscores"
    assert any("random draws" in note for note in report.notes)  # formulas are, not numbers
