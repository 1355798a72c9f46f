"""The one small change of a learner's program that makes a wrong claim right.

1. A `Repair` runs the program with one edit after another, on plain arrays.
2. What is right then must be so on other random values too, where the program can be run on them,
   and no claim that was right may become wrong.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.tensor import Tensor, plain
from ...formulas.expression import name
from ..draws import Draw
from .chain import Chain
from .claims import Claim
from .edits import Names, behind, edits, names_of
from .judge import Judge
from .mistakes import Explanation
from .passes import Pass, close
from .recorder import Recorded, formula
from .script import Program, numbered, run_program
from .sums import FEW

_MOST_LINES = 80
_WORK, _A_RUN = 60_000, 150
"""How much work one search may be: a run of a program costs its size and the lines it runs."""

_NEAR = 1e-8


class Repair:
    """A program that was run, its claims judged.

    Parameters
    ----------
    program, space, cuts
        The program, what it was run on, and which Tensors in it stand for which names.
    """

    def __init__(self, program: Program, space: dict[str, Any], cuts: Mapping[Tensor, str]) -> None:
        self.program, self.space, self.cuts = program, space, cuts
        self.claims: list[Claim] = []
        self.lines = 0
        self.beyond: set[Any] = set()
        """What was sought in vain; a loop leaves it again in every step."""

    def sought(
        self, judge: Judge, claims: Sequence[Claim], claim: Claim, chain: Chain
    ) -> list[Explanation]:
        """Return the edits of least rank that repair a claim; none if none is found in time.

        `claims` are all that the program claims.
        """
        if claim.left[:2] in self.beyond:
            return []
        self.claims = [c for c in claims if c.left and c.meaning.gradient]
        self.program.wanted = frozenset(c.left[0] for c in self.claims)
        truth, given = chain.right(claim), self._on(None)
        before = self._run(self.program.tree_again(), given)
        if truth is None or before is None or not self.program.lines:
            return []
        near = _NEAR * float(np.abs(truth).max()) if truth.size else 0.0
        other = self._other(judge, chain)
        if other is None and truth.size < FEW:
            return []
        tree = self.program.tree_again()
        root, path, _ = claim.left
        alike = [c for c in self.claims if c.left[:2] == (root, path)]  # of all steps of a loop
        roots = {c.left[0] for c in self.claims if c.left and c.left[0] != root}
        chosen = behind(tree, root, path[0] if path else None, roots)[:_MOST_LINES]
        seen = names_of(tree) | set(self.space)
        names = Names(tree, seen, before[1], truth.shape)
        found: list[tuple[int, Explanation]] = []
        work, size = 0, _A_RUN + sum(1 for _ in ast.walk(tree))
        for edit, old, statement in edits(tree, chosen, names):
            work += size + 2 * self.lines
            if work > _WORK or (found and edit.rank > found[0][0]):
                break
            made = self._run(_again(tree), given)
            value = made[0].get(claim.left) if made else None
            if value is None or value.size != truth.size:
                continue
            if not close(value.reshape(truth.shape), truth, near):
                continue
            if self._breaks(chain, claim, before[0], made[0]):
                continue
            draw = judge.exact or judge.given
            if not all(self._holds(c, draw, made[0], chain) for c in alike):
                continue
            again = self._run(_again(tree), other[1]) if other is not None else None
            if other and not (again and self._holds(claim, other[0], again[0], chain)):
                continue
            where, text = self.program.place(old.lineno), ast.unparse(statement)
            words, right = f"{edit.said(old)} ({where})", name(claim.name)
            found.append((edit.rank, Explanation(edit.kind, words, text, right, where)))
            if len(found) == 3:
                break
        if not found:
            self.beyond.add(claim.left[:2])
        return [told for _, told in found]

    def _breaks(self, chain: Chain, claim: Claim, before: Any, after: Any) -> bool:
        """Whether something that was right, or comes before the claim, is changed."""
        for other in self.claims:
            line = chain.lines.get(other.meaning.node)
            if other is not claim and line is not None and line.right and not line.inherits:
                was, now = before.get(other.left), after.get(other.left)
                if was is not None and (now is None or not np.array_equal(was, now)):
                    return True
        return False

    def _other(self, judge: Judge, chain: Chain) -> tuple[Draw, Any] | None:
        """Return a draw on which the program can be run: what was right is so on it too."""
        kinds = {leaf: kind for leaf, found in judge.kinds.items() for kind in found[:1]}
        for draw in judge.draw(1, 3, {x: kind for x, kind in kinds.items() if kind.certain}):
            space = self._on(draw)
            made = self._run(self.program.tree_again(), space)
            for claim in self.claims if made is not None else ():
                line = chain.lines.get(claim.meaning.node)
                right = line is not None and line.right and not line.inherits
                if right and not self._holds(claim, draw, made[0], chain):
                    return None
            if made is not None:
                return draw, space
        return None

    def _holds(self, claim: Claim, draw: Draw, values: Any, chain: Chain) -> bool:
        """Whether a claim follows from the other claims of a run."""
        place, own = _place(claim, chain), {}
        for other in self.claims:
            value, node = values.get(other.left), other.meaning.node
            if value is not None and node is not None and value.size == node.size:
                own[chain.place[node]] = value.reshape(node.shape) / other.meaning.scale
        own.pop(place, None)
        value = values.get(claim.left)
        truth = Pass(draw, own, {place}).arriving.get(place)
        if value is None or truth is None or value.size != truth.size:
            return False
        truth = truth * claim.meaning.scale
        return close(value.reshape(truth.shape), truth, _NEAR * float(np.abs(truth).max()))

    def _run(self, tree: ast.Module | None, space: Mapping[str, Any]) -> Any:
        """Return what a program leaves by name, and its names; None if it stops or is none."""
        if tree is None:
            return None
        program = copy.copy(self.program)
        program.tree = tree
        with np.errstate(all="ignore"):
            ran = run_program(program, _copied(space, {}), plainly=True)
        self.lines = ran.lines
        if ran.problem:
            return None
        return {key: left.value for key, left in numbered(ran.left).items()}, ran.space

    def _on(self, draw: Draw | None) -> dict[str, Any]:
        """Return what the program starts from on a draw, as plain arrays."""
        known: dict[int, Any] = {}

        def put(value: Any) -> Any:
            if isinstance(value, Recorded):
                if id(value) not in known:
                    node = formula(value)
                    text = self.cuts.get(node) if node is not None else None
                    found = draw[text] if draw is not None and text else value.view(np.ndarray)
                    known[id(value)] = np.array(plain(found))
                return known[id(value)]
            if type(value) in (list, tuple):
                return type(value)(map(put, value))
            return {k: put(v) for k, v in value.items()} if type(value) is dict else value

        return {key: put(value) for key, value in self.space.items()}


def _place(claim: Claim, chain: Chain) -> int:
    assert claim.meaning.node is not None  # noqa: S101 - claims of programs are of tensors
    return chain.place[claim.meaning.node]


def _again(tree: ast.Module) -> ast.Module | None:
    try:
        return ast.parse(ast.unparse(tree))
    except SyntaxError:
        return None


def _copied(value: Any, known: dict[int, Any]) -> Any:
    """Return containers and arrays copied, those that are one still one."""
    if id(value) not in known:
        if type(value) in (list, tuple):
            known[id(value)] = type(value)(_copied(part, known) for part in value)
        elif isinstance(value, dict) and type(value) is dict:
            known[id(value)] = {k: _copied(part, known) for k, part in value.items()}
        else:
            known[id(value)] = value.copy() if isinstance(value, np.ndarray) else value
    return known[id(value)]
