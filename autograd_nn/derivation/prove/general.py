"""A recorded graph for every size: run again on other sizes, known or unknown.

1. `Sizes` finds the most general sizes of a graph's axes: what no operation takes to be equal may
   differ.
2. `World` runs the graph on arrays of terms with these sizes; `draws` on random numbers at random
   ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, cast

import numpy as np

from ...core.backward import gradients
from ...core.graph import dependents, uses
from ...core.op import Op
from ...core.recording import recording, switched
from ...core.tensor import Tensor, apply, plain
from ...formulas.sized import SHAPES_ONLY, Size, Sized, axes_of, exact, lifted, logistic, opaque
from ...formulas.sized_functions import identity, number_of
from ...formulas.sum_functions import exp_of, function, log_of
from ...formulas.terms import Head, Index, NoForm, Term, named, number
from ...ops.activations import SOFTPLUS
from ...ops.costs import SIGMOID_CROSS_ENTROPY
from ...ops.elementwise import ADD, DIVIDE, MULTIPLY, NEGATIVE, SIGMOID, SUBTRACT
from ...ops.indexing import GETITEM, TAKE
from ...ops.products import EINSUM
from ...ops.reductions import MEAN, SUM
from ...ops.shapes import BROADCAST_TO, RESHAPE
from ...ops.trigonometry import TANH
from ..names import Environment, Meaning, spelling
from .readings import SIZE, Reading, Readings, number_in
from .relations import declare

Nodes = dict[Tensor, Tensor]
ANY_F, OWN_SLOPE, OWN_FORM = "every differentiable f", "slope", "form"


def is_given(node: Tensor) -> bool:
    """Whether a node is a leaf whose values are free."""
    return node.op is None and bool(node.name or node.requires_grad) and node.dtype.kind == "f"


class Sizes:
    """The most general sizes of the axes of a graph.

    Attributes
    ----------
    of : dict
        (node, axis) → the size, for leaves and for axes that are new in a broadcast.
    known : dict of str to int
        The label of each size → how long it is in the graph that was recorded.
    readings : dict
        What numbers are read as sizes.
    """

    def __init__(self, environment: Environment, readings: Readings | None = None) -> None:
        self.environment = environment
        self.readings = readings or {}
        self.readings_by_name: dict[str, Reading] = {}
        self._users = uses(environment.order)
        self.of: dict[tuple[Tensor, int], Size] = {}
        self.known: dict[str, int] = {}
        count = itertools.count()
        for node in environment.order:
            if node.op is None or node.op is BROADCAST_TO:
                for axis, n in enumerate(node.shape):
                    if n != 1:
                        square = axis == 1 and identity_of(node) is not None
                        fresh = Size(f"?{next(count):03}", loose=True)
                        self.of[node, axis] = self.of[node, 0] if square else fresh
        with switched(SHAPES_ONLY, True):
            nodes = World(environment, self, OWN_FORM).nodes
        self._name(nodes)
        lengths = [Reading((label,)) for label in self.known]
        self.readings_by_name = {SIZE + str(r): r for r in (*lengths, *self.readings.values())}

    def _name(self, nodes: Nodes) -> None:
        """Call sizes as the document does: s_l nodes of layer l, m samples; others n_1, n_2, …"""
        labels: dict[int, str] = {}
        for text, node in self.environment.named.items():
            spelt, x = spelling(text), plain(nodes[node])
            layer = spelt.layer if spelt.family in ("z", "h") else "1" if text == "x" else ""
            if layer and isinstance(x, Sized) and x.ndim == 2 and self._has_layers:
                for n, label in zip(x.shape, (f"s{layer}", "m"), strict=True):
                    if isinstance(n, Size):
                        labels.setdefault(id(n.root()), label)
        others = (f"n{k}" for k in itertools.count(1))
        for (node, axis), size in self.of.items():
            root = size.root()
            fresh = labels.get(id(root)) or next(others)
            labels[id(root)] = fresh
            self.known[fresh] = node.shape[axis]
        made = {label: Size(label) for label in labels.values()}
        for size in self.of.values():
            made[labels[id(size.root())]].least = max(
                made[labels[id(size.root())]].least, size.root().least
            )
        self.of = {key: made[labels[id(size.root())]] for key, size in self.of.items()}
        self.sizes = list(made.values())

    @property
    def _has_layers(self) -> bool:
        return any(spelling(text).delta for text in self.environment.named)

    def shape(self, node: Tensor) -> tuple[Any, ...]:
        """Return the general shape of a leaf."""
        return tuple(self.of.get((node, axis), 1) for axis in range(node.ndim))

    def reading(self, node: Tensor) -> Reading | None:
        """Return which size a number of the graph is read as."""
        number = number_in(node, self._users) if self.readings else None
        return None if number is None else self.readings.get(number)

    def least(self, label: str) -> int:
        """Return the least length of a size, for the positions that are asked for to be there."""
        return max([size.least for size in self.sizes if size.label == label], default=1)


def identity_of(node: Tensor) -> float | None:
    """Return c where a constant is c times the identity matrix, else None."""
    if node.op is not None or node.ndim != 2 or is_given(node) or node.shape[0] != node.shape[1]:
        return None
    data = np.asarray(plain(node), dtype=float)
    return float(data[0, 0]) if np.array_equal(data, data[0, 0] * np.eye(len(data))) else None


def run_again(
    environment: Environment,
    shape_of: Callable[[Tensor], tuple[Any, ...]],
    leaf: Callable[[Tensor], Tensor],
    op_of: Callable[[Tensor], Op],
    known: Nodes,
) -> Nodes:
    """Record a graph again, on other leaves, whose sizes may differ."""
    nodes = dict(known)
    with recording(), np.errstate(all="ignore"):
        for node in environment.order:
            if node in nodes:
                continue
            if node.op is None:
                nodes[node] = leaf(node)
            else:
                inputs = [nodes[x] for x in node.inputs]
                nodes[node] = _again(node, inputs, shape_of, op_of)
            nodes[node].name = node.name
    return nodes


def _again(node: Tensor, inputs: list[Tensor], shape_of: Any, op_of: Any) -> Tensor:
    """Record one operation again; shapes among its parameters become those of the inputs."""
    params = node.params
    if node.op is RESHAPE:
        before, after = node.inputs[0].shape, node.shape
        now = [n for n in np.shape(plain(inputs[0])) if not (isinstance(n, int) and n == 1)]
        if [n for n in before if n != 1] != [n for n in after if n != 1]:
            raise NoForm("reshape joins or parts axes, which depends on their sizes")
        rest = iter(now)
        params = {"shape": tuple(1 if n == 1 else next(rest, 1) for n in after)}
    elif node.op is BROADCAST_TO:
        own, fresh = np.shape(plain(inputs[0])), shape_of(node)
        lead = node.ndim - len(own)
        kept = [1] * lead + [n if isinstance(n, Size) or n != 1 else 1 for n in own]
        params = {"shape": tuple(
            n if k < lead or (isinstance(kept[k], int) and kept[k] == 1) else kept[k]
            for k, n in enumerate(fresh))}  # fmt: skip
    elif node.op is GETITEM and _is_diagonal(node):
        if not isinstance(plain(inputs[0]), Sized):
            return cast(Tensor, np.diagonal(inputs[0], 0, -2, -1))
        eye = identity(plain(inputs[0]).shape[-1])
        return apply(SUM, [apply(MULTIPLY, [inputs[0], eye])], {"axis": -1})
    elif node.op is TAKE and isinstance(plain(inputs[1]), Sized):
        return _taken(inputs[0], plain(inputs[1]), node.params["axis"])
    return apply(op_of(node), inputs, params)


def _is_diagonal(node: Tensor) -> bool:
    """Whether it takes the diagonal of a square matrix, whole."""
    key, n = node.params["key"], node.shape[-1] if node.ndim else 0
    parts = key if isinstance(key, tuple) else ()
    return (
        len(parts) == 3
        and parts[0] is Ellipsis
        and node.inputs[0].shape[-2:] == (n, n)
        and all(isinstance(p, np.ndarray) and np.array_equal(p, np.arange(n)) for p in parts[1:])
    )


def _taken(x: Tensor, marks: Sized, axis: int) -> Tensor:
    """Take along an axis by a fixed vector of positions: a product with a matrix of 0 and 1."""
    if axis % x.ndim or marks.ndim != 2:
        raise NoForm("take along a later axis, or by a matrix of positions")
    letters = "bcdefgh"[: x.ndim - 1]
    return apply(EINSUM, (marks, x), {"subscripts": f"ta,a{letters}->t{letters}"})


class World:
    """A graph on arrays of terms.

    Parameters
    ----------
    environment : Environment
        The graph.
    sizes : Sizes
        Of its axes.
    mode : str
        What the activation is: any function f; itself, known by its slope (f′ = f(1 − f)); or
        itself, written out in exp.
    cut : Tensor, optional
        A node whose elements are to be free.
    assume : sequence of callable
        Facts about leaves.
    """

    def __init__(
        self,
        environment: Environment,
        sizes: Sizes,
        mode: str,
        cut: Tensor | None = None,
        assume: Sequence[Any] = (),
    ) -> None:
        self.environment, self.sizes, self.mode = environment, sizes, mode
        self.symbolic_m = samples_size(environment, sizes)
        self.heads: dict[Tensor, Head] = {}
        self._shares = {
            node.inputs[2] for node in environment.order if node.op is SIGMOID_CROSS_ENTROPY
        }  # written out always: their cost is
        known: Nodes = {}
        cut = None if cut is not None and is_given(cut) else cut
        for node in environment.order:
            if is_given(node):
                known[node] = self._leaf(node)
        self.given = {t: plain(known[n]) for t, n in environment.named.items() if n in known}
        for fact in assume:
            declare(fact, self.given)
        if cut is not None:
            full = World(environment, sizes, mode)
            shape = plain(full.nodes[cut]).shape
            known[cut] = self._free(cut, environment.names[cut], shape)
        self.nodes: Nodes = run_again(environment, sizes.shape, self._leaf, self._op, known)

    def _free(self, node: Tensor, text: str, shape: tuple[Any, ...]) -> Tensor:
        axes = axes_of(shape)
        ix = tuple(i for i in axes if i is not None)
        self.heads[node] = head = named(text, len(ix))
        terms = [] if SHAPES_ONLY.get() else [Term(Fraction(1), {(head, ix): 1})]
        return Tensor(Sized(axes, terms), name=node.name)

    def _leaf(self, node: Tensor) -> Tensor:
        text = self.environment.names.get(node, "")
        data, shape = np.asarray(plain(node)), self.sizes.shape(node)
        if is_given(node):
            return self._free(node, text or f"u{len(self.heads) + 1}", shape)
        if data.size == 1:
            read = self.sizes.reading(node)
            return node if read is None or SHAPES_ONLY.get() else Tensor(read.sized())
        one = identity_of(node)
        if one is not None:
            return Tensor(identity(shape[0], exact(one)))
        users = [n for n in self.environment.order if n.op is TAKE and node in n.inputs[1:]]
        if users:
            rows = self.sizes.of.get((users[0].inputs[0], users[0].params["axis"]))
            shape = (*shape, rows if rows is not None else Size("?"))
        elif (data == data.flat[0]).all() and not SHAPES_ONLY.get():
            return Tensor(Sized(axes_of(shape), number(Fraction(float(data.flat[0])))))
        made = self._free(node, text or f"c{len(self.heads) + 1}", shape)
        if data.dtype == bool:
            plain(made).dtype = data.dtype
        return made

    def _op(self, node: Tensor) -> Op:
        assert node.op is not None  # noqa: S101 - leaves are not run
        op = node.op
        if node in self._shares:
            return Op(op.name, _on(logistic), op.vjps)
        if op is SIGMOID_CROSS_ENTROPY:
            return Op(op.name, lambda z, y, h: _on(_log_of_one_and_exp)(z) - y * z, op.vjps)
        if op is self.environment.activation and self.mode is ANY_F:
            prime = function("f", 1)
            return Op("f", _on(function("f")), (lambda g, out, z: g * _on(prime)(z),))
        if op in (SIGMOID, TANH) and self.mode is not OWN_FORM:
            return Op(op.name, _on(_sloped(op)), op.vjps)
        if op is SIGMOID:
            return Op(op.name, _on(logistic), op.vjps)
        if op is SOFTPLUS:
            rule = (lambda g, out, z: g * _on(logistic)(z),)
            return Op(op.name, _on(_log_of_one_and_exp), rule)
        return op

    # -- what formulas are given --------------------------------------------------------------

    def value(self, node: Tensor) -> Sized:
        """Return what a node is."""
        return lifted(plain(self.nodes[node]))

    def gradients(self, meanings: Sequence[Meaning]) -> dict[Meaning, Sized]:
        """Return the gradients that meanings stand for, by the engine's rules."""
        wanted = list({m.node: None for m in meanings if m.node is not None})
        J = self.nodes[self.environment.J]
        found = gradients(J, [self.nodes[n] for n in wanted]) if wanted else []
        of = dict(zip(wanted, found, strict=True))
        return {m: lifted(of[m.node]) * self.scale(m) for m in meanings if m.node is not None}

    def any_like(self, node: Tensor) -> Sized:
        """Return an array of any values, of the shape of a node."""
        x: Sized = plain(self._free(node, f"{node.name} ·", self.value(node).shape))
        return x

    def scale(self, meaning: Meaning) -> Any:
        """Return the factor of a meaning: m for a δ, where m is a size."""
        if meaning.scale != 1 and self.symbolic_m is not None:
            return number_of(self.symbolic_m)
        return meaning.scale

    def other(self, text: str) -> Any:
        """Return m, f and f′."""
        if text == "m":
            return number_of(self.symbolic_m) if self.symbolic_m else self.environment.samples
        op, order = self.environment.function, int(text == "f_prime")
        if text in self.sizes.readings_by_name:
            return self.sizes.readings_by_name[text].sized()
        if op is None or text not in ("f", "f_prime"):
            return self.environment.extras[text]
        if self.mode is ANY_F:
            return _on(function("f", order))
        form = self._form(op)
        if not order:
            return _on(form)
        rule = op.rule(0)
        return lambda z: rule(lifted(1), _on(form)(z), lifted(z)) if rule else None

    def _form(self, op: Op) -> Any:
        if op in (SIGMOID, TANH) and self.mode is not OWN_FORM:
            return _sloped(op)
        if op is SIGMOID:
            return logistic
        return lambda u: lifted(op.forward(Sized(tuple(_free_of(u)), u))).on(_free_of(u))


def _log_of_one_and_exp(u: Any) -> Any:
    return log_of([*number(1), *exp_of(u)])


def _free_of(u: Any) -> list[Index]:
    return list({i: None for t in u for i in t.free()})


def _on(form: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function of terms as one of arrays."""

    def on(z: Any) -> Sized:
        z = lifted(z)
        return Sized(z.axes, [] if SHAPES_ONLY.get() else form(z.terms))

    return on


def _sloped(op: Op) -> Callable[[Any], Any]:
    """Return the sigmoid or tanh as an atom whose derivative is in terms of itself."""
    return opaque(op)


def left_open(
    text: str, f: Callable[[Any], Any], f_prime: Callable[[Any], Any]
) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return f and f′ to be recorded, of which proofs take for granted only that f′ is its slope.

    Parameters
    ----------
    text : str
        What the function is called.
    f, f_prime : callable
        What they are in numbers.
    """

    def recorded(op: Op) -> Callable[[Any], Any]:
        return lambda z: apply(op, (z,)) if isinstance(z, Tensor) else op.forward(z)

    def either(numbers: Callable[[Any], Any], order: int) -> Callable[[Any], Any]:
        return lambda z: _on(function(text, order))(z) if isinstance(z, Sized) else numbers(z)

    prime = recorded(
        Op(f"{text}_prime", either(f_prime, 1), text=f"{text}′({{0}})", latex=f"{text}'({{0}})")
    )
    rule = (lambda g, out, z: g * prime(z),)
    return recorded(Op(text, either(f, 0), rule, traits={"elementwise", "activation"})), prime


def samples_size(environment: Environment, sizes: Sizes) -> Size | None:
    """Return the size that m is, where the graph shows it: where J is a mean over the samples."""
    zs = set(environment.weighted_inputs())
    if environment.samples <= 1 or sizes.known.get("m") != environment.samples:
        return None
    through, todo = dependents(environment.order, zs), [environment.J]
    while todo:
        node = todo.pop()
        flat = node.inputs[0].ndim < 2 if node.inputs else False
        if node.op is MEAN and (flat or node.params.get("axis", 1) in (1, -1)):
            continue
        whole = Fraction(1 if node.op is DIVIDE else -1)
        if any(
            r and r.labels == ("m",) and r.power == whole for r in map(sizes.reading, node.inputs)
        ):
            continue
        if node in zs or node.op not in (ADD, SUBTRACT, NEGATIVE, MULTIPLY, DIVIDE, SUM, MEAN):
            return None
        todo += [x for x in node.inputs if x in through]
    return Size("m")
