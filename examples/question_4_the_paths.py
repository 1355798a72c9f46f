"""Question 4 (section 4.6): how does a weight that does not touch the output change the cost?

Through every path from it to the cost. A small change of w_12^(1) moves z_1^(2), that moves
h_1^(2), and that moves every node of the output layer: the changes along the paths add up. The
paths of a 3-3-2 network are listed with the numbers on them, their sum is compared with the
gradient and with a real small change; the paths are drawn, and the graph with its gradients.

Run it: ``python examples/question_4_the_paths.py``.
"""

from __future__ import annotations

import numpy as np
from lesson import Lesson
from tabulate import tabulate

from autograd_nn import derive, draw
from nets import Network
from nets.formulas import f_prime


def main() -> None:
    """List the paths, add them up, draw them."""
    lesson = Lesson(__doc__)
    net = Network([3, 3, 2], seed=0)
    x, y = np.array([1.5, 2.0, 3.0]), np.array([0.0, 1.0])
    nodes = net.graph(x, y)
    h3, z3, z2 = (nodes[name].numpy()[:, 0] for name in ("h3", "z3", "z2"))
    to_z2 = x[1]  # ∂z_1^(2)/∂w_12^(1) = x_2
    to_h2 = f_prime(z2[0])
    rows, total = [], 0.0
    for i in range(2):
        factors = [-(y[i] - h3[i]), f_prime(z3[i]), net.W[2][i, 0], to_h2, to_z2]
        total += float(np.prod(factors))
        path = f"w_12^(1) → z_1^(2) → h_1^(2) → z_{i + 1}^(3) → h_{i + 1}^(3) → J"
        rows.append([path, *(f"{v:.5f}" for v in factors), f"{np.prod(factors):.6f}"])
    print("along each path, the product of the local derivatives\n")
    heads = [
        "path",
        "∂J/∂h^(3)",
        "∂h^(3)/∂z^(3)",
        "∂z^(3)/∂h^(2)",
        "∂h^(2)/∂z^(2)",
        "∂z^(2)/∂w",
        "product",
    ]
    print(tabulate(rows, heads, disable_numparse=True), end="\n\n")
    gradient = net.gradients(x, y)["W1"][0, 1]
    print(f"sum of the paths     {total:.9f}\n∂J/∂w_12^(1)         {gradient:.9f}")
    before, step = net.cost(x, y).item(), 1e-6
    net.W[1][0, 1] += step
    change = (net.cost(x, y).item() - before) / step
    print(f"change of J per change of w_12^(1), really made: {change:.6f}\n")
    assert np.isclose(total, gradient, rtol=1e-12)
    print("the same, derived from the graph\n")
    print(derive(nodes["J"], nodes["W1"], index=(1, 2)), end="\n\n")
    net.W[1][0, 1] -= step
    # back from both outputs to node 1 of layer 2, which w_12^(1) leads into
    lesson.show(
        net.draw(x, y, node=(2, 1), caption="Two paths lead back to node 1"), "question_4_paths"
    )
    picture = draw(nodes["J"], gradients=True, values=True, collapse=["layer 3", "cost"],
                   caption="From J back to W⁽¹⁾")  # fmt: skip
    lesson.show(picture, "question_4_graph")


if __name__ == "__main__":
    main()
