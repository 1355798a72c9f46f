"""A graph as the text of a Python function.

1. `Writer` gives names to values, takes the arguments apart, and puts the text together.
2. `readable` is the program with operators infix and a fresh array for every result.

`planned.py` writes the form of the same program that is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor, plain
from ..formulas.notation import identifier
from .expressions import Text, Vocabulary
from .rewriting import INPUT, Graph, count_uses, is_weak, op_of
from .schedule import BACKWARD, FORWARD, REST, ordered, parts
from .structures import Leaf, construction, parameter_identifiers, reached
from .trace import Trace
from .views import root_of

_WIDTH = 88
_INLINE = 64


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

    def __init__(
        self,
        text: str,
        name: str,
        *,
        held: dict[str, Any],
        flat: bool,
        flat_result: bool,
        parameters: list[str],
        body: list[str],
        ready: set[str],
        writable: set[str],
    ) -> None:
        self.text = text
        self.name = name
        self.held = held
        self.flat = flat
        self.flat_result = flat_result
        self.parameters = parameters
        self.body = body
        self.ready = ready
        self.writable = writable


class Writer:
    """Writes one function; the styles differ in how they write an operation."""

    def __init__(self, traced: Trace, graph: Graph, order: Sequence[Tensor]) -> None:
        self.traced = traced
        self.graph = graph
        self.order = order
        self.words = Vocabulary()
        self.uses = count_uses(graph.outputs)
        self.parts = parts(graph)
        self.texts: dict[Tensor, Text] = {}
        self.lines: list[tuple[str, str]] = []
        self.reserve()
        self.function = self.words.fresh(traced.name if traced.name.isidentifier() else "program")
        self.parameters = self._parameters()
        self.unpacked = len(self.lines)

    def reserve(self) -> None:
        """Take the names that helper functions of the text will have."""
        from .expressions import HELPERS

        self.words.taken |= set(HELPERS) | {"special", "sigmoid", "relu"}
        for node in self.order:
            if self.words.calls(node):
                self.words.function(op_of(node).name, op_of(node).forward)
        self.words.taken |= set(self.words.embedding.definitions) | set(self.words.held)
        self.words.helpers.clear()
        self.words.embedding = type(self.words.embedding)()
        self.words.held.clear()

    def _parameters(self) -> list[str]:
        """Name the parameters and the leaves; write the lines that take arguments apart."""
        traced = self.traced
        leaves = list(zip(traced.leaves, self.graph.inputs, strict=True))
        if not traced.reachable:
            for leaf, node in leaves:
                self.texts[node] = Text(self.words.fresh(leaf.name))
            return [self.texts[node].code for _, node in leaves]
        names = parameter_identifiers(list(traced.parameters), self.words.taken)
        groups: dict[str, list[tuple[Leaf, Tensor]]] = {}
        for leaf, node in leaves:
            if len(leaf.path) == 1:
                self.texts[node] = Text(names[leaf.path[0]])
            else:
                groups.setdefault(leaf.path[0], []).append((leaf, node))
        for root, members in groups.items():
            for leaf, node in members:
                self.texts[node] = Text(self.words.fresh(leaf.name))
            for some in _in_rows(members):
                left = ", ".join(self.texts[node].code for _, node in some)
                right = ", ".join(reached(names[root], leaf.path[1:]) for leaf, _ in some)
                self.lines.append((f"{left} = {right}", ""))
        return list(names.values())

    # -- naming -------------------------------------------------------------------------------

    def name(self, node: Tensor, fallback: str = "t") -> str:
        """Return a new identifier for `node`: its own name, or a number."""
        if node.name:
            return self.words.fresh(node.name)
        number = 1
        while f"{fallback}{number}" in self.words.taken:
            number += 1
        self.words.taken.add(f"{fallback}{number}")
        return f"{fallback}{number}"

    def operand(self, x: Tensor) -> Text:
        """Return the text of an operand that has been written already, or of a constant."""
        return self.texts[x] if x in self.texts else self.words.constant(x)

    # -- the whole ------------------------------------------------------------------------------

    def returned(self) -> tuple[str, bool]:
        """Return the returned expression, and whether it is flat."""
        texts = [self.result(position) for position in range(len(self.graph.outputs))]
        nested = construction(self.traced.result, texts)
        if nested is not None:
            return nested.removeprefix("(").removesuffix(")") if _bare(nested) else nested, False
        return ", ".join(texts) + ("," if len(texts) == 1 else ""), True

    def result(self, position: int) -> str:
        """Return the text of an output; what belongs to someone else is copied."""
        node = self.graph.outputs[position]
        text = self.operand(node)
        if not isinstance(plain(node), np.ndarray) or is_weak(node):
            return text.code
        earlier = self.graph.outputs[:position]
        if node.ndim == 0:
            return f"{text.within(9)}[()]" if root_of(node).op is INPUT else text.code
        foreign = root_of(node).op in (None, INPUT)
        shared = any(root_of(node) is root_of(other) for other in earlier)
        return f"{text.within(9)}.copy()" if foreign or shared else text.code

    def section(self, part: str) -> None:
        """Add the heading of a part."""
        self.lines.append((f"# {part}", ""))

    def write_body(self) -> None:
        """Write every operation, in order, with a heading for each part."""
        several = len({self.parts[node] for node in self.order}) > 1
        now = ""
        for node in self.order:
            if several and self.parts[node] != now and not self.inlined(node):
                now = self.parts[node]
                self.section(_HEADINGS[now])
            self.write(node)

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
        self.lines.append((text, shape if node.ndim else ""))

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
        ready = self.ready()
        guard = _guard(sorted(self.texts[node].code for node in ready))
        text = (
            "\n".join(
                [
                    *head,
                    "",
                    "",
                    signature,
                    *_indented([*body[: self.unpacked], *guard, *body[self.unpacked :]]),
                ]
            )
            + "\n"
        )
        named = list(zip(self.traced.leaves, self.graph.inputs, strict=True))
        writable = self.writable()
        return Source(
            text,
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


_HEADINGS = {FORWARD: "forward", BACKWARD: "backward", REST: "results"}


def _in_rows(members: list[Any]) -> list[list[Any]]:
    return [members[i : i + 4] for i in range(0, len(members), 4)]


def _bare(nested: str) -> bool:
    """Whether the outermost parentheses of a tuple's text can go."""
    return nested.startswith("(") and nested != "()"


def _held_line(name: str, value: Any) -> str:
    what = (
        f"{value.dtype} of shape {value.shape}"
        if isinstance(value, np.ndarray)
        else getattr(value, "__name__", type(value).__name__)
    )
    return f"# {name} is held beside this text: {what}".replace("\n", " ")


def _indented(body: Sequence[tuple[str, str]]) -> list[str]:
    """Return the lines of a function's body, comments of neighbouring lines in one column."""
    lines = []
    widths = [len(code) for code, comment in body if comment]
    column = min(max(widths, default=0), _WIDTH - 24)
    for code, comment in body:
        shown = f"    {code}"
        lines.append(f"{shown.ljust(column + 4)}  # {comment}" if comment else shown)
    return lines


class _Readable(Writer):
    """Operators infix; a value that is used once and has no name stands where it is used."""

    def inlined(self, node: Tensor) -> bool:
        if node.name or node in self._roots:
            return False
        if op_of(node).name == "transpose":
            return True
        consumer = self._consumer.get(node)
        return (
            self.uses[node] == 1
            and consumer is not None
            and self.parts[consumer] == self.parts[node]
        )

    def prepare(self) -> None:
        self._roots = set(self.graph.outputs)
        self._consumer: dict[Tensor, Tensor] = {}
        for node in self.order:
            for x in node.inputs:
                self._consumer[x] = node

    def write(self, node: Tensor) -> None:
        text = self.words.expression(node, [self.operand(x) for x in node.inputs])
        if self.inlined(node) and len(text.code) <= _INLINE:
            self.texts[node] = text
            return
        name = self.name(node)
        self.assign(name, text.code, node)
        self.texts[node] = Text(name)


def readable(traced: Trace, graph: Graph) -> Source:
    """Return the program that reads like the document."""
    order = ordered(graph, {}) or []
    _name_results(traced, graph)
    writer = _Readable(traced, graph, order)
    writer.prepare()
    writer.write_body()
    return writer.finish()


def _name_results(traced: Trace, graph: Graph) -> None:
    """Name results that have no name by the key under which they are returned."""
    from ..transforms.containers import flatten
    from .structures import accessors

    paths = accessors(flatten(traced.result)[1]) or []
    inputs = {identifier(leaf.name) for leaf in traced.leaves}
    for node, steps in zip(graph.outputs, paths, strict=False):
        keys = [str(step) for kind, step in steps if kind != "index" and isinstance(step, str)]
        if keys and node.op not in (None, INPUT) and not node.name:
            node.name = f"new_{keys[-1]}" if identifier(keys[-1]) in inputs else keys[-1]
