"""From DOT text to a picture: in this process, or by the `dot` program.

`Drawing` is a ``graphviz.Digraph`` whose pictures come from the Graphviz that pygraphviz brings
along, or from the program where that is missing.
"""

from __future__ import annotations

import os
import pathlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import graphviz

from .style import NOTEBOOK, THEME

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

    with _GRAPHVIZ, _messages():
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
def _messages() -> Iterator[None]:
    """Pass on what C code writes on stderr, except what Fontconfig says of the system's files.

    A notebook would show that as an error.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            file.seek(0)
            for line in file:
                if not line.startswith(b"Fontconfig warning"):
                    os.write(2, line)


@contextmanager
def _installed() -> Iterator[None]:
    """Raise the error with the line that installs what is missing."""
    try:
        yield
    except (ImportError, graphviz.ExecutableNotFound) as error:
        raise GraphvizMissingError(_INSTALL) from error


def available() -> str:
    """Return ``"pygraphviz"`` where that can be imported, and ``"dot"`` otherwise."""
    try:
        import pygraphviz  # noqa: F401 - whether it can be is the question
    except ImportError:
        return "dot"
    return "pygraphviz"


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

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the picture for a notebook, where a wide one scrolls; else what is missing."""
        try:
            shown: dict[str, Any] = super()._repr_mimebundle_(*args, **kwargs)
        except GraphvizMissingError as error:
            return {"text/plain": str(error)}
        svg = shown.get("image/svg+xml", "")
        if svg:
            whole = svg[svg.index("<svg") :].replace("<svg", "<svg style='max-width:none'", 1)
            whole = whole.replace(THEME, NOTEBOOK)
            shown["text/html"] = f"<div style='overflow-x:auto'>{whole}</div>"
        return shown

    def render(self, filename: Any = None, *args: Any, **given: Any) -> str:
        """Write the picture and return its path, as in ``render("J.svg")``.

        A name that ends in .svg, .png or .pdf is that of the picture, and no other file is left.
        Otherwise parameters and files are those of ``graphviz.Digraph.render``.
        """
        kind = pathlib.Path(filename or "").suffix.lower()
        if kind in (".svg", ".png", ".pdf") and not args and given.keys() <= {"cleanup", "view"}:
            given = {"cleanup": True, **given, "outfile": filename}
            filename = None
        written: str = super().render(filename, *args, **given)
        return written

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
        with _installed():
            if not self._by_program(given):
                return _themed(_in_process("".join(lines), engine, output))
            encoded = {"input_encoding": self.encoding, **given}
            return _themed(super()._pipe_lines(engine, output, lines, **encoded))

    @property
    def _render(self) -> Callable[..., str]:
        return self._written

    def _written(self, engine: str, output: str, source: str, **given: Any) -> str:
        path = str(given["outfile"] or f"{source}.{output}")
        if self._by_program(given):
            with _installed():
                super()._render(engine, output, source, **given)
            drawn = _themed(pathlib.Path(path).read_bytes())
        elif given["raise_if_result_exists"] and os.path.exists(path):
            raise graphviz.FileExistsError(f"output file exists: {path!r}")
        elif os.path.abspath(path) == os.path.abspath(source) and not given["overwrite_filepath"]:
            raise ValueError(f"outfile {path!r} is the file of the DOT text; name another")
        else:
            drawn = self._drawn(engine, output, iter(self))
        pathlib.Path(path).write_bytes(drawn)
        return path

    def _by_program(self, given: dict[str, Any]) -> bool:
        backend = available() if self.backend == "auto" else self.backend
        special = ("renderer", "formatter", "neato_no_op")
        return backend == "dot" or any(given.get(option) is not None for option in special)
