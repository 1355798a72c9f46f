# %% [markdown]
"""
# 3.1 A feed-forward example

The document's numbers: the rows of W⁽¹⁾ hold 0.2, 0.4 and 0.6, W⁽²⁾ is 0.5 throughout, the biases
are 0.8 and 0.2, and the input is x = 1.5, 2, 3.

You will see: h⁽²⁾ = 0.8909, 0.9677, 0.9909 and h⁽³⁾ = 0.8354. (The document cuts off after four
digits: 0.99098… is printed as 0.9909.)
"""

# %%
import numpy as np
from lesson import Lesson, table

from nets import Network

lesson = Lesson(__doc__)

net = Network([3, 3, 1])
net.W[1] = np.array([[0.2, 0.2, 0.2], [0.4, 0.4, 0.4], [0.6, 0.6, 0.6]])
net.W[2] = np.array([[0.5, 0.5, 0.5]])
net.b[1] = np.array([[0.8], [0.8], [0.8]])
net.b[2] = np.array([[0.2]])
x = [1.5, 2.0, 3.0]

# %%
z, h = net.layers(x)
rows = []
for l in (2, 3):
    for i, (sum_, output) in enumerate(zip(z[l].numpy()[:, 0], h[l].numpy()[:, 0], strict=True), 1):
        cut_off = np.floor(output * 1e4) / 1e4
        rows.append((f"node {i} of layer {l}", f"{sum_:.6f}", f"{output:.6f}", f"{cut_off:.4f}"))
lesson.tell(table(rows, ["", "z", "h = f(z)", "as printed"]))
assert [row[-1] for row in rows] == ["0.8909", "0.9677", "0.9909", "0.8354"]

# %%
lesson.show(net.draw(x, weights=True, caption="The document's example"), "3_1_example")
