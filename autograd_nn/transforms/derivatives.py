"""Functions that take a function and return another: its gradient, Jacobian, products with them.

1. `grad`, `value_and_grad`, `elementwise_grad`: gradients of a function's result.
2. `vjp`, `jvp`, `hvp`: products with the Jacobian and the Hessian, without forming them.
3. `jacobian`, `hessian`: the whole of them.

The words are JAX's, and so is the meaning. The differentiated arguments are arrays or nested
dicts, lists, tuples, namedtuples and dataclasses of them; the function gets Tensors in their
places and computes with NumPy functions. All transforms nest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.tensor import plain
from .containers import unflatten
from .run import Function, Run, carried_back, matching, one_number, positions
from .sparsity import sparse_blocks
from .sweeps import blocks, transposed


def _describe(f: Function, who: str) -> tuple[str, str]:
    if not callable(f):
        raise TypeError(f"{who} takes a function, got {type(f).__name__}")
    name = getattr(f, "__name__", type(f).__name__)
    return f"{who}_{name}" if name.isidentifier() else who, f"{who}({name})"


def _named(wrapped: Function, f: Function, name: str, doc: str) -> Function:
    wrapped.__name__ = wrapped.__qualname__ = name
    wrapped.__doc__ = f"{doc} `{getattr(f, '__name__', 'f')}`.\n\n{getattr(f, '__doc__', '') or ''}"
    return wrapped


# -- gradients ------------------------------------------------------------------------------------


def value_and_grad(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Function:
    """Return a function that gives the value of `f` and its gradient.

    Parameters
    ----------
    f : callable
        Returns one number as a Tensor (with `has_aux`: a pair of it and anything).
    argnums : int or sequence of int
        Which positional arguments are differentiated: arrays of floating-point numbers of any
        shape, or nested containers of them. The others reach `f` as they are.
    has_aux : bool
        Whether `f` returns ``(result, aux)``.

    Returns
    -------
    callable
        Takes what `f` takes; returns ``(value, gradient)``, with `has_aux`
        ``((value, aux), gradient)``. The gradient has the structure, shapes and dtypes of the
        argument; it is a tuple of such if `argnums` is a sequence. Zeros where `f` does not
        depend on the argument.

    Raises
    ------
    TypeError
        If a differentiated argument is not floating-point, or `f` returns something that is
        no Tensor.
    ValueError
        If `f` returns more than one number, or `argnums` names no argument.

    Examples
    --------
    >>> import numpy as np
    >>> value, g = value_and_grad(lambda p: np.sum(p["w"] ** 2))({"w": np.array([1.0, 2.0])})
    >>> float(value), g
    (5.0, {'w': array([2., 4.])})
    """
    name, who = _describe(f, "value_and_grad")
    single = isinstance(argnums, int)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = Run(f, args, kwargs, positions(argnums, len(args), who), has_aux=has_aux, who=who)
        one_number(run)
        found = run.regroup(run.pull())
        g = found[0] if single else tuple(found)
        value = run.result()
        return ((value, run.shown(run.aux)), g) if has_aux else (value, g)

    return _named(wrapped, f, name, "Value and gradient of")


def grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """Return a function that gives the gradient of `f`.

    Parameters, errors and the form of the gradient are those of `value_and_grad`. With
    `has_aux` it returns ``(gradient, aux)``.

    Examples
    --------
    >>> import numpy as np
    >>> float(grad(np.sin)(0.0)), float(grad(grad(np.sin))(0.0))
    (1.0, -0.0)
    >>> float(grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0))
    1.0
    """
    name, _ = _describe(f, "grad")
    both = value_and_grad(f, argnums, has_aux)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, g = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return _named(wrapped, f, name, "Gradient of")


def elementwise_grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Return a function that gives the derivative of an elementwise function at every element.

    Parameters
    ----------
    f : callable
        Returns a Tensor whose elements each depend on one element of the argument; of any other
        function it gives the gradient of the sum of the results.
    argnums : int or sequence of int
        As in `value_and_grad`.

    Returns
    -------
    callable
        Takes what `f` takes; returns an array of the argument's shape.

    Raises
    ------
    TypeError, ValueError
        As in `value_and_grad`, but results of any shape are differentiated.

    Examples
    --------
    >>> import numpy as np
    >>> elementwise_grad(lambda x: x**3)(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    name, who = _describe(f, "elementwise_grad")
    single = isinstance(argnums, int)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = Run(f, args, kwargs, positions(argnums, len(args), who), has_aux=False, who=who)
        found = run.regroup(run.pull([np.ones_like(plain(x)) for x in run.outputs]))
        return found[0] if single else tuple(found)

    return _named(wrapped, f, name, "Elementwise derivative of")


# -- products with the Jacobian and the Hessian ---------------------------------------------------


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """Return the value of `f` and the function that carries cotangents back.

    Parameters
    ----------
    f : callable
        Returns a Tensor of any shape, or nested containers of Tensors.
    *primals :
        The arguments, all of them differentiated: arrays or nested containers of them.
    has_aux : bool
        Whether `f` returns ``(result, aux)``.

    Returns
    -------
    out :
        What `f` returned.
    pullback : callable
        Takes the cotangent of `out`, of its structure and shapes; returns a tuple: the cotangent
        of each of `primals`, of their structures, shapes and dtypes. May be called repeatedly.
    aux :
        With `has_aux` only.

    Raises
    ------
    TypeError
        If a primal is not floating-point, or `f` returns something that is no Tensor.
    ValueError
        From `pullback`, if the cotangent has another structure or shape than `out`.

    Examples
    --------
    >>> import numpy as np
    >>> out, pullback = vjp(lambda x: x**2, np.array([1.0, 2.0]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    _, who = _describe(f, "vjp")
    run = Run(f, primals, {}, tuple(range(len(primals))), has_aux=has_aux, who=who)

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        seeds = matching(cotangent, run.out_structure, run.outputs, "the cotangent", who)
        return tuple(run.regroup(run.pull(seeds)))

    out = run.result()
    return (out, pullback, run.shown(run.aux)) if has_aux else (out, pullback)


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """Return the value of `f` and its derivative along `tangents`.

    The product J·v is the gradient of vᵀ-products with respect to their cotangent: the recorded
    backward pass u ↦ Jᵀu is linear in u, so pulling v back through it gives J·v.

    Parameters
    ----------
    f : callable
        Returns a Tensor of any shape, or nested containers of Tensors.
    primals : tuple or list
        The arguments, all of them differentiated: arrays or nested containers of them.
    tangents : tuple or list
        A direction for each, of its structure and shape.
    has_aux : bool
        Whether `f` returns ``(result, aux)``.

    Returns
    -------
    out, tangent_out :
        What `f` returned, and its derivative in the same structure, shapes and dtypes.
    aux :
        With `has_aux` only.

    Raises
    ------
    TypeError
        If `primals` or `tangents` is no tuple or list, a primal is not floating-point, or `f`
        returns something that is no Tensor.
    ValueError
        If a tangent has another structure or shape than its primal.

    Examples
    --------
    >>> out, slope = jvp(lambda x, y: x * y, (3.0, 4.0), (1.0, 0.5))
    >>> float(out), float(slope)
    (12.0, 5.5)
    """
    _, who = _describe(f, "jvp")
    primals, tangents = _listed(primals, tangents, who)
    run = Run(f, primals, {}, tuple(range(len(primals))), has_aux=has_aux, who=who)
    directions = _directions(run, tangents)
    record = run.records(directions)
    duals, pulled = transposed(run)
    found = carried_back(pulled, directions, duals, record)
    slope = unflatten(run.out_structure, found if record else run.made(found))
    return (run.result(), slope, run.shown(run.aux)) if has_aux else (run.result(), slope)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Return the product of the Hessian of `f` with a direction.

    Costs a few evaluations of `f`, whatever the size of the Hessian. The Hessian is symmetric,
    so the product is the gradient of ⟨∇f, v⟩.

    Parameters
    ----------
    f : callable
        Returns one number as a Tensor.
    primals, tangents : tuple or list
        The arguments of `f` and a direction for each, as in `jvp`.

    Returns
    -------
    array, or nested containers of arrays
        Of the structure, shapes and dtypes of the primal; a tuple of such, one for each, if
        there are several.

    Raises
    ------
    TypeError, ValueError
        As in `jvp` and `grad`.

    Examples
    --------
    >>> import numpy as np
    >>> x, v = np.array([1.0, 2.0]), np.array([1.0, 0.0])
    >>> hvp(lambda x: x[0] ** 2 * x[1], (x,), (v,))
    array([4., 2.])
    """
    _, who = _describe(f, "hvp")
    primals, tangents = _listed(primals, tangents, who)
    places = tuple(range(len(primals)))
    run = Run(grad(f, places), primals, {}, places, has_aux=False, who=who)
    products = run.regroup(run.pull(_directions(run, tangents)))
    return products[0] if len(products) == 1 else tuple(products)


def _listed(primals: Any, tangents: Any, who: str) -> tuple[list[Any], list[Any]]:
    for value, role in ((primals, "primals"), (tangents, "tangents")):
        if not isinstance(value, (tuple, list)):
            raise TypeError(
                f"{who} takes {role} as a tuple with one entry per argument, got "
                f"{type(value).__name__}; write ({role[:-1]},) for a single argument"
            )
    if len(primals) != len(tangents) or not primals:
        raise ValueError(
            f"{who} needs a tangent for every primal, got {len(primals)} and {len(tangents)}"
        )
    return list(primals), list(tangents)


def _directions(run: Run, tangents: Sequence[Any]) -> list[Any]:
    """Return `tangents` as flat arrays or Tensors, one per input of `run`."""
    flat: list[Any] = []
    for position, (tangent, (count, structure)) in enumerate(
        zip(tangents, run.groups, strict=True)
    ):
        nodes = run.inputs[len(flat) : len(flat) + count]
        flat += matching(tangent, structure, nodes, f"tangents[{position}]", run.who)
    return flat


# -- whole Jacobians ------------------------------------------------------------------------------


def jacobian(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, sparse: bool = False
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
        not recorded, and so refused inside of other transforms.

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
    name, who = _describe(f, "jacobian")
    single = isinstance(argnums, int)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = positions(argnums, len(args), who)
        run = Run(f, args, kwargs, places, has_aux=has_aux, who=who)
        lines = [run.regroup(x) for x in (sparse_blocks(run) if sparse else blocks(run))]
        whole = unflatten(run.out_structure, [x[0] if single else tuple(x) for x in lines])
        return (whole, run.shown(run.aux)) if has_aux else whole

    return _named(wrapped, f, name, "Jacobian of")


def hessian(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, sparse: bool = False
) -> Function:
    """Return a function that gives all second derivatives of `f`.

    Parameters
    ----------
    f, argnums, has_aux, sparse :
        As in `jacobian`.

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
    name, _ = _describe(f, "hessian")
    second = jacobian(jacobian(f, argnums, has_aux), argnums, has_aux, sparse)
    return _named(second, f, name, "Hessian of")
