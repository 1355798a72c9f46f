"""Identities of textbooks, each with its source: graphs, and the derivatives that are claimed.

Formulas are text, so that `variants` can write wrong ones.
"""

# ruff: noqa: E501, PLW0108 - a law a line, each a function

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_nn import Tensor, gelu, log_softmax, logsumexp, relu, sigmoid, softmax, softplus
from autograd_nn.derivation import Formula

N, M, K, D, H = 3, 5, 2, 4, 6
COOKBOOK = "Petersen, Pedersen: The Matrix Cookbook (2012), "
BISHOP = "Bishop: Pattern Recognition and Machine Learning (2006), "
GOODFELLOW = "Goodfellow, Bengio, Courville: Deep Learning (2016), "
DOCUMENT = "the document, "


class Identity(NamedTuple):
    """A graph and a formula for a gradient in it."""

    title: str
    source: str
    shapes: Mapping[str, tuple[int, ...]]
    forward: Callable[..., Any]
    name: str
    formula: str
    assume: tuple[Any, ...] = ()
    positive: tuple[str, ...] = ()

    def graph(self, seed: int = 0) -> Any:
        """Return J, recorded on random leaves."""
        rng = np.random.default_rng(seed)
        leaves = {}
        for text, shape in self.shapes.items():
            values = (
                rng.uniform(0.2, 0.9, shape) if text in self.positive else rng.normal(size=shape)
            )
            leaves[text] = Tensor(values, requires_grad=True, name=text)
        J = self.forward(**leaves)
        J.name = "J"
        return J

    def claim(self, formula: str = "") -> dict[str, Formula]:
        """Return the formula as a claim."""
        return {self.name: as_formula(formula or self.formula)}


_CALLED = re.compile(
    r"\b(?:np\.[a-z.]+|axis|keepdims|True|shape|sigmoid|softmax|sum|mean|lambda|None|abs|T)\b"
)
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")


def as_formula(source: str) -> Formula:
    """Return a formula written as text; its names are what it uses."""
    bare = re.sub(r"'[^']*'", "", source)
    uses = tuple(dict.fromkeys(_WORD.findall(_CALLED.sub(" ", bare))))
    code = f"lambda {', '.join(uses)}: {source}"
    return Formula(eval(code, {"np": np, "sigmoid": sigmoid_array}), uses)  # noqa: S307 - sources below


def sigmoid_array(z: Any) -> Any:
    """Return the sigmoid of any array."""
    return 1 / (1 + np.exp(-z))


def named(text: str, t: Any) -> Any:
    """Name a result."""
    t.name = text
    return t


ALL: list[Identity] = []


def add(
    source: str, title: str, shapes: Mapping[str, tuple[int, ...]], forward: Any, **claims: Any
) -> None:
    """Enter identities about one graph; `claims` are formulas by name."""
    assume = claims.pop("assume", ())
    positive = claims.pop("positive", ())
    for name, formula in claims.items():
        ALL.append(
            Identity(f"{title}: {name}", source, shapes, forward, name, formula, assume, positive)
        )


# -- linear and quadratic forms -----------------------------------------------------------------

v, w = (N,), (M,)
square, wide, tall = (N, N), (N, M), (M, N)

add(COOKBOOK + "2.4.1", "aᵀx", {"a": v, "x": v}, lambda a, x: a @ x, d_x="a")
add(
    COOKBOOK + "2.4.1",
    "aᵀXb",
    {"a": v, "X": wide, "b": w},
    lambda a, X, b: a @ X @ b,
    d_X="np.outer(a, b)",
    d_a="X @ b",
    d_b="X.T @ a",
)
add(
    COOKBOOK + "2.4.1",
    "aᵀXᵀb",
    {"a": v, "X": tall, "b": w},
    lambda a, X, b: a @ X.T @ b,
    d_X="np.outer(b, a)",
)
add(
    COOKBOOK + "2.4.1",
    "aᵀXa",
    {"a": v, "X": square},
    lambda a, X: a @ X @ a,
    d_X="np.outer(a, a)",
    d_a="(X + X.T) @ a",
)
add(
    COOKBOOK + "2.4.2",
    "bᵀXᵀXc",
    {"b": w, "X": wide, "c": w},
    lambda b, X, c: (X @ b) @ (X @ c),
    d_X="X @ (np.outer(b, c) + np.outer(c, b))",
)
add(
    COOKBOOK + "2.4.2",
    "(Bx+b)ᵀC(Dx+d)",
    {"B": (N, M), "x": (M,), "b": (N,), "C": (N, K), "D": (K, M), "d": (K,)},
    lambda B, x, b, C, D, d: (B @ x + b) @ C @ (D @ x + d),
    d_x="B.T @ C @ (D @ x + d) + D.T @ C.T @ (B @ x + b)",
)
add(
    COOKBOOK + "2.4.2",
    "xᵀBx",
    {"x": v, "B": square},
    lambda x, B: x @ B @ x,
    d_x="(B + B.T) @ x",
    d_B="np.outer(x, x)",
)
add(
    COOKBOOK + "2.4.2",
    "bᵀXᵀDXc",
    {"b": w, "X": wide, "D": square, "c": w},
    lambda b, X, D, c: (X @ b) @ D @ (X @ c),
    d_X="D.T @ X @ np.outer(b, c) + D @ X @ np.outer(c, b)",
)
add(
    COOKBOOK + "2.4.2",
    "(Xb+c)ᵀD(Xb+c)",
    {"X": wide, "b": w, "c": v, "D": square},
    lambda X, b, c, D: (X @ b + c) @ D @ (X @ b + c),
    d_X="(D + D.T) @ np.outer(X @ b + c, b)",
)
symmetric = (lambda W: W == W.T,)
add(
    COOKBOOK + "2.4.2",
    "(x−As)ᵀW(x−As), W symmetric",
    {"x": v, "A": wide, "s": w, "W": square},
    lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s),
    d_s="-2 * A.T @ W @ (x - A @ s)",
    d_x="2 * W @ (x - A @ s)",
    d_A="-2 * np.outer(W @ (x - A @ s), s)",
    assume=symmetric,
)

# -- traces -------------------------------------------------------------------------------------

add(COOKBOOK + "2.5.1", "Tr(XA)", {"X": wide, "A": tall}, lambda X, A: np.trace(X @ A), d_X="A.T")
add(
    COOKBOOK + "2.5.1",
    "Tr(AXB)",
    {"A": (K, N), "X": wide, "B": (M, K)},
    lambda A, X, B: np.trace(A @ X @ B),
    d_X="A.T @ B.T",
)
add(
    COOKBOOK + "2.5.1",
    "Tr(AXᵀB)",
    {"A": (K, M), "X": wide, "B": (N, K)},
    lambda A, X, B: np.trace(A @ X.T @ B),
    d_X="B @ A",
)
add(COOKBOOK + "2.5.2", "Tr(X²)", {"X": square}, lambda X: np.trace(X @ X), d_X="2 * X.T")
add(
    COOKBOOK + "2.5.2",
    "Tr(X²B)",
    {"X": square, "B": square},
    lambda X, B: np.trace(X @ X @ B),
    d_X="(X @ B + B @ X).T",
)
add(
    COOKBOOK + "2.5.2",
    "Tr(XᵀBX)",
    {"X": wide, "B": square},
    lambda X, B: np.trace(X.T @ B @ X),
    d_X="B @ X + B.T @ X",
)
add(
    COOKBOOK + "2.5.2",
    "Tr(XBXᵀ)",
    {"X": wide, "B": (M, M)},
    lambda X, B: np.trace(X @ B @ X.T),
    d_X="X @ B.T + X @ B",
)
add(
    COOKBOOK + "2.5.2",
    "Tr(AXBX)",
    {"A": tall, "X": wide, "B": tall},
    lambda A, X, B: np.trace(A @ X @ B @ X),
    d_X="A.T @ X.T @ B.T + B.T @ X.T @ A.T",
)
add(COOKBOOK + "2.5.3", "Tr(X³)", {"X": square}, lambda X: np.trace(X @ X @ X), d_X="3 * (X @ X).T")

# -- inverses and determinants ------------------------------------------------------------------

add(
    COOKBOOK + "2.2",
    "aᵀX⁻¹b",
    {"a": v, "X": square, "b": v},
    lambda a, X, b: a @ np.linalg.inv(X) @ b,
    d_X="-np.linalg.inv(X).T @ np.outer(a, b) @ np.linalg.inv(X).T",
)
add(
    COOKBOOK + "2.2",
    "Tr(AX⁻¹B)",
    {"A": tall, "X": square, "B": wide},
    lambda A, X, B: np.trace(A @ np.linalg.inv(X) @ B),
    d_X="-(np.linalg.inv(X) @ B @ A @ np.linalg.inv(X)).T",
)
add(
    COOKBOOK + "2.2",
    "Tr((X+A)⁻¹)",
    {"X": square, "A": square},
    lambda X, A: np.trace(np.linalg.inv(X + A)),
    d_X="-(np.linalg.inv(X + A) @ np.linalg.inv(X + A)).T",
)
add(
    COOKBOOK + "2.1.4",
    "ln|det X|",
    {"X": square},
    lambda X: np.linalg.slogdet(X)[1],
    d_X="np.linalg.inv(X).T",
)
add(
    BISHOP + "(C.22)",
    "ln|det(AXB)| by A, square",
    {"A": square, "X": square},
    lambda A, X: np.linalg.slogdet(A @ X)[1],
    d_A="np.linalg.inv(A @ X).T @ X.T",
)
add(
    "Rasmussen, Williams: Gaussian Processes for Machine Learning (2006), (5.9)",
    "yᵀK⁻¹y/2 + ln|K|/2, K symmetric",
    {"y": v, "K": square},
    lambda y, K: 0.5 * (y @ np.linalg.inv(K) @ y) + 0.5 * np.linalg.slogdet(K)[1],
    d_K="0.5 * (np.linalg.inv(K) - np.outer(np.linalg.inv(K) @ y, np.linalg.inv(K) @ y))",
    d_y="np.linalg.inv(K) @ y",
    assume=(lambda K: K == K.T,),
)
add(
    BISHOP + "13.3, Kalman filter",
    "½ eᵀS⁻¹e, e = y − Cx",
    {"x": v, "y": w, "C": tall, "S": (M, M)},
    lambda x, y, C, S: 0.5 * ((y - C @ x) @ np.linalg.inv(S) @ (y - C @ x)),
    d_x="-C.T @ np.linalg.inv(S) @ (y - C @ x)",
    d_S="-0.5 * np.outer(np.linalg.inv(S) @ (y - C @ x), np.linalg.inv(S) @ (y - C @ x))",
    assume=(lambda S: S == S.T,),
)
add(
    BISHOP + "13.3, Kalman filter",
    "a step of the mean: x + G(y − Cx)",
    {"x": v, "y": w, "C": tall, "G": wide, "u": v},
    lambda x, y, C, G, u: np.sum(u * (x + G @ (y - C @ x))),
    d_G="np.outer(u, y - C @ x)",
    d_x="u - C.T @ G.T @ u",
    d_C="-np.outer(G.T @ u, x)",
)

# -- norms --------------------------------------------------------------------------------------

add(
    COOKBOOK + "2.6.1",
    "‖x−a‖",
    {"x": v, "a": v},
    lambda x, a: np.linalg.norm(x - a),
    d_x="(x - a) / np.linalg.norm(x - a)",
)
add(COOKBOOK + "2.6.1", "xᵀx", {"x": v}, lambda x: x @ x, d_x="2 * x")
add(COOKBOOK + "2.7", "‖X‖²", {"X": wide}, lambda X: np.sum(X**2), d_X="2 * X")
add(
    GOODFELLOW + "7.1.1",
    "½λ‖w‖², L2",
    {"w": v, "l": ()},
    lambda w, l: 0.5 * l * np.sum(w**2),
    d_w="l * w",
)
add(
    GOODFELLOW + "7.1.2",
    "λ‖w‖₁, L1",
    {"w": v, "l": ()},
    lambda w, l: l * np.sum(np.abs(w)),
    d_w="l * np.sign(w)",
)
add(
    "Manning, Raghavan, Schütze: Introduction to Information Retrieval (2008), 6.3",
    "cosine similarity",
    {"a": v, "b": v},
    lambda a, b: (a @ b) / (np.linalg.norm(a) * np.linalg.norm(b)),
    d_a="b / (np.linalg.norm(a) * np.linalg.norm(b)) - (a @ b) * a / (np.linalg.norm(a)**3 * np.linalg.norm(b))",
)
add(
    "Higham: Accuracy and Stability (2002), 6.2",
    "‖AX − B‖²",
    {"A": wide, "X": (M, K), "B": (N, K)},
    lambda A, X, B: np.sum((A @ X - B) ** 2),
    d_X="2 * A.T @ (A @ X - B)",
    d_A="2 * (A @ X - B) @ X.T",
)

# -- regression ---------------------------------------------------------------------------------

add(
    BISHOP + "(3.13)",
    "least squares, rows are samples",
    {"X": (M, N), "w": v, "t": w},
    lambda X, w, t: 0.5 * np.sum((X @ w - t) ** 2),
    d_w="X.T @ (X @ w - t)",
)
add(
    BISHOP + "(3.27)",
    "ridge regression",
    {"X": (M, N), "w": v, "t": w, "l": ()},
    lambda X, w, t, l: 0.5 * np.mean((X @ w - t) ** 2) + 0.5 * l * (w @ w),
    d_w="X.T @ (X @ w - t) / t.shape[0] + l * w",
)
add(
    BISHOP + "(4.91)",
    "logistic regression",
    {"X": (M, N), "w": v, "t": w},
    lambda X, w, t: np.sum(softplus(X @ w) - t * (X @ w)),
    d_w="X.T @ (sigmoid(X @ w) - t)",
)
add(
    BISHOP + "(4.90)",
    "logistic regression by ln σ",
    {"X": (M, N), "w": v, "t": w},
    lambda X, w, t: -np.sum(t * np.log(sigmoid(X @ w)) + (1 - t) * np.log(1 - sigmoid(X @ w))),
    d_w="X.T @ (sigmoid(X @ w) - t)",
)
one_hot_rows = (lambda Y: np.sum(Y, axis=1) == 1,)
add(
    BISHOP + "(4.109)",
    "softmax regression",
    {"X": (M, N), "W": (N, K), "Y": (M, K)},
    lambda X, W, Y: -np.sum(Y * log_softmax(X @ W, axis=1)),
    d_W="X.T @ (np.exp(X @ W) / np.sum(np.exp(X @ W), axis=1, keepdims=True) - Y)",
    assume=one_hot_rows,
    positive=("Y",),
)
add(
    "McCullagh, Nelder: Generalized Linear Models (1989), 2.2",
    "Poisson regression",
    {"X": (M, N), "w": v, "t": w},
    lambda X, w, t: np.sum(np.exp(X @ w) - t * (X @ w)),
    d_w="X.T @ (np.exp(X @ w) - t)",
)
add(
    "Huber: Robust Estimation of a Location Parameter (1964)",
    "Huber's cost",
    {"x": v, "c": ()},
    lambda x, c: np.sum(np.where(np.abs(x) <= 1, 0.5 * x**2, np.abs(x) - 0.5)) * c,
    d_x="c * np.where(np.abs(x) <= 1, x, np.sign(x))",
)

# -- likelihoods --------------------------------------------------------------------------------

add(
    BISHOP + "(1.54)",
    "Gaussian likelihood",
    {"x": w, "mu": (), "s": ()},
    lambda x, mu, s: np.sum((x - mu) ** 2 / (2 * s**2) + np.log(s)),
    d_mu="-np.sum(x - mu) / s**2",
    d_s="x.shape[0] / s - np.sum((x - mu)**2) / s**3",
    positive=("s",),
    assume=(lambda s: s > 0,),
)
add(
    BISHOP + "(2.118)",
    "Gaussian likelihood, precision Λ",
    {"X": (M, N), "mu": v, "L": square},
    lambda X, mu, L: 0.5 * np.sum(((X - mu) @ L) * (X - mu)),
    d_mu="-np.sum(X - mu, axis=0) @ L",
    d_L="0.5 * (X - mu).T @ (X - mu)",
    assume=(lambda L: L == L.T,),
)
add(
    "Kingma, Welling: Auto-Encoding Variational Bayes (2014), B",
    "KL of a Gaussian to N(0, 1)",
    {"mu": v, "l": v},
    lambda mu, l: -0.5 * np.sum(1 + l - mu**2 - np.exp(l)),
    d_mu="mu",
    d_l="-0.5 * (1 - np.exp(l))",
)
add(
    "Cover, Thomas: Elements of Information Theory (2006), 2.3",
    "KL divergence",
    {"p": v, "q": v},
    lambda p, q: np.sum(p * np.log(p / q)),
    d_q="-p / q",
    d_p="np.log(p / q) + 1",
    positive=("p", "q"),
)
add(
    "Cover, Thomas: Elements of Information Theory (2006), 2.1",
    "entropy",
    {"p": v},
    lambda p: -np.sum(p * np.log(p)),
    d_p="-np.log(p) - 1",
    positive=("p",),
)
add(
    BISHOP + "(4.108)",
    "cross-entropy of probabilities",
    {"p": wide, "t": wide},
    lambda p, t: -np.sum(t * np.log(p)),
    d_p="-t / p",
    positive=("p",),
)
add(
    "Kingma, Welling: Auto-Encoding Variational Bayes (2014), 2.4",
    "reparametrisation",
    {"mu": v, "l": v, "e": v, "u": v},
    lambda mu, l, e, u: np.sum(u * (mu + np.exp(l / 2) * e)),
    d_l="u * e * np.exp(l / 2) / 2",
    d_mu="u",
)

# -- softmax ------------------------------------------------------------------------------------

add(
    GOODFELLOW + "6.2.2.3",
    "softmax alone, columns",
    {"z": (K, M), "U": (K, M)},
    lambda z, U: np.sum(U * named("p", softmax(z, axis=0))),
    d_z="p * (U - np.sum(U * p, axis=0, keepdims=True))",
)
add(
    GOODFELLOW + "6.2.2.3",
    "softmax by its own formula, rows",
    {"z": (M, K), "U": (M, K)},
    lambda z, U: np.sum(U * named("p", np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))),
    d_z="p * (U - np.sum(U * p, axis=1, keepdims=True))",
)
add(
    GOODFELLOW + "6.2.2.3",
    "softmax with cross-entropy, columns",
    {"z": (K, M), "y": (K, M)},
    lambda z, y: -np.sum(y * log_softmax(z, axis=0)),
    d_z="np.exp(z) / np.sum(np.exp(z), axis=0, keepdims=True) - y",
    assume=(lambda y: np.sum(y, axis=0) == 1,),
    positive=("y",),
)
add(
    GOODFELLOW + "6.2.2.3",
    "the same with any y",
    {"z": (K, M), "y": (K, M)},
    lambda z, y: -np.sum(y * log_softmax(z, axis=0)),
    d_z="np.sum(y, axis=0, keepdims=True) * np.exp(z) / np.sum(np.exp(z), axis=0, keepdims=True) - y",
    positive=("y",),
)
add(
    GOODFELLOW + "4.1",
    "ln Σ exp",
    {"z": v},
    lambda z: logsumexp(z),
    d_z="np.exp(z) / np.sum(np.exp(z))",
)
add(
    "Hinton, Vinyals, Dean: Distilling the Knowledge (2015), 2",
    "softmax at a temperature",
    {"z": v, "y": v, "t": ()},
    lambda z, y, t: -np.sum(y * log_softmax(z / t, axis=0)),
    d_z="(np.exp(z / t) / np.sum(np.exp(z / t)) - y) / t",
    assume=(lambda y: np.sum(y) == 1,),
    positive=("y", "t"),
)

# -- normalisation ------------------------------------------------------------------------------


def normalised(X: Any, e: Any, axis: int) -> Any:
    """Return X less its mean, over its deviation."""
    mu = named("mu", X.mean(axis=axis, keepdims=True))
    var = named("var", np.mean((X - mu) ** 2, axis=axis, keepdims=True))
    return named("xh", (X - mu) / np.sqrt(var + e))


S = "Ioffe, Szegedy: Batch Normalization (2015), 3"
add(
    S,
    "batch normalisation",
    {"X": (M, N), "g": (1, N), "b": (1, N), "U": (M, N), "e": ()},
    lambda X, g, b, U, e: np.sum(U * (g * normalised(X, e, 0) + b)),
    d_X="g / (X.shape[0] * np.sqrt(var + e)) * (X.shape[0] * U - np.sum(U, axis=0, keepdims=True)"
    " - xh * np.sum(U * xh, axis=0, keepdims=True))",
    d_g="np.sum(U * xh, axis=0, keepdims=True)",
    d_b="np.sum(U, axis=0, keepdims=True)",
    d_var="-0.5 * np.sum(g * U * (X - mu), axis=0, keepdims=True) * (var + e)**(-3/2)",
    positive=("e",),
)
add(
    "Ba, Kiros, Hinton: Layer Normalization (2016), 3",
    "layer normalisation",
    {"X": (M, N), "g": (N,), "U": (M, N), "e": ()},
    lambda X, g, U, e: np.sum(U * (g * normalised(X, e, 1))),
    d_X="(g * U - np.mean(g * U, axis=1, keepdims=True)"
    " - xh * np.mean(g * U * xh, axis=1, keepdims=True)) / np.sqrt(var + e)",
    d_g="np.sum(U * xh, axis=0)",
    positive=("e",),
)
add(
    "Zhang, Sennrich: Root Mean Square Layer Normalization (2019), 4",
    "RMS normalisation",
    {"X": (M, N), "g": (N,), "U": (M, N), "e": ()},
    lambda X, g, U, e: np.sum(
        U * g * X / named("r", np.sqrt(np.mean(X**2, axis=1, keepdims=True) + e))
    ),
    d_X="g * U / r - X * np.mean(g * U * X, axis=1, keepdims=True) / r**3",
    d_g="np.sum(U * X / r, axis=0)",
    positive=("e",),
)
add(
    "Wu, He: Group Normalization (2018), 3",
    "group normalisation",
    {"X": (M, K, D), "U": (M, K, D), "e": ()},
    lambda X, U, e: np.sum(U * normalised(X, e, 2)),
    d_X="(U - np.mean(U, axis=2, keepdims=True)"
    " - xh * np.mean(U * xh, axis=2, keepdims=True)) / np.sqrt(var + e)",
    positive=("e",),
)
add(
    "Salimans, Kingma: Weight Normalization (2016), (3)",
    "weight normalisation",
    {"V": v, "g": (), "u": v},
    lambda V, g, u: np.sum(u * g * V / np.linalg.norm(V)),
    d_g="np.sum(u * V) / np.linalg.norm(V)",
    d_V="g * u / np.linalg.norm(V) - g * np.sum(u * V) * V / np.linalg.norm(V)**3",
)

# -- attention ----------------------------------------------------------------------------------

A = "Vaswani et al.: Attention Is All You Need (2017), (1)"


def attention(Q: Any, K: Any, V: Any) -> Any:
    """Return softmax(QKᵀ) V, rows being positions."""
    a = named("a", Q @ K.T)
    p = named("p", np.exp(a) / np.sum(np.exp(a), axis=1, keepdims=True))
    return named("o", p @ V)


add(
    A,
    "attention, one head",
    {"Q": (M, D), "K": (H, D), "V": (H, N), "U": (M, N)},
    lambda Q, K, V, U: np.sum(U * attention(Q, K, V)),
    d_V="p.T @ U",
    d_p="U @ V.T",
    d_a="p * (U @ V.T - np.sum(p * (U @ V.T), axis=1, keepdims=True))",
    d_Q="(p * (U @ V.T - np.sum(p * (U @ V.T), axis=1, keepdims=True))) @ K",
    d_K="(p * (U @ V.T - np.sum(p * (U @ V.T), axis=1, keepdims=True))).T @ Q",
)
add(
    A,
    "attention, several heads",
    {"Q": (K, M, D), "K": (K, H, D), "V": (K, H, N), "U": (K, M, N)},
    lambda Q, K, V, U: np.sum(
        U * (named("p", softmax(named("a", Q @ np.swapaxes(K, 1, 2)), axis=2)) @ V)
    ),
    d_V="np.swapaxes(p, 1, 2) @ U",
    d_a="p * (d_p - np.sum(p * d_p, axis=2, keepdims=True))",
    d_Q="d_a @ K",
    d_K="np.swapaxes(d_a, 1, 2) @ Q",
)
add(
    A,
    "values projected",
    {"X": (M, D), "W": (D, N), "P": (M, M), "U": (M, N)},
    lambda X, W, P, U: np.sum(U * (P @ (X @ W))),
    d_W="X.T @ P.T @ U",
    d_X="P.T @ U @ W.T",
)

# -- networks -----------------------------------------------------------------------------------


def net(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, f: Any, cost: Any) -> Any:
    """Return the cost of a network of three layers, columns being samples."""
    h2 = named("h2", f(named("z2", W1 @ x + b1)))
    return cost(y, named("h3", f(named("z3", W2 @ h2 + b2))))


def squared(y: Any, h: Any) -> Any:
    """Return the document's cost."""
    return 0.5 * (y - h).square().sum(axis=0).mean()


LEAVES = {"x": (N, M), "y": (K, M), "W1": (D, N), "b1": (D, 1), "W2": (K, D), "b2": (K, 1)}
STEP = {
    "delta3": "-(y - h3) * f_prime(z3)", "delta2": "(W2.T @ delta3) * f_prime(z2)",
    "d_W2": "delta3 @ h2.T / m", "d_b2": "np.sum(delta3, axis=1, keepdims=True) / m",
    "d_W1": "delta2 @ x.T / m", "d_b1": "np.mean(delta2, axis=1, keepdims=True)",
}  # fmt: skip
for title, f, slope2, slope3 in (
    ("sigmoid", lambda z: z.sigmoid(), "h2 * (1 - h2)", "h3 * (1 - h3)"),
    ("tanh", lambda z: z.tanh(), "(1 - h2**2)", "(1 - h3**2)"),
):
    add(
        DOCUMENT + "4.5 to 4.8",
        f"network, {title}",
        LEAVES,
        lambda x, y, W1, b1, W2, b2, f=f: net(x, y, W1, b1, W2, b2, f, squared),
        **STEP,
    )
    own = {"delta3": f"(h3 - y) * {slope3}", "delta2": f"(W2.T @ delta3) * {slope2}"}
    add(
        DOCUMENT + "4.5 to 4.8",
        f"network, {title}, its own slope",
        LEAVES,
        lambda x, y, W1, b1, W2, b2, f=f: net(x, y, W1, b1, W2, b2, f, squared),
        **own,
    )
add(
    GOODFELLOW + "6.5.6",
    "network, ReLU",
    LEAVES,
    lambda x, y, W1, b1, W2, b2: net(x, y, W1, b1, W2, b2, relu, squared),
    delta2="(W2.T @ delta3) * (z2 > 0)",
    delta3="(h3 - y) * (z3 > 0)",
)
add(
    GOODFELLOW + "6.5.6",
    "network, softplus",
    LEAVES,
    lambda x, y, W1, b1, W2, b2: net(x, y, W1, b1, W2, b2, softplus, squared),
    delta2="(W2.T @ delta3) * sigmoid(z2)",
)
add(
    "Nielsen: Neural Networks and Deep Learning (2015), 3",
    "network, sigmoid and cross-entropy",
    LEAVES,
    lambda x, y, W1, b1, W2, b2: net(
        x,
        y,
        W1,
        b1,
        W2,
        b2,
        sigmoid,
        lambda y, h: (-y * np.log(h) - (1 - y) * np.log(1 - h)).sum(axis=0).mean(),
    ),
    delta3="h3 - y",
    d_W2="(h3 - y) @ h2.T / m",
    positive=("y",),
)
add(
    GOODFELLOW + "6.5.6",
    "network, softmax and cross-entropy",
    LEAVES,
    lambda x, y, W1, b1, W2, b2: (
        (
            -y
            * log_softmax(
                named("z3", W2 @ named("h2", np.tanh(named("z2", W1 @ x + b1))) + b2), axis=0
            )
        )
        .sum(axis=0)
        .mean()
    ),
    delta3="np.exp(z3) / np.sum(np.exp(z3), axis=0, keepdims=True) - y",
    delta2="(W2.T @ delta3) * (1 - h2**2)",
    assume=(lambda y: np.sum(y, axis=0) == 1,),
    positive=("y",),
)
add(
    "Srivastava et al.: Dropout (2014), 4",
    "network, dropout mask",
    {**LEAVES, "r": (D, M)},
    lambda x, y, W1, b1, W2, b2, r: squared(
        y,
        named(
            "h3",
            sigmoid(
                named(
                    "z3", W2 @ named("k2", r * named("h2", sigmoid(named("z2", W1 @ x + b1)))) + b2
                )
            ),
        ),
    ),
    delta2="r * (W2.T @ delta3) * f_prime(z2)",
    d_W2="delta3 @ (r * h2).T / m",
)
add(
    GOODFELLOW + "7.1.1",
    "network, weight decay",
    {**LEAVES, "l": ()},
    lambda x, y, W1, b1, W2, b2, l: (
        net(x, y, W1, b1, W2, b2, sigmoid, squared) + 0.5 * l * np.sum(W1**2)
    ),
    d_W1="delta2 @ x.T / m + l * W1",
)
add(
    "He et al.: Deep Residual Learning (2016), (1)",
    "residual block",
    {"x": (N, M), "W": (D, N), "V": (N, D), "U": (N, M)},
    lambda x, W, V, U: np.sum(U * (x + V @ named("h", sigmoid(named("z", W @ x))))),
    d_x="U + W.T @ ((V.T @ U) * f_prime(z))",
    d_W="((V.T @ U) * f_prime(z)) @ x.T",
    d_V="U @ h.T",
)
add(
    "Hendrycks, Gimpel: Gaussian Error Linear Units (2016), 2",
    "x σ(x), SiLU",
    {"x": v, "u": v},
    lambda x, u: np.sum(u * x * sigmoid(x)),
    d_x="u * (sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x)))",
)
add(
    "Hendrycks, Gimpel: Gaussian Error Linear Units (2016), 2",
    "GELU by tanh",
    {"x": v, "u": v},
    lambda x, u: np.sum(u * gelu(x, approximate=True)),
    d_x="u * (sigmoid(2 * 0.7978845608028654 * (x + 0.044715 * x**3)) + x * 2 * 0.7978845608028654"
    " * (1 + 3 * 0.044715 * x**2) * sigmoid(2 * 0.7978845608028654 * (x + 0.044715 * x**3))"
    " * (1 - sigmoid(2 * 0.7978845608028654 * (x + 0.044715 * x**3))))",
)

# -- recurrence ---------------------------------------------------------------------------------


def unrolled(W: Any, V: Any, x1: Any, x2: Any, x3: Any, h0: Any, U: Any) -> Any:
    """Return Σ U ⊙ h₃ of a recurrence h_t = tanh(W h_(t−1) + V x_t)."""
    h = h0
    for t, x in enumerate((x1, x2, x3), 1):
        h = named(f"h{t}", np.tanh(named(f"z{t}", W @ h + V @ x)))
    return np.sum(U * h)


add(
    GOODFELLOW + "10.2.2",
    "recurrence of three steps",
    {"W": (D, D), "V": (D, N), "x1": (N, M), "x2": (N, M), "x3": (N, M), "h0": (D, M), "U": (D, M)},
    unrolled,
    d_z3="U * (1 - h3**2)",
    d_z2="(W.T @ d_z3) * (1 - h2**2)",
    d_z1="(W.T @ d_z2) * f_prime(z1)",
    d_W="d_z3 @ h2.T + d_z2 @ h1.T + d_z1 @ h0.T",
    d_V="d_z3 @ x3.T + d_z2 @ x2.T + d_z1 @ x1.T",
    d_h0="W.T @ d_z1",
)


def gru(x: Any, h: Any, R: Any, S: Any, Z: Any, Y: Any, C: Any, B: Any, U: Any) -> Any:
    """Return Σ U ⊙ h′ of a gated recurrent unit."""
    r = named("r", sigmoid(named("zr", R @ x + S @ h)))
    z = named("z", sigmoid(named("zz", Z @ x + Y @ h)))
    n = named("n", np.tanh(named("zn", C @ x + B @ (r * h))))
    return np.sum(U * ((1 - z) * h + z * n))


GRU = {
    "x": (N, M),
    "h": (D, M),
    "R": (D, N),
    "S": (D, D),
    "Z": (D, N),
    "Y": (D, D),
    "C": (D, N),
    "B": (D, D),
    "U": (D, M),
}
add(
    "Cho et al.: Learning Phrase Representations (2014), 2.3",
    "gated recurrent unit",
    GRU,
    gru,
    d_zn="U * z * (1 - n**2)",
    d_zz="U * (n - h) * z * (1 - z)",
    d_zr="(B.T @ d_zn) * h * r * (1 - r)",
    d_h="U * (1 - z) + S.T @ d_zr + Y.T @ d_zz + r * (B.T @ d_zn)",
    d_B="d_zn @ (r * h).T",
    d_C="d_zn @ x.T",
    d_x="R.T @ d_zr + Z.T @ d_zz + C.T @ d_zn",
)


def lstm(x: Any, h: Any, c: Any, I: Any, F: Any, O: Any, G: Any, P: Any, U: Any) -> Any:
    """Return Σ U ⊙ h′ of a cell with long short-term memory."""
    i = named("i", sigmoid(named("zi", I @ x + P @ h)))
    f = named("f", sigmoid(named("zf", F @ x)))
    o = named("o", sigmoid(named("zo", O @ x)))
    g = named("g", np.tanh(named("zg", G @ x)))
    k = named("k", np.tanh(named("cc", f * c + i * g)))
    return np.sum(U * (o * k))


LSTM = {
    "x": (N, M),
    "h": (D, M),
    "c": (D, M),
    "I": (D, N),
    "F": (D, N),
    "O": (D, N),
    "G": (D, N),
    "P": (D, D),
    "U": (D, M),
}
add(
    "Graves: Supervised Sequence Labelling (2012), 4.1",
    "long short-term memory",
    LSTM,
    lstm,
    d_zo="U * k * o * (1 - o)",
    d_cc="U * o * (1 - k**2)",
    d_zi="d_cc * g * i * (1 - i)",
    d_zf="d_cc * c * f * (1 - f)",
    d_zg="d_cc * i * (1 - g**2)",
    d_c="d_cc * f",
    d_h="P.T @ d_zi",
    d_I="d_zi @ x.T",
)

# -- convolution, embedding, pooling, factorisation -----------------------------------------------

C = "Dumoulin, Visin: A guide to convolution arithmetic (2016), 4"
add(
    C,
    "convolution as a product of windows",
    {"X": (M, H, K), "W": (N, K), "U": (M, H, N)},
    lambda X, W, U: np.sum(U * np.einsum("mpk,ok->mpo", X, W)),
    d_W="np.einsum('mpo,mpk->ok', U, X)",
    d_X="np.einsum('mpo,ok->mpk', U, W)",
)
add(
    C,
    "convolution, depthwise",
    {"X": (M, H, K), "W": (K,), "U": (M, H)},
    lambda X, W, U: np.sum(U * np.einsum("mpk,k->mp", X, W)),
    d_W="np.einsum('mp,mpk->k', U, X)",
)
add(
    "Goldberg: A Primer on Neural Network Models (2016), 4",
    "embedding by a one-hot matrix",
    {"O": (M, H), "E": (H, D), "U": (M, D)},
    lambda O, E, U: np.sum(U * (O @ E)),
    d_E="O.T @ U",
)
add(
    "Boureau et al.: Learning Mid-Level Features (2010), 2",
    "pooling by the mean",
    {"X": (M, H, K), "U": (M, K)},
    lambda X, U: np.sum(U * X.mean(axis=1)),
    d_X="U[:, None, :] / X.shape[1] + 0 * X",
)
add(
    "Koren, Bell, Volinsky: Matrix Factorization Techniques (2009), (2)",
    "factorisation",
    {"R": wide, "P": (N, K), "Q": (M, K), "B": wide, "l": ()},
    lambda R, P, Q, B, l: (
        0.5 * np.sum(B * (R - P @ Q.T) ** 2) + 0.5 * l * (np.sum(P**2) + np.sum(Q**2))
    ),
    d_P="-(B * (R - P @ Q.T)) @ Q + l * P",
    d_Q="-(B * (R - P @ Q.T)).T @ P + l * Q",
)
add(
    "Mikolov et al.: Distributed Representations (2013), (4)",
    "negative sampling",
    {"a": v, "b": v, "C": (M, N)},
    lambda a, b, C: -np.log(sigmoid(a @ b)) - np.sum(np.log(sigmoid(-(C @ a)))),
    d_b="(sigmoid(a @ b) - 1) * a",
    d_a="(sigmoid(a @ b) - 1) * b + C.T @ sigmoid(C @ a)",
    d_C="np.outer(sigmoid(C @ a), a)",
)
add(
    BISHOP + "12.1",
    "projection onto a direction, ‖X − Xwwᵀ‖²",
    {"X": (M, N), "w": v},
    lambda X, w: np.sum((X - np.outer(X @ w, w)) ** 2),
    d_w="-4 * X.T @ X @ w + 2 * (w @ w) * (X.T @ (X @ w)) + 2 * np.sum((X @ w)**2) * w",
)
add(
    "Hadsell, Chopra, LeCun: Dimensionality Reduction (2006), (4)",
    "squared distance of images",
    {"W": (K, N), "a": v, "b": v},
    lambda W, a, b: 0.5 * np.sum((W @ a - W @ b) ** 2),
    d_W="W @ np.outer(a - b, a - b)",
    d_a="W.T @ W @ (a - b)",
)
add(
    "Sabour, Frosst, Hinton: Dynamic Routing Between Capsules (2017), (1)",
    "squashed capsules, s ‖s‖ / (1 + ‖s‖²)",
    {"S": (M, N), "U": (M, N)},
    lambda S, U: np.sum(
        U
        * S
        * np.sqrt(np.sum(S**2, axis=1, keepdims=True))
        / (1 + np.sum(S**2, axis=1, keepdims=True))
    ),
    d_S="U * np.sqrt(np.sum(S**2, axis=1, keepdims=True)) / (1 + np.sum(S**2, axis=1, keepdims=True)) + S * np.sum(U * S, axis=1, keepdims=True) * (1 - np.sum(S**2, axis=1, keepdims=True)) / ((1 + np.sum(S**2, axis=1, keepdims=True))**2 * np.sqrt(np.sum(S**2, axis=1, keepdims=True)))",
)
add(
    "Milletari, Navab, Ahmadi: V-Net (2016), 3",
    "Dice loss",
    {"p": v, "y": v},
    lambda p, y: 1 - 2 * np.sum(p * y) / (np.sum(p) + np.sum(y)),
    positive=("p", "y"),
    d_p="-2 * (y * (np.sum(p) + np.sum(y)) - np.sum(p * y)) / (np.sum(p) + np.sum(y))**2",
)
add(
    "Misra: Mish (2019), 1",
    "mish, z tanh(softplus(z))",
    {"Z": (M, N), "U": (M, N)},
    lambda Z, U: np.sum(U * Z * np.tanh(np.log(1 + np.exp(Z)))),
    d_Z="U * (np.tanh(np.log(1 + np.exp(Z))) + Z * (1 - np.tanh(np.log(1 + np.exp(Z)))**2) * sigmoid(Z))",
)
add(
    "Pearson: On Lines and Planes of Closest Fit (1901)",
    "correlation",
    {"x": v, "y": v},
    lambda x, y: (
        np.sum((x - np.mean(x)) * (y - np.mean(y)))
        / np.sqrt(np.sum((x - np.mean(x)) ** 2) * np.sum((y - np.mean(y)) ** 2))
    ),
    d_x="(y - np.mean(y)) / np.sqrt(np.sum((x - np.mean(x))**2) * np.sum((y - np.mean(y))**2)) - np.sum((x - np.mean(x)) * (y - np.mean(y))) / np.sqrt(np.sum((x - np.mean(x))**2) * np.sum((y - np.mean(y))**2)) * (x - np.mean(x)) / np.sum((x - np.mean(x))**2)",
)
