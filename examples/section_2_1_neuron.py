# %% [markdown]
"""
# 2.1 The artificial neuron

A neuron is a switch: off below some input, on above it. As a formula that can be differentiated
the edge of the switch has to be soft: f(z) = 1/(1 + exp(−z)) rises from 0 to 1, steepest in the
middle, and its derivative is f′(z) = f(z)(1 − f(z)).

You will see: both curves, f′ taken by the engine from the recorded f; and that nothing overflows,
however large z is.
"""

# %%
import numpy as np
from lesson import BLUE, INK, ORANGE, Lesson, figure, table

from autograd_nn import Tensor, gradients, sigmoid

lesson = Lesson(__doc__)


def curve_and_slope(values):
    """Return f and f′ at `values`: f is recorded, its derivative follows from the record."""
    z = Tensor(values, requires_grad=True, name="z")
    h = sigmoid(z)
    # each h depends on its own z alone, so the gradient of their sum holds every slope
    return h.numpy(), gradients(h.sum(), [z])[0]


# %%
z = np.linspace(-8, 8, 201)
h, slope = curve_and_slope(z)

plot, axes = figure()
axes.plot(z, h, color=BLUE, label="f(z)")
axes.plot(z, slope, color=ORANGE, label="f′(z) = f(z)(1 − f(z))")
axes.axhline(0.5, color=INK, alpha=0.4, linewidth=0.8, zorder=0)
axes.set(xlabel="z", title="A soft switch, and how fast it switches")
axes.legend()
lesson.show(plot, "2_1_sigmoid")

# %% [markdown]
# At z = 0 the switch is half way, with slope ¼. Far out exp(−z) leaves the range of floating-point
# numbers, but f and f′ do not; an overflow would raise an error here.

# %%
far = np.array([-1000.0, -40, -2, 0, 2, 40, 1000])
with np.errstate(all="raise"):
    h, slope = curve_and_slope(far)
lesson.tell(table(zip(far, h, slope, strict=True), ["z", "f(z)", "f′(z)"]))
