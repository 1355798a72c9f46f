"""The form of a program that is run: every array computed into planned memory.

1. `planned` writes it: one ufunc or product a statement, into a buffer wherever that is known
   to be safe. Buffers belong to a call while it runs and are then kept for the next one, so
   that calls from several threads do not meet in them.
2. `SIGMOID_INTO` and `LOGISTIC_INTO` are the helpers it may bring along.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..core.tensor import Tensor, plain
from .expressions import ATOM, Text
from .literals import literal
from .rewriting import Graph, is_constant, is_weak, op_of
from .rules import tune
from .rules.kernels import LOGISTIC, fits, is_update
from .rules.sums import axes_of
from .schedule import arranged
from .source import Source, Writer
from .storage import Plan, is_array, plan
from .trace import Trace
from .views import is_view, root_of

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

_THREADED_ROWS = 8192
"""OpenBLAS uses threads for a matrix of more than 4 · 2304 elements times a vector."""


_SMALL = 400
"""Up to so many elements one call of SciPy's expit is faster than four vectorised passes."""


def is_product(node: Tensor) -> bool:
    """Whether `node` is a product of two matrices of one floating dtype, which BLAS does."""
    return (
        node.op is not None
        and node.op.name == "matmul"
        and all(x.ndim == 2 and x.dtype == node.dtype for x in node.inputs)
        and node.dtype.kind == "f"
    )


def is_reduction(node: Tensor) -> bool:
    """Whether `node` is a sum or extremum that a ufunc's ``reduce`` does."""
    return node.op is not None and node.op.name in _REDUCTIONS and node.inputs[0].dtype.kind == "f"


_REDUCTIONS = {"sum": "add", "max": "maximum", "min": "minimum"}


def is_ufunc(node: Tensor) -> bool:
    """Whether `node` is one call of a NumPy ufunc."""
    return (
        node.op is not None
        and isinstance(node.op.forward, np.ufunc)
        and getattr(np, op_of(node).forward.__name__, None) is node.op.forward
        and not node.params
        and node.op.forward.signature is None
    )


def is_sigmoid(node: Tensor) -> bool:
    """Whether `node` is the activation of the document."""
    return node.op is LOGISTIC or (node.op is not None and node.op.name == "sigmoid")


def buffered(node: Tensor) -> bool:
    """Whether `node` is written as a statement that computes into given memory."""
    kinds = (is_product, is_reduction, is_ufunc, is_sigmoid, is_update)
    return is_array(node) and any(is_kind(node) for is_kind in kinds)


def in_place(node: Tensor) -> bool:
    """Whether `node` may be computed into the memory of an operand."""
    return is_ufunc(node) or is_sigmoid(node) or is_update(node)


class _Planned(Writer):
    def __init__(self, traced: Trace, graph: Graph, order: Sequence[Tensor], places: Plan) -> None:
        self.places = places
        self.used: set[str] = set()
        self.numbers: dict[tuple[bytes, str], str] = {}
        super().__init__(traced, graph, order)
        self.buffers = [self.words.fresh(f"t{i}") for i in range(len(places.buffers))]

    def reserve(self) -> None:
        super().reserve()
        self.words.taken |= {"add", "dot", "divide", "empty", "errstate", "exp", "expit"}
        self.words.taken |= {"reciprocal", "dgemm", "sgemm", "logistic"}
        self.words.taken |= {"maximum", "minimum", "negative", "buffers", "workspace", "free"}
        for node in self.order:
            if is_ufunc(node):
                self.words.taken.add(op_of(node).forward.__name__)

    def numpy(self, name: str) -> str:
        """Return `name`, imported from NumPy."""
        self.used.add(name)
        return name

    def imports(self) -> set[str]:
        if not self.used:
            return set()
        return {f"from numpy import {', '.join(sorted(self.used))}"}

    def inlined(self, node: Tensor) -> bool:
        if is_view(node):
            return is_array(node) and (not node.name or op_of(node).name == "transpose")
        return not is_array(node) and not node.name and self._scalar(node)

    def _scalar(self, node: Tensor) -> bool:
        """Whether `node` is a number computed from numbers, needed once."""
        once = self.uses[node] == 1 and all(node is not x for x in self.graph.outputs)
        # What looks into a buffer is read where it stands: later the buffer holds other values.
        return once and not any(is_array(x) or root_of(x) is not x for x in node.inputs)

    def write(self, node: Tensor) -> None:
        operands = [self.operand(x) for x in node.inputs]
        if self.inlined(node):
            self.texts[node] = self.words.expression(node, operands)
            return
        if not buffered(node):
            name = self.name(node, "u")
            code = self._plain(node, operands)
            self.assign(name, code, node)
            self.texts[node] = Text(name)
            return
        out = self._target(node)
        name = self.name(node, "u") if node.name or not out else ""
        if is_update(node):
            self._update(node, out)
        else:
            codes = [
                self._typed(x, text, node) for x, text in zip(node.inputs, operands, strict=True)
            ]
            self.assign(name, self._into(node, codes, out), node)
        self.texts[node] = Text(name or out)

    def _typed(self, x: Tensor, text: Text, node: Tensor) -> str:
        """Return an operand; a number as a 0-d array, which saves converting it in every run."""
        others = [y for y in node.inputs if y is not x]
        uniform = is_ufunc(node) and is_constant(x) and is_weak(x) and node.dtype.kind == "f"
        if not uniform or any(y.dtype != node.dtype for y in others if not is_weak(y)):
            return text.code
        array = np.asarray(plain(x), node.dtype)
        key = (array.tobytes(), node.dtype.str)
        if key not in self.numbers:
            value = literal(plain(x))
            name = self.words.fresh(_NUMBER_NAMES.get(value, f"c{len(self.numbers) + 1}"))
            self.words.constants[name] = f'np.array({value}, "{node.dtype.name}")'
            self.numbers[key] = name
        return self.numbers[key]

    def _update(self, node: Tensor, out: str) -> None:
        """Write ``W += alpha * a @ b`` as one call of BLAS, which sees W in C order as W.T."""
        _, a, b = node.inputs
        alpha = literal(node.params["alpha"])
        sign = "-=" if alpha.startswith("-") else "+="
        factor = "" if abs(node.params["alpha"]) == 1 else f"{alpha.lstrip('-')} * "
        product = f"{self.operand(a).within(ATOM)} @ {self.operand(b).within(ATOM)}"
        what = f"{out} {sign} {factor}{product}"
        routine = "sgemm" if a.dtype == np.float32 else "dgemm"
        self.words.embedding.imports[routine] = f"from scipy.linalg.blas import {routine}"
        first, flip_first = self._in_fortran_order(b)
        second, flip_second = self._in_fortran_order(a)
        given = f"{alpha}, {first}, {second}, 1.0, {out}.T"
        self.lines.append((f"{routine}({given}, {flip_first}, {flip_second}, 1)", what))

    def _in_fortran_order(self, x: Tensor) -> tuple[str, int]:
        """Return how BLAS is given the transpose of `x`: a text, and whether to transpose it."""
        if x.op is not None and x.op.name == "transpose":
            return self.operand(x).code, 1
        return f"{self.operand(x).code}.T", 0

    def _plain(self, node: Tensor, operands: Sequence[Text]) -> str:
        if is_reduction(node) and not is_array(node):
            return self._reduce(node, operands[0].code, "")
        return self.words.expression(node, operands).code

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
                return f"{self.numpy('dot')}({operands[0]}, {self._ones(node.inputs[0])}{tail})"
            return self._reduce(node, operands[0], out)
        if is_sigmoid(node):
            return self._sigmoid(node, operands[0], out)
        function = self.numpy(op_of(node).forward.__name__)
        if out and function in ("maximum", "minimum"):  # NumPy warns of a third operand
            tail = f", out={out}"
        return f"{function}({', '.join(operands)}{tail})"

    def _is_row_sum(self, node: Tensor) -> bool:
        """Whether `node` sums the rows of a small buffer, which a product with ones does faster."""
        x = node.inputs[0]
        return (
            op_of(node).name == "sum"
            and x in self.places.buffer
            and x.ndim == node.ndim == 2
            and axes_of(node) == (1,)
            and x.size <= _THREADED_ROWS
            and x.dtype == node.dtype
            and x.dtype in (np.float32, np.float64)
        )

    def _ones(self, x: Tensor) -> str:
        """Return the name of a column of ones, one for each column of `x`."""
        key = (b"ones" + str(x.shape[1]).encode(), x.dtype.str)
        if key not in self.numbers:
            self.numbers[key] = name = self.words.fresh("ones")
            self.words.constants[name] = f'np.ones(({x.shape[1]}, 1), "{x.dtype.name}")'
        return self.numbers[key]

    def _reduce(self, node: Tensor, operand: str, out: str) -> str:
        axis = node.params.get("axis")
        axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
        parts = [operand, literal(axis)]
        if out or node.params.get("keepdims"):
            parts += ["None", out or "None"]
        if node.params.get("keepdims"):
            parts.append("True")
        return f"{self.numpy(_REDUCTIONS[op_of(node).name])}.reduce({', '.join(parts)})"

    def _sigmoid(self, node: Tensor, operand: str, out: str) -> str:
        if node.size <= _SMALL:
            self.words.embedding.imports["expit"] = "from scipy.special import expit"
            return f"expit({operand}, {out})" if out else f"expit({operand})"
        for name in ("add", "errstate", "exp"):
            self.numpy(name)
        if node.op is LOGISTIC:
            self.numpy("divide")
            helper, self.words.helpers["logistic"] = "logistic", LOGISTIC_INTO
        else:
            self.numpy("negative")
            self.numpy("reciprocal")
            helper, self.words.helpers["sigmoid"] = "sigmoid", SIGMOID_INTO
        if not out:
            out = f"{self.numpy('empty')}({literal(node.shape)}, {_dtype(node)})"
        return f"{helper}({operand}, {out})"

    def writable(self) -> set[Tensor]:
        return set(self.places.donated.values())

    def ready(self) -> set[Tensor]:
        return {self.places.donated[node] for node in self.order if is_update(node)}

    def workspace(self) -> tuple[list[str], list[str], list[str]]:
        """Return how buffers are made, taken and given back, as lines."""
        if not self.buffers:
            return [], [], []
        self.numpy("empty")
        lines = ["def buffers():", '    """Make the memory that one run needs."""', "    return ["]
        lines += [
            f"        empty({literal(shape)}, {_dtype_text(dtype)}),"
            for shape, dtype in self.places.buffers
        ]
        lines.append("    ]")
        left = ", ".join(self.buffers)
        comma = "," if len(self.buffers) == 1 else ""
        take = ["workspace = free.pop() if free else buffers()", f"{left}{comma} = workspace"]
        return ["\n".join(lines), "free = []"], take, ["free.append(workspace)"]


def _dtype(node: Tensor) -> str:
    return _dtype_text(node.dtype)


def _dtype_text(dtype: np.dtype[np.generic]) -> str:
    return f'"{dtype.name}"'


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


def _fits_scipys_blas(c: Tensor, a: Tensor, b: Tensor) -> bool:
    return c.size * a.shape[-1] <= _THREADED and fits(c, a, b)


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
    graph, given, order = arranged(tune(graph), donated, _may_overwrite, _fits_scipys_blas)
    places = plan(order, graph.outputs, given, buffered, in_place)
    writer = _Planned(traced, graph, order, places)
    preamble, take, give_back = writer.workspace()
    writer.lines += [(line, "") for line in take]
    writer.write_body()
    return writer.finish(preamble, give_back)
