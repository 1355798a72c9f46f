"""Judging claimed formulas against a recorded graph.

1. Every formula is judged on its own, with the true gradients upstream, on the given values and
   on fresh random ones.
2. Where a formula is wrong, those after it are judged in the chain too, with the learner's own
   results upstream, to tell an error from an inherited one.
3. What is wrong is explained when the report is read: from the catalogue, and by one mistake
   anywhere in the backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...core.tensor import Tensor
from ...formulas.expression import names_in
from ...formulas.printing import python_text
from ..derive.steps import TooLargeError, in_deltas, reference
from ..facts import parameters, refuted
from ..names import Environment
from .chain import Chain, judge_in_the_chain, run_as
from .claims import Claim
from .differences import compare
from .explain import explain
from .judge import Judge
from .mistakes import Explanation
from .reading import Handed, divisors, handed
from .report import Line, Report
from .revealing import unrevealed

_LONGEST = 100

RTOL = 1e-9
"""What double precision is held to, relative to the largest entry of the gradient."""


def verify(
    J: Tensor | None = None,
    claims: Any = None,
    *,
    script: Any = None,
    forward: Any = None,
    names: Any = None,
    assume: Sequence[Callable[..., Any]] = (),
    samples: int | None = None,
    draws: int = 3,
    seed: int = 0,
    finite_differences: str | bool = False,
    rtol: float = RTOL,
    allow_own: bool = False,
    hints: int = 4,
) -> Report:
    """Judge claimed gradients of `J`: find the first wrong step, and say why it is wrong.

    Parameters
    ----------
    J : Tensor, optional
        A recorded scalar, its tensors named. Left out with `forward`.
    claims : mapping of str to callable or array_like; or a module, class, object or function
        What is claimed, by the name of the gradient: ``d_h3`` (or ``dh3``) is ∂J/∂h3,
        ``delta2`` is the δ⁽²⁾ of the document, ∂J_k/∂z2 of each sample k in its column. In a
        mapping the name of a result, such as ``z2``, claims its value: a step forward. A
        formula is a function whose parameters are named after what it uses: values of named
        tensors (``z2``, ``W2``, ``y``), gradients, the number of samples ``m``, the activation
        ``f`` and its derivative ``f_prime``. Of a module, class or object the functions named
        like gradients are taken. A mapping that holds `J` itself, such as ``locals()``, is a
        namespace: what is named like no gradient of the graph is passed over. A function is a
        `script`. Lists by layer and dicts of gradients are taken apart.
    script : str, path-like or callable, optional
        In the place of `claims`: a program in plain NumPy, as text, a file (a notebook, too), or
        a function whose parameters are names of the graph. It is run once, as written, on the
        graph's values, up to the second update of its parameters; its assertions are passed over.
        What a line leaves under a name that claims a gradient (``dz1``, ``grad_W``,
        ``grads["W1"]``, ``nabla_w[-1]``), at the top, in functions or in objects (``self.dW``
        beside ``self.W``), is judged, and quoted; so is what others follow from by one step of
        the graph, whatever its name. Where the formula behind it can be followed, it is judged by
        itself, with the true gradients upstream.
    forward : str, path-like or callable, optional
        In the place of `J`: the forward pass in plain NumPy, run once and recorded.
    names : mapping of str to object, optional
        What the programs may use besides, such as ``locals()``. Tensors of the graph without a
        name get the one that they, or arrays of their values, have there.
    assume : sequence of callable
        Facts about given tensors, as for `prove`: ``lambda y: np.sum(y, axis=0) == 1``,
        ``lambda s: s > 0``. A formula need be right only where they hold: random draws fulfil
        them, and the report says so.
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
    hints : {1, 2, 3, 4}
        How much the report tells of a mistake: where to look, also what kind of mistake it is,
        also what it is about, or all of it with the repair.

    Returns
    -------
    Report
        ``.ok``, ``.failures``, ``.warnings``, ``.raise_if_wrong()``; prints as a table.

    Raises
    ------
    TypeError, ValueError
        If nothing is handed over, or the program is none or its forward pass stops; if what is
        assumed does not hold for the given values; if `J` is no recorded scalar, a claim is named
        after nothing in the graph, or there is none; if it uses ``m`` or a δ and the graph does
        not say how many samples there are.
        Whatever goes wrong inside a formula or a script is reported.

    Notes
    -----
    A gradient named like ``dz1`` may be ∂J/∂z1 or that of each sample's own cost, with 1/m at the
    end: if all claims agree on it, it is right, and the report says which was taken. ``d_z1`` is
    ∂J/∂z1, and δ of each sample. Shapes that differ in leading axes of length 1 are let pass, with
    a note.

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
    >>> verify(J, script="dz = 2 * (W1 @ x); dW1 = dz @ x.T; dx = W1.T @ dz").ok
    True
    """
    if hints not in (1, 2, 3, 4):
        raise ValueError(f"hints is {hints!r}; it must be 1, 2, 3 or 4")
    given = handed(J, claims, script, forward, names, samples, allow_own, assume)
    if assume:
        environment = given.environment
        leaves = {text: x for text, x in environment.named.items() if x.op is None}
        wrong = refuted(assume, leaves, max(rtol, 8 * float(np.finfo(environment.J.dtype).eps)))
        if wrong:
            raise ValueError(f"what is assumed of {wrong[0]} does not hold for the given values")
    reading = partial(_lines, draws=draws, seed=seed, rtol=rtol)
    given, judge, lines, chain = _best_reading(given, reading)
    environment, found, notes = given.environment, given.claims, given.notes
    failed = any(not line.right for line in lines)
    for claim, line in zip(found, lines, strict=True):
        line.hints = hints
        line.derive = partial(_reason, environment, claim)
        if chain and not line.right and not claim.problem:
            seek = partial(_why, given, judge, claim, chain)
            line.find = partial(_guarded, seek, notes, f"explaining {claim.name}")
    # a mistake that was revealed is what the report is about: no word of others then
    warn = partial(
        _guarded, partial(_unrevealed, judge, found), notes, "looking for what is hidden"
    )
    report = Report(lines, notes, list if failed else warn)
    report.graph = [environment.J]
    report.problems = given.problems
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
        kept += [f"what is assumed of {', '.join(parameters(fact))}" for fact in assume]
        if kept:
            report.notes.append(f"kept on the random draws: {', '.join(kept)}")
    if finite_differences:
        meanings = [claim.meaning for claim in found if claim.meaning.gradient]
        how = "elements" if finite_differences is True else finite_differences
        notes, problems = compare(judge.exact or judge.given, meanings, how)
        report.notes += notes
        report.problems += problems
    return report


def assert_right(J: Tensor, claims: Any, **options: Any) -> None:
    """Assert that claimed gradients of `J` are right: for tests.

    Parameters
    ----------
    J, claims, **options
        As of `verify`.

    Raises
    ------
    AssertionError
        Whose text is the report.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], name="x")
    >>> assert_right(x.square().sum(), {"dx": lambda x: 2 * x})
    """
    __tracebackhide__ = True
    verify(J, claims, **options).raise_if_wrong()


def _lines(given: Handed, draws: int, seed: int, rtol: float) -> tuple[Judge, list[Line]]:
    judge = Judge(given.environment, given.claims, draws, seed, rtol)
    return judge, [_line(judge, claim) for claim in given.claims]


def _line(judge: Judge, claim: Claim) -> Line:
    """Judge a claim; what goes wrong inside is said in its line."""
    try:
        return judge.line(claim)
    except Exception as error:
        line = Line(claim.name, where=claim.where)
        line.wrong("cannot be judged", f"{type(error).__name__}: {error}")
        return line


def _why(given: Handed, judge: Judge, claim: Claim, chain: Chain) -> list[Explanation]:
    """Explain a wrong claim by its formula or numbers; if nothing does, by its program."""
    repair = (
        partial(given.repair.sought, judge, given.claims, claim, chain) if given.repair else list
    )
    # one number is a multiple of anything, and zeros are what is left of everything
    if claim.left and (np.size(claim.array) == 1 or not np.any(claim.array)):
        return repair() or explain(judge, claim, chain)
    found = explain(judge, claim, chain)
    # the program says better what it is where that has no name in the graph
    unnamed = not found or (claim.left and any(" no. " in e.words for e in found[:1]))
    return (repair() if unnamed else []) or found


def _reason(environment: Environment, claim: Claim) -> str:
    """Return the right formula of a gradient, and from what it follows."""
    node = claim.meaning.node
    if node is None or not claim.meaning.gradient:
        return ""
    try:
        formula = reference(environment, node)
        if claim.meaning.scale != 1:
            formula = in_deltas(environment, formula, claim.meaning.scale)
    except TooLargeError:
        return ""
    text, used = python_text(formula), ", ".join(names_in(formula))
    return f"{text}, from {used}" if len(text) < _LONGEST else f"by the chain rule from {used}"


def _guarded(make: Callable[[], Any], notes: list[str], what: str) -> Any:
    """Return what `make` does, or nothing and a note: a report is always made."""
    try:
        return make()
    except Exception as error:
        notes.append(f"{what} failed: {type(error).__name__}: {error}")
        return []


def _best_reading(
    given: Handed, judged: Callable[[Handed], tuple[Judge, list[Line]]]
) -> tuple[Handed, Judge, list[Line], Any]:
    """Return the reading of what was handed over under which the fewest formulas are wrong.

    Counted are those that are wrong in themselves, a line that runs several times as one: a factor
    forgotten once, which others follow from, is one mistake.
    """

    def wrong(lines: list[Line]) -> int:
        return len({run_as(line) for line in lines if not line.right})

    def in_the_chain(reading: Handed, judge: Judge, lines: list[Line]) -> Any:
        chained = partial(judge_in_the_chain, judge, reading.claims, lines)
        return _guarded(chained, reading.notes, "the chain") if wrong(lines) else None

    judge, lines = judged(given)
    alone = wrong(lines)
    best = given, judge, lines, in_the_chain(given, judge, lines)
    for readings in (Handed.per_sample, Handed.uncounted, Handed.with_names):
        before = best[0] if wrong(best[2]) > (readings is Handed.with_names) else None
        for other in readings(before) if before is not None else ():
            judge, lines = judged(other)
            raw, limit = wrong(lines), alone
            if readings is Handed.uncounted:  # fewer claims: that they are right tells nothing
                kept = {line.name for line in lines}
                limit = wrong([line for line in best[2] if line.name in kept])
            if not other.claims or raw >= limit:
                continue
            tried = other, judge, lines, in_the_chain(other, judge, lines)
            doubt = _doubt(given, other, lines) if readings is Handed.per_sample else 0
            if wrong(lines) + doubt < wrong(best[2]):
                best, alone = tried, raw
            if not wrong(best[2]) or (readings is Handed.with_names and best is tried):
                break
    for node, text in best[0].called.items():
        node.name = text
    return best


def _doubt(given: Handed, other: Handed, lines: list[Line]) -> int:
    """Return how much speaks against a reading as of each sample's own cost.

    That what is read so has rather the size of ∂J/∂, and that a program divides it by m.
    """
    told, divided = 0.0, False
    for was, now, line in zip(given.claims, other.claims, lines, strict=False):
        scale = now.meaning.scale
        if scale == was.meaning.scale:
            continue
        divided |= scale in divisors(now.steps)
        if line.values and now.array is not None:
            mine, right = np.linalg.norm(now.array), np.linalg.norm(line.values[1])
            told += float(np.log(mine / right * scale**0.5)) if mine * right else 0.0
    return 0 if told >= 0 else 1 + divided


def _unrevealed(judge: Judge, claims: list[Claim]) -> list[str]:
    draws = judge.fresh or judge.draw(2)
    return unrevealed(judge.environment, claims, judge.given, draws, judge.rtol)
