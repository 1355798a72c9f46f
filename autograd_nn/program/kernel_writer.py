"""A program for Numba as a module: its kernels, the values that pass between them, their memory.

What a kernel does is written by `numba_source`; here is where values live and what they are called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ..core.graph import uses
from ..core.tensor import Tensor, plain
from ..formulas.precedence import ATOM, Text
from ..ops.indexing import GETITEM
from ..ops.shapes import RESHAPE, TRANSPOSE
from . import native
from .graph import Graph, is_array, is_constant, is_leaf
from .kernels import is_indexed
from .literals import dtype_name, literal
from .memory import is_view
from .rewriting import is_exact
from .rules.pieces import places
from .rules.transposes import permutation
from .rules.windows import WINDOWS
from .source import Source, Writer
from .trace import Trace

_DECORATION = '@njit(error_model="numpy", fastmath={"nsz"}, nogil=True)'
INDICES = "ijklmn"
_WORD = re.compile(r"[^\W\d]\w*")


class KernelWriter(Writer):
    """Writes kernels, what stands between them, and what calls them."""

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
        super().__init__(traced, graph, order, {})
        self.users = uses(order)
        self.constants = [x for x in self.users if is_constant(x) and is_array(x)]

    def reserved(self) -> set[str]:  # noqa: D102 - as in Writer
        own = {*native.NAMES, "math", "acc", "total", *INDICES}
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
                        self.as_column(x)
        kernel = self.body[-1]
        assert isinstance(kernel, list)  # noqa: S101 - made above
        return kernel

    def add(self, line: str, depth: int = 0) -> None:
        """Add a line to the kernel."""
        self.kernel.append("    " * (depth + 1) + line)

    def operand(self, x: Tensor) -> Text:
        """Return the text of an operand; a view is written where it is first needed as such.

        In a kernel that is a copy: BLAS wants neighbours, and Numba takes long to compile views.
        """
        if x in self.texts or is_leaf(x):
            return super().operand(x)
        if not is_array(x):
            return Text(self.at(x, []))
        if self.between or (x.op is TRANSPOSE and x.ndim == 2):
            text = self.words.expression(x, [self.operand(x.inputs[0])])
            if not self.between:
                return text
            self.assigned(x, text.code)
        else:
            self.copied(x)
        return super().operand(x)

    def copied(self, x: Tensor) -> str:
        """Write the elements that a view looks at into new memory, and return its name."""
        name = self.new(x)
        self.filled(x.shape, lambda at: f"{name}[{', '.join(at)}] = {self.at(x, at)}")
        return name

    def filled(self, shape: tuple[int, ...], statement: Callable[[list[str]], str]) -> None:
        """Write a loop nest of one statement, made from the indices."""
        indices = ["0" if n == 1 else i for n, i in zip(shape, INDICES, strict=False)]
        line = statement(indices)  # first: it may write a statement of its own
        depth = 0
        for i, n in zip(indices, shape, strict=True):
            if i != "0":
                self.add(f"for {i} in range({n}):", depth)
                depth += 1
        self.add(line, depth)

    def assigned(self, node: Tensor, code: str) -> None:
        """Write ``name = code``, in the kernel or between two."""
        name = self.name(node)
        if self.between:
            self.body.append(f"{name} = {code}")
        else:
            self.add(f"{name} = {code}")
        self.made[name] = node
        self.texts[node] = Text(name)

    def new(self, node: Tensor, start: str = "") -> str:
        """Return the name of the memory for `node`, and make it unless it is a donated argument."""
        if node in self.donated:
            self.in_memory_of(self.donated[node], node)
        else:
            shape, dtype = literal(node.shape), dtype_name(node.dtype)
            if start in ("", "0"):
                self.assigned(node, f"np.{'zeros' if start else 'empty'}({shape}, {dtype})")
            else:
                self.assigned(node, f"np.full({shape}, {start}, {dtype})")
            self.as_column(node)
        return self.texts[node].code

    def in_memory_of(self, x: Tensor, node: Tensor) -> None:
        """Refer to `node` as to `x`."""
        self.texts[node] = self.operand(x)
        if x in self.columns:
            self.columns[node] = self.columns[x]

    def number(self, x: Tensor) -> str:
        """Return the text of an operand of a larger expression."""
        return self.operand(x).within(ATOM)

    def at(self, x: Tensor, indices: Sequence[str]) -> str:
        """Return ``x[i, j]``; what is a view is read where it looks."""
        while is_indexed(x):
            x, indices = x.inputs[0], _looked_at(x, indices)
        if not indices:
            return self.number(x)
        if x in self.columns:
            return f"{self.columns[x]}[{indices[0]}]"
        return f"{self.operand(x).code}[{', '.join(indices)}]"

    def as_column(self, x: Tensor) -> None:
        """Let loops see an array of one column as a vector: its elements are neighbours."""
        if x.ndim == 2 and x.shape[1] == 1 and is_exact(x.dtype):
            name = self.operand(x).code
            self.columns[x] = column = self.words.fresh(f"{name}_column")
            self.made[column] = None
            self.add(f"{self.columns[x]} = {name}.reshape({x.shape[0]})")

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
        kernels: list[str] = []
        known = [self.operand(x).code for x in inputs]
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

    def imports(self) -> set[str]:  # noqa: D102 - as in Writer
        compiled = any(not isinstance(part, str) for part in self.body)
        return {"import math", *native.imports_of(self.used)} if compiled else set()

    def result(self, position: int) -> str:  # noqa: D102 - as in Writer
        node = self.graph.outputs[position]
        if not is_array(node) and not is_leaf(node):
            return f"{dtype_name(node.dtype)}({self.operand(node).code})"
        text = super().result(position)
        return f"{text}.copy()" if is_view(node) and not text.endswith(".copy()") else text

    def writable(self) -> set[Tensor]:  # noqa: D102 - as in Writer
        return self.overwritten

    def ready(self) -> set[Tensor]:  # noqa: D102 - as in Writer
        return self.overwritten


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
    if view.op is WINDOWS:
        axis, start, (far, near) = (view.params[key] for key in ("axis", "start", "steps"))
        at = f"{start} + {far} * ({indices[axis]}) + {near} * ({indices[axis + 1]})"
        return [*indices[:axis], at, *indices[axis + 2 :]]
    own = zip(x.shape, indices[view.ndim - x.ndim :], strict=True)
    return ["0" if n == 1 else i for n, i in own]


def _untransposed(node: Tensor) -> Tensor:
    while node.op is TRANSPOSE:
        node = node.inputs[0]
    return node


def _words(lines: Iterable[str] | str) -> set[str]:
    return {word for line in ([lines] if isinstance(lines, str) else lines)
            for word in _WORD.findall(line)}  # fmt: skip
