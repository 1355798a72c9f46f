"""W and b: the arrays of a network by layer, and what they are at first."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_nn import Tensor

from .formulas import Array

INITS = ("glorot", "uniform")


def one_of(what: str, given: Any, known: Iterable[str], own: str = "") -> str:
    """Return the name `given`, or raise a ValueError that says which names there are."""
    names = list(known)
    if isinstance(given, str) and given in names:
        return given
    raise ValueError(f"{what} is one of {', '.join(map(repr, names))}{own}; got {given!r}")


def refuse_masked(values: Any, what: str) -> None:
    """Raise a TypeError if `values` are a masked array; the message says of `what`."""
    if hasattr(values, "filled"):
        raise TypeError(
            f"{what} is a masked array (np.ma), whose mask would be lost: leave out the samples "
            f"with masked values, or fill them in, {what}.filled(value)"
        )


def numbers(values: Any, what: str) -> Array:
    """Return `values` as an array in their own dtype; nothing is copied.

    Raises
    ------
    TypeError
        If they are no numbers, or some are masked; the message says of `what`.
    """
    refuse_masked(values, what)
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} needs numbers, got dtype {array.dtype}")
    return array


def columns_of(
    structure: Sequence[int], values: Any, role: str, rows: bool | None = None, taken: str = ""
) -> Any:
    """Return `values` as samples in columns in their own dtype; nothing is copied.

    Parameters
    ----------
    structure : sequence of int
        Of the network.
    values : array_like
        Another library's array (of Dask, say) stays one: nothing is computed before it is asked.
    role : {"x", "y"}
        Inputs (layer 1) or targets (layer n_l).
    rows : bool, optional
        Whether samples are rows; left out, they cannot be.
    taken : str
        What else the error says.

    Raises
    ------
    ValueError
        If the shape does not fit the layer.
    """
    foreign = hasattr(values, "__array_function__")
    foreign = foreign and not isinstance(values, (np.ndarray, np.generic, Tensor))
    array = values if foreign else numbers(values, role)
    if array.ndim == 1:
        columns = array.reshape(-1, 1)
    else:
        columns = array.T if rows and array.ndim == 2 else array
    check_shape(structure, role, columns.shape, array.shape, rows, taken)
    return columns


def check_shape(
    structure: Sequence[int],
    role: str,
    columns: Sequence[int],
    given: Sequence[int],
    rows: bool | None = None,
    taken: str = "",
) -> None:
    """Raise a ValueError unless `columns` is the shape of samples that fit their layer."""
    layer = 1 if role == "x" else len(structure)
    size = structure[layer - 1]
    if len(columns) != 2 or columns[0] != size or columns[1] == 0:
        turned = rows is not None and len(columns) == 2 and columns[1] == size
        hint = '; samples="rows" takes a row for each sample' if turned else ""
        raise ValueError(
            f"{role} has shape {tuple(given)}, but layer {layer} has {size} nodes: one sample has "
            f"shape ({size},), m samples have shape ({size}, m), a column each{hint}{taken}"
        )


class Parameters(MutableMapping[int, Array]):
    """W or b of every layer, keyed by 1..n_l−1; what is assigned must have the layer's shape.

    Values are copied into the network's arrays, which stay the same ones for its whole life.
    """

    def __init__(self, name: str, arrays: dict[int, Array]) -> None:
        self._name = name
        self._arrays = arrays

    def __getitem__(self, l: int) -> Array:
        if l not in self._arrays:
            raise KeyError(f"there is no {self._name}[{l}]; layers are 1 to {len(self._arrays)}")
        return self._arrays[l]

    def __setitem__(self, l: int, value: Any) -> None:
        array = self[l]
        fresh = np.asarray(value)
        if self._name == "b" and fresh.shape == array.shape[:1]:
            fresh = fresh[:, np.newaxis]
        if fresh.dtype.kind not in "fiu":
            raise TypeError(f"{self._name}[{l}] needs numbers, got dtype {fresh.dtype}")
        if fresh.shape != array.shape:
            end = f" and {array.shape[1]} in layer {l}" if self._name == "W" else ""
            raise ValueError(
                f"{self._name}[{l}] has shape {array.shape} ({array.shape[0]} nodes in layer "
                f"{l + 1}{end}), got shape {fresh.shape}"
            )
        array[...] = fresh  # into the network's own array, which a training under way holds

    def __delitem__(self, l: int) -> None:
        raise TypeError(f"{self._name}[{l}] belongs to the network and cannot be deleted")

    def __iter__(self) -> Iterator[int]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        return f"{self._name}: " + ", ".join(f"{l}: {a.shape}" for l, a in self._arrays.items())


def initial(
    sizes: Sequence[int], init: str, seed: int | None, dtype: Any
) -> tuple[Parameters, Parameters]:
    """Return W and b as `Network` describes them.

    Raises
    ------
    MemoryError
        If this machine has not enough memory for them.
    """
    needed = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes)) * np.dtype(dtype).itemsize
    pages = {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(getattr(os, "sysconf_names", ()))
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if pages else needed
    if needed > there:
        raise MemoryError(
            f"the weights of structure {list(sizes)} take {needed / 2**30:,.1f} GiB, and this "
            f"machine has {there / 2**30:,.1f} GiB; choose smaller layers"
        )
    rng = np.random.default_rng(seed)
    W: dict[int, Array] = {}
    b: dict[int, Array] = {}
    for l, (n_in, n_out) in enumerate(pairwise(sizes), 1):
        if init == "uniform":
            weights, biases = rng.random((n_out, n_in)), rng.random((n_out, 1))
        else:
            limit = np.sqrt(6 / (n_in + n_out))
            weights, biases = rng.uniform(-limit, limit, (n_out, n_in)), np.zeros((n_out, 1))
        W[l], b[l] = weights.astype(dtype), biases.astype(dtype)
    return Parameters("W", W), Parameters("b", b)
