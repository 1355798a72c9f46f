"""Lines of LaTeX as a picture, by matplotlib's mathtext: no LaTeX installation is needed."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

INK = "#747b84"
"""A grey that stands out from white and from black alike: there is no background."""

_LINE = 0.62
"""Inches from one line to the next, at 14 points, fractions included."""


def render(lines: Sequence[str], path: str | PathLike[str], size: float = 14.0) -> Path:
    """Write lines of math-mode LaTeX to a picture, one beneath the other.

    Parameters
    ----------
    lines : sequence of str
        Without dollar signs.
    path : path-like
        The file; its ending says which kind: ``.svg``, ``.png``, ``.pdf``.
    size : float
        Of the type, in points.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ValueError
        If the ending is of no kind of picture that matplotlib writes.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    path = Path(path)
    figure = Figure(figsize=(1, 1), facecolor="none")
    if path.suffix.lstrip(".").lower() not in FigureCanvasAgg(figure).get_supported_filetypes():
        raise ValueError(f"{path.name!r} does not end like a picture: use .svg, .png or .pdf")
    step = _LINE * size / 14
    for i, line in enumerate(lines):
        figure.text(0, -i * step, f"${line}$", fontsize=size, va="baseline", color=INK)
    metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
    with mpl.rc_context({"svg.hashsalt": "derivation", "mathtext.fontset": "cm"}):
        figure.savefig(path, bbox_inches="tight", pad_inches=0.2, dpi=150, metadata=metadata)
    return path


class Equations:
    """Lines of LaTeX that stand beneath each other, aligned at their equals signs."""

    @property
    def lines(self) -> list[str]:
        """Each line as LaTeX for math mode."""
        raise NotImplementedError

    @property
    def latex(self) -> str:
        """All lines as one LaTeX environment for math mode."""
        rows = [row.replace(" = ", " &= ", 1) for row in self.lines]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def render(self, outfile: str | PathLike[str]) -> Path:
        """Write the lines to a picture (``.svg``, ``.png``, ``.pdf``) and return its path."""
        return render(self.lines, outfile)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex}$"
