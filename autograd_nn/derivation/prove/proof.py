"""Proofs: a claimed formula equals the derivative, for every size, value and activation.

`prove` asks the numbers at random sizes first, then the normal form, and where that cannot decide,
SymPy at the one size of the graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor, plain
from ...formulas import notation
from ...formulas.arrays import array_text
from ...formulas.expression import Expr, name
from ...formulas.printing import latex_text, unicode_text
from ..draws import Draw, fresh
from ..names import Environment, UnknownNameError
from ..verify.claims import Claim, FormulaError, collect, record, run
from ..verify.report import difference
from .any_depth import holds_at_every_depth
from .any_size import Prover, Verdict
from .general import ANY_F
from .one_size import MOST_SYMBOLS, AtOneSize
from .readings import readings_of

ANY = ANY_F


class CounterExample:
    """Numbers for which a formula is wrong.

    Attributes
    ----------
    leaves : dict of str to array
        The values of the graph's leaves.
    where : tuple of int
        The element, counted from 0.
    claimed, right : float
        What the formula gives there, and the derivative.
    """

    def __init__(
        self, leaves: dict[str, Any], where: tuple[int, ...], claimed: float, right: float
    ) -> None:
        self.leaves = leaves
        self.where = where
        self.claimed = claimed
        self.right = right

    def __str__(self) -> str:
        at = ", ".join(
            f"{notation.unicode(text)} = {array_text(value)}" for text, value in self.leaves.items()
        )
        element = f" at element {tuple(i + 1 for i in self.where)}" if self.where else ""
        return f"{at}: the formula gives {self.claimed:.6g}{element}, right is {self.right:.6g}"

    __repr__ = __str__


class Proof:
    """The outcome for one formula.

    Attributes
    ----------
    name : str
        What is claimed.
    gradient : bool
        Whether that is a gradient, and not a value.
    proved : bool
        Whether the formula is right in its whole scope.
    refuted : bool
        Whether it is wrong.
    any_size : bool
        Whether it is proved for every size and number of samples, and not at the graph's only.
    any_depth : bool
        Whether it is proved for that layer of a network of every depth, by induction: the step
        from layer to layer is one and the same, and every path to J goes through it.
    sizes : list of str
        The sizes that it holds for, each any number from 1 on.
    scope : str
        For which activations it was proved: every one, or the graph's own only.
    statement : str
        What is proved or refuted, in the document's notation.
    difference : list of str
        The terms of formula − derivative that survive. Empty in a proof.
    steps : list of (str, str, str)
        What stands on each line of the proof: in words, as text and as LaTeX.
    independent : bool
        Whether the engine's derivative equals that of the normal form, or SymPy's.
    counter_example : CounterExample or None
        Numbers for which it is wrong.
    problem : str
        Why nothing could be shown, if so.
    latex : str
        Statement and verdict for math mode.
    """

    def __init__(self, name: str, gradient: bool = True) -> None:
        self.name = name
        self.gradient = gradient
        self.proved = self.refuted = self.any_size = self.any_depth = self.independent = False
        self.sizes: list[str] = []
        self.scope = ANY
        self.statement = self.problem = self.latex = ""
        self.difference: list[str] = []
        self.steps: list[tuple[str, str, str]] = []
        self.counter_example: CounterExample | None = None
        self._certify: Callable[[], str] | None = None

    def certificate(self) -> str:
        """Return the proof as JSON, which ``autograd_nn/derivation/prove/replay.py`` checks.

        Raises
        ------
        ValueError
            If there is no proof for every size, or none that comes out step by step.
        """
        if self._certify is None:
            raise ValueError(f"{self.name} is not proved for every size; there is no certificate")
        return self._certify()

    def __str__(self) -> str:
        verdict = "proved" if self.proved else "refuted" if self.refuted else "not proved"
        lines = [f"{verdict}: {self.statement}"]
        if self.problem:
            lines.append(f"  {self.problem}")
        lines += [f"  {words}{_short(text)}" for words, text, _ in self.steps]
        if self.counter_example is not None:
            lines.append(f"  counter-example: {self.counter_example}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle \begin{{aligned}} {self.latex} \end{{aligned}}$"


def _short(text: str, most: int = 220) -> str:
    return text if len(text) <= most else text[:most] + " …"


class Proofs(list[Proof]):
    """The outcomes for all formulas; prints as text."""

    @property
    def ok(self) -> bool:
        """Whether every formula is proved."""
        return all(proof.proved for proof in self)

    @property
    def failures(self) -> list[Proof]:
        """The formulas that are not proved."""
        return [proof for proof in self if not proof.proved]

    def raise_if_wrong(self) -> None:
        """Raise an AssertionError with the outcomes as its text unless all are proved."""
        if not self.ok:
            raise AssertionError(f"\n{self}")

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        rows = r" \\[1ex] ".join(proof.latex for proof in self)
        return rf"$\displaystyle \begin{{aligned}} {rows} \end{{aligned}}$"


def prove(
    J: Tensor,
    claims: Any,
    *,
    assume: Sequence[Callable[..., Any]] = (),
    samples: int | None = None,
    allow_own: bool = False,
) -> Proofs:
    """Prove claimed gradients of `J` for every size and all values of its leaves, or refute them.

    Parameters
    ----------
    J : Tensor
        A recorded scalar, its tensors named. Only its structure counts: neither its values nor
        its sizes. An axis of length 1 stays one.
    claims : mapping of str to callable; or a module, class or object
        As for `verify`. Formulas that write f′ as ``f_prime(z2)`` are proved for every
        differentiable f; those that write h(1 − h) for the sigmoid only.
    assume : sequence of callable
        Facts about what is given, as equations or signs: ``lambda y: np.sum(y, axis=0) == 1``,
        ``lambda K: K == K.T``, ``lambda s: s > 0``. The statement names them.
    samples : int, optional
        How many samples `J` is the mean over. Read off the graph if left out.
    allow_own : bool
        As for `verify`.

    Returns
    -------
    Proofs
        One `Proof` for each formula, in the order of the backward pass.

    Raises
    ------
    TypeError, ValueError
        If the claims name nothing in the graph, or use ``m`` or a δ where it does not say how many
        samples there are; or if a fact is of no kind that is understood.

    Examples
    --------
    >>> w = Tensor(np.ones((2, 3)), name="w")
    >>> x = Tensor(np.ones((3, 4)), name="x")
    >>> J = (w @ x).sigmoid().sum()
    >>> proofs = prove(J, {"dw": lambda w, x, f_prime: f_prime(w @ x) @ x.T})
    >>> proofs.ok, proofs[0].scope, proofs[0].sizes
    (True, 'every differentiable f', ['n₁', 'n₂', 'n₃'])
    """
    return prove_with(Prover(Environment(J, samples, assume=assume)), claims, allow_own)


def prove_with(prover: Prover, claims: Any, allow_own: bool = False) -> Proofs:
    """Do what `prove` does, the graph being known to a prover."""
    found = collect(prover.environment, claims, allow_own)
    return Proofs(_prove_one(prover.environment, prover, claim) for claim in found)


def _prove_one(environment: Environment, prover: Prover, claim: Claim) -> Proof:
    proof = Proof(claim.name, claim.meaning.gradient)
    formula = None
    if claim.function is not None and not claim.problem:
        formula = _recorded(environment, prover, claim)
    written = unicode_text(formula) if formula is not None else f"{claim.name}(…)"
    right = latex_text(formula) if formula is not None else r"\ldots"
    proof.statement = f"{notation.unicode(claim.name)} = {written}"
    proof.latex = rf"{notation.latex(claim.name)} &= {right}"
    try:
        _computed(environment, claim)
    except FormulaError as error:
        proof.problem = f"the formula {error}"
        proof.refuted = claim.function is not None and not claim.problem
        return proof
    verdict = prover.judge(claim, formula)
    prover, claim = verdict.prover, verdict.claim
    if claim.own and verdict.proved is not False:
        proof.problem = f"the formula {claim.own}"
    elif verdict.proved is None:
        _at_one_size(environment, claim, verdict, proof)
    else:
        _at_every_size(prover, claim, verdict, proof)
    return proof


def _recorded(environment: Environment, prover: Prover, claim: Claim) -> Any:
    """Return a formula as it was written; a number that differs from size to size is a size."""
    found, sizes = [], []
    for draw in prover.draws[:2]:
        try:
            found.append(record(claim, {t: _array(draw, environment, t) for t in claim.uses}))
        except UnknownNameError:
            return None
        sizes.append(draw.sizes)
    a, b = found if len(found) == 2 else (None, None)
    if a is not None and b is not None:
        return general_formula(a, b, sizes[0], sizes[1])
    try:
        own = Draw(environment)
        return record(claim, {t: own[t] for t in claim.uses})
    except KeyError:
        return None


def _array(draw: Any, environment: Environment, text: str) -> Any:
    """Return what a name stands for; m as an array, so that it is recorded by its name."""
    meaning = environment.meaning(text)
    value = draw.other(text) if meaning.node is None else draw.value(meaning)
    return np.array(float(value)) if text == "m" else value


def general_formula(a: Expr, b: Expr, sizes: dict[str, int], others: dict[str, int]) -> Expr:
    """Return a formula that was recorded at two sizes, with their names for what differs."""
    if a.op is None and not a.name and np.ndim(a.value) == 0 and np.any(a.value != b.value):
        read = readings_of(float(a.value), sizes)
        found = [r for r in read if math.isclose(r.among(others), float(b.value))]
        return found[0].formula() if found else a
    if a.op is None and not a.name and np.shape(a.value) != np.shape(b.value):
        same = all(np.array_equal(x, np.eye(len(x))) for x in (a.value, b.value))
        return name("I") if same else a
    pairs = zip(a.args, b.args, strict=False)
    args = tuple(general_formula(x, y, sizes, others) for x, y in pairs)
    return Expr(a.op, args, a.params, a.name, a.value)


def _computed(environment: Environment, claim: Claim) -> None:
    """Refuse a formula that has no value on the graph's own numbers."""
    unknown = next((t for t in claim.uses if not _is_known(environment, claim, t)), None)
    if unknown or claim.problem or claim.function is None:
        raise FormulaError(claim.problem or "is an array; only formulas can be proved")
    draw = Draw(environment)
    shape, right = run(claim, draw).shape, np.shape(draw.value(claim.meaning))
    if shape != right:
        kind = "gradient" if claim.meaning.gradient else "value"
        raise FormulaError(f"gives shape {shape}; the {kind} has {right}")


def _is_known(environment: Environment, claim: Claim, text: str) -> bool:
    try:
        environment.meaning(text)
    except ValueError as error:
        claim.problem = str(error)
    return not claim.problem


def _scope_of(environment: Environment, proof: Proof, any_f: bool) -> str:
    if not any_f and environment.activation is not None:
        proof.scope = f"f the {environment.activation.name}"
    return f" and {proof.scope}" if environment.activation is not None else ""


def _everything(environment: Environment) -> str:
    leaves = [t for t, n in environment.named.items() if n.op is None and n.dtype.kind == "f"]
    return ", ".join(notation.unicode(text) for text in sorted(leaves))


def _at_one_size(environment: Environment, claim: Claim, verdict: Verdict, proof: Proof) -> None:
    """Take the old way: symbols for every element, at the graph's own size."""
    symbols = sum(n.size for n in environment.order if n.op is None and (n.name or n.requires_grad))
    proof.problem = f"undecided for every size: {verdict.why or 'the terms do not cancel'}"
    if verdict.defect:
        proof.problem = (
            "the engine's derivative differs from that of the normal form: a defect of the engine"
        )
        return
    if verdict.draw is None:
        proof.counter_example = _counter_example(environment, claim, verdict)
        proof.refuted = proof.counter_example is not None
    if symbols > MOST_SYMBOLS:
        return
    try:
        one = AtOneSize(environment, claim)
    except Exception as error:  # the formula is somebody's, and symbols are no numbers
        proof.problem += f"; at this size: {error}"
        return
    proof.proved, proof.independent = one.proved, one.independent
    if one.proved:
        scope = _scope_of(environment, proof, not one.specific)
        proof.statement += f" for all {_everything(environment)}{scope}, at this size only"
    elif one.difference:
        proof.difference = one.difference
        proof.steps.append(("formula − derivative = ", one.difference[0], ""))
    elif not one.independent:
        proof.problem = "the engine's derivative differs from SymPy's: a defect of the engine"


def _at_every_size(prover: Prover, claim: Claim, verdict: Verdict, proof: Proof) -> None:
    environment = prover.environment
    what = "derivative" if proof.gradient else "value"
    proof.proved, proof.refuted = bool(verdict.proved), not verdict.proved
    proof.independent = proof.proved
    lines = prover.written(verdict)
    if proof.refuted:
        if verdict.over is not None and verdict.over.terms:
            proof.difference = prover.terms(verdict.over, verdict.aliases)
            proof.steps = [(f"formula − {what}, left over: ", *lines["over"])]
            proof.latex += rf" \\ \text{{refuted, left over: }} & {lines['over'][1]}"
        proof.problem = verdict.why if verdict.gap is None or verdict.here else ""
        proof.counter_example = _counter_example(environment, claim, verdict)
        return
    proof.any_size, proof.sizes = True, prover.size_names()
    scope = _scope_of(environment, proof, verdict.mode == ANY_F)
    every = f", every size {', '.join(proof.sizes)}" if proof.sizes else ""
    said = "".join(f", where {prover.fact_text(f)}" for f in prover.assume)
    off = f", except where {' or '.join(verdict.exceptions)}" if verdict.exceptions else ""
    where = ", wherever both sides are defined" if verdict.partial else ""
    numbers = "".join(f", {v:g} being {r}" for v, r in prover.readings.items())
    proof.statement += (
        f" for all {_everything(environment)}{every}{numbers}{scope}{said}{off}{where}"
    )
    proof.steps = [(f"formula and {what} have one normal form: ", *lines["right"])]
    sizes = ", ".join(s.replace("≥", r"\ge") for s in map(notation.latex, prover.labels()))
    proof.latex += rf" \\ \text{{proved for every }} & {sizes or 'value'}"
    proof.latex += rf" \\ \text{{both are}} \quad & {lines['right'][1]}"
    proof._certify = lambda: prover.certificate(claim, verdict, proof.statement)
    proof.any_depth = holds_at_every_depth(prover, claim, verdict)
    if proof.any_depth:
        proof.statement += ", at every depth"


def _counter_example(
    environment: Environment, claim: Claim, verdict: Verdict
) -> CounterExample | None:
    """Return numbers at random sizes, or at the graph's own where the formula fits no other."""
    leaves = [n for n in environment.order if n in environment.names and n.op is None]
    leaves = [n for n in leaves if n.dtype.kind == "f"]
    if verdict.draw is not None and verdict.gap is not None:
        values = [plain(verdict.draw.nodes[n]) for n in leaves]
        return CounterExample(_shown(environment, leaves, values), *verdict.gap[:3])
    for draw in fresh(environment, 6):
        right = np.asarray(draw.value(claim.meaning), dtype=float)
        try:
            gap = difference(run(claim, draw) * 1.0, right)
        except FormulaError:
            continue
        if gap.relative > 1e-6 and gap.absolute > draw.rounding(claim.meaning):
            values = [plain(draw.nodes[environment.names[n]]) for n in leaves]
            return CounterExample(_shown(environment, leaves, values), *gap[:3])
    return None


def _shown(environment: Environment, leaves: list[Tensor], values: list[Any]) -> dict[str, Any]:
    pairs = zip(leaves, values, strict=True)
    return {environment.names[n]: np.asarray(v) + 0.0 for n, v in pairs}  # + 0.0: no −0
