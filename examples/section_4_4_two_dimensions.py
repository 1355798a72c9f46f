# %% [markdown]
"""
# 4.4 A two dimensional gradient descent example

Only a heading in the document. With two weights the cost is a landscape, and gradient descent
walks down it, at each point across the contour.

You will see: a bowl w₁² + 4w₂², with three step lengths; and the cost of a real node with two
weights, whose landscape has plateaus because its switch saturates.
"""

# %%
import numpy as np
from lesson import BLUE, GREEN, INK, ORANGE, RED, Lesson, figure

from autograd_nn import grad, sigmoid

lesson = Lesson(__doc__)


def bowl(w):
    """Return w₁² + 4 w₂²."""
    return w[0] ** 2 + 4 * w[1] ** 2


rng = np.random.default_rng(0)
X = rng.normal(size=(2, 40))
y = (X[0] + 0.5 * X[1] > 0).astype(float)


def node(w):
    """Return the mean cost of a node with weights w₁, w₂ on 40 samples."""
    return 0.5 * np.mean((y - sigmoid(w[0] * X[0] + w[1] * X[1])) ** 2)


def descend(cost, start, alpha, steps):
    """Return the points of a descent, a row each."""
    slope, path = grad(cost), [np.array(start)]
    for _ in range(steps):
        path.append(path[-1] - alpha * slope(path[-1]))
    return np.array(path)


# %%
def landscape(axes, cost, reach, levels):
    """Draw contours of `cost` over a square."""
    w1, w2 = np.meshgrid(np.linspace(*reach[0], 61), np.linspace(*reach[1], 61))
    values = np.array([[float(cost(w)) for w in row] for row in np.dstack([w1, w2])])
    lines = axes.contour(w1, w2, values, levels, colors=INK, linewidths=0.8, alpha=0.7)
    axes.clabel(lines, fontsize=8)
    lowest = np.unravel_index(values.argmin(), values.shape)
    axes.plot(w1[lowest], w2[lowest], "*", color=INK, markersize=13, clip_on=False, label="lowest")
    axes.set(xlabel="w₁", ylabel="w₂", aspect="equal")


plot, (left, right) = figure(1, 2, size=(9.6, 5.8))
landscape(left, bowl, [(-4.6, 4.6), (-2.6, 2.6)], [1, 3, 6, 10, 15, 21, 28, 36])
for alpha, colour in [(0.03, BLUE), (0.12, GREEN), (0.24, RED)]:
    path = descend(bowl, [4.0, 2.0], alpha, 25)
    left.plot(*path.T, "o-", color=colour, markersize=3, linewidth=1, label=f"α = {alpha}")
    print(f"bowl, α = {alpha}: after 25 steps at {path[-1].round(4)}, cost {bowl(path[-1]):.2e}")
left.set(title="The cost w₁² + 4w₂²")

landscape(right, node, [(-4, 8), (-5, 6)], 14)
for start, colour in [((-3.0, 4.0), BLUE), ((-2.0, -4.0), ORANGE)]:
    path = descend(node, start, 4.0, 120)
    right.plot(*path.T, "o-", color=colour, markersize=3, linewidth=1, label=f"from {start}")
    print(f"node, from {start}: after 120 steps at {path[-1].round(3)}, cost {node(path[-1]):.4f}")
right.set(title="The mean cost of one node, α = 4")
for axes in (left, right):
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    axes.set_anchor("S")
lesson.show(plot, "4_4_two_dimensions")
