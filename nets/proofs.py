"""The document's formulas, or a learner's, proved: every size, number of samples and depth."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograd_nn.derivation import Formula, Proofs
from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.prove.any_depth import one_step
from autograd_nn.derivation.prove.any_size import Prover
from autograd_nn.derivation.prove.proof import prove_with

from . import formulas
from .network import Network

_DEEP = 5


def prove(net: Network, claims: Any = None) -> Proofs:
    """Prove the formulas of a network for every size, number of samples, value and depth.

    What counts of the network are its number of layers and its activation: the proof is made on
    one of the same kind with a different number of nodes in each layer.

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
    environment = Environment(_cost(net, net.n_layers), 3)
    prover = Prover(environment)
    prover.one_step = one_step(Environment(_cost(net, max(net.n_layers, _DEEP)), 3))
    if claims is None:
        claims = general_claims(net, "f_prime" in environment.extras)
    return prove_with(prover, claims)


def _cost(net: Network, layers: int) -> Any:
    """Return the cost of three samples in a network of the same kind, no two layers alike."""
    like = Network([*range(4, 3 + layers), 2], seed=0, activation=net.activation)
    rng = np.random.default_rng(0)
    return like.cost(rng.normal(size=(like.structure[0], 3)), rng.normal(size=(2, 3)))


def general_claims(net: Network, any_f: bool) -> dict[str, Formula]:
    """Return the document's formulas with f′ left open, or with that of the network."""
    output, hidden = formulas.delta_output, formulas.delta_hidden
    slope: tuple[str, ...] = ("f_prime",)
    if not any_f:
        slope = ()
        output = partial(output, f_prime=net.activation.f_prime)
        hidden = partial(hidden, f_prime=net.activation.f_prime)
    n_l = net.n_layers
    claims = {f"delta{n_l}": Formula(output, ("y", f"h{n_l}", f"z{n_l}", *slope))}
    for l in range(n_l - 1, 1, -1):
        claims[f"delta{l}"] = Formula(hidden, (f"W{l}", f"delta{l + 1}", f"z{l}", *slope))
    for l in range(1, n_l):
        h = "x" if l == 1 else f"h{l}"
        claims[f"dW{l}"] = Formula(formulas.gradient_W, (f"delta{l + 1}", h))
        claims[f"db{l}"] = Formula(formulas.gradient_b, (f"delta{l + 1}",))
    return claims
