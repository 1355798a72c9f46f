"""Sheet: back-propagation through the document's network."""

import numpy as np

from autograd_nn import Tensor
from nets import Network

title = "Back-propagation through a network of three layers"
asked = {"delta3": 2, "delta2": 2, "dW2": 1, "db2": 1, "dW1": 1, "db1": 1}
student = """
# z2 = W1 @ x + b1, h2 = f(z2), z3 = W2 @ h2 + b2, h3 = f(z3), f is the sigmoid.
# Each column is a sample. J is the mean over the samples of 1/2 the squared length of y - h3.

m = x.shape[1]

# delta: of each sample's own cost, a column each
delta3 = ...
delta2 = ...

# the gradients of J
dW2 = ...
db2 = ...
dW1 = ...
db1 = ...
"""


def graph() -> Tensor:
    """Return J."""
    rng = np.random.default_rng(4)
    net = Network([3, 4, 2], seed=4)
    return net.graph(rng.normal(size=(3, 5)), rng.random((2, 5)))["J"]
