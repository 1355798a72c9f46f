"""`vmap`: every operation on many rows at once, its gradients, and the whole against JAX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_nn import (
    Tensor,
    checkpoint,
    custom,
    custom_vjp,
    grad,
    gradients,
    hessian,
    jacobian,
    jit,
    jvp,
    no_grad,
    scan,
    stop_gradient,
    value_and_grad,
    vmap,
)
from autograd_nn.core.recording import TracingError

from ..harness import Row, sample, weighted
from ..program.test_rows import TRACEABLE

RNG = np.random.default_rng(0)
COUNT = 3


def _batches(row: Row) -> list[tuple[Any, ...]]:
    """Return for each choice of inputs that have rows: in_axes, and the arguments."""
    draws = [sample(row.inputs, [x.shape for x in row.inputs], seed) for seed in range(COUNT)]
    stacked = [np.stack(parts) for parts in zip(*draws, strict=True)]
    number = len(stacked)
    choices = [tuple([0] * number), *(tuple([0 if i == j else None for i in range(number)])
                                      for j in range(number) if number > 1)]  # fmt: skip
    return [
        (axes, [s if a == 0 else one for s, one, a in zip(stacked, draws[0], axes, strict=True)])
        for axes in choices
    ]


def _by_rows(f: Any, axes: Any, args: Any) -> Any:
    each = [
        f(*[a[i] if axis == 0 else a for a, axis in zip(args, axes, strict=True)])
        for i in range(COUNT)
    ]
    return [np.stack([np.asarray(getattr(x, "_data", x)) for x in parts])
            for parts in zip(*each, strict=True)]  # fmt: skip


def _gradients(row: Row) -> Callable[..., Any]:
    def f(*xs: Any) -> Any:
        tensors = [x if isinstance(x, Tensor) else Tensor(x) for x in xs]
        return tuple(gradients(weighted(row, tensors), [tensors[i] for i in row.by],
                               create_graph=True))  # fmt: skip

    return f


def _value(row: Row) -> Callable[..., Any]:
    return lambda *xs: (row.run(*[x if isinstance(x, Tensor) else Tensor(x) for x in xs]),)


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in TRACEABLE])
def test_row(row: Row) -> None:
    for axes, args in _batches(row):
        for f in (_value(row), *([_gradients(row)] if row.by else [])):
            found, expected = vmap(f, axes)(*args), _by_rows(f, axes, args)
            for value, right in zip(found, expected, strict=True):
                assert value.shape == right.shape
                assert value.dtype == right.dtype
                np.testing.assert_allclose(value, right, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in TRACEABLE if r.by])
def test_gradient_of_the_whole(row: Row) -> None:
    def one(*xs: Any) -> Any:  # np.full_like(a, t) of an array a is NumPy's own
        return weighted(row, [x if isinstance(x, Tensor) else Tensor(x) for x in xs])

    for axes, args in _batches(row):

        def total(*xs: Any, axes: Any = axes) -> Any:
            return np.sum(vmap(one, axes)(*xs))

        found = grad(total, row.by)(*args)
        expected = _by_rows(_gradients(row), axes, args)
        for i, value, right in zip(row.by, found, expected, strict=True):
            of_all = right if axes[i] == 0 else right.sum(axis=0)
            np.testing.assert_allclose(value, of_all, rtol=1e-10, atol=1e-10)


# -- against JAX -----------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A container."""

    left: Any
    right: Any


def _loss(xp: Any) -> Any:
    def loss(p: Any, x: Any, scale: Any) -> Any:
        hidden = xp.tanh(p["w"] @ x.left + p["b"])
        return {"cost": xp.sum(hidden**2) * scale, "out": (hidden, x.right[1:] * scale)}

    return loss


P = {"w": RNG.normal(size=(3, 4)), "b": RNG.normal(size=3)}
PS = {"w": RNG.normal(size=(3, 5, 4)), "b": RNG.normal(size=(5, 3))}
XS = Pair(RNG.normal(size=(5, 4)), RNG.normal(size=(4, 5)))
SCALES = RNG.normal(size=5)

CALLS: list[tuple[Any, Any, tuple[Any, ...]]] = [
    ((None, Pair(0, 1), None), 0, (P, XS, 2.0)),
    ((None, Pair(0, 1), 0), {"cost": 0, "out": (1, -1)}, (P, XS, SCALES)),
    (({"w": 1, "b": 0}, Pair(0, -1), None), {"cost": 0, "out": 1}, (PS, XS, 3.0)),
    (({"w": 1, "b": None}, Pair(None, 1), 0), 0, ({**PS, "b": P["b"]}, Pair(XS.left[0], XS.right),
                                                  SCALES)),
]  # fmt: skip


def _jax() -> Any:
    jax: Any = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    return jax


def _same(found: Any, right: Any) -> None:
    jax = _jax()
    leaves, structure = jax.tree.flatten(found)
    rights, other = jax.tree.flatten(right)
    assert structure == other
    for a, b in zip(leaves, rights, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("call", CALLS)
def test_axes_and_containers_are_jaxs(call: Any) -> None:
    in_axes, out_axes, args = call
    jax = _jax()
    right = jax.vmap(_loss(jax.numpy), in_axes, out_axes)(*args)
    _same(vmap(_loss(np), in_axes, out_axes)(*args), right)
    _same(jit(vmap(_loss(np), in_axes, out_axes))(*args), right)
    cost = grad(lambda *a: np.sum(vmap(_loss(np), in_axes, out_axes)(*a)["cost"] ** 2))(*args)
    _same(cost, jax.grad(lambda *a: jax.numpy.sum(
        jax.vmap(_loss(jax.numpy), in_axes, out_axes)(*a)["cost"] ** 2))(*args))  # fmt: skip


WRAPPED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "itself": lambda lib, f, vmap: f,
    "grad": lambda lib, f, vmap: lib.grad(f),
    "hessian": lambda lib, f, vmap: lib.hessian(f),
    "jvp": lambda lib, f, vmap: lambda w, x: lib.jvp(lambda u: f(w, u), (x,), (x,))[1],
    "vmap": lambda lib, f, vmap: lambda w, x: vmap(f, (0, None))(w * w, x),
    "vmap of grad": lambda lib, f, vmap: lambda w, x: vmap(lib.grad(f), (1, None), 1)(w.T, x),
    "jit": lambda lib, f, vmap: lib.jit(f),
}


class _Ours:
    grad, hessian, jvp, jit = grad, hessian, jvp, jit


@pytest.mark.parametrize("inner", WRAPPED)
@pytest.mark.parametrize("outer", ["itself", "grad", "jit", "vmap"])
def test_transforms_nest_as_in_jax(inner: str, outer: str) -> None:
    jax = _jax()
    w, xs = RNG.normal(size=(4, 4)), RNG.normal(size=(3, 4))

    def made(lib: Any, xp: Any, map_: Any) -> Any:
        def f(w: Any, x: Any) -> Any:
            return xp.sum(xp.sin(w @ x) * x**2) + xp.sum(w) ** 2

        many = map_(WRAPPED[inner](lib, f, map_), (None, 0))
        if outer == "grad":
            return lib.grad(lambda w, xs: xp.sum(xp.cos(many(w, xs))))
        if outer == "vmap":
            return lambda w, xs: map_(many, (None, 1))(w, xs[:, None, :] * xp.ones((2, 1)))
        return lib.jit(many) if outer == "jit" else many

    if "vmap" in inner:
        w = RNG.normal(size=(4, 4, 4))
    _same(made(_Ours, np, vmap)(w, xs), made(jax, jax.numpy, jax.vmap)(w, xs))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 4), st.integers(0, 2**32 - 1), st.booleans())
def test_random_functions(count: int, seed: int, compiled: bool) -> None:
    jax = _jax()
    rng = np.random.default_rng(seed)
    steps = rng.integers(0, 8, size=5)
    x, i = rng.normal(size=(count, 3, 4)), rng.integers(-3, 3, size=(count, 2))

    def made(xp: Any) -> Any:
        forms: list[Callable[[Any, Any, Any], Any]] = [
            lambda y, x, i: xp.sin(y) * y,
            lambda y, x, i: y - xp.mean(y, axis=-1, keepdims=True),
            lambda y, x, i: xp.concatenate([y[1:], x[i]])[:3],
            lambda y, x, i: xp.exp(-y * y) @ (x.T @ y),
            lambda y, x, i: xp.where(y > 0.1, y, xp.max(x, axis=0)),
            lambda y, x, i: y[:, ::-1] + x[0, i[0]],
            lambda y, x, i: xp.cumsum(y, axis=1) / (1 + y[2] ** 2),
            lambda y, x, i: xp.einsum("ij,kj->ki", y, x)[:, :3] @ x,
        ]

        def f(x: Any, i: Any) -> Any:
            y = x
            for step in steps:
                y = forms[step](y, x, i)
            return xp.sum(y * y)

        return f

    mine, other = made(np), made(jax.numpy)
    for a, b in ((value_and_grad, jax.value_and_grad), (lambda f: f, lambda f: f)):
        f = jit(vmap(a(mine))) if compiled else vmap(a(mine))
        found, right = f(x, i), jax.vmap(b(other))(x, i)
        for p, q in zip(jax.tree.leaves(found), jax.tree.leaves(right), strict=True):
            assert p.shape == q.shape
            np.testing.assert_allclose(p, q, rtol=1e-8, atol=1e-8 * (1 + np.abs(q).max(initial=0)))


# -- what else it must do --------------------------------------------------------------------------


def test_what_the_function_finds_around_itself_has_its_gradient() -> None:
    w = Tensor(RNG.normal(size=(3, 4)), requires_grad=True)
    xs = RNG.normal(size=(5, 4))
    out = vmap(lambda x: np.tanh(w @ x))(xs)
    assert isinstance(out, Tensor)
    np.sum(out).backward()
    np.testing.assert_allclose(w.grad, (1 - np.tanh(xs @ w.numpy().T) ** 2).T @ xs)
    g = grad(lambda v: np.sum(vmap(lambda x: np.sin(v @ x))(xs)))(w.numpy()[0])
    np.testing.assert_allclose(g, np.cos(xs @ w.numpy()[0]) @ xs)


def test_rules_of_ones_own_and_checkpoints() -> None:
    @custom_vjp
    def clipped(x: Any) -> Any:
        return x * x

    clipped.defvjp(lambda x: (x * x, x), lambda x, g: (np.clip(2 * g * x, -1, 1),))
    double = custom("vmap_double", lambda x: 2 * x[..., :], lambda g, out, x: 2 * g)
    xs = RNG.normal(size=(5, 3))

    def f(x: Any) -> Any:
        kept = checkpoint(lambda u: np.sum(np.sin(u) * double(u)))(x)
        return np.sum(clipped(x)) + kept + np.sum(stop_gradient(x) * x)

    right = np.stack([grad(f)(x) for x in xs])
    np.testing.assert_allclose(vmap(grad(f))(xs), right)
    np.testing.assert_allclose(jit(vmap(grad(f)))(xs), right)
    np.testing.assert_allclose(grad(lambda xs: np.sum(vmap(f)(xs)))(xs), right)


def test_constants_and_arguments_pass_through() -> None:
    xs = np.arange(6.0).reshape(2, 3)
    same, three, row = vmap(lambda x: (x, 3.0, np.ones(2)))(xs)
    np.testing.assert_array_equal(same, xs)
    np.testing.assert_array_equal(three, [3, 3])
    assert row.shape == (2, 2)
    assert vmap(lambda x, how: np.sum(x) if how == "sum" else x, (0, None))(xs, "sum").shape == (2,)
    assert vmap(lambda x, *, y: x * y)(xs, y=np.array([1.0, 2.0]))[1, 0] == 6.0
    assert vmap(lambda x, none: x, in_axes=1)(xs, None).shape == (3, 2)


def test_no_examples_at_all() -> None:
    w = RNG.normal(size=(3, 4))
    f = vmap(lambda w, x: np.convolve(np.linalg.solve(w @ w.T, w @ x), np.ones(2)), (None, 0))
    assert f(w, np.zeros((0, 4))).shape == (0, 4)
    assert vmap(grad(lambda x: np.sum(x[0] ** 2)))(np.zeros((0, 3))).shape == (0, 3)


def test_under_no_grad_nothing_is_recorded() -> None:
    w = Tensor(np.ones(3), requires_grad=True)
    with no_grad():
        assert type(vmap(lambda x: x @ w)(np.ones((2, 3)))) is np.ndarray
    assert vmap(lambda x: x * 2)(Tensor(np.ones((2, 3)))).op is not None


def test_whole_arrays_are_used_once() -> None:
    calls: list[int] = []

    def counted(x: Any) -> Any:
        calls.append(1)
        return np.tanh(x)

    tanh = custom("vmap_counted", counted, lambda g, out, x: g * (1 - out * out), elementwise=True)
    vmap(grad(lambda x: np.sum(tanh(x))))(np.ones((50, 4)))
    assert len(calls) == 2  # once for a row, once for all


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: vmap(cast("Any", 3)), TypeError, "takes a function"),
        (lambda: vmap(np.sin)(2.0), ValueError, r"x has shape \(\), and no axis 0"),
        (lambda: vmap(lambda x: x, 2)(np.ones((2, 3))), ValueError, "no axis 2"),
        (lambda: vmap(lambda a, b: a)(np.ones(2), np.ones(3)), ValueError,
         "a has 2 examples and b has 3"),
        (lambda: vmap(lambda x: x, None)(np.ones(2)), ValueError, "no argument has examples"),
        (lambda: vmap(lambda x: x, (0, 0))(np.ones(2)), ValueError, "2 entries for 1 positional"),
        (lambda: vmap(lambda x: x, "0")(np.ones(2)), (TypeError, ValueError), "in_axes"),
        (lambda: vmap(lambda x: x, ({"a": 0},))([np.ones(2)]), ValueError, "in_axes.*structure"),
        (lambda: vmap(lambda x: x, 0, None)(np.ones(2)), TypeError, "out_axes has ints"),
        (lambda: vmap(lambda x: x if x > 0 else -x)(np.ones(2)), TracingError, "truth value"),
        (lambda: vmap(lambda x: x[x > 0])(np.ones((2, 2))), TracingError, "np.where"),
        (lambda: vmap(lambda x: float(x) * x)(np.ones(2)), TracingError, "float"),
        (lambda: vmap(lambda x: x)("text"), ValueError, "no axis"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_row_that_was_kept_is_not_taken_for_a_constant() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        vmap(lambda row: kept.append(row) or row)(x)  # type: ignore[func-returns-value]
        return kept[0] * 2

    with pytest.raises(TracingError, match="depends on an argument"):
        jit(f)(np.ones((2, 3)))


# -- scan ------------------------------------------------------------------------------------------


@dataclass
class State:
    """A carry."""

    h: Any
    total: Any


def _cell(xp: Any, w: Any) -> Any:
    def cell(carry: Any, x: Any) -> Any:
        h = xp.tanh(w @ carry["h"] + x[0])
        return {"h": h, "n": carry["n"] + x[1]}, (h[:2], xp.sum(h) * x[1])

    return cell


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_is_jaxs(reverse: bool) -> None:
    jax = _jax()
    w, init = RNG.normal(size=(3, 3)), {"h": RNG.normal(size=3), "n": 0.0}
    xs = (RNG.normal(size=(6, 3)), RNG.normal(size=6))

    def ours(w: Any, init: Any, xs: Any) -> Any:
        return scan(_cell(np, w), init, xs, reverse=reverse)

    def theirs(w: Any, init: Any, xs: Any) -> Any:
        return jax.lax.scan(_cell(jax.numpy, w), init, xs, reverse=reverse)

    _same(ours(w, init, xs), theirs(w, init, xs))
    _same(jit(ours)(w, init, xs), theirs(w, init, xs))

    def total(lib: Any, run: Any) -> Any:
        def cost(w: Any, init: Any, xs: Any) -> Any:
            carry, (rows, sums) = run(w, init, xs)
            return lib.sum(carry["h"]) * carry["n"] + lib.sum(rows[1:] * rows[:-1]) + sums[2]

        return cost

    mine, other = total(np, ours), total(jax.numpy, theirs)
    _same(grad(mine, (0, 1, 2))(w, init, xs), jax.grad(other, (0, 1, 2))(w, init, xs))
    several = RNG.normal(size=(4, 3, 3))
    _same(vmap(grad(mine), (0, None, None))(several, init, xs),
          jax.vmap(jax.grad(other), (0, None, None))(several, init, xs))  # fmt: skip


def test_scan_without_parts_and_without_steps() -> None:
    carry, ys = scan(lambda c, _: (c * 2, State(c, None)), np.ones(2), length=3)
    np.testing.assert_array_equal(carry, [8, 8])
    np.testing.assert_array_equal(ys.h, [[1, 1], [2, 2], [4, 4]])
    carry, ys = scan(lambda c, x: (c + x, c * x), np.ones(2), np.zeros((0, 2)))
    np.testing.assert_array_equal(carry, [1, 1])
    assert ys.shape == (0, 2)
    assert (
        jacobian(lambda x: scan(lambda c, u: (c * u, c), x, np.ones(3))[1])(2.0).tolist() == [1] * 3
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: scan(f, 0.0), ValueError, "no xs and no length"),
        (lambda f: scan(f, 0.0, {"a": np.ones(2), "b": np.ones(3)}), ValueError,
         r"xs\['a'\]: 2, xs\['b'\]: 3"),
        (lambda f: scan(f, 0.0, np.ones(2), length=3), ValueError, "xs: 2, length: 3"),
        (lambda f: scan(f, 0.0, 1.0), ValueError, "xs: None"),
        (lambda f: scan(lambda c, x: c, 0.0, np.ones(2)), TypeError, "returns a pair"),
        (lambda f: scan(f, 0, np.ones(2)), TypeError, "int64.*float64"),
        (lambda f: scan(f, np.ones(3), np.ones((2, 4, 3))), TypeError, "shape"),
    ],
)  # fmt: skip
def test_errors_of_scan(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        call(lambda c, x: (c + x, x))
