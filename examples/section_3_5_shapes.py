# %% [markdown]
"""
# 3.5 Matrix multiplication

Only a heading in the document. The rule: (s_{l+1}, s_l) times (s_l, m) is
(s_{l+1}, m). The inner sizes have to be equal, and each element is a row times a column.

You will see: one product worked out, the shapes of every product in a network, and what is said
when they do not fit.
"""

# %%
import numpy as np
from lesson import Lesson, table

from autograd_nn import Tensor
from nets import Network

lesson = Lesson(__doc__)

# %% [markdown]
# Row 1 times the column: 1·4 + 2·5 + 3·6 = 32. Row 2: 0·4 − 1·5 + 2·6 = 7.

# %%
W = Tensor([[1.0, 2.0, 3.0], [0.0, -1.0, 2.0]], name="W1")
column = Tensor([[4.0], [5.0], [6.0]], name="x")
print((W @ column).numpy(), "\n")

# %%
m = 5
net = Network([64, 30, 10], seed=0)
z, h = net.layers(np.zeros((64, m)))
rows = []
for l in range(1, net.n_layers):
    product, bias = z[l + 1].inputs
    shapes = (product.inputs[0].shape, product.inputs[1].shape, bias.shape, z[l + 1].shape)
    rows.append((f"z{l + 1} = W{l} h{l} + b{l}", *map(str, shapes)))
lesson.tell(table(rows, [f"64-30-10, {m} samples", "W", "h", "b", "z"]))

# %% [markdown]
# What does not fit is refused with the names and both shapes. A transposed W, a sample too long,
# and Tensors that do not go together:

# %%
mistakes = {
    "net.W[1] = net.W[1].T": lambda: net.W.__setitem__(1, net.W[1].T),
    "net.feed_forward(np.zeros(65))": lambda: net.feed_forward(np.zeros(65)),
    "column @ W": lambda: column @ W,
}
for text, mistake in mistakes.items():
    try:
        mistake()
    except ValueError as error:
        print(f"{text}\n    {error}\n")
    else:
        raise AssertionError(f"{text} should not fit")
