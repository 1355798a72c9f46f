"""A recorded graph run on symbols (SymPy; extra ``symbolic``).

1. `entries` makes the symbols of an array's elements, named as the document names them.
2. `Symbolic` runs the graph on them, the activation an undefined function f, and takes gradients
   with the engine's own rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.backward import gradients
from ..core.op import REGISTRY, Op
from ..core.recording import recording
from ..core.tensor import Tensor, apply, plain
from ..formulas import notation
from .names import Environment

_DOWN = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉,")


def sympy_module() -> Any:
    """Import SymPy, or say which extra brings it."""
    try:
        import sympy
    except ImportError as error:  # pragma: no cover - present wherever the tests run
        raise ImportError(
            "proofs and index forms need SymPy: pip install 'autograd-nn[symbolic]'"
        ) from error
    return sympy


def _index(index: tuple[int, ...], shape: tuple[int, ...]) -> list[int]:
    """Return an index counted from 1, without the column of a single sample."""
    if len(shape) == 2 and shape[1] == 1 and shape[0] >= 1:
        index = index[:1]
    return [i + 1 for i in index]


def entry_name(text: str, index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[str, str]:
    """Return the name of one element in Unicode and in LaTeX.

    >>> entry_name("W2", (0, 1), (3, 3))
    ('w₁₂⁽²⁾', 'w_{12}^{(2)}')
    """
    single = text.startswith("W") and text[1:].isdigit()
    keep_both = single and len(shape) == 2
    numbers = [i + 1 for i in index] if keep_both else _index(index, shape)
    joined = ("" if all(n < 10 for n in numbers) else ",").join(map(str, numbers))
    whole, latex = notation.unicode(text), notation.latex(text)
    if single:
        whole, latex = "w" + whole[1:], "w" + latex[1:]
    if not joined:
        return whole, latex
    stem, up, rest = whole.partition("⁽")
    plain = stem + joined.translate(_DOWN) + up + rest
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
    given = np.asarray(value)
    array = np.empty(given.shape, dtype=object)
    for index in np.ndindex(given.shape):
        number = given[index].item()
        array[index] = sympy.nsimplify(number, rational=True)
    return array


def _elementwise(function: Any) -> Any:
    def forward(*arrays: Any, **params: Any) -> Any:
        return np.frompyfunc(function, len(arrays), 1)(*arrays)

    return forward


def _function_ops() -> dict[str, Op]:
    """Return the operations that NumPy cannot run on symbols, in SymPy's words."""
    sympy = sympy_module()
    names = ("exp", "log", "sin", "cos", "sqrt", "absolute", "sign", "tanh")
    made = {}
    for text in names:
        function = {"absolute": sympy.Abs}.get(text) or getattr(sympy, text)
        old = REGISTRY[text]
        made[text] = Op(text, _elementwise(function), _symbolic_rules(text, old), latex=old.latex)
    return made


def _symbolic_rules(text: str, old: Op) -> Any:
    functions = _elementwise
    sympy = sympy_module()
    special = {
        "sin": lambda g, out, x: g * functions(sympy.cos)(x),
        "cos": lambda g, out, x: -g * functions(sympy.sin)(x),
        "absolute": lambda g, out, x: g * functions(sympy.sign)(x),
    }
    return (special[text],) if text in special else old.vjps


def _boxed(op: Op) -> Op:
    """Return `op` with rules that are handed arrays, where NumPy unwrapped 0-d object arrays."""

    def boxed(rule: Any) -> Any:
        def with_array(g: Any, out: Any, *inputs: Any, **params: Any) -> Any:
            return rule(as_array(g, np.shape(g)), out, *inputs, **params)

        return with_array

    rules = [boxed(rule) if rule is not None else None for rule in op.vjps]
    every = op.every
    if every is not None:
        rules = []

        def each(index: int, g: Any, out: Any, *inputs: Any, **params: Any) -> Any:
            return every(index, as_array(g, np.shape(g)), out, *inputs, **params)

        return Op(op.name, op.forward, every=each, broadcasts=op.broadcasts)
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
        """f′(z) → what it is for the activation of the graph, in terms of f(z)."""
        self.nodes: dict[Tensor, Tensor] = {}
        ops = _function_ops()
        for node in environment.order:
            self.nodes[node] = self._run(node, ops, cut)
            self.nodes[node].name = node.name

    def _run(self, node: Tensor, ops: Mapping[str, Op], cut: str) -> Tensor:
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
            op = ops.get(node.op.name, node.op)
            try:
                if op.name == "mean":  # its rule divides g, which unwraps a 0-d object array
                    total = apply(_boxed(REGISTRY["sum"]), inputs, node.params)
                    return apply(
                        _boxed(REGISTRY["divide"]), [total, exact(inputs[0].size // node.size)]
                    )
                return apply(_boxed(op), inputs, node.params)
            except TypeError as error:
                raise TypeError(
                    f"operation {node.op.name!r} cannot be run on symbols: {error}"
                ) from error

    def _activation(self, node: Tensor) -> Op:
        """Return f as an operation, with f′ as its rule."""
        if self.nested:
            value, slope = _elementwise(self.f), _elementwise(self.f_prime)
            return Op("f", value, (lambda g, out, z: g * slope(z),))
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
            kinds = {"sigmoid": h[index] * (1 - h[index]), "tanh": 1 - h[index] ** 2}
            if node.op.name in kinds:
                self.specific[p[index]] = kinds[node.op.name]
        return Op("f", lambda _: h, (lambda g, out, z: g * p,))

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

        def function(z: Any) -> Any:
            return np.frompyfunc(element, 1, 1)(np.asarray(z, dtype=object))

        return function

    def latex(self, expression: Any) -> str:
        """Return an expression as LaTeX, with the names of the document."""
        return str(self.sympy.latex(expression, symbol_names=self.names.latex))


def as_array(value: Any, shape: tuple[int, ...]) -> Any:
    """Return an object array of that shape; NumPy unwraps 0-d ones to the bare object."""
    array = np.empty(shape, dtype=object)
    array[...] = value
    return array


def _undefined_function(sympy: Any) -> tuple[Any, Any]:
    """Return f and f′: f is any differentiable function, and SymPy knows its derivative as f′."""
    f_prime = sympy.Function("f'")

    def fdiff(self: Any, argindex: int = 1) -> Any:
        return f_prime(self.args[0])

    return type("f", (sympy.Function,), {"fdiff": fdiff}), f_prime
