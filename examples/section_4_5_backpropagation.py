# %% [markdown]
r"""
# 4.5 Backpropagation in depth

How much does the cost change with w₁₂⁽²⁾, the weight from node 2 of layer 2 to the output node?
By the chain rule, in three factors:

$$\frac{\partial J}{\partial w_{12}^{(2)}} = \frac{\partial J}{\partial h_1^{(3)}} \,
\frac{\partial h_1^{(3)}}{\partial z_1^{(3)}} \, \frac{\partial z_1^{(3)}}{\partial w_{12}^{(2)}}
= -(y_1 - h_1^{(3)}) \; f'(z_1^{(3)}) \; h_2^{(2)}$$

(The document calls the output node's weighted input z⁽²⁾ here and z⁽³⁾ in section 3.4; the
software uses z⁽³⁾, what goes into layer 3.)

You will see: each factor read off the graph, and equal to the formula; the derivation written down
from the graph; δ and ∂J/∂W = h δ proved for every differentiable f.
"""

# %%
import numpy as np
from lesson import Lesson, table

from autograd_nn import derive, draw, gradients, prove
from nets import Network
from nets.formulas import f_prime

lesson = Lesson(__doc__)
net = Network([3, 3, 1], seed=0)
x, y = [1.5, 2.0, 3.0], [0.0]
nodes = net.graph(x, y)
J, h3, z3, h2, W2 = (nodes[name] for name in ("J", "h3", "z3", "h2", "W2"))

# %% [markdown]
# `gradients` differentiates between any two nodes of the graph, so each factor can be asked for.

# %%
from_graph = [
    gradients(J, [h3])[0].item(),
    gradients(h3, [z3])[0].item(),
    gradients(z3, [W2])[0][0, 1],
]
by_formula = [-(y[0] - h3.item()), f_prime(z3.numpy()).item(), h2.numpy()[1, 0]]
from_graph += [net.gradients(x, y)["W2"][0, 1]]
by_formula += [np.prod(by_formula)]
names = ["∂J/∂h₁⁽³⁾ = −(y₁ − h₁⁽³⁾)", "∂h₁⁽³⁾/∂z₁⁽³⁾ = f′(z₁⁽³⁾)", "∂z₁⁽³⁾/∂w₁₂⁽²⁾ = h₂⁽²⁾"]
names += ["∂J/∂w₁₂⁽²⁾, their product"]
lesson.tell(table(zip(names, from_graph, by_formula, strict=True), ["", "graph", "formula"]))
assert np.allclose(from_graph, by_formula, rtol=1e-13)

# %% [markdown]
# The derivation, written from the graph: for the whole matrix, then for w₁₂⁽²⁾ alone.

# %%
lesson.tell(derive(J, W2))
lesson.tell(derive(J, W2, index=(1, 2)))

# %% [markdown]
# With δ⁽³⁾ for the first two factors, ∂J/∂W⁽²⁾ = δ⁽³⁾ (h⁽²⁾)ᵀ. Both are proved, with symbols in the
# place of all numbers and an unknown f in the place of the sigmoid; without f′ it is refuted.

# %%
claims = {
    "delta3": lambda y, h3, z3, f_prime: -(y - h3) * f_prime(z3),
    "dW2": lambda delta3, h2: delta3 @ h2.T,
}
proofs = prove(J, claims)
lesson.tell(proofs)
assert proofs.ok

wrong = prove(J, {"delta3": lambda y, h3: -(y - h3)})
lesson.tell(wrong)
assert not wrong.ok

# %% [markdown]
# The gradients on the graph: dashed arrows run backwards, and δ⁽³⁾ stands at z⁽³⁾. Layer 2
# and the cost are shown as one box each.

# %%
picture = draw(
    J,
    gradients=True,
    values=True,
    collapse=["layer 2", "cost"],
    layers=False,
    caption="From J back to W⁽²⁾",
)
lesson.show(picture, "4_5_backpropagation")
