"""Sheets for a class: what is asked, and of which computation.

A sheet is a Python file with

- ``graph()``, which returns J, recorded, its tensors named;
- ``asked``, a dict of the gradients that are asked for and the points for each;
- ``title`` and ``student``, the text with blanks that a student gets; both may be left out;
- ``samples``, if J does not say over how many samples it is the mean.

Ready ones are `network`, `softmax` and `batch_normalisation`: ``load("softmax")``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from autograd_nn import Tensor, gradients
from autograd_nn import verify as check
from autograd_nn.core.graph import topological_order
from autograd_nn.derivation import UnknownNameError
from autograd_nn.derivation.names import Environment

from ..verification import FormulasError, load_formulas

READY = ("network", "softmax", "batch_normalisation")


class SheetError(ValueError):
    """A sheet cannot be used. The message says why."""


@dataclass
class Sheet:
    """What is asked of a class.

    Attributes
    ----------
    title : str
    J : Tensor
        The recorded scalar.
    asked : dict of str to float
        Gradient → points.
    student : str
        The text with blanks.
    samples : int or None
        Over how many samples `J` is the mean, where it does not say so.
    """

    title: str
    J: Tensor
    asked: dict[str, float]
    student: str = ""
    samples: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.J, Tensor) or self.J.size != 1 or self.J.op is None:
            raise SheetError("graph() returns J, one recorded number (a Tensor)")
        if not isinstance(self.asked, dict) or not self.asked:
            raise SheetError('asked is a dict of gradients and points, e.g. {"dW1": 2, "db1": 1}')
        environment = Environment(self.J, self.samples)
        self.answers: dict[str, Any] = {}
        for name, points in self.asked.items():
            if not isinstance(points, (int, float)) or not points > 0:
                raise SheetError(f"asked[{name!r}] is {points!r}; points are a number above 0")
            try:
                meaning = environment.meaning(name)
            except UnknownNameError as error:
                raise SheetError(f"asked: {error}") from error
            if not meaning.gradient or meaning.node is None:
                raise SheetError(f"asked: {name!r} is a value; gradients are asked for, as dW1")
            self.answers[name] = gradients(self.J, [meaning.node])[0] * meaning.scale
        if not any(map(np.any, self.answers.values())):
            raise SheetError(
                "every gradient asked for is 0 on these inputs (is the residual zero?): no "
                "mistake would show. Take other inputs"
            )

    @cached_property
    def given(self) -> dict[str, Any]:
        """The values that a submission may use, by name."""
        return {node.name: node.numpy() for node in topological_order([self.J]) if node.name}

    @cached_property
    def hidden(self) -> list[str]:
        """Mistakes that these inputs would not reveal."""
        return check(self.J, self.answers, samples=self.samples).warnings

    def copy_for_students(self) -> str:
        """Return the text with blanks, headed by what is given."""
        told = [f"{name} {value.shape}" for name, value in self.given.items() if name != "J"]
        lines, line = [], "#"
        for part in told:
            if len(line) + len(part) > 86:
                lines.append(line)
                line = "#"
            line += f" {part},"
        lines.append(line.rstrip(","))
        blanks = self.student.strip() or "\n".join(f"{name} = ..." for name in self.asked)
        head = f"# {self.title}\n#\n# Given, as NumPy arrays:\n" if self.title else ""
        return f"{head}{chr(10).join(lines)}\n\n{blanks}\n"


def load(sheet: str | Path) -> Sheet:
    """Return a ready sheet by its name, or the one in a Python file, which is run.

    Parameters
    ----------
    sheet : str or path-like
        ``"network"``, ``"softmax"``, ``"batch_normalisation"``, or a file.

    Raises
    ------
    SheetError
        If it cannot be read, or asks for nothing that could be judged.
    """
    path = Path(sheet)
    if str(sheet) in READY:
        path = Path(__file__).with_name(f"{sheet}.py")
    elif not path.exists():
        raise SheetError(f"there is no sheet {sheet}; ready ones are {', '.join(READY)}")
    try:
        module = load_formulas(path)
    except FormulasError as error:
        raise SheetError(str(error)) from error
    missing = [name for name in ("graph", "asked") if not hasattr(module, name)]
    if missing:
        raise SheetError(f"{sheet}: a sheet has graph() and asked; it lacks {missing[0]}")
    title = getattr(module, "title", "")
    student, samples = getattr(module, "student", ""), getattr(module, "samples", None)
    try:
        return Sheet(title, module.graph(), dict(module.asked), student, samples)
    except SheetError as error:
        raise SheetError(f"{sheet}: {error}") from error
    except Exception as error:
        raise SheetError(f"{sheet}: {type(error).__name__}: {error}") from error
