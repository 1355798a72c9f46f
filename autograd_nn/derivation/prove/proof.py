"""Proofs: a claimed formula equals the derivative for all values and every activation.

The graph is run on symbols with an undefined differentiable function f in the place of the
activation. What a formula claims and what the engine's rules give are then polynomials in the
weights, inputs, targets, and the values of f and f′, and their difference is reduced to 0 or is
not. The rules themselves are held against SymPy's own derivative of J.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor, plain
from ...formulas import notation
from ...formulas.arrays import array_text
from ...formulas.printing import unicode_text
from ..draws import Draw
from ..names import Environment, Meaning, UnknownNameError
from ..symbols import Symbolic, as_array, each, exact
from ..verify.claims import Claim, FormulaError, collect, record, run
from ..verify.report import difference

_MOST_SYMBOLS = 400
ANY = "every differentiable f"


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
    scope : str
        For which activations it was proved: every one, or the graph's own only.
    statement : str
        What is proved or refuted, in the document's notation.
    difference : ndarray of SymPy expressions
        Formula minus derivative, reduced. All 0 in a proof.
    independent : bool
        Whether the engine's derivative equals SymPy's own ``diff`` of J.
    counter_example : CounterExample or None
        Numbers for which it is wrong.
    problem : str
        Why nothing could be shown, if so.
    latex : str
        Statement and difference for math mode.
    """

    def __init__(self, name: str, gradient: bool = True) -> None:
        self.name = name
        self.gradient = gradient
        self.proved = False
        self.scope = ANY
        self.statement = ""
        self.difference: Any = None
        self.independent = False
        self.counter_example: CounterExample | None = None
        self.problem = ""
        self.latex = ""

    def __str__(self) -> str:
        what = "derivative" if self.gradient else "value"
        verdict = "proved" if self.proved else "refuted" if self.counter_example else "not proved"
        lines = [f"{verdict}: {self.statement}"]
        if self.problem:
            lines.append(f"  {self.problem}")
        if self.difference is not None:
            terms = _not_zero(self.difference)
            if terms:
                first = str(terms[0])
                first = first if len(first) <= 200 else first[:200] + " …"
                lines.append(f"  formula − {what} = {first} (first of {len(terms)} not 0)")
            else:
                count = self.difference.size
                lines.append(f"  formula − {what} = 0 in {count} of {count} elements")
        if self.proved and self.gradient:
            lines.append("  the derivative equals SymPy's own diff of J")
        if self.counter_example is not None:
            lines.append(f"  counter-example: {self.counter_example}")
        return "\n".join(lines)

    __repr__ = __str__


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
        rows = r" \\ ".join(proof.latex for proof in self)
        return rf"$\displaystyle \begin{{aligned}} {rows} \end{{aligned}}$"


def prove(J: Tensor, claims: Any, *, samples: int | None = None) -> Proofs:
    """Prove claimed gradients of `J` for all values of its leaves, or refute them.

    Parameters
    ----------
    J : Tensor
        A recorded scalar, its tensors named. Only its structure counts, not its values.
    claims : mapping of str to callable; or a module, class or object
        As for `verify`. Formulas that write f′ as ``f_prime(z2)`` are proved for every
        differentiable f; those that write h(1 − h) for the sigmoid only.
    samples : int, optional
        How many samples `J` is the mean over. Read off the graph if left out.

    Returns
    -------
    Proofs
        One `Proof` for each formula, in the order of the backward pass.

    Raises
    ------
    ImportError
        Without SymPy (extra ``symbolic``).
    TypeError, ValueError
        If the claims name nothing in the graph, or the graph holds an operation that cannot be
        run on symbols.

    Examples
    --------
    >>> w = Tensor(1.0, name="w")
    >>> x = Tensor(2.0, name="x")
    >>> J = (w * x).sigmoid().square()
    >>> proofs = prove(J, {"dw": lambda w, x, f, f_prime: 2 * f(w * x) * f_prime(w * x) * x})
    >>> proofs.ok, proofs[0].scope
    (True, 'every differentiable f')
    """
    environment = Environment(J, samples)
    found = collect(environment, claims)
    symbols = sum(n.size for n in environment.order if n.op is None and (n.name or n.requires_grad))
    if symbols > _MOST_SYMBOLS:
        raise ValueError(
            f"the graph has {symbols} elements in its leaves, too many for a proof in symbols. A "
            "formula does not change with the sizes of the layers: prove it on a small network"
        )
    world = Symbolic(environment)
    proofs = Proofs()
    for claim in found:
        proof = Proof(claim.name, claim.meaning.gradient)
        _prove_one(environment, world, claim, proof)
        proofs.append(proof)
    return proofs


def _prove_one(environment: Environment, world: Symbolic, claim: Claim, proof: Proof) -> None:
    arguments = _arguments(environment, world, claim)
    given = Draw(environment)
    formula = None
    if claim.function is not None and not claim.problem:
        formula = record(claim, given)
    written = unicode_text(formula) if formula is not None else f"{claim.name}(…)"
    left = notation.unicode(claim.name)
    proof.latex = rf"{notation.latex(claim.name)}"
    node = _node(claim.meaning)
    right = as_array(_symbols_of(world, claim.meaning), node.shape)
    try:
        if claim.problem or claim.function is None:
            raise FormulaError(claim.problem or "is an array; only formulas can be proved")
        value = np.asarray(claim.call(arguments), dtype=object)
        if value.shape != right.shape:
            raise FormulaError(
                f"gives shape {value.shape}; the {'gradient' if proof.gradient else 'value'} has "
                f"{right.shape}"
            )
        gap = _reduced(world, value - right)
    except Exception as error:
        text = str(error) if isinstance(error, FormulaError) else f"{type(error).__name__}: {error}"
        proof.problem = f"the formula {text}" if isinstance(error, FormulaError) else text
        proof.statement = f"{left} = {written}"
        return
    if _not_zero(gap) and world.specific:
        special = _reduced(world, each(lambda d: d.subs(world.specific), gap))
        if not _not_zero(special):
            kinds = {a.op.name for a in environment.activations}
            gap, proof.scope = special, f"f the {' and '.join(sorted(kinds))}"
    proof.difference = gap
    leaves = [t for t, n in environment.named.items() if n.op is None and n.dtype.kind == "f"]
    everything = ", ".join(notation.unicode(text) for text in sorted(leaves))
    if not _not_zero(gap):
        proof.independent = not claim.meaning.gradient or same_as_sympy(environment, node)
        proof.proved = proof.independent
        proof.statement = f"{left} = {written} for all {everything} and {proof.scope}"
        if not proof.independent:
            proof.problem = "the engine's derivative differs from SymPy's: a defect of the engine"
    else:
        proof.statement = f"{left} = {written}"
        proof.counter_example = counter_example(environment, claim)
    shown = (_not_zero(gap) or gap.flat)[0]
    proof.latex += rf" &: \quad {world.latex(shown)}"


def _node(meaning: Meaning) -> Tensor:
    assert meaning.node is not None  # noqa: S101 - claims are about tensors
    return meaning.node


def _not_zero(values: Any) -> list[Any]:
    """Return the elements that are not 0."""
    return [d for d in np.ravel(values) if d != 0]


def _reduced(world: Symbolic, values: Any) -> Any:
    """Return every element multiplied out, with exact numbers."""
    return each(world.sympy.expand, exact(values))


def _arguments(environment: Environment, world: Symbolic, claim: Claim) -> Mapping[str, Any]:
    known = {"f": world.apply_f(False), "f_prime": world.apply_f(True)}
    arguments: dict[str, Any] = {}
    for text in claim.uses:
        try:
            if text in environment.extras:
                arguments[text] = known.get(text, environment.extras[text])
            else:
                arguments[text] = _symbols_of(world, environment.meaning(text))
        except UnknownNameError as error:
            claim.problem = str(error)
    return arguments


def _symbols_of(world: Symbolic, meaning: Meaning) -> Any:
    if meaning.gradient:
        return world.gradient(_node(meaning)) * meaning.scale
    return plain(world.nodes[_node(meaning)])


def same_as_sympy(environment: Environment, node: Tensor) -> bool:
    """Whether the engine's ∂J/∂node equals SymPy's ``diff`` of J, both with f undefined."""
    world = Symbolic(environment, nested=True, cut=environment.names[node])
    cost = plain(world.nodes[environment.J]).item()
    symbols = plain(world.nodes[node])
    ours = world.gradient(node)
    for index in np.ndindex(node.shape):
        theirs = world.sympy.diff(cost, symbols[index])
        if world.sympy.expand(ours[index] - theirs) != 0:
            return False
    return True


def counter_example(environment: Environment, claim: Claim, seed: int = 0) -> CounterExample | None:
    """Return short numbers for which a formula is wrong, or None where none was found."""
    rng = np.random.default_rng(seed)
    leaves = [
        node
        for node in environment.order
        if node.op is None and node.name and node.dtype.kind == "f"
    ]
    for _ in range(20):
        moved = {leaf: np.round(rng.uniform(-1, 1, leaf.shape), 1) for leaf in leaves}
        draw = Draw(environment, moved)
        right = np.asarray(draw.value(claim.meaning), dtype=float)
        try:
            value = run(claim, draw)
        except FormulaError:
            return None
        if value.shape == right.shape:
            gap = difference(value * 1.0, right)
            if gap.relative > 1e-6:
                shown = {environment.names[leaf]: moved[leaf] for leaf in leaves}
                return CounterExample(shown, gap.where, gap.claimed, gap.right)
    return None


__all__: Sequence[str] = ["CounterExample", "Proof", "Proofs", "prove", "same_as_sympy"]
