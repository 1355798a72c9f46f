"""Samples in Dask arrays: every chunk stays where it is, and what travels is weights and slopes.

A step sends the weights out, once. One task a chunk, fused with what makes the chunk, computes
the gradient of its samples' costs by a compiled program, in slices, so that a task needs little
more memory than its chunk. The gradients are summed in a tree, in an order that does not depend
on who computes what or dies: Dask computes lost parts again, and the result is the same.

With a `batch_size` a step takes an equal part of every chunk, so that all workers always work;
the order within each chunk is drawn anew for every pass. Samples never move between chunks: if
the chunks differ in kind, shuffle them once before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_nn import jit

from . import formulas
from .formulas import Array
from .network import ELSEWHERE, Network
from .parameters import columns_of
from .samples import Order, Part
from .steps import Plan, gathered, gradient_of, keep, moved, shares

SLICE = 2**11
"""How many samples of a chunk go into a program at once."""

_PROGRAMS: dict[tuple[str, str], Any] = {}


def is_dask(X: Any) -> bool:
    """Return whether `X` is a Dask array."""
    return type(X).__module__.startswith("dask.array")


def _program(plan: Plan, key: str, engine: str) -> Any:
    if (key, engine) not in _PROGRAMS:
        _PROGRAMS[key, engine] = jit(gradient_of(plan), engine=engine)
    return _PROGRAMS[key, engine]


def packed(arrays: dict[str, Array]) -> Array:
    """Return all arrays in one vector, in the order of their names."""
    return np.concatenate([np.ravel(arrays[name]) for name in sorted(arrays)])


def unpacked(vector: Array, like: dict[str, Array]) -> dict[str, Array]:
    """Return the arrays of a vector."""
    found, start = {}, 0
    for name in sorted(like):
        shape, size = like[name].shape, like[name].size
        found[name] = vector[start : start + size].reshape(shape)
        start += size
    return found


def chunk_gradient(
    X: Array, Y: Array, number: Array, *rest: Any, weights: Array, plan: Plan, key: str,
    engine: str, part: int, parts: int, seed: tuple[int, ...] | None,
) -> Array:  # fmt: skip
    """Return a chunk's part of the gradient, its cost and what it counts, an axis an argument.

    Parameters
    ----------
    X, Y : array
        Samples and targets of the chunk.
    number : array, shape (1,)
        Of the chunk.
    *rest : array
        What the samples of the chunk count, if they do not count alike.
    weights : array
        W and b of the network, `packed`.
    key : str
        Names the plan: functions of one's own are new objects in every message.
    part, parts : int
        Which part of the chunk is taken, and how many there are.
    seed : tuple of int, optional
        Of the order within chunks.
    """
    dtype = np.dtype(plan.dtype)
    leaves = unpacked(weights.astype(dtype), plan.network().parameters())
    run, m = _program(plan, key, engine), int(X.shape[1])
    order = np.arange(m)
    if seed is not None:
        order = np.random.default_rng([*seed, int(number[0])]).permutation(m)
    chosen = order[m * part // parts : m * (part + 1) // parts]
    total = np.zeros(len(weights) + 2)
    for start in range(0, len(chosen), SLICE):
        some: Any = chosen[start : start + SLICE]
        if seed is None:  # they lie side by side
            some = slice(int(some[0]), int(some[-1]) + 1)
        x, y = gathered(X, some, dtype), gathered(Y, some, dtype)
        given, counts = {}, float(x.shape[1])
        if plan.weighted:
            given["shares"], counts = shares(rest[0][0], some, int(x.shape[1]), dtype)
        if counts:
            J, gradient = run(leaves, x, y, given)
            total[:-2] += counts * packed(gradient)
            total[-2:] += counts * float(J.item()), counts
    return total.reshape(-1, *[1] * (2 + len(rest)))


class Chunked:
    """Samples in Dask arrays, chunked along the samples; rows are looked at transposed."""

    def __init__(self, net: Network, X: Any, Y: Any, weights: Any, rows: bool) -> None:
        X = columns_of(net.structure, X, "x", rows)
        self.X = X if X.numblocks[0] == 1 else X.rechunk({0: -1})
        if any(math.isnan(n) for n in X.chunks[1]):
            raise ValueError("the chunks of X have no known sizes: X.compute_chunk_sizes() first")
        self.m: int | None = int(sum(X.chunks[1]))
        self.Y = self._alike(columns_of(net.structure, Y, "y", rows))
        self.weights = None if weights is None else self._alike(weights.reshape((1, -1)))

    def _alike(self, array: Any) -> Any:
        """Return an array in the chunks of X."""
        import dask.array as da

        if array.shape[1] != self.m:
            raise ValueError(f"X has {self.m} samples and Y has {array.shape[1]}")
        chunks = (-1, self.X.chunks[1])
        if is_dask(array):
            return array.rechunk(chunks)
        return da.from_array(array, chunks=chunks)  # type: ignore[no-untyped-call]  # typed in part

    def steps(self, size: int | None) -> int:
        """Return the number of steps of a pass."""
        most = max(1, min(self.X.chunks[1]))
        return 1 if size is None else max(1, min(most, -(-int(self.m or 0) // size)))

    def parts(self, size: int | None, order: Order | None) -> Iterator[Part]:
        """Go over the samples chunk by chunk, each brought here alone: to look at results."""
        for x, y in zip(self.X.blocks.ravel(), self.Y.blocks.ravel(), strict=True):
            X, Y = np.asarray(x), np.asarray(y)
            yield Part(X, Y, None, None, size or int(X.shape[1]))

    def over(self, descent: Any, size: int | None) -> float:
        """Go once over the samples, and return the mean cost that the steps met."""
        if descent.dropout:
            raise ValueError("dropout is not there for Dask arrays")
        steps, plan = self.steps(size), descent.plan(self.weights is not None)
        parameters, seed = descent.net.parameters(), None
        if descent.order is not None and steps > 1:
            seed = tuple(int(n) for n in descent.order(1000)[:4])
        total = counts = 0.0
        pace = descent.pace(steps)
        for k, numbers in enumerate(pace.numbers.tolist()):
            vector = np.asarray(self.lazily(descent.net, k, steps, seed, descent.engine))
            cost, count = float(vector[-2]), float(vector[-1])
            given = {"numbers": tuple(numbers), "decay": 0.0, **pace.given}
            decay = given["decay"] / ((count or 1.0) if descent.decay_over else 1.0)
            mean = (vector[:-2] / (count or 1.0)).astype(plan.dtype)
            gradient = with_decay(unpacked(mean, parameters), parameters, decay)
            cost += count * float(formulas.penalty(descent.net.W, decay))
            keep(
                parameters, descent.state, *moved(plan, gradient, parameters, descent.state, given)
            )
            total, counts = total + cost, counts + count
        descent.t += steps
        return total / counts if counts else 0.0

    def lazily(
        self, net: Network, part: int, parts: int, seed: tuple[int, ...] | None, engine: str
    ) -> Any:
        """Return the sums of a step as a Dask vector: gradient, cost, count.

        All axes of what a task takes stand in what it gives: so Dask fuses it with what makes the
        chunk, which nobody else then has to hold.
        """
        import dask.array as da
        from dask.delayed import delayed
        from dask.tokenize import tokenize

        plan = Plan.of(net, weighted=self.weights is not None)
        key = tokenize(plan.structure, plan.dtype, repr(plan.activations), repr(plan.criterion),
                       plan.weighted)  # fmt: skip
        engine = "numpy" if engine == "eager" else engine
        vector = packed(net.parameters())
        numbers = da.map_blocks(
            _number, chunks=((1,) * self.X.numblocks[1],), meta=np.empty(0, int)
        )  # type: ignore[no-untyped-call]  # Dask's are typed in part
        arrays: list[Any] = [self.X, "ai", self.Y, "bi", numbers, "i"]
        arrays += [self.weights, "ci"] if self.weights is not None else []
        axes = "abci" if self.weights is not None else "abi"
        sums = da.blockwise(  # type: ignore[no-untyped-call]  # as above
            chunk_gradient, axes, *arrays, weights=delayed(vector, pure=False), plan=plan, key=key,
            engine=engine, part=part, parts=parts, seed=seed,
            adjust_chunks={"a": len(vector) + 2, "b": 1, "c": 1, "i": 1}, align_arrays=False,
            dtype=float, meta=np.empty((0,) * len(axes)),
        )  # fmt: skip
        return sums.sum(axis=-1, split_every=4).reshape(-1)


def _number(block_id: tuple[int]) -> Array:
    return np.array(block_id)


def with_decay(
    gradient: dict[str, Any], parameters: dict[str, Array], decay: float
) -> dict[str, Any]:
    """Return the gradient of a cost that has the penalty too."""
    if not decay:
        return gradient
    return {
        name: formulas.decayed(slope, parameters[name], decay) if name.startswith("W") else slope
        for name, slope in gradient.items()
    }


def gradients(net: Network, X: Any, Y: Any, weight_decay: float = 0.0) -> dict[str, Any]:
    """Return ``{"W1": ∂J/∂W^(1), …}`` as Dask arrays: a task a chunk, summed in a tree.

    Parameters
    ----------
    net : Network
    X, Y : array, shape (s_1, m), (s_{n_l}, m)
        One of them, or both, of Dask.
    weight_decay : float
        λ.
    """
    import dask.array as da

    if not is_dask(X):
        X = da.from_array(X, chunks=(-1, Y.chunks[1]))  # type: ignore[no-untyped-call]  # as above
    sums = Chunked(net, X, Y, None, rows=False).lazily(net, 0, 1, None, "numpy")
    parameters = net.parameters()
    found = unpacked((sums[:-2] / sums[-1]).astype(net.dtype), parameters)
    return with_decay({name: found[name] for name in parameters}, parameters, weight_decay)


ELSEWHERE["dask"] = gradients
