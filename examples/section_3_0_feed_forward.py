# %% [markdown]
"""
# 3 The feed-forward pass

The output of a network is worked out from left to right: every node of a layer is f of the
weighted outputs of the layer before it, plus its bias.

You will see: the four equations of the network with 3 inputs, 3 hidden nodes and 1 output, written
node by node, against the same network in matrices; and the graph of the whole pass.
"""

# %%
import numpy as np
from lesson import Lesson, table

from autograd_nn import draw
from nets import Network
from nets.formulas import f

lesson = Lesson(__doc__)
net = Network([3, 3, 1], seed=0)
x = x1, x2, x3 = 1.5, 2.0, 3.0

# %% [markdown]
# Node by node: h_i⁽²⁾ = f(w_i1⁽¹⁾ x₁ + w_i2⁽¹⁾ x₂ + w_i3⁽¹⁾ x₃ + b_i⁽¹⁾), and the last node does
# the same with h₁⁽²⁾, h₂⁽²⁾, h₃⁽²⁾. (The document's text names them h₁⁽¹⁾, h₂⁽²⁾, h₃⁽³⁾; that is
# a misprint, see `errata.py`.)

# %%
(w11, w12, w13), (w21, w22, w23), (w31, w32, w33) = net.W[1]
b1, b2, b3 = net.b[1][:, 0]
h1 = f(w11 * x1 + w12 * x2 + w13 * x3 + b1)
h2 = f(w21 * x1 + w22 * x2 + w23 * x3 + b2)
h3 = f(w31 * x1 + w32 * x2 + w33 * x3 + b3)

v1, v2, v3 = net.W[2][0]
output = f(v1 * h1 + v2 * h2 + v3 * h3 + net.b[2][0, 0])

# %% [markdown]
# In matrices: `net.layers` computes the same and records it.

# %%
z, h = net.layers(x)
recorded = [*h[2].numpy()[:, 0], h[3].item()]
names = ["h₁⁽²⁾", "h₂⁽²⁾", "h₃⁽²⁾", "h₁⁽³⁾"]
rows = [(name, a, b) for name, a, b in zip(names, (h1, h2, h3, output), recorded, strict=True)]
lesson.tell(table(rows, ["", "node by node", "in matrices"]))
assert np.allclose([h1, h2, h3, output], recorded, rtol=1e-14)

# %%
lesson.show(draw(h[3], values=True, caption="The feed-forward pass in matrices"), "3_feed_forward")
