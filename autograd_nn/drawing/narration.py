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

from ..core.tensor import Tensor, plain
from ..formulas import arrays, notation
from ..formulas.expression import Expr, factors, mapped, names_in, number, without
from ..formulas.expression import name as named
from ..formulas.printing import unicode_style, write
from ..formulas.rule import OUT, G, rule_formula
from ..formulas.simplify import simplified
from ..ops.linalg import MATMUL
from ..ops.shapes import RESHAPE
from . import text
from .flows import Flows
from .live import Shown, recorded
from .names import deltas_of
from .view import View


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


def _equal(numbers: str, result: str) -> str:
    """Return the lines with the numbers and with the result, one where they are the same."""
    lines = [("numbers", numbers)] if _bare_text(numbers) != _bare_text(result) else []
    lines.append(("result", result))
    return "".join(f"<div class='{kind}'>&#8195;= {value}</div>" for kind, value in lines)


def _bare_text(markup: str) -> str:
    return re.sub("<[^>]*>|[() ]", "", markup)


def _bare(formula: Expr) -> Expr:
    """Return a formula of single numbers without changes of their shape."""
    return mapped(formula, lambda e: e.args[0] if e.op is RESHAPE else e)


class Steps:
    """The steps of a graph.

    Parameters
    ----------
    view : View
        All of it.
    names : mapping of Tensor to str
        A name for every node but bare numbers.
    flows : Flows
        Its gradients, recorded.
    shown : Shown
        Where the values are entered that are written.
    """

    def __init__(self, view: View, names: Mapping[Tensor, str], flows: Flows, shown: Shown) -> None:
        self.view = view
        self.names = names
        self.flows = flows
        self.shown = shown
        self.output = view.outputs[0]
        self.deltas = deltas_of(view.outputs, names)
        self.uses: dict[Tensor, list[int]] = {}
        self.taken: dict[Tensor, list[int]] = {}
        for position, use in enumerate(view.uses):
            self.uses.setdefault(use.tail, []).append(position)
            self.taken.setdefault(use.head, []).append(position)

    def all(self) -> list[Step]:
        """Return every step: what is given, forward, backward."""
        forward = [self._forward(node) for node in self.view.nodes if node.inputs]
        return [self._given(), *forward, *[self._backward(node) for node in self._backwards()]]

    def _backwards(self) -> list[Tensor]:
        """Return the nodes in reverse, a leaf as soon as its gradient is complete."""
        left = {node: len(self.uses.get(node, ())) for node in self.view.nodes}
        found: list[Tensor] = []
        for node in reversed(self.view.nodes):
            if node.inputs:
                found.append(node)
            for x in node.inputs:
                left[x] -= 1
                if not left[x] and not x.inputs:
                    found.append(x)
        return [node for node in found or [self.output] if node in self.flows.total]

    # -- names --------------------------------------------------------------------------------

    def _plain(self, node: Tensor) -> str:
        """Return the name of a node, or the number that it is, as plain text."""
        if node in self.names:
            return notation.unicode(self.names[node])
        return arrays.short(plain(node))

    def _name(self, node: Tensor) -> str:
        """Return the same, escaped."""
        return html.escape(self._plain(node))

    def _gradient(self, node: Tensor) -> str:
        """Return the name of the gradient at a node as plain text."""
        if node in self.deltas:
            return notation.unicode(self.deltas[node])
        return f"∂{self._plain(self.output)}/∂{self._plain(node)}"

    # -- formulas -----------------------------------------------------------------------------

    def _written(self, formula: Expr, parts: Mapping[str, tuple[str, Any]]) -> tuple[str, str]:
        """Return a formula as HTML: with names, and with the numbers in their places.

        Parameters
        ----------
        formula : Expr
            Its names are keys of `parts`.
        parts : mapping of str to (str, Tensor)
            What is said in words, and the value.
        """
        single = all(number.size == 1 for _, number in parts.values())
        formula = _bare(formula) if single else formula
        words = write(formula, unicode_style(lambda key: parts[key][0]))
        style = unicode_style(lambda key: f"⁽{key}⁾")._replace(scalar_product="{0} · {1}")
        marked = write(formula, style)
        alone = marked.startswith("⁽") and marked.count("⁽") == 1 and marked.endswith("⁾")

        def value(match: re.Match[str]) -> str:
            before, key, after = match.groups()
            if before == "(" and after and parts[key][1].size > 1:
                return self.shown.html(parts[key][1])  # a matrix has brackets of its own
            wrapped = bool(before and after)  # as in f(x) and (x)²
            return before + self.shown.html(parts[key][1], not alone and not wrapped) + after

        if single:
            words, marked = words.replace(" ⊙ ", " · "), marked.replace(" ⊙ ", " · ")
        return html.escape(words), re.sub(
            r"((?:[^\W\d_]′?)?\(|)⁽(@[a-z0-9]+)⁾(\)?)", value, html.escape(marked)
        )

    def _filled(self, formula: Expr, parts: Mapping[str, tuple[str, Any]]) -> Expr:
        """Return a formula with the bare numbers among its `parts` in it."""
        bare = {
            key: number(plain(x))
            for key, (_, x) in parts.items()
            if key != G and x not in self.names and not x.inputs and not x.ndim
        }
        return mapped(formula, lambda e: bare.get(e.name, e))

    def _given(self) -> Step:
        leaves = [node for node in self.view.nodes if not node.inputs]
        said = (
            "<h1><span class='pass'>Given</span></h1>"
            "<p>The inputs and parameters, before anything is computed. The next steps go "
            "forward through the graph, one operation at a time, and then backward.</p>"
        )
        named = [leaf for leaf in leaves if leaf in self.names]
        results = [(self._name(leaf), self.shown.html(leaf)) for leaf in named]
        return Step("forward", leaves, [], said, results)

    def _forward(self, node: Tensor) -> Step:
        assert node.op is not None  # noqa: S101 - a node with inputs has an operation
        inputs = [self._name(x) for x in node.inputs]
        if node.op.words:
            sentence = html.escape(node.op.words).format(*inputs)
        else:
            sentence = f"{html.escape(text.operation(node))} of {' and '.join(inputs)}"
        parts = self._operands(node)
        formula = Expr(node.op, tuple(named(key) for key in parts), dict(node.params))
        words, numbers = self._written(self._filled(formula, parts), parts)
        name, value = self._name(node), self.shown.html(node)
        said = (
            f"<h1><span class='pass'>Forward:</span> {name}</h1>"
            f"<p>{name} is {sentence}.</p>"
            f"<div class='formula'><div class='words'>{name} = {words}</div>"
            f"{_equal(numbers, value)}</div>"
        )
        return Step("forward", [node], self.taken.get(node, []), said, [(name, value)])

    def _operands(self, node: Tensor) -> dict[str, tuple[str, Any]]:
        """Return what the inputs of `node` are called and their values, by their places."""
        return {f"@{i}": (self._plain(x), x) for i, x in enumerate(node.inputs)}

    # -- backward -----------------------------------------------------------------------------

    def _backward(self, node: Tensor) -> Step:
        called, total = html.escape(self._gradient(node)), self.shown.html(self.flows.total[node])
        used = [
            position for position in self.uses.get(node, []) if self._flow(position) is not None
        ]
        if node is self.output:
            why = f"The backward pass begins: {self._name(node)} changes with itself at the rate 1."
            lines = f"<div class='result'>{called} = {total}</div>"
        else:
            why = self._chain(node, used)
            lines = self._sum(called, used, total)
        said = (
            f"<h1><span class='pass'>Backward:</span> {called}</h1><div class='why'>{why}</div>"
            f"<div class='formula'>{lines}</div>"
        )
        return Step("backward", [node], used, said, [(called, total)])

    def _flow(self, position: int) -> Any:
        """Return what a use hands back, None where that is nothing."""
        use = self.view.uses[position]
        return self.flows.along.get((use.head, use.argument))

    def _chain(self, node: Tensor, used: list[int]) -> str:
        """Return the chain rule in words for a node with these uses."""
        output, name = self._name(self.output), self._name(node)
        heads = [self.view.uses[position].head for position in used]
        through = [self._name(head) for head in heads]
        if len(heads) == 1:
            carried = html.escape(self._gradient(heads[0]))
            rate = self._rate(heads[0], self.view.uses[used[0]].argument)
            back = f"{carried}, carried back through it"
            back = f"{carried} times that" if ": a small change" in rate else back
            return (
                f"{output} depends on {name} through {through[0]} alone"
                f"{rate}. So the chain rule has one term: {back}."
            )
        return (
            f"{output} depends on {name} through {len(heads)} uses, in "
            f"{' and '.join(through)}. The chain rule adds what each of them hands back."
        )

    def _rate(self, head: Tensor, argument: int) -> str:
        """Return how much a change of an input of `head` counts there; nothing if unsaid."""
        assert head.op is not None  # noqa: S101 - it uses something
        operands, x = self._operands(head), head.inputs[argument]
        whole = Expr(head.op, tuple(named(key) for key in operands), dict(head.params))
        written = self._written(self._filled(whole, operands), operands)[0]
        said = f", and {self._name(head)} = {written}"
        change = f"{said}: a small change of {self._name(x)} counts "
        if head.op is MATMUL:
            return f"{change}{self._name(head.inputs[1 - argument])} times"
        formula = rule_formula(head, argument)
        if formula is None or "elementwise" not in head.op.traits:
            return said
        formula = simplified(self._filled(formula, operands))
        flowing = [path for path, e in factors(formula) if e.name == G]
        rate = without(formula, flowing[:1])
        if len(flowing) != 1 or formula.name:
            return f"{change}once" if formula.name == G else said
        parts = {OUT: (self._plain(head), head), **operands}
        words = f"f′({self._name(x)})" if "activation" in head.op.traits else ""
        value = recorded(rate, {key: part for key, (_, part) in parts.items()})
        written = self._written(rate, parts)[0] if names_in(rate) else ""
        equal = [part for part in (words, written) if part]
        return f"{change}{' = '.join([*equal, self.shown.html(value)])} times"

    def _sum(self, called: str, used: list[int], total: str) -> str:
        """Return the terms of a gradient, each as a formula and with numbers, and their sum."""
        terms = [self._term(*self.view.uses[position][1:3]) for position in used]
        if len(terms) == 1:
            words, numbers = terms[0]
            return f"<div class='words'>{called} = {words}</div>{_equal(numbers, total)}"
        lines, parts = [], [self.shown.html(self._flow(position)) for position in used]
        for count, (words, numbers) in enumerate(terms, 1):
            through = self._name(self.view.uses[used[count - 1]].head)
            lines.append(f"<div class='label'>term {count}, through {through}</div>")
            lines.append(f"<div class='words'>{words}</div>{_equal(numbers, parts[count - 1])}")
        lines.append("<div class='label'>together</div>")
        together = f"{called} = {' + '.join(parts)}"
        lines.append(f"<div class='numbers'>{together}</div>{_equal(total, total)}")
        return "".join(lines)

    def _term(self, head: Tensor, argument: int) -> tuple[str, str]:
        """Return what `head` hands back to one of its inputs, in names and in numbers."""
        formula = rule_formula(head, argument)
        assert formula is not None  # noqa: S101 - a gradient flows along this use
        if formula.op is None and not formula.name:
            value = text.in_html(formula.value)
            return value, value
        parts = {
            G: (self._gradient(head), self.flows.total[head]),
            OUT: (self._plain(head), head),
            **self._operands(head),
        }
        return self._written(simplified(self._filled(formula, parts)), parts)
