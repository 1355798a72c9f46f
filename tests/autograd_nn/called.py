"""Which function each row of the test list is about, and the operations it goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograd_nn import tensor
from autograd_nn.op import UFUNCS
from autograd_nn.ops.table import OWN, qualified

from .harness import Row, leaves, operations, sample
from .rows import ROWS


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

    module: Any = tensor
    old = module.function_on_tensors, module.ufunc_on_tensors
    module.function_on_tensors, module.ufunc_on_tensors = map(noting, old)
    try:
        yield called
    finally:
        module.function_on_tensors, module.ufunc_on_tensors = old


def functions_of(row: Row) -> set[str]:
    """Return the names of the functions that the row is about."""
    arrays = sample(row.inputs, [x.shape for x in row.inputs])
    code = getattr(row.run, "__code__", None)
    words = {getattr(row.run, "__name__", ""), *(code.co_names if code else ())}
    own = {f"autograd_nn.{name}" for name in words & set(OWN)}
    with watched() as called:
        row.run(*leaves(row, arrays))
    if own:
        return own
    names = {qualified(f) for f in called}
    named = {n for n in names if n.rpartition(".")[2] in row.label.replace("_", " ").split()}
    of_operators = {qualified(u) for u, op in UFUNCS.items() if op.name == row.op}
    return names if len(names) == 1 else named or names or of_operators


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
