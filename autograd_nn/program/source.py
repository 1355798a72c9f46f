"""A graph as the text of a Python function.

`Writer` gives names to values, takes the arguments apart, and puts the text together: a `Source`.
Its three forms differ in how they write an operation: `readable_source`, `numpy_source` and
`numba_source`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..formulas.notation import identifier
from ..formulas.precedence import ATOM, Text
from .expressions import HELPERS, Vocabulary
from .graph import INPUT, Graph, is_leaf, is_weak, op_of
from .iterations import ADD_AT, ITEM, LOOP, PUT_AT, STORE, TABLE, Bodies, Loop
from .literals import dtype_name, literal
from .memory import root_of
from .order import parts
from .structures import Leaf, construction, reached, reached_by_number
from .trace import Trace

_WIDTH = 88


@dataclass(frozen=True)
class Source:
    """A program's text and what it needs beside it.

    Attributes
    ----------
    text : str
        A module of Python with one public function.
    name : str
        That function's name.
    held : dict of str to object
        Values that the text uses without making them: large constants, and functions whose
        source cannot be read.
    flat : bool
        Whether the function takes the leaves of the arguments, not the arguments.
    flat_result : bool
        Whether it returns a tuple of the leaves of the result.
    parameters : list of str
        The function's.
    body : list of str
        The lines of the function's body.
    ready : set of str
        Names of leaves that BLAS writes into.
    writable : set of str
        Names of leaves that are written into.
    """

    text: str
    name: str
    held: dict[str, Any]
    flat: bool
    flat_result: bool
    parameters: list[str]
    body: list[str]
    ready: set[str]
    writable: set[str]


class Writer:
    """Writes one function; the styles differ in how they write an operation."""

    def __init__(
        self, traced: Trace, graph: Graph, order: Sequence[Tensor], bodies: Bodies
    ) -> None:
        self.traced = traced
        self.graph = graph
        self.order = order
        self.bodies = bodies
        self.every = [*order, *(node for _, inner in bodies.values() for node in inner)]
        self.outputs = set(graph.outputs)
        self.uses = dict(graph.counts())
        self.parts = parts(graph)
        for body, _ in bodies.values():
            self.outputs.update(body.outputs)
            self.uses.update(body.counts())
            self.parts.update(parts(body))
        self.targets: dict[tuple[Loop, int], Tensor] = {}  # stacks that are computed into
        self.items: dict[tuple[Tensor, int], Text] = {}
        self.indices: list[str] = []
        self.tables: dict[Tensor, str] = {}
        reserved = self.reserved()
        self.words = Vocabulary(reserved)
        self.texts: dict[Tensor, Text] = {}
        self.counters: dict[str, Iterator[int]] = {}
        self.lines: list[tuple[str, str]] = []
        self.depth = 0  # of loops
        self.kept_at: dict[Tensor, str] = {}  # where what is kept is put
        self.first: dict[Tensor, int] = {}  # the first output of those that share memory
        for position, output in enumerate(graph.outputs):
            self.first.setdefault(root_of(output), position)
        rehearsal = Vocabulary(reserved)  # takes the names that helper functions will have
        for node in self.every:
            if rehearsal.calls(node):
                rehearsal.function(op_of(node))
        embedding = rehearsal.embedding
        self.words.taken |= {*embedding.definitions, *embedding.imports, *rehearsal.held}
        self.function = self.words.fresh(traced.name if traced.name.isidentifier() else "program")
        self.parameters = self._parameters()
        self.unpacked = len(self.lines)

    def reserved(self) -> set[str]:
        """Return the names that the text imports or defines for itself."""
        return {"special", "linalg", *(op.name for op in HELPERS)}

    def _parameters(self) -> list[str]:
        """Name the parameters and the leaves; write the lines that take arguments apart."""
        traced = self.traced
        leaves = list(zip(traced.leaves, self.graph.inputs, strict=True))
        if not traced.reachable:
            for leaf, node in leaves:
                self.texts[node] = Text(self.words.fresh(leaf.name))
            return [self.texts[node].code for _, node in leaves]
        names: dict[str, str] = {}
        for key in traced.parameters:
            names[key] = identifier(key, self.words.taken)
            self.words.taken.add(names[key])
        k = self.words.fresh("k")
        paths = {node: leaf.path for leaf, node in leaves}
        listed: dict[Tensor, int] = {}
        for table in [node for node in self.order if node.op is TABLE]:
            if all(x in paths for x in table.inputs):
                code = reached_by_number(
                    [(names[paths[x][0]], *paths[x][1:]) for x in table.inputs], k
                )
                if code:
                    self.tables[table] = f"[{code}]"
                    listed.update((x, listed.get(x, 0) + 1) for x in table.inputs)
        groups: dict[str, list[tuple[Leaf, Tensor]]] = {}
        for leaf, node in leaves:
            if listed.get(node) == self.uses.get(node, 0) > 0:
                continue
            if len(leaf.path) == 1:
                self.texts[node] = Text(names[leaf.path[0]])
            else:
                groups.setdefault(leaf.path[0], []).append((leaf, node))
        for root, members in groups.items():
            for leaf, node in members:
                self.texts[node] = Text(self.words.fresh(leaf.name))
            for some in [members[i : i + 4] for i in range(0, len(members), 4)]:
                left = ", ".join(self.texts[node].code for _, node in some)
                right = ", ".join(reached(names[root], leaf.path[1:]) for leaf, _ in some)
                self.lines.append((f"{left} = {right}", ""))
        return list(names.values())

    # -- naming -------------------------------------------------------------------------------

    def name(self, node: Tensor, fallback: str = "t") -> str:
        """Return a new identifier for `node`: its own name, or a number."""
        if node.name:
            return self.words.fresh(node.name)
        counter = self.counters.setdefault(fallback, itertools.count(1))
        free = (f"{fallback}{n}" for n in counter)
        name = next(name for name in free if name not in self.words.taken)
        self.words.taken.add(name)
        return name

    def operand(self, x: Tensor) -> Text:
        """Return the text of an operand that has been written already, or of a constant."""
        return self.texts[x] if x in self.texts else self.words.constant(x)

    def product_by_blas(
        self, out: str, alpha: float, a: Tensor, b: Tensor, beta: float
    ) -> tuple[str, str]:
        """Return the routine for ``out = alpha * a @ b + beta * out``, and a comment for it."""
        sign = ("-=" if alpha < 0 else "+=") if beta else "="
        factor = "" if abs(alpha) == 1 else f"{literal(abs(alpha))} * "
        what = f"{self.operand(a).within(ATOM)} @ {self.operand(b).within(ATOM)}"
        routine = "sgemm" if a.dtype == np.float32 else "dgemm"
        return routine, f"{out} {sign} {factor}{what}"

    # -- the whole ------------------------------------------------------------------------------

    def returned(self) -> tuple[str, bool]:
        """Return the returned expression, and whether it is flat."""
        texts = [self.result(position) for position in range(len(self.graph.outputs))]
        nested = construction(self.traced.result, texts)
        if nested is not None:
            bare = nested.startswith("(") and nested != "()"  # a tuple needs no parentheses here
            return nested.removeprefix("(").removesuffix(")") if bare else nested, False
        return ", ".join(texts) + ("," if len(texts) == 1 else ""), True

    def result(self, position: int) -> str:
        """Return the text of an output; what belongs to someone else is copied."""
        node = self.graph.outputs[position]
        text = self.operand(node)
        if not isinstance(plain(node), np.ndarray) or is_weak(node):
            return text.code
        shared = self.first[root_of(node)] < position
        if node.ndim == 0:  # as a number, which nobody can write into
            given = root_of(node).op is INPUT or (shared and node.op is not None)
            return f"{text.within(ATOM)}[()]" if given else text.code
        copied = is_leaf(root_of(node)) or shared
        return f"{text.within(ATOM)}.copy()" if copied else text.code

    def write_body(self) -> None:
        """Write every operation, in order, with a heading for each part."""
        several = len({self.parts[node] for node in self.order}) > 1
        now = ""
        for node in self.order:
            quiet = self.inlined(node) and node.op is not LOOP
            if several and self.parts[node] != now and not quiet:
                now = self.parts[node]
                self.line(f"# {now}")
            self.put(node)

    def line(self, code: str, note: str = "") -> None:
        """Add a line, and what a comment behind it says."""
        self.lines.append(("    " * self.depth + code, note))

    def put(self, node: Tensor) -> None:
        """Write `node`, which may be a loop or what it gave."""
        if node.op is LOOP:
            self.loop(node)
        elif node.op is ITEM:
            self.texts[node] = self.items[node.inputs[0], node.params["item"]]
        elif node.op is PUT_AT:
            name = self.name(node, "u")
            self.assign(name, f"np.zeros({literal(node.shape)}, {dtype_name(node.dtype)})", node)
            self.texts[node] = Text(name)
            self.put_at(node, name, "=")
        elif node.op is ADD_AT:
            self.texts[node] = self.operand(node.inputs[0])
            self.put_at(node, self.texts[node].code, "+=")
        elif node.op is STORE:
            if node in self.kept_at:
                self.line(f"{self.kept_at[node]} = {self.operand(node.inputs[0]).code}")
        elif node in self.tables:
            self.assign(name := self.name(node, "u"), self.tables[node], node)
            self.texts[node] = Text(name)
        else:
            self.write(node)

    def loop(self, node: Tensor) -> None:
        """Write a loop: its stacks, the first values of what is carried, its body."""
        loop = node.params["loop"]
        body, order = self.bodies[loop]
        given = [self.settled(x) for x in node.inputs[:-1]]
        for kind, k in loop.sources:
            if kind == "number":
                given[k] = self.as_numbers(given[k])
        t = (self.indices or [self.words.fresh("t")]).pop()
        stacks = []
        for stack in loop.stacks:
            like = stack.like
            stacks.append(self.words.fresh(f"{like.name}s" if like.name else "kept"))
            shape = literal((stack.length, *like.shape))
            self.assign(stacks[-1], f"np.empty({shape}, {dtype_name(like.dtype)})", like)
            for element, k in stack.slots.items():
                self.line(f"{stacks[-1]}[{element}] = {given[k].code}")
        inside = {k: x for x, k in loop.carried()}
        overwritten = self.writable() | {x.inputs[0] for x in order if x.op is ADD_AT}
        states = []
        for k, first in enumerate(loop.first):
            states.append(self.words.fresh(body.outputs[k].name or "state"))
            if first is not None:
                own = f"{given[first].within(ATOM)}.copy()"
                self.line(f"{states[k]} = {own if inside[k] in overwritten else given[first].code}")
        texts = {"given": given, "stack": [Text(x) for x in stacks]}
        texts["carried"] = [Text(x) for x in states]
        texts["leaf"] = texts["number"] = [Text(f"{x.within(ATOM)}[{t}]") for x in given]
        self.texts[body.inputs[0]] = Text(t)
        for x, (kind, k) in zip(body.inputs[1:], loop.sources, strict=True):
            self.texts[x] = texts[kind][k]
        self.line(f"for {t} in range({loop.count}):")
        self.depth += 1
        places = [
            f"{name}[{t} + {stack.offset}]" if stack.offset else f"{name}[{t}]"
            for name, stack in zip(stacks, loop.stacks, strict=True)
        ]
        for store in [x for x in order if x.op is STORE]:
            k = store.params["stack"]
            if (loop, k) in self.targets:
                self.texts[self.targets[loop, k]] = Text(places[k])
            else:
                self.kept_at[store] = places[k]
        self.statements(loop)
        moved = []
        for state, x in zip(states, body.outputs, strict=False):
            text = self.operand(x)
            shared = is_leaf(root_of(x)) and isinstance(plain(x), np.ndarray) and x.ndim > 0
            code = f"{text.within(ATOM)}.copy()" if shared else text.code
            if code != state:
                moved.append((state, code))
        if moved:
            left, right = (", ".join(part) for part in zip(*moved, strict=True))
            self.line(f"{left} = {right}")
        elif not order:
            self.line("pass")
        self.depth -= 1
        self.indices.append(t)
        for item, name in enumerate([*states, *stacks]):
            self.items[node, item] = Text(name)

    def statements(self, loop: Loop) -> None:
        """Write what a loop's body computes."""
        for x in self.bodies[loop][1]:
            self.put(x)

    def as_numbers(self, table: Text) -> Text:
        """Return constants as Python's numbers, one an iteration."""
        name = self.words.fresh("numbers")
        self.line(f"{name} = {table.code}.tolist()")
        return Text(name)

    def put_at(self, node: Tensor, array: str, sign: str) -> None:
        """Write that an element at an index that varies is put into an array, or added there."""
        g, t = (self.operand(x) for x in node.inputs[-2:])
        element = self.words.expression(node, [Text(array), t]).code
        self.line(f"{element} {sign} {g.code}")

    def settled(self, x: Tensor) -> Text:
        """Return a name for an operand of a loop, which reads it again and again."""
        text = self.operand(x)
        if is_leaf(x) or text.code.isidentifier():
            return text
        self.assign(name := self.name(x, "u"), text.code, x)
        return Text(name)

    def inlined(self, node: Tensor) -> bool:
        """Whether `node` has no statement of its own."""
        raise NotImplementedError

    def write(self, node: Tensor) -> None:
        """Add the statements of `node`, and remember how it is referred to."""
        raise NotImplementedError

    def assign(self, name: str, code: str, node: Tensor) -> None:
        """Add the statement ``name = code`` with the shape of the result in a comment."""
        shape = f"({', '.join(map(str, node.shape))}{',' if node.ndim == 1 else ''})"
        text = f"{name} = {code}" if name else code
        self.line(text, shape if node.ndim else "")

    def finish(self, preamble: Sequence[str] = (), closing: Sequence[str] = ()) -> Source:
        """Return the module's text."""
        returned, flat_result = self.returned()
        body = [*self.lines, *((line, "") for line in closing), (f"return {returned}", "")]
        words = self.words
        head = [f'"""{self.function}: a program written by autograd_nn."""', ""]
        imports = {"import numpy as np", *words.embedding.imports.values(), *self.imports()}
        head += sorted(imports, key=lambda line: (not line.startswith("import"), line))
        if words.constants or words.held:
            head.append("")
            head += [f"{name} = {text}" for name, text in words.constants.items()]
            head += [_held_line(name, value) for name, value in words.held.items()]
        for text in [*words.embedding.definitions.values(), *words.helpers.values(), *preamble]:
            head += ["", "", text] if "\n" in text else ["", text]
        signature = f"def {self.function}({', '.join(self.parameters)}):"
        ready, writable = self.ready(), self.writable()
        guard = _guard(sorted(self.texts[node].code for node in ready))
        guarded = _indented([*body[: self.unpacked], *guard, *body[self.unpacked :]])
        named = list(zip(self.traced.leaves, self.graph.inputs, strict=True))
        return Source(
            "\n".join([*head, "", "", signature, *guarded, ""]),
            self.function,
            held=words.held,
            flat=not self.traced.reachable,
            flat_result=flat_result,
            parameters=self.parameters,
            body=_indented(body),
            ready={leaf.name for leaf, node in named if node in ready},
            writable={leaf.name for leaf, node in named if node in writable},
        )

    def writable(self) -> set[Tensor]:
        """Return the inputs that are written into."""
        return set()

    def ready(self) -> set[Tensor]:
        """Return the inputs that BLAS writes into."""
        return set()

    def imports(self) -> set[str]:
        """Return further import statements."""
        return set()


def _guard(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the lines that refuse arrays which BLAS would copy or not know as read-only."""
    if not names:
        return []
    test = " and ".join(f"{name}.flags.carray" for name in names)
    message = f"{', '.join(names)} must be writable and in C order: updated in place"
    return [(f"if not ({test}):", ""), (f'    raise ValueError("{message}")', "")]


def _held_line(name: str, value: Any) -> str:
    what = getattr(value, "__name__", type(value).__name__)
    if isinstance(value, np.ndarray):
        what = f"{value.dtype} of shape {value.shape}"
    return f"# {name} is held beside this text: {what}".replace("\n", " ")


def _indented(body: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines of a function's body, comments of neighbouring lines in one column."""
    widths = [len(code) for code, comment in body if comment]
    column = min(max(widths, default=0), _WIDTH - 24)
    return [f"    {code.ljust(column)}  # {note}" if note else f"    {code}" for code, note in body]
