"""One operation as a Python expression.

1. `Vocabulary` writes operations, operands and constants, and remembers which imports, helper
   functions and constants the text needs.
2. Operators are infix where NumPy's operator means the same, with no more parentheses than the
   grammar or the eye needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from typing import Any

import numpy as np

from ..core.op import Op
from ..core.tensor import Tensor, constant, plain
from ..formulas.notation import identifier
from ..formulas.precedence import ATOM, BINDING, UNARY, Text, infix
from ..ops.costs import SOFTMAX_CROSS_ENTROPY
from ..ops.elementwise import ASTYPE, RELU, SIGMOID
from ..ops.indexing import GATHER, GETITEM
from ..ops.joining import CONCATENATE
from ..ops.reductions import MAX, MEAN, MIN, SUM
from ..ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from .graph import is_weak, op_of
from .iterations import ADD_AT, AT, ITEM, LOOP, PUT_AT, STORE, TABLE
from .literals import (
    Code,
    Embedding,
    NotLiteralError,
    affine,
    array_text,
    dtype_name,
    index,
    literal,
    numpy_name,
)  # fmt: skip
from .repeats import Step, mapped

_SIGMOID_TEXT = '''def sigmoid(z):
    """Return 1 / (1 + exp(-z)); where exp overflows to inf, that is the right 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))'''
_RELU_TEXT = '''def relu(z):
    """Return max(z, 0)."""
    return np.maximum(z, 0)'''
_CROSS_ENTROPY_TEXT = '''def softmax_cross_entropy(z, y, h):
    """Return -sum(y * log(h)); max(z) - log(max(h)) is log(sum(exp(z)))."""
    return np.max(z, axis=0) - np.log(np.max(h, axis=0)) - np.sum(y * z, axis=0)'''

HELPERS = {
    SIGMOID: _SIGMOID_TEXT, RELU: _RELU_TEXT, SOFTMAX_CROSS_ENTROPY: _CROSS_ENTROPY_TEXT,
}  # fmt: skip
"""Operations that have a short form of their own in programs."""


class Vocabulary:
    """What a program's text may use, and has used.

    Attributes
    ----------
    taken : set of str
        Identifiers that mean something already.
    constants : dict of str to str
        Name → the text that makes the constant.
    held : dict of str to object
        Name → a value or function without text, held beside the program.
    """

    def __init__(self, reserved: Set[str] = frozenset()) -> None:
        self.taken: set[str] = {"np", *reserved}
        self.embedding = Embedding(self.taken | _BUILTINS)
        self.helpers: dict[str, str] = {}
        self.constants: dict[str, str] = {}
        self.held: dict[str, Any] = {}
        self._numbers: dict[str, int] = {}
        self._written: dict[int, str] = {}
        self._kept: list[Any] = []

    # -- operands ---------------------------------------------------------------------------

    def constant(self, x: Tensor) -> Text:
        """Return the text of a constant."""
        data = plain(x)
        if isinstance(data, complex):
            return Text(literal(data))
        if isinstance(data, (bool, int, float)):
            negative = (isinstance(data, float) and np.signbit(data)) or data < 0
            return Text(literal(data), UNARY if negative else ATOM)
        if data.ndim == 0 and data.dtype.kind in "biufc":
            return Text(f"np.{data.dtype.name}({literal(data[()])})")
        if id(data) not in self._written:
            self._kept.append(data)
            name = self.fresh(x.name or "constant")
            try:
                self.constants[name] = array_text(data)
            except NotLiteralError:
                self.held[name] = data
            self._written[id(data)] = name
        return Text(self._written[id(data)])

    def fresh(self, wish: str) -> str:
        """Return an identifier like `wish` that nothing has yet, and take it."""
        word = identifier(wish)
        number = self._numbers.get(word, 0)  # the names before are taken
        while (name := f"{word}_{number}" if number else word) in self.taken or name in _BUILTINS:
            number += 1
        self._numbers[word] = number
        self.taken.add(name)
        return name

    # -- functions --------------------------------------------------------------------------

    def function(self, op: Op) -> str:
        """Return the text by which the program calls an operation's function."""
        if op in HELPERS:
            self.helpers[op.name] = HELPERS[op]
            return op.name
        found = numpy_name(op.forward)
        if found is not None and found[0].startswith("numpy"):
            return f"np{found[0][5:]}.{found[1]}"
        if found is not None:
            package, _, module = found[0].rpartition(".")
            self.embedding.imports[module] = f"from {package} import {module}"
            return f"{module}.{found[1]}"
        try:
            return self.embedding.add(op.forward)
        except NotLiteralError:
            alias = re.sub(r"\W", "_", f"op_{op.name}")
            while self.held.setdefault(alias, op.forward) is not op.forward:
                alias += "_"
            return alias

    # -- operations -------------------------------------------------------------------------

    def calls(self, node: Tensor) -> bool:
        """Whether the text of `node` is a call of its operation's function."""
        op = op_of(node)
        joined = op.symbol in BINDING and len(node.inputs) == 2 and not node.params
        return op not in (*_SPECIAL, LOOP, ITEM, STORE) and not joined

    def expression(self, node: Tensor, operands: Sequence[Text]) -> Text:
        """Return the expression of `node` on `operands`."""
        op = node.op
        if op is None:
            return self.constant(node)
        if op in _SPECIAL:
            return _SPECIAL[op](self, node, operands)
        strong = not all(is_weak(x) for x in node.inputs)
        if len(operands) == 2 and op.symbol in BINDING and strong and not node.params:
            return infix(op.symbol, *operands)
        if len(operands) == 1 and op.symbol == "-" and strong:
            return Text(f"-{operands[0].within(UNARY)}", UNARY, "-")
        return self.call(node, operands)

    def call(self, node: Tensor, operands: Sequence[Text]) -> Text:
        """Return ``function(operands, parameters)``."""
        op = op_of(node)
        parts = [operand.code for operand in operands]
        for key, value in node.params.items():
            try:
                parts.append(f"{key}={literal(value)}")
            except NotLiteralError:
                parts.append(f"{key}={self.parameter(key, value)}")
        return Text(f"{self.function(op)}({', '.join(parts)})")

    def parameter(self, key: str, value: Any) -> str:
        """Return the name of a parameter that is an array or has no text."""
        if isinstance(value, np.ndarray):
            return self.constant(constant(value)).code
        name = self.fresh(key)
        self.held[name] = value
        return name


_BUILTINS = frozenset(dir(__import__("builtins")))


def _transpose(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    axes = node.params.get("axes")
    if axes is None or tuple(axes) == tuple(reversed(range(node.ndim))):
        return Text(f"{_array(node.inputs[0], operands[0])}.T")
    return Text(f"np.transpose({operands[0].code}, {literal(tuple(axes))})")


def _shaped(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    return Text(f"np.{op_of(node).name}({operands[0].code}, {literal(node.shape)})")


def _astype(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    return Text(f"{_array(node.inputs[0], operands[0])}.astype({dtype_name(node.dtype)})")


def _getitem(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    text = index(node.params["key"], lambda part: words.parameter("index", part))
    return Text(f"{_array(node.inputs[0], operands[0])}[{text}]")


def _at(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    key = varying(words, node, operands[-1].code)
    return Text(f"{operands[0].within(ATOM)}[{index(key, lambda x: words.parameter('index', x))}]")


def varying(words: Vocabulary, node: Tensor, t: str) -> Any:
    """Return an index with texts for the integers that vary with `t`."""

    def text(part: int | Step) -> int | Code:
        if not isinstance(part, Step):
            return part
        if part.table:
            return Code(f"{words.constant(constant(np.array(part.table))).code}[{t}]")
        return Code(affine(part.start, part.step, t))

    return mapped(node.params["key"].parts, text)


def _table(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    return Text(f"({', '.join(operand.code for operand in operands)})")


def _concatenate(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    parts = ", ".join(operand.code for operand in operands)
    return Text(f"np.concatenate([{parts}], {literal(node.params['axis'])})")


def _gather(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    indices = ", ".join([operand.code for operand in operands[1:]])
    return Text(f"{_array(node.inputs[0], operands[0])}[{indices}]")


def _array(x: Tensor, operand: Text) -> str:
    """Return the text of an operand that must have an array's attributes."""
    given = isinstance(plain(x), np.ndarray)
    return operand.within(ATOM) if given else f"np.asarray({operand.code})"


def _reduction(words: Vocabulary, node: Tensor, operands: Sequence[Text]) -> Text:
    parts = [operands[0].code]
    axis = node.params.get("axis")
    if axis is not None:
        single = isinstance(axis, tuple) and len(axis) == 1
        parts.append(f"axis={literal(axis[0] if single else axis)}")
    if node.params.get("keepdims"):
        parts.append("keepdims=True")
    return Text(f"np.{op_of(node).name}({', '.join(parts)})")


_SPECIAL: dict[Op, Callable[[Vocabulary, Tensor, Sequence[Text]], Text]] = {
    ADD_AT: _at,
    ASTYPE: _astype,
    AT: _at,
    BROADCAST_TO: _shaped,
    CONCATENATE: _concatenate,
    GATHER: _gather,
    GETITEM: _getitem,
    PUT_AT: _at,
    RESHAPE: _shaped,
    TABLE: _table,
    TRANSPOSE: _transpose,
    **dict.fromkeys((MAX, MEAN, MIN, SUM), _reduction),
}
"""Operations that are written in a way of their own."""
