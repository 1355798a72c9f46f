"""Proofs of the document's formulas, and refutations of wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, prove, relu
from autograd_nn.core.op import REGISTRY, Op
from autograd_nn.core.tensor import apply, plain
from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.prove.one_size import same_as_sympy
from autograd_nn.derivation.symbols import Symbolic

from ..networks import network
from ..verify.planted import document_formulas, formula


@pytest.mark.section_4_5
@pytest.mark.section_4_6
@pytest.mark.section_4_7
@pytest.mark.parametrize(
    ("structure", "m"),
    [([3, 3, 1], 1), ([3, 3, 1], 2), ([2, 3, 2], 1), ([2, 3, 2], 2), ([2, 2, 2, 1], 1),
     ([2, 2, 2, 1], 2), ([2, 2, 2, 2, 1], 1)],
)  # fmt: skip
def test_the_document_s_formulas_are_proved(structure: list[int], m: int) -> None:
    J, _ = network(structure, m)
    proofs = prove(J, document_formulas(len(structure)), samples=m)
    proofs.raise_if_wrong()
    assert len(proofs) == 3 * len(structure) - 3
    for proof in proofs:
        assert proof.proved
        assert proof.independent
        assert proof.scope == "every differentiable f"
        assert proof.difference == []
        assert "for all W⁽¹⁾" in proof.statement


def test_the_sigmoid_s_own_slope_is_proved_for_the_sigmoid_only() -> None:
    J, _ = network([2, 2, 1], 2)
    (proof,) = prove(J, {"delta3": formula("-(y - h3) * h3 * (1 - h3)")})
    assert proof.proved
    assert proof.scope == "f the sigmoid"
    J, _ = network([2, 2, 1], 2, activation="tanh")
    (proof,) = prove(J, {"delta3": formula("-(y - h3) * (1 - h3 ** 2)")})
    assert (proof.proved, proof.scope) == (True, "f the tanh")
    assert not prove(J, {"delta3": formula("-(y - h3) * h3 * (1 - h3)")}).ok


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ("delta2", "W2.T @ delta3"),
        ("delta2", "(W2.T @ delta3) * f_prime(h2)"),
        ("delta3", "(y - h3) * f_prime(z3)"),
        ("dW2", "delta3 @ h2.T"),
        ("db1", "delta2[:, :1]"),
    ],
)
def test_wrong_formulas_are_refuted_with_numbers(target: str, source: str) -> None:
    J, _ = network([2, 3, 2], 2)
    (proof,) = prove(J, {target: formula(source)})
    assert not proof.proved
    assert proof.difference
    example = proof.counter_example
    assert example is not None
    assert set(example.leaves) == {"x", "y", "W1", "b1", "W2", "b2"}
    assert abs(example.claimed - example.right) > 1e-6 * abs(example.right)
    assert _checked(example.leaves, target, source) == pytest.approx(
        (example.claimed, example.right)
    )
    assert "counter-example: " in str(proof)
    with pytest.raises(AssertionError, match="refuted"):
        prove(J, {target: formula(source)}).raise_if_wrong()


def _checked(leaves: dict[str, Any], target: str, source: str) -> tuple[float, float]:
    from autograd_nn import verify

    named = {text: Tensor(value, requires_grad=True, name=text) for text, value in leaves.items()}
    h = named["x"]
    for l in (1, 2):
        z = named[f"W{l}"] @ h + named[f"b{l}"]
        h = z.sigmoid()
        z.name, h.name = f"z{l + 1}", f"h{l + 1}"
        named |= {z.name: z, h.name: h}
    J = 0.5 * (named["y"] - h).square().sum(axis=0).mean()
    gap = verify(J, {target: formula(source)}).lines[0].difference
    assert gap is not None
    return gap.claimed, gap.right


@pytest.mark.parametrize("structure", [[2, 2], [2, 3, 2], [2, 2, 2, 1]])
def test_the_rules_equal_sympy_s_own_derivative(structure: list[int]) -> None:
    J, tensors = network(structure, 2)
    environment = Environment(J)
    for name in ("x", "W1", "b1", "z2", "h2"):
        assert same_as_sympy(environment, tensors[name])


@pytest.mark.parametrize(
    "op", [op for op in REGISTRY.values() if op.symbolic and op.differentiable], ids=repr
)
def test_the_rules_of_operations_with_a_name_in_sympy(op: Op) -> None:
    x = Tensor([0.5, 2.0], name="x")
    assert same_as_sympy(Environment((apply(op, (x,)) * x).sum()), x)


def test_an_activation_s_slope_comes_from_its_row() -> None:
    z = Tensor([0.5, 2.0], name="x") * 2
    h = z.exp()
    z.name, h.name = "z2", "h2"
    (proof,) = prove(h.sum(), {"dz2": lambda h2: h2})
    assert (proof.proved, proof.scope) == (True, "f the exp")


def test_a_wrong_rule_would_not_pass_for_sympy_s() -> None:
    cube = Op("cube", lambda x: x**3, (lambda g, out, x: g * 2 * x**2,))
    x = Tensor([1.0, 2.0], name="x")
    J = apply(cube, (x,)).sum()
    assert not same_as_sympy(Environment(J), x)
    (proof,) = prove(J, {"dx": lambda x: 2 * x**2})
    assert not proof.proved
    assert "a defect of the engine" in proof.problem


def test_values_are_proved_too() -> None:
    J, _ = network([3, 3, 1], 1)
    right, wrong = prove(J, {"h3": formula("f(W2 @ h2 + b2)"), "z2": formula("W1.T @ x + b1")})[
        ::-1
    ]
    assert right.proved
    assert wrong.counter_example is not None
    assert "at other sizes, the formula raises ValueError" in str(wrong)


def test_other_operations_of_the_graph() -> None:
    x = Tensor([[0.5, 1.0], [2.0, 3.0]], name="x")
    w = Tensor([2.0, 0.5], name="w")
    J = np.log(np.exp(x * w).sum()) + np.sqrt(x).mean() + np.sin(w[0]) * (x.T @ x)[0, 1]
    assert same_as_sympy(Environment(J), x)
    assert same_as_sympy(Environment(J), w)


def test_any_activation_stands_for_f() -> None:
    x = Tensor([1.0, 2.0], name="x")
    J = relu(x * 3).sum()
    assert prove(J, {"dx": lambda x, f_prime: 3 * f_prime(x * 3)}).ok
    assert prove(np.sinh(x).sum(), {"dx": lambda x: 1 * np.cosh(x)}).ok


def test_what_cannot_be_proved_says_why() -> None:
    J, _ = network([2, 2, 1], 1)
    proofs = prove(J, {
        "delta3": np.zeros((1, 1)),
        "delta2": lambda W9: W9,
        "dW1": formula("delta2 @ x"),
        "db1": lambda delta2: delta2.T,
    })  # fmt: skip
    assert not proofs.ok
    assert len(proofs.failures) == 4
    said = {proof.name: proof.problem for proof in proofs}
    assert "only formulas can be proved" in said["delta3"]
    assert "unknown name 'W9'" in said["delta2"]
    assert "ValueError" in said["dW1"]
    assert "gives shape (1, 2); the gradient has (2, 1)" in said["db1"]
    assert str(proofs).count("not proved") == 2
    assert str(proofs).count("refuted") == 2


def test_zero_dimensional_graphs() -> None:
    a, b = Tensor(2.0, name="a"), Tensor(3.0, name="b")
    J = (a * b - a) ** 2
    assert prove(
        J, {"da": lambda a, b: 2 * (a * b - a) * (b - 1), "db": lambda a, b: 2 * a * (a * b - a)}
    ).ok


def test_symbols_are_named_as_in_the_document() -> None:
    J, tensors = network([3, 3, 1], 1)
    world = Symbolic(Environment(J))
    assert str(plain(world.nodes[tensors["W2"]])[0, 1]) == "w₁₂⁽²⁾"
    assert str(plain(world.nodes[tensors["h2"]])[1, 0]) == "h₂⁽²⁾"
    (proof,) = prove(J, {"delta3": formula("(y - h3) * f_prime(z3)")})
    assert "f′(z⁽³⁾)" in str(proof)
    assert r"f'(z^{(3)})" in proof.latex
    assert prove(J, {"delta3": formula("y - h3")})._repr_latex_().startswith("$")


@pytest.mark.parametrize("right", [True, False])
def test_what_has_no_form_for_every_size_is_judged_at_this_one(right: bool) -> None:
    x, u = Tensor([0.3, -0.2, 0.9, 0.4], name="x"), Tensor([1.1, -0.7], name="u")
    J = np.sum(u * np.exp(x.reshape(2, 2)).sum(axis=1))
    sign = 1 if right else -1
    (proof,) = prove(J, {"dx": lambda u, x: np.repeat(u, 2) * np.exp(sign * x)})
    assert (proof.proved, proof.refuted) == (right, not right)
    assert (proof.counter_example is None) == right


def test_written_parts_of_axes_at_one_size() -> None:
    x = Tensor([0.3, -0.2, 0.9, 0.4], name="x")
    J = np.sum(np.tanh(x[1:] * x[:-1]))

    def dx(x: Any) -> Any:
        slope, g = 1 - np.tanh(x[1:] * x[:-1]) ** 2, np.zeros_like(x)
        g[1:] += slope * x[:-1]
        g[:-1] += slope * x[1:]
        return g

    (proof,) = prove(J, {"dx": dx})
    assert proof.proved


def test_facts_hold_for_what_refutes_at_one_size() -> None:
    P, u = Tensor([[0.25, 0.75], [0.5, 0.5]], name="P"), Tensor([[0.2], [0.7]], name="u")
    J = np.sum(u * P.reshape(4).reshape(2, 2))
    claims = {"du": lambda u: u * 0 + 1}
    (free,) = prove(J, claims)
    (told,) = prove(J, claims, assume=[lambda P: np.sum(P, axis=1) == 1])
    assert free.refuted
    assert not told.refuted


def test_a_formula_may_close_over_what_is_not_there_yet() -> None:
    x = Tensor([1.0, 2.0], name="x")

    def dx(x: Any) -> Any:
        return 2 * x if np.ndim(x) else later

    (proof,) = prove((x * x).sum(), {"dx": dx})
    later = proof
    assert later.any_size
