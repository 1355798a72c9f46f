# ruff: noqa: E501 - a mistake stands in one line
"""Programs in yet other styles: a cell with a memory, a loss on a derivative, tuples as caches."""

from .exercise import Exercise, mistakes

GRU = Exercise(
    "a GRU cell that keeps its memory",
    """
rng = np.random.default_rng(32)
D, Hh, B = 3, 4, 5
x = rng.normal(size=(B, D)); h = rng.normal(size=(B, Hh)); tgt = rng.normal(size=(B, Hh))
Wz = rng.normal(size=(D, Hh)) * .5; Uz = rng.normal(size=(Hh, Hh)) * .5
Wr = rng.normal(size=(D, Hh)) * .5; Ur = rng.normal(size=(Hh, Hh)) * .5
Wh = rng.normal(size=(D, Hh)) * .5; Uh = rng.normal(size=(Hh, Hh)) * .5
""",
    "x h Wz Uz Wr Ur Wh Uh",
    """
z = 1 / (1 + np.exp(-(x @ Wz + h @ Uz)))
r = 1 / (1 + np.exp(-(x @ Wr + h @ Ur)))
rh = r * h
hhat = np.tanh(x @ Wh + rh @ Uh)
hnew = (1 - z) * h + z * hhat
L = 0.5 * np.sum((hnew - tgt) ** 2)
""",
    "L",
    """
class GRUCell:
    def __init__(self, p):
        self.p = p
        self.g = {}

    @staticmethod
    def _s(a):
        return 1.0 / (1.0 + np.exp(-a))

    def step(self, x, h):
        p = self.p
        z = self._s(x @ p["Wz"] + h @ p["Uz"])
        r = self._s(x @ p["Wr"] + h @ p["Ur"])
        c = np.tanh(x @ p["Wh"] + (r * h) @ p["Uh"])
        self.mem = x, h, z, r, c
        return (1 - z) * h + z * c

    def back(self, dhn):
        x, h, z, r, c = self.mem
        p, g = self.p, self.g
        dz = dhn * (c - h)
        dc = dhn * z
        da_c = dc * (1 - c ** 2)
        drh = da_c @ p["Uh"].T
        dr = drh * h
        da_z = dz * z * (1 - z)
        da_r = dr * r * (1 - r)
        g["Wh"], g["Uh"] = x.T @ da_c, (r * h).T @ da_c
        g["Wz"], g["Uz"] = x.T @ da_z, h.T @ da_z
        g["Wr"], g["Ur"] = x.T @ da_r, h.T @ da_r
        dh = dhn * (1 - z) + drh * r + da_z @ p["Uz"].T + da_r @ p["Ur"].T
        dx = da_c @ p["Wh"].T + da_z @ p["Wz"].T + da_r @ p["Wr"].T
        return dx, dh

cell = GRUCell(dict(Wz=Wz, Uz=Uz, Wr=Wr, Ur=Ur, Wh=Wh, Uh=Uh))
hn = cell.step(x, h)
dx, dh = cell.back(hn - tgt)
""",
    mistakes("""
dz | sign | dz = dhn * (c - h) → dz = dhn * (h - c)
dUh | operand | (r * h).T @ da_c → h.T @ da_c
dh | path | dhn * (1 - z) + drh * r + → drh * r +
dh | forgotten | drh * r + da_z → drh + da_z
dx | path | + da_r @ p["Wr"].T →
"""),
)

PINN = Exercise(
    "a residual of an equation, with the derivative of the net",
    """
rng = np.random.default_rng(36)
t = np.linspace(0, 1, 7)[:, None]; W1 = rng.normal(size=(1, 5)); b1 = rng.normal(size=5) * .3; W2 = rng.normal(size=(5, 1)); b2 = rng.normal(size=1) * .1
""",
    "W1 b1 W2 b2",
    """
a = t @ W1 + b1
s = np.tanh(a)
u = s @ W2 + b2
ut = ((1 - s ** 2) * W1) @ W2
res = ut + u
loss = np.mean(res ** 2) + np.sum((u[0] - 1.0) ** 2)
""",
    "loss",
    """
n = t.shape[0]
dres = 2 * res / n
du = dres.copy()
du[0] += 2 * (u[0] - 1.0)
dut = dres
dW2 = s.T @ du + ((1 - s ** 2) * W1).T @ dut
db2 = du.sum(axis=0)
ds = du @ W2.T
ds += (dut @ W2.T) * W1 * (-2 * s)
da = ds * (1 - s ** 2)
dW1 = t.T @ da + ((dut @ W2.T) * (1 - s ** 2)).sum(axis=0, keepdims=True)
db1 = da.sum(axis=0)
""",
    mistakes("""
du | path | du[0] += 2 * (u[0] - 1.0) →
dW2 | path | s.T @ du + ((1 - s ** 2) * W1).T @ dut → s.T @ du
ds | factor | (-2 * s) → (-s)
da | slope | (1 - s ** 2)\\ndW1 → (1 - s)\\ndW1
dW1 | path | t.T @ da + ((dut @ W2.T) * (1 - s ** 2)).sum(axis=0, keepdims=True) → t.T @ da
"""),
)

LAYER_NORM = Exercise(
    "layer norm with a cache",
    """
rng = np.random.default_rng(39)
x = rng.normal(size=(4, 6)); gain = rng.normal(size=6) + 1; shift = rng.normal(size=6) * .2; R = rng.normal(size=(4, 6))
""",
    "x gain shift",
    """
mean = x.mean(axis=1, keepdims=True)
cen = x - mean
var = (cen ** 2).mean(axis=1, keepdims=True)
inv = 1 / np.sqrt(var + 1e-5)
nx = cen * inv
y = gain * nx + shift
L = np.sum(y * R) + 0.5 * np.sum(y ** 2)
""",
    "L",
    """
def ln_fwd(x, g, b, eps=1e-5):
    mu = x.mean(1, keepdims=True)
    xm = x - mu
    v = np.mean(xm ** 2, 1, keepdims=True)
    istd = 1.0 / np.sqrt(v + eps)
    xn = xm * istd
    return g * xn + b, (xm, istd, xn, g)

def ln_bwd(dy, cache):
    xm, istd, xn, g = cache
    D = dy.shape[1]
    dg = np.sum(dy * xn, axis=0)
    db = np.sum(dy, axis=0)
    dxn = dy * g
    dvar = np.sum(dxn * xm, axis=1, keepdims=True) * -0.5 * istd ** 3
    dmu = -np.sum(dxn * istd, axis=1, keepdims=True)
    dx = dxn * istd + dvar * 2 * xm / D + dmu / D
    return dx, dg, db

yy, cache = ln_fwd(x, gain, shift)
dy = R + yy
dx, dgain, dshift = ln_bwd(dy, cache)
""",
    mistakes("""
dg | operand | np.sum(dy * xn, axis=0) → np.sum(dy * xm, axis=0)
dx | factor | dvar * 2 * xm / D → dvar * xm / D
dx | path | + dmu / D →
dvar | power | istd ** 3 → istd ** 2
dshift | mean | db = np.sum(dy, axis=0) → db = np.mean(dy, axis=0)
"""),
)

EXERCISES = [value for value in list(globals().values()) if isinstance(value, Exercise)]
