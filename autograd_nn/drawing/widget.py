"""The page of `explore` as a widget for notebooks, from the same source."""

from __future__ import annotations

import pathlib
from functools import cache
from typing import Any

_MODULE = pathlib.Path(__file__).with_name("widget.js")


@cache
def widget_class() -> type:
    """Return the class of widgets, which needs anywidget.

    Raises
    ------
    ImportError
        With the line that installs it.
    """
    try:
        import anywidget
        from traitlets import Dict, Int, Unicode
    except ImportError as error:
        raise ImportError(
            "a widget needs anywidget: pip install anywidget (or 'autograd-nn[widget]'); without "
            "it, the page itself shows in a notebook"
        ) from error

    class Widget(anywidget.AnyWidget):
        """The page in an output of a notebook."""

        step = Int(0, help="which step is shown").tag(sync=True)
        values: Any = Dict(help="what is in the leaves, by name, row after row").tag(sync=True)
        markup = Unicode().tag(sync=True)
        height = Int().tag(sync=True)

        def __init__(self, markup: str, script: str, height: int) -> None:
            self._esm = _MODULE.read_text(encoding="utf-8").replace("__SCRIPT__", script)
            super().__init__(markup=markup, height=height)

    return Widget
