"""Whether a program gives what the traced function gave, up to rounding.

Results that are near enough at once need no more. For others the recorded run is repeated with
every intermediate value shaken by some ulp of its own dtype: how far its results move then tells
what rounding does to them, whatever their own size or dtype is. (A gradient that is 0 up to
rounding, such as that of a bias before batch normalisation, is judged by what it was made of.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.graph import topological_order
from ..core.tensor import Tensor, plain
from ..transforms.containers import flatten, tree_map
from .graph import is_leaf, is_weak, op_of
from .rewriting import is_exact
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
    problem = difference_from(traced, got)
    if problem:
        raise WrongProgramError(
            f"the program of {traced.name} gives {problem}. Please report this, with the "
            f"program:\n{text}"
        )


def difference_from(traced: Trace, got: Sequence[Any]) -> str:
    """Return in what the results `got` differ from those of the traced run, or nothing."""
    shaken: list[list[Any]] = []
    for position, (result, recorded) in enumerate(zip(got, traced.expected, strict=True)):
        value, expected = np.asarray(result), np.asarray(recorded)
        problem = _difference(value, expected, 0.0)
        if problem and value.shape == expected.shape and value.dtype == expected.dtype:
            behind = topological_order([traced.graph.outputs[position]])
            if any(_some(np.isnan, x) for x in behind):
                continue  # a program may well have a value where the recorded run has none
            shaken = shaken or [_shaken(traced, seed) for seed in range(_RUNS)]
            moved = [np.asarray(run[position]) for run in shaken]
            right = expected
            if any(_some(np.isinf, x) for x in behind):
                right = np.where(value == expected, expected, _in_reach(expected, traced, position))
            problem = _difference(value, right, _spread(right, moved))
        if problem:
            return f"result {position} differently from the function: {problem}"
    return ""


def _in_reach(expected: Any, traced: Trace, position: int) -> Any:
    """Return what comes out where a wider dtype has room for what is infinite on the way."""
    if expected.dtype.kind != "f":
        return expected
    try:
        wide = np.asarray(_shaken(traced, 0, np.longdouble)[position])
    except (TypeError, ValueError):  # not every operation has a form for it
        return expected
    with np.errstate(all="ignore"):
        return wide.astype(expected.dtype)


def _some(kind: Callable[[Any], Any], node: Tensor) -> bool:
    return not is_leaf(node) and node.dtype.kind in "fc" and bool(kind(plain(node)).any())


_RUNS = 12
_SIGNS = 4  # runs in which nothing moves but the signs of zeros
_ULPS = 8
_MARGIN = 100
"""How much further than in the shaken runs a program's result may lie."""


def _shaken(traced: Trace, seed: int, wide: Any = None) -> list[Any]:
    """Return the results of the recorded run, intermediate values moved by up to `_ULPS` ulp.

    Zeros take on either sign, as they have none in programs. In every other run, what is below
    the normal numbers is lost: the digits there are few, and stable forms such as f(−z) have none.
    With a `wide` dtype they are not moved, and computed in that.
    """
    rng = np.random.default_rng(seed)
    values: dict[Any, Any] = {}
    with np.errstate(all="ignore"):
        for node in traced.graph.nodes():
            if is_leaf(node):
                data = plain(node)
            else:
                data = op_of(node).forward(*[values[x] for x in node.inputs], **node.params)
            floats = node.dtype.kind == "f" and not is_weak(node)
            if floats and wide:  # a conversion too is to that
                data = data.astype(wide)
            elif node.dtype.kind == "c" and not is_leaf(node) and not wide:
                far = _ULPS * float(np.finfo(node.dtype).eps) * rng.uniform(-1, 1, node.shape)
                data = np.asarray(data * (1 + far)).astype(node.dtype)
            elif floats and not is_leaf(node):
                limits = np.finfo(node.dtype)
                turned = (1.0, -1.0)[seed] if seed < 2 else rng.uniform(-1, 1, node.shape)
                ulps = _ULPS * float(limits.eps) * turned if seed >= _SIGNS else 0.0
                lost = limits.tiny if seed % 2 and is_exact(node.dtype) else 0
                moved = np.where(np.abs(data) <= lost, np.copysign(0, turned), data * (1 + ulps))
                data = moved.astype(node.dtype)
            values[node] = data
    return [values[x] for x in traced.graph.outputs]


def _spread(expected: np.ndarray[Any, Any], moved: Sequence[np.ndarray[Any, Any]]) -> Any:
    """Return how far each element may be off; anything goes where it has no value of its own.

    That is so where the recorded run gives nan, or where a few ulp decide between whole numbers,
    truth values, or a number and infinity.
    """
    with np.errstate(all="ignore"):
        if expected.dtype.kind not in "fc":
            changed = np.any([x != expected for x in moved], axis=0)
            return np.where(changed, np.inf, 0.0)
        off = np.max([np.abs(x - expected) for x in moved], axis=0)
        wild = np.isnan(expected) | np.any(
            [np.isfinite(x) != np.isfinite(expected) for x in moved], 0
        )
        return np.where(wild, np.inf, _MARGIN * np.where(np.isnan(off), 0.0, off))


def _copied(value: Any) -> Any:
    def copy(leaf: Any) -> Any:
        return np.array(plain(leaf)) if isinstance(plain(leaf), np.ndarray) else plain(leaf)

    return tree_map(copy, value)


def _difference(got: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], spread: Any) -> str:
    """Return what is wrong with `got`, or nothing; each element may be off by `spread`."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return f"{got.dtype} {got.shape} instead of {expected.dtype} {expected.shape}"
    free = np.isinf(spread)
    if expected.dtype.kind not in "fc":
        return "" if np.all((got == expected) | free) else "other values"
    tolerance = float(np.sqrt(np.finfo(expected.dtype).eps))
    finite = expected[np.isfinite(expected)]
    scale = float(np.max(np.abs(finite), initial=0.0))
    with np.errstate(all="ignore"):
        allowed = np.where(free, 0.0, spread) + tolerance * scale
        near = np.isclose(got, expected, rtol=tolerance, atol=allowed, equal_nan=True)
        near |= np.isinf(got) & (got == -expected)  # zeros have no sign, nor what is divided by one
        if np.all(near | free):
            return ""
        return f"off by up to {np.nanmax(np.abs(got - expected))}"
