"""What a formula may name, and the values of it.

1. `Environment` knows the names: tensors of the graph, gradients of them (``d_h3``), δ of a layer
   (``delta2``), the number of samples ``m``, the activation ``f`` and its derivative ``f_prime``.
2. `Draw` holds one set of values for all of them: the graph as it was recorded, or run again on
   fresh random leaves. Gradients are computed when they are first asked for.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..core.backward import gradients
from ..core.graph import replay, topological_order
from ..core.op import Op
from ..core.recording import recording
from ..core.tensor import Tensor, apply, plain

_NOT_ACTIVATIONS = {"negative", "positive", "transpose", "square", "astype", "reshape", "sign"}
ACTIVATIONS = {"sigmoid", "tanh", "relu", "softplus", "elu", "gelu", "leaky_relu"}
"""Operations that are an activation f wherever they stand."""

_ATTEMPTS = 4
_EPSILON = float(np.finfo(float).eps)


class UnknownNameError(ValueError):
    """A formula names something that the graph does not have."""


class Meaning(NamedTuple):
    """What a name stands for: a value, or a multiple of a gradient."""

    node: Tensor | None
    gradient: bool
    scale: int


class Activation(NamedTuple):
    """A node h = f(z) with both names known."""

    z: str
    h: str
    op: Op

    @property
    def slope(self) -> str:
        """The name under which draws hold f′(z)."""
        return f"f_prime({self.z})"


def slope_of(op: Op) -> Callable[[Any], Any]:
    """Return the derivative of a unary elementwise operation, as a function of its argument."""
    rule = op.rule(0)
    if rule is None:
        raise TypeError(f"operation {op.name!r} has no derivative")

    def f_prime(z: Any) -> Any:
        z = np.asarray(z)
        if z.dtype.kind in "iub":
            z = z.astype(float)
        return rule(np.ones_like(z), op.forward(z), z)

    return f_prime


class Environment:
    """The names of a recorded scalar's graph.

    Parameters
    ----------
    J : Tensor
        A recorded scalar.
    samples : int, optional
        How many samples `J` is the mean over. Read off the graph if left out.

    Raises
    ------
    TypeError, ValueError
        If `J` is no recorded scalar.
    """

    def __init__(self, J: Tensor, samples: int | None = None) -> None:
        if not isinstance(J, Tensor):
            raise TypeError(
                f"J is a {type(J).__name__}; it must be a recorded Tensor of one number"
            )
        if J.op is None:
            raise ValueError("J has no history: compute it from Tensors, and not under no_grad()")
        if J.size != 1:
            raise ValueError(f"J has shape {J.shape}; formulas are for the gradient of one number")
        self.J = J
        self.order = topological_order([J])
        self.named: dict[str, Tensor] = {}
        self.twice: set[str] = set()
        for node in self.order:
            if node.name:
                if node.name in self.named:
                    self.twice.add(node.name)
                self.named[node.name] = node
        self._meanings: dict[str, Meaning] = {}
        self.names = {node: text for text, node in self.named.items()}
        self.samples = samples_of(J, self.named) if samples is None else samples
        self.activations = self._activations()
        kinds = {activation.op for activation in self.activations} or {
            node.op for node in self.order if node.op is not None and node.op.name in ACTIVATIONS
        }
        self.activation = kinds.pop() if len(kinds) == 1 else None
        self.single = J.dtype != np.float64

    def _activations(self) -> list[Activation]:
        found = []
        for node in self.order:
            op = node.op
            if op is None or len(node.inputs) != 1 or op.name in _NOT_ACTIVATIONS or node.params:
                continue
            z = node.inputs[0]
            if node.name and z.name and z.shape == node.shape and op.rule(0) is not None:
                found.append(Activation(z.name, node.name, op))
        return found

    def meaning(self, text: str) -> Meaning:
        """Return what a name stands for.

        Raises
        ------
        UnknownNameError
            With the names that there are.
        """
        found = self._meanings.get(text)
        if found is None:
            found = self._meanings[text] = self._meaning(text)
        return found

    def _meaning(self, text: str) -> Meaning:
        for shared in {text, text.removeprefix("d_"), text.removeprefix("d")} & self.twice:
            raise UnknownNameError(
                f"several tensors of the graph are named {shared!r}; give each a name of its own"
            )
        if text in self.named:
            return Meaning(self.named[text], False, 1)
        for prefix in ("d_", "d"):
            of = text.removeprefix(prefix)
            if of != text and of in self.named and of not in self.twice:
                return Meaning(self.named[of], True, 1)
        layer = text.removeprefix("delta")
        if layer != text and f"z{layer}" in self.named:
            return Meaning(self.named[f"z{layer}"], True, self.samples)
        if text in self.extras:
            return Meaning(None, False, 1)
        raise UnknownNameError(self._unknown(text))

    @cached_property
    def extras(self) -> dict[str, Any]:
        """Return the names that are no tensors and no gradients."""
        extras: dict[str, Any] = {"m": self.samples}
        if self.activation is not None:
            op = self.activation
            extras["f"] = _dispatched(op, op.forward)
            extras["f_prime"] = _dispatched(
                Op("f_prime", slope_of(op), latex="f'({0})", text="f′({0})"), slope_of(op)
            )
        return {key: value for key, value in extras.items() if key not in self.named}

    @cached_property
    def consumers(self) -> dict[Tensor, list[tuple[Tensor, int]]]:
        """Return for each node the operations that use it, with the position, the last first."""
        found: dict[Tensor, list[tuple[Tensor, int]]] = {node: [] for node in self.order}
        for consumer in reversed(self.order):
            for index, x in enumerate(consumer.inputs):
                found[x].append((consumer, index))
        return found

    @cached_property
    def slopes(self) -> dict[str, tuple[str, Callable[[Any], Any]]]:
        """Return for the name of each f′(z) the name of z and the function f′."""
        return {a.slope: (a.z, slope_of(a.op)) for a in self.activations}

    def known_names(self) -> list[str]:
        """Return every name a formula may use."""
        values = sorted(self.named)
        gradient = [f"d_{text}" for text in values if self.named[text] is not self.J]
        deltas = [f"delta{text[1:]}" for text in values if _is_layer(text, "z")]
        return [*values, *deltas, *gradient, *self.extras]

    def _unknown(self, text: str) -> str:
        known = self.known_names()
        near = difflib.get_close_matches(text, known, 1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        values = ", ".join(sorted(self.named)) or "none: give tensors a name=..."
        return (
            f"unknown name {text!r}{hint} A name may be a tensor of the graph ({values}), a "
            "gradient of J with respect to one (d_ before its name, such as "
            f"{next((k for k in known if k.startswith('d_')), 'd_x')}), or one of "
            f"{', '.join(k for k in known if k.startswith('delta') or k in self.extras)}"
        )

    def label(self, meaning: Meaning) -> str:
        """Return how the gradient of a meaning is spelt in formulas."""
        text = self.names[meaning.node] if meaning.node is not None else ""
        return self.gradient_name(text, meaning.scale) if meaning.gradient else text

    def gradient_name(self, text: str, scale: int = 1) -> str:
        """Return the name of the gradient with respect to the tensor named `text`."""
        if _is_layer(text, "z") and scale == self.samples:
            return f"delta{text[1:]}"
        return f"d_{text}"

    # -- values -----------------------------------------------------------------------------------

    def given(self) -> Draw:
        """Return the graph's own values."""
        return Draw(self, self.J, self.named)

    def fresh(self, count: int, seed: int = 0) -> list[Draw]:
        """Return the graph on `count` sets of random leaves, in double precision.

        Leaves without a name that require no gradient are constants of the formula and stay.
        Where a random value leaves the domain of an operation, values of the sign and the size
        of the given ones are tried, then values near them.
        """
        rng = np.random.default_rng(seed)
        leaves = [
            node
            for node in self.order
            if node.op is None and (node.name or node.requires_grad) and node.dtype.kind == "f"
        ]
        draws = []
        for _ in range(count):
            for attempt in range(_ATTEMPTS):
                draw = self._run_again(leaves, rng, attempt)
                if draw is not None:
                    draws.append(draw)
                    break
        return draws

    def _run_again(
        self, leaves: list[Tensor], rng: np.random.Generator, attempt: int
    ) -> Draw | None:
        substitutes = {leaf: _random_like(plain(leaf), rng, attempt) for leaf in leaves}
        wanted = [self.J, *self.named.values()]
        try:
            with np.errstate(all="ignore"), recording():
                outputs, _ = replay(wanted, substitutes)
        except (ValueError, ArithmeticError):
            return None
        if not np.isfinite(plain(outputs[0])):
            return None
        return Draw(self, outputs[0], dict(zip(self.named, outputs[1:], strict=True)))

    def in_double(self) -> Draw:
        """Return the graph on the given leaves, in double precision."""
        floats = {
            node: np.asarray(plain(node), dtype=np.float64)
            for node in self.order
            if node.op is None and node.dtype.kind == "f" and node.ndim
        }
        with recording():
            outputs, _ = replay([self.J, *self.named.values()], floats)
        return Draw(self, outputs[0], dict(zip(self.named, outputs[1:], strict=True)))


def _is_layer(text: str, stem: str) -> bool:
    return text.startswith(stem) and text[len(stem) :].isdigit()


def _dispatched(op: Op, plain: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that records `op` on Tensors and runs it on arrays."""

    def function(z: Any) -> Any:
        return apply(op, (z,)) if isinstance(z, Tensor) else plain(np.asarray(z))

    function.__name__ = op.name
    return function


def _random_like(given: Any, rng: np.random.Generator, attempt: int) -> Any:
    """Return random values of the shape of `given`; the later the attempt, the closer to it."""
    given = np.asarray(given, dtype=float)
    if attempt == 0:
        spread = 2.5 / math.sqrt(given.shape[-1]) if given.ndim == 2 else 1.7
        return (rng.random(given.shape) - 0.5) * (2 * spread)
    size = float(np.sqrt(np.mean(given**2))) or 1.0
    if attempt == 1:
        signs = np.sign(given) + (given == 0)
        return signs * size * rng.uniform(0.3, 1.7, given.shape)
    return given + 0.1**attempt * size * rng.standard_normal(given.shape)


def samples_of(J: Tensor, named: Mapping[str, Tensor]) -> int:
    """Return how many samples `J` is the mean over, samples being the columns of the layers.

    ``mean`` over them says so, and so does a division of the sum by their number (or twice it,
    the ½ of the document's cost taken along). A plain sum counts as one sample.
    """
    columns = {t.shape[1] for text, t in named.items() if _is_layer(text, "z") and t.ndim == 2}
    if len(columns) != 1:
        return 1
    m = columns.pop()
    divisor = 1.0
    node = J
    while node.op is not None and m > 1:
        op, inputs = node.op.name, node.inputs
        if op == "mean":
            reduced = inputs[0].size // node.size
            return m if reduced % m == 0 else 1
        if op == "sum":
            if inputs[0].size == m or inputs[0].ndim == 2:
                break
            node = inputs[0]
            continue
        constants = [x for x in inputs if x.op is None and x.size == 1 and not x.name]
        if op not in ("multiply", "divide") or len(constants) != 1:
            break
        value = float(plain(constants[0]))
        divisor *= value if op == "divide" else 1 / value if value else 1.0
        node = next(x for x in inputs if x is not constants[0])
    if math.isclose(divisor, m) and m == 2:
        return 1  # the ½ of the cost, not the mean over two samples
    return m if math.isclose(divisor, m) or math.isclose(divisor, 2 * m) else 1


class Draw(Mapping[str, Any]):
    """One set of values: what every name of an `Environment` stands for.

    A mapping from names to arrays that must not be written to.
    """

    def __init__(self, environment: Environment, J: Tensor, nodes: Mapping[str, Tensor]) -> None:
        self.environment = environment
        self.J = J
        self.nodes = nodes
        self._gradients: dict[Tensor, Any] = {}
        self._cache: dict[str, Any] = {}

    @cached_property
    def rounding(self) -> float:
        """What a right formula that adds up to nothing may still hold: the rounding of its terms.

        Their size is taken to be that of J, so that the smallest costs are judged as well.
        """
        cost = abs(float(plain(self.J).item()))
        return _EPSILON * (min(cost, 1.0) if cost > 0 else 1.0)

    def prepare(self, meanings: Iterable[Meaning]) -> None:
        """Compute the gradients that the meanings need in one backward pass."""
        env = self.environment
        wanted = {m.node for m in meanings if m.gradient and m.node not in self._gradients}
        originals = [node for node in env.order if node in wanted]
        here = [self.nodes[env.names[node]] for node in originals]
        if here:
            with np.errstate(all="ignore"):
                found = gradients(self.J, here)
            self._gradients.update(zip(originals, found, strict=True))

    def gradient(self, meaning: Meaning) -> Any:
        """Return the gradient that a meaning stands for."""
        assert meaning.node is not None  # noqa: S101 - only gradients come here
        g = self._gradients.get(meaning.node)
        if g is None:
            self.prepare([meaning])
            g = self._gradients[meaning.node]
        return g if meaning.scale == 1 else g * meaning.scale

    def value(self, meaning: Meaning) -> Any:
        """Return the array that a meaning stands for."""
        if meaning.gradient:
            return self.gradient(meaning)
        assert meaning.node is not None  # noqa: S101 - extras are answered before
        return plain(self.nodes[self.environment.names[meaning.node]])

    def __getitem__(self, key: str) -> Any:
        if key not in self._cache:
            self._cache[key] = self._find(key)
        return self._cache[key]

    def _find(self, key: str) -> Any:
        if key in self.environment.extras:
            return self.environment.extras[key]
        if key in self.environment.slopes:
            z, f_prime = self.environment.slopes[key]
            return f_prime(plain(self.nodes[z]))
        try:
            meaning = self.environment.meaning(key)
        except UnknownNameError as error:
            raise KeyError(key) from error
        array = np.asarray(self.value(meaning)).view()
        array.flags.writeable = False
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self.environment.known_names())

    def __len__(self) -> int:
        return len(self.environment.known_names())
