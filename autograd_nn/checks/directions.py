"""Exact products v·J·w against centred differences of v·f along w, at every order.

1. A `Check` is a function of a flat list at one point, and how closely it is to be looked at.
2. A `Pass` is that check at one order: it knows the exact products, and compares in a direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..core.graph import topological_order
from ..core.recording import recording
from ..core.tensor import Tensor, plain
from ..transforms.derivatives import vjp
from .comparison import Comparison
from .sweep import EPSILON, has_kink, sweep

Flat = Callable[[Sequence[Tensor]], list[Tensor]]
"""A function of a flat list of Tensors that returns one."""

_DETECTED = 8e-4  # a relative mistake of this size must show, or the check decides nothing
_SIFTED = 256  # so many elements are looked at to find those at a kink


@dataclass
class Check:
    """The check of one flat function at one point.

    Attributes
    ----------
    flat : callable
        The function.
    leaves, names : list of array, list of str
        Where it is checked: what is varied, and what that is called.
    rng : numpy.random.Generator
        For the directions.
    directions : int
        How many there are for each input.
    rtol : float or None
        The relative error that is allowed; None: as the dtypes have it.
    """

    flat: Flat
    leaves: list[Any]
    names: list[str]
    rng: np.random.Generator
    directions: int
    rtol: float | None

    @cached_property
    def wide(self) -> list[Any]:
        """The leaves in double precision."""
        return [np.asarray(x, complex if x.dtype.kind == "c" else float) for x in self.leaves]

    def drawn(self, like: Any) -> Any:
        """Return random numbers in the shape of `like`, complex ones if those are."""
        real = self.rng.normal(size=like.shape)
        return real + 1j * self.rng.normal(size=like.shape) if like.dtype.kind == "c" else real

    def graph(self, flat: Flat) -> list[Tensor]:
        """Return what a function gives in double precision."""
        with recording(), np.errstate(all="ignore"):
            return flat([Tensor(x) for x in self.wide])


def passes(check: Check, order: int) -> Iterator[Pass]:
    """Yield the check of the function, of its gradients, of theirs, … up to `order`."""
    flat = check.flat
    for level in range(1, order + 1):
        here = Pass(check, flat, level)
        yield here
        flat = _gradient_of(flat, here.cotangents[0])


def _gradient_of(flat: Flat, cotangents: list[Any]) -> Flat:
    """Return the function that gives the gradients of ⟨cotangents, flat⟩."""

    def slopes(xs: Sequence[Tensor]) -> list[Tensor]:
        _, pullback = vjp(lambda *inner: tuple(flat(inner)), *xs)
        return list(pullback(tuple(cotangents)))

    return slopes


class Pass:
    """A check at one order: random cotangents, and the exact products with them."""

    def __init__(self, check: Check, flat: Flat, order: int) -> None:
        self.check, self.flat, self.order = check, flat, order
        outs = [_result(out) for out in check.graph(flat)]
        self.eps = self.eps_exact = _precision(outs)
        self.cotangents = [[check.drawn(x) for x in outs] for _ in range(check.directions)]
        self.exact: list[list[Any]] = []
        for v in self.cotangents:
            with np.errstate(all="ignore"):
                out, pullback = vjp(lambda *xs: tuple(flat(xs)), *check.leaves)
                self.exact.append([np.asarray(plain(g)) for g in pullback(tuple(v))])
            narrow = [float(np.finfo(x.dtype).eps) for x in (*out, *check.leaves)]
            self.eps_exact = max(self.eps_exact, *narrow)

    def _rtol(self) -> float:
        if self.check.rtol is not None:
            return self.check.rtol
        return 1e-6 if self.eps_exact < 1e-12 else 3e-4 if self.eps_exact < 1e-5 else 1e-2

    def _curve(self, v: list[Any], index: int, w: Any) -> tuple[Callable[[float], float], float]:
        """Return t ↦ ⟨v, f(x + t·w)⟩, w added to input `index`, and the size of its terms."""

        def terms(t: float) -> list[Any]:
            wide = self.check.wide
            moved = [Tensor(x + t * w if i == index else x) for i, x in enumerate(wide)]
            # recorded, since the function may itself take gradients
            with recording(), np.errstate(all="ignore"):
                return [a * plain(b) for a, b in zip(v, self.flat(moved), strict=True)]

        def phi(t: float) -> float:
            with np.errstate(all="ignore"):
                return float(np.real(sum([np.sum(term) for term in terms(t)])))

        with np.errstate(all="ignore"):
            return phi, float(sum([np.sum(np.abs(term)) for term in terms(0.0)]))

    def worst(self, index: int) -> Comparison:
        """Return the worst of the random directions of one input."""
        x = self.check.wide[index]
        if x.size == 0:
            nothing = (0.0, math.nan, 0.0, math.nan, "ok", "the input is empty")
            return Comparison(self.order, self.check.names[index], *nothing)
        found = [
            self.compare(k, index, self.check.drawn(x) * unit(x))
            for k in range(self.check.directions)
        ]
        return max(found, key=lambda c: c.badness)

    def compare(self, k: int, index: int, w: Any, sifted: str = "") -> Comparison:
        """Compare the exact product with differences along `w`."""
        phi, size = self._curve(self.cotangents[k], index, w)
        terms = self.exact[k][index] * w
        exact, spread = float(np.real(np.sum(terms))), float(np.sum(np.abs(terms)))
        slope = sweep(phi, self.eps, size)
        told = partial(Comparison, self.order, self.check.names[index], exact)
        if slope is None:
            note = "the function is not finite at this point or around it"
            return told(math.nan, 0.0, math.nan, "undecided", note)
        if not math.isfinite(exact):
            return told(slope.value, 0.0, slope.step, "wrong", "the gradient is not finite")
        top = max(abs(exact), abs(slope.value))
        rounding = 20 * self.eps_exact * (spread + size)  # of the exact product
        tolerance = 3 * slope.error + self._rtol() * top + rounding
        told = partial(told, slope.value, tolerance, slope.step)
        if slope.kink:
            bent = self._kinks(k, index, w)
            if not bent or len(bent) == w.size:
                note = "the function has a kink (or a jump) here: its one-sided derivatives differ"
                return told("undecided", note)
            rest = w.copy()
            for place in bent:
                rest[place] = 0
            shown = ", ".join(subscript(self.check.names[index], place) for place in bent[:3])
            more = f" and {len(bent) - 3} more" if len(bent) > 3 else ""
            return self.compare(k, index, rest, f"left out, at a kink: {shown}{more}")
        if abs(exact - slope.value) > tolerance:
            return told("wrong", sifted)
        # a derivative of 0 can only be small beside the function, whatever the way it is summed
        zero = top <= 3 * slope.error + rounding and 3 * slope.error <= 1e-6 * size
        decisive = max(top, 0.05 * spread, size if zero or not spread else 0.0)
        if tolerance > _DETECTED * decisive and self.check.rtol is None:
            note = (
                f"rounding noise: the differences are known to {slope.error:.1e}, and the "
                f"tolerance of {tolerance:.1e} would hide a mistake of {_DETECTED:.0e}; try "
                "another point, another scale, or float64"
            )
            return told("undecided", note)
        return told("ok", sifted)

    def _kinks(self, k: int, index: int, w: Any) -> list[tuple[int, ...]]:
        """Return the elements of an input that are at a kink along `w`, where they can be told."""

        def bends(place: tuple[int, ...]) -> bool:
            phi, size = self._curve(self.cotangents[k], index, alone(w, place))
            return has_kink(phi, self.eps, size)

        return list(filter(bends, np.ndindex(w.shape))) if 1 < w.size <= _SIFTED else []


def alone(w: Any, place: tuple[int, ...]) -> Any:
    """Return `w` with all elements 0 but the one at `place`."""
    single = np.zeros_like(w)
    single[place] = w[place]
    return single


def subscript(name: str, place: tuple[int, ...]) -> str:
    """Return how Python reaches an element."""
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def unit(x: Any) -> Any:
    """Return by how much each element of `x` is to be varied: the scale of its own size."""
    rms = float(np.sqrt(np.mean(np.abs(x) ** 2)))
    return np.where(x == 0, rms if rms > 0 else 1.0, np.abs(x))


def _result(out: Any) -> Tensor:
    if not isinstance(out, Tensor):
        raise TypeError(
            f"check_grads: the function returned a {type(out).__name__}, not a Tensor; compute "
            "with NumPy functions on the Tensors that it gets"
        )
    return out


def _precision(outs: Sequence[Tensor]) -> float:
    """Return the coarsest rounding error of the floating-point results in the graph."""
    nodes = topological_order(outs)
    dtypes = {node.dtype for node in nodes if node.op is not None and node.dtype.kind in "fc"}
    return max([float(np.finfo(dtype).eps) for dtype in dtypes], default=EPSILON)
