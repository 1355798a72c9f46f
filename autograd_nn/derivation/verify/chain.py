"""Which errors are inherited: claims judged again with the learner's own results upstream.

1. `judge_in_the_chain` tells which claims merely follow from others that are wrong.
2. A `Chain` holds the learner's own results; where several arrays are wrong, it seeks the one
   mistake in a gradient that has no claim which gives all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ...core.tensor import Tensor
from ..names import Meaning, UnknownNameError
from .claims import Claim, FormulaError, run
from .judge import Judge
from .passes import Pass, close
from .report import Line
from .search import LARGEST_GRAPH, Search
from .sums import Claimed, Found


def judge_in_the_chain(judge: Judge, claims: Sequence[Claim], lines: Sequence[Line]) -> Chain:
    """Tell in the lines of claims that are right whose errors their values inherit.

    An array that is wrong, but follows from wrong results of the learner before it, is right; so
    are those that one mistake before all of them gives, but for the first.
    """
    chain = Chain(judge)
    for claim, line in zip(claims, lines, strict=True):
        if claim.function is None and claim.meaning.gradient:
            chain.judge_array(claim, line)
            value = line.values[0] if line.values else None  # none of another shape
        else:
            value = chain.judge_formula(claim, line)
        chain.add(claim, line, value)
        chain.blame_part(claim, line)
    chain.blame_once(lines)
    return chain


def _roots(lines: Iterable[Line]) -> tuple[str, ...]:
    """Return the wrong formulas that errors in the results of `lines` come from."""
    wrong = [line for line in lines if not line.right or line.inherits]
    return tuple(dict.fromkeys(root for line in wrong for root in line.inherits or (line.name,)))


def run_as(line: Line) -> tuple[str, str]:
    """Return what is the same for all lines that are one line of a program, run several times."""
    where = re.sub(r" \(\d+\)|\d+(?=\W*\])", "", line.where)
    return re.sub(r"\d+", "", line.name) if ", line " in where else line.name, where


class Chain:
    """The learner's own results so far, in the place of the true gradients."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.environment = judge, judge.environment
        self.lines: dict[Tensor | None, Line] = {}
        """What the gradient of a tensor was judged as."""
        self.own: dict[Tensor, Any] = {}
        """∂J/∂ of the tensors as the learner has it, where he has one."""
        self.arrays: dict[int, tuple[Line, Claimed]] = {}
        """The claims that are arrays of the right shape, by the position of the tensor."""
        self.lines_of_programs: dict[int, tuple[Line, Claimed]] = {}
        """The lines of programs, which may use what has no name; right gradients before them."""
        self._steps: dict[Line, frozenset[Tensor]] = {}
        """What a program made on the way to a claim, where its formula is known."""
        self.place = {node: i for i, node in enumerate(self.environment.order)}

    def add(self, claim: Claim, line: Line, value: Any) -> None:
        """Enter the result of a claim."""
        node, scale = claim.meaning.node, claim.meaning.scale
        if node is None or not claim.meaning.gradient:
            return
        self.lines[node] = line
        if value is not None and value.shape == node.shape:
            self.own[node] = value / scale
        if line.values is not None and (claim.function is None or claim.once):
            tolerance, _ = self.judge.tolerance(self.judge.given, claim.meaning)
            size = float(np.abs(line.values[0]).max()) if np.size(line.values[0]) else 0.0
            near = max(tolerance, self.judge.rtol * size) / scale
            group = self.arrays if claim.function is None else self.lines_of_programs
            group[self.place[node]] = (line, Claimed([line.values[0] / scale], [near]))
            self._steps[line] = claim.steps

    def follows(self, wanted: set[int], own: bool = True) -> Pass:
        """Return the backward pass to some tensors, from the learner's own results or the true.

        Nothing passes what has a claim: who goes on from there takes that as it is.
        """
        draw = self.judge.exact or self.judge.given
        known = {self.place[node]: value for node, value in self.own.items()}
        if not own:
            true = Pass(draw, {}, wanted | set(known)).arriving
            known = {i: true[i] for i in known if i in true}
        return Pass(draw, known, wanted)

    @cached_property
    def found(self) -> list[Found]:
        """The mistakes that each give some of what is wrong, the simplest first."""
        return self._search(self.arrays) + self._search(self.lines_of_programs, own=False)

    @cached_property
    def _alone(self) -> list[Found]:
        """The same of arrays, each taken for one made from the true gradients."""
        wrong = {i: group for i, group in self.arrays.items() if not group[0].right}
        others = sum(not line.right or bool(line.inherits) for line in self.lines.values())
        return self._search(wrong, own=False) if others > 1 else []

    def _search(self, group: dict[int, tuple[Line, Claimed]], own: bool = True) -> list[Found]:
        claims = {i: claimed for i, (_, claimed) in group.items()}
        wrong = [i for i, (line, _) in group.items() if not line.right]
        if not wrong or len(self.place) > LARGEST_GRAPH:
            return []
        return Search(self.environment, [self.follows(set(claims), own)], claims, wrong).found()

    def claimed(self, i: int) -> bool:
        """Whether the numbers of a tensor are known: those of an array or of a program's line."""
        return i in self.arrays or i in self.lines_of_programs

    def told(self, i: int) -> list[Found]:
        """Return the mistakes that give a claim: on the learner's gradients, or on the true."""
        return [f for f in self.found if i in f.explains] or [
            f for f in self._alone if i in f.explains
        ]

    def right(self, claim: Claim) -> Any:
        """Return what a gradient should be, given the learner's other results; None if nothing."""
        i = self.place.get(claim.meaning.node, -1)  # type: ignore[arg-type]  # None is in no graph
        found = self.follows({i}).arriving.get(i) if i >= 0 and claim.meaning.gradient else None
        return None if found is None else np.asarray(found * claim.meaning.scale, dtype=float)

    def shared(self, i: int) -> list[Found]:
        """Return the mistakes that give this claim and others that are wrong."""
        group = self.arrays if i in self.arrays else self.lines_of_programs
        wrong = sum(not line.right or bool(line.inherits) for line, _ in group.values())
        if wrong < 2 or i not in group:
            return []
        return [f for f in self.found if i in f.explains and f.explains[1:]]

    def blame_once(self, lines: Sequence[Line]) -> None:
        """Where one mistake gives several wrong claims, leave the first to blame.

        So does one line of a program that is run several times.
        """
        first_of: dict[Any, Line] = {}
        for line in lines:
            ops = sorted(x.op.name for x in self._steps.get(line, ()) if x.op)
            key = (*run_as(line), tuple(ops))
            if not line.right and first_of.setdefault(key, line) is not line:
                line.inherit((first_of[key].name,))
        for group in (self.arrays, self.lines_of_programs):
            if sum(not line.right for line, _ in group.values()) < 2:
                continue
            for found in self.found:
                if found.explains[1:] and not found.breaks and set(found.explains) <= set(group):
                    told = [group[i][0] for i in found.explains]
                    if not any(line.right for line in told) and self._share_a_step(told):
                        for line in told[1:]:
                            line.inherit((told[0].name,))

    def _share_a_step(self, lines: Sequence[Line]) -> bool:
        """Whether a program made some step for all claims, or what it made is not known."""
        steps = [self._steps.get(line, frozenset()) for line in lines]
        return not all(steps) or bool(frozenset.intersection(*steps))

    def blame_part(self, claim: Claim, line: Line) -> None:
        """Where one of the paths that a claim is the sum of is wrong, point at what left it."""
        node = claim.meaning.node
        if line.right or node is None or len(claim.parts) < 2:
            return
        i, flows = self.place[node], dict[int, Any]()
        base = self.follows({i})
        for (k, index), flow in base.flows.items():
            if base.order[k].inputs[index] is base.order[i]:
                flows[k] = flows.get(k, 0.0) + flow
        missing, wrong = list(flows.values()), []
        for value, where in claim.parts:
            near = self.judge.rtol * float(np.abs(value).max(initial=0))
            same = [k for k, flow in enumerate(missing) if close(value, flow, near)]
            if same:
                missing.pop(same[0])
            else:
                wrong.append(where)
        if len(wrong) == len(missing) == 1 and wrong[0]:
            line.where = wrong[0]

    def judge_array(self, claim: Claim, line: Line) -> None:
        """Judge an array that is wrong again: does it follow from the learner's results before?"""
        node = claim.meaning.node
        if line.right or line.values is None or not self.lines or node is None:
            return
        roots = _roots(self.lines[of] for of in self._before(node))
        if not roots:
            return
        value = self.right(claim)
        if value is None:
            value = np.zeros_like(line.values[1])
        if close(value, line.values[0], self.judge.rtol * float(np.abs(value).max(initial=0))):
            line.inherit(roots)

    def _before(self, node: Tensor) -> list[Tensor]:
        """Return the nearest tensors on the way to J whose gradients the learner has."""
        found, todo, seen = [], [node], {node}
        for x in todo:
            for user, _ in self.environment.consumers[x]:
                if user in seen:
                    continue
                seen.add(user)
                if user in self.own:
                    found.append(user)
                else:
                    todo.append(user)
        return found

    def judge_formula(self, claim: Claim, line: Line) -> Any:
        """Return the value of a claim from the learner's own gradients; None if it has none."""
        try:
            used = {text: self.environment.meaning(text) for text in claim.uses}
        except UnknownNameError:
            return None
        own = {t: use for t, use in used.items() if use.gradient and use.node in self.lines}
        try:
            value = run(claim, {text: self._argument(text, own.get(text)) for text in used})
        except (FormulaError, KeyError):  # KeyError: what was wrong has no value
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
        return self.own[own.node] * own.scale
