"""Numerical checks of gradients.

1. `check_grads` compares exact products v·J·w with centred differences in random directions, for
   every input by itself, at first and at higher order.
2. `GradientReport` says what was compared, and what could not be decided and why.
3. Where something is wrong it looks for the element and for the operation whose rule it is.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.graph import topological_order
from ..core.recording import recording
from ..core.tensor import Tensor, apply, plain
from ..transforms.containers import flatten, leaf_names, unflatten
from ..transforms.derivatives import vjp
from ..transforms.run import argument_names, positions
from .sweep import Estimate, derivative, has_kink

Flat = Callable[[Sequence[Tensor]], list[Tensor]]
"""A function of a flat list of Tensors that returns one."""

_DETECTED = 8e-4  # a relative mistake of this size must show, or the check decides nothing
_LOCATED = 64  # so many elements are looked at to find the worst
_SIFTED = 256  # so many elements are looked at to find those at a kink


class UndecidedWarning(UserWarning):
    """A gradient could not be checked at the given point."""


@dataclass(frozen=True)
class Comparison:
    """One input at one order: the exact product v·J·w and what differences say.

    Attributes
    ----------
    order : int
        1: gradients of the function; 2: gradients of its gradients; and so on.
    input : str
        The input, as Python reaches it.
    exact, numeric : float
    tolerance : float
        How far they may differ: rounding, and the error of the differences.
    step : float
        The relative step of the differences.
    status : str
        ``"ok"``, ``"wrong"`` or ``"undecided"``.
    note : str
        Why it could not be decided, or what was left out.
    """

    order: int
    input: str
    exact: float
    numeric: float
    tolerance: float
    step: float
    status: str
    note: str = ""

    @property
    def relative_error(self) -> float:
        """|exact − numeric| / max(|exact|, |numeric|); 0 where both are 0."""
        top = max(abs(self.exact), abs(self.numeric))
        return abs(self.exact - self.numeric) / top if top else 0.0

    @property
    def _badness(self) -> float:
        rank = {"ok": 0, "undecided": 1, "wrong": 2}[self.status]
        excess = abs(self.exact - self.numeric) / self.tolerance if self.tolerance else 0.0
        return rank + (1 - 1 / (1 + excess) if math.isfinite(excess) else 0.99)


@dataclass(frozen=True)
class GradientReport:
    """What `check_grads` compared: prints as a table.

    Attributes
    ----------
    comparisons : tuple of Comparison
        The worst direction of every input at every order.
    findings : tuple of str
        On failure: the worst element, and the operations whose rules are wrong.
    """

    comparisons: tuple[Comparison, ...]
    findings: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether no gradient is wrong. (There may be undecided ones.)"""
        return not self.failures

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """The comparisons that show a wrong gradient."""
        return tuple([c for c in self.comparisons if c.status == "wrong"])

    @property
    def undecided(self) -> tuple[Comparison, ...]:
        """The comparisons that could decide nothing, each with a note that says why."""
        return tuple([c for c in self.comparisons if c.status == "undecided"])

    def __str__(self) -> str:
        from tabulate import tabulate

        rows = [
            (
                c.order, c.input, f"{c.exact:.10g}", f"{c.numeric:.10g}",
                f"{c.relative_error:.1e}", f"{c.tolerance:.1e}", f"{c.step:.0e}", c.status,
            )
            for c in self.comparisons
        ]  # fmt: skip
        head = ("order", "input", "exact", "differences", "rel. error", "tolerance", "step", "")
        text = tabulate(rows, head, disable_numparse=True)
        notes = [f"order {c.order}, {c.input}: {c.note}" for c in self.comparisons if c.note]
        return "\n".join([text, *notes, *self.findings])


def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 2,
    *,
    argnums: int | Sequence[int] | None = None,
    directions: int = 2,
    rtol: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Check the gradients of `f` against differences; raise where they are wrong.

    For random v and w the exact v·J·w is compared with centred differences of v·f along w. Many
    steps are tried, the rounding noise of `f` is measured, and the tolerance follows from both.
    The differences are taken in float64 whatever the dtype of the arguments.

    Parameters
    ----------
    f : callable
        Of arrays or nested containers of them; returns Tensors of any shape, in containers too.
    args : tuple, or a single argument
        Where to check. Floating-point leaves are varied; everything else is passed on.
    order : int
        Up to which order: 2 checks the gradients of the gradients as well.
    argnums : int or sequence of int, optional
        Which arguments are varied; all if left out.
    directions : int
        How many random directions for each input.
    rtol : float, optional
        The relative error that is allowed. From the dtypes if left out: 1e-6 for float64, 3e-4
        for float32, 1e-2 for float16.
    seed : int
        Of the random directions.

    Returns
    -------
    GradientReport

    Raises
    ------
    AssertionError
        If a gradient is wrong; the message is the report, with the worst element and the rules
        at fault.
    TypeError, ValueError
        If there is nothing to vary, or an argument is not fit for it.

    Warns
    -----
    UndecidedWarning
        If nothing can be said of an input at this point: at a kink, where `f` is not finite, or
        where its rounding noise hides the derivative.

    Examples
    --------
    >>> print(check_grads(lambda x: x**3, 2.0))
      order  input    exact         ...
    >>> from autograd_nn import custom
    >>> wrong_cube = custom("wrong_cube", lambda x: x**3, lambda g, out, x: g * 3.003 * x**2)
    >>> check_grads(wrong_cube, 2.0)
    Traceback (most recent call last):
    AssertionError: the gradients are wrong:
    ...
    the vjp rule of 'wrong_cube' is wrong ...exact / differences = 1.001...
    """
    __tracebackhide__ = True  # pytest shows the caller's line
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"order must be 1 or more, got {order!r}")
    if not isinstance(directions, int) or directions < 1:
        raise ValueError(f"directions must be 1 or more, got {directions!r}")
    given = args if isinstance(args, tuple) and not hasattr(args, "_fields") else (args,)
    flat, leaves, names = _flattened(f, given, argnums)
    check = _Check(flat, leaves, names, np.random.default_rng(seed), directions, rtol)
    report = check.run(order)
    if not report.ok:
        raise AssertionError(f"the gradients are wrong:\n{report}")
    for comparison in report.undecided:
        warnings.warn(
            f"order {comparison.order}, {comparison.input}: {comparison.note}",
            UndecidedWarning,
            stacklevel=2,
        )
    return report


# -- the function as one of a flat list -----------------------------------------------------------


def _flattened(
    f: Callable[..., Any], args: tuple[Any, ...], argnums: int | Sequence[int] | None
) -> tuple[Flat, list[Any], list[str]]:
    """Return `f` as a function of its floating-point leaves, those leaves and their names."""
    places = range(len(args)) if argnums is None else positions(argnums, len(args), "check_grads")
    leaves, structure = flatten(list(args))
    varied: list[int] = []
    names: list[str] = []
    start = 0
    for place, (arg, root) in enumerate(zip(args, argument_names(f, len(args)), strict=True)):
        parts, inner = flatten(arg)
        for offset, (leaf, name) in enumerate(zip(parts, leaf_names(inner, root), strict=True)):
            if place in places and _is_float(leaf, name):
                varied.append(start + offset)
                names.append(name)
        start += len(parts)
    if not varied:
        raise TypeError(
            "check_grads has nothing to vary: no argument holds floating-point numbers (write 2.0 "
            "for 2, x.astype(float) for an integer array)"
        )

    def flat(xs: Sequence[Tensor]) -> list[Tensor]:
        put = list(leaves)
        for position, x in zip(varied, xs, strict=True):
            put[position] = x
        outs, _ = flatten(f(*unflatten(structure, put)))
        return outs

    return flat, [np.asarray(plain(leaves[position])) for position in varied], names


def _is_float(leaf: Any, name: str) -> bool:
    data = plain(leaf)
    if isinstance(data, (float, np.ndarray, np.generic)):
        return np.asarray(data).dtype.kind == "f"
    if hasattr(data, "__array_function__"):
        raise TypeError(
            f"check_grads evaluates the function at many points and needs NumPy arrays; {name} is "
            f"a {type(data).__name__}. Check on a small np.ndarray in its place"
        )
    return False


def _gradient_of(flat: Flat, cotangents: list[Any]) -> Flat:
    """Return the function that gives the gradients of ⟨cotangents, flat⟩."""

    def slopes(xs: Sequence[Tensor]) -> list[Tensor]:
        _, pullback = vjp(lambda *inner: tuple(flat(inner)), *xs)
        return list(pullback(tuple(cotangents)))

    return slopes


# -- comparing ------------------------------------------------------------------------------------


class _Check:
    """The check of one flat function at one point."""

    def __init__(
        self,
        flat: Flat,
        leaves: list[Any],
        names: list[str],
        rng: np.random.Generator,
        directions: int,
        rtol: float | None,
    ) -> None:
        self.flat = flat
        self.leaves = leaves
        self.names = names
        self.rng = rng
        self.directions = directions
        self.rtol = rtol
        self.wide = [np.asarray(x, dtype=np.float64) for x in leaves]

    def run(self, order: int) -> GradientReport:
        """Compare at every order up to `order`, and stop at the first that is wrong."""
        comparisons: list[Comparison] = []
        flat = self.flat
        for level in range(1, order + 1):
            pass_ = _Pass(self, flat, level)
            found = [pass_.worst(i) for i in range(len(self.leaves))]
            comparisons += found
            if any(c.status == "wrong" for c in found):
                worst = max(
                    range(len(found)),
                    key=lambda i: (found[i].status == "wrong", found[i].relative_error),
                )
                findings = [pass_.worst_element(worst), *_rules_at_fault(self, level)]
                return GradientReport(tuple(comparisons), tuple([x for x in findings if x]))
            flat = _gradient_of(flat, pass_.cotangents[0])
        return GradientReport(tuple(comparisons))


class _Pass:
    """The check at one order: exact cotangents for a few random v, to be compared along any w."""

    def __init__(self, check: _Check, flat: Flat, order: int) -> None:
        self.check = check
        self.flat = flat
        self.order = order
        with recording(), np.errstate(all="ignore"):
            outs = flat([Tensor(x) for x in check.wide])
        shapes = [_result_shape(out) for out in outs]
        self.eps = _precision(outs)
        self.cotangents = [
            [check.rng.normal(size=shape) for shape in shapes] for _ in range(check.directions)
        ]
        self.exact: list[list[Any]] = []
        self.eps_exact = self.eps
        for v in self.cotangents:
            with np.errstate(all="ignore"):
                out, pullback = vjp(lambda *xs: tuple(flat(xs)), *check.leaves)
                self.exact.append([np.asarray(plain(g), float) for g in pullback(tuple(v))])
            narrow = [np.finfo(x.dtype).eps for x in (*out, *check.leaves)]
            self.eps_exact = max(self.eps, *[float(eps) for eps in narrow])

    def rtol(self) -> float:
        if self.check.rtol is not None:
            return self.check.rtol
        return 1e-6 if self.eps_exact < 1e-12 else 3e-4 if self.eps_exact < 1e-5 else 1e-2

    def curve(self, v: list[Any], index: int, w: Any) -> tuple[Callable[[float], float], float]:
        """Return t ↦ ⟨v, f(x + t·w)⟩, w added to input `index`, and the size of its terms."""
        base = self.check.wide

        def values(t: float) -> list[Any]:
            moved = [Tensor(x + t * w if i == index else x) for i, x in enumerate(base)]
            # recorded, since the function may itself take gradients
            with recording(), np.errstate(all="ignore"):
                return [plain(x) for x in self.flat(moved)]

        def phi(t: float) -> float:
            with np.errstate(all="ignore"):
                return float(sum([np.sum(a * b) for a, b in zip(v, values(t), strict=True)]))

        with np.errstate(all="ignore"):
            size = sum([np.sum(np.abs(a * b)) for a, b in zip(v, values(0.0), strict=True)])
        return phi, float(size)

    def worst(self, index: int) -> Comparison:
        """Return the worst of the random directions of one input."""
        x = self.check.wide[index]
        if x.size == 0:
            return self._told(index, 0.0, None, 0.0, "ok", "the input is empty")
        found = []
        for k in range(self.check.directions):
            w = self.check.rng.normal(size=x.shape) * _unit(x)
            found.append(self.compare(k, index, w))
        return max(found, key=lambda c: c._badness)

    def compare(self, k: int, index: int, w: Any, sifted: str = "") -> Comparison:
        """Compare the exact product with differences along `w`."""
        phi, size = self.curve(self.cotangents[k], index, w)
        terms = self.exact[k][index] * w
        exact, spread = float(np.sum(terms)), float(np.sum(np.abs(terms)))
        estimate = derivative(phi, self.eps, size)
        if estimate is None:
            note = "the function is not finite at this point or around it"
            return self._told(index, exact, None, 0.0, "undecided", note)
        if not math.isfinite(exact):
            return self._told(index, exact, estimate, 0.0, "wrong", "the gradient is not finite")
        top = max(abs(exact), abs(estimate.value))
        rounding = 20 * self.eps_exact * (spread + size)  # of the exact product
        tolerance = 3 * estimate.error + self.rtol() * top + rounding
        if has_kink(phi, self.eps, size):
            return self._without_kinks(k, index, w, exact, estimate, tolerance)
        if abs(exact - estimate.value) > tolerance:
            return self._told(index, exact, estimate, tolerance, "wrong", sifted)
        # a derivative of 0 can only be small beside the function, whatever the way it is summed
        zero = top <= 3 * estimate.error + rounding and 3 * estimate.error <= 1e-6 * size
        decisive = max(top, 0.05 * spread, size if zero or not spread else 0.0)
        if tolerance > _DETECTED * decisive and self.check.rtol is None:
            note = (
                f"rounding noise: the differences are known to {estimate.error:.1e}, and the "
                f"tolerance of {tolerance:.1e} would hide a mistake of {_DETECTED:.0e}; try "
                "another point, another scale, or float64"
            )
            return self._told(index, exact, estimate, tolerance, "undecided", note)
        return self._told(index, exact, estimate, tolerance, "ok", sifted)

    def _told(
        self,
        index: int,
        exact: float,
        estimate: Estimate | None,
        tolerance: float,
        status: str,
        note: str,
    ) -> Comparison:
        value, step = (math.nan, math.nan) if estimate is None else (estimate.value, estimate.step)
        name = self.check.names[index]
        return Comparison(self.order, name, exact, value, tolerance, step, status, note)

    def _without_kinks(
        self, k: int, index: int, w: Any, exact: float, estimate: Estimate, tolerance: float
    ) -> Comparison:
        """Compare along `w` without the elements that are at a kink, where these can be found."""
        x = self.check.wide[index]
        bent = []
        if 1 < x.size <= _SIFTED:
            for place in np.ndindex(x.shape):
                single = np.zeros_like(w)
                single[place] = w[place]
                phi, size = self.curve(self.cotangents[k], index, single)
                if has_kink(phi, self.eps, size):
                    bent.append(place)
        if not bent or len(bent) == x.size:
            note = "the function has a kink (or a jump) here: its one-sided derivatives differ"
            return self._told(index, exact, estimate, tolerance, "undecided", note)
        rest = w.copy()
        for place in bent:
            rest[place] = 0
        shown = ", ".join(_subscript(self.check.names[index], place) for place in bent[:3])
        more = f" and {len(bent) - 3} more" if len(bent) > 3 else ""
        return self.compare(k, index, rest, f"left out, at a kink: {shown}{more}")

    def worst_element(self, index: int) -> str:
        """Return where in an input the gradient is worst, as text."""
        x = self.check.wide[index]
        places = list(np.ndindex(x.shape))
        if len(places) > _LOCATED:
            chosen = self.check.rng.choice(len(places), _LOCATED, replace=False)
            places = [places[i] for i in sorted(chosen)]
        worst: tuple[float, str] = (0.0, "")
        for place in places:
            w = np.zeros_like(x)
            w[place] = _unit(x)[place]
            c = self.compare(0, index, w)
            scale = w[place]
            if c.status == "wrong" and c.relative_error >= worst[0]:
                ratio = f", exact / differences = {c.exact / c.numeric:.6g}" if c.numeric else ""
                where = _subscript(self.check.names[index], place)
                worst = (
                    c.relative_error,
                    f"worst element: {where} = {x[place]:.6g}: exact {c.exact / scale:.10g}, "
                    f"differences {c.numeric / scale:.10g}, "
                    f"relative error {c.relative_error:.1e}{ratio}",
                )
        return worst[1]


def _result_shape(out: Any) -> tuple[int, ...]:
    if not isinstance(out, Tensor):
        raise TypeError(
            f"check_grads: the function returned a {type(out).__name__}, not a Tensor; compute "
            "with NumPy functions on the Tensors that it gets"
        )
    return out.shape


def _subscript(name: str, place: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def _unit(x: Any) -> Any:
    """Return by how much each element of `x` is to be varied: the scale of its own size."""
    rms = float(np.sqrt(np.mean(x * x)))
    return np.where(x == 0, rms if rms > 0 else 1.0, np.abs(x))


def _precision(outs: Sequence[Tensor]) -> float:
    """Return the coarsest rounding error of the floating-point results in the graph."""
    nodes = topological_order(outs)
    dtypes = {node.dtype for node in nodes if node.op is not None and node.dtype.kind == "f"}
    return max([float(np.finfo(dtype).eps) for dtype in dtypes], default=float(np.finfo(float).eps))


# -- whose fault it is ----------------------------------------------------------------------------


def _rules_at_fault(check: _Check, order: int) -> list[str]:
    """Check every operation of the function by itself, and name those whose rules are wrong."""
    with recording(), np.errstate(all="ignore"):
        graph = topological_order(check.flat([Tensor(x) for x in check.wide]))
    found, seen = [], set()
    for node in graph:
        if node.op is None or node.op in seen or not node.op.differentiable:
            continue
        varied = [i for i, x in enumerate(node.inputs) if _fit(x, node, i)]
        if not varied or node.dtype.kind != "f":
            continue
        seen.add(node.op)
        verdict = _one_operation(node, varied, check, order)
        if verdict:
            found.append(verdict)
    if not found and order > 1:
        found.append(
            "every operation passes by itself: look for values that the function takes out of "
            "Tensors (.data, float(), .numpy()) on the way"
        )
    return found


def _fit(x: Tensor, node: Tensor, index: int) -> bool:
    has_rule = node.op is not None and node.op.rule(index) is not None
    return has_rule and x.dtype.kind == "f" and x.size > 0


def _one_operation(node: Tensor, varied: list[int], check: _Check, order: int) -> str:
    """Return what is wrong with the rules of the operation of `node`, or an empty text."""
    op = node.op
    assert op is not None  # noqa: S101 - the caller saw to it

    def alone(xs: Sequence[Tensor]) -> list[Tensor]:
        inputs: list[Any] = [x.detach() for x in node.inputs]
        for position, x in zip(varied, xs, strict=True):
            inputs[position] = x
        return [apply(op, inputs, node.params)]

    leaves = [np.asarray(plain(node.inputs[i])) for i in varied]
    names = [node.inputs[i].name or f"operand {i}" for i in varied]
    single = _Check(alone, leaves, names, np.random.default_rng(0), 1, check.rtol)
    flat: Flat = alone
    for level in range(1, order + 1):
        pass_ = _Pass(single, flat, level)
        for index, position in enumerate(varied):
            c = pass_.worst(index)
            if c.status == "wrong":
                ratio = f"exact / differences = {c.exact / c.numeric:.6g}" if c.numeric else ""
                found = ratio or c.note or f"exact {c.exact:.6g}, differences 0"
                who = f"{op.name!r}", f"operand {position} ({single.names[index]})"
                if level == 1:
                    return f"the vjp rule of {who[0]} is wrong for {who[1]}: {found}"
                return (
                    f"the vjp rules of {who[0]} give right gradients, but derivative {level} with "
                    f"respect to {who[1]} is wrong: {found}. Rules must compute with NumPy "
                    "functions on what they get, and take no values out of Tensors"
                )
        flat = _gradient_of(flat, pass_.cotangents[0])
    return ""
