"""Small changes of a program: what a learner may have meant to write instead of what stands there.

`edits` changes the tree of a program in one place after another, and takes each change back.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
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
    """What may have been meant in the place of something.

    Attributes
    ----------
    kind : str
        What kind of mistake it repairs.
    words : str
        {0} is what stands there, {1} what belongs there, {2} the `others`.
    new : ast.AST
        What belongs there.
    rank : int
        How far-fetched it is.
    others : sequence of ast.AST
        What the words quote besides.
    """

    kind: str
    words: str
    new: Any
    rank: int
    others: Sequence[ast.AST] = ()

    def said(self, old: ast.AST) -> str:
        """Return what is to be changed, in words."""
        others = ", ".join(map(ast.unparse, self.others))
        return self.words.format(ast.unparse(old), ast.unparse(self.new), others)


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


def written(statement: ast.stmt) -> set[str]:
    """Return the names of the variables and attributes that a statement writes to."""
    found = set()
    for target in targets_of(statement):
        for x in ast.walk(target):
            found |= {x.attr} if isinstance(x, ast.Attribute) else set()
        found |= names_of(_root(target))
    return found


def behind(tree: ast.Module, root: str, key: Any, others: set[str]) -> list[ast.stmt]:
    """Return the statements that a claim is computed by: what other claims hold is not followed."""
    simple = [s for s in ast.walk(tree) if isinstance(s, ast.stmt) and not hasattr(s, "body")]
    inside = {f.name: [s for s in simple if s in set(ast.walk(f))]
              for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}  # fmt: skip
    wanted, found = {root}, dict.fromkeys(simple[:0])
    while True:
        before = len(found)
        for s in simple:
            roots = written(s)
            other = key is not None and root in roots and key_of(s) not in (None, key)
            if s not in found and roots & wanted and not other:
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


def key_of(statement: ast.stmt) -> Any:
    """Return the constant key that a statement writes to; None if none."""
    for target in targets_of(statement):
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            return target.slice.value
    return None


def edits(
    tree: ast.Module, chosen: list[ast.stmt], names: Names
) -> Iterator[tuple[Edit, Any, ast.stmt]]:
    """Yield changes of the chosen statements of a program, the likeliest first.

    With each, what stood there, and the statement as it is now: the program is changed while an
    edit is out.
    """
    held = {id(s): _Slot(node, field, i, s, True)
            for node in ast.walk(tree) if isinstance(node, (ast.mod, ast.stmt, ast.excepthandler))
            for field in ("body", "orelse", "finalbody")
            for i, s in enumerate(getattr(node, field, ()))}  # fmt: skip
    indices = list({ast.unparse(i): i for i in _indices(tree)}.values())
    found: list[tuple[Edit, _Slot, ast.stmt]] = []
    for s in chosen:
        found += [(edit, held[id(s)], s) for edit in _of_statement(s, indices)]
        for slot in _slots(s):
            others = (*_of_operations(slot.node), *_of_names(slot, names),
                      *_of_missing_parts(slot, names))  # fmt: skip
            found += [(edit, slot, s) for edit in others]
    for edit, slot, s in sorted(found, key=lambda entry: entry[0].rank):
        if slot.node is s:
            ast.fix_missing_locations(ast.copy_location(edit.new, s))
        slot.put(edit.new)
        yield edit, slot.node, edit.new if slot.node is s else s
        slot.put(slot.node)


def _indices(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield what arrays are indexed by, axis by axis."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            key = node.slice
            yield from key.elts if isinstance(key, ast.Tuple) else [key]


class _Slot(NamedTuple):
    """A place of a tree that holds an expression or a statement."""

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


def _instead(new: ast.expr, rank: int = 1, kind: str = "wrong variable") -> Edit:
    return Edit(kind, "{0} stands where {1} belongs", new, rank)


def _of_operations(node: Any) -> Iterator[Edit]:
    """Yield other operations in the place of one, and its operands without it."""
    if isinstance(node, ast.BinOp):
        sums = isinstance(node.op, _TERMS)
        for op in _OPS.get(type(node.op), ()):
            yield _instead(ast.BinOp(node.left, op(), node.right), 0, "wrong operation")
        if sums or isinstance(node.op, _FACTORS):
            kind = "term too many" if sums else "factor too many"
            for new, gone in _without(node, sums):
                words = "{2} is one " + kind + ": leave it out"
                yield Edit(kind, words, new, 1 if len(gone) == 1 else 2, gone)
        if isinstance(node.op, ast.MatMult):
            yield _instead(ast.BinOp(node.right, node.op, node.left), 1, "factors swapped")
        if isinstance(node.op, ast.Pow):
            yield _instead(node.left, 1, "wrong power")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield Edit("sign", "the sign of {0} is wrong: {1}", node.operand, 0)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for op in _OPS.get(type(node.ops[0]), ()):
            yield _instead(ast.Compare(node.left, [op()], node.comparators), 0, "wrong comparison")
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        n: Any = node.value
        for value in dict.fromkeys((n + 1, n - 1, 2 * n, n / 2)):
            yield _instead(ast.Constant(value), 1, "wrong number")
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield Edit("transposed", "{0} must not be transposed", node.value, 0)
    elif isinstance(node, ast.Attribute) and node.attr in _PARTNERS:
        yield _instead(ast.Attribute(node.value, _PARTNERS[node.attr], node.ctx), 0, "function")
    elif isinstance(node, (ast.List, ast.Tuple)):
        for i, j in itertools.combinations(range(len(node.elts)), 2):
            parts = list(node.elts)
            parts[i], parts[j] = parts[j], parts[i]
            yield _instead(type(node)(parts, node.ctx), 1, "order")
    elif (
        isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(node.func, ast.Attribute)
    ):
        words = "{2} is one step too many: {1} belongs in place of {0}"
        yield Edit("function", words, node.args[0], 2, [node.func])


def _of_names(slot: _Slot, names: Names) -> Iterator[Edit]:
    """Yield other names and indices in the place of one, and what is made of it."""
    node = slot.node
    if isinstance(node, ast.Slice) and slot.at is not None and node.lower is node.upper:
        put = _made(f"np.arange(_0.shape[{slot.at or 0}])", slot.array)
        words = f"{ast.unparse(slot.parent)} takes all: one element of each belongs there, by "
        yield Edit("wrong index", f"{words}np.arange in place of the colon", put, 1)
    elif isinstance(node, ast.Name):
        alike = names.alike(node.id)
        for text in alike:
            yield _instead(ast.Name(text, node.ctx), 1 - (text in names.unused))
        for form in ("1 - _0", "_0 ** 2", "1 - _0 ** 2", "_0 * (1 - _0)"):
            if alike or slot.whole:
                kind = "wrong power" if form == "_0 ** 2" else "wrong variable"
                yield _instead(_made(form, node), 2, kind)
        if alike or slot.whole:
            yield Edit("transposed", "{0} must be transposed", _made("_0.T", node), 1)


def _of_missing_parts(slot: _Slot, names: Names) -> Iterator[Edit]:
    """Yield an expression with a sign, a term or a factor more, or as another derivative."""
    node = slot.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Pow)):
        for text in sorted(names_of(node) - {"np"}):  # another form of a derivative
            for form in ("_0 * (1 - _0)", "1 - _0 ** 2"):
                yield _instead(_made(form, ast.Name(text, ast.Load())), 2, "slope")
    if slot.field != "func" and isinstance(node, (ast.BinOp, ast.Call, ast.Name, ast.Subscript)):
        if slot.whole or not isinstance(node, ast.Name):
            words = "the sign of {0} is wrong: multiply by −1"
            yield Edit("sign", words, _made("-_0", node), 1)
            words = "the term −1 is missing: subtract 1 from {0}"
            yield Edit("term missing", words, _made("_0 - 1", node), 2)
        wide = slot.whole or isinstance(slot.parent, ast.BinOp)
        for text in dict.fromkeys([*names.unused, *names.fitting]) if wide else ():
            for form, over in (("_0 * _1", ""), ("_0 / _1", "1/")):
                words = f"a factor is missing at {{0}}: multiply by {over}{text}"
                new = _made(form, node, ast.Name(text, ast.Load()))
                yield Edit("factor missing", words, new, 1 if text in names.unused else 3)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        for text in names.arrays:
            yield _instead(ast.Name(text, ast.Load()), 2)


def _made(form: str, *parts: ast.expr) -> ast.expr:
    """Return an expression written with _0, _1, … for its parts."""

    class Filled(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return parts[int(node.id[1:])] if node.id[1:].isdigit() else node

    made: ast.expr = Filled().visit(ast.parse(form, mode="eval")).body
    return made


def _without(node: ast.BinOp, sums: bool) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """Yield a chain of terms or factors without one of them, or without the last ones."""
    same, left = _TERMS if sums else _FACTORS, node.left
    yield left, [node.right]
    right = _made("-_0", node.right) if isinstance(node.op, ast.Sub) else node.right
    if not isinstance(node.op, ast.Div):
        yield right, [left]
    gone = [node.right]
    while isinstance(left, ast.BinOp) and isinstance(left.op, same):
        gone.insert(0, left.right)
        yield left.left, list(gone)
        left = left.left


def _of_statement(s: ast.stmt, indices: list[ast.expr]) -> Iterator[Edit]:
    """Yield changes of how a statement writes, and what may be missing after it."""
    targets, value = targets_of(s), getattr(s, "value", None)
    if isinstance(s, ast.Assign) and len(targets) == 1 and value is not None:
        target: Any = copy.copy(targets[0])
        for rank, op in enumerate((ast.Add(), ast.Sub())):
            if not isinstance(target, ast.Tuple):
                words = f"only the last is left: = stands where {'+−'[rank]}= belongs"
                yield Edit("= for +=", words, ast.AugAssign(target, op, value), rank)
    elif isinstance(s, ast.AugAssign):
        for other in _OPS.get(type(s.op), ()):
            if other is not ast.MatMult:
                lead = "the sign is wrong: " if isinstance(s.op, _TERMS) else ""
                put = ast.AugAssign(s.target, other(), s.value)
                kind = "sign" if lead else "wrong operation"
                yield Edit(kind, f"{lead}{{0}} stands where {{1}} belongs", put, 0)
        if isinstance(s.target, ast.Subscript) and isinstance(s.op, _TERMS):
            whole, key = s.target.value, s.target.slice
            made = "np.s_[_1]" if any(isinstance(x, ast.Slice) for x in ast.walk(key)) else "_1"
            ufunc = "add" if isinstance(s.op, ast.Add) else "subtract"
            call = _made(f"np.{ufunc}.at(_0, {made}, _2)", whole, key, s.value)
            words = "of repeated indices only the last write is left: np.add.at(…), not +="
            yield Edit("last write wins", words, ast.Expr(call), 1)
            elsewhere = list(_elsewhere(s.target, indices))
            for place, sign in itertools.product(elsewhere, (ast.Sub(), ast.Add())):
                more = ast.AugAssign(place, sign, s.value)
                words = "a step is missing after {0}: {2}"
                yield Edit("path left out", words, ast.Module([s, more], []), 1, [more])
    if targets and not isinstance(s, ast.Assign):
        words = "{0} is one step too many: leave it out"
        yield Edit("term too many", words, ast.Pass(), 2)


def _elsewhere(target: ast.Subscript, indices: list[ast.expr]) -> Iterator[ast.Subscript]:
    """Yield an element with another index of the program in the place of one of its own."""
    key = target.slice
    own = key.elts if isinstance(key, ast.Tuple) else [key]
    for k, index in itertools.product(range(len(own)), indices):
        if ast.unparse(index) != ast.unparse(own[k]) and not isinstance(own[k], ast.Slice):
            moved: list[Any] = [*own[:k], index, *own[k + 1 :]]
            put = ast.Tuple(moved, ast.Load()) if isinstance(key, ast.Tuple) else index
            yield ast.Subscript(target.value, put, ast.Store())
