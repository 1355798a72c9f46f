"""Grading a class: submissions run apart, their arrays judged, marks with reasons.

1. `run` runs one submission in a process of its own and takes its arrays back.
2. `grade` does it for a class, and judges the arrays against the sheet's graph.
3. `Grades` is the outcome: a table, a CSV, Gradescope's results.json.

The process has limits of time and memory, gets inputs only and hands arrays back; what it prints
is cut off. That contains mistakes and endless loops. It is no sandbox: a submission can read and
write what its user can. Grade strangers' work in a container.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from autograd_nn import verify
from autograd_nn.core.graph import topological_order
from autograd_nn.derivation import Line, UnknownNameError
from autograd_nn.derivation.verify.script import text_of as statements_of

from . import submission
from .sheets import Sheet, load

MEMORY = 1 << 30
"""Bytes of address space that a submission may use (Linux and macOS)."""

_BLANK = "not answered"
_TAKEN = (".py", ".ipynb")
_TEXTS = (".txt", ".pdf", ".doc", ".docx", ".odt", ".rtf", ".zip")
"""What is handed in by mistake: said so, and no mark."""


@dataclass
class Mark:
    """The mark of one gradient.

    Attributes
    ----------
    name : str
        The gradient.
    points, of : float
        What it got, and could get.
    verdict : str
        As in a `Report`; ``"not answered"`` where there is no array of the name.
    reason : str
        The first explanation in words, empty if there is none.
    hint : str
        What the student is told.
    follows : bool
        Whether it is right given an earlier mistake: the points are given.
    """

    name: str
    points: float
    of: float
    verdict: str
    reason: str = ""
    hint: str = ""
    follows: bool = False


@dataclass
class Graded:
    """One submission.

    Attributes
    ----------
    name : str
    marks : list of Mark
        In the order of the sheet.
    problem : str
        Why there are no marks: it does not run, takes too long, …
    seconds : float
        How long it ran.
    """

    name: str
    marks: list[Mark]
    problem: str = ""
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The sum of the points."""
        return sum(mark.points for mark in self.marks)

    @property
    def of(self) -> float:
        """What could be got."""
        return sum(mark.of for mark in self.marks)

    def file_name(self) -> str:
        """Return the submission's name as that of a file."""
        return re.sub(r"[^\w.-]", "_", self.name)

    def json(self) -> str:
        """Return it as Gradescope's results.json has it."""
        tests = [
            {
                "name": mark.name,
                "score": mark.points,
                "max_score": mark.of,
                "status": "passed" if mark.points == mark.of else "failed",
                "output": "\n".join(filter(None, (mark.verdict, mark.hint))),
            }
            for mark in self.marks
        ]
        output = "\n".join(filter(None, (self.problem, *self.notes)))
        whole = {"score": self.points, "execution_time": round(self.seconds, 3),
                 "output": output, "tests": tests}  # fmt: skip
        return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


class Grades(list[Graded]):
    """A class, graded: a list of `Graded` that prints as a table."""

    def mistakes(self) -> list[tuple[str, str, int]]:
        """Return (gradient, mistake, how often), the most frequent first."""
        found = Counter(
            (mark.name, mark.reason or mark.verdict)
            for graded in self
            for mark in graded.marks
            if mark.points < mark.of and not graded.problem
        )
        return [(name, what, often) for (name, what), often in found.most_common()]

    def __str__(self) -> str:
        names = [mark.name for mark in self[0].marks] if self else []
        rows = [
            [g.name, *(f"{m.points:g}{' →' if m.follows else ''}" for m in g.marks),
             f"{g.points:g} of {g.of:g}", g.problem]
            for g in self
        ]  # fmt: skip
        parts = [tabulate(rows, ["submission", *names, "points", ""], disable_numparse=True)]
        if any(mark.follows for graded in self for mark in graded.marks):
            parts.append("→ right, given an earlier mistake")
        told = [[often, name, what] for name, what, often in self.mistakes()]
        if told:
            parts.append(tabulate(told, ["times", "in", "mistake"], disable_numparse=True))
        return "\n\n".join(parts)

    __repr__ = __str__

    def csv(self) -> str:
        """Return a line for each submission: points of each gradient, their sum, what was said."""
        names = [mark.name for mark in self[0].marks] if self else []
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["submission", *names, "points", "of", "problem", "hints"])
        for g in self:
            hints = "; ".join(f"{m.name}: {m.hint or m.verdict}" for m in g.marks if m.hint)
            cells = [g.name, *(m.points for m in g.marks), g.points, g.of, g.problem, hints]
            writer.writerow([_cell(cell) for cell in cells])
        return text.getvalue()


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


class SubmissionError(Exception):
    """A submission left nothing that could be judged. The message says why."""


def text_of(path: Path) -> str:
    """Return the statements of a submission.

    Raises
    ------
    SubmissionError
        If it is neither a Python file nor a notebook, cannot be read, or is empty.
    """
    if path.suffix not in _TAKEN:
        raise SubmissionError(f"{path.name} is neither a Python file (.py) nor a notebook (.ipynb)")
    try:
        if path.stat().st_size > submission.LARGEST:
            raise SubmissionError(f"it has more than {submission.LARGEST} bytes")
        text = statements_of(path)
    except (OSError, ValueError) as error:
        raise SubmissionError(f"it cannot be read: {error}") from error
    if not text.strip():
        raise SubmissionError("it is empty")
    return text


def run(
    path: Path,
    sheet: Sheet,
    timeout: float = 10.0,
    memory: int = MEMORY,
    text: str | None = None,
) -> tuple[dict[str, Any], float]:
    """Run the submission `path`, whose text may be handed over, in a process of its own.

    Returns
    -------
    namespace : dict
        The arrays that it left, in dicts where it left dicts.
    seconds : float

    Raises
    ------
    SubmissionError
        If it fails, takes longer than `timeout` seconds or more than `memory` bytes.
    """
    with tempfile.TemporaryDirectory(prefix="nets-grade-", ignore_cleanup_errors=True) as folder:
        inputs, outputs = Path(folder, "inputs.npz"), Path(folder, "outputs.npz")
        np.savez(inputs, **{name: value for name, value in sheet.given.items() if name != "J"})
        work, file = Path(folder, "work"), Path(folder, "file", f"{path.stem}.py")
        work.mkdir()
        file.parent.mkdir()
        file.write_text(text_of(path) if text is None else text, encoding="utf-8")
        command = [
            sys.executable, "-I", "-B", submission.__file__, str(inputs), str(outputs),
            str(file), str(memory), str(int(timeout) + 1), *sheet.asked,
        ]  # fmt: skip
        one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "LANG") if key in os.environ}
        errors = Path(folder, "errors")
        start = time.monotonic()
        with errors.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603 - submissions are run: that is what is asked for
                command, cwd=work, env={**kept, **one, "HOME": str(work)}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sink,
            )  # fmt: skip
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                raise SubmissionError(f"stopped after {timeout:g} s: it does not end") from None
            finally:
                _kill(process)
        seconds = time.monotonic() - start
        with errors.open("rb") as source:
            said = source.read(4000).decode(errors="replace").strip().split("\n")[-1]
        if process.returncode != 0:
            raise SubmissionError(said[:300] or f"it ended with code {process.returncode}")
        return _read(outputs), seconds


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and those that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all have ended
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
    process.wait()


def _read(path: Path) -> dict[str, Any]:
    """Return the arrays that a submission left. The file is not to be trusted."""
    try:
        with zipfile.ZipFile(path) as archive:
            listed = archive.infolist()
            packed = any(item.compress_type != zipfile.ZIP_STORED for item in listed)
            if packed or sum(item.file_size for item in listed) > 2 * submission.LARGEST:
                raise SubmissionError("what it handed back is too large")
        with np.load(path, allow_pickle=False) as found:
            paths = json.loads(str(found["paths"]))
            namespace: dict[str, Any] = {}
            for position, parts in enumerate(paths):
                place = namespace
                for part in parts[:-1]:
                    place = place.setdefault(part, {})
                place[parts[-1]] = found[str(position)]
            return namespace
    except SubmissionError:
        raise
    except Exception as error:
        raise SubmissionError("it handed back nothing that can be read") from error


def _attempt(f: Callable[..., Any], *given: Any) -> tuple[Any, str]:
    """Return what f gives, or why it gives nothing: what one submission does stops nobody."""
    try:
        return f(*given), ""
    except SubmissionError as error:
        return None, str(error)
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"


def _judged(
    sheet: Sheet, path: Path, hints: int, ran: tuple[dict[str, Any], float] | None, problem: str
) -> Graded:
    namespace, seconds = ran or ({}, 0.0)
    graded = Graded(path.stem, [], problem, seconds)
    lines: dict[str, Line] = {}
    named = {node: node.name for node in topological_order([sheet.J])}
    if not problem:
        try:
            given = {**namespace, "J": sheet.J}  # a namespace: what is foreign in it is passed over
            report = verify(sheet.J, given, samples=sheet.samples, hints=max(hints, 1))
            lines = {line.name: line for line in report.lines}
            graded.notes = report.notes
        except UnknownNameError:
            pass  # nothing in it is named as what is asked
        except Exception as error:
            graded.problem = f"not judged: {type(error).__name__}: {error}"
    for name, points in sheet.asked.items():
        line = lines.get(name)
        if line is None:
            graded.marks.append(Mark(name, 0.0, points, _BLANK))
            continue
        reason = "" if line.right or not line.explanations else line.explanations[0].words
        hint = "" if line.right or not hints else line.text()
        got = points if line.right else 0.0
        follows = line.right and bool(line.inherits)
        graded.marks.append(Mark(name, got, points, line.verdict, reason, hint, follows))
    for node, own in named.items():
        node.name = own  # not what this submission calls it
    return graded


def files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the submissions among `paths`: files and notebooks, and those in folders."""
    found: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(p for p in path.rglob("*") if p.suffix in (*_TAKEN, *_TEXTS))
        found += inside if path.is_dir() else [path]
    return found


def grade(
    sheet: Sheet | str | Path,
    submissions: Sequence[str | Path],
    *,
    hints: int = 4,
    timeout: float = 10.0,
    memory: int = MEMORY,
) -> Grades:
    """Grade the submissions of a class.

    Parameters
    ----------
    sheet : Sheet, str or path-like
        What is asked: see `nets.sheets`.
    submissions : sequence of path-like
        Python files or notebooks, or folders of them. Each runs in a process of its own, with the
        sheet's values by their names, and leaves arrays under the names asked for, or functions
        of these names, or ``backward`` that returns a dict of them.
    hints : {0, 1, 2, 3, 4}
        How much a student is told: nothing, where it is wrong, what kind of mistake, which
        quantity, the repair.
    timeout : float
        Seconds for each.
    memory : int
        Bytes for each.

    Returns
    -------
    Grades
        In the order of their names. Whatever a submission does, the others are graded.

    Raises
    ------
    SheetError
        If the sheet cannot be used.
    FileNotFoundError
        If there is no such submission, or none in a folder.
    """
    made = sheet if isinstance(sheet, Sheet) else load(sheet)
    paths = files(submissions)
    absent = [path for path in paths if not path.is_file()]
    if absent or not paths:
        raise FileNotFoundError(f"there is no submission {absent[0] if absent else submissions}")
    texts = [_attempt(text_of, path) for path in paths]  # before any can delete another

    def ran(path: Path, text: tuple[Any, str]) -> tuple[Any, str]:
        return text if text[1] else _attempt(run, path, made, timeout, memory, text[0])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = zip(paths, pool.map(ran, paths, texts), strict=True)
        return Grades([_judged(made, path, hints, *outcome) for path, outcome in outcomes])
