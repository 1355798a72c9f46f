"""A recorded graph run on symbols (SymPy; extra ``symbolic``).

1. `entries` makes the symbols of an array's elements, named as the document names them.
2. `Symbolic` runs the graph on them, the activation an undefined function f, and takes gradients
   with the engine's own rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from ..core.backward import gradients
from ..core.op import REGISTRY, Op
from ..core.recording import recording
from ..core.tensor import Tensor, apply, plain
from ..formulas import notation
from ..formulas.expression import Expr, call, evaluate, mapped, number
from ..formulas.rule import OUT, G, rule_formula
from ..ops.elementwise import DIVIDE
from ..ops.reductions import MEAN, SUM
from .names import Environment


def sympy_module() -> Any:
    """Import SymPy, or say which extra brings it."""
    try:
        import sympy
    except ImportError as error:  # pragma: no cover - present wherever the tests run
        raise ImportError(
            "proofs and index forms need SymPy: pip install 'autograd-nn[symbolic]'"
        ) from error
    return sympy


def entry_name(text: str, index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[str, str]:
    """Return the name of one element in Unicode and in LaTeX.

    >>> entry_name("W2", (0, 1), (3, 3))
    ('w₁₂⁽²⁾', 'w_{12}^{(2)}')
    """
    single = notation.Name.parse(text).weights
    if len(shape) == 2 and shape[1] == 1 and not single:
        index = index[:1]  # the column of a single sample
    numbers = [i + 1 for i in index]
    joined = ("" if all(n < 10 for n in numbers) else ",").join(map(str, numbers))
    whole, latex = notation.unicode(text), notation.latex(text)
    if single:
        whole, latex = "w" + whole[1:], "w" + latex[1:]
    if not joined:
        return whole, latex
    stem, up, rest = whole.partition("⁽")
    plain = stem + joined.translate(notation.DOWN) + up + rest
    head, hat, tail = latex.partition("^")
    return plain, f"{head}_{{{joined}}}{hat}{tail}"


class Names:
    """The symbols made so far, with their LaTeX."""

    def __init__(self) -> None:
        self.sympy = sympy_module()
        self.latex: dict[Any, str] = {}

    def symbol(self, plain: str, latex: str) -> Any:
        """Return the real symbol of that name."""
        made = self.sympy.Symbol(plain, real=True)
        self.latex[made] = latex
        return made

    def entries(self, text: str, shape: tuple[int, ...], wrap: str = "") -> Any:
        """Return an object array of symbols for the elements of an array.

        `wrap` is a function name to write around each: ``"f′"`` for f′(z₁).
        """
        array = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            plain, latex = entry_name(text, index, shape)
            if wrap:
                plain, latex = f"{wrap}({plain})", f"{wrap}({latex})".replace("′", "'")
            array[index] = self.symbol(plain, latex)
        return array


def exact(value: Any) -> Any:
    """Return numbers as an object array of SymPy numbers, fractions where they are exact."""
    sympy = sympy_module()
    return each(lambda v: sympy.nsimplify(v, rational=True), value)


def _function_ops() -> dict[Op, Op]:
    """Return the operations that NumPy cannot run on symbols, in SymPy's words.

    Their rules are the engine's own, with SymPy's functions in them.
    """
    sympy = sympy_module()
    functions = {
        op: Op(op.name, partial(each, getattr(sympy, op.symbolic)), latex=op.latex)
        for op in REGISTRY.values()
        if op.symbolic
    }

    def in_symbols(e: Expr) -> Expr:
        if e.op is None:
            return e if e.name else number(exact(e.value))
        return call(functions.get(e.op, e.op), *e.args, **e.params)

    def with_rule(op: Op, function: Op) -> Op:
        with recording():
            formula = rule_formula(apply(op, (Tensor(0.5),)), 0)
        if formula is None:
            return function
        rule = mapped(formula, in_symbols)

        def vjp(g: Any, out: Any, x: Any) -> Any:
            return evaluate(rule, {G: g, OUT: out, "@0": x})

        return Op(op.name, function.forward, (vjp,), latex=op.latex)

    return {op: with_rule(op, function) for op, function in functions.items()}


def _boxed(op: Op, count: int) -> Op:
    """Return `op` with rules that are handed arrays, where NumPy unwrapped 0-d object arrays."""

    def boxed(rule: Any, g: Any, *given: Any, **params: Any) -> Any:
        return rule(as_array(g, np.shape(g)), *given, **params)

    rules = [rule and partial(boxed, rule) for rule in map(op.rule, range(count))]
    return Op(op.name, op.forward, rules, broadcasts=op.broadcasts)


class Symbolic:
    """A graph on symbols.

    Parameters
    ----------
    environment : Environment
        The graph.
    nested : bool
        True: h is f(z) as SymPy sees it, so that SymPy can differentiate. False: every element
        of h and of f′(z) is a symbol of its own, which keeps expressions short; an identity
        between polynomials in free symbols holds for whatever they stand for.
    cut : str
        The name of a node whose elements are to be free symbols.
    """

    def __init__(self, environment: Environment, nested: bool = False, cut: str = "") -> None:
        self.sympy = sympy_module()
        self.environment = environment
        self.names = Names()
        self.nested = nested
        self.f, self.f_prime = _undefined_function(self.sympy)
        self.values: dict[Any, Any] = {}
        """z → (f(z), f′(z)), as symbols, for every z that f was taken at."""
        self.specific: dict[Any, Any] = {}
        """What f(z) and f′(z) are for the activation of the graph, in terms of the symbol f(z)."""
        self.nodes: dict[Tensor, Tensor] = {}
        ops = _function_ops()
        for node in environment.order:
            self.nodes[node] = self._run(node, ops, cut)
            self.nodes[node].name = node.name

    def _run(self, node: Tensor, ops: Mapping[Op, Op], cut: str) -> Tensor:
        env = self.environment
        text = env.names.get(node, "")
        if cut and text == cut:
            return Tensor(self.names.entries(text, node.shape))
        if node.op is None:
            free = node.dtype.kind == "f" and (text or node.requires_grad)
            label = text or f"u{len(self.nodes)}"
            return Tensor(self.names.entries(label, node.shape) if free else exact(plain(node)))
        inputs = [self.nodes[x] for x in node.inputs]
        activations = {env.named[a.h] for a in env.activations}
        with recording():
            if node in activations or "activation" in node.op.traits:
                return apply(self._activation(node), inputs)
            op = ops.get(node.op, node.op)
            try:
                if op is MEAN:  # its rule divides g, which unwraps a 0-d object array
                    total = apply(_boxed(SUM, 1), inputs, node.params)
                    return apply(_boxed(DIVIDE, 2), [total, exact(inputs[0].size // node.size)])
                return apply(_boxed(op, len(inputs)), inputs, node.params)
            except TypeError as error:
                raise TypeError(
                    f"operation {node.op.name!r} cannot be run on symbols: {error}"
                ) from error

    def _activation(self, node: Tensor) -> Op:
        """Return f as an operation, with f′ as its rule."""
        if self.nested:
            return Op("f", partial(each, self.f), (lambda g, out, z: g * each(self.f_prime, z),))
        env = self.environment
        assert node.op is not None  # noqa: S101 - activations are operations
        count = len(self.values)
        h = self.names.entries(env.names.get(node, f"a{count}"), node.shape)
        z_name = env.names.get(node.inputs[0], f"s{count}")
        p = self.names.entries(z_name, node.shape, wrap="f′")
        z = plain(self.nodes[node.inputs[0]])
        for index in np.ndindex(node.shape):
            key = self.sympy.expand(z[index])
            if key in self.values:  # f of the same thing is the same
                h[index], p[index] = self.values[key]
            self.values[key] = (h[index], p[index])
            slope = self._own_slope(node, h[index])
            if slope is not None:
                self.specific[p[index]] = slope
            if node.op is not None and node.op.symbolic:
                self.specific[getattr(self.sympy, node.op.symbolic)(key)] = h[index]
        return Op("f", lambda _: h, (lambda g, out, z: g * p,))

    def _own_slope(self, node: Tensor, h: Any) -> Any:
        """Return f′(z) of the graph's own activation in terms of h = f(z), None if it needs z."""
        rule = node.op.rule(0) if node.op is not None else None
        try:
            slope = self.sympy.sympify(rule and rule(1, h, self.sympy.Dummy(), **node.params))
        except (TypeError, ValueError, AttributeError):  # the rule looks at the value of z
            return None
        return slope if slope is not None and slope.free_symbols <= {h} else None

    def gradient(self, node: Tensor) -> Any:
        """Return ∂J/∂node by the engine's rules, as an object array."""
        J, x = self.nodes[self.environment.J], self.nodes[node]
        return as_array(gradients(J, [x])[0], node.shape)

    def apply_f(self, derivative: bool) -> Any:
        """Return f or f′ as a function of object arrays, for formulas."""

        def element(z: Any) -> Any:
            if self.nested:
                return self.f_prime(z) if derivative else self.f(z)
            key = self.sympy.expand(z)
            if key not in self.values:
                text = str(key)
                self.values[key] = (
                    self.names.symbol(f"f({text})", rf"f({self.latex(key)})"),
                    self.names.symbol(f"f′({text})", rf"f'({self.latex(key)})"),
                )
            return self.values[key][int(derivative)]

        return partial(each, element)

    def latex(self, expression: Any) -> str:
        """Return an expression as LaTeX, with the names of the document."""
        return str(self.sympy.latex(expression, symbol_names=self.names.latex))


def as_array(value: Any, shape: tuple[int, ...]) -> Any:
    """Return an object array of that shape; NumPy unwraps 0-d ones to the bare object."""
    array = np.empty(shape, dtype=object)
    array[...] = value
    return array


def each(function: Callable[[Any], Any], values: Any) -> Any:
    """Return what `function` makes of every element, as an object array of the same shape."""
    array = np.asarray(values, dtype=object)
    return as_array(np.frompyfunc(function, 1, 1)(array), array.shape)


class Elements(np.ndarray):
    """An object array of SymPy expressions that NumPy's elementwise functions take."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **params: Any) -> Any:
        """Run a function, in SymPy's words where NumPy has none for objects."""
        arrays = [np.asarray(x) if isinstance(x, Elements) else x for x in inputs]
        op = REGISTRY.get(ufunc.__name__)
        text = op.symbolic if op is not None else ""
        if text and method == "__call__":
            return each(getattr(sympy_module(), text), arrays[0]).view(Elements)
        if "out" in params:
            params["out"] = tuple(np.asarray(x) for x in params["out"])
        found = getattr(ufunc, method)(*arrays, **params)
        return np.asarray(found, dtype=object).view(Elements)


def _undefined_function(sympy: Any) -> tuple[Any, Any]:
    """Return f and f′: f is any differentiable function, and SymPy knows its derivative as f′."""
    f_prime = sympy.Function("f'")

    def fdiff(self: Any, argindex: int = 1) -> Any:
        return f_prime(self.args[0])

    return type("f", (sympy.Function,), {"fdiff": fdiff}), f_prime
