"""The record of an operation, and the registry of all of them.

1. `Op` says everything the package knows of one operation: its NumPy function, one vjp rule
   per input, how it is written in every notation, and what is true of it.
2. `register` puts a record into `REGISTRY`, where drawing, programs, derivations and the tests
   find it, and ties it to the NumPy functions that mean it.

Running, differentiating, drawing or writing out a graph are walks that read these records; to
add an operation is to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal

import numpy as np

Rule = Callable[..., Any]

Trait = Literal[
    "activation", "commutes", "complex", "elementwise", "linear", "lines", "stacks", "value_free",
    "view",
]  # fmt: skip

REGISTRY: dict[str, Op] = {}
"""Every registered operation by its name."""

UFUNCS: dict[Any, Op] = {}
"""NumPy (and SciPy) ufunc → operation, read by ``Tensor.__array_ufunc__``."""


@dataclass(eq=False, repr=False, slots=True)
class Op:
    """One operation.

    Parameters
    ----------
    name : str
        Unique name; the NumPy function's where there is one.
    forward : callable
        ``forward(*arrays, **params)``, written with NumPy functions only, so that it runs on
        every array type that follows NumPy's protocols.
    vjps : sequence of callable or None
        One rule per input: ``vjp(g, out, *inputs, **params)`` returns the cotangent of that
        input, ``g`` being the cotangent of ``out``. Rules use NumPy functions and operators
        only, so that they run on arrays and on Tensors alike. None: not differentiable with
        respect to that input. The empty sequence: not differentiable at all.
    every : callable, optional
        For operations with any number of inputs, in place of `vjps`:
        ``every(g, out, *inputs, **params)`` returns the function of an index that gives the
        cotangent of that input, so that what all of them need is computed once.
    symbol : str
        The infix operator it is written with in Python, or ``""``.
    latex, text, python : str
        Templates: ``{0}``, ``{1}`` stand for the inputs and ``{name}`` for parameters. `text` is
        plain text with Unicode, `python` a line of NumPy. Left out: the operator, or a call of
        the name.
    words : str
        What the result is, in a sentence: "the product of {0} and {1}, element by element".
    rule_words : str
        The rule in words (with LaTeX between dollar signs) where its formula says less.
    loop : str
        One element of the result as an expression that Numba compiles. Left out: NumPy's
        function of the name.
    symbolic : str
        The function of SymPy that means the same, if its name is another.
    broadcasts : bool
        Whether NumPy broadcasts the inputs against each other. The loop of ``gradients`` undoes
        that in one place; a cotangent of another operation must have its input's shape.
    note : (str, str), optional
        What f and f′ are, for an activation f: in plain text, and in LaTeX.
    traits : set of str
        What is true of it: ``elementwise`` (ufuncs are by default); ``view`` (the result looks at
        the operand's memory); ``commutes``; ``linear`` (in all its inputs together, or in each);
        ``complex`` (it and its rules hold for complex numbers, as what is ``linear`` does);
        ``lines`` (it works along the parameter `axis`, on all elements where that is None);
        ``stacks`` (on the matrices in the last two axes); ``activation``; ``value_free`` (its
        rules read neither inputs nor result).

    Attributes
    ----------
    differentiable : bool
        Whether a gradient can flow through the operation at all.
    is_ufunc : bool
        Whether `forward` is a ufunc of NumPy's, and so gives a new array.
    reads_values : bool
        Whether a rule may read what the inputs held.
    takes_complex : bool
        Whether it may be applied to complex numbers.
    """

    name: str
    forward: Callable[..., Any]
    vjps: Sequence[Rule | None] = ()
    _: KW_ONLY
    every: Rule | None = None
    symbol: str = ""
    latex: str = ""
    text: str = ""
    python: str = ""
    words: str = ""
    rule_words: str = ""
    loop: str = ""
    symbolic: str = ""
    note: tuple[str, str] | None = None
    broadcasts: bool = False
    traits: Set[Trait] = frozenset()
    differentiable: bool = field(init=False)
    is_ufunc: bool = field(init=False)
    reads_values: bool = field(init=False)
    takes_complex: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_ufunc = isinstance(self.forward, np.ufunc)
        if self.is_ufunc and self.forward.signature is None:  # type: ignore[attr-defined]
            self.traits = {*self.traits, "elementwise"}
        self.vjps, self.traits = tuple(self.vjps), frozenset(self.traits)
        self.reads_values = "value_free" not in self.traits
        self.takes_complex = not self.traits.isdisjoint(("complex", "linear"))
        self.differentiable = self.every is not None or any(self.vjps)

    def rule(self, index: int) -> Rule | None:
        """Return the vjp rule of input `index`, or None where there is none."""
        if self.every is None:
            return self.vjps[index] if index < len(self.vjps) else None
        every = self.every
        return lambda g, out, *inputs, **params: every(g, out, *inputs, **params)(index)

    def __reduce__(self) -> tuple[Callable[[str], Op], tuple[str]]:
        if REGISTRY.get(self.name) is not self:
            raise TypeError(f"the operation {self.name!r} is not registered: it cannot be copied")
        return _registered, (self.name,)  # copies and pickles of graphs keep the one record

    def __repr__(self) -> str:
        return f"<Op {self.name}>"


def _registered(name: str) -> Op:
    return REGISTRY[name]


def register(op: Op, *ufuncs: Any) -> Op:
    """Enter `op` into the registry, record calls of `ufuncs` on Tensors as `op`, and return it.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    if op.name in REGISTRY:
        raise ValueError(f"an operation named {op.name!r} is registered already")
    REGISTRY[op.name] = op
    UFUNCS.update(dict.fromkeys(ufuncs, op))
    return op
