"""`jacobian` and `hessian`: all first and all second derivatives of a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .containers import unflatten
from .derivatives import described, named
from .run import Function, Run, positions, seeds_of
from .sparsity import sparse_blocks
from .sweeps import blocks


def jacobian(
    f: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    sparse: bool = False,
    holomorphic: bool = False,
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
    sparse : bool
        Find out which elements are 0 whatever the argument, and give what is left as a
        ``scipy.sparse.csr_matrix`` of shape (result.size, argument.size), in as many products as
        it takes to distinguish the elements: three for a tridiagonal matrix of any size. It is
        not recorded, and so refused inside of other transforms. Real numbers only.
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
        upright = _is_upright(run, holomorphic)
        if sparse and "c" in {x.dtype.kind for x in (*run.inputs, *run.outputs)}:
            raise TypeError(
                f"{who}: sparse=True takes real numbers, got complex ones; leave it out"
            )
        found = sparse_blocks(run) if sparse else blocks(run, upright)
        lines = [run.regroup(line) for line in found]
        whole = unflatten(run.out_structure, [x[0] if single else tuple(x) for x in lines])
        return (whole, run.shown(run.aux)) if has_aux else whole

    return named(wrapped, f, name, "Jacobian of")


def _is_upright(run: Run, holomorphic: bool) -> bool:
    """Whether columns are cheaper than rows, or the only ones that tell all of complex results."""
    outs, ins = ("c" in {x.dtype.kind for x in xs} for xs in (run.outputs, run.inputs))
    if holomorphic or (outs and ins):
        seeds_of(run, holomorphic)
    elif outs or ins:
        return outs
    return sum([x.size for x in run.outputs]) > sum([x.size for x in run.inputs])


def hessian(
    f: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    sparse: bool = False,
    holomorphic: bool = False,
) -> Function:
    """Return a function that gives all second derivatives of `f`.

    Parameters
    ----------
    f, argnums, has_aux, sparse, holomorphic :
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
    first = jacobian(f, argnums, has_aux, holomorphic=holomorphic)
    second = jacobian(first, argnums, has_aux, sparse, holomorphic)
    return named(second, f, name, "Hessian of")
