"""The second dialect: the same program as loops that Numba compiles.

1. `looped` writes it: products by BLAS or, where they are tiny, as loops; elementwise operations
   and the sums of their results fused into one loop nest as long as the shapes allow.
2. What it does not know is refused with the operation's name; the NumPy form has everything.

What it needs beyond Numba, such as a sigmoid and NumPy's own BLAS, comes from `native`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ..core.tensor import Tensor, plain
from . import native
from .expressions import ATOM, Text
from .literals import literal
from .rewriting import Graph, Rule, do, is_, is_weak, op_of, rewrite
from .rules import SIMPLIFY, scaling
from .rules.kernels import division_by_a_number, fits, is_update, mean_as_sum
from .rules.sums import axes_of
from .schedule import arranged
from .source import Source, Writer
from .storage import is_array, is_leaf
from .trace import Trace
from .views import is_view, root_of

_DECORATION = (
    '@njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp"}, nogil=True)'
)
_TINY = 4096
"""Products of up to so many multiplications are loops: a call of BLAS costs more."""

_SCALARS = {
    "tanh": "math.tanh({0})",
    "log": "np.log({0})",
    "where": "({1} if {0} else {2})",
    "relu": "np.maximum({0}, 0)",
    "square": "{0} * {0}",
    "absolute": "abs({0})",
}
_NATIVE = {"exp", "sigmoid"}
_UFUNCS = {
    "arctan", "ceil", "cos", "cosh", "cbrt", "exp2", "expm1", "floor", "isfinite", "isinf",
    "isnan", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or",
    "maximum", "minimum", "reciprocal", "sign", "sin", "sinh", "sqrt", "tan",
}  # fmt: skip
_KNOWN = {*_SCALARS, *_NATIVE, *_UFUNCS}
_INFIX = {"+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!="}
_INDICES = "ijklmn"


class NotCompilableError(NotImplementedError):
    """An operation has no form in this dialect."""


def is_elementwise(node: Tensor) -> bool:
    """Whether `node` is computed element by element in a loop."""
    if node.op is None or not is_array(node) or node.params:
        return False
    name = node.op.name
    return name in _KNOWN or node.op.symbol in _INFIX


def _is_sum(node: Tensor) -> bool:
    return is_(node, "sum") and node.inputs[0].dtype.kind == "f" and is_array(node.inputs[0])


def outer_product(node: Tensor, graph: Graph) -> Tensor | None:
    """``(n, 1) @ (1, m)`` → ``(n, 1) * (1, m)``, which joins the loop it is used in."""
    if is_(node, "matmul") and all(x.ndim == 2 for x in node.inputs):
        a, b = node.inputs
        return do("multiply", a, b) if a.shape[1] == 1 and a.dtype == b.dtype else None
    return None


_RULES: list[Rule] = [*SIMPLIFY, mean_as_sum, division_by_a_number, outer_product]


class _Looped(Writer):
    """Writes statements of the kernel; `group` holds those of the loop nest that is being made."""

    def __init__(
        self,
        traced: Trace,
        graph: Graph,
        order: Sequence[Tensor],
        donated: dict[Tensor, Tensor],
    ) -> None:
        self.donated = donated
        self.overwritten = set(donated.values())
        self.group: list[Tensor] = []
        self.kernel: list[str] = []
        self.columns: dict[Tensor, str] = {}
        self.used: set[str] = set()
        self.own: set[Tensor] = set()
        super().__init__(traced, graph, order)
        self.consumers: dict[Tensor, list[Tensor]] = {}
        for node in order:
            for x in node.inputs:
                self.consumers.setdefault(x, []).append(node)
        self.readers: dict[Tensor, list[Tensor]] = {}
        for node in order:
            for root in dict.fromkeys(root_of(x) for x in node.inputs):
                self.readers.setdefault(root, []).append(node)
        self.written: set[Tensor] = set()
        self.constant_leaves = {x for node in order for x in node.inputs if self.is_held(x)}

    def reserve(self) -> None:
        super().reserve()
        self.words.taken |= {*native.NAMES, "math", "kernel", "acc", "total", *_INDICES, "special"}

    @staticmethod
    def is_held(x: Tensor) -> bool:
        """Whether `x` is a constant array."""
        return x.op is None and is_array(x)

    def inlined(self, node: Tensor) -> bool:
        return is_(node, "transpose")

    def add(self, line: str, depth: int = 0) -> None:
        """Add a line to the kernel."""
        self.kernel.append("    " * (depth + 1) + line)

    # -- statements -----------------------------------------------------------------------------

    def write(self, node: Tensor) -> None:
        self._write(node)
        self.written.add(node)

    def _write(self, node: Tensor) -> None:
        if is_elementwise(node) or (_is_sum(node) and self._joins_as_sum(node)):
            if self.group and not self._joins(node):
                self.flush()
            self.group.append(node)
            return
        if is_update(node) or any(self._in_group(x) for x in node.inputs):
            self.flush()
        if is_update(node):
            self._update(node)
        elif is_(node, "transpose") and node.ndim == 2:
            self.texts[node] = Text(f"{self.operand(node.inputs[0]).within(ATOM)}.T")
        elif is_(node, "matmul") and all(x.ndim == 2 for x in node.inputs):
            self._product(node)
        elif is_(node, "reshape"):
            self._assigned(node, f"np.ascontiguousarray({self.ref(node)}).reshape({node.shape})")
        elif is_(node, "broadcast_to", "getitem"):
            operand = self.operand(node.inputs[0])
            self._assigned(node, self.words.expression(node, [operand]).code)
        elif not is_array(node) and self._is_scalar(node):
            operands = [self.operand(x).within(ATOM) for x in node.inputs]
            self._assigned(node, self._scalar_text(node, operands))
        else:
            raise NotCompilableError(
                f"{op_of(node).name} on shapes {[x.shape for x in node.inputs]} has no form for "
                'Numba here; use jit(..., engine="numpy")'
            )

    def ref(self, node: Tensor) -> str:
        """Return the text of the first operand."""
        return self.operand(node.inputs[0]).code

    def _is_scalar(self, node: Tensor) -> bool:
        name, op = op_of(node).name, op_of(node)
        known = name in _KNOWN or op.symbol in _INFIX
        return known and not any(is_array(x) for x in node.inputs) and not node.params

    def _assigned(self, node: Tensor, code: str) -> None:
        name = self.name(node)
        self.add(f"{name} = {code}")
        self.texts[node] = Text(name)

    def _new(self, node: Tensor, zeros: bool = False) -> str:
        """Return the name of the memory for `node`, and make it unless it is a donated argument."""
        if node in self.donated:
            x = self.donated[node]
            name = self.operand(x).code
            if x in self.columns:
                self.columns[node] = self.columns[x]
        else:
            name = self.name(node)
            make = "zeros" if zeros else "empty"
            dtype = "np.bool_" if node.dtype.kind == "b" else f"np.{node.dtype.name}"
            self.add(f"{name} = np.{make}({literal(node.shape)}, {dtype})")
            self.texts[node] = Text(name)
            self.own.add(node)
            self._as_column(node)
        self.texts[node] = Text(name)
        return name

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
        elif is_(a, "transpose"):
            self.add(f"for k in range({k}):")
            self.add(f"for i in range({n}):", 1)
            self.add(f"{self.at(node, 'i0')} += {self.at(a, 'ik')} * {self.at(b, 'k0')}", 2)
        else:
            self.add(f"for i in range({n}):")
            self.add(f"acc = {self._zero(node)}", 1)
            self.add(f"for k in range({k}):", 1)
            self.add(f"acc += {self.at(a, 'ik')} * {self.at(b, 'k0')}", 2)
            self.add(f"{self.at(node, 'i0')} = acc", 1)

    def _update(self, node: Tensor) -> None:
        """Write ``W += alpha * a @ b`` into the donated matrix W."""
        c, a, b = node.inputs
        self.texts[node] = self.operand(c)
        self._gemm(node, node.params["alpha"], a, b, 1.0)

    def _gemm(self, node: Tensor, alpha: float, a: Tensor, b: Tensor, beta: float) -> None:
        """Write ``c = alpha * a @ b + beta * c`` as one call of BLAS."""
        routine = "sgemm" if node.dtype == np.float32 else "dgemm"
        self.used.add(routine)
        c = self.operand(node).code
        given = []
        for x in (a, b):
            flipped = is_(x, "transpose")
            given += [self.operand(x.inputs[0] if flipped else x).code, str(flipped)]
        what = f"{self.operand(a).within(ATOM)} @ {self.operand(b).within(ATOM)}"
        if beta:
            factor = "" if abs(alpha) == 1 else f"{literal(abs(alpha))} * "
            what = f"{c} {'-=' if alpha < 0 else '+='} {factor}{what}"
        else:
            what = f"{c} = {what}"
        call = f"{routine}({literal(alpha)}, {', '.join(given)}, {literal(beta)}, {c})"
        self.add(f"{call}  # {what}")

    @staticmethod
    def _zero(node: Tensor) -> str:
        return f"np.{node.dtype.name}(0)"

    # -- loops ------------------------------------------------------------------------------------

    def _shape(self, node: Tensor) -> tuple[int, ...]:
        return node.inputs[0].shape if is_(node, "sum") else node.shape

    def _in_group(self, x: Tensor) -> bool:
        roots = {root_of(x), x}
        return any(member in roots for member in self.group)

    def _joins_as_sum(self, node: Tensor) -> bool:
        axes, ndim = axes_of(node), node.inputs[0].ndim
        return axes == tuple(range(ndim)) or axes == (ndim - 1,) or axes == (0,)

    def _joins(self, node: Tensor) -> bool:
        """Whether `node` can be computed in the loop nest of the group."""
        if self._shape(node) != self._shape(self.group[0]):
            return False
        for x in node.inputs:
            if self._in_group(x):
                member = next((g for g in self.group if g is x), None)
                if member is None or is_(member, "sum") or x.shape != self._shape(node):
                    return False
        return True

    def flush(self) -> None:
        """Write the loop nest of the group."""
        group, self.group = self.group, []
        if not group:
            return
        shape = self._shape(group[0])
        indices = _INDICES[: len(shape)]
        inside: dict[Tensor, str] = {}
        stored = {g: self._stored(g, group) for g in group}
        for g in group:
            x = self._dying(g, group) if stored[g] else None
            if x is not None:
                self._takes_over(g, x)
        names = {
            g: self.texts[g].code if g in self.texts else self._new(g, zeros=is_(g, "sum"))
            for g in group
            if stored[g] and is_array(g)
        }
        for g in group:
            if is_(g, "sum") and not is_array(g):
                names[g] = self.name(g)
                self.add(f"{names[g]} = {self._zero(g)}")
                self.texts[g] = Text(names[g])
        sums = [g for g in group if is_(g, "sum")]
        rows = [g for g in sums if axes_of(g)[-1] == len(shape) - 1]
        accumulators = {g: f"acc{n}" if n else "acc" for n, g in enumerate(rows)}
        depth = 0
        for axis, size in enumerate(shape):
            if axis == len(shape) - 1:
                for g in rows:
                    self.add(f"{accumulators[g]} = {self._zero(g)}", depth)
                outside = depth
            if size != 1:
                self.add(f"for {indices[axis]} in range({size}):", depth)
                depth += 1
        indices = "".join("0" if n == 1 else i for n, i in zip(shape, indices, strict=True))
        for number, g in enumerate(group):
            if is_(g, "sum"):
                value = self._element(g.inputs[0], shape, indices, inside)
                target = accumulators.get(g) or f"{names[g]}[{self._kept(g, indices)}]"
                self.add(f"{target} += {value}", depth)
                continue
            operands = [self._element(x, shape, indices, inside) for x in g.inputs]
            text = self._typed(g, self._scalar_text(g, operands))
            inside[g] = f"e{number}"
            self.add(f"{inside[g]} = {text}", depth)
            if g in names:
                self.add(f"{self.at(g, indices)} = {inside[g]}", depth)
        for g in rows:
            target = names[g]
            if is_array(g):
                target += f"[{self._kept(g, indices)}]"
            self.add(f"{target} += {accumulators[g]}", outside)

    def _dying(self, g: Tensor, group: Sequence[Tensor]) -> Tensor | None:
        """Return an array of the kernel that nobody needs once `g` is computed in its place."""
        if is_(g, "sum") or g in self.donated:
            return None
        before: dict[Tensor, None] = {}
        for member in group:
            before[member] = None
            if member is g:
                break
        later = set(group) - set(before)
        for x in dict.fromkeys(x for member in before for x in member.inputs):
            if x not in self.own or x.shape != g.shape or x.dtype != g.dtype:
                continue
            if any(root_of(output) is x for output in self.graph.outputs):
                continue
            done = all(n in before or n in self.written - later for n in self.readers[x])
            if done and all(root_of(y) is not x or y is x for n in before for y in n.inputs):
                return x
        return None

    def _takes_over(self, g: Tensor, x: Tensor) -> None:
        """Let `g` be computed into the memory of `x`."""
        self.own.remove(x)
        self.own.add(g)
        self.texts[g] = self.texts[x]
        if g.name:
            self._assigned(g, self.texts[x].code)
        if x in self.columns:
            self.columns[g] = self.columns[x]

    def _stored(self, g: Tensor, group: Sequence[Tensor]) -> bool:
        members = set(group)
        if any(g is root_of(x) for x in self.graph.outputs) or is_(g, "sum"):
            return True
        return any(user not in members for user in self.consumers.get(g, ()))

    @staticmethod
    def _kept(node: Tensor, indices: str) -> str:
        axes = axes_of(node)
        if node.params.get("keepdims"):
            return ", ".join("0" if a in axes else i for a, i in enumerate(indices))
        return ", ".join(i for a, i in enumerate(indices) if a not in axes)

    def _element(
        self, x: Tensor, shape: tuple[int, ...], indices: str, inside: dict[Tensor, str]
    ) -> str:
        """Return the element of `x` at the loop's indices."""
        if x in inside:
            return inside[x]
        if not is_array(x):
            if is_leaf(x) and x.op is None:
                return self.operand(x).within(ATOM)
            return self.operand(x).code
        lead = len(shape) - x.ndim
        own = "".join("0" if n == 1 else i for n, i in zip(x.shape, indices[lead:], strict=True))
        return self.at(x, own)

    def at(self, x: Tensor, indices: str) -> str:
        """Return ``x[i, j]``; a transposed array is read the other way round."""
        while is_(x, "transpose") and x.ndim == 2:
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

    def _typed(self, node: Tensor, text: str) -> str:
        """Return `text` in the dtype of `node`, where Numba would compute in another."""
        return f"np.float32({text})" if node.dtype == np.float32 else text

    def _scalar_text(self, node: Tensor, operands: Sequence[str]) -> str:
        op = op_of(node)
        operands = [
            self._number(x, text, node) for x, text in zip(node.inputs, operands, strict=True)
        ]
        if op.name in _NATIVE:
            name = f"{op.name}f" if node.dtype == np.float32 else op.name
            self.used.add(name)
            return f"{name}({operands[0]})"
        if op.name in _SCALARS:
            return _SCALARS[op.name].format(*operands)
        if op.symbol in _INFIX and len(operands) == 2:
            return f"{operands[0]} {op.symbol} {operands[1]}"
        if op.symbol == "-" and len(operands) == 1:
            return f"-{operands[0]}"
        if op.name in _UFUNCS:
            return f"np.{op.name}({', '.join(operands)})"
        raise NotCompilableError(
            f'{op.name} has no form for Numba here; use jit(..., engine="numpy")'
        )

    @staticmethod
    def _number(x: Tensor, text: str, node: Tensor) -> str:
        """Return a weak number in the dtype that it takes on."""
        if is_weak(x) and node.dtype == np.float32 and x.op is None:
            return f"np.float32({text})"
        return text

    # -- the module -------------------------------------------------------------------------------

    def write_kernel(self) -> None:
        """Write the statements of the kernel."""
        for x in self.graph.inputs:
            if x in self.consumers and is_array(x):
                self._as_column(x)
        for node in self.order:
            self.write(node)
        self.flush()

    def module(self) -> Source:
        """Return the text: the kernel, and the function that takes arguments apart for it."""
        inputs = [x for x in self.graph.inputs if x in self.consumers or x in self.overwritten]
        given = [self.operand(x).code for x in inputs]
        results: list[Tensor] = []
        for output in self.graph.outputs:
            node = output
            while is_(node, "transpose"):
                node = node.inputs[0]
            if node in self.donated or is_leaf(root_of(node)):
                continue
            if not any(node is other for other in results):
                results.append(node)
        held = [self.operand(x).code for x in self.constant_leaves]
        returned = ", ".join(self.operand(x).code for x in results) or "None"
        names = ", ".join([*given, *sorted(held)])
        lines = [_DECORATION, f"def kernel({names}):", *self.kernel, f"    return {returned}"]
        targets = ", ".join(self.operand(x).code for x in results)
        for x in inputs:
            code = self.operand(x).code
            if is_array(x) and x not in self.overwritten:
                self.lines.append((f"{code} = np.ascontiguousarray({code})", ""))
            elif isinstance(plain(x), np.ndarray) and not x.ndim:
                self.lines.append((f"{code} = {code}[()]", ""))
        self.lines.append((f"{targets} = kernel({names})" if targets else f"kernel({names})", ""))
        self.kernel_arguments = given
        return self.finish([*native.texts_of(self.used), "\n".join(lines)])

    def imports(self) -> set[str]:
        return {"import math", *native.imports_of(self.used)}

    def result(self, position: int) -> str:
        node = self.graph.outputs[position]
        text = super().result(position)
        if not is_array(node) and not is_leaf(node):
            return f"np.{node.dtype.name}{'_' if node.dtype.kind == 'b' else ''}({text})"
        return f"{text}.copy()" if is_view(node) and not text.endswith(".copy()") else text

    def writable(self) -> set[Tensor]:
        return self.overwritten

    def ready(self) -> set[Tensor]:
        return self.overwritten


def looped(traced: Trace, graph: Graph, donated: Collection[Tensor] = ()) -> Source:
    """Return the program as loops for Numba.

    Raises
    ------
    NotCompilableError
        If an operation has no form in this dialect; the message names it.
    """
    graph = scaling.moved_factors(rewrite(graph, _RULES))
    graph = rewrite(graph, _RULES)
    graph, given, order = arranged(graph, donated, _may_overwrite, _fits)
    writer = _Looped(traced, graph, _delayed(order, given), given)
    writer.write_kernel()
    return writer.module()


def _fits(c: Tensor, a: Tensor, b: Tensor) -> bool:
    """Whether an update is left to BLAS: one of a column is a loop, if it is not empty."""
    return fits(c, a, b) and min(*a.shape, *b.shape) > 1


def _delayed(order: Sequence[Tensor], donated: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """Return `order` with what one loop alone needs moved to that loop, so that it joins it."""
    consumers: dict[Tensor, list[Tensor]] = {}
    for node in order:
        for x in node.inputs:
            consumers.setdefault(x, []).append(node)
    overwritten = set(donated.values())

    def waits(node: Tensor) -> bool:
        users = consumers.get(node, [])
        return (
            is_elementwise(node)
            and len(users) == 1
            and is_elementwise(users[0])
            and users[0].shape == node.shape
            and all(root_of(x) not in overwritten for x in node.inputs)
        )

    late = {node for node in order if waits(node)}
    result: list[Tensor] = []
    for node in order:
        if node in late:
            continue
        before, stack = [], [node]
        while stack:
            one = stack.pop()
            before.append(one)
            stack += [x for x in one.inputs if x in late]
        result += reversed(before)
    return result


def _may_overwrite(graph: Graph, output: Tensor, x: Tensor) -> bool:
    """Whether a loop may write `output` into the memory of the input `x`."""
    carray = isinstance(plain(x), np.ndarray) and bool(plain(x).flags.carray)
    if not carray or any(root_of(o) is x for o in graph.outputs):
        return False
    if is_update(output):
        return output.inputs[0] is x and all(root_of(i) is not x for i in output.inputs[1:])
    if not is_elementwise(output):
        return False
    readers = [n for n in graph.nodes() if any(root_of(i) is x for i in n.inputs)]
    # A loop that reads x in another order than it writes would see new values.
    return all(
        not is_elementwise(n) or all(i is x or root_of(i) is not x for i in n.inputs)
        for n in readers
    )
