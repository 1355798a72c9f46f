"""SciPy's namespaces for Tensors.

``from autograd_nn.scipy import special, stats`` in place of ``from scipy import …``: functions that
SciPy computes in C, and so cannot be handed Tensors, are here in operations of this package. Called
on arrays they are SciPy's own, and so is everything that is not here.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from ..numpy import holds_tensors

_IGNORED = ("check_finite", "overwrite_a", "overwrite_ab", "overwrite_b")
"""Options of SciPy's that say how it is done."""


def on_tensors(module: str, name: str = "") -> Callable[..., Any]:
    """Call the decorated function where Tensors are among the arguments, SciPy's elsewhere."""

    def decorate(ours: Callable[..., Any]) -> Callable[..., Any]:
        called = name or ours.__name__

        def call(*args: Any, **kwargs: Any) -> Any:
            if holds_tensors(args) or holds_tensors(list(kwargs.values())):
                return ours(*args, **{k: v for k, v in kwargs.items() if k not in _IGNORED})
            theirs = attrgetter(called)(importlib.import_module(f"scipy.{module}"))
            return theirs(*args, **kwargs)

        functools.update_wrapper(call, ours, ("__doc__",))
        call.__name__ = call.__qualname__ = called
        return call

    return decorate


def scipys(module: str) -> Callable[[str], Any]:
    """Return what looks a name up in SciPy's `module`, imported when it is first asked for."""

    def look_up(name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        return getattr(importlib.import_module(module), name)

    return look_up


def __getattr__(name: str) -> Any:
    if name in ("integrate", "linalg", "signal", "spatial", "special", "stats"):
        return importlib.import_module(f".{name}", __name__)
    return scipys("scipy")(name)
