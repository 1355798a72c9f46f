"""What can be written with a Tensor: Python's operators and ndarray's methods.

`Operators` says nothing new: each operator and each method is the operation of the same name,
recorded. It is installed on `Tensor`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.op import UFUNCS, Op
from ..core.recording import TRACING
from ..core.tensor import Tensor, apply, install
from ..ops.elementwise import ASTYPE, RELU, SIGMOID
from ..ops.functions import FUNCTIONS
from ..ops.indexing import GETITEM, indexed
from ..ops.rules import is_complex
from ..ops.shapes import RESHAPE
from .values import plain_key


def _numpy(function: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Record what NumPy's `function` means on Tensors, without the way through NumPy."""
    result: Tensor = FUNCTIONS[function](*args, **kwargs)
    return result


def _binary(ufunc: Any) -> Callable[..., Tensor]:
    def forward(self: Any, other: Any, op: Op = UFUNCS[ufunc]) -> Tensor:
        return apply(op, (self, other))

    return forward


def _reflected(ufunc: Any) -> Callable[..., Tensor]:
    def reflected(self: Any, other: Any, op: Op = UFUNCS[ufunc]) -> Tensor:
        return apply(op, (other, self))

    return reflected


def _power(self: Any, other: Any) -> Tensor:
    # NumPy's ** squares where the exponent is 2: of truth values that is int8, np.power's int64.
    squares = self.dtype == bool and type(other) is int and other == 2
    return apply(UFUNCS[np.square], (self,)) if squares else apply(UFUNCS[np.power], (self, other))


def _unary(ufunc: Any) -> Callable[..., Tensor]:
    def unary(self: Any, op: Op = UFUNCS[ufunc]) -> Tensor:
        return apply(op, (self,))

    return unary


def _same(function: Any) -> Callable[..., Tensor]:
    """Return the method that is NumPy's `function` of its name, with that signature."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Tensor:
        return _numpy(function, self, *args, **kwargs)

    made = _unary(function) if function in UFUNCS else method
    return _called(made, function.__name__, f"``np.{function.__name__}``.")


def _refused(ndarrays: Any, instead: str) -> Callable[..., Tensor]:
    """Return a method that names another way, in the place of one that changes the array."""
    name = ndarrays.__name__

    def method(self: Any, *args: Any, **kwargs: Any) -> Tensor:
        raise TypeError(f"{self.label()} cannot be changed in place with .{name}(); use {instead}")

    doc = f"Refused: ndarray's changes the array in place. Use ``{instead}``."
    return _called(method, name, doc)


def _is_computed(key: Any) -> bool:
    """Whether Tensors stand in an indexing key."""
    return isinstance(key, Tensor) or (
        isinstance(key, (tuple, list)) and any(_is_computed(part) for part in key)
    )


def _called(method: Any, name: str, doc: str) -> Callable[..., Tensor]:
    method.__name__, method.__qualname__, method.__doc__ = name, f"Tensor.{name}", doc
    named: Callable[..., Tensor] = method
    return named


@install
class Operators:
    """Operators and methods, each recorded as the operation it names."""

    __slots__ = ()

    __add__, __radd__ = _binary(np.add), _reflected(np.add)
    __sub__, __rsub__ = _binary(np.subtract), _reflected(np.subtract)
    __mul__, __rmul__ = _binary(np.multiply), _reflected(np.multiply)
    __truediv__, __rtruediv__ = _binary(np.divide), _reflected(np.divide)
    __pow__, __rpow__ = _power, _reflected(np.power)
    __matmul__, __rmatmul__ = _binary(np.matmul), _reflected(np.matmul)
    __mod__, __rmod__ = _binary(np.remainder), _reflected(np.remainder)
    __floordiv__, __rfloordiv__ = _binary(np.floor_divide), _reflected(np.floor_divide)
    __and__, __rand__ = _binary(np.bitwise_and), _reflected(np.bitwise_and)
    __or__, __ror__ = _binary(np.bitwise_or), _reflected(np.bitwise_or)
    __xor__, __rxor__ = _binary(np.bitwise_xor), _reflected(np.bitwise_xor)
    __lt__, __le__ = _binary(np.less), _binary(np.less_equal)
    __gt__, __ge__ = _binary(np.greater), _binary(np.greater_equal)
    __eq__, __ne__ = _binary(np.equal), _binary(np.not_equal)  # type: ignore[assignment]  # NumPy's elementwise ==
    __neg__, __pos__ = _unary(np.negative), _unary(np.positive)
    __abs__, __invert__ = _unary(np.absolute), _unary(np.invert)

    __hash__ = object.__hash__  # == compares elements; as keys, Tensors are themselves

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __getitem__(self, key: Any) -> Tensor:
        if TRACING.get() and _is_computed(key):
            taken: Tensor = indexed(self, key)
            return taken
        return apply(GETITEM, (self,), {"key": plain_key(key)})

    def __setitem__(self: Any, key: Any, value: Any) -> None:
        raise TypeError(
            f"{self.label()} cannot be changed in place with t[...] = v. Build the new value "
            "with np.where or np.concatenate; to update a leaf, write to t.data[...]"
        )

    @property
    def flat(self) -> Tensor:
        """All elements in one row, as `ravel` gives them."""
        return self.ravel()

    @property
    def T(self) -> Tensor:
        """The transpose."""
        return self.transpose()

    # -- methods as on ndarray; the documentation is NumPy's ---------------------------------

    def sigmoid(self) -> Tensor:
        """Apply f(z) = 1/(1 + exp(−z)), elementwise (section 2.1)."""
        return apply(SIGMOID, (self,))

    def relu(self) -> Tensor:
        """``max(z, 0)``, elementwise."""
        return apply(RELU, (self,))

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

    def compress(self, condition: Any, axis: int | None = None) -> Tensor:
        """``np.compress``."""
        return _numpy(np.compress, condition, self, axis)

    def reshape(self, *shape: Any) -> Tensor:
        """``np.reshape``."""
        target = shape[0] if len(shape) == 1 else shape
        return apply(RESHAPE, (self,), {"shape": target})

    def ravel(self) -> Tensor:
        """``np.ravel``."""
        return apply(RESHAPE, (self,), {"shape": (-1,)})

    def flatten(self) -> Tensor:
        """``np.ravel``."""
        return self.ravel()

    def view(self) -> Tensor:
        """All of it."""
        return self[...]

    def transpose(self, *axes: Any) -> Tensor:
        """``np.transpose``."""
        order = axes[0] if len(axes) == 1 else (axes or None)
        return _numpy(np.transpose, self, order)

    def astype(self, dtype: Any) -> Tensor:
        """Convert to a data type; the gradient flows back in this Tensor's own."""
        kind = np.dtype(dtype)
        if is_complex(self) and kind.kind in "fiu":
            raise TypeError(
                f"astype({kind}) of complex numbers loses a part; use np.real or np.imag"
            )
        return apply(ASTYPE, (self,), {"dtype": kind})

    @property
    def real(self) -> Tensor:
        """``np.real``."""
        return _numpy(np.real, self)

    @property
    def imag(self) -> Tensor:
        """``np.imag``."""
        return _numpy(np.imag, self)

    exp, log, tanh = _same(np.exp), _same(np.log), _same(np.tanh)
    sqrt, square = _same(np.sqrt), _same(np.square)
    all, any, round, clip = _same(np.all), _same(np.any), _same(np.round), _same(np.clip)
    argmax, argmin, argsort = _same(np.argmax), _same(np.argmin), _same(np.argsort)
    cumprod, cumsum, prod = _same(np.cumprod), _same(np.cumsum), _same(np.prod)
    diagonal, trace, dot = _same(np.diagonal), _same(np.trace), _same(np.dot)
    choose, repeat, take = _same(np.choose), _same(np.repeat), _same(np.take)
    squeeze, swapaxes = _same(np.squeeze), _same(np.swapaxes)
    conj = conjugate = _same(np.conjugate)
    searchsorted, copy = _same(np.searchsorted), _same(np.copy)
    nonzero = _same(np.nonzero)
    __round__, __trunc__ = _same(np.round), _same(np.trunc)
    __floor__, __ceil__ = _same(np.floor), _same(np.ceil)

    fill = _refused(np.ndarray.fill, "np.full_like(t, value)")
    partition = _refused(np.ndarray.partition, "np.partition(t, kth)")
    put = _refused(np.ndarray.put, "np.where(...)")
    resize = _refused(np.ndarray.resize, "np.reshape(t, shape)")
    sort = _refused(np.ndarray.sort, "np.sort(t)")
