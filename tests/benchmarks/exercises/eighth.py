# ruff: noqa: E501 - a mistake stands in one line
"""Whole programs in other styles: dicts, classes, einsum, windows, recursions both ways."""

from .seventh import whole

EXERCISES = [
    whole(
        "bags of words, weighted classes",
        """
import numpy as np
rng = np.random.default_rng(30)
V, E, C, N = 9, 4, 3, 5
docs = [[1, 2, 2], [0, 4], [3, 3, 8, 1], [5], [7, 6, 1]]
labels = np.array([0, 2, 1, 1, 0]); emb = rng.normal(size=(V, E)); W = rng.normal(size=(E, C)); b = np.zeros(C) + 0.1
weights = np.array([1.0, 2.0, 0.5])
means = np.stack([emb[d].mean(axis=0) for d in docs])
scores = means @ W + b
scores = scores - scores.max(axis=1, keepdims=True)
logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
w = weights[labels]
loss = -np.sum(w * logp[np.arange(N), labels]) / np.sum(w)
dscores = np.exp(logp)
dscores[np.arange(N), labels] -= 1
dscores = dscores * w[:, None] / np.sum(w)
dW = means.T @ dscores
db = dscores.sum(axis=0)
dmeans = dscores @ W.T
demb = np.zeros_like(emb)
for i, d in enumerate(docs):
    np.add.at(demb, d, dmeans[i] / len(d))
""",
        "loss",
        """
demb | mean | dmeans[i] / len(d) → dmeans[i]
dscores | one-hot | dscores[np.arange(N), labels] -= 1 → \\n
dscores | factor | * w[:, None] / np.sum(w) → / N
demb | once | np.add.at(demb, d, dmeans[i] / len(d)) → demb[d] += dmeans[i] / len(d)
dmeans | factor | dscores @ W.T → dscores @ W.T * w[:, None]
""",
    ),
    whole(
        "windows, elu, Huber's loss, a plain number as bias",
        """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
rng = np.random.default_rng(31)
x = rng.normal(size=(3, 10)); k = rng.normal(size=4); bias = 0.2; v = rng.normal(size=7); t = rng.normal(size=3)
win = sliding_window_view(x, 4, axis=1)
pre = win @ k + bias
act = np.where(pre > 0, pre, np.exp(pre) - 1)
out = act @ v
loss = np.sum(np.where(np.abs(out - t) < 1, 0.5 * (out - t) ** 2, np.abs(out - t) - 0.5)) / len(t)
dout = np.clip(out - t, -1, 1) / len(t)
dv = act.T @ dout
dact = np.outer(dout, v)
dpre = dact * np.where(pre > 0, 1, np.exp(pre))
dbias = dpre.sum()
dk = np.einsum('nl,nlk->k', dpre, win)
dx = np.zeros_like(x)
for j in range(4):
    dx[:, j:j + 7] += dpre * k[j]
""",
        "loss",
        """
dout | slope | np.clip(out - t, -1, 1) / len(t) → (out - t) / len(t)
dpre | path | np.where(pre > 0, 1, np.exp(pre)) → (pre > 0)
dx | axis | dx[:, j:j + 7] += dpre * k[j] → dx[:, j:j + 7] += dpre * k[3 - j]
dact | factor | dact = np.outer(dout, v) → dact = np.outer(dout, v) * act
dx | once | dx[:, j:j + 7] += dpre → dx[:, j:j + 7] = dpre
dbias | mean | dpre.sum() → dpre.mean()
""",
    ),
    whole(
        "an RNN with masks, gradients in a dict",
        """
import numpy as np
rng = np.random.default_rng(32)
B, T, D, H = 3, 4, 2, 3
x = rng.normal(size=(B, T, D)); mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0.]]); Wx = rng.normal(size=(D, H)); Wh = rng.normal(size=(H, H)) * .5; bh = rng.normal(size=H) * .1; Wo = rng.normal(size=(H, 1)); y = rng.normal(size=(B, 1))
hs = [np.zeros((B, H))]
for t in range(T):
    cand = np.tanh(x[:, t] @ Wx + hs[-1] @ Wh + bh)
    m = mask[:, t:t+1]
    hs.append(m * cand + (1 - m) * hs[-1])
pred = hs[-1] @ Wo
loss = np.mean((pred - y) ** 2)
grads = {}
dpred = 2 * (pred - y) / B
grads['Wo'] = hs[-1].T @ dpred
dh = dpred @ Wo.T
grads['Wx'] = np.zeros_like(Wx); grads['Wh'] = np.zeros_like(Wh); grads['bh'] = np.zeros_like(bh)
for t in range(T - 1, -1, -1):
    m = mask[:, t:t+1]
    cand = np.tanh(x[:, t] @ Wx + hs[t] @ Wh + bh)
    draw = dh * m * (1 - cand ** 2)
    grads['Wx'] += x[:, t].T @ draw
    grads['Wh'] += hs[t].T @ draw
    grads['bh'] += draw.sum(axis=0)
    dh = dh * (1 - m) + draw @ Wh.T
""",
        "loss",
        """
dh | path | dh = dh * (1 - m) + draw @ Wh.T → dh = draw @ Wh.T
draw | mask | dh * m * (1 - cand ** 2) → dh * (1 - cand ** 2)
dWh | step | hs[t].T @ draw → hs[t + 1].T @ draw
dpred | mean | 2 * (pred - y) / B → 2 * (pred - y)
dbh | mean | grads['bh'] += draw.sum(axis=0) → grads['bh'] += draw.mean(axis=0)
draw | slope | (1 - cand ** 2) → cand * (1 - cand)\\n
""",
    ),
    whole(
        "attention with several heads by einsum",
        """
import numpy as np
rng = np.random.default_rng(33)
T, C, h, d = 4, 6, 2, 3
x = rng.normal(size=(T, C)); Wq = rng.normal(size=(C, h, d)) * .5; Wk = rng.normal(size=(C, h, d)) * .5; Wv = rng.normal(size=(C, h, d)) * .5; Wo = rng.normal(size=(h, d, C)) * .5; r = rng.normal(size=(T, C))
q = np.einsum('tc,chd->htd', x, Wq)
k = np.einsum('tc,chd->htd', x, Wk)
v = np.einsum('tc,chd->htd', x, Wv)
s = np.einsum('htd,hud->htu', q, k) / np.sqrt(d)
e = np.exp(s - s.max(axis=-1, keepdims=True))
a = e / e.sum(axis=-1, keepdims=True)
ctx = np.einsum('htu,hud->htd', a, v)
out = np.einsum('htd,hdc->tc', ctx, Wo)
loss = np.sum(out * r)
dout = r
dWo = np.einsum('htd,tc->hdc', ctx, dout)
dctx = np.einsum('tc,hdc->htd', dout, Wo)
da = np.einsum('htd,hud->htu', dctx, v)
dv = np.einsum('htu,htd->hud', a, dctx)
ds = a * (da - np.sum(da * a, axis=-1, keepdims=True))
dq = np.einsum('htu,hud->htd', ds, k) / np.sqrt(d)
dk = np.einsum('htu,htd->hud', ds, q) / np.sqrt(d)
dWq = np.einsum('tc,htd->chd', x, dq)
dWk = np.einsum('tc,htd->chd', x, dk)
dWv = np.einsum('tc,htd->chd', x, dv)
""",
        "loss",
        """
dv | transpose | 'htu,htd->hud', a, dctx → 'htu,hud->htd', a, dctx
dq | operand | ds, k) / np.sqrt(d) → ds, k)
ds | path | da - np.sum(da * a, axis=-1, keepdims=True) → da
dWv | operand | 'tc,htd->chd', x, dv → 'tc,htd->chd', x, dk
dk | operand | ds, q) / np.sqrt(d) → ds, k) / np.sqrt(d)
ds | axis | axis=-1, keepdims=True))\\ndq → axis=1, keepdims=True))\\ndq
""",
    ),
    whole(
        "Gaussian mixture, logsumexp",
        """
import numpy as np
rng = np.random.default_rng(34)
N, D, K = 7, 2, 3
X = rng.normal(size=(N, D)); mu = rng.normal(size=(K, D)); logsig = rng.normal(size=K) * .2; alpha = rng.normal(size=K)
logpi = alpha - np.log(np.sum(np.exp(alpha)))
diff = X[:, None, :] - mu[None, :, :]
sq = np.sum(diff ** 2, axis=2)
ll = logpi - D * logsig - 0.5 * sq * np.exp(-2 * logsig)
top = ll.max(axis=1, keepdims=True)
lse = top[:, 0] + np.log(np.sum(np.exp(ll - top), axis=1))
nll = -np.sum(lse)
resp = np.exp(ll - lse[:, None])
dll = -resp
dalpha = dll.sum(axis=0) - np.exp(logpi) * dll.sum()
dlogsig = np.sum(dll * (-D + sq * np.exp(-2 * logsig)), axis=0)
dsq = dll * (-0.5 * np.exp(-2 * logsig))
ddiff = 2 * diff * dsq[:, :, None]
dmu = -ddiff.sum(axis=0)
""",
        "nll",
        """
dll | sign | dll = -resp → dll = resp
dalpha | factor | - np.exp(logpi) * dll.sum() → - np.exp(logpi)
dlogsig | path | (-D + sq * np.exp(-2 * logsig)) → (sq * np.exp(-2 * logsig))
dmu | sign | dmu = -ddiff.sum(axis=0) → dmu = ddiff.sum(axis=0)
ddiff | factor | 2 * diff * dsq → diff * dsq
dsq | power | -0.5 * np.exp(-2 * logsig) → -0.5 * np.exp(-logsig)
""",
    ),
    whole(
        "a class whose delta goes on from layer to layer",
        """
import numpy as np
rng = np.random.default_rng(35)
class Net:
    def __init__(self, sizes):
        self.W = [rng.normal(size=(o, i)) * .6 for i, o in zip(sizes, sizes[1:])]
        self.b = [rng.normal(size=(o, 1)) * .1 for o in sizes[1:]]
    def forward(self, x):
        self.a = [x]; self.z = []
        for W, b in zip(self.W, self.b):
            self.z.append(W @ self.a[-1] + b)
            self.a.append(np.tanh(self.z[-1]))
        return self.a[-1]
    def backward(self, dout):
        dW, db = [None] * len(self.W), [None] * len(self.W)
        delta = dout * (1 - self.a[-1] ** 2)
        for l in range(len(self.W) - 1, -1, -1):
            dW[l] = delta @ self.a[l].T
            db[l] = delta.sum(axis=1, keepdims=True)
            if l > 0:
                delta = (self.W[l].T @ delta) * (1 - self.a[l] ** 2)
        return dW, db
x = rng.normal(size=(3, 6)); y = rng.normal(size=(2, 6)); lam = 0.1
net = Net([3, 5, 4, 2])
out = net.forward(x)
n = x.shape[1]
cost = 0.5 / n * np.sum((out - y) ** 2) + 0.5 * lam * sum(np.sum(W ** 2) for W in net.W)
gW, gb = net.backward((out - y) / n)
gW = [g + lam * W for g, W in zip(gW, net.W)]
""",
        "cost",
        """
dW | mean | delta @ self.a[l].T → delta @ self.a[l].T / 6
dz | slope | (self.W[l].T @ delta) * (1 - self.a[l] ** 2) → (self.W[l].T @ delta)
db | mean | delta.sum(axis=1, keepdims=True) → delta.mean(axis=1, keepdims=True)
dW | factor | [g + lam * W → [g + 2 * lam * W
dz | mean | (out - y) / n) → (out - y))
dz | slope | dout * (1 - self.a[-1] ** 2) → dout
""",
    ),
    whole(
        "a CRF, forwards and backwards",
        """
import numpy as np
rng = np.random.default_rng(36)
T, K = 5, 3
emit = rng.normal(size=(T, K)); trans = rng.normal(size=(K, K)); tags = np.array([0, 2, 1, 1, 0])
score = emit[0, tags[0]]
for t in range(1, T):
    score = score + trans[tags[t-1], tags[t]] + emit[t, tags[t]]
alpha = [emit[0]]
for t in range(1, T):
    m = alpha[-1][:, None] + trans
    alpha.append(np.log(np.sum(np.exp(m), axis=0)) + emit[t])
logZ = np.log(np.sum(np.exp(alpha[-1])))
nll = logZ - score
beta = [None] * T
beta[T-1] = np.zeros(K)
for t in range(T - 2, -1, -1):
    beta[t] = np.log(np.sum(np.exp(trans + emit[t+1] + beta[t+1]), axis=1))
demit = np.zeros((T, K)); dtrans = np.zeros((K, K))
for t in range(T):
    demit[t] = np.exp(alpha[t] + beta[t] - logZ)
    demit[t, tags[t]] -= 1
for t in range(1, T):
    dtrans += np.exp(alpha[t-1][:, None] + trans + emit[t] + beta[t] - logZ)
    dtrans[tags[t-1], tags[t]] -= 1
""",
        "nll",
        """
dtrans | one-hot |     dtrans[tags[t-1], tags[t]] -= 1 → \\n
demit | sign | demit[t, tags[t]] -= 1 → demit[t, tags[t]] += 1
dtrans | once | dtrans += np.exp → dtrans = np.exp
demit | path | demit[t] = np.exp(alpha[t] + beta[t] - logZ) → demit[t] = np.exp(alpha[t] - logZ)
""",
    ),
    whole(
        "PPO's clipped objective with entropy",
        """
import numpy as np
rng = np.random.default_rng(37)
N, S, A = 6, 4, 3
obs = rng.normal(size=(N, S)); act = rng.integers(0, A, N); adv = rng.normal(size=N); oldlogp = np.log(rng.random(N) * .5 + .2); W = rng.normal(size=(S, A)); b = rng.normal(size=A); eps, c = 0.2, 0.01
logits = obs @ W + b
z = logits - logits.max(axis=1, keepdims=True)
logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
p = np.exp(logp)
lp = logp[np.arange(N), act]
ratio = np.exp(lp - oldlogp)
s1 = ratio * adv
s2 = np.clip(ratio, 1 - eps, 1 + eps) * adv
entropy = -np.sum(p * logp, axis=1)
loss = -np.mean(np.minimum(s1, s2)) - c * np.mean(entropy)
use = (s1 <= s2)
dratio = -adv * use / N
dlp = dratio * ratio
dlogits = -p * dlp[:, None]
dlogits[np.arange(N), act] += dlp
dlogits += c / N * p * (logp + entropy[:, None])
dW = obs.T @ dlogits
db = dlogits.sum(axis=0)
""",
        "loss",
        """
dratio | forgotten | -adv * use / N → -adv / N
dlp | operand | dlp = dratio * ratio → dlp = dratio
dlogits | path | dlogits[np.arange(N), act] += dlp → \\n
dlogits | path | p * (logp + entropy[:, None]) → p * (logp + 1)
dlogits | sign | += c / N * p → -= c / N * p
dratio | sign | -adv * use / N → adv * use / N
""",
    ),
]
