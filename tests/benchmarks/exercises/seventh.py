# ruff: noqa: E501 - a mistake stands in one line
"""Whole programs as papers and courses have them, forward and backward pass in one text."""

from .exercise import Exercise, mistakes


def whole(name: str, program: str, cost: str, wrong: str) -> Exercise:
    """Return an exercise whose one text holds both passes."""
    return Exercise(name, "", "", program, cost, program, mistakes(wrong))


EXERCISES = [
    whole(
        "policy gradient from pixels (Karpathy)",
        """
import numpy as np
rng = np.random.default_rng(10)
T, D, H = 6, 5, 4
xs = rng.normal(size=(T, D)); model = {"W1": rng.normal(size=(H, D)) / 2, "W2": rng.normal(size=H) / 2}
rewards = rng.normal(size=T); ys = (rng.random(T) < 0.5) * 1.0; gamma = 0.9
def discount(r):
    out = np.zeros_like(r); running = 0.0
    for t in reversed(range(len(r))):
        running = running * gamma + r[t]
        out[t] = running
    return out
adv = discount(rewards)
hs, ps, loss = [], [], 0.0
for t in range(T):
    h = np.maximum(model["W1"] @ xs[t], 0)
    logp = model["W2"] @ h
    p = 1.0 / (1.0 + np.exp(-logp))
    hs.append(h); ps.append(p)
    loss = loss - adv[t] * (ys[t] * np.log(p) + (1 - ys[t]) * np.log(1 - p))
eph = np.stack(hs); dlogp = np.stack([-(ys[t] - ps[t]) * adv[t] for t in range(T)])
dW2 = eph.T @ dlogp
dh = np.outer(dlogp, model["W2"])
dh[eph <= 0] = 0
dW1 = dh.T @ xs
""",
        "loss",
        """
dlogp | sign | -(ys[t] - ps[t]) * adv[t] → (ys[t] - ps[t]) * adv[t]
dW1 | mask | dh[eph <= 0] = 0 → \\n
dlogp | factor | -(ys[t] - ps[t]) * adv[t] → -(ys[t] - ps[t])
dW2 | mean | dW2 = eph.T @ dlogp → dW2 = eph.T @ dlogp / T
dW1 | factor | dh.T @ xs → dh.T @ xs * 2
""",
    ),
    whole(
        "sparse autoencoder (UFLDL)",
        """
import numpy as np
rng = np.random.default_rng(11)
m, n, k = 7, 5, 3
data = rng.random((n, m)); W1 = rng.normal(size=(k, n)) * .5; W2 = rng.normal(size=(n, k)) * .5; b1 = rng.normal(size=(k, 1)) * .1; b2 = rng.normal(size=(n, 1)) * .1
lam, rho, beta = 0.01, 0.1, 3.0
sigmoid = lambda z: 1 / (1 + np.exp(-z))
z2 = W1 @ data + b1
a2 = sigmoid(z2)
z3 = W2 @ a2 + b2
a3 = sigmoid(z3)
rho_hat = np.mean(a2, axis=1, keepdims=True)
kl = np.sum(rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat)))
cost = np.sum((a3 - data) ** 2) / (2 * m) + lam / 2 * (np.sum(W1 ** 2) + np.sum(W2 ** 2)) + beta * kl
delta3 = -(data - a3) * a3 * (1 - a3)
sparsity = beta * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))
delta2 = (W2.T @ delta3 + sparsity) * a2 * (1 - a2)
W2grad = delta3 @ a2.T / m + lam * W2
b2grad = np.sum(delta3, axis=1, keepdims=True) / m
W1grad = delta2 @ data.T / m + lam * W1
b1grad = np.sum(delta2, axis=1, keepdims=True) / m
""",
        "cost",
        """
delta2 | path | W2.T @ delta3 + sparsity → W2.T @ delta3
delta2 | sign | -rho / rho_hat + (1 - rho) → rho / rho_hat + (1 - rho)
W2grad | mean | delta3 @ a2.T / m + lam * W2 → delta3 @ a2.T + lam * W2
W1grad | mean | delta2 @ data.T / m + lam * W1 → (delta2 @ data.T + lam * W1) / m
delta2 | slope | * a2 * (1 - a2) → * a2
delta3 | slope | -(data - a3) * a3 * (1 - a3) → -(data - a3)
b1grad | mean | np.sum(delta2, axis=1, keepdims=True) / m → np.sum(delta2, axis=1, keepdims=True)
""",
    ),
    whole(
        "CS231n: softmax with loops",
        """
import numpy as np
rng = np.random.default_rng(12)
N, D, C = 5, 4, 3
X = rng.normal(size=(N, D)); W = rng.normal(size=(D, C)); y = rng.integers(0, C, N); reg = 0.05
loss = 0.0
dW = np.zeros((D, C))
for i in range(N):
    scores = X[i] @ W
    scores = scores - np.max(scores)
    p = np.exp(scores) / np.sum(np.exp(scores))
    loss += -np.log(p[y[i]])
    for j in range(C):
        if j == y[i]:
            dW[:, j] += (p[j] - 1) * X[i]
        else:
            dW[:, j] += p[j] * X[i]
loss = loss / N + reg * np.sum(W * W)
dW = dW / N + 2 * reg * W
""",
        "loss",
        """
dW | one-hot | (p[j] - 1) * X[i] → p[j] * X[i]
dW | mean | dW / N + 2 * reg * W → dW + 2 * reg * W
dW | factor | dW / N + 2 * reg * W → dW / N + reg * W
dW | sign | (p[j] - 1) * X[i] → (1 - p[j]) * X[i]
dW | path | dW = dW / N + 2 * reg * W → dW = dW / N
""",
    ),
    whole(
        "CS224n: skip-gram, words drawn twice",
        """
import numpy as np
rng = np.random.default_rng(13)
V, E = 7, 3
Win = rng.normal(size=(V, E)); Wout = rng.normal(size=(V, E))
center, context, negs = 2, 5, [1, 3, 1]
def sg(x): return 1 / (1 + np.exp(-x))
v = Win[center]
loss = -np.log(sg(Wout[context] @ v))
for k in negs:
    loss = loss - np.log(sg(-Wout[k] @ v))
dv = (sg(Wout[context] @ v) - 1) * Wout[context]
dWout = np.zeros_like(Wout)
dWout[context] += (sg(Wout[context] @ v) - 1) * v
for k in negs:
    dv = dv + sg(Wout[k] @ v) * Wout[k]
    dWout[k] += sg(Wout[k] @ v) * v
dWin = np.zeros_like(Win)
dWin[center] += dv
""",
        "loss",
        """
dWout | once | dWout[k] += sg(Wout[k] @ v) * v → dWout[k] = sg(Wout[k] @ v) * v
dv | sign | dv = dv + sg(Wout[k] @ v) * Wout[k] → dv = dv - sg(Wout[k] @ v) * Wout[k]
dv | one-hot | dv = (sg(Wout[context] @ v) - 1) → dv = sg(Wout[context] @ v)
dWin | operand | dWin[center] += dv → dWin[context] += dv
""",
    ),
    whole(
        "CS231n: convolution with loops, mean pooling",
        """
import numpy as np
rng = np.random.default_rng(14)
x = rng.normal(size=(2, 6, 6)); w = rng.normal(size=(3, 2, 3, 3)); b = rng.normal(size=3); fc = rng.normal(size=(12,)); t = 0.7
F, C, K, _ = w.shape
Ho = x.shape[1] - K + 1
z = np.zeros((F, Ho, Ho))
for f in range(F):
    for i in range(Ho):
        for j in range(Ho):
            z[f, i, j] = np.sum(x[:, i:i+K, j:j+K] * w[f]) + b[f]
a = np.maximum(z, 0)
pooled = a.reshape(F, 2, 2, 2, 2).mean(axis=(2, 4))
out = pooled.reshape(-1) @ fc
L = 0.5 * (out - t) ** 2
dout = out - t
dpooled = (dout * fc).reshape(F, 2, 2)
dfc = dout * pooled.reshape(-1)
da = np.repeat(np.repeat(dpooled, 2, axis=1), 2, axis=2) / 4
dz = da * (z > 0)
db = dz.sum(axis=(1, 2))
dw = np.zeros_like(w)
dx = np.zeros_like(x)
for f in range(F):
    for i in range(Ho):
        for j in range(Ho):
            dw[f] += dz[f, i, j] * x[:, i:i+K, j:j+K]
            dx[:, i:i+K, j:j+K] += dz[f, i, j] * w[f]
""",
        "L",
        """
da | mean | , axis=2) / 4 → , axis=2)
dz | slope | da * (z > 0) → da
dw | once | dw[f] += dz → dw[f] = dz
dx | once | dx[:, i:i+K, j:j+K] += dz[f, i, j] * w[f] → dx[:, i:i+K, j:j+K] = dz[f, i, j] * w[f]
db | mean | dz.sum(axis=(1, 2)) → dz.mean(axis=(1, 2))
dfc | operand | dout * pooled.reshape(-1) → pooled.reshape(-1)
""",
    ),
    whole(
        "an LSTM with dicts by step",
        """
import numpy as np
rng = np.random.default_rng(15)
T, D, H = 4, 3, 2
X = rng.normal(size=(T, D)); Wx = rng.normal(size=(D, 4 * H)) * .5; Wh = rng.normal(size=(H, 4 * H)) * .5; b = rng.normal(size=4 * H) * .1; Y = rng.normal(size=(T, H))
sig = lambda a: 1 / (1 + np.exp(-a))
h = {-1: np.zeros(H)}; c = {-1: np.zeros(H)}; cache = {}
loss = 0.0
for t in range(T):
    a = X[t] @ Wx + h[t-1] @ Wh + b
    i, f, o, g = sig(a[:H]), sig(a[H:2*H]), sig(a[2*H:3*H]), np.tanh(a[3*H:])
    c[t] = f * c[t-1] + i * g
    h[t] = o * np.tanh(c[t])
    cache[t] = (i, f, o, g)
    loss = loss + 0.5 * np.sum((h[t] - Y[t]) ** 2)
dWx = np.zeros_like(Wx); dWh = np.zeros_like(Wh); db = np.zeros_like(b)
dh_next = np.zeros(H); dc_next = np.zeros(H)
for t in reversed(range(T)):
    i, f, o, g = cache[t]
    dh = h[t] - Y[t] + dh_next
    do = dh * np.tanh(c[t])
    dc = dh * o * (1 - np.tanh(c[t]) ** 2) + dc_next
    di = dc * g
    df = dc * c[t-1]
    dg = dc * i
    da = np.concatenate([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g ** 2)])
    dWx += np.outer(X[t], da)
    dWh += np.outer(h[t-1], da)
    db += da
    dh_next = Wh @ da
    dc_next = dc * f
""",
        "loss",
        """
dc | path | + dc_next → \\n
dh | path | h[t] - Y[t] + dh_next → h[t] - Y[t]
df | operand | df = dc * c[t-1] → df = dc * c[t]
dWh | step | np.outer(h[t-1], da) → np.outer(h[t], da)
da | slope | dg * (1 - g ** 2) → dg * g * (1 - g)
dc_next | operand | dc_next = dc * f → dc_next = dc * i
db | once | db += da → db = da
da | slope | do * o * (1 - o) → do * (1 - o)
""",
    ),
    whole(
        "transformer block: layer norm, gelu, residual",
        """
import numpy as np
rng = np.random.default_rng(16)
N, D, F = 4, 6, 8
x = rng.normal(size=(N, D)); g = rng.normal(size=D); beta = rng.normal(size=D); W1 = rng.normal(size=(D, F)) * .4; W2 = rng.normal(size=(F, D)) * .4; tgt = rng.normal(size=(N, D)); eps = 1e-5
mu = x.mean(-1, keepdims=True)
var = x.var(-1, keepdims=True)
rstd = 1 / np.sqrt(var + eps)
xhat = (x - mu) * rstd
ln = xhat * g + beta
u = ln @ W1
k = np.sqrt(2 / np.pi)
th = np.tanh(k * (u + 0.044715 * u ** 3))
act = 0.5 * u * (1 + th)
y = x + act @ W2
loss = np.mean((y - tgt) ** 2)
dy = 2 * (y - tgt) / y.size
dW2 = act.T @ dy
dact = dy @ W2.T
du = dact * (0.5 * (1 + th) + 0.5 * u * (1 - th ** 2) * k * (1 + 3 * 0.044715 * u ** 2))
dW1 = ln.T @ du
dln = du @ W1.T
dg = np.sum(dln * xhat, axis=0)
dbeta = np.sum(dln, axis=0)
dxhat = dln * g
dx = dy + rstd * (dxhat - dxhat.mean(-1, keepdims=True) - xhat * np.mean(dxhat * xhat, axis=-1, keepdims=True))
""",
        "loss",
        """
dy | factor | 2 * (y - tgt) / y.size → (y - tgt) / y.size
dx | path | dx = dy + rstd → dx = rstd
du | factor | k * (1 + 3 * 0.044715 * u ** 2) → (1 + 3 * 0.044715 * u ** 2)
du | factor | (1 + 3 * 0.044715 * u ** 2) → (1 + 0.044715 * u ** 2)
dg | operand | np.sum(dln * xhat, axis=0) → np.sum(dln * x, axis=0)
dxhat | forgotten | dln * g → dln\\n
dx | path | - dxhat.mean(-1, keepdims=True)  →
dy | mean | 2 * (y - tgt) / y.size → 2 * (y - tgt) / N
du | slope | (1 - th ** 2) → (1 - th)
""",
    ),
    whole(
        "contrastive loss of pairs",
        """
import numpy as np
rng = np.random.default_rng(17)
B, D, K = 6, 4, 3
xa = rng.normal(size=(B, D)); xb = rng.normal(size=(B, D)); same = np.array([1, 0, 1, 0, 0, 1.]); W = rng.normal(size=(D, K)); margin = 4.0
ea = xa @ W
eb = xb @ W
diff = ea - eb
dist = np.sqrt(np.sum(diff ** 2, axis=1))
gap = np.maximum(margin - dist, 0)
loss = np.mean(same * dist ** 2 + (1 - same) * gap ** 2) / 2
ddist = (same * dist - (1 - same) * gap) / B
ddiff = ddist[:, None] * diff / dist[:, None]
dea = ddiff
deb = -ddiff
dW = xa.T @ dea + xb.T @ deb
""",
        "loss",
        """
deb | sign | deb = -ddiff → deb = ddiff
dW | path | xa.T @ dea + xb.T @ deb → xa.T @ dea
ddist | sign | (same * dist - (1 - same) * gap) → (same * dist + (1 - same) * gap)
ddiff | forgotten | * diff / dist[:, None] → * diff
ddist | mean | gap) / B → gap)
""",
    ),
    whole(
        "factorisation, rating by rating",
        """
import numpy as np
rng = np.random.default_rng(18)
U, I, F = 4, 5, 2
ratings = [(0, 1, 4.0), (0, 3, 2.0), (1, 1, 5.0), (2, 0, 1.0), (2, 4, 3.0), (3, 1, 2.5)]
P = rng.normal(size=(U, F)); Q = rng.normal(size=(I, F)); bu = rng.normal(size=U); bi = rng.normal(size=I); mu, lam = 3.0, 0.1
J = 0.0
for u, i, r in ratings:
    e = r - mu - bu[u] - bi[i] - P[u] @ Q[i]
    J = J + 0.5 * e ** 2 + 0.5 * lam * (bu[u] ** 2 + bi[i] ** 2 + P[u] @ P[u] + Q[i] @ Q[i])
dP = np.zeros_like(P); dQ = np.zeros_like(Q); dbu = np.zeros(U); dbi = np.zeros(I)
for u, i, r in ratings:
    e = r - mu - bu[u] - bi[i] - P[u] @ Q[i]
    dbu[u] += -e + lam * bu[u]
    dbi[i] += -e + lam * bi[i]
    dP[u] += -e * Q[i] + lam * P[u]
    dQ[i] += -e * P[u] + lam * Q[i]
""",
        "J",
        """
dP | sign | dP[u] += -e * Q[i] + lam * P[u] → dP[u] += e * Q[i] + lam * P[u]
dQ | once | dQ[i] += -e → dQ[i] = -e
dbi | path | dbi[i] += -e + lam * bi[i] → dbi[i] += -e
dQ | operand | -e * P[u] + lam → -e * Q[i] + lam
dbu | factor | dbu[u] += -e + lam → dbu[u] += -2 * e + lam
""",
    ),
    whole(
        "GAN, the discriminator's loss",
        """
import numpy as np
rng = np.random.default_rng(19)
N, Z, X = 5, 3, 4
z = rng.normal(size=(Z, N)); real = rng.normal(size=(X, N)); G = rng.normal(size=(X, Z)); D1 = rng.normal(size=(6, X)); D2 = rng.normal(size=(1, 6))
lrelu = lambda v: np.where(v > 0, v, 0.2 * v)
fake = np.tanh(G @ z)
pr = D1 @ real
ar = lrelu(pr)
sr = D2 @ ar
pf = D1 @ fake
af = lrelu(pf)
sf = D2 @ af
lossD = np.mean(np.log(1 + np.exp(-sr))) + np.mean(np.log(1 + np.exp(sf)))
dsr = -1 / (1 + np.exp(sr)) / N
dsf = 1 / (1 + np.exp(-sf)) / N
dD2 = dsr @ ar.T + dsf @ af.T
dar = D2.T @ dsr
daf = D2.T @ dsf
dpr = dar * np.where(pr > 0, 1, 0.2)
dpf = daf * np.where(pf > 0, 1, 0.2)
dD1 = dpr @ real.T + dpf @ fake.T
dfake = D1.T @ dpf
dG = (dfake * (1 - fake ** 2)) @ z.T
""",
        "lossD",
        """
dD2 | path | dsr @ ar.T + dsf @ af.T → dsr @ ar.T
dsr | sign | -1 / (1 + np.exp(sr)) / N → 1 / (1 + np.exp(sr)) / N
dpr | path | np.where(pr > 0, 1, 0.2) → (pr > 0)
dG | slope | (1 - fake ** 2) → (1 - fake)
dD1 | operand | dpf @ fake.T → dpf @ real.T
dsf | slope | 1 / (1 + np.exp(-sf)) / N → 1 / (1 + np.exp(sf)) / N
""",
    ),
    whole(
        "two towers, cosine, softmax over the batch",
        """
import numpy as np
rng = np.random.default_rng(20)
B, D, E = 5, 4, 3
q = rng.normal(size=(B, D)); d = rng.normal(size=(B, D)); Wq = rng.normal(size=(D, E)); Wd = rng.normal(size=(D, E)); tau = 0.7
eq = q @ Wq
ed = d @ Wd
nq = np.linalg.norm(eq, axis=1, keepdims=True)
nd = np.linalg.norm(ed, axis=1, keepdims=True)
uq = eq / nq
ud = ed / nd
S = uq @ ud.T / tau
S = S - S.max(axis=1, keepdims=True)
P = np.exp(S)
P /= P.sum(axis=1, keepdims=True)
loss = -np.mean(np.log(np.diag(P)))
dS = (P - np.eye(B)) / B
duq = dS @ ud / tau
dud = dS.T @ uq / tau
deq = (duq - uq * np.sum(uq * duq, axis=1, keepdims=True)) / nq
ded = (dud - ud * np.sum(ud * dud, axis=1, keepdims=True)) / nd
dWq = q.T @ deq
dWd = d.T @ ded
""",
        "loss",
        """
dS | mean | (P - np.eye(B)) / B → (P - np.eye(B))
duq | forgotten | dS @ ud / tau → dS @ ud
dud | transpose | dS.T @ uq / tau → dS @ uq / tau
deq | path | (duq - uq * np.sum(uq * duq, axis=1, keepdims=True)) / nq → duq / nq
ded | axis | ud * np.sum(ud * dud, axis=1, keepdims=True) → ud * np.sum(ud * dud, axis=0, keepdims=True)
dWd | operand | d.T @ ded → q.T @ ded
""",
    ),
    whole(
        "Euler steps of a learnt field, adjoint",
        """
import numpy as np
rng = np.random.default_rng(21)
D, steps, dt = 3, 5, 0.1
A = rng.normal(size=(D, D)); b = rng.normal(size=D); x0 = rng.normal(size=D); goal = rng.normal(size=D)
xs = [x0]; pre = []
for t in range(steps):
    s = np.tanh(A @ xs[-1] + b)
    pre.append(s)
    xs.append(xs[-1] + dt * s)
L = 0.5 * np.sum((xs[-1] - goal) ** 2)
dx = xs[-1] - goal
dA = np.zeros_like(A); db = np.zeros_like(b)
for t in reversed(range(steps)):
    ds = dt * dx * (1 - pre[t] ** 2)
    dA += np.outer(ds, xs[t])
    db += ds
    dx = dx + A.T @ ds
""",
        "L",
        """
dx | path | dx = dx + A.T @ ds → dx = A.T @ ds
dA | operand | np.outer(ds, xs[t]) → np.outer(ds, xs[t + 1])
ds | operand | dt * dx * (1 - pre[t] ** 2) → dx * (1 - pre[t] ** 2)
dx | transpose | A.T @ ds → A @ ds
dA | transpose | dA += np.outer(ds, xs[t]) → dA += np.outer(xs[t], ds)
""",
    ),
]
