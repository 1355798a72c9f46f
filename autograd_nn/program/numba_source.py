"""The second dialect: the same program as loops that Numba compiles.

1. `looped` writes it: products by BLAS or, where they are tiny, as loops; elementwise operations
   and the sums of their results in the loop nests that `loop_nests` plans.
2. What it does not know is refused with the operation's name; the NumPy form has everything.

What it needs beyond Numba, such as a sigmoid and NumPy's own BLAS, comes from `native`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.graph import uses
from ..core.tensor import Tensor, plain
from ..formulas.precedence import ATOM, Text
from ..ops.costs import SOFTMAX_CROSS_ENTROPY
from ..ops.elementwise import ADD, MULTIPLY, NEGATIVE, POWER, SQUARE, SUBTRACT, WHERE
from ..ops.indexing import GETITEM
from ..ops.linalg import MATMUL
from ..ops.reductions import SOFTMAX, SUM
from ..ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from . import native
from .graph import Graph, is_array, is_constant, is_leaf, is_weak, op_of
from .literals import dtype_name, literal
from .loop_nests import INFIX, Nest, has_loop_form, is_product, may_overwrite, nests, postponed
from .memory import is_view
from .order import arranged
from .rewriting import Rule, applies_to, rewrite
from .rules import SIMPLIFY, scaling
from .rules.kernels import GEMM, blas_takes, division_by_a_number, mean_as_sum
from .rules.sums import axes_of
from .source import Source, Writer
from .trace import Trace

_DECORATION = '@njit(error_model="numpy", fastmath={"nsz"}, nogil=True)'
_RINGS = {ADD, SUBTRACT, MULTIPLY, NEGATIVE, SQUARE}
"""Whole numbers that wrap around are added and multiplied rightly by wider ones, cut off after."""
_TINY = 4096
"""Products of up to so many multiplications are loops: a call of BLAS costs more."""

_COMPARISONS = {"<", "<=", ">", ">=", "==", "!="}
_INDICES = "ijklmn"
_NATIVE = re.compile(r"(?<![\w.])(exp|sigmoid)(?=\()")
"""Functions of `native` in the loop form of an operation."""


class NotCompilableError(NotImplementedError):
    """An operation has no form in this dialect."""


class _Looped(Writer):
    """Writes the statements of the kernel, and what calls it."""

    def __init__(
        self,
        traced: Trace,
        graph: Graph,
        order: Sequence[Tensor],
        donated: Mapping[Tensor, Tensor],
    ) -> None:
        self.donated = donated
        self.overwritten = set(donated.values())
        self.kernel: list[str] = []
        self.columns: dict[Tensor, str] = {}
        self.used: set[str] = set()
        super().__init__(traced, graph, order, {})
        self.users = uses(order)
        self.constants = [x for x in self.users if is_constant(x) and is_array(x)]

    def reserved(self) -> set[str]:
        own = {*native.NAMES, "math", "kernel", "acc", "total", *_INDICES}
        return super().reserved() | own

    def add(self, line: str, depth: int = 0) -> None:
        """Add a line to the kernel."""
        self.kernel.append("    " * (depth + 1) + line)

    def write_kernel(self, steps: Sequence[Nest | Tensor]) -> None:
        """Write the statements of the kernel."""
        for x in self.graph.inputs:
            if x in self.users and is_array(x):
                self._as_column(x)
        for step in steps:
            if isinstance(step, Nest):
                self._nest(step)
            else:
                self.write(step)

    # -- statements that stand alone --------------------------------------------------------------

    def write(self, node: Tensor) -> None:
        if node.op is GEMM:
            c, a, b = node.inputs
            self.texts[node] = self.operand(c)
            self._gemm(node, node.params["alpha"], a, b, 1.0)
        elif node.op is TRANSPOSE and node.ndim == 2:
            self.texts[node] = Text(f"{self.operand(node.inputs[0]).within(ATOM)}.T")
        elif is_product(node):
            self._product(node)
        elif node.op is RESHAPE and not node.ndim and is_array(node.inputs[0]):
            self._assigned(node, self.at(node.inputs[0], "0" * node.inputs[0].ndim))
        elif _is_of_columns(node):
            self._of_columns(node)
        elif node.op is RESHAPE:
            operand = self.operand(node.inputs[0]).code
            self._assigned(node, f"np.ascontiguousarray({operand}).reshape({node.shape})")
        elif node.op in (BROADCAST_TO, GETITEM):
            operands = [self.operand(node.inputs[0])]
            self._assigned(node, self.words.expression(node, operands).code)
        elif _is_number(node):
            code = self._scalar(node, [self._number(x) for x in node.inputs])
            self._assigned(node, _typed(node, code))
        else:
            raise NotCompilableError(
                f"{op_of(node).name} on shapes {[x.shape for x in node.inputs]} has no form for "
                'Numba here; use jit(..., engine="numpy")'
            )

    def _of_columns(self, node: Tensor) -> None:
        """Write a call of the function that does it, into new memory."""
        name = op_of(node).name
        if node.op is SOFTMAX and node.dtype == np.float32:
            name = f"{name}f"
        self.used.add(name)
        given = [self.operand(x).code for x in node.inputs]
        self.add(f"{name}({', '.join([*given, self._new(node)])})")

    def _assigned(self, node: Tensor, code: str) -> None:
        name = self.name(node)
        self.add(f"{name} = {code}")
        self.texts[node] = Text(name)

    def _new(self, node: Tensor, zeros: bool = False) -> str:
        """Return the name of the memory for `node`, and make it unless it is a donated argument."""
        if node in self.donated:
            self._in_memory_of(self.donated[node], node)
        else:
            make = "zeros" if zeros else "empty"
            self._assigned(node, f"np.{make}({literal(node.shape)}, {dtype_name(node.dtype)})")
            self._as_column(node)
        return self.texts[node].code

    def _in_memory_of(self, x: Tensor, node: Tensor) -> None:
        """Refer to `node` as to `x`."""
        self.texts[node] = self.operand(x)
        if x in self.columns:
            self.columns[node] = self.columns[x]

    def _product(self, node: Tensor) -> None:
        a, b = node.inputs
        (n, k), m = a.shape, b.shape[1]
        if a.dtype != b.dtype or a.dtype != node.dtype or node.dtype.kind != "f":
            raise NotCompilableError("a product of different dtypes has no form for Numba here")
        tiny = n * k * m <= _TINY and m == 1
        name = self._new(node, zeros=tiny)
        if not tiny and min(n, k, m) > 1:
            self._gemm(node, 1.0, a, b, 0.0)
        elif not tiny:
            self.add(f"np.dot({self.operand(a).code}, {self.operand(b).code}, {name})")
        else:
            target, term = self.at(node, "i0"), f"{self.at(a, 'ik')} * {self.at(b, 'k0')}"
            each, along = f"for i in range({n}):", f"for k in range({k}):"
            plus = self.plus()
            lines = [each, f"    acc = {_zero(node)}", f"    {along}"]
            lines.append(f"        acc = {plus}(acc, {term})")
            lines.append(f"    {target} = acc")
            if a.op is TRANSPOSE:  # so that its rows are read one after the other
                lines = [along, f"    {each}", f"        {target} += {term}"]
            for line in lines:
                self.add(line)

    def _gemm(self, node: Tensor, alpha: float, a: Tensor, b: Tensor, beta: float) -> None:
        """Write ``c = alpha * a @ b + beta * c`` as one call of BLAS."""
        c = self.operand(node).code
        routine, what = self.product_by_blas(c, alpha, a, b, beta)
        self.used.add(routine)
        given = []
        for x in (a, b):
            flipped = x.op is TRANSPOSE
            given += [self.operand(x.inputs[0] if flipped else x).code, str(flipped)]
        call = f"{routine}({literal(alpha)}, {', '.join(given)}, {literal(beta)}, {c})"
        self.add(f"{call}  # {what}")

    # -- loops ------------------------------------------------------------------------------------

    def _nest(self, nest: Nest) -> None:
        """Write a loop nest."""
        names = self._places(nest)
        last = len(nest.shape) - 1
        rows = [g for g in nest.members if g.op is SUM and axes_of(g)[-1] == last]
        sums = {g: f"acc{n}" if n else "acc" for n, g in enumerate(rows)}
        depth = outside = 0
        for axis, size in enumerate(nest.shape):
            if axis == last:
                outside = depth
                for g in rows:
                    self.add(f"{sums[g]} = {_zero(g)}", depth)
            if size != 1:
                self.add(f"for {_INDICES[axis]} in range({size}):", depth)
                depth += 1
        indices = "".join("0" if n == 1 else i for n, i in zip(nest.shape, _INDICES, strict=False))
        inside: dict[Tensor, str] = {}
        for number, g in enumerate(nest.members):
            operands = [self._element(x, indices, inside) for x in g.inputs]
            if g.op is SUM:
                target = sums.get(g) or f"{names[g]}[{_kept(g, indices)}]"
                self.add(f"{target} = {self.plus()}({target}, {operands[0]})", depth)
                continue
            inside[g] = f"e{number}"
            self.add(f"{inside[g]} = {_typed(g, self._scalar(g, operands))}", depth)
            if g in names:
                self.add(f"{self.at(g, indices)} = {inside[g]}", depth)
        for g in rows:
            target = f"{names[g]}[{_kept(g, indices)}]" if is_array(g) else names[g]
            self.add(f"{target} += {sums[g]}", outside)

    def plus(self) -> str:
        """Return the name of the addition of a sum's terms, which may be done in any order."""
        self.used.add("plus")
        return "plus"

    def _places(self, nest: Nest) -> dict[Tensor, str]:
        """Make the memory of what a nest stores, and return member → name."""
        for g, x in nest.takes_over.items():
            self._in_memory_of(x, g)
            if g.name:
                self._assigned(g, self.texts[x].code)
        names = {
            g: self.texts[g].code if g in nest.takes_over else self._new(g, zeros=g.op is SUM)
            for g in nest.members
            if g in nest.stored and is_array(g)
        }
        for g in nest.members:
            if g.op is SUM and not is_array(g):
                self._assigned(g, _zero(g))
                names[g] = self.texts[g].code
        return names

    def _number(self, x: Tensor) -> str:
        return self.operand(x).within(ATOM)

    def _element(self, x: Tensor, indices: str, inside: Mapping[Tensor, str]) -> str:
        """Return the element of `x` at the loop's indices."""
        if x in inside:
            return inside[x]
        if not is_array(x):
            return self._number(x)
        own = zip(x.shape, indices[len(indices) - x.ndim :], strict=True)
        return self.at(x, "".join("0" if n == 1 else i for n, i in own))

    def at(self, x: Tensor, indices: str) -> str:
        """Return ``x[i, j]``; a transposed array is read the other way round."""
        while x.op is TRANSPOSE and x.ndim == 2:
            x, indices = x.inputs[0], indices[::-1]
        if x in self.columns:
            return f"{self.columns[x]}[{indices[0]}]"
        return f"{self.operand(x).code}[{', '.join(indices)}]"

    def _as_column(self, x: Tensor) -> None:
        """Let loops see an array of one column as a vector: its elements are neighbours."""
        if x.ndim == 2 and x.shape[1] == 1 and x.dtype.kind == "f":
            name = self.operand(x).code
            self.columns[x] = self.words.fresh(f"{name}_column")
            self.add(f"{self.columns[x]} = {name}.reshape({x.shape[0]})")

    def _scalar(self, node: Tensor, operands: Sequence[str]) -> str:
        """Return one element of `node` as an expression."""
        op, single = op_of(node), node.dtype == np.float32
        given = zip(node.inputs, operands, strict=True)
        common = _computed_in(node)
        operands = [_converted(x, text, common, node) for x, text in given]

        def chosen(match: re.Match[str]) -> str:
            name = f"{match[0]}f" if single else match[0]
            self.used.add(name)
            return name

        if op.loop:
            return _NATIVE.sub(chosen, op.loop).format(*operands)
        if op.symbol in INFIX and len(operands) == 2:
            return f"{operands[0]} {op.symbol} {operands[1]}"
        if op.symbol == "-":
            return f"-{operands[0]}"
        raise NotCompilableError(
            f'{op.name} has no form for Numba here; use jit(..., engine="numpy")'
        )

    # -- the module -------------------------------------------------------------------------------

    def module(self) -> Source:
        """Return the text: the kernel, and the function that takes arguments apart for it."""
        inputs = [x for x in self.graph.inputs if x in self.users or x in self.overwritten]
        made = dict.fromkeys(_untransposed(x) for x in self.graph.outputs)
        results = [x for x in made if x not in self.donated and not is_leaf(x)]
        held = [self.operand(x).code for x in self.constants]
        names = ", ".join([*(self.operand(x).code for x in inputs), *sorted(held)])
        targets = ", ".join(self.operand(x).code for x in results)
        lines = [_DECORATION, f"def kernel({names}):", *self.kernel]
        lines.append(f"    return {targets or None}")
        for x in inputs:
            code = self.operand(x).code
            if is_array(x) and x not in self.overwritten:
                self.lines.append((f"{code} = np.ascontiguousarray({code})", ""))
            elif isinstance(plain(x), np.ndarray) and not x.ndim:
                self.lines.append((f"{code} = {code}[()]", ""))
        self.lines.append((f"{targets} = kernel({names})" if targets else f"kernel({names})", ""))
        return self.finish([*native.texts_of(self.used), "\n".join(lines)])

    def imports(self) -> set[str]:
        return {"import math", *native.imports_of(self.used)}

    def result(self, position: int) -> str:
        node = self.graph.outputs[position]
        if not is_array(node) and not is_leaf(node):
            return f"{dtype_name(node.dtype)}({self.operand(node).code})"
        text = super().result(position)
        return f"{text}.copy()" if is_view(node) and not text.endswith(".copy()") else text

    def writable(self) -> set[Tensor]:
        return self.overwritten

    def ready(self) -> set[Tensor]:
        return self.overwritten


def _is_of_columns(node: Tensor) -> bool:
    """Whether `native` has a function for `node`."""
    if node.op is SOFTMAX:
        return node.ndim == 2 and node.params["axis"] in (0, -2)
    return node.op is SOFTMAX_CROSS_ENTROPY


def _is_number(node: Tensor) -> bool:
    """Whether `node` is a number computed from numbers."""
    numbers = not any(is_array(x) for x in (node, *node.inputs))
    return numbers and has_loop_form(node.op) and not node.params


def _zero(node: Tensor) -> str:
    return f"np.{node.dtype.name}(0)"


def _typed(node: Tensor, text: str) -> str:
    """Return `text` in the dtype of `node`, where Numba would compute in another."""
    return text if node.dtype == np.float64 else f"{dtype_name(node.dtype)}({text})"


def _computed_in(node: Tensor) -> np.dtype[Any]:
    """Return the dtype that NumPy computes `node` in, where Numba can do the same.

    Raises
    ------
    NotCompilableError
        If its own arithmetic, which is that of int64 and float64, gives something else.
    """
    op = op_of(node)
    values = node.inputs[1:] if op is WHERE else node.inputs
    arrays = [plain(x) if is_weak(x) else x.dtype for x in values]
    common = np.result_type(*arrays, *([node.dtype] if node.dtype.kind == "f" else []))
    kinds = {x.dtype.kind for x in values if not is_weak(x)}
    whole = common.kind != "f" and op not in {*_RINGS, WHERE} and op.symbol not in _COMPARISONS
    if whole or common == np.float16 or ({"i", "u"} <= kinds and common.kind == "f"):
        names = ", ".join(str(x.dtype) for x in node.inputs)
        raise NotCompilableError(
            f"{op.name} of {names} is computed in another way by Numba; "
            'use jit(..., engine="numpy"), or convert to float64 first'
        )
    return common


def _converted(x: Tensor, text: str, common: np.dtype[Any], node: Tensor) -> str:
    """Return an operand in the dtype that `node` is computed in."""
    if is_weak(x) and is_constant(x):
        exact = node.op is POWER or abs(plain(x)) >= 2**53
        value = literal(float(plain(x))) if common.kind == "f" and exact else text
        return f"{dtype_name(common)}({value})" if common != np.float64 else value
    narrow = x.dtype.kind != "f" and x.dtype != common and x is not _condition(node)
    return f"{dtype_name(common)}({text})" if narrow else text


def _condition(node: Tensor) -> Tensor | None:
    return node.inputs[0] if node.op is WHERE else None


def _kept(node: Tensor, indices: str) -> str:
    """Return the indices that are left when a sum has reduced its axes."""
    axes = axes_of(node)
    if node.params.get("keepdims"):
        return ", ".join("0" if a in axes else i for a, i in enumerate(indices))
    return ", ".join(i for a, i in enumerate(indices) if a not in axes)


def _untransposed(node: Tensor) -> Tensor:
    while node.op is TRANSPOSE:
        node = node.inputs[0]
    return node


@applies_to(MATMUL)
def outer_product(node: Tensor, graph: Graph) -> Tensor | None:
    """``(n, 1) @ (1, m)`` → ``(n, 1) * (1, m)``, which joins the loop it is used in."""
    a, b = node.inputs
    return a * b if is_product(node) and a.shape[1] == 1 and a.dtype == b.dtype else None


_RULES: list[Rule] = [*SIMPLIFY, mean_as_sum, division_by_a_number, outer_product]


def _blas_updates(c: Tensor, a: Tensor, b: Tensor) -> bool:
    """Whether an update is left to BLAS: one of a column is a loop, if it is not empty."""
    return blas_takes(c, a, b) and min(*a.shape, *b.shape) > 1


def looped(traced: Trace, graph: Graph, donated: Collection[Tensor] = ()) -> Source:
    """Return the program as loops for Numba.

    Raises
    ------
    NotCompilableError
        If an operation has no form in this dialect; the message names it.
    """
    if any(x.dtype == np.float16 for x in graph.nodes()):
        raise NotCompilableError('Numba has no float16; use jit(..., engine="numpy")')
    if any(x.dtype.kind == "c" for x in graph.nodes()):
        raise NotCompilableError(
            'complex numbers have no form for Numba here; use jit(..., engine="numpy")'
        )
    graph = rewrite(scaling.moved_factors(rewrite(graph, _RULES)), _RULES)
    graph, given, order = arranged(graph, donated, may_overwrite, _blas_updates)
    order = postponed(order, given)
    writer = _Looped(traced, graph, order, given)
    writer.write_kernel(nests(graph, order, given))
    return writer.module()
