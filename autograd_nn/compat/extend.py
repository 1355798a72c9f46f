"""Functions with rules of their own, as HIPS autograd has them: `primitive` and `defvjp`.

A primitive is an operation of this package, whose inputs are the Tensors among the arguments, also
those in lists, tuples and dicts. Its rules have two stages, ``vjp(ans, *args)(g)``; derivatives in
the forward direction are made from them, so that what `defjvp` is told is not needed.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.backward import unbroadcast as _unbroadcast
from ..core.op import Op
from ..core.tensor import Tensor, apply, plain
from ..transforms.containers import flatten, tree_map, unflatten
from .operators import Function, shown

_RULES: dict[Any, dict[Any, Any]] = {}
"""Primitive → argument → its rule. Under "some" is one rule for several arguments together."""


class _Call:
    """The arguments of one call of a primitive, without the Tensors among them."""

    def __init__(self, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        self.kwargs, self.inputs, self.where = kwargs, list[Tensor](), list[tuple[int, int]]()
        contains = [isinstance(arg, (list, tuple, dict)) for arg in args]
        self.parts = [flatten(a) if c else ([a], None) for a, c in zip(args, contains, strict=True)]
        for argnum, (leaves, _) in enumerate(self.parts):
            for place, leaf in enumerate(leaves):
                if isinstance(leaf, Tensor):
                    self.where.append((argnum, place))
                    self.inputs.append(leaf)
                    leaves[place] = None

    def __repr__(self) -> str:
        return "…"

    def args(self, inputs: Sequence[Any]) -> list[Any]:
        """Return the arguments with `inputs` in the places of the Tensors."""
        filled = [list(leaves) for leaves, _ in self.parts]
        for (argnum, place), x in zip(self.where, inputs, strict=True):
            filled[argnum][place] = shown(x)
        return [unflatten(s, x) for (_, s), x in zip(self.parts, filled, strict=True)]


def primitive(f_raw: Function) -> Function:
    """Make an operation of a function; its rules are told by `defvjp`."""
    name = getattr(f_raw, "__name__", "primitive")

    def forward(*arrays: Any, call: _Call) -> Any:
        return f_raw(*call.args(arrays), **call.kwargs)

    def every(g: Any, out: Any, *inputs: Any, call: _Call) -> Callable[[int], Any]:
        args = call.args(inputs)
        kept: dict[int, list[Any]] = {}

        def one(index: int) -> Any:
            argnum, place = call.where[index]
            if argnum not in kept:
                found = _rule(wrapped, argnum)(shown(out), *args, **call.kwargs)(shown(g))
                kept[argnum] = flatten(found)[0] or [None]
            flow = kept[argnum][place if len(kept[argnum]) > 1 else 0]
            return np.zeros_like(plain(inputs[index])) if flow is None else flow

        return one

    op = Op(name, forward, every=every, latex=r"\operatorname{{f}}({0})")

    @functools.wraps(f_raw)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call = _Call(args, kwargs)
        if not call.inputs:
            return f_raw(*args, **kwargs)
        result = apply(op, call.inputs, {"call": call})
        if result.dtype.kind == "O":
            raise TypeError(f"the primitive {name} must return one array of numbers")
        return result if result.dtype.kind in "fc" else plain(result)

    _RULES[wrapped] = {}
    # the older ways to tell rules, in which g comes first, or one argument at a time
    old: Any = wrapped
    old.defgrad = lambda maker, argnum=0: defvjp(wrapped, maker, argnums=[argnum])
    old.defvjp = lambda rule, argnum=0: old.defgrad(
        lambda ans, *args, **kwargs: lambda g: rule(g, ans, None, None, *args, **kwargs), argnum
    )
    old.defvjp_is_zero = lambda argnums=(0,): defvjp(
        wrapped, *[None] * len(argnums), argnums=argnums
    )
    return wrapped


def _rule(fun: Function, argnum: int) -> Function:
    rules = _RULES[fun]
    if argnum in rules:
        return rules[argnum] or (lambda ans, *args, **kwargs: lambda g: None)
    if "some" not in rules:
        raise NotImplementedError(
            f"VJP of {fun.__name__} wrt argnums ({argnum},) not defined; say it with "
            f"defvjp({fun.__name__}, vjp, argnums=[{argnum}])"
        )
    some = rules["some"]
    return lambda ans, *args, **kwargs: lambda g: some((argnum,), ans, args, kwargs)(g)[0]


def defvjp(
    fun: Function, *vjpmakers: Function | None, argnums: Sequence[int] | None = None
) -> None:
    """Tell the rules of a primitive: ``vjpmaker(ans, *args, **kwargs)(g)`` for each argument."""
    _RULES.setdefault(fun, {}).update(
        zip(argnums or range(len(vjpmakers)), vjpmakers, strict=False)
    )


def defvjp_argnums(fun: Function, vjpmaker: Function) -> None:
    """Tell one rule, ``vjpmaker(argnums, ans, args, kwargs)(g)``, for several arguments."""
    _RULES.setdefault(fun, {})["some"] = vjpmaker


def defvjp_argnum(fun: Function, vjpmaker: Function) -> None:
    """Tell one rule, ``vjpmaker(argnum, ans, args, kwargs)(g)``, for any argument."""
    defvjp_argnums(fun, lambda argnums, *rest: lambda g: [vjpmaker(i, *rest)(g) for i in argnums])


def defjvp(fun: Function, *jvpmakers: Any, argnums: Sequence[int] | None = None) -> None:
    """Do nothing: products with the Jacobian are made from the rules that `defvjp` tells."""


defjvp_argnum = defjvp_argnums = def_linear = defjvp


def notrace_primitive(f_raw: Function) -> Function:
    """Return the function so that it sees values, without gradients."""

    @functools.wraps(f_raw)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return f_raw(*map(getval, args), **kwargs)

    return wrapped


def getval(x: Any) -> Any:
    """Return the value of a Tensor, or of those in a container, without its gradient."""
    return shown(plain(x) if isinstance(x, Tensor) else tree_map(plain, x))


def isbox(x: Any) -> bool:
    """Whether `x` is differentiated: a Tensor."""
    return isinstance(x, Tensor)


def unbroadcast(g: Any, target: Any) -> Any:
    """Return `g` summed to the shape of `target`."""
    return _unbroadcast(np.asarray(g) if not hasattr(g, "dtype") else g, np.shape(target))


def unbroadcast_f(target: Any, f: Function) -> Function:
    """Return a rule whose cotangents are summed to the shape of `target`."""
    return lambda g: unbroadcast(f(g), target)


# -- builtins that look at values ------------------------------------------------------------------


def isinstance_(x: Any, kinds: Any) -> bool:
    """Whether the value of `x` is of one of these kinds."""
    return builtins.isinstance(getval(x) if builtins.isinstance(x, Tensor) else x, kinds)


def type_(x: Any) -> type:
    """Return the type of the value of `x`."""
    return builtins.type(getval(x) if builtins.isinstance(x, Tensor) else x)
