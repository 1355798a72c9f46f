"""The operators of HIPS autograd in its words: ``grad(fun, argnum)`` and its kin.

They are this package's `vjp` and `jvp`. What differs is the form: one argument or a tuple of them
is differentiated, scalars come out as NumPy's scalars, integer arrays count as floats, and a result
that does not depend on the argument is a warning.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..transforms import derivatives, jacobians
from ..transforms.checkpoint import checkpoint as _checkpoint
from ..transforms.containers import flatten, tree_map

Function = Callable[..., Any]
checkpoint: Function = _checkpoint


def shown(tree: Any) -> Any:
    """Return a result with 0-d arrays in it as NumPy's scalars."""
    if type(tree) is np.ndarray:
        return tree[()] if tree.ndim == 0 else tree
    if isinstance(tree, (Tensor, np.generic)):
        return tree
    return tree_map(lambda x: x[()] if type(x) is np.ndarray and x.ndim == 0 else x, tree)


def _as_floats(tree: Any) -> Any:
    """Return arguments with integer arrays in them as floats."""

    def one(x: Any) -> Any:
        return x.astype(float) if type(x) is np.ndarray and x.dtype.kind in "iub" else x

    return one(tree) if type(tree) is np.ndarray else tree_map(one, tree)


def _tensors(f: Function) -> Function:
    """Return `f` with the constants in its result as Tensors."""

    def call(*args: Any) -> Any:
        result = f(*args)
        if isinstance(result, Tensor):
            return floating(result)
        if not any(isinstance(x, Tensor) for x in flatten(result)[0]):
            warnings.warn("Output seems independent of input.", stacklevel=2)
        return tree_map(floating, result)

    return call


def floating(x: Any) -> Tensor:
    """Return a result as a Tensor of floating-point numbers; counts are constants."""
    if isinstance(x, Tensor) and x.dtype.kind not in "iub":
        return x
    if isinstance(x, (bool, np.bool_, str)):
        raise TypeError(f"the result is {x!r}, which has no derivative; return numbers")
    value = np.asarray(plain(x))
    return Tensor(value.astype(float) if value.dtype.kind in "iub" else value)


def vjp_of(f: Function, x: Any) -> tuple[Function, Any]:
    """Return the function that carries cotangents of ``f(x)`` back to `x`, and that result."""
    out, pullback = derivatives.vjp(_tensors(f), _as_floats(x))
    return lambda g: shown(pullback(g)[0]), shown(out)


def jvp_of(f: Function, x: Any) -> Function:
    """Return the function of a direction that gives ``f(x)`` and its derivative along it."""
    x = _as_floats(x)
    return lambda v: tuple(map(shown, derivatives.jvp(_tensors(f), (x,), (v,))))


def ones(tree: Any, number: float = 1.0) -> Any:
    """Return a tree of ones, or of another number, like `tree`."""
    return tree_map(lambda x: np.full_like(plain(x), number), tree)


def unary_to_nary(operator: Function) -> Function:
    """Return an operator on functions of several arguments, made from one of a single one."""

    def nary_operator(fun: Function, argnum: Any = 0, *more: Any, **options: Any) -> Function:
        if type(argnum) not in (int, tuple, list):
            raise TypeError(f"argnum is an int or a tuple of them, got {argnum!r}")

        def nary_f(*args: Any, **kwargs: Any) -> Any:
            def unary_f(x: Any) -> Any:
                given = list(args)
                for i, value in zip(places, x if several else (x,), strict=True):
                    given[i] = value
                return fun(*given, **kwargs)

            several = not isinstance(argnum, int)
            places: Any = argnum if several else (argnum,)
            unary_f.__name__ = name
            x = tuple([args[i] for i in places]) if several else args[argnum]
            return operator(unary_f, x, *more, **options)

        name = getattr(fun, "__name__", "[unknown name]")
        called = operator.__name__
        nary_f.__name__ = f"{called}_of_{name}_wrt_argnum_{argnum}"
        nary_f.__doc__ = (
            f"    {called} of function {name} with respect to argument number {argnum}. Takes the\n"
            f"    same arguments as {name} but returns the {called}.\n    "
        )
        return nary_f

    nary_operator.__name__, nary_operator.__doc__ = operator.__name__, operator.__doc__
    return nary_operator


def _of_one_number(out: Any, who: str) -> Any:
    several = isinstance(out, (list, tuple, dict)) or np.size(plain(out)) != 1
    if not several and np.result_type(plain(out)).kind != "c":
        return ones(out)
    raise TypeError(
        f"{who} only applies to real scalar-output functions. Try jacobian, elementwise_grad or "
        "holomorphic_grad."
    )


make_vjp = unary_to_nary(vjp_of)
make_jvp = unary_to_nary(jvp_of)
make_vjp.__name__, make_jvp.__name__ = "make_vjp", "make_jvp"


@unary_to_nary
def value_and_grad(fun: Function, x: Any) -> Any:
    """Return a function that returns both value and gradient, as scipy.optimize takes them."""
    pullback, out = vjp_of(fun, x)
    return out, pullback(_of_one_number(out, "value_and_grad"))


@unary_to_nary
def grad(fun: Function, x: Any) -> Any:
    """
    Returns a function which computes the gradient of `fun` with respect to positional argument
    number `argnum`. It takes the same arguments as `fun`, which returns one number.
    """  # noqa: D401 - programs read it
    pullback, out = vjp_of(fun, x)
    return pullback(_of_one_number(out, "Grad"))


@unary_to_nary
def elementwise_grad(fun: Function, x: Any) -> Any:
    """Return a function that computes the sum of each column of the Jacobian of `fun`."""
    pullback, out = vjp_of(fun, x)
    return pullback(ones(out))


@unary_to_nary
def deriv(fun: Function, x: Any) -> Any:
    """Return a function that computes the derivative along ones."""
    return jvp_of(fun, x)(ones(x))[1]


@unary_to_nary
def jacobian(fun: Function, x: Any) -> Any:
    """Return a function that computes all first derivatives, of shape result + argument."""
    return shown(jacobians.jacobian(_tensors(fun))(_as_floats(x)))


@unary_to_nary
def hessian(fun: Function, x: Any) -> Any:
    """Return a function that computes the exact Hessian."""
    return jacobian(jacobian(fun))(x)


@unary_to_nary
def holomorphic_grad(fun: Function, x: Any) -> Any:
    """Return the derivative of a holomorphic function of a complex number."""
    if np.result_type(plain(x)).kind != "c":
        warnings.warn("Input to holomorphic_grad is not complex", stacklevel=2)
    return grad(lambda z: np.real(fun(z)))(x)


@unary_to_nary
def make_jvp_reversemode(fun: Function, x: Any) -> Function:
    """Build a function for evaluating the Jacobian-vector product at a point."""
    both = jvp_of(fun, x)
    return lambda v: both(v)[1]


@unary_to_nary
def make_hvp(fun: Function, x: Any) -> Any:
    """Build a function for evaluating the Hessian-vector product at a point, and the gradient."""
    return vjp_of(grad(fun), x)


@unary_to_nary
def grad_and_aux(fun: Function, x: Any) -> Any:
    """Build a function that returns the gradient of the first output, and the second output."""
    _, pullback, aux = derivatives.vjp(fun, _as_floats(x), has_aux=True)
    return shown(pullback(1.0)[0]), shown(aux)


def grad_named(fun: Function, argname: str) -> Function:
    """Take gradients with respect to a named argument."""
    named: Function = grad(fun, list(inspect.signature(fun).parameters).index(argname))
    return named


def hessian_tensor_product(fun: Function, argnum: int = 0) -> Function:
    """Build a function of (*args, tensor) that returns the exact Hessian-tensor product."""
    first = grad(fun, argnum)

    def along(*args: Any, **kwargs: Any) -> Any:
        return np.tensordot(first(*args[:-1], **kwargs), args[-1], np.ndim(args[-1]))

    product: Function = grad(along, argnum)
    return product


def tensor_jacobian_product(fun: Function, argnum: int = 0) -> Function:
    """Build a function of (*args, tensor) that returns the exact tensor-Jacobian product."""

    def along(*args: Any, **kwargs: Any) -> Any:
        return np.tensordot(args[-1], fun(*args[:-1], **kwargs), np.ndim(args[-1]))

    product: Function = jacobian(along, argnum)
    return product


hessian_vector_product, vector_jacobian_product = hessian_tensor_product, tensor_jacobian_product


@unary_to_nary
def _ggnvp(f: Function, x: Any, g: Function) -> Function:
    pullback, out = vjp_of(f, x)
    curvature, _ = vjp_of(grad(g), out)
    along = jvp_of(f, x)
    return lambda v: pullback(curvature(along(v)[1]))


def make_ggnvp(
    f: Function, g: Function = lambda x: np.sum(x * x, axis=-1) / 2, f_argnum: int = 0
) -> Function:
    """Build a function for evaluating generalized-Gauss-Newton-vector products at a point."""
    made: Function = _ggnvp(f, f_argnum, g)
    return made
