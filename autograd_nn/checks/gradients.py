"""Numerical checks of gradients.

`check_grads` compares exact products v·J·w with centred differences in random directions, for
every input by itself, at first and at higher order. Where something is wrong it looks for the
element and for the operation whose rule it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..transforms.containers import flatten, leaf_names, unflatten
from ..transforms.run import argument_names, positions
from .comparison import Comparison, GradientReport, UndecidedWarning
from .culprit import rules_at_fault, worst_element
from .directions import Check, Flat, passes


def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 2,
    *,
    argnums: int | Sequence[int] | None = None,
    directions: int = 2,
    rtol: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Check the gradients of `f` against differences; raise where they are wrong.

    For random v and w, complex where the numbers are, the exact v·J·w (its real part) is compared
    with centred differences of v·f along w. Many steps are tried, the rounding noise of `f` is
    measured, and the tolerance follows from both. The differences are taken in double precision
    whatever the dtype of the arguments.

    Parameters
    ----------
    f : callable
        Of arrays or nested containers of them; returns Tensors of any shape, in containers too.
    args : tuple, or a single argument
        Where to check. Floating-point leaves are varied; everything else is passed on.
    order : int
        Up to which order: 2 checks the gradients of the gradients as well.
    argnums : int or sequence of int, optional
        Which arguments are varied; all if left out.
    directions : int
        How many random directions for each input.
    rtol : float, optional
        The relative error that is allowed. From the dtypes if left out: 1e-6 for float64, 3e-4
        for float32, 1e-2 for float16.
    seed : int
        Of the random directions.

    Returns
    -------
    GradientReport

    Raises
    ------
    AssertionError
        If a gradient is wrong; the message is the report, with the worst element and the rules
        at fault.
    TypeError, ValueError
        If there is nothing to vary, or an argument is not fit for it.

    Warns
    -----
    UndecidedWarning
        If nothing can be said of an input at this point: at a kink, where `f` is not finite, or
        where its rounding noise hides the derivative.

    Examples
    --------
    >>> print(check_grads(lambda x: x**3, 2.0))
      order  input    exact         ...
    >>> from autograd_nn import custom
    >>> wrong_cube = custom("wrong_cube", lambda x: x**3, lambda g, out, x: g * 3.003 * x**2)
    >>> check_grads(wrong_cube, 2.0)
    Traceback (most recent call last):
    AssertionError: the gradients are wrong:
    ...
    the vjp rule of 'wrong_cube' is wrong ...exact / differences = 1.001...
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"order must be 1 or more, got {order!r}")
    if not isinstance(directions, int) or directions < 1:
        raise ValueError(f"directions must be 1 or more, got {directions!r}")
    given = args if isinstance(args, tuple) and not hasattr(args, "_fields") else (args,)
    flat, leaves, names = _flattened(f, given, argnums)
    report = _run(Check(flat, leaves, names, np.random.default_rng(seed), directions, rtol), order)
    if not report.ok:
        raise AssertionError(f"the gradients are wrong:\n{report}")
    for comparison in report.undecided:
        warnings.warn(
            f"order {comparison.order}, {comparison.input}: {comparison.note}",
            UndecidedWarning,
            stacklevel=2,
        )
    return report


def _run(check: Check, order: int) -> GradientReport:
    """Compare at every order up to `order`, and stop at the first that is wrong."""
    comparisons: list[Comparison] = []
    for here in passes(check, order):
        found = [here.worst(i) for i in range(len(check.leaves))]
        comparisons += found
        wrong = [i for i, c in enumerate(found) if c.status == "wrong"]
        if wrong:
            worst = max(wrong, key=lambda i: found[i].relative_error)
            findings = [worst_element(here, worst), *rules_at_fault(check, here.order)]
            return GradientReport(tuple(comparisons), tuple([x for x in findings if x]))
    return GradientReport(tuple(comparisons))


def _flattened(
    f: Callable[..., Any], args: tuple[Any, ...], argnums: int | Sequence[int] | None
) -> tuple[Flat, list[Any], list[str]]:
    """Return `f` as a function of its floating-point leaves, those leaves and their names."""
    places = range(len(args)) if argnums is None else positions(argnums, len(args), "check_grads")
    leaves, structure = flatten(list(args))
    varied: list[int] = []
    names: list[str] = []
    start = 0
    for place, (arg, root) in enumerate(zip(args, argument_names(f, len(args)), strict=True)):
        parts, inner = flatten(arg)
        for offset, (leaf, name) in enumerate(zip(parts, leaf_names(inner, root), strict=True)):
            if place in places and _is_float(leaf, name):
                varied.append(start + offset)
                names.append(name)
        start += len(parts)
    if not varied:
        raise TypeError(
            "check_grads has nothing to vary: no argument holds floating-point numbers (write 2.0 "
            "for 2, x.astype(float) for an integer array)"
        )

    def flat(xs: Sequence[Tensor]) -> list[Tensor]:
        put = list(leaves)
        for position, x in zip(varied, xs, strict=True):
            put[position] = x
        outs, _ = flatten(f(*unflatten(structure, put)))
        return outs

    return flat, [np.asarray(plain(leaves[position])) for position in varied], names


def _is_float(leaf: Any, name: str) -> bool:
    data = plain(leaf)
    if isinstance(data, (float, complex, np.ndarray, np.generic)):
        return np.asarray(data).dtype.kind in "fc"
    if hasattr(data, "__array_function__"):
        raise TypeError(
            f"check_grads evaluates the function at many points and needs NumPy arrays; {name} is "
            f"a {type(data).__name__}. Check on a small np.ndarray in its place"
        )
    return False
