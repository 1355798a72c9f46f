# %% [markdown]
r"""
# 4.2 The cost function

Only a heading in the document. The cost of one pair (x, y) says how far the output is from its
target; of m pairs, the mean is taken:

$$J = \tfrac12 \lVert y - h^{(n_l)} \rVert^2, \qquad
J = \frac1m \sum_{k=1}^m \tfrac12 \lVert y_k - h_k^{(n_l)} \rVert^2$$

You will see: both as recorded Tensors, worked out by hand as well, and the graph of the mean.
"""

# %%
import numpy as np
from lesson import Lesson, table

from autograd_nn import draw
from nets import Network

lesson = Lesson(__doc__)
rng = np.random.default_rng(0)
net = Network([3, 3, 2], seed=0)
x, y = rng.normal(size=(3, 4)), np.array([[0, 1, 0, 1], [1, 0, 0, 1]])

# %%
rows = []
for k in range(4):
    h = net.feed_forward(x[:, k])
    by_hand = 0.5 * ((y[0, k] - h[0]) ** 2 + (y[1, k] - h[1]) ** 2)
    rows.append(
        (f"pair {k + 1}", str(y[:, k]), str(h.round(4)), by_hand, net.cost(x[:, k], y[:, k]))
    )
mean = sum(row[3] for row in rows) / 4
rows.append(("mean of the four", "", "", mean, net.cost(x, y)))
lesson.tell(
    table([(*row[:4], row[4].item()) for row in rows], ["", "y", "h", "by hand", "net.cost"])
)
assert np.isclose(mean, net.cost(x, y).item(), rtol=1e-14)

# %% [markdown]
# The cost is the last node of the graph of everything that led to it.

# %%
lesson.show(draw(net.cost(x, y), caption="The mean cost of four pairs"), "4_2_cost")
