"""What the command line takes: numbers in their range, files and folders, errors in one line."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a parser of finite numbers above 0."""

    def parse(text: str) -> Any:
        try:
            value = kind(text)
            usable = math.isfinite(value) and value > 0
        except (ValueError, OverflowError):
            usable = False
        if not usable:
            what = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {what} above 0")
        return value

    return parse


def seed_number(text: str) -> int:
    """Return a seed that both NumPy and scikit-learn take."""
    if not (text.isdecimal() and len(text) <= 10 and int(text) < 2**32):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to {2**32 - 1}")
    return int(text)


def number(kind: Any, default: Any, letter: str, text: str) -> dict[str, Any]:
    """Return the settings of an option that takes a number above 0."""
    said = f"{text} (default: {default})"
    return {"type": positive(kind), "default": default, "metavar": letter, "help": said}


def choice(choices: Sequence[str], text: str) -> dict[str, Any]:
    """Return the settings of an option that takes one of some words, the first by default."""
    return {"choices": choices, "default": choices[0], "help": f"{text} (default: {choices[0]})"}


def path_of(letter: str, text: str) -> dict[str, Any]:
    """Return the settings of an option that takes a path."""
    return {"type": Path, "default": None, "metavar": letter, "help": text}


def flag(text: str) -> dict[str, Any]:
    """Return the settings of an option that takes nothing."""
    return {"action": "store_true", "help": text}


class Parser(argparse.ArgumentParser):
    """Errors in one line, exit code 2."""

    def error(self, message: str) -> Any:
        """Leave with the message, its program named."""
        self.exit(2, f"{self.prog}: error: {message} (--help shows how)\n")


class UserError(Exception):
    """Something about the arguments that only shows when they are used."""


def folder_at(path: Path) -> Path:
    """Return the folder `path`, made if it was missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--out: {path} cannot be made or used: {error.strerror}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise UserError(f"--out: {path} cannot be written to")
    return path


def fitted(text: str, width: int) -> str:
    """Return text with lines of `width` at most: what is too long goes on beneath, indented.

    The columns of a table, which two spaces separate, move together, and stay whole if they can.

    >>> print(fitted("delta3          right     2.78e-17", 17))
    delta3  right
        2.78e-17
    """
    lines = []
    for line in text.split("\n"):
        parts = re.split(r"(?<=\S) {2,}", line) if len(line) > width else [line]
        now = "-" * width if len(parts) > 1 and set(line) == {"-", " "} else parts[0]
        for part in parts[1:] if now == parts[0] else ():
            if len(now) + 2 + len(part) > width:
                lines.append(now)
                now = f"    {part}"
            else:
                now += f"  {part}"
            *done, now = textwrap.wrap(now, width, subsequent_indent=" " * 4)
            lines += done
        lines += textwrap.wrap(now, width, subsequent_indent=" " * 4) if len(now) > width else [now]
    return "\n".join(lines)


def say(text: object, end: str = "\n") -> None:
    """Print text, fitted into the terminal where it goes to one (or ``COLUMNS`` says how wide)."""
    width = shutil.get_terminal_size((0, 0)).columns
    sys.stdout.write((fitted(str(text), max(width, 20)) if width else str(text)) + end)


def tell(form: str, found: Any, text: object, latex: str = "") -> None:
    """Print an outcome in the form of ``--format``: as JSON, LaTeX, or text that fits."""
    if form == "text":
        say(text)
    else:
        said = json.dumps(found, indent=2, ensure_ascii=False) if form == "json" else latex
        sys.stdout.write(f"{said}\n")


def write(text: str, path: Path | None) -> None:
    """Write `text` to a file and print its path, or print the text."""
    if path is None:
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"--out: {path} cannot be written: {error.strerror}") from error
    sys.stdout.write(f"{path}\n")
