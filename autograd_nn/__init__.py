"""Reverse-mode automatic differentiation on NumPy that shows its work.

A `Tensor` records the operations it takes part in; every other part of the package is a walk
over that record: differentiate it, draw it, write it out, prove it, check it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import dispatch, ops  # noqa: F401 - dispatch installs itself on Tensor
from .core.backward import gradients
from .core.recording import no_grad
from .core.tensor import Tensor
from .memory import keep_freed_memory
from .ops.activations import elu, gelu, leaky_relu, softplus
from .ops.elementwise import relu, sigmoid
from .ops.reductions import log_softmax, logsumexp, softmax
from .transforms.custom import custom

if TYPE_CHECKING:
    from . import compat, numpy, scipy
    from .checks.anomaly import AnomalyError, detect_anomaly
    from .checks.comparison import GradientReport, UndecidedWarning
    from .checks.gradients import check_grads
    from .derivation import assert_right, derive, prove, verify
    from .drawing import draw, explore
    from .program.jit import jit  # the function, not the module of its name
    from .transforms.checkpoint import checkpoint
    from .transforms.derivatives import elementwise_grad, grad, hvp, jvp, value_and_grad, vjp
    from .transforms.flow import custom_vjp, stop_gradient
    from .transforms.jacobians import hessian, jacobian
    from .transforms.scan import scan  # the function, not the module of its name
    from .transforms.vmap import vmap

keep_freed_memory()

__version__ = "0.1.0"

_LATER = {
    name: module
    for module, names in {
        "checks.anomaly": "AnomalyError detect_anomaly",
        "checks.comparison": "GradientReport UndecidedWarning",
        "checks.gradients": "check_grads",
        "transforms.checkpoint": "checkpoint",
        "transforms.flow": "custom_vjp stop_gradient",
        "transforms.scan": "scan",
        "transforms.vmap": "vmap",
        "derivation": "assert_right derive prove verify",
        "drawing": "draw explore",
        "transforms.derivatives": "elementwise_grad grad hvp jvp value_and_grad vjp",
        "transforms.jacobians": "hessian jacobian",
        "program": "jit",
    }.items()
    for name in names.split()
}
"""Public name → the module it lives in, imported when it is first asked for."""

_MODULES = ("compat", "numpy", "scipy")
"""Public modules, likewise."""

__all__ = [
    "AnomalyError", "GradientReport", "Tensor", "UndecidedWarning", "assert_right",
    "check_grads", "checkpoint", "compat", "custom", "custom_vjp", "derive", "detect_anomaly",
    "draw", "elementwise_grad", "elu", "explore", "gelu", "grad", "gradients", "hessian", "hvp",
    "jacobian", "jit", "jvp", "leaky_relu", "log_softmax", "logsumexp", "no_grad", "numpy",
    "ops", "prove", "relu", "scan", "scipy", "sigmoid", "softmax", "softplus", "stop_gradient",
    "value_and_grad", "verify", "vjp", "vmap",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
