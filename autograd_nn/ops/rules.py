"""Helpers that rules share.

1. `call` runs an operation on arrays and records it on Tensors, so that a rule may use
   operations that NumPy has no function for.
2. `divided`, `transposed` and `add_at` are steps that several rules take; `adjoint`, `conjugated`,
   `real` and `squared` are such of complex numbers, and add nothing to those of real ones.
3. `as_array`, `as_tensor`, `axes_of` and `along` take what users pass. Arrays of other libraries
   stay what they are.
"""

from __future__ import annotations

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
    np.add.at(out, key, g)


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
