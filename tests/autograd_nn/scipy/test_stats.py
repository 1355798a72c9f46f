"""Distributions and summaries: values are SciPy's, derivatives those of differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

from autograd_nn import Tensor, check_grads, grad
from autograd_nn.scipy import special, stats

POINTS = {
    "norm": ((), [-2.0, 0.3, 40.0]),
    "t": ((3.5,), [-2.0, 0.3, 4.0]),
    "gamma": ((2.5,), [0.2, 1.0, 4.0]),
    "chi2": ((3.0,), [0.2, 1.0, 4.0]),
    "beta": ((2.5, 1.5), [0.1, 0.5, 0.9]),
    "expon": ((), [0.1, 0.5, 3.0]),
    "poisson": ((2.5,), [0.0, 1.0, 4.0]),
}
CONTINUOUS = ("logpdf", "pdf", "cdf", "logcdf", "sf", "logsf")
CASES = [
    (name, method)
    for name in POINTS
    for method in (("logpmf", "pmf", *CONTINUOUS[2:]) if name == "poisson" else CONTINUOUS)
]


@pytest.mark.parametrize(("name", "method"), CASES)
def test_a_distribution_is_scipys(name: str, method: str) -> None:
    shapes, points = POINTS[name]
    x = np.array(points)
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    f, right = getattr(ours, method), getattr(theirs, method)
    np.testing.assert_array_equal(f(x, *shapes), right(x, *shapes))  # on arrays it is SciPy's
    np.testing.assert_allclose(f(Tensor(x), *shapes).numpy(), right(x, *shapes), rtol=1e-10)
    scale = {} if name == "poisson" else {"scale": 1.7}
    np.testing.assert_allclose(
        f(Tensor(x), *shapes, loc=0.0, **scale).numpy(), right(x, *shapes, loc=0.0, **scale),
        rtol=1e-10,
    )  # fmt: skip
    frozen = getattr(ours(*[Tensor(s) for s in shapes], loc=Tensor(0.0)), method)
    np.testing.assert_allclose(frozen(x).numpy(), right(x, *shapes), rtol=1e-10)
    outside = np.array([-1.0, 2.0])  # below the support of the positive ones
    np.testing.assert_allclose(
        f(Tensor(outside), *shapes).numpy(), right(outside, *shapes), rtol=1e-10
    )
    if name != "poisson":
        check_grads(lambda x, loc, s: f(x, *shapes, loc, s), (x[:2], 0.01, 1.3))


@pytest.mark.parametrize(("name", "method"), CASES)
@pytest.mark.filterwarnings("ignore")
def test_outside_of_what_is_allowed_values_are_scipys(name: str, method: str) -> None:
    """NaN, infinities, numbers between whole ones; shapes and scales that there are not."""
    x = np.array([np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5, 1.0, 40.0])
    shapes = POINTS[name][0]
    places: list[Any] = [(shapes, 1.7), (tuple(-s for s in shapes), 1.7), (shapes, -1.7)]
    for given, scale in places:
        params = given if name == "poisson" else (*given, 0.3, scale)
        right = getattr(getattr(scipy.stats, name), method)(x, *params)
        if name == "poisson" and given[0] < 0:
            right[:] = np.nan  # SciPy's logcdf has a 0 at infinity
        for held in (params, [Tensor(p) for p in params]):
            ours = getattr(getattr(stats, name), method)
            np.testing.assert_allclose(ours(Tensor(x), *held).numpy(), right, 1e-9, 1e-15)


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (lambda a: stats.gamma.logpdf(1.3, a), 2.5),
        (lambda df: stats.t.logpdf(1.3, df), 2.5),
        (lambda df: stats.chi2.pdf(1.3, df), 2.5),
        (lambda ab: stats.beta.logpdf(0.3, ab[0], ab[1]), np.array([2.0, 3.0])),
        (lambda mu: stats.poisson.logpmf(np.arange(4), mu), 2.5),
        (lambda mu: stats.poisson.cdf(np.arange(4), mu), 2.5),
        (lambda a: stats.dirichlet.logpdf(np.array([0.2, 0.3, 0.5]), a), np.array([1.0, 2, 3])),
        (lambda a: stats.dirichlet.pdf(np.array([0.2, 0.3]), a), np.array([1.0, 2, 3])),
    ],
)
def test_shapes_are_differentiated(f: Any, shapes: Any) -> None:
    np.testing.assert_allclose(f(Tensor(np.asarray(shapes))).numpy(), f(shapes), rtol=1e-12)
    check_grads(f, shapes)


def test_what_has_no_closed_derivative_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="gammainc has no derivative by its shape"):
        grad(lambda a: stats.gamma.cdf(1.3, a))(2.5)
    assert grad(lambda x: stats.gamma.cdf(x, 2.5))(1.3) > 0


COVARIANCE = np.array([[2.0, 0.3], [0.3, 1.0]])


def test_the_normal_distribution_of_vectors() -> None:
    x, mean = np.array([[0.3, 0.5], [1.0, -1.0], [0.0, 2.0]]), np.array([0.1, -0.2])
    ours, theirs = stats.multivariate_normal, scipy.stats.multivariate_normal
    for method in ("logpdf", "pdf"):
        found = getattr(ours, method)(Tensor(x), mean, COVARIANCE)
        np.testing.assert_allclose(found.numpy(), getattr(theirs, method)(x, mean, COVARIANCE))
    np.testing.assert_allclose(
        ours.entropy(mean, Tensor(COVARIANCE)).numpy(), theirs.entropy(mean, COVARIANCE)
    )
    np.testing.assert_allclose(ours.logpdf(Tensor(0.3)).numpy(), theirs.logpdf(0.3))
    np.testing.assert_allclose(
        ours.logpdf(Tensor(x), mean, 2.0).numpy(), theirs.logpdf(x, mean, 2.0)
    )

    def f(x: Any, mean: Any, root: Any) -> Any:
        return ours.logpdf(x, mean, root @ root.T + np.eye(2))

    check_grads(f, (x, mean, COVARIANCE))
    singular = np.diag([1.0, 0.0])
    point = np.array([0.4, mean[1]])
    np.testing.assert_allclose(
        ours.logpdf(Tensor(point), mean, singular, allow_singular=True).numpy(),
        theirs.logpdf(point, mean, singular, allow_singular=True),
    )
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        ours.logpdf(Tensor(point), mean, -COVARIANCE)
    with pytest.raises(ValueError, match="add up to 1"):
        stats.dirichlet.logpdf(Tensor([0.2, 0.3, 0.4]), [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda m, x: m.zscore(x), lambda m, x: m.gmean(x), lambda m, x: m.entropy(x),
        lambda m, x: m.entropy(x, x[::-1], base=2.0),
        lambda m, x: m.gmean(x, weights=[1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_summaries_are_scipys(f: Any) -> None:
    x = np.array([0.4, 1.3, 0.7, 2.9])
    np.testing.assert_allclose(f(stats, Tensor(x)).numpy(), f(scipy.stats, x), rtol=1e-10)
    check_grads(lambda x: f(stats, x), x)


@pytest.mark.parametrize(
    "f",
    [
        lambda m, x: m.logsumexp(x), lambda m, x: m.logsumexp(x, axis=1, keepdims=True),
        lambda m, x: m.logsumexp(x, b=np.array([1.0, 0.0, 2.0])),
        lambda m, x: m.logsumexp(x, b=-x, axis=0, return_sign=True)[0],
        lambda m, x: m.softmax(x), lambda m, x: m.softmax(x, axis=1),
        lambda m, x: m.log_softmax(x, axis=0), lambda m, x: m.polygamma(0, x + 3),
        lambda m, x: m.polygamma(2, x + 3), lambda m, x: m.multigammaln(x + 9.0, 3),
        lambda m, x: m.factorial(x + 3), lambda m, x: m.comb(x + 9, 2.0),
        lambda m, x: m.comb(x + 9, 2.0, repetition=True),
    ],
)  # fmt: skip
def test_special_functions_that_do_not_dispatch(f: Any) -> None:
    x = np.array([[0.4, 1.3, -0.7], [0.2, 0.1, 2.9]])
    right = f(scipy.special, x)
    np.testing.assert_allclose(f(special, x), right)
    np.testing.assert_allclose(f(special, Tensor(x)).numpy(), right, rtol=1e-12)
    check_grads(lambda x: f(special, x), x)
    with pytest.raises(NotImplementedError, match="one whole number"):
        special.polygamma([1, 2], Tensor(x))
