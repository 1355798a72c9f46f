"""``python -m nets``: what it prints, what it writes, and what it says to bad arguments."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nets import History, Network, train
from nets.__main__ import main


def test_main_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "folder"
    assert main(["--iterations", "3", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "1078 digits, 719 held out" in text
    assert "all 6 formulas are right" in text
    assert "accuracy on held-out digits" in text
    for name in ("cost-curve.png", "cost-graph.svg"):
        assert str(out / name) in text
    assert (out / "cost-curve.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (out / "cost-graph.svg").read_text(encoding="utf-8")


def test_an_existing_folder_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    assert main(["draw", "--structure", "3", "3", "1", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "keep"
    assert (tmp_path / "cost-graph.svg").exists()


def test_the_network_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["draw", "--network", "--structure", "3", "3", "1", "--out", str(tmp_path)]
    assert main(given) == 0
    text = capsys.readouterr().out
    names = ["network.svg", "network-weights.svg", "network-deltas.svg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    for name in names:
        assert str(tmp_path / name) in text
        assert "layer 3" in (tmp_path / name).read_text(encoding="utf-8")


def test_a_page_to_step_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "--structure", "3", "3", "1", "--out", str(tmp_path)]) == 0
    assert str(tmp_path / "explore.html") in capsys.readouterr().out
    assert "Backward:" in (tmp_path / "explore.html").read_text(encoding="utf-8")


def test_verify_of_another_structure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--structure", "5", "4", "3", "2"]) == 0
    text = capsys.readouterr().out
    assert "all 9 formulas are right" in text
    assert "δ⁽⁴⁾" in text


def test_the_report_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--structure", "3", "3", "1", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    assert [line["name"] for line in report["lines"]][:2] == ["delta3", "db2"]
    assert report["lines"][0]["difference"]["absolute"] < 1e-15


def test_the_program_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["program", "--structure", "3", "3", "1", "--out", str(tmp_path / "new")]) == 0
    written = tmp_path / "new" / "program.py"
    assert capsys.readouterr().out == f"{written}\n"
    assert "delta2 = (W2.T @ delta3)" in written.read_text(encoding="utf-8")


def test_too_many_numbers_for_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["explore", "--structure", "784", "1000", "10", "--out", str(tmp_path)])
    said = "--structure: the leaves of the graph hold 795,805 numbers, and a page holds 250,000"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("structure", "said"),
    [
        (
            ["5000", "5000", "10"],
            "25,055,010 weights and biases; the command line takes 10,000,000",
        ),
        (["100000000", "100000000", "1"], "10,000,000,200,000,001 weights and biases; the command"),
        (["2"] * 80, "80 layers; the command line takes 20 at most"),
    ],
)
@pytest.mark.parametrize(
    "command", ["train", "verify", "prove", "derive", "program", "draw", "explore"]
)
def test_what_is_too_large_is_refused_at_once(
    command: str, structure: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--structure", *structure])
    assert stopped.value.code == 2
    assert f"--structure: {said}" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "derive", "prove"])
def test_narrow_terminals(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [command, "--structure", "3", "3", "1"]
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(given) == 0
    whole = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "44")
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(given) == 0
    narrow = capsys.readouterr().out
    assert max(map(len, whole.splitlines())) > 100
    assert max(map(len, narrow.splitlines())) <= 44
    assert "\x1b" not in narrow
    kept = [text.translate({ord(c): None for c in "- \n"}) for text in (whole, narrow)]
    assert kept[0] == kept[1]


def test_costs_that_do_not_fall_warn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["train", "--out", str(tmp_path), "--iterations"]
    rising = ["--activation", "relu", "--output", "linear", "--alpha", "0.4"]
    assert main([*given, "6", *rising]) == 0
    assert "warning: the cost rose from 6.39 to 1" in capsys.readouterr().err
    assert main([*given, "20", "--alpha", "50"]) == 0
    assert "warning: the cost stands still at 0.5;" in capsys.readouterr().err
    assert main([*given, "20"]) == 0
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--alpha", "x"], "'x' is not a number above 0"),
        (["--alpha", "nan"], "above 0"),
        (["train", "--iterations", "-1"], "'-1' is not a whole number above 0"),
        (["fly"], "invalid choice: 'fly'"),
        (["verify", "--structure", "3"], "two or more layers"),
        (["train", "--structure", "3", "1"], "the first layer has 64 nodes"),
        (["draw", "--out", os.devnull + "/x"], "cannot be made or used"),
        (["--wings"], "--wings"),
        (["--seed", "-1"], "--seed"),
        (["--seed", "99999999999999999999"], "not a whole number from 0 to 4294967295"),
        (["--seed", "x"], "'x' is not a whole number"),
        (["--iterations", "9" * 400], "above 0"),
        (["draw", "--out", __file__], "File exists"),
    ],
)
def test_bad_arguments(arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert part in error
    assert error.count("\n") == 1


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "python -m nets verify" in capsys.readouterr().out


def test_as_a_program_without_dot(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "nets", "draw", "--structure", "2", "1", "--out", str(tmp_path)],
        env={**os.environ, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "cost-graph.svg").exists()


def test_divergence_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def of_broken_samples(net: Network, X: Any, Y: Any, *options: Any, **how: Any) -> History:
        return train(net, X * np.nan, Y, *options, **how)

    monkeypatch.setattr("nets.__main__.train", of_broken_samples)
    assert main(["--iterations", "3", "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("python -m nets: training diverged in iteration 0")
    assert error.count("\n") == 1


def test_an_interruption_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nets.__main__.verify", interrupted)
    assert main(["verify", "--structure", "2", "1"]) == 130
    assert capsys.readouterr().err == "python -m nets: stopped\n"


def test_output_that_nobody_reads_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        [sys.executable, "-m", "nets", "verify", "--structure", "2", "1"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="folders are protected differently elsewhere")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_protected_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SystemExit):
        main(["draw", "--structure", "2", "1", "--out", str(tmp_path)])
    assert "cannot be written to" in capsys.readouterr().err
