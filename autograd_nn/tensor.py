"""The Tensor: an array that remembers how it was made.

1. `Tensor` holds data and the record of its making: operation, inputs, parameters.
2. `apply` runs an operation on Tensors, arrays and numbers, and records it.
3. NumPy's protocols send ``np.exp(t)``, ``np.sum(t)``, ``array @ t`` through `apply` too.

::

    W ──┐
        matmul ── z ── sigmoid ── h      h.op is sigmoid, h.inputs is (z,), z.inputs is (W, x)
    x ──┘
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np

from .op import Op
from .operators import Operators
from .protocol import function_on_tensors, ufunc_on_tensors
from .recording import RECORDING, TRACING, refuse_value

ndarray = np.ndarray


def _as_data(data: Any, name: str | None) -> Any:
    """Return `data` as something with NumPy's array protocols, or raise a TypeError."""
    if isinstance(data, Tensor):
        if data.op is not None:
            refuse_value("Tensor(t)", "Use t itself, or t.detach().")
        return data._data
    if type(data) is ndarray and data.dtype.kind in "fiub":
        return data
    label = f"Tensor {name!r}" if name else "a Tensor"
    if isinstance(data, np.matrix) or hasattr(data, "filled"):  # np.ma is not imported here
        raise TypeError(
            f"{label} cannot hold a {type(data).__name__}, whose operators are not an array's; "
            "pass np.asarray(data), or data.filled(value) of a masked array"
        )
    if isinstance(data, (list, tuple)) and any(isinstance(item, Tensor) for item in data):
        raise TypeError(
            "a list of Tensors would lose their gradients as data; join them with np.stack(...) "
            "or np.concatenate(...), which are recorded"
        )
    foreign = hasattr(data, "__array_function__") and hasattr(data, "dtype")
    try:
        array = data if foreign and not isinstance(data, np.generic) else np.asarray(data)
    except ValueError as error:
        raise ValueError(f"{label} needs rows of one length: {error}") from error
    kind = array.dtype.kind
    if kind == "c":
        raise TypeError(
            f"{label} has dtype {array.dtype}; complex numbers are not supported, carry the "
            "real and the imaginary part as two Tensors"
        )
    if kind not in "fiub" and not (foreign and kind == "O"):  # arrays of SymPy symbols are
        raise TypeError(
            f"{label} needs numbers, got {type(data).__name__} that becomes dtype {array.dtype}; "
            "pass a number, a nested list of numbers or an array"
        )
    return array


class Tensor(Operators):
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
        "__weakref__",
        "_data",
        "arrays",
        "grad",
        "inputs",
        "name",
        "op",
        "params",
        "requires_grad",
    )

    _data: Any
    arrays: tuple[Any, ...]
    grad: Any
    inputs: tuple[Tensor, ...]
    name: str | None
    op: Op | None
    params: dict[str, Any]
    requires_grad: bool

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"the name of a Tensor is text, got {type(name).__name__} {name!r}")
        self._data = _as_data(data, name)
        self.grad = None
        self.op = None
        self.inputs = self.arrays = ()
        self.params = {}
        self.name = name
        if requires_grad and self._data.dtype.kind not in "fO":
            raise TypeError(
                f"{self._label()} has dtype {self._data.dtype}, and only floating-point data can "
                "require gradients; pass floats, e.g. Tensor(data, ...) with "
                "np.asarray(data, dtype=float)"
            )
        self.requires_grad = bool(requires_grad)

    # -- what it holds ----------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The values; assignable on leaves only, with an array of the same shape."""
        if self.op is not None:
            refuse_value("data", "Use the Tensor itself.")
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if self.op is not None:
            raise TypeError(
                f"{self._label()} is the result of {self.op.name!r}; only the data of leaves can "
                "be assigned. Make a new leaf with Tensor(value) instead"
            )
        if value is self._data and type(value) is ndarray:
            # `t.data -= …` wrote into the array. A new object all the same, so that a backward
            # pass over a graph recorded before sees that the values it was recorded with are gone.
            self._data = value.view()
            return
        fresh = value if type(value) is ndarray else _as_data(value, self.name)
        if fresh.shape != self.shape:
            raise ValueError(
                f"{self._label()} has shape {self.shape}, got data of shape {np.shape(fresh)}"
            )
        if self.requires_grad and fresh.dtype.kind not in "fO":
            raise TypeError(f"{self._label()} requires gradients and cannot hold {fresh.dtype}")
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
        return np.result_type(self._data) if isinstance(self._data, _NUMBERS) else self._data.dtype

    @property
    def T(self) -> Tensor:
        """The transpose."""
        return self.transpose()

    def item(self) -> Any:
        """Return the only element as a Python number."""
        refuse_value("item()", "Return the Tensor from the function instead.")
        return self._data.item() if hasattr(self._data, "item") else self._data

    def numpy(self) -> Any:
        """Return the data, without gradients. Results of operations are read-only."""
        refuse_value("numpy()", "Use the Tensor itself.")
        return self._data

    def detach(self) -> Tensor:
        """Return a leaf on the same data that requires no gradient."""
        if TRACING.get():  # a leaf would bake the stand-in's values into the program
            constant_copy = apply(_DETACHED, (self,))
            constant_copy.name = self.name
            return constant_copy
        return Tensor(self._data, name=self.name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        refuse_value("np.asarray", "Use NumPy functions on the Tensor itself.")
        if self.requires_grad or self.op is not None:
            what = "requires gradients" if self.requires_grad else "was recorded"
            raise TypeError(
                f"{self._label()} {what}, which np.asarray or np.array would lose; use .numpy() "
                "for the plain values, or np.stack(...) to build from Tensors"
            )
        array = np.asarray(self._data, dtype=dtype)
        return array.copy() if copy else array

    # -- gradients --------------------------------------------------------------------------

    def backward(self, seed: Any = None) -> None:
        """Add the gradient of this Tensor to ``.grad`` of every leaf that requires it.

        Parameters
        ----------
        seed : array_like, optional
            The cotangent of this Tensor, of its shape. May be left out for one element.

        Raises
        ------
        ValueError
            Without a seed, if there is more than one element; or if nothing requires gradients.
        RuntimeError
            If the data of a leaf was reassigned after it was used.
        """
        from .gradients import backward

        backward(self, seed)

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.grad = None

    # -- as text ----------------------------------------------------------------------------

    def _label(self) -> str:
        return f"Tensor {self.name!r}" if self.name else "an unnamed Tensor"

    def __repr__(self) -> str:
        data = self._data  # of another library's array its own text: its values may not be there
        text = repr(data)
        if isinstance(data, (ndarray, np.generic, *_NUMBERS)):
            text = np.array2string(np.asarray(data), separator=", ", prefix="Tensor(")
        extra = f", name={self.name!r}" if self.name else ""
        if self.op is not None:
            extra += f", op={self.op.name}"
        elif self.requires_grad:
            extra += ", requires_grad=True"
        return f"Tensor({text}{extra})"

    def __format__(self, spec: str) -> str:
        return format(self.item() if self.size == 1 else self._data, spec) if spec else repr(self)

    # -- values that Python asks for ---------------------------------------------------------

    def __bool__(self) -> bool:
        refuse_value("a truth value", "Use np.where(condition, a, b) in place of the branch.")
        return bool(self._data)

    def __float__(self) -> float:
        refuse_value("float()", "Keep the Tensor.")
        return float(self.item())

    def __int__(self) -> int:
        refuse_value("int()", "Keep the Tensor.")
        return int(self.item())

    def __index__(self) -> int:
        refuse_value("use as an index", "Use np.take_along_axis or np.where.")
        return int(self._data.__index__())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"{self._label()} has no length: it is 0-dimensional")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        refuse_value("iteration", "Use whole-array operations or indexing.")
        if not self.shape:
            raise TypeError(f"{self._label()} cannot be iterated over: it is 0-dimensional")
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self._data == (value._data if isinstance(value, Tensor) else value)))

    # -- NumPy's protocols --------------------------------------------------------------------

    __array_priority__ = 1000.0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return ufunc_on_tensors(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function_on_tensors(func, args, kwargs)


_NUMBERS = (bool, int, float)
_DETACHED = Op("detach", lambda x: x)  # no rules: no gradient passes


def plain_key(key: Any) -> Any:
    """Return an indexing key with Tensors and lists in it as arrays."""
    if isinstance(key, tuple):
        return tuple(plain_key(part) for part in key)
    if isinstance(key, Tensor):
        refuse_value("use as an index", "Use np.take_along_axis or np.where.")
        return key._data.copy()
    # A copy: what a backward pass scatters by must be what the forward pass took by.
    return np.array(key) if isinstance(key, (list, ndarray)) else key


def constant(value: Any) -> Tensor:
    """Return `value` as an unnamed leaf. Python numbers stay weak (NEP 50): not made arrays."""
    leaf = Tensor.__new__(Tensor)
    leaf._data = value if type(value) in _NUMBERS else _as_data(value, None)
    leaf.grad = leaf.op = leaf.name = None
    leaf.inputs = leaf.arrays = ()
    leaf.params = {}
    leaf.requires_grad = False
    return leaf


_NO_PARAMS: dict[str, Any] = {}


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
            inputs = tuple([_operand(x) for x in inputs])
            break
    arrays = tuple([x._data for x in inputs])
    try:
        out = op.forward(*arrays, **params) if params else op.forward(*arrays)
    except (ValueError, TypeError, IndexError) as error:
        raise _explained(error, op, inputs, params) from error
    if type(out) is not ndarray:
        out = _wrapped(out)
    else:
        for a in arrays:
            if out is a:  # an operation that hands its input on; the input stays writable
                out = out.view()
    if type(out) is ndarray:
        out.setflags(write=False)
    result = Tensor.__new__(Tensor)
    result._data = out
    result.grad = result.name = None
    recording = RECORDING.get()
    if recording:
        result.op = op
        result.inputs = inputs
        result.arrays = arrays
        result.params = params
        result.requires_grad = False
        for x in inputs:
            if x.requires_grad:
                result.requires_grad = op.differentiable and out.dtype.kind in "fO"
                break
        if recording is not True:
            recording.nodes.append(result)
    else:
        result.op = None
        result.inputs = result.arrays = ()
        result.params = _NO_PARAMS
        result.requires_grad = False
    return result


def _operand(value: Any) -> Tensor:
    return value if isinstance(value, Tensor) else constant(value)


def _wrapped(out: Any) -> Any:
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
    parts = []
    for position, x in enumerate(inputs, 1):
        label = x.name if x.name else f"operand {position}"
        parts.append(f"{label} of shape {x.shape}")
    given = "".join(f", {key}={value!r}" for key, value in params.items())
    shown = f"{op.name} ({op.symbol})" if op.symbol else op.name
    kind = type(error) if type(error) in _KEPT else ValueError
    return kind(f"{shown} cannot be applied to {' and '.join(parts)}{given}: {error}")
