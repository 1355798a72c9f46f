"""The derivation of a gradient, written down: one line for every operation of the graph.

1. `derive` walks the graph backwards from J to a tensor. Each line has the operation, its local
   derivative, and the gradient accumulated so far, in the notation of the document where the
   graph is one of its networks: δ⁽³⁾ = −(y − h⁽³⁾) ⊙ f′(z⁽³⁾).
2. A `Derivation` prints as plain text, and has its LaTeX; with the numbers of the graph on
   request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from ...core.tensor import Tensor
from ...formulas import notation
from ...formulas.arrays import array_text
from ...formulas.equations import Equations
from ...formulas.expression import Expr, mapped, name, names_in, nodes, number, size, total
from ...formulas.printing import LATEX, UNICODE, Style, write
from ...formulas.simplify import simplified
from ...ops.indexing import GETITEM, SCATTER
from ...ops.joining import CONCATENATE
from ...ops.linalg import MATMUL
from ...ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from ..draws import Draw
from ..names import Environment, Meaning
from .steps import Step, between, in_deltas, named_gradient, operation, scale_of, step

if TYPE_CHECKING:
    from .index_form import IndexForm

_MOST_LINES = 500
_SHORT = 7
"""Up to this many parts a formula is written in the place of a name made up for it."""

_LONG = 40
"""Up to this many, the gradient of a tensor without a name goes into the next one's."""

_MOVED = (MATMUL, TRANSPOSE, RESHAPE, CONCATENATE, GETITEM, SCATTER)
"""Operations whose derivative is no array of the shape of their input."""


class Derivation(Equations):
    """A derivation: prints as text, renders as LaTeX in a notebook.

    Attributes
    ----------
    steps : list of Step
        One for every operation between J and the tensor, in backward order.
    lines : list of str
        Each line as LaTeX for math mode, within what matplotlib's mathtext renders.
    latex : str
        All lines, aligned.
    """

    def __init__(
        self, environment: Environment, steps: list[Step], numbers: bool, digits: int
    ) -> None:
        self.steps = steps
        self._environment = environment
        self._numbers = numbers
        self._digits = digits

    def _style(self, style: Style) -> Style:
        """Return `style` with the names of gradients written as ∂J/∂ of something."""
        root = style.label(self._environment.J.name or "J")

        def label(text: str) -> str:
            below = notation.gradient_of(text)
            return style.partial.format(root, style.label(below)) if below else style.label(text)

        return style._replace(label=label)

    def _parts(self, one: Step, style: Style) -> tuple[str, str, str]:
        """Return the three columns of a line: operation, local derivative, gradient."""
        label = style.label
        operation = f"{label(one.result)} = {write(one.operation, style)}"
        local = ""
        if one.local is not None and one.result != self._environment.names[self._environment.J]:
            fraction = style.partial.format(label(one.result), label(one.source))
            local = f"{fraction} = {write(one.local, style)}"
        left = label(named_gradient(self._environment, one.source))
        forms = [write(_quiet(one.gradient), style)]
        if one.last:
            forms.append(write(_quiet(one.accumulated), style))
        equals = " = ".join(dict.fromkeys(forms))
        return operation, local, f"{left} = {equals}{'' if one.last else f' + {style.dots}'}"

    def _value(self, one: Step) -> str:
        return array_text(one.value, self._digits)

    @property
    def lines(self) -> list[str]:
        """Each line as LaTeX for math mode."""
        style = self._style(LATEX)
        rows = []
        for one in self.steps:
            row = r", \quad ".join(filter(None, self._parts(one, style)))
            if self._numbers and one.last:
                value = self._value(one).replace("×", r" \times ").replace(" ", r"\ ")
                row += rf" = \mathrm{{{value}}}".replace("-", "{-}")
            rows.append(row)
        note = self._note()
        return [*rows, note[1]] if note else rows

    def _note(self) -> tuple[str, str] | None:
        """Return in text and in LaTeX what f and f′ are, where a line has f′ in it."""
        op = self._environment.activation
        used = [text for one in self.steps for text in names_in(one.gradient)]
        return op.note if op is not None and any("f_prime(" in text for text in used) else None

    def __str__(self) -> str:
        from tabulate import tabulate

        style = self._style(UNICODE)
        rows = []
        for i, one in enumerate(self.steps, 1):
            operation, local, gradient = self._parts(one, style)
            if self._numbers and one.last:
                gradient += f"\n  = {self._value(one)}"
            rows.append([f"{i}.", operation, local, gradient])
        text = tabulate(rows, tablefmt="plain", disable_numparse=True)
        note = self._note()
        return f"{text}\n    {note[0]}" if note else text

    __repr__ = __str__

    @property
    def result(self) -> str:
        """The last line's gradient, as text."""
        style = self._style(UNICODE)
        last = self.steps[-1]
        left = style.label(named_gradient(self._environment, last.source))
        return f"{left} = {write(last.accumulated, style)}"


def _quiet(e: Expr) -> Expr:
    """Return `e` without the repetition of elements, which a reader sees from the shapes."""

    def change(node: Expr) -> Expr:
        if node.op is not BROADCAST_TO:
            return node
        inner = node.args[0]
        return inner.args[0] if inner.op is RESHAPE else inner

    return mapped(e, change)


def _with_every_node_named(J: Tensor, samples: int | None) -> Environment:
    """Return the environment with names u1, u2, … for results that have none (or share one)."""
    environment = Environment(J, samples)
    for text in environment.twice:
        environment.names.pop(environment.named.pop(text))
    stems = [s for s in "uvacek" if not any(t.startswith(s) for t in environment.named)]
    stem, count = (stems or ["tmp"])[0], 0
    environment.twice = set()
    for node in environment.order:
        if node not in environment.names and (node.op is not None or node.requires_grad):
            count += 1
            label = f"{stem}{count}" if node is not J else "J"
            environment.named[label] = node
            environment.names[node] = label
    return environment


@overload
def derive(
    J: Tensor,
    wrt: Tensor,
    *,
    numbers: bool = ...,
    digits: int = ...,
    index: None = ...,
    samples: int | None = ...,
) -> Derivation: ...
@overload
def derive(
    J: Tensor,
    wrt: Tensor,
    *,
    numbers: bool = ...,
    digits: int = ...,
    index: tuple[int, ...],
    samples: int | None = ...,
) -> IndexForm: ...
def derive(
    J: Tensor,
    wrt: Tensor,
    *,
    numbers: bool = False,
    digits: int = 4,
    index: tuple[int, ...] | None = None,
    samples: int | None = None,
) -> Derivation | IndexForm:
    """Write down how ∂J/∂wrt follows from the recorded graph, a line for every operation.

    Parameters
    ----------
    J : Tensor
        A recorded scalar.
    wrt : Tensor
        A tensor that it depends on.
    numbers : bool
        Fill in the values of the graph.
    digits : int
        Significant digits of them.
    index : tuple of int, optional
        Write out this one element in index form instead, counted from 1 as in the document:
        ``derive(J, W2, index=(1, 2))`` is about w₁₂⁽²⁾. For small networks; needs SymPy.
    samples : int, optional
        How many samples `J` is the mean over; δ is of one sample. Read off the graph if left out.

    Returns
    -------
    Derivation or IndexForm
        Prints as text; ``.latex``, ``.lines``.

    Raises
    ------
    TypeError, ValueError
        If `J` is no recorded scalar, or does not depend on `wrt`, or `index` is none of its
        elements; or if there would be more lines than anyone reads.

    Examples
    --------
    >>> x = Tensor(3.0, name="x")
    >>> J = (x * x).exp()
    >>> print(derive(J, x).result)
    ∂J/∂x = 2 exp(x ⊙ x) ⊙ x
    """
    environment = _with_every_node_named(J, samples)
    if not isinstance(wrt, Tensor):
        raise TypeError(f"wrt is a {type(wrt).__name__}; derive with respect to a Tensor")
    if wrt not in environment.names or wrt is J:
        raise ValueError(f"J does not depend on {wrt.label()}: nothing of its graph leads there")
    steps = _steps(environment, wrt)
    if index is not None:
        from .index_form import index_form

        return index_form(environment, wrt, steps, index)
    return Derivation(environment, steps, numbers, digits)


def _steps(environment: Environment, wrt: Tensor) -> list[Step]:
    path = between(environment, wrt)
    if environment.J not in path:
        raise ValueError(f"J does not depend on {wrt.label()}: nothing of its graph leads there")
    if len(path) > _MOST_LINES:
        raise ValueError(
            f"{len(path)} operations lie between J and {wrt.label()}; a derivation of more than "
            f"{_MOST_LINES} lines is not written. Derive with respect to a node in between"
        )
    draw = Draw(environment)
    layered = any(_is_layer(environment.names[node]) for node in path)
    complete: dict[Tensor, Expr] = {environment.J: number(1.0)}
    steps: list[Step] = []
    for node in path[1:]:
        source = environment.names[node]
        scale = scale_of(environment, source)
        found = []
        for consumer, position in environment.consumers[node]:
            formula = step(environment, consumer, position, _upstream(environment, consumer))
            if formula is not None and consumer in complete:
                found.append((consumer, position, formula))
        if not found:
            complete[node] = number(0.0)
            continue
        parts = [_put_in(environment, formula, complete, layered) for *_, formula in found]
        complete[node] = simplified(total(parts))
        accumulated = _spelt_out(environment, in_deltas(environment, complete[node], scale))
        value = draw.gradient(Meaning(node, True, scale)) if node.dtype.kind == "f" else None
        for i, (consumer, position, formula) in enumerate(found):
            made, result = operation(environment, consumer), environment.names[consumer]
            local = _local(environment, consumer, position)
            flow = in_deltas(environment, simplified(formula), scale)
            last = i == len(found) - 1
            steps.append(Step(made, result, source, local, flow, accumulated, last, value))
    if not steps or steps[-1].source != environment.names[wrt]:
        raise ValueError(f"no gradient flows from J to {wrt.label()}")
    return steps


def _upstream(environment: Environment, consumer: Tensor) -> Expr:
    if consumer is environment.J:
        return number(1.0)
    return name(notation.gradient_name(environment.names[consumer]))


def _is_layer(text: str) -> bool:
    return notation.Name.parse(text).weighted_input


def _put_in(
    environment: Environment, formula: Expr, complete: dict[Tensor, Expr], layered: bool
) -> Expr:
    """Return a formula with the gradients that are complete put in, δ and named ones left."""

    def change(e: Expr) -> Expr:
        text = notation.gradient_of(e.name)
        node = environment.named[text] if text else None
        if node is None or node not in complete:
            return e
        most = _SHORT if node.name else _LONG
        keep = layered and _is_layer(text)
        return e if keep or size(complete[node]) > most else complete[node]

    return simplified(mapped(formula, change))


def _spelt_out(environment: Environment, e: Expr, depth: int = 3) -> Expr:
    """Return `e` with short formulas in the place of tensors that have no name of their own."""
    if depth == 0:
        return e

    def change(node: Expr) -> Expr:
        tensor = environment.named.get(node.name)
        if tensor is None or tensor.name or tensor.op is None:
            return node
        formula = _spelt_out(environment, operation(environment, tensor), depth - 1)
        return formula if size(formula) <= _SHORT else node

    return mapped(e, change)


def _local(environment: Environment, consumer: Tensor, position: int) -> Expr | None:
    """Return ∂consumer/∂input where the rule is a product with it, else None."""
    if consumer.op in _MOVED:
        return None
    formula = step(environment, consumer, position, number(1.0))
    if formula is None:
        return None
    local = simplified(formula)
    return None if any(e.op is BROADCAST_TO for e in nodes(local)) else local
