"""A class is graded: every submission apart, marks with reasons, hostile ones a mark of 0."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from nets.__main__ import main
from nets.grading import grade, run
from nets.sheets import READY, Sheet, SheetError, load

RIGHT = {
    "network": """
m = x.shape[1]
delta3 = -(y - h3) * h3 * (1 - h3)
delta2 = W2.T @ delta3 * h2 * (1 - h2)
dW2, dW1 = delta3 @ h2.T / m, delta2 @ x.T / m
db2, db1 = delta3.mean(axis=1, keepdims=True), delta2.mean(axis=1, keepdims=True)
""",
    "softmax": """
P = np.exp(logits - logits.max(axis=1, keepdims=True))
P /= P.sum(axis=1, keepdims=True)
dlogits = (P - Y) / len(X)
dW = X.T @ dlogits
db = dlogits.sum(axis=0)
""",
    "batch_normalisation": """
N, D = x.shape
dbeta, dgamma, dxhat = upstream.sum(0), (upstream * xhat).sum(0), upstream * gamma
dvar = (dxhat * (x - mu)).sum(0) * -0.5 * std**-3
dmu = -dxhat.sum(0) / std + dvar * -2 * (x - mu).mean(0)
dx = dxhat / std + dvar * 2 * (x - mu) / N + dmu / N
""",
}


def handed_in(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", READY)
def test_a_ready_sheet_takes_the_right_answers_and_has_blanks_for_students(
    name: str, tmp_path: Path
) -> None:
    (graded,) = grade(name, [handed_in(tmp_path, "right.py", RIGHT[name])])
    assert graded.points == graded.of and not graded.problem
    sheet = load(name)
    assert sheet.hidden == []
    blank = sheet.copy_for_students()
    assert all(f"{asked} = ..." in blank for asked in sheet.asked)
    (empty,) = grade(sheet, [handed_in(tmp_path, "blank.py", blank)])
    assert empty.points == 0
    assert {mark.verdict for mark in empty.marks} == {"not answered"}


def test_what_is_right_given_an_earlier_mistake_gets_its_points(tmp_path: Path) -> None:
    text = RIGHT["network"].replace("-(y - h3) * h3 * (1 - h3)", "-(y - h3)")
    (graded,) = grade("network", [handed_in(tmp_path, "late.py", text)])
    marks = {mark.name: mark for mark in graded.marks}
    assert marks["delta3"].points == 0 and "f′(z3) is missing" in marks["delta3"].reason
    assert all(marks[name].follows for name in ("delta2", "dW2", "dW1", "db2", "db1"))
    assert graded.points == graded.of - marks["delta3"].of


ENDLESS = {
    "endless": "while True: pass",
    "noisy": "while True: print('x' * 1000)",
    "children": "import subprocess\nsubprocess.run(['sleep', '60'])",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_does_not_end_is_stopped(name: str, tmp_path: Path) -> None:
    (graded,) = grade("softmax", [handed_in(tmp_path, f"{name}.py", ENDLESS[name])], timeout=1)
    assert graded.problem == "stopped after 1 s: it does not end"
    assert graded.points == 0


HOSTILE = {
    "hungry": ("\nx = bytearray(1 << 34)", "line 2: MemoryError"),
    "gone": ("import os; os._exit(3)", "ended with code 3"),
    "left": ("raise SystemExit", "exit()"),
    "wrong": ("y = 1\n1 / 0", "line 2: ZeroDivisionError"),
    "not_python": ("def(", "SyntaxError"),
    "cheating": ("import autograd_nn", "autograd_nn is not there for submissions"),
    "forged": (
        "import sys, os\nopen(sys.argv[2], 'wb').write(b'PK' + bytes(1000))\nos._exit(0)",
        "nothing that can be read",
    ),
    "large": ("dW = np.zeros((3000, 3000))", "too large"),
}


def test_whatever_a_submission_does_the_others_are_graded(tmp_path: Path) -> None:
    for name, (text, _) in HOSTILE.items():
        handed_in(tmp_path, f"{name}.py", text)
    handed_in(tmp_path, "objects.py", "dW = np.array([object()]); db = 'text'; dlogits = ...")
    handed_in(tmp_path, "right.py", RIGHT["softmax"])
    grades = {g.name: g for g in grade("softmax", [tmp_path])}
    assert grades["right"].points == grades["right"].of
    assert grades["objects"].points == 0
    for name, (_, said) in HOSTILE.items():
        assert said in grades[name].problem, (name, grades[name].problem)
        assert grades[name].points == 0


def test_a_submission_is_handed_inputs_and_no_answers(tmp_path: Path) -> None:
    path = handed_in(tmp_path, "look.py", "seen = {name: 1.0 for name in list(globals())}")
    namespace, _ = run(path, load("softmax"))
    names = {name for name in namespace["seen"] if not name.startswith("_")}
    assert names == {"X", "Y", "W", "b", "logits", "logP", "np", "numpy"}


def test_notebooks_functions_and_dicts_are_taken(tmp_path: Path) -> None:
    function = (
        "def backward(X, Y, logits):\n"
        "    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)\n"
        "    d = (P - Y) / len(X)\n"
        "    return {'dlogits': d, 'dW': X.T @ d, 'db': d.sum(axis=0)}\n"
    )
    cells = [
        {"cell_type": "markdown", "source": ["text"]},
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", *RIGHT["softmax"].splitlines(True)],
        },
    ]
    paths = [
        handed_in(tmp_path, "function.py", function),
        handed_in(tmp_path, "book.ipynb", json.dumps({"cells": cells})),
    ]
    assert [graded.points for graded in grade("softmax", paths)] == [6, 6]


def test_a_table_a_csv_and_gradescopes_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handed_in(tmp_path, "right.py", RIGHT["softmax"])
    handed_in(tmp_path, "=mean.py", RIGHT["softmax"].replace("sum(axis=0)", "mean(axis=0)"))
    given = ["grade", "softmax", str(tmp_path)]
    assert main(given) == 0
    shown = capsys.readouterr().out
    assert "6 of 6" in shown and "times  in" in " ".join(shown.split()).replace(
        "times in", "times  in"
    )
    assert main([*given, "--format", "csv", "--out", str(tmp_path / "marks.csv")]) == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "marks.csv").read_text("utf-8"))))
    assert [row["points"] for row in rows] == ["5.0", "6"]
    assert rows[0]["submission"] == "'=mean"  # no spreadsheet takes it for a formula
    assert main([*given, "--format", "gradescope", "--out", str(tmp_path / "json")]) == 0
    result = json.loads((tmp_path / "json" / "right.json").read_text("utf-8"))
    assert result["score"] == 6
    assert [test["max_score"] for test in result["tests"]] == [3, 2, 1]


SHEET = """
import numpy as np
from autograd_nn import Tensor
asked = {asked}
def graph():
    w = Tensor(np.ones((1, 3)), requires_grad=True, name="w")
    return ((w @ Tensor(np.ones((3, 1)), name="x") - {target}) ** 2).sum()
"""


@pytest.mark.parametrize(
    ("asked", "target", "said"),
    [
        ("{'dw': 1}", 3.0, "every gradient asked for is 0"),
        ("{'dv': 1}", 1.0, "asked"),
        ("{'w': 1}", 1.0, "is a value"),
        ("{'dw': 0}", 1.0, "above 0"),
        ("{}", 1.0, "a dict of gradients and points"),
    ],
)
def test_a_sheet_that_could_not_tell_is_refused(
    asked: str, target: float, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = handed_in(
        tmp_path, "sheet.py", SHEET.replace("{asked}", asked).replace("{target}", str(target))
    )
    with pytest.raises(SheetError, match=said):
        load(path)
    with pytest.raises(SystemExit):
        main(["grade", str(path), "x.py"])
    assert said in capsys.readouterr().err


def test_a_lecturers_own_sheet(tmp_path: Path) -> None:
    path = handed_in(tmp_path, "sheet.py", SHEET.format(asked="{'dw': 2}", target=1.0))
    sheet = load(path)
    assert isinstance(sheet, Sheet)
    text = sheet.copy_for_students()
    assert "w (1, 3)" in text and "dw = ..." in text
    answer = text.replace("dw = ...", "dw = 2 * (w @ x - 1) * x.T")
    assert grade(path, [handed_in(tmp_path, "a.py", answer)])[0].points == 2


UNREADABLE = {
    "latin.py": ("dW = 'é'".encode("latin-1"), "cannot be read"),
    "empty.py": (b"\n\n", "it is empty"),
    "report.pdf": (b"%PDF", "neither a Python file (.py) nor a notebook (.ipynb)"),
    "cut.ipynb": (b'{"cells": [', "cannot be read"),
    "list.ipynb": (b"[]", "it is no notebook"),
    "nested.ipynb": (b"[" * 200_000, "no notebook"),
}


def test_what_cannot_be_read_is_a_mark_of_0_with_its_reason(tmp_path: Path) -> None:
    for name, (content, _) in UNREADABLE.items():
        (tmp_path / name).write_bytes(content)
    rest = [str(path) for path in tmp_path.iterdir()]
    handed_in(tmp_path, "deletes.py", f"import os\nfor p in {rest!r}: os.remove(p)\n")
    late = handed_in(tmp_path, "zz_late.py", RIGHT["softmax"])
    handed_in(tmp_path, "another.py", f"import os; os.remove({str(late)!r})")
    grades = {g.name: g for g in grade("softmax", [tmp_path])}
    for name, (_, said) in UNREADABLE.items():
        graded = grades[Path(name).stem]
        assert said in graded.problem, (name, graded.problem)
        assert graded.points == 0
    assert grades["zz_late"].points == 6  # it was read before another deleted it


def test_gradients_that_objects_keep_are_found(tmp_path: Path) -> None:
    text = """
class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def backward(self, X, d):
        self.dW, self.db = X.T @ d, d.sum(axis=0)

class Model:
    def __init__(self):
        self.layers = [Linear(W, b)]

model = Model()
P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
dlogits = (P - Y) / len(X)
model.layers[0].backward(X, dlogits)
"""
    (graded,) = grade("softmax", [handed_in(tmp_path, "objects.py", text)])
    assert graded.points == 6
    wrong = text.replace("X.T @ d,", "-X.T @ d,")
    (graded,) = grade("softmax", [handed_in(tmp_path, "objects.py", wrong)])
    assert [mark.points for mark in graded.marks] == [3, 0, 1]
