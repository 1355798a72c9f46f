"""The rows of the test list as programs of other libraries.

A row's function says `np`; here it is made again with another library's module under that name, so
that one list serves to compare with JAX, HIPS autograd and MyGrad. What a library lacks shows when
the function is run.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autograd_nn

_JAX_NN = ("elu", "gelu", "leaky_relu", "log_softmax", "relu", "sigmoid", "softmax", "softplus")


class UntranslatableError(TypeError):
    """The function uses what the other library has no word for."""


def _exact_gelu(z: Any, approximate: bool = False) -> Any:
    from jax import nn

    return nn.gelu(z, approximate=approximate)


@dataclass
class Library:
    """A library that speaks NumPy.

    Attributes
    ----------
    name : str
    module : str
        What stands in the place of ``numpy``.
    special : str
        What stands in the place of ``scipy.special``, or ``""``.
    words : mapping of str to callable
        Its functions for those of this package.
    """

    name: str
    module: str
    special: str = ""
    words: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    _done: dict[int, Any] = field(default_factory=dict)

    def translated(self, value: Any) -> Any:
        """Return `value` with NumPy's modules and functions replaced by the library's, deeply."""
        if isinstance(value, types.ModuleType):
            return self._of_module(value)
        if isinstance(value, np.ufunc):
            return self._named(value)
        owner = getattr(value, "__self__", None)
        if isinstance(owner, np.ufunc):
            return getattr(self._named(owner), value.__name__)
        module = getattr(value, "__module__", None) or ""
        if isinstance(value, type):
            if module.startswith("autograd_nn"):
                raise UntranslatableError(value.__name__)
            return value
        if module.startswith("autograd_nn"):
            return self._word(value)
        if callable(value) and module.startswith("numpy"):
            return self._named(value)
        if isinstance(value, types.FunctionType):
            return self._of_function(value)
        return value

    def _of_module(self, module: types.ModuleType) -> Any:
        if module is np:
            return _WithArrays(importlib.import_module(self.module))
        if module.__name__ == "scipy.special":
            return importlib.import_module(self.special) if self.special else None
        return module

    def _named(self, function: Any) -> Any:
        """Return the library's function of the same name, submodules included."""
        from scipy import special

        name = function.__name__
        of_numpy = getattr(np, name, None) is function
        if not of_numpy and getattr(special, name, None) is function:
            return self.words.get(name) or getattr(self._of_module(special), name)
        place: Any = importlib.import_module(self.module)
        for part in (getattr(function, "__module__", None) or "numpy").split(".")[1:]:
            place = getattr(place, part)
        return getattr(place, name)

    def _word(self, function: Any) -> Any:
        if function.__name__ not in self.words:
            raise UntranslatableError(function.__name__)
        return self.words[function.__name__]

    def _of_function(self, function: types.FunctionType) -> Any:
        if id(function) in self._done:
            return self._done[id(function)]
        cells = tuple(
            types.CellType(self.translated(cell.cell_contents))
            for cell in function.__closure__ or ()
        )
        scope: dict[str, Any] = {"__builtins__": __builtins__}
        fresh = types.FunctionType(
            function.__code__, scope, function.__name__, function.__defaults__, cells
        )
        fresh.__kwdefaults__ = function.__kwdefaults__
        self._done[id(function)] = fresh
        for name in _global_names(function.__code__):
            if name in function.__globals__:
                scope[name] = self.translated(function.__globals__[name])
        return fresh


class _WithArrays:
    """A module whose functions take lists of numbers, as NumPy's do and JAX's do not."""

    def __init__(self, place: Any) -> None:
        self._place = place

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._place, name)
        if isinstance(value, types.ModuleType):
            return _WithArrays(value)
        if isinstance(value, type) or not callable(value) or hasattr(value, "reduce"):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            return value(
                *[_as_array(x) for x in args], **{k: _as_array(x) for k, x in kwargs.items()}
            )

        return call


def _as_array(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, list) and _of_numbers(x) else x


def _of_numbers(x: Any) -> bool:
    """Whether `x` is a number, or lists of numbers: tracers are neither."""
    return isinstance(x, (bool, int, float)) or (isinstance(x, list) and all(map(_of_numbers, x)))


def _global_names(code: types.CodeType) -> set[str]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return set(code.co_names).union(*map(_global_names, inner))


def jax() -> Library:
    """JAX, in 64 bits."""
    import jax as package
    import jax.numpy as jnp
    from jax import nn
    from jax.scipy import special

    package.config.update("jax_enable_x64", True)
    words = {name: getattr(nn, name) for name in _JAX_NN}
    words |= {"gelu": _exact_gelu, "logsumexp": nn.logsumexp}
    words |= {"psi": special.digamma, "sinc": jnp.sinc}
    return Library("JAX", "jax.numpy", "jax.scipy.special", words)


def hips() -> Library:
    """HIPS autograd."""
    from autograd.scipy import special

    words = {"logsumexp": special.logsumexp, "sigmoid": special.expit}
    return Library("autograd", "autograd.numpy", "autograd.scipy.special", words)


def mygrad() -> Library:
    """MyGrad."""
    from mygrad.nnet import activations

    names = ("elu", "leaky_relu", "relu", "sigmoid", "softmax")
    words = {name: getattr(activations, name) for name in names}
    words["log_softmax"] = activations.logsoftmax
    return Library("MyGrad", "mygrad", "", words)


__all__ = ["Library", "UntranslatableError", "autograd_nn", "hips", "jax", "mygrad"]
