"""The form of a program that is run: every array computed into planned memory.

1. `planned` writes it: one ufunc or product a statement, into a buffer wherever that is known
   to be safe. Buffers belong to a call while it runs and are then kept for the next one, so
   that calls from several threads do not meet in them.
2. `SIGMOID_INTO` and `LOGISTIC_INTO` are the helpers it may bring along.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor, constant, plain
from ..formulas.precedence import ATOM, Text
from ..ops.elementwise import MAXIMUM, MINIMUM, SIGMOID
from ..ops.linalg import MATMUL
from ..ops.reductions import MAX, MIN, SUM
from ..ops.shapes import TRANSPOSE
from .graph import INPUT, Graph, is_array, is_factor, is_ufunc, is_weak, op_of
from .iterations import STORE, TABLE, Bodies, Loop, bodies_of
from .literals import index, literal
from .memory import Plan, is_view, plan, root_of
from .order import arranged
from .rewriting import is_exact
from .rules import tune
from .rules.kernels import GEMM, LOGISTIC, blas_takes
from .rules.pieces import PIECES, layout
from .rules.sums import axes_of
from .source import Source, Writer
from .trace import Trace

LOGISTIC_INTO = '''def logistic(u, out):
    """Write 1 / (1 + exp(u)) into out; where exp overflows to inf, that is the right 0."""
    with errstate(over="ignore"):
        exp(u, out)
    return divide(1.0, add(out, 1.0, out), out)'''

SIGMOID_INTO = '''def sigmoid(z, out):
    """Write 1 / (1 + exp(-z)) into out; where exp overflows to inf, that is the right 0."""
    with errstate(over="ignore"):
        exp(negative(z, out), out)
    return reciprocal(add(out, 1.0, out), out)'''

_NUMBER_NAMES = {"1": "one", "1.0": "one", "2": "two", "2.0": "two", "0.5": "half"}

_INLINE = 160
"""Longer texts have a statement of their own."""

_THREADED_ROWS = 8192
"""OpenBLAS uses threads for a matrix of more than 4 · 2304 elements times a vector."""


_SMALL = 400
"""Up to so many elements one call of SciPy's expit is faster than four vectorised passes."""


_REDUCTIONS = {SUM: np.add, MAX: np.maximum, MIN: np.minimum}
"""Operations that a ufunc's ``reduce`` does."""

_NAMES = {
    "add", "buffers", "dgemm", "divide", "dot", "empty", "errstate", "exp", "expit", "free",
    "logistic", "maximum", "minimum", "negative", "reciprocal", "sgemm", "workspace",
}  # fmt: skip
"""What the text imports or defines under a name of its own."""


def is_product(node: Tensor) -> bool:
    """Whether `node` is a product of two matrices of one floating dtype, which BLAS does."""
    if node.op is not MATMUL or not is_exact(node.dtype):
        return False
    return all(x.ndim == 2 and x.dtype == node.dtype for x in node.inputs)


def is_reduction(node: Tensor) -> bool:
    """Whether `node` is a sum or extremum that a ufunc's ``reduce`` does."""
    return node.op in _REDUCTIONS and node.inputs[0].dtype.kind == "f"


def is_numpy_ufunc(node: Tensor) -> bool:
    """Whether `node` is one call of a ufunc that NumPy has."""
    return is_ufunc(node) and not node.params and _is_numpys(op_of(node).forward)


@functools.cache
def _is_numpys(ufunc: Any) -> bool:
    return ufunc.signature is None and getattr(np, ufunc.__name__, None) is ufunc


def is_sigmoid(node: Tensor) -> bool:
    """Whether `node` is the activation of the document."""
    if node.op not in (SIGMOID, LOGISTIC):
        return False
    return is_exact(node.dtype) and node.inputs[0].dtype == node.dtype


def buffered(node: Tensor) -> bool:
    """Whether `node` is written as a statement that computes into given memory."""
    computed = in_place(node) or is_product(node) or is_reduction(node) or node.op is PIECES
    return computed and is_array(node)


def in_place(node: Tensor) -> bool:
    """Whether `node` may be computed into the memory of an operand."""
    return is_numpy_ufunc(node) or is_sigmoid(node) or node.op is GEMM


class _Planned(Writer):
    """Writes one ufunc or product a statement, into the memory that `places` gives it."""

    def __init__(
        self, traced: Trace, graph: Graph, order: Sequence[Tensor], bodies: Bodies, places: Plan
    ) -> None:
        self.places = places
        self.used: set[str] = set()
        self.numbers: dict[tuple[object, Any], str] = {}
        super().__init__(traced, graph, order, bodies)
        self.buffers = [self.words.fresh(f"t{i}") for i in range(len(places.buffers))]

    def reserved(self) -> set[str]:
        functions = {op_of(x).forward.__name__ for x in self.every if is_numpy_ufunc(x)}
        return super().reserved() | _NAMES | functions

    def numpy(self, name: str) -> str:
        """Return `name`, imported from NumPy."""
        self.used.add(name)
        return name

    def imports(self) -> set[str]:
        return {f"from numpy import {', '.join(sorted(self.used))}"} if self.used else set()

    def inlined(self, node: Tensor) -> bool:
        if is_view(node):
            return is_array(node) and (not node.name or node.op is TRANSPOSE)
        return not is_array(node) and not node.name and self._scalar(node)

    def _scalar(self, node: Tensor) -> bool:
        """Whether `node` is a number computed from numbers, needed once."""
        once = self.uses[node] == 1 and node not in self.outputs
        # What looks into a buffer is read where it stands: later the buffer holds other values.
        return once and not any(is_array(x) or root_of(x) is not x for x in node.inputs)

    def write(self, node: Tensor) -> None:
        operands = [self.operand(x) for x in node.inputs]
        if self.inlined(node):
            text = self.words.expression(node, operands)
            if len(text.code) > _INLINE:  # Python nests no deeper than some hundred parentheses
                self.assign(name := self.name(node, "u"), text.code, node)
                text = Text(name)
            self.texts[node] = text
            return
        computed, name = buffered(node), ""
        out = self._target(node) if computed else ""
        if out and not out.isidentifier():  # the place in an array where a loop keeps it
            self.line(f"{(place := self.name(node, 'u'))} = {out}")
            out = place
        elif node.name or not out:
            name = self.name(node, "u")
        if node.op is GEMM:
            self._update(node, out)
        elif node.op is PIECES and is_array(node):
            self._in_pieces(node, [x.code for x in operands], name, out)
        elif computed:
            given = zip(node.inputs, operands, strict=True)
            codes = [self._typed(x, text, node) for x, text in given]
            self.assign(name, self._into(node, codes, out), node)
        elif is_reduction(node) and not is_array(node):
            self.assign(name, self._reduce(node, operands[0].code, ""), node)
        else:
            self.assign(name, self.words.expression(node, operands).code, node)
        self.texts[node] = Text(name or out)

    def settled(self, x: Tensor) -> Text:
        """Return a name for an operand of a loop; an array of no axes as the number that it is."""
        if x.op is not INPUT or is_weak(x) or x.ndim:
            return super().settled(x)
        self.assign(name := self.name(x, "u"), f"{self.operand(x).within(ATOM)}[()]", x)
        return Text(name)

    def _typed(self, x: Tensor, text: Text, node: Tensor) -> str:
        """Return an operand; a number as a 0-d array, which saves converting it in every run."""
        if not is_factor(x) or not is_numpy_ufunc(node) or node.dtype.kind != "f":
            return text.code
        if any(y.dtype != node.dtype for y in node.inputs if y is not x and not is_weak(y)):
            return text.code
        value = literal(plain(x))
        wish = _NUMBER_NAMES.get(value, f"c{len(self.numbers) + 1}")
        array = np.asarray(plain(x), node.dtype)
        return self._constant(array.tobytes(), wish, f"np.array({value}", node.dtype)

    def _constant(self, key: object, wish: str, start: str, dtype: Any) -> str:
        """Return the name of a constant of `dtype` whose text begins with `start`."""
        if (key, dtype) not in self.numbers:
            self.numbers[key, dtype] = name = self.words.fresh(wish)
            self.words.constants[name] = f'{start}, "{dtype.name}")'
        return self.numbers[key, dtype]

    def _update(self, node: Tensor, out: str) -> None:
        """Write ``W += alpha * a @ b`` as one call of BLAS, which sees W in C order as W.T."""
        _, a, b = node.inputs
        alpha = node.params["alpha"]
        routine, what = self.product_by_blas(out, alpha, a, b, 1.0)
        self.words.embedding.imports[routine] = f"from scipy.linalg.blas import {routine}"
        first, flip_first = self._in_fortran_order(b)
        second, flip_second = self._in_fortran_order(a)
        given = f"{literal(alpha)}, {first}, {second}, 1.0, {out}.T"
        self.line(f"{routine}({given}, {flip_first}, {flip_second}, 1)", what)

    def _in_pieces(self, node: Tensor, operands: Sequence[str], name: str, out: str) -> None:
        """Write what is put together of pieces: one statement for each."""
        apart, whole = layout(node)
        if not out:
            make = f"{self.numpy('empty' if whole else 'zeros')}({literal(node.shape)}"
            self.assign(out := name, f'{make}, "{node.dtype.name}")', node)
        else:
            if name:
                self.assign(name, out, node)
            if not whole:
                self.line(f"{out}[...] = 0")
        for key, operand, alone in zip(node.params["keys"], operands, apart, strict=True):
            text = index(key, lambda part: self.words.parameter("index", part))
            self.line(f"{out}[{text}] {'=' if alone else '+='} {operand}")

    def _in_fortran_order(self, x: Tensor) -> tuple[str, int]:
        """Return how BLAS is given the transpose of `x`: a text, and whether to transpose it."""
        code = self.operand(x).code
        return (code, 1) if x.op is TRANSPOSE else (f"{code}.T", 0)

    def _target(self, node: Tensor) -> str:
        """Return the name of the memory that `node` is computed into, or nothing."""
        if node in self.places.donated:
            return self.texts[self.places.donated[node]].code
        number = self.places.buffer.get(node)
        return "" if number is None else self.buffers[number]

    def _into(self, node: Tensor, operands: Sequence[str], out: str) -> str:
        tail = f", {out}" if out else ""
        if is_product(node):
            return f"{self.numpy('dot')}({', '.join(operands)}{tail})"
        if is_reduction(node):
            if out and self._is_row_sum(node):
                x = node.inputs[0]
                start = f"np.ones(({x.shape[1]}, 1)"
                ones = self._constant(x.shape[1], "ones", start, x.dtype)
                return f"{self.numpy('dot')}({operands[0]}, {ones}{tail})"
            return self._reduce(node, operands[0], out)
        if is_sigmoid(node):
            return self._sigmoid(node, operands[0], out)
        function = self.numpy(op_of(node).forward.__name__)
        if out and node.op in (MAXIMUM, MINIMUM):  # NumPy warns of a third operand
            tail = f", out={out}"
        return f"{function}({', '.join(operands)}{tail})"

    def _is_row_sum(self, node: Tensor) -> bool:
        """Whether `node` sums the rows of a small buffer, which a product with ones does faster."""
        x = node.inputs[0]
        small = x in self.places.buffer and x.size <= _THREADED_ROWS and x.ndim == node.ndim == 2
        same = x.dtype == node.dtype and x.dtype in (np.float32, np.float64)
        return node.op is SUM and small and same and axes_of(node) == (1,)

    def _reduce(self, node: Tensor, operand: str, out: str) -> str:
        axis = node.params.get("axis")
        axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
        parts = [operand, literal(axis)]
        if out or node.params.get("keepdims"):
            parts += ["None", out or "None"]
        if node.params.get("keepdims"):
            parts.append("True")
        return f"{self.numpy(_REDUCTIONS[op_of(node)].__name__)}.reduce({', '.join(parts)})"

    def _sigmoid(self, node: Tensor, operand: str, out: str) -> str:
        if node.size <= _SMALL:
            self.words.embedding.imports["expit"] = "from scipy.special import expit"
            return f"expit({operand}, {out})" if out else f"expit({operand})"
        helper = op_of(node).name
        self.used |= {"add", "errstate", "exp"}
        self.used |= {"divide"} if node.op is LOGISTIC else {"negative", "reciprocal"}
        self.words.helpers[helper] = LOGISTIC_INTO if node.op is LOGISTIC else SIGMOID_INTO
        if not out:
            out = f'{self.numpy("empty")}({literal(node.shape)}, "{node.dtype.name}")'
        return f"{helper}({operand}, {out})"

    def writable(self) -> set[Tensor]:
        return set(self.places.donated.values())

    def ready(self) -> set[Tensor]:
        return {self.places.donated[node] for node in self.order if node.op is GEMM}

    def workspace(self) -> tuple[list[str], list[str], list[str]]:
        """Return how buffers are made, taken and given back, as lines."""
        if not self.buffers:
            return [], [], []
        self.numpy("empty")
        lines = ["def buffers():", '    """Make the memory that one run needs."""', "    return ["]
        for shape, dtype in self.places.buffers:
            lines.append(f'        empty({literal(shape)}, "{dtype.name}"),')
        lines.append("    ]")
        left = ", ".join(self.buffers) + ("," if len(self.buffers) == 1 else "")
        take = ["workspace = free.pop() if free else buffers()", f"{left} = workspace"]
        return ["\n".join(lines), "free = []"], take, ["free.append(workspace)"]


def _may_overwrite(graph: Graph, output: Tensor, x: Tensor) -> bool:
    """Whether `output` can be computed into the memory of the input `x`."""
    if not plain(x).flags.writeable or not buffered(output):
        return False
    if any(root_of(other) is x for other in graph.outputs):
        return False
    return in_place(output) or all(root_of(operand) is not x for operand in output.inputs)


_THREADED = 1 << 17
"""Products of so many multiplications and more are left to NumPy: BLAS shares them out among
threads, and SciPy's BLAS has threads of its own, which would get in the way of NumPy's."""


def _scipys_blas_takes(c: Tensor, a: Tensor, b: Tensor) -> bool:
    return c.size * a.shape[-1] <= _THREADED and blas_takes(c, a, b)


def planned(traced: Trace, graph: Graph, donated: Collection[Tensor] = ()) -> Source:
    """Return the program that is run.

    Parameters
    ----------
    traced : Trace
    graph : Graph
        Simplified.
    donated : collection of Tensor
        Inputs whose memory results may take over.
    """
    graph = tune(graph)
    apart = {x for node in graph.nodes() if node.op is TABLE for x in node.inputs}
    given: Mapping[Tensor, Tensor]
    graph, given, order = arranged(graph, {*donated} - apart, _may_overwrite, _scipys_blas_takes)
    places = plan(order, graph.outputs, given, buffered, in_place)

    targets: dict[tuple[Loop, int], Tensor] = {}

    def body_of(loop: Loop, items: set[int]) -> tuple[Graph, list[Tensor]]:
        """Return a body, and plan its memory: what is carried and kept is computed into its own."""
        carried = dict(loop.carried())

        def onto_itself(graph: Graph, output: Tensor, x: Tensor) -> bool:
            same = graph.outputs[carried[x]] is output
            alone = sum(root_of(y) is root_of(output) for y in graph.outputs) == 1
            return same and alone and _may_overwrite(graph, output, x)

        body, given, order = arranged(tune(loop.body), carried, onto_itself, _scipys_blas_takes)
        apart = {body.outputs[k] for k in items if k < len(loop.first)}  # wanted for themselves
        for store in order:
            value = store.inputs[0] if store.op is STORE else store
            if store.op is STORE and buffered(value) and value not in apart:
                targets[loop, store.params["stack"]] = given[value] = constant(0.0)
                apart.add(value)
        places.include(plan(order, body.outputs, given, buffered, in_place))
        return body, order

    bodies = bodies_of(order, body_of)
    writer = _Planned(traced, graph, order, bodies, places)
    writer.targets = targets
    preamble, take, give_back = writer.workspace()
    writer.lines += [(line, "") for line in take]
    writer.write_body()
    return writer.finish(preamble, give_back)
