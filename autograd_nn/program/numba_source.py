"""The second dialect: the same program as loops that Numba compiles.

1. `looped` writes it: products by BLAS or, where they are tiny, as loops; elementwise operations
   and the sums of their results in the loop nests that `loop_nests` plans.
2. What has no such form is a statement of NumPy's, between the kernels that `kernels` cuts.

What it needs beyond Numba, such as a sigmoid and NumPy's own BLAS, comes from `native`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..formulas.precedence import Text
from ..ops.elementwise import ASTYPE
from ..ops.linalg import MATMUL
from ..ops.reductions import MAX, MIN, PROD, SOFTMAX
from ..ops.shapes import RESHAPE, TRANSPOSE
from .graph import Graph, is_array, op_of
from .iterations import STORE, TABLE, Loop, bodies_of
from .kernel_writer import INDICES, KernelWriter
from .kernels import is_indexed, is_of_columns, is_readable, runs
from .literals import dtype_name, literal
from .loop_nests import INFIX, STARTS, Nest, is_product, may_overwrite, nests, postponed
from .native import FUNCTIONS
from .numba_numbers import computed_in, converted, typed
from .order import arranged
from .rewriting import Rule, rewrite
from .rules import FORMS, SIMPLIFY, loops, scaling
from .rules.kernels import GEMM, blas_takes, division_by_a_number, mean_as_sum
from .rules.pieces import PIECES, layout, places
from .rules.sums import axes_of
from .rules.transposes import permutation
from .source import Source
from .trace import Trace

_TINY = 4096
"""Products of up to so many multiplications are loops: a call of BLAS costs more."""

_NATIVE = re.compile(rf"(?<![\w.])({'|'.join(FUNCTIONS)})(?=\()")
"""Functions of `native` in the loop form of an operation."""


class _Looped(KernelWriter):
    """Writes the statements of the kernels."""

    plans: Mapping[Loop, Sequence[Nest | Tensor]]

    def write_all(self, steps: Sequence[Nest | Tensor]) -> None:
        """Write the statements, each in a kernel or between two of them."""
        for compiled, some in runs(steps, self.plans, self.tables):
            self.between = not compiled
            self.write_steps(some)
        self.between = True

    def write_steps(self, steps: Sequence[Nest | Tensor]) -> None:
        """Write statements, all in a kernel or all between two."""
        for step in steps:
            if isinstance(step, Nest):
                self._nest(step)
            elif not is_indexed(step):  # each user reads the elements it needs
                self.put(step)

    def statements(self, loop: Loop) -> None:
        steps = self.plans[loop]
        if self.between:
            self.write_all(steps)
            self.line("")
            return
        for x in self.bodies[loop][0].inputs:
            self.as_column(x)
        self.write_steps(steps)

    def assign(self, name: str, code: str, node: Tensor) -> None:
        self.line(f"{name} = {code}")

    def as_numbers(self, table: Text) -> Text:
        return table

    def put_at(self, node: Tensor, array: str, sign: str) -> None:
        if self.between:
            super().put_at(node, array, sign)
            return
        g = node.inputs[-2]

        def statement(at: list[str]) -> str:
            place = ", ".join(self.put_where(node, node.shape, at))
            return f"{array}[{place}] {sign} {self._element(g, at, {})}"

        self.filled(g.shape, statement)

    def _by_numpy(self, node: Tensor) -> None:
        """Write a statement between two kernels."""
        code = self.words.expression(node, [self.operand(x) for x in node.inputs]).code
        if isinstance(plain(node), np.ndarray) and not is_readable(node):
            code = f"np.ascontiguousarray({code})" if node.ndim else f"np.asarray({code})[()]"
        self.assigned(node, code)

    def put(self, node: Tensor) -> None:
        if node.op is STORE and not self.between:
            x, place = node.inputs[0], self.kept_at[node]

            def kept(at: list[str]) -> str:
                where = f"{place[:-1]}, {', '.join(at)}]" if at else place
                return f"{where} = {self._element(x, at, {})}"

            self.filled(x.shape, kept)
        elif node.op is TABLE:
            join = "stack" if node.ndim > 1 and not self.between else "array"
            code = self.tables.get(node)
            if code is None:
                code = f"({', '.join(self.operand(x).code for x in node.inputs)})"
            self.assigned(node, f"np.{join}({code})")
        else:
            super().put(node)

    def write(self, node: Tensor) -> None:
        if self.between:
            self._by_numpy(node)
        elif node.op is GEMM:
            c, a, b = node.inputs
            self.texts[node] = self.operand(c)
            self._gemm(node, node.params["alpha"], a, b, 1.0)
        elif node.op is PIECES:
            self._in_pieces(node)
        elif is_product(node):
            self._product(node)
        elif node.op is MATMUL:
            self._product_of_stacks(node)
        elif is_of_columns(node):
            self._of_columns(node)
        elif node.op is RESHAPE:
            x = node.inputs[0]
            turned = x.op is TRANSPOSE and x.ndim == 2 and x not in self.texts
            operand = self.copied(x) if turned else self.operand(x).code
            self.assigned(node, f"{operand}.reshape({node.shape})")
        else:
            code = self._scalar(node, [self.number(x) for x in node.inputs])
            self.assigned(node, typed(node, code))

    def _in_pieces(self, node: Tensor) -> None:
        """Write what is put together of pieces: a loop for each."""
        apart, whole = layout(node)
        name = self.new(node, "" if whole else "0")
        for key, x, alone in zip(node.params["keys"], node.inputs, apart, strict=True):
            sign = "=" if alone else "+="

            def put(at: list[str], key: Any = key, x: Tensor = x, sign: str = sign) -> str:
                target = ", ".join(places(key, node.shape, at))
                return f"{name}[{target}] {sign} {self._element(x, at, {})}"

            self.filled(x.shape, put)

    def _of_columns(self, node: Tensor) -> None:
        """Write a call of the function that does it, into new memory."""
        name = op_of(node).name
        if node.op is SOFTMAX and node.dtype == np.float32:
            name = f"{name}f"
        self.used.add(name)
        given = [self.operand(x).code for x in node.inputs]
        self.add(f"{name}({', '.join([*given, self.new(node)])})")

    def _product(self, node: Tensor) -> None:
        a, b = node.inputs
        (n, k), m = a.shape, b.shape[1]
        tiny = n * k * m <= _TINY and m == 1
        name = self.new(node, "0" if tiny else "")
        if not tiny and min(n, k, m) > 1:
            self._gemm(node, 1.0, a, b, 0.0)
        elif not tiny:
            self.add(f"np.dot({self.operand(a).code}, {self.operand(b).code}, {name})")
        else:
            target, term = self.at(node, "i0"), f"{self.at(a, 'ik')} * {self.at(b, 'k0')}"
            each, along = f"for i in range({n}):", f"for k in range({k}):"
            plus = self.plus()
            lines = [each, f"    acc = {_start(node)}", f"    {along}"]
            lines.append(f"        acc = {plus}(acc, {term})")
            lines.append(f"    {target} = acc")
            if a.op is TRANSPOSE:  # so that its rows are read one after the other
                lines = [along, f"    {each}", f"        {target} += {term}"]
            for line in lines:
                self.add(line)

    def _product_of_stacks(self, node: Tensor) -> None:
        """Write a call of BLAS for each pair of matrices."""
        c = self.new(node)
        routine = "sgemm" if node.dtype == np.float32 else "dgemm"
        self.used.add(routine)
        stack, given = node.shape[:-2], []
        for x in node.inputs:
            last = (x.ndim - 1, x.ndim - 2)
            turned = x.op is TRANSPOSE and permutation(x) == (*range(x.ndim - 2), *last)
            own = zip(x.shape[:-2], INDICES[len(stack) - x.ndim + 2 :], strict=False)
            at = "".join(f"{'0' if n == 1 else i}, " for n, i in own)
            code = self.operand(x.inputs[0] if turned else x).code
            given.append(f"{code}[{at}:, :], {turned}")
        at = "".join(f"{i}, " for i in INDICES[: len(stack)])
        for depth, n in enumerate(stack):
            self.add(f"for {INDICES[depth]} in range({n}):", depth)
        self.add(f"{routine}(1.0, {', '.join(given)}, 0.0, {c}[{at}:, :])", len(stack))

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

    def _nest(self, nest: Nest) -> None:
        """Write a loop nest."""
        names = self._places(nest)
        last = len(nest.shape) - 1
        rows = [g for g in nest.members if g.op in STARTS and last in axes_of(g)]
        sums = {g: f"acc{n}" if n else "acc" for n, g in enumerate(rows)}
        depth = outside = 0
        for axis, size in enumerate(nest.shape):
            if axis == last:
                outside = depth
                for g in rows:
                    self.add(f"{sums[g]} = {_start(g)}", depth)
            if size != 1:
                self.add(f"for {INDICES[axis]} in range({size}):", depth)
                depth += 1
        indices = ["0" if n == 1 else i for n, i in zip(nest.shape, INDICES, strict=False)]
        inside: dict[Tensor, str] = {}
        for number, g in enumerate(nest.members):
            operands = [self._element(x, indices, inside) for x in g.inputs]
            if g.op in STARTS:
                target = sums.get(g) or f"{names[g]}[{_kept(g, indices)}]"
                self.add(f"{target} = {self._joined(g, target, operands[0])}", depth)
                continue
            inside[g] = f"e{number}"
            self.add(f"{inside[g]} = {typed(g, self._scalar(g, operands))}", depth)
            if g in names:
                self.add(f"{self.at(g, indices)} = {inside[g]}", depth)
        for g in rows:
            target = f"{names[g]}[{_kept(g, indices)}]" if is_array(g) else names[g]
            whole = sums[g] if _by_rows(g) else self._joined(g, target, sums[g])
            self.add(f"{target} = {whole}", outside)

    def plus(self) -> str:
        """Return the name of the addition of a sum's terms, which may be done in any order."""
        self.used.add("plus")
        return "plus"

    def _joined(self, node: Tensor, a: str, b: str) -> str:
        """Return what a reduction makes of two elements."""
        if node.op is PROD:
            return f"{a} * {b}"
        function = {MAX: "np.maximum", MIN: "np.minimum"}.get(op_of(node)) or self.plus()
        return f"{function}({a}, {b})"

    def _places(self, nest: Nest) -> dict[Tensor, str]:
        """Make the memory of what a nest stores, and return member → name."""
        for g, x in nest.takes_over.items():
            self.in_memory_of(x, g)
            if g.name:
                self.assigned(g, self.texts[x].code)
        names = {
            g: self.texts[g].code
            if g in nest.takes_over
            else self.new(g, "" if _by_rows(g) else STARTS.get(op_of(g), ""))
            for g in nest.members
            if g in nest.stored and is_array(g)
        }
        for g in nest.members:
            if g.op in STARTS and not is_array(g):
                self.assigned(g, _start(g))
                names[g] = self.texts[g].code
        return names

    def _element(self, x: Tensor, indices: Sequence[str], inside: Mapping[Tensor, str]) -> str:
        """Return the element of `x` at the loop's indices."""
        if x in inside:
            return inside[x]
        if not is_array(x):
            return self.number(x)
        own = zip(x.shape, indices[len(indices) - x.ndim :], strict=True)
        return self.at(x, ["0" if n == 1 else i for n, i in own])

    def _scalar(self, node: Tensor, operands: Sequence[str]) -> str:
        """Return one element of `node` as an expression."""
        op, single = op_of(node), node.dtype == np.float32
        given = zip(node.inputs, operands, strict=True)
        common = computed_in(node)
        assert common is not None  # noqa: S101 - others are not compiled
        operands = [converted(x, text, common, node) for x, text in given]
        if op is ASTYPE:
            return f"{dtype_name(node.dtype)}({operands[0]})"

        def chosen(match: re.Match[str]) -> str:
            name = f"{match[0]}f" if single else match[0]
            self.used.add(name)
            return name

        if op.loop:
            return _NATIVE.sub(chosen, op.loop).format(*operands)
        if op.symbol in INFIX and len(operands) == 2:
            return f"{operands[0]} {op.symbol} {operands[1]}"
        return f"{op.symbol}{operands[0]}"


def _start(node: Tensor) -> str:
    return f"np.{node.dtype.name}({STARTS.get(op_of(node), '0')})"


def _by_rows(node: Tensor) -> bool:
    """Whether the innermost loop does a whole reduction, as those around it do not reduce."""
    x = node.inputs[0] if node.op in STARTS else None
    if x is None or x.ndim - 1 not in axes_of(node):
        return False
    return all(x.shape[a] == 1 for a in axes_of(node) if a != x.ndim - 1)


def _kept(node: Tensor, indices: Sequence[str]) -> str:
    """Return the indices that are left when a sum has reduced its axes."""
    axes = axes_of(node)
    if node.params.get("keepdims"):
        return ", ".join("0" if a in axes else i for a, i in enumerate(indices))
    return ", ".join(i for a, i in enumerate(indices) if a not in axes)


_RULES: list[Rule] = [
    *SIMPLIFY, *FORMS, *loops.RULES, mean_as_sum, division_by_a_number,
]  # fmt: skip


def _blas_updates(c: Tensor, a: Tensor, b: Tensor) -> bool:
    """Whether an update is left to BLAS: one of a column is a loop, if it is not empty."""
    return blas_takes(c, a, b) and min(*a.shape, *b.shape) > 1


_Planned = tuple[Graph, Mapping[Tensor, Tensor], list[Tensor]]


def looped(traced: Trace, graph: Graph, donated: Collection[Tensor] = ()) -> Source:
    """Return the program as loops for Numba."""

    def planned(graph: Graph, donated: Collection[Tensor]) -> _Planned:
        graph = rewrite(scaling.moved_factors(rewrite(graph, _RULES)), _RULES)
        apart = {x for node in graph.nodes() if node.op is TABLE for x in node.inputs}
        graph, given, order = arranged(graph, {*donated} - apart, may_overwrite, _blas_updates)
        return graph, given, postponed(order, given)

    graph, given, order = planned(graph, donated)
    bodies = bodies_of(order, lambda loop, _: planned(loop.body, ())[::2])
    writer = _Looped(traced, graph, order, bodies, given)
    writer.plans = {loop: nests(*body, ()) for loop, body in bodies.items()}
    writer.write_all(nests(graph, order, given))
    return writer.module()
