"""Rows of the cross-entropies: of logits and targets, the outputs made of the logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from autograd_nn import sigmoid, softmax
from autograd_nn.ops.costs import sigmoid_cross_entropy, softmax_cross_entropy

from ..harness import Extreme, In, Row

PAIR = (In((3, 4)), In((3, 4), 0.1, 0.9))


def of_softmax(z: Any, y: Any) -> Any:
    return softmax_cross_entropy(z, y, softmax(z, axis=0))


def of_sigmoid(z: Any, y: Any) -> Any:
    return sigmoid_cross_entropy(z, y, sigmoid(z))


ROWS = [
    Row("softmax_cross_entropy", of_softmax, PAIR,
        reference=lambda z, y: special.logsumexp(z, axis=0) - np.sum(y * z, axis=0), extremes=(
            Extreme(([[1000.0], [-1000.0]], [[0.0], [1.0]]), [2000.0], ([[1.0], [-1.0]],)),
            Extreme(([[1000.0], [-1000.0]], [[1.0], [0.0]]), [0.0], ([[0.0], [0.0]],)),)),
    Row("sigmoid_cross_entropy", of_sigmoid, PAIR,
        reference=lambda z, y: -special.xlogy(y, special.expit(z))
        - special.xlogy(1 - y, special.expit(-z)), extremes=(
            Extreme(([1000.0, -1000.0], [0.0, 1.0]), [1000.0, 1000.0], ([1.0, -1.0],)),
            Extreme(([1000.0, -1000.0], [1.0, 0.0]), [0.0, 0.0], ([0.0, 0.0],)),)),
]  # fmt: skip
