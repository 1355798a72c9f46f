"""What can be written with a Tensor: Python's operators and ndarray's methods.

`Operators` says nothing new: each operator and each method is the operation of the same name,
recorded. It is installed on `Tensor`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.op import UFUNCS
from ..core.tensor import Tensor, apply, install
from ..ops.elementwise import ASTYPE, EXP, LOG, RELU, SIGMOID, SQRT, SQUARE
from ..ops.functions import FUNCTIONS
from ..ops.indexing import GETITEM
from ..ops.shapes import RESHAPE
from ..ops.trigonometry import TANH
from .values import plain_key


def _numpy(function: Any, *args: Any, **kwargs: Any) -> Tensor:
    """Record what NumPy's `function` means on Tensors, without the way through NumPy."""
    result: Tensor = FUNCTIONS[function](*args, **kwargs)
    return result


class Operators:
    """Operators and methods, each recorded as the operation it names."""

    __slots__ = ()
    if TYPE_CHECKING:  # what is set below, from tables

        def label(self) -> str: ...  # noqa: D102 - the core has it

        def _binary(self, other: Any) -> Tensor: ...

        def _unary(self) -> Tensor: ...

        def _same(self, *args: Any, **kwargs: Any) -> Tensor: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _binary
        __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _binary
        __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __lt__ = __le__ = __gt__ = _binary
        __ge__ = __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = _binary
        __neg__ = __pos__ = __abs__ = __invert__ = _unary
        all = any = argmin = argsort = choose = cumprod = cumsum = diagonal = dot = _same
        prod = repeat = round = searchsorted = take = trace = _same

    __hash__ = object.__hash__  # == compares elements; as keys, Tensors are themselves

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]  # NumPy's elementwise ==
        return apply(UFUNCS[np.equal], (self, other))

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]  # NumPy's elementwise !=
        return apply(UFUNCS[np.not_equal], (self, other))

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __getitem__(self, key: Any) -> Tensor:
        return apply(GETITEM, (self,), {"key": plain_key(key)})

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            f"{self.label()} cannot be changed in place with t[...] = v. Build the new value "
            "with np.where or np.concatenate; to update a leaf, write to t.data[...]"
        )

    @property
    def T(self) -> Tensor:
        """The transpose."""
        return self.transpose()

    # -- methods as on ndarray; the documentation is NumPy's ---------------------------------

    def square(self) -> Tensor:
        """Elementwise square."""
        return apply(SQUARE, (self,))

    def sigmoid(self) -> Tensor:
        """Apply f(z) = 1/(1 + exp(−z)), elementwise (section 2.1)."""
        return apply(SIGMOID, (self,))

    def relu(self) -> Tensor:
        """``max(z, 0)``, elementwise."""
        return apply(RELU, (self,))

    def exp(self) -> Tensor:
        """``np.exp``."""
        return apply(EXP, (self,))

    def log(self) -> Tensor:
        """``np.log``."""
        return apply(LOG, (self,))

    def tanh(self) -> Tensor:
        """``np.tanh``."""
        return apply(TANH, (self,))

    def sqrt(self) -> Tensor:
        """``np.sqrt``."""
        return apply(SQRT, (self,))

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
        return apply(RESHAPE, (self,), {"shape": target})

    def ravel(self) -> Tensor:
        """``np.ravel``."""
        return apply(RESHAPE, (self,), {"shape": (-1,)})

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
        return apply(ASTYPE, (self,), {"dtype": np.dtype(dtype)})


# -- operators: Python's function of it → the ufunc that it means ----------------------------------

_BINARY: dict[Any, Any] = {
    operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply,
    operator.truediv: np.divide, operator.pow: np.power, operator.matmul: np.matmul,
    operator.mod: np.remainder, operator.floordiv: np.floor_divide,
    operator.and_: np.bitwise_and, operator.or_: np.bitwise_or, operator.xor: np.bitwise_xor,
}  # fmt: skip
_COMPARISONS: dict[Any, Any] = {
    operator.lt: np.less, operator.le: np.less_equal, operator.gt: np.greater,
    operator.ge: np.greater_equal,
}  # fmt: skip
_UNARY: dict[Any, Any] = {
    operator.neg: np.negative, operator.pos: np.positive, operator.abs: np.absolute,
    operator.invert: np.invert,
}  # fmt: skip


def _install_operators() -> None:
    for function, ufunc in {**_BINARY, **_COMPARISONS}.items():
        word = function.__name__.strip("_")

        def forward(self: Tensor, other: Any, op: Any = UFUNCS[ufunc]) -> Tensor:
            return apply(op, (self, other))

        def reflected(self: Tensor, other: Any, op: Any = UFUNCS[ufunc]) -> Tensor:
            return apply(op, (other, self))

        setattr(Operators, f"__{word}__", forward)
        if function in _BINARY:
            setattr(Operators, f"__r{word}__", reflected)
    for function, ufunc in _UNARY.items():

        def unary(self: Tensor, op: Any = UFUNCS[ufunc]) -> Tensor:
            return apply(op, (self,))

        setattr(Operators, f"__{function.__name__}__", unary)


_install_operators()


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
        raise TypeError(f"{self.label()} cannot be changed in place with .{name}(); use {instead}")

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"Refused: ndarray's changes the array in place. Use ``{instead}``."
    return method


for _function in _SAME:
    setattr(Operators, _function.__name__, _method(_function, _function.__name__))
for _name, _instead in _IN_PLACE.items():
    setattr(Operators, _name, _refused_method(_name, _instead))
install(Operators)
