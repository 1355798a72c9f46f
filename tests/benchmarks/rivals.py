"""The same step by other libraries, each as its own users would write it for speed on a CPU.

| who | layout | how |
|---|---|---|
| PyTorch eager | a sample a row, weights (out, in) | `autograd.grad`, one `_foreach_add_` |
| torch.compile | the same | the whole step, `torch.func.grad` and update, as one compiled graph |
| jax.jit | a sample a row, weights (in, out) | `jax.grad` in a jitted step, parameters donated |
| MyGrad | a sample a column | its own sigmoid, memory guarding off |
| HIPS autograd | a sample a column | `grad` over a list of parameters, updated in place |
| Numba | a sample a column | written by hand: `np.dot` and fused loops, ``fastmath`` |

None computes more than the step asks for where its interface lets it choose. JAX runs with x64
switched on, which float64 needs.

JAX only queues its work and hands it to a thread of its own. "jax.jit" is waited for at the end of
a round, as at the end of a training loop; "jax.jit, each awaited" after every step, as a loop
that looks at every step must.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .problem import Contender, Maker, Problem

# -- PyTorch --------------------------------------------------------------------------------------


def torch_arrays(problem: Problem) -> tuple[list[Any], Any, Any]:
    """Return the parameters and the samples as PyTorch has them."""
    import torch

    from .timing import threads_wanted

    torch.set_num_threads(threads_wanted())
    W1, b1, W2, b2 = problem.copies()
    p = [torch.from_numpy(w) for w in (W1, b1[:, 0], W2, b2[:, 0])]
    x, y = (torch.from_numpy(a) for a in problem.rows())
    return p, x, y


def torch_cost(p: list[Any], x: Any, y: Any) -> Any:
    """Return the mean cost, a sample a row."""
    import torch
    from torch.nn.functional import linear, mse_loss

    h2 = torch.sigmoid(linear(x, p[0], p[1]))
    h3 = torch.sigmoid(linear(h2, p[2], p[3]))
    return mse_loss(h3, y, reduction="sum") * (0.5 / x.shape[0])


def torch_step(p: list[Any], x: Any, y: Any, rate: float) -> None:
    """Take one step in place; every parameter requires gradients."""
    import torch

    flows = torch.autograd.grad(torch_cost(p, x, y), p)
    with torch.no_grad():
        torch._foreach_add_(p, flows, alpha=-rate)


def from_torch(p: list[Any]) -> list[np.ndarray]:
    """Return PyTorch's parameters in the layout of `Problem`."""
    W1, b1, W2, b2 = (w.detach().numpy() for w in p)
    return [W1, b1[:, None], W2, b2[:, None]]


def torch_eager(problem: Problem) -> Contender:
    """PyTorch, eagerly."""
    p, x, y = torch_arrays(problem)
    p = [w.requires_grad_() for w in p]
    rate = problem.rate
    return Contender(lambda: torch_step(p, x, y, rate), parameters=lambda: from_torch(p))


def torch_compiled(problem: Problem) -> Contender:
    """PyTorch, the step compiled whole."""
    p, x, y = torch_arrays(problem)
    import torch

    torch.compiler.reset()
    rate = problem.rate

    def step(p: list[Any], x: Any, y: Any) -> None:
        flows = torch.func.grad(torch_cost)(p, x, y)
        for w, flow in zip(p, flows, strict=True):
            w.sub_(flow, alpha=rate)

    compiled = torch.compile(step, fullgraph=True, dynamic=False)
    return Contender(lambda: compiled(p, x, y), parameters=lambda: from_torch(p))


# -- JAX ------------------------------------------------------------------------------------------


def jax_arrays(problem: Problem) -> tuple[list[Any], Any, Any]:
    """Return the parameters and the samples as JAX has them."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    W1, b1, W2, b2 = problem.parameters
    p = [jnp.array(w) for w in (W1.T, b1[:, 0], W2.T, b2[:, 0])]
    x, y = (jnp.array(a) for a in problem.rows())
    if x.dtype != problem.dtype or p[0].dtype != problem.dtype:
        raise AssertionError(f"JAX holds {x.dtype}, not {problem.dtype}: is x64 on?")
    return p, x, y


def jax_updated(p: list[Any], x: Any, y: Any, rate: float) -> list[Any]:
    """Return the parameters after one step, on a batch of rows or on one sample."""
    import jax
    import jax.numpy as jnp

    samples = 1 if x.ndim == 1 else x.shape[0]

    def cost(p: list[Any]) -> Any:
        h2 = jax.nn.sigmoid(x @ p[0] + p[1])
        h3 = jax.nn.sigmoid(h2 @ p[2] + p[3])
        return jnp.sum((h3 - y) ** 2) * (0.5 / samples)

    return [w - rate * flow for w, flow in zip(p, jax.grad(cost)(p), strict=True)]


def from_jax(p: list[Any]) -> list[np.ndarray]:
    """Return JAX's parameters in the layout of `Problem`."""
    W1, b1, W2, b2 = (np.asarray(w) for w in p)
    return [W1.T, b1[:, None], W2.T, b2[:, None]]


def jax_jit(problem: Problem) -> Contender:
    """JAX, jitted, parameters donated."""
    p, x, y = jax_arrays(problem)
    import jax

    rate = problem.rate
    step = jax.jit(lambda p, x, y: jax_updated(p, x, y, rate), donate_argnums=0)
    state = [p]

    def call() -> None:
        state[0] = step(state[0], x, y)

    return Contender(
        call,
        finish=lambda: jax.block_until_ready(state[0]),
        parameters=lambda: from_jax(state[0]),
    )


def jax_awaited(problem: Problem) -> Contender:
    """JAX, jitted, every step waited for."""
    queued = jax_jit(problem)

    def call() -> None:
        queued.call()
        queued.finish()

    return Contender(call, parameters=queued.parameters)


# -- engines on NumPy -----------------------------------------------------------------------------


def mygrad(problem: Problem) -> Contender:
    """MyGrad."""
    import mygrad as mg
    from mygrad.nnet.activations import sigmoid

    mg.turn_memory_guarding_off()
    p = W1, b1, W2, b2 = [mg.tensor(w) for w in problem.copies()]
    x, y = problem.x, problem.y
    scale, rate = 0.5 / problem.samples, problem.rate

    def call() -> None:
        h2 = sigmoid(W1 @ x + b1)
        h3 = sigmoid(W2 @ h2 + b2)
        (mg.square(h3 - y).sum() * scale).backward()
        for w in p:
            w.data -= rate * w.grad

    return Contender(call, parameters=lambda: [w.data for w in p])


def hips_autograd(problem: Problem) -> Contender:
    """HIPS autograd."""
    import autograd.numpy as anp
    from autograd import grad

    p = problem.copies()
    x, y = problem.x, problem.y
    scale, rate = 0.5 / problem.samples, problem.rate

    def cost(p: list[Any]) -> Any:
        W1, b1, W2, b2 = p
        h2 = 1 / (1 + anp.exp(-(anp.dot(W1, x) + b1)))
        h3 = 1 / (1 + anp.exp(-(anp.dot(W2, h2) + b2)))
        return anp.sum((h3 - y) ** 2) * scale

    slope = grad(cost)

    def call() -> None:
        for w, flow in zip(p, slope(p), strict=True):
            w[...] -= rate * flow

    return Contender(call, parameters=lambda: p)


# -- Numba ----------------------------------------------------------------------------------------


def numba_step() -> Any:
    """Return the compiled step ``(W1, b1, W2, b2, x, y, step, buffers…)``, by hand."""
    import numba

    @numba.njit(fastmath=True)
    def sigmoid_of_layer(h: Any, b: Any) -> None:
        for i in range(h.shape[0]):
            for k in range(h.shape[1]):
                h[i, k] = 1 / (1 + np.exp(-(h[i, k] + b[i, 0])))

    @numba.njit(fastmath=True)
    def descend(W: Any, b: Any, dW: Any, delta: Any, step: Any) -> None:
        for i in range(W.shape[0]):
            for j in range(W.shape[1]):
                W[i, j] -= step * dW[i, j]
            total = step * 0
            for k in range(delta.shape[1]):
                total += delta[i, k]
            b[i, 0] -= step * total

    @numba.njit(fastmath=True)
    def take(
        W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, step: Any,
        h2: Any, h3: Any, delta2: Any, delta3: Any, dW1: Any, dW2: Any,
    ) -> None:  # fmt: skip
        np.dot(W1, x, h2)
        sigmoid_of_layer(h2, b1)
        np.dot(W2, h2, h3)
        sigmoid_of_layer(h3, b2)
        for i in range(h3.shape[0]):
            for k in range(h3.shape[1]):
                h = h3[i, k]
                delta3[i, k] = (h - y[i, k]) * h * (1 - h)
        np.dot(W2.T, delta3, delta2)
        for i in range(h2.shape[0]):
            for k in range(h2.shape[1]):
                h = h2[i, k]
                delta2[i, k] *= h * (1 - h)
        np.dot(delta3, h2.T, dW2)
        np.dot(delta2, x.T, dW1)
        descend(W2, b2, dW2, delta3, step)
        descend(W1, b1, dW1, delta2, step)

    return take


def numba_sample_step() -> Any:
    """Return the compiled step on one sample: loops alone, vectors for b, x and y."""
    import numba

    @numba.njit(fastmath=True)
    def take(
        W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, rate: Any,
        h2: Any, delta3: Any, delta2: Any,
    ) -> None:  # fmt: skip
        for i in range(W1.shape[0]):
            z = b1[i]
            for j in range(W1.shape[1]):
                z += W1[i, j] * x[j]
            h2[i] = 1 / (1 + np.exp(-z))
            delta2[i] = 0
        for i in range(W2.shape[0]):
            z = b2[i]
            for j in range(W2.shape[1]):
                z += W2[i, j] * h2[j]
            h3 = 1 / (1 + np.exp(-z))
            delta3[i] = rate * (h3 - y[i]) * h3 * (1 - h3)
            b2[i] -= delta3[i]
            for j in range(W2.shape[1]):
                delta2[j] += W2[i, j] * delta3[i]
                W2[i, j] -= delta3[i] * h2[j]
        for i in range(W1.shape[0]):
            flow = delta2[i] * h2[i] * (1 - h2[i])
            b1[i] -= flow
            for j in range(W1.shape[1]):
                W1[i, j] -= flow * x[j]

    return take


def numba_buffers(problem: Problem) -> list[np.ndarray]:
    """Return the working arrays of `numba_step`."""
    W1, b1, W2, b2 = problem.parameters
    shapes = [(len(b), problem.samples) for b in (b1, b2)] * 2 + [W1.shape, W2.shape]
    return [np.empty(shape, problem.dtype) for shape in shapes]


def numba_hand(problem: Problem) -> Contender:
    """Numba by hand."""
    p = problem.copies()
    x, y = problem.x, problem.y
    if problem.samples == 1:
        single = numba_sample_step()
        W1, b1, W2, b2 = (w if w.shape[1] > 1 else w[:, 0] for w in p)
        rate = problem.dtype.type(problem.rate)
        workspace = [np.empty(len(b), problem.dtype) for b in (b1, b2, b1)]
        x1, y1 = x[:, 0].copy(), y[:, 0].copy()
        return Contender(
            lambda: single(W1, b1, W2, b2, x1, y1, rate, *workspace), parameters=lambda: p
        )
    take = numba_step()
    step = problem.dtype.type(problem.rate / problem.samples)
    buffers = numba_buffers(problem)
    return Contender(lambda: take(*p, x, y, step, *buffers), parameters=lambda: p)


TORCH, COMPILED = "PyTorch eager", "torch.compile"
JAX, JAX_AWAITED = "jax.jit", "jax.jit, each awaited"
MYGRAD, HIPS, NUMBA = "MyGrad", "HIPS autograd", "Numba by hand"

MAKERS: dict[str, Maker] = {
    NUMBA: numba_hand,
    JAX: jax_jit,
    JAX_AWAITED: jax_awaited,
    COMPILED: torch_compiled,
    TORCH: torch_eager,
    MYGRAD: mygrad,
    HIPS: hips_autograd,
}
SHORT = {
    "numba": (NUMBA,),
    "jax": (JAX, JAX_AWAITED),
    "compile": (COMPILED,),
    "torch": (TORCH,),
    "mygrad": (MYGRAD,),
    "autograd": (HIPS,),
}
"""What ``--rivals`` calls them."""

PACKAGES = ("numpy", "scipy", "numba", "jax", "torch", "mygrad", "autograd", "scikit-learn")
