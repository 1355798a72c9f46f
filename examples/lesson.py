"""What the lessons share: options, a place for pictures, and one way to show things.

As a script, a lesson prints its results and writes its pictures to a folder. As a notebook
it shows both where the code stands. `Lesson` does either, so that a lesson is written once.
"""

from __future__ import annotations

import argparse
import sys
import webbrowser
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

BLUE, ORANGE, GREEN, RED = "#1A80C2", "#CC8400", "#009E73", "#D55E00"
"""Colours that the colour-blind tell apart (after Okabe and Ito), on light and dark pages."""

INK = "#747b84"
"""Of letters and axes, as in the style."""

STYLE = Path(__file__).parent / "pictures.mplstyle"


def in_notebook() -> bool:
    """Return whether this runs in a notebook's kernel."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


class Lesson:
    """A lesson under way.

    Parameters
    ----------
    text : str
        The lesson's docstring: its first heading is printed, and ``--help`` shows all of it.
    **numbers : int
        Options with a number, such as ``iterations=600`` for ``--iterations``; they become
        attributes.
    """

    def __init__(self, text: str | None, **numbers: int) -> None:
        self.notebook = in_notebook()
        text = "" if self.notebook or text is None else text.strip()
        parser = argparse.ArgumentParser(
            description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--out", type=Path, default=Path(), help="folder for the pictures")
        parser.add_argument("--show", action="store_true", help="open the pictures")
        for name, default in numbers.items():
            parser.add_argument(f"--{name}", type=int, default=default, metavar="N")
        options = parser.parse_args([] if self.notebook else None)
        self.out: Path = options.out
        self.opened: bool = options.show
        for name in numbers:
            setattr(self, name, getattr(options, name))
        if text:
            print(text.splitlines()[0].lstrip("# "), end="\n\n")

    def tell(self, thing: Any) -> None:
        """Print `thing`; a notebook renders it, formulas and tables included."""
        if self.notebook:
            _display(thing)
        else:
            print(thing, end="\n\n")

    def show(self, picture: Any, name: str) -> None:
        """Write a picture, a Matplotlib figure as PNG, a drawn graph as SVG, or display it.

        Parameters
        ----------
        picture : matplotlib.figure.Figure or graphviz.Digraph
        name : str
            The name of the file, without its ending.
        """
        if self.notebook:
            _display(_png(picture) if hasattr(picture, "savefig") else picture)
            return
        self.out.mkdir(parents=True, exist_ok=True)
        if hasattr(picture, "savefig"):
            path = self.out / f"{name}.png"
            picture.savefig(path)
        else:
            path = self.out / f"{name}.svg"
            path.write_bytes(picture.pipe("svg"))
        print(f"picture: {path}")
        if self.opened:
            webbrowser.open(path.resolve().as_uri())


def _display(thing: Any) -> None:
    from IPython import display

    show: Any = display.display  # it has no types
    show(thing)


def _png(picture: Any) -> Any:
    from IPython import display

    png = BytesIO()
    picture.savefig(png, format="png")
    image: Any = display.Image
    return image(png.getvalue())


def figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 4), **options: Any
) -> Any:
    """Return a Matplotlib figure and its axes, ready to plot into."""
    import matplotlib.style
    from matplotlib.figure import Figure

    matplotlib.style.use(STYLE)
    made = Figure(figsize=size)
    axes = made.subplots(rows, columns, **options)
    return made, axes


def inked(colour: str = INK) -> Any:
    """Return the shades of one colour, from none at all, where the page is seen."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("inked", [f"{colour}00", colour])


def table(rows: Any, headers: Any, style: str = "simple") -> Any:
    """Return rows of cells as a table, for `Lesson.tell`."""
    from tabulate import tabulate

    return tabulate(rows, headers, tablefmt="html" if in_notebook() else style)


def seconds(call: Callable[[], Any], least: float = 0.05) -> float:
    """Return the median time of one call, of as many as fit into `least` seconds."""
    times: list[float] = []
    while sum(times) < least or len(times) < 3:
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return sorted(times)[len(times) // 2]
