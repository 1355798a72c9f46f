"""Taking plain values out of a Tensor: for Python, for NumPy, for indices.

Each of these ways leaves the graph, so each asks `refuse_value` first: while a function is being
traced a value is a stand-in. `Values` is installed on `Tensor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.op import Op
from ..core.recording import TRACING, refuse_value
from ..core.tensor import Tensor, apply, install, plain

DETACH = Op("detach", lambda x: x)  # no rules: no gradient passes


@install
class Values:
    """What a Tensor is to code that knows no Tensors."""

    __slots__ = ()

    def item(self: Any) -> Any:
        """Return the only element as a Python number."""
        refuse_value("item()", "Return the Tensor from the function instead.")
        return self._data.item() if hasattr(self._data, "item") else self._data

    def numpy(self: Any) -> Any:
        """Return the data, without gradients. Results of operations are read-only."""
        refuse_value("numpy()", "Use the Tensor itself.")
        return self._data

    def detach(self: Any) -> Tensor:
        """Return a leaf on the same data that requires no gradient."""
        if TRACING.get():  # a leaf would bake the stand-in's values into the program
            constant_copy = apply(DETACH, (self,))
            constant_copy.name = self.name
            return constant_copy
        return Tensor(self._data, name=self.name)

    def __array__(self: Any, dtype: Any = None, copy: bool | None = None) -> Any:
        refuse_value("np.asarray", "Use NumPy functions on the Tensor itself.")
        if self.requires_grad or self.op is not None:
            what = "requires gradients" if self.requires_grad else "was recorded"
            raise TypeError(
                f"{self.label()} {what}, which np.asarray or np.array would lose; use .numpy() "
                "for the plain values, or np.stack(...) to build from Tensors"
            )
        array = np.asarray(self._data, dtype=dtype)
        return array.copy() if copy else array

    def __repr__(self: Any) -> str:
        data = self._data  # of another library's array its own text: its values may not be there
        text = repr(data)
        if isinstance(data, (np.ndarray, np.generic, bool, int, float)):
            text = np.array2string(np.asarray(data), separator=", ", prefix="Tensor(")
        extra = f", name={self.name!r}" if self.name else ""
        if self.op is not None:
            extra += f", op={self.op.name}"
        elif self.requires_grad:
            extra += ", requires_grad=True"
        return f"Tensor({text}{extra})"

    def __format__(self: Any, spec: str) -> str:
        return format(self.item() if self.size == 1 else self._data, spec) if spec else repr(self)

    def __bool__(self: Any) -> bool:
        refuse_value("a truth value", "Use np.where(condition, a, b) in place of the branch.")
        return bool(self._data)

    def __float__(self: Any) -> float:
        refuse_value("float()", "Keep the Tensor.")
        return float(self.item())

    def __int__(self: Any) -> int:
        refuse_value("int()", "Keep the Tensor.")
        return int(self.item())

    def __index__(self: Any) -> int:
        refuse_value("use as an index", "Use np.take_along_axis or np.where.")
        return int(self._data.__index__())

    def __len__(self: Any) -> int:
        if not self.shape:
            raise TypeError(f"{self.label()} has no length: it is 0-dimensional")
        length: int = self.shape[0]
        return length

    def __iter__(self: Any) -> Iterator[Tensor]:
        refuse_value("iteration", "Use whole-array operations or indexing.")
        if not self.shape:
            raise TypeError(f"{self.label()} cannot be iterated over: it is 0-dimensional")
        return (self[i] for i in range(len(self)))

    def __contains__(self: Any, value: Any) -> bool:
        return bool(np.any(self._data == plain(value)))


def plain_key(key: Any) -> Any:
    """Return an indexing key with Tensors and lists in it as arrays."""
    if isinstance(key, tuple):
        return tuple(plain_key(part) for part in key)
    if isinstance(key, Tensor):
        refuse_value("use as an index", "Use np.take_along_axis or np.where.")
        return plain(key).copy()
    # A copy: what a backward pass scatters by must be what the forward pass took by.
    return np.array(key) if isinstance(key, (list, np.ndarray)) else key
