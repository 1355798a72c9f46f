"""What the command line takes: numbers in their range, files and folders, errors in one line."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable
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
