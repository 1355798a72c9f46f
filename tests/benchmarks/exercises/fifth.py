# ruff: noqa: E501 - a mistake stands in one line
"""Whole programs: classes, generators, training loops, nested functions, checks beside them."""

from .exercise import Exercise, mistakes


def _setup(seed: int) -> str:
    return f"""
rng = np.random.default_rng({seed})
X = rng.normal(size=(7, 4)); Y = np.eye(3)[rng.integers(0, 3, 7)]
W1 = rng.normal(size=(4, 5)) * 0.6; b1 = rng.normal(size=5) * 0.2
W2 = rng.normal(size=(5, 3)) * 0.6; b2 = rng.normal(size=3) * 0.2
"""


_SOFTMAX_NET = """
z1 = X @ W1 + b1
a1 = np.maximum(z1, 0)
z2 = a1 @ W2 + b2
e = np.exp(z2 - np.max(z2, axis=1, keepdims=True))
p = e / np.sum(e, axis=1, keepdims=True)
loss = -np.mean(np.sum(Y * np.log(p), axis=1))
"""
_MSE_NET = """
z1 = X @ W1 + b1
a1 = np.maximum(z1, 0)
out = a1 @ W2 + b2
loss = np.mean((out - Y) ** 2)
"""
_TANH_NET = """
z1 = X @ W1 + b1
a1 = np.tanh(z1)
z2 = a1 @ W2 + b2
a2 = 1 / (1 + np.exp(-z2))
loss = 0.5 * np.sum((a2 - Y) ** 2) / 7
"""
_P = "W1 b1 W2 b2"

FASTAI = Exercise(
    "fastai: layers that keep g",
    _setup(11),
    _P,
    _MSE_NET,
    "loss",
    """
import numpy as np

class Lin:
    def __init__(self, w, b):
        self.w, self.b = w, b
    def __call__(self, inp):
        self.inp = inp
        self.out = inp @ self.w + self.b
        return self.out
    def backward(self, g):
        self.w_g = self.inp.T @ g
        self.b_g = g.sum(0)
        return g @ self.w.T

class Relu:
    def __call__(self, inp):
        self.inp = inp
        return np.clip(inp, 0, None)
    def backward(self, g):
        return (self.inp > 0) * g

class Mse:
    def __call__(self, inp, targ):
        self.inp, self.targ = inp, targ
        return ((inp - targ) ** 2).mean()
    def backward(self):
        return 2 * (self.inp - self.targ) / self.targ.size

class Model:
    def __init__(self, w1, b1, w2, b2):
        self.layers = [Lin(w1, b1), Relu(), Lin(w2, b2)]
        self.loss = Mse()
    def __call__(self, x, targ):
        for l in self.layers:
            x = l(x)
        return self.loss(x, targ)
    def backward(self):
        g = self.loss.backward()
        for l in reversed(self.layers):
            g = l.backward(g)
        return g

model = Model(W1, b1, W2, b2)
loss = model(X, Y)
model.backward()
print(loss)
""",
    mistakes("""
dW | transpose | self.w_g = self.inp.T @ g → self.w_g = (g.T @ self.inp).T[::-1]
db | mean | self.b_g = g.sum(0) → self.b_g = g.mean(0)
dout | factor | return 2 * (self.inp - self.targ) / self.targ.size → return 2 * (self.inp - self.targ) / len(self.targ)
"""),
)

D2L = Exercise(
    "d2l: softmax regression from scratch",
    """
rng = np.random.default_rng(3)
X = rng.normal(size=(8, 4)); y = rng.integers(0, 3, 8)
W = rng.normal(size=(4, 3)) * 0.4; b = rng.normal(size=3) * 0.1
""",
    "W b",
    """
o = X @ W + b
s = np.exp(o) / np.sum(np.exp(o), axis=1, keepdims=True)
loss = -np.mean(np.log(s[np.arange(8), y]))
""",
    "loss",
    """
import numpy as np

class SoftmaxRegression:
    def __init__(self, W, b, lr=0.1):
        self.W = W
        self.b = b
        self.lr = lr

    def parameters(self):
        return [self.W, self.b]

    def softmax(self, X):
        X_exp = np.exp(X)
        partition = X_exp.sum(1, keepdims=True)
        return X_exp / partition

    def forward(self, X):
        X = X.reshape((-1, self.W.shape[0]))
        return self.softmax(X @ self.W + self.b)

    def loss(self, y_hat, y):
        return -np.log(y_hat[list(range(len(y_hat))), y]).mean()

    def backward(self, X, y_hat, y):
        num_examples = X.shape[0]
        grad_o = y_hat.copy()
        grad_o[list(range(len(y))), y] -= 1
        grad_o /= num_examples
        self.W_grad = X.T @ grad_o
        self.b_grad = grad_o.sum(axis=0)

    def step(self):
        self.W = self.W - self.lr * self.W_grad
        self.b = self.b - self.lr * self.b_grad

net = SoftmaxRegression(W, b)
for epoch in range(3):
    y_hat = net.forward(X)
    l = net.loss(y_hat, y)
    net.backward(X, y_hat, y)
    net.step()
    print(f"epoch {epoch + 1}, loss {float(l):f}")
""",
    mistakes("""
W_grad | mean | X.T @ grad_o → X.T @ grad_o / num_examples
b_grad | axis | grad_o.sum(axis=0) → grad_o.max(axis=0)
grad_o | sign | y] -= 1 → y] += 1
"""),
)

MICROGRAD = Exercise(
    "micrograd in arrays",
    _setup(12),
    _P,
    _TANH_NET,
    "loss",
    """
class Value:
    def __init__(self, data, _children=()):
        self.data = np.asarray(data)
        self.grad = np.zeros_like(self.data)
        self._backward = lambda: None
        self._prev = set(_children)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            g = out.grad
            self.grad = self.grad + g
            h = g
            while h.ndim > other.data.ndim:
                h = h.sum(axis=0)
            other.grad = other.grad + h
        out._backward = _backward
        return out

    def __matmul__(self, other):
        out = Value(self.data @ other.data, (self, other))
        def _backward():
            self.grad = self.grad + out.grad @ other.data.T
            other.grad = other.grad + self.data.T @ out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = np.tanh(self.data)
        out = Value(t, (self,))
        def _backward():
            self.grad = self.grad + (1 - t**2) * out.grad
        out._backward = _backward
        return out

    def sigmoid(self):
        s = 1 / (1 + np.exp(-self.data))
        out = Value(s, (self,))
        def _backward():
            self.grad = self.grad + s * (1 - s) * out.grad
        out._backward = _backward
        return out

    def half_square_mean(self, y):
        d = self.data - y
        out = Value(0.5 * (d**2).sum() / len(y), (self,))
        def _backward():
            self.grad = self.grad + d / len(y) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = np.ones_like(self.data)
        for v in reversed(topo):
            v._backward()

w1, c1, w2, c2, x = Value(W1), Value(b1), Value(W2), Value(b2), Value(X)
h = (x @ w1 + c1).tanh()
o = (h @ w2 + c2).sigmoid()
L = o.half_square_mean(Y)
L.backward()
print(L.data)
""",
    mistakes("""
dz1 | slope | (1 - t**2) * out.grad → (1 - t) * out.grad
dz2 | slope | s * (1 - s) * out.grad → s * out.grad
da2 | mean | d / len(y) * out.grad → d * out.grad
"""),
)

LAYERS = Exercise(
    "layer classes with backward and caches",
    _setup(13),
    _P,
    _SOFTMAX_NET,
    "loss",
    """
class Linear:
    def __init__(self, W, b):
        self.params = {"W": W, "b": b}
        self.grads = {}
        self.cache = None

    def forward(self, x):
        self.cache = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        x = self.cache
        self.grads["W"] = np.dot(x.T, dout)
        self.grads["b"] = np.sum(dout, axis=0)
        return np.dot(dout, self.params["W"].T)

class ReLU:
    def forward(self, x):
        self.mask = (x <= 0)
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout = dout.copy()
        dout[self.mask] = 0
        return dout

class SoftmaxWithLoss:
    def forward(self, x, t):
        self.t = t
        x = x - x.max(axis=1, keepdims=True)
        self.y = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        return -np.sum(t * np.log(self.y)) / x.shape[0]

    def backward(self, dout=1):
        batch_size = self.t.shape[0]
        return dout * (self.y - self.t) / batch_size

class TwoLayerNet:
    def __init__(self):
        self.layers = [Linear(W1, b1), ReLU(), Linear(W2, b2)]
        self.last = SoftmaxWithLoss()

    def loss(self, x, t):
        for layer in self.layers:
            x = layer.forward(x)
        return self.last.forward(x, t)

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.last.backward(1)
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        grads = {}
        grads["W1"] = self.layers[0].grads["W"]
        grads["b1"] = self.layers[0].grads["b"]
        grads["W2"] = self.layers[2].grads["W"]
        grads["b2"] = self.layers[2].grads["b"]
        return grads

network = TwoLayerNet()
grads = network.gradient(X, Y)
""",
    mistakes("""
dz2 | mean | (self.y - self.t) / batch_size → (self.y - self.t)
dz2 | operand | (self.y - self.t) / batch_size → (self.t - self.y) / batch_size
dz1 | mask | dout[self.mask] = 0\\n → dout[~self.mask] = 0\\n
dW2 | operand | self.layers[2].grads["W"] → self.layers[2].grads["W"] * 2
"""),
)

GENERATORS = Exercise(
    "generators for layers",
    _setup(14),
    _P,
    _TANH_NET,
    "loss",
    """
def forward(x, layers):
    for W, b, f in layers:
        z = x @ W + b
        x = f(z)
        yield z, x

def backward(grad, inputs, layers, outputs, slopes):
    for (W, b, _), x, a, slope in zip(reversed(layers), reversed(inputs), reversed(outputs), reversed(slopes)):
        delta = grad * slope(a)
        yield x.T @ delta, delta.sum(axis=0)
        grad = delta @ W.T

sigmoid = lambda z: 1 / (1 + np.exp(-z))
layers = [(W1, b1, np.tanh), (W2, b2, sigmoid)]
slopes = [lambda a: 1 - a**2, lambda a: a * (1 - a)]
zs, outs = zip(*forward(X, layers))
inputs = [X, *outs[:-1]]
cost_gradient = (outs[-1] - Y) / len(X)
(dW2, db2), (dW1, db1) = backward(cost_gradient, inputs, layers, outs, slopes)
""",
    mistakes("""
dW | transpose | x.T @ delta, → x.T @ delta[::-1],
da1 | forgotten | grad = delta @ W.T → grad = grad @ W.T
dz1 | slope | lambda a: 1 - a**2 → lambda a: 1 - a
"""),
)

COMPREHENSION = Exercise(
    "dict comprehensions",
    """
rng = np.random.default_rng(5)
x = rng.normal(size=(3, 6)); y = rng.random((2, 6)); m = 6
W1 = rng.normal(size=(4, 3)); b1 = rng.normal(size=(4, 1)); W2 = rng.normal(size=(2, 4)); b2 = rng.normal(size=(2, 1))
""",
    _P,
    """
z1 = W1 @ x + b1
a1 = 1 / (1 + np.exp(-z1))
z2 = W2 @ a1 + b2
a2 = 1 / (1 + np.exp(-z2))
J = 0.5 * np.sum((a2 - y) ** 2) / m
""",
    "J",
    """
params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
sigmoid = lambda t: 1.0 / (1.0 + np.exp(-t))
a = {0: x}
z = {}
for l in (1, 2):
    z[l] = params[f"W{l}"] @ a[l - 1] + params[f"b{l}"]
    a[l] = sigmoid(z[l])
delta = {2: (a[2] - y) * a[2] * (1 - a[2])}
delta[1] = params["W2"].T @ delta[2] * a[1] * (1 - a[1])
grads = {f"W{l}": delta[l] @ a[l - 1].T / m for l in (1, 2)} | {f"b{l}": delta[l].mean(axis=1, keepdims=True) for l in (1, 2)}
params = {k: v - 0.5 * grads[k] for k, v in params.items()}
""",
    mistakes("""
dW | mean | a[l - 1].T / m → a[l - 1].T
db | mean | delta[l].mean(axis=1, keepdims=True) → delta[l].sum(axis=1, keepdims=True)
delta | slope | * a[1] * (1 - a[1])\\n → * a[1]\\n
"""),
)

ZIPPED = Exercise(
    "zip loops over lists of layers",
    _setup(15),
    _P,
    _TANH_NET,
    "loss",
    """
def sigmoid(t): return 1 / (1 + np.exp(-t))

def backprop(weights, biases, x, y):
    \"\"\"Return lists of gradients, a layer each.\"\"\"
    activations, zs = [x], []
    for w, b, f in zip(weights, biases, (np.tanh, sigmoid)):
        zs.append(activations[-1] @ w + b)
        activations.append(f(zs[-1]))
    grads_w, grads_b = [], []
    delta = (activations[-1] - y) * activations[-1] * (1 - activations[-1]) / len(x)
    for i, (w, a) in enumerate(zip(weights[::-1], activations[-2::-1])):
        grads_w.insert(0, a.T @ delta)
        grads_b.insert(0, delta.sum(axis=0))
        if i < len(weights) - 1:
            delta = delta @ w.T * (1 - a**2)
    return grads_w, grads_b

weights, biases = [W1, W2], [b1, b2]
grads_w, grads_b = backprop(weights, biases, X, Y)
for w, b, gw, gb in zip(weights, biases, grads_w, grads_b):
    w -= 0.1 * gw
    b -= 0.1 * gb
""",
    mistakes("""
dW | sign | a.T @ delta → -a.T @ delta
dz2 | forgotten | (activations[-1] - y) * activations[-1] * (1 - activations[-1]) / len(x) → (activations[-1] - y) / len(x)
dz1 | slope | * (1 - a**2) → * (1 - a) * (a)
"""),
)

GLOBALS = Exercise(
    "functions on global arrays",
    _setup(16),
    _P,
    _SOFTMAX_NET,
    "loss",
    """
cache = {}

def forward():
    global logits, probs, hidden
    cache["z1"] = X @ W1 + b1
    hidden = np.maximum(cache["z1"], 0)
    logits = hidden @ W2 + b2
    probs = np.exp(logits) / np.exp(logits).sum(axis=1)[:, None]
    return -(Y * np.log(probs)).sum() / len(X)

def backward():
    global dlogits, dhidden, dW1, db1, dW2, db2
    dlogits = (probs - Y) / len(X)
    dW2 = hidden.T @ dlogits
    db2 = dlogits.sum(0)
    dhidden = dlogits @ W2.T
    dz = dhidden * (cache["z1"] > 0)
    dW1 = X.T @ dz
    db1 = dz.sum(0)

loss = forward()
backward()
print("loss", loss, "max grad", np.abs(dW1).max())
""",
    mistakes("""
dlogits | sign | (probs - Y) / len(X) → (probs + Y) / len(X)
dz1 | forgotten | dz = dhidden * (cache["z1"] > 0) → dz = dhidden
db2 | axis | db2 = dlogits.sum(0) → db2 = dlogits.sum(1)[:3]
"""),
)

NESTED = Exercise(
    "a nested function that returns a tuple",
    _setup(17),
    _P,
    _SOFTMAX_NET,
    "loss",
    """
def make_backprop(X, Y):
    n = X.shape[0]

    def softmax(s):
        s = np.exp(s - s.max(1, keepdims=True))
        return s / s.sum(1, keepdims=True)

    def backprop(params):
        A, a, B, b = params
        u = X @ A + a
        h = u * (u > 0)
        q = softmax(h @ B + b)
        cost = -np.sum(Y * np.log(q)) / n
        err = (q - Y) / n
        gB, gb = h.T @ err, err.sum(0)
        back = (err @ B.T) * (u > 0)
        return cost, (X.T @ back, back.sum(0), gB, gb)

    return backprop

backprop = make_backprop(X, Y)
cost, gradient = backprop((W1, b1, W2, b2))
""",
    mistakes("""
dz1 | forgotten | back = (err @ B.T) * (u > 0) → back = err @ B.T
db2 | mean | gb = h.T @ err, err.sum(0) → gb = h.T @ err, err.mean(0)
gB | sign | gB, gb = h.T @ err, → gB, gb = -h.T @ err,
"""),
)

WALRUS = Exercise(
    "walrus",
    _setup(18),
    _P,
    _TANH_NET,
    "loss",
    """
n = len(X)
a2 = 1 / (1 + np.exp(-((a1 := np.tanh(X @ W1 + b1)) @ W2 + b2)))
print("loss", (loss := 0.5 * ((a2 - Y)**2).sum() / n))
dW2 = a1.T @ (dz2 := (a2 - Y) * a2 * (1 - a2) / n)
db2 = dz2.sum(0)
dW1 = X.T @ (dz1 := (da1 := dz2 @ W2.T) * (1 - a1**2))
if (db1 := dz1.sum(0)).any():
    print("norm", np.sqrt(sum((g**2).sum() for g in (dW1, db1, dW2, db2))))
""",
    mistakes("""
dz2 | slope | (a2 - Y) * a2 * (1 - a2) / n → (a2 - Y) * (1 - a2) / n
da1 | operand | dz2 @ W2.T → a2 @ W2.T
db1 | axis | (db1 := dz1.sum(0)) → (db1 := dz1.mean(0))
"""),
)

TRAINING = Exercise(
    "a training loop with updates in place",
    _setup(19),
    _P,
    _SOFTMAX_NET,
    "loss",
    """
lr, reg_loss, losses = 0.5, 0.0, []
for i in range(20):
    hidden_layer = np.maximum(0, np.dot(X, W1) + b1)
    scores = np.dot(hidden_layer, W2) + b2
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    loss = np.sum(-np.log(np.sum(probs * Y, axis=1))) / X.shape[0]
    losses.append(loss)
    if i % 10 == 0:
        print("iteration %d: loss %f" % (i, loss))
    dscores = probs
    dscores -= Y
    dscores /= X.shape[0]
    dW2 = np.dot(hidden_layer.T, dscores)
    db2 = np.sum(dscores, axis=0, keepdims=True)
    dhidden = np.dot(dscores, W2.T)
    dhidden[hidden_layer <= 0] = 0
    dW1 = np.dot(X.T, dhidden)
    db1 = np.sum(dhidden, axis=0, keepdims=True)
    W1 += -lr * dW1
    b1 += -lr * db1[0]
    W2 += -lr * dW2
    b2 += -lr * db2[0]
""",
    mistakes("""
dW2 | mean | dW2 = np.dot(hidden_layer.T, dscores) → dW2 = np.dot(hidden_layer.T, dscores) / X.shape[0]
dz1 | mask | dhidden[hidden_layer <= 0] = 0 → dhidden[hidden_layer < 0] = 0
dW1 | operand | dW1 = np.dot(X.T, dhidden) → dW1 = np.dot(X.T, np.dot(dscores, W2.T))
"""),
)

CHECKED = Exercise(
    "gradient checking beside",
    _setup(20),
    _P,
    _TANH_NET,
    "loss",
    """
import numpy as np
np.random.seed(1)

def forward(W1, b1, W2, b2):
    a1 = np.tanh(X @ W1 + b1)
    a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
    return 0.5 * np.sum((a2 - Y)**2) / len(X), a1, a2

def numerical(f, w, eps=1e-5):
    grad = np.zeros_like(w)
    it = np.nditer(w, flags=["multi_index"])
    while not it.finished:
        ix = it.multi_index
        old = w[ix]
        w[ix] = old + eps
        plus = f()
        w[ix] = old - eps
        minus = f()
        w[ix] = old
        grad[ix] = (plus - minus) / (2 * eps)
        it.iternext()
    return grad

loss, a1, a2 = forward(W1, b1, W2, b2)
dz2 = (a2 - Y) * a2 * (1 - a2) / X.shape[0]
dW2 = a1.T.dot(dz2)
db2 = dz2.sum(axis=0)
dz1 = dz2.dot(W2.T) * (1 - np.power(a1, 2))
dW1 = X.T.dot(dz1)
db1 = dz1.sum(axis=0)
for name, w, grad in [("W1", W1, dW1), ("b1", b1, db1), ("W2", W2, dW2), ("b2", b2, db2)]:
    num = numerical(lambda: forward(W1, b1, W2, b2)[0], w)
    error = np.max(np.abs(num - grad) / np.maximum(1e-8, np.abs(num) + np.abs(grad)))
    print(f"{name}: relative error {error:.2e}")
    assert error < 1e-4, name
""",
    mistakes("""
dz2 | factor | a2 * (1 - a2) / X.shape[0] → a2 * (1 - a2) * 2 / X.shape[0]
dz1 | power | (1 - np.power(a1, 2)) → (1 - np.power(a1, 3))
db2 | axis | db2 = dz2.sum(axis=0) → db2 = dz2.sum(axis=0) * X.shape[0]
"""),
)

MAIN = Exercise(
    "a program with a main, seeds and a plot",
    """
np.random.seed(42)
X = np.random.randn(10, 3)
y = X @ np.array([1.5, -2.0, 0.5]) + 0.3
w = np.random.randn(3) * 0.1
b = np.zeros(1) + 0.05
""",
    "w b",
    """
yhat = X @ w + b
loss = np.mean((yhat - y) ** 2) + 0.01 * np.sum(w ** 2)
""",
    "loss",
    """
import sys
import numpy as np

try:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
except ImportError:
    plt = None


def gradient(X, y, w, b, lam):
    residual = X @ w + b - y
    dw = 2 * X.T @ residual / len(y) + 2 * lam * w
    db = 2 * residual.mean()
    return dw, db


def main():
    np.random.seed(42)
    X = np.random.randn(10, 3)
    y = X @ np.array([1.5, -2.0, 0.5]) + 0.3
    w = np.random.randn(3) * 0.1
    b = np.zeros(1) + 0.05
    history = []
    for step in range(5):
        loss = np.mean((X @ w + b - y) ** 2) + 0.01 * np.sum(w ** 2)
        dw, db = gradient(X, y, w, b, 0.01)
        history.append(loss)
        w -= 0.1 * dw
        b -= 0.1 * db
    if plt:
        plt.plot(history)
        plt.show()
        plt.close("all")
    print(history[-1])


if __name__ == "__main__":
    main()
""",
    mistakes("""
dw | factor | + 2 * lam * w → + lam * w
db | mean | 2 * residual.mean() → 2 * residual.sum()
db | sign | residual = X @ w + b - y → residual = y - X @ w - b
"""),
)

TUPLE = Exercise(
    "backprop returns a tuple",
    _setup(21),
    _P,
    _SOFTMAX_NET,
    "loss",
    """
def softmax(x):
    x = x - np.max(x, axis=1, keepdims=True)
    return np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)

def backprop(X, Y, W1, b1, W2, b2):
    N = len(X)
    h = X @ W1 + b1
    r = np.maximum(h, 0)
    q = softmax(r @ W2 + b2)
    t = (q - Y) / N
    u = t @ W2.T
    u[h < 0] = 0
    return X.T @ u, u.sum(axis=0), r.T @ t, t.sum(axis=0)
""",
    mistakes("""
dW1 | operand | return X.T @ u, → return X.T @ (t @ W2.T),
db2 | mean | t.sum(axis=0)\\n → t.mean(axis=0)\\n
dW2 | operand | r.T @ t, → h.T @ t,
"""),
)

RECURRENT = Exercise(
    "a recurrent class with lists",
    """
rng = np.random.default_rng(8)
T, H, I = 4, 3, 2
xs = rng.normal(size=(T, I)); ys = rng.normal(size=(T, H))
Wx = rng.normal(size=(H, I)); Wh = rng.normal(size=(H, H)) * 0.7; bh = rng.normal(size=H) * 0.1
""",
    "Wx Wh bh",
    """
h = np.zeros(H)
loss = 0
for t in range(T):
    h = np.tanh(Wx @ xs[t] + Wh @ h + bh)
    loss = loss + 0.5 * np.sum((h - ys[t]) ** 2)
""",
    "loss",
    """
from dataclasses import dataclass, field

@dataclass
class Step:
    x: object
    h_prev: object
    h: object

class RNN:
    def __init__(self, Wx, Wh, bh):
        self.Wx, self.Wh, self.bh = Wx, Wh, bh
        self.steps = []

    def forward(self, xs):
        h = np.zeros(len(self.bh))
        for x in xs:
            h_new = np.tanh(self.Wx @ x + self.Wh @ h + self.bh)
            self.steps.append(Step(x, h, h_new))
            h = h_new

    def backward(self, ys):
        self.dWx, self.dWh, self.dbh = [np.zeros_like(p) for p in (self.Wx, self.Wh, self.bh)]
        dh_next = np.zeros(len(self.bh))
        for step, y in zip(self.steps[::-1], ys[::-1]):
            dh = step.h - y + dh_next
            draw = (1 - step.h * step.h) * dh
            self.dWx += np.outer(draw, step.x)
            self.dWh += np.outer(draw, step.h_prev)
            self.dbh += draw
            dh_next = self.Wh.T @ draw

rnn = RNN(Wx, Wh, bh)
rnn.forward(xs)
rnn.backward(ys)
""",
    mistakes("""
dWh | step | np.outer(draw, step.h_prev) → np.outer(draw, step.h)
dbh | once | self.dbh += draw → self.dbh = draw
dh_new | transpose | self.Wh.T @ draw → self.Wh @ draw
"""),
)

EXERCISES = [value for value in list(globals().values()) if isinstance(value, Exercise)]
