"""Which operation, or which function of ours, a call of NumPy's means on Tensors.

1. `implements` ties a function of ours to NumPy's functions, as ``register`` ties rows to ufuncs;
   `composed_by_numpy` names those for which NumPy's own text does.
2. `operation_of` looks a ufunc up, those of packages too that are not imported here.
3. `Late` is a function of such a package.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

from ..core.op import UFUNCS, Op

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
"""NumPy function → what to call in its place, read by ``Tensor.__array_function__``.

Ufuncs that are composed of others are here too.
"""

LATE: dict[tuple[str, str], Op] = {}
"""Module and name of a ufunc → operation, for ufuncs of packages that are not imported here."""


class Late:
    """The function `name` of `module`, which is imported when it is first called."""

    def __init__(self, module: str, name: str) -> None:
        self.__module__, self.__name__ = module, name
        self._function: Any = None

    def __call__(self, *arrays: Any, **params: Any) -> Any:
        """Call it."""
        if self._function is None:
            self._function = getattr(importlib.import_module(self.__module__), self.__name__)
        return self._function(*arrays, **params)


def operation_of(ufunc: Any) -> Op | None:
    """Return the operation that `ufunc` is on Tensors, or None."""
    op = UFUNCS.get(ufunc)
    if op is None:
        for (module, name), late in LATE.items():
            # whoever holds the ufunc has imported its package
            if name == ufunc.__name__ and getattr(sys.modules.get(module), name, None) is ufunc:
                UFUNCS[ufunc] = op = late
    return op


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Call the decorated function where NumPy's `functions` are called on Tensors.

    None stands for a function that the installed NumPy does not have yet.
    """

    def enter(replacement: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            if function is not None:
                FUNCTIONS[function] = replacement
        return replacement

    return enter


def composed_by_numpy(*functions: Any) -> None:
    """Run NumPy's `functions` on Tensors as NumPy wrote them: they are composed of other ones.

    None stands for a function that the installed NumPy does not have yet.
    """
    for function in functions:
        if function is not None:
            FUNCTIONS[function] = inspect.unwrap(function)
