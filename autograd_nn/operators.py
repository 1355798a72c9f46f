"""What can be written with a Tensor: Python's operators and ndarray's methods.

`Operators` is the half of `Tensor` that says nothing new: each operator and each method is the
operation of the same name, recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import tensor
from .op import FUNCTIONS, REGISTRY

if TYPE_CHECKING:
    from .tensor import Tensor


def _numpy(function: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Record what NumPy's `function` means on Tensors, without the way through NumPy."""
    result: Tensor = FUNCTIONS[function](*args, **kwargs)
    return result


class Operators:
    """Operators and methods, each recorded as the operation it names."""

    __slots__ = ()
    if TYPE_CHECKING:

        def _label(self) -> str: ...

        all: Callable[..., Tensor]
        any: Callable[..., Tensor]
        argmin: Callable[..., Tensor]
        argsort: Callable[..., Tensor]
        choose: Callable[..., Tensor]
        cumprod: Callable[..., Tensor]
        cumsum: Callable[..., Tensor]
        diagonal: Callable[..., Tensor]
        dot: Callable[..., Tensor]
        prod: Callable[..., Tensor]
        repeat: Callable[..., Tensor]
        round: Callable[..., Tensor]
        searchsorted: Callable[..., Tensor]
        take: Callable[..., Tensor]
        trace: Callable[..., Tensor]

    __hash__ = object.__hash__  # == compares elements; as keys, Tensors are themselves

    # -- operators ------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["add"], (self, other))

    def __radd__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["add"], (other, self))

    def __sub__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["subtract"], (self, other))

    def __rsub__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["subtract"], (other, self))

    def __mul__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["multiply"], (self, other))

    def __rmul__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["multiply"], (other, self))

    def __truediv__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["divide"], (self, other))

    def __rtruediv__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["divide"], (other, self))

    def __pow__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["power"], (self, other))

    def __rpow__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["power"], (other, self))

    def __matmul__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["matmul"], (self, other))

    def __rmatmul__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["matmul"], (other, self))

    def __mod__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["remainder"], (self, other))

    def __rmod__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["remainder"], (other, self))

    def __floordiv__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["floor_divide"], (self, other))

    def __rfloordiv__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["floor_divide"], (other, self))

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __neg__(self) -> Tensor:
        return tensor.apply(REGISTRY["negative"], (self,))

    def __pos__(self) -> Tensor:
        return tensor.apply(REGISTRY["positive"], (self,))

    def __abs__(self) -> Tensor:
        return tensor.apply(REGISTRY["absolute"], (self,))

    def __lt__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["less"], (self, other))

    def __le__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["less_equal"], (self, other))

    def __gt__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["greater"], (self, other))

    def __ge__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["greater_equal"], (self, other))

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]  # NumPy's elementwise ==
        return tensor.apply(REGISTRY["equal"], (self, other))

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]  # NumPy's elementwise !=
        return tensor.apply(REGISTRY["not_equal"], (self, other))

    def __and__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["bitwise_and"], (self, other))

    def __rand__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["bitwise_and"], (other, self))

    def __or__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["bitwise_or"], (self, other))

    def __ror__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["bitwise_or"], (other, self))

    def __xor__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["bitwise_xor"], (self, other))

    def __rxor__(self, other: Any) -> Tensor:
        return tensor.apply(REGISTRY["bitwise_xor"], (other, self))

    def __invert__(self) -> Tensor:
        return tensor.apply(REGISTRY["invert"], (self,))

    def __getitem__(self, key: Any) -> Tensor:
        return tensor.apply(REGISTRY["getitem"], (self,), {"key": tensor.plain_key(key)})

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            f"{self._label()} cannot be changed in place with t[...] = v. Build the new value "
            "with np.where or np.concatenate; to update a leaf, write to t.data[...]"
        )

    # -- methods as on ndarray; the documentation is NumPy's ---------------------------------

    def square(self) -> Tensor:
        """Elementwise square."""
        return tensor.apply(REGISTRY["square"], (self,))

    def sigmoid(self) -> Tensor:
        """Apply f(z) = 1/(1 + exp(−z)), elementwise (section 2.1)."""
        return tensor.apply(REGISTRY["sigmoid"], (self,))

    def relu(self) -> Tensor:
        """``max(z, 0)``, elementwise."""
        return tensor.apply(REGISTRY["relu"], (self,))

    def exp(self) -> Tensor:
        """``np.exp``."""
        return tensor.apply(REGISTRY["exp"], (self,))

    def log(self) -> Tensor:
        """``np.log``."""
        return tensor.apply(REGISTRY["log"], (self,))

    def tanh(self) -> Tensor:
        """``np.tanh``."""
        return tensor.apply(REGISTRY["tanh"], (self,))

    def sqrt(self) -> Tensor:
        """``np.sqrt``."""
        return tensor.apply(REGISTRY["sqrt"], (self,))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """``np.sum``."""
        return _numpy(np.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """``np.mean``."""
        return _numpy(np.mean, self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """``np.max``."""
        return _numpy(np.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """``np.min``."""
        return _numpy(np.min, self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        """``np.var``."""
        return _numpy(np.var, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Tensor:
        """``np.std``."""
        return _numpy(np.std, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def argmax(self, axis: int | None = None) -> Tensor:
        """``np.argmax``; not differentiable."""
        return _numpy(np.argmax, self, axis=axis)

    def compress(self, condition: Any, axis: int | None = None) -> Tensor:
        """``np.compress``."""
        return _numpy(np.compress, condition, self, axis)

    def reshape(self, *shape: Any) -> Tensor:
        """``np.reshape``."""
        target = shape[0] if len(shape) == 1 else shape
        return tensor.apply(REGISTRY["reshape"], (self,), {"shape": target})

    def ravel(self) -> Tensor:
        """``np.ravel``."""
        return tensor.apply(REGISTRY["reshape"], (self,), {"shape": (-1,)})

    def flatten(self) -> Tensor:
        """``np.ravel``."""
        return self.ravel()

    def transpose(self, *axes: Any) -> Tensor:
        """``np.transpose``."""
        order = axes[0] if len(axes) == 1 else (axes or None)
        return _numpy(np.transpose, self, order)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """``np.swapaxes``."""
        return _numpy(np.swapaxes, self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Tensor:
        """``np.squeeze``."""
        return _numpy(np.squeeze, self, axis)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:  # noqa: A002 - NumPy's names
        """``np.clip``."""
        return _numpy(np.clip, self, min, max)

    def astype(self, dtype: Any) -> Tensor:
        """Convert to a data type; the gradient flows back in this Tensor's own."""
        return tensor.apply(REGISTRY["astype"], (self,), {"dtype": np.dtype(dtype)})


# -- methods that are NumPy's functions of the same name; their signatures are NumPy's too ---------

_SAME = (
    np.all, np.any, np.argmin, np.argsort, np.choose, np.cumprod, np.cumsum, np.diagonal, np.dot,
    np.prod, np.repeat, np.round, np.searchsorted, np.take, np.trace,
)  # fmt: skip
_IN_PLACE = {
    "fill": "np.full_like(t, value)",
    "partition": "np.partition(t, kth)",
    "put": "np.where(...)",
    "resize": "np.reshape(t, shape)",
    "sort": "np.sort(t)",
}
"""Methods that change an ndarray, and what gives a new Tensor in their place."""


def _method(function: Any, name: str) -> Callable[..., Tensor]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return _numpy(function, self, *args, **kwargs)

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"``np.{name}``."
    return method


def _refused_method(name: str, instead: str) -> Callable[..., Tensor]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        raise TypeError(f"{self._label()} cannot be changed in place with .{name}(); use {instead}")

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"Refused: ndarray's changes the array in place. Use ``{instead}``."
    return method


for _function in _SAME:
    setattr(Operators, _function.__name__, _method(_function, _function.__name__))
for _name, _instead in _IN_PLACE.items():
    setattr(Operators, _name, _refused_method(_name, _instead))
