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
from ..draws import Draw
from ..names import Environment, Meaning

if TYPE_CHECKING:
    from .index_form import IndexForm
from ...formulas.equations import Equations
from ...formulas.expression import Expr, call, mapped, name, number, size
from ...formulas.printing import (
    Style,
    array_text,
    latex_label,
    latex_style,
    plain_label,
    unicode_style,
    write,
)
from .steps import Step, between, gradient_name, in_deltas, is_layer, operation, simplified, step

_MOST_LINES = 500
_SHORT = 7
"""Up to this many parts a formula is written in the place of a name made up for it."""

_LONG = 40
"""Up to this many, the gradient of a tensor without a name goes into the next one's."""

_F = {
    "sigmoid": ("f(z) = 1/(1 + e^(−z)),  f′(z) = f(z) (1 − f(z))",
                r"f(z) = \frac{1}{1 + e^{-z}}, \quad f'(z) = f(z) \, (1 - f(z))"),
    "tanh": ("f(z) = tanh(z),  f′(z) = 1 − tanh(z)²",
             r"f(z) = \tanh(z), \quad f'(z) = 1 - \tanh(z)^{2}"),
    "relu": ("f(z) = max(z, 0),  f′(z) = 1 where z > 0, else 0",
             r"f(z) = \max(z, 0), \quad f'(z) = 1\ \mathrm{where}\ z > 0,\ \mathrm{else}\ 0"),
}  # fmt: skip


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

    # -- names ------------------------------------------------------------------------------------

    def _root(self) -> str:
        return self._environment.J.name or "J"

    def _plain(self, text: str) -> str:
        if text.startswith("d_"):
            return f"∂{notation.unicode(self._root())}/∂{plain_label(text[2:])}"
        return plain_label(text)

    def _latex(self, text: str) -> str:
        if text.startswith("d_"):
            top, below = notation.latex(self._root()), latex_label(text[2:])
            return rf"\frac{{\partial {top}}}{{\partial {below}}}"
        return latex_label(text)

    def _gradient_name(self, source: str) -> str:
        return gradient_name(self._environment, source)

    # -- lines ------------------------------------------------------------------------------------

    def _parts(self, one: Step, style: Style, partial: str) -> tuple[str, str, str]:
        label = style.label
        operation = f"{label(one.result)} = {write(one.operation, style)}"
        local = ""
        if one.local is not None and one.result != self._environment.names[self._environment.J]:
            fraction = partial.format(label(one.result), label(one.source))
            local = f"{fraction} = {write(one.local, style)}"
        left = label(self._gradient_name(one.source))
        forms = [write(_quiet(one.gradient), style)]
        if one.last:
            forms.append(write(_quiet(one.accumulated), style))
        equals = " = ".join(dict.fromkeys(forms))
        if not one.last:
            equals = f"{equals} + …" if partial.startswith("∂") else rf"{equals} + \ldots"
        return operation, local, f"{left} = {equals}"

    def _value(self, one: Step) -> str:
        return array_text(one.value, self._digits)

    @property
    def lines(self) -> list[str]:
        """Each line as LaTeX for math mode."""
        style = latex_style(self._latex)
        rows = []
        for one in self.steps:
            row = r", \quad ".join(
                part for part in self._parts(one, style, r"\frac{{\partial {0}}}{{\partial {1}}}")
                if part
            )  # fmt: skip
            if self._numbers and one.last:
                value = self._value(one).replace("×", r" \times ").replace(" ", r"\ ")
                row += rf" = \mathrm{{{value}}}".replace("-", "{-}")
            rows.append(row)
        note = self._note()
        return [*rows, note[1]] if note else rows

    def _note(self) -> tuple[str, str] | None:
        op = self._environment.activation
        written = any("f_prime(" in _names(one.gradient) for one in self.steps)
        return _F.get(op.name) if op is not None and written else None

    def __str__(self) -> str:
        from tabulate import tabulate

        style = unicode_style(self._plain)
        rows = []
        for i, one in enumerate(self.steps, 1):
            operation, local, gradient = self._parts(one, style, "∂{0}/∂{1}")
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
        style = unicode_style(self._plain)
        last = self.steps[-1]
        left = style.label(self._gradient_name(last.source))
        return f"{left} = {write(last.accumulated, style)}"


def _quiet(e: Expr) -> Expr:
    """Return `e` without the repetition of elements, which a reader sees from the shapes."""

    def change(node: Expr) -> Expr:
        if node.kind != "broadcast_to":
            return node
        inner = node.args[0]
        return inner.args[0] if inner.kind == "reshape" else inner

    return mapped(e, change)


def _names(e: Expr) -> str:
    if e.op is None:
        return e.name
    return " ".join(_names(arg) for arg in e.args)


def _with_every_node_named(J: Tensor, samples: int | None) -> Environment:
    """Return the environment with names u1, u2, … for results that have none (or share one)."""
    environment = Environment(J, samples)
    for text in environment.twice:
        node = environment.named.pop(text)
        environment.names.pop(node)
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
    layered = any(is_layer(environment.names[node]) for node in path)
    complete: dict[Tensor, Expr] = {environment.J: number(1.0)}
    steps: list[Step] = []
    for node in path[1:]:
        source = environment.names[node]
        scale = environment.samples if is_layer(source) else 1
        found = []
        for consumer, position in environment.consumers[node]:
            upstream = _upstream(environment, consumer)
            formula = step(environment, consumer, position, upstream)
            if formula is not None and consumer in complete:
                found.append((consumer, position, formula))
        if not found:
            complete[node] = number(0.0)
            continue
        whole: Expr | None = None
        for _, _, formula in found:
            part = _put_in(environment, formula, complete, layered)
            whole = part if whole is None else call("add", whole, part)
        assert whole is not None  # noqa: S101 - there is at least one use
        complete[node] = simplified(whole)
        total = _spelt_out(environment, in_deltas(environment, complete[node], scale))
        value = draw.gradient(Meaning(node, True, scale)) if node.dtype.kind == "f" else None
        for i, (consumer, position, formula) in enumerate(found):
            steps.append(
                Step(
                    operation(environment, consumer),
                    environment.names[consumer],
                    source,
                    _local(environment, consumer, position),
                    in_deltas(environment, simplified(formula), scale),
                    total,
                    i == len(found) - 1,
                    value,
                )
            )
    if not steps or steps[-1].source != environment.names[wrt]:
        raise ValueError(f"no gradient flows from J to {wrt.label()}")
    return steps


def _upstream(environment: Environment, consumer: Tensor) -> Expr:
    if consumer is environment.J:
        return number(1.0)
    return name(f"d_{environment.names[consumer]}")


def _put_in(
    environment: Environment, formula: Expr, complete: dict[Tensor, Expr], layered: bool
) -> Expr:
    """Return a formula with the gradients that are complete put in, δ and named ones left."""

    def change(e: Expr) -> Expr:
        if not e.name.startswith("d_"):
            return e
        text = e.name[2:]
        node = environment.named[text]
        if node not in complete:
            return e
        most = _SHORT if node.name else _LONG
        keep = is_layer(text) if layered else False
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
    assert consumer.op is not None  # noqa: S101 - consumers are operations
    if consumer.op.name in ("matmul", "transpose", "reshape", "concatenate", "getitem", "scatter"):
        return None
    formula = step(environment, consumer, position, number(1.0))
    if formula is None:
        return None
    local = simplified(formula)
    return None if any(e.kind == "broadcast_to" for e in _walk(local)) else local


def _walk(e: Expr) -> list[Expr]:
    return [e, *[inner for arg in e.args for inner in _walk(arg)]]
