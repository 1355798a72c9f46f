"""Sheet: softmax regression with its cross-entropy."""

import numpy as np

from autograd_nn import Tensor, log_softmax

title = "Softmax regression with cross-entropy"
asked = {"dlogits": 3, "dW": 2, "db": 1}
student = """
# logits = X @ W + b, P is the softmax of each row. Each row is a sample; the rows of Y are
# one-hot. J is the mean over the samples of -log of the probability of the right class.

N = X.shape[0]

# all three are gradients of J
dlogits = ...
dW = ...
db = ...
"""


def graph() -> Tensor:
    """Return J."""
    rng = np.random.default_rng(1)
    X = Tensor(rng.normal(size=(6, 4)), name="X")
    Y = Tensor(np.eye(3)[rng.integers(0, 3, 6)], name="Y")
    W = Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    b = Tensor(rng.normal(size=3), requires_grad=True, name="b")
    logits = X @ W + b
    logits.name = "logits"
    log_p = log_softmax(logits, axis=1)
    log_p.name = "logP"
    J: Tensor = -np.mean(np.sum(Y * log_p, axis=1))
    return J
