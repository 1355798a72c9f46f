"""The document's formulas, derived by hand: nothing here is automatic.

Plain NumPy functions that read as the document writes them (sections 2.1, 3.4, 4.2 and 4.5 to
4.8), and what they become for other activations and costs and with weight decay. Samples are
columns: h^(l) is of shape (s_l, m), or (s_l,) for one sample. `delta` is of one sample a column,
∂J_k/∂z_k^(l), and not divided by m; the gradients are those of the mean cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Layers = Mapping[int, Array]
Function = Callable[[Array], Array]
Functions = Function | Mapping[int, Function]
"""One for all layers, or by layer."""


def f(z: Array) -> Array:
    """Return the activation f(z) = 1/(1 + exp(−z)), of `z`'s shape (section 2.1).

    Examples
    --------
    >>> f(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    with np.errstate(over="ignore", under="ignore"):  # exp(1000) is inf, 1/(1 + inf) the right 0
        result: Array = 1 / (1 + np.exp(-z))
    return result


def f_prime(z: Array) -> Array:
    """Return f′(z) = f(z)(1 − f(z)), of `z`'s shape (section 4.5)."""
    result: Array = f(z) * (1 - f(z))
    return result


# -- other activations ----------------------------------------------------------------------------


def tanh_prime(z: Array) -> Array:
    """Return tanh′(z) = 1 − tanh(z)², of `z`'s shape."""
    result: Array = 1 - np.tanh(z) ** 2
    return result


def relu(z: Array) -> Array:
    """Return max(z, 0), of `z`'s shape."""
    result: Array = np.maximum(z, 0)
    return result


def relu_prime(z: Array) -> Array:
    """Return the derivative of max(z, 0): 1 where z > 0, else 0."""
    return (z > 0).astype(z.dtype)


def leaky_relu(z: Array) -> Array:
    """Return z where z > 0, else 0.01 z."""
    return np.where(z > 0, z, 0.01 * z)


def leaky_relu_prime(z: Array) -> Array:
    """Return 1 where z > 0, else 0.01."""
    return np.where(z > 0, 1, 0.01).astype(z.dtype)


def elu(z: Array) -> Array:
    """Return z where z > 0, else exp(z) − 1."""
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def elu_prime(z: Array) -> Array:
    """Return 1 where z > 0, else exp(z)."""
    return np.exp(np.minimum(z, 0))


def softplus(z: Array) -> Array:
    """Return ln(1 + exp(z)); its derivative is the sigmoid `f`."""
    result: Array = np.logaddexp(0, z).astype(z.dtype)
    return result


def identity(z: Array) -> Array:
    """Return z."""
    return z


def identity_prime(z: Array) -> Array:
    """Return 1, of `z`'s shape."""
    return np.ones_like(z)


def softmax(z: Array) -> Array:
    """Return exp(z_i) / Σ_j exp(z_j), of `z`'s shape: each sample's outputs sum to 1.

    Examples
    --------
    >>> softmax(np.array([1000.0, 1000.0, -1000.0]))
    array([0.5, 0.5, 0. ])
    """
    share = np.exp(z - np.max(z, axis=0))
    result: Array = share / np.sum(share, axis=0)
    return result


# -- costs ----------------------------------------------------------------------------------------


def cost(y: Array, h: Array) -> Any:
    """Return J, the mean over the samples of ½‖y − h^(n_l)‖² (section 4.2).

    Parameters
    ----------
    y, h : array, shape (s_{n_l},) or (s_{n_l}, m)
        Targets and outputs.
    """
    return 0.5 * np.mean(np.sum((y - h) ** 2, axis=0))


def cross_entropy(y: Array, h: Array) -> Any:
    """Return J, the mean over the samples of −Σ_i y_i ln h_i^(n_l), for softmax outputs.

    Parameters
    ----------
    y, h : array, shape (s_{n_l},) or (s_{n_l}, m)
        Targets, which sum to 1 over the nodes, and outputs.
    """
    return np.mean(-np.sum(_times_log(y, h), axis=0))


def binary_cross_entropy(y: Array, h: Array) -> Any:
    """Return J, the mean over the samples of −Σ_i [y_i ln h_i + (1 − y_i) ln(1 − h_i)].

    Parameters
    ----------
    y, h : array, shape (s_{n_l},) or (s_{n_l}, m)
        Targets from 0 to 1, and sigmoid outputs.
    """
    return np.mean(-np.sum(_times_log(y, h) + _times_log(1 - y, 1 - h), axis=0))


def _times_log(y: Array, h: Array) -> Array:
    """Return y ln h, and 0 where y = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y == 0, 0, y * np.log(h))


def penalty(W: Layers, weight_decay: float) -> Any:
    """Return what weight decay adds to J: (λ/2) Σ_l Σ_ij (w_ij^(l))²; biases are left alone."""
    return 0.5 * weight_decay * sum(np.sum(W[l] ** 2) for l in W)


# -- δ --------------------------------------------------------------------------------------------


def delta_output(y: Array, h: Array, z: Array, f_prime: Function = f_prime) -> Array:
    """Return δ^(n_l) = −(y − h^(n_l)) ⊙ f′(z^(n_l)) (section 4.5).

    Parameters
    ----------
    y, h, z : array, shape (s_{n_l},) or (s_{n_l}, m)
        Targets, outputs and weighted inputs of the output layer.
    f_prime : callable, optional
        f′, of another activation than the sigmoid.
    """
    result: Array = -(y - h) * f_prime(z)
    return result


def delta_cross_entropy(y: Array, h: Array) -> Array:
    """Return δ^(n_l) = h^(n_l) − y: of softmax outputs with cross-entropy, of sigmoids with theirs.

    Parameters
    ----------
    y, h : array, shape (s_{n_l},) or (s_{n_l}, m)
        Targets and outputs.
    """
    return h - y


def delta_softmax(h: Array, slope: Array) -> Array:
    """Return δ^(n_l) = h ⊙ (g − Σ_i h_i g_i), of softmax outputs with any cost.

    Parameters
    ----------
    h : array, shape (s_{n_l},) or (s_{n_l}, m)
        Outputs.
    slope : array
        g = ∂J_k/∂h^(n_l), of the same shape; h − y for the squared cost.
    """
    result: Array = h * (slope - np.sum(h * slope, axis=0))
    return result


def delta_hidden(W: Array, delta: Array, z: Array, f_prime: Function = f_prime) -> Array:
    """Return δ^(l) = ((W^(l))ᵀ δ^(l+1)) ⊙ f′(z^(l)) (sections 4.6, 4.7).

    Parameters
    ----------
    W : array, shape (s_{l+1}, s_l)
        W^(l).
    delta : array, shape (s_{l+1},) or (s_{l+1}, m)
        δ^(l+1).
    z : array, shape (s_l,) or (s_l, m)
        z^(l).
    f_prime : callable, optional
        f′, of another activation than the sigmoid.
    """
    result: Array = (W.T @ delta) * f_prime(z)
    return result


def gradient_W(delta: Array, h: Array) -> Array:
    """Return ∂J/∂W^(l) = (1/m) δ^(l+1) (h^(l))ᵀ, of W^(l)'s shape (sections 4.5, 4.7, 4.8).

    Parameters
    ----------
    delta : array, shape (s_{l+1},) or (s_{l+1}, m)
        δ^(l+1).
    h : array, shape (s_l,) or (s_l, m)
        h^(l).
    """
    if h.ndim == 1:
        return np.outer(delta, h)
    m = h.shape[1]
    result: Array = delta @ h.T / m
    return result


def decayed(gradient: Array, W: Array, weight_decay: float) -> Array:
    """Return ∂J/∂W^(l) + λ W^(l): what the gradient becomes when J has the `penalty`."""
    result: Array = gradient + weight_decay * W
    return result


def gradient_b(delta: Array) -> Array:
    """Return ∂J/∂b^(l) = (1/m) Σ_k δ_k^(l+1), a column of shape (s_{l+1}, 1) (sections 4.6, 4.8).

    Parameters
    ----------
    delta : array, shape (s_{l+1},) or (s_{l+1}, m)
        δ^(l+1).
    """
    if delta.ndim == 1:
        return delta[:, np.newaxis]
    result: Array = np.mean(delta, axis=1, keepdims=True)
    return result


# -- the algorithm --------------------------------------------------------------------------------


def feed_forward(
    W: Layers, b: Layers, x: Array, f: Functions = f
) -> tuple[dict[int, Array], dict[int, Array]]:
    """Return z^(l) for l = 2..n_l and h^(l) for l = 1..n_l (section 3.4).

    Parameters
    ----------
    W, b : mapping of layer to array
        W^(l) of shape (s_{l+1}, s_l) and b^(l) of shape (s_{l+1}, 1), l = 1..n_l−1.
    x : array, shape (s_1,) or (s_1, m)
    f : callable, or mapping of layer to callable; optional
        Another activation than the sigmoid.
    """
    z: dict[int, Array] = {}
    h: dict[int, Array] = {1: x}
    for l in sorted(W):
        bias = b[l][:, 0] if x.ndim == 1 else b[l]
        z[l + 1] = W[l] @ h[l] + bias
        h[l + 1] = _of(f, l + 1)(z[l + 1])
    return z, h


def _of(functions: Functions, l: int) -> Function:
    return functions[l] if isinstance(functions, Mapping) else functions


class Backpropagation(NamedTuple):
    """What `backpropagation` finds, each keyed by layer."""

    delta: dict[int, Array]
    dW: dict[int, Array]  # noqa: N815 - ∂J/∂W, as the document writes it
    db: dict[int, Array]


def backpropagation(
    W: Layers,
    b: Layers,
    x: Array,
    y: Array,
    f: Functions = f,
    f_prime: Functions = f_prime,
    *,
    output: Callable[[Array, Array, Array], Array] | None = None,
    weight_decay: float = 0.0,
) -> Backpropagation:
    """Return every δ^(l), ∂J/∂W^(l) and ∂J/∂b^(l), for one sample or a batch (section 4.7).

    Parameters
    ----------
    W, b : mapping of layer to array
        W^(l) of shape (s_{l+1}, s_l) and b^(l) of shape (s_{l+1}, 1), l = 1..n_l−1.
    x : array, shape (s_1,) or (s_1, m)
    y : array, shape (s_{n_l},) or (s_{n_l}, m)
    f, f_prime : callable, or mapping of layer to callable; optional
        f and f′ of another activation than the sigmoid.
    output : callable, optional
        δ^(n_l) of ``(y, h, z)``, of another cost than ½‖y − h‖².
    weight_decay : float
        λ of the `penalty`.
    """
    z, h = feed_forward(W, b, x, f)
    n_l = max(h)
    if output is None:
        delta = {n_l: delta_output(y, h[n_l], z[n_l], _of(f_prime, n_l))}
    else:
        delta = {n_l: output(y, h[n_l], z[n_l])}
    for l in range(n_l - 1, 1, -1):
        delta[l] = delta_hidden(W[l], delta[l + 1], z[l], _of(f_prime, l))
    dW = {l: gradient_W(delta[l + 1], h[l]) for l in range(1, n_l)}
    if weight_decay:
        dW = {l: decayed(dW[l], W[l], weight_decay) for l in dW}
    db = {l: gradient_b(delta[l + 1]) for l in range(1, n_l)}
    return Backpropagation(delta, dW, db)
