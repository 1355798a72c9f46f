"""A graph step by step: what each node is, and how its gradient comes about, with numbers.

1. `Steps` writes a step for every operation, inputs first, and one for every gradient, in
   reverse, as HTML with all names escaped.
2. A gradient is the sum, over the uses of a node, of what each hands back: the vjp rule of the
   operation that uses it, recorded once on stand-ins and so written as a formula.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..core.backward import cotangent_name
from ..core.tensor import Tensor, plain
from ..formulas import notation
from ..formulas.expression import Expr
from ..formulas.expression import name as named
from ..formulas.printing import unicode_style, write
from ..formulas.rule import OUT, G, rule_formula
from ..formulas.simplify import simplified
from . import text
from .flows import Flows
from .view import View

_WORDS = {
    "add": "{0} plus {1}", "subtract": "{0} minus {1}", "divide": "{0} divided by {1}",
    "multiply": "{0} times {1}, element by element", "negative": "{0} with its sign turned",
    "matmul": "the matrix product of {0} and {1}", "sigmoid": "the sigmoid f of {0}",
    "square": "the square of {0}", "power": "{0} to the power {1}", "sum": "the sum over {0}",
    "mean": "the mean over {0}", "exp": "e to the power {0}", "log": "the logarithm of {0}",
    "sqrt": "the square root of {0}", "transpose": "{0} transposed", "max": "the largest of {0}",
    "relu": "{0} where that is positive, else 0", "tanh": "the tanh of {0}",
}  # fmt: skip


class Step(NamedTuple):
    """One step, ready to be shown.

    Attributes
    ----------
    pass_ : {"forward", "backward"}
    nodes, edges : list of Tensor, list of int
        What lights up: nodes, and positions in the uses of the view.
    html : str
        What is said.
    results : list of (str, str)
        What is known afterwards: names and values, as HTML.
    """

    pass_: str
    nodes: list[Tensor]
    edges: list[int]
    html: str
    results: list[tuple[str, str]]


def array_html(value: Any) -> str:
    """Return a number, a small matrix, or of a large array what can be said of it."""
    array = np.asarray(value)
    if not text.small(array):
        said = f"({text.shape(array.shape)}: {text.summary(array)})"
        return f'<span class="large">{html.escape(said)}</span>'
    if array.ndim == 0 or array.size == 1:
        return html.escape(text.number(array.reshape(())[()]))
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    cells = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text.number(v))}</td>" for v in row) + "</tr>"
        for row in rows.tolist()
    )
    return f'<table class="m">{cells}</table>'


def _equal(*values: str) -> str:
    """Return lines that begin with an equals sign, one for every value that is new."""
    return "".join(f"<div>&#8195;= {value}</div>" for value in dict.fromkeys(values))


class Steps:
    """The steps of a graph.

    Parameters
    ----------
    view : View
        All of it.
    names : mapping of Tensor to str
        A name for every node but bare numbers.
    flows : Flows
        Its gradients.
    """

    def __init__(self, view: View, names: Mapping[Tensor, str], flows: Flows) -> None:
        self.view = view
        self.names = names
        self.flows = flows
        self.output = view.outputs[0]
        self.uses: dict[Tensor, list[int]] = {}
        self.taken: dict[Tensor, list[int]] = {}
        for position, use in enumerate(view.uses):
            self.uses.setdefault(use.tail, []).append(position)
            self.taken.setdefault(use.head, []).append(position)

    def all(self) -> list[Step]:
        """Return every step: what is given, forward, backward."""
        forward = [self._forward(node) for node in self.view.nodes if node.inputs]
        known = [node for node in reversed(self.view.nodes) if node in self.flows.total]
        return [self._given(), *forward, *[self._backward(node) for node in known]]

    # -- names --------------------------------------------------------------------------------

    def _plain(self, node: Tensor) -> str:
        """Return the name of a node, or the number that it is, as plain text."""
        if node in self.names:
            return notation.unicode(self.names[node])
        return text.plain(plain(node))

    def _gradient(self, node: Tensor) -> str:
        """Return the name of the gradient at a node as plain text."""
        name = self.names.get(node, "")
        if cotangent_name(name).startswith("delta"):
            return notation.unicode(cotangent_name(name))
        return f"∂{self._plain(self.output)}/∂{self._plain(node)}"

    # -- formulas -----------------------------------------------------------------------------

    def _written(self, formula: Expr, parts: Mapping[str, tuple[str, Any]]) -> tuple[str, str]:
        """Return a formula as HTML: with names, and with the numbers in their places.

        Parameters
        ----------
        formula : Expr
            Its names are keys of `parts`.
        parts : mapping of str to (str, array)
            What is said in words, and the value.
        """
        words = write(formula, unicode_style(lambda key: parts[key][0]))
        marked = write(formula, unicode_style(lambda key: f"⁽{key}⁾"))
        alone = marked.startswith("⁽") and marked.count("⁽") == 1 and marked.endswith("⁾")

        def value(match: re.Match[str]) -> str:
            said = array_html(parts[match[1]][1])
            return f"({said})" if said.startswith("−") and not alone else said

        if all(np.size(number) == 1 for _, number in parts.values()):
            words, marked = words.replace(" ⊙ ", " · "), marked.replace(" ⊙ ", " · ")
        return html.escape(words), re.sub("⁽(@[a-z0-9]+)⁾", value, html.escape(marked))

    def _given(self) -> Step:
        leaves = [node for node in self.view.nodes if not node.inputs]
        said = [
            "<h1><span class='pass'>Given</span></h1>",
            "<p>The inputs and parameters, before anything is computed. The next steps go "
            "forward through the graph, one operation at a time, and then backward.</p>",
        ]
        results = [
            (html.escape(self._plain(leaf)), array_html(plain(leaf)))
            for leaf in leaves
            if leaf in self.names
        ]
        return Step("forward", leaves, [], "".join(said), results)

    def _forward(self, node: Tensor) -> Step:
        assert node.op is not None  # noqa: S101 - a node with inputs has an operation
        keys = [f"@{i}" for i in range(len(node.inputs))]
        parts = {key: (self._plain(x), plain(x)) for key, x in zip(keys, node.inputs, strict=True)}
        formula = Expr(node.op, tuple(named(key) for key in keys), dict(node.params))
        words, numbers = self._written(formula, parts)
        name = html.escape(self._plain(node))
        template = _WORDS.get(node.op.name, text.operation(node).replace("{", "{{") + " of ")
        inputs = [html.escape(self._plain(x)) for x in node.inputs]
        if node.op.name in _WORDS:
            sentence = template.format(*inputs)
        else:
            sentence = html.escape(template) + " and ".join(inputs)
        said = (
            f"<h1><span class='pass'>Forward:</span> {name}</h1>"
            f"<p>{name} is {sentence}.</p>"
            f"<div class='formula'><div>{name} = {words}</div>"
            f"{_equal(numbers, array_html(plain(node)))}</div>"
        )
        return Step(
            "forward", [node], self.taken.get(node, []), said, [(name, array_html(plain(node)))]
        )

    # -- backward -----------------------------------------------------------------------------

    def _backward(self, node: Tensor) -> Step:
        name, called = html.escape(self._plain(node)), html.escape(self._gradient(node))
        output = html.escape(self._plain(self.output))
        total = array_html(self.flows.total[node])
        used = [
            position
            for position in self.uses.get(node, [])
            if (self.view.uses[position].head, self.view.uses[position].argument)
            in self.flows.along
        ]
        if node is self.output:
            why = f"<p>The backward pass begins: {output} changes with itself at the rate 1.</p>"
            lines = f"<div>{called} = {total}</div>"
        else:
            why = f"<p>{self._chain(name, output, used)}</p>"
            lines = self._sum(called, used, total)
        said = (
            f"<h1><span class='pass'>Backward:</span> {called}</h1>{why}"
            f"<div class='formula'>{lines}</div>"
        )
        return Step("backward", [node], used, said, [(called, total)])

    def _chain(self, name: str, output: str, used: list[int]) -> str:
        """Return the chain rule for a node in words."""
        heads = [self.view.uses[position].head for position in used]
        through = [html.escape(self._plain(head)) for head in heads]
        if len(used) == 1:
            carried = html.escape(self._gradient(heads[0]))
            return (
                f"{output} depends on {name} through {through[0]} alone, so the chain rule has "
                f"one term: {carried}, carried back through that operation."
            )
        return (
            f"{output} depends on {name} through {len(used)} uses, in "
            f"{' and '.join(through)}. The chain rule adds what each of them hands back."
        )

    def _sum(self, called: str, used: list[int], total: str) -> str:
        """Return the terms of a gradient, each as a formula and with numbers, and their sum."""
        several = len(used) > 1
        lines, symbols = [], []
        for count, position in enumerate(used, 1):
            use = self.view.uses[position]
            words, numbers = self._term(use.head, use.argument)
            symbols.append(words)
            if several:
                through = html.escape(self._plain(use.head))
                part = array_html(self.flows.along[use.head, use.argument])
                lines.append(f"<div class='label'>term {count}, through {through}</div>")
                lines.append(f"<div>{words}</div>{_equal(numbers, part)}")
            else:
                lines.append(_equal(numbers, total))
        if not several:
            return f"<div>{called} = {symbols[0]}</div>{lines[0]}"
        parts = " + ".join(
            array_html(self.flows.along[self.view.uses[p].head, self.view.uses[p].argument])
            for p in used
        )
        lines.append("<div class='label'>together</div>")
        lines.append(f"<div>{called} = {parts}</div><div>&#8195;= {total}</div>")
        return "".join(lines)

    def _term(self, head: Tensor, argument: int) -> tuple[str, str]:
        """Return what `head` hands back to one of its inputs, in names and in numbers."""
        formula = rule_formula(head, argument)
        assert formula is not None  # noqa: S101 - a gradient flows along this use
        if formula.op is None and not formula.name:
            value = array_html(formula.value)
            return value, value
        parts = {
            G: (self._gradient(head), self.flows.total[head]),
            OUT: (self._plain(head), plain(head)),
            **{f"@{i}": (self._plain(x), plain(x)) for i, x in enumerate(head.inputs)},
        }
        return self._written(simplified(formula), parts)
