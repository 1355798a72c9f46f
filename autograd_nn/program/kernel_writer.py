"""A program for Numba as a module: its kernels, the values that pass between them, their memory.

What a kernel does is written by `numba_source`; here is where values live and what they are called.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..core.graph import uses
from ..core.tensor import Tensor, plain
from ..formulas.precedence import ATOM, Text
from ..ops.indexing import GETITEM
from ..ops.shapes import RESHAPE, TRANSPOSE
from . import native
from .expressions import varying
from .graph import Graph, is_array, is_leaf
from .iterations import AT, Bodies
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
_COUNTED = re.compile(r"^ *for (\w+) in")
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(eq=False)
class _Part:
    """A kernel, or a line between two, in so many loops."""

    depth: int
    is_kernel: bool
    lines: list[str] = field(default_factory=list)


class KernelWriter(Writer):
    """Writes kernels, what stands between them, and what calls them."""

    def __init__(
        self,
        traced: Trace,
        graph: Graph,
        order: Sequence[Tensor],
        bodies: Bodies,
        donated: Mapping[Tensor, Tensor],
    ) -> None:
        self.donated = donated
        self.overwritten = set(donated.values())
        self.pieces: list[_Part] = []
        self.columns: dict[Tensor, str] = {}
        self.used: set[str] = set()
        self.views: set[Tensor] = set()  # that have a name between kernels
        self.begun = self.between = False
        super().__init__(traced, graph, order, bodies)
        self.users = uses(self.every)

    def reserved(self) -> set[str]:  # noqa: D102 - as in Writer
        own = {*native.NAMES, "math", "acc", "total", *INDICES}
        for n in range(len(self.every) + 1):
            own |= {f"kernel{n or ''}", f"acc{n}", f"e{n}"}
        return super().reserved() | own

    def read(self) -> list[Tensor]:
        """Return the inputs that are used and have a name."""
        return [x for x in self.graph.inputs if x in self.texts and x in self.users]

    @property
    def kernel(self) -> _Part:
        """The kernel that is being written."""
        last = self.pieces[-1] if self.pieces else None
        if last is None or not last.is_kernel or last.depth > self.depth:
            self.pieces.append(last := _Part(self.depth, True))
            if not self.begun:
                self.begun = True
                for x in self.read():
                    self.as_column(x)
        return last

    def add(self, line: str, depth: int = 0) -> None:
        """Add a line to the kernel."""
        kernel = self.kernel
        kernel.lines.append("    " * (self.depth - kernel.depth + depth + 1) + line)

    def line(self, code: str, note: str = "") -> None:
        """Add a line to the kernel, or between two."""
        if self.between:
            self.pieces.append(_Part(self.depth, False, [code]))
        else:
            self.add(code)

    def operand(self, x: Tensor) -> Text:
        """Return the text of an operand; a view is written where it is first needed as such.

        In a kernel that is a copy: BLAS wants neighbours, and Numba takes long to compile views.
        """
        if x in self.views and not self.between:
            self.views.remove(x)  # others want neighbours
            self.copied(x)
        if x in self.texts or is_leaf(x):
            return super().operand(x)
        if not is_array(x):
            return Text(self.at(x, []))
        if self.between or (x.op is TRANSPOSE and x.ndim == 2):
            text = self.words.expression(x, [self.operand(i) for i in x.inputs])
            if not self.between or self.uses[x] == 1:
                return text
            self.assigned(x, text.code)
            self.views.add(x)
        else:
            self.copied(x)
        return super().operand(x)

    def settled(self, x: Tensor) -> Text:
        """Return a name for an operand of a loop, whose kernels want neighbours."""
        if x not in self.texts and not is_leaf(x) and is_array(x):
            if self.between:
                code = self.words.expression(x, [self.operand(i) for i in x.inputs]).code
                self.assigned(x, f"np.ascontiguousarray({code})")
            else:
                self.copied(x)
        return super().settled(x)

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
        self.line(f"{name} = {code}")
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
            x, indices = x.inputs[0], self.looked_at(x, indices)
        if not indices:
            return self.number(x)
        if x in self.columns:
            return f"{self.columns[x]}[{indices[0]}]"
        code = self.operand(x).code  # an element of an element by one index
        start = f"{code[:-1]}, " if code.endswith("]") else f"{code}["
        return f"{start}{', '.join(indices)}]"

    def as_column(self, x: Tensor) -> None:
        """Let loops see an array of one column as a vector: its elements are neighbours."""
        if is_array(x) and x.ndim == 2 and x.shape[1] == 1 and is_exact(x.dtype):
            name = self.operand(x).code
            self.columns[x] = self.words.fresh(f"{name}_column")
            self.add(f"{self.columns[x]} = {name}.reshape({x.shape[0]})")

    def looked_at(self, view: Tensor, indices: Sequence[str]) -> list[str]:
        """Return where in its operand the element of a view lies."""
        x = view.inputs[0]
        if view.op is AT:
            return self.put_where(view, x.shape, indices)
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

    def put_where(self, node: Tensor, shape: tuple[int, ...], indices: Sequence[str]) -> list[str]:
        """Return the place of an element at an index that varies."""
        return places(varying(self.words, node, self.operand(node.inputs[-1]).code), shape, indices)

    def module(self) -> Source:
        """Return the text: the kernels, and the function that calls them."""
        inputs = [x for x in self.graph.inputs if x in self.texts]
        inputs = [x for x in inputs if x in self.users or x in self.overwritten]
        for x in inputs:
            code = self.operand(x).code
            if is_array(x) and x not in self.overwritten:
                self.lines.append((f"{code} = np.ascontiguousarray({code})", ""))
            elif isinstance(plain(x), np.ndarray) and not x.ndim:
                self.lines.append((f"{code} = {code}[()]", ""))
        returned = self.returned()[0]  # first: it may write a view
        results = dict.fromkeys(self.operand(_untransposed(x)).code for x in self.graph.outputs)
        constants = sorted({*self.words.constants, *self.words.held})
        numbers = {self.texts[x].code: x for x in self.texts if not is_array(x)}
        names = self.words.taken - self.reserved() - {"np", *constants}
        kernels: list[str] = []
        known = dict.fromkeys(self.operand(x).code for x in inputs)
        for part, after in zip(self.pieces, self._read_later(returned), strict=True):
            self.depth, words = part.depth, _words(part.lines)
            if part.is_kernel:  # that counts, nobody else needs
                counted = _counted(part.lines)
                words = {word: None for word in words if word not in counted}
            own = [word for word in words if word in names and word not in known]
            if part.is_kernel:
                name = f"kernel{len(kernels) or ''}"
                given = ", ".join(value for value in [*known, *constants] if value in words)
                made = [value for value in own if value in after]
                made = [value for value in results if value in made] + [
                    value for value in made if value not in results
                ]
                targets = ", ".join(made)
                lines = [_DECORATION, f"def {name}({given}):", *part.lines]
                kernels.append("\n".join([*lines, f"    return {targets or None}"]))
                super().line(f"{targets} = {name}({given})" if made else f"{name}({given})")
                for value in made if len(self.pieces) > 1 else ():
                    if value in numbers:  # Numba hands out Python's
                        super().line(f"{value} = {dtype_name(numbers[value].dtype)}({value})")
            elif part.lines[0]:
                super().line(part.lines[0])
            known |= dict.fromkeys(own)
        self.depth = 0
        return self.finish([*native.texts_of(self.used), *kernels])

    def _read_later(self, returned: str) -> list[set[str]]:
        """Return what is read after each part: in a loop, what is read anywhere in it, too."""
        later, found = {*_words([returned])}, []
        runs = [[*run] for _, run in itertools.groupby(self.pieces, lambda p: p.depth > 0)]
        for run in reversed(runs):
            if run[0].depth:
                later = later.union(*(_words(part.lines) for part in run))
            for part in reversed(run):
                found.append(later)
                later = later | {*_words(part.lines)}
        return found[::-1]

    def imports(self) -> set[str]:  # noqa: D102 - as in Writer
        compiled = any(part.is_kernel for part in self.pieces)
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


def _untransposed(node: Tensor) -> Tensor:
    while node.op is TRANSPOSE:
        node = node.inputs[0]
    return node


def _counted(lines: Iterable[str]) -> set[str]:
    """Return what loops count in."""
    return {name for line in lines for name in _COUNTED.findall(line)}


def _words(lines: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(word for line in lines for word in _WORD.findall(line))
