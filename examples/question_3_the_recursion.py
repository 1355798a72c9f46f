"""Question 3 (section 4.6): where does the recursion for δ come from?

Read off the graph, one line for every operation: z^(3) is a sum in which h^(2) stands behind W^(2),
so that what arrives at z^(3) goes back through (W^(2))ᵀ; h^(2) = f(z^(2)), so that it is multiplied
by f′(z^(2)). Each output that a node feeds adds its share: that is the sum in the formula.

Run it: ``python examples/question_3_the_recursion.py``.
"""

from __future__ import annotations

import numpy as np

import nets
from autograd_nn import derive
from nets import Network


def main() -> None:
    """Derive δ^(2), whole and node by node, for one output and for two; prove it."""
    for structure in ([3, 3, 1], [3, 3, 2]):
        net = Network(structure, seed=0)
        nodes = net.graph(np.array([1.5, 2.0, 3.0]), np.ones(structure[-1]))
        J, z2 = nodes["J"], nodes["z2"]
        print(f"structure {structure}: δ^(2) from the cost, backwards\n")
        print(derive(J, z2), end="\n\n")
        print("its first node, with the sum written out\n")
        print(derive(J, z2, index=(1,)), end="\n\n")
    formula = {"delta2": lambda W2, delta3, z2, f_prime: (W2.T @ delta3) * f_prime(z2)}
    (proof,) = nets.prove(Network([3, 3, 1]), formula)
    assert proof.any_size
    assert proof.any_depth
    print(f"for every size and at every depth,\n{proof}")


if __name__ == "__main__":
    main()
