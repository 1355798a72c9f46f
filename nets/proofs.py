"""The document's formulas, or a learner's, proved: every size, number of samples and depth."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_nn.derivation import Formula, Proofs
from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.prove.any_depth import one_step
from autograd_nn.derivation.prove.any_size import Prover
from autograd_nn.derivation.prove.proof import prove_with

from . import formulas
from .activations import Activation
from .network import Network

_DEEP = 5


def prove(net: Network, claims: Any = None) -> Proofs:
    """Prove the formulas of a network for every size, number of samples, value and depth.

    What counts of the network is its number of layers; the proof is made on one with another
    number of nodes in each layer. The document's formulas are proved for every differentiable f,
    a learner's for the network's activation where they need it.

    Parameters
    ----------
    net : Network
    claims : mapping, module, class or object, optional
        Formulas in the place of the document's, as for `verify`.

    Returns
    -------
    Proofs
        Each with ``.any_size`` and ``.any_depth``; see `autograd_nn.prove`.

    Examples
    --------
    >>> proofs = prove(Network([64, 30, 10]))
    >>> all(proof.any_size and proof.any_depth for proof in proofs)
    True
    """
    activation = "sigmoid" if claims is None else net.activation  # the document's hold for any f
    prover = Prover(Environment(_cost(net.n_layers, activation), 3))
    prover.one_step = one_step(Environment(_cost(max(net.n_layers, _DEEP), activation), 3))
    return prove_with(prover, general_claims(net.n_layers) if claims is None else claims)


def _cost(layers: int, activation: str | Activation) -> Any:
    """Return the cost of three samples in a network of so many layers, no two of them alike."""
    like = Network([*range(4, 3 + layers), 2], seed=0, activation=activation)
    rng = np.random.default_rng(0)
    return like.cost(rng.normal(size=(like.structure[0], 3)), rng.normal(size=(2, 3)))


def general_claims(n_l: int) -> dict[str, Formula]:
    """Return the document's formulas for a network of n_l layers, with f′ left open."""
    output = ("y", f"h{n_l}", f"z{n_l}", "f_prime")
    claims = {f"delta{n_l}": Formula(formulas.delta_output, output)}
    for l in range(n_l - 1, 1, -1):
        uses = (f"W{l}", f"delta{l + 1}", f"z{l}", "f_prime")
        claims[f"delta{l}"] = Formula(formulas.delta_hidden, uses)
    for l in range(1, n_l):
        h = "x" if l == 1 else f"h{l}"
        claims[f"dW{l}"] = Formula(formulas.gradient_W, (f"delta{l + 1}", h))
        claims[f"db{l}"] = Formula(formulas.gradient_b, (f"delta{l + 1}",))
    return claims
