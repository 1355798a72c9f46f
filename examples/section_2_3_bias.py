# %% [markdown]
"""
# 2.3 The bias

A node with one input, h = f(wx + b). The weight w says how sudden the switch is, the bias b where
it is: the middle is at x = −b/w, and the slope there is w/4. Without a bias it is stuck at x = 0.
"""

# %%
import numpy as np
from lesson import BLUE, GREEN, ORANGE, Lesson, figure, table

from autograd_nn import Tensor, gradients, sigmoid

lesson = Lesson(__doc__)
x = np.linspace(-8, 8, 321)

# %% [markdown]
# Three weights without a bias, and three biases with w = 5: figures 4 and 6 of the document.

# %%
plot, (left, right) = figure(1, 2, size=(9.6, 3.8), sharey=True)
for w, colour in [(0.5, BLUE), (1.0, ORANGE), (2.0, GREEN)]:
    left.plot(x, sigmoid(w * x).numpy(), color=colour, label=f"w = {w}")
for b, colour in [(-8.0, BLUE), (0.0, ORANGE), (8.0, GREEN)]:
    right.plot(x, sigmoid(5 * x + b).numpy(), color=colour, label=f"b = {b}")
left.set(xlabel="x", ylabel="h", title="Weights change the slope (b = 0)")
right.set(xlabel="x", title="Biases move the switch (w = 5)", xlim=(-4, 4))
for axes in (left, right):
    axes.legend(loc="upper left")
lesson.show(plot, "2_3_bias")

# %% [markdown]
# The same in numbers: the slope ∂h/∂x where each curve is half way.

# %%
rows = []
for w, b in [(0.5, 0), (1, 0), (2, 0), (5, -8), (5, 0), (5, 8)]:
    middle = Tensor(-b / w, requires_grad=True, name="x")
    h = sigmoid(w * middle + b)
    rows.append((w, b, middle.item() + 0.0, h.item(), float(gradients(h, [middle])[0]), w / 4))
lesson.tell(table(rows, ["w", "b", "half way at x", "h there", "∂h/∂x there", "w/4"]))
