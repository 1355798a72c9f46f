"""Question 1 (section 4.5): does the chain-rule product hold with several hidden layers?

Yes: for a weight before the output layer it is the same three factors; for earlier weights the
factors in front are δ, which each layer hands to the one before it. Shown for one weight of each
layer of a network with three hidden layers, then proved for every number of them.

Run it: ``python examples/question_1_more_hidden_layers.py``.
"""

from __future__ import annotations

import numpy as np

import nets
from autograd_nn import derive
from nets import Network


def main() -> None:
    """Write the products out, compare them with numbers, prove them."""
    structure = [2, 2, 2, 2, 1]
    net = Network(structure, seed=0)
    nodes = net.graph([0.5, -1.0], [1.0])
    for l in range(len(structure) - 1, 0, -1):
        print(f"a weight of layer {l}:\n")
        print(derive(nodes["J"], nodes[f"W{l}"], index=(1, 2)), end="\n\n")
    numeric = net.gradients([0.5, -1.0], [1.0])
    h, delta = {1: nodes["x"], **net.layers([0.5, -1.0])[1]}, net.deltas([0.5, -1.0], [1.0])
    for l in range(1, len(structure)):
        product = delta[l + 1] @ h[l].numpy().T
        gap = float(np.max(np.abs(numeric[f"W{l}"] - product)))
        print(f"W^({l}): product of the factors − automatic gradient, at most {gap:.1e}")
    print()
    proofs = nets.prove(net)
    proofs.raise_if_wrong()
    assert all(proof.any_size and proof.any_depth for proof in proofs)
    print(f"and proved, for every number of nodes, samples and layers:\n{proofs}")


if __name__ == "__main__":
    main()
