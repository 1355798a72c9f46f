"""What a trace repeats becomes a loop.

`rolled` finds what is repeated and returns the graph with a `LOOP` in the place of each repeat:
`_Rolling` goes through what is outside of loops, `_Body` makes the body of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..core.graph import again, rebuild
from ..core.tensor import Tensor, apply, constant, plain
from ..ops.elementwise import ADD
from ..ops.indexing import GETITEM
from ..ops.joining import CONCATENATE
from ..ops.shapes import RESHAPE, TRANSPOSE
from .graph import INPUT, Graph, is_constant, is_weak
from .iterations import ADD_AT, AT, ITEM, LOOP, PUT_AT, STORE, TABLE, Key, Loop, Stack
from .repeats import FEWEST, SHORTEST, Leaves, Row, Same, Span, Step, Table, find, mapped, stepped
from .rules import simplify


def rolled(graph: Graph, inner: bool = False) -> Graph:
    """Return a traced `graph`, or the body of a loop, with a `LOOP` in the place of a repeat."""
    if len(graph.nodes()) <= SHORTEST or not graph.inputs:
        return graph
    table = Table(graph, inner)
    spans, where = find(table)
    with np.errstate(all="ignore"):
        return _Rolling(graph, table, spans, where).run() if spans else graph


class _Rolling:
    """Makes the graph anew, with loops in the place of spans."""

    def __init__(
        self, graph: Graph, table: Table, spans: list[Span], where: np.ndarray[Any, Any]
    ) -> None:
        self.graph, self.table, self.spans, self.where = graph, table, spans, where.tolist()
        self.fresh: dict[int, Tensor] = {}
        self.items: dict[tuple[int, int, bool], Tensor] = {}
        self.lagged = {
            (own, x.row)
            for own, span in enumerate(spans)
            for x in span.operands.values()
            if isinstance(x, Row) and x.span == own and x.first
        }
        self.fixed: set[tuple[int, int]] = set()
        for own, span in enumerate(spans):
            for row in range(span.period):
                if self._is_fixed(own, row):
                    self.fixed.add((own, row))
        self.stacked: set[tuple[int, int]] = set()
        self.last: set[tuple[int, int]] = set()
        for position, number in enumerate(self.where):
            if number < 0:
                self._wanted([self.table.code[x] for x in self.table.order[position].inputs])
        self._wanted([self.table.code[x] for x in graph.outputs])
        for own, span in enumerate(spans):
            self._wanted([code for slots in span.slots.values() for code in slots.values()])
            for x in span.operands.values():
                if isinstance(x, Same):
                    self._wanted([x.code])
                elif isinstance(x, Row) and self._is_kept(own, x):
                    self.stacked.add((x.span, x.row))
        self.last -= self.stacked

    def _operands(self, own: int, row: int) -> list[Same | Row | Leaves]:
        span = self.spans[own]
        count = len(self.table.order[span.start + row].inputs)
        return [span.operands[row, index] for index in range(count)]

    def _is_fixed(self, own: int, row: int) -> bool:
        """Whether a row gives the same in every iteration: it is computed before."""
        if (own, row) in self.lagged or row in self.spans[own].slots:
            return False
        return self._steps(own, row, range(self.spans[own].count)) is None and all(
            isinstance(x, Same) or (isinstance(x, Row) and (x.span, x.row) in self.fixed)
            for x in self._operands(own, row)
        )

    def _is_kept(self, own: int, x: Row) -> bool:
        """Whether an operand is read out of a stack."""
        if (x.span, x.row) in self.fixed or self._is_part(x.span, x.row):
            return False
        return x.span != own or x.first < -1

    def _is_part(self, number: int, row: int) -> bool:
        """Whether a row is a part of an array that is there: it is taken again, not kept."""
        span = self.spans[number]
        part = self.table.order[span.start + row].op is GETITEM and row not in span.slots
        return part and isinstance(span.operands[row, 0], Same)

    def _wanted(self, codes: Iterable[int]) -> None:
        """Note what is wanted of loops outside of them."""
        for code in codes:
            number = self.where[code] if code < self.table.size else -1
            if number < 0:
                continue
            row, iteration = self.spans[number].split(code)
            if (number, row) not in self.fixed and not self._is_part(number, row):
                final = iteration == self.spans[number].count - 1
                (self.last if final else self.stacked).add((number, row))

    def _steps(self, own: int, row: int, times: range) -> list[Step] | None:
        """Return the integers of a row's index in iterations `times`, None if all are the same."""
        span = self.spans[own]
        integers = self.table.numbers[span.start + row : span.stop : span.period]
        if all(x == integers[0] for x in integers):
            return None
        return [stepped(values) for values in np.array([integers[t] for t in times]).T]

    # -- outside of loops -------------------------------------------------------------------------

    def run(self) -> Graph:
        """Return the graph with loops."""
        position, number = 0, 0
        while position < self.table.size:
            if self.where[position] < 0:
                node = self.table.order[position]
                self.fresh[position] = self._placed(self._again(node), position)
                position += 1
            else:
                self._loop(number)
                position = self.spans[number].stop
                number += 1
        outputs = [self.value(self.table.code[x]) for x in self.graph.outputs]
        return self.graph.with_outputs(outputs)

    def _placed(self, made: Tensor, position: int) -> Tensor:
        """Say that a new node was made where one of the trace was."""
        old = self.table.order[position]
        self.graph.place.setdefault(made, self.graph.place.get(old, -1))
        if old in self.graph.cotangents and made.op not in (ITEM, LOOP):
            self.graph.cotangents.add(made)
        return made

    def _again(self, node: Tensor) -> Tensor:
        codes = [self.table.code[x] for x in node.inputs]
        if node.op is CONCATENATE and len(codes) >= FEWEST:
            pieces = self._pieces(codes, node.params["axis"])
            return pieces[0] if len(pieces) == 1 else apply(CONCATENATE, pieces, node.params)
        inputs = [self.value(code) for code in codes]
        same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
        return node if same else again(node, inputs)

    def _pieces(self, codes: Sequence[int], axis: int) -> list[Tensor]:
        """Return what is joined, results of neighbouring iterations as one part of a stack."""
        pieces: list[Tensor] = []
        at = 0
        while at < len(codes):
            number = self.where[codes[at]] if codes[at] < self.table.size else -1
            end, one = at + 1, self.value(codes[at])
            if number >= 0:
                span = self.spans[number]
                row, begin = span.split(codes[at])
                while end < len(codes) and codes[end] == codes[at] + span.period * (end - at):
                    end += 1
                if (
                    end - at > 1
                    and begin + end - at <= span.count
                    and (number, row) in self.stacked
                ):
                    begin += self._offset(number, row)
                    key = slice(begin, begin + end - at)
                    part = apply(GETITEM, (self.items[number, row, True],), {"key": key})
                    axes = [*range(1, part.ndim)]
                    axes.insert(axis % one.ndim, 0)
                    shape = list(one.shape)
                    shape[axis % one.ndim] *= end - at
                    if axis % one.ndim:
                        part = apply(TRANSPOSE, (part,), {"axes": tuple(axes)})
                    one = apply(RESHAPE, (part,), {"shape": tuple(shape)})
                else:
                    end = at + 1
            pieces.append(one)
            at = end
        return pieces

    def value(self, code: int) -> Tensor:
        """Return what stands for a value of the trace outside of the loop that made it."""
        if code >= self.table.size:
            return self.table.node(code)
        number = self.where[code]
        if number < 0:
            return self.fresh[code]
        row, iteration = self.spans[number].split(code)
        if (number, row) in self.fixed:
            return self.fresh[self.spans[number].start + row]
        if self._is_part(number, row):
            return self._placed(self._again(self.table.order[code]), code)
        if (number, row) not in self.stacked:
            return self.items[number, row, False]
        stack = self.items[number, row, True]
        part = apply(GETITEM, (stack,), {"key": iteration + self._offset(number, row)})
        return self._placed(part, code)

    def _offset(self, number: int, row: int) -> int:
        slots: Iterable[int] = self.spans[number].slots.get(row, ())
        return -min([0, *slots])

    # -- loops ------------------------------------------------------------------------------------

    def _loop(self, own: int) -> None:
        """Make the `LOOP` of a span and its items."""
        span, order = self.spans[own], self.table.order
        example = span.count // 2
        for row in range(span.period):
            if (own, row) in self.fixed:
                inputs = [self._outer(x) for x in self._operands(own, row)]
                made = again(order[span.start + row], inputs)
                self.fresh[span.start + row] = self._placed(made, span.start + row)
        writing = _Body(self, own, example)
        loop, given, carried, stacked = writing.run()
        # An argument among the operands keeps a loop from being folded as a constant.
        node = apply(LOOP, [*given, self.graph.inputs[0]], {"loop": loop})
        self._placed(node, span.start)
        items = [(row, False) for row in carried] + [(row, True) for row in stacked]
        for item, (row, whole) in enumerate(items):
            data = plain(order[span.start + row + span.period * (span.count - 1)])
            if whole:
                data = self._stacked(own, row, loop.stacks[item - len(carried)])
            made = apply(ITEM, (node,), {"item": item, "data": data})
            self.items[own, row, whole] = self._placed(made, span.start + row)

    def _outer(self, x: Same | Row | Leaves) -> Tensor:
        """Return an operand of a row that is computed before its loop."""
        code = x.code if isinstance(x, Same) else self.spans[x.span].start + x.row  # type: ignore[union-attr]  # no leaves
        return self.value(code)

    def _stacked(self, own: int, row: int, stack: Stack) -> Any:
        """Return what a stack held in the trace."""
        span, like = self.spans[own], stack.like
        data = np.zeros((stack.length, *like.shape), like.dtype)
        for iteration, code in span.slots.get(row, {}).items():
            data[iteration + stack.offset] = plain(self.table.node(code))
        for t in range(span.count):
            data[t + stack.offset] = plain(self.table.order[span.start + row + span.period * t])
        return data


class _Body:
    """Makes the body of one loop, and says what it takes from outside."""

    def __init__(self, rolling: _Rolling, own: int, example: int) -> None:
        self.rolling, self.own, self.example = rolling, own, example
        self.span, self.table = rolling.spans[own], rolling.table
        self.t = _input(example)
        self.inputs = [self.t]
        self.known: dict[Any, Tensor] = {}
        self.given: list[Tensor] = []
        self.sources: list[tuple[str, int]] = []
        self.made: dict[int, Tensor] = {}
        rows = range(self.span.period)
        self.carried = [row for row in rows if self._is_carried(row)]
        self.final = [r for r in rows if (own, r) in rolling.last and r not in self.carried]
        self.stacked = [row for row in rows if (own, row) in rolling.stacked]

    def _is_carried(self, row: int) -> bool:
        return any(
            isinstance(x, Row) and (x.span, x.row, x.first) == (self.own, row, -1)
            for x in self.span.operands.values()
        )

    def run(self) -> tuple[Loop, list[Tensor], list[int], list[int]]:
        """Return the loop, its operands, and of which rows it gives the last value and a stack."""
        own, span, rolling = self.own, self.span, self.rolling
        body = Graph([], self.inputs, {}, [], set())
        for row in range(span.period):
            if (own, row) in rolling.fixed:
                continue
            old = self.table.order[span.start + row + span.period * self.example]
            inputs = [self.operand(x) for x in rolling._operands(own, row)]
            steps = rolling._steps(own, row, range(span.count))
            made = self._indexed(old, inputs, steps) if steps else again(old, inputs)
            made.name = self._name(row)
            self.made[row] = made
            body.place[made] = row
            if old in rolling.graph.cotangents:
                body.cotangents.add(made)
        outputs = [self.made[row] for row in (*self.carried, *self.final)]
        for stack, row in enumerate(self.stacked):
            store = apply(STORE, (self.made[row],), {"stack": stack})
            body.place[store] = row
            outputs.append(store)
        body.outputs = outputs
        loop = Loop(span.count, simplify(rolled(body, inner=True)), self.sources)
        loop.body = _accumulated(loop)
        for row in self.carried:
            first = self.table.node(span.slots[row][-1])
            value = rolling.value(span.slots[row][-1])
            if is_weak(first):
                value = constant(np.asarray(plain(first))) if is_constant(first) else value
            loop.first.append(self._given(value))
        loop.first += [None] * len(self.final)
        for row in self.stacked:
            slots = span.slots.get(row, {})
            offset = rolling._offset(own, row)
            length = offset + max([span.count, *[k + 1 for k in slots]])
            held = {k + offset: self._given(rolling.value(c)) for k, c in sorted(slots.items())}
            loop.stacks.append(Stack(offset, length, held, self.made[row]))
        return loop, self.given, [*self.carried, *self.final], self.stacked

    def _name(self, row: int) -> str | None:
        """Return what a row is called: by the name that all have, but for a number at its end."""
        nodes = self.table.order[self.span.start + row : self.span.stop : self.span.period]
        names = {x.name for x in nodes}
        if len(names) > 1:
            names = {name and re.sub(r"\d+$", "", name) for name in names}
        return names.pop() if len(names) == 1 else None

    def _indexed(self, old: Tensor, inputs: list[Tensor], steps: list[Step]) -> Tensor:
        """Return a part of an array, or what is put into one, at an index that varies."""
        rest = iter(steps)
        key = Key(mapped(old.params["key"], lambda _: next(rest)))
        if old.op is GETITEM:
            return apply(AT, (*inputs, self.t), {"key": key})
        return apply(PUT_AT, (*inputs, self.t), {"key": key, "shape": old.params["shape"]})

    def _given(self, outer: Tensor) -> int:
        """Return which operand of the loop `outer` is."""
        self.given.append(outer)
        return len(self.given) - 1

    def _from(self, key: Any, source: tuple[str, int], data: Any, name: str | None) -> Tensor:
        """Return the input of the body that comes from `source`, made if there is none yet."""
        if key not in self.known:
            made = self.known[key] = _input(data)
            made.name = name
            self.inputs.append(made)
            self.sources.append(source)
        return self.known[key]

    def outside(self, outer: Tensor) -> Tensor:
        """Return what stands in the body for a value that does not vary."""
        if is_constant(outer):
            return outer
        if outer in self.known:
            return self.known[outer]
        return self._from(outer, ("given", self._given(outer)), plain(outer), outer.name)

    def operand(self, x: Same | Row | Leaves) -> Tensor:
        """Return an operand in the body."""
        if isinstance(x, Same):
            return self.outside(self.rolling.value(x.code))
        if isinstance(x, Leaves):
            return self._leaf(x)
        rolling, source = self.rolling, self.rolling.spans[x.span]
        if (x.span, x.row) in rolling.fixed:
            return self.outside(rolling.fresh[source.start + x.row])
        if x.span == self.own and x.first == 0:
            return self.made[x.row]
        if x.span == self.own and x.first == -1:
            name = self._name(x.row)
            before = source.start + x.row + source.period * (self.example - 1)
            carried = "carried", self.carried.index(x.row)
            return self._from(carried, carried, plain(self.table.order[before]), name)
        times = range(x.first, x.first + x.step * self.span.count, x.step)
        if rolling._is_part(x.span, x.row):
            old = self.table.order[source.start + x.row]
            whole = self.operand(source.operands[x.row, 0])
            steps = rolling._steps(x.span, x.row, times)
            return self._indexed(old, [whole], steps) if steps else again(old, [whole])
        start = Step(x.first + rolling._offset(x.span, x.row), x.step)
        if x.span == self.own:
            like = self.table.order[source.start + x.row]
            data = np.zeros((start.start - x.first + self.example, *like.shape), like.dtype)
            own = "stack", self.stacked.index(x.row)
            stack = self._from(own, own, data, None)
        else:
            stack = self.outside(rolling.items[x.span, x.row, True])
        return apply(AT, (stack, self.t), {"key": Key(start)})

    def _leaf(self, x: Leaves) -> Tensor:
        """Return the one of a row of leaves whose turn it is."""
        leaves = [self.table.node(code) for code in x.codes]
        now, kind = leaves[self.example], "leaf"
        if all(is_constant(leaf) for leaf in leaves):
            table = constant(np.array([plain(leaf) for leaf in leaves]))
            kind = "number" if is_weak(now) else kind
        else:
            table = apply(TABLE, leaves)
        return self._from(x, (kind, self._given(table)), plain(now), None)


def _accumulated(loop: Loop) -> Graph:
    """Return the body with elements added to arrays that are carried, in place of whole arrays."""
    body, fresh = loop.body, {}
    counts = body.counts()
    for c, k in loop.carried():
        total = body.outputs[k]
        added = [x for x in total.inputs if x.op is PUT_AT and counts[x] == 1]
        if total.op is not ADD or len(added) != 1 or c not in {*total.inputs} or counts[c] != 1:
            continue
        g, t = added[0].inputs
        key = added[0].params["key"]
        if (c.shape, c.dtype) == (total.shape, total.dtype) and g.dtype == c.dtype:
            fresh[total] = apply(ADD_AT, (c, g, t), {"key": key})
            body.place[fresh[total]] = body.place.get(total, -1)
    made = rebuild(body.nodes(), dict(fresh))
    for old, new in made.items():
        body.place.setdefault(new, body.place.get(old, -1))
    return body.with_outputs([made[x] for x in body.outputs])


def _input(data: Any) -> Tensor:
    """Return an input of a body that is like `data`: an array that may be written into."""
    made = constant(np.array(data) if isinstance(data, np.ndarray) else data)
    made.op = INPUT
    return made
