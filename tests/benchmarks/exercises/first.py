# ruff: noqa: E501 - a mistake stands in one line
"""Batch normalisation by hand, small networks, logistic regression, a recurrent net."""

from .exercise import Exercise, mistakes

MAKEMORE = Exercise(
    "makemore: the manual backward pass",
    """
rng = np.random.default_rng(1)
n, V, D, H = 9, 6, 3, 5
Xb = rng.integers(0, V, (n, 2)); Yb = rng.integers(0, V, n)
C = rng.normal(size=(V, D)); W1 = rng.normal(size=(2 * D, H)) * 0.5; b1 = rng.normal(size=H) * 0.1
W2 = rng.normal(size=(H, V)) * 0.4; b2 = rng.normal(size=V) * 0.1
bngain = 1 + 0.2 * rng.normal(size=(1, H)); bnbias = 0.2 * rng.normal(size=(1, H))
""",
    "C W1 b1 W2 b2 bngain bnbias",
    """
emb = C[Xb]
embcat = emb.reshape(emb.shape[0], -1)
hprebn = embcat @ W1 + b1
bnmeani = 1 / n * hprebn.sum(0, keepdims=True)
bndiff = hprebn - bnmeani
bndiff2 = bndiff**2
bnvar = 1 / (n - 1) * bndiff2.sum(0, keepdims=True)
bnvar_inv = (bnvar + 1e-5)**-0.5
bnraw = bndiff * bnvar_inv
hpreact = bngain * bnraw + bnbias
h = np.tanh(hpreact)
logits = h @ W2 + b2
logit_maxes = logits.max(1, keepdims=True)
norm_logits = logits - logit_maxes
counts = np.exp(norm_logits)
counts_sum = counts.sum(1, keepdims=True)
counts_sum_inv = counts_sum**-1
probs = counts * counts_sum_inv
logprobs = np.log(probs)
loss = -logprobs[range(n), Yb].mean()
""",
    "loss",
    """
dlogprobs = np.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0/n
dprobs = (1.0 / probs) * dlogprobs
dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
dcounts = counts_sum_inv * dprobs
dcounts_sum = (-counts_sum**-2) * dcounts_sum_inv
dcounts += np.ones_like(counts) * dcounts_sum
dnorm_logits = counts * dcounts
dlogits = dnorm_logits.copy()
dlogit_maxes = (-dnorm_logits).sum(1, keepdims=True)
dlogits += np.eye(V)[logits.argmax(1)] * dlogit_maxes
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdims=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdims=True)
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdims=True)
dbnvar = (-0.5*(bnvar + 1e-5)**-1.5) * dbnvar_inv
dbndiff2 = (1.0/(n-1))*np.ones_like(bndiff2) * dbnvar
dbndiff += (2*bndiff) * dbndiff2
dhprebn = dbndiff.copy()
dbnmeani = (-dbndiff).sum(0, keepdims=True)
dhprebn += 1.0/n * (np.ones_like(hprebn) * dbnmeani)
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)
demb = dembcat.reshape(emb.shape)
dC = np.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        ix = Xb[k, j]
        dC[ix] += demb[k, j]
""",
    mistakes("""
dlogprobs | mean | = -1.0/n → = -1.0
dlogprobs | sign | = -1.0/n → = 1.0/n
dprobs | power | (1.0 / probs) * → probs *
dprobs | forgotten | (1.0 / probs) * dlogprobs → dlogprobs
dcounts_sum_inv | operand | (counts * dprobs).sum → (probs * dprobs).sum
dcounts | forgotten | dcounts = counts_sum_inv * dprobs → dcounts = dprobs.copy()
dcounts_sum | sign | (-counts_sum**-2) → (counts_sum**-2)
dcounts_sum | power | (-counts_sum**-2) → (-counts_sum**-1)
dcounts | path | dcounts += np.ones_like(counts) * dcounts_sum\\n → \\n
dcounts | once | dcounts += np.ones → dcounts = np.ones
dnorm_logits | slope | = counts * dcounts → = norm_logits * dcounts
dnorm_logits | forgotten | = counts * dcounts → = dcounts.copy()
dh | factor | dlogits @ W2.T → 2 * dlogits @ W2.T
dW2 | operand | h.T @ dlogits → hpreact.T @ dlogits
db2 | mean | dlogits.sum(0) → dlogits.mean(0)
dhpreact | slope | (1.0 - h**2) * dh → (1.0 - h) * dh
dhpreact | slope | (1.0 - h**2) * dh → h * (1.0 - h) * dh
dhpreact | forgotten | (1.0 - h**2) * dh → dh.copy()
dbngain | operand | (bnraw * dhpreact).sum → (bndiff * dhpreact).sum
dbnraw | forgotten | bngain * dhpreact → dhpreact.copy()
dbnbias | mean | dbnbias = dhpreact.sum(0 → dbnbias = dhpreact.mean(0
dbnvar_inv | operand | (bndiff * dbnraw).sum → (bnraw * dbnraw).sum
dbnvar | sign | (-0.5*(bnvar → (0.5*(bnvar
dbnvar | power | + 1e-5)**-1.5) → + 1e-5)**-0.5)
dbnvar | factor | (-0.5*(bnvar → (-(bnvar
dbndiff2 | mean | (1.0/(n-1)) → (1.0/n)
dbndiff | factor | (2*bndiff) → (bndiff)
dbndiff | path | dbndiff += (2*bndiff) * dbndiff2\\n → \\n
dbnmeani | sign | (-dbndiff).sum(0 → (dbndiff).sum(0
dhprebn | path | dhprebn += 1.0/n * (np.ones_like(hprebn) * dbnmeani)\\n → \\n
dhprebn | mean | += 1.0/n * (np.ones → += (np.ones
dW1 | operand | embcat.T @ dhprebn → embcat.T @ dhpreact
dC | once | dC[ix] += demb → dC[ix] = demb
"""),
    [
        ("dbnmeani = (-dbndiff).sum(0, keepdims=True)", "dbnmeani = (-dbndiff).sum(0)"),
        (
            """for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        ix = Xb[k, j]
        dC[ix] += demb[k, j]
""",
            "np.add.at(dC, Xb, demb)",
        ),
        ("(1.0 - h**2)", "(1.0 - np.tanh(hpreact)**2)"),
    ],
)

TWO_LAYERS = Exercise(
    "CS231n: a two-layer net with softmax and regularisation",
    """
rng = np.random.default_rng(2)
N, D, H, K, reg = 7, 4, 6, 3, 0.15
X = rng.normal(size=(N, D)); y = rng.integers(0, K, N)
W1 = rng.normal(size=(D, H)); b1 = rng.normal(size=H) * 0.3
W2 = rng.normal(size=(H, K)); b2 = rng.normal(size=K) * 0.3
""",
    "X W1 b1 W2 b2",
    """
z1 = X @ W1 + b1
a1 = np.maximum(0, z1)
scores = a1 @ W2 + b2
exp_scores = np.exp(scores)
probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
correct = -np.log(probs[np.arange(N), y])
loss = np.sum(correct) / N + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
""",
    "loss",
    """
dscores = probs.copy()
dscores[np.arange(N), y] -= 1
dscores /= N
dW2 = a1.T @ dscores + 2 * reg * W2
db2 = np.sum(dscores, axis=0)
da1 = dscores @ W2.T
dz1 = da1 * (z1 > 0)
dW1 = X.T @ dz1 + 2 * reg * W1
db1 = np.sum(dz1, axis=0)
""",
    mistakes("""
dscores | mean | dscores /= N\\n → \\n
dscores | one-hot | dscores[np.arange(N), y] -= 1\\n → \\n
dscores | sign | y] -= 1 → y] += 1
dscores | one-hot | dscores[np.arange(N), y] -= 1 → dscores[:, y] -= 1
dW2 | path | a1.T @ dscores + 2 * reg * W2 → a1.T @ dscores
dW2 | factor | dscores + 2 * reg * W2 → dscores + reg * W2
dW2 | sign | dscores + 2 * reg * W2 → dscores - 2 * reg * W2
dW2 | mean | a1.T @ dscores + → a1.T @ dscores / N +
db2 | mean | np.sum(dscores, axis=0) → np.mean(dscores, axis=0)
da1 | operand | dscores @ W2.T → probs @ W2.T
dz1 | forgotten | da1 * (z1 > 0) → da1.copy()
dz1 | mask | da1 * (z1 > 0) → da1 * (z1 < 0)
dz1 | slope | da1 * (z1 > 0) → da1 * a1
dW1 | operand | X.T @ dz1 + → X.T @ da1 +
dW1 | path | X.T @ dz1 + 2 * reg * W1 → X.T @ dz1
dW1 | factor | dz1 + 2 * reg * W1 → dz1 + 0.5 * reg * W1
dW1 | operand | dz1 + 2 * reg * W1 → dz1 + 2 * reg * W1**2
db1 | operand | np.sum(dz1, axis=0) → np.sum(da1, axis=0)
db1 | factor | np.sum(dz1, axis=0) → np.sum(dz1, axis=0) * 2
"""),
    [
        (
            "dscores = probs.copy()\ndscores[np.arange(N), y] -= 1\ndscores /= N\n",
            "dscores = (probs - np.eye(K)[y]) / N\n",
        ),
        ("dz1 = da1 * (z1 > 0)", "dz1 = np.where(a1 > 0, da1, 0)"),
    ],
)

BATCHNORM = Exercise(
    "CS231n: batch normalisation, forward and backward",
    """
rng = np.random.default_rng(3)
N, D, eps = 6, 4, 1e-5
x = 2 + 1.5 * rng.normal(size=(N, D)); gamma = 1 + 0.3 * rng.normal(size=D)
beta = rng.normal(size=D); r = rng.normal(size=(N, D))
""",
    "x gamma beta",
    """
mu = np.mean(x, axis=0)
xmu = x - mu
var = np.mean(xmu**2, axis=0)
std = np.sqrt(var + eps)
xhat = xmu / std
out = gamma * xhat + beta
loss = np.sum(r * np.sin(out))
""",
    "loss",
    """
dout = r * np.cos(out)
dbeta = np.sum(dout, axis=0)
dgamma = np.sum(dout * xhat, axis=0)
dxhat = dout * gamma
dx = (N * dxhat - np.sum(dxhat, axis=0) - xhat * np.sum(dxhat * xhat, axis=0)) / (N * std)
""",
    mistakes("""
dout | slope | r * np.cos(out) → r * np.sin(out)
dbeta | mean | dbeta = np.sum(dout → dbeta = np.mean(dout
dgamma | operand | np.sum(dout * xhat, axis=0) → np.sum(dout * x, axis=0)
dgamma | operand | np.sum(dout * xhat, axis=0) → np.sum(dout * xmu, axis=0)
dgamma | forgotten | np.sum(dout * xhat, axis=0) → np.sum(dout, axis=0)
dxhat | forgotten | dxhat = dout * gamma → dxhat = dout.copy()
dxhat | power | dout * gamma → dout / gamma
dx | path | - np.sum(dxhat, axis=0) →
dx | path | - xhat * np.sum(dxhat * xhat, axis=0)) → )
dx | path | (N * dxhat - np.sum(dxhat, axis=0) - xhat * np.sum(dxhat * xhat, axis=0)) / (N * std) → dxhat / std
dx | sign | - xhat * np.sum(dxhat * xhat → + xhat * np.sum(dxhat * xhat
dx | forgotten | / (N * std) → / N
dx | power | / (N * std) → / (N * var)
dx | mean | / (N * std) → / std
dx | operand | xhat * np.sum(dxhat * xhat, axis=0) → xhat * np.sum(dout * xhat, axis=0)
dx | factor | (N * dxhat → ((N - 1) * dxhat
"""),
    [
        (
            "dx = (N * dxhat - np.sum(dxhat, axis=0) - xhat * np.sum(dxhat * xhat, axis=0)) / (N * std)",
            """dstd = np.sum(dxhat * xmu, axis=0) * -1 / std**2
dvar = 0.5 * dstd / std
dxmu = dxhat / std + 2 / N * xmu * dvar
dmu = -np.sum(dxmu, axis=0)
dx = dxmu + np.ones((N, D)) / N * dmu""",
        ),
    ],
)

CHAR_RNN = Exercise(
    "min-char-rnn: back through time",
    """
rng = np.random.default_rng(4)
T, V, H = 4, 5, 3
inputs = [0, 3, 1, 1]; targets = [3, 1, 1, 4]
Wxh = rng.normal(size=(H, V)) * 0.6; Whh = rng.normal(size=(H, H)) * 0.6
Why = rng.normal(size=(V, H)) * 0.6; bh = rng.normal(size=(H, 1)) * 0.1
by = rng.normal(size=(V, 1)) * 0.1; hprev = rng.normal(size=(H, 1)) * 0.5
""",
    "Wxh Whh Why bh by hprev",
    """
xs, hs, ys, ps = {}, {}, {}, {}
hs[-1] = hprev
loss = 0
for t in range(len(inputs)):
    xs[t] = np.zeros((V, 1))
    xs[t][inputs[t]] = 1
    hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh)
    ys[t] = np.dot(Why, hs[t]) + by
    ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
    loss = loss - np.log(ps[t][targets[t], 0])
""",
    "loss",
    """
dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
dbh, dby = np.zeros_like(bh), np.zeros_like(by)
dhnext = np.zeros_like(hs[0])
for t in reversed(range(len(inputs))):
    dy = np.copy(ps[t])
    dy[targets[t]] -= 1
    dWhy += np.dot(dy, hs[t].T)
    dby += dy
    dh = np.dot(Why.T, dy) + dhnext
    dhraw = (1 - hs[t] * hs[t]) * dh
    dbh += dhraw
    dWxh += np.dot(dhraw, xs[t].T)
    dWhh += np.dot(dhraw, hs[t-1].T)
    dhnext = np.dot(Whh.T, dhraw)
""",
    mistakes("""
dy | one-hot | dy[targets[t]] -= 1\\n → pass\\n
dWhy | step | np.dot(dy, hs[t].T) → np.dot(dy, hs[t-1].T)
dWhy | once | dWhy += → dWhy =
dby | once | dby += dy → dby = dy
dh | path | np.dot(Why.T, dy) + dhnext → np.dot(Why.T, dy)
dh | path | np.dot(Why.T, dy) + dhnext → dhnext
dhraw | slope | (1 - hs[t] * hs[t]) * dh → (1 - hs[t]) * dh
dhraw | slope | (1 - hs[t] * hs[t]) * dh → hs[t] * (1 - hs[t]) * dh
dhraw | forgotten | (1 - hs[t] * hs[t]) * dh → dh
dbh | once | dbh += → dbh =
dWxh | once | dWxh += → dWxh =
dWhh | step | np.dot(dhraw, hs[t-1].T) → np.dot(dhraw, hs[t].T)
dWhh | operand | np.dot(dhraw, hs[t-1].T) → np.dot(dh, hs[t-1].T)
dhnext | transpose | np.dot(Whh.T, dhraw) → np.dot(Whh, dhraw)
dhnext | operand | np.dot(Whh.T, dhraw) → np.dot(Whh.T, dh)
dhnext | sign | dhnext = np.dot(Whh.T, dhraw) → dhnext = -np.dot(Whh.T, dhraw)
dWxh | sign | dWxh += → dWxh -=
"""),
    [
        ("(1 - hs[t] * hs[t])", "(1 - np.square(hs[t]))"),
        ("dWhy += np.dot(dy, hs[t].T)", "dWhy = dWhy + dy @ hs[t].T"),
    ],
)

PLANAR = Exercise(
    "Ng: a planar classifier with one hidden layer",
    """
rng = np.random.default_rng(5)
n_x, n_h, m = 2, 4, 8
X = rng.normal(size=(n_x, m)); Y = (rng.random((1, m)) > 0.5) * 1.0
W1 = rng.normal(size=(n_h, n_x)); b1 = rng.normal(size=(n_h, 1)) * 0.2
W2 = rng.normal(size=(1, n_h)); b2 = rng.normal(size=(1, 1)) * 0.2
""",
    "X Y W1 b1 W2 b2",
    """
Z1 = np.dot(W1, X) + b1
A1 = np.tanh(Z1)
Z2 = np.dot(W2, A1) + b2
A2 = 1 / (1 + np.exp(-Z2))
logprobs = Y * np.log(A2) + (1 - Y) * np.log(1 - A2)
cost = -np.sum(logprobs) / m
""",
    "cost",
    """
dZ2 = A2 - Y
dW2 = (1 / m) * np.dot(dZ2, A1.T)
db2 = (1 / m) * np.sum(dZ2, axis=1, keepdims=True)
dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
dW1 = (1 / m) * np.dot(dZ1, X.T)
db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True)
""",
    mistakes("""
dZ2 | sign | A2 - Y → Y - A2
dZ2 | slope | dZ2 = A2 - Y → dZ2 = (A2 - Y) * A2 * (1 - A2)
dW2 | mean | dW2 = (1 / m) * → dW2 =
dW2 | mean | dW2 = (1 / m) * np.dot(dZ2, A1.T) → dW2 = (1 / m) * np.dot(dZ2, A1.T) / m
dW2 | operand | np.dot(dZ2, A1.T) → np.dot(dZ2, Z1.T)
db2 | mean | db2 = (1 / m) * → db2 =
dZ1 | slope | (1 - np.power(A1, 2)) → (1 - A1)
dZ1 | slope | (1 - np.power(A1, 2)) → A1 * (1 - A1)
dZ1 | slope | (1 - np.power(A1, 2)) → (1 - np.power(Z1, 2))
dZ1 | forgotten | dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2)) → dZ1 = np.dot(W2.T, dZ2)
dZ1 | sign | dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2)) → dZ1 = np.dot(W2.T, dZ2) * (np.power(A1, 2) - 1)
dW1 | operand | np.dot(dZ1, X.T) → np.dot(dZ1, A1.T)[:, :2]
dW1 | mean | dW1 = (1 / m) * → dW1 =
db1 | axis | np.sum(dZ1, axis=1, keepdims=True) → np.sum(dZ1)
db1 | mean | db1 = (1 / m) * np.sum → db1 = np.sum
"""),
    [
        ("dZ2 = A2 - Y", "dA2 = -(Y / A2) + (1 - Y) / (1 - A2)\ndZ2 = dA2 * A2 * (1 - A2)"),
        """
dZ2 = (A2 - Y) / m
dW2 = dZ2 @ A1.T
db2 = dZ2.sum(axis=1, keepdims=True)
dZ1 = W2.T @ dZ2 * (1 - A1**2)
dW1 = dZ1 @ X.T
db1 = dZ1.sum(axis=1, keepdims=True)
""",
    ],
)  # fmt: skip

LOGISTIC = Exercise(
    "logistic regression with L2, samples in rows",
    """
rng = np.random.default_rng(6)
m, n, lam = 9, 3, 0.4
X = rng.normal(size=(m, n)); y = (rng.random(m) > 0.4) * 1.0
w = rng.normal(size=n); b = np.array(0.3)
""",
    "X y w b",
    """
z = X @ w + b
p = 1 / (1 + np.exp(-z))
J = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + lam / (2 * m) * np.sum(w**2)
""",
    "J",
    """
error = p - y
dw = X.T @ error / m + lam / m * w
db = np.mean(error)
""",
    mistakes("""
dw | mean | X.T @ error / m + → X.T @ error +
dw | factor | lam / m * w → 2 * lam / m * w
dw | mean | + lam / m * w → + lam * w
dw | path | X.T @ error / m + lam / m * w → X.T @ error / m
dw | sign | + lam / m * w → - lam / m * w
dw | sign | X.T @ error / m + → -X.T @ error / m +
dw | sign | dw = X.T @ error / m + lam / m * w → dw = -(X.T @ error / m + lam / m * w)
dw | slope | X.T @ error / m + → X.T @ (error * p * (1 - p)) / m +
db | mean | np.mean(error) → np.sum(error)
db | sign | np.mean(error) → -np.mean(error)
db | path | np.mean(error) → np.mean(error) + lam / m * b
"""),
)

EXERCISES = [MAKEMORE, TWO_LAYERS, BATCHNORM, CHAR_RNN, PLANAR, LOGISTIC]
