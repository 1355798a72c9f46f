"""The second dialect: the same program as loops that Numba compiles.

1. `looped` writes it: products by BLAS or, where they are tiny, as loops; elementwise operations
   and the sums of their results in the loop nests that `loop_nests` plans.
2. What has no such form is a statement of NumPy's, between the kernels that `kernels` cuts.

What it needs beyond Numba, such as a sigmoid and NumPy's own BLAS, comes from `native`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from ..core.graph import uses
from ..core.tensor import Tensor, plain
from ..formulas.precedence import ATOM, Text
from ..ops.elementwise import ASTYPE
from ..ops.indexing import GETITEM
from ..ops.linalg import MATMUL
from ..ops.reductions import MAX, MIN, PROD, SOFTMAX, SUM
from ..ops.shapes import BROADCAST_TO, RESHAPE, TRANSPOSE
from . import native
from .graph import Graph, is_array, is_constant, is_leaf, op_of
from .kernels import is_indexed, is_of_columns, is_readable, runs
from .literals import dtype_name, literal
from .loop_nests import INFIX, STARTS, Nest, is_product, may_overwrite, nests, postponed
from .memory import is_view
from .numba_numbers import computed_in, converted, typed
from .order import arranged
from .rewriting import Rule, rewrite
from .rules import SIMPLIFY, loops, pieces, products, scaling
from .rules.kernels import GEMM, blas_takes, division_by_a_number, mean_as_sum
from .rules.pieces import PIECES, layout, places
from .rules.sums import axes_of
from .rules.transposes import permutation
from .source import Source, Writer
from .trace import Trace

_DECORATION = '@njit(error_model="numpy", fastmath={"nsz"}, nogil=True)'
_TINY = 4096
"""Products of up to so many multiplications are loops: a call of BLAS costs more."""

_INDICES = "ijklmn"
_NATIVE = re.compile(r"(?<![\w.])(exp|sigmoid)(?=\()")
"""Functions of `native` in the loop form of an operation."""


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
        self.body: list[list[str] | str] = []  # kernels, and statements between them
        self.columns: dict[Tensor, str] = {}
        self.used: set[str] = set()
        self.made: dict[str, Tensor | None] = {}  # name → what is called so; None: a column
        self.begun = self.between = False
        super().__init__(traced, graph, order)
        self.users = uses(order)
        self.constants = [x for x in self.users if is_constant(x) and is_array(x)]

    def reserved(self) -> set[str]:
        own = {*native.NAMES, "math", "acc", "total", *_INDICES}
        own |= {f"kernel{n or ''}" for n in range(len(self.order) + 1)}
        return super().reserved() | own

    @property
    def kernel(self) -> list[str]:
        """The lines of the kernel that is being written."""
        if not self.body or isinstance(self.body[-1], str):
            self.body.append([])
            if not self.begun:
                self.begun = True
                for x in self.graph.inputs:
                    if x in self.users and is_array(x):
                        self._as_column(x)
        kernel = self.body[-1]
        assert isinstance(kernel, list)  # noqa: S101 - made above
        return kernel

    def add(self, line: str, depth: int = 0) -> None:
        """Add a line to the kernel."""
        self.kernel.append("    " * (depth + 1) + line)

    def write_all(self, steps: Sequence[Nest | Tensor]) -> None:
        """Write the statements, each in a kernel or between two of them."""
        for compiled, some in runs(steps):
            self.between = not compiled
            for step in some:
                if isinstance(step, Nest):
                    self._nest(step)
                elif is_indexed(step):
                    pass  # each user reads the elements it needs
                elif compiled:
                    self.write(step)
                else:
                    self._by_numpy(step)
        self.between = True

    # -- statements that stand alone --------------------------------------------------------------

    def _by_numpy(self, node: Tensor) -> None:
        """Write a statement between two kernels."""
        code = self.words.expression(node, [self.operand(x) for x in node.inputs]).code
        if isinstance(plain(node), np.ndarray) and not is_readable(node):
            code = f"np.ascontiguousarray({code})" if node.ndim else f"np.asarray({code})[()]"
        self._assigned(node, code)

    def operand(self, x: Tensor) -> Text:
        """Return the text of an operand; a view is written where it is first needed as such."""
        if x not in self.texts and not is_leaf(x):
            if not is_array(x):
                return Text(self.at(x, []))
            base = self.operand(x.inputs[0])
            if x.op is TRANSPOSE and x.ndim == 2:
                return Text(f"{base.within(ATOM)}.T")
            self._assigned(x, self.words.expression(x, [base]).code)
        return super().operand(x)

    def write(self, node: Tensor) -> None:
        if node.op is GEMM:
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
            operand = self.operand(node.inputs[0]).code
            if is_view(node.inputs[0]):
                operand = f"np.ascontiguousarray({operand})"
            self._assigned(node, f"{operand}.reshape({node.shape})")
        else:
            code = self._scalar(node, [self._number(x) for x in node.inputs])
            self._assigned(node, typed(node, code))

    def _in_pieces(self, node: Tensor) -> None:
        """Write what is put together of pieces: a loop for each."""
        apart, whole = layout(node)
        name = self._new(node, "" if whole else "0")
        for key, x, alone in zip(node.params["keys"], node.inputs, apart, strict=True):
            depth = sum(n != 1 for n in x.shape)
            indices = ["0" if n == 1 else i for n, i in zip(x.shape, _INDICES, strict=False)]
            source = self._element(x, indices, {})  # written first: it may name a column
            for axis, n in enumerate(x.shape):
                if n != 1:
                    before = sum(m != 1 for m in x.shape[:axis])
                    self.add(f"for {_INDICES[axis]} in range({n}):", before)
            target = ", ".join(places(key, node.shape, indices))
            self.add(f"{name}[{target}] {'=' if alone else '+='} {source}", depth)

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
        if self.between:
            self.body.append(f"{name} = {code}")
        else:
            self.add(f"{name} = {code}")
        self.made[name] = node
        self.texts[node] = Text(name)

    def _new(self, node: Tensor, start: str = "") -> str:
        """Return the name of the memory for `node`, and make it unless it is a donated argument."""
        if node in self.donated:
            self._in_memory_of(self.donated[node], node)
        else:
            shape, dtype = literal(node.shape), dtype_name(node.dtype)
            if start in ("", "0"):
                self._assigned(node, f"np.{'zeros' if start else 'empty'}({shape}, {dtype})")
            else:
                self._assigned(node, f"np.full({shape}, {start}, {dtype})")
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
        tiny = n * k * m <= _TINY and m == 1
        name = self._new(node, "0" if tiny else "")
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
        c = self._new(node)
        routine = "sgemm" if node.dtype == np.float32 else "dgemm"
        self.used.add(routine)
        stack, given = node.shape[:-2], []
        for x in node.inputs:
            last = (x.ndim - 1, x.ndim - 2)
            turned = x.op is TRANSPOSE and permutation(x) == (*range(x.ndim - 2), *last)
            own = zip(x.shape[:-2], _INDICES[len(stack) - x.ndim + 2 :], strict=False)
            at = "".join(f"{'0' if n == 1 else i}, " for n, i in own)
            code = self.operand(x.inputs[0] if turned else x).code
            given.append(f"{code}[{at}:, :], {turned}")
        at = "".join(f"{i}, " for i in _INDICES[: len(stack)])
        for depth, n in enumerate(stack):
            self.add(f"for {_INDICES[depth]} in range({n}):", depth)
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

    # -- loops ------------------------------------------------------------------------------------

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
                self.add(f"for {_INDICES[axis]} in range({size}):", depth)
                depth += 1
        indices = ["0" if n == 1 else i for n, i in zip(nest.shape, _INDICES, strict=False)]
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
            added = f"+= {sums[g]}" if g.op is SUM else f"= {self._joined(g, target, sums[g])}"
            self.add(f"{target} {added}", outside)

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
            self._in_memory_of(x, g)
            if g.name:
                self._assigned(g, self.texts[x].code)
        names = {
            g: self.texts[g].code
            if g in nest.takes_over
            else self._new(g, STARTS.get(op_of(g), ""))
            for g in nest.members
            if g in nest.stored and is_array(g)
        }
        for g in nest.members:
            if g.op in STARTS and not is_array(g):
                self._assigned(g, _start(g))
                names[g] = self.texts[g].code
        return names

    def _number(self, x: Tensor) -> str:
        return self.operand(x).within(ATOM)

    def _element(self, x: Tensor, indices: Sequence[str], inside: Mapping[Tensor, str]) -> str:
        """Return the element of `x` at the loop's indices."""
        if x in inside:
            return inside[x]
        if not is_array(x):
            return self._number(x)
        own = zip(x.shape, indices[len(indices) - x.ndim :], strict=True)
        return self.at(x, ["0" if n == 1 else i for n, i in own])

    def at(self, x: Tensor, indices: Sequence[str]) -> str:
        """Return ``x[i, j]``; what is a view is read where it looks."""
        while is_indexed(x):
            x, indices = x.inputs[0], _looked_at(x, indices)
        if not indices:
            return self._number(x)
        if x in self.columns:
            return f"{self.columns[x]}[{indices[0]}]"
        return f"{self.operand(x).code}[{', '.join(indices)}]"

    def _as_column(self, x: Tensor) -> None:
        """Let loops see an array of one column as a vector: its elements are neighbours."""
        if x.ndim == 2 and x.shape[1] == 1 and x.dtype.kind == "f":
            name = self.operand(x).code
            self.columns[x] = column = self.words.fresh(f"{name}_column")
            self.made[column] = None
            self.add(f"{self.columns[x]} = {name}.reshape({x.shape[0]})")

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

    # -- the module -------------------------------------------------------------------------------

    def module(self) -> Source:
        """Return the text: the kernels, and the function that calls them."""
        inputs = [x for x in self.graph.inputs if x in self.users or x in self.overwritten]
        held = sorted(self.operand(x).code for x in self.constants)
        for x in inputs:
            code = self.operand(x).code
            if is_array(x) and x not in self.overwritten:
                self.lines.append((f"{code} = np.ascontiguousarray({code})", ""))
            elif isinstance(plain(x), np.ndarray) and not x.ndim:
                self.lines.append((f"{code} = {code}[()]", ""))
        returned = self.returned()[0]  # first: it may write a view
        results = dict.fromkeys(self.operand(_untransposed(x)).code for x in self.graph.outputs)
        later = [_words(returned)]  # what is read after each part
        for part in reversed(self.body):
            later.append(later[-1] | _words(part))
        later.reverse()
        known, kernels = [self.operand(x).code for x in inputs], []
        for part, after in zip(self.body, later[1:], strict=True):
            if isinstance(part, str):
                self.lines.append((part, ""))
                known.append(part.partition(" = ")[0])
                continue
            name, words = f"kernel{len(kernels) or ''}", _words(part)
            own = [value for value in self.made if value in words and value not in known]
            given = ", ".join(value for value in [*known, *held] if value in words)
            made = {value for value in own if value in after}
            first = [value for value in results if value in made]
            targets = [*first, *(value for value in own if value in made.difference(first))]
            listed = ", ".join(targets)
            lines = [_DECORATION, f"def {name}({given}):", *part, f"    return {listed or None}"]
            kernels.append("\n".join(lines))
            call = f"{name}({given})"
            self.lines.append((f"{listed} = {call}" if targets else call, ""))
            known += own
            for value in targets if len(self.body) > 1 else ():  # Numba hands out Python's numbers
                node = self.made[value]
                if node is not None and not is_array(node):
                    self.lines.append((f"{value} = {dtype_name(node.dtype)}({value})", ""))
        return self.finish([*native.texts_of(self.used), *kernels])

    def imports(self) -> set[str]:
        compiled = any(not isinstance(part, str) for part in self.body)
        return {"import math", *native.imports_of(self.used)} if compiled else set()

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


_WORD = re.compile(r"[^\W\d]\w*")


def _words(lines: Iterable[str] | str) -> set[str]:
    return {word for line in ([lines] if isinstance(lines, str) else lines)
            for word in _WORD.findall(line)}  # fmt: skip


def _start(node: Tensor) -> str:
    return f"np.{node.dtype.name}({STARTS.get(op_of(node), '0')})"


def _kept(node: Tensor, indices: Sequence[str]) -> str:
    """Return the indices that are left when a sum has reduced its axes."""
    axes = axes_of(node)
    if node.params.get("keepdims"):
        return ", ".join("0" if a in axes else i for a, i in enumerate(indices))
    return ", ".join(i for a, i in enumerate(indices) if a not in axes)


def _looked_at(view: Tensor, indices: Sequence[str]) -> list[str]:
    """Return where in its operand the element of a view lies."""
    x = view.inputs[0]
    if view.op is TRANSPOSE:
        return [indices[permutation(view).index(axis)] for axis in range(x.ndim)]
    if view.op is GETITEM:
        return places(view.params["key"], x.shape, indices)
    if view.op is RESHAPE:
        long = iter([i for i, n in zip(indices, view.shape, strict=True) if n != 1])
        return ["0" if n == 1 else next(long) for n in x.shape]
    own = zip(x.shape, indices[view.ndim - x.ndim :], strict=True)
    return ["0" if n == 1 else i for n, i in own]


def _untransposed(node: Tensor) -> Tensor:
    while node.op is TRANSPOSE:
        node = node.inputs[0]
    return node


_RULES: list[Rule] = [
    *SIMPLIFY, *products.RULES, *pieces.RULES, *loops.RULES, mean_as_sum, division_by_a_number,
]  # fmt: skip


def _blas_updates(c: Tensor, a: Tensor, b: Tensor) -> bool:
    """Whether an update is left to BLAS: one of a column is a loop, if it is not empty."""
    return blas_takes(c, a, b) and min(*a.shape, *b.shape) > 1


def looped(traced: Trace, graph: Graph, donated: Collection[Tensor] = ()) -> Source:
    """Return the program as loops for Numba."""
    graph = rewrite(scaling.moved_factors(rewrite(graph, _RULES)), _RULES)
    graph, given, order = arranged(graph, donated, may_overwrite, _blas_updates)
    order = postponed(order, given)
    writer = _Looped(traced, graph, order, given)
    writer.write_all(nests(graph, order, given))
    return writer.module()
