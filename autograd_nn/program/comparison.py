"""Before it is handed out a program is run on its example and compared with the traced run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import plain
from ..transforms.containers import flatten, tree_map
from .trace import Trace


class WrongProgramError(AssertionError):
    """A program does not give what the traced function gave."""


def compare(traced: Trace, run: Callable[..., Any], text: str) -> None:
    """Call `run`, a program, on copies of its example; compare with what the traced run gave.

    Raises
    ------
    WrongProgramError
        If a result differs by more than rounding; it shows the program's `text`.
    """
    arguments = [_copied(value) for value in traced.parameters.values()]
    with np.errstate(all="ignore"):
        got = flatten(run(*arguments))[0]
    for position, (value, expected) in enumerate(zip(got, traced.expected, strict=True)):
        problem = _difference(np.asarray(value), np.asarray(expected))
        if problem:
            raise WrongProgramError(
                f"the program of {traced.name} gives result {position} differently from the "
                f"function: {problem}. Please report this, with the program:\n{text}"
            )


def _copied(value: Any) -> Any:
    def copy(leaf: Any) -> Any:
        return np.array(plain(leaf)) if isinstance(plain(leaf), np.ndarray) else plain(leaf)

    return tree_map(copy, value)


def _difference(got: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> str:
    """Return what is wrong with `got`, or nothing."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return f"{got.dtype} {got.shape} instead of {expected.dtype} {expected.shape}"
    if expected.dtype.kind != "f":
        return "" if np.array_equal(got, expected) else "other values"
    tolerance = float(np.sqrt(np.finfo(expected.dtype).eps))
    finite = expected[np.isfinite(expected)]
    scale = float(np.max(np.abs(finite), initial=0.0))
    if np.allclose(got, expected, rtol=tolerance, atol=tolerance * scale, equal_nan=True):
        return ""
    return f"off by up to {np.nanmax(np.abs(got - expected))}"
