"""Networks in the document's notation, built from plain Tensors, for the tests of derivations."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_nn import Tensor


def network(
    structure: Sequence[int],
    samples: int = 4,
    seed: int = 0,
    *,
    dtype: Any = float,
    activation: str = "sigmoid",
    skip: bool = False,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the mean cost over the samples and its named tensors.

    With `skip`, h2 is used a second time, by the output layer through a matrix V.
    """
    rng = np.random.default_rng(seed)

    def leaf(name: str, *shape: int, scale: float = 1.0) -> Tensor:
        values = (scale * rng.normal(size=shape)).astype(dtype)
        tensors[name] = Tensor(values, requires_grad=True, name=name)
        return tensors[name]

    def named(name: str, tensor: Tensor) -> Tensor:
        tensor.name = name
        tensors[name] = tensor
        return tensor

    tensors: dict[str, Tensor] = {}
    h = leaf("x", structure[0], samples)
    y = leaf("y", structure[-1], samples)
    for l, (before, after) in enumerate(itertools.pairwise(structure), 1):
        W, b = leaf(f"W{l}", after, before, scale=before**-0.5), leaf(f"b{l}", after, 1)
        z = W @ h + b
        if skip and l == len(structure) - 1:
            z = z + leaf("V", after, structure[1], scale=structure[1] ** -0.5) @ tensors["h2"]
        named(f"z{l + 1}", z)
        h = named(f"h{l + 1}", getattr(z, activation)())
    return named("J", 0.5 * (y - h).square().sum(axis=0).mean()), tensors
