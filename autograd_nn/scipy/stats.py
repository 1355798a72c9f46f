"""``scipy.stats`` for Tensors: distributions from one table of formulas, and a few summaries.

A formula is that of the standard distribution; `loc` and `scale` shift and stretch it, and outside
of its support the density is 0. Everything else that a distribution has, ``rvs`` or ``ppf``, is
SciPy's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..core.recording import TRACING
from ..core.tensor import Tensor, plain
from ..numpy import array, asarray, holds_tensors
from ..ops.functions import LATE
from ..ops.rules import as_array, call
from . import on_tensors, scipys


def _by_name(name: str) -> Callable[..., Any]:
    return lambda *operands: call(LATE["scipy.special", name], *operands)


xlogy, xlog1py, gammaln, betaln = map(_by_name, ("xlogy", "xlog1py", "gammaln", "betaln"))
gammainc, gammaincc, betainc = map(_by_name, ("gammainc", "gammaincc", "betainc"))
ndtr, log_ndtr, stdtr = map(_by_name, ("ndtr", "log_ndtr", "stdtr"))

Formula = Callable[..., Any]
_ALL, _POSITIVE, _UNIT = (-math.inf, math.inf), (0.0, math.inf), (0.0, 1.0)


def _log_student(z: Any, df: Any) -> Any:
    scale = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * np.log(df * math.pi)
    return scale - (df + 1) / 2 * np.log1p(z * z / df)


class Distribution(SimpleNamespace):
    """SciPy's distribution `name`, some of whose methods take Tensors."""

    def __init__(self, name: str, **methods: Callable[..., Any]) -> None:
        self._name, self._methods = name, methods
        super().__init__(**{
            called: on_tensors("stats", f"{name}.{called}")(ours)
            for called, ours in methods.items()
        })  # fmt: skip

    def __call__(self, *params: Any, **named: Any) -> Any:
        """Return the distribution with its parameters held."""
        if not holds_tensors([*params, *named.values()]):
            return __getattr__(self._name)(*params, **named)

        def held(method: Formula, *x: Any) -> Any:
            return method(*x, *params, **named)

        return SimpleNamespace(**{k: partial(held, f) for k, f in self._methods.items()})

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_":
            raise AttributeError(name)
        return getattr(__getattr__(self._name), name)


def _of_numbers(
    name: str, shapes: int, support: tuple[float, float], log_density: Formula, cdf: Formula,
    sf: Formula | None = None, logcdf: Formula | None = None, logsf: Formula | None = None,
    discrete: bool = False,
) -> Distribution:  # fmt: skip
    """Return a distribution of numbers.

    Parameters
    ----------
    name : str
        SciPy's.
    shapes : int
        How many shape parameters come before `loc` and `scale`.
    support : (float, float)
        Where the density of the standard distribution is not 0.
    log_density, cdf : callable
        Of z and the shape parameters.
    sf, logcdf, logsf : callable, optional
        Where the differences and logarithms of these would lose digits.
    discrete : bool
        Whether it is one of whole numbers, without a scale.
    """
    density = "pmf" if discrete else "pdf"
    survival = sf or (lambda z, *s: 1 - cdf(z, *s))
    formulas = {  # and what is below the support, and above
        f"log{density}": (log_density, -math.inf, -math.inf),
        "cdf": (cdf, 0.0, 1.0),
        "sf": (survival, 1.0, 0.0),
        "logcdf": (logcdf or (lambda z, *s: np.log(cdf(z, *s))), -math.inf, 0.0),
        "logsf": (logsf or (lambda z, *s: np.log(survival(z, *s))), 0.0, -math.inf),
    }

    def at(which: str, *given: Any, loc: Any = 0, scale: Any = 1) -> Any:
        x, *params = [array(p) if isinstance(p, (list, tuple)) else p for p in given]
        parameters, rest = params[:shapes], params[shapes:]
        loc, scale = [*rest, *(loc, scale)[len(rest) :]]
        z = x - loc if discrete else (x - loc) / scale
        formula, below, above = formulas[which]
        if discrete and which != "logpmf":
            z = np.floor(z)
        if support == _ALL:
            value = formula(z, *parameters)
        else:
            low, high = support
            inside = np.logical_and(z >= low, z <= high)
            value = formula(np.where(inside, z, 0.5 if high == 1 else 1.0), *parameters)
            beyond = np.where(z > high, above, np.where(z < low, below, z))  # NaN stays NaN
            value = np.where(inside, value, beyond)
        if which == "logpmf":
            value = np.where(np.floor(z) < z, -math.inf, value)
        if which == "logpdf":
            value = value - np.log(scale)
        for p in (*parameters, scale):
            valid = p >= 0 if discrete else p > 0
            if isinstance(valid, Tensor) or not np.all(valid):
                value = np.where(valid, value, math.nan)
        return value

    methods: dict[str, Formula] = {which: partial(at, which) for which in formulas}
    methods[density] = lambda *given, **named: np.exp(at(f"log{density}", *given, **named))
    return Distribution(name, **methods)


# fmt: off
_TABLE = (
    _of_numbers("norm", 0, _ALL,
        lambda z: -0.5 * z * z - 0.5 * math.log(2 * math.pi), ndtr,
        sf=lambda z: ndtr(-z), logcdf=log_ndtr, logsf=lambda z: log_ndtr(-z)),
    _of_numbers("t", 1, _ALL, _log_student, lambda z, df: stdtr(df, z),
        sf=lambda z, df: stdtr(df, -z)),
    _of_numbers("gamma", 1, _POSITIVE,
        lambda z, a: xlogy(a - 1, z) - z - gammaln(a), lambda z, a: gammainc(a, z),
        sf=lambda z, a: gammaincc(a, z)),
    _of_numbers("chi2", 1, _POSITIVE,
        lambda z, df: xlogy(df / 2 - 1, z / 2) - z / 2 - gammaln(df / 2) - math.log(2),
        lambda z, df: gammainc(df / 2, z / 2), sf=lambda z, df: gammaincc(df / 2, z / 2)),
    _of_numbers("beta", 2, _UNIT,
        lambda z, a, b: xlogy(a - 1, z) + xlog1py(b - 1, -z) - betaln(a, b),
        lambda z, a, b: betainc(a, b, z), sf=lambda z, a, b: betainc(b, a, 1 - z)),
    _of_numbers("expon", 0, _POSITIVE, lambda z: -z, lambda z: -np.expm1(-z),
        sf=lambda z: np.exp(-z), logsf=lambda z: -z),
    _of_numbers("poisson", 1, _POSITIVE,
        lambda k, mu: xlogy(k, mu) - gammaln(k + 1) - mu, lambda k, mu: gammaincc(k + 1, mu),
        sf=lambda k, mu: gammainc(k + 1, mu), discrete=True),
)
# fmt: on


# -- of several variables --------------------------------------------------------------------------


def _dirichlet(x: Any, alpha: Any) -> Any:
    x, alpha = asarray(x), asarray(alpha)
    if len(x) == len(alpha) - 1:
        x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
    if not TRACING.get() and np.any(abs(np.sum(plain(x), axis=0) - 1) > 1e-9):
        raise ValueError("dirichlet: the components of x must add up to 1")
    powers = np.reshape(alpha, alpha.shape + (1,) * (x.ndim - 1)) - 1
    return np.sum(xlogy(powers, x), axis=0) - np.sum(gammaln(alpha)) + gammaln(np.sum(alpha))


def _normal(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    x = as_array(x)
    mean = np.zeros(1) if mean is None else as_array(mean)
    cov = as_array(cov)
    size = max(np.shape(x)[-1] if np.ndim(x) and np.ndim(cov) else 1, np.size(mean))
    if np.ndim(cov) < 2:
        cov = cov * np.eye(size) if np.ndim(cov) == 0 else np.eye(size) * np.expand_dims(cov, -1)
    away = x - mean
    if size == 1 and (np.ndim(away) == 0 or np.shape(away)[-1] != 1):
        away = np.expand_dims(away, -1)
    if allow_singular:
        return _singular(away, cov)
    if not TRACING.get():
        try:
            np.linalg.cholesky(plain(cov))
        except np.linalg.LinAlgError as error:
            raise np.linalg.LinAlgError(
                "multivariate_normal needs a positive definite covariance matrix, or allow_singular"
            ) from error
    log_det = np.linalg.slogdet(cov)[1]
    solved = np.linalg.solve(cov, np.reshape(away, (-1, size)).T).T
    inner = np.sum(away * np.reshape(solved, np.shape(away)), axis=-1)
    return -0.5 * (inner + log_det + size * math.log(2 * math.pi))


def _singular(away: Any, cov: Any) -> Any:
    if isinstance(cov, Tensor):
        raise NotImplementedError(
            "the density of a singular normal distribution has no derivative by its covariance; "
            "keep that constant, e.g. with t.detach()"
        )
    values, vectors = np.linalg.eigh(cov)
    there = values > 1e6 * np.finfo(float).eps * np.max(np.abs(values))
    inner = np.sum(np.square(away @ (vectors[:, there] / np.sqrt(values[there]))), axis=-1)
    rank, log_det = np.count_nonzero(there), np.sum(np.log(values[there]))
    beyond = np.sqrt(np.sum(np.square(away @ vectors[:, ~there]).detach(), axis=-1))
    value = -0.5 * (inner + log_det + rank * math.log(2 * math.pi))
    return np.where(beyond < 1e-6, value, -math.inf)


def _normal_entropy(mean: Any = None, cov: Any = 1) -> Any:
    cov = np.atleast_2d(cov)
    return 0.5 * (np.linalg.slogdet(cov)[1] + len(cov) * (1 + math.log(2 * math.pi)))


dirichlet = Distribution(
    "dirichlet", logpdf=_dirichlet, pdf=lambda *args: np.exp(_dirichlet(*args))
)
multivariate_normal = Distribution(
    "multivariate_normal", logpdf=_normal, entropy=_normal_entropy,
    pdf=lambda *args, **kwargs: np.exp(_normal(*args, **kwargs)),
)  # fmt: skip


DISTRIBUTIONS = {d._name: d for d in (*_TABLE, dirichlet, multivariate_normal)}
globals().update(DISTRIBUTIONS)


# -- summaries -------------------------------------------------------------------------------------


@on_tensors("stats")
def zscore(a: Any, axis: int | None = 0, ddof: int = 0) -> Any:
    """Return how many standard deviations each element is from the mean."""
    away = a - np.mean(a, axis=axis, keepdims=True)
    return away / np.std(a, axis=axis, ddof=ddof, keepdims=True)


@on_tensors("stats")
def gmean(a: Any, axis: int | None = 0, *, weights: Any = None) -> Any:
    """Return the geometric mean."""
    return np.exp(np.average(np.log(a), axis=axis, weights=weights))


@on_tensors("stats")
def entropy(pk: Any, qk: Any = None, base: float | None = None, axis: int = 0) -> Any:
    """Return the entropy of a distribution, or the one relative to another."""
    pk = pk / np.sum(pk, axis=axis, keepdims=True)
    if qk is None:
        parts = -xlogy(pk, pk)
    else:
        parts = call(LATE["scipy.special", "rel_entr"], pk, qk / np.sum(qk, axis, keepdims=True))
    return np.sum(parts, axis=axis) / (1.0 if base is None else math.log(base))


__getattr__ = scipys("scipy.stats")
