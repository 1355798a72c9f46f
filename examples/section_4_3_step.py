# %% [markdown]
"""
# 4.3 Gradient descent in neural networks

One step changes every weight and bias against its slope: w ← w − α ∂J/∂w, b ← b − α ∂J/∂b, all
of them at once, from the old values.

You will see: a step with the gradients of the document's formulas, the same step with the engine's
gradients, and by `nets.train`; and how the cost falls with α until the step is too long.
"""

# %%
import copy

import numpy as np
from lesson import BLUE, GREEN, ORANGE, Lesson, figure, table

from nets import Network, formulas, train

lesson = Lesson(__doc__)
rng = np.random.default_rng(0)
start = Network([3, 4, 2], seed=0)
x, y = rng.normal(size=(3, 6)), rng.random((2, 6))
alpha = 0.5

# %%
by_hand = copy.deepcopy(start)
found = formulas.backpropagation(start.W, start.b, x, y)
for l in start.W:
    by_hand.W[l] -= alpha * found.dW[l]
    by_hand.b[l] -= alpha * found.db[l]

automatic = copy.deepcopy(start)
gradients = start.gradients(x, y)
for name, gradient in gradients.items():
    automatic.parameters()[name][...] -= alpha * gradient

trained = copy.deepcopy(start)
history = train(trained, x, y, iterations=1, learning_rate=alpha, progress=False)

# %%
rows = []
for name, array in start.parameters().items():
    one, two, three = (net.parameters()[name] for net in (by_hand, automatic, trained))
    rows.append(
        (
            name,
            array.flat[0],
            one.flat[0],
            two.flat[0],
            three.flat[0],
            f"{np.ptp([one, two, three], axis=0).max():.0e}",
        )
    )
    assert np.allclose(one, two, rtol=0, atol=1e-14)
    assert np.allclose(one, three, rtol=0, atol=1e-14)
lesson.tell(
    table(rows, ["first element of", "before", "by hand", "automatic", "nets.train", "differ by"])
)
print(f"J before: {start.cost(x, y).item():.6f}, after: {by_hand.cost(x, y).item():.6f}\n")

# %% [markdown]
# J after one step, for many α. For small α it falls as the gradient says, by α ‖∂J‖².

# %%
squared = sum(float(np.sum(g**2)) for g in gradients.values())
alphas = np.linspace(0, 40, 161)
after = []
for a in alphas:
    net = copy.deepcopy(start)
    for name, gradient in gradients.items():
        net.parameters()[name][...] -= a * gradient
    after.append(net.cost(x, y).item())

plot, axes = figure()
axes.plot(alphas, after, color=BLUE, label="J after one step")
axes.plot(alphas, after[0] - alphas * squared, color=ORANGE, label="J − α ‖∂J‖²")
axes.set(
    xlabel="α",
    ylabel="J",
    title="One step, short or long",
    ylim=(min(after) * 0.9, max(after) * 1.03),
)
best = int(np.argmin(after))
axes.plot(alphas[best], after[best], "*", color=GREEN, markersize=13, label="lowest")
axes.legend()
lesson.show(plot, "4_3_step")
