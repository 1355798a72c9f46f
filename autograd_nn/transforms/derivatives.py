"""Functions that take a function and return another: its gradient, Jacobian, products with them.

1. `grad`, `value_and_grad`, `elementwise_grad`: gradients of a function's result.
2. `vjp`, `jvp`, `hvp`: products with the Jacobian and the Hessian, without forming them.

The words are JAX's, and so is the meaning. The differentiated arguments are arrays or nested
dicts, lists, tuples, namedtuples and dataclasses of them; the function gets Tensors in their
places and computes with NumPy functions. All transforms nest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.graph import topological_order
from .containers import unflatten
from .run import Function, Run, carried_back, matching, one_number, positions, seeds_of
from .sweeps import transposed


def described(f: Function, who: str) -> tuple[str, str]:
    """Return a name for what the transform `who` makes of `f`, and what errors call it."""
    if not callable(f):
        raise TypeError(f"{who} takes a function, got {type(f).__name__}")
    name = getattr(f, "__name__", type(f).__name__)
    return f"{who}_{name}" if name.isidentifier() else who, f"{who}({name})"


def named(wrapped: Function, f: Function, name: str, doc: str) -> Function:
    """Return `wrapped` with that name, and documentation that begins with `doc`."""
    wrapped.__name__ = wrapped.__qualname__ = name
    wrapped.__doc__ = f"{doc} `{getattr(f, '__name__', 'f')}`.\n\n{getattr(f, '__doc__', '') or ''}"
    return wrapped


# -- gradients ------------------------------------------------------------------------------------


def value_and_grad(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
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
    holomorphic : bool
        Whether `f` is a holomorphic function of complex numbers, whose derivative is one; see
        `grad`.

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
        no Tensor, or a complex number without `holomorphic`.
    ValueError
        If `f` returns more than one number, or `argnums` names no argument.

    Examples
    --------
    >>> import numpy as np
    >>> value, g = value_and_grad(lambda p: np.sum(p["w"] ** 2))({"w": np.array([1.0, 2.0])})
    >>> float(value), g
    (5.0, {'w': array([2., 4.])})
    """
    name, who = described(f, "value_and_grad")

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = Run(f, args, kwargs, positions(argnums, len(args), who), has_aux=has_aux, who=who)
        one_number(run)
        g, value = _pulled(run, argnums, holomorphic), run.result()
        return ((value, run.shown(run.aux)), g) if has_aux else (value, g)

    return named(wrapped, f, name, "Value and gradient of")


def _pulled(run: Run, argnums: Any, holomorphic: bool) -> Any:
    """Return the gradient of the sum of a run's results: for one argument, or a tuple."""
    found = run.regroup(run.pull(seeds_of(run, holomorphic)))
    return found[0] if isinstance(argnums, int) else tuple(found)


def grad(
    f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Function:
    """Return a function that gives the gradient of `f`.

    Parameters, errors and the form of the gradient are those of `value_and_grad`. With
    `has_aux` it returns ``(gradient, aux)``.

    Notes
    -----
    With respect to a complex number z = x + iy the gradient of a real function is
    ∂f/∂x − i ∂f/∂y, as in JAX and HIPS autograd; ``.backward()`` stores the same. PyTorch's is
    its complex conjugate, ∂f/∂x + i ∂f/∂y. So a step downhill goes along ``-np.conj(gradient)``.
    A cotangent g of a complex result stands for the real function Re(Σ g z). The cotangent of a
    real argument is real, whatever it meets on the way. With ``holomorphic=True`` arguments and
    result are complex, and the gradient is the complex derivative f′(z); that `f` is holomorphic
    is not checked.

    Examples
    --------
    >>> import numpy as np
    >>> float(grad(np.sin)(0.0)), float(grad(grad(np.sin))(0.0))
    (1.0, -0.0)
    >>> float(grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0))
    1.0
    >>> complex(grad(lambda z: np.real(z * np.conj(z)))(3 + 4j))
    (6-8j)
    >>> complex(grad(lambda z: z**2, holomorphic=True)(3 + 4j))
    (6+8j)
    """
    name, _ = described(f, "grad")
    both = value_and_grad(f, argnums, has_aux, holomorphic)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, g = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return named(wrapped, f, name, "Gradient of")


def elementwise_grad(
    f: Function, argnums: int | Sequence[int] = 0, holomorphic: bool = False
) -> Function:
    """Return a function that gives the derivative of an elementwise function at every element.

    Parameters
    ----------
    f : callable
        Returns a Tensor whose elements each depend on one element of the argument; of any other
        function it gives the gradient of the sum of the results.
    argnums, holomorphic :
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
    name, who = described(f, "elementwise_grad")

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = Run(f, args, kwargs, positions(argnums, len(args), who), has_aux=False, who=who)
        return _pulled(run, argnums, holomorphic)

    return named(wrapped, f, name, "Elementwise derivative of")


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
    _, who = described(f, "vjp")
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
    _, who = described(f, "jvp")
    primals, tangents = _listed(primals, tangents, who)
    run = Run(f, primals, {}, tuple(range(len(primals))), has_aux=has_aux, who=who)
    directions = _directions(run, tangents)
    record = run.records(directions)
    duals, pulled = transposed(run)
    order = topological_order(pulled, set(run.inputs))
    found = carried_back(pulled, directions, duals, record, order)
    slope = unflatten(run.out_structure, found if record else run.made(found))
    return (run.result(), slope, run.shown(run.aux)) if has_aux else (run.result(), slope)


def hvp(f: Function, primals: Any = None, tangents: Any = None) -> Any:
    """Return the product of the Hessian of `f` with a direction.

    Costs a few evaluations of `f`, whatever the size of the Hessian. The Hessian is symmetric,
    so the product is the gradient of ⟨∇f, v⟩.

    Parameters
    ----------
    f : callable
        Returns one number as a Tensor.
    primals, tangents : tuple or list
        The arguments of `f` and a direction for each, as in `jvp`. Without both: of what
        `scipy.optimize` takes as ``hessp=``.

    Returns
    -------
    array, or nested containers of arrays
        Of the structure, shapes and dtypes of the primal; a tuple of such, one for each, if
        there are several. Without `primals`: the function of ``(x, direction, *args)`` that gives
        the product for the first argument.

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
    name, who = described(f, "hvp")
    if primals is None and tangents is None:

        def hessp(x: Any, direction: Any, *args: Any) -> Any:
            return hvp(lambda x: f(x, *args), (x,), (direction,))

        return named(hessp, f, name, "Product with the Hessian of")
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
