# %% [markdown]
"""
# 2.2 Nodes

A node multiplies each input by a weight, adds the products and a bias, and switches:
h = f(x₁w₁ + x₂w₂ + x₃w₃ + b).

You will see: the same node as a graph of Tensors, and how much h changes with every weight: the
engine's gradients are f′(z) x₁, f′(z) x₂, f′(z) x₃ and f′(z).
"""

# %%
from lesson import Lesson, table

from autograd_nn import Tensor, draw, gradients, sigmoid

lesson = Lesson(__doc__)

# %%
x1, x2, x3 = (Tensor(v, name=f"x_{i}") for i, v in enumerate([1.5, 2.0, 3.0], 1))
w1, w2, w3 = (
    Tensor(v, requires_grad=True, name=f"w_{i}") for i, v in enumerate([0.2, -0.4, 0.6], 1)
)
b = Tensor(-0.8, requires_grad=True, name="b")

z = x1 * w1 + x2 * w2 + x3 * w3 + b
h = sigmoid(z)
z.name, h.name = "z", "h"
print(f"z = {z.item():.4f}, h = f(z) = {h.item():.4f}\n")

# %%
slope = h.item() * (1 - h.item())
found = gradients(h, [w1, w2, w3, b])
by_hand = [slope * x1.item(), slope * x2.item(), slope * x3.item(), slope]
names = ["∂h/∂w₁", "∂h/∂w₂", "∂h/∂w₃", "∂h/∂b"]
rows = [(n, float(g), e) for n, g, e in zip(names, found, by_hand, strict=True)]
lesson.tell(table(rows, ["", "by the engine", "f′(z) x"]))

# %% [markdown]
# The graph: what was computed from what, with the values, and in the other direction the gradient
# that flows along each arrow.

# %%
lesson.show(
    draw(h, values=True, gradients=True, caption="One node: values forward, gradients back"),
    "2_2_node",
)
