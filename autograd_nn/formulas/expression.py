"""A formula as a small tree that can be evaluated, rewritten and compared.

1. `Expr` is one node: a name, a constant, or an operation on others.
2. `from_graph` reads the tree off a recorded Tensor, down to the Tensors that are names.
3. `evaluate` runs it on arrays; `replaced` and `positions` are what rewriting needs.

The checker records a learner's formula this way, and rewrites it one mistake at a time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.graph import topological_order
from ..core.op import Op
from ..core.tensor import Tensor, plain
from ..ops.elementwise import ADD, MULTIPLY, NEGATIVE
from ..ops.products import OUTER
from ..ops.shapes import RESHAPE, TRANSPOSE

Path = tuple[int, ...]
"""Where a node stands: the argument positions on the way to it from the root."""

LARGEST = 250
"""Formulas of more parts than this are judged, but not rewritten: walks over them recurse."""


@dataclass(eq=False, repr=False, slots=True)
class Expr:
    """One node of a formula.

    Attributes
    ----------
    op : Op or None
        None for a name or a constant.
    args : tuple of Expr
        The operands of `op`.
    params : dict
        The parameters of `op`.
    name : str
        The name, or ``""``.
    value : object
        The number or array of a constant.
    """

    op: Op | None = None
    args: tuple[Expr, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    value: Any = None
    _key: Any = field(default=None, init=False)

    def key(self) -> Any:
        """Return a value that is equal for expressions that are written alike."""
        if self._key is None:  # rewritten formulas share most nodes
            params = tuple(sorted((k, repr(_plain(v))) for k, v in self.params.items()))
            self._key = (self.name or ("constant", _frozen(self.value))) if self.op is None else (
                self.op.name, params, *[arg.key() for arg in self.args])  # fmt: skip
        return self._key

    def __repr__(self) -> str:
        if self.op is None:
            return self.name or repr(self.value)
        return f"{self.op.name}({', '.join(map(repr, self.args))})"


def _plain(value: Any) -> Any:
    """Return an axis given as a tuple of one as that one."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _frozen(value: Any) -> Any:
    return (np.shape(value), np.asarray(value).tobytes())


# -- making --------------------------------------------------------------------------------------


def name(text: str) -> Expr:
    """Return a name."""
    return Expr(name=text)


def number(value: Any) -> Expr:
    """Return a constant."""
    return Expr(value=value)


def is_scalar(e: Expr) -> bool:
    """Whether `e` is a constant of one number."""
    return e.op is None and not e.name and np.ndim(e.value) == 0


def call(op: Op, *args: Expr, **params: Any) -> Expr:
    """Return the operation `op` on `args`."""
    return Expr(op, args, params)


def transposed(e: Expr) -> Expr:
    """Return the transpose, and not the transpose of a transpose."""
    if e.op is TRANSPOSE and not e.params.get("axes"):
        return e.args[0]
    return call(TRANSPOSE, e)


def negated(e: Expr) -> Expr:
    """Return −e, and not −(−e)."""
    return e.args[0] if e.op is NEGATIVE else call(NEGATIVE, e)


def total(formulas: Sequence[Expr]) -> Expr:
    """Return the sum of formulas, 0 for none."""
    first, *others = formulas or [number(0.0)]
    return functools.reduce(functools.partial(call, ADD), others, first)


def from_graph(result: Tensor, names: Mapping[Tensor, str]) -> Expr:
    """Return the formula that `result` was recorded as.

    Parameters
    ----------
    result : Tensor
        What the formula returned.
    names : mapping of Tensor to str
        The leaves the formula was given.
    """
    made: dict[int, Expr] = {}
    by_name: dict[str, Expr] = {}
    for node in topological_order([result]):
        if node in names:
            made[id(node)] = by_name.setdefault(names[node], name(names[node]))
        elif node.op is None:
            made[id(node)] = number(plain(node))
        else:
            outer = _vectors(node)
            args = tuple(made[id(x)] for x in outer or node.inputs)
            made[id(node)] = Expr(OUTER, args) if outer else Expr(node.op, args, dict(node.params))
    return made[id(result)]


def _vectors(node: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return the two vectors of which a node is the outer product, if it is one."""
    for column, row in (node.inputs, node.inputs[::-1]) if node.op is MULTIPLY else ():
        if column.op is RESHAPE and column.shape == (column.size, 1):
            u = column.inputs[0]
            v = row.inputs[0] if row.op is RESHAPE and row.shape == (1, row.size) else row
            if u.ndim == v.ndim == 1:
                return u, v
    return None


# -- running -------------------------------------------------------------------------------------


def evaluate(e: Expr, values: Mapping[str, Any], known: dict[int, Any] | None = None) -> Any:
    """Return the value of `e`, an array or a number.

    Parameters
    ----------
    e : Expr
        The formula.
    values : mapping of str to array
        What the names stand for.
    known : dict, optional
        Values of nodes by their id, as `evaluate_all` returns. Rewritten formulas share most
        nodes with the one they come from, so that only the path to the change is computed.
    """
    if known is not None and id(e) in known:
        return known[id(e)]
    if e.op is None:
        return values[e.name] if e.name else e.value
    args = [evaluate(arg, values, known) for arg in e.args]
    return e.op.forward(*[np.asarray(a) if isinstance(a, np.generic) else a for a in args],
                        **e.params)  # fmt: skip


def evaluate_all(e: Expr, values: Mapping[str, Any]) -> dict[int, Any]:
    """Return the value of every node of `e` by its id; what cannot be computed is left out."""
    known: dict[int, Any] = {}
    for node in nodes(e):
        try:
            known[id(node)] = evaluate(node, values, known)
        except (ValueError, TypeError, IndexError, KeyError, AttributeError):
            continue
    return known


def shape_of(e: Expr, known: Mapping[int, Any]) -> tuple[int, ...] | None:
    """Return the shape of a node, or None where it could not be computed."""
    return tuple(np.shape(known[id(e)])) if id(e) in known else None


# -- walking and rewriting -----------------------------------------------------------------------


def nodes(e: Expr) -> list[Expr]:
    """Return every node once, each after its operands."""
    order: list[Expr] = []
    seen: set[int] = set()
    stack = [(e, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))
    return order


def size(e: Expr) -> int:
    """Return the number of positions of the tree, or more than `LARGEST` if there are more."""
    total = 0
    stack = [e]
    while stack and total <= LARGEST:
        node = stack.pop()
        total += 1
        stack.extend(node.args)
    return total


def positions(e: Expr) -> list[tuple[Path, Expr]]:
    """Return every position of the tree with the node there, outermost first."""
    found: list[tuple[Path, Expr]] = []
    queue: list[tuple[Path, Expr]] = [((), e)]
    for path, node in queue:
        found.append((path, node))
        queue.extend(((*path, i), arg) for i, arg in enumerate(node.args))
    return found


def replaced(e: Expr, path: Path, new: Expr) -> Expr:
    """Return `e` with `new` at `path`."""
    if not path:
        return new
    args = list(e.args)
    args[path[0]] = replaced(args[path[0]], path[1:], new)
    return Expr(e.op, tuple(args), e.params)


def at(e: Expr, path: Path) -> Expr:
    """Return the node at `path`."""
    for i in path:
        e = e.args[i]
    return e


def renamed(e: Expr, old: str, new: Expr) -> Expr:
    """Return `e` with `new` for every occurrence of the name `old`."""
    return mapped(e, lambda node: new if node.name == old else node)


def mapped(e: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return `e` with `change` applied to every node, operands first."""
    args = tuple(mapped(arg, change) for arg in e.args)
    same = all(a is b for a, b in zip(args, e.args, strict=True))
    return change(e if same else Expr(e.op, args, e.params))


def names_in(e: Expr) -> list[str]:
    """Return the names in `e`, each once, from left to right."""
    return list(dict.fromkeys(node.name for _, node in positions(e) if node.name))


def factors(e: Expr) -> list[tuple[Path, Expr]]:
    """Return the factors of a chain of elementwise products with their paths, left to right."""
    if e.op not in (NEGATIVE, MULTIPLY):
        return [((), e)]
    return [((i, *path), node) for i, arg in enumerate(e.args) for path, node in factors(arg)]


def without(e: Expr, paths: Iterable[Path]) -> Expr:
    """Return a product with the factors at `paths` left out."""
    gone = set(paths)

    def rest(node: Expr, here: Path) -> Expr | None:
        if here in gone:
            return None
        if node.op not in (NEGATIVE, MULTIPLY):
            return node
        kept = [rest(arg, (*here, i)) for i, arg in enumerate(node.args)]
        left = [arg for arg in kept if arg is not None]
        if node.op is NEGATIVE:
            return call(NEGATIVE, *(left or [number(1.0)]))
        return call(MULTIPLY, *left) if len(left) == 2 else left[0] if left else None

    return rest(e, ()) or number(1.0)
