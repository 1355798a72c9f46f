"""One element of a gradient written out in the indices of the document, sum by sum.

The formulas of the steps are run on arrays of symbols, so that a matrix product becomes the sum
over its index: δ₁⁽²⁾ = (w₁₁⁽²⁾ δ₁⁽³⁾ + w₂₁⁽²⁾ δ₂⁽³⁾) f′(z₁⁽²⁾). Needs SymPy (extra ``symbolic``).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ...core.tensor import Tensor
from ...formulas import notation
from ...formulas.equations import Equations
from ...formulas.expression import Expr, evaluate, mapped, total
from ...formulas.printing import LATEX, UNICODE
from ...formulas.simplify import simplified
from ..names import Environment
from ..symbols import Names, entry_name
from .steps import Step, between, named_gradient, operation


class IndexForm(Equations):
    """One element of a gradient written out: prints as text, renders as LaTeX in a notebook.

    Attributes
    ----------
    equations : list of (str, str)
        Each line as text and as LaTeX, from the cost to the element.
    """

    def __init__(self, equations: list[tuple[str, str]]) -> None:
        self.equations = equations

    @property
    def lines(self) -> list[str]:
        """Each line as LaTeX for math mode."""
        return [latex for _, latex in self.equations]

    def __str__(self) -> str:
        return "\n".join(text for text, _ in self.equations)

    __repr__ = __str__


def index_form(
    environment: Environment, wrt: Tensor, steps: list[Step], index: tuple[int, ...]
) -> IndexForm:
    """Write out one element of ∂J/∂wrt, and every element of a gradient that it needs."""
    target = environment.names[wrt]
    place = tuple(i - 1 for i in index)
    if len(place) == 1 and len(wrt.shape) == 2 and wrt.shape[1] == 1:
        place = (place[0], 0)
    if len(place) != wrt.ndim or any(
        not 0 <= i < n for i, n in zip(place, wrt.shape, strict=False)
    ):
        raise ValueError(
            f"index {index} is no element of {target} of shape {wrt.shape}, counted from 1"
        )
    names = Names()
    formulas = _named_steps(environment, wrt, steps)
    values = _Forward(environment)
    owner: dict[Any, tuple[str, tuple[int, ...]]] = {}
    for text, node in environment.named.items():
        if node.name or node.op is None:
            values[text] = names.entries(text, node.shape)
        label = named_gradient(environment, text)
        values[label] = _gradient_entries(names, environment, label, text, node.shape)
        for place_ in np.ndindex(node.shape):
            owner[values[label][place_]] = (text, place_)
    for activation in environment.activations:
        shape = environment.named[activation.z].shape
        values[activation.slope] = names.entries(activation.z, shape, wrap="f′")

    def written(text: str, where: tuple[int, ...]) -> Any:
        shape = environment.named[text].shape
        array = np.broadcast_to(np.asarray(evaluate(formulas[text], values), dtype=object), shape)
        return names.sympy.nsimplify(array[where], rational=True)

    todo = [(target, place)]
    found: dict[tuple[str, tuple[int, ...]], Any] = {}
    while todo:
        key = todo.pop()
        if key not in found:
            found[key] = written(*key)
            todo += [owner[symbol] for symbol in found[key].free_symbols if symbol in owner]
    order = {environment.names[node]: i for i, node in enumerate(between(environment, wrt))}
    keys = sorted(found, key=lambda key: (order[key[0]], key[1]))
    equations = []
    chain = _chain(environment, target, place, found, owner)
    if chain:
        equations.append(chain)
    for text, where in keys:
        symbol = values[named_gradient(environment, text)][where]
        right = names.sympy.latex(found[text, where], symbol_names=names.latex)
        plain = _plain_sympy(found[text, where])
        equations.append((f"{symbol} = {plain}", f"{names.latex[symbol]} = {right}"))
    return IndexForm(equations)


class _Forward(dict[str, Any]):
    """Values in symbols; those of tensors without a name of their own from their formulas."""

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        self.environment = environment

    def __missing__(self, key: str) -> Any:
        node = self.environment.named[key]
        value = evaluate(operation(self.environment, node), self)
        self[key] = np.asarray(value, dtype=object)
        return self[key]


def _named_steps(environment: Environment, wrt: Tensor, steps: list[Step]) -> dict[str, Expr]:
    """Return for every tensor with a name of its own its gradient in terms of the next such."""
    own = {text for text, node in environment.named.items() if node.name}
    own.add(environment.names[wrt])
    complete: dict[str, Expr] = {}
    for node in between(environment, wrt)[1:]:
        text = environment.names[node]
        parts = [one.gradient for one in steps if one.source == text]
        if parts:
            complete[text] = simplified(mapped(total(parts), lambda e: _later(e, own, complete)))
    return {text: e for text, e in complete.items() if text in own}


def _later(e: Expr, own: set[str], complete: dict[str, Expr]) -> Expr:
    text = notation.gradient_of(e.name)
    return complete[text] if text not in own and text in complete else e


def _gradient_entries(
    names: Any, environment: Environment, label: str, text: str, shape: tuple[int, ...]
) -> Any:
    if notation.Name.parse(text).weighted_input:
        return names.entries(label, shape)
    array = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        array[place] = names.symbol(*_partial(_root(environment), entry_name(text, place, shape)))
    return array


def _root(environment: Environment) -> tuple[str, str]:
    text = environment.J.name or "J"
    return notation.unicode(text), notation.latex(text)


def _partial(top: tuple[str, str], below: tuple[str, str]) -> tuple[str, str]:
    """Return ∂top/∂below in text and in LaTeX, of names in text and in LaTeX."""
    return UNICODE.partial.format(top[0], below[0]), LATEX.partial.format(top[1], below[1])


def _chain(
    environment: Environment,
    target: str,
    place: tuple[int, ...],
    found: dict[tuple[str, tuple[int, ...]], Any],
    owner: dict[Any, tuple[str, tuple[int, ...]]],
) -> tuple[str, str] | None:
    """Return the chain rule as a product of partial derivatives, where one path leads to J."""
    links = [(target, place)]
    while True:
        further = sorted({owner[s] for s in found[links[-1]].free_symbols if s in owner}, key=str)
        if not further:
            break
        if len(further) > 1:
            return None
        links.append(further[0])
    entries = [entry_name(text, where, environment.named[text].shape) for text, where in links]
    entries.append(_root(environment))
    if len(entries) < 3:
        return None
    parts = [_partial(above, below) for below, above in itertools.pairwise(entries)]
    plain, latex = zip(*reversed(parts), strict=True)
    whole, tex = _partial(entries[-1], entries[0])
    return f"{whole} = {' · '.join(plain)}", f"{tex} = {' '.join(latex)}"


def _plain_sympy(e: Any) -> str:
    return str(e).replace("**2", "²").replace("*", " ").replace("-", "−")
