# %% [markdown]
r"""
# 4.7 Vectorisation of backpropagation

Only a heading in the document. The sums of section 4.6 are products of matrices, for one sample
or for m of them as columns:

$$\delta^{(l)} = \bigl((W^{(l)})^T \delta^{(l+1)}\bigr) \odot f'(z^{(l)}), \qquad
\frac{\partial J}{\partial W^{(l)}} = \tfrac1m \, \delta^{(l+1)} (h^{(l)})^T, \qquad
\frac{\partial J}{\partial b^{(l)}} = \tfrac1m \sum_k \delta_k^{(l+1)}$$

You will see: a backward pass in five lines; every formula compared with the graph; a report that
names a learner's mistake; and the backward pass itself as a graph, since it is recorded too.
"""

# %%
import numpy as np
from lesson import Lesson, table

from autograd_nn import draw, gradients
from nets import Network, verify
from nets.formulas import f_prime

lesson = Lesson(__doc__)
rng = np.random.default_rng(0)
net = Network([4, 5, 3, 2], seed=0)
m = 6
x, y = rng.normal(size=(4, m)), rng.random((2, m))

# %%
z, h = net.layers(x)
z, h = ({l: t.numpy() for l, t in values.items()} for values in (z, h))

delta = {4: -(y - h[4]) * f_prime(z[4])}
for l in (3, 2):
    delta[l] = (net.W[l].T @ delta[l + 1]) * f_prime(z[l])
dW = {l: delta[l + 1] @ h[l].T / m for l in (1, 2, 3)}
db = {l: delta[l + 1].mean(axis=1, keepdims=True) for l in (1, 2, 3)}

# %%
automatic = net.gradients(x, y)
rows = []
for l in (3, 2, 1):
    shapes = f"{delta[l + 1].shape} {h[l].T.shape} → {dW[l].shape}"
    differences = [
        np.abs(dW[l] - automatic[f"W{l}"]).max(),
        np.abs(db[l] - automatic[f"b{l}"]).max(),
    ]
    rows.append((f"δ{l + 1} (h{l})ᵀ", shapes, *(f"{d:.0e}" for d in differences)))
    assert max(differences) < 1e-15
lesson.tell(table(rows, ["", "shapes", "∂J/∂W differs by", "∂J/∂b differs by"]))

# %% [markdown]
# `verify` does this for every formula of the document, with finite differences besides.

# %%
report = verify(net, x, y)
lesson.tell(report)
assert report.ok

# %% [markdown]
# A common mistake: f′ of the hidden layer is forgotten. The report says which step is the first
# wrong one and what is wrong with it. Steps that are only wrong because of it are marked as such.

# %%
report = verify(
    net,
    x,
    y,
    {
        "delta4": lambda y, h4, z4: -(y - h4) * f_prime(z4),
        "delta3": lambda W3, delta4: W3.T @ delta4,
        "delta2": lambda W2, delta3, z2: (W2.T @ delta3) * f_prime(z2),
    },
)
lesson.tell(report)
assert [line.name for line in report.failures] == ["delta3"]
lesson.show(draw(report, caption="A report: in δ⁽³⁾ f′ was forgotten"), "4_7_report")

# %% [markdown]
# The backward pass of a small network, recorded: the gradient of W⁽¹⁾ is itself a graph.

# %%
small = Network([3, 3, 1], seed=0).graph([1.5, 2.0, 3.0], [0.0])
(dW1,) = gradients(small["J"], [small["W1"]], create_graph=True)
dW1.name = "dW1"
lesson.show(draw(dW1, caption="The backward pass, recorded"), "4_7_backward")
