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
    names = leaf_names(structure, "xs")
    told = {name: x.shape[0] if x.ndim else None for name, x in zip(names, leaves, strict=True)}
    if length is not None:
        told["length"] = length
    numbers = set(told.values())
    if len(numbers) != 1 or None in numbers:
        given = ", ".join(f"{name}: {number}" for name, number in told.items())
        raise ValueError(f"scan needs one number of steps, got {given or 'no xs and no length'}")
    count = int(numbers.pop() or 0)
    carry = tree_map(as_array, init)
    kind, each = _kind(carry), []
    # without a step one on zeros tells what a result would look like
    order = range(count)[:: -1 if reverse else 1]
    for i in order or (None,):
        parts = [np.zeros(x.shape[1:], x.dtype) if i is None else x[i] for x in leaves]
        pair = f(carry, unflatten(structure, parts))
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"scan: f returns a pair (carry, y), got a {type(pair).__name__}")
        if _kind(pair[0]) != kind:
            raise TypeError(
                f"scan: the carry changed its structure, a shape or a dtype, from {kind} to "
                f"{_kind(pair[0])}; begin with an init that has those of the later ones"
            )
        parts, shape = flatten(pair[1])
        each.append(parts)
        carry = carry if i is None else pair[0]
    stacked = [np.stack(steps) for steps in zip(*each[:: -1 if reverse else 1], strict=True)]
    return carry, unflatten(shape, stacked if count else [x[:0] for x in stacked])


def _kind(tree: Any) -> tuple[Any, ...]:
    leaves, structure = flatten(tree)
    return structure, *((np.shape(x), str(as_array(x).dtype)) for x in leaves)
