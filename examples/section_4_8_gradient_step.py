# %% [markdown]
r"""
# 4.8 Implementing the gradient descent step

Only a heading in the document. The gradient of the mean cost is a sum over the samples:

$$\Delta W^{(l)} = \sum_{k=1}^m \delta_k^{(l+1)} (h_k^{(l)})^T, \qquad
\Delta b^{(l)} = \sum_{k=1}^m \delta_k^{(l+1)}, \qquad
W^{(l)} \leftarrow W^{(l)} - \alpha \, \tfrac1m \Delta W^{(l)}$$

You will see: one step on 1078 digits, computed in three ways: by the sums over the samples, in
matrices, and by the automatic gradient; that they are equal; and how long each takes.
"""

# %%
import numpy as np
from lesson import Lesson, seconds, table

from nets import Network, formulas, load_digits

lesson = Lesson(__doc__)
digits = load_digits(seed=0)
X, Y = digits.X_train, digits.Y_train
net = Network([64, 30, 10], seed=0)
m = X.shape[1]


# %% [markdown]
# The document's sums: one sample after the other is fed forward and back.


# %%
def by_sums():
    """Return (1/m) ΔW and (1/m) Δb."""
    total = {name: np.zeros_like(array) for name, array in net.parameters().items()}
    for k in range(m):
        z, h = formulas.feed_forward(net.W, net.b, X[:, k])
        delta = formulas.delta_output(Y[:, k], h[3], z[3])
        for l in (2, 1):
            total[f"W{l}"] += np.outer(delta, h[l])
            total[f"b{l}"][:, 0] += delta
            if l > 1:
                delta = formulas.delta_hidden(net.W[l], delta, z[l])
    return {name: array / m for name, array in total.items()}


# %% [markdown]
# In matrices all samples go through at once, and the product δ hᵀ is the sum.


# %%
def by_matrices():
    """Return ∂J/∂W and ∂J/∂b by the formulas of section 4.7."""
    found = formulas.backpropagation(net.W, net.b, X, Y)
    return {f"{kind}{l}": getattr(found, f"d{kind}")[l] for l in (1, 2) for kind in ("W", "b")}


# %% [markdown]
# And without any formula: the graph of the mean cost, differentiated.


# %%
def automatically():
    """Return ∂J/∂W and ∂J/∂b as the engine finds them."""
    return net.gradients(X, Y)


# %%
expected = by_sums()
rows = []
for way in (by_sums, by_matrices, automatically):
    found = way()
    difference = max(np.abs(found[name] - expected[name]).max() for name in expected)
    rows.append((way.__name__, f"{difference:.1e}", f"{seconds(way) * 1e3:.2f}"))
    assert difference < 1e-14
lesson.tell(table(rows, ["way", "largest difference to the sums", "ms"]))
