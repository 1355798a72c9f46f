"""The Tensor: an array that remembers how it was made.

1. `Tensor` holds data and the record of its making: operation, inputs, parameters.
2. `apply` runs an operation on Tensors, arrays and numbers, and records it.

Its operators, its methods and its part in NumPy's protocols are installed by `dispatch`, and
``backward`` by `backward`: nothing here depends on them.

::

    W ──┐
        matmul ── z ── sigmoid ── h      h.op is sigmoid, h.inputs is (z,), z.inputs is (W, x)
    x ──┘
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..data import FLOATING, as_data, marks, opened
from .op import Op
from .recording import DIFFERENTIATING, RECORDING, TRACING, refuse_value

if TYPE_CHECKING:
    from ..dispatch import Installed
else:
    Installed = object

ndarray = np.ndarray
_NUMBERS = (bool, int, float, complex)


def _taken(data: Any, name: str | None) -> Any:
    """Return what a Tensor on `data` holds."""
    if isinstance(data, Tensor):
        if data.op is not None or data.requires_grad:
            refuse_value("Tensor(t)", "Use t itself, or t.detach().", data)
        return data._data
    if isinstance(data, (list, tuple)) and any(isinstance(item, Tensor) for item in data):
        raise TypeError(
            "a list of Tensors would lose their gradients as data; join them with np.stack(...) "
            "or np.concatenate(...), which are recorded"
        )
    return as_data(data, name)


class Tensor(Installed):
    """An array that records the operations it takes part in.

    Parameters
    ----------
    data : array_like, any shape
        Numbers, nested lists of them, or an array of any type that follows NumPy's protocols.
        An array is kept as it is, not copied.
    requires_grad : bool
        Whether ``backward`` shall leave a gradient in ``.grad``. Floating-point data only.
    name : str, optional
        What errors, drawings, programs and derivations call it.

    Attributes
    ----------
    data : array
        The values. Read-only for results of operations; a leaf's may be assigned.
    grad : array or None
        Of `data`'s shape; accumulated by ``backward``.
    op : Op or None
        The operation that made it; None for a leaf.
    inputs : tuple of Tensor
        The inputs of `op`. Numbers and arrays among them stand there as unnamed Tensors.
    params : dict
        The fixed parameters of `op`, such as ``axis``.

    Raises
    ------
    TypeError
        If `data` is not numeric, or `requires_grad` is asked of integer or boolean data.

    Examples
    --------
    >>> w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> (w * w).sum().backward()
    >>> w.grad
    array([2., 4.])
    """

    __slots__ = (
        "__weakref__", "_data", "arrays", "grad", "inputs", "marks", "name", "op", "params",
        "requires_grad",
    )  # fmt: skip

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"the name of a Tensor is text, got {type(name).__name__} {name!r}")
        self._data: Any = _taken(data, name)
        self.grad: Any = None
        self.op: Op | None = None
        self.inputs: tuple[Tensor, ...] = ()
        self.arrays: tuple[Any, ...] = ()
        self.marks: Sequence[Any] | None = None
        self.params: dict[str, Any] = {}
        self.name = name
        self.requires_grad = bool(requires_grad)
        if requires_grad and self._data.dtype.kind not in FLOATING:
            raise TypeError(
                f"{self.label()} has dtype {self._data.dtype}, and only floating-point data can "
                "require gradients; pass floats, e.g. np.asarray(data, dtype=float)"
            )

    # -- what it holds ----------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The values; assignable on leaves only, with an array of the same shape."""
        if TRACING.get() or DIFFERENTIATING.get():
            refuse_value(".data", "Use the Tensor itself.", self)
        return self._data if self.op is not None else opened(self._data)

    @data.setter
    def data(self, value: Any) -> None:
        if self.op is not None:
            raise TypeError(
                f"{self.label()} is the result of {self.op.name!r}; only the data of leaves can "
                "be assigned. Make a new leaf with Tensor(value) instead"
            )
        if value is self._data:  # `t.data -= …` wrote into the array
            return
        fresh = value if type(value) is ndarray else _taken(value, self.name)
        if fresh.shape != self.shape:
            raise ValueError(
                f"{self.label()} has shape {self.shape}, got data of shape {np.shape(fresh)}"
            )
        if self.requires_grad and fresh.dtype.kind not in FLOATING:
            raise TypeError(f"{self.label()} requires gradients and cannot hold {fresh.dtype}")
        if type(fresh) is ndarray and not fresh.flags.writeable:  # the result of an operation
            fresh = fresh.copy()
        self._data = fresh

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the data."""
        data = self._data
        return data.shape if type(data) is ndarray else cast("tuple[int, ...]", np.shape(data))

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def dtype(self) -> Any:
        """The data type."""
        data = self._data
        if type(data) is ndarray:
            return data.dtype
        return np.result_type(data) if type(data) in _NUMBERS else data.dtype

    # -- as text ----------------------------------------------------------------------------

    def label(self) -> str:
        """Return how errors speak of it."""
        return f"Tensor {self.name!r}" if self.name else "an unnamed Tensor"


def plain(value: Any) -> Any:
    """Return the array in a Tensor, and anything else as it is.

    For walks over a graph, which look at what was recorded whatever is going on. Code that runs
    while a function is traced asks for a value by ``.data`` or ``.numpy()``, which refuse there.
    """
    return value._data if isinstance(value, Tensor) else value


def install(methods: type) -> type:
    """Give `Tensor` the methods of the class `methods`, and return that class."""
    for name, value in vars(methods).items():
        if name not in ("__dict__", "__doc__", "__module__", "__slots__", "__weakref__"):
            setattr(Tensor, name, value)
    return methods


_NO_PARAMS: dict[str, Any] = {}
_new = object.__new__


def constant(value: Any) -> Tensor:
    """Return `value` as an unnamed leaf. Python numbers stay weak (NEP 50): not made arrays."""
    return _leaf(value if type(value) in _NUMBERS else _taken(value, None))


def _leaf(data: Any) -> Tensor:
    leaf = _new(Tensor)
    leaf._data = data
    leaf.grad = leaf.name = leaf.op = leaf.marks = None
    leaf.inputs = leaf.arrays = ()
    leaf.params = _NO_PARAMS
    leaf.requires_grad = False
    return leaf


def apply(op: Op, operands: Sequence[Any], params: dict[str, Any] = _NO_PARAMS) -> Tensor:
    """Run `op` on `operands` (Tensors, arrays, numbers) and return the recorded result.

    Raises
    ------
    ValueError, TypeError
        What NumPy raises, with the operation, the operands and their shapes named.
    """
    inputs = tuple(operands)
    for x in inputs:
        if type(x) is not Tensor:
            inputs = tuple([x.node() if isinstance(x, Tensor) else constant(x) for x in inputs])
            break
    arrays = tuple([x._data for x in inputs])
    if not op.takes_complex:
        _refuse_complex(op, inputs)
    try:
        out = op.forward(*arrays, **params) if params else op.forward(*arrays)
    except (ValueError, TypeError, IndexError) as error:
        raise _explained(error, op, inputs, params) from error
    if type(out) is not ndarray:
        out = boxed(out)
    elif not op.is_ufunc:
        for a in arrays:
            if out is a:  # an operation that hands its input on; the input stays writable
                out = out.view()
    if type(out) is ndarray:
        out.setflags(False)  # type: ignore[call-arg]  # a keyword would take six times as long
    result = _leaf(out)
    recording = RECORDING.get()
    if recording:
        result.op, result.inputs, result.arrays, result.params = op, inputs, arrays, params
        outside = False
        for x in inputs:
            if x.requires_grad:
                result.requires_grad = op.differentiable and out.dtype.kind in FLOATING
            if x.op is None or x.marks is not None:
                outside = True
        if outside and op.reads_values and not TRACING.get():
            result.marks = marks(inputs)
        if recording is not True:
            recording.nodes.append(result)
    return result


def _refuse_complex(op: Op, inputs: tuple[Tensor, ...]) -> None:
    """Raise for the first of `inputs` that is complex, which `op` does not take."""
    for position, x in enumerate(inputs, 1):
        if x.dtype.kind == "c":
            raise TypeError(
                f"{op.name} is not there for complex numbers, and {x.name or f'operand {position}'}"
                f" has dtype {x.dtype}; apply it to np.real, np.imag or np.abs of it"
            )


def boxed(out: Any) -> Any:
    """Return a scalar result as a 0-d array; other array types pass as they are."""
    if isinstance(out, np.generic) or type(out) in _NUMBERS:
        return np.asarray(out)
    if hasattr(out, "dtype"):
        return out
    boxed = np.empty((), dtype=object)  # NumPy unwraps 0-d object arrays to the bare object
    boxed[()] = out
    return boxed


_KEPT = (ValueError, TypeError, IndexError, np.exceptions.AxisError, np.linalg.LinAlgError)


def _explained(
    error: Exception, op: Op, inputs: tuple[Tensor, ...], params: dict[str, Any]
) -> Exception:
    """Return `error` with the operation and its operands named."""
    named = [f"{x.name or f'operand {i}'} of shape {x.shape}" for i, x in enumerate(inputs, 1)]
    given = "".join(f", {key}={value!r}" for key, value in params.items())
    shown = f"{op.name} ({op.symbol})" if op.symbol else op.name
    kind = type(error) if type(error) in _KEPT else ValueError
    return kind(f"{shown} cannot be applied to {' and '.join(named)}{given}: {error}")
