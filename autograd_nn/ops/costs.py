"""What an output layer and its own cost make together: cross-entropies, stable for any logits.

Both take the logits z, the targets y and the outputs h that were made of z. The value is computed
from z, where ln h and ln(1 − h) of the rounded h would be lost. h says nothing new: it is there so
that the rule by z can be read as the document would write it, h − y.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply
from .reductions import LOGSUMEXP


def _softmax_cross_entropy(z: Any, y: Any, h: Any) -> Any:
    if isinstance(z, np.ndarray):
        log_total = np.max(z, axis=0) - np.log(np.max(h, axis=0))  # ln Σ exp(z), as max h ≥ 1/s
    else:
        log_total = LOGSUMEXP.forward(z, axis=0)
    return log_total - np.sum(y * z, axis=0)


def _sigmoid_cross_entropy(z: Any, y: Any, h: Any) -> Any:
    return np.logaddexp(0, z) - y * z


SOFTMAX_CROSS_ENTROPY = register(
    Op(
        "softmax_cross_entropy",
        _softmax_cross_entropy,
        (
            lambda g, out, z, y, h: g * (h - y),
            lambda g, out, z, y, h: -g * z,
        ),
        latex=r"-\sum {1} \odot \ln \operatorname{{softmax}}({0})",
        text="−Σ {1} ln {2}",
        words="the cross-entropy of the outputs {2} and the targets {1}",
        rule_words=r"$g \odot (h - y)$ by the logits; $-g \odot z$ by the targets",
    )
)
SIGMOID_CROSS_ENTROPY = register(Op("sigmoid_cross_entropy", _sigmoid_cross_entropy, (
    lambda g, out, z, y, h: g * (h - y),
    lambda g, out, z, y, h: -g * z,
), latex=r"-{1} \odot \ln \sigma({0}) - (1 - {1}) \odot \ln (1 - \sigma({0}))",
    text="−{1} ln {2} − (1 − {1}) ln(1 − {2})",
    words="the cross-entropy of the outputs {2} and the targets {1}",
    rule_words=r"$g \odot (h - y)$ by the logits; $-g \odot z$ by the targets",
    loop="logaddexp(0.0, {0}) - {1} * {0}", traits={"elementwise"}))  # fmt: skip


def softmax_cross_entropy(z: Any, y: Any, h: Any) -> Tensor:
    """Return −Σ_i y_i ln h_i of every column, h being the softmax of the logits z.

    Parameters
    ----------
    z, y, h : Tensor or array_like, shape (s, m)
        Logits, targets whose columns sum to 1, and the softmax of the logits.

    Returns
    -------
    Tensor, shape (m,)
        Its derivative by z is h − y, for any y: what is computed is ln Σ exp(z) − Σ y z. Nothing
        flows back through `h`, which is a function of z.
    """
    return apply(SOFTMAX_CROSS_ENTROPY, (z, y, h))


def sigmoid_cross_entropy(z: Any, y: Any, h: Any) -> Tensor:
    """Return −y ln h − (1 − y) ln(1 − h), element by element, h being the sigmoid of z.

    Parameters
    ----------
    z, y, h : Tensor or array_like, shape (s, m)
        Logits, targets from 0 to 1, and the sigmoid of the logits.

    Returns
    -------
    Tensor, shape (s, m)
        Its derivative by z is h − y. Nothing flows back through `h`, which is a function of z.
    """
    return apply(SIGMOID_CROSS_ENTROPY, (z, y, h))
