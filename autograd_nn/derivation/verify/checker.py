"""Judging claimed formulas against a recorded graph.

1. Every formula is judged on its own, with the true gradients upstream, on the given values and
   on fresh random ones.
2. Where a formula is wrong, those after it are judged in the chain too, with the learner's own
   results upstream, to tell an error from an inherited one.
3. What is wrong is explained from the catalogue when the report is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...core.tensor import Tensor
from ...formulas.expression import Expr, call, evaluate, mapped, names_in, number
from ..derive.steps import TooLargeError, reference
from ..environment import Draw, Environment, Meaning, UnknownNameError
from .claims import Claim, FormulaError, collect, record, run
from .explain import Explanation, Overlay, close, explain
from .report import Line, Report

_CONFIRMING = 6
_SMALL = 10_000
RTOL = 1e-9
"""What double precision is held to, relative to the largest entry of the gradient."""


def verify(
    J: Tensor,
    claims: Any,
    *,
    samples: int | None = None,
    draws: int = 3,
    seed: int = 0,
    finite_differences: str | bool = False,
    rtol: float = RTOL,
) -> Report:
    """Judge claimed gradients of `J`: find the first wrong step, and say why it is wrong.

    Parameters
    ----------
    J : Tensor
        A recorded scalar, its tensors named.
    claims : mapping of str to callable or array_like; or a module, class or object
        What is claimed, by the name of the gradient: ``d_h3`` (or ``dh3``) is ∂J/∂h3,
        ``delta2`` is the δ⁽²⁾ of the document, ∂J_k/∂z2 of each sample k in its column. In a
        mapping the name of a result, such as ``z2``, claims its value: a step forward. A
        formula is a function whose parameters are named after what it uses: values of named
        tensors (``z2``, ``W2``, ``y``), gradients, the number of samples ``m``, the activation
        ``f`` and its derivative ``f_prime``. Of a module, class or object the functions named
        like gradients are taken.
    samples : int, optional
        How many samples `J` is the mean over. Read off the graph if left out.
    draws : int
        On how many sets of random leaves formulas are judged besides the given values.
    seed : int
        For these draws.
    finite_differences : bool or {"elements", "direction"}
        Compare the automatic gradients with centred finite differences too: ``"elements"`` (or
        True) element by element of what is claimed about, the step swept and kinks distinguished
        from errors; ``"direction"`` along one random direction of all parameters, which is cheap.
    rtol : float
        The largest difference taken for rounding in float64, relative to the largest entry of the
        gradient. Float32 is judged by its own noise, measured against float64.

    Returns
    -------
    Report
        ``.ok``, ``.failures``, ``.warnings``, ``.raise_if_wrong()``; prints as a table.

    Raises
    ------
    TypeError, ValueError
        If `J` is no recorded scalar, a claim is named after nothing in the graph, or there is
        none. Whatever goes wrong inside a formula is reported in its line.

    Examples
    --------
    >>> w = Tensor([[0.5, -1.0]], name="W1")
    >>> x = Tensor([[2.0], [1.0]], name="x")
    >>> J = (w @ x).square().sum()
    >>> report = verify(J, {"dW1": lambda W1, x: (W1 @ x) @ x.T})
    >>> report.ok
    False
    >>> report.failures[0].explanations[0].words
    'a factor 2 is missing: multiply by 2'
    """
    environment = Environment(J, samples)
    return Check(environment, collect(environment, claims), draws, seed, rtol).report(
        finite_differences
    )


class Check:
    """A check under way: the environment, the claims, the draws."""

    def __init__(
        self, environment: Environment, claims: Sequence[Claim], draws: int, seed: int, rtol: float
    ) -> None:
        self.environment = environment
        self.claims = list(claims)
        self.rtol = rtol
        self.seed = seed
        self.given = environment.given()
        functions = any(claim.function is not None for claim in claims)
        self.fresh = environment.fresh(draws, seed) if functions and draws else []
        wanted = self._meanings()
        for draw in (self.given, *self.fresh):
            draw.prepare(wanted)
        self.exact = environment.in_double() if environment.single else None
        self.lines = [Line(claim.name) for claim in self.claims]

    def _meanings(self) -> list[Meaning]:
        found = [claim.meaning for claim in self.claims]
        for claim in self.claims:
            for text in claim.uses:
                try:
                    found.append(self.environment.meaning(text))
                except UnknownNameError as error:
                    claim.problem = str(error)
        return found

    def report(self, finite_differences: str | bool = False) -> Report:
        """Return the judgement of all claims."""
        for claim, line in zip(self.claims, self.lines, strict=True):
            self._on_its_own(claim, line)
        if any(not line.right for line in self.lines):
            self._in_the_chain()
        notes = []
        if self.fresh:
            count = len(self.fresh)
            notes.append(
                f"formulas are judged on the given values and on {count} random "
                f"draw{'s' if count > 1 else ''}"
            )
        report = Report(self.lines, notes, self._unrevealed)
        report.graph = [self.environment.J]
        if finite_differences:
            found, problems = self._differences(str(finite_differences))
            report.notes += found
            report.problems += problems
        return report

    def _differences(self, how: str) -> tuple[list[str], list[str]]:
        from .differences import along, compare_gradients

        if how == "direction":
            draw = self.exact or self.given
            leaves = [
                n for n in self.environment.named.values() if n.op is None and n.requires_grad
            ]
            meanings = [Meaning(leaf, True, 1) for leaf in leaves]
            draw.prepare(meanings)
            here = [draw.nodes[self.environment.names[leaf]] for leaf in leaves]
            one = along(draw.J, here, [draw.gradient(meaning) for meaning in meanings])
            if one.ok:
                note = f"a centred difference along a random direction agrees to {one.relative:.1e}"
                return [f"{note} of the gradient's length"], []
        elif how not in ("True", "elements"):
            raise ValueError(
                f"finite_differences is {how!r}; it must be True, False, 'elements' or 'direction'"
            )
        meanings = [claim.meaning for claim in self.claims if claim.meaning.gradient]
        return compare_gradients(self.environment, meanings)

    def _unrevealed(self) -> list[str]:
        from .revealing import unrevealed

        if any(not line.right for line in self.lines):
            return []  # they did reveal one, and the report is about that
        fresh = self.fresh or self.environment.fresh(2)
        return unrevealed(self.environment, self.claims, self.given, fresh, self.rtol)

    # -- tolerance ---------------------------------------------------------------------------------

    def tolerance(self, draw: Draw, meaning: Meaning) -> tuple[float, str]:
        """Return the largest absolute difference that is rounding, and the rule for it."""
        right = draw.value(meaning)
        size = float(np.abs(right).max()) if right.size else 0.0
        if draw is not self.given or self.exact is None:
            rule = f"off by more than {self.rtol:g} of the largest entry"
            return max(self.rtol * size, draw.rounding), rule
        noise = float(np.abs(right - self.exact.value(meaning)).max()) if right.size else 0.0
        longest = max((max(n.shape) for n in self.environment.named.values() if n.ndim), default=1)
        eps = float(np.finfo(self.environment.J.dtype).eps)
        floor = max(32 * noise, 8 * eps * size * longest**0.5, eps)
        rule = f"off by more than the noise floor of {self.environment.J.dtype}, {floor:.1e}"
        return floor, rule

    # -- on its own ------------------------------------------------------------------------------

    def _on_its_own(self, claim: Claim, line: Line) -> None:
        if claim.problem:
            line.wrong("cannot be judged")
            line.detail = claim.problem
            return
        draws = (self.given, *self.fresh) if claim.function is not None else (self.given,)
        for draw in draws:
            try:
                value = run(claim, draw)
            except FormulaError as error:
                line.wrong(str(error).partition(":")[0])
                line.detail = f"{error}; {self._shapes(claim)}".rstrip("; ")
                line.find = partial(self._explain, claim)
                return
            if not self._fits(claim, line, draw, value):
                line.find = partial(self._explain, claim)
                return

    def _fits(self, claim: Claim, line: Line, draw: Draw, value: Any) -> bool:
        right = draw.value(claim.meaning)
        if value.shape != right.shape:
            line.wrong("wrong shape")
            line.detail = (
                f"the result has shape {value.shape}, {_what(claim)} {right.shape}; "
                f"{self._shapes(claim)}"
            ).rstrip("; ")
            return False
        gap = float(np.abs(value - right).max()) if right.size else 0.0
        tolerance, rule = draw.rounding, ""
        if not gap <= tolerance:  # not a number, too, needs a closer look
            tolerance, rule = self.tolerance(draw, claim.meaning)
        near = gap <= tolerance
        if not near and not np.isfinite(value).all() and np.isfinite(right).all():
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
            line.wrong(f"holds {value[index]}")
            line.detail = f"first at {index}, where {right[index]:.6g} is right"
            return False
        if draw is self.given or not near:
            line.values, line.rule = (value, right), rule
        if near:
            return True
        line.wrong()
        if draw is not self.given:
            line.detail = (
                "right on the given values and wrong on other, random ones (does it use a value "
                "that is not a parameter, or do these values hide the mistake?)"
            )
        return False

    def _shapes(self, claim: Claim) -> str:
        """Return the shapes of what a formula uses."""
        known = []
        for text in claim.uses:
            value = self.given.get(text)
            if isinstance(value, np.ndarray):
                known.append(f"{text} {value.shape}")
        return f"with {', '.join(known)}" if known else ""

    # -- in the chain ------------------------------------------------------------------------------

    def _in_the_chain(self) -> None:
        """Judge right formulas again with the learner's own results upstream."""
        chain = Chain(self.given)
        for claim, line in zip(self.claims, self.lines, strict=True):
            if claim.function is None and claim.meaning.gradient:
                self._array_in_the_chain(claim, line, chain)
                chain.add(claim, line, np.asarray(claim.array))
                continue
            wrong = [
                earlier.name
                for earlier, text in chain.reached(claim, self.environment)
                if not text.right or text.inherits
            ]
            roots = [
                root
                for earlier in dict.fromkeys(wrong)
                for root in (self._line(earlier).inherits or (earlier,))
            ]
            value = self._chained(claim, line, chain, roots)
            chain.add(claim, line, value)

    def _array_in_the_chain(self, claim: Claim, line: Line, chain: Chain) -> None:
        """Judge an array that is wrong again: does it follow from the learner's results before?"""
        if line.right or line.values is None or not chain.results:
            return
        try:
            formula = chain.formula(claim)
        except TooLargeError:
            return
        used = [text for text in names_in(formula) if text in chain.overrides]
        wrong = [chain.overrides[text] for text in used]
        roots = [r for x in wrong if not x.right or x.inherits for r in x.inherits or (x.name,)]
        if not roots:
            return
        value = evaluate(formula, chain.arrays)
        right = line.values[1]
        size = float(np.abs(value).max()) if value.size else 0.0
        if close(np.broadcast_to(value, right.shape), line.values[0], self.rtol * size):
            line.right, line.find = True, None
            line.inherits = tuple(dict.fromkeys(roots))
            line.verdict = f"right, inherits the error of {', '.join(line.inherits)}"

    def _line(self, name: str) -> Line:
        return next(line for line in self.lines if line.name == name)

    def _chained(self, claim: Claim, line: Line, chain: Chain, roots: list[str]) -> Any:
        try:
            value = run(claim, chain.values(claim))
        except (FormulaError, KeyError):
            value = None
        if not line.right or not roots:
            return value
        right = np.asarray(self.given.value(claim.meaning))
        tolerance, _ = self.tolerance(self.given, claim.meaning)
        if value is None or value.shape != right.shape:
            line.inherits = tuple(dict.fromkeys(roots))
        elif not close(value, right, tolerance):
            line.inherits = tuple(dict.fromkeys(roots))
            line.values = (value, right)
        if line.inherits:
            line.verdict = f"right, inherits the error of {', '.join(line.inherits)}"
        return value

    # -- why ---------------------------------------------------------------------------------------

    def _explain(self, claim: Claim) -> list[Explanation]:
        formula = None
        draws: list[Draw] = [self.exact or self.given]
        if claim.function is not None:
            formula = record(claim, self.given)
            # More draws than the judgement takes: formulas with branches, such as a stable
            # sigmoid's, may agree by coincidence on a few.
            more = _CONFIRMING if len(self.environment.order) <= _SMALL else 0
            draws += self.fresh + self.environment.fresh(more, self.seed + 1)
        results = []
        for draw in draws:
            try:
                results.append(run(claim, draw))
            except FormulaError:
                results.append(np.full((), np.nan))
        if formula is None and any(not np.isfinite(result).all() for result in results):
            return []
        tolerances = []
        for draw in draws:
            right = np.asarray(draw.value(claim.meaning))
            tolerances.append(self.rtol * float(np.abs(right).max()) if right.size else 0.0)
        if claim.function is None and self.exact is not None:
            tolerances = [self.tolerance(self.given, claim.meaning)[0]]
        scalable = claim.function is not None or np.size(results[0]) > 1
        return explain(
            self.environment, claim.meaning, formula, results, draws, tolerances, scalable
        )


def _what(claim: Claim) -> str:
    return "the gradient" if claim.meaning.gradient else "the value"


class Chain:
    """The learner's own results so far, in the place of the true gradients."""

    def __init__(self, given: Draw) -> None:
        self.given = given
        self.results: dict[Tensor, tuple[Claim, Line, Any]] = {}
        self.overrides: dict[str, Line] = {}
        self.arrays = Overlay(given, {})

    def add(self, claim: Claim, line: Line, value: Any) -> None:
        """Enter the result of a claim."""
        if claim.meaning.node is not None and claim.meaning.gradient:
            self.results[claim.meaning.node] = (claim, line, value)
            if value is not None:
                text = f"d_{self.given.environment.names[claim.meaning.node]}"
                self.overrides[text] = line
                self.arrays[text] = value / claim.meaning.scale

    def formula(self, claim: Claim) -> Expr:
        """Return the right formula of a claim from the nearest results of the learner."""
        environment = self.given.environment

        def change(e: Expr) -> Expr:
            if not e.name.startswith("d_") or e.name in self.overrides:
                return e
            return mapped(reference(environment, environment.named[e.name[2:]]), change)

        assert claim.meaning.node is not None  # noqa: S101 - claims are about tensors
        formula = mapped(reference(environment, claim.meaning.node), change)
        return call("multiply", number(float(claim.meaning.scale)), formula)

    def reached(self, claim: Claim, environment: Environment) -> list[tuple[Claim, Line]]:
        """Return the claims whose results a claim uses."""
        found = []
        for text in claim.uses:
            try:
                meaning = environment.meaning(text)
            except UnknownNameError:
                continue
            if meaning.gradient and meaning.node in self.results:
                earlier, line, _ = self.results[meaning.node]
                found.append((earlier, line))
        return found

    def values(self, claim: Claim) -> Mapping[str, Any]:
        """Return the arguments for a claim, the learner's own gradients among them."""
        arguments: dict[str, Any] = {}
        for text in claim.uses:
            arguments[text] = self.given[text]
            meaning = self.given.environment.extras.get(text)
            if meaning is not None:
                continue
            sense = self.given.environment.meaning(text)
            if sense.gradient and sense.node in self.results:
                earlier, _, value = self.results[sense.node]
                if value is None:
                    raise KeyError(text)
                arguments[text] = value * (sense.scale / earlier.meaning.scale)
        return arguments
