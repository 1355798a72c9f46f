"""jit: what is traced, when; what a call may change; what a program is as a file."""

from __future__ import annotations

import ast
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd_nn import Tensor, custom, grad, jit, no_grad, sigmoid, value_and_grad
from autograd_nn.core.recording import TracingError
from autograd_nn.program import loops
from autograd_nn.program.jit import compiled

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
PARAMETERS = {
    "W1": RNG.normal(size=(30, 64)),
    "b1": RNG.normal(size=(30, 1)),
    "W2": RNG.normal(size=(10, 30)),
    "b2": RNG.normal(size=(10, 1)),
}
X, Y = RNG.normal(size=(64, 8)), RNG.random((10, 8))


def cost(p: Any, x: Any, y: Any) -> Any:
    h2 = sigmoid(p["W1"] @ x + p["b1"])
    h3 = sigmoid(p["W2"] @ h2 + p["b2"])
    return np.sum(np.square(y - h3)) * (0.5 / x.shape[1])


def step(p: Any, x: Any, y: Any, alpha: Any) -> Any:
    J, g = value_and_grad(cost)(p, x, y)
    return {name: p[name] - alpha * g[name] for name in p}, J


def copies(p: dict[str, Any], dtype: Any = float) -> dict[str, Any]:
    return {name: array.astype(dtype) for name, array in p.items()}


class Pair(NamedTuple):
    w: Any
    b: Any


# -- when it is traced ---------------------------------------------------------------------------


def test_traced_once_for_each_structure_shape_and_dtype() -> None:
    calls = []

    def f(x: Any, p: Any = None) -> Any:
        calls.append(1)
        return np.sum(x * 2.0) if p is None else np.sum(x * p["w"])

    g = jit(f)
    scalars = (np.float64(3), np.float64(4), np.float32(3), np.array(3.0), np.array(4.0))
    for value in (A, B, A[:2], A, A.astype(np.float32), A.astype(int), 3.0, 4.0, 3, *scalars):
        for _ in range(2):
            np.testing.assert_allclose(g(value), np.sum(np.multiply(value, 2.0)), rtol=1e-6)
    assert len(calls) == 9
    for _ in range(2):
        np.testing.assert_allclose(g(A, {"w": B}), np.sum(A * B))
        np.testing.assert_allclose(g(x=A, p={"w": B}), np.sum(A * B))
        np.testing.assert_allclose(g(A, p={"w": B}), np.sum(A * B))
    assert len(calls) == 10
    np.testing.assert_allclose(g(A, {"w": B, "unused": B}), np.sum(A * B))
    assert len(calls) == 11


@pytest.mark.parametrize(
    "nested",
    [
        {"a": A, "b": [B, (A, 2.0)]},
        [A, {"x": {"y": B}}],
        Pair(A, B),
        {"z": A, "a": B, "m": None},
        (A,),
        {1: A, 2: B},
    ],
)
def test_nested_arguments_and_results(nested: Any) -> None:
    from autograd_nn.transforms.containers import flatten, tree_map

    doubled = jit(lambda tree: tree_map(lambda leaf: leaf * 2, tree))
    for _ in range(2):
        got = doubled(nested)
        assert type(got) is type(nested)
        expected = tree_map(lambda leaf: leaf * 2, nested)
        leaves, structure = flatten(got)
        right, same = flatten(expected)
        assert structure == same
        for value, leaf in zip(leaves, right, strict=True):
            np.testing.assert_array_equal(value, leaf)


def test_static_arguments_are_fixed() -> None:
    calls = []

    def f(x: Any, axis: int, how: str) -> Any:
        calls.append(axis)
        return np.sum(x, axis=axis) if how == "sum" else np.max(x, axis=axis)

    g = jit(f, static_argnums=(1, 2))
    for _ in range(2):
        np.testing.assert_allclose(g(A, 0, "sum"), A.sum(axis=0))
        np.testing.assert_allclose(g(A, 1, "sum"), A.sum(axis=1))
        np.testing.assert_allclose(g(A, 1, "max"), A.max(axis=1))
    assert calls == [0, 1, 1]


def test_what_is_used_from_outside_is_fixed_when_traced() -> None:
    w = A.copy()
    g = jit(lambda x: x * w)
    first = g(B)
    w[...] = 0
    np.testing.assert_array_equal(g(B), first)


def test_inside_other_transforms_it_is_a_part_of_what_is_recorded() -> None:
    f = jit(lambda x: np.sum(x**3))
    np.testing.assert_allclose(grad(f)(A), 3 * A**2)
    np.testing.assert_allclose(jit(grad(f))(A), 3 * A**2)
    np.testing.assert_allclose(jit(lambda x: f(x) * f(B))(A), np.sum(A**3) * np.sum(B**3))
    x = Tensor(A, requires_grad=True)
    f(x).backward()
    np.testing.assert_allclose(x.grad, 3 * A**2)


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x if x.sum() > 0 else -x, "np.where"),
        (lambda x: x * float(x.sum()), "Keep the Tensor"),
        (lambda x: np.sum(np.asarray(x)), "NumPy functions"),
        (lambda x: sum(row for row in x), "whole-array"),
        (lambda x: x * (x + 1).data, "Tensor itself"),
        (lambda x: x * x.data, "Tensor itself"),
        (lambda x: x * Tensor(x), "detach"),
        (lambda x: x * x.sum().item(), "Return the Tensor"),
    ],
)
def test_a_value_is_refused_with_the_users_line(f: Any, what: str) -> None:
    with pytest.raises(TracingError, match=what) as caught:
        jit(f)(A)
    assert "test_jit.py, line" in str(caught.value)
    assert sigmoid(Tensor(0.0)).item() == 0.5, "tracing has ended"


def test_no_grad_is_refused_and_detach_is_not() -> None:
    def f(x: Any) -> Any:
        with no_grad():
            return x * 2

    with pytest.raises(TracingError, match="detach"):
        jit(f)(A)
    slope = jit(grad(lambda x: np.sum(x * (x * 2).detach())))
    np.testing.assert_allclose(slope(A), 2 * A)
    np.testing.assert_allclose(slope(B), 2 * B)


def test_arguments_and_results_that_cannot_be() -> None:
    with pytest.raises(TypeError, match="text is of type str"):
        jit(lambda text: 1.0)("sum")
    with pytest.raises(TypeError, match=r"p\[\"w\"\].*complex"):
        jit(lambda p: 1.0)({"w": A + 1j})
    with pytest.raises(TypeError, match="a function for jit returns"):
        jit(lambda x: "text")(A)
    with pytest.raises(TypeError, match="jit takes a function"):
        jit(3)  # type: ignore[arg-type]  # the error is what is tested
    with pytest.raises(ValueError, match="engine must be"):
        jit(cost, engine="fortran")
    with pytest.raises(TypeError, match="donate takes positions"):
        jit(cost, donate=-1)
    program = jit(lambda x: x * 2).lower(A)
    with pytest.raises(TypeError, match=r"x: float64 of shape \(3, 3\)"):
        program(A[0])


def test_a_wrong_program_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd_nn.program import rules as passes
    from autograd_nn.program.jit import WrongProgramError
    from autograd_nn.program.rewriting import do, is_

    def wrong(node: Tensor, graph: Any) -> Any:
        return do("cos", node.inputs[0]) if is_(node, "sin") else None

    monkeypatch.setattr(passes, "SIMPLIFY", [wrong])
    with pytest.raises(WrongProgramError, match="off by up to"):
        jit(lambda x: np.sin(x + 1))(A)


# -- what a call may change ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_donated_parameters_are_updated_in_place(dtype: Any) -> None:
    train = jit(step, donate=0)
    p, plain = copies(PARAMETERS, dtype), copies(PARAMETERS, dtype)
    x, y = X.astype(dtype), Y.astype(dtype)
    for _ in range(3):
        after, J = train(p, x, y, 0.5)
        expected, value = step({k: Tensor(v) for k, v in plain.items()}, x, y, 0.5)
        plain = {k: v.numpy() for k, v in expected.items()}
        for name in p:
            assert after[name] is p[name]
            assert p[name].dtype == dtype
            eps = np.finfo(dtype).eps
            np.testing.assert_allclose(p[name], plain[name], rtol=500 * eps, atol=50 * eps)
        np.testing.assert_allclose(J, value.numpy(), rtol=1e-4 if dtype == np.float32 else 1e-12)


def test_without_donation_arguments_are_not_touched() -> None:
    p = copies(PARAMETERS)
    for array in p.values():
        array.setflags(write=False)
    jit(step)(p, X, Y, 0.5)
    for name, array in p.items():
        np.testing.assert_array_equal(array, PARAMETERS[name])


def test_a_donated_argument_is_read_before_it_is_overwritten() -> None:
    def f(w: Any, v: Any) -> Any:
        return w - v, v + w.T @ w, np.sum(w)

    w, v = A.copy(), B.copy()
    first, second, total = jit(f, donate=(0, 1))(w, v)
    np.testing.assert_allclose(first, A - B)
    np.testing.assert_allclose(second, B + A.T @ A)
    np.testing.assert_allclose(total, A.sum())
    # The old value is a result itself: it cannot be overwritten.
    w = A.copy()
    new, old = jit(lambda w: (w * 2, w), donate=0)(w)
    np.testing.assert_allclose(new, 2 * A)
    np.testing.assert_allclose(old, A)


def test_donated_arrays_in_other_layouts() -> None:
    train = jit(step, donate=0)
    right, _ = jit(step)(PARAMETERS, X, Y, 0.5)
    changes: list[Callable[[Any], Any]] = [
        lambda a: np.array(a, order="F"),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    ]
    for change in changes:
        p = {name: change(array) for name, array in PARAMETERS.items()}
        after, _ = train(p, X, Y, 0.5)
        for name in p:
            np.testing.assert_allclose(after[name], right[name])
    train(copies(PARAMETERS), X, Y, 0.5)
    p = copies(PARAMETERS)
    for array in p.values():
        array.setflags(write=False)
    after, _ = train(p, X, Y, 0.5)  # another program, which does not update in place
    np.testing.assert_array_equal(p["W1"], PARAMETERS["W1"])
    np.testing.assert_allclose(after["W1"], right["W1"])


def test_results_are_not_overwritten_by_later_calls() -> None:
    def f(x: Any) -> Any:
        t = np.exp(x)
        return t, t.T, x, x.T, t + 1, t[0], np.ones(3), t

    g = jit(f)
    first = g(A)
    kept = [np.array(r) for r in first]
    g(B)
    for result, before in zip(first, kept, strict=True):
        np.testing.assert_array_equal(result, before)
    assert not any(np.shares_memory(r, A) for r in first)
    for result in first:
        result[...] = 0  # results are the caller's
    np.testing.assert_allclose(g(A)[0], np.exp(A))
    np.testing.assert_allclose(g(A)[6], np.ones(3))


def test_what_is_seen_of_a_buffer_is_read_before_it_is_used_again() -> None:
    def f(x: Any) -> Any:
        t = np.sin(-x)
        first = np.sum(t[0, 0])
        return first * 0.5 + np.sum(np.sin(x)) + np.sum(np.cos(x) * np.exp(x))

    def g(v: Any) -> Any:
        t = np.sin(-v)
        first = np.reshape(t[:1], ())  # an array of no axes that looks into t
        return np.exp(first) * 0.5 + np.sum(np.sin(v)) + np.sum(np.cos(v) * np.exp(v))

    np.testing.assert_allclose(jit(f)(A), f(Tensor(A)).numpy())
    np.testing.assert_allclose(jit(g)(A[0]), g(Tensor(A[0])).numpy())


@pytest.mark.parametrize("m", [1, 20, 1078])
def test_the_sigmoid_is_stable_at_every_size(m: int) -> None:
    # Each size has a kernel of its own: SciPy's, four passes, and three passes on -z.
    z = np.tile([[-1000.0], [-700.0], [-30.0], [-1e-9], [0.0], [30.0], [1000.0]], m)
    b = np.array([[1e-3]] * 7)
    for dtype in (np.float64, np.float32):
        got = jit(lambda z, b: sigmoid(z + b))(z.astype(dtype), b.astype(dtype))
        right = sigmoid(Tensor((z.astype(dtype) + b.astype(dtype)).astype(dtype))).numpy()
        np.testing.assert_allclose(got, right, rtol=1e-6 if dtype == np.float32 else 1e-15)


def test_functions_that_hand_an_operand_on() -> None:
    from autograd_nn.core.op import REGISTRY

    first: Any = custom("first_of_a_pair", first_of, lambda g, out, x, y: g, None)
    try:

        def f(x: Any) -> Any:
            t = first(np.sin(x), 1.0)
            return t * np.cos(x) + np.sum(np.exp(x) * np.sin(x * 2)), first(x, 2.0)

        value, same = jit(f)(A)
        np.testing.assert_allclose(value, f(Tensor(A))[0].numpy())
        assert not np.shares_memory(same, A)
    finally:
        del REGISTRY["first_of_a_pair"]


def first_of(x: Any, other: Any) -> Any:
    return x


def test_threads() -> None:
    g = jit(cost)
    slopes = jit(grad(cost))
    inputs = [RNG.normal(size=(64, 8)) for _ in range(8)]
    expected = [(float(g(PARAMETERS, x, Y)), slopes(PARAMETERS, x, Y)) for x in inputs]
    wrong = []
    fresh = jit(grad(cost))

    def work(position: int) -> None:
        for _ in range(50):
            x = inputs[position]
            value, right = expected[position]
            if float(g(PARAMETERS, x, Y)) != value:
                wrong.append(position)
            got = fresh(PARAMETERS, x, Y)
            if any(not np.array_equal(got[name], right[name]) for name in got):
                wrong.append(position)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# -- the text ------------------------------------------------------------------------------------


def test_readable_form_of_the_training_step() -> None:
    from nets import Network
    from nets.engines import training_step

    net = Network([3, 4, 2], seed=0)
    text = jit(training_step(net)).lower(net.parameters(), A, RNG.random((2, 3)), 0.25).readable
    body = text[text.index("    # forward") :]
    assert body == GOLDEN


GOLDEN = """\
    # forward
    z2 = W1 @ x + b1                             # (4, 3)
    h2 = sigmoid(z2)                             # (4, 3)
    z3 = W2 @ h2 + b2                            # (2, 3)
    h3 = sigmoid(z3)                             # (2, 3)
    t1 = h3 - y                                  # (2, 3)
    J = 0.16666666666666666 * np.sum(np.square(t1))
    # backward
    dh3 = 0.3333333333333333 * t1                # (2, 3)
    delta3 = dh3 * (h3 * (1 - h3))               # (2, 3)
    db2 = np.sum(delta3, axis=1, keepdims=True)  # (2, 1)
    dW2 = delta3 @ h2.T                          # (2, 4)
    dh2 = W2.T @ delta3                          # (4, 3)
    delta2 = dh2 * (h2 * (1 - h2))               # (4, 3)
    db1 = np.sum(delta2, axis=1, keepdims=True)  # (4, 1)
    dW1 = delta2 @ x.T                           # (4, 3)
    # results
    new_W1 = W1 - alpha * dW1                    # (4, 3)
    new_b1 = b1 - alpha * db1                    # (4, 1)
    new_W2 = W2 - alpha * dW2                    # (2, 4)
    new_b2 = b2 - alpha * db2                    # (2, 1)
    return {"W1": new_W1, "b1": new_b1, "W2": new_W2, "b2": new_b2}, J
"""

PRINT = """
import numpy as np
from autograd_nn import jit
from tests.autograd_nn.program.test_jit import step, PARAMETERS, X, Y
program = jit(step, donate=0).lower(PARAMETERS, X, Y, 0.5)
print(program.source, program.readable)
"""


def test_the_text_is_the_same_in_every_process() -> None:
    def printed(seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", PRINT],
            env={"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": ":".join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert printed("1") == printed("2")


@pytest.mark.parametrize(
    "name",
    ["x; import os", "add", "np", "dot", "lambda", "free", "t0", "W1\n    raise SystemExit",
     '"""', "print", "_pool", "class", "buffers", "1st", "sigmoid", "", "exp"],
)  # fmt: skip
def test_names_are_harmless(name: str) -> None:
    def f(p: Any) -> Any:
        h = sigmoid(p[name] @ p["b"])
        h.name = name
        t: Any = np.exp(h) + h
        t.name = name
        return {name: t, "x": t * 2}

    f.__name__ = name or "f"
    expected = f({name: Tensor(A), "b": Tensor(B)})
    for style in ("planned", "readable"):
        program = jit(f, style=style).lower({name: A, "b": B})
        got = program({name: A, "b": B})
        np.testing.assert_allclose(got[name], expected[name].numpy())
        tree = ast.parse(program.source)
        assert not any(isinstance(node, ast.Raise) for node in ast.walk(tree))
        assert not any(
            alias.name == "os"
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        )


def test_saved_programs_need_numpy_alone(tmp_path: Path) -> None:
    weights = RNG.normal(size=(9, 64))

    def f(p: Any, x: Any, y: Any) -> Any:
        return cost(p, x, y) + np.sum(np.concatenate([weights @ x, x])), grad(cost)(p, x, y)

    program = jit(f).lower(PARAMETERS, X, Y)
    assert program.save(tmp_path / "saved.py") == tmp_path / "saved.py"
    np.savez(tmp_path / "data.npz", **{**PARAMETERS, "x": X, "y": Y})  # type: ignore[arg-type]  # typed as if for allow_pickle
    code = (
        "import sys, numpy as np, saved; d = dict(np.load('data.npz'));"
        "x, y = d.pop('x'), d.pop('y'); J, g = saved.f(d, x, y);"
        "assert 'autograd_nn' not in sys.modules;"
        "print(repr(float(J)), repr(float(g['W1'].sum())))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    value, slopes = program(PARAMETERS, X, Y)
    assert out.split() == [repr(float(value)), repr(float(slopes["W1"].sum()))]


def test_what_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    from autograd_nn.core.op import REGISTRY

    factor = 3.0

    def forward(x: Any) -> Any:
        return x * factor

    triple: Any = custom("triple_of_a_closure", forward, lambda g, out, x: g * 3)
    try:
        program = jit(lambda x: triple(x) + 0).lower(A)
        np.testing.assert_allclose(program(B), 3 * B)
        with pytest.raises(ValueError, match="forward"):
            program.save(tmp_path / "saved.py")
    finally:
        del REGISTRY["triple_of_a_closure"]


def test_the_graph_of_a_program_is_one_of_tensors() -> None:
    from autograd_nn.core.graph import topological_order

    program = jit(step).lower(PARAMETERS, X, Y, 0.5)
    leaves = {n.name for n in topological_order(program.graph) if n.op is None and n.name}
    assert leaves == {"W1", "b1", "W2", "b2", "x", "y", "alpha"}


# -- Numba ---------------------------------------------------------------------------------------


def test_numba_takes_the_same_steps() -> None:
    pytest.importorskip("numba")
    train, plain = jit(step, donate=0, engine="numba"), jit(step)
    for m, dtype in ((1, np.float64), (5, np.float32)):
        p, q = copies(PARAMETERS, dtype), copies(PARAMETERS, dtype)
        x, y = X[:, :m].astype(dtype), Y[:, :m].astype(dtype)
        for _ in range(3):
            after, J = train(p, x, y, 0.5)
            q, value = plain(q, x, y, 0.5)
            eps = float(np.finfo(dtype).eps)
            np.testing.assert_allclose(J, value, rtol=100 * eps)
            assert J.dtype == dtype
            for name in p:
                assert after[name] is p[name]
                np.testing.assert_allclose(p[name], q[name], rtol=1e3 * eps, atol=100 * eps)


def test_numba_loops_over_all_kinds_of_operands() -> None:
    pytest.importorskip("numba")

    def f(a: Any, b: Any, c: Any, s: Any) -> Any:
        t = np.where(a > b, np.exp(a), np.tanh(b.T)) * c + s
        u = t - np.mean(t, axis=1, keepdims=True) + np.sum(t, axis=0)
        v = np.maximum(u, 0) / np.sqrt(np.abs(b) + 1)
        return v @ a.T, np.sum(v), v.T, np.sum(np.square(v), axis=0), np.sum(u * t)

    arguments = (RNG.normal(size=(4, 4)), RNG.normal(size=(4, 4)), RNG.normal(size=(4, 1)), 0.3)
    got = jit(f, engine="numba")(*arguments)
    expected = jit(f)(*arguments)
    for value, right in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-12, atol=1e-14)


def test_numbas_sigmoid_is_stable() -> None:
    pytest.importorskip("numba")
    z = np.array([-1000.0, -745.0, -700.0, -30.0, -1e-9, 0.0, 1e-9, 30.0, 700.0, 1000.0, np.nan])
    got = jit(lambda z: sigmoid(z) + 0, engine="numba")(z)
    np.testing.assert_allclose(got, jit(lambda z: sigmoid(z) + 0)(z), rtol=1e-14, atol=1e-306)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbas_exponential_is_right_to_the_last_digits(dtype: Any) -> None:
    pytest.importorskip("numba")
    edges = [np.inf, -np.inf, np.nan, 0.0, -0.0, 709.7, 709.8, -708.5, -745.1, -745.2]
    edges += [88.7, 88.73, -87.4, -103.9, -104.1]
    x = np.concatenate([np.linspace(-800, 800, 20001), RNG.normal(size=20001), edges])
    x = x.astype(dtype)
    with np.errstate(over="ignore", under="ignore"):
        got, right = jit(lambda x: np.exp(x) + 0, engine="numba")(x), np.exp(x)
    finite = np.isfinite(right)
    np.testing.assert_array_equal(got[~finite], right[~finite])
    got, right = got[finite], right[finite]
    assert np.all(np.abs(got - right) <= 2 * np.spacing(right))


def test_numba_updates_matrices_by_numpys_blas_or_its_own() -> None:
    pytest.importorskip("numba")
    program = jit(step, donate=0, engine="numba").lower(copies(PARAMETERS, np.float64), X, Y, 0.5)
    assert "True, 1.0, W1)  # W1 -=" in program.source
    assert "scipy_cblas_" in program.source
    hidden = program.source.replace("cblas_", "hidden_")  # a NumPy built with another BLAS
    space = compiled(hidden, "step", {})
    by_numpy, by_numba = copies(PARAMETERS, np.float64), copies(PARAMETERS, np.float64)
    _, J = program(by_numpy, X, Y, 0.5)
    _, other = space["step"](by_numba, X, Y, 0.5)
    np.testing.assert_allclose(J, other, rtol=1e-13)
    for name, w in by_numpy.items():
        assert not np.array_equal(w, PARAMETERS[name])
        np.testing.assert_allclose(w, by_numba[name], rtol=1e-13)


UPDATES: list[Callable[..., Any]] = [
    lambda w, a, s: (w - 0.5 * (a @ a), w * 2),  # what reads w comes before what writes it
    lambda w, a, s: w - 0.5 * (w @ a),  # reads the w that it writes
    lambda w, a, s: w - a @ w.T,
    lambda w, a, s: (w - a @ a, np.sin(w).T @ a),
    lambda w, a, s: w * np.tanh(s) - a @ a,  # s: an array without axes
]


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("f", UPDATES)
def test_updates_overwrite_nothing_that_is_read_later(f: Any, engine: str) -> None:
    if engine == "numba":
        pytest.importorskip("numba")
    w, a = RNG.normal(size=(2, 70, 70))  # more than BLAS reads before it writes
    expected = jit(f)(w, a, np.array(0.3))
    got = jit(f, donate=0, engine=engine)(w.copy(), a, np.array(0.3))
    for value, right in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-11, atol=1e-12)


def test_numba_computes_in_the_memory_of_what_is_not_needed_any_more() -> None:
    pytest.importorskip("numba")

    def f(x: Any, w: Any) -> Any:
        z = w @ x
        h = sigmoid(z)  # in the memory of z
        u = w @ h
        v = np.sin(u) + h  # in that of u
        kept = w @ v
        return kept, kept * 2, v + v.T

    program = jit(f, engine="numba").lower(A, B)
    assert program.source.count("np.empty") == 5
    for value, right in zip(program(A, B), jit(f)(A, B), strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-13)


def test_numba_refuses_what_it_has_no_form_for() -> None:
    with pytest.raises(loops.NotCompilableError, match="concatenate"):
        jit(lambda x: np.concatenate([x, x]), engine="numba")(A)


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install \"autograd-nn\[fast\]\""):
        jit(step, engine="numba")


def test_an_array_in_two_arguments_is_not_donated() -> None:
    def f(w: Any, x: Any) -> Any:
        return w - 0.5 * x, np.sum(x * w)

    step = jit(f, donate=0)
    w, x = np.ones(3), np.arange(3.0)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"'w' and 'x' share the memory.*pass a copy"):
            step(w, w)
        out, total = step(w.copy(), x)
        assert out.tolist() == [1.0, 0.5, 0.0]
        assert total == 3.0
    many = np.ones(9)
    for view, other in ((w[:], w), (w, w[::-1]), (many[3:6], many[4:7])):
        with pytest.raises(ValueError, match="share the memory"):
            step(view, other)
    step(many[3:6], many[6:])  # neighbours share nothing
    assert many.tolist() == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0]
    program = step.lower(w.copy(), x)
    with pytest.raises(TypeError, match="made for other arguments"):
        program(w, w)


def test_a_view_of_another_shape_is_seen_on_later_calls() -> None:
    step = jit(lambda w, x: w - 0.5 * np.sum(x, axis=0), donate=0)
    w, x = np.ones(3), np.ones((2, 3))
    step(w, x)
    with pytest.raises(ValueError, match=r"'w' and 'x' share the memory.*pass a copy"):
        step(x[1], x)
    assert x.tolist() == [[1.0] * 3] * 2
