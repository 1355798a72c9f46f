"""`jacobian` and `hessian`: all first and all second derivatives of a function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from .containers import unflatten
from .derivatives import described, named, transposed
from .run import Function, Run, carried_back, positions, seeds_of


def jacobian(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Function:
    """Return a function that gives all first derivatives of `f`.

    One backward pass is made for every element of the result, or one forward product for every
    element of the arguments where those are fewer.

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
        blocks = _by_columns(run) if _is_tall(run, holomorphic) else _by_rows(run)
        rows = [run.regroup(row) for row in blocks]
        whole = unflatten(run.out_structure, [row[0] if single else tuple(row) for row in rows])
        return (whole, run.shown(run.aux)) if has_aux else whole

    return named(wrapped, f, name, "Jacobian of")


def _is_tall(run: Run, holomorphic: bool) -> bool:
    """Whether columns are cheaper than rows, or the only ones that tell all of complex results."""
    outs, ins = ("c" in {x.dtype.kind for x in xs} for xs in (run.outputs, run.inputs))
    if holomorphic or (outs and ins):
        seeds_of(run, holomorphic)
    elif outs or ins:
        return outs
    return sum([x.size for x in run.outputs]) > sum([x.size for x in run.inputs])


def _basis(node: Tensor) -> Iterator[Any]:
    """Yield every unit vector of the shape of `node`."""
    for index in np.ndindex(node.shape):
        unit = np.zeros(node.shape, dtype=node.dtype)
        unit[index] = 1
        yield unit


def _stacked(run: Run, parts: Sequence[Any], out: Tensor, x: Tensor, axis: int) -> Any:
    """Return the rows or columns of a block joined along `axis`, of shape out + x."""
    whole = out.shape + x.shape
    if not parts:
        return run.made([np.zeros(whole, dtype=x.dtype)])[0]
    return np.reshape(np.stack(parts, axis=axis), whole)


def _by_rows(run: Run) -> list[list[Any]]:
    """Return for each output, for each input, the block of the Jacobian, by backward passes."""
    blocks = []
    for out in run.outputs:
        others = [np.zeros_like(plain(x)) for x in run.outputs]
        place = next(i for i, x in enumerate(run.outputs) if x is out)
        rows = [run.pull([*others[:place], unit, *others[place + 1 :]]) for unit in _basis(out)]
        blocks.append(
            [_stacked(run, [row[i] for row in rows], out, x, 0) for i, x in enumerate(run.inputs)]
        )
    return blocks


def _by_columns(run: Run) -> list[list[Any]]:
    """Return what `_by_rows` does, by one product J·v for every element of the inputs."""
    duals, pulled = transposed(run)
    record = run.records(())
    blocks: list[list[Any]] = [[] for _ in run.outputs]
    for x, product in zip(run.inputs, pulled, strict=True):
        columns = [carried_back([product], [unit], duals, record) for unit in _basis(x)]
        for i, out in enumerate(run.outputs):
            block = _stacked(run, [column[i] for column in columns], out, x, -1)
            blocks[i].append(block if record else run.made([block])[0])
    return blocks


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
