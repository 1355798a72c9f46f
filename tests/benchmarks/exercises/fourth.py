"""Held back while the explanations were made: a loop over samples, an LSTM step, a head."""

from .exercise import Exercise, mistakes

LOGISTIC = Exercise(
    "Ng: logistic regression, sample by sample",
    """
rng = np.random.default_rng(40)
m = 6
X = rng.normal(size=(2, m)); Y = (rng.random(m) > 0.4).astype(float)
w = rng.normal(size=2); b = np.array(0.3)
""",
    "X Y w b",
    """
Z = w @ X + b
A = 1 / (1 + np.exp(-Z))
J = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
""",
    "J",
    """
dw = np.zeros(2)
db = 0.0
for i in range(m):
    a_i = 1 / (1 + np.exp(-(w @ X[:, i] + b)))
    err = a_i - Y[i]
    dw += X[:, i] * err
    db += err
dw /= m
db /= m
""",
    mistakes("""
dw | mean | dw /= m\\n → \\n
db | mean | \\ndb /= m\\n → \\n
dw | once | dw += X → dw = X
db | once | db += err → db = err
dw | sign | dw += X → dw -= X
dw | slope | dw += X[:, i] * err → dw += X[:, i] * err * a_i * (1 - a_i)
dw | operand | X[:, i] * err → X[:, i] * a_i
db | operand | db += err → db += a_i
dw | factor | dw /= m → dw /= 2 * m
"""),
    ["\ndZ = A - Y\ndw = X @ dZ / m\ndb = dZ.sum() / m\n", "\ndZ = (A - Y) / m\ndw = X @ dZ\n"],
)

LSTM = Exercise(
    "an LSTM step",
    """
rng = np.random.default_rng(41)
N, D, H = 3, 4, 2
x = rng.normal(size=(N, D)); h_prev = rng.normal(size=(N, H)); c_prev = rng.normal(size=(N, H))
Wx, Wh = rng.normal(size=(D, 4 * H)), rng.normal(size=(H, 4 * H)); b = rng.normal(size=4 * H)
G = rng.normal(size=(N, H))
""",
    "x h_prev c_prev Wx Wh b",
    """
a = x @ Wx + h_prev @ Wh + b
ai, af, ao, ag = a[:, :H], a[:, H:2*H], a[:, 2*H:3*H], a[:, 3*H:]
i = 1 / (1 + np.exp(-ai))
f = 1 / (1 + np.exp(-af))
o = 1 / (1 + np.exp(-ao))
g = np.tanh(ag)
c = f * c_prev + i * g
tc = np.tanh(c)
h = o * tc
loss = np.sum(G * h**2)
""",
    "loss",
    """
dh = 2 * G * h
do = dh * tc
dc = dh * o * (1 - tc**2)
df = dc * c_prev
dc_prev = dc * f
di = dc * g
dg = dc * i
dai = di * i * (1 - i)
daf = df * f * (1 - f)
dao = do * o * (1 - o)
dag = dg * (1 - g**2)
da = np.hstack([dai, daf, dao, dag])
dx = da @ Wx.T
dWx = x.T @ da
dh_prev = da @ Wh.T
dWh = h_prev.T @ da
db = da.sum(axis=0)
""",
    mistakes("""
do | operand | do = dh * tc → do = dh * c
dc | forgotten | dh * o * (1 - tc**2) → dh * o
dc | operand | dh * o * (1 - tc**2) → dh * o * (1 - c**2)
dc_prev | operand | dc_prev = dc * f → dc_prev = dc * i
di | operand | di = dc * g → di = dc * i
dai | slope | di * i * (1 - i) → di * (1 - i**2)
daf | forgotten | df * f * (1 - f) → df * f
dag | slope | dg * (1 - g**2) → dg * g * (1 - g)
dag | slope | dg * (1 - g**2) → dg * (1 - g)
dWh | operand | h_prev.T @ da → h.T @ da
db | mean | da.sum(axis=0) → da.mean(axis=0)
da | operand | [dai, daf, dao, dag] → [daf, dai, dao, dag]
"""),
    [("np.hstack([dai, daf, dao, dag])", "np.concatenate([dai, daf, dao, dag], axis=1)")],
)

HEAD = Exercise(
    "a transformer: layer normalisation before the softmax head",
    """
rng = np.random.default_rng(42)
T, D, V, eps = 4, 5, 3, 1e-5
x = rng.normal(size=(T, D)); gamma = 1 + 0.3 * rng.normal(size=D); beta = rng.normal(size=D)
W = rng.normal(size=(D, V)); y = rng.integers(0, V, T)
""",
    "x gamma beta W",
    """
mu = x.mean(-1, keepdims=True)
xc = x - mu
var = (xc**2).mean(-1, keepdims=True)
std = np.sqrt(var + eps)
xhat = xc / std
out = gamma * xhat + beta
logits = out @ W
e = np.exp(logits)
p = e / e.sum(1, keepdims=True)
loss = -np.log(p[np.arange(T), y]).mean()
""",
    "loss",
    """
dlogits = (p - np.eye(V)[y]) / T
dW = out.T @ dlogits
dout = dlogits @ W.T
dbeta = dout.sum(0)
dgamma = (dout * xhat).sum(0)
dxhat = dout * gamma
dx = (dxhat - dxhat.mean(-1, keepdims=True) - xhat * (dxhat * xhat).mean(-1, keepdims=True)) / std
""",
    mistakes("""
dlogits | one-hot | (p - np.eye(V)[y]) / T → p / T
dlogits | mean | (p - np.eye(V)[y]) / T → (p - np.eye(V)[y])
dlogits | factor | / T → / V
dW | operand | out.T @ dlogits → xhat.T @ dlogits
dbeta | mean | dout.sum(0) → dout.mean(0)
dgamma | operand | (dout * xhat).sum(0) → (dout * xc).sum(0)
dxhat | forgotten | dxhat = dout * gamma → dxhat = dout
dx | path | - dxhat.mean(-1, keepdims=True) - → -
dx | path |  - xhat * (dxhat * xhat).mean(-1, keepdims=True)) → )
dx | forgotten | keepdims=True)) / std → keepdims=True))
dx | power | keepdims=True)) / std → keepdims=True)) / var
dx | axis | (dxhat - dxhat.mean(-1 → (dxhat - dxhat.mean(0
"""),
)

EXERCISES = [LOGISTIC, LSTM, HEAD]
