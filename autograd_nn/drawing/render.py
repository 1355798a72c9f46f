"""From DOT text to a picture: in this process, or by the `dot` program.

1. `Drawing` is a ``graphviz.Digraph`` whose pictures come from one of the two.
2. `render` draws with the Graphviz that pygraphviz brings along; it falls back on the program.
"""

from __future__ import annotations

import os
import pathlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import graphviz

from .style import THEME

BACKENDS = ("auto", "pygraphviz", "dot")
_GRAPHVIZ = threading.Lock()
"""Held while Graphviz works in this process: its library keeps global state."""

_INSTALL = (
    "a picture needs Graphviz: pip install pygraphviz (its wheels bring it along), or install "
    "the program, e.g. apt-get install graphviz. The DOT text is in .source without either"
)


class GraphvizMissingError(RuntimeError):
    """There is nothing here that draws."""


class DrawingError(RuntimeError):
    """Graphviz could not draw the text."""


def _in_process(source: str, engine: str, output: str) -> bytes:
    import pygraphviz

    with _GRAPHVIZ:
        try:
            graph = pygraphviz.AGraph(string=source)
        except pygraphviz.DotError as error:
            raise DrawingError("this is no DOT text; what is wrong stands on stderr") from error
        try:
            drawn: bytes | None = graph.draw(format=output, prog=engine)
        except (OSError, TypeError, ValueError) as error:  # TypeError: an unknown format
            message = f"Graphviz cannot draw this as {output!r} with {engine!r}: {error}"
            raise DrawingError(message) from error
        finally:
            graph.close()
    if not drawn:
        raise DrawingError(f"Graphviz drew nothing as {output!r} with the engine {engine!r}")
    return drawn


@contextmanager
def _program() -> Iterator[None]:
    """Raise the error with the line that installs what is missing where there is no `dot`."""
    try:
        yield
    except graphviz.ExecutableNotFound as error:
        raise GraphvizMissingError(_INSTALL) from error


def available() -> str:
    """Return ``"pygraphviz"`` where that can be imported, and ``"dot"`` otherwise."""
    try:
        import pygraphviz  # noqa: F401 - whether it can be is the question
    except ImportError:
        return "dot"
    return "pygraphviz"


def render(source: str, output: str, engine: str = "dot", backend: str = "auto") -> bytes:
    """Return the picture of a DOT text.

    Parameters
    ----------
    source : str
        DOT.
    output : str
        Format: ``"svg"``, ``"png"``, ``"pdf"``, or another of Graphviz'.
    engine : str
        Layout: ``"dot"``, ``"neato"``, …
    backend : {"auto", "pygraphviz", "dot"}
        Draw in this process or by the program; ``"auto"``: in this process where possible.

    Raises
    ------
    GraphvizMissingError
        If what should draw is not installed.
    DrawingError
        If Graphviz refuses the text or the format.
    """
    chosen = available() if backend == "auto" else backend
    try:
        if chosen == "dot":
            with _program():
                return _themed(graphviz.Source(source, engine=engine).pipe(format=output))
        return _themed(_in_process(source, engine, output))
    except ImportError as error:
        raise GraphvizMissingError(_INSTALL) from error


def _themed(drawn: bytes) -> bytes:
    """Return an SVG that follows the light or dark page it stands on; all else as it is."""
    if not drawn.startswith((b"<?xml", b"<svg")):
        return drawn
    return drawn.replace(b"<g id=", f"<style>{THEME}</style>\n<g id=".encode(), 1)


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A ``graphviz.Digraph`` that draws in this process, without the `dot` program.

    ``.source``, ``.save()``, ``.pipe()``, ``.render()``, ``.view()`` and the display in notebooks
    are those of `graphviz.Digraph`; where neither pygraphviz nor the program is installed, they
    raise `GraphvizMissingError`. An SVG follows the light or dark page that it stands on.

    Attributes
    ----------
    backend : str
        ``"auto"``, ``"pygraphviz"`` or ``"dot"``; may be assigned.
    """

    def __init__(self, *args: Any, backend: str = "auto", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if backend not in BACKENDS:
            raise ValueError(f"backend is one of {', '.join(BACKENDS)}; got {backend!r}")
        self.backend = backend

    # What follows are graphviz' own hooks, for copy(), pipe() and render().

    def _copy_kwargs(self, **kwargs: Any) -> Any:
        return {**super()._copy_kwargs(**kwargs), "backend": self.backend}

    @property
    def _pipe_lines(self) -> Callable[..., bytes]:
        return self._drawn

    @property
    def _pipe_lines_string(self) -> Callable[..., str]:
        return lambda *args, encoding, **given: self._drawn(*args, **given).decode(encoding)

    def _drawn(self, engine: str, output: str, lines: Iterator[str], **given: Any) -> bytes:
        if not self._by_program(given):
            return render("".join(lines), output, engine, self.backend)
        with _program():
            encoded = {"input_encoding": self.encoding, **given}
            return _themed(super()._pipe_lines(engine, output, lines, **encoded))

    @property
    def _render(self) -> Callable[..., str]:
        return self._written

    def _written(self, engine: str, output: str, source: str, **given: Any) -> str:
        path = str(given["outfile"] or f"{source}.{output}")
        if self._by_program(given):
            with _program():
                super()._render(engine, output, source, **given)
            drawn = _themed(pathlib.Path(path).read_bytes())
        elif given["raise_if_result_exists"] and os.path.exists(path):
            raise graphviz.FileExistsError(f"output file exists: {path!r}")
        elif os.path.abspath(path) == os.path.abspath(source) and not given["overwrite_filepath"]:
            raise ValueError(f"outfile {path!r} is the file of the DOT text; name another")
        else:
            drawn = render(self.source, output, engine, self.backend)
        pathlib.Path(path).write_bytes(drawn)
        return path

    def _by_program(self, given: dict[str, Any]) -> bool:
        backend = available() if self.backend == "auto" else self.backend
        special = ("renderer", "formatter", "neato_no_op")
        return backend == "dot" or any(given.get(option) is not None for option in special)
