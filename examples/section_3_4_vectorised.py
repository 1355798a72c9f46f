# %% [markdown]
r"""
# 3.4 Vectorisation in neural networks

With z^(l) for what goes into layer l, each layer is a product of a matrix and a vector, and f of
every element:

$$z^{(l+1)} = W^{(l)} h^{(l)} + b^{(l)}, \qquad h^{(l+1)} = f(z^{(l+1)}), \qquad h^{(1)} = x$$

You will see: the whole pass in two lines a layer; its graph, which the software calls by the same
names; and that m samples, a column each, need no loop either.
"""

# %%
import numpy as np
from lesson import Lesson, table

from autograd_nn import Tensor, draw, sigmoid
from nets import Network

lesson = Lesson(__doc__)
net = Network([3, 3, 1], seed=0)
x = np.array([[1.5], [2.0], [3.0]])

# %%
W1, b1 = Tensor(net.W[1], name="W1"), Tensor(net.b[1], name="b1")
W2, b2 = Tensor(net.W[2], name="W2"), Tensor(net.b[2], name="b2")

z2 = W1 @ Tensor(x, name="x") + b1
h2 = sigmoid(z2)
z3 = W2 @ h2 + b2
h3 = sigmoid(z3)

print(f"h3 = {h3.item():.6f}, by net.feed_forward: {net.feed_forward(x)[0, 0]:.6f}\n")
assert np.array_equal(h3.numpy(), net.feed_forward(x))

# %% [markdown]
# `names=` takes the variables' names for the picture.

# %%
names = {"z2": z2, "h2": h2, "z3": z3, "h3": h3}
lesson.show(
    draw(h3, names=names, direction="LR", caption="Two lines of code for each layer"),
    "3_4_vectorised",
)

# %% [markdown]
# Samples are columns, so the same two lines serve 1000 of them: a bias is added to every column.

# %%
many = np.random.default_rng(0).normal(size=(3, 1000))
together = net.feed_forward(many)
one_by_one = np.stack([net.feed_forward(many[:, k]) for k in range(1000)], axis=1)
rows = [("x", many.shape), ("W1 @ x + b1", (W1 @ many + b1).shape), ("output", together.shape)]
lesson.tell(table([(name, str(shape)) for name, shape in rows], ["1000 samples", "shape"]))
print(f"largest difference to one by one: {np.abs(together - one_by_one).max():.1e}")
