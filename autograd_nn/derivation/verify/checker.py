"""Judging claimed formulas against a recorded graph.

1. Every formula is judged on its own, with the true gradients upstream, on the given values and
   on fresh random ones.
2. Where a formula is wrong, those after it are judged in the chain too, with the learner's own
   results upstream, to tell an error from an inherited one.
3. What is wrong is explained from the catalogue when the report is read.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ...core.tensor import Tensor
from ..names import Environment
from .chain import judge_in_the_chain
from .claims import Claim, collect
from .differences import compare
from .explain import explain
from .judge import Judge
from .report import Report
from .revealing import unrevealed

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
    allow_own: bool = False,
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
        How many samples `J` is the mean over (1 for a plain sum). Read off the graph if left out,
        where it says so.
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
    allow_own : bool
        Let a formula ask for the gradient that it is a formula for, by this or another name, and
        for those that come after it in the backward pass.

    Returns
    -------
    Report
        ``.ok``, ``.failures``, ``.warnings``, ``.raise_if_wrong()``; prints as a table.

    Raises
    ------
    TypeError, ValueError
        If `J` is no recorded scalar, a claim is named after nothing in the graph, or there is
        none; if it uses ``m`` or a δ and the graph does not say how many samples there are.
        Whatever goes wrong inside a formula is reported in its line.

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
    notes: list[str] = []
    found = collect(environment, claims, allow_own, notes)
    judge = Judge(environment, found, draws, seed, rtol)
    lines = [judge.line(claim) for claim in found]
    wrong = any(not line.right for line in lines)
    chain = judge_in_the_chain(judge, found, lines) if wrong else None
    for claim, line in zip(found, lines, strict=True):
        if chain and not line.right and not claim.problem:
            line.find = partial(explain, judge, claim, chain)
    # a mistake that was revealed is what the report is about: no word of others then
    report = Report(lines, notes, list if wrong else partial(_unrevealed, judge, found))
    report.graph = [J]
    if judge.fresh:
        count = len(judge.fresh)
        report.notes.append(
            f"formulas are judged on the given values and on {count} random "
            f"draw{'s' if count > 1 else ''}"
        )
        kept = [kind.words.format(leaf.name) for leaf, kind in judge.kept.items()]
        kept += [
            f"{text} as given ({'truth values' if node.dtype.kind == 'b' else 'integers'})"
            for text, node in environment.named.items()
            if node.op is None and node.dtype.kind in "iub"
        ]
        if kept:
            report.notes.append(f"kept on the random draws: {', '.join(kept)}")
    if finite_differences:
        meanings = [claim.meaning for claim in found if claim.meaning.gradient]
        how = "elements" if finite_differences is True else finite_differences
        notes, report.problems = compare(judge.exact or judge.given, meanings, how)
        report.notes += notes
    return report


def _unrevealed(judge: Judge, claims: list[Claim]) -> list[str]:
    draws = judge.fresh or judge.draw(2)
    return unrevealed(judge.environment, claims, judge.given, draws, judge.rtol)
