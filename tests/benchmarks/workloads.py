"""Work of many kinds, ours against JAX, PyTorch and HIPS autograd.

    python -m tests.benchmarks.workloads [--only gmm lstm] [--repeat 15] [--threads 1]

Each workload is written once, for a namespace `xp` that stands for a library's NumPy, and where it
can be said otherwise a second time. What all candidates return is compared before anything is
timed. "numpy" and "numba" are our two engines, "recorded" is ours without a program.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from tabulate import tabulate

from .timing import Candidate, Timings, environment, in_units, interleaved, limit_threads

Args = tuple[Any, ...]
RIVALS = ("jax.jit", "lax.scan", "torch", "HIPS")


@dataclass
class Workload:
    """What is computed, in one or two spellings, on arguments of two sizes."""

    arguments: Callable[[np.random.Generator, Any], Args]
    sizes: tuple[Any, Any]
    spellings: tuple[Callable[..., Any], ...]
    by_hand: Callable[..., Any] | None = None


WORKLOADS: dict[str, Workload] = {}


def gradient_of(*costs: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    """Return functions that take the value and the gradient of a cost by its first argument."""

    def of(cost: Callable[..., Any]) -> Callable[..., Any]:
        return lambda xp, *args: xp.value_and_grad(functools.partial(cost, xp))(*args)

    return tuple(of(cost) for cost in costs)


# -- dense networks --------------------------------------------------------------------------------


def _weights(rng: Any, *sizes: int) -> list[Any]:
    pairs = itertools.pairwise(sizes)
    return [x for n, m in pairs for x in (rng.normal(size=(n, m)) / np.sqrt(n), np.zeros(m))]


def _mlp(xp: Any, p: Any, x: Any, y: Any) -> Any:
    h = xp.maximum(x @ p[0] + p[1], 0.0)
    z = h @ p[2] + p[3]
    return xp.mean(xp.logsumexp(z, 1) - xp.sum(z * y, axis=1))


def _mlp_spelled_out(xp: Any, p: Any, x: Any, y: Any) -> Any:
    a = x @ p[0] + p[1]
    z = xp.where(a > 0, a, 0.0) @ p[2] + p[3]
    e = xp.exp(z - xp.max(z, axis=1, keepdims=True))
    return -xp.sum(y * xp.log(e / xp.sum(e, axis=1, keepdims=True))) / x.shape[0]


def _adam(cost: Any) -> Any:
    def step(xp: Any, p: Any, m: Any, v: Any, x: Any, y: Any) -> Any:
        J, g = xp.value_and_grad(functools.partial(cost, xp))(p, x, y)
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
        v = [0.999 * a + 0.001 * b**2 for a, b in zip(v, g, strict=True)]
        moved = zip(p, m, v, strict=True)
        return J, [a - 0.01 * b / (xp.sqrt(c) + 1e-8) for a, b, c in moved], m, v

    return step


def _mlp_arguments(rng: Any, size: Any) -> Args:
    n, hidden, m = size
    p = _weights(rng, n, hidden, 10)
    zeros = [np.zeros_like(a) for a in p]
    y = np.eye(10)[rng.integers(0, 10, m)]
    return p, zeros, [z + 0.1 for z in zeros], rng.normal(size=(m, n)), y


WORKLOADS["mlp_adam"] = Workload(
    _mlp_arguments, ((20, 30, 32), (200, 100, 128)), (_adam(_mlp), _adam(_mlp_spelled_out))
)


def _layers(xp: Any, p: Any, x: Any) -> Any:
    for W, b in zip(p[::2], p[1::2], strict=True):
        x = xp.tanh(x @ W + b)
    return xp.sum(x**2)


WORKLOADS["tanh_layers"] = Workload(
    lambda rng, n: (_weights(rng, *[n] * 21), rng.normal(size=(n, n))), (8, 48),
    gradient_of(_layers),
)  # fmt: skip


def _logistic_by_hand(w: Any, x: Any, y: Any) -> Any:
    z = x @ w
    return np.mean(np.logaddexp(0, z) - y * z), (1 / (1 + np.exp(-z)) - y) @ x / len(y)


WORKLOADS["logistic_regression"] = Workload(
    lambda rng, n: (rng.normal(size=n[1]), rng.normal(size=n), rng.integers(0, 2, n[0]) * 1.0),
    ((200, 10), (10_000, 50)),
    gradient_of(
        lambda xp, w, x, y: xp.mean(xp.logaddexp(0.0 * y, x @ w) - y * (x @ w)),
        lambda xp, w, x, y: xp.sum(xp.log(1 + xp.exp(-(2 * y - 1) * xp.dot(x, w)))) / y.shape[0],
    ),
    _logistic_by_hand,
)


def _normalised(xp: Any, p: Any, x: Any) -> Any:
    z = x @ p[0]
    mean = xp.mean(z, axis=0)
    z = (z - mean) / xp.sqrt(xp.mean((z - mean) ** 2, axis=0) + 1e-5) * p[1] + p[2]
    return xp.mean(xp.tanh(z) ** 2)


def _normalised_by_moments(xp: Any, p: Any, x: Any) -> Any:
    z = x @ p[0]
    centred = z - xp.mean(z, axis=0, keepdims=True)
    spread = xp.mean(xp.square(centred), axis=0, keepdims=True)
    return xp.mean(xp.square(xp.tanh(centred * (spread + 1e-5) ** -0.5 * p[1] + p[2])))


WORKLOADS["batch_norm"] = Workload(
    lambda rng, n: ([rng.normal(size=(n, n)), np.ones(n), np.zeros(n)],
                    rng.normal(size=(4 * n, n))),
    (16, 128), gradient_of(_normalised, _normalised_by_moments),
)  # fmt: skip


def _attention(xp: Any, p: Any, x: Any) -> Any:
    q, k, v = (x @ W for W in p)
    s = xp.softmax(q @ xp.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5)
    return xp.sum((s @ v) ** 2)


def _attention_by_einsum(xp: Any, p: Any, x: Any) -> Any:
    q, k, v = (xp.einsum("...nd,de->...ne", x, W) for W in p)
    s = xp.einsum("...ie,...je->...ij", q, k) / q.shape[-1] ** 0.5
    e = xp.exp(s - xp.max(s, axis=-1, keepdims=True))
    return xp.sum(xp.einsum("...ij,...je->...ie", e / xp.sum(e, -1, keepdims=True), v) ** 2)


_ATTENTIONS = {"attention": ((8, 8), (64, 64)), "attention_batch": ((4, 8, 8), (16, 32, 32))}
for _name, _sizes in _ATTENTIONS.items():
    WORKLOADS[_name] = Workload(
        lambda rng, n: ([rng.normal(size=n[-1:] * 2) / 4 for _ in range(3)], rng.normal(size=n)),
        _sizes, gradient_of(_attention, _attention_by_einsum),
    )  # fmt: skip


def _convolution(xp: Any, p: Any, x: Any) -> Any:
    h = xp.maximum(xp.convolve_images(x, p[0]) + p[1][:, None, None], 0.0)
    n, c, rows, columns = h.shape
    h = h.reshape(n, c, rows // 2, 2, columns // 2, 2)
    return xp.sum(xp.max(h, axis=(3, 5)).reshape(n, -1) @ p[2])


def _convolution_by_slices(xp: Any, p: Any, x: Any) -> Any:
    rows, columns = (n - 2 for n in x.shape[-2:])
    h = 0.0
    for i in range(3):
        for j in range(3):
            part = x[:, :, i : i + rows, j : j + columns]
            h = h + xp.einsum("nchw,oc->nohw", part, p[0][:, :, i, j])
    h = xp.maximum(h + p[1][:, None, None], 0.0)
    a = xp.maximum(h[:, :, ::2, ::2], h[:, :, 1::2, ::2])
    b = xp.maximum(h[:, :, ::2, 1::2], h[:, :, 1::2, 1::2])
    return xp.sum(xp.maximum(a, b).reshape(x.shape[0], -1) @ p[2])


def _images(rng: Any, size: Any) -> Args:
    n, c, o, side = size
    weights = rng.normal(size=(o, c, 3, 3)), rng.normal(size=o), rng.normal(size=o * side**2 // 4)
    return list(weights), rng.normal(size=(n, c, side + 2, side + 2))


WORKLOADS["convolution"] = Workload(
    _images, ((4, 1, 4, 10), (16, 3, 8, 26)), gradient_of(_convolution, _convolution_by_slices)
)

# -- sequences -------------------------------------------------------------------------------------


def _lstm(xp: Any, p: Any, xs: Any) -> Any:
    """ADBench's: weights element by element, all parameters in one vector."""
    d = xs.shape[1]
    W = [p[i * d : (i + 1) * d] for i in range(8)]

    def step(state: Any, x: Any) -> Any:
        h, c = state
        forget, out = xp.sigmoid(x * W[0] + W[1]), xp.sigmoid(x * W[2] + W[3])
        entry, change = xp.sigmoid(h * W[4] + W[5]), xp.tanh(h * W[6] + W[7])
        c = c * forget + entry * change
        h = out * xp.tanh(c)
        return (h, c), xp.sum(h * x) - xp.log(xp.sum(xp.exp(h)))

    zero = 0.0 * xs[0]
    return -xp.sum(xp.scan(step, (zero, zero), xs)[1])


def _lstm_in_matrices(xp: Any, p: Any, xs: Any) -> Any:
    n = p[1].shape[0]

    def step(state: Any, x: Any) -> Any:
        h, c = state
        z = x @ p[0] + h @ p[1] + p[2]
        i, f, o = (xp.sigmoid(z[..., k * n : (k + 1) * n]) for k in range(3))
        c = f * c + i * xp.tanh(z[..., 3 * n :])
        h = o * xp.tanh(c)
        return (h, c), xp.sum(h**2)

    zero = 0.0 * (xs[0] @ p[0])[..., :n]
    return xp.sum(xp.scan(step, (zero, zero), xs)[1])


def _char_rnn(xp: Any, p: Any, codes: Any, hot: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = xp.tanh(x @ p[0] + h @ p[1] + p[2])
        return h, h @ p[3] + p[4]

    z = xp.scan(step, 0.0 * p[2], hot[:-1])[1]
    return xp.sum(xp.logsumexp(z, 1)) - xp.sum(z * hot[1:])


def _char_rnn_by_codes(xp: Any, p: Any, codes: Any, hot: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = xp.tanh(x + h @ p[1] + p[2])
        z = h @ p[3] + p[4]
        return h, z - xp.log(xp.sum(xp.exp(z)))

    z = xp.scan(step, 0.0 * p[2], p[0][codes[:-1]])[1]
    return -xp.sum(hot[1:] * z)


def _codes(rng: Any, size: Any) -> Args:
    steps, letters, n = size
    p = [rng.normal(size=s) / 4 for s in ((letters, n), (n, n), n, (n, letters), letters)]
    codes = rng.integers(0, letters, steps + 1)
    return p, codes, np.eye(letters)[codes]


def _runge_kutta(xp: Any, p: Any, y: Any, times: Any) -> Any:
    def f(y: Any) -> Any:
        return xp.sin(p[0] * y) - p[1] * xp.roll(y, 1) * y

    def step(y: Any, h: Any) -> Any:
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), h

    return xp.sum(xp.scan(step, y, times)[0] ** 2)


def _carried_numbers(xp: Any, factor: Any, starts: Any, xs: Any) -> Any:
    """Many numbers of their own that are stepped together, as in jax-ml/jax#40150."""

    def step(state: Any, x: Any) -> Any:
        return tuple(xp.tanh(factor * s + x) for s in state), x

    return sum(xp.scan(step, tuple(starts[k] for k in range(20)), xs)[0])


WORKLOADS["carried_numbers"] = Workload(
    lambda rng, n: (np.array(0.9), rng.normal(size=20), rng.normal(size=n)), (100, 1000),
    gradient_of(_carried_numbers),
)  # fmt: skip
WORKLOADS["lstm_adbench"] = Workload(
    lambda rng, n: (rng.normal(size=8 * n[1]) / 4, rng.normal(size=n)), ((20, 14), (50, 14)),
    gradient_of(_lstm),
)  # fmt: skip
WORKLOADS["lstm"] = Workload(
    lambda rng, n: ([rng.normal(size=s) / 8 for s in ((n[2], 4 * n[2]),) * 2 + (4 * n[2],)],
                    rng.normal(size=n)),
    ((10, 8, 16), (20, 32, 64)), gradient_of(_lstm_in_matrices),
)  # fmt: skip
WORKLOADS["char_rnn"] = Workload(
    _codes, ((25, 30, 20), (25, 60, 100)), gradient_of(_char_rnn, _char_rnn_by_codes)
)
WORKLOADS["runge_kutta"] = Workload(
    lambda rng, n: ([np.array(0.5), np.array(0.1)], rng.normal(size=8), np.full(n, 0.05)),
    (20, 200), gradient_of(_runge_kutta),
)  # fmt: skip

# -- models ----------------------------------------------------------------------------------------


def _triangle(d: int) -> tuple[Any, Any]:
    return np.tril_indices(d, -1)


def _gmm(xp: Any, p: Any, x: Any, lower: Any) -> Any:
    alphas, means, logs, rest = p
    L = xp.einsum("ke,eij->kij", rest, lower)
    Q = L + xp.exp(logs)[:, :, None] * xp.eye(x.shape[1])
    centred = xp.einsum("kij,nkj->nki", Q, x[:, None, :] - means)
    terms = alphas + xp.sum(logs, axis=1) - 0.5 * xp.sum(centred**2, axis=2)
    fit = xp.sum(xp.logsumexp(terms, 1)) - x.shape[0] * xp.logsumexp(alphas, 0)
    return fit - 0.5 * (xp.sum(xp.exp(2 * logs)) + xp.sum(rest**2)) + xp.sum(logs)


def _gmm_by_products(xp: Any, p: Any, x: Any, lower: Any) -> Any:
    alphas, means, logs, rest = p
    k, d = means.shape
    Q = (rest @ lower.reshape(-1, d * d)).reshape(k, d, d)
    apart = x[None, :, :] - means[:, None, :]
    centred = apart @ xp.swapaxes(Q, 1, 2) + xp.exp(logs)[:, None, :] * apart
    terms = (alphas + xp.sum(logs, axis=1))[:, None] - 0.5 * xp.sum(xp.square(centred), axis=-1)
    peak = xp.max(terms, axis=0)
    fit = xp.sum(xp.log(xp.sum(xp.exp(terms - peak), axis=0)) + peak)
    fit = fit - x.shape[0] * xp.log(xp.sum(xp.exp(alphas)))
    return fit - 0.5 * (xp.sum(xp.exp(logs) ** 2) + xp.sum(rest * rest)) + xp.sum(logs)


def _gmm_arguments(rng: Any, size: Any) -> Args:
    n, d, k = size
    i, j = _triangle(d)
    lower = np.zeros((len(i), d, d))
    lower[np.arange(len(i)), i, j] = 1
    shapes = (k, (k, d), (k, d), (k, len(i)))
    return [rng.normal(size=s) / 4 for s in shapes], rng.normal(size=(n, d)), lower


WORKLOADS["gmm"] = Workload(
    _gmm_arguments, ((100, 4, 5), (1000, 10, 10)), gradient_of(_gmm, _gmm_by_products)
)


def _projected(xp: Any, w: Any, points: Any) -> Any:
    angle = xp.sqrt(xp.sum(w**2, axis=1, keepdims=True))
    axis, cos, sin = w / angle, xp.cos(angle), xp.sin(angle)
    across = xp.stack([axis[:, 1] * points[:, 2] - axis[:, 2] * points[:, 1],
                       axis[:, 2] * points[:, 0] - axis[:, 0] * points[:, 2],
                       axis[:, 0] * points[:, 1] - axis[:, 1] * points[:, 0]], 1)  # fmt: skip
    along = xp.sum(axis * points, axis=1, keepdims=True)
    return points * cos + across * sin + axis * along * (1 - cos)


def _adjustment(xp: Any, p: Any, i: Any, j: Any, seen: Any) -> Any:
    camera = p[0][i]
    at = _projected(xp, camera[:, :3], p[1][j] - camera[:, 3:6])
    flat = at[:, :2] / at[:, 2:]
    r2 = xp.sum(flat * flat, axis=1, keepdims=True)
    flat = flat * (1 + camera[:, 9:10] * r2 + camera[:, 10:] * r2 * r2)
    error = p[2][:, None] * (flat * camera[:, 6:7] + camera[:, 7:9] - seen)
    return xp.sum(error**2) + xp.sum((1 - p[2] ** 2) ** 2)


def _adjustment_arguments(rng: Any, size: Any) -> Args:
    cameras, points, seen = size
    p = [rng.normal(size=(cameras, 11)), rng.normal(size=(points, 3)) + 3, rng.uniform(size=seen)]
    where = rng.integers(0, cameras, seen), rng.integers(0, points, seen)
    return p, *where, rng.normal(size=(seen, 2))


WORKLOADS["bundle_adjustment"] = Workload(
    _adjustment_arguments, ((5, 40, 200), (20, 1000, 10_000)), gradient_of(_adjustment)
)


def _process(xp: Any, p: Any, x: Any, y: Any) -> Any:
    apart = xp.sum((x[:, None] - x[None]) ** 2, axis=-1)
    K = xp.exp(p[0]) * xp.exp(-0.5 * apart * xp.exp(p[1])) + xp.exp(p[2]) * xp.eye(len(y))
    L = xp.linalg.cholesky(K)
    a = xp.linalg.solve(L, y[:, None])
    return 0.5 * xp.sum(a**2) + xp.sum(xp.log(xp.diagonal(L)))


def _process_by_the_whole(xp: Any, p: Any, x: Any, y: Any) -> Any:
    squares = xp.sum(x * x, axis=1)
    apart = squares[:, None] + squares - 2 * x @ x.T
    K = xp.exp(p[0] - 0.5 * apart * xp.exp(p[1])) + xp.exp(p[2]) * xp.eye(len(y))
    a = xp.linalg.solve(K, y[:, None])
    return 0.5 * xp.sum(y * a[:, 0]) + xp.sum(xp.log(xp.diagonal(xp.linalg.cholesky(K))))


WORKLOADS["gaussian_process"] = Workload(
    lambda rng, n: ([np.array(v) for v in (0.3, 0.1, -1.0)],
                    rng.normal(size=(n, 3)), rng.normal(size=n)),
    (30, 200), gradient_of(_process, _process_by_the_whole),
)  # fmt: skip
WORKLOADS["k_means"] = Workload(
    lambda rng, n: (rng.normal(size=(n[1], n[2])), rng.normal(size=(n[0], n[2]))),
    ((200, 5, 3), (5000, 10, 4)),
    gradient_of(
        lambda xp, c, x: xp.sum(xp.min(xp.sum((x[:, None] - c[None]) ** 2, axis=-1), axis=1)),
        lambda xp, c, x: xp.sum(
            xp.sum(x * x, axis=1)
            - xp.max(2 * x @ c.T - xp.sum(c**2, axis=1), axis=1)
        ),
    ),
)  # fmt: skip
WORKLOADS["masked_factors"] = Workload(
    lambda rng, n: ([rng.normal(size=(n, 4)), rng.normal(size=(n, 4))], rng.normal(size=(n, n)),
                    rng.uniform(size=(n, n)) < 0.3),
    (20, 200),
    gradient_of(
        lambda xp, p, R, seen: xp.sum(xp.where(seen, p[0] @ p[1].T - R, 0.0) ** 2),
        lambda xp, p, R, seen: xp.sum(seen * (xp.einsum("ik,jk->ij", p[0], p[1]) - R) ** 2),
    ),
)  # fmt: skip

# -- derivatives of other kinds --------------------------------------------------------------------


def _rosenbrock(xp: Any, x: Any) -> Any:
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def _rosenbrock_by_powers(xp: Any, x: Any) -> Any:
    return xp.sum(100.0 * xp.square(x[1:] - x[:-1] * x[:-1])) + xp.sum(xp.square(1 - x[:-1]))


def _net(xp: Any, W: Any, V: Any, x: Any) -> Any:
    return V @ xp.tanh(W @ x)


WORKLOADS["rosenbrock"] = Workload(
    lambda rng, n: (rng.normal(size=n),), (100, 1000),
    gradient_of(_rosenbrock, _rosenbrock_by_powers),
)  # fmt: skip
WORKLOADS["rosenbrock_long"] = Workload(
    lambda rng, n: (rng.normal(size=n),), (10_000, 100_000), gradient_of(_rosenbrock)
)
WORKLOADS["rosenbrock_hvp"] = Workload(
    lambda rng, n: (rng.normal(size=n), rng.normal(size=n)), (100, 1000),
    (lambda xp, x, v: xp.hvp(functools.partial(_rosenbrock, xp))(x, v),),
)  # fmt: skip
WORKLOADS["rosenbrock_hessian"] = Workload(
    lambda rng, n: (rng.normal(size=n),), (20, 100),
    (lambda xp, x: xp.hessian(functools.partial(_rosenbrock, xp))(x),),
)  # fmt: skip
WORKLOADS["jacobian"] = Workload(
    lambda rng, n: (rng.normal(size=n), rng.normal(size=(n, n)), rng.normal(size=(n, n))), (10, 50),
    (lambda xp, x, W, V: xp.jacobian(lambda x: _net(xp, W, V, x))(x),),
)  # fmt: skip


# -- the libraries ---------------------------------------------------------------------------------


class Space:
    """A library's NumPy, with what NumPy itself has no name for."""

    def __init__(self, module: Any, **more: Any) -> None:
        self.module = module
        self.__dict__.update(more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


def _scan(stack: Any, f: Any, state: Any, xs: Any) -> Any:
    outs = []
    for t in range(xs.shape[0]):
        state, out = f(state, xs[t])
        outs.append(out)
    return state, stack(outs)


def _over_windows(xp: Any, x: Any, w: Any) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))
    return xp.einsum("nchwij,ocij->nohw", windows, w)


def _softmax(xp: Any, z: Any) -> Any:
    e = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def ours() -> Space:
    """Return our namespace."""
    import autograd_nn as ag

    return Space(
        np, sigmoid=ag.sigmoid, softmax=ag.softmax, value_and_grad=ag.value_and_grad,
        logsumexp=ag.logsumexp, hessian=ag.hessian, jacobian=ag.jacobian, hvp=ag.hvp,
        scan=functools.partial(_scan, np.stack),
        convolve_images=functools.partial(_over_windows, np),
    )  # fmt: skip


def jax_space(scanned: bool) -> Space:
    """Return JAX's, its loops unrolled or `scanned`."""
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def hvp(f: Any) -> Any:
        return lambda x, v: jax.jvp(jax.grad(f), (x,), (v,))[1]

    return Space(
        jnp, sigmoid=jax.nn.sigmoid, softmax=jax.nn.softmax, value_and_grad=jax.value_and_grad,
        logsumexp=jax.scipy.special.logsumexp, hessian=jax.hessian, jacobian=jax.jacobian, hvp=hvp,
        scan=jax.lax.scan if scanned else functools.partial(_scan, jnp.stack),
        convolve_images=lambda x, w: jax.lax.conv(x, w, (1, 1), "VALID"),
    )  # fmt: skip


def torch_space() -> Space:
    """Return PyTorch's, under NumPy's names."""
    import torch

    def value_and_grad(f: Any) -> Any:
        def run(p: Any, *args: Any) -> Any:
            leaves = p if isinstance(p, list) else [p]
            own = [x.detach().requires_grad_() for x in leaves]
            value = f(own if isinstance(p, list) else own[0], *args)
            flows = torch.autograd.grad(value, own)
            return value.detach(), list(flows) if isinstance(p, list) else flows[0]

        return run

    def hvp(f: Any) -> Any:
        return lambda x, v: torch.autograd.functional.hvp(f, x, v)[1]

    def stack(parts: Any, axis: int = 0) -> Any:
        return torch.stack(list(parts), axis)

    def logaddexp(a: Any, b: Any) -> Any:
        return torch.logaddexp(torch.as_tensor(a, dtype=b.dtype), b)

    def maximum(a: Any, b: Any) -> Any:
        return torch.maximum(a, torch.as_tensor(b, dtype=a.dtype))

    return Space(
        torch, max=torch.amax, min=torch.amin, stack=stack, logaddexp=logaddexp, maximum=maximum,
        eye=functools.partial(torch.eye, dtype=torch.float64),
        softmax=functools.partial(torch.softmax, dim=-1), value_and_grad=value_and_grad, hvp=hvp,
        hessian=torch.func.hessian, jacobian=torch.func.jacrev, diagonal=torch.diagonal,
        scan=functools.partial(_scan, stack), convolve_images=torch.nn.functional.conv2d,
    )  # fmt: skip


def hips_space() -> Space:
    """Return that of HIPS autograd, which has no windows: they are put together from slices."""
    import autograd
    from autograd import numpy as anp
    from autograd.scipy.special import logsumexp

    def convolve_images(x: Any, w: Any) -> Any:
        rows, columns = (n - m + 1 for n, m in zip(x.shape[2:], w.shape[2:], strict=True))
        return sum(
            anp.einsum("nchw,oc->nohw", x[:, :, i : i + rows, j : j + columns], w[:, :, i, j])
            for i in range(w.shape[2]) for j in range(w.shape[3])
        )  # fmt: skip

    space = Space(
        anp, logsumexp=logsumexp, value_and_grad=autograd.value_and_grad,
        sigmoid=lambda z: 1 / (1 + anp.exp(-z)), hessian=autograd.hessian,
        jacobian=autograd.jacobian, hvp=autograd.hessian_vector_product,
        scan=functools.partial(_scan, anp.stack), convolve_images=convolve_images,
    )  # fmt: skip
    space.softmax = functools.partial(_softmax, anp)
    return space


def candidates(spelling: Any, args: Args, wanted: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield name → (function without arguments that returns arrays, what waits for it)."""
    import autograd_nn as ag
    from autograd_nn.transforms.containers import tree_map

    def now(name: str) -> bool:
        return not wanted or name in wanted

    mine = functools.partial(spelling, ours())
    for engine in ("numpy", "numba"):
        if now(engine):
            program = ag.jit(mine, engine=engine)
            yield engine, functools.partial(program, *args)
    if now("recorded"):
        given = tree_map(lambda a: ag.Tensor(a) if a.dtype.kind == "f" else a, args)
        yield "recorded", functools.partial(mine, *given)
    for name in ("jax.jit", "lax.scan"):
        if now(name) and (name == "jax.jit" or uses_scan(spelling, args)):
            import jax

            run = jax.jit(functools.partial(spelling, jax_space(name == "lax.scan")))
            yield name, functools.partial(_waited, jax, run, jax.device_put(args))
    if now("torch"):
        import torch

        own = tree_map(lambda a: torch.from_numpy(np.array(a)), args)
        yield "torch", functools.partial(spelling, torch_space(), *own)
    if now("HIPS"):
        yield "HIPS", functools.partial(spelling, hips_space(), *args)


def uses_scan(spelling: Any, args: Args) -> bool:
    """Whether a workload has a loop, seen by running it."""
    seen: list[int] = []
    space = ours()
    plain = space.scan
    space.scan = lambda *given: (seen.append(1), plain(*given))[1]
    spelling(space, *args)
    return bool(seen)


def _waited(jax: Any, run: Any, args: Any) -> Any:
    return jax.block_until_ready(run(*args))


def flat(result: Any) -> list[np.ndarray]:
    """Return the arrays of a result, whichever library made them."""
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in flat(part)]
    return [np.asarray(result.detach() if hasattr(result, "detach") else result)]


def same(got: list[np.ndarray], right: list[np.ndarray]) -> bool:
    """Whether two results agree up to rounding."""
    return len(got) == len(right) and all(
        np.allclose(a, b, rtol=1e-7, atol=1e-9 * (1 + np.abs(b).max(initial=0)))
        for a, b in zip(got, right, strict=True)
    )


def measured(name: str, which: int, size: int, repeat: int, wanted: set[str]) -> Timings | None:
    """Compare the candidates of one workload, and time them."""
    workload = WORKLOADS[name]
    args = workload.arguments(np.random.default_rng(0), workload.sizes[size])
    runs: dict[str, Candidate] = {}
    right: list[np.ndarray] | None = None
    found = candidates(workload.spellings[which], args, wanted)
    while True:
        label, start = "?", time.perf_counter()
        try:
            label, run = next(found)
            result = flat(run())
        except StopIteration:
            break
        except Exception as error:  # a library that cannot do it is left out, and that is said
            print(f"  {name} {label}: {type(error).__name__}: {str(error)[:160]}", file=sys.stderr)
            continue
        spent = time.perf_counter() - start
        right = right or result
        if not same(result, right):
            print(f"  {name} {label}: DIFFERENT RESULTS", file=sys.stderr)
            continue
        if label in ("numpy", "numba"):
            print(f"  {name} {label}: made in {spent:.2f} s", file=sys.stderr)
        runs[label] = Candidate(run)
    if workload.by_hand is not None and right is not None:
        by_hand = functools.partial(workload.by_hand, *args)
        assert same(flat(by_hand()), right)
        runs["by hand"] = Candidate(by_hand)
    return interleaved(runs, repeat, 0.003, 0.05) if runs else None


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--candidates", nargs="*", default=[])
    parser.add_argument("--sizes", nargs="*", type=int, default=[0, 1])
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    limit_threads(options.threads)
    warnings.simplefilter("ignore")
    print(environment(["numpy", "numba", "jax", "torch", "autograd"], options.threads))
    rows: list[list[str]] = []
    names = ("numpy", "numba", "recorded", *RIVALS, "by hand")
    for name in options.only:
        for which in range(len(WORKLOADS[name].spellings)):
            for size in options.sizes:
                timings = measured(name, which, size, options.repeat, set(options.candidates))
                if timings is None:
                    continue
                theirs = timings.fastest(RIVALS)
                row = [f"{name}{'′' * which} {'sm'[size]}"]
                row += [in_units(timings.median(n)) if n in timings else "-" for n in names]
                for mine in (("numpy", "numba"), ("numpy",)):
                    best = timings.fastest(mine)
                    row.append(f"{timings.ratio(best, theirs):.2f}" if best and theirs else "-")
                rows.append(row)
                print("\t".join(row), flush=True)
    headers = ["", *names, "best : rival", "numpy : rival"]
    print(tabulate(rows, headers=headers, disable_numparse=True))


if __name__ == "__main__":
    main()
