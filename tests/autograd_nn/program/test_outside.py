"""Tests of what programs would freeze: outside values, random draws, values of traced Tensors."""

from __future__ import annotations

import copy
import functools
import gc
import importlib
import linecache
import random
import threading
import time
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd_nn import Tensor, custom, grad, gradients, hessian, jit
from autograd_nn.core.recording import TracingError
from autograd_nn.program.arguments import fingerprint

X = np.array([1.0, 2.0, 3.0])


class Model:
    """Something with attributes."""

    scale = 2.0

    def __init__(self) -> None:
        self.w = np.ones(3)

    def __call__(self, x: Any) -> Any:
        return x * self.w * self.scale


class Slotted:
    """Something without a dict."""

    __slots__ = ("w",)

    def __init__(self) -> None:
        self.w = np.ones(3)


FACTOR = 1.0
A_FUNCTION: Any = np.sin


def by_global(x: Any) -> Any:
    """Return x times a global."""
    return x * FACTOR


def _rebound() -> tuple[Callable[..., Any], Callable[[], None]]:
    w = np.ones(3)

    def change() -> None:
        nonlocal w
        w = np.full(3, 5.0)

    return lambda x: x * w, change


def _global() -> tuple[Callable[..., Any], Callable[[], None]]:
    def change() -> None:
        globals()["FACTOR"] += 1.0

    return by_global, change


def _cases() -> dict[str, tuple[Callable[..., Any], Callable[[], Any]]]:
    """Return functions, and for each something that changes what it computes."""
    a, big, t = np.ones(3), np.ones((3, 5000)), Tensor(np.ones(3), name="t")
    view, nested, parts = np.ones((3, 3))[1], {"w": [np.ones(3), 2.0]}, [1.0, 2.0]
    model, slotted, chosen = Model(), Slotted(), {"f": A_FUNCTION}
    space, kept = types.SimpleNamespace(w=2.0), (np.ones(3), [3.0])

    def default(x: Any, w: Any = a) -> Any:
        return x * w

    return {
        "written into": (lambda x: x * a, lambda: a.__setitem__(0, a[0] + 1)),
        "computed from": (lambda x: x * np.tanh(a), lambda: a.__setitem__(0, a[0] + 1)),
        "returned": (lambda x: (x, a), lambda: a.__setitem__(0, a[0] + 1)),
        "default": (default, lambda: a.__setitem__(0, a[0] + 1)),
        "partial": (functools.partial(lambda w, x: x * w, a), lambda: a.fill(9)),
        "view": (lambda x: x * view, lambda: view.base.fill(7)),
        "large, by another name": (lambda x: x * big[:, 0], lambda: Tensor(big).data.fill(2)),
        "Tensor": (lambda x: x * t, lambda: setattr(t, "data", np.full(3, 4.0))),
        "Tensor written into": (lambda x: x * t, lambda: t.data.fill(8.0)),
        "nested": (lambda x: x * nested["w"][0], lambda: nested["w"].__setitem__(0, X)),
        "number": (lambda x: x * nested["w"][1], lambda: nested["w"].__setitem__(1, 6.0)),
        "list": (lambda x: x * sum(parts), lambda: parts.append(4.0)),
        "in a tuple": (lambda x: x * kept[1][0], lambda: kept[1].__setitem__(0, 8.0)),
        "attribute": (lambda x: x * model.w, lambda: setattr(model, "w", X)),
        "callable object": (model, lambda: model.w.fill(11)),
        "of the class": (model, lambda: setattr(Model, "scale", Model.scale + 1)),
        "slot": (lambda x: x * slotted.w, lambda: setattr(slotted, "w", X)),
        "namespace": (lambda x: x * space.w, lambda: setattr(space, "w", 3.0)),
        "function": (lambda x: chosen["f"](x) * 1.0, lambda: chosen.update(f=np.cos)),
        "rebound": _rebound(),
        "global": _global(),
        "under grad": (grad(lambda x: np.sum(x**2 * a)), lambda: a.fill(13)),
        "under jit": (jit(lambda x: x * a), lambda: a.fill(17)),
    }


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("name", _cases())
def test_what_a_function_uses_from_outside_is_looked_at_before_every_run(
    name: str, engine: str
) -> None:
    if engine == "numba":
        pytest.importorskip("numba")
    f, change = _cases()[name]
    program = jit(f, engine=engine)
    for _ in range(2):
        for _ in range(2):
            wanted = f(X) if isinstance(f(X), (np.ndarray, tuple)) else f(Tensor(X)).numpy()
            np.testing.assert_allclose(program(X), wanted)
        change()


def test_arrays_that_no_name_leads_to_are_noted_when_they_are_used() -> None:
    store = np.ones(3)
    tensor = Tensor(np.ones(3))
    fetch = iter(lambda: (store, tensor), None).__next__  # code that cannot be read
    f = jit(lambda x: x * fetch()[0] * fetch()[1])
    assert f(X)[0] == 1
    store[...] = 2
    assert f(X)[0] == 2
    tensor.data = np.full(3, 3.0)
    assert f(X)[0] == 6


def test_what_the_function_changes_itself_is_no_reason_for_another_program() -> None:
    calls: list[int] = []
    f = jit(lambda x: calls.append(1) or x * 2)  # type: ignore[func-returns-value]
    for n in (1, 2, 1, 2, 1):
        f(np.ones(n))
    assert len(calls) == 2


MODERN, LEGACY = np.random.default_rng(0), np.random.RandomState(0)
PYTHON = random.Random(0)  # noqa: S311 - no secret


@pytest.mark.parametrize(
    "draw",
    [
        lambda x: x * np.random.rand(),  # noqa: NPY002 - the state that all share is meant
        lambda x: x * np.random.standard_normal(3),  # noqa: NPY002 - as above
        lambda x: x * random.random(),  # noqa: S311 - no secret
        lambda x: x * MODERN.normal(size=3),
        lambda x: x * LEGACY.rand(),
        lambda x: x * PYTHON.random(),
    ],
)
def test_random_draws_are_refused(draw: Any) -> None:
    with pytest.raises(TracingError, match="pass them as arguments"):
        jit(draw)(X)


def test_a_static_generator_that_draws_is_refused() -> None:
    with pytest.raises(TracingError, match="random"):
        jit(lambda x, rng: x * rng.random(), static_argnums=1)(X, np.random.default_rng(0))


def _in_a_thread(x: Any) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(x * 2))
    thread.start()
    thread.join()
    return found[0] + x


W = Tensor(np.ones(3), requires_grad=True)


@pytest.mark.parametrize(
    "read",
    [
        lambda x: x * 2 if 1.0 in x else x,
        lambda x: x * len(f"{x:.0f}"),
        lambda x: x * W.data,
        lambda x: x * 2 if W.data[0] else x,
        lambda x: gradients(np.sum(x**3), [x])[0],
        lambda x: [np.sum(W * x).backward(), W.grad][1],
        lambda x: copy.copy(x) * x,
        lambda x: copy.copy(x * 2) * x,
        _in_a_thread,
    ],
)
def test_values_of_traced_tensors_are_refused(read: Any) -> None:
    with pytest.raises(TracingError):
        jit(read)(X)


def test_arrays_outside_may_not_be_written_into_while_tracing() -> None:
    a = np.ones(3)

    def f(x: Any) -> Any:
        a[0] += 1
        return x * a

    with pytest.raises(TracingError, match="Pass it as an argument"):
        jit(f)(X)


_NUMBERS = st.one_of(st.integers(-3, 3), st.floats(-3, 3, width=16))


@given(st.sampled_from([grad, hessian]), st.lists(_NUMBERS, min_size=2, max_size=3))
def test_exponents_are_arguments(make: Any, exponents: list[Any]) -> None:
    def f(x: Any, p: Any) -> Any:
        return np.sum(x**p)

    program = jit(make(f))
    for p in (type(exponents[0])(p) for p in exponents):
        np.testing.assert_allclose(program(X, p), make(f)(X, p), rtol=1e-12, atol=1e-12)


_STATIC = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(), st.text(max_size=2)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
    ),
    max_leaves=6,
)


@given(_STATIC, _STATIC)
def test_static_arguments_are_told_by_content(a: Any, b: Any) -> None:
    assert fingerprint(a) == fingerprint(copy.deepcopy(a))
    assert hash(fingerprint(a)) == hash(fingerprint(copy.deepcopy(a)))
    assert (fingerprint(a) == fingerprint(b)) == (repr(a) == repr(b))


def test_changed_static_arguments_make_another_program() -> None:
    index, config = [0, 1], types.SimpleNamespace(n=2)
    f = jit(lambda x, index, config: x[index] * config.n, static_argnums=(1, 2))
    np.testing.assert_array_equal(f(X, index, config), [2, 4])
    index[0] = 2
    config.n = 3
    np.testing.assert_array_equal(f(X, index, config), [9, 6])
    with pytest.raises(TypeError, match="static and holds an array"):
        jit(lambda x, n: x * n, static_argnums=1)(X, (X,))


@dataclass
class Layer:
    """A container with a field that is fixed."""

    w: Any
    n: int = field(metadata={"static": True})


def test_static_fields_of_dataclasses_are_looked_at() -> None:
    f = jit(lambda layer: layer.w * layer.n)
    assert [f(Layer(X, n))[0] for n in (2, 3, 2)] == [2, 3, 2]


def test_programs_are_bounded_and_found_at_once() -> None:
    f: Any = jit(grad(lambda w, x: np.mean(np.tanh(w @ x) ** 2)))
    w = np.ones((4, 4))
    kept = len(linecache.cache)
    for n in range(1, 201):
        f(w, np.ones((4, n)))
    gc.collect()
    assert len(linecache.cache) - kept < 400
    a, b = np.ones((4, 199)), np.ones((4, 200))

    def seconds(*batches: Any) -> float:
        start = time.process_time()
        for _ in range(300):
            for x in batches:
                f(w, x)
        return (time.process_time() - start) / len(batches)

    assert min(seconds(a, b) for _ in range(5)) < 3 * min(seconds(b) for _ in range(5))
    f = None
    gc.collect()
    assert len(linecache.cache) <= kept + 5


@given(hnp.arrays(float, (2, 3), elements=st.floats(-1, 1)), st.data())
def test_results_never_share_memory(x: Any, data: Any) -> None:
    views = [
        lambda v: v, lambda v: v.T, lambda v: v[0], lambda v: v[0, 1], lambda v: v[..., 0],
        lambda v: v.reshape(-1), lambda v: v[0, 0, ...], lambda v: np.reshape(v[:1, :1], ()),
    ]  # fmt: skip
    chosen = data.draw(st.lists(st.sampled_from(views), min_size=2, max_size=4))
    inner = data.draw(st.sampled_from([np.exp, lambda v: v]))
    results = jit(lambda x: [view(inner(x)) for view in chosen])(x)
    once = jit(lambda x: [view(v) for v in (inner(x),) for view in chosen])(x)
    for found in (results, once):
        for i, a in enumerate(found):
            assert all(not np.shares_memory(a, b) for b in (*found[:i], x))
            np.testing.assert_array_equal(a, chosen[i](inner(x)))


def test_an_exception_in_a_donated_program_says_what_is_lost() -> None:
    f = jit(lambda p, x: {"a": p["a"] - np.exp(x), "b": p["b"] - np.exp(100 * x)}, donate=0)
    p = {"a": np.ones(3), "b": np.ones(3)}
    f(p, np.zeros(3))
    program = f.lower(p, np.zeros(3))
    for run in (f, program):
        with np.errstate(all="raise"), pytest.raises(FloatingPointError) as caught:
            run(p, np.full(3, 8.0))
        assert "donated a, b may hold old and new values" in caught.value.__notes__[0]


_TAKEN = ["np", "add", "exp", "free", "buffers", "sigmoid", "relu", "special", "abs", "_missed"]
_TAKEN += ["_array", "_held1", "kernel", "acc", "math", "expit", "t0", "one", "_v", "program"]


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("name", [*_TAKEN, "class", "a b", "x" * 20000])
def test_no_name_breaks_a_program(name: str, engine: str) -> None:
    if engine == "numba":
        pytest.importorskip("numba")

    def forward(x: Any) -> Any:
        return x * 10

    forward.__name__ = name
    op = custom(f"named_{name[:20]}_{engine}", forward, lambda g, out, x: g * 10)

    def f(a: Any, b: Any) -> Any:
        named = a * 2
        named.name = name
        more = op(named) if engine == "numpy" else a
        return (more + np.exp(b) * np.sum(a) + 1.0) * named

    given = name if name.isidentifier() and name != "class" else "x"
    space: dict[str, Any] = {"inner": f}
    exec(f"def g({given}, _held0): return inner({given}, _held0)", space)  # noqa: S102 - a name as parameter
    space["g"].__name__ = name
    for one in (jit(f, engine=engine), jit(space["g"], engine=engine)):
        for x in (X, X + 1):
            np.testing.assert_allclose(one(x, x), f(Tensor(x), Tensor(x)).numpy())


def test_functions_are_told_apart_by_identity(tmp_path: Any) -> None:
    text = "S = {}\ndef scale(x):\n    return x * S\n"
    made = []
    for number in (2.0, 3.0):
        space: dict[str, Any] = {"__name__": "elsewhere"}
        path = tmp_path / f"m{number:.0f}.py"
        path.write_text(text.format(number))
        exec(compile(path.read_text(), str(path), "exec"), space)  # noqa: S102 - the text above
        linecache.checkcache(str(path))
        made.append(custom(f"scale_{number}", space["scale"], lambda g, out, x: g))
    f = jit(lambda x: made[0](x) + 10 * made[1](x))
    assert f(0.0) == 0
    assert f(1.0) == 32


@pytest.mark.parametrize(("folder", "seen"), [("elsewhere", 12.0), ("site-packages", 6.0)])
def test_what_installed_libraries_hold_is_not_looked_at(
    folder: str, seen: float, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"held_{folder.partition('-')[0]}"
    place = tmp_path / folder
    place.mkdir()
    text = "SCALE = 1.0\ndef scaled(x):\n    return x * SCALE\n"
    text += "def summed(x):\n    return scaled(x).sum()"
    (place / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(place)
    library: Any = importlib.import_module(name)
    f, own = jit(lambda x: library.scaled(x).sum()), jit(library.summed)
    assert (f(X), own(X)) == (6, 6)
    library.SCALE = 2.0
    assert (f(X), own(X)) == (seen, 12)
