"""What the output layer is and what it costs: h^(n_l), J and δ^(n_l), recorded and by hand.

1. `Cost` is a cost of one's own; "squared" and "cross_entropy" are there by name.
2. `Criterion` holds an output layer and its cost together, for δ^(n_l) is of both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd_nn import Tensor, softmax
from autograd_nn.derivation import Formula
from autograd_nn.ops.costs import sigmoid_cross_entropy, softmax_cross_entropy

from . import formulas
from .activations import LINEAR, SIGMOID, Activation, activation_of
from .parameters import one_of


class Cost(NamedTuple):
    """A cost of one's own: the mean over the samples of Σ_i c(y_i, h_i).

    Attributes
    ----------
    name : str
    c, c_prime : callable
        c(y, h), and its derivative by h, element by element; written with NumPy functions, which
        are recorded on Tensors.

    Examples
    --------
    >>> absolute = Cost("absolute", lambda y, h: np.abs(y - h), lambda y, h: np.sign(h - y))
    """

    name: str
    c: Callable[[Any, Any], Any]
    c_prime: Callable[[Any, Any], Any]

    def __repr__(self) -> str:
        return f"<Cost {self.name}>"


def _softmax(z: Tensor) -> Tensor:
    return softmax(z, axis=0)


SOFTMAX = Activation("softmax", formulas.softmax, formulas.identity_prime, _softmax)
"""Of the output layer only: its nodes depend on one another, so that it has no f′."""

OUTPUTS = tuple([output.name for output in (SIGMOID, LINEAR, SOFTMAX)])
COSTS = ("squared", "cross_entropy")
_TOLERANCE = 1e-3


class Criterion(NamedTuple):
    """An output layer and its cost.

    Attributes
    ----------
    output : Activation
        Of layer n_l.
    cost : str or Cost
    """

    output: Activation
    cost: str | Cost

    @property
    def name(self) -> str:
        """The cost's name."""
        return self.cost.name if isinstance(self.cost, Cost) else self.cost

    @property
    def own(self) -> bool:
        """Whether the cost is the output's own, so that δ^(n_l) = h − y."""
        return self.cost == "cross_entropy"

    # -- by hand ----------------------------------------------------------------------------

    def by_hand(self, y: Any, h: Any) -> Any:
        """Return J of targets and outputs, by the formulas."""
        if isinstance(self.cost, Cost):
            return np.mean(np.sum(self.cost.c(y, h), axis=0))
        if self.cost == "squared":
            return formulas.cost(y, h)
        own = formulas.cross_entropy if self.output == SOFTMAX else formulas.binary_cross_entropy
        return own(y, h)

    def delta(self, y: Any, h: Any, z: Any) -> Any:
        """Return δ^(n_l) by hand."""
        claim, given = self.claim(""), {"y": y, "h": h, "z": z}
        return claim.function(*[given[name] for name in claim.uses])

    def claim(self, n_l: int | str) -> Formula:
        """Return the formula of δ^(n_l), and the names of what it uses."""
        own, f_prime = isinstance(self.cost, Cost), self.output.f_prime
        slope = self.cost.c_prime if isinstance(self.cost, Cost) else formulas.delta_cross_entropy
        y, h, z = "y", f"h{n_l}", f"z{n_l}"
        if self.own:
            return Formula(formulas.delta_cross_entropy, (y, h))
        if self.output == SOFTMAX:
            return Formula(lambda y, h: formulas.delta_softmax(h, slope(y, h)), (y, h))
        if self == DOCUMENT:
            return Formula(formulas.delta_output, (y, h, z))
        delta = partial(formulas.delta_output, f_prime=f_prime)
        return Formula((lambda y, h, z: slope(y, h) * f_prime(z)) if own else delta, (y, h, z))

    # -- recorded ---------------------------------------------------------------------------

    def record(self, z: Tensor, y: Tensor, h: Tensor, shares: Any = None) -> Tensor:
        """Return J, recorded: the mean over the samples, or their sum by `shares` of 1 in all."""
        if isinstance(self.cost, Cost):
            each = self.cost.c(y, h)
            if not isinstance(each, Tensor):
                raise TypeError(
                    f"the cost {self.cost.name!r} gave a {type(each).__name__} for Tensors; write "
                    "c with NumPy functions, which are recorded"
                )
            each = each.sum(axis=0)
        elif self.cost == "squared":
            each = (y - h).square().sum(axis=0)
        elif self.output == SOFTMAX:
            each = softmax_cross_entropy(z, y, h)
        else:
            each = sigmoid_cross_entropy(z, y, h).sum(axis=0)
        J = each.mean() if shares is None else (each * shares).sum()
        return 0.5 * J if self.cost == "squared" else J

    def check(self, y: Any) -> None:
        """Raise a ValueError if `y` (columns) cannot be targets of this cost."""
        if not self.own or not isinstance(y, np.ndarray) or not np.isfinite(y).all():
            return
        if y.min(initial=0) < 0 or y.max(initial=0) > 1:
            raise ValueError(
                "targets of the cross-entropy are shares from 0 to 1; y goes from "
                f"{y.min():g} to {y.max():g}"
            )
        if self.output == SOFTMAX and np.abs(y.sum(axis=0, dtype=float) - 1).max() > _TOLERANCE:
            raise ValueError(
                "targets of softmax outputs sum to 1 over the nodes of a sample; for several "
                'yes-or-no targets use output="sigmoid"'
            )


DOCUMENT = Criterion(SIGMOID, "squared")


def criterion_of(output: str | Activation, cost: str | Cost) -> Criterion:
    """Return an output layer and its cost.

    Raises
    ------
    ValueError
        If a name is unknown, or the cross-entropy is asked of outputs that are no shares.
    """
    chosen = SOFTMAX if output == "softmax" else activation_of(output)
    if not isinstance(cost, Cost):
        one_of("cost", cost, COSTS, ", or a nets.Cost(name, c, c_prime)")
    if cost == "cross_entropy" and chosen not in (SOFTMAX, SIGMOID):
        raise ValueError(
            'the cost "cross_entropy" is of shares: it needs output="softmax" or "sigmoid"; got '
            f"{chosen.name!r}"
        )
    return Criterion(chosen, cost)
