"""Activations that NumPy has no function for, beside ``sigmoid``, ``relu`` and ``softmax``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply
from .elementwise import SIGMOID, sigmoid
from .rules import call, function_of
from .special import ndtr


def _leaky(z: Any, slope: float) -> Any:
    return np.where(z > 0, z, slope * z)


def _leaky_rule(g: Any, out: Any, z: Any, slope: float) -> Any:
    return np.where(z > 0, g, slope * g)


def _elu(z: Any, alpha: float) -> Any:
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def _elu_rule(g: Any, out: Any, z: Any, alpha: float) -> Any:
    return np.where(z > 0, g, g * (out + alpha))


def _softplus(z: Any) -> Any:
    return np.logaddexp(z, 0)


# fmt: off
LEAKY_RELU = register(Op("leaky_relu", _leaky, (_leaky_rule,), latex=function_of("leaky_relu"),
    rule_words="$g$ where $x > 0$, else slope times $g$", traits={"elementwise", "activation"}))
ELU = register(Op("elu", _elu, (_elu_rule,), latex=function_of("elu"),
    rule_words=r"$g$ where $x > 0$, else $g \odot (r + \alpha)$",
    traits={"elementwise", "activation"}))
SOFTPLUS = register(Op("softplus", _softplus, (lambda g, out, z: g * call(SIGMOID, z),),
    latex=r"\ln(1 + e^{{{0}}})", traits={"elementwise", "activation"}))
# fmt: on


def leaky_relu(z: Any, slope: float = 0.01) -> Tensor:
    """Return `z` where it is positive and ``slope * z`` elsewhere.

    Parameters
    ----------
    z : Tensor or array_like, any shape
    slope : float
        The derivative for z ≤ 0.

    Returns
    -------
    Tensor
        Of `z`'s shape.
    """
    return apply(LEAKY_RELU, (z,), {"slope": float(slope)})


def elu(z: Any, alpha: float = 1.0) -> Tensor:
    """Return `z` where it is positive and ``alpha * (exp(z) - 1)`` elsewhere.

    Parameters
    ----------
    z : Tensor or array_like, any shape
    alpha : float
        The limit for z → −∞ is −alpha.

    Returns
    -------
    Tensor
        Of `z`'s shape.
    """
    return apply(ELU, (z,), {"alpha": float(alpha)})


def gelu(z: Any, approximate: bool = False) -> Tensor:
    """Return ``z * Φ(z)``, Φ being the distribution function of the standard normal distribution.

    Parameters
    ----------
    z : Tensor or array_like, any shape
    approximate : bool
        Use ``z/2 * (1 + tanh(sqrt(2/π) * (z + 0.044715 z³)))``, which needs no SciPy.

    Returns
    -------
    Tensor
        Of `z`'s shape.
    """
    if not approximate:
        exact: Tensor = np.multiply(z, ndtr(z))
        return exact
    z = z if isinstance(z, Tensor) else Tensor(z)
    inner: Any = math.sqrt(2 / math.pi) * (z + 0.044715 * (z * z * z))
    # tanh(u) as a sigmoid: 1 + tanh(u) would cancel for very negative u
    smooth: Tensor = z * sigmoid(2 * inner)
    return smooth


def softplus(z: Any) -> Tensor:
    """Return ``log(1 + exp(z))``, elementwise, without overflow for any z.

    Parameters
    ----------
    z : Tensor or array_like, any shape

    Returns
    -------
    Tensor
        Of `z`'s shape; its derivative is the sigmoid.
    """
    return apply(SOFTPLUS, (z,))
