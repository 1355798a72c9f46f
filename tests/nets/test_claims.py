"""A learner's formulas in the place of the document's: in Python and on the command line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nets import Activation, Network, formulas, prove, verify
from nets.__main__ import main
from nets.costs import COSTS, OUTPUTS
from nets.verification import FormulasError, document_claims, load_formulas


def test_the_document_s_claims_cover_every_layer() -> None:
    assert list(document_claims(Network([4, 3, 2, 1]))) == [
        "delta4", "delta3", "delta2", "dW1", "db1", "dW2", "db2", "dW3", "db3",
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["direction", "elements", True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_finite_differences(how: str | bool, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    net = Network([6, 4, 3], seed=0, dtype=dtype)
    report = verify(net, rng.normal(size=(6, 5)), rng.random((3, 5)), finite_differences=how)
    report.raise_if_wrong()
    assert any("agree" in note for note in report.notes)


@pytest.mark.parametrize("init", ["uniform", "glorot"])
def test_saturated_networks(init: str) -> None:
    rng = np.random.default_rng(0)
    net = Network([64, 30, 10], seed=0, init=init)
    net.W[1] = 20 * net.W[1]
    verify(net, rng.normal(size=(64, 8)), rng.random((10, 8))).raise_if_wrong()


class Learner:
    """Formulas with two mistakes in them; another inherits one."""

    def delta3(y: Any, h3: Any, z3: Any) -> Any:  # noqa: N805 - a class used as a namespace
        return -(y - h3) * formulas.f_prime(z3)

    def delta2(W2: Any, delta3: Any) -> Any:  # noqa: N805
        return W2.T @ delta3

    def dW2(delta3: Any, h2: Any) -> Any:  # noqa: N805
        return delta3 @ h2.T

    def dW1(delta2: Any, x: Any, m: Any) -> Any:  # noqa: N805
        return delta2 @ x.T / m


def test_a_learner_s_formulas() -> None:
    rng = np.random.default_rng(0)
    net = Network([4, 3, 2], seed=0)
    report = verify(net, rng.normal(size=(4, 5)), rng.random((2, 5)), Learner)
    assert {line.name: line.verdict for line in report.lines} == {
        "delta3": "right",
        "dW2": "wrong here",
        "delta2": "wrong here",
        "dW1": "right, inherits the error of delta2",
    }
    assert report["delta2"].explanations[0].kind == "f′ missing"
    assert report["dW2"].explanations[0].words == "a factor 1/m is missing: multiply by 1/m"
    assert "first wrong step: ∂J/∂W⁽²⁾ (dW2)" in str(report)


def test_one_sample_is_a_column() -> None:
    net = Network([3, 3, 1], seed=0)
    report = verify(net, [1.5, 2.0, 3.0], [0.0], {"dW2": lambda delta3, h2: delta3 @ h2.T})
    assert report.ok
    assert any("there is one sample" in warning for warning in report.warnings)


# -- the command line --------------------------------------------------------------------------

WRONG = """
import numpy as np

def delta3(y, h3):
    return -(y - h3) * h3 * (1 - h3)

def delta2(W2, delta3, z2):
    return (W2.T @ delta3) * z2 * (1 - z2)
"""
VERIFY = ["verify", "--structure", "4", "3", "2", "--formulas"]


def test_a_wrong_formula_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my_formulas.py"
    file.write_text(WRONG, encoding="utf-8")
    assert main([*VERIFY, str(file)]) == 1
    text = capsys.readouterr().out
    assert "first wrong step: δ⁽²⁾ (delta2) — wrong here" in text
    assert "because: f′ is taken at z2 where it belongs at h2" in text
    file.write_text(WRONG.replace("z2", "h2"), encoding="utf-8")
    assert main([*VERIFY, str(file)]) == 0
    assert "all 2 formulas are right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "part"),
    [
        (None, "there is no file"),
        ("def delta3(", "line 1: SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("x = 3", "no claim to judge"),
        ("def delta9(y): return y", "unknown name 'delta9'"),
    ],
)
def test_files_that_cannot_be_used(
    source: str | None, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    if source is not None:
        file.write_text(source, encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        main([*VERIFY, str(file)])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert part in error
    assert error.count("\n") == 1
    if source is None:
        with pytest.raises(FormulasError):
            load_formulas(file)


def test_help_says_that_the_file_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    assert "run as the Python that it is" in " ".join(capsys.readouterr().out.split())


def test_derive_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["derive", "--structure", "3", "3", "1"]
    assert main([*small, "--wrt", "W1"]) == 0
    assert "∂J/∂W⁽¹⁾ = ∂J/∂u₁ xᵀ = δ⁽²⁾ xᵀ" in capsys.readouterr().out
    assert main([*small, "--wrt", "W2", "--index", "1", "2", "--format", "latex"]) == 0
    assert r"h_{2}^{(2)} \delta_{1}^{(3)}" in capsys.readouterr().out
    assert main(small) == 0
    assert capsys.readouterr().out.count("f′(z) = f(z) (1 − f(z))") == 4
    beyond = ["--wrt", "W1", "--index", "9", "9"]
    for bad in (["--wrt", "q"], ["--wrt", "J"], ["--index", "1"], beyond):
        with pytest.raises(SystemExit) as stop:
            main([*small, *bad])
        assert stop.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.section_4_7
@pytest.mark.parametrize("structure", [[64, 30, 10], [3, 1], [2, 2, 2, 2, 2]])
def test_the_document_s_formulas_hold_for_every_size_and_depth(structure: list[int]) -> None:
    proofs = prove(Network(structure))
    assert [proof.name for proof in proofs if not (proof.any_size and proof.any_depth)] == []
    assert all(proof.scope == "every differentiable f" for proof in proofs)
    assert len(proofs) == 3 * (len(structure) - 1)


COMBINATIONS = [
    (activation, output, cost)
    for activation in ("sigmoid", "tanh", "relu")
    for output in OUTPUTS
    for cost in COSTS
    if (output, cost) != ("linear", "cross_entropy")
]


@pytest.mark.parametrize(("activation", "output", "cost"), COMBINATIONS)
def test_the_formulas_of_every_combination_are_proved(
    activation: str, output: str, cost: str
) -> None:
    net = Network([3, 4, 2], activation=activation, output=output, cost=cost)
    proofs = prove(net)
    assert len(proofs) == 6
    assert all(proof.proved and proof.any_size and proof.any_depth for proof in proofs)
    proofs = prove(net, {"delta3": lambda y, h3: y - h3, "dW2": lambda delta3, h2: delta3 @ h2.T})
    assert all(proof.refuted for proof in proofs)


def test_what_is_proved_is_of_the_network_that_was_given() -> None:
    own = {"delta3": lambda y, h3: h3 - y}
    assert prove(Network([3, 4, 2], cost="cross_entropy"), own).ok
    assert prove(Network([3, 4, 2], output="linear"), own).ok
    assert prove(Network([3, 4, 2]), own)[0].refuted


def test_a_learner_s_formulas_are_proved_or_refuted() -> None:
    proofs = {proof.name: proof for proof in prove(Network([4, 3, 2]), Learner)}
    assert proofs["delta3"].proved
    assert proofs["delta3"].scope == "f the sigmoid"
    assert proofs["dW1"].any_depth
    assert proofs["delta2"].refuted
    assert proofs["dW2"].refuted
    assert any("1/m" in term for term in proofs["dW2"].difference)


def test_an_activation_of_one_s_own() -> None:
    line = Activation("line", lambda z: 2 * z, lambda z: 0 * z + 2)
    claims = {"delta2": lambda W2, delta3: 2 * W2.T @ delta3}
    (proof,) = prove(Network([3, 3, 1], activation=line), claims)
    assert proof.proved


def test_prove_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "--structure", "5", "4", "3"]) == 0
    assert capsys.readouterr().out.count("at every depth") == 6
    assert main(["prove", "--structure", "5", "4", "3", "--format", "json"]) == 0
    proofs = json.loads(capsys.readouterr().out)
    assert all(proof["any_depth"] for proof in proofs)
    assert main(["prove", "--structure", "5", "4", "3", "--format", "latex"]) == 0
    assert r"\delta" in capsys.readouterr().out
    file = tmp_path / "mine.py"
    file.write_text("def delta2(W2, delta3):\n    return W2.T @ delta3\n")
    assert main(["prove", "--structure", "5", "4", "3", "--formulas", str(file)]) == 1
    assert "left over" in capsys.readouterr().out


@pytest.mark.parametrize("activation", [["elu", "leaky_relu", "tanh"], "elu"])
def test_deep_networks_of_cases_are_proved_with_f_left_open(activation: Any) -> None:
    net = Network([3, 4, 5, 4, 2], activation=activation, output="softplus")
    begun = time.process_time()
    proofs = prove(net)
    assert time.process_time() - begun < 15  # minutes, if cases are multiplied out
    assert all(proof.proved and proof.any_size for proof in proofs)
    assert all(proof.any_depth for proof in proofs) == (activation == "elu")


@pytest.mark.parametrize("right", [True, False])
def test_f_prime_of_one_s_own_is_proved_or_refuted(right: bool) -> None:
    slope = (lambda z: 2 * np.sin(z) * np.cos(z)) if right else np.cos
    own = Activation("own", lambda z: np.sin(z) ** 2, slope)
    proofs = {proof.name: proof for proof in prove(Network([3, 4, 2], activation=[own]))}
    assert proofs["delta2"].any_size == right
    assert proofs["delta2"].refuted != right
    assert proofs["dW1"].any_size
