"""Helpers that rules share.

1. `call` runs an operation on arrays and records it on Tensors, so that a rule may use
   operations that NumPy has no function for.
2. `divided`, `transposed` and `add_at` are steps that several rules take; `adjoint`, `conjugated`,
   `real` and `squared` are such of complex numbers, and add nothing to those of real ones.
3. `as_array`, `as_tensor`, `axes_of` and `along` take what users pass. Arrays of other libraries
   stay what they are.
"""

from __future__ import annotations

import math
from functools import wraps
from typing import Any

import numpy as np

from ..core.op import Op, Rule
from ..core.tensor import Tensor, apply, constant


def call(op: Op, *operands: Any, **params: Any) -> Any:
    """Record `op` where an operand is a Tensor, run it where all are arrays."""
    if any(isinstance(x, Tensor) for x in operands):
        return apply(op, operands, params)
    return op.forward(*operands, **params)


def as_array(x: Any) -> Any:
    """Return lists and numbers as an array; Tensors and arrays of any library as they are."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def as_tensor(x: Any) -> Any:  # Any, since NumPy's stubs know no Tensor
    """Return a Tensor as it is, and anything else as a constant one."""
    return x if isinstance(x, Tensor) else constant(as_array(x))


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return `axis`, as reductions take it, as a tuple that counts from the front."""
    if axis is None:
        return tuple(range(ndim))
    return np.lib.array_utils.normalize_axis_tuple(axis, ndim)


def along(a: Any, axis: int | None) -> tuple[Any, int]:
    """Return `a`, flattened where no axis is named, and the axis."""
    return (np.ravel(a), 0) if axis is None else (a, axis)


def add_at(out: Any, key: Any, g: Any) -> None:
    """Add `g` into `out` at `key`, once more wherever a position repeats."""
    if not isinstance(out, np.ndarray):
        raise TypeError(
            "the gradient of indexing with arrays is put together element by element, which only "
            f"NumPy arrays can, and this is a {type(out).__module__} array; use slices, np.where "
            "or a product with a matrix of zeros and ones"
        )
    parts = key if isinstance(key, tuple) else (key,)
    lead = next((i for i, part in enumerate(parts) if not is_full(part)), len(parts))
    rows = [np.asarray(part) for part in parts[lead:]]
    floats = out.dtype == g.dtype and out.dtype in (np.float32, np.float64)
    whole = rows and all(row.dtype.kind in "iu" for row in rows)
    shape, rest = out.shape[lead : lead + len(rows)], out.shape[lead + len(rows) :]
    if not whole or not floats or not _all_inside(rows, shape) or not g.size:
        np.add.at(out, key, g)
        return
    wide = [row.astype(np.intp) for row in rows]  # a place in the whole may exceed narrow integers
    rows = list(np.broadcast_arrays(*[row % n for row, n in zip(wide, shape, strict=True)]))
    where = np.ravel_multi_index(rows, shape) if len(rows) > 1 else rows[0]
    ahead, many = tuple(range(lead)), where.ndim
    flow = np.broadcast_to(g, out.shape[:lead] + where.shape + rest)
    flow = np.moveaxis(flow, ahead, range(many, many + lead))
    summed = _sums_of_rows(where.ravel(), flow.reshape(where.size, -1), math.prod(shape))
    summed = summed.reshape(shape + out.shape[:lead] + rest)
    out += np.moveaxis(summed, range(len(shape), len(shape) + lead), ahead)


def _all_inside(rows: Any, shape: tuple[int, ...]) -> bool:
    """Whether arrays of indices stay within axes of lengths `shape`; np.add.at says it if not."""
    pairs = zip(rows, shape, strict=True)
    return all(row.size and -n <= row.min() and row.max() < n for row, n in pairs)


def _sums_of_rows(where: Any, rows: Any, count: int) -> Any:
    """Return an array of `count` rows: at each index the sum of the `rows` that belong there."""
    width = rows.shape[1]
    if rows.size < 2048:
        where = np.reshape(where[:, None] * width + np.arange(width), -1)
        return np.bincount(where, rows.reshape(-1), count * width).astype(rows.dtype, copy=False)
    from scipy.sparse import csc_array

    ones, starts = np.ones(len(where), rows.dtype), np.arange(len(where) + 1)
    return csc_array((ones, where, starts), (count, len(where))) @ rows


def is_full(part: Any) -> bool:
    """Whether `part` of a key takes a whole axis."""
    return isinstance(part, slice) and part == slice(None)


def divided(a: Any, b: Any) -> Any:
    """Return a/b, and 0 where both are 0, without a warning; nan where only b is 0."""
    zero = b == 0
    return np.where(np.logical_and(zero, a != 0), np.nan, a / np.where(zero, 1, b))


def transposed(a: Any) -> Any:
    """Return the matrices in the last two axes of `a`, transposed."""
    return np.swapaxes(a, -1, -2)


def is_complex(x: Any) -> bool:
    """Whether `x` holds complex numbers."""
    return getattr(getattr(x, "dtype", None), "kind", "") == "c"


def real(x: Any) -> Any:
    """Return the real part of complex numbers, and others as they are."""
    return np.real(x) if is_complex(x) else x


def conjugated(x: Any) -> Any:
    """Return the conjugate of complex numbers, and others as they are."""
    return np.conjugate(x) if is_complex(x) else x


def squared(x: Any) -> Any:
    """Return |x|², a real number."""
    return np.real(x * np.conjugate(x)) if is_complex(x) else np.square(x)


def adjoint(a: Any) -> Any:
    """Return the matrices in the last two axes of `a`, transposed and conjugated."""
    return conjugated(transposed(a))


def hermitian(rule: Rule) -> Rule:
    """Return `rule`, written for the inner product Re tr(gᴴ x), as one for cotangents."""

    @wraps(rule)
    def of_cotangents(g: Any, *given: Any, **params: Any) -> Any:
        return conjugated(rule(conjugated(g), *given, **params))

    return of_cotangents


def eye(n: int, like: Any) -> Any:
    """Return the identity matrix of `n` rows in the data type of `like`."""
    return np.eye(n, dtype=like.dtype)


def columns(a: Any) -> Any:
    """Return a stack of vectors as factors of the columns of a stack of matrices."""
    return np.expand_dims(a, -2)


def rows(a: Any) -> Any:
    """Return a stack of vectors as factors of the rows of a stack of matrices."""
    return np.expand_dims(a, -1)


def function_of(name: str, count: int = 1) -> str:
    r"""Return the LaTeX template of a function: ``\operatorname{name}({0}, {1})``."""
    arguments = ", ".join(f"{{{i}}}" for i in range(count))
    return rf"\operatorname{{{{{name}}}}}({arguments})".replace("_", r"\_")
