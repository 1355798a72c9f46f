"""``scipy.special`` for Tensors. Its ufuncs ask Tensors, and are SciPy's own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..numpy import asarray
from ..ops import reductions
from ..ops.rules import call
from ..ops.special import BINOM, GAMMA, GAMMALN, POLYGAMMA, PSI
from . import on_tensors, scipys


@on_tensors("special")
def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Return ``log(sum(b * exp(a)))`` along `axis`."""
    a = asarray(a)
    if b is None and not return_sign:
        return reductions.logsumexp(a, axis, keepdims)
    weights = 1.0 if b is None else b
    peak: Any = np.max(np.where(np.not_equal(weights, 0), a, -np.inf), axis=axis, keepdims=True)
    peak = asarray(np.where(np.isfinite(peak), peak, 0)).detach()
    total = np.sum(weights * np.exp(a - peak), axis=axis, keepdims=True)
    size, sign = np.log(np.abs(total) if return_sign else total) + peak, np.sign(total)
    if not keepdims:
        size, sign = np.squeeze(size, axis), np.squeeze(sign, axis)
    return (size, sign) if return_sign else size


@on_tensors("special")
def softmax(x: Any, axis: Any = None) -> Any:
    """Return the shares of ``exp(x)`` in their sum."""
    return reductions.softmax(asarray(x), axis)


@on_tensors("special")
def log_softmax(x: Any, axis: Any = None) -> Any:
    """Return the logarithm of the shares of ``exp(x)`` in their sum."""
    return reductions.log_softmax(asarray(x), axis)


@on_tensors("special")
def polygamma(n: Any, x: Any) -> Any:
    """Return the `n`-th derivative of the digamma function, for one whole number `n`."""
    if np.ndim(n) != 0 or int(n) != n:
        raise NotImplementedError(f"polygamma on Tensors takes one whole number n, got {n!r}")
    return call(POLYGAMMA, x, order=int(n)) if n else call(PSI, x)


@on_tensors("special")
def multigammaln(a: Any, d: int) -> Any:
    """Return the logarithm of the multivariate gamma function in `d` dimensions."""
    parts = call(GAMMALN, np.expand_dims(a, -1) - np.arange(d) / 2)
    return np.sum(parts, axis=-1) + d * (d - 1) * 0.25 * math.log(math.pi)


@on_tensors("special")
def factorial(n: Any, exact: bool = False) -> Any:
    """Return Γ(n + 1)."""
    return np.where(n >= 0, call(GAMMA, np.where(n >= 0, n, 0) + 1), 0)


@on_tensors("special")
def comb(N: Any, k: Any, exact: bool = False, repetition: bool = False) -> Any:
    """Return the binomial coefficient, as a function of real numbers."""
    if repetition:
        N = N + k - 1
    there = np.logical_and(np.logical_and(k <= N, N >= 0), k >= 0)
    return np.where(there, call(BINOM, N, k), 0)


def __getattr__(name: str) -> Any:
    return scipys("scipy.special")("jv" if name == "jn" else name)
