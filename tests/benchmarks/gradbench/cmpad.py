"""The evals ode, kmeans, llsq, lse and det, as NumPy would write them.

Of `det` every minor is computed once: those of the last rows, for each choice of columns, are
expanded into those with one row more.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from autograd_nn import grad, hvp, jit, logsumexp

Input = dict[str, Any]


# -- ode -------------------------------------------------------------------------------------------


def ode_input(given: Input) -> tuple[Any, int]:
    """Return x and the number of steps."""
    return np.array(given["x"]), given["s"]


def _runge_kutta(x: Any, steps: int) -> Any:
    def slope(y: Any) -> Any:
        return np.concatenate([x[:1], x[1:] * y[:-1]])

    h = 2.0 / steps
    y = np.zeros_like(x)
    for _ in range(steps):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


ode = jit(_runge_kutta, static_argnums=1)
ode_gradient = jit(grad(lambda x, steps: _runge_kutta(x, steps)[-1]), static_argnums=1)


# -- kmeans ----------------------------------------------------------------------------------------


def kmeans_input(given: Input) -> tuple[Any, Any]:
    """Return points and centroids."""
    return np.array(given["points"]), np.array(given["centroids"])


def _cost(points: Any, centroids: Any) -> Any:
    ours, theirs = np.sum(points**2, axis=1), np.sum(centroids**2, axis=1)
    distances = theirs[:, None] + ours - 2 * (centroids @ points.T)
    return np.sum(np.min(distances, axis=0))


def _direction(points: Any, centroids: Any) -> Any:
    def cost(c: Any) -> Any:
        return _cost(points, c)

    # the Hessian is diagonal, so that its product with ones is its diagonal
    return grad(cost)(centroids) / hvp(cost, (centroids,), (np.ones(centroids.shape),))


kmeans_cost = jit(_cost)
kmeans_direction = jit(_direction)


# -- llsq ------------------------------------------------------------------------------------------


def llsq_input(given: Input) -> tuple[Any, Any]:
    """Return x and the number of points, as an array of their numbers."""
    return np.array(given["x"]), np.arange(given["n"], dtype=float)


def _llsq(x: Any, i: Any) -> Any:
    t = -1 + i * 2 / (len(i) - 1)
    ones = np.ones((len(i), 1))
    powers = np.cumprod(np.concatenate([ones, t[:, None] * np.ones(len(x) - 1)], axis=1), axis=1)
    return np.sum((np.sign(t) - powers @ x) ** 2) / 2


llsq = jit(_llsq)
llsq_gradient = jit(grad(_llsq))


# -- lse -------------------------------------------------------------------------------------------


def lse_input(given: Input) -> tuple[Any]:
    """Return x."""
    return (np.array(given["x"]),)


lse = jit(logsumexp)
lse_gradient = jit(grad(logsumexp))


# -- det -------------------------------------------------------------------------------------------


def det_input(given: Input) -> tuple[Any, int]:
    """Return the elements of A and its edge."""
    return np.array(given["A"]), given["ell"]


@functools.cache
def _expansion(size: int, count: int) -> tuple[Any, Any, Any]:
    """Return for each choice of `count` columns: these, the minors without each, and signs."""
    smaller = {
        columns: i for i, columns in enumerate(itertools.combinations(range(size), count - 1))
    }
    choices = list(itertools.combinations(range(size), count))
    without = [[smaller[c[:j] + c[j + 1 :]] for j in range(count)] for c in choices]
    return np.array(choices), np.array(without), (-1.0) ** np.arange(count)


def _det(elements: Any, size: int) -> Any:
    matrix = np.reshape(elements, (size, size))
    minors = matrix[size - 1]
    for count in range(2, size + 1):
        columns, without, signs = _expansion(size, count)
        minors = np.sum(matrix[size - count][columns] * minors[without] * signs, axis=1)
    return minors[0]


det = jit(_det, static_argnums=1)
det_gradient = jit(grad(_det), static_argnums=1)
