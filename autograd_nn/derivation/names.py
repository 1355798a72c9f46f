"""What a formula may name: which names there are, and what each stands for.

1. `spelling` takes a name apart; nobody else does.
2. `Environment` knows the names of a graph: its tensors, gradients of them (``d_h3``), δ of a layer
   (``delta2``), the number of samples ``m``, the activation ``f`` and its derivative ``f_prime``.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple, cast

import numpy as np

from ..core.backward import pull
from ..core.graph import topological_order, uses
from ..core.op import Op
from ..core.recording import recording
from ..core.tensor import Tensor, apply, plain
from ..formulas.samples import Samples, samples_of
from ..ops.elementwise import SQUARE

_PREFIXES = (
    "d_", "d", "grads_", "grad_", "grad", "g_", "g",
    "gradient_", "nabla_", "nabla", "dJ_d", "dJd", "dL_d", "dLd",
    "dC_d", "dCd", "dE_d", "dEd", "dloss_d", "dcost_d",
)  # fmt: skip
_SUFFIXES = ("_grad", "_g", "_gradient", "grad", "Grad", "gradient")
_WORD = re.compile(r"(d_|f_prime\()?([A-Za-z]+?)_?(\d*)\)?")


class UnknownNameError(ValueError):
    """A formula names something that the graph does not have."""


class Spelling(NamedTuple):
    """What a name may mean by the way it is spelt; the tensors there are decide.

    Attributes
    ----------
    family : str
        The name without its layer: W of W2, d_W of d_W2.
    layer : str
        The layer: 2 of W2.
    gradient_of : tuple of str
        The tensors with respect to which it may be a gradient: h2 for d_h2 and dh2.
    delta_of : str
        The weighted input whose δ it may be: z2 for delta2.
    slope_of : str
        What f′ is taken at: z2 for f_prime(z2).
    delta : str
        What the δ of it is called, if it is a weighted input: delta2 for z2.
    """

    family: str
    layer: str
    gradient_of: tuple[str, ...]
    delta_of: str
    slope_of: str
    delta: str


@lru_cache(maxsize=4096)
def spelling(text: str) -> Spelling:
    """Take a name apart.

    >>> spelling("d_W2").family, spelling("d_W2").gradient_of[0], spelling("delta3").delta_of
    ('d_W', 'W2', 'z3')
    """
    match = _WORD.fullmatch(text)
    return Spelling(
        (match[1] or "") + match[2] if match else text,
        match[3] if match else "",
        (
            *[text.removeprefix(prefix) for prefix in _PREFIXES if text.startswith(prefix)],
            *[text.removesuffix(end) for end in _SUFFIXES if text.endswith(end)],
        ),
        f"z{text.removeprefix('delta').removeprefix('_')}" if text.startswith("delta") else "",
        text[8:-1] if text.startswith("f_prime(") else "",
        f"delta{text[1:]}" if text.startswith("z") and text[1:].isdigit() else "",
    )


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

    def f_prime(z: Any) -> Any:
        z = np.asarray(z)
        z = z.astype(float) if z.dtype.kind in "iub" else z
        with recording():
            node = apply(op, (z,))
        return pull(node, 0, np.ones_like(z), plain(node), node.arrays)

    return f_prime


def _bound(node: Tensor) -> Op:
    """Return the unary operation of `node` with its parameters, such as the slope of leaky_relu."""
    op = cast("Op", node.op)
    if not node.params:
        return op
    rules = [rule and partial(rule, **node.params) for rule in op.vjps]
    return replace(op, forward=partial(op.forward, **node.params), vjps=rules)


def _may_be_activation(op: Op) -> bool:
    """Whether an operation can be the f of h = f(z): elementwise, bent, and no mere power."""
    bent = "elementwise" in op.traits and "linear" not in op.traits
    return bent and op is not SQUARE and op.rule(0) is not None


class Environment:
    """The names of a recorded scalar's graph.

    Parameters
    ----------
    J : Tensor
        A recorded scalar.
    samples : int, optional
        How many samples `J` is the mean over. Read off the graph if left out.
    aliases : mapping of str to Tensor
        What tensors are called besides.
    assume : sequence of callable
        What is declared of given tensors: random values fulfil it.
    called : mapping of Tensor to str, optional
        What nodes are called. Their own names if left out.

    Raises
    ------
    TypeError, ValueError
        If `J` is no recorded scalar.
    """

    def __init__(
        self,
        J: Tensor,
        samples: int | None = None,
        aliases: Mapping[str, Tensor] | None = None,
        assume: Sequence[Callable[..., Any]] = (),
        called: Mapping[Tensor, str] | None = None,
    ) -> None:
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
        for node in self.order:
            if node.dtype.kind == "c":
                raise TypeError(
                    f"{node.label()} is complex, and formulas are judged, derived and proved of "
                    "real numbers; check_grads compares gradients by complex numbers"
                )
        self.named: dict[str, Tensor] = {}
        self.twice: set[str] = set()
        self.called = {x: x.name for x in self.order if x.name} if called is None else called
        for node in self.order:
            name = self.called.get(node)
            if name and self.named.setdefault(name, node) is not node:
                self.twice.add(name)
                self.named[name] = node
        self.aliases = dict(aliases or {})
        self.assume = tuple(assume)
        self._meanings: dict[str, Meaning] = {}
        self.names = {node: text for text, node in self.named.items()}
        told = samples_of(J, self.weighted_inputs())
        self.told = told if samples is None else Samples(samples, samples)
        self.samples = self.told.scale or 1
        self.activations = self._activations()
        nodes = [self.named[activation.h] for activation in self.activations] or [
            node for node in self.order if node.op and "activation" in node.op.traits
        ]
        kinds = {(node.op, tuple(node.params.items())): node for node in nodes}
        only = kinds.popitem()[1] if len(kinds) == 1 else None
        self.activation = only.op if only is not None else None
        self.function = _bound(only) if only is not None else None
        self.single = J.dtype != np.float64

    def _activations(self) -> list[Activation]:
        found = []
        for node in self.order:
            if node.op and node in self.called and len(node.inputs) == 1:
                z = node.inputs[0]
                bent = _may_be_activation(node.op)
                bent = bent and (not node.params or "activation" in node.op.traits)
                if z in self.called and z.shape == node.shape and bent:
                    found.append(Activation(self.called[z], self.called[node], _bound(node)))
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
        spelt = spelling(text)
        readings = [(text, False, 1), *[(of, True, 1) for of in spelt.gradient_of]]
        for of, gradient, scale in [*readings, (spelt.delta_of, True, self.samples)]:
            if of in self.twice:
                raise UnknownNameError(
                    f"several tensors of the graph are named {of!r}; give each a name of its own"
                )
            if of in self.named:
                return Meaning(self.named[of], gradient, scale)
        if text in self.extras:
            return Meaning(None, False, 1)
        for of, gradient, scale in [*readings[1:], (spelt.delta_of, True, self.samples)]:
            alike = [node for key, node in self.named.items() if of and _folded(key) == _folded(of)]
            alike = [self.aliases[of]] if of in self.aliases else alike
            if len(alike) == 1 and alike[0].name not in self.twice:
                return Meaning(alike[0], gradient, scale)
        raise UnknownNameError(self._unknown(text))

    def enter(self, node: Tensor, text: str) -> None:
        """Name a tensor that has no name."""
        node.name = text
        self.named[text], self.names[node] = node, text

    def define(self, text: str, meaning: Meaning) -> None:
        """Let a name stand for something, whatever it is spelt like."""
        self._meanings[text] = meaning

    def refuse_undetermined(self, text: str) -> None:
        """Raise where a name stands for what the graph does not say.

        Raises
        ------
        ValueError
            If it is ``m``, or a δ, and the number of samples cannot be read off the graph.
        """
        unsure = False
        if spelling(text).delta_of and self.told.scale is None and text not in self.named:
            with contextlib.suppress(UnknownNameError):
                unsure = self.meaning(text).gradient
        if unsure or (text == "m" and text in self.extras and self.told.m is None):
            raise ValueError(
                f"{text!r} cannot be read off the graph: it does not say how many samples J is the "
                "mean over; say so with samples= (1 where J is a plain sum)"
            )

    @cached_property
    def f_prime(self) -> Op | None:
        """The derivative of the activation, as an operation of formulas."""
        if self.function is None:
            return None
        return Op("f_prime", slope_of(self.function), latex="f'({0})", text="f′({0})")

    @cached_property
    def extras(self) -> dict[str, Any]:
        """Return the names that are no tensors and no gradients."""
        ops = {"f": self.function, "f_prime": self.f_prime}
        functions = {key: _dispatched(op) for key, op in ops.items() if op is not None}
        extras = {"m": self.samples, **functions}
        return {key: value for key, value in extras.items() if key not in self.named}

    @cached_property
    def consumers(self) -> dict[Tensor, list[tuple[Tensor, int]]]:
        """Return for each node the operations that use it, with the position, the last first."""
        return uses(reversed(self.order))

    @cached_property
    def slopes(self) -> dict[str, tuple[str, Callable[[Any], Any]]]:
        """Return for the name of each f′(z) the name of z and the function f′."""
        return {a.slope: (a.z, slope_of(a.op)) for a in self.activations}

    def stems(self, text: str) -> list[str]:
        """Return what a name without a layer may be a gradient of: w for nabla_w, z for delta."""
        spelt = spelling(text)
        return [stem for stem in (*spelt.gradient_of, spelt.delta_of) if stem]

    def known_names(self) -> list[str]:
        """Return every name a formula may use."""
        values = sorted(self.named.keys() - self.twice)
        gradient = [f"d_{text}" for text in values if self.named[text] is not self.J]
        deltas = [delta for text in values if (delta := spelling(text).delta) and self.told.scale]
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

    def gradient_name(self, text: str, scale: int = 1) -> str:
        """Return the name of the gradient with respect to the tensor named `text`."""
        delta = spelling(text).delta
        return delta if delta and scale == self.told.scale else f"d_{text}"

    def differentiated(self, text: str) -> Tensor | None:
        """Return the tensor whose ∂J/∂ a name in a formula is; None for another name."""
        if not text or text in self.extras or text in self.slopes:
            return None
        meaning = self.meaning(text)
        return meaning.node if meaning.gradient else None

    def weighted_inputs(self) -> list[Tensor]:
        """Return the tensors that are named z, with a layer or without."""
        return [node for text, node in self.named.items() if spelling(text).family == "z"]


def _folded(text: str) -> str:
    """Return a name without what spellings of one quantity differ in: dZ1 beside z1."""
    return text.replace("_", "").lower()


def _dispatched(op: Op) -> Callable[[Any], Any]:
    """Return a function that records `op` on Tensors and runs it on arrays."""

    def function(z: Any) -> Any:
        return apply(op, (z,)) if isinstance(z, Tensor) else op.forward(np.asarray(z))

    function.__name__ = op.name
    return function
