"""An exercise as a course sets it: a forward pass, a right script, and mistakes in it.

All of it is text of NumPy statements. The forward pass is run on Tensors for the graph and on
arrays for the script. A mistake is a substitution in the script, labelled before anything is run:
the name whose line is wrong, and the kind.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_nn import Tensor, verify
from autograd_nn.derivation import Report

KINDS = {
    "sign": r"sign|−1|subtract|take away|add",
    "factor": r"factor|multiply|divide|times|½|0\.5|twice|number of",
    "mean": r"1/|divide|mean|number of|factor|times",
    "slope": r"stands where|f′|derivative|slope|h′|1 − |square|multiply|factor|power|\*\*",
    "transpose": r"transpose|order|\.T",
    "path": r"path|left out|term|use|add|missing|twice|take away",
    "axis": r"axis|sum|row|column|broadcast",
    "operand": r"stands where|belongs|in place of|instead|for |uses|should|multiply|too many",
    "power": r"stands where|power|factor|square|\*\*|divide|multiply|1/",
    "once": r"=|last|first|repeat|\+=|left out|several|path|only|step|sample",
    "step": r"step|time|t =|path|left out|shift|off by one|carried",
    "product": r"elementwise|matrix product|@|\*",
    "one-hot": r"one-hot|1 at|y|label|subtract|left out|add",
    "shape": r"shape|reshape|axis",
    "mask": r"mask|where|f′|zero|factor|> 0|multiply|derivative",
    "forgotten": r"f′|factor|missing|left out|multiply|path|add|divide|stands where|one term too",
}
"""Kind of mistake → what the words of a true reason for it contain."""


class Mistake(NamedTuple):
    """A substitution in a right script.

    Attributes
    ----------
    where : str
        The name, as the script has it, that the mistake leaves wrong first.
    kind : str
        A key of `KINDS`.
    old, new : str
        Every occurrence of `old` is replaced, or the one of which `old` is enough.
    """

    where: str
    kind: str
    old: str
    new: str


class Exercise(NamedTuple):
    """An exercise.

    Attributes
    ----------
    name : str
        Course and topic.
    setup : str
        Makes the data and the parameters.
    leaves : str
        Which of them are leaves of the graph, separated by blanks. Without any, the graph is
        recorded from `forward`.
    forward : str
        The forward pass.
    cost : str
        What its result is called.
    backward : str
        A right script.
    mistakes : list of Mistake
    spellings : list of tuple
        Further right scripts: whole ones, or pairs of texts to be exchanged.
    """

    name: str
    setup: str
    leaves: str
    forward: str
    cost: str
    backward: str
    mistakes: list[Mistake]
    spellings: Sequence[Any] = ()

    def wrong(self, mistake: Mistake) -> str:
        """Return the script with a mistake."""
        assert mistake.old in self.backward, (self.name, mistake)
        return self.backward.replace(mistake.old, mistake.new)

    def right(self) -> list[str]:
        """Return all right scripts."""
        changed = [self.backward.replace(*s) if isinstance(s, tuple) else s for s in self.spellings]
        return [self.backward, *changed]

    def values(self) -> dict[str, Any]:
        """Return what a learner has before the backward pass: arrays by name."""
        space: dict[str, Any] = {"np": np}
        exec(self.setup + self.forward, space)  # noqa: S102 - our own text
        space.pop("__builtins__")
        return space

    def graph(self) -> Tensor:
        """Return the cost, its tensors named as in the forward pass."""
        space: dict[str, Any] = {"np": np}
        exec(self.setup, space)  # noqa: S102 - our own text
        for name in self.leaves.split():
            space[name] = Tensor(np.asarray(space[name], dtype=float), True, name)
        exec(self.forward, space)  # noqa: S102 - our own text
        for name, value in space.items():
            if isinstance(value, Tensor) and not value.name:
                value.name = name
        cost: Tensor = space[self.cost]
        return cost

    def judged(self, script: str) -> Report:
        """Return the report on a script; what it prints is not shown."""
        with contextlib.redirect_stdout(io.StringIO()):
            return self._judged(script)

    def _judged(self, script: str) -> Report:
        if self.leaves:
            return verify(self.graph(), script=script, names=self.values())
        space: dict[str, Any] = {"np": np}
        exec(self.setup, space)  # noqa: S102 - our own text
        return verify(forward=self.forward, script=script, names=space)


def mistakes(text: str) -> list[Mistake]:
    """Read mistakes: a line each, ``where | kind | old → new``."""
    found = []
    for line in text.strip().splitlines():
        where, kind, change = (part.strip() for part in line.split(" | ", 2))
        old, _, new = change.partition(" →")
        new = new.removeprefix(" ")
        assert kind in KINDS, line
        found.append(Mistake(where, kind, old.replace("\\n", "\n"), new.replace("\\n", "\n")))
    return found
