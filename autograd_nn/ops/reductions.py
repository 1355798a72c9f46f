"""Reductions: sums, products, means, extrema, truth, and logsumexp with what is built from it."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import Tensor, apply
from .functions import implements
from .rules import as_tensor, axes_of, function_of


def kept(g: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """Return `g` with the reduced axes of an operand of `shape` put back with length 1."""
    if keepdims or not shape:
        return g
    if not hasattr(g, "reshape"):  # arithmetic on 0-d arrays of objects leaves the bare object
        g = np.asarray(g)
    if axis is None:
        return g.reshape((1,) * len(shape))
    axes = {a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
    return g.reshape(tuple([1 if i in axes else n for i, n in enumerate(shape)]))


def count(shape: tuple[int, ...], axis: Any) -> int:
    """Return how many elements of an operand of `shape` go into one of the result."""
    if axis is None:
        return math.prod(shape)
    return math.prod([shape[a] for a in axis]) if isinstance(axis, tuple) else shape[axis]


def spread(g: Any, shape: tuple[int, ...]) -> Any:
    """Return `g` repeated to `shape`: NumPy's ``broadcast_to``, in a fifth of its time if small."""
    if type(g) is np.ndarray and math.prod(shape) < _SMALL:
        out = np.empty(shape, g.dtype)
        out[...] = g
        return out
    return np.broadcast_to(g, shape)


_SMALL = 1 << 15


def total(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return ``np.sum(x, axis, keepdims=keepdims)``, without what NumPy's wrapper costs."""
    if type(x) is np.ndarray:
        return np.add.reduce(x, axis, keepdims=keepdims)  # type: ignore[call-overload]  # a bool
    return np.sum(x, axis=axis, keepdims=keepdims)


def average(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return ``np.mean(x, axis, keepdims=keepdims)``, without what NumPy's wrapper costs."""
    if type(x) is np.ndarray and x.size and x.dtype.kind == "f" and x.itemsize > 2:
        return x.sum(axis, keepdims=keepdims) / count(x.shape, axis)
    return np.mean(x, axis=axis, keepdims=keepdims)


def _sum_rule(g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    # A sum of everything is a single number, which fits any shape as it is.
    return spread(g if axis is None else kept(g, x.shape, axis, keepdims), x.shape)


def _mean_rule(g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _sum_rule(g / count(x.shape, axis), out, x, axis, keepdims)


def _extremum_rule(g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    # Ties share the cotangent evenly, as in JAX.
    hit = x == kept(out, x.shape, axis, keepdims)
    hits = np.sum(hit, axis=axis, keepdims=True)
    return kept(g, x.shape, axis, keepdims) / hits * hit


def _before(x: Any) -> Any:
    """Return the products of the elements before each one, along the last axis."""
    ones = np.ones((*x.shape[:-1], 1), x.dtype)
    return np.concatenate([ones, np.cumprod(x[..., :-1], axis=-1)], axis=-1)


def _prod_rule(g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    # The product of all others, as out/x would fail where x is 0: of those before and after.
    ndim = len(x.shape)
    last = list(axes_of(axis, ndim))
    order = [a for a in range(ndim) if a not in last] + last
    moved = np.transpose(x, order)
    kept_shape = moved.shape[: ndim - len(last)]
    flat = np.reshape(moved, (*kept_shape, count(x.shape, tuple(last))))
    others = _before(flat) * _before(flat[..., ::-1])[..., ::-1] if x.size else flat
    back = [order.index(a) for a in range(ndim)]
    return kept(g, x.shape, axis, keepdims) * np.transpose(np.reshape(others, moved.shape), back)


# fmt: off
SUM = register(Op("sum", total, (_sum_rule,), latex=r"\sum {0}",
    text="Σ {0}", words="the sum over {0}",
    rule_words="the cotangent spread over the axes that were summed", traits={"linear", "lines"}))
MEAN = register(Op("mean", average, (_mean_rule,), latex=r"\operatorname{{mean}}({0})",
    words="the mean over {0}",
    rule_words="the cotangent over the count, spread over the axes that were averaged",
    traits={"complex", "lines"}))
MAX = register(Op("max", np.max, (_extremum_rule,), latex=r"\max {0}", words="the largest of {0}",
    rule_words="the cotangent at the largest element, shared evenly among equals",
    traits={"complex", "lines"}))
MIN = register(Op("min", np.min, (_extremum_rule,), latex=r"\min {0}",
    rule_words="the cotangent at the smallest element, shared evenly among equals",
    traits={"complex", "lines"}))
PROD = register(Op("prod", np.prod, (_prod_rule,), latex=r"\prod {0}",
    rule_words="the cotangent times the product of all other elements, which divides by nothing",
    traits={"complex", "lines"}))
ANY = register(Op("any", np.any, latex=function_of("any"), traits={"complex", "lines"}))
ALL = register(Op("all", np.all, latex=function_of("all"), traits={"complex", "lines"}))
COUNT_NONZERO = register(Op("count_nonzero", np.count_nonzero, latex=function_of("count_nonzero"),
    traits={"complex", "lines"}))
# fmt: on


def reduced(op: Op, a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Tensor:
    """Record the reduction `op` of `a`, with the parameters that say something."""
    params = {} if axis is None else {"axis": tuple(axis) if isinstance(axis, list) else axis}
    if keepdims is not np._NoValue and keepdims:
        params["keepdims"] = True
    return apply(op, (a,), params)


def _reduced_in(
    op: Op, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False
) -> Tensor:
    return reduced(op, a if dtype is None else a.astype(dtype), axis, None, keepdims)


for _function, _op in ((np.sum, SUM), (np.mean, MEAN), (np.prod, PROD)):
    implements(_function)(partial(_reduced_in, _op))
for _op, *_functions in (
    (MAX, np.max, np.amax), (MIN, np.min, np.amin), (ANY, np.any), (ALL, np.all),
    (COUNT_NONZERO, np.count_nonzero),
):  # fmt: skip
    implements(*_functions)(partial(reduced, _op))


@implements(np.ptp)
def _ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    return reduced(MAX, a, axis, None, keepdims) - reduced(MIN, a, axis, None, keepdims)


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    peak = np.max(x, axis=axis, keepdims=True)
    peak = np.where(np.isfinite(peak), peak, 0)
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(x - peak), axis=axis, keepdims=True)) + peak
    if keepdims:
        return total.astype(x.dtype)
    return np.squeeze(total, axis=axis).astype(x.dtype)


def _logsumexp_rule(g: Any, out: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    top = kept(out, x.shape, axis, keepdims)
    share = np.exp(x - np.where(np.isinf(top), 0, top))
    total = np.sum(share, axis=axis, keepdims=True)  # 1, except for the rounding of a large `out`
    return kept(g, x.shape, axis, keepdims) * (share / np.where(total == 0, 1, total))


LOGSUMEXP = register(Op("logsumexp", _logsumexp, (_logsumexp_rule,),
    latex=r"\ln \sum e^{{{0}}}",
    rule_words=r"$g \odot \operatorname{softmax}(x)$", traits={"lines"}))  # fmt: skip


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return ``log(sum(exp(x)))`` along `axis`, without overflow.

    Parameters
    ----------
    x : Tensor or array_like
        Logits, of any shape with at least one element along `axis`.
    axis : int or tuple of int, optional
        All axes if left out.
    keepdims : bool
        Keep the reduced axes with length 1.

    Returns
    -------
    Tensor
    """
    return reduced(LOGSUMEXP, as_tensor(x), axis, None, keepdims)


def log_softmax(x: Any, axis: Any = -1) -> Tensor:
    """Return the logarithm of `softmax`, of the shape of the logits `x`."""
    logits: Tensor = as_tensor(x)
    # Shifting all logits alike changes nothing but the rounding: float32 near 1000 has steps of
    # 6e-5, which would come out as relative errors of the probabilities.
    shifted = logits - logits.max(axis=axis, keepdims=True).detach()
    return shifted - logsumexp(shifted, axis, True)


def _softmax(x: Any, axis: Any) -> Any:
    share = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return share / np.sum(share, axis=axis, keepdims=True)


SOFTMAX = register(
    Op(
        "softmax",
        _softmax,
        (lambda g, out, x, axis: out * (g - np.sum(out * g, axis=axis, keepdims=True)),),
        latex=r"\operatorname{{softmax}}({0})",
        text="softmax({0})",
        words="the shares that e to the power {0} has in their sum",
        rule_words=r"$r \odot (g - \sum r \odot g)$",
        traits={"lines"},
    )
)


def softmax(x: Any, axis: Any = -1) -> Tensor:
    """Return ``exp(x) / sum(exp(x))`` along `axis`, of the shape of the logits `x`."""
    return apply(SOFTMAX, (x,), {"axis": axis})
