"""The sheet of the lesson: one layer more, another activation, a linear output.

python -m nets grade examples/lesson_90_minutes/sheet.py --student
python -m nets grade examples/lesson_90_minutes/sheet.py examples/lesson_90_minutes/answers
"""

import numpy as np

from autograd_nn import Tensor
from nets import Network

title = "Back-propagation through four layers, tanh and a linear output"
asked = {"delta4": 2, "delta3": 2, "delta2": 1, "dW3": 1, "dW2": 1, "dW1": 1, "db1": 1}
student = """
# z2 = W1 @ x + b1, h2 = tanh(z2); z3 = W2 @ h2 + b2, h3 = tanh(z3); h4 = z4 = W3 @ h3 + b3.
# Each column is a sample. J is the mean over the samples of 1/2 the squared length of y - h4.

m = x.shape[1]

# delta: of each sample's own cost, a column each
delta4 = ...
delta3 = ...
delta2 = ...

# the gradients of J
dW3 = ...
dW2 = ...
dW1 = ...
db1 = ...
"""


def graph() -> Tensor:
    """Return J."""
    rng = np.random.default_rng(5)
    net = Network([3, 4, 3, 2], seed=5, activation="tanh", output="linear")
    return net.graph(rng.normal(size=(3, 6)), rng.normal(size=(2, 6)))["J"]
