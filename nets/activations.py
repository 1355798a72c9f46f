"""The activation of a network's nodes: how it is recorded, and its formulas by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_nn import Tensor, elu, leaky_relu, relu, sigmoid, softplus

from . import formulas
from .parameters import one_of


class Activation(NamedTuple):
    """An activation function f and its derivative.

    Attributes
    ----------
    name : str
    f, f_prime : callable
        f(z) and f′(z), elementwise, as plain NumPy functions: what the formulas use.
    recorded : callable, optional
        f on Tensors; `f` itself where it is left out, NumPy functions on Tensors being recorded.

    Examples
    --------
    >>> swish = Activation(
    ...     "swish",
    ...     lambda z: z / (1 + np.exp(-z)),
    ...     lambda z: (1 + np.exp(-z) * (1 + z)) / (1 + np.exp(-z)) ** 2,
    ... )
    """

    name: str
    f: Callable[[Any], Any]
    f_prime: Callable[[Any], Any]
    recorded: Callable[[Any], Any] | None = None

    def record(self, z: Tensor) -> Tensor:
        """Return f(z) of a Tensor, recorded.

        Raises
        ------
        TypeError
            If f makes something else of a Tensor than a Tensor.
        """
        h = (self.recorded or self.f)(z)
        if not isinstance(h, Tensor):
            raise TypeError(
                f"the activation {self.name!r} gave a {type(h).__name__} for a Tensor; write f "
                "with NumPy functions, which are recorded, or pass `recorded`"
            )
        return +h if h is z else h  # f(z) = z has a node of its own

    def __repr__(self) -> str:
        return f"<Activation {self.name}>"


SIGMOID = Activation("sigmoid", formulas.f, formulas.f_prime, sigmoid)
TANH = Activation("tanh", np.tanh, formulas.tanh_prime)
RELU = Activation("relu", formulas.relu, formulas.relu_prime, relu)
LEAKY_RELU = Activation("leaky_relu", formulas.leaky_relu, formulas.leaky_relu_prime, leaky_relu)
ELU = Activation("elu", formulas.elu, formulas.elu_prime, elu)
SOFTPLUS = Activation("softplus", formulas.softplus, formulas.f, softplus)
LINEAR = Activation("linear", formulas.identity, formulas.identity_prime)

ACTIVATIONS = {
    activation.name: activation
    for activation in (SIGMOID, TANH, RELU, LEAKY_RELU, ELU, SOFTPLUS, LINEAR)
}


def activation_of(given: str | Activation) -> Activation:
    """Return the activation of that name, or the one that is given itself.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if isinstance(given, Activation):
        return given
    own = ", or a nets.Activation(name, f, f_prime)"
    return ACTIVATIONS[one_of("activation", given, ACTIVATIONS, own)]
