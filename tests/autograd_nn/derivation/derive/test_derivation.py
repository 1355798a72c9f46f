"""The derivation written down: its lines, its notation, its numbers, and LaTeX that renders."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_nn import Tensor, derive, gradients
from autograd_nn.derivation.derive.steps import reference
from autograd_nn.derivation.draws import fresh
from autograd_nn.derivation.names import Environment
from autograd_nn.formulas.expression import evaluate

from ...formulas.test_printing import renders
from ..networks import network


@pytest.mark.parametrize("m", [1, 4])
@pytest.mark.parametrize("structure", [[2, 1], [3, 3, 1], [2, 3, 2, 2]])
def test_the_formulas_read_off_the_graph_are_right(structure: list[int], m: int) -> None:
    J, tensors = network(structure, m)
    environment = Environment(J)
    (draw,) = fresh(environment, 1, seed=5)
    for text, tensor in tensors.items():
        if tensor is not J:
            value = evaluate(reference(environment, tensor), draw)
            wanted = draw[f"d_{text}"]
            assert np.allclose(np.broadcast_to(value, wanted.shape), wanted, rtol=1e-12, atol=1e-15)


def test_a_constant_of_ones_keeps_its_shape_in_products() -> None:
    W = Tensor([[0.5, 2.0], [1.0, -1.0]], name="W1")
    z = W @ np.ones((2, 3))
    z.name = "z2"
    environment = Environment(z.square().sum())
    (draw,) = fresh(environment, 1)
    assert np.allclose(evaluate(reference(environment, W), draw), draw["d_W1"])


@pytest.mark.section_4_5
@pytest.mark.section_4_6
@pytest.mark.section_4_7
def test_the_document_s_formulas_are_derived() -> None:
    J, t = network([3, 3, 1], 1)
    results = {name: derive(J, t[name]).result for name in ("z3", "z2", "W2", "W1", "b1", "h3")}
    assert results == {
        "h3": "∂J/∂h⁽³⁾ = −(y − h⁽³⁾)",
        "z3": "δ⁽³⁾ = −(y − h⁽³⁾) ⊙ f′(z⁽³⁾)",
        "z2": "δ⁽²⁾ = ((W⁽²⁾)ᵀ δ⁽³⁾) ⊙ f′(z⁽²⁾)",
        "W2": "∂J/∂W⁽²⁾ = δ⁽³⁾ (h⁽²⁾)ᵀ",
        "W1": "∂J/∂W⁽¹⁾ = δ⁽²⁾ xᵀ",
        "b1": "∂J/∂b⁽¹⁾ = δ⁽²⁾",
    }


@pytest.mark.section_4_8
def test_a_batch_has_its_mean() -> None:
    J, t = network([3, 3, 2], 4)
    assert derive(J, t["z2"]).result == "δ⁽²⁾ = ((W⁽²⁾)ᵀ δ⁽³⁾) ⊙ f′(z⁽²⁾)"
    assert derive(J, t["W1"]).result == "∂J/∂W⁽¹⁾ = 1/4 (δ⁽²⁾ xᵀ)"
    assert derive(J, t["b1"]).result == "∂J/∂b⁽¹⁾ = 1/4 (Σ δ⁽²⁾)"


def test_one_line_for_every_operation_in_reverse_order() -> None:
    J, t = network([3, 3, 1], 1)
    derivation = derive(J, t["W1"])
    assert [(step.result, step.source) for step in derivation.steps][-5:] == [
        ("z3", "u2"), ("u2", "h2"), ("h2", "z2"), ("z2", "u1"), ("u1", "W1"),
    ]  # fmt: skip
    text = str(derivation)
    assert "h⁽²⁾ = f(z⁽²⁾)" in text
    assert "∂h⁽²⁾/∂z⁽²⁾ = f′(z⁽²⁾)" in text
    assert "f′(z) = f(z) (1 − f(z))" in text
    assert len(derivation.lines) == len(derivation.steps) + 1


def test_numbers_are_those_of_the_graph() -> None:
    J, t = network([2, 2, 1], 2)
    derivation = derive(J, t["W1"], numbers=True, digits=6)
    (dW,) = gradients(J, [t["W1"]])
    assert np.allclose(derivation.steps[-1].value, dW)
    assert f"{dW[0, 0]:.6g}" in str(derivation)
    assert f"{dW[0, 0]:.6g}".lstrip("-") in derivation.latex
    z3 = next(step for step in derivation.steps if step.source == "z3")
    assert np.allclose(z3.value, 2 * gradients(J, t["z3"])[0])  # δ is of one sample


@pytest.mark.section_4_5
def test_index_form_of_an_output_weight() -> None:
    J, t = network([3, 3, 1], 1)
    assert str(derive(J, t["W2"], index=(1, 2))).splitlines() == [
        "∂J/∂w₁₂⁽²⁾ = ∂J/∂h₁⁽³⁾ · ∂h₁⁽³⁾/∂z₁⁽³⁾ · ∂z₁⁽³⁾/∂w₁₂⁽²⁾",
        "∂J/∂h₁⁽³⁾ = h₁⁽³⁾ − y₁",
        "δ₁⁽³⁾ = f′(z₁⁽³⁾) ∂J/∂h₁⁽³⁾",
        "∂J/∂w₁₂⁽²⁾ = h₂⁽²⁾ δ₁⁽³⁾",
    ]


@pytest.mark.section_4_6
def test_index_form_of_a_hidden_weight_sums_over_the_outputs() -> None:
    J, t = network([3, 3, 2], 1)
    lines = str(derive(J, t["W1"], index=(1, 2))).splitlines()
    assert "∂J/∂h₁⁽²⁾ = w₁₁⁽²⁾ δ₁⁽³⁾ + w₂₁⁽²⁾ δ₂⁽³⁾" in lines
    assert lines[-2:] == ["δ₁⁽²⁾ = f′(z₁⁽²⁾) ∂J/∂h₁⁽²⁾", "∂J/∂w₁₂⁽¹⁾ = x₂ δ₁⁽²⁾"]


def test_latex_renders() -> None:
    J, t = network([3, 2, 2], 3)
    for name in ("W1", "b2", "z2", "x"):
        for numbers in (False, True):
            for line in derive(J, t[name], numbers=numbers).lines:
                renders(line)
    for line in derive(J, t["W1"], index=(1, 2)).lines:
        renders(line)
    notebook = derive(J, t["W1"])._repr_latex_()
    assert notebook.startswith(r"$\displaystyle \begin{aligned}")
    assert notebook.endswith(r"\end{aligned}$")


@pytest.mark.section_4_7
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_derivation_is_drawn(kind: str, tmp_path: Path) -> None:
    J, t = network([3, 3, 1], 1)
    first = derive(J, t["W1"]).render(tmp_path / f"one.{kind}").read_bytes()
    again = derive(J, t["W1"]).render(tmp_path / f"two.{kind}").read_bytes()
    assert first == again
    assert first.startswith(b"\x89PNG") or b"<svg" in first
    index = derive(J, t["W2"], index=(1, 2)).render(tmp_path / f"index.{kind}").read_bytes()
    assert index != first
    with pytest.raises(ValueError, match="does not end like a picture"):
        derive(J, t["W1"]).render(tmp_path / "derivation")


def test_any_graph_not_only_networks() -> None:
    x = Tensor([1.0, 2.0], name="x")
    a = np.exp(x) * x[1:]
    J = np.log(a.sum()) + np.maximum(x, 0).mean() + np.where(x > 1, x, x**3).sum()
    derivation = derive(J, x, numbers=True)
    for line in derivation.lines:
        renders(line)
    assert np.allclose(derivation.steps[-1].value, gradients(J, x)[0])
    assert "∂u₁/∂x = u₁" in str(derivation)


def test_a_tensor_used_twice_has_a_line_for_each_use() -> None:
    x = Tensor(3.0, name="x")
    J = x * x + np.sin(x)
    derivation = derive(J, x)
    assert [step.last for step in derivation.steps if step.source == "x"] == [False, False, True]
    assert derivation.result == "∂J/∂x = cos(x) + 2 x"


def test_the_name_of_the_cost_is_used() -> None:
    x = Tensor(3.0, name="x")
    loss = x * x
    loss.name = "loss"
    assert derive(loss, x).result == "∂loss/∂x = 2 x"


def test_shared_values_do_not_multiply_the_lines() -> None:
    y = x = Tensor(1.1, name="x")
    for _ in range(40):  # as a tree this formula has 2⁴⁰ parts
        y = y * y * 0.9
    derivation = derive(y, x)
    assert len(derivation.steps) == 120
    assert len(str(derivation)) < 40_000


def test_hostile_names_stay_text() -> None:
    x = Tensor(3.0, name=r"}\input{x}$")
    loss = x * x
    latex = derive(loss, x).latex
    assert r"\input" not in latex
    for line in derive(loss, x).lines:
        renders(line)


def test_bad_arguments() -> None:
    J, t = network([3, 3, 1], 1)
    with pytest.raises(ValueError, match="does not depend on Tensor 'q'"):
        derive(J, Tensor(1.0, name="q"))
    with pytest.raises(TypeError, match="wrt is a str"):
        derive(J, "W1")  # type: ignore[call-overload]  # on purpose
    with pytest.raises(ValueError, match="no element of W1"):
        derive(J, t["W1"], index=(4, 1))
    with pytest.raises(ValueError, match="no element of W1"):
        derive(J, t["W1"], index=(1,))
    y = x = Tensor(1.0, name="x")
    for _ in range(600):
        y = y + 1
    with pytest.raises(ValueError, match="601 operations"):
        derive(y, x)


def test_it_is_the_same_in_every_process() -> None:
    J, t = network([3, 3, 1], 1)
    text = str(derive(J, t["W1"])) + derive(J, t["W1"], index=(1, 2)).latex
    code = (
        "from tests.autograd_nn.derivation.networks import network\n"
        "from autograd_nn import derive\n"
        "J, t = network([3, 3, 1], 1)\n"
        "print(str(derive(J, t['W1'])) + derive(J, t['W1'], index=(1, 2)).latex)"
    )
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        assert run.stdout.rstrip("\n") == text


def test_vectors_are_written_as_vectors() -> None:
    W, u = Tensor(np.ones((3, 4)), name="W"), Tensor(np.ones(3), name="u")
    v = Tensor(np.ones(4), name="v")
    a, b = (W @ v).square().sum(), (u @ W).square().sum()
    last = [str(derive(J, x)).splitlines()[-1] for J, x in ((a, W), (a, v), (b, W), (b, u))]
    for text, said in zip(last, ("∂J/∂u₁ vᵀ", "Wᵀ ∂J/∂u₁", "u (∂J/∂v₁)ᵀ", "W ∂J/∂v₁"), strict=True):
        assert said in text
        assert "reshape" not in text
