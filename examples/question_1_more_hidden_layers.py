"""Question 1 (section 4.5): does the chain-rule product hold with several hidden layers?

Yes: for a weight before the output layer it is the same three factors; for earlier weights the
factors in front are δ, which each layer hands to the one before it. Shown for one weight of each
layer of a network with three hidden layers, then proved for networks with one, two and three.

Run it: ``python examples/question_1_more_hidden_layers.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_nn import derive, prove
from autograd_nn.derivation import Formula
from nets import Network


def formulas_of(n_l: int) -> dict[str, Any]:
    """Return the document's δ and ∂J/∂W for a network of n_l layers, f left open."""

    def output(y: Any, h: Any, z: Any, f_prime: Any) -> Any:
        return -(y - h) * f_prime(z)

    def hidden(W: Any, delta: Any, z: Any, f_prime: Any) -> Any:
        return (W.T @ delta) * f_prime(z)

    claims = {f"delta{n_l}": Formula(output, ("y", f"h{n_l}", f"z{n_l}", "f_prime"))}
    for l in range(n_l - 1, 1, -1):
        claims[f"delta{l}"] = Formula(hidden, (f"W{l}", f"delta{l + 1}", f"z{l}", "f_prime"))
    for l in range(1, n_l):
        h = "x" if l == 1 else f"h{l}"
        claims[f"dW{l}"] = Formula(lambda delta, h: delta @ h.T, (f"delta{l + 1}", h))
    return claims


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
    for structure in ([2, 2, 1], [2, 2, 2, 1], [2, 2, 2, 2, 1]):
        J = Network(structure, seed=0).cost(np.ones(2), np.ones(1))
        proofs = prove(J, formulas_of(len(structure)))
        proofs.raise_if_wrong()
        print(f"proved for the structure {structure}:\n{proofs}\n")


if __name__ == "__main__":
    main()
