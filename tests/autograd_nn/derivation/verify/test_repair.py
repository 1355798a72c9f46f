"""The one change of a program that makes it right, and no reason where there is none."""

from typing import Any

import numpy as np
import pytest

from autograd_nn import Tensor, verify
from tests.benchmarks.exercises.__main__ import EXERCISES
from tests.benchmarks.wrong_formulas import outcome

RIGHT = """
dW = np.zeros_like(W)
db = np.zeros(3)
for i in range(len(t)):
    mask = z[i] > 0
    err = a[i] - t[i]
    dz = err * mask
    dW[k[i]] += np.outer(X[i], dz)
    db += dz
"""


def made() -> tuple[Tensor, dict[str, Any]]:
    """Return a cost and what a program may use: samples choose one of two layers."""
    rng = np.random.default_rng(3)
    X, t, k = rng.normal(size=(6, 2)), rng.normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 1])
    W, b = Tensor(rng.normal(size=(2, 2, 3)), True, "W"), Tensor(rng.normal(size=3), True, "b")
    z = (X[:, None, :] @ W[k])[:, 0] + b
    a = np.maximum(z, 0)
    J = 0.5 * ((a - t) ** 2).sum()
    space = {"X": X, "t": t, "k": k, "W": W, "b": b, "z": z, "a": a}
    return J, {key: np.asarray(getattr(x, "data", x)) for key, x in space.items()} | {
        key: x for key, x in space.items() if isinstance(x, Tensor)
    }


@pytest.mark.parametrize(
    ("old", "new", "name", "words"),
    [
        ("dW[k[i]] +=", "dW[k[i]] =", "dW", "only the last write is left"),
        ("err * mask", "err", "dz", "derivative of a is missing"),
        ("a[i] - t[i]", "t[i] - a[i]", "dz", "the sign is wrong"),
        ("X[i], dz", "X[i], err", "dW", "stands where"),
        ("db += dz", "db += dz + t[i]", "db", "t[i] is one term too many"),
        ("db += dz", "db = dz", "db", "= stands where += belongs"),
    ],
)
def test_in_a_loop_over_samples_one_line_is_blamed(
    old: str, new: str, name: str, words: str
) -> None:
    J, space = made()
    assert verify(J, script=RIGHT, names=space).ok
    report = verify(J, script=RIGHT.replace(old, new), names=space)
    assert [line.name for line in report.failures] == [name]
    assert any(words in e.words for e in report[name].explanations), report


@pytest.mark.parametrize(
    ("text", "old", "new", "words"),
    [
        ("max pooling", "mask * dout[c", "dout[c", "multiply by mask (script, line 9"),
        ("max pooling", "np.max", "np.min", "np.min stands where np.max belongs (script, line 8"),
        ("an LSTM step", "[dai, daf", "[daf, dai", "stands where [dai, daf, dao, dag] belongs"),
        ("negative sampling", "s * vc", "s * U[k]", "U[k] stands where vc belongs"),
        ("sample by sample", "X[:, i] * err", "X[:, i] * a_i", "a_i stands where err belongs"),
        (
            "SVM loss, naive",
            "dW[:, y[i]] -= X[i]",
            "pass",
            "missing after dW[:, j] += X[i]: dW[:, y",
        ),
        ("min-char-rnn", "    dbh += dhraw\n", "", "it is 0 everywhere"),
        (
            "a two-layer net with s",
            "2 * reg * W1\n",
            "2 * reg * W1**2\n",
            "(W1 * W1) stands where the",
        ),
        ("L layers with", 'dA2"], Z2)', 'dA2"], -Z2)', "−Z2 stands where Z2 belongs"),
    ],
)
def test_the_change_of_the_program_is_named(text: str, old: str, new: str, words: str) -> None:
    exercise = next(e for e in EXERCISES if text in e.name and old in e.backward)
    (line,) = exercise.judged(exercise.backward.replace(old, new)).failures
    assert words in line.explanations[0].words


def test_a_change_that_is_right_by_chance_is_no_reason() -> None:
    x = Tensor(np.array(2.0), True, "x")
    line = verify(x * x * x, script="dx = 3 * x + 7", names={"x": x})["dx"]
    assert not line.right
    # 3·2² = 12 = 6 + 6 = 2·x + 8: right for x = 2, and for no other
    assert not [e for e in line.explanations if "script, line" in e.words]


def test_random_wrong_formulas_have_no_false_reasons_and_no_innocent_is_blamed() -> None:
    found = outcome(40, seed=1)
    assert found.explained > 5
    assert not found.false + found.innocent + found.crashes
