"""``python -m nets grade``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .arguments import UserError, choice, flag, folder_at, number, path_of, say, write

GRADE_OPTIONS: dict[str, dict[str, Any]] = {
    "sheet": {
        "metavar": "SHEET",
        "help": "network, softmax, batch_normalisation, or a Python file with graph() and asked",
    },
    "submissions": {
        "metavar": "SUBMISSION", "nargs": "*", "type": Path,
        "help": "files, notebooks, or folders of them. They are run, each in a process of its own "
        "with limits; this is no sandbox",
    },
    "--student": flag("print the text with blanks"),
    "--out": path_of("FILE", "write there (gradescope, several submissions: a folder)"),
    "--format": choice(("table", "csv", "gradescope"), "what is written"),
    "--hints": {
        "type": int, "choices": range(5), "default": 4, "metavar": "N",
        "help": "0 to 4: nothing, where, what kind, which quantity, the repair (default: 4)",
    },
    "--timeout": number(float, 10.0, "S", "seconds for each submission"),
}  # fmt: skip
"""The options of `grade`."""


def run_grade(arguments: argparse.Namespace) -> int:
    """Mark submissions, or print what students get."""
    from .grading import grade
    from .sheets import SheetError, load

    try:
        sheet = load(arguments.sheet)
    except SheetError as error:
        raise UserError(str(error)) from error
    for warning in sheet.hidden:
        sys.stderr.write(f"warning: {warning}\n")
    if arguments.student:
        write(sheet.copy_for_students(), arguments.out)
        return 0
    if not arguments.submissions:
        raise UserError("SUBMISSION: name the files to mark, or --student")
    try:
        grades = grade(
            sheet, arguments.submissions, hints=arguments.hints, timeout=arguments.timeout
        )
    except FileNotFoundError as error:
        raise UserError(str(error)) from error
    if arguments.format == "table" and arguments.out is None:
        say(grades)
    elif arguments.format != "gradescope":
        write(grades.csv() if arguments.format == "csv" else f"{grades}\n", arguments.out)
    elif len(grades) == 1:
        write(grades[0].json(), arguments.out)
    elif arguments.out is None:
        raise UserError("--out: several results.json need a folder to stand in")
    else:
        for graded in grades:
            write(graded.json(), folder_at(arguments.out) / f"{graded.file_name()}.json")
    return 0
