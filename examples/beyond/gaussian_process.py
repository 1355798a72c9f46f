"""Beyond the document: a Gaussian process, its settings learned from the marginal likelihood.

The logarithm of the likelihood of n values, −½ yᵀK⁻¹y − Σ log Lᵢᵢ − (n/2) log 2π with K = LLᵀ,
goes through a Cholesky factor. Its gradient lets SciPy find the settings of the kernel, its second
derivatives say how certain they are; scikit-learn's gradient, derived by hand, is the same.
"""

import argparse
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from autograd_nn import hessian, value_and_grad


def kernel(s, a, b):
    """Return the covariances of points `a` and `b`; `s` holds logarithms: height², length."""
    return np.exp(s[0]) * np.exp(-0.5 * ((a[:, None] - b) / np.exp(s[1])) ** 2)


def minus_log_likelihood(s, x, y):
    """Return −log p(y | x); ``exp(s[2])`` is the variance of the noise."""
    L = np.linalg.cholesky(kernel(s, x, x) + np.exp(s[2]) * np.eye(len(x)))
    a = np.linalg.solve(L, y)
    return 0.5 * a @ a + np.log(np.diag(L)).sum() + 0.5 * len(x) * np.log(2 * np.pi)


def main(out: Path) -> None:
    """Learn, compare, draw."""
    rng = np.random.default_rng(0)
    x = np.sort(np.concatenate([rng.uniform(0, 4, 25), rng.uniform(6, 10, 25)]))
    y = np.sin(1.3 * x) + 0.4 * np.cos(4 * x) + rng.normal(0, 0.2, x.size)

    start = np.zeros(3)
    found = minimize(value_and_grad(minus_log_likelihood), start, args=(x, y), jac=True)
    theirs = GaussianProcessRegressor(
        ConstantKernel(1.0) * RBF(1.0) + WhiteKernel(1.0), optimizer=None
    ).fit(x[:, None], y)
    _, slopes = theirs.log_marginal_likelihood(start, eval_gradient=True)
    _, mine = value_and_grad(minus_log_likelihood)(start, x, y)
    print(f"largest difference from scikit-learn's gradient: {np.abs(mine + slopes).max():.0e}")
    spread = np.sqrt(np.diag(np.linalg.inv(hessian(minus_log_likelihood)(found.x, x, y))))
    for name, value, error in zip(["height²", "length", "noise²"], found.x, spread, strict=True):
        print(f"log {name:8} {value:6.2f} ± {error:.2f}")
    print(f"−log p = {found.fun:.2f} after {found.nfev} gradients")

    t = np.linspace(-0.5, 10.5, 300)
    matplotlib.style.use(Path(__file__).parents[1] / "pictures.mplstyle")
    plot = Figure(figsize=(8, 6))
    for axes, s, title in zip(
        plot.subplots(2, 1, sharex=True), [start, found.x], ["As it starts", "Learned"], strict=True
    ):
        across = kernel(s, t, x)
        K = kernel(s, x, x) + np.exp(s[2]) * np.eye(x.size)
        mean = across @ np.linalg.solve(K, y)
        explained = (across * np.linalg.solve(K, across.T).T).sum(1)
        sd = np.sqrt(np.exp(s[0]) - explained)
        axes.fill_between(t, mean - 2 * sd, mean + 2 * sd, color="#1A80C2", alpha=0.25)
        axes.plot(t, mean, color="#1A80C2", label="mean, and 2 standard deviations")
        axes.plot(x, y, "o", color="#D55E00", markersize=4, label="measured")
        axes.set(title=f"{title}: −log p = {minus_log_likelihood(s, x, y):.1f}", ylim=(-3, 3))
    axes.set_xlabel("x")
    axes.legend(loc="upper center", ncols=2)
    out.mkdir(parents=True, exist_ok=True)
    plot.savefig(out / "beyond_gaussian_process.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the picture")
    main(parser.parse_args().out)
