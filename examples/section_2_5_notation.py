# %% [markdown]
"""
# 2.5 The notation

w_ij^(l) is the weight from node j of layer l to node i of layer l + 1: the number of the node it
leads to comes first. In the same way b_i^(l) belongs to layer l and leads to node i of layer l + 1,
and h_j^(l) is the output of node j of layer l. Everything is counted from 1.

You will see: in the software `net.W[l]` and `net.b[l]` are these, with a row for every node that
they lead to, and the order of the indices is what makes z^(l+1) = W^(l) h^(l) + b^(l) a product
of matrices.
"""

# %%
import numpy as np
from lesson import Lesson, table

from nets import Network

lesson = Lesson(__doc__)
net = Network([2, 3, 1], seed=0)

# %%
rows = []
for l in net.W:
    rows += [(f"net.W[{l}]", net.W[l].shape, f"layer {l} to layer {l + 1}")]
    rows += [(f"net.b[{l}]", net.b[l].shape, f"layer {l} to layer {l + 1}")]
lesson.tell(table([(a, str(b), c) for a, b, c in rows], ["array", "shape", "leads from"]))

# %% [markdown]
# w₂₁⁽¹⁾ leads from node 1 of layer 1 to node 2 of layer 2. Let it be the only weight that is not
# 0: then only node 2 of layer 2 gets anything, and only from x₁. (Python counts from 0, so the
# element is `[2 - 1, 1 - 1]`.)

# %%
net.W[1] = np.zeros((3, 2))
net.W[1][2 - 1, 1 - 1] = 0.5
x = [0.7, 9.0]
z, h = net.layers(x)
print(f"x = {x}, w_21 = 0.5")
print(f"z of layer 2: {z[2].numpy()[:, 0]}")
print(f"h of layer 2: {h[2].numpy()[:, 0].round(4)}\n")
assert z[2].numpy()[:, 0].tolist() == [0, 0.35, 0]

# %%
lesson.show(
    net.draw(x, weights=True, caption="w₂₁⁽¹⁾ leads to node 2 of layer 2, from node 1 of layer 1"),
    "2_5_notation",
)
