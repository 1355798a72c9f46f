"""NumPy's functions on arrays with symbolic sizes: products, reductions, shapes, positions."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..ops.products import explicit_labels, in_letters
from .canonical import collected
from .normal_form import simplified, times
from .sized import (
    DIRECT,
    SHAPES_ONLY,
    Size,
    Sized,
    axes_of,
    fit,
    form_of,
    joined,
    lifted,
)
from .sum_functions import call_on, inverse_of
from .terms import DELTA, Index, NoForm, Term, Terms, named, place, size_terms

normal_axes = np.lib.array_utils.normalize_axis_tuple


def contract(
    arrays: Sequence[Sized], labels: Sequence[Sequence[Hashable]], out: Sequence[Hashable]
) -> Sized:
    """Multiply arrays whose axes have labels, and sum over the labels that are not in `out`."""
    index: dict[Hashable, Index] = {}
    for x, own in zip(arrays, labels, strict=True):
        for i, label in zip(x.axes, own, strict=True):
            if i is not None:
                fit(index.setdefault(label, Index(i.size)).size, i.size)
    axes = tuple(index.get(label) for label in out)
    if SHAPES_ONLY.get():
        return Sized(axes, [])
    placed = [
        x.on([index.get(label) for label in own]) for x, own in zip(arrays, labels, strict=True)
    ]
    terms = times(placed[0], *placed[1:])
    return Sized(axes, bound(terms, [i for label, i in index.items() if label not in out]))


def bound(terms: Terms, indices: Sequence[Index]) -> Terms:
    """Return the sum over indices."""
    return collected(
        [s for t in terms for s in simplified(Term(t.c, t.a, t.b.union(indices)).fresh())]
    )


@form_of(np.matmul, np.linalg.matmul)
def matmul(a: Sized, b: Sized) -> Sized:
    """Return a @ b."""
    a, b = lifted(a), lifted(b)
    if not a.ndim or not b.ndim:
        raise ValueError("matmul takes arrays with axes, not numbers")
    stack = max(a.ndim, b.ndim) - 2
    lead = [f"s{k}" for k in range(max(stack, 0))]
    left = [*lead[len(lead) - max(a.ndim - 2, 0) :], "i", "k"][-a.ndim :]
    right = ["k"] if b.ndim == 1 else [*lead[len(lead) - (b.ndim - 2) :], "k", "j"]
    if a.ndim == 1:
        left = ["k"]
    mine, theirs = a.shape[-1], b.shape[-1 if b.ndim == 1 else -2]
    fit(mine, theirs)
    out = [*lead, *(["i"] if a.ndim > 1 else []), *(["j"] if b.ndim > 1 else [])]
    return contract([a, b], [left, right], out)


@form_of(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    a, b = lifted(a), lifted(b)
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim > 2:
        raise NoForm("np.dot of more than two axes has no normal form")
    return matmul(a, b)


@form_of(np.einsum)
def _einsum(*operands: Any, **kwargs: Any) -> Sized:
    subscripts, given = in_letters(operands)
    arrays = [lifted(x) for x in given]
    labels, out = explicit_labels(subscripts, [x.ndim for x in arrays])
    return contract(arrays, labels, out)


@form_of(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Sized:
    a, b = lifted(a), lifted(b)
    if isinstance(axes, int):
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    first, second = (normal_axes(s, x.ndim) for s, x in zip(axes, (a, b), strict=True))
    left: list[Hashable] = [("a", k) for k in range(a.ndim)]
    right: list[Hashable] = [("b", k) for k in range(b.ndim)]
    for p, q in zip(first, second, strict=True):
        fit(a.shape[p], b.shape[q])
        right[q] = left[p]
    shared = {left[p] for p in first}
    return contract([a, b], [left, right], [x for x in [*left, *right] if x not in shared])


@form_of(np.trace, np.linalg.trace)
def _trace(a: Sized, **kwargs: Any) -> Sized:
    return contract([a], [["i", "i"]], [])


@form_of(np.diagonal, np.linalg.diagonal)
def _diagonal(a: Sized) -> Sized:
    return contract([a], [["i", "i"]], ["i"])


@form_of(np.diag)
def _diag(v: Sized, k: int = 0) -> Sized:
    if k or v.ndim != 1:
        return _diagonal(v)
    result: Sized = identity(v.shape[0]) * v
    return result


def identity(n: Any, factor: Any = 1) -> Sized:
    """Return a multiple of the identity matrix with `n` rows."""
    ix = (Index(n), Index(n))
    return Sized(ix, [] if SHAPES_ONLY.get() else [Term(Fraction(factor), {(DELTA, ix): 1})])


# -- reductions -----------------------------------------------------------------------------------


def _reduced(x: Sized, axis: Any, keepdims: bool, result: Sized) -> Sized:
    """Put reduced axes back with length 1 where `keepdims` asks for it."""
    if not keepdims:
        return result
    rest = iter(result.axes)
    gone = normal_axes(range(x.ndim) if axis is None else axis, x.ndim)
    return Sized(tuple(None if k in gone else next(rest) for k in range(x.ndim)), result.terms)


def _kept(x: Sized, axis: Any) -> list[int]:
    gone = normal_axes(range(x.ndim) if axis is None else axis, x.ndim)
    return [k for k in range(x.ndim) if k not in gone]


@form_of(np.sum)
def _sum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False
) -> Any:
    a = lifted(a)
    return _reduced(a, axis, keepdims, contract([a], [range(a.ndim)], _kept(a, axis)))


@form_of(np.mean)
def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False
) -> Any:
    a = lifted(a)
    count = math.prod(n for k, n in enumerate(a.shape) if k not in _kept(a, axis))
    return _sum(a, axis, keepdims=keepdims) / count


def _extremum(text: str) -> Any:
    def extremum(a: Sized, axis: Any = None, out: Any = None, keepdims: Any = False) -> Sized:
        """Return the largest of a row: any function of it, told by its sum with marks."""
        gone = [k for k in range(a.ndim) if k not in _kept(a, axis)]
        marks = [Sized((i,), [] if i is None else [Term(Fraction(1), {(named("·", 1), (i,)): 1})])
                 for i in a.axes]  # fmt: skip
        marked = [marks[k] for k in gone if a.axes[k] is not None]
        own = [[k] for k in gone if a.axes[k] is not None]
        total = contract([a, *marked], [range(a.ndim), *own], _kept(a, axis))
        terms = total.terms if SHAPES_ONLY.get() else call_on(text, total.terms)
        return _reduced(a, axis, keepdims, Sized(total.axes, terms))

    return extremum


DIRECT[np.max] = DIRECT[np.amax] = _extremum("max")
DIRECT[np.min] = DIRECT[np.amin] = _extremum("min")


# -- shapes ---------------------------------------------------------------------------------------


@form_of(np.shape)
def _shape(a: Sized) -> Any:
    return a.shape


@form_of(np.ndim)
def _ndim(a: Sized) -> int:
    return a.ndim


@form_of(np.size)
def _size(a: Sized, axis: Any = None) -> Any:
    return a.size if axis is None else a.shape[axis]


@form_of(np.transpose)
def _transpose(a: Sized, axes: Any = None) -> Sized:
    order = range(a.ndim)[::-1] if axes is None else normal_axes(axes, a.ndim)
    return Sized(tuple(a.axes[k] for k in order), a.terms, a.dtype)


@form_of(np.moveaxis)
def _moveaxis(a: Sized, source: Any, destination: Any) -> Sized:
    order = np.moveaxis(np.empty(tuple(range(2, a.ndim + 2))), source, destination).shape
    return _transpose(a, [n - 2 for n in order])


@form_of(np.reshape)
def _reshape(a: Any, shape: Any = None, order: str = "C", **kwargs: Any) -> Sized:
    a = lifted(a)
    target = list(shape) if isinstance(shape, (tuple, list)) else [shape]
    left = [i for i in a.axes if i is not None]
    axes: list[Index | None] = []
    for k, n in enumerate(target):
        if isinstance(n, int) and n == 1:
            axes.append(None)
            continue
        later = sum(not (isinstance(x, int) and x == 1) for x in target[k + 1 :])
        if isinstance(n, int) and n == -1 and len(left) <= later:
            axes.append(None)
            continue
        if len(left) != later + 1 and not left:
            raise NoForm("reshape changes the number of elements")
        i = left.pop(0)
        if not (isinstance(n, int) and n == -1):
            fit(i.size, n)
        axes.append(i)
    if left:
        raise NoForm("reshape joins axes, which has no normal form")
    return Sized(tuple(axes), a.terms, a.dtype)


@form_of(np.ravel)
def _ravel(a: Sized, order: str = "C") -> Sized:
    return _reshape(a, (-1,))


@form_of(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Sized:
    a = lifted(a)
    places = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = a.ndim + len(places)
    fresh = normal_axes(places, ndim)
    rest = iter(a.axes)
    axes = tuple(None if k in fresh else next(rest) for k in range(ndim))
    return Sized(axes, a.terms, a.dtype)


@form_of(np.squeeze)
def _squeeze(a: Sized, axis: Any = None) -> Sized:
    gone = [k for k, i in enumerate(a.axes) if i is None]
    if axis is not None:
        gone = list(normal_axes(axis, a.ndim))
    if any(a.axes[k] is not None for k in gone):
        raise ValueError("squeeze takes axes of length 1")
    return Sized(tuple(i for k, i in enumerate(a.axes) if k not in gone), a.terms, a.dtype)


@form_of(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Sized:
    array = lifted(array)
    goal = Sized(axes_of(shape if isinstance(shape, (tuple, list)) else (shape,)), [])
    axes, terms = joined([array, goal])
    if len(axes) != goal.ndim or any(
        g is None and i is not None for g, i in zip(goal.axes, axes, strict=True)
    ):
        raise ValueError(f"shape {array.shape} is not broadcast to {goal.shape}")
    return Sized(axes, terms[0], array.dtype)


@form_of(np.zeros_like)
def _zeros_like(a: Any, dtype: Any = None, shape: Any = None, **kwargs: Any) -> Sized:
    return Sized(axes_of(lifted(a).shape if shape is None else shape), [])


@form_of(np.ones_like)
def _ones_like(a: Any, dtype: Any = None, shape: Any = None, **kwargs: Any) -> Sized:
    return Sized(axes_of(lifted(a).shape if shape is None else shape), lifted(1).terms)


@form_of(np.where)
def _where(condition: Any, a: Any, b: Any) -> Sized:
    for one, other in ((a, b), (b, a)):  # nan marks what is not defined, of which nothing is said
        if isinstance(one, float) and math.isnan(one):
            axes, terms = joined([lifted(other), lifted(condition)])
            return Sized(axes, terms[0])
    c = lifted(condition)
    c = c if c.dtype == bool else c != 0
    result: Sized = lifted(b) + c * (lifted(a) - lifted(b))
    return result


@form_of(np.nan_to_num)
def _nan_to_num(x: Sized, *args: Any, **kwargs: Any) -> Sized:
    return x


# -- positions ------------------------------------------------------------------------------------


def _expanded(x: Sized, key: Any) -> list[Any]:
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(
        not (p is None or p is Ellipsis or isinstance(p, (int, slice))) or isinstance(p, bool)
        for p in parts
    ):
        raise NoForm("it takes elements by computed positions")
    missing = x.ndim - sum(p is not None and p is not Ellipsis for p in parts)
    at = next((k for k, p in enumerate(parts) if p is Ellipsis), None)
    fill = [slice(None)] * missing
    return [*parts, *fill] if at is None else [*parts[:at], *fill, *parts[at + 1 :]]


def _position(i: Index | None, part: Any) -> tuple[int, bool] | None:
    """Return the one position that a part of a key takes, and whether the axis stays; or None."""
    size = 1 if i is None else i.size
    if isinstance(part, slice):
        if part == slice(None):
            return None
        start, stop = part.start or 0, part.stop
        if part.step not in (None, 1) or not isinstance(start, int) or stop != start + 1:
            raise NoForm("it takes a part of an axis")
        number, stays = start, True
    else:
        number, stays = part, False
    if isinstance(size, Size):
        if number < 0:
            raise NoForm("it counts positions from the end of an axis")
        size.root().least = max(size.root().least, number + 1)
    else:
        number = range(size)[number]
    return number, stays


@form_of("item")
def _item(x: Sized, key: Any) -> Sized:
    axes: list[Index | None] = []
    m: dict[Index, Index] = {}
    rest = iter(x.axes)
    for part in _expanded(x, key):
        if part is None:
            axes.append(None)
            continue
        i = next(rest)
        found = _position(i, part)
        if found is None:
            axes.append(i)
            continue
        if i is not None:
            m[i] = place(found[0])
        if found[1]:
            axes.append(None)
    terms = [s for t in x.terms for s in simplified(t.fresh(m))]
    return Sized(tuple(axes), collected(terms), x.dtype)


@form_of("put")
def _put(x: Sized, key: Any, value: Sized) -> None:
    """Write `value` into zeros."""
    if x.terms:
        raise NoForm("it writes into an array")
    targets: list[Index | None] = []
    fixed = Term(Fraction(1))
    rest = iter(x.axes)
    for part in _expanded(x, key):
        if part is None:
            targets.append(None)
            continue
        i = next(rest)
        found = _position(i, part)
        if found is None:
            targets.append(i)
        elif found[1]:
            targets.append(None)
        if found is not None and i is not None:
            fixed = fixed.changed({(DELTA, (i, place(found[0]))): 1})
    here = targets[len(targets) - value.ndim :]
    x.terms = collected([s for t in value.on(here) for s in simplified(t.times(fixed))])


@form_of(np.concatenate)
def _concatenate(arrays: Any, axis: Any = 0, out: Any = None, **kwargs: Any) -> Sized:
    parts = [lifted(x) for x in arrays]
    axis = axis % parts[0].ndim
    if any(x.axes[axis] is not None for x in parts):
        raise NoForm("np.concatenate of axes longer than 1 has no normal form")
    i = Index(len(parts))
    axes, terms = joined(parts)
    here = [t.changed({(DELTA, (i, place(k))): 1}) for k, own in enumerate(terms) for t in own]
    return Sized(
        (*axes[:axis], i, *axes[axis + 1 :]), collected([s for t in here for s in simplified(t)])
    )


# -- matrices -------------------------------------------------------------------------------------


def _inverse(a: Sized) -> tuple[Sized, Sized]:
    rows, columns = a.axes[-2:]
    fit(a.shape[-2], a.shape[-1])
    if SHAPES_ONLY.get():
        return a, Sized((), [])
    if a.ndim != 2 or rows is None or columns is None:
        raise NoForm("only single matrices are inverted")
    inverse, log = inverse_of(a.terms, rows, columns)
    return Sized(a.axes, inverse), Sized((), log)


@form_of(np.linalg.inv)
def _inv(a: Sized) -> Sized:
    return _inverse(a)[0]


@form_of(np.linalg.slogdet)
def _slogdet(a: Sized) -> tuple[Sized, Sized]:
    log = _inverse(a)[1]
    return Sized((), [] if SHAPES_ONLY.get() else call_on("sign det", log.terms)), log


@form_of(np.linalg.solve)
def _solve(a: Sized, b: Sized) -> Sized:
    return matmul(_inv(lifted(a)), lifted(b))


def number_of(size: Any) -> Sized:
    """Return a length as an array of no axes."""
    return Sized((), size_terms(size))
