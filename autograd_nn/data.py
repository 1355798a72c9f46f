"""What a Tensor may hold: the gate for data that comes from outside."""

from __future__ import annotations

from typing import Any

import numpy as np


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
        If it is a nested list with rows of several lengths.
    """
    if type(data) is np.ndarray and data.dtype.kind in "fiub":
        return data
    label = f"Tensor {name!r}" if name else "a Tensor"
    if isinstance(data, np.matrix) or hasattr(data, "filled"):  # np.ma is not imported here
        raise TypeError(
            f"{label} cannot hold a {type(data).__name__}, whose operators are not an array's; "
            "pass np.asarray(data), or data.filled(value) of a masked array"
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
