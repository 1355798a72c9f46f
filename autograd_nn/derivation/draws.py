"""The values of what a formula names: the graph's own, and the graph run again on others.

1. `Draw` holds one set of values. Gradients are computed when they are first asked for.
2. `fresh` draws random leaves, `random_like` values like given ones; `in_double` takes the given
   leaves in double precision.
3. `kinds_of` says of what kind values are, such as one-hot columns, and draws others of that kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..core.backward import gradients
from ..core.graph import replay
from ..core.recording import recording
from ..core.tensor import Tensor, plain
from .facts import fulfil, refuted
from .names import Environment, Meaning, UnknownNameError

_ATTEMPTS = 4
_EPSILON = float(np.finfo(float).eps)
_NOTHING = 1e-6
_SHAKEN = 4


class Draw(Mapping[str, Any]):
    """One set of values: what every name of an `Environment` stands for.

    A mapping from names to arrays that must not be written to.

    Parameters
    ----------
    environment : Environment
        The names.
    substitutes : mapping of Tensor to array, optional
        On what the graph is run again. Left out: the graph's own values.
    """

    def __init__(
        self, environment: Environment, substitutes: Mapping[Tensor, Any] | None = None
    ) -> None:
        self.environment, self.substitutes = environment, dict(substitutes or {})
        wanted = [environment.J, *environment.named.values()]
        if substitutes:
            with np.errstate(all="ignore"), recording():
                wanted, _ = replay(wanted, substitutes)
        self.J = wanted[0]
        self.nodes = dict(zip(environment.named, wanted[1:], strict=True))
        self._gradients: dict[Tensor, Any] = {}
        self._cache: dict[str, Any] = {}

    def rounding(self, meaning: Meaning) -> float:
        """Return what a right formula that adds up to nothing may still hold.

        That is what the gradient moves by when the leaves move by some ulp, whole numbers not.
        Only where it is next to nothing beside J is that looked at, for it takes some time.
        """
        cost = abs(float(plain(self.J).item()))
        least = _EPSILON * (min(cost, 1.0) if cost > 0 else 1.0)
        right = self.value(meaning)
        if right.size == 0 or np.abs(right).max() > _NOTHING * max(cost, 1.0):
            return least
        moved = [float(np.abs(x.value(meaning) - right).max()) for x in self._shaken]
        return max(least, 32 * max(moved))

    @cached_property
    def _shaken(self) -> list[Draw]:
        rng, found = np.random.default_rng(0), list[Draw]()
        for _ in range(_SHAKEN):
            put = dict(self.substitutes)
            for leaf in drawn_leaves(self.environment):
                put[leaf] = shaken(np.asarray(put.get(leaf, plain(leaf)), dtype=float), rng)
            found.append(Draw(self.environment, put))
        return found

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


class Kind(NamedTuple):
    """What values have in common with others that may stand in their place.

    Attributes
    ----------
    words : str
        With ``{}`` for the name of the tensor.
    certain : bool
        Whether values are of this kind by their nature, and not by chance.
    draw : callable
        ``draw(rng)`` returns random values of the kind.
    """

    words: str
    certain: bool
    draw: Callable[[np.random.Generator], Any]


def kinds_of(given: Any) -> list[Kind]:
    """Return of what kinds an array is, the narrowest first; at most one of them is certain.

    >>> [kind.words.format("y") for kind in kinds_of(np.eye(3)[:, [0, 2, 2, 1]])]
    ['y with one-hot columns']
    """
    a = np.asarray(given, dtype=float)
    if a.size < 2 or not np.isfinite(a).all():
        return []
    sums = [np.allclose(a.sum(axis, keepdims=True), 1, rtol=1e-6) for axis in range(a.ndim)]
    axes = [axis for axis in range(min(a.ndim, 2)) if sums[axis] and a.shape[axis] > 1]
    lines = {axis: "values" if a.ndim == 1 else ("columns", "rows")[axis] for axis in axes}

    def one_hot(axis: int) -> Callable[[np.random.Generator], Any]:
        return lambda rng: (r := rng.random(a.shape)) == r.max(axis, keepdims=True)

    def shares(axis: int) -> Callable[[np.random.Generator], Any]:
        return lambda rng: (r := rng.exponential(size=a.shape)) / r.sum(axis, keepdims=True)

    if np.isin(a, (0, 1)).all() and a.any() and not a.all():
        found = [Kind(f"{{}} with one-hot {lines[axis]}", True, one_hot(axis)) for axis in axes]
        return found[:1] or [
            Kind("{} of zeros and ones", True, lambda rng: rng.random(a.shape) < 0.5)
        ]
    found = []
    if (a >= 0).all():
        found += [
            Kind(f"{{}} with {lines[axis]} that add up to 1", False, shares(axis)) for axis in axes
        ]
        size = float(np.sqrt(np.mean(a**2))) or 1.0
        if (a <= 1).all() and a.any():
            found.append(Kind("{} in [0, 1]", False, lambda rng: rng.random(a.shape)))
        elif (a > 0).all():
            found.append(
                Kind("positive {}", False, lambda rng: size * rng.uniform(0.3, 1.7, a.shape))
            )
    if (a == np.round(a)).all() and a.any():
        low, high = int(a.min()), int(a.max())
        found.append(
            Kind("{} of integers", False, lambda rng: rng.integers(low, high + 2, a.shape))
        )
    if a.ndim == 2 and a.shape[0] == a.shape[1] and (a == a.T).all():
        found.append(Kind("symmetric {}", False, lambda rng: (r := random_like(a, rng, 0)) + r.T))
    return found


def integers_like(given: Any) -> Kind | None:
    """Return integers between the smallest and the largest of an array; None where all are one."""
    a = np.asarray(given)
    if a.dtype.kind not in "iu" or a.size < 2 or a.min() == a.max():
        return None
    low, high = int(a.min()), int(a.max())
    return Kind("{} as given", False, lambda rng: rng.integers(low, high, a.shape, endpoint=True))


def shaken(values: Any, rng: np.random.Generator) -> Any:
    """Return floating-point numbers moved by up to 4 ulp, whole ones not."""
    ulps = 4 * np.finfo(values.dtype).eps * rng.uniform(-1, 1, values.shape)
    return np.where(values == np.round(values), values, values * (1 + ulps))


def drawn_leaves(environment: Environment) -> list[Tensor]:
    """Return the leaves that `fresh` draws: those of floating point that a formula can know."""
    return [
        node
        for node in environment.order
        if node.op is None and (node.name or node.requires_grad) and node.dtype.kind == "f"
    ]


def fresh(
    environment: Environment, count: int, seed: int = 0, kept: Mapping[Tensor, Kind] | None = None
) -> list[Draw]:
    """Return the graph on `count` sets of random leaves, in double precision.

    Leaves without a name that require no gradient are constants of the formula and stay; those
    in `kept` get values of that kind, other ones than the given where there are any.
    Where a random value leaves the domain of an operation, values of the sign and the size
    of the given ones are tried, then values near them.
    """
    rng = np.random.default_rng(seed)
    kept = kept or {}
    leaves = list(dict.fromkeys([*drawn_leaves(environment), *kept]))

    def values(leaf: Tensor, attempt: int) -> Any:
        given = plain(leaf)
        if leaf not in kept:
            return random_like(given, rng, attempt)
        for _ in range(8):
            dtype = leaf.dtype if leaf.dtype.kind in "iu" else float
            other = np.asarray(kept[leaf].draw(rng), dtype=dtype)
            if not np.array_equal(other, given):
                break
        return other

    draws = []
    for _ in range(count):
        for attempt in range(_ATTEMPTS):
            try:
                put = {leaf: values(leaf, attempt) for leaf in leaves}
                if environment.assume:
                    put |= assumed(environment, put, rng)
                draw = Draw(environment, put)
            except (ValueError, ArithmeticError, IndexError):
                continue
            if np.isfinite(plain(draw.J)):
                draws.append(draw)
                break
    return draws


def assumed(
    environment: Environment, values: Mapping[Tensor, Any], rng: np.random.Generator
) -> dict[Tensor, Any]:
    """Return values of leaves moved to where what is assumed of them holds.

    Raises
    ------
    ValueError
        Where no such values are found, or it is no fact about leaves.
    """
    leaves = {x.name: x for x in environment.named.values() if x.op is None and x.name}
    moved = {text: Tensor(values.get(x, plain(x))) for text, x in leaves.items()}
    fulfil(environment.assume, moved, rng)
    if refuted(environment.assume, moved, 1e-9):
        raise ValueError("nothing fulfils what is assumed")
    return {x: plain(moved[text]) for text, x in leaves.items() if x.dtype.kind == "f"}


def in_double(environment: Environment) -> Draw:
    """Return the graph on the given leaves, in double precision."""
    return Draw(
        environment,
        {
            node: np.asarray(plain(node), dtype=np.float64)
            for node in environment.order
            if node.op is None and node.dtype.kind == "f" and node.ndim
        },
    )


def random_like(given: Any, rng: np.random.Generator, attempt: int) -> Any:
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
