"""The catalogue of mistakes: planted ones are named, and nothing is explained falsely.

The full figures (200 cases for each entry, 10,000 random formulas) come from running
``python -m tests.autograd_nn.derivation.verify.planted``; these are the same with smaller numbers.
"""

from __future__ import annotations

import pytest

from autograd_nn import Tensor, verify
from autograd_nn.derivation.verify.catalogue import CATALOGUE

from ..networks import network
from .planted import PLANTS, false_explanations, formula, rate


@pytest.mark.parametrize("kind", PLANTS)
def test_planted_mistakes_are_named(kind: str) -> None:
    named, first, missed = rate(kind, 8, seed=1)
    assert named >= 0.99, missed
    assert first >= 0.7, (first, kind)


def test_nothing_is_explained_falsely() -> None:
    judged, explained, false = false_explanations(60, seed=3)
    assert judged == 60
    assert explained > 5
    assert not false


def test_every_entry_is_planted_or_is_the_opposite_of_one() -> None:
    kinds = {entry.kind for entry in CATALOGUE}
    opposites = {entry.opposite for entry in CATALOGUE if entry.kind in PLANTS}
    assert set(PLANTS) <= kinds
    assert kinds - set(PLANTS) - opposites <= {"term too many", "factor too many"}


@pytest.mark.parametrize(
    ("target", "source", "kind", "word"),
    [
        ("delta3", "(W3.T @ delta4) * h3 * (1 - h3) * 2", "constant factor", "½"),
        ("dW2", "delta3 @ h2.T / m * 0.37", "constant factor", "2.7027"),
        ("dW2", "delta3 @ h2.T / m / m", "constant factor", "multiply by m"),
        ("dW2", "delta3 @ h2.T / m * 4", "constant factor", "the number of"),
        ("delta4", "-(y - h4) * h4 * (1 + h4)", "sign", "1 + h4"),
        ("delta2", "(W2.T @ delta3) * h2", "f for f′", "f(z2)"),
        ("delta2", "(W2.T @ delta3) * f_prime(h2)", "f′ at the wrong argument", "belongs at z2"),
        ("delta3", "(W3[:1].T @ delta4[:1]) * f_prime(z3)", "path left out", "paths through"),
        ("db1", "delta2.sum(axis=1, keepdims=True)", "sum for mean", "mean"),
        ("delta2", "(W2.T @ delta3) * f_prime(z2) + z2", "term too many", "z2"),
        ("dW1", "(delta2 * f_prime(z2)) @ x.T / m", "f′ twice", "leave it out"),
    ],
)
def test_words(target: str, source: str, kind: str, word: str) -> None:
    J, _ = network([3, 2, 4, 2], 5, seed=4)
    line = verify(J, {target: formula(source)}).failures[0]
    found = {explanation.kind: explanation for explanation in line.explanations}
    assert kind in found
    assert word in found[kind].words


def test_a_constant_is_named_after_the_scalar_that_equals_it() -> None:
    w, rate_ = Tensor([1.0, 2.0], name="w"), Tensor(0.3, name="alpha")
    J = (rate_ * w.square()).sum()
    line = verify(J, {"dw": lambda w: 2 * w}).failures[0]
    assert "alpha" in line.explanations[0].words


def test_a_path_left_out_where_a_value_is_used_twice() -> None:
    J, _ = network([3, 2, 4, 2], 5, skip=True)
    for source in ("W2.T @ d_z3", "V.T @ d_z4"):
        line = verify(J, {"d_h2": formula(source)}).failures[0]
        assert line.explanations[0].kind == "path left out"
    line = verify(J, {"d_h2": formula("W2.T @ d_z3 + 2 * (V.T @ d_z4)")}).failures[0]
    assert "path counted twice" in [e.kind for e in line.explanations]
    assert verify(J, {"d_h2": formula("W2.T @ d_z3 + V.T @ d_z4")}).ok


def test_two_mistakes_of_which_one_is_a_factor() -> None:
    J, _ = network([3, 2, 4, 2], 5)
    line = verify(J, {"dW2": formula("-(h2 @ delta3.T) / m")}).failures[0]
    assert line.explanations
    assert "factor −1" in line.explanations[0].words


def test_nonsense_is_not_explained() -> None:
    J, _ = network([3, 2, 4, 2], 5)
    line = verify(J, {"delta2": formula("z2 * h2 + 1")}).failures[0]
    assert not line.explanations
    assert "no single mistake" in line.text()
