"""From DOT text to a picture: in this process, or by the `dot` program.

1. `Drawing` is a ``graphviz.Digraph`` whose pictures come from one of the two.
2. `render` draws with the Graphviz that pygraphviz brings along; it falls back on the program.
"""

from __future__ import annotations

import inspect
import os
import pathlib
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import graphviz

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
    if chosen == "dot":
        with _program():
            drawn: bytes = graphviz.Source(source, engine=engine).pipe(format=output)
            return drawn
    try:
        return _in_process(source, engine, output)
    except ImportError as error:
        raise GraphvizMissingError(_INSTALL) from error


def _given(method: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Return the arguments of a call of graphviz' `method` by name, with its defaults."""
    bound = inspect.signature(method).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.arguments


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A ``graphviz.Digraph`` that draws in this process, without the `dot` program.

    ``.source``, ``.save()``, ``.pipe()``, ``.render()``, ``.view()`` and the display in notebooks
    are those of `graphviz.Digraph`.

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
            shown["text/html"] = f"<div style='overflow-x:auto'>{whole}</div>"
        return shown

    def _copy_kwargs(self, **kwargs: Any) -> Any:  # graphviz' hook for copy()
        return {**super()._copy_kwargs(**kwargs), "backend": self.backend}

    def _by_program(self, given: dict[str, Any]) -> bool:
        special = (given["renderer"], given["formatter"], given["neato_no_op"])
        backend = available() if self.backend == "auto" else self.backend
        asked = (*special, self.renderer, self.formatter)
        return backend == "dot" or any(option is not None for option in asked)

    def pipe(self, *args: Any, **kwargs: Any) -> Any:
        """Return the picture: bytes, or text with `encoding`.

        Parameters are those of ``graphviz.Digraph.pipe``.

        Raises
        ------
        GraphvizMissingError
            If neither pygraphviz nor the `dot` program is installed.
        """
        given = _given(graphviz.Digraph.pipe, self, *args, **kwargs)
        if self._by_program(given):
            with _program():
                return super().pipe(*args, **kwargs)
        drawn = render(
            self.source,
            given["format"] or self.format,
            given["engine"] or self.engine,
            self.backend,
        )
        return drawn.decode(given["encoding"]) if given["encoding"] else drawn

    pipe.__wrapped__ = graphviz.Digraph.pipe  # type: ignore[attr-defined]  # has its signature

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Save the DOT text and the picture, and return the path of the picture.

        Parameters are those of ``graphviz.Digraph.render``.

        Raises
        ------
        GraphvizMissingError
            If neither pygraphviz nor the `dot` program is installed.
        """
        given = _given(graphviz.Digraph.render, self, *args, **kwargs)
        if self._by_program(given):
            with _program():
                saved: str = super().render(*args, **kwargs)
                return saved
        filename, directory, output = given["filename"], given["directory"], given["format"]
        target = None
        if given["outfile"] is not None:
            target = pathlib.Path(
                (self.directory or "") if directory is None else directory, given["outfile"]
            )
            output = output or target.suffix[1:].lower()
            filename = target.with_suffix(".gv") if filename is None else filename
        output = output or self.format
        # Drawn first, so that nothing is written where nothing can be drawn.
        drawn = self.pipe(output, engine=given["engine"])
        source = self.save(filename, directory=directory if target is None else None)
        path = f"{source}.{output}" if target is None else str(target)
        if given["raise_if_result_exists"] and os.path.exists(path):
            raise graphviz.FileExistsError(f"output file exists: {path!r}")
        if os.path.abspath(path) == os.path.abspath(source) and not given["overwrite_source"]:
            raise ValueError(f"outfile {path!r} is the file of the DOT text; name another")
        pathlib.Path(path).write_bytes(drawn)
        if given["cleanup"]:
            os.remove(source)
        if given["view"] or given["quiet_view"]:
            self._view(path, format=output, quiet=given["quiet_view"])
        return path

    render.__wrapped__ = graphviz.Digraph.render  # type: ignore[attr-defined]  # has its signature
