"""Small changes of a program: what a learner may have meant to write instead of what stands there.

`edits` changes the tree of a program in one place after another, and takes each change back.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...ops.elementwise import ADD, MAXIMUM, MINIMUM, SUBTRACT
from ...ops.reductions import MAX, MEAN, MIN, SUM
from ...ops.trigonometry import COS, SIN

_ALIKE = ((SUM, MEAN), (MAX, MIN), (ADD, SUBTRACT), (MAXIMUM, MINIMUM), (SIN, COS))
_PARTNERS = {one.name: two.name for a, b in _ALIKE for one, two in ((a, b), (b, a))}
_OPS: dict[type, tuple[Any, ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div, ast.MatMult),
    ast.Div: (ast.Mult,), ast.MatMult: (ast.Mult,), ast.Gt: (ast.Lt, ast.GtE),
    ast.Lt: (ast.Gt, ast.LtE), ast.GtE: (ast.Lt, ast.Gt), ast.LtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
_TERMS, _FACTORS = (ast.Add, ast.Sub), (ast.Mult, ast.Div, ast.MatMult)


class Names:
    """The names that may stand in a program.

    Parameters
    ----------
    tree : ast.Module
        The program.
    used : set of str
        Those that count.
    space : mapping of str to object
        The values at its end.
    shape : tuple of int
        Of what is claimed.

    Attributes
    ----------
    unused : list of str
        Those that the program makes and does not use: the likeliest to be missing.
    fitting : list of str
        Numbers, and arrays of the shape: what the whole may be multiplied by.
    arrays : list of str
    """

    def __init__(
        self, tree: ast.Module, used: set[str], space: Mapping[str, Any], shape: Any
    ) -> None:
        found = [x for x in ast.walk(tree) if isinstance(x, ast.Name)]
        loads = {x.id for x in found if isinstance(x.ctx, ast.Load)}
        self.unused = sorted({x.id for x in found} - loads)
        self._kinds: dict[str, Any] = {}
        for text in sorted(used & set(space)):
            value = space[text]
            if isinstance(value, (np.ndarray, np.generic, int, float)):
                array = np.asarray(value)
                self._kinds[text] = array.shape, array.dtype.kind
        kinds = self._kinds.items()
        self.fitting = [text for text, (size, _) in kinds if size in ((), shape)]
        self.arrays = [text for text, (size, kind) in kinds if size and kind == "f"]

    def alike(self, text: str) -> list[str]:
        """Return the names whose values have the kind and the shape of one."""
        kind = self._kinds.get(text)
        return [x for x, other in self._kinds.items() if other == kind and x != text and kind]


class Edit(NamedTuple):
    """A change that stands in the tree now.

    Attributes
    ----------
    kind, words : str
        What kind of mistake it repairs, and in words.
    line : int
        Of the program.
    rank : int
        How far-fetched it is.
    statement : ast.stmt
        The statement as it is now.
    """

    kind: str
    words: str
    line: int
    rank: int
    statement: ast.stmt


def names_of(tree: ast.AST) -> set[str]:
    """Return the names that a part of a program uses or writes."""
    return {x.id for x in ast.walk(tree) if isinstance(x, ast.Name)}


def targets_of(statement: ast.stmt) -> list[ast.expr]:
    """Return what a statement writes to; of a call such as np.add.at(dW, …), its arguments."""
    if isinstance(statement, ast.Assign):
        return statement.targets
    if isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        return [statement.target]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return [*statement.value.args[:1], statement.value.func]
    return []


def behind(tree: ast.Module, root: str, key: Any, others: set[str]) -> list[ast.stmt]:
    """Return the statements that a claim is computed by: what other claims hold is not followed."""
    simple = [s for s in ast.walk(tree) if isinstance(s, ast.stmt) and not hasattr(s, "body")]
    inside = {f.name: [s for s in simple if s in set(ast.walk(f))]
              for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}  # fmt: skip
    wanted, found = {root}, dict.fromkeys(simple[:0])
    while True:
        before = len(found)
        for s in simple:
            roots = {name for t in targets_of(s) for name in list(names_of(_root(t)))}
            used = s in found or not roots & wanted or (key is not None and root in roots
                                                        and _key(s) not in (None, key))  # fmt: skip
            if not used:
                found[s] = None
                wanted |= names_of(s) - others
        for name, statements in inside.items():
            if name in wanted:
                found |= dict.fromkeys(statements)
        if len(found) == before:
            return list(found)


def _root(target: ast.expr) -> ast.expr:
    while isinstance(target, (ast.Subscript, ast.Attribute)):
        target = target.value
    return target


def _key(statement: ast.stmt) -> Any:
    """Return the constant key that a statement writes to; None if none."""
    for target in targets_of(statement):
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            return target.slice.value
    return None


def edits(tree: ast.Module, chosen: list[ast.stmt], names: Names) -> Iterator[Edit]:
    """Yield changes of the chosen statements of a program, which is changed while one is out."""
    for rank in range(4):
        for statement in chosen:
            yield from _of_statement(tree, statement, rank)
            for slot in list(_slots(statement)):
                for kind, words, new, far in _others(slot, names):
                    if far == rank:
                        slot.put(new)
                        yield Edit(kind, words, statement.lineno, rank, statement)
                        slot.put(slot.node)


class _Slot(NamedTuple):
    """A place of a tree that holds an expression."""

    parent: Any
    field: str
    at: int | None
    node: Any
    whole: bool
    array: Any = None

    def put(self, new: Any) -> None:
        """Put another there."""
        if self.at is None:
            setattr(self.parent, self.field, new)
        else:
            getattr(self.parent, self.field)[self.at] = new


def _slots(tree: Any, top: bool = True, array: Any = None) -> Iterator[_Slot]:
    array = tree.value if isinstance(tree, ast.Subscript) else array
    array = array if isinstance(tree, (ast.Subscript, ast.Tuple)) else None
    for field, value in ast.iter_fields(tree):
        written = top and field in ("targets", "target")
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, (ast.expr, ast.keyword)):
                continue
            if written:
                if isinstance(node, ast.Subscript):
                    yield _Slot(node, "slice", None, node.slice, False, node.value)
                    yield from _slots(node.slice, False, node.value)
                continue
            if isinstance(node, ast.expr):
                yield _Slot(tree, field, index, node, top, array)
            yield from _slots(node, False, array)


_Other = tuple[str, str, ast.expr, int]


def _others(slot: _Slot, names: Names) -> Iterator[_Other]:
    """Yield what an expression may have been meant to be, with how far-fetched that is."""
    yield from _of_operations(slot.node)
    yield from _of_names(slot, names)
    yield from _of_missing_parts(slot, names)


def _instead(node: ast.expr, new: ast.expr, rank: int = 1, kind: str = "wrong variable") -> _Other:
    return kind, f"{ast.unparse(node)} stands where {ast.unparse(new)} belongs", new, rank


def _of_operations(node: Any) -> Iterator[_Other]:
    """Yield other operations in the place of one, and its operands without it."""
    if isinstance(node, ast.BinOp):
        sums = isinstance(node.op, _TERMS)
        for op in _OPS.get(type(node.op), ()):
            yield _instead(node, ast.BinOp(node.left, op(), node.right), 0, "wrong operation")
        if sums or isinstance(node.op, _FACTORS):
            what = "term" if sums else "factor"
            for new, left in _without(node, sums):
                text = ", ".join(map(ast.unparse, left))
                few = 1 if len(left) == 1 else 2
                words = f"{text} is one {what} too many: leave it out"
                yield f"{what} too many", words, new, few
        if isinstance(node.op, ast.MatMult):
            yield _instead(node, ast.BinOp(node.right, node.op, node.left), 1, "factors swapped")
        if isinstance(node.op, ast.Pow):
            yield _instead(node, node.left, 1, "wrong power")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        words = f"the sign of {ast.unparse(node)} is wrong: {ast.unparse(node.operand)}"
        yield "sign", words, node.operand, 0
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for op in _OPS.get(type(node.ops[0]), ()):
            yield _instead(
                node, ast.Compare(node.left, [op()], node.comparators), 0, "wrong comparison"
            )
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        n: Any = node.value
        for value in dict.fromkeys((n + 1, n - 1, 2 * n, n / 2)):
            yield _instead(node, ast.Constant(value), 1, "wrong number")
    elif isinstance(node, ast.Attribute):
        if node.attr == "T":
            yield "transposed", f"{ast.unparse(node)} must not be transposed", node.value, 0
        elif node.attr in _PARTNERS:
            yield _instead(
                node, ast.Attribute(node.value, _PARTNERS[node.attr], node.ctx), 0, "function"
            )
    elif isinstance(node, (ast.List, ast.Tuple)):
        for i in range(len(node.elts) - 1):
            for j in range(i + 1, len(node.elts)):
                parts = list(node.elts)
                parts[i], parts[j] = parts[j], parts[i]
                yield _instead(node, type(node)(parts, node.ctx), 1, "order")
    elif (
        isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(node.func, ast.Attribute)
    ):
        words = (
            f"{ast.unparse(node.func)} is one step too many: {ast.unparse(node.args[0])} belongs"
        )
        yield "function", f"{words} in place of {ast.unparse(node)}", node.args[0], 2


def _of_names(slot: _Slot, names: Names) -> Iterator[_Other]:
    """Yield other names and indices in the place of one, and what is made of it."""
    node = slot.node
    if isinstance(node, ast.Slice) and slot.at is not None and node.lower is node.upper:
        whole = ast.unparse(slot.array)
        put = ast.parse(f"np.arange({whole}.shape[{slot.at or 0}])", mode="eval").body
        words = f"{ast.unparse(slot.parent)} takes all: one element of each belongs there"
        yield "wrong index", f"{words}, by np.arange in place of the colon", put, 1
    elif isinstance(node, ast.Name):
        for text in names.alike(node.id):
            yield _instead(node, ast.Name(text, node.ctx), 1 - (text in names.unused))
        if names.alike(node.id) or slot.whole:
            yield _instead(node, _rest(node), 2)
            yield _instead(node, _square(node), 2, "wrong power")
            yield _instead(node, _rest(_square(node)), 2)
            yield _instead(node, ast.BinOp(node, ast.Mult(), _rest(node)), 2)
            yield "transposed", f"{node.id} must be transposed", ast.Attribute(node, "T"), 1


def _of_missing_parts(slot: _Slot, names: Names) -> Iterator[_Other]:
    """Yield an expression with a sign, a term or a factor more, or as another derivative."""
    node = slot.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Pow)):
        for text in sorted(names_of(node) - {"np"}):  # another form of a derivative
            x = ast.Name(text, ast.Load())
            yield _instead(node, ast.BinOp(x, ast.Mult(), _rest(x)), 2, "slope")
            yield _instead(node, _rest(_square(x)), 2, "slope")
    if slot.field != "func" and isinstance(node, (ast.BinOp, ast.Call, ast.Name, ast.Subscript)):
        if slot.whole or not isinstance(node, ast.Name):
            text, minus = ast.unparse(node), ast.UnaryOp(ast.USub(), node)
            yield "sign", f"the sign of {text} is wrong: multiply by −1", minus, 1
            less = ast.BinOp(node, ast.Sub(), ast.Constant(1))
            yield "term missing", f"the term −1 is missing: subtract 1 from {text}", less, 2
        wide = slot.whole or isinstance(slot.parent, ast.BinOp)
        for text in dict.fromkeys([*names.unused, *names.fitting]) if wide else ():
            for op, over in ((ast.Mult, ""), (ast.Div, "1/")):
                new = ast.BinOp(node, op(), ast.Name(text, ast.Load()))
                said = f"a factor is missing at {ast.unparse(node)}: multiply by {over}{text}"
                yield "factor missing", said, new, 1 if text in names.unused else 3
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        for text in names.arrays:
            yield _instead(node, ast.Name(text, ast.Load()), 2)


def _rest(x: ast.expr) -> ast.expr:
    return ast.BinOp(ast.Constant(1), ast.Sub(), x)


def _square(x: ast.expr) -> ast.expr:
    return ast.BinOp(x, ast.Pow(), ast.Constant(2))


def _without(node: ast.BinOp, sums: bool) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """Yield a chain of terms or factors without one of them, or without the last ones."""
    same, left = _TERMS if sums else _FACTORS, node.left
    yield left, [node.right]
    right = ast.UnaryOp(ast.USub(), node.right) if isinstance(node.op, ast.Sub) else node.right
    if not isinstance(node.op, ast.Div):
        yield right, [left]
    gone = [node.right]
    while isinstance(left, ast.BinOp) and isinstance(left.op, same):
        gone.insert(0, left.right)
        yield left.left, list(gone)
        left = left.left


def _of_statement(tree: ast.Module, s: ast.stmt, rank: int) -> Iterator[Edit]:
    """Yield changes of how a statement writes."""
    targets, value = targets_of(s), getattr(s, "value", None)
    others: list[tuple[str, str, ast.stmt, int]] = []
    if isinstance(s, ast.Assign) and len(targets) == 1 and value is not None:
        target: Any = copy.copy(targets[0])
        missing = "only the last is left: = stands where += belongs"
        if not isinstance(target, ast.Tuple):
            for far, sign in enumerate((ast.Add(), ast.Sub())):
                words = missing if far == 0 else missing.replace("+", "−")
                others.append(("= for +=", words, ast.AugAssign(target, sign, value), far))
    elif isinstance(s, ast.AugAssign):
        for op in _OPS.get(type(s.op), ()):
            if not issubclass(op, ast.MatMult):
                put = ast.AugAssign(s.target, op(), s.value)
                lead = "the sign is wrong: " if isinstance(s.op, _TERMS) else ""
                words = f"{lead}{ast.unparse(s)} stands where {ast.unparse(put)} belongs"
                others.append(("sign" if lead else "wrong operation", words, put, 0))
        if isinstance(s.target, ast.Subscript) and isinstance(s.op, _TERMS):
            name = ast.Name("np", ast.Load())
            ufunc = ast.Attribute(name, "add" if isinstance(s.op, ast.Add) else "subtract")
            whole, key = s.target.value, s.target.slice
            if any(isinstance(x, ast.Slice) for x in ast.walk(key)):
                key = ast.Subscript(ast.Attribute(name, "s_", ast.Load()), key, ast.Load())
            call = ast.Call(ast.Attribute(ufunc, "at"), [whole, key, s.value], [])
            words = "of repeated indices only the last write is left: np.add.at(…), not +="
            others.append(("last write wins", words, ast.Expr(call), 1))
    if targets and not isinstance(s, ast.Assign):
        words = f"{ast.unparse(s)} is one step too many: leave it out"
        others.append(("term too many", words, ast.Pass(), 2))
    for kind, words, new, far in others:
        if far == rank:
            place = _place(tree, s)
            if place is not None:
                held, i = place
                held[i] = ast.fix_missing_locations(ast.copy_location(new, s))
                yield Edit(kind, words, s.lineno, rank, held[i])
                held[i] = s


def _place(tree: ast.Module, s: ast.stmt) -> tuple[list[ast.stmt], int] | None:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            held = getattr(node, field, None)
            if isinstance(held, list) and s in held:
                return held, held.index(s)
    return None
