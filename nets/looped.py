"""The feed-forward of section 3.1, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import formulas
from .formulas import Array


def looped_feed_forward(
    n_layers: int, x: Sequence[float] | Array, w: Sequence[Any], b: Sequence[Any]
) -> Array:
    """Return the outputs of a network, computed node by node in loops (section 3.1).

    Parameters
    ----------
    n_layers : int
        n_l.
    x : sequence of float, shape (s_1,)
    w : sequence of array, n_l − 1 of them
        ``w[l-1]`` is W^(l), of shape (s_{l+1}, s_l).
    b : sequence of array, n_l − 1 of them
        ``b[l-1]`` is b^(l), with s_{l+1} elements.

    Returns
    -------
    array, shape (s_{n_l},)

    Raises
    ------
    ValueError
        If the number of weights or a shape does not fit.

    Examples
    --------
    >>> w = [np.array([[0.2] * 3, [0.4] * 3, [0.6] * 3]), np.array([[0.5] * 3])]
    >>> b = [np.array([0.8] * 3), np.array([0.2])]
    >>> looped_feed_forward(3, [1.5, 2.0, 3.0], w, b).round(6)
    array([0.835456])
    """
    if len(w) != n_layers - 1 or len(b) != n_layers - 1:
        raise ValueError(
            f"{n_layers} layers need {n_layers - 1} weights and biases, got {len(w)} and {len(b)}"
        )
    h = np.asarray(x, dtype=float)
    for l in range(1, n_layers):
        weights, bias = np.asarray(w[l - 1]), np.ravel(b[l - 1])
        if weights.ndim != 2 or weights.shape[1] != h.size or bias.size != weights.shape[0]:
            raise ValueError(
                f"layer {l} has {h.size} nodes: w of shape {weights.shape} and b of {bias.size} "
                "elements do not lead on from it"
            )
        out = np.zeros(weights.shape[0])
        for i in range(weights.shape[0]):
            z = 0.0
            for j in range(weights.shape[1]):
                z += weights[i, j] * h[j]
            out[i] = formulas.f(z + bias[i])
        h = out
    return h
