"""Which function each row of the test list is about, and the operations it goes through."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograd_nn.core.op import UFUNCS
from autograd_nn.dispatch import protocol
from examples.operations import OWN, qualified

from ..harness import Row, leaves, operations, sample
from ..rows import ROWS


@contextmanager
def watched() -> Iterator[list[Any]]:
    """Note the NumPy functions that are called on Tensors by users, not by other functions."""
    called: list[Any] = []
    inside = False

    def noting(answer: Callable[..., Any]) -> Callable[..., Any]:
        def noted(function: Any, *args: Any) -> Any:
            nonlocal inside
            if inside:
                return answer(function, *args)
            called.append(function)
            inside = True
            try:
                return answer(function, *args)
            finally:
                inside = False

        return noted

    module: Any = protocol
    old = module.function_on_tensors, module.ufunc_on_tensors
    module.function_on_tensors, module.ufunc_on_tensors = map(noting, old)
    try:
        yield called
    finally:
        module.function_on_tensors, module.ufunc_on_tensors = old


_SYNTAX = {"getitem": "t[key]", "astype": "t.astype"}


def _own(function: Any) -> set[str]:
    """Return the functions of this package that a row's function calls, or is."""
    if (getattr(function, "__module__", None) or "").startswith("autograd_nn"):
        return {f"autograd_nn.{function.__name__}"} if function.__name__ in OWN else set()
    if not isinstance(function, types.FunctionType):
        return set()
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    found = {f"autograd_nn.{name}" for name in set(function.__code__.co_names) & set(OWN)}
    return found.union(*map(_own, held))


def functions_of(row: Row) -> set[str]:
    """Return the names of the functions that the row is about: nearly always one."""
    own = _own(row.run)
    if own:
        return own
    if "method" in row.label:
        return set()
    with watched() as called:
        row.run(*leaves(row, sample(row.inputs, [x.shape for x in row.inputs])))
    names = {qualified(f) for f in called}
    if not names:
        if row.op in _SYNTAX:
            return {_SYNTAX[row.op]}
        return {qualified(u) for u, op in UFUNCS.items() if op.name == row.op}
    told = {n for n in names if n.rpartition(".")[2] in row.label.split()}
    meant = {n for n in names if n.rpartition(".")[2] == row.op}
    return names if len(names) == 1 else told or meant


def through() -> dict[str, list[str]]:
    """Return the operations that the graphs of each function's rows have in common.

    Where they have none, the function has several ways, and the first row's is returned.
    """
    common: dict[str, set[str]] = {}
    first: dict[str, set[str]] = {}
    for row in ROWS:
        arrays = sample(row.inputs, [x.shape for x in row.inputs])
        used = operations(row.run(*leaves(row, arrays)))
        for name in functions_of(row):
            common[name] = common.get(name, used) & used
            first.setdefault(name, used)
    return {name: sorted(used or first[name]) for name, used in sorted(common.items())}
