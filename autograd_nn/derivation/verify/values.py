"""Arrays in containers and objects: taken apart, and known by their values or their names.

1. `leaves_of` takes containers apart, names as the learner writes them.
2. `beside` returns what a name is spelt as the gradient of: W beside dW.
3. `Values` finds which of some arrays has given values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor
from ..names import spelling

_DEEPEST = 4


def leaves_of(value: Any, root: str, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Yield path and array of every array in nested dicts, lists and tuples."""
    if isinstance(value, (np.ndarray, np.generic, Tensor)) or type(value) in (int, float):
        yield path, value
    elif isinstance(value, Mapping) and len(path) < _DEEPEST:
        for key, part in value.items():
            yield from leaves_of(part, root, (*path, key))
    elif isinstance(value, (list, tuple)) and len(path) < _DEEPEST:
        if value and all(type(part) in (int, float) for part in value):
            yield path, np.asarray(value)
            return
        for key, part in enumerate(value):
            yield from leaves_of(part, root, (*path, key))
    elif hasattr(value, "__array__") and hasattr(value, "shape"):  # of torch, of JAX
        yield path, as_array(value)


def as_array(value: Any) -> Any:
    """Return an array of another library as NumPy's."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.asarray(value)


_VALUES = ("data", "value", "val", "v", "w", "values", "weight", "param", "array")
_GRADIENT = re.compile(r"(?i)g|grads?|gradients?|deltas?|d|derivatives?|nablas?|d?_?params")


def beside(space: Mapping[str, Any], root: str, path: Sequence[Any] = ()) -> Any:
    """Return the array that a name, or a key of a container, is spelt as the gradient of.

    It stands in the same space or container, or under the same key of a container there.

    >>> beside({"W": 1.5, "dW": 2.0}, "dW"), beside({"data": 1.5, "grad": 2.0}, "grad")
    (1.5, 1.5)
    >>> beside({"params": [1.5, 2.5], "grads": [2.0, 3.0]}, "grads", [1])
    2.5
    """
    if path:
        holder: Any = space.get(root)
        last = path[-1]
        for key in path[:-1]:
            holder = holder[key]
        found = beside(holder, last) if isinstance(holder, Mapping) else None
        if found is not None or not _GRADIENT.fullmatch(root) or len(path) > 1:
            return found
        for key, other in space.items():
            if key != root and isinstance(other, (Mapping, list, tuple)):
                whole = isinstance(other, Mapping) or len(other) == len(holder)
                if whole and (isinstance(other, Mapping) is isinstance(holder, Mapping)):
                    with_key = last in other if isinstance(other, Mapping) else last < len(other)
                    if with_key and _like(other[last], holder[last]):
                        return other[last]
        return _array(space.get(last)) if isinstance(last, str) else None
    if not isinstance(root, str):
        return None
    found = [_array(space.get(stem)) for stem in spelling(root).gradient_of if stem != root]
    if _GRADIENT.fullmatch(root):  # a word for any gradient: D may be a number of dimensions
        found += [space[v] for v in _VALUES if v in space and _like(space[v], space.get(root))]
    return next((x for x in found if x is not None), None)


def _array(value: Any) -> Any:
    return value if isinstance(value, (np.ndarray, np.floating, Tensor, float)) else None


def _like(one: Any, other: Any) -> bool:
    return _array(one) is not None and np.shape(one) == np.shape(other)


class Values:
    """Finds which of some arrays has given values."""

    def __init__(self, arrays: Iterable[tuple[Any, Any]]) -> None:
        self.by_shape: dict[tuple[int, ...], list[tuple[Any, Any]]] = {}
        for key, value in arrays:
            array = np.asarray(value)
            if array.dtype.kind == "f" and array.size > 1:
                self.by_shape.setdefault(array.shape, []).append((key, array))

    def find(self, value: Any, op: Any = None) -> Any:
        """Return the key of the first array with these values; None if they are all alike.

        Of several the first tensor made by `op` is taken, if that is given and there is one.
        """
        value, found = np.asarray(value), []
        for key, array in self.by_shape.get(value.shape, ()) if value.dtype.kind == "f" else ():
            near = abs(array.flat[0] - value.flat[0]) <= 1e-9 * abs(value.flat[0])
            if near and np.ptp(array) > 0 and np.allclose(array, value, 1e-9, 1e-300):
                found.append(key)
                if op is None or key.op is op:
                    return key
        return found[0] if found else None
