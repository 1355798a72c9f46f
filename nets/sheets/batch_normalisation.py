"""Sheet: batch normalisation, step by step."""

import numpy as np

from autograd_nn import Tensor

title = "Batch normalisation"
asked = {"dgamma": 1, "dbeta": 1, "dxhat": 1, "dvar": 2, "dmu": 2, "dx": 3}
student = """
# mu = mean of x over the samples (rows), var = mean of (x - mu)**2,
# std = sqrt(var + eps), xhat = (x - mu) / std, out = gamma * xhat + beta,
# J = sum of upstream * out: the gradient of J with respect to out is upstream.

N, D = x.shape

dbeta = ...
dgamma = ...
dxhat = ...
dvar = ...
dmu = ...
dx = ...
"""


def graph() -> Tensor:
    """Return J."""
    rng = np.random.default_rng(2)
    x = Tensor(rng.normal(size=(6, 4)) * [1, 2, 3, 4], requires_grad=True, name="x")
    gamma = Tensor(rng.normal(size=4), requires_grad=True, name="gamma")
    beta = Tensor(rng.normal(size=4), requires_grad=True, name="beta")
    upstream = Tensor(rng.normal(size=(6, 4)), name="upstream")
    eps = Tensor(1e-3, name="eps")
    mu = np.mean(x, axis=0)
    mu.name = "mu"
    var = np.mean((x - mu) ** 2, axis=0)
    var.name = "var"
    std = np.sqrt(var + eps)
    std.name = "std"
    xhat = (x - mu) / std
    xhat.name = "xhat"
    out = gamma * xhat + beta
    out.name = "out"
    J: Tensor = np.sum(upstream * out)
    return J
