"""Which errors are inherited: claims judged again with the learner's own results upstream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor
from ...formulas.expression import Expr, call, evaluate, mapped, names_in, number
from ...ops.elementwise import MULTIPLY
from ..derive.steps import TooLargeError, reference
from ..names import Meaning, UnknownNameError
from .claims import Claim, FormulaError, run
from .explain import Overlay, close
from .judge import Judge
from .report import Line


def judge_in_the_chain(judge: Judge, claims: Sequence[Claim], lines: Sequence[Line]) -> None:
    """Tell in the lines of claims that are right whose errors their values inherit.

    An array that is wrong, but follows from wrong results of the learner before it, is right.
    """
    chain = _Chain(judge)
    for claim, line in zip(claims, lines, strict=True):
        if claim.function is None and claim.meaning.gradient:
            chain.judge_array(claim, line)
            value = line.values[0] if line.values else None  # none of another shape
        else:
            value = chain.judge_formula(claim, line)
        chain.add(claim, line, value)


def _roots(lines: Iterable[Line]) -> tuple[str, ...]:
    """Return the wrong formulas that errors in the results of `lines` come from."""
    wrong = [line for line in lines if not line.right or line.inherits]
    return tuple(dict.fromkeys(root for line in wrong for root in line.inherits or (line.name,)))


class _Chain:
    """The learner's own results so far, in the place of the true gradients."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.environment = judge, judge.environment
        self.lines: dict[Tensor | None, Line] = {}
        """What the gradient of a tensor was judged as."""
        self.inferred: dict[Tensor | None, Line] = {}
        """The line of the array that tells the gradient of a tensor that has no claim."""
        self.arrays = Overlay(judge.given, {})
        """∂J/∂ of the tensors as the learner has it, where he has one, and all other names."""

    def add(self, claim: Claim, line: Line, value: Any) -> None:
        """Enter the result of a claim."""
        node = claim.meaning.node
        if node is not None and claim.meaning.gradient:
            self.lines[node] = line
            if value is not None:
                self.arrays[f"d_{self.environment.names[node]}"] = value / claim.meaning.scale
                if claim.function is None:
                    self._infer(node, line)

    def _infer(self, node: Tensor, line: Line) -> None:
        """Enter the gradient that an array was made from, where it tells: of z beside that of b.

        So it does where the one gradient in its formula is multiplied by a number, element by
        element, and at most reshaped.
        """
        try:
            formula = reference(self.environment, node)
        except TooLargeError:
            return
        of_names = {text: self.environment.differentiated(text) for text in names_in(formula)}
        asked = [text for text, of in of_names.items() if of is not None]
        value = np.asarray(self.arrays[f"d_{self.environment.names[node]}"])
        if len(asked) != 1 or asked[0] in self.arrays:
            return
        of = of_names[asked[0]]
        if of is None or of.size != value.size or of is self.environment.J:
            return
        factors = []
        for probe in np.random.default_rng(0).uniform(1, 2, (2, value.size)):
            put = Overlay(self.judge.given, {asked[0]: probe.reshape(of.shape)})
            factors.append(np.broadcast_to(evaluate(formula, put), value.shape).ravel() / probe)
        if np.allclose(factors[0], factors[1], rtol=1e-9, atol=0) and np.all(factors[0]):
            self.arrays[f"d_{self.environment.names[of]}"] = np.reshape(
                value.ravel() / factors[0], of.shape
            )
            self.inferred[of] = line
            self._infer(of, line)

    def judge_array(self, claim: Claim, line: Line) -> None:
        """Judge an array that is wrong again: does it follow from the learner's results before?"""
        if line.right or line.values is None or not self.lines:
            return
        try:
            formula = self._formula(claim)
        except TooLargeError:
            return
        used = [text for text in names_in(formula) if text in self.arrays]
        known = self.inferred | self.lines
        roots = _roots(known[self.environment.differentiated(text)] for text in used)
        if not roots:
            return
        value = evaluate(formula, self.arrays)
        claimed, right = line.values
        size = float(np.abs(value).max()) if value.size else 0.0
        if close(np.broadcast_to(value, right.shape), claimed, self.judge.rtol * size):
            line.inherit(roots)

    def _formula(self, claim: Claim) -> Expr:
        """Return the right formula of a claim from the nearest results of the learner."""
        environment, node = self.environment, claim.meaning.node
        assert node is not None  # noqa: S101 - claims are about tensors

        def change(e: Expr) -> Expr:
            of = None if e.name in self.arrays else environment.differentiated(e.name)
            return e if of is None else mapped(reference(environment, of), change)

        scale = number(float(claim.meaning.scale))
        return call(MULTIPLY, scale, mapped(reference(environment, node), change))

    def judge_formula(self, claim: Claim, line: Line) -> Any:
        """Return the value of a claim from the learner's own gradients; None if it has none."""
        try:
            used = {text: self.environment.meaning(text) for text in claim.uses}
        except UnknownNameError:
            return None
        own = {t: use for t, use in used.items() if use.gradient and use.node in self.lines}
        try:
            value = run(claim, {text: self._argument(text, own.get(text)) for text in used})
        except (FormulaError, KeyError):
            value = None
        roots = _roots(self.lines[use.node] for use in own.values())
        if line.right and roots:
            right = np.asarray(self.judge.given.value(claim.meaning))
            tolerance, _ = self.judge.tolerance(self.judge.given, claim.meaning)
            if value is None or value.shape != right.shape:
                line.inherit(roots)
            elif not close(value, right, tolerance):
                line.inherit(roots)
                line.values = (value, right)
        return value

    def _argument(self, text: str, own: Meaning | None) -> Any:
        """Return what a formula is handed: the learner's own gradient where there is one."""
        if own is None or own.node is None:
            return self.judge.given[text]
        value = self.arrays.get(f"d_{self.environment.names[own.node]}")
        if value is None:
            raise KeyError(text)
        return value * own.scale
