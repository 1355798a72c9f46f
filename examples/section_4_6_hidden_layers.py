# %% [markdown]
r"""
# 4.6 Propagating into the hidden layers

A hidden node has no target of its own. It contributes to the cost through every node that it
feeds, so what it gets back is the sum of their δ, each weighted by the weight that joins them, and
multiplied by its own slope:

$$\delta_j^{(l)} = \Bigl(\sum_{i=1}^{s_{l+1}} w_{ij}^{(l)} \delta_i^{(l+1)}\Bigr)
\, f'(z_j^{(l)}), \qquad
\frac{\partial J}{\partial W_{ij}^{(l)}} = h_j^{(l)} \delta_i^{(l+1)}, \qquad
\frac{\partial J}{\partial b_i^{(l)}} = \delta_i^{(l+1)}$$

You will see: figures 11 and 12 with numbers on them; the formula in loops against the graph, for
networks of 3 to 6 layers; its derivation and its proof.
"""

# %%
import numpy as np
from lesson import Lesson, table

from autograd_nn import derive, gradients, prove
from nets import Network
from nets.formulas import f_prime

lesson = Lesson(__doc__)
x = [1.5, 2.0, 3.0]

# %% [markdown]
# One output node, and three of them: what node 1 of layer 2 gets back. The text under figure 11
# leaves out f′(z₁⁽²⁾), and that under figure 12 takes it at z_i instead of z₁; the sums written
# beneath the pictures have both right.

# %%
one, three = Network([3, 3, 1], seed=0), Network([3, 3, 3], seed=0)
lesson.show(
    one.draw(x, [0.0], node=(2, 1), caption="Node 1 of layer 2, and what comes back to it"),
    "4_6_figure_11",
)
lesson.show(
    three.draw(x, [0.0, 1.0, 0.0], node=(2, 1), caption="The same from three outputs"),
    "4_6_figure_12",
)


# %%
def delta_in_loops(net, x, y):
    """Return δ of every layer but the first, element by element as the formula says."""
    z, h = net.layers(x)
    z = {l: z[l].numpy()[:, 0] for l in z}
    output = h[net.n_layers].numpy()[:, 0]
    delta = {net.n_layers: -(y - output) * f_prime(z[net.n_layers])}
    for l in range(net.n_layers - 1, 1, -1):
        delta[l] = np.zeros(net.structure[l - 1])
        for j in range(net.structure[l - 1]):
            for i in range(net.structure[l]):
                delta[l][j] += net.W[l][i, j] * delta[l + 1][i]
            delta[l][j] *= f_prime(z[l][j])
    return delta


rng = np.random.default_rng(0)
rows = []
for structure in ([3, 3, 1], [3, 3, 3], [5, 8, 6, 2], [4, 6, 6, 6, 6, 3]):
    net = Network(structure, seed=1)
    inputs, y = rng.normal(size=structure[0]), rng.random(structure[-1])
    nodes = net.graph(inputs, y)
    differences = []
    for l, looped in delta_in_loops(net, inputs, y).items():
        (automatic,) = gradients(nodes["J"], [nodes[f"z{l}"]])
        differences.append(np.abs(automatic[:, 0] - looped).max())
    rows.append(("-".join(map(str, structure)), len(differences), f"{max(differences):.1e}"))
    assert max(differences) < 1e-15
lesson.tell(table(rows, ["network", "layers with δ", "largest difference to the graph"]))

# %% [markdown]
# Where the recursion comes from: the derivation of δ⁽²⁾ from the graph, whole and for one node.

# %%
nodes = three.graph(x, [0.0, 1.0, 0.0])
lesson.tell(derive(nodes["J"], nodes["z2"]))
lesson.tell(derive(nodes["J"], nodes["z2"], index=(1,)))

# %% [markdown]
# And its proof, for three outputs and for one more hidden layer.

# %%
deeper = Network([2, 2, 2, 2], seed=0)
claims = {
    "delta3": lambda W3, delta4, z3, f_prime: (W3.T @ delta4) * f_prime(z3),
    "delta2": lambda W2, delta3, z2, f_prime: (W2.T @ delta3) * f_prime(z2),
    "db1": lambda delta2: delta2,
}
proofs = prove(deeper.cost([1.0, 2.0], [0.0, 1.0]), claims)
lesson.tell(proofs)
assert proofs.ok
