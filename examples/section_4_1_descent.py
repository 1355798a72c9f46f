# %% [markdown]
"""
# 4.1 A simple example in code

Gradient descent on one number: from x = 6, go 0.01 times the slope downhill, again and again,
until a step is no longer than 0.00001. The function is x⁴ − 3x³ + 2, whose lowest point is at
x = 2.25.

You will see: the document's number, 2.249965, with the derivative taken by the engine instead of by
hand (4x³ − 9x²); and the path.
"""

# %%
import numpy as np
from lesson import BLUE, GREEN, RED, Lesson, figure

from autograd_nn import grad

lesson = Lesson(__doc__)


def curve(x):
    """Return x⁴ − 3x³ + 2."""
    return x**4 - 3 * x**3 + 2


slope = grad(curve)
for x in (6.0, 2.25, -1.0):
    print(f"slope at {x:5.2f}: {slope(x):7.2f}, by hand {4 * x**3 - 9 * x**2:7.2f}")

# %%
path = [6.0]
while len(path) < 2 or abs(path[-1] - path[-2]) > 0.00001:
    path.append(path[-1] - 0.01 * float(slope(path[-1])))

print(f"\nafter {len(path) - 1} steps the minimum is at {path[-1]:f}\n")
assert f"{path[-1]:f}" == "2.249965"

# %%
plot, (left, right) = figure(1, 2, size=(9.6, 3.8))
x = np.linspace(-0.7, 3.3, 300)
left.plot(x, curve(x), color=BLUE)
left.plot(path, curve(np.array(path)), "o-", color=RED, markersize=4, linewidth=0.8)
left.annotate(f"from x = 6 to {path[1]:.1f}", (path[1], curve(path[1])), (0.8, 5.2))
left.plot(2.25, curve(2.25), "*", color=GREEN, markersize=13)
left.annotate("minimum", (2.25, curve(2.25)), (1.0, -6.6), color=GREEN)
left.set(xlabel="x", title="x⁴ − 3x³ + 2, and the way down it", xlim=(-0.7, 3.3), ylim=(-7.5, 9))
right.semilogy(np.abs(np.array(path) - 2.25), color=BLUE)
right.set(xlabel="step", title="Distance from the minimum")
right.grid()
lesson.show(plot, "4_1_descent")
