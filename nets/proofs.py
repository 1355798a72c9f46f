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
from .activations import SIGMOID
from .costs import DOCUMENT
from .network import Network
from .verification import document_claims

_DEEP = 5


def prove(net: Network, claims: Any = None) -> Proofs:
    """Prove the formulas of a network for every size, number of samples, value and depth.

    What counts of the network is its number of layers, its activations and its cost; the proof is
    made on one with another number of nodes in each layer. The document's formulas are proved for
    every differentiable f, others for the network's activation where they need it.

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
    alike = set(net.activations.values()) == {SIGMOID}
    document = claims is None and net.criterion == DOCUMENT and alike
    if claims is None and not document:
        claims = document_claims(net)
    prover = Prover(Environment(_cost(net, net.n_layers), 3))
    prover.one_step = one_step(Environment(_cost(net, max(net.n_layers, _DEEP)), 3))
    # the document's formulas hold for any f, and are proved with f left open
    return prove_with(prover, general_claims(net.n_layers) if document else claims)


def _cost(net: Network, layers: int) -> Any:
    """Return the cost of three samples in a network of so many layers, no two of them alike."""
    hidden = [net.activations[l] for l in range(2, net.n_layers)] or [net.activation]
    hidden += hidden[-1:] * (layers - net.n_layers)
    like = Network(
        [*range(4, 3 + layers), 2],
        seed=0,
        activation=hidden[: layers - 2],
        output=net.criterion.output,
        cost=net.criterion.cost,
    )
    rng = np.random.default_rng(0)
    y = rng.random((2, 3))
    return like.cost(rng.normal(size=(like.structure[0], 3)), y / y.sum(axis=0))


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
