"""Reverse-mode automatic differentiation on NumPy that shows its work.

A `Tensor` records the operations it takes part in; every other part of the package is a walk
over that record: differentiate it, draw it, write it out, prove it, check it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import ops
from .extending import custom
from .gradients import gradients
from .memory import keep_freed_memory
from .ops.activations import elu, gelu, leaky_relu, softplus
from .ops.elementwise import relu, sigmoid
from .ops.reductions import log_softmax, logsumexp, softmax
from .recording import no_grad
from .tensor import Tensor

if TYPE_CHECKING:
    from .anomaly import AnomalyError, detect_anomaly
    from .checking import GradientReport, UndecidedWarning, check_grads
    from .derivation import derive, prove, verify
    from .drawing import draw, explore
    from .flow import checkpoint, custom_vjp, stop_gradient
    from .program.jit import jit  # the function, not the module of its name
    from .transforms import elementwise_grad, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

keep_freed_memory()

__version__ = "0.1.0"

_LATER = {
    "AnomalyError": "anomaly",
    "GradientReport": "checking",
    "UndecidedWarning": "checking",
    "check_grads": "checking",
    "checkpoint": "flow",
    "custom_vjp": "flow",
    "derive": "derivation",
    "detect_anomaly": "anomaly",
    "draw": "drawing",
    "elementwise_grad": "transforms",
    "explore": "drawing",
    "grad": "transforms",
    "hessian": "transforms",
    "hvp": "transforms",
    "jacobian": "transforms",
    "jit": "program",
    "jvp": "transforms",
    "prove": "derivation",
    "stop_gradient": "flow",
    "value_and_grad": "transforms",
    "verify": "derivation",
    "vjp": "transforms",
}
"""Public name → the module it lives in, imported when it is first asked for."""

__all__ = [
    "AnomalyError",
    "GradientReport",
    "Tensor",
    "UndecidedWarning",
    "check_grads",
    "checkpoint",
    "custom",
    "custom_vjp",
    "derive",
    "detect_anomaly",
    "draw",
    "elementwise_grad",
    "elu",
    "explore",
    "gelu",
    "grad",
    "gradients",
    "hessian",
    "hvp",
    "jacobian",
    "jit",
    "jvp",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "no_grad",
    "ops",
    "prove",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "stop_gradient",
    "value_and_grad",
    "verify",
    "vjp",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
