"""The second dialect: the same program as loops that Numba compiles.

1. `looped` writes it: products by BLAS or, where they are tiny, as loops; elementwise operations
   and the sums of their results fused into one loop nest as long as the shapes allow.
2. What it does not know is refused with the operation's name; the NumPy form has everything.

The sigmoid and the exponential come with the program: with `exp` as a polynomial and a power of
two made of its bits, the compiler turns whole loops into vector instructions, which it cannot do
with calls of the C library. They are right to 1e-15, relatively, where 1e-307 < exp(x) < 1e307.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ..tensor import Tensor
from .expressions import ATOM, Text
from .literals import literal
from .passes import SIMPLIFY, scaling
from .passes.kernels import division_by_a_number, mean_as_sum
from .passes.sums import axes_of
from .rewriting import Graph, Rule, do, is_, is_weak, op_of, rewrite
from .schedule import donations, ordered
from .source import Source, Writer
from .storage import is_array, is_leaf
from .trace import Trace
from .views import is_view, root_of

HEAD = '''from numba import njit, types
from numba.extending import intrinsic


@intrinsic
def power_of_two(typing, k):
    """Return 2.0**k for an int64 k from -1022 to 1023, by its bits."""

    def code(context, builder, signature, arguments):
        k = builder.add(arguments[0], arguments[0].type(1023))
        bits = builder.shl(k, k.type(52))
        return builder.bitcast(bits, context.get_value_type(types.float64))

    return types.float64(types.int64), code


@njit(error_model="numpy", fastmath={"contract", "nsz"}, inline="always")
def exp(x):
    """Return e**x: 2**k times a polynomial on the rest, which is smaller than ln(2)/2."""
    x = min(max(float(x), -708.0), 709.0) if x == x else x
    k = np.floor(x * 1.4426950408889634 + 0.5)
    r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    p = 1 + r / 12 * (1 + r / 13)
    for n in (11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1):
        p = 1 + r / n * p
    return p * power_of_two(np.int64(k))


@njit(error_model="numpy", fastmath={"contract", "nsz"}, inline="always")
def sigmoid(z):
    """Return 1 / (1 + exp(-z))."""
    return 1 / (1 + exp(-z))'''

_DECORATION = (
    '@njit(error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp"}, nogil=True)'
)
_TINY = 4096
"""Products of up to so many multiplications are loops: a call of BLAS costs more."""

_SCALARS = {
    "exp": "exp({0})",
    "sigmoid": "sigmoid({0})",
    "tanh": "math.tanh({0})",
    "log": "np.log({0})",
    "where": "({1} if {0} else {2})",
    "relu": "np.maximum({0}, 0)",
    "square": "{0} * {0}",
    "absolute": "abs({0})",
}
_UFUNCS = {
    "arctan", "ceil", "cos", "cosh", "cbrt", "exp2", "expm1", "floor", "isfinite", "isinf",
    "isnan", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or",
    "maximum", "minimum", "reciprocal", "sign", "sin", "sinh", "sqrt", "tan",
}  # fmt: skip
_INFIX = {"+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!="}
_INDICES = "ijklmn"


class NotCompilableError(NotImplementedError):
    """An operation has no form in this dialect."""


def is_elementwise(node: Tensor) -> bool:
    """Whether `node` is computed element by element in a loop."""
    if node.op is None or not is_array(node) or node.params:
        return False
    name = node.op.name
    return name in _SCALARS or name in _UFUNCS or node.op.symbol in _INFIX


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
        super().__init__(traced, graph, order)
        self.consumers: dict[Tensor, list[Tensor]] = {}
        for node in order:
            for x in node.inputs:
                self.consumers.setdefault(x, []).append(node)
        self.constant_leaves = {x for node in order for x in node.inputs if self.is_held(x)}

    def reserve(self) -> None:
        super().reserve()
        self.words.taken |= {"exp", "sigmoid", "power_of_two", "math", "njit", "types", "kernel"}
        self.words.taken |= {"intrinsic", "acc", "total", *_INDICES, "special"}

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
        if is_elementwise(node) or (_is_sum(node) and self._joins_as_sum(node)):
            if self.group and not self._joins(node):
                self.flush()
            self.group.append(node)
            return
        if any(self._in_group(x) for x in node.inputs):
            self.flush()
        if is_(node, "transpose") and node.ndim == 2:
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
        known = name in _SCALARS or name in _UFUNCS or op.symbol in _INFIX
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
        if not tiny:
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
        names = {g: self._new(g, zeros=is_(g, "sum")) for g in group if stored[g] and is_array(g)}
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
            if is_array(x) and x not in self.overwritten:
                code = self.operand(x).code
                self.lines.append((f"{code} = np.ascontiguousarray({code})", ""))
        self.lines.append((f"{targets} = kernel({names})" if targets else f"kernel({names})", ""))
        self.kernel_arguments = given
        return self.finish(["\n".join(lines)])

    def imports(self) -> set[str]:
        return {"import math", HEAD}

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
    given = {
        output: x
        for output, x in donations(graph, donated).items()
        if _may_overwrite(graph, output, x)
    }
    order = ordered(graph, given)
    if order is None:
        given = {}
        order = ordered(graph, given) or []
    writer = _Looped(traced, graph, _delayed(order, given), given)
    writer.write_kernel()
    return writer.module()


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
    carray = isinstance(x._data, np.ndarray) and bool(x._data.flags.carray)
    if not carray or not is_elementwise(output) or any(root_of(o) is x for o in graph.outputs):
        return False
    readers = [n for n in graph.nodes() if any(root_of(i) is x for i in n.inputs)]
    # A loop that reads x in another order than it writes would see new values.
    return all(
        not is_elementwise(n) or all(i is x or root_of(i) is not x for i in n.inputs)
        for n in readers
    )
