"""`jacobian` and `hessian`: all first and all second derivatives of a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.tensor import plain
from .containers import unflatten
from .derivatives import described, named
from .run import Function, Run, positions, seeds_of
from .sweeps import columns, rows


def jacobian(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Function:
    """Return a function that gives all first derivatives of `f`.

    All rows come from one backward pass with a batch of cotangents, or, where the arguments have
    fewer elements than the result, all columns from one pass with a batch of tangents.

    Parameters
    ----------
    f : callable
        Returns a Tensor of any shape, or nested containers of Tensors.
    argnums : int or sequence of int
        As in `value_and_grad`.
    has_aux : bool
        Whether `f` returns ``(result, aux)``.
    holomorphic : bool
        Needed where arguments and results are complex. Without it one of the two may be: of a
        complex argument each row is a gradient as `grad` gives it, and of a real one the
        derivatives of a complex result are complex.

    Returns
    -------
    callable
        Takes what `f` takes; returns an array of shape ``result.shape + argument.shape``. Of
        containers: the structure of the result, and in each place that of the argument. A tuple
        of such in each place if `argnums` is a sequence. With `has_aux`: ``(jacobian, aux)``.

    Raises
    ------
    TypeError, ValueError
        As in `value_and_grad`, but results of any shape are differentiated.

    Examples
    --------
    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    name, who = described(f, "jacobian")
    single = isinstance(argnums, int)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = positions(argnums, len(args), who)
        run = Run(f, args, kwargs, places, has_aux=has_aux, who=who)
        lines = [run.regroup(line) for line in _blocks(run, holomorphic)]
        whole = unflatten(run.out_structure, [x[0] if single else tuple(x) for x in lines])
        return (whole, run.shown(run.aux)) if has_aux else whole

    return named(wrapped, f, name, "Jacobian of")


def _blocks(run: Run, holomorphic: bool) -> list[list[Any]]:
    """Return for each output, for each input, the block of the Jacobian, of shape out + x."""
    heights, widths = [x.size for x in run.outputs], [x.size for x in run.inputs]
    height, width = sum(heights), sum(widths)
    if not height * width:
        return [
            run.made([np.zeros(out.shape + x.shape, x.dtype) for x in run.inputs])
            for out in run.outputs
        ]
    upright = _is_upright(run, holomorphic)
    if height == len(run.outputs) == 1 and not upright:
        found = [run.pull([np.ones_like(plain(run.outputs[0]))])]
    elif not upright:
        whole = rows(run, lambda start, stop: np.eye(stop - start, height, start), height)
        found = [[x[i : i + n] for x in whole] for i, n in _places(heights)]
    else:
        whole = columns(run, lambda start, stop: np.eye(stop - start, width, start), width)
        found = [[np.moveaxis(x[i : i + n], 0, -1) for i, n in _places(widths)] for x in whole]
    blocks = [
        [np.reshape(block, out.shape + x.shape) for block, x in zip(line, run.inputs, strict=True)]
        for line, out in zip(found, run.outputs, strict=True)
    ]
    return blocks if run.records(()) else [run.made(line) for line in blocks]


def _places(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return where each of some parts begins, and its size."""
    return list(zip(np.cumsum([0, *sizes]).tolist(), sizes, strict=False))


def _is_upright(run: Run, holomorphic: bool) -> bool:
    """Whether columns are cheaper than rows, or the only ones that tell all of complex results."""
    outs, ins = ("c" in {x.dtype.kind for x in xs} for xs in (run.outputs, run.inputs))
    if holomorphic or (outs and ins):
        seeds_of(run, holomorphic)
    elif outs or ins:
        return outs
    return sum([x.size for x in run.outputs]) > sum([x.size for x in run.inputs])


def hessian(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Function:
    """Return a function that gives all second derivatives of `f`.

    Parameters
    ----------
    f, argnums, has_aux, holomorphic :
        As in `jacobian`. Of a real function of complex numbers `hvp` gives the products.

    Returns
    -------
    callable
        Takes what `f` takes; returns for a result of one number and an argument of shape s an
        array of shape ``s + s``. Of containers: the structure of the argument, and in each place
        that structure again. With `has_aux`: ``(hessian, aux)``.

    Raises
    ------
    TypeError, ValueError
        As in `jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    name, _ = described(f, "hessian")
    first = jacobian(f, argnums, has_aux, holomorphic)
    second = jacobian(first, argnums, has_aux, holomorphic)
    return named(second, f, name, "Hessian of")
