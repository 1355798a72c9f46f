"""Where the samples of a training come from: arrays, arrays on disk, or batches that are handed in.

1. `Held`: arrays. Out of NumPy's and memory maps batches are gathered as they lie; there is no
   second copy of them, and of a memory map only what a batch needs is read. Arrays that only give
   slices, as those of HDF5 and zarr do, are read a block of whole chunks at a time; shuffling is
   of the blocks, and of the samples within each.
2. `Stream`: batches as they come, from a sequence, a function that makes an iterator, or an
   iterator.

Inside, samples are columns; "rows" are looked at transposed, which copies nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from .formulas import Array
from .network import Network
from .parameters import check_shape, columns_of, numbers

Order = Callable[[int], Array]
"""Draws an order of so many things."""

BLOCK = 32 * 2**20
"""Bytes of a block of an array that is read in slices."""


class Part(NamedTuple):
    """What an engine goes over at once, samples as columns."""

    X: Array
    Y: Array
    weights: Array | None
    order: Array | None
    size: int


class Samples(Protocol):
    """Where samples come from.

    Attributes
    ----------
    m : int or None
        How many there are; None where that is not known.
    """

    m: int | None

    def parts(self, size: int | None, order: Order | None) -> Iterator[Part]:
        """Go once over the samples, in batches of `size` (None: all in one), shuffled or not."""


class Held:
    """Samples in arrays: columns of NumPy's, or what is read in slices as it lies."""

    def __init__(
        self, X: Any, Y: Any, weights: Array | None, rows: bool, check: Callable[[Array], None]
    ) -> None:
        self.X, self.Y, self.weights, self.rows, self.check = X, Y, weights, rows, check
        self.m: int | None = _count(X, rows)
        self.length = self.m
        if is_sliced(X):
            each = max(1, int(X.shape[1 if rows else 0]) * np.dtype(X.dtype).itemsize)
            chunks = getattr(X, "chunks", None)
            chunk = int(chunks[0 if rows else 1]) if chunks else 1
            self.length = chunk * max(1, BLOCK // (each * chunk))

    def _read(self, array: Any, part: slice) -> Array:
        if isinstance(array, np.ndarray):
            return array[:, part]
        return np.asarray(array[part]).T if self.rows else np.asarray(array[:, part])

    def parts(self, size: int | None, order: Order | None) -> Iterator[Part]:
        """Go once over the samples, block by block."""
        m, length = int(self.m or 0), int(self.length or 1)
        if size is None and length < m:
            raise ValueError(
                f"X is a {type(self.X).__name__}, which is read in slices: give a batch_size; a "
                "step on all samples at once would need all of them in memory"
            )
        size = m if size is None else size
        starts = np.arange(0, m, length)
        for start in starts[order(len(starts))] if order is not None and length < m else starts:
            part = slice(int(start), min(int(start) + length, m))
            X, Y = self._read(self.X, part), self._read(self.Y, part)
            if not isinstance(self.Y, np.ndarray):
                self.check(Y)
            weights, count = None if self.weights is None else self.weights[part], int(X.shape[1])
            drawn = order(count) if order is not None and size < m else None
            yield Part(X, Y, weights, drawn, min(size, count))


class Stream:
    """Batches that are handed in: pairs (x, y), or triples (x, y, weights)."""

    def __init__(self, net: Network, batches: Any, rows: bool) -> None:
        self.net, self.batches, self.rows = net, batches, rows
        self.once = isinstance(batches, Iterator)
        self.m: int | None = None

    def parts(self, size: int | None, order: Order | None) -> Iterator[Part]:
        """Go once over the batches; a sequence of them in another order every time."""
        batches = self.batches
        if isinstance(batches, Sequence) and order is not None:
            batches = map(batches.__getitem__, order(len(batches)).tolist())
        elif callable(batches):
            batches = batches()
        for batch in batches:
            if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
                raise TypeError(
                    "X gives batches: each is a pair (x, y) or a triple (x, y, weights); got a "
                    f"{type(batch).__name__}"
                )
            X, Y = (_columns(self.net, a, r, self.rows) for a, r in zip(batch, "xy", strict=False))
            _same_number(X.shape[1], Y.shape[1])
            self.net.criterion.check(Y)
            weights = _weights(batch[2], int(X.shape[1])) if len(batch) == 3 else None
            yield Part(X, Y, weights, None, int(X.shape[1]))


def is_stream(X: Any) -> bool:
    """Return whether `X` hands in batches, and is no array."""
    if hasattr(X, "shape") or hasattr(X, "__array__"):
        return False
    if isinstance(X, Sequence):
        return bool(X) and isinstance(X[0], tuple)
    return callable(X) or isinstance(X, Iterable)


def is_sliced(X: Any) -> bool:
    """Return whether `X` is an array that only gives slices."""
    return (
        not isinstance(X, np.ndarray)
        and not hasattr(X, "__array_function__")
        and all(hasattr(X, name) for name in ("shape", "dtype", "__getitem__"))
    )


def samples_of(net: Network, X: Any, Y: Any, weights: Any, which: str | None) -> Samples:
    """Return the samples of a training.

    Parameters
    ----------
    net : Network
    X, Y : array_like, or X batches and Y None
    weights : array_like, shape (m,), optional
    which : {None, "columns", "rows"}
        Where a sample lies; None: columns, unless that could be mistaken.

    Raises
    ------
    ValueError
        If samples and targets do not fit the network or each other, or columns and rows would
        both fit.
    """
    if which not in (None, "columns", "rows"):
        raise ValueError(f'samples is "columns" or "rows", got {which!r}')
    rows = which == "rows"
    if is_stream(X):
        if Y is not None or weights is not None:
            raise ValueError("X gives batches (x, y), so that there is no Y or sample_weight")
        return Stream(net, X, rows)
    if Y is None:
        raise ValueError("Y is missing: the targets, a column for each sample")
    if which is None:
        _refuse_both(net, X, Y)
    x = _columns(net, X, "x", rows)
    square = which is None and x.shape[0] == x.shape[1]
    taken = f". x, of shape {x.shape}, was taken as columns" if square else ""
    y = _columns(net, Y, "y", rows, taken)
    _same_number(_count(x, rows), _count(y, rows))
    for start in range(0, int(y.shape[1]), 2**16) if isinstance(y, np.ndarray) else ():
        net.criterion.check(y[:, start : start + 2**16])
    return Held(x, y, _weights(weights, _count(x, rows)), rows, net.criterion.check)


def _refuse_both(net: Network, X: Any, Y: Any) -> None:
    """Raise a ValueError where samples could be columns and rows alike."""
    shapes = [tuple(getattr(a, "shape", None) or np.shape(a)) for a in (X, Y)]
    first, last = net.structure[0], net.structure[-1]
    if first == last > 1 and shapes == [(first, first), (last, last)]:
        raise ValueError(
            f"X and Y have shape {shapes[0]}, and layers 1 and {net.n_layers} have {first} nodes: "
            'samples could be columns or rows. Say which: samples="columns" or samples="rows"'
        )


def _columns(net: Network, values: Any, role: str, rows: bool, taken: str = "") -> Any:
    """Return `values`, also those of another library, as samples in columns held here.

    What only gives slices stays as it is.
    """
    if is_sliced(values):
        shape = values.shape[::-1] if rows else values.shape
        check_shape(net.structure, role, shape, values.shape, rows)
        return values
    return columns_of(net.structure, numbers(values, role), role, rows, taken)


def _count(array: Any, rows: bool) -> int:
    """Return how many samples there are in columns, or in what gives slices."""
    return int(array.shape[0 if rows and is_sliced(array) else 1])


def _same_number(x: int, y: int) -> None:
    if x != y:
        raise ValueError(f"X has {x} samples and Y has {y}")


def _weights(values: Any, m: int) -> Array | None:
    if values is None:
        return None
    weights = np.asarray(numbers(values, "sample_weight"), dtype=float)
    if weights.shape != (m,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(
            f"sample_weight has a number from 0 up for each of the {m} samples; got shape "
            f"{weights.shape}"
        )
    if not weights.any():
        raise ValueError("sample_weight is 0 for every sample: there is nothing to learn from")
    return weights
