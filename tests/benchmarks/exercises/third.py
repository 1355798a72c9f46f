"""Attention and transformer blocks, single neurons, regression, gates, shared weights."""

from .exercise import Exercise, mistakes

NEURON = Exercise(
    "micrograd: one neuron, number by number",
    """
x1, x2 = np.array(2.0), np.array(-0.7)
w1, w2, b = np.array(-0.6), np.array(1.3), np.array(0.9)
""",
    "x1 x2 w1 w2 b",
    """
x1w1 = x1 * w1
x2w2 = x2 * w2
s = x1w1 + x2w2
n = s + b
o = np.tanh(n)
L = (o - 0.25)**2
""",
    "L",
    """
do = 2 * (o - 0.25)
dn = (1 - o**2) * do
ds = dn
db = dn
dx1w1 = ds
dx2w2 = ds
dx1 = w1 * dx1w1
dw1 = x1 * dx1w1
dx2 = w2 * dx2w2
dw2 = x2 * dx2w2
""",
    mistakes("""
do | factor | 2 * (o - 0.25) → (o - 0.25)
dn | slope | (1 - o**2) → (1 - o)
dn | slope | (1 - o**2) → o * (1 - o)
db | forgotten | db = dn → db = do
dx1 | operand | w1 * dx1w1 → x1 * dx1w1
dw2 | operand | x2 * dx2w2 → w2 * dx2w2
dw1 | sign | dw1 = x1 → dw1 = -x1
"""),
)

LINEAR = Exercise(
    "d2l: linear regression with weight decay",
    """
rng = np.random.default_rng(20)
n, d, lambd = 8, 3, 0.3
X = rng.normal(size=(n, d)); y = rng.normal(size=(n, 1))
w = rng.normal(size=(d, 1)); b = np.array([0.4])
""",
    "X y w b",
    """
y_hat = X @ w + b
l = (y_hat - y)**2 / 2
loss = l.mean() + lambd / 2 * np.sum(w**2)
""",
    "loss",
    """
dy_hat = (y_hat - y) / n
dw = X.T @ dy_hat + lambd * w
db = dy_hat.sum(axis=0)
""",
    mistakes("""
dy_hat | sign | (y_hat - y) / n → (y - y_hat) / n
dy_hat | factor | (y_hat - y) / n → 2 * (y_hat - y) / n
dw | factor | lambd * w → lambd / 2 * w
dw | path | + lambd * w →
dw | path | dw = X.T @ dy_hat + lambd * w → dw = lambd * w
dw | operand | X.T @ dy_hat → X.T @ y_hat
db | mean | dy_hat.sum(axis=0) → dy_hat.mean(axis=0)
db | path | dy_hat.sum(axis=0) → dy_hat.sum(axis=0) + lambd * b
"""),
    [("db = dy_hat.sum(axis=0)", "db = dy_hat.sum()")],
)

SOFTMAX = Exercise(
    "d2l: softmax regression with one-hot labels",
    """
rng = np.random.default_rng(21)
n = 7
X = rng.normal(size=(n, 4)); Y = np.eye(3)[rng.integers(0, 3, n)]
W = rng.normal(size=(4, 3)); b = 0.1 * rng.normal(size=(1, 3))
""",
    "X Y W b",
    """
O = X @ W + b
E = np.exp(O - O.max(axis=1, keepdims=True))
Y_hat = E / E.sum(axis=1, keepdims=True)
loss = -np.mean(np.sum(Y * np.log(Y_hat), axis=1))
""",
    "loss",
    """
dO = (Y_hat - Y) / n
dW = X.T @ dO
db = dO.sum(axis=0, keepdims=True)
dX = dO @ W.T
""",
    mistakes("""
dO | sign | (Y_hat - Y) / n → (Y - Y_hat) / n
dO | forgotten | (Y_hat - Y) / n → Y_hat / n
dO | slope | (Y_hat - Y) / n → (Y_hat - Y) * Y_hat * (1 - Y_hat) / n
dW | mean | dW = X.T @ dO → dW = X.T @ dO / n
dW | operand | X.T @ dO → X.T @ Y_hat
db | mean | dO.sum(axis=0 → dO.mean(axis=0
dX | operand | dO @ W.T → Y_hat @ W.T
dX | factor | dO @ W.T → dO @ W.T * n
"""),
    [
        ("axis=0, keepdims=True", "axis=0"),
        "\ndO = Y_hat - Y\ndW = X.T @ dO / n\ndb = dO.sum(axis=0) / n\n",
    ],
)

ATTENTION = Exercise(
    "a transformer: single-head attention",
    """
rng = np.random.default_rng(22)
T, D, d_k = 4, 5, 3
x = rng.normal(size=(T, D)); r = rng.normal(size=(T, d_k))
Wq, Wk, Wv = (rng.normal(size=(D, d_k)) * 0.6 for _ in range(3))
""",
    "x Wq Wk Wv",
    """
Q = x @ Wq
K = x @ Wk
V = x @ Wv
S = Q @ K.T / np.sqrt(d_k)
e = np.exp(S)
A = e / e.sum(axis=-1, keepdims=True)
out = A @ V
loss = np.sum(r * out**2)
""",
    "loss",
    """
dout = 2 * r * out
dA = dout @ V.T
dV = A.T @ dout
dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True))
dQ = dS @ K / np.sqrt(d_k)
dK = dS.T @ Q / np.sqrt(d_k)
dWq = x.T @ dQ
dWk = x.T @ dK
dWv = x.T @ dV
dx = dQ @ Wq.T + dK @ Wk.T + dV @ Wv.T
""",
    mistakes("""
dout | factor | 2 * r * out → r * out
dV | transpose | A.T @ dout → A @ dout
dS | path | dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True)) → dS = A * dA
dS | slope | dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True)) → dS = A * (1 - A) * dA
dS | axis | (dA * A).sum(axis=-1, keepdims=True) → (dA * A).sum(axis=0, keepdims=True)
dS | sign | A * (dA - (dA → A * (dA + (dA
dQ | forgotten | dS @ K / np.sqrt(d_k) → dS @ K
dQ | power | dS @ K / np.sqrt(d_k) → dS @ K / d_k
dK | transpose | dS.T @ Q → dS @ Q
dK | forgotten | dS.T @ Q / np.sqrt(d_k) → dS.T @ Q
dWk | operand | x.T @ dK → x.T @ dQ
dx | path | + dK @ Wk.T →
dx | path | + dV @ Wv.T →
dx | sign | dQ @ Wq.T + dK → dQ @ Wq.T - dK
"""),
)

BLOCK = Exercise(
    "a transformer: the feed-forward block with its residual",
    """
rng = np.random.default_rng(23)
T, D, F = 3, 4, 6
x = rng.normal(size=(T, D)); r = rng.normal(size=(T, D)); g = 1 + 0.2 * rng.normal(size=D)
W1, W2 = rng.normal(size=(D, F)) * 0.5, rng.normal(size=(F, D)) * 0.5
b1, b2 = rng.normal(size=F) * 0.2, rng.normal(size=D) * 0.2
""",
    "x g W1 W2 b1 b2",
    """
ms = np.mean(x**2, axis=-1, keepdims=True) + 1e-5
n = x / np.sqrt(ms)
u = n * g
z = u @ W1 + b1
a = np.maximum(z, 0)
y = x + a @ W2 + b2
loss = np.sum(r * y**2)
""",
    "loss",
    """
dy = 2 * r * y
dW2 = a.T @ dy
db2 = dy.sum(0)
da = dy @ W2.T
dz = da * (z > 0)
dW1 = u.T @ dz
db1 = dz.sum(0)
du = dz @ W1.T
dg = (du * n).sum(0)
dn = du * g
dx = dy + dn / np.sqrt(ms) - x * (dn * x).mean(-1, keepdims=True) / ms**1.5
""",
    mistakes("""
dW2 | operand | a.T @ dy → z.T @ dy
da | operand | da = dy @ W2.T → da = y @ W2.T
dz | forgotten | da * (z > 0) → da
dz | mask | (z > 0) → (z < 0)
dW1 | operand | u.T @ dz → n.T @ dz
dg | forgotten | (du * n).sum(0) → du.sum(0)
dg | operand | (du * n).sum(0) → (du * x).sum(0)
dn | forgotten | dn = du * g → dn = du
dx | path | dx = dy + dn → dx = dn
dx | path | - x * (dn * x).mean(-1, keepdims=True) / ms**1.5 →
dx | power | ms**1.5 → ms
dx | forgotten | dn / np.sqrt(ms) - → dn -
"""),
)

DROPOUT = Exercise(
    "CS231n: dropout between two layers",
    """
rng = np.random.default_rng(24)
N, p = 5, 0.6
X = rng.normal(size=(N, 3)); T = rng.normal(size=(N, 2))
W1, W2 = rng.normal(size=(3, 6)), rng.normal(size=(6, 2))
mask = (rng.random((N, 6)) < p) / p
""",
    "X T W1 W2 mask",
    """
h = np.tanh(X @ W1)
hd = h * mask
out = hd @ W2
loss = np.sum((out - T)**2) / (2 * N)
""",
    "loss",
    """
dout = (out - T) / N
dW2 = hd.T @ dout
dhd = dout @ W2.T
dh = dhd * mask
dW1 = X.T @ (dh * (1 - h**2))
""",
    mistakes("""
dout | factor | (out - T) / N → 2 * (out - T) / N
dW2 | operand | hd.T @ dout → h.T @ dout
dh | forgotten | dh = dhd * mask → dh = dhd
dh | factor | dhd * mask → dhd * mask * p
dh | factor | dhd * mask → dhd * mask / p
dW1 | forgotten | (dh * (1 - h**2)) → dh
dW1 | slope | (1 - h**2) → (1 - h)**2
dW1 | operand | (dh * (1 - → (dhd * (1 -
"""),
)

TIED = Exercise(
    "an autoencoder with tied weights",
    """
rng = np.random.default_rng(25)
m = 6
X = rng.normal(size=(4, m)); W = rng.normal(size=(3, 4)); b = 0.2 * rng.normal(size=(3, 1))
c = 0.2 * rng.normal(size=(4, 1))
""",
    "X W b c",
    """
H = np.tanh(W @ X + b)
R = W.T @ H + c
J = np.sum((R - X)**2) / (2 * m)
""",
    "J",
    """
dR = (R - X) / m
dc = dR.sum(axis=1, keepdims=True)
dH = W @ dR
dA = dH * (1 - H**2)
db = dA.sum(axis=1, keepdims=True)
dW = dA @ X.T + H @ dR.T
""",
    mistakes("""
dR | sign | (R - X) / m → (X - R) / m
dc | mean | dc = dR.sum(axis=1, keepdims=True) → dc = dR.sum(axis=1, keepdims=True) / m
dH | operand | W @ dR → W @ R
db | operand | db = dA.sum → db = dH.sum
dW | path | + H @ dR.T →
dW | path | dW = dA @ X.T + H @ dR.T → dW = H @ dR.T
dW | sign | + H @ dR.T → - H @ dR.T
dW | factor | H @ dR.T → 2 * H @ dR.T
"""),
    [("H @ dR.T", "(dR @ H.T).T")],
)

BIGRAM = Exercise(
    "makemore: the bigram net, batch fused",
    """
rng = np.random.default_rng(26)
V, n = 5, 8
xs = rng.integers(0, V, n); ys = rng.integers(0, V, n); W = rng.normal(size=(V, V))
""",
    "W",
    """
logits = W[xs]
counts = np.exp(logits)
probs = counts / counts.sum(1, keepdims=True)
loss = -np.log(probs[np.arange(n), ys]).mean() + 0.01 * (W**2).mean()
""",
    "loss",
    """
dlogits = probs.copy()
dlogits[np.arange(n), ys] -= 1
dlogits /= n
dW = np.zeros_like(W)
np.add.at(dW, xs, dlogits)
dW += 0.02 * W / W.size
""",
    mistakes("""
dlogits | one-hot | dlogits[np.arange(n), ys] -= 1\\n → \\n
dlogits | mean | dlogits /= n\\n → \\n
dW | once | np.add.at(dW, xs, dlogits) → dW[xs] = dlogits
dW | once | np.add.at(dW, xs, dlogits) → dW[xs] += dlogits
dW | sign | np.add.at → np.subtract.at
dW | path | dW += 0.02 * W / W.size\\n → \\n
dW | factor | 0.02 * W / W.size → 0.02 * W
"""),
    [("np.add.at(dW, xs, dlogits)", "for i in range(n):\n    dW[xs[i]] += dlogits[i]")],
)

GRU = Exercise(
    "a gated step: the update gate",
    """
rng = np.random.default_rng(27)
h0 = rng.normal(size=(3, 2)); x = rng.normal(size=(4, 2)); t = rng.normal(size=(3, 2))
Wz, Wn = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
Uz, Un = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
""",
    "h0 x Wz Wn Uz Un",
    """
az = Wz @ x + Uz @ h0
z = 1 / (1 + np.exp(-az))
an = Wn @ x + Un @ h0
n = np.tanh(an)
h = (1 - z) * n + z * h0
loss = 0.5 * np.sum((h - t)**2)
""",
    "loss",
    """
dh = h - t
dz = dh * (h0 - n)
dn = dh * (1 - z)
daz = dz * z * (1 - z)
dan = dn * (1 - n**2)
dWz, dUz = daz @ x.T, daz @ h0.T
dWn, dUn = dan @ x.T, dan @ h0.T
dh0 = dh * z + Uz.T @ daz + Un.T @ dan
dx = Wz.T @ daz + Wn.T @ dan
""",
    mistakes("""
dz | sign | dh * (h0 - n) → dh * (n - h0)
dz | path | dh * (h0 - n) → dh * h0
dn | operand | dn = dh * (1 - z) → dn = dh * z
daz | forgotten | dz * z * (1 - z) → dz
daz | slope | dz * z * (1 - z) → dz * (1 - z**2)
dan | slope | dn * (1 - n**2) → dn * (1 - n)
dUz | operand | daz @ h0.T → daz @ h.T
dh0 | path | dh * z + Uz → Uz
dh0 | path | + Un.T @ dan\\n → \\n
dh0 | transpose | Un.T @ dan → Un @ dan
dx | operand | Wn.T @ dan → Wn.T @ daz
"""),
)

EXERCISES = [
    NEURON, LINEAR, SOFTMAX, ATTENTION, BLOCK, DROPOUT, TIED, BIGRAM, GRU,
]  # fmt: skip
