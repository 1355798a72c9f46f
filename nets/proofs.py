"""The document's formulas, or a learner's, proved: every size, number of samples and depth."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd_nn import Tensor
from autograd_nn.derivation import Proofs
from autograd_nn.derivation import prove as prove_formulas
from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.prove.any_depth import one_step
from autograd_nn.derivation.prove.any_size import Prover
from autograd_nn.derivation.prove.general import left_open
from autograd_nn.derivation.prove.proof import prove_with

from .activations import Activation
from .costs import SOFTMAX
from .network import Network
from .verification import document_claims

_DEEP = 5


def prove(net: Network, claims: Any = None) -> Proofs:
    """Prove the formulas of a network for every size, number of samples, value and depth.

    What counts of the network is its number of layers, its activations and its cost; the proof is
    made on one with another number of nodes in each layer. That f′ is the derivative of f is proved
    by itself, once; the document's formulas then for every f, with f′ left open. Others are proved
    for the network's activation where they need it.

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
    like = _like(net, net.n_layers, claims is None)
    prover = Prover(Environment(_cost(like), 3))
    deep = _like(net, max(net.n_layers, _DEEP), claims is None)
    prover.one_step = one_step(Environment(_cost(deep), 3))
    return prove_with(prover, document_claims(like) if claims is None else claims)


def _like(net: Network, layers: int, open_: bool) -> Network:
    """Return a network of so many layers, no two of them alike, with f left open or not."""
    hidden = [net.activations[l] for l in range(2, net.n_layers)] or [net.activation]
    hidden += hidden[-1:] * (layers - net.n_layers)
    output = net.criterion.output
    if open_:
        elementwise = output != SOFTMAX and not net.criterion.own
        kinds = list(dict.fromkeys([*hidden, output] if elementwise else hidden))
        names = [f"f_{k}" for k in range(len(kinds))] if len(kinds) > 1 else ["f"]
        opened = {kind: _opened(kind, text) for kind, text in zip(kinds, names, strict=True)}
        hidden = [opened[kind] for kind in hidden]
        output = opened[output] if elementwise else output
    return Network(
        [*range(4, 3 + layers), 2],
        seed=0,
        activation=hidden[: layers - 2],
        output=output,
        cost=net.criterion.cost,
    )


@functools.lru_cache(maxsize=64)
def _opened(activation: Activation, text: str) -> Activation:
    """Return an activation of which is known only that f′ is its derivative, if that is proved."""
    g, z = (Tensor(np.ones((2, 3)), requires_grad=True, name=name) for name in "gz")
    claim = {"d_z": lambda g, z: g * activation.f_prime(z)}
    if not prove_formulas((g * activation.record(z)).sum(), claim)[0].any_size:
        return activation
    f, f_prime = left_open(text, activation.f, activation.f_prime)
    return Activation(activation.name, f, f_prime)


def _cost(like: Network) -> Any:
    """Return the cost of three samples."""
    rng = np.random.default_rng(0)
    y = rng.random((2, 3))
    return like.cost(rng.normal(size=(like.structure[0], 3)), y / y.sum(axis=0))
