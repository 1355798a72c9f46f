# ruff: noqa: E501 - a mistake is a line of a table
"""Exercises of well-known courses with typical mistakes, handed over as arrays.

1. An `Exercise` is a forward pass on Tensors, a right backward pass as a learner writes it in
   NumPy, and mistakes: what a line is replaced by, and which claim is then the first wrong one.
2. `judged` makes one mistake, runs the script and has every ``d…`` that it leaves judged.

Run as a program for the figures: ``python -m tests.autograd_nn.derivation.verify.exercises``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_nn import Tensor, verify
from autograd_nn.derivation import Report


class Mistake(NamedTuple):
    """One mistake: lines replaced, and the claim at which it is to be found."""

    old: str
    new: str
    where: str
    word: str = ""
    """What the explanation must say, at the least."""


class Exercise(NamedTuple):
    """A forward pass, a backward pass and mistakes in it."""

    leaves: dict[str, Any]
    forward: str
    backward: str
    mistakes: list[Mistake]


_RNG = np.random.default_rng(7)


def _normal(*shape: int, scale: float = 1.0) -> Any:
    return scale * _RNG.normal(size=shape)


def _each(table: str) -> list[Mistake]:
    """Read mistakes, one a line: old ⇒ new ⇒ where ⇒ word."""
    rows = [[cell.strip() for cell in line.split("⇒")] for line in table.strip().splitlines()]
    return [Mistake(*row) for row in rows]


EXERCISES: dict[str, Exercise] = {}

EXERCISES["softmax regression"] = Exercise(
    {"X": _normal(5, 4), "W": _normal(4, 3), "b": _normal(1, 3), "Y": np.eye(3)[[0, 2, 1, 1, 0]]},
    """
logits = X @ W + b
counts = np.exp(logits)
total = counts.sum(axis=1, keepdims=True)
P = counts / total
logP = np.log(P)
J = -(Y * logP).sum() / 5 + 0.05 * (W * W).sum()
""",
    """
dlogP = -Y / 5
dP = dlogP / P
dtotal = -(dP * counts / total**2).sum(axis=1, keepdims=True)
dcounts = dP / total + dtotal
dlogits = dcounts * counts
dW = X.T @ dlogits + 2 * 0.05 * W
db = dlogits.sum(axis=0, keepdims=True)
dX = dlogits @ W.T
""",
    _each("""
-Y / 5 ⇒ -Y ⇒ dlogP ⇒ 5
-Y / 5 ⇒ Y / 5 ⇒ dlogP ⇒ sign
-Y / 5 ⇒ -Y / 15 ⇒ dlogP ⇒ 3
dlogP / P ⇒ dlogP * P ⇒ dP ⇒ P
dlogP / P ⇒ dlogP / counts ⇒ dP ⇒ counts
dP * counts / total**2 ⇒ dP * counts / total ⇒ dtotal ⇒ total
dP * counts / total**2 ⇒ dP / total**2 ⇒ dtotal ⇒ counts
-(dP * counts ⇒ (dP * counts ⇒ dtotal ⇒ sign
+ dtotal ⇒  ⇒ dcounts ⇒ total
dP / total + dtotal ⇒ dP + dtotal ⇒ dcounts ⇒ total
dP / total + dtotal ⇒ dP / total - dtotal ⇒ dcounts ⇒ total
dcounts * counts ⇒ dcounts ⇒ dlogits ⇒ counts
dcounts * counts ⇒ dcounts * P ⇒ dlogits ⇒ P
dcounts * counts ⇒ dcounts * logits ⇒ dlogits ⇒ logits
2 * 0.05 * W ⇒ 0.05 * W ⇒ dW ⇒ W
+ 2 * 0.05 * W ⇒  ⇒ dW ⇒ W
+ 2 * 0.05 * W ⇒ - 2 * 0.05 * W ⇒ dW ⇒ W
X.T @ dlogits ⇒ X.T @ dlogits / 5 ⇒ dW ⇒ 5
dlogits.sum(axis=0, keepdims=True) ⇒ dlogits.mean(axis=0, keepdims=True) ⇒ db ⇒
dlogits.sum(axis=0, keepdims=True) ⇒ dlogits.sum(axis=0, keepdims=True) + 0.1 * b ⇒ db ⇒ b
dlogits @ W.T ⇒ dP @ W.T ⇒ dX ⇒ P
"""),
)

EXERCISES["fused cross-entropy"] = Exercise(
    {
        "X": _normal(6, 4),
        "W1": _normal(4, 5),
        "b1": _normal(5),
        "W2": _normal(5, 3),
        "b2": _normal(3),
        "Y": np.eye(3)[[0, 2, 1, 1, 0, 2]],
    },
    """
a1 = X @ W1 + b1
h1 = np.tanh(a1)
scores = h1 @ W2 + b2
logprobs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
J = -(Y * logprobs).sum() / 6
probs = np.exp(logprobs)
""",
    """
dscores = (probs - Y) / 6
dW2 = h1.T @ dscores
db2 = dscores.sum(axis=0)
dh1 = dscores @ W2.T
dhidden = dh1 * (1 - h1**2)
dW1 = X.T @ dhidden
db1 = dhidden.sum(axis=0)
""",
    _each("""
(probs - Y) / 6 ⇒ probs - Y ⇒ dscores ⇒ 6
(probs - Y) / 6 ⇒ probs / 6 ⇒ dscores ⇒
(probs - Y) / 6 ⇒ (probs - Y) / 3 ⇒ dscores ⇒
(probs - Y) / 6 ⇒ (Y - probs) / 6 ⇒ dscores ⇒ sign
(probs - Y) / 6 ⇒ -Y / 6 ⇒ dscores ⇒
(1 - h1**2) ⇒ 1 ⇒ db1 ⇒ tanh
(1 - h1**2) ⇒ (1 - a1**2) ⇒ db1 ⇒ a1
(1 - h1**2) ⇒ (1 + h1**2) ⇒ db1 ⇒ 1 + h1
(1 - h1**2) ⇒ (1 - h1) ⇒ db1 ⇒ h1
(1 - h1**2) ⇒ h1 ⇒ db1 ⇒ h1
(1 - h1**2) ⇒ h1 * (1 - h1) ⇒ db1 ⇒ sigmoid
(1 - h1**2) ⇒ (a1 > 0) ⇒ db1 ⇒ relu
(1 - h1**2) ⇒ (1 - h1**2)**2 ⇒ db1 ⇒ tanh
X.T @ dhidden ⇒ X.T @ dh1 ⇒ dW1 ⇒ h1
X.T @ dhidden ⇒ 2 * X.T @ dhidden ⇒ dW1 ⇒ 2
dhidden.sum(axis=0) ⇒ dhidden[0] ⇒ db1 ⇒
dhidden.sum(axis=0) ⇒ dhidden[:-1].sum(axis=0) ⇒ db1 ⇒
dhidden.sum(axis=0) ⇒ dhidden.mean(axis=0) ⇒ db1 ⇒
dhidden.sum(axis=0) ⇒ dh1.sum(axis=0) ⇒ db1 ⇒ h1
dscores @ W2.T ⇒ dscores @ W2.T / 6 ⇒ dh1 ⇒ 6
"""),
)

EXERCISES["batch normalisation"] = Exercise(
    {"x": _normal(6, 3, scale=2.0), "gamma": _normal(3), "beta": _normal(3), "T": _normal(6, 3)},
    """
mu = x.mean(axis=0)
xc = x - mu
var = (xc**2).sum(axis=0) / 6
std = np.sqrt(var + 0.1)
xhat = xc / std
out = gamma * xhat + beta
J = (np.tanh(out) * T).sum()
""",
    """
dout = (1 - np.tanh(out)**2) * T
dbeta = dout.sum(axis=0)
dgamma = (dout * xhat).sum(axis=0)
dxhat = dout * gamma
dstd = -(dxhat * xc).sum(axis=0) / std**2
dvar = 0.5 * dstd / std
dxc = dxhat / std + 2 * xc * dvar / 6
dmu = -dxc.sum(axis=0)
dx = dxc + dmu / 6
""",
    _each("""
(dout * xhat).sum(axis=0) ⇒ (dout * x).sum(axis=0) ⇒ dgamma ⇒ x
(dout * xhat).sum(axis=0) ⇒ dout.sum(axis=0) ⇒ dgamma ⇒ xhat
(dout * xhat).sum(axis=0) ⇒ (dout * xc).sum(axis=0) ⇒ dgamma ⇒ xc
(dout * xhat).sum(axis=0) ⇒ (dout * xhat).mean(axis=0) ⇒ dgamma ⇒
dout.sum(axis=0) ⇒ dout.mean(axis=0) ⇒ dbeta ⇒
dxhat = dout * gamma ⇒ dxhat = dout ⇒ dxhat ⇒ gamma
dxhat = dout * gamma ⇒ dxhat = dout / gamma ⇒ dxhat ⇒ gamma
-(dxhat * xc) ⇒ (dxhat * xc) ⇒ dstd ⇒ sign
/ std**2 ⇒ / std ⇒ dstd ⇒ std
0.5 * dstd ⇒ dstd ⇒ dvar ⇒ ½
dstd / std ⇒ dstd * std ⇒ dvar ⇒ std
dxhat / std ⇒ dxhat ⇒ dxc ⇒ std
2 * xc * dvar / 6 ⇒ xc * dvar / 6 ⇒ dxc ⇒ 2
2 * xc * dvar / 6 ⇒ 2 * xc * dvar / 5 ⇒ dxc ⇒ 5
2 * xc * dvar / 6 ⇒ 2 * xc * dvar ⇒ dxc ⇒ 6
2 * xc * dvar / 6 ⇒ 2 * x * dvar / 6 ⇒ dxc ⇒ x
+ 2 * xc * dvar / 6 ⇒  ⇒ dxc ⇒ var
+ dmu / 6 ⇒ + dmu ⇒ dx ⇒ 6
+ dmu / 6 ⇒  ⇒ dx ⇒ mu
+ dmu / 6 ⇒ - dmu / 6 ⇒ dx ⇒ mu
(1 - np.tanh(out)**2) * T ⇒ (1 - np.tanh(out)**2) ⇒ dout ⇒ T
(1 - np.tanh(out)**2) * T ⇒ T ⇒ dout ⇒ tanh
"""),
)

EXERCISES["layer normalisation in one line"] = Exercise(
    {"x": _normal(5, 4, scale=2.0), "gamma": _normal(4), "beta": _normal(4), "T": _normal(5, 4)},
    """
mu = x.mean(axis=1, keepdims=True)
xc = x - mu
var = (xc**2).mean(axis=1, keepdims=True)
inv = (var + 0.1) ** -0.5
xhat = xc * inv
y = gamma * xhat + beta
J = (y * T).sum()
""",
    """
dy = T
dgamma = (dy * xhat).sum(axis=0)
dbeta = dy.sum(axis=0)
g = dy * gamma
s = (g * xhat).sum(axis=1, keepdims=True)
dx = inv * (g - g.sum(axis=1, keepdims=True) / 4 - xhat * s / 4)
""",
    _each("""
(dy * xhat).sum(axis=0) ⇒ (dy * y).sum(axis=0) ⇒ dgamma ⇒ y
g = dy * gamma ⇒ g = dy ⇒ dx ⇒ gamma
- xhat * s / 4 ⇒  ⇒ dx ⇒ var
- g.sum(axis=1, keepdims=True) / 4 ⇒  ⇒ dx ⇒ mu
- xhat * s / 4 ⇒ + xhat * s / 4 ⇒ dx ⇒ sign
- xhat * s / 4 ⇒ - xhat * s / 3 ⇒ dx ⇒ 3
- xhat * s / 4 ⇒ - xhat * s ⇒ dx ⇒ 4
inv * (g ⇒ (g ⇒ dx ⇒ inv
inv * (g ⇒ inv**2 * (g ⇒ dx ⇒ inv
"""),
)

EXERCISES["attention"] = Exercise(
    {"Q": _normal(4, 3), "K": _normal(4, 3), "V": _normal(4, 5), "M": _normal(4, 5)},
    """
scores = (Q @ K.T) / np.sqrt(3)
e = np.exp(scores)
A = e / e.sum(axis=1, keepdims=True)
out = A @ V
J = np.square(out - M).sum()
""",
    """
dout = 2 * (out - M)
dV = A.T @ dout
dA = dout @ V.T
dscores = A * (dA - (dA * A).sum(axis=1, keepdims=True))
dQ = dscores @ K / np.sqrt(3)
dK = dscores.T @ Q / np.sqrt(3)
""",
    _each("""
2 * (out - M) ⇒ (out - M) ⇒ dout ⇒ 2
2 * (out - M) ⇒ 2 * (out + M) ⇒ dout ⇒ M
2 * (out - M) ⇒ 2 * out ⇒ dout ⇒ M
A.T @ dout ⇒ A @ dout ⇒ dV ⇒ transpos
A.T @ dout ⇒ scores.T @ dout ⇒ dV ⇒ scores
A.T @ dout ⇒ e.T @ dout ⇒ dV ⇒ e
A * (dA - (dA * A).sum(axis=1, keepdims=True)) ⇒ A * dA ⇒ dscores ⇒
A * (dA - (dA * A).sum(axis=1, keepdims=True)) ⇒ A * (1 - A) * dA ⇒ dscores ⇒ A
A * (dA - (dA * A).sum(axis=1, keepdims=True)) ⇒ A * (dA - (dA * A).sum(axis=0, keepdims=True)) ⇒ dscores ⇒ axis
A * (dA - (dA * A).sum(axis=1, keepdims=True)) ⇒ A * (dA - dA.sum(axis=1, keepdims=True)) ⇒ dscores ⇒ A
A * (dA - (dA * A).sum(axis=1, keepdims=True)) ⇒ (dA - (dA * A).sum(axis=1, keepdims=True)) ⇒ dscores ⇒ A
A * (dA - (dA * A).sum(axis=1, keepdims=True)) ⇒ A * (dA + (dA * A).sum(axis=1, keepdims=True)) ⇒ dscores ⇒
dscores @ K / np.sqrt(3) ⇒ dscores @ K ⇒ dQ ⇒ 3
dscores @ K / np.sqrt(3) ⇒ dscores @ K / 3 ⇒ dQ ⇒ 3
dscores @ K / np.sqrt(3) ⇒ dscores.T @ K / np.sqrt(3) ⇒ dQ ⇒ transpos
dscores.T @ Q / np.sqrt(3) ⇒ dscores @ Q / np.sqrt(3) ⇒ dK ⇒ transpos
dscores.T @ Q / np.sqrt(3) ⇒ dscores.T @ K / np.sqrt(3) ⇒ dK ⇒ Q
dscores.T @ Q / np.sqrt(3) ⇒ dscores.T @ Q * np.sqrt(3) ⇒ dK ⇒ 3
"""),
)

EXERCISES["recurrent network"] = Exercise(
    {
        "x": _normal(4, 3, 1),
        "h0": _normal(5, 1),
        "Wxh": _normal(5, 3, scale=0.6),
        "Whh": _normal(5, 5, scale=0.5),
        "bh": _normal(5, 1),
        "Why": _normal(2, 5),
        "t": _normal(4, 2, 1),
    },
    """
J = 0.0
hs = [h0]
ys = []
for i in range(4):
    hs.append(np.tanh(Wxh @ x[i] + Whh @ hs[-1] + bh))
    ys.append(Why @ hs[-1])
    J = J + np.square(ys[-1] - t[i]).sum()
""",
    """
dWxh, dWhh, dbh, dWhy = [np.zeros(s) for s in ((5, 3), (5, 5), (5, 1), (2, 5))]
dnext = np.zeros((5, 1))
for i in reversed(range(4)):
    dy = 2 * (ys[i] - t[i])
    dWhy += dy @ hs[i + 1].T
    dh = Why.T @ dy + dnext
    draw = (1 - hs[i + 1]**2) * dh
    dbh += draw
    dWxh += draw @ x[i].T
    dWhh += draw @ hs[i].T
    dnext = Whh.T @ draw
dh0 = dnext
""",
    _each("""
dWhy += ⇒ dWhy = ⇒ dWhy ⇒
dbh += ⇒ dbh = ⇒ dbh ⇒
dWhh += draw @ hs[i].T ⇒ dWhh += draw @ hs[i + 1].T ⇒ dWhh ⇒
dWxh += draw @ x[i].T ⇒ dWxh += draw @ x[i - 1].T ⇒ dWxh ⇒
+ dnext ⇒  ⇒ dWhh ⇒
dnext = Whh.T @ draw ⇒ dnext = Whh @ draw ⇒ dWhh ⇒ transpos
dnext = Whh.T @ draw ⇒ dnext = Whh.T @ dh ⇒ dWhh ⇒ tanh
(1 - hs[i + 1]**2) * dh ⇒ dh ⇒ dWhh ⇒ tanh
(1 - hs[i + 1]**2) ⇒ (1 - hs[i]**2) ⇒ dWhh ⇒
dy @ hs[i + 1].T ⇒ dy @ hs[i].T ⇒ dWhy ⇒
2 * (ys[i] - t[i]) ⇒ (ys[i] - t[i]) ⇒ dWhy ⇒ 2
reversed(range(4)) ⇒ reversed(range(1, 4)) ⇒ dWhy ⇒
"""),
)

EXERCISES["embedding"] = Exercise(
    {"C": _normal(5, 3), "W": _normal(6, 4), "b": _normal(4), "T": _normal(3, 4)},
    """
idx = np.array([[0, 1], [1, 2], [1, 1]])
emb = C[idx]
flat = emb.reshape(3, 6)
hpre = flat @ W + b
h = np.tanh(hpre)
J = (h * T).sum() / 3
""",
    """
dh = T / 3
dhpre = (1 - h**2) * dh
dW = flat.T @ dhpre
db = dhpre.sum(axis=0)
dflat = dhpre @ W.T
demb = dflat.reshape(3, 2, 3)
dC = np.zeros((5, 3))
np.add.at(dC, idx, demb)
""",
    _each("""
np.add.at(dC, idx, demb) ⇒ dC[idx] = demb ⇒ dC ⇒ last
np.add.at(dC, idx, demb) ⇒ dC[idx] += demb ⇒ dC ⇒ last
np.add.at(dC, idx, demb) ⇒ np.add.at(dC, idx, demb / 3) ⇒ dC ⇒ 3
np.add.at(dC, idx, demb) ⇒ np.add.at(dC, idx[:, 0], demb[:, 0]) ⇒ dC ⇒
np.add.at(dC, idx, demb) ⇒ np.add.at(dC, idx[:-1], demb[:-1]) ⇒ dC ⇒
T / 3 ⇒ T ⇒ dh ⇒ 3
(1 - h**2) * dh ⇒ (1 - hpre**2) * dh ⇒ dhpre ⇒ hpre
(1 - h**2) * dh ⇒ (1 - h)**2 * dh ⇒ dhpre ⇒ h
flat.T @ dhpre ⇒ flat.T @ dh ⇒ dW ⇒ ∂J/∂h
dflat.reshape(3, 2, 3) ⇒ dflat.reshape(3, 3, 2).transpose(0, 2, 1) ⇒ demb ⇒ order
"""),
)

EXERCISES["logistic regression"] = Exercise(
    {
        "X": _normal(3, 6),
        "w": _normal(3, 1),
        "b": _normal(1, 1),
        "y": np.array([[0.0, 1, 1, 0, 1, 0]]),
    },
    """
z = w.T @ X + b
a = 1 / (1 + np.exp(-z))
J = -(y * np.log(a) + (1 - y) * np.log(1 - a)).mean() + 0.35 / (2 * 6) * np.square(w).sum()
""",
    """
da = -(y / a - (1 - y) / (1 - a)) / 6
dz = (a - y) / 6
dw = X @ dz.T + 0.35 / 6 * w
db = dz.sum(axis=1, keepdims=True)
""",
    _each("""
- (1 - y) / (1 - a) ⇒ + (1 - y) / (1 - a) ⇒ da ⇒ sign
- (1 - y) / (1 - a) ⇒  ⇒ da ⇒
-(y / a ⇒ -(y * a ⇒ da ⇒ a
(a - y) / 6 ⇒ (a - y) ⇒ dz ⇒ 6
(a - y) / 6 ⇒ (a - y) * a * (1 - a) / 6 ⇒ dz ⇒ a
(a - y) / 6 ⇒ (z - y) / 6 ⇒ dz ⇒ z
(a - y) / 6 ⇒ (y - a) / 6 ⇒ dz ⇒ sign
(a - y) / 6 ⇒ a / 6 ⇒ dz ⇒ y
0.35 / 6 * w ⇒ 0.35 * w ⇒ dw ⇒ 6
0.35 / 6 * w ⇒ 0.35 / 12 * w ⇒ dw ⇒ w
+ 0.35 / 6 * w ⇒  ⇒ dw ⇒ w
X @ dz.T ⇒ X @ da.T ⇒ dw ⇒
dz.sum(axis=1, keepdims=True) ⇒ dz.sum(axis=1, keepdims=True) + 0.35 / 6 * b ⇒ db ⇒ b
dz.sum(axis=1, keepdims=True) ⇒ dz.mean(axis=1, keepdims=True) ⇒ db ⇒
"""),
)

EXERCISES["residual block with dropout"] = Exercise(
    {
        "x": _normal(5, 4),
        "W1": _normal(4, 6),
        "b1": _normal(6),
        "W2": _normal(6, 4),
        "mask": np.array([[1, 0, 1, 1, 0, 1]] * 4 + [[0, 1, 1, 0, 1, 1]], float),
        "T": _normal(5, 4),
    },
    """
u = x @ W1 + b1
r = np.maximum(u, 0)
d = r * mask / 0.6
v = d @ W2
out = x + v
J = 0.5 * np.square(out - T).sum() / 5
""",
    """
dout = (out - T) / 5
dW2 = d.T @ dout
dd = dout @ W2.T
dr = dd * mask / 0.6
du = dr * (u > 0)
dW1 = x.T @ du
db1 = du.sum(axis=0)
dx = du @ W1.T + dout
""",
    _each("""
(out - T) / 5 ⇒ 2 * (out - T) / 5 ⇒ dout ⇒ ½
d.T @ dout ⇒ r.T @ dout ⇒ dW2 ⇒ r
dd * mask / 0.6 ⇒ dd * mask ⇒ dr ⇒ 0.6
dd * mask / 0.6 ⇒ dd / 0.6 ⇒ dr ⇒ mask
dd * mask / 0.6 ⇒ dd * mask * 0.6 ⇒ dr ⇒ 0.6
dd * mask / 0.6 ⇒ dd * (1 - mask) / 0.6 ⇒ dr ⇒ mask
dr * (u > 0) ⇒ dr ⇒ du ⇒ derivative of r
dr * (u > 0) ⇒ dr * (dr > 0) ⇒ du ⇒
dr * (u > 0) ⇒ dr * r ⇒ du ⇒ r
dr * (u > 0) ⇒ dr * u ⇒ du ⇒ u
dr * (u > 0) ⇒ np.maximum(dr, 0) ⇒ du ⇒
dr * (u > 0) ⇒ dr * (u < 0) ⇒ du ⇒
du @ W1.T + dout ⇒ du @ W1.T ⇒ dx ⇒ out
du @ W1.T + dout ⇒ dout ⇒ dx ⇒ u
du @ W1.T + dout ⇒ du @ W1.T + 2 * dout ⇒ dx ⇒ 2
du @ W1.T + dout ⇒ du @ W1.T + x ⇒ dx ⇒ x
"""),
)

EXERCISES["convolution"] = Exercise(
    {"x": _normal(2, 2, 5, 5), "w": _normal(3, 2, 3, 3), "b": _normal(3), "T": _normal(2, 3, 3, 3)},
    """
win = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
out = np.einsum("nchwij,fcij->nfhw", win, w) + b[None, :, None, None]
J = np.square(out - T).sum() / 2
""",
    """
dout = out - T
dw = np.einsum("nfhw,nchwij->fcij", dout, np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3)))
db = dout.sum(axis=(0, 2, 3))
dx = np.zeros((2, 2, 5, 5))
for i in range(3):
    for j in range(3):
        dx[:, :, i:i + 3, j:j + 3] += np.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
""",
    _each("""
dout = out - T ⇒ dout = 2 * (out - T) ⇒ dout ⇒ ½
dout = out - T ⇒ dout = T - out ⇒ dout ⇒ sign
dout, np.lib ⇒ dout[:, :, ::-1, ::-1], np.lib ⇒ dw ⇒ flip
dout, np.lib ⇒ dout / 2, np.lib ⇒ dw ⇒ 2
sum(axis=(0, 2, 3)) ⇒ mean(axis=(0, 2, 3)) ⇒ db ⇒
dout.sum(axis=(0, 2, 3)) ⇒ dout.sum(axis=(2, 3))[0] ⇒ db ⇒
dout.sum(axis=(0, 2, 3)) ⇒ dout.sum(axis=(2, 3)).mean(axis=0) ⇒ db ⇒ 2
w[:, :, i, j] ⇒ w[:, :, 2 - i, 2 - j] ⇒ dx ⇒ flip
w[:, :, i, j] ⇒ w[:, :, j, i] ⇒ dx ⇒ transpos
+= np.einsum ⇒ = np.einsum ⇒ dx ⇒ last
"""),
)


def run(exercise: Exercise, mistake: Mistake | None = None) -> tuple[Tensor, dict[str, Any]]:
    """Return J, its tensors named, and the arrays that the learner's script leaves."""
    space: dict[str, Any] = {"np": np}
    space |= {key: Tensor(a, requires_grad=True, name=key) for key, a in exercise.leaves.items()}
    exec(exercise.forward, space)  # noqa: S102 - written above
    J = space["J"]
    for key, value in space.items():
        if isinstance(value, Tensor) and value.name is None:
            value.name = key
    arrays = {key: a.numpy() if isinstance(a, Tensor) else a for key, a in space.items()}
    for key, value in arrays.items():
        if isinstance(value, list):
            arrays[key] = [a.numpy() if isinstance(a, Tensor) else a for a in value]
    text = exercise.backward
    if mistake is not None:
        assert text.count(mistake.old) >= 1, mistake
        text = text.replace(mistake.old, mistake.new, 1)
    before = set(arrays)
    exec(text, arrays)  # noqa: S102 - written above
    named = {value.name for value in space.values() if isinstance(value, Tensor)}
    claims = {k: a for k, a in arrays.items() if k not in before and k[1:] in named and k[0] == "d"}
    return J, claims


def judged(exercise: Exercise, mistake: Mistake) -> Report:
    """Return the report on a script with one mistake."""
    J, claims = run(exercise, mistake)
    return verify(J, claims, samples=1)


def outcomes() -> Iterator[tuple[str, Mistake, Report, float]]:
    """Yield every mistake with its report and the seconds that it took, explained."""
    for text, exercise in EXERCISES.items():
        for mistake in exercise.mistakes:
            start = time.process_time()
            report = judged(exercise, mistake)
            str(report)
            yield text, mistake, report, time.process_time() - start


def main() -> None:
    verbose = "-v" in sys.argv
    count = located = explained = worded = blamed = 0
    slowest = 0.0
    for text, mistake, report, seconds in outcomes():
        failures = [line.name for line in report.failures]
        first = report.failures[0] if report.failures else None
        said = first.explanations if first else []
        right_place = mistake.where in failures[:1]
        word = bool(said) and mistake.word in said[0].words
        count, slowest = count + 1, max(slowest, seconds)
        located += right_place
        explained += bool(said) and right_place
        worded += word
        blamed += len(set(failures) - {mistake.where})
        if verbose or not (right_place and said and word) or len(failures) > 1:
            print(f"{text}: {mistake.old}  ⇒  {mistake.new}   [{mistake.where}] {failures}")
            for e in said[:3]:
                print(f"      {e.kind}: {e.words}")
    print(f"{count} mistakes: located {located}, explained {explained}, as expected {worded}; "
          f"innocent {blamed}; slowest {slowest:.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
