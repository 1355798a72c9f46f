"""From DOT text to a picture: in this process, or by the `dot` program.

1. `Drawing` is a ``graphviz.Digraph`` whose pictures come from one of the two.
2. `render` draws with the Graphviz that pygraphviz brings along; it falls back on the program.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import graphviz

BACKENDS = ("auto", "pygraphviz", "dot")
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
    if chosen == "dot":
        with _program():
            drawn: bytes = graphviz.Source(source, engine=engine).pipe(format=output)
            return drawn
    try:
        return _in_process(source, engine, output)
    except ImportError as error:
        raise GraphvizMissingError(_INSTALL) from error


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

    def _copy_kwargs(self, **kwargs: Any) -> Any:  # graphviz' hook for copy()
        return {**super()._copy_kwargs(**kwargs), "backend": self.backend}

    def _by_program(self, renderer: Any, formatter: Any, neato_no_op: Any) -> bool:
        special = (renderer, formatter, neato_no_op, self.renderer, self.formatter)
        backend = available() if self.backend == "auto" else self.backend
        return backend == "dot" or any(option is not None for option in special)

    def pipe(
        self,
        format: str | None = None,  # noqa: A002 - the name it has in graphviz
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: bool | int | None = None,
        quiet: bool = False,
        *,
        engine: str | None = None,
        encoding: str | None = None,
    ) -> Any:
        """Return the picture: bytes, or text with `encoding`.

        Parameters are those of ``graphviz.Digraph.pipe``.

        Raises
        ------
        GraphvizMissingError
            If neither pygraphviz nor the `dot` program is installed.
        """
        if self._by_program(renderer, formatter, neato_no_op):
            with _program():
                return super().pipe(
                    format, renderer=renderer, formatter=formatter, neato_no_op=neato_no_op,
                    quiet=quiet, engine=engine, encoding=encoding,
                )  # fmt: skip
        drawn = render(self.source, format or self.format, engine or self.engine, self.backend)
        return drawn.decode(encoding) if encoding else drawn

    def render(
        self,
        filename: os.PathLike[str] | str | None = None,
        directory: os.PathLike[str] | str | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,  # noqa: A002 - the name it has in graphviz
        renderer: str | None = None,
        formatter: str | None = None,
        neato_no_op: bool | int | None = None,
        quiet: bool = False,
        quiet_view: bool = False,
        *,
        outfile: os.PathLike[str] | str | None = None,
        engine: str | None = None,
        raise_if_result_exists: bool = False,
        overwrite_source: bool = False,
    ) -> str:
        """Save the DOT text and the picture, and return the path of the picture.

        Parameters are those of ``graphviz.Digraph.render``.

        Raises
        ------
        GraphvizMissingError
            If neither pygraphviz nor the `dot` program is installed.
        """
        if self._by_program(renderer, formatter, neato_no_op):
            with _program():
                saved: str = super().render(
                    filename, directory=directory, view=view, cleanup=cleanup, format=format,
                    renderer=renderer, formatter=formatter, neato_no_op=neato_no_op,
                    quiet=quiet, quiet_view=quiet_view, outfile=outfile, engine=engine,
                    raise_if_result_exists=raise_if_result_exists,
                    overwrite_source=overwrite_source,
                )  # fmt: skip
                return saved
        target = None
        if outfile is not None:
            target = pathlib.Path(
                (self.directory or "") if directory is None else directory, outfile
            )
            format = format or target.suffix[1:].lower() or None  # noqa: A001
            filename = target.with_suffix(".gv") if filename is None else filename
        output = format or self.format
        # Drawn first, so that nothing is written where nothing can be drawn.
        drawn = self.pipe(output, engine=engine)
        source = self.save(filename, directory=directory if target is None else None)
        path = f"{source}.{output}" if target is None else str(target)
        if raise_if_result_exists and os.path.exists(path):
            raise graphviz.FileExistsError(f"output file exists: {path!r}")
        if os.path.abspath(path) == os.path.abspath(source) and not overwrite_source:
            raise ValueError(f"outfile {path!r} is the file of the DOT text; name another")
        pathlib.Path(path).write_bytes(drawn)
        if cleanup:
            os.remove(source)
        if view or quiet_view:
            self._view(path, format=output, quiet=quiet_view)
        return path
