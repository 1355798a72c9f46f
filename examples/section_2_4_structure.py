# %% [markdown]
"""
# 2.4 Putting together the structure

Nodes stand in layers. Every node of a layer is joined to every node of the next, and each layer
but the last has a bias, a node that always gives +1. Layer 1 is the input, the last the output.

You will see: the document's network of 3 inputs, 3 hidden nodes and 1 output, another one with more
layers, and the one that will read digits; and how many weights and biases they have.
"""

# %%
from lesson import Lesson, table

from nets import Network

lesson = Lesson(__doc__)

# %%
lesson.show(
    Network([3, 3, 1], seed=0).draw(caption="A network of three layers (figure 10)"),
    "2_4_three_layers",
)

# %% [markdown]
# Any structure can be drawn. The weights may be shown as well, here those to the second node of
# layer 3: thickness is size, blue and full lines are positive, dashed ones negative.

# %%
lesson.show(
    Network([4, 6, 5, 2], seed=0).draw(
        weights=True, node=(3, 2), caption="Four layers, and the weights to one node"
    ),
    "2_4_four_layers",
)

# %% [markdown]
# Layers with many nodes are abbreviated.

# %%
lesson.show(
    Network([64, 30, 10], seed=0).draw(caption="The network that will read digits"), "2_4_digits"
)

# %%
rows = []
for structure in ([3, 3, 1], [4, 6, 5, 2], [64, 30, 10]):
    net = Network(structure, seed=0)
    weights = sum(W.size for W in net.W.values())
    biases = sum(b.size for b in net.b.values())
    rows.append(("-".join(map(str, structure)), net.n_layers, weights, biases, weights + biases))
lesson.tell(table(rows, ["structure", "layers", "weights", "biases", "together"]))
