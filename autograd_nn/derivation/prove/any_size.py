"""Proofs for every size, every number of samples and every value.

A formula and the derivative are brought to their normal form, and are equal where that is the
same. The derivative is the one that the engine's rules give; the normal form is differentiated
besides, and both must agree. What the numbers contradict at random sizes is refuted first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...core.graph import topological_order, uses
from ...core.tensor import Tensor, plain
from ...formulas import notation
from ...formulas.canonical import collected
from ...formulas.expression import Expr
from ...formulas.index_notation import Writer, sum_text
from ...formulas.normal_form import derivative, head_on, is_kink, without_fractions
from ...formulas.sized import Sized, lifted
from ...formulas.sum_functions import is_positive
from ...formulas.terms import Head, Index, NoForm, Terms, algebra
from ...ops.logical import EQUAL, NOT_EQUAL
from ..facts import called
from ..names import Environment, Meaning
from ..verify.claims import Claim, FormulaError, run
from ..verify.report import difference
from .certificate import certificate
from .general import ANY_F, OWN_FORM, OWN_SLOPE, Sizes, World, identity_of, is_given, samples_size
from .random_sizes import Draw, draws
from .readings import SIZE, Readings, lengths_in, number_in, numbers_in, read, ways, with_lengths
from .relations import declare, is_sign

FEW = 3
"""At how many random sizes the numbers must agree."""


class Verdict:
    """What the algebra and the numbers say of one formula.

    Attributes
    ----------
    prover, claim : Prover, Claim
        Who says so, and of what; where numbers were read as sizes, others than were asked.
    proved : bool or None
        None where it is undecided.
    why : str
        Why it is undecided.
    mode : str
        What the activation may be.
    draw : Draw or None
        Numbers for which the formula is wrong, and `gap` by how much.
    left, right, over : Sized or None
        The formula and the derivative in normal form, and their difference.
    exceptions : list of str
        Where it does not hold: at kinks.
    partial : bool
        Whether either side is not defined everywhere.
    aliases : dict
        The names of what functions are taken of.
    defect : bool
        Whether the engine's derivative is not that of the normal form.
    here : bool
        Whether a refuted formula is right at the graph's own sizes.
    """

    def __init__(self, prover: Prover, claim: Claim) -> None:
        self.prover = prover
        self.claim = claim
        self.proved: bool | None = None
        self.why = ""
        self.mode = ANY_F
        self.draw: Draw | None = None
        self.gap: Any = None
        self.left: Sized | None = None
        self.right: Sized | None = None
        self.over: Sized | None = None
        self.exceptions: list[str] = []
        self.partial = False
        self.aliases: dict[str, tuple[str, list[int]]] = {}
        self.defect = False
        self.here = False


class Prover:
    """Judges claims about one graph for every size.

    Parameters
    ----------
    environment : Environment
        The graph, and what is declared of its leaves.
    readings : dict, optional
        Which numbers are read as sizes.

    Attributes
    ----------
    one_step : bool
        Whether it is known from elsewhere that each layer leads to the next by the same step.
    """

    def __init__(
        self,
        environment: Environment,
        readings: Readings | None = None,
    ) -> None:
        self.environment = environment
        self.assume = environment.assume
        self.readings = readings or {}
        self.why = ""
        self.one_step = False
        self._readers: dict[Any, Prover] = {}
        with algebra():
            try:
                self.sizes: Sizes | None = Sizes(environment, readings)
            except (NoForm, TypeError, ValueError, NotImplementedError) as error:
                self.sizes, self.why = None, _said(error)
            if self.sizes and self.assume:
                given = World(environment, self.sizes, ANY_F).given
                for fact in self.assume:
                    declare(fact, given)
        self.draws = list(draws(environment, self.sizes, self.assume)) if self.sizes else []
        if self.sizes and len(self.draws) < FEW:
            self.why = "no random numbers were found for which J is finite"

    def judge(self, claim: Claim, formula: Expr | None = None) -> Verdict:
        """Prove a claim, refute it, or leave it undecided.

        Parameters
        ----------
        claim : Claim
            With a function.
        formula : Expr, optional
            As it was recorded, so that its numbers can be read as sizes.
        """
        claim = with_lengths(claim)
        verdict = Verdict(self, claim)
        verdict.why = self.why
        if self.sizes is None or len(self.draws) < FEW:
            return verdict
        agree = self._numbers(claim, verdict)
        as_written = agree and self._m_is_shown()
        if as_written and self._decide(claim, verdict, agree):
            return verdict
        open_ways = []
        for prover, other in self._otherwise(claim, formula):
            if prover._numbers(other, Verdict(prover, other)):
                found = prover.judge(other)
                if found.proved:
                    return found
                open_ways.append(found)
        if not as_written:
            self._decide(claim, verdict, agree)
        if agree or open_ways:  # no numbers contradict it, if they are read as sizes
            return verdict if agree else open_ways[0]
        if _only_kinks(verdict) and self._agree_again(claim, smooth=True):
            self._decide(claim, verdict, True)
            return verdict
        verdict.here = self._agree_again(claim, own=True)
        verdict.proved = None if verdict.here and self._holds_other_constants() else False
        if verdict.here:
            verdict.why = "right at the graph's own sizes, but not at every size"
        return verdict

    def _decide(self, claim: Claim, verdict: Verdict, agree: bool) -> bool:
        """Ask the algebra, in the widest scope first; return whether it has decided.

        Common denominators are the last resort: they multiply everything out.
        """
        slope = OWN_SLOPE if self.environment.activation is not None else None
        free = claim.meaning.gradient and self._below(claim)
        for clear in (False, True) if agree else (False,):
            for mode in filter(None, (ANY_F, slope, OWN_FORM) if agree else (ANY_F,)):
                for cut in (True, False) if free else (False,):
                    with algebra():
                        self._algebra(claim, verdict, mode, cut, agree, clear)
                    if verdict.proved or verdict.defect:
                        return True
        return False

    def _holds_other_constants(self) -> bool:
        """Whether the graph holds arrays of numbers in whose place random ones were drawn."""
        leaves = [n for n in self.environment.order if n.op is None and n.size > 1]
        return any(not is_given(n) and identity_of(n) is None for n in leaves)

    def _m_is_shown(self) -> bool:
        """Whether m is a size of the graph, and not a number that it holds."""
        assert self.sizes is not None  # noqa: S101 - judged before
        known = self.environment.samples <= 1 or "m" not in self.sizes.known
        return known or samples_size(self.environment, self.sizes) is not None

    def _otherwise(self, claim: Claim, formula: Expr | None) -> Iterator[tuple[Prover, Claim]]:
        """Yield a prover and a claim for each way to read lengths and numbers as sizes."""
        assert self.sizes is not None  # noqa: S101 - judged before
        if self.readings:
            return
        labels = self.sizes.known
        lengths = lengths_in(claim, formula, labels) if formula is not None else set()
        if lengths and formula is not None:
            yield self, read(claim, formula, {}, labels)
        users = uses(self.environment.order)
        held = {x for node in users if (x := number_in(node, users)) is not None}
        written = set(numbers_in(formula).values()) if formula is not None else set()
        for readings in ways(held | written, self.sizes.known):
            key = tuple(readings.items())
            if key not in self._readers:
                self._readers[key] = Prover(self.environment, readings)
            prover = self._readers[key]
            if prover.sizes and len(prover.draws) == FEW:
                written_too = formula is not None and written & set(readings)
                if not written_too:
                    yield prover, claim
                if formula is not None and (written_too or lengths):
                    yield prover, read(claim, formula, readings, labels)

    def _below(self, claim: Claim) -> bool:
        """Whether a formula names nothing from which the tensor itself is computed."""
        node = claim.meaning.node
        assert node is not None  # noqa: S101 - claims are about tensors
        above = {n for n in topological_order([node]) if n is not node and n.op is not None}
        used = [self.environment.meaning(t) for t in claim.uses if not t.startswith(SIZE)]
        return not any(m.node in above and not m.gradient for m in used)

    def _agree_again(self, claim: Claim, **how: bool) -> bool:
        """Whether formula and derivative agree on other draws, all of which must be had."""
        assert self.sizes is not None  # noqa: S101 - judged before
        found = list(draws(self.environment, self.sizes, self.assume, **how))
        return len(found) == FEW and self._numbers(claim, Verdict(self, claim), found)

    def _numbers(self, claim: Claim, verdict: Verdict, at: Sequence[Draw] = ()) -> bool:
        """Whether formula and derivative agree on draws, if none are given at random sizes."""
        for draw in at or self.draws:
            verdict.draw, verdict.gap = draw, None
            try:
                value, right = self._both(claim, draw)
            except FormulaError as error:
                verdict.why = f"at other sizes, the formula {error}"
                return False
            if value.shape != right.shape:
                verdict.why = (
                    f"at other sizes, it gives shape {value.shape}, and right is {right.shape}"
                )
                return False
            verdict.gap = difference(value, right)
            if not (verdict.gap.relative <= 1e-8 or self._is_rounding(claim, draw, value, right)):
                return False
        verdict.draw = verdict.gap = None
        return True

    def _both(self, claim: Claim, draw: Draw) -> tuple[Any, Any]:
        """Return what a formula gives on a draw, and what is right."""
        right = np.asarray(draw.value(claim.meaning), dtype=float)
        meanings = {text: self._meaning(text) for text in claim.uses}
        arguments = {t: draw.other(t) if m is None else draw.value(m) for t, m in meanings.items()}
        return run(claim, arguments) * 1.0, right

    def _is_rounding(self, claim: Claim, draw: Draw, value: Any, right: Any) -> bool:
        """Whether a derivative that is next to nothing is right up to its rounding.

        That is what it moves by when the given numbers move by some ulp.
        """
        cost = np.abs(plain(draw.nodes[self.environment.J]))
        off, moved = np.abs(value - right), np.zeros(right.shape)
        if np.max(np.abs(right)) > 1e-6 * max(float(cost), 1.0) or np.max(off) > 1e-6:
            return False
        for _ in range(8):  # small numbers may well be rounded in the same way again
            a, b = self._both(claim, draw.shaken())
            moved = np.max([moved, np.abs(a - value), np.abs(b - right)], axis=0)
            if np.all(off <= 100 * moved):
                return True
        return False

    def _algebra(
        self, claim: Claim, verdict: Verdict, mode: str, cut: bool, agree: bool, clear: bool
    ) -> None:
        try:
            over = self._difference(claim, verdict, mode, cut)
            if clear:
                over = Sized(over.axes, without_fractions(over.terms, _free(over)))
        except Exception as error:
            verdict.why = verdict.why or _said(error)
            return
        ties = list(filter(is_kink, over.terms))
        verdict.mode, verdict.over = mode, over
        if len(ties) < len(over.terms) or (ties and self._asks_for_ties()):
            return
        if not agree:  # the algebra and the numbers contradict each other: nothing is claimed
            verdict.why = verdict.why or "the numbers do not agree"
            return
        verdict.exceptions = sorted(
            {f"{sum_text(h.parts, h.free)} = 0" for t in ties for h, _ in t.a if h.kind == "tie"}
        )
        if claim.meaning.gradient:
            with algebra():  # where no facts are declared: they are not differentiated
                if not self._same_by_algebra(claim.meaning, mode):
                    verdict.defect = True
                    return
        verdict.proved = True

    def _difference(self, claim: Claim, verdict: Verdict, mode: str, cut: bool) -> Sized:
        """Return formula − derivative in normal form."""
        assert self.sizes is not None  # noqa: S101 - judged before
        world = World(
            self.environment, self.sizes, mode, claim.meaning.node if cut else None, self.assume
        )
        arguments = self._arguments(claim, world)
        node = claim.meaning.node
        assert node is not None  # noqa: S101 - claims are about tensors
        right = world.value(node)
        if claim.meaning.gradient:
            right = world.gradients([claim.meaning])[claim.meaning]
        left = lifted(claim.call(arguments))
        if left.ndim != right.ndim or any(
            a != b for a, b in zip(left.shape, right.shape, strict=True)
        ):
            raise NoForm(f"the formula has shape {left.shape}, the derivative {right.shape}")
        verdict.left, verdict.right, verdict.aliases = left, right, _aliases(world)
        verdict.partial = any(
            _is_partial(h, e) for x in (left, right) for t in x.terms for (h, _), e in t.a.items()
        )
        over = left - right
        return Sized(over.axes, collected(over.terms, _free(over)))

    # -- in words -----------------------------------------------------------------------------

    def labels(self) -> list[str]:
        """Return the labels of the sizes."""
        return sorted(self.sizes.known) if self.sizes else []

    def size_names(self) -> list[str]:
        """Return the names of the sizes, with the least length where that is not 1."""
        assert self.sizes is not None  # noqa: S101 - proved
        least = {label: self.sizes.least(label) for label in self.labels()}
        names = {label: notation.unicode(label) for label in least}
        return [f"{names[k]} ≥ {n}" if n > 1 else names[k] for k, n in least.items()]

    def written(self, verdict: Verdict) -> dict[str, tuple[str, str]]:
        """Return derivative and difference in normal form, as text and as LaTeX."""
        found = {}
        for key, x in (("right", verdict.right), ("over", verdict.over)):
            if x is not None:
                written = (
                    Writer(latex, x.axes, verdict.aliases).sum(x.terms) for latex in (False, True)
                )
                found[key] = (next(written), next(written))
        return found

    def terms(self, x: Sized, aliases: Any) -> list[str]:
        """Return each term of a sum as text."""
        return [Writer(False, x.axes, aliases).sum([t]) for t in x.terms]

    def fact_text(self, fact: Any) -> str:
        """Return a declared fact as text."""
        with algebra():
            assert self.sizes is not None  # noqa: S101 - proved
            kind, gap = called(fact, World(self.environment, self.sizes, ANY_F).given).fact
            return f"{Writer(False, gap.axes).sum(gap.terms)} {kind} 0"

    def _asks_for_ties(self) -> bool:
        """Whether J asks itself where something equals something, so that it is no mere kink."""
        return any(n.op in (EQUAL, NOT_EQUAL) for n in self.environment.order)

    def _arguments(self, claim: Claim, world: World) -> dict[str, Any]:
        meanings = {t: self._meaning(t) for t in claim.uses}
        found = world.gradients([m for m in meanings.values() if m and m.gradient])
        return {
            text: world.other(text)
            if m is None
            else found[m]
            if m.gradient
            else world.value(m.node)  # type: ignore[arg-type]  # `_meaning` leaves none without
            for text, m in meanings.items()
        }

    def _meaning(self, text: str) -> Meaning | None:
        """Return what a name means in the graph; None for m, f, f′ and what is read as a size."""
        meaning = None if text.startswith(SIZE) else self.environment.meaning(text)
        return None if meaning is None or meaning.node is None else meaning

    def certificate(self, claim: Claim, verdict: Verdict, says: str) -> str:
        """Return the certificate of a proof."""
        assert self.sizes is not None  # noqa: S101 - proved
        meaning, env = claim.meaning, self.environment
        with algebra():
            values = World(env, self.sizes, verdict.mode).given
            signs = [f for f in self.assume if is_sign(f, values)]
            others = [f for f in self.assume if f not in signs]
            node = meaning.node if meaning.gradient else None
            world = World(env, self.sizes, verdict.mode, node, signs)
            facts = [partial(declare, fact, world.given) for fact in others]
            kinks = not self._asks_for_ties()
            value = lifted(claim.call(self._arguments(claim, world)))
            return certificate(world, value, meaning, facts, says, kinks)

    def _same_by_algebra(self, meaning: Meaning, mode: str) -> bool:
        """Whether the derivative of the normal form is what the engine's rules give."""
        assert self.sizes is not None  # noqa: S101 - judged before
        world = World(self.environment, self.sizes, mode, meaning.node)
        assert meaning.node is not None  # noqa: S101 - claims are about tensors
        ours = world.gradients([meaning])[meaning]
        theirs = differentiated(world, meaning.node, ours.axes)
        gap = (ours - Sized(ours.axes, theirs) * world.scale(meaning)).terms
        return all(map(is_kink, without_fractions(gap, _free(ours))))


def differentiated(world: World, node: Tensor, axes: tuple[Index | None, ...]) -> Terms:
    """Return ∂J/∂node, taken on the normal form of J."""
    J = lifted(plain(world.nodes[world.environment.J]))
    at = tuple(i for i in axes if i is not None)
    return derivative(J.terms, world.heads[node], at)


def _free(x: Sized) -> list[Index]:
    return [i for i in x.axes if i is not None]


def _only_kinks(verdict: Verdict) -> bool:
    """Whether formula − derivative is 0 but where something is 0."""
    terms = verdict.over.terms if verdict.over is not None else []
    return bool(terms) and all(map(is_kink, terms))


def _said(error: Exception) -> str:
    return str(error.__cause__ if isinstance(error.__cause__, NoForm) else error)


def _aliases(world: World) -> dict[str, tuple[str, list[int]]]:
    """Return the names of what functions are taken of: z⁽²⁾ is written, not the sum it is."""
    found: dict[str, tuple[str, list[int]]] = {}
    for text, node in world.environment.named.items():
        x = plain(world.nodes[node])
        if isinstance(x, Sized) and len(x.terms) > 1:
            h, ix = head_on("call", "·", x.terms)
            own = _free(x)
            if set(ix) == set(own):
                found[h.key.rsplit(" ", 1)[1]] = (text, [ix.index(i) for i in own])
    return found


def _is_partial(h: Head, e: Any) -> bool:
    inner = any(_is_partial(k, x) for t in h.parts for (k, _), x in t.a.items())
    below = not h.positive and (e < 0 or not isinstance(e, int))
    return inner or below or (h.kind == "log" and not all(map(is_positive, h.parts)))
