"""Why gradients are wrong in graphs of any kind, from the numbers alone; and no false reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, gradients, verify
from autograd_nn.derivation.draws import Draw
from autograd_nn.derivation.names import Environment
from autograd_nn.derivation.verify.passes import Pass

from .exercises import EXERCISES, judged, run


@pytest.mark.parametrize("text", EXERCISES)
def test_right_scripts_are_right(text: str) -> None:
    J, claims = run(EXERCISES[text])
    verify(J, claims, samples=1).raise_if_wrong()


MISSED = {"dout.sum(axis=(2, 3))[0]", "= np.einsum"}
"""What is found and not explained."""


@pytest.mark.parametrize("text", EXERCISES)
def test_mistakes_are_explained(text: str) -> None:
    for mistake in EXERCISES[text].mistakes[::3]:
        report = judged(EXERCISES[text], mistake)
        assert not report.ok
        assert report.failures[0].explanations or mistake.new in MISSED, mistake


@pytest.mark.parametrize(
    ("text", "old", "words"),
    [
        ("softmax regression", "dP * counts / total**2", "P belongs"),
        ("softmax regression", "+ dtotal", "the path from counts through total is left out"),
        ("fused cross-entropy", "(probs - Y) / 6", ""),
        ("fused cross-entropy", "(1 - h1**2)", "derivative of h1 is missing"),
        ("batch normalisation", "(dout * xhat).sum(axis=0)", "x stands where xhat belongs"),
        ("layer normalisation in one line", "g = dy * gamma", "gamma"),
        ("attention", "dscores @ K / np.sqrt(3)", "∂J/∂scores stands where"),
        ("recurrent network", "dWhy +=", "only the last to be added is there"),
        ("recurrent network", "dWhh += draw @ hs[i].T", "off by one"),
        ("embedding", "np.add.at(dC, idx, demb)", "last write"),
        ("logistic regression", "0.35 / 6 * w", "w**2"),
        ("residual block with dropout", "du @ W1.T + dout", "left out"),
        ("convolution", "w[:, :, i, j]", "flipped along its last two axes"),
    ],
)
def test_words(text: str, old: str, words: str) -> None:
    mistake = next(m for m in EXERCISES[text].mistakes if m.old == old)
    report = judged(EXERCISES[text], mistake)
    said = [e.words for line in report.failures for e in line.explanations]
    assert any(words in e for e in said), said


def test_one_mistake_in_what_has_no_name_is_blamed_once() -> None:
    exercise = EXERCISES["fused cross-entropy"]
    for mistake in [m for m in exercise.mistakes if m.old == "(1 - h1**2)"]:
        report = judged(exercise, mistake)
        assert [line.name for line in report.failures] == ["db1"]
        assert report["dW1"].inherits == ("db1",)


def test_tangents_tell_what_a_change_does() -> None:
    """The inner product of tangent and gradient is the same on every cut through the graph."""
    for exercise in EXERCISES.values():
        J, claims = run(exercise)
        environment = Environment(J, 1)
        place = {node: i for i, node in enumerate(environment.order)}
        nodes = [environment.meaning(key).node for key in claims]
        wanted = {place[node] for node in nodes if node is not None}
        base = Pass(Draw(environment), {}, wanted)
        for i in wanted:
            direction = np.random.default_rng(i).normal(size=np.shape(base.arriving[i]))
            tangents = base.tangents(i, direction)
            assert np.allclose(tangents[place[J]], np.vdot(direction, base.arriving[i]), rtol=1e-9)


def test_answers_of_other_exercises_are_not_explained() -> None:
    """A control: what is explained then is explained by chance."""
    rng = np.random.default_rng(0)
    arrays = [a for e in EXERCISES.values() for a in run(e)[1].values() if np.size(a) > 1]
    count = explained = 0
    for exercise in EXERCISES.values():
        J, claims = run(exercise)
        names = [key for key, a in claims.items() if np.size(a) > 1]
        for key in rng.choice(names, 2):
            other = np.resize(arrays[int(rng.integers(len(arrays)))], np.shape(claims[key]))
            if np.allclose(other, claims[key]):
                continue
            report = verify(J, {key: other}, samples=1)
            count += 1
            explained += bool(report[key].explanations)
    assert count > 15
    assert explained == 0


def shared_factor(b: Any) -> tuple[Tensor, dict[str, Any]]:
    """Return a cost in which a vector has a factor b, and right gradients."""
    a = Tensor(np.random.default_rng(3).normal(size=(4, 3)), name="a")
    J = (np.tanh(a * Tensor(b, name="gain")) ** 2).sum()
    return J, {"da": gradients(J, a)[0]}


@pytest.mark.parametrize("power", [-3, -2, -1, -0.5, 0.5, 1, 2, 3])
def test_a_factor_is_told_by_name(power: float) -> None:
    gain = np.array([0.5, 1.5, 3.0])
    J, claims = shared_factor(gain)
    (said, *_) = verify(J, {"da": claims["da"] * gain**power}).failures[0].explanations
    assert "gain" in said.words


def test_a_formula_is_explained_by_its_values_on_every_draw() -> None:
    J, _ = shared_factor(np.array([0.5, 1.5, 3.0]))

    def opaque(a: Any, gain: Any) -> Any:
        h = np.asarray([[np.tanh(v) for v in row] for row in np.asarray(a * gain)])
        return 2 * h * (1 - h**2)

    (said, *_) = verify(J, {"da": opaque}).failures[0].explanations
    assert "gain" in said.words


def test_hints_come_in_stages() -> None:
    J, claims = shared_factor(np.array([0.5, 1.5, 3.0]))
    wrong = {"da": claims["da"] / np.array([0.5, 1.5, 3.0])}
    texts = [str(verify(J, wrong, hints=n)) for n in (1, 2, 3, 4)]
    assert "look at" in texts[0]
    assert "the kind of mistake" not in texts[0]
    assert "the kind of mistake" in texts[1]
    assert "it is about" in texts[2]
    assert "because: " in texts[3]
    with pytest.raises(ValueError, match="hints is 7"):
        verify(J, wrong, hints=7)


@pytest.mark.parametrize(
    ("gap", "words"),
    [(0.5, "½ is one term too many"), (-2.0, "−2 is one term too many"),
     ("sign", "sign(a) is one term too many")],
)  # fmt: skip
def test_one_number_too_many_everywhere_is_told_from_signs(gap: Any, words: str) -> None:
    J, claims = shared_factor(np.array([0.5, 1.5, 3.0]))
    a = np.random.default_rng(3).normal(size=(4, 3))
    if gap == "sign":
        gap = np.sign(a)
    (said, *_) = verify(J, {"da": claims["da"] + gap}).failures[0].explanations
    assert said.words.startswith(words)


def test_what_is_all_zero_is_said_to_be() -> None:
    J, claims = shared_factor(np.array([0.5, 1.5, 3.0]))
    (said,) = verify(J, {"da": 0 * claims["da"]}).failures[0].explanations
    assert said.words.startswith("it is 0 everywhere")
