"""Whole programs, forward and back: a right one is right whatever its names; mistakes are found."""

from __future__ import annotations

import pytest

from autograd_nn import verify

ATTENTION = """
import numpy as np
rng = np.random.default_rng(2)
T, C, D = 4, 5, 3
x = rng.normal(size=(T, C)); Wq = rng.normal(size=(C, D)); Wk = rng.normal(size=(C, D))
Wv = rng.normal(size=(C, D)); target = rng.normal(size=(T, D))
q = x @ Wq
k = x @ Wk
v = x @ Wv
s = q @ k.T / np.sqrt(D)
s = np.where(np.tril(np.ones((T, T))) == 0, -1e9, s)
p = np.exp(s - s.max(-1, keepdims=True))
p = p / p.sum(-1, keepdims=True)
o = p @ v
loss = 0.5 * np.sum((o - target) ** 2)
do = o - target
dv = p.T @ do
dp = do @ v.T
ds = p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
ds = ds / np.sqrt(D)
dq = ds @ k
dk = ds.T @ q
dWq = x.T @ dq
"""
LAYERS = """
import numpy as np
rng = np.random.default_rng(6)
class Linear:
    def __init__(self, i, o): self.W = rng.normal(size=(i, o)); self.b = np.zeros(o)
    def forward(self, x): self.x = x; return x @ self.W + self.b
    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(0)
        return g @ self.W.T
class Relu:
    def forward(self, x): self.on = x > 0; return x * self.on
    def backward(self, g): return g * self.on
x = rng.normal(size=(7, 4)); y = rng.normal(size=(7, 2))
layers = [Linear(4, 5), Relu(), Linear(5, 2)]
out = x
for l in layers: out = l.forward(out)
loss = np.mean((out - y) ** 2)
g = 2 * (out - y) / out.size
for l in reversed(layers): g = l.backward(g)
"""
STEPS = """
import numpy as np
rng = np.random.default_rng(5)
T, n, k = 3, 3, 2
xs = rng.normal(size=(T, k)); ys = rng.normal(size=(T, n))
Wx = rng.normal(size=(n, k)); Wh = rng.normal(size=(n, n)); bh = rng.normal(size=n)
h = {-1: np.zeros(n)}
loss = 0
for t in range(T):
    h[t] = np.tanh(Wx @ xs[t] + Wh @ h[t-1] + bh)
    loss = loss + 0.5 * np.sum((h[t] - ys[t]) ** 2)
dWx, dWh, dbh = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(bh)
dnext = np.zeros(n)
for t in reversed(range(T)):
    dh = h[t] - ys[t] + dnext
    da = (1 - h[t] ** 2) * dh
    dbh += da
    dWx += np.outer(da, xs[t])
    dWh += np.outer(da, h[t-1])
    dnext = Wh.T @ da
"""


@pytest.mark.parametrize("text", [ATTENTION, LAYERS, STEPS], ids=["attention", "layers", "steps"])
def test_a_right_program_is_right_whatever_its_names(text: str) -> None:
    report = verify(forward=text, script=text)
    assert report.ok
    assert "for these values only" not in str(report)


@pytest.mark.parametrize(
    ("text", "right", "wrong", "name"),
    [
        (ATTENTION, "dk = ds.T @ q", "dk = ds @ q", "dk"),
        (ATTENTION, "dv = p.T @ do", "dv = p @ do", "dv"),
        (LAYERS, "g.sum(0)", "g.mean(0)", "db"),
        (LAYERS, "return g * self.on", "return g", "dout1"),
        (STEPS, "np.outer(da, h[t-1])", "np.outer(da, h[t])", "dWh"),
        (STEPS, "dbh += da", "dbh = da", "dbh"),
    ],
)
def test_its_mistake_is_found_where_it_is(text: str, right: str, wrong: str, name: str) -> None:
    assert right in text
    text = text.replace(right, wrong)
    report = verify(forward=text, script=text)
    assert report.failures[0].name == name
    assert report.failures[0].explanations


ADAM = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(6, 3)); y = rng.normal(size=(6, 1)); params = {
    "w1": rng.normal(size=(3, 4)), "c1": np.zeros(4), "w2": rng.normal(size=(4, 1))}
def backward(p):
    hid = np.tanh(X @ p["w1"] + p["c1"])
    out = hid @ p["w2"]
    grads = {}
    dout = 2 * (out - y) / out.size
    grads["w2"] = hid.T @ dout
    dhid = dout @ p["w2"].T
    dpre = dhid * (1 - hid * hid)
    grads["w1"], grads["c1"] = X.T @ dpre, dpre.sum(0)
    return grads
"""
LOSS = """
hid = np.tanh(X @ params["w1"] + params["c1"])
out = hid @ params["w2"]
loss = np.mean((out - y) ** 2)
"""


def test_what_others_follow_from_is_judged_where_the_graph_has_no_name_for_it() -> None:
    call = LOSS + "grads = backward(params)\n"
    assert verify(forward=ADAM + LOSS, script=ADAM + call).ok
    wrong = verify(forward=ADAM + LOSS, script=ADAM.replace("(1 - hid * hid)", "(1 - hid)") + call)
    assert [line.name for line in wrong.failures] == ["dpre"]
    assert "dpre = dhid * (1 - hid)" in wrong.failures[0].where


def test_of_a_sum_the_line_of_the_wrong_part_is_quoted() -> None:
    report = verify(forward=STEPS, script=STEPS.replace("dnext = Wh.T @ da", "dnext = -Wh.T @ da"))
    assert len(report.failures) == 1  # one line that is run several times
    assert report.failures[0].where.endswith("dnext = -Wh.T @ da")


def test_what_a_program_that_stops_has_not_finished_is_not_judged() -> None:
    stops = STEPS.replace("    dnext = Wh.T @ da", "    dnext = Wh.T @ da\n    if t == 1: unknown")
    report = verify(forward=STEPS, script=stops)
    assert "NameError" in report.problems[0]
    assert not report.failures
    assert any("not judged" in note and "dWh" in note for note in report.notes)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("dv = p.T @ do", "dv = (p.T @ do)[::-1]", "in another order"),
        ("dk = ds.T @ q", "dk = np.ones((4, 3)) * ds.sum(-1, keepdims=True)", "0 but for rounding"),
    ],
)
def test_reasons_are_true(right: str, wrong: str, said: str) -> None:
    line = verify(forward=ATTENTION, script=ATTENTION.replace(right, wrong)).failures[0]
    assert said in line.explanations[0].words


def test_a_copy_is_an_array_of_its_own() -> None:
    script = ATTENTION.replace("do = o - target", "do = o.copy()")
    assert [line.name for line in verify(forward=ATTENTION, script=script).failures] == ["do"]
