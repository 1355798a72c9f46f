"""The document's misprints, each refuted, and what is right, proved for every size and every f.

Run it: ``python examples/errata.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import nets
from nets import Network


class Misprint(NamedTuple):
    """A formula as it is printed and as it should be, on a network where both can be computed."""

    section: str
    text: str
    structure: list[int]
    name: str
    printed: Callable[..., Any]
    right: Callable[..., Any]


MISPRINTS = [
    Misprint(
        "2.5", "w_ji for the weight from node j to node i; it is w_ij",
        [3, 3, 1], "z2",
        lambda W1, x, b1: W1.T @ x + b1,
        lambda W1, x, b1: W1 @ x + b1,
    ),
    Misprint(
        "3", "the last node takes h_1^(1), h_2^(2), h_3^(3); it is h_1^(2), h_2^(2), h_3^(2)",
        [3, 3, 3], "z3",
        lambda W2, x, h2, h3, b2: W2 @ np.concatenate([x[:1], h2[1:2], h3[2:]]) + b2,
        lambda W2, h2, b2: W2 @ h2 + b2,
    ),
    Misprint(
        "3.4", "Σ_j w_ij x_i, which sums the weights of a row; it is Σ_j w_ij x_j",
        [3, 3, 1], "z2",
        lambda W1, x, b1: np.sum(W1, axis=1, keepdims=True) * x + b1,
        lambda W1, x, b1: W1 @ x + b1,
    ),
    Misprint(
        "4.5", "the output node's input is written with w^(1), b^(1); it is w^(2), b^(2)",
        [3, 3, 3], "z3",
        lambda W1, h2, b1: W1 @ h2 + b1,
        lambda W2, h2, b2: W2 @ h2 + b2,
    ),
    Misprint(
        "4.5", "the output is called f(z^(2)); z^(2) is the hidden layer's, the output is f(z^(3))",
        [3, 3, 3], "h3",
        lambda f, z2: f(z2),
        lambda f, z3: f(z3),
    ),
    Misprint(
        "4.6", "under figure 11, δ^(2) = δ^(3) w_11^(2): the factor f′(z^(2)) is missing",
        [3, 3, 1], "delta2",
        lambda W2, delta3: W2.T @ delta3,
        lambda W2, delta3, z2, f_prime: (W2.T @ delta3) * f_prime(z2),
    ),
    Misprint(
        "4.6", "under figure 12, f′(z_i^(2)) with the index of the sum; it is f′(z_1^(2))",
        [3, 3, 3], "delta2",
        lambda W2, delta3, z2, f_prime: W2.T @ (delta3 * f_prime(z2)),
        lambda W2, delta3, z2, f_prime: (W2.T @ delta3) * f_prime(z2),
    ),
]  # fmt: skip


def main() -> None:
    """Refute every misprint and prove what is right."""
    for misprint in MISPRINTS:
        net = Network(misprint.structure)
        (wrong,) = nets.prove(net, {misprint.name: misprint.printed})
        (right,) = nets.prove(net, {misprint.name: misprint.right})
        assert wrong.refuted
        assert right.any_size
        print(f"Section {misprint.section}: {misprint.text}\n")
        print(f"printed, {wrong}\n")
        print(f"right, {right}\n\n")


if __name__ == "__main__":
    main()
