"""A graph on random numbers at random sizes, which fulfil the facts that are declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from functools import partial
from typing import Any

import numpy as np

from ...core.backward import gradients
from ...core.op import Op
from ...core.tensor import Tensor, plain
from ...formulas.sized import Size
from ...ops.indexing import TAKE
from ..draws import shaken
from ..facts import fulfil
from ..names import Environment, Meaning
from .general import Sizes, identity_of, is_given, run_again, samples_size


class Draw:
    """A graph on random numbers at random sizes: what each name stands for.

    Attributes
    ----------
    nodes : dict of Tensor to Tensor
        For every node of the graph, its stand-in.
    sizes : dict of str to int
        The sizes drawn.
    """

    def __init__(
        self,
        environment: Environment,
        sizes: Sizes,
        rng: np.random.Generator,
        attempt: int,
        assume: Any,
        turn: int | None = None,
        own: bool = False,
        smooth: bool = False,
    ) -> None:
        self.environment = environment
        least = {label: sizes.least(label) for label in sizes.known}
        spread = rng.permutation(len(least)) if turn is None else np.arange(len(least)) + turn
        spread = spread % max(len(least), 3) + 2
        drawn = {k: int(max(n, least[k])) for k, n in zip(least, spread, strict=True)}
        self.sizes = dict(sizes.known) if own else drawn
        self.symbolic_m = samples_size(environment, sizes)
        self._gradients: dict[Tensor, Any] = {}
        self._readings = sizes.readings_by_name
        self._rng, self._attempt, self._smooth = rng, attempt, smooth

        def shape_of(node: Tensor) -> tuple[int, ...]:
            return tuple(
                self.sizes[str(n)] if isinstance(n, Size) else n for n in sizes.shape(node)
            )

        def leaf(node: Tensor) -> Tensor:
            data = np.asarray(plain(node))
            if is_given(node):
                return Tensor(self._random(data, shape_of(node)), name=node.name)
            if data.size == 1:
                read = sizes.reading(node)
                return node if read is None else Tensor(read.among(self.sizes))
            if own:
                return node
            one = identity_of(node)
            if one is not None:
                return Tensor(one * np.eye(shape_of(node)[0]))
            users = [n for n in environment.order if n.op is TAKE and node in n.inputs[1:]]
            if users:
                rows = shape_of(users[0].inputs[0])[users[0].params["axis"]]
                return Tensor(rng.integers(0, rows, shape_of(node)))
            return Tensor(rng.choice(data.ravel(), shape_of(node)), name=node.name)

        given = {node: leaf(node) for node in environment.order if is_given(node)}
        fulfil(assume, {t: given[n] for t, n in environment.named.items() if n in given}, rng)

        def op_of(node: Tensor) -> Op:
            assert node.op is not None  # noqa: S101 - leaves are not run
            return node.op

        self._run = partial(run_again, environment, shape_of, leaf, op_of)
        self.nodes = self._run(dict(given))
        self.finite = bool(np.isfinite(plain(self.nodes[environment.J])).all())

    def _random(self, given: Any, shape: tuple[int, ...]) -> Any:
        rng = self._rng
        if self._attempt == 0:
            return np.round(rng.uniform(-1.5, 1.5, shape), 12 if self._smooth else 1)
        if self._attempt == 1:
            return np.round(rng.uniform(0.1, 0.9, shape), 12 if self._smooth else 2)
        near = rng.choice(given.ravel(), shape).astype(float)
        return near + 0.1 * rng.standard_normal(shape) * np.abs(near)

    def shaken(self) -> Draw:
        """Return the same with the numbers that are given moved by some ulp, whole ones not."""
        moved, leaves = copy(self), {}
        for node in self.environment.order:
            if node.op is None:
                data = np.asarray(plain(self.nodes[node]))
                moves = is_given(node) and data.dtype.kind == "f"
                leaves[node] = Tensor(shaken(data, self._rng) if moves else data, name=node.name)
        moved.nodes, moved._gradients = self._run(leaves), {}
        return moved

    def value(self, meaning: Meaning) -> Any:
        """Return the array that a meaning stands for."""
        node = meaning.node
        assert node is not None  # noqa: S101 - extras are answered by `other`
        if not meaning.gradient:
            return plain(self.nodes[node])
        if node not in self._gradients:
            with np.errstate(all="ignore"):
                (found,) = gradients(self.nodes[self.environment.J], [self.nodes[node]])
            self._gradients[node] = found
        scale: float = meaning.scale
        if scale != 1 and self.symbolic_m is not None:
            scale = self.sizes["m"]
        return self._gradients[node] * scale

    def other(self, text: str) -> Any:
        """Return m, f and f′."""
        if text == "m" and self.symbolic_m is not None:
            return self.sizes["m"]
        if text in self._readings:
            return self._readings[text].among(self.sizes)
        return self.environment.extras[text]


def draws(
    environment: Environment,
    sizes: Sizes,
    assume: Sequence[Any],
    own: bool = False,
    smooth: bool = False,
) -> Iterator[Draw]:
    """Yield the graph on random numbers, three times.

    Parameters
    ----------
    own : bool
        At the graph's own sizes, and not at random ones.
    smooth : bool
        With all digits, so that no two values are equal; else with few, to be shown.
    """
    rng = np.random.default_rng(0)
    for turn in range(3):
        for attempt in range(4):
            try:
                draw = Draw(environment, sizes, rng, attempt, assume, turn, own, smooth)
            except (ValueError, ArithmeticError, np.linalg.LinAlgError):
                continue
            if draw.finite:
                yield draw
                break
