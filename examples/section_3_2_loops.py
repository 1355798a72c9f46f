# %% [markdown]
"""
# 3.2 Our first attempt at a feed-forward function

Three loops inside one another: over the layers, over the nodes of a layer, over what comes into a
node. `nets.looped_feed_forward` is this function; it takes lists of weights and biases.

You will see: it gives 0.8354 for the example of section 3.1, and for any network what the recorded
matrices give.
"""

# %%
import inspect

import numpy as np
from lesson import Lesson, table

from nets import Network, looped_feed_forward

lesson = Lesson(__doc__)

# %%
w = [np.array([[0.2] * 3, [0.4] * 3, [0.6] * 3]), np.array([[0.5] * 3])]
b = [np.array([0.8] * 3), np.array([0.2])]
print("the example:", looped_feed_forward(3, [1.5, 2.0, 3.0], w, b), "\n")

# %% [markdown]
# The loops themselves (what precedes them checks the shapes):

# %%
lines = inspect.getsource(looped_feed_forward).splitlines()
start = next(i for i, line in enumerate(lines) if "out = np.zeros" in line)
print("\n".join(lines[start:]), "\n")

# %%
rng = np.random.default_rng(0)
rows = []
for structure in ([3, 3, 1], [3, 3, 3, 1], [8, 5, 5, 4], [20, 10, 10, 10, 2]):
    net = Network(structure, seed=1)
    x = rng.normal(size=structure[0])
    looped = looped_feed_forward(len(structure), x, list(net.W.values()), list(net.b.values()))
    difference = np.abs(looped - net.feed_forward(x)).max()
    rows.append(("-".join(map(str, structure)), looped.round(4).tolist(), f"{difference:.1e}"))
    assert difference < 1e-14
lesson.tell(table(rows, ["network", "output of the loops", "largest difference to the graph"]))
