"""Tensors on arrays that are not NumPy's: chunked and lazy ones of dask, symbols of SymPy."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograd_nn import (
    Tensor,
    check_grads,
    checkpoint,
    custom,
    detect_anomaly,
    grad,
    hvp,
    jacobian,
    jvp,
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    value_and_grad,
    vjp,
)
from autograd_nn.core import op
from nets import Network

da = pytest.importorskip("dask.array", reason="the extra 'distributed' is not installed")
dask = pytest.importorskip("dask", reason="the extra 'distributed' is not installed")

RNG = np.random.default_rng(5)
X = RNG.normal(size=(6, 8))
V = RNG.normal(size=8)


class Computed(BaseException):
    """Something asked for values. No Exception, so that nobody handles it."""


def computes(*args: Any, **kwargs: Any) -> Any:
    raise Computed


@pytest.fixture
def lazily() -> Iterator[None]:
    """Let nothing be computed, unless a scheduler is named."""
    with dask.config.set(scheduler=computes):
        yield


def chunked(x: Any) -> Any:
    return da.from_array(x, chunks=(3, 4))


FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "square": lambda x, raw: np.sum(x * x),
    "power": lambda x, raw: np.sum(x**3),
    "mean": lambda x, raw: np.sum(np.mean(x, axis=0) ** 2),
    "max": lambda x, raw: np.sum(np.max(x, axis=1)),
    "std": lambda x, raw: np.std(x) + np.sum(np.var(x, axis=0)),
    "softmax": lambda x, raw: np.sum(softmax(x, axis=0) ** 2),
    "log_softmax": lambda x, raw: np.sum(log_softmax(x) * raw),
    "logsumexp": lambda x, raw: np.sum(logsumexp(x, axis=1)),
    "relu": lambda x, raw: np.sum(relu(x) ** 2),
    "where": lambda x, raw: np.sum(np.where(raw > 0, x, x * x)),
    "clip": lambda x, raw: np.sum(np.clip(x, -0.5, 0.5) ** 2),
    "product": lambda x, raw: np.sum((x.T @ raw) ** 2) + np.sum((x @ V) ** 2),
    "dot of raw": lambda x, raw: np.sum(np.tensordot(raw, x, ([1], [1])) ** 2),
    "einsum": lambda x, raw: np.sum(np.einsum("ij,kj->ik", x, raw) ** 2),
    "slices": lambda x, raw: np.sum(x[1:3, ::2] ** 2) + np.sum(x[2] ** 3),
    "concatenate": lambda x, raw: np.sum(np.concatenate([x, raw, x * 2]) ** 2),
    "stack": lambda x, raw: np.sum(np.stack([x, raw]) ** 3),
    "broadcast": lambda x, raw: np.sum(np.broadcast_to(x[0], (4, 8)) ** 2),
    "cumsum": lambda x, raw: np.sum(np.cumsum(x, axis=0) ** 2),
    "norm": lambda x, raw: np.linalg.norm(x),
    "sigmoid of large": lambda x, raw: np.sum(sigmoid(1000 * x) * x),
    "hvp": lambda x, raw: np.sum(hvp(lambda z: np.sum(z**3), (x,), (raw,))),
    "jvp": lambda x, raw: np.sum(jvp(np.exp, (x,), (raw,))[1]),
    "checkpoint": lambda x, raw: checkpoint(lambda z: np.sum(np.sin(z) * raw))(x),
    "second derivative": lambda x, raw: np.sum(grad(lambda z: np.sum(np.exp(z)))(x) ** 2),
}


@pytest.mark.usefixtures("lazily")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_of_lazy_arrays_are_lazy_and_equal_numpys(name: str) -> None:
    f = FUNCTIONS[name]
    lazy = chunked(X)
    expected = value_and_grad(f)(X, X)
    found = value_and_grad(f)(lazy, lazy)
    assert isinstance(found[0], da.Array)
    assert isinstance(found[1], da.Array)
    value, g = dask.compute(*found, scheduler="synchronous")
    np.testing.assert_allclose(value, expected[0], rtol=1e-12)
    np.testing.assert_allclose(g, expected[1], rtol=1e-12, atol=1e-12)


@pytest.mark.usefixtures("lazily")
def test_nothing_computes_by_the_way() -> None:
    x = Tensor(chunked(X), requires_grad=True, name="x")
    out = sigmoid(x)
    assert "dask.array" in repr(out)
    assert (out.shape, out.dtype, out.ndim, out.size) == ((6, 8), np.float64, 2, 48)
    np.sum(out).backward()
    np.sum(out * x).backward()
    assert isinstance(x.grad, da.Array)
    y, pullback = vjp(np.tanh, chunked(X))
    assert isinstance(pullback(y)[0], da.Array)
    with pytest.raises(Computed):
        float(np.sum(out).numpy())


def test_what_cannot_work_says_so() -> None:
    lazy = chunked(X)
    with pytest.raises(TypeError, match="only NumPy arrays can, and this is a dask"):
        grad(lambda x: np.sum(x[np.array([0, 0, 2])]))(lazy)
    with pytest.raises(ValueError, match=r"no known sizes: data\.compute_chunk_sizes"):
        Tensor(lazy[lazy > 0])
    with pytest.raises(TypeError, match="cannot see"), detect_anomaly():
        Tensor(lazy) * 2
    with pytest.raises(TypeError, match=r"a is a Array\. Check on a small np.ndarray"):
        check_grads(np.sum, (lazy,))


def by_hand(net: Network, x: Any, y: Any) -> list[Any]:
    """Return cost and gradients of a network of three layers by NumPy."""
    h2 = 1 / (1 + np.exp(-(net.W[1] @ x + net.b[1])))
    h3 = 1 / (1 + np.exp(-(net.W[2] @ h2 + net.b[2])))
    m = x.shape[1]
    d3 = (h3 - y) * h3 * (1 - h3)
    d2 = (net.W[2].T @ d3) * h2 * (1 - h2)
    means = [d2 @ x.T / m, d2.mean(1, keepdims=True), d3 @ h2.T / m, d3.mean(1, keepdims=True)]
    return [0.5 * np.sum((y - h3) ** 2) / m, *means]


def test_the_networks_gradients_on_a_cluster_of_two_processes() -> None:
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    net = Network([64, 30, 10], seed=0)
    m = 20_000
    x = da.random.RandomState(0).normal(size=(64, m), chunks=(64, 2_500))
    y = da.random.RandomState(1).uniform(size=(10, m), chunks=(10, 2_500))
    with dask.config.set(scheduler=computes):  # while the graph is made, nothing is computed
        J = net.cost(x, y)
        found = [J.data, *net.gradients(x, y).values()]
    assert all(isinstance(value, da.Array) for value in found)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        values = [future.result() for future in client.compute(found)]
        used = client.run(lambda dask_worker: dask_worker.state.executed_count)
        assert all(count > 0 for count in used.values())
    expected = by_hand(net, *dask.compute(x, y, scheduler="synchronous"))
    for value, exact in zip(values, expected, strict=True):
        assert np.max(np.abs(value - exact)) <= 1e-12 * np.max(np.abs(exact))


# -- symbols --------------------------------------------------------------------------------------


def test_gradients_in_symbols_are_those_of_sympy() -> None:
    sympy = pytest.importorskip("sympy", reason="the extra 'symbolic' is not installed")
    w = np.array(sympy.symbols("w:2:3")).reshape(2, 3)
    x = np.array(sympy.symbols("x:3"))
    v = np.array(sympy.symbols("v:2"))

    def f(w: Any, x: Any) -> Any:
        z = w @ x
        return np.sum(v * z**2 / (1 + x[0] ** 2)) - np.mean(z)

    z = w @ x
    cost = sum(v * z**2 / (1 + x[0] ** 2)) - sum(z) / 2
    value, (dw, dx) = value_and_grad(f, (0, 1))(w, x)
    assert sympy.simplify(value.item() - cost) == 0
    for symbol, derivative in zip([*w.ravel(), *x], [*dw.ravel(), *dx], strict=True):
        assert sympy.simplify(derivative - cost.diff(symbol)) == 0
    second = jacobian(grad(f, 1), 1)(w, x)
    assert sympy.simplify(second[0, 2] - cost.diff(x[0], x[2])) == 0


def test_an_undefined_function_of_symbols_is_differentiated_by_the_rule_it_is_given() -> None:
    sympy = pytest.importorskip("sympy", reason="the extra 'symbolic' is not installed")

    function: Any = sympy.Function

    class f_prime(function):  # type: ignore[misc]  # noqa: N801  # a class of SymPy, untyped
        pass

    class f(function):  # type: ignore[misc]  # noqa: N801  # a class of SymPy, untyped
        def fdiff(self, argindex: int = 1) -> Any:
            return f_prime(self.args[0])

    slope = np.frompyfunc(f_prime, 1, 1)
    node = custom("symbolic_f", np.frompyfunc(f, 1, 1), lambda g, out, z: g * slope(z))
    try:
        w, x = np.array(sympy.symbols("w:4")).reshape(2, 2), np.array(sympy.symbols("x:2"))
        value, g = value_and_grad(lambda w: np.sum(node(w @ node(w @ x)) ** 2))(w)
        cost = sum(f(z) ** 2 for z in w @ np.frompyfunc(f, 1, 1)(w @ x))
        assert sympy.simplify(value.item() - cost) == 0
        for symbol, derivative in zip(w.ravel(), g.ravel(), strict=True):
            assert sympy.simplify(derivative - cost.diff(symbol)) == 0
    finally:
        del op.REGISTRY["symbolic_f"]
    with pytest.raises(TypeError, match=r"sigmoid cannot be applied.*no callable exp"):
        sigmoid(Tensor(x))  # NumPy's exp knows no symbols


def test_warnings_of_the_libraries_are_not_hidden() -> None:
    """NumPy functions that dask lacks are computed by dask at once, and it says so."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        grad(lambda x: np.sum(np.sort(x, axis=0) ** 2))(chunked(X))
    assert any("not implemented by Dask" in str(w.message) for w in seen)
