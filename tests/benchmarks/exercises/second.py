# ruff: noqa: E501 - a mistake stands in one line
"""Loops over samples, pixels and steps; lists and caches by layer; word vectors; gates."""

from .exercise import Exercise, mistakes

SOFTMAX_LOOPS = Exercise(
    "CS231n: softmax, naive loops",
    """
rng = np.random.default_rng(7)
N, D, C, reg = 6, 4, 3, 0.2
X = rng.normal(size=(N, D)); y = rng.integers(0, C, N); W = rng.normal(size=(D, C))
""",
    "X W",
    """
scores = X.dot(W)
p = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
loss = -np.sum(np.log(p[np.arange(N), y])) / N + reg * np.sum(W * W)
""",
    "loss",
    """
dW = np.zeros_like(W)
for i in range(N):
    for j in range(C):
        dW[:, j] += (p[i, j] - (j == y[i])) * X[i]
dW /= N
dW += 2 * reg * W
""",
    mistakes("""
dW | one-hot | (p[i, j] - (j == y[i])) → p[i, j]
dW | sign | (p[i, j] - (j == y[i])) → (p[i, j] + (j == y[i]))
dW | mean | dW /= N\\n → \\n
dW | once | dW[:, j] += → dW[:, j] =
dW | factor | dW += 2 * reg * W → dW += reg * W
dW | path | dW += 2 * reg * W → pass
dW | once | for i in range(N): → for i in range(N - 1):
dW | mean | dW /= N\\ndW += 2 * reg * W → dW += 2 * reg * W\\ndW /= N
dW | sign | (p[i, j] - (j == y[i])) * X[i] → ((j == y[i]) - p[i, j]) * X[i]
"""),
    ["\ndS = p.copy()\ndS[range(N), y] -= 1\ndW = X.T.dot(dS) / N + 2 * reg * W\n"],
)

SVM = Exercise(
    "CS231n: the SVM loss, vectorised",
    """
rng = np.random.default_rng(8)
N, D, C, reg = 6, 4, 3, 0.1
X = rng.normal(size=(N, D)); y = rng.integers(0, C, N); W = rng.normal(size=(D, C))
onehot = np.eye(C)[y]
""",
    "X W",
    """
scores = X.dot(W)
margins = np.maximum(0, scores - scores[np.arange(N), y].reshape(-1, 1) + 1 - onehot)
loss = np.sum(margins) / N + reg * np.sum(W**2)
""",
    "loss",
    """
dscores = (margins > 0).astype(float)
dscores[np.arange(N), y] -= np.sum(dscores, axis=1)
dscores /= N
dW = X.T.dot(dscores) + 2 * reg * W
""",
    mistakes("""
dscores | path | dscores[np.arange(N), y] -= np.sum(dscores, axis=1)\\n → \\n
dscores | sign | y] -= np.sum(dscores → y] += np.sum(dscores
dscores | mean | dscores /= N\\n → \\n
dscores | operand | (margins > 0).astype(float) → margins.copy()
dscores | path | -= np.sum(dscores, axis=1) → -= 1
dW | factor | 2 * reg * W → reg * W
dW | path | + 2 * reg * W →
dW | mean | X.T.dot(dscores) → X.T.dot(dscores) / N
"""),
    [("(margins > 0).astype(float)", "np.where(margins > 0, 1.0, 0.0)")],
)

SVM_LOOPS = Exercise(
    "CS231n: the SVM loss, naive, with branches",
    SVM.setup,
    "X W",
    SVM.forward,
    "loss",
    """
dW = np.zeros(W.shape)
for i in range(N):
    correct = scores[i, y[i]]
    for j in range(C):
        if j == y[i]:
            continue
        margin = scores[i, j] - correct + 1
        if margin > 0:
            dW[:, j] += X[i]
            dW[:, y[i]] -= X[i]
dW = dW / N + 2 * reg * W
""",
    mistakes("""
dW | path | dW[:, y[i]] -= X[i] → pass
dW | sign | dW[:, y[i]] -= X[i] → dW[:, y[i]] += X[i]
dW | once | dW[:, j] += X[i] → dW[:, j] = X[i]
dW | mean | dW / N + → dW +
dW | factor | 2 * reg * W → 3 * reg * W
dW | path | + 2 * reg * W →
"""),
)

LAYERNORM = Exercise(
    "CS231n: layer normalisation",
    """
rng = np.random.default_rng(9)
N, D, eps = 4, 6, 1e-5
x = 1 + rng.normal(size=(N, D)); gamma = 1 + 0.3 * rng.normal(size=D)
beta = rng.normal(size=D); dout0 = rng.normal(size=(N, D))
""",
    "x gamma beta",
    """
mu = x.mean(axis=1, keepdims=True)
xc = x - mu
var = (xc**2).mean(axis=1, keepdims=True)
rstd = 1 / np.sqrt(var + eps)
norm = xc * rstd
out = norm * gamma + beta
loss = np.sum(out * dout0)
""",
    "loss",
    """
dout = dout0
dbeta = dout.sum(axis=0)
dgamma = (dout * norm).sum(axis=0)
dnorm = dout * gamma
dx = dnorm - dnorm.mean(-1, keepdims=True) - norm * (dnorm * norm).mean(-1, keepdims=True)
dx *= rstd
""",
    mistakes("""
dbeta | axis | dbeta = dout.sum(axis=0) → dbeta = dout.sum(axis=1)
dgamma | forgotten | (dout * norm).sum → dout.sum
dgamma | operand | (dout * norm).sum → (dout * xc).sum
dnorm | forgotten | dnorm = dout * gamma → dnorm = dout.copy()
dnorm | operand | dnorm = dout * gamma → dnorm = dout * beta
dx | path | - dnorm.mean(-1, keepdims=True) →
dx | path | - norm * (dnorm * norm).mean(-1, keepdims=True) →
dx | sign | - norm * (dnorm → + norm * (dnorm
dx | forgotten | dx *= rstd → pass
dx | power | dx *= rstd → dx /= rstd
dx | axis | dnorm.mean(-1, keepdims=True) → dnorm.mean(0, keepdims=True)
dx | mean | dnorm.mean(-1, keepdims=True) → dnorm.sum(-1, keepdims=True)
"""),
    [("dx *= rstd", "dx = dx * rstd")],
)

CONVOLUTION = Exercise(
    "CS231n: a convolution by loops",
    """
rng = np.random.default_rng(10)
N, Cin, H, F, K = 2, 2, 5, 3, 3
x = rng.normal(size=(N, Cin, H, H)); w = rng.normal(size=(F, Cin, K, K)); b = rng.normal(size=F)
up = rng.normal(size=(N, F, 2, 2)); stride, pad, Ho = 2, 0, 2
""",
    "",
    """
out = np.zeros((N, F, Ho, Ho))
for n in range(N):
    for f in range(F):
        for i in range(Ho):
            for j in range(Ho):
                window = x[n, :, i*stride:i*stride+K, j*stride:j*stride+K]
                out[n, f, i, j] = np.sum(window * w[f]) + b[f]
loss = np.sum(up * out)
""",
    "loss",
    """
dout = up
dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
for n in range(N):
    for f in range(F):
        db[f] += dout[n, f].sum()
        for i in range(Ho):
            for j in range(Ho):
                window = x[n, :, i*stride:i*stride+K, j*stride:j*stride+K]
                dw[f] += window * dout[n, f, i, j]
                dx[n, :, i*stride:i*stride+K, j*stride:j*stride+K] += w[f] * dout[n, f, i, j]
""",
    mistakes("""
db | mean | dout[n, f].sum() → dout[n, f].mean()
db | once | db[f] += → db[f] =
dw | once | dw[f] += → dw[f] =
dw | operand | dw[f] += window * → dw[f] += w[f] *
dx | once | dx[n, :, i*stride:i*stride+K, j*stride:j*stride+K] += → dx[n, :, i*stride:i*stride+K, j*stride:j*stride+K] =
dx | sign | += w[f] * dout → -= w[f] * dout
dx | transpose | += w[f] * dout → += w[f].transpose(0, 2, 1) * dout
dx | factor | += w[f] * dout → += 2 * w[f] * dout
"""),
)

POOLING = Exercise(
    "CS231n: max pooling by loops",
    """
rng = np.random.default_rng(11)
x = rng.normal(size=(2, 4, 4)); up = rng.normal(size=(2, 2, 2))
""",
    "",
    """
out = np.zeros((2, 2, 2))
for c in range(2):
    for i in range(2):
        for j in range(2):
            out[c, i, j] = np.max(x[c, 2*i:2*i+2, 2*j:2*j+2])
loss = np.sum(up * out**2)
""",
    "loss",
    """
dout = 2 * up * out
dx = np.zeros_like(x)
for c in range(2):
    for i in range(2):
        for j in range(2):
            window = x[c, 2*i:2*i+2, 2*j:2*j+2]
            mask = (window == np.max(window))
            dx[c, 2*i:2*i+2, 2*j:2*j+2] += mask * dout[c, i, j]
""",
    mistakes("""
dout | factor | 2 * up * out → up * out
dx | mask | mask * dout[c → dout[c
dx | operand | mask * dout[c, i, j] → mask * out[c, i, j]
dx | mask | window == np.max → window == np.min
dx | sign | += mask * dout → -= mask * dout
"""),
)

WORD2VEC = Exercise(
    "CS224n: word2vec, naive softmax",
    """
rng = np.random.default_rng(12)
V, D, outsideWordIdx = 5, 3, 2
centerWordVec = rng.normal(size=D); outsideVectors = rng.normal(size=(V, D))
""",
    "centerWordVec outsideVectors",
    """
scores = np.dot(outsideVectors, centerWordVec)
yhat = np.exp(scores) / np.sum(np.exp(scores))
loss = -np.log(yhat[outsideWordIdx])
""",
    "loss",
    """
dscores = yhat.copy()
dscores[outsideWordIdx] -= 1
gradCenterVec = np.dot(outsideVectors.T, dscores)
gradOutsideVecs = np.outer(dscores, centerWordVec)
grads = {"centerWordVec": gradCenterVec, "outsideVectors": gradOutsideVecs}
""",
    mistakes("""
dscores | one-hot | dscores[outsideWordIdx] -= 1\\n → \\n
dscores | sign | -= 1 → += 1
dcenterWordVec | operand | np.dot(outsideVectors.T, dscores) → np.dot(outsideVectors.T, yhat)
dcenterWordVec | sign | np.dot(outsideVectors.T, dscores) → -np.dot(outsideVectors.T, dscores)
doutsideVectors | operand | np.outer(dscores, centerWordVec) → np.outer(yhat, centerWordVec)
doutsideVectors | operand | np.outer(dscores, centerWordVec) → np.outer(dscores, gradCenterVec)
doutsideVectors | factor | np.outer(dscores, centerWordVec) → np.outer(dscores, centerWordVec) / V
"""),
    [("np.outer(dscores, centerWordVec)", "dscores[:, np.newaxis] @ centerWordVec[np.newaxis, :]")],
)

NEGATIVE = Exercise(
    "CS224n: word2vec, negative sampling",
    """
rng = np.random.default_rng(13)
V, D, o = 6, 3, 1
negSamples = [4, 2, 4]
vc = rng.normal(size=D); U = rng.normal(size=(V, D))
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
""",
    "vc U",
    """
pos = 1 / (1 + np.exp(-U[o] @ vc))
neg = 1 / (1 + np.exp(U[negSamples] @ vc))
loss = -np.log(pos) - np.sum(np.log(neg))
""",
    "loss",
    """
dvc = (sigmoid(U[o] @ vc) - 1) * U[o]
dU = np.zeros_like(U)
dU[o] += (sigmoid(U[o] @ vc) - 1) * vc
for k in negSamples:
    s = sigmoid(U[k] @ vc)
    dvc = dvc + s * U[k]
    dU[k] += s * vc
""",
    mistakes("""
dvc | sign | dvc = (sigmoid(U[o] @ vc) - 1) → dvc = (1 - sigmoid(U[o] @ vc))
dvc | forgotten | dvc = (sigmoid(U[o] @ vc) - 1) → dvc = sigmoid(U[o] @ vc)
dvc | sign | dvc + s * U[k] → dvc - s * U[k]
dvc | path | dvc = dvc + s * U[k] → pass
dvc | once | dvc = dvc + s * U[k] → dvc = s * U[k]
dU | once | dU[k] += s * vc → dU[k] = s * vc
dU | path | dU[o] += (sigmoid(U[o] @ vc) - 1) * vc → pass
dU | operand | dU[k] += s * vc → dU[k] += s * U[k]
dU | sign | dU[k] += s * vc → dU[k] -= s * vc
dU | slope | dU[k] += s * vc → dU[k] += s * (1 - s) * vc
"""),
)

NIELSEN = Exercise(
    "Nielsen: backprop of one sample, lists by layer",
    """
rng = np.random.default_rng(14)
sizes = [3, 4, 2]
weights = [rng.normal(size=(b, a)) for a, b in zip(sizes[:-1], sizes[1:])]
biases = [rng.normal(size=(b, 1)) for b in sizes[1:]]
x = rng.normal(size=(3, 1)); y = np.array([[1.0], [0.0]]); num_layers = 3
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))
""",
    "",
    """
activation = x
activations = [x]
zs = []
for b, w in zip(biases, weights):
    z = np.dot(w, activation) + b
    zs.append(z)
    activation = sigmoid(z)
    activations.append(activation)
cost = 0.5 * np.sum((activations[-1] - y)**2)
""",
    "cost",
    """
nabla_b = [np.zeros(b.shape) for b in biases]
nabla_w = [np.zeros(w.shape) for w in weights]
delta = (activations[-1] - y) * sigmoid_prime(zs[-1])
nabla_b[-1] = delta
nabla_w[-1] = np.dot(delta, activations[-2].transpose())
for l in range(2, num_layers):
    z = zs[-l]
    sp = sigmoid_prime(z)
    delta = np.dot(weights[-l+1].transpose(), delta) * sp
    nabla_b[-l] = delta
    nabla_w[-l] = np.dot(delta, activations[-l-1].transpose())
""",
    mistakes("""
delta | sign | (activations[-1] - y) * → (y - activations[-1]) *
delta | forgotten | (activations[-1] - y) * sigmoid_prime(zs[-1]) → (activations[-1] - y)
delta | slope | * sigmoid_prime(zs[-1]) → * sigmoid_prime(activations[-1])
delta | forgotten | .transpose(), delta) * sp → .transpose(), delta)
delta | slope | sp = sigmoid_prime(z) → sp = sigmoid(z)
dweights1 | operand | np.dot(delta, activations[-2].transpose()) → np.dot(delta, zs[-2].transpose())
dweights0 | operand | np.dot(delta, activations[-l-1].transpose()) → np.dot(delta, -activations[-l-1].transpose())
dbiases1 | operand | nabla_b[-1] = delta → nabla_b[-1] = activations[-1] - y
dbiases0 | factor | nabla_b[-l] = delta → nabla_b[-l] = 0.5 * delta
"""),
)

DEEP = Exercise(
    "Ng: L layers with caches and a dict of gradients",
    """
rng = np.random.default_rng(15)
m = 6
X = rng.normal(size=(3, m)); Y = (rng.random((1, m)) > 0.5) * 1.0
W1, W2, W3 = rng.normal(size=(4, 3)), rng.normal(size=(3, 4)), rng.normal(size=(1, 3))
b1, b2, b3 = 0.1 * rng.normal(size=(4, 1)), 0.1 * rng.normal(size=(3, 1)), np.array([[0.2]])
""",
    "X Y W1 W2 W3 b1 b2 b3",
    """
Z1 = W1 @ X + b1; A1 = np.maximum(0, Z1)
Z2 = W2 @ A1 + b2; A2 = np.maximum(0, Z2)
Z3 = W3 @ A2 + b3; A3 = 1 / (1 + np.exp(-Z3))
cost = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m
""",
    "cost",
    """
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

def relu_backward(dA, Z):
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ

grads = {}
dA3 = -(np.divide(Y, A3) - np.divide(1 - Y, 1 - A3))
dZ3 = dA3 * A3 * (1 - A3)
grads["dA2"], grads["dW3"], grads["db3"] = linear_backward(dZ3, (A2, W3, b3))
grads["dZ2"] = relu_backward(grads["dA2"], Z2)
grads["dA1"], grads["dW2"], grads["db2"] = linear_backward(grads["dZ2"], (A1, W2, b2))
grads["dZ1"] = relu_backward(grads["dA1"], Z1)
_, grads["dW1"], grads["db1"] = linear_backward(grads["dZ1"], (X, W1, b1))
""",
    mistakes("""
dA3 | sign | dA3 = -(np → dA3 = (np
dA3 | sign | - np.divide(1 - Y, 1 - A3) → + np.divide(1 - Y, 1 - A3)
dZ3 | slope | dA3 * A3 * (1 - A3) → dA3 * A3
dZ2 | operand | relu_backward(grads["dA2"], Z2) → relu_backward(grads["dA2"], -Z2)
dZ2 | forgotten | relu_backward(grads["dA2"], Z2) → grads["dA2"]
dW2 | operand | grads["dZ2"], (A1, W2 → grads["dZ2"], (Z1, W2
dW1 | operand | grads["dZ1"], (X, W1 → grads["dZ1"], (2 * X, W1
dZ1 | operand | relu_backward(grads["dA1"], Z1) → relu_backward(grads["dA1"], Z1 - 0.5)
"""),
)

LSTM = Exercise(
    "an LSTM step, and the gradients of its gates",
    """
rng = np.random.default_rng(16)
H, m = 3, 4
x = rng.normal(size=(2, m)); hprev = rng.normal(size=(H, m)); cprev = rng.normal(size=(H, m))
Wf, Wi, Wo, Wg = (rng.normal(size=(H, H + 2)) for _ in range(4))
r = rng.normal(size=(H, m)); q = rng.normal(size=(H, m))
""",
    "x hprev cprev Wf Wi Wo Wg",
    """
xh = np.concatenate([hprev, x])
f = 1 / (1 + np.exp(-Wf @ xh))
i = 1 / (1 + np.exp(-Wi @ xh))
o = 1 / (1 + np.exp(-Wo @ xh))
g = np.tanh(Wg @ xh)
c = f * cprev + i * g
h = o * np.tanh(c)
loss = np.sum(r * h) + np.sum(q * c)
""",
    "loss",
    """
dh = r
do = dh * np.tanh(c)
dc = q + dh * o * (1 - np.tanh(c)**2)
df = dc * cprev
di = dc * g
dg = dc * i
dcprev = dc * f
dWo = (do * o * (1 - o)) @ xh.T
dWf = (df * f * (1 - f)) @ xh.T
dWi = (di * i * (1 - i)) @ xh.T
dWg = (dg * (1 - g**2)) @ xh.T
dxh = Wo.T @ (do * o * (1 - o)) + Wf.T @ (df * f * (1 - f)) + Wi.T @ (di * i * (1 - i)) + Wg.T @ (dg * (1 - g**2))
dhprev = dxh[:H]
dx = dxh[H:]
""",
    mistakes("""
do | operand | do = dh * np.tanh(c) → do = dh * c
dc | path | q + dh * o → dh * o
dc | slope | (1 - np.tanh(c)**2) → (1 - c**2)
dc | forgotten | q + dh * o * (1 → q + dh * (1
df | operand | dc * cprev → dc * c
di | operand | di = dc * g → di = dc * i
dg | operand | dg = dc * i → dg = dc * o
dcprev | operand | dcprev = dc * f → dcprev = dc * i
dWo | slope | dWo = (do * o * (1 - o)) → dWo = (do * (1 - o**2))
dWf | forgotten | dWf = (df * f * (1 - f)) → dWf = df
dWg | slope | dWg = (dg * (1 - g**2)) → dWg = (dg * g * (1 - g))
dWi | operand | dWi = (di * i * (1 - i)) → dWi = (dg * i * (1 - i))
dxh | path | + Wi.T @ (di * i * (1 - i)) →
dxh | sign | + Wf.T @ (df → - Wf.T @ (df
"""),
)

EXERCISES = [
    SOFTMAX_LOOPS, SVM, SVM_LOOPS, LAYERNORM, CONVOLUTION, POOLING, WORD2VEC, NEGATIVE, NIELSEN,
    DEEP, LSTM,
]  # fmt: skip
