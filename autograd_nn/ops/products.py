"""Products beside ``matmul``: dot and its relatives, einsum, kron, cross."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..core.op import Op, register
from ..core.tensor import apply
from .functions import implements
from .rules import as_tensor, conjugated


@implements(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    if np.ndim(b) <= 2:
        return np.matmul(a, b)
    return _tensordot(a, b, (-1, -2))


implements(np.vdot)(lambda a, b, /: np.matmul(conjugated(np.ravel(a)), np.ravel(b)))


@implements(np.inner)
def _inner(a: Any, b: Any, /) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return _tensordot(a, b, (-1, -1))


@implements(np.outer)
def _outer(a: Any, b: Any, out: Any = None) -> Any:
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))


OUTER = Op("outer", _outer, symbol="@", text="{0} {1}ᵀ", latex="{0} {1}^{{T}}",
           python="np.outer({0}, {1})", traits={"linear"})  # fmt: skip
"""How formulas write a column times a row; it is recorded as a product of both reshaped."""


@implements(np.linalg.outer)
def _outer_of_vectors(x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(
            f"np.linalg.outer takes two vectors, got shapes {np.shape(x1)} and {np.shape(x2)}"
        )
    return _outer(x1, x2)


@implements(np.tensordot, np.linalg.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = as_tensor(a), as_tensor(b)
    if isinstance(axes, (int, np.integer)):
        first: Sequence[int] = range(a.ndim - int(axes), a.ndim)
        second: Sequence[int] = range(int(axes))
    else:
        first, second = (x if isinstance(x, (list, tuple)) else (x,) for x in axes)
    normal = np.lib.array_utils.normalize_axis_tuple
    first, second = normal(first, a.ndim), normal(second, b.ndim)
    if [a.shape[i] for i in first] != [b.shape[i] for i in second]:
        raise ValueError(
            f"np.tensordot: axes {first} of shape {a.shape} and axes {second} of shape {b.shape} "
            "differ in length"
        )
    left = [i for i in range(a.ndim) if i not in first]
    right = [i for i in range(b.ndim) if i not in second]
    shape = [a.shape[i] for i in left] + [b.shape[i] for i in right]
    summed = int(np.prod([a.shape[i] for i in first], dtype=int))
    rows = int(np.prod([a.shape[i] for i in left], dtype=int))
    columns = int(np.prod([b.shape[i] for i in right], dtype=int))
    matrix_a = np.reshape(np.transpose(a, (*left, *first)), (rows, summed))
    matrix_b = np.reshape(np.transpose(b, (*second, *right)), (summed, columns))
    return np.reshape(np.matmul(matrix_a, matrix_b), tuple(shape))


implements(np.linalg.matmul)(lambda x1, x2, /: np.matmul(x1, x2))


@implements(np.linalg.multi_dot)
def _multi_dot(arrays: Any, *, out: Any = None) -> Any:
    product, *rest = arrays
    for factor in rest:
        product = np.matmul(product, factor)
    return product


@implements(np.vecdot, np.linalg.vecdot)
def _vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    first, second = (np.moveaxis(as_tensor(x), axis, -1) for x in (x1, x2))
    return np.sum(conjugated(first) * second, axis=-1)


@implements(getattr(np, "matvec", None))  # NumPy 2.2
def _matvec(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, np.expand_dims(as_tensor(x2), -1))[..., 0]


@implements(getattr(np, "vecmat", None))  # NumPy 2.2
def _vecmat(x1: Any, x2: Any, /) -> Any:
    return np.matmul(np.expand_dims(conjugated(as_tensor(x1)), -2), x2)[..., 0, :]


@implements(np.kron)
def _kron(a: Any, b: Any) -> Any:
    a, b = as_tensor(a), as_tensor(b)
    ndim = max(a.ndim, b.ndim)
    first = (1,) * (ndim - a.ndim) + a.shape
    second = (1,) * (ndim - b.ndim) + b.shape
    apart = np.reshape(a, tuple(n for size in first for n in (size, 1)))
    between = np.reshape(b, tuple(n for size in second for n in (1, size)))
    return np.reshape(apart * between, tuple(m * n for m, n in zip(first, second, strict=True)))


@implements(np.cross)
def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_tensor(a), axisa, -1), np.moveaxis(as_tensor(b), axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(
            f"np.cross on Tensors takes vectors of 3 elements, got {a.shape[-1]} and {b.shape[-1]}"
        )
    ahead, back = [1, 2, 0], [2, 0, 1]
    product = a[..., ahead] * b[..., back] - a[..., back] * b[..., ahead]
    return np.moveaxis(product, -1, axisc)


implements(np.linalg.cross)(partial(_cross, axis=-1))


# -- einsum ----------------------------------------------------------------------------------------


def _einsum(*operands: Any, subscripts: str) -> Any:
    return np.einsum(subscripts, *operands)


def _einsum_rule(g: Any, out: Any, *operands: Any, subscripts: str) -> Any:
    return partial(_einsum_back, g, subscripts, operands)


def _einsum_back(g: Any, subscripts: str, operands: Sequence[Any], index: int) -> Any:
    """Contract `g` with the other operands; what `x` alone had was summed, and is spread again.

    No index stands twice in one operand: `_einsum_of_tensors` took the diagonals before.
    """
    inputs, output = subscripts.split("->")
    labels = inputs.split(",")
    own, x = labels[index], operands[index]
    others = [label for i, label in enumerate(labels) if i != index]
    arrays = [array for i, array in enumerate(operands) if i != index]
    known = set(output).union(*others)
    found = "".join(label for label in own if label in known)
    flow = np.einsum(f"{','.join([output, *others])}->{found}", g, *arrays)
    flow = np.reshape(flow, _with_ones(flow.shape, found, own))
    stretched = tuple(i for i, n in enumerate(x.shape) if n == 1 and flow.shape[i] != 1)
    if stretched:
        flow = np.sum(flow, axis=stretched, keepdims=True)
    return np.broadcast_to(flow, x.shape)


def _with_ones(shape: tuple[int, ...], found: str, own: str) -> tuple[int, ...]:
    lengths = dict(zip(found, shape, strict=True))
    return tuple(lengths.get(label, 1) for label in own)


EINSUM = register(Op("einsum", _einsum, every=_einsum_rule,
    latex=r"\operatorname{{einsum}}({0}, \ldots)",
    rule_words="einsum of the cotangent and the other operands; what was summed is spread",
traits={"complex"}))  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def free_letter(subscripts: str) -> str:
    """Return a letter that stands for no axis yet."""
    return next(letter for letter in _LETTERS if letter not in subscripts)


def in_letters(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Return einsum's arguments in its string form, from either form."""
    if isinstance(operands[0], str):
        return operands[0].replace(" ", ""), list(operands[1:])

    def write(indices: Sequence[Any]) -> str:
        return "".join("..." if i is Ellipsis else _LETTERS[i] for i in indices)

    arrays, lists = list(operands[:-1:2]), [write(x) for x in operands[1::2]]
    inputs = ",".join(lists)
    return (f"{inputs}->{write(operands[-1])}" if len(operands) % 2 else inputs), arrays


def explicit_labels(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Return the labels of each operand and of the result, with letters for every ellipsis."""
    inputs, arrow, output = subscripts.partition("->")
    labels = inputs.split(",")
    if len(labels) != len(ndims):
        raise ValueError(
            f"np.einsum: {subscripts!r} has {len(labels)} operands, and {len(ndims)} are given"
        )
    free = [letter for letter in _LETTERS if letter not in subscripts]
    longest = ""
    for i, (label, ndim) in enumerate(zip(labels, ndims, strict=True)):
        named = len(label.replace("...", ""))
        if "..." in label and named <= ndim:
            dots = "".join(free[: ndim - named])[::-1]  # the last axes are everyone's first letters
            labels[i] = label.replace("...", dots)
            longest = max(longest, dots, key=len)
        elif named != ndim:
            raise ValueError(
                f"np.einsum: operand {i + 1} has {ndim} axes, and {label!r} names {named}"
            )
    if not arrow:
        every = inputs.replace("...", "").replace(",", "")
        once = sorted(letter for letter in set(every) if every.count(letter) == 1)
        return labels, longest + "".join(once)
    if longest and "..." not in output:
        raise ValueError(f"np.einsum: the result of {subscripts!r} needs an ellipsis too")
    return labels, output.replace("...", longest)


@implements(np.einsum)
def _einsum_of_tensors(
    *operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any
) -> Any:
    if kwargs:
        raise TypeError(f"np.einsum on Tensors does not take {', '.join(sorted(kwargs))}")
    subscripts, given = in_letters(operands)
    arrays = [as_tensor(x) for x in given]
    labels, output = explicit_labels(subscripts, [x.ndim for x in arrays])
    for i, label in enumerate(labels):
        arrays[i], labels[i] = _without_repeats(arrays[i], label)
    return apply(EINSUM, arrays, {"subscripts": f"{','.join(labels)}->{output}"})


def _without_repeats(x: Any, label: str) -> tuple[Any, str]:
    """Take the diagonal for every letter that `label` has twice."""
    for letter in sorted(set(label)):
        while label.count(letter) > 1:
            first = label.index(letter)
            second = label.index(letter, first + 1)
            if x.shape[first] != x.shape[second]:
                raise ValueError(
                    f"np.einsum: index {letter!r} stands for axes of lengths {x.shape[first]} and "
                    f"{x.shape[second]} of one operand"
                )
            x = np.diagonal(x, 0, first, second)
            label = label[:first] + label[first + 1 : second] + label[second + 1 :] + letter
    return x, label
