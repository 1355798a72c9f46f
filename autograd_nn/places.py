"""Where the user's code stands that led here: for errors and warnings that point at it."""

from __future__ import annotations

import linecache
import sys
import warnings
from types import FrameType


def _users_frame() -> FrameType:
    """Return the innermost frame that is neither this package's nor a library's."""
    frame = sys._getframe(1)
    inside = (__name__.partition(".")[0], "numpy", "scipy", "contextlib", "copy", "copyreg")
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in inside:
        frame = frame.f_back
    return frame


def library_function(library: str) -> str | None:
    """Return the function of `library` that the user called, where the call came through one."""
    frame, found = sys._getframe(1), None
    users = _users_frame()
    while frame is not users and frame.f_back:
        module, name = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        if module.partition(".")[0] == library and name in frame.f_globals:
            public = [part for part in module.split(".") if part[:1] != "_"]
            found = ".".join([*public, name])
        frame = frame.f_back
    return found


def users_place() -> tuple[str, int, str]:
    """Return file, line and function of the innermost frame that is the user's."""
    frame = _users_frame()
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


def users_code() -> str:
    """Return file, line and code of the place that is the user's."""
    file, line, _ = users_place()
    return f"{file}, line {line}{code_at(file, line)}"


def code_at(file: str, line: int) -> str:
    """Return ``: `` and the code of a line, or nothing where it cannot be read."""
    code = linecache.getline(file, line).strip()
    return f": {code}" if code else ""


def warn_user(text: str) -> None:
    """Warn at the user's line, once for each."""
    frame = _users_frame()
    module = frame.f_globals.get("__name__", "__main__")
    seen = frame.f_globals.setdefault("__warningregistry__", {})
    file = frame.f_code.co_filename
    warnings.warn_explicit(text, UserWarning, file, frame.f_lineno, module, seen)
