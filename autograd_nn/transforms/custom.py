"""Operations of one's own, in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.op import Op, register
from ..core.tensor import Tensor, apply
from ..formulas import notation


def _called(name: str, inputs: int) -> str:
    """Return the LaTeX template of a call, whatever the name is made of."""
    shown = notation.latex(name).replace("{", "{{").replace("}", "}}")
    return f"{shown}({', '.join(f'{{{i}}}' for i in range(inputs))})"


def custom(
    name: str,
    forward: Callable[..., Any],
    *vjps: Callable[..., Any] | None,
    latex: str = "",
    broadcasts: bool = False,
    elementwise: bool = False,
    text: str = "",
    words: str = "",
    loop: str = "",
) -> Callable[..., Tensor]:
    """Make an operation of one's own.

    Parameters
    ----------
    name : str
        A name that no other operation has.
    forward : callable
        ``forward(*arrays, **params)``, with NumPy functions.
    *vjps : callable or None
        One rule per input, ``vjp(g, out, *inputs, **params)``, with NumPy functions, so that
        it runs on Tensors too and can be differentiated again. For complex numbers it follows
        the convention of `grad`.
    latex : str
        How it reads, ``{0}`` standing for the first input.
    broadcasts : bool
        Whether inputs are broadcast against each other.
    elementwise : bool
        Whether each element of the result depends on one element of each input.
    text, words : str
        How it reads in plain text with Unicode, and in a sentence: "the cube of {0}".
    loop : str
        One element of the result as an expression that Numba compiles: ``"{0} * {0} * {0}"``.

    Returns
    -------
    callable
        Takes Tensors, arrays or numbers and keyword parameters; returns a recorded Tensor.

    Examples
    --------
    >>> from autograd_nn import Tensor
    >>> cube = custom("cube", lambda x: x**3, lambda g, out, x: g * 3 * x**2)
    >>> x = Tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> float(x.grad)
    12.0

    Whether the rule is right, at first and at second order:

    >>> from autograd_nn import check_grads
    >>> check_grads(cube, 2.0).ok
    True
    """
    op = register(Op(name, forward, vjps, latex=latex or _called(name, max(len(vjps), 1)),
        text=text, words=words, loop=loop, broadcasts=broadcasts,
        traits={"complex", "elementwise"} if elementwise else {"complex"}))  # fmt: skip

    def call(*operands: Any, **params: Any) -> Tensor:
        return apply(op, operands, params)

    call.__name__ = call.__qualname__ = name
    return call
