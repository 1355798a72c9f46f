"""The data of Tensors that comes from outside: what may come in, and whether it was changed since.

1. `as_data` is the gate; `start_of` is that of cotangents.
2. `mark` notes what a leaf's array holds when an operation uses it, and `refuse_written` raises
   where somebody has written into it since: a gradient would mix old and new values.

A mark of a small array, or of a view, is a copy of its bytes. A large array that owns its memory
is locked instead: read-only until the last graph that used it is gone, or until its Tensor hands
it out by ``.data``. (A view that was taken of it before is not locked with it.)
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

FLOATING = "fcO"
"""The kinds of data types that have gradients: real, complex, symbols."""

_SMALL = 1 << 15
"""Bytes up to which a copy costs less than a lock."""

_LOCKS: weakref.WeakValueDictionary[int, Lock] = weakref.WeakValueDictionary()
_MAKING = threading.Lock()

Mark: TypeAlias = "bytes | Lock | None"
"""What an array held when an operation used it."""


def as_data(data: Any, name: str | None = None) -> Any:
    """Return `data` as something with NumPy's array protocols.

    Parameters
    ----------
    data : array_like
        Numbers, nested lists of them, or an array of any library that follows the protocols,
        which is kept as it is.
    name : str, optional
        Of the Tensor that shall hold it, for messages.

    Raises
    ------
    TypeError
        If it is not numeric, or an array whose operators mean something else.
    ValueError
        If it is a nested list with rows of several lengths, or of unknown shape.
    """
    if type(data) is np.ndarray and data.dtype.kind in "fciub":
        return data
    label = f"Tensor {name!r}" if name else "a Tensor"
    if hasattr(data, "filled"):  # np.ma is not imported here
        raise TypeError(
            f"{label} cannot hold a {type(data).__name__} (np.ma), whose mask would be lost; pass "
            "data.filled(value), or data.compressed(), which leaves out what is masked"
        )
    if isinstance(data, np.matrix):
        raise TypeError(
            f"{label} cannot hold a matrix, whose operators are not an array's; pass "
            "np.asarray(data)"
        )
    foreign = hasattr(data, "__array_function__") and hasattr(data, "dtype")
    try:
        array = data if foreign and not isinstance(data, np.generic) else np.asarray(data)
    except ValueError as error:
        raise ValueError(f"{label} needs rows of one length: {error}") from error
    kind = array.dtype.kind
    if foreign and any(n != n for n in array.shape):  # noqa: PLR0124 - nan, where it is unknown
        raise ValueError(
            f"{label} needs a shape, and the chunks of the {type(data).__name__} have no known "
            "sizes: data.compute_chunk_sizes() first"
        )
    if kind == "O" and not foreign:
        ways = {"toarray": "data.toarray()", "to_numpy": "data.to_numpy(dtype=float)"}
        way = next((text for method, text in ways.items() if hasattr(data, method)), None)
        if way:
            raise TypeError(f"{label} cannot hold a {type(data).__name__}; pass {way}")
    if kind not in "fciub" and not (foreign and kind == "O"):  # arrays of SymPy symbols are
        raise TypeError(
            f"{label} needs numbers, got {type(data).__name__} that becomes dtype {array.dtype}; "
            "pass a number, a nested list of numbers or an array"
        )
    return array


def start_of(output: Any, seed: Any) -> Any:
    """Return the cotangent that a pass starts with at `output`: `seed`, checked, or 1."""
    shape = output.shape
    if seed is None:
        if output.size != 1:
            raise ValueError(
                f"{output.label()} has shape {shape}: a gradient starts from one number. Reduce "
                "it, e.g. with .sum() or .mean(), or pass a seed of that shape"
            )
        if output.dtype.kind == "c":
            raise TypeError(
                f"{output.label()} has dtype {output.dtype}: a gradient is that of one real "
                "number. Take np.real, np.imag or np.abs, pass a seed, or, of a holomorphic "
                "function, use grad(f, holomorphic=True)"
            )
        return np.ones_like(output._data)
    value = seed if hasattr(seed, "dtype") else np.asarray(seed)
    if value.dtype.kind not in ("fiubcO" if output.dtype.kind == "c" else "fiubO"):
        raise TypeError(
            f"the seed of {output.label()} has dtype {value.dtype}; it is a real number for each "
            f"element, an array of shape {shape}"
        )
    got = np.shape(value)
    if got != shape:
        raise ValueError(f"the seed has shape {got}, but {output.label()} has shape {shape}")
    return value if value.dtype == output.dtype else value.astype(output.dtype)


class Lock:
    """A large array that nobody writes into while a graph that used it is alive.

    Attributes
    ----------
    held : bytes or None
        What it held when it was opened for writing; None while it is locked.
    """

    __slots__ = ("__weakref__", "array", "held")

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        array.setflags(write=False)
        self.array = array
        self.held: bytes | None = None

    def open(self) -> None:
        """Make the array writable, having noted what it holds."""
        if self.held is None:
            self.held = self.array.tobytes()
            self.array.setflags(write=True)

    def __del__(self) -> None:
        if self.held is None:
            self.array.setflags(write=True)


def marks(inputs: Sequence[Any]) -> list[Mark] | None:
    """Return the `mark` of those of `inputs`, Tensors, that come from outside; None for others.

    From outside come leaves and views of them. Where nothing is noted, the result is None.
    """
    noted = [mark(x._data) if x.op is None or "view" in x.op.traits else None for x in inputs]
    return noted if any(noted) else None


def mark(array: Any) -> Mark:
    """Note what `array` holds: by a lock if it is large, else by a copy of its bytes.

    What cannot change, or not be looked at, is None.
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind == "O":
        return None
    if array.nbytes <= _SMALL:
        return array.tobytes()
    owner = array.base if isinstance(array.base, np.ndarray) else array
    if not (array.flags.writeable or owner.flags.writeable):  # locked already, or a constant
        return _LOCKS.get(id(owner))
    if owner is not array:  # a view that can be written to
        return array.tobytes()
    with _MAKING:
        made = _LOCKS[id(array)] = Lock(array)
    return made


def refuse_written(node: Any) -> None:
    """Raise if an input of the Tensor `node` that `marks` noted holds other values now."""
    for x, array, held in zip(node.inputs, node.arrays, node.marks, strict=True):
        before, now = (held.held, held.array) if type(held) is Lock else (held, array)
        if before is not None and now.tobytes() != before:
            raise changed(x, "written into")


def changed(x: Any, how: str) -> RuntimeError:
    """Return the error for a Tensor whose data was changed after an operation had used it."""
    while x.op is not None:  # a view of what was changed
        x = x.inputs[0]
    return RuntimeError(
        f"the data of {x.label()} was {how} after an operation had used it, so the gradient would "
        "mix old and new values. Run the forward pass again, or call backward() before updating "
        "the data"
    )


def opened(array: Any) -> Any:
    """Return `array` for reading and writing, where a living graph may have locked it."""
    if isinstance(array, np.ndarray) and not array.flags.writeable:
        lock = _LOCKS.get(id(array))
        if lock is not None:
            lock.open()
    return array
