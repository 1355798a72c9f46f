"""What a training leaves behind: its numbers by iteration, as arrays, a table or a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_nn.formulas.equations import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOOK: dict[Any, Any] = {
    "figure.facecolor": "none", "axes.facecolor": "none", "axes.labelcolor": INK,
    "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "grid.color": INK,
}  # fmt: skip


@dataclass
class History:
    """What `train` leaves behind, however it ends: it is `net.history` too.

    Attributes
    ----------
    cost : list of float
        One value an iteration: the mean cost that its steps met, each before its own update.
    held_out : dict of str to list of float
        Other numbers of every iteration: ``"validation_cost"``, and the metrics by name.
    ended : str
        Why the training ended: ``"iterations"``, ``"patience"``, ``"callback"``,
        ``"interrupted"`` or ``"diverged"``; ``""`` while it is under way.
    best : int or None
        The iteration whose weights were the best, where that was looked at.

    Examples
    --------
    >>> history = History([2.0, 1.0], {"validation_cost": [2.5, 1.5]})
    >>> history["validation_cost"]
    array([2.5, 1.5])
    >>> len(history)
    2
    """

    cost: list[float] = field(default_factory=list)
    held_out: dict[str, list[float]] = field(default_factory=dict)
    ended: str = ""
    best: int | None = None

    def add(self, values: Mapping[str, float]) -> None:
        """Add the numbers of an iteration."""
        for name, value in values.items():
            place = self.cost if name == "cost" else self.held_out.setdefault(name, [])
            place.append(float(value))

    def __len__(self) -> int:
        return len(self.cost)

    def __getitem__(self, name: str) -> Any:
        return np.array(self.cost if name == "cost" else self.held_out[name])

    def arrays(self) -> dict[str, Any]:
        """Return ``{"cost": array, …}``, one value an iteration in each."""
        return {name: self[name] for name in ("cost", *self.held_out)}

    def to_frame(self) -> Any:
        """Return a pandas DataFrame, a row an iteration.

        Raises
        ------
        ImportError
            Without pandas.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("a DataFrame needs pandas: pip install pandas") from error
        return pd.DataFrame(self.arrays()).rename_axis("iteration")

    def plot(self, title: str = "training") -> Figure:
        """Return a matplotlib figure of every number over the iterations.

        It has no background, and letters of a grey that can be read on white and on black.
        """
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        with rc_context(_LOOK):
            figure = Figure(figsize=(6.4, 4), layout="constrained")
            axes = figure.subplots()
        colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
        for place, (name, values) in enumerate(self.arrays().items()):
            few = "o" if len(values) < 20 else None
            steps = range(1, len(values) + 1)
            axes.plot(steps, values, label=name.replace("_", " "),
                      color=colours[place % len(colours)], marker=few)  # fmt: skip
        axes.set_xlabel("iteration")
        axes.set_title(title, color=INK)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        if self.held_out:
            axes.legend(frameon=False, labelcolor=INK)
        return figure

    def _repr_png_(self) -> bytes | None:
        """Return the plot, for notebooks; None before the first iteration or without Matplotlib."""
        try:
            figure = self.plot() if self.cost else None
        except ImportError:
            return None
        picture = io.BytesIO()
        if figure is not None:
            figure.savefig(picture, format="png", dpi=100)
        return picture.getvalue() or None


class CSVLog:
    """A callback of `train` that writes a line of comma-separated numbers an iteration.

    Every line is on disk when the next iteration begins. A training that is resumed goes on in
    the same file.

    Parameters
    ----------
    path : path-like
    overwrite : bool
        Whether a file that is there already may be replaced, where the training begins anew.

    Raises
    ------
    FileExistsError
        At the first iteration, if the file is there and may not be replaced.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False) -> None:
        self.path = Path(path)
        self._overwrite = overwrite
        self._begun = False

    def __call__(self, iteration: int, values: Mapping[str, float]) -> None:
        """Write the numbers of an iteration."""
        if not self._begun and iteration == 0:
            with self.path.open("w" if self._overwrite else "x", newline="") as file:
                csv.writer(file).writerow(["iteration", *values])
        elif not self._begun:  # resumed: what is there of the iterations to come is repeated
            lines = self.path.read_text().splitlines(keepends=True)
            self.path.write_text("".join(lines[: iteration + 1]))
        self._begun = True
        with self.path.open("a", newline="") as file:
            csv.writer(file).writerow([iteration, *values.values()])
