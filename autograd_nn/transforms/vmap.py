"""A function of one example as a function of many: `vmap`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, cast

import numpy as np

from ..core import recording as _recording
from ..core.graph import topological_order
from ..core.op import Op
from ..core.recording import no_grad
from ..core.tensor import Tensor, constant, plain
from .batching import batched
from .block import as_tensor
from .containers import flatten, leaf_names, spread_over, unflatten
from .derivatives import described, named
from .run import Function, argument_names, reaches_out

_ROW = Op("row", lambda: None)
"""The operation of a stand-in: one of the rows, on which a function shows what it does."""


def _stand_in(rows: Tensor) -> Tensor:
    values = plain(rows)
    made = constant(values[0] if len(values) else np.zeros(rows.shape[1:], rows.dtype))
    made.op, made.name = _ROW, rows.name
    return made


def vmap(f: Function, in_axes: Any = 0, out_axes: Any = 0) -> Function:
    """Return a function that does for many examples, in whole arrays, what `f` does for one.

    Parameters
    ----------
    f : callable
        Of arrays or nested containers of them, for one example: it gets Tensors, computes with
        NumPy functions, and returns a Tensor or nested containers of Tensors.
    in_axes : int, None, or tuple or list of these
        Along which axis of an argument its examples lie; None: it is the same for all. A tuple has
        an entry for each positional argument: an int, None, or a container with such entries for
        the parts of the argument. Keyword arguments have their examples along axis 0.
    out_axes : int, or nested containers of int
        Along which axis of the results the examples shall lie.

    Returns
    -------
    callable
        Takes what `f` takes with one more axis, and returns what `f` returns with one more. Arrays
        outside of other transforms, else recorded Tensors: it nests with itself, `grad`,
        `jacobian`, `jit` and the others, in either order.

    Raises
    ------
    ValueError
        If `in_axes` does not fit the arguments, no argument has examples, or the arguments have
        different numbers of them.
    TypeError
        If what has examples is no array of numbers.
    TracingError
        If `f` asks a Tensor for its value, as a Python branch does: it has one for each example.

    Notes
    -----
    `f` is called once, so that a number that it draws at random is the same for all examples. Its
    operations run on all examples at once; those that cannot, such as ``np.convolve`` or one's own
    that is not elementwise, run once for each, with the same results.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_nn import grad
    >>> vmap(np.dot)(np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2)))
    array([3., 7.])
    >>> w, xs = np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> vmap(grad(lambda w, x: np.tanh(w @ x)), in_axes=(None, 0))(w, xs).shape
    (3, 2)
    """
    name, _ = described(f, "vmap")

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        leaves, structure = flatten((args, kwargs))
        axes = _axes(in_axes, args, kwargs)
        names = _names(f, args, kwargs)
        given = [
            leaf if axis is None else _with_rows_first(leaf, axis, name)
            for leaf, axis, name in zip(leaves, axes, names, strict=True)
        ]
        count = _count(
            [(x, n) for x, a, n in zip(given, axes, names, strict=True) if a is not None]
        )
        rows: dict[Tensor, Tensor] = {}
        with _one_row():
            for i, axis in enumerate(axes):
                if axis is not None:
                    whole, given[i] = given[i], _stand_in(given[i])
                    rows[given[i]] = whole
            inner_args, inner_kwargs = unflatten(structure, given)
            results, shape = flatten(f(*inner_args, **inner_kwargs))
        outputs = [as_tensor(x) for x in results]
        wanted = _recording.DIFFERENTIATING.get() or any(isinstance(x, Tensor) for x in leaves)
        record = bool(_recording.RECORDING.get()) and (
            wanted or _recording.TRACING.get() or reaches_out(topological_order(outputs))
        )
        out = _spread_axes(out_axes, unflatten(shape, outputs), "out_axes")
        with nullcontext() if record else no_grad():
            found: list[Any] = [
                np.moveaxis(cast("Any", x), 0, axis) if axis else x
                for x, axis in zip(batched(outputs, rows, count), out, strict=True)
            ]
        if not record:
            found = [x.detach() if wanted else plain(x) for x in found]
        return unflatten(shape, found)

    return named(wrapped, f, name, "For many examples:")


@contextmanager
def _one_row() -> Iterator[None]:
    """Record, and refuse to give values: they are those of one row."""
    traced = _recording.switched(_recording.TRACING, True)
    with traced, _recording.recording(), np.errstate(all="ignore"):
        yield


def _axes(in_axes: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> list[int | None]:
    """Return the axis of every leaf of ``(args, kwargs)``."""
    prefix = tuple(in_axes) if isinstance(in_axes, list) else in_axes
    if isinstance(prefix, tuple) and len(prefix) != len(args):
        raise ValueError(
            f"vmap: in_axes has {len(prefix)} entries for {len(args)} positional arguments"
        )
    return [*_spread_axes(prefix, args, "in_axes"), *[0] * len(flatten(kwargs)[0])]


def _spread_axes(prefix: Any, tree: Any, who: str) -> list[Any]:
    """Return the axis of every leaf of `tree`: ints, and for arguments None."""
    axes = spread_over(prefix, tree, f"vmap: {who}")
    for axis in axes:
        none = axis is None and who == "in_axes"
        if not none and (not isinstance(axis, int) or isinstance(axis, bool)):
            raise TypeError(f"vmap: {who} has ints, got {axis!r}")
    return axes


def _names(f: Function, args: Sequence[Any], kwargs: dict[str, Any]) -> list[str]:
    roots = dict(zip(argument_names(f, len(args)), args, strict=True))
    roots.update(sorted(kwargs.items()))
    return [name for root, tree in roots.items() for name in leaf_names(flatten(tree)[1], root)]


def _with_rows_first(leaf: Any, axis: int, name: str) -> Tensor:
    ndim = np.ndim(leaf)
    if not -ndim <= axis < ndim:
        raise ValueError(
            f"vmap: {name} has shape {np.shape(leaf)}, and no axis {axis} along which examples "
            "could lie; say None for it in in_axes if it is the same for all"
        )
    x: Any = as_tensor(leaf)
    moved: Tensor = np.moveaxis(x, axis, 0) if axis % ndim else x
    return moved


def _count(given: Sequence[tuple[Tensor, str]]) -> int:
    if not given:
        raise ValueError("vmap: no argument has examples; in_axes must name an axis of one")
    first, name = given[0]
    for x, other in given:
        if x.shape[0] != first.shape[0]:
            raise ValueError(
                f"vmap: {name} has {first.shape[0]} examples and {other} has {x.shape[0]}"
            )
    return int(first.shape[0])
