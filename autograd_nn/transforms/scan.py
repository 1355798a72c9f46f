"""A loop that carries values along and collects results: `scan`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.rules import as_array
from .containers import flatten, leaf_names, tree_map, unflatten
from .run import Function


def scan(
    f: Function, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> tuple[Any, Any]:
    """Carry values through a loop over the first axis of arrays, and stack what each step gives.

    ::

        carry, ys = init, []
        for x in xs:
            carry, y = f(carry, x)
            ys.append(y)
        return carry, np.stack(ys)

    Parameters
    ----------
    f : callable
        ``f(carry, x)`` returns ``(carry, y)``. The carry keeps its structure, shapes and dtypes.
    init : array, Tensor or nested containers of them
        The carry that the first step gets.
    xs : array, Tensor or nested containers of them, optional
        What the steps get, each its part along the first axis; without it None.
    length : int, optional
        The number of steps. It may be left out where `xs` tells it.
    reverse : bool
        Begin with the last part. The results lie where the parts do.

    Returns
    -------
    carry, ys :
        The last carry, and the results of all steps along a new first axis.

    Raises
    ------
    ValueError
        If the number of steps is not known, or told twice and different.
    TypeError
        If `f` does not return a pair, or changes the structure, a shape or a dtype of the carry.

    Examples
    --------
    >>> import numpy as np
    >>> scan(lambda total, x: (total + x, total * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([0., 2., 9.]))
    """
    leaves, structure = flatten(xs)
    leaves = [as_array(x) for x in leaves]
    lengths = {
        name: x.shape[:1] for name, x in zip(leaf_names(structure, "xs"), leaves, strict=True)
    }
    told = {n[0] if n else None for n in lengths.values()} | (
        {length} if length is not None else set()
    )
    if len(told) != 1 or None in told:
        given = ", ".join(f"{name}: {n[0] if n else 'no axis'}" for name, n in lengths.items())
        raise ValueError(
            f"scan needs one number of steps, got length={length}"
            f"{' and ' + given if given else ' and no xs'}"
        )
    count = int(told.pop() or 0)
    carry = tree_map(as_array, init)
    kind = _kind(carry)
    each: list[list[Any]] = []
    shape: Any = None
    for i in range(count)[::-1] if reverse else range(count):
        pair = f(carry, unflatten(structure, [x[i] for x in leaves]))
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"scan: f returns a pair (carry, y), got a {type(pair).__name__}")
        carry, y = pair
        if _kind(carry) != kind:
            raise TypeError(
                f"scan: the carry changed its structure, a shape or a dtype, from {kind} to "
                f"{_kind(carry)}; begin with an init that has those of the later ones"
            )
        parts, shape = flatten(y)
        each.append(parts)
    if not count:
        _, y = f(carry, unflatten(structure, [np.zeros(x.shape[1:], x.dtype) for x in leaves]))
        return carry, tree_map(lambda leaf: np.zeros((0, *np.shape(leaf)), as_array(leaf).dtype), y)
    each = each[::-1] if reverse else each
    return carry, unflatten(shape, [np.stack(steps) for steps in zip(*each, strict=True)])


def _kind(tree: Any) -> tuple[Any, ...]:
    leaves, structure = flatten(tree)
    return structure, *((np.shape(x), str(as_array(x).dtype)) for x in leaves)
