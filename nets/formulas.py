"""The document's formulas, derived by hand: nothing here is automatic.

Plain NumPy functions that read as the document writes them (sections 2.1, 3.4, 4.2 and 4.5 to
4.8). Samples are columns: h^(l) is of shape (s_l, m), or (s_l,) for one sample. `delta` is of
one sample a column, ∂J_k/∂z_k^(l), and not divided by m; the gradients are those of the mean cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Layers = Mapping[int, Array]
Function = Callable[[Array], Array]


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


def cost(y: Array, h: Array) -> Any:
    """Return J, the mean over the samples of ½‖y − h^(n_l)‖² (section 4.2).

    Parameters
    ----------
    y, h : array, shape (s_{n_l},) or (s_{n_l}, m)
        Targets and outputs.
    """
    return 0.5 * np.mean(np.sum((y - h) ** 2, axis=0))


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


def feed_forward(
    W: Layers, b: Layers, x: Array, f: Function = f
) -> tuple[dict[int, Array], dict[int, Array]]:
    """Return z^(l) for l = 2..n_l and h^(l) for l = 1..n_l (section 3.4).

    Parameters
    ----------
    W, b : mapping of layer to array
        W^(l) of shape (s_{l+1}, s_l) and b^(l) of shape (s_{l+1}, 1), l = 1..n_l−1.
    x : array, shape (s_1,) or (s_1, m)
    f : callable, optional
        Another activation than the sigmoid.
    """
    z: dict[int, Array] = {}
    h: dict[int, Array] = {1: x}
    for l in sorted(W):
        bias = b[l][:, 0] if x.ndim == 1 else b[l]
        z[l + 1] = W[l] @ h[l] + bias
        h[l + 1] = f(z[l + 1])
    return z, h


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
    f: Function = f,
    f_prime: Function = f_prime,
) -> Backpropagation:
    """Return every δ^(l), ∂J/∂W^(l) and ∂J/∂b^(l), for one sample or a batch (section 4.7).

    Parameters
    ----------
    W, b : mapping of layer to array
        W^(l) of shape (s_{l+1}, s_l) and b^(l) of shape (s_{l+1}, 1), l = 1..n_l−1.
    x : array, shape (s_1,) or (s_1, m)
    y : array, shape (s_{n_l},) or (s_{n_l}, m)
    f, f_prime : callable, optional
        f and f′ of another activation than the sigmoid.
    """
    z, h = feed_forward(W, b, x, f)
    n_l = max(h)
    delta = {n_l: delta_output(y, h[n_l], z[n_l], f_prime)}
    for l in range(n_l - 1, 1, -1):
        delta[l] = delta_hidden(W[l], delta[l + 1], z[l], f_prime)
    dW = {l: gradient_W(delta[l + 1], h[l]) for l in range(1, n_l)}
    db = {l: gradient_b(delta[l + 1]) for l in range(1, n_l)}
    return Backpropagation(delta, dW, db)
